"""Makes the gallery of the documentation: docs/gallery.md and its pictures.

    python benchmarks/gallery.py                        all of them, more than an hour
    python benchmarks/gallery.py coffee-cubist strength some of them; the others stay as they are

Every built-in style on a photograph, and what else painters ask for: several styles, regions, parts
that stay, the size of strokes, colours, strength and other statistics. A picture is named as its
file is; the first part of a name stands for all pictures that begin with it. What each picture
cost, and which version painted it, is kept in docs/images/gallery/pictures.json.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

import stylekit as sk
from stylekit.arrays import Mask
from stylekit.image import Guidance
from stylekit.image.guidance import Style
from stylekit.media.files import write_text_atomic
from stylekit.media.images import save_image
from stylekit.media.provenance import Provenance, describe_source
from stylekit.samples import MaterialKind, find_material, materials
from stylekit.settings import Colors

DOCS = Path(__file__).resolve().parent.parent / "docs"
IMAGES = DOCS / "images" / "gallery"
RECORD = "pictures.json"

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
are named, on two cores without a GPU, by `python benchmarks/gallery.py`, with the network
{network}.
Photographs were chosen to suit the styles. *Kept* and *reached* are the scores of
[the method](method.md): how much of the photograph's content and of the painting's style is in the
picture. They are measured by the network, and can be below zero where an eye still sees the
photograph. The seconds are those that both cores worked; those of versions before 0.10.0 passed
while other programs ran too. The version of stylekit that painted a picture is named with it: since
0.8.0 the same settings give the same pictures, and those of older versions are less sharp.

## The built-in styles
"""


@dataclass(frozen=True, kw_only=True)
class Picture:
    """A picture of the gallery: the name of its file, and what it is painted from.

    `options` are those of the command line, for the reader; `settings` and `style` mean the same.
    """

    name: str
    content: str
    styles: tuple[str, ...]
    settings: sk.ImageSettings
    style: Style
    options: str = ""

    @property
    def words(self) -> str:
        """The part of its command that the page shows."""
        return " ".join(word for word in (self.content, *self.styles, self.options) if word)


@dataclass(frozen=True, kw_only=True)
class Row:
    """A way to paint: its name, what it is, and a picture for each of its choices."""

    title: str
    text: str
    pictures: tuple[Picture, ...]


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


def paint(picture: Picture) -> dict[str, str]:
    """Paint a picture, write its file, and return what the page says of it."""
    began = time.process_time()
    painting = sk.stylize_image(sk.load(picture.content), picture.style, picture.settings)
    seconds = time.process_time() - began
    network = painting.objective.backbone.label
    style, *more = (describe_source(find_material(name)) for name in picture.styles)
    provenance = Provenance(
        settings=painting.settings.to_json(),
        weights=painting.settings.weights,
        backbone=network,
        content=describe_source(find_material(picture.content, MaterialKind.PHOTOGRAPH)),
        style=style,
        more_styles=tuple(more),
    )
    save_image(painting.image, IMAGES / f"{picture.name}.jpg", provenance=provenance)
    scores = painting.scores
    facts = (
        f"{seconds:.0f} s, {100 * scores.content_kept:.0f} % kept, "
        f"{100 * scores.style_reached:.0f} % reached"
    )
    print(f"{picture.name}: {facts}", flush=True)
    return {"facts": facts, "version": sk.__version__, "network": network}


def of_styles(size: int) -> list[Picture]:
    """A picture for every built-in style."""
    return [
        Picture(
            name=f"{PHOTOGRAPHS[style]}-{style}",
            content=PHOTOGRAPHS[style],
            styles=(style,),
            style=sk.load(style),
            settings=sk.ImageSettings(size=size),
        )
        for style in materials(MaterialKind.STYLE)
    ]


def ways(size: int) -> list[Row]:
    """A row for each way to change what is painted."""
    plain = sk.ImageSettings(size=size)
    changed = partial(dataclasses.replace, plain)
    half, face = left_half(300, 451), ellipse(512, 512, (0.44, 0.21), (0.13, 0.17))
    both = [sk.load("glass"), sk.load("swirls")]
    expression = sk.load("expression")

    def row(
        title: str,
        text: str,
        content: str,
        styles: tuple[str, ...],
        choices: Sequence[tuple[str, sk.ImageSettings, Style]],
    ) -> Row:
        slug = title.lower().replace(" ", "-")
        pictures = [
            Picture(
                name=f"{slug}-{number}",
                content=content,
                styles=styles,
                options=options,
                settings=settings,
                style=style,
            )
            for number, (options, settings, style) in enumerate(choices, 1)
        ]
        return Row(title=title, text=text, pictures=tuple(pictures))

    return [
        row(
            "Strength",
            "More photograph, or more painting.",
            "chelsea",
            ("swirls",),
            [
                (
                    f"--strength {s:g}",
                    changed(weights=sk.Weights().at_strength(s)),
                    sk.load("swirls"),
                )
                for s in (0.2, 1, 5)
            ],
        ),
        row(
            "Scale of strokes",
            "The painting is compared at another size.",
            "coffee",
            ("mosaic",),
            [
                (f"--style-scale {s:g}", changed(style_scale=s), sk.load("mosaic"))
                for s in (0.5, 1, 1.4)
            ],
        ),
        row(
            "Colours",
            "Those of the style, those of the content, or only light and dark are painted.",
            "coffee",
            ("woodblock",),
            [(f"--colors {c.value}", changed(colors=c), sk.load("woodblock")) for c in Colors],
        ),
        row(
            "Several styles",
            "Blended; blended with weights; each in its own region.",
            "chelsea",
            ("glass", "swirls"),
            [
                ("", plain, both),
                ("--style-weights 1,4", plain, Guidance.of(both, weights=(1, 4))),
                (
                    "--regions left.png right.png",
                    plain,
                    Guidance.of(both, regions=(half, 1 - half)),
                ),
            ],
        ),
        row(
            "Parts that stay",
            "White parts of a mask stay exactly the photograph.",
            "astronaut",
            ("expression",),
            [
                ("", plain, expression),
                ("--keep face.png", plain, Guidance.of(expression, keep=face)),
            ],
        ),
        row(
            "What is compared",
            "Gram matrices, mean and covariance, or sliced Wasserstein distance.",
            "chelsea",
            ("mosaic",),
            [
                (f"--style-loss {loss}", changed(style_loss=loss), sk.load("mosaic"))
                for loss in ("gram", "moments", "sliced")
            ],
        ),
    ]


def small(name: str, size: int) -> str:
    """Write a built-in picture for the page, and return its name there."""
    sk.save(sk.load(name, size=size), IMAGES / f"{name}.jpg")
    return f"![{name}](images/gallery/{name}.jpg)"


def page(
    styles: Sequence[Picture], rows: Sequence[Row], size: int, record: dict[str, dict[str, str]]
) -> str:
    """The page, with what `record` says of each picture."""
    networks = sorted({facts["network"] for facts in record.values()})
    lines = [INTRODUCTION.format(network=" or ".join(networks))]
    for picture in styles:
        style, facts = picture.styles[0], record[picture.name]
        lines += [
            f"### {style}\n",
            f"`stylekit image {picture.words} -o out.png --size {size}`: {facts['facts']}, "
            f"version {facts['version']}\n",
            "| photograph | style | painted |\n|---|---|---|",
            f"| {small(picture.content, size)} | {small(style, size)} "
            f"| ![{picture.content} in {style}](images/gallery/{picture.name}.jpg) |\n",
        ]
    lines += [
        "## More ways to paint\n",
        f"All at {size // 2} pixels. `out.png` and `--size {size // 2}` are left out of the "
        "commands.\n",
    ]
    for row in rows:
        cells = [f"![{p.words}](images/gallery/{p.name}.jpg)" for p in row.pictures]
        versions = [record[picture.name]["version"] for picture in row.pictures]
        lines += [
            f"### {row.title}\n",
            f"{row.text}\n",
            f"| {' | '.join(f'`{picture.words}`' for picture in row.pictures)} |",
            "|---" * len(cells) + "|",
            f"| {' | '.join(cells)} |",
            f"| {' | '.join(f'version {version}' for version in versions)} |\n",
        ]
    return "\n".join(lines).rstrip() + "\n"


def main() -> None:
    """Paint the pictures that are asked for, and write the page."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("names", nargs="*", help="pictures to paint (default: all)")
    parser.add_argument("--size", type=int, default=512, help="longest side (default: %(default)s)")
    options = parser.parse_args()
    styles, rows = of_styles(options.size), ways(options.size // 2)
    pictures = [*styles, *(picture for row in rows for picture in row.pictures)]
    wanted = [p for p in pictures if p.name.startswith(tuple(options.names or [""]))]
    if not wanted:
        parser.error(
            f"names: no picture is called so; there are {', '.join(p.name for p in pictures)}"
        )
    IMAGES.mkdir(parents=True, exist_ok=True)
    path = IMAGES / RECORD
    record = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    for picture in wanted:
        record[picture.name] = paint(picture)
        # After each picture, because all of them take long.
        write_text_atomic(path, json.dumps(record, indent=1, sort_keys=True) + "\n")
    if missing := [picture.name for picture in pictures if picture.name not in record]:
        parser.error(f"names: {', '.join(missing)} must be painted too")
    (DOCS / "gallery.md").write_text(page(styles, rows, options.size, record), encoding="utf-8")


if __name__ == "__main__":
    main()
