"""Makes the gallery of the documentation: docs/gallery.md and its pictures.

    python benchmarks/gallery.py [--size N]

Every built-in style on a photograph, and what else painters ask for: several styles, regions, parts
that stay, the size of strokes, colours, strength and other statistics. Takes about
three quarters of an hour.
"""

from __future__ import annotations

import argparse
import dataclasses
import time
from functools import partial
from pathlib import Path

import numpy as np

import stylekit as sk
from stylekit.arrays import Mask
from stylekit.image import Guidance
from stylekit.samples import MaterialKind, materials
from stylekit.settings import Colors

DOCS = Path(__file__).resolve().parent.parent / "docs"
IMAGES = DOCS / "images" / "gallery"

PHOTOGRAPHS = {
    "cubist": "coffee",
    "expression": "astronaut",
    "glass": "rocket",
    "ink": "camera",
    "mosaic": "coffee",
    "pointillist": "astronaut",
    "swirls": "chelsea",
    "woodblock": "chelsea",
}
"""A photograph for each built-in style."""

INTRODUCTION = """# Gallery

Every picture here was painted by the defaults of the command line, except for the options that
are named. All were made by `python benchmarks/gallery.py --size {size}` on two cores without a
GPU, with the network {network}. Photographs were chosen to suit the styles.
*Kept* and *reached* are the
scores of [the method](method.md): how much of the photograph's content and of the painting's style
is in the picture. They are measured by the network, and can be below zero where an eye still sees
the photograph. The times depend on what else the computer does.

## The built-in styles

"""


def left_half(height: int, width: int) -> Mask:
    """White on the left, with a soft edge in the middle."""
    ramp = np.clip((0.55 - np.linspace(0, 1, width)) / 0.1, 0, 1)
    return np.tile(ramp.astype(np.float32), (height, 1))


def ellipse(
    height: int, width: int, center: tuple[float, float], radii: tuple[float, float]
) -> Mask:
    """White inside an ellipse, in shares of the sides, with a soft edge."""
    y, x = np.mgrid[:height, :width] / np.array([height, width])[:, None, None]
    distance = np.hypot((x - center[0]) / radii[0], (y - center[1]) / radii[1])
    return np.clip((1.15 - distance) / 0.3, 0, 1).astype(np.float32)


def painted(
    name: str, content: str, style: object, settings: sk.ImageSettings
) -> tuple[sk.Stylization, str]:
    """Paint a picture, write it as `name`.jpg, and say in words what it took."""
    began = time.monotonic()
    painting = sk.Stylization(sk.load(content), style, settings)
    for _ in painting.steps():
        pass
    seconds = time.monotonic() - began
    sk.save(painting.image, IMAGES / f"{name}.jpg")
    scores = painting.scores
    facts = (
        f"{seconds:.0f} s, {100 * scores.content_kept:.0f} % kept, "
        f"{100 * scores.style_reached:.0f} % reached"
    )
    print(f"{name}: {facts}", flush=True)
    return painting, facts


def small(name: str, size: int) -> str:
    """Write a built-in picture for the page, and return its name there."""
    image = sk.load(name, size=size)
    sk.save(image, IMAGES / f"{name}.jpg")
    return f"![{name}](images/gallery/{name}.jpg)"


def styles(size: int) -> tuple[list[str], str]:
    """A table of photograph, style and result for every built-in style; and the network."""
    rows = []
    network = ""
    for style in materials(MaterialKind.STYLE):
        content = PHOTOGRAPHS[style]
        name = f"{content}-{style}"
        settings = sk.ImageSettings(size=size)
        painting, facts = painted(name, content, sk.load(style), settings)
        network = painting.objective.backbone.label
        rows += [
            f"### {style}\n",
            f"`stylekit image {content} {style} -o out.png --size {size}`: {facts}\n",
            "| photograph | style | painted |\n|---|---|---|",
            f"| {small(content, size)} | {small(style, size)} "
            f"| ![{content} in {style}](images/gallery/{name}.jpg) |\n",
        ]
    return rows, network


def ways(size: int) -> list[str]:
    """A row for each way to change what is painted."""
    plain = sk.ImageSettings(size=size)
    changed = partial(dataclasses.replace, plain)
    half, face = left_half(300, 451), ellipse(512, 512, (0.44, 0.21), (0.13, 0.17))
    both = [sk.load("glass"), sk.load("swirls")]
    rows = [
        "## More ways to paint\n",
        f"All at {size} pixels. `out.png` and `--size {size}` are left out of the commands.\n",
    ]
    for title, text, pictures in (
        (
            "Strength",
            "More photograph, or more painting.",
            [
                (
                    f"chelsea swirls --strength {s:g}",
                    "chelsea",
                    sk.load("swirls"),
                    changed(weights=sk.Weights().at_strength(s)),
                )
                for s in (0.2, 1, 5)
            ],
        ),
        (
            "Scale of strokes",
            "The painting is compared at another size.",
            [
                (
                    f"coffee mosaic --style-scale {s:g}",
                    "coffee",
                    sk.load("mosaic"),
                    changed(style_scale=s),
                )
                for s in (0.5, 1, 1.4)
            ],
        ),
        (
            "Colours",
            "Those of the style, those of the content, or only light and dark are painted.",
            [
                (
                    f"coffee woodblock --colors {c.value}",
                    "coffee",
                    sk.load("woodblock"),
                    changed(colors=c),
                )
                for c in Colors
            ],
        ),
        (
            "Several styles",
            "Blended; blended with weights; each in its own region.",
            [
                ("chelsea glass swirls", "chelsea", both, plain),
                (
                    "chelsea glass swirls --style-weights 1,4",
                    "chelsea",
                    Guidance.of(both, weights=(1, 4)),
                    plain,
                ),
                (
                    "chelsea glass swirls --regions left.png right.png",
                    "chelsea",
                    Guidance.of(both, regions=(half, 1 - half)),
                    plain,
                ),
            ],
        ),
        (
            "Parts that stay",
            "White parts of a mask stay exactly the photograph.",
            [
                ("astronaut expression", "astronaut", sk.load("expression"), plain),
                (
                    "astronaut expression --keep face.png",
                    "astronaut",
                    Guidance.of(sk.load("expression"), keep=face),
                    plain,
                ),
            ],
        ),
        (
            "What is compared",
            "Gram matrices, mean and covariance, or sliced Wasserstein distance.",
            [
                (
                    f"chelsea mosaic --style-loss {loss}",
                    "chelsea",
                    sk.load("mosaic"),
                    changed(style_loss=loss),
                )
                for loss in ("gram", "moments", "sliced")
            ],
        ),
    ):
        cells = []
        for number, (command, content, style, settings) in enumerate(pictures, 1):
            name = f"{title.lower().replace(' ', '-')}-{number}"
            painted(name, content, style, settings)
            cells.append((f"`{command}`", f"![{command}](images/gallery/{name}.jpg)"))
        commands, shown = zip(*cells, strict=True)
        rows += [
            f"### {title}\n",
            f"{text}\n",
            f"| {' | '.join(commands)} |\n|{'---|' * len(cells)}",
            f"| {' | '.join(shown)} |\n",
        ]
    return rows


def main() -> None:
    """Paint all pictures and write the page."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--size", type=int, default=512, help="longest side (default: %(default)s)")
    size = parser.parse_args().size
    IMAGES.mkdir(parents=True, exist_ok=True)
    of_styles, network = styles(size)
    text = INTRODUCTION.format(network=network, size=size) + "\n".join(
        [*of_styles, *ways(size // 2)]
    )
    (DOCS / "gallery.md").write_text(text.rstrip() + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
