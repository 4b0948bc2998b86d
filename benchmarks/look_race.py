"""Pictures to judge, blind, how long stylekit and other recipes take to a look.

    python benchmarks/look_race.py                                  three pairs, 256 px
    python benchmarks/look_race.py --pair me.jpg painting.jpg --size 384
    python benchmarks/look_race.py --size 64 --steps 3              a glimpse

stylekit paints with its defaults to the end, which takes it T seconds. Each other recipe paints
the same pair for 2 T seconds of its own time, and its pictures after T/4, T/2, T and 2 T seconds
are kept. All take turns, so that a machine's noise hits all alike. Reading the network and
compiling are not counted for anybody; nor is the time in which the others take their turns.

What the others minimise:

- "published": the TensorFlow tutorial and Johnson's neural-style their own layers, pooling and
  default weights, translated exactly (`stylekit.translate`); the tutorial as it is before it adds
  total variation. SciPy's L-BFGS-B has no weights of its own and minimises the shared loss.
- "shared": all of them the loss of `loss_race.py`: stylekit's default weights and layers, without
  the edge term, at one size.

On VGG19 "published" is the default. On another network "shared" is, because published weights
belong to VGG19's activations: on the embedded VGG16, whose deep activations are hundreds of times
smaller, the deep style layers would count nothing.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Generator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from lanes import TURN, Lane
from loss_race import PAIRS
from machine import describe_machine, matmul_peak
from painting_task import Painted, Task, as_published
from recipes import RECIPES, STYLEKIT, Recipe

from stylekit.arrays import Image, from_bytes
from stylekit.image.objective import Objective
from stylekit.image.scales import sized_style
from stylekit.image.stylization import Stylization, extractor_of, prepare_objective
from stylekit.image.xla import worth_fusing
from stylekit.media.files import make_folder, write_text_atomic
from stylekit.media.images import fitted_size, load_image, resize_image, save_image
from stylekit.media.provenance import Provenance, describe_source
from stylekit.plots import plot_frames, save_figure
from stylekit.samples import MaterialKind, find_material
from stylekit.settings import ImageSettings
from stylekit.translate import Translator
from stylekit.translate.published import JOHNSON, TENSORFLOW, PublishedCode
from stylekit.vgg.weights import load_backbone

# Shares of stylekit's time T, and their names in tables.
MARKS = {0.25: "T/4", 0.5: "T/2", 1.0: "T", 2.0: "2T"}

# Crowson's Adam takes 1000 steps at its first size, and would be cut off there.
OTHERS = tuple(recipe for recipe in RECIPES if recipe.slug in ("tutorial", "johnson", "scipy"))

# What a recipe minimises if it has weights of its own.
CODES: dict[str, PublishedCode] = {"tutorial": TENSORFLOW, "johnson": JOHNSON}

EPILOG = """\
In OUT are, for each pair, CONTENT-STYLE-content.png, …-style.png, the pictures …-stylekit-1T.png
(the finished one) to …-RECIPE-2T.png, and a labelled sheet CONTENT-STYLE-sheet.png. times.json has
the seconds and evaluations of every picture and what each recipe minimised. pairs.tsv is for
whoever makes blind sheets, with tabs between four columns, paths relative to OUT: content, style,
left (always stylekit's finished picture), right (another recipe's at one of its times). Left and
right are not shuffled: whoever makes the sheets must do it."""


@dataclass(frozen=True, eq=False)
class Pair:
    """A photograph and a style to paint it in, and their names in files."""

    content: Image
    style: Image
    paths: tuple[Path, Path]

    @classmethod
    def load(cls, content: str, style: str) -> Pair:
        """Of paths or built-in names."""
        paths = find_material(content, MaterialKind.PHOTOGRAPH), find_material(style)
        return cls(load_image(paths[0]), load_image(paths[1]), paths)

    @property
    def name(self) -> str:
        """What the names of its files begin with."""
        return "-".join(path.stem for path in self.paths)


def main() -> None:
    """Paint all pairs; leave pictures, sheets, times.json and pairs.tsv."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--pair",
        nargs=2,
        action="append",
        metavar=("CONTENT", "STYLE"),
        help="paths or built-in names; may be given several times "
        f"(default: {', '.join('/'.join(pair) for pair in PAIRS[:3])})",
    )
    parser.add_argument("--size", type=int, default=256, help="longest side (default: 256)")
    parser.add_argument("--backbone", default="auto", help="as of stylekit image (default: auto)")
    parser.add_argument(
        "--steps",
        type=int,
        default=ImageSettings().steps,
        help="stylekit's most steps at each scale (default: %(default)s, that of stylekit)",
    )
    parser.add_argument(
        "--loss",
        choices=("published", "shared"),
        help="what the others minimise (default: published on VGG19, else shared)",
    )
    parser.add_argument(
        "--out", type=Path, default=Path("look_race"), help="folder (default: look_race)"
    )
    options = parser.parse_args()
    settings = ImageSettings(size=options.size, steps=options.steps, backbone=options.backbone)
    pairs = [Pair.load(*names) for names in options.pair or PAIRS[:3]]
    names = [pair.name for pair in pairs]
    if len(set(names)) < len(names):
        parser.error("argument --pair: two pairs have the same file names")
    make_folder(options.out)
    backbone = load_backbone(options.backbone)
    loss = options.loss or ("published" if backbone.name == "vgg19" else "shared")
    data: dict[str, Any] = {
        "machine": describe_machine("tensorflow", "keras", "numpy"),
        "matrix_product_gflops": round(matmul_peak()),
        "network": backbone.label,
        "loss": loss,
        "pairs": [],
    }
    rows: list[Sequence[str]] = [("content", "style", "left", "right")]
    for pair in pairs:
        print(pair.name, "…", file=sys.stderr)
        found = run(pair, settings, loss, options.out)
        data["pairs"].append(found)
        rows += to_judge(found)
        # After each pair, because all of them take long.
        write_text_atomic(options.out / "times.json", json.dumps(data, indent=1))
        write_text_atomic(options.out / "pairs.tsv", "".join("\t".join(r) + "\n" for r in rows))
        print(f"{pair.name}: T = {found['seconds']:.1f} s", flush=True)


def run(pair: Pair, settings: ImageSettings, loss: str, out: Path) -> dict[str, Any]:
    """Paint one pair by all recipes, write its files, and return its entry in times.json."""
    objective = prepare_objective(pair.style, settings, content=pair.content)
    ours = Lane(STYLEKIT.name, painted_by_defaults(pair, settings, objective))
    settings_of = {recipe: settings_for(recipe, pair, settings, loss) for recipe in OTHERS}
    tasks = {
        own: Task.prepare(pair.content, pair.style, own)
        for own in dict.fromkeys(settings_of.values())
    }
    lanes = {
        recipe: Lane(recipe.name, recipe.paint(tasks[own])) for recipe, own in settings_of.items()
    }
    paint_in_turns(ours, list(lanes.values()))
    entries, rows = [], {}
    for recipe, lane in ({STYLEKIT: ours} | lanes).items():
        entry = {"name": recipe.name, "slug": recipe.slug, "note": lane.curve().note}
        own = settings_of.get(recipe, settings)
        entry |= {
            "settings": own.to_json(),
            "seconds_an_evaluation": lane.curve().pace,
            "ended": lane.seconds < max(MARKS) * ours.seconds,
            "pictures": [],
        }
        entries.append(entry)
        if not lane.pictures:
            continue
        rows[recipe.name] = []
        for share, mark in MARKS.items():
            index = lane.index_at(share * ours.seconds)
            picture, point = from_bytes(lane.pictures[index]), lane.points[index]
            rows[recipe.name].append(picture)
            if lane is ours and share > 1:
                continue
            file = f"{pair.name}-{recipe.slug}-{share:g}T.png"
            _save(picture, out / file, pair, own, objective)
            entry["pictures"].append(
                {
                    "after": mark,
                    "seconds": point.seconds,
                    "evaluations": point.evaluations,
                    "file": file,
                }
            )
    height, width = ours.pictures[-1].shape[:2]
    content = resize_image(pair.content, (width, height))
    style = objective.guidance.styles[0]
    for what, picture in (("content", content), ("style", style)):
        _save(picture, out / f"{pair.name}-{what}.png", pair, settings, objective)
    blank = np.ones_like(content)
    sheet = {"photograph, style": [content, style, blank, blank], **rows}
    title = f"{pair.paths[0].stem} in {pair.paths[1].stem}, {width}×{height}"
    caption = f"T = {ours.seconds:.1f} s, in which stylekit finished. Loss of the others: {loss}."
    figure = plot_frames(sheet, column_labels=list(MARKS.values()), title=title, caption=caption)
    save_figure(figure, out / f"{pair.name}-sheet.png")
    return {
        "pair": pair.name,
        "size": [width, height],
        "seconds": ours.seconds,
        "recipes": entries,
    }


def _save(
    picture: Image, path: Path, pair: Pair, settings: ImageSettings, objective: Objective
) -> None:
    provenance = Provenance(
        settings=settings.to_json(),
        weights=settings.weights,
        backbone=objective.backbone.label,
        content=describe_source(pair.paths[0]),
        style=describe_source(pair.paths[1]),
    )
    save_image(picture, path, provenance=provenance)


def painted_by_defaults(
    pair: Pair, settings: ImageSettings, objective: Objective
) -> Generator[Painted]:
    """stylekit to the end; all is compiled before it yields its start."""
    warm_up = Stylization(pair.content, pair.style, replace(settings, steps=1), objective=objective)
    for _ in warm_up.steps():
        pass
    painting = Stylization(pair.content, pair.style, settings, objective=objective)
    if worth_fusing(painting.scales[-1].steps, painting.size):
        objective.fuse_ahead(painting.size)
        objective.evaluate(warm_up.image, warm_up.targets, settings.weights)
    pixels = 3 * painting.size[0] * painting.size[1]
    evaluations, before = 0.0, 0
    yield Painted(0, resize_image(painting.image, painting.size))
    for step in painting.steps():
        evaluations += (step.evaluations - before) * step.image.size / pixels
        before = step.evaluations
        yield Painted(evaluations, resize_image(step.image, painting.size))


def settings_for(recipe: Recipe, pair: Pair, settings: ImageSettings, loss: str) -> ImageSettings:
    """What another recipe minimises: the published loss, if it has one and `loss` asks for it."""
    shared = as_published(settings)
    code = CODES.get(recipe.slug)
    if loss == "shared" or code is None:
        return shared
    own = replace(
        shared,
        content_layers=(code.content_layer,),
        style_layers=code.style_layers,
        pooling=str(code.pooling),
    )
    height, width = pair.content.shape[:2]
    content = resize_image(pair.content, fitted_size((width, height), own.size))
    style = sized_style(pair.style, own)
    translator = Translator(extractor_of(own), content, style, own)
    weights = translator.translate(code, code.weights).exact
    if code is TENSORFLOW:
        weights = replace(weights, tv=0.0)
    return replace(own, weights=weights)


def paint_in_turns(ours: Lane, others: Sequence[Lane]) -> None:
    """`ours` to its end, and each of the others for the last of `MARKS` times as long."""
    while not ours.ended:
        ours.run(ours.seconds + TURN)
        for lane in others:
            lane.run(ours.seconds)
    limit = max(MARKS) * ours.seconds
    while running := [lane for lane in others if not lane.ended and lane.seconds < limit]:
        for lane in running:
            lane.run(min(lane.seconds + TURN, limit))
    for lane in others:
        lane.close()


def to_judge(found: dict[str, Any]) -> list[tuple[str, str, str, str]]:
    """The rows of pairs.tsv for one entry of times.json, each picture of the others once."""
    name = found["pair"]
    ours, *others = found["recipes"]
    finished = ours["pictures"][-1]["file"]
    rows = []
    for recipe in others:
        evaluations = None
        for picture in recipe["pictures"]:
            # A recipe that has ended has the same picture at all later times.
            if picture["evaluations"] != evaluations:
                rows.append((f"{name}-content.png", f"{name}-style.png", finished, picture["file"]))
            evaluations = picture["evaluations"]
    return rows


if __name__ == "__main__":
    main()
