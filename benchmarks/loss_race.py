"""A race to a loss: how long stylekit and other recipes take to reach the same loss.

    python benchmarks/loss_race.py                        three pairs, 256 px: an hour on two cores
    python benchmarks/loss_race.py --size 64 --steps 50   a glimpse
    python benchmarks/loss_race.py --plot-only            tables and plot again, from the last run

A loss is not the look: pictures of equal loss can look different. How long each takes to a look is
what `look_race.py` makes pictures for.

Same network weights, pooling, layers and loss for all, in one process, in turns. The goals are
the losses that the TensorFlow tutorial reaches after 300 and after all of its steps. Every loss
is that of the 8-bit picture, looked at outside the time that is measured.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
from pathlib import Path
from statistics import median

from lanes import Curve, Lane, Point, Result, race
from loss_race_plot import plot_loss_race
from machine import describe_machine, matmul_peak
from painting_task import Task, as_published
from recipes import RECIPES, STYLEKIT, TUTORIAL

from stylekit.arrays import from_bytes
from stylekit.media.files import make_folder, write_text_atomic
from stylekit.media.images import load_image, save_image
from stylekit.media.provenance import Provenance, describe_source
from stylekit.plots import save_figure
from stylekit.samples import MaterialKind, find_material
from stylekit.settings import ImageSettings
from stylekit.vgg.weights import load_backbone

# No photograph and no style twice before all had their turn.
PAIRS = (
    ("chelsea", "swirls"),
    ("coffee", "glass"),
    ("rocket", "woodblock"),
    ("astronaut", "cubist"),
    ("chelsea", "mosaic"),
    ("coffee", "pointillist"),
    ("astronaut", "expression"),
    ("rocket", "ink"),
)

# The tutorial's step whose loss is the first goal; with fewer steps in all, this share of them.
FIRST_MARK, FIRST_SHARE = 300, 0.3

CAPTION = """\
A race to a loss; a loss is not the look.
All but the tutorial run on stylekit's own evaluation of loss and gradient, which is faster than
what they come with: their ratios show what the optimiser alone is worth. The tutorial runs on
Keras layers, as published. All start from the content, but stylekit's default gives it the
style's colours first. Goals are the tutorial's losses; a goal is reached at the first point
measured at or below it. × is the ratio to stylekit, > that the goal was not reached in that time.
Set-up, such as compiling, is not counted. An evaluation of a smaller picture counts by its share
of the pixels; seconds an evaluation are the median, and the 10th to 90th percentile as noise."""


def main() -> None:
    """Run the race pair by pair, print its tables, and leave curves, pictures and the plot."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--size", type=int, default=256, help="longest side (default: 256)")
    parser.add_argument("--pairs", type=int, default=3, help=f"1 to {len(PAIRS)} (default: 3)")
    parser.add_argument("--steps", type=int, default=1000, help="of the tutorial (default: 1000)")
    parser.add_argument(
        "--out", type=Path, default=Path("loss_race"), help="folder (default: loss_race)"
    )
    parser.add_argument("--plot-only", action="store_true", help="from the run that lies in OUT")
    options = parser.parse_args()
    if not 1 <= options.pairs <= len(PAIRS) or options.steps < 2:
        parser.error(f"give 1 to {len(PAIRS)} pairs and at least 2 steps")
    kept = make_folder(options.out) / "loss_race.json"
    if options.plot_only:
        data = json.loads(kept.read_text(encoding="utf-8"))
        results = [Result.from_json(result) for result in data["results"]]
        print(data["header"], CAPTION, *map(table, results), sep="\n\n")
    else:
        header = _header()
        print(header, CAPTION, sep="\n\n", flush=True)
        results = []
        for pair in PAIRS[: options.pairs]:
            print(" in ".join(pair), "…", file=sys.stderr)
            results.append(run(*pair, options))
            print(f"\n{table(results[-1])}", flush=True)
            data = {"header": header, "results": [result.to_json() for result in results]}
            write_text_atomic(kept, json.dumps(data))
    print(f"\n{summary(results)}")
    save_figure(plot_loss_race(results), options.out / "loss_race.png")


def _header() -> str:
    machine = describe_machine("tensorflow", "keras", "numpy")
    network = load_backbone(ImageSettings().backbone).label
    peak = f"matrix product at its best in this run: {matmul_peak():.0f} GFLOP/s"
    return f"{machine}\n{peak}; network: {network}"


def run(content: str, style: str, options: argparse.Namespace) -> Result:
    """The race on one pair; writes each recipe's picture at the first goal."""
    pictures = (find_material(content, MaterialKind.PHOTOGRAPH), find_material(style))
    settings = as_published(ImageSettings(size=options.size))
    task = Task.prepare(load_image(pictures[0]), load_image(pictures[1]), settings)
    marks = (min(FIRST_MARK, math.ceil(FIRST_SHARE * options.steps)), options.steps)
    lanes = {
        recipe.name: Lane(
            recipe.name,
            recipe.paint(task),
            task,
            look_every=recipe.look_every,
            marks=marks if recipe is TUTORIAL else (),
        )
        for recipe in RECIPES
    }
    others = [lane for name, lane in lanes.items() if name != TUTORIAL.name]
    goals = race(lanes[TUTORIAL.name], others, marks)
    provenance = Provenance(
        settings=settings.to_json(),
        weights=settings.weights,
        backbone=task.objective.backbone.label,
        content=describe_source(pictures[0]),
        style=describe_source(pictures[1]),
    )
    for recipe in RECIPES:
        picture = lanes[recipe.name].picture_at(goals[0])
        if picture is not None:
            path = options.out / f"{content}-{style}-{recipe.slug}.png"
            save_image(from_bytes(picture), path, provenance=provenance)
    height, width = task.content.shape[:2]
    curves = [lane.curve() for lane in lanes.values()]
    return Result(f"{content} in {style}", (width, height), marks, goals, curves)


def table(result: Result) -> str:
    """One line a recipe: its pace, and what it took to either goal."""
    width, height = result.size
    goals = [
        f"loss {goal:.4g}, the tutorial's after {mark} steps"
        for goal, mark in zip(result.goals, result.marks, strict=True)
    ]
    lines = [
        f"{result.pair}, {width}×{height} px",
        *(f"goal {number}: {goal}" for number, goal in enumerate(goals, 1)),
        f"{'':<27}{'seconds an evaluation':<25}{'goal 1':<34}goal 2",
        f"{'recipe':<27}{'median':>6}{'p10–p90':>16}   "
        + f"{'eval.':>6}{'×':>6}{'seconds':>9}{'×':>6}{'':>7}" * 2,
    ]
    ours = next(curve for curve in result.curves if curve.name == STYLEKIT.name)
    for curve in result.curves:
        if curve.note:
            lines.append(f"{curve.name:<27}{curve.note}")
            continue
        low, middle, high = curve.pace
        cells = "".join(_cells(curve, ours, goal) for goal in result.goals)
        lines.append(f"{curve.name:<27}{middle:>6.3f}{f'{low:.3f}–{high:.3f}':>16}   {cells}")
    return "\n".join(map(str.rstrip, lines))


def summary(results: list[Result]) -> str:
    """The median of each recipe's ratios over all pairs."""
    lines = [
        f"Ratio to stylekit, median of {len(results)} pairs (goal reached in)",
        f"{'':<27}{'goal 1':<34}goal 2",
        f"{'recipe':<27}" + f"{'eval.':>8}{'seconds':>9}{'reached':>10}{'':>7}" * 2,
    ]
    for index, curve in enumerate(results[0].curves):
        cells = ""
        for goal_index in range(2):
            ratios = [_ratios(result, index, goal_index) for result in results]
            reached = sum(math.isfinite(ratio) for _, ratio in ratios)
            evaluations, seconds = (median(column) for column in zip(*ratios, strict=True))
            share = f"{reached} of {len(results)}"
            cells += (
                f"{_number(evaluations, '.2f'):>8}{_number(seconds, '.2f'):>9}{share:>10}{'':>7}"
            )
        lines.append(f"{curve.name:<27}{cells}")
    return "\n".join(map(str.rstrip, lines))


def _cells(curve: Curve, ours: Curve, goal: float) -> str:
    """Evaluations and seconds to the goal, each with its ratio to stylekit's."""
    there, we = curve.reached(goal), ours.reached(goal)
    if there is None:
        spent = curve.points[-1].seconds
        ratio = f">{spent / we.seconds:.1f}" if we and we.seconds else ""
        return f"{'–':>6}{'':>6}{f'>{spent:.0f}':>9}{ratio:>6}{'':>7}"
    evaluations, seconds = _divided(there, we)
    return (
        f"{there.evaluations:>6.0f}{_number(evaluations, '.1f'):>6}"
        f"{there.seconds:>9.1f}{_number(seconds, '.1f'):>6}{'':>7}"
    )


def _ratios(result: Result, index: int, goal_index: int) -> tuple[float, float]:
    """Evaluations and seconds to the goal as multiples of stylekit's; infinite if not reached."""
    goal = result.goals[goal_index]
    ours = next(curve for curve in result.curves if curve.name == STYLEKIT.name)
    there = result.curves[index].reached(goal)
    return (math.inf, math.inf) if there is None else _divided(there, ours.reached(goal))


def _divided(there: Point, ours: Point | None) -> tuple[float, float]:
    """NaN where stylekit did not get there, or starts there."""
    if ours is None or not ours.seconds:
        return math.nan, math.nan
    return there.evaluations / ours.evaluations, there.seconds / ours.seconds


def _number(value: float, form: str) -> str:
    return format(value, form) if math.isfinite(value) else "–"


if __name__ == "__main__":
    main()
