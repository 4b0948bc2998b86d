"""How fast stylekit is: one evaluation, one picture, one clip, and the memory they take.

    python benchmarks/speed.py                              all tables
    python benchmarks/speed.py evaluation --torch PYTHON    PyTorch beside it, in its interpreter
    python benchmarks/speed.py clip --clip my.mp4 --json numbers.json
    python benchmarks/speed.py picture --clock processor    on a machine that others use too

Pictures and clips are painted by the defaults. An evaluation has the loss of the published methods,
without edges and total variation, which the other programs have not.

The peak that shares are of is NumPy's float32 matrix product, measured before and after each
table, because what a shared machine gives drifts. Times are the machine's; evaluations, losses
and flicker are not.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from machine import CLOCKS, describe_machine, matmul_peak
from painting_task import as_published
from speed_cases import in_fresh_process
from speed_numbers import first_at_or_below, growth_exponent, slope

from stylekit.media.clips import read_clip
from stylekit.media.encode import write_clip
from stylekit.media.images import load_image, resize_image, save_image
from stylekit.samples import MaterialKind, find_material
from stylekit.settings import ImageSettings, VideoSettings

PAIRS = (("coffee", "swirls"), ("chelsea", "cubist"), ("rocket", "mosaic"))
# What a user's clips are painted in, and the built-in one.
CLIP, CLIP_STYLE, OWN_STYLE = "orbit", "cubist", "mosaic"
LEVELS = (2, 4, 8, 16)

SIZES = {"evaluation": [128, 256, 512], "picture": [256, 512], "clip": [256]}
MEMORY_SIZES = ((320, 180), (640, 360), (960, 540), (1280, 720))
# As many steps as the optimiser remembers, so that its memory is full.
MEMORY_STEPS = 22
# The longest alone has enough evaluations for XLA, which takes some memory once and for all.
MEMORY_CLIP_SIZE, MEMORY_CLIP_FRAMES = 96, (24, 240, 480)

Rows = list[dict[str, Any]]


def main(arguments: list[str] | None = None) -> None:
    """Print the tables that were asked for."""
    tables = {"evaluation": evaluation, "picture": picture, "clip": clip, "memory": memory}
    options = _parse(arguments, list(tables))
    numbers: dict[str, Any] = {
        "machine": describe_machine("stylekit", "tensorflow", "numpy"),
        "clock": options.clock,
        "tables": {},
    }
    print(f"{numbers['machine']}; {options.clock} seconds")
    for name in options.tables or tables:
        rows: Rows = []
        before = matmul_peak(options.clock)
        for line in tables[name](options, rows):
            print(line, flush=True)
        after = matmul_peak(options.clock)
        print(f"matrix product: {before:.0f} GFLOP/s before, {after:.0f} after\n", flush=True)
        numbers["tables"][name] = {"peaks": [before, after], "rows": rows}
        if options.json:
            options.json.write_text(json.dumps(numbers, indent=1) + "\n")


def _parse(arguments: list[str] | None, tables: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("tables", nargs="*", help=f"{', '.join(tables)} (default: all)")
    parser.add_argument(
        "--size", type=int, action="append", help="longest side, again for another (not memory)"
    )
    parser.add_argument("--frames", type=int, default=24, help="frames a clip (default: 24)")
    parser.add_argument("--runs", type=int, default=9, help="of an evaluation (default: 9)")
    parser.add_argument(
        "--pairs", type=int, default=len(PAIRS), help="of photograph and style (default: all)"
    )
    parser.add_argument(
        "--clock",
        choices=CLOCKS,
        default="wall",
        help="the seconds that pass, or those that all cores together work (default: wall)",
    )
    parser.add_argument("--clip", type=Path, action="append", default=[], help="a clip of yours")
    parser.add_argument("--torch", type=Path, help="a Python that has torch and numpy")
    parser.add_argument("--backbone", default="auto", help="the network (default: auto)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="keep the numbers in a file")
    parser.add_argument("--quick", action="store_true", help="tiny: only shows that it runs")
    options = parser.parse_args(arguments)
    if unknown := set(options.tables) - set(tables):
        parser.error(f"no such table: {', '.join(sorted(unknown))}")
    if options.quick:
        options.size, options.frames, options.runs = options.size or [48], 3, 3
        options.pairs = 1
    if options.torch is None and find_spec("torch"):
        options.torch = Path(sys.executable)
    return options


def _settings(options: argparse.Namespace, size: int) -> ImageSettings:
    """The defaults; with `--quick` a few steps on a few layers."""
    settings = ImageSettings(size=size, backbone=options.backbone)
    if not options.quick:
        return settings
    content, style = ("block2_conv2",), ("block1_conv1", "block2_conv1")
    return replace(settings, steps=4, content_layers=content, style_layers=style)


def evaluation(options: argparse.Namespace, rows: Rows) -> Iterator[str]:
    """One loss and its gradient, as a share of the matrix product's speed."""
    # TensorFlow takes seconds, and the other tables import it where they run.
    from speed_evaluation import evaluation_rows

    yield f"One loss and its gradient, {options.runs} interleaved runs of each recipe, warm. Keras"
    yield "layers run with stylekit's set-up of TensorFlow, PyTorch in a process of its own."
    yield "GFLOP: of the convolutions computed directly, forward and the gradient of their input."
    yield "Convolutions by Winograd's algorithm need fewer, so a share can pass 100 %."
    yield "Share: of the matrix product just before or after, whichever was faster. × stylekit: the"
    yield "median over the rounds. Off: relative difference of the loss from stylekit's."
    yield (
        f"{'picture':<9}{'GFLOP':>7}  {'recipe':<31}{'median s':>9}{'best':>8}{'p10–p90':>15}"
        f"{'share %':>9}{'× stylekit':>11}{'off':>9}"
    )
    for size in options.size or SIZES["evaluation"]:
        settings = as_published(_settings(options, size))
        found = evaluation_rows(
            settings, runs=options.runs, torch=options.torch, clock=options.clock
        )
        rows += found
        for row in found:
            spread = f"{row['p10']:.3f}–{row['p90']:.3f}"
            picture_size = f"{row['width']}×{row['height']}"
            yield (
                f"{picture_size:<9}{row['gflop']:>7.1f}  {row['recipe']:<31}{row['median']:>9.3f}"
                f"{row['best']:>8.3f}{spread:>15}{100 * row['share']:>9.1f}{row['ratio']:>11.2f}"
                f"{row['loss_off']:>9.0e}"
            )
        before, after = found[0]["peaks"]
        yield f"{'':<18}matrix product {before:.0f} GFLOP/s before, {after:.0f} after"
    yield rows[0]["backbone"]


def picture(options: argparse.Namespace, rows: Rows) -> Iterator[str]:
    """One picture by the defaults: when it is good, when it is done, what it takes."""
    yield "One picture by the defaults, each in a fresh process. Seconds run from both pictures in"
    yield "memory on, reading the network and compiling included, TensorFlow's import not. Losses"
    yield "are the 8-bit picture's, weighted; levels are shares of the untouched photograph's:"
    yield "evaluations / seconds until the first picture at or below it."
    yield (
        f"{'picture and style':<18}{'px':>5}{'evaluations':>12}{'s':>7}{'loss':>9}{'style':>10}"
        f"{'first s':>9}{'peak GB':>9}" + "".join(f"{f'1/{level}':>12}" for level in LEVELS)
    )
    for size in options.size or SIZES["picture"]:
        for content, style in PAIRS[: options.pairs]:
            found = in_fresh_process(
                "picture",
                content=content,
                style=style,
                settings=_settings(options, size).to_json(),
                clock=options.clock,
            )
            levels = [found["start_loss"] / level for level in LEVELS]
            reached = first_at_or_below(found["losses"], levels)
            rows.append({"content": content, "style": style, "size": size, **found})
            yield (
                f"{f'{content}, {style}':<18}{size:>5}{found['evaluations'][-1]:>12.0f}"
                f"{found['seconds'][-1]:>7.1f}{found['losses'][-1]:>9.5f}"
                f"{found['style_distance']:>10.2e}{found['seconds'][0]:>9.2f}"
                f"{found['peak'] / 1e9:>9.2f}"
                + "".join(f"{_moment(found, index):>12}" for index in reached)
            )
    yield rows[0]["backbone"]


def _moment(found: dict[str, Any], index: int | None) -> str:
    if index is None:
        return "–"
    return f"{found['evaluations'][index]:.0f} / {found['seconds'][index]:.1f}"


def clip(options: argparse.Namespace, rows: Rows) -> Iterator[str]:
    """A clip by the defaults: seconds, flicker, and whether frames cost more and more."""
    yield "A clip by the defaults, each in a fresh process. Seconds run from the clip in memory on,"
    yield "reading the network, compiling, flow and files included, TensorFlow's import not."
    yield "RWE: root warping error; style: mean style distance; growth along the clip: of a later"
    yield "frame's seconds and evaluations, per cent a frame with its standard error."
    yield (
        f"{'clip':<10}{'style':<8}{'picture':>9}{'frames':>7}{'total s':>8}{'first s':>8}"
        f"{'later s':>8}{'evaluations':>12}{'RWE':>8}{'input':>8}{'style':>10}{'peak GB':>8}"
        f"{'growth s':>15}{'evaluations':>14}"
    )
    clips = [(CLIP, CLIP_STYLE), *((str(path.resolve()), OWN_STYLE) for path in options.clip)]
    for size in options.size or SIZES["clip"]:
        for path, style in clips:
            found = in_fresh_process(
                "clip",
                path=path,
                style=style,
                frames=options.frames,
                settings=VideoSettings(image=_settings(options, size)).to_json(),
                clock=options.clock,
            )
            # Cold frames, as after a cut, are first frames again.
            later = [index for index, cold in enumerate(found["cold"]) if not cold]
            seconds = [found["seconds"][index] for index in later]
            evaluations = [found["evaluations"][index] for index in later]
            growth = [slope(later, values) for values in (seconds, evaluations)]
            grown = [f"{g.percent:+.1f} ± {g.error:.1f}" for g in growth]
            rows.append({"clip": Path(path).stem, "style": style, **found})
            yield (
                f"{Path(path).stem:<10}{style:<8}{found['width']:>5}×{found['height']:<3}"
                f"{len(found['cold']):>7}{found['total']:>8.1f}{found['seconds'][0]:>8.1f}"
                f"{np.median(seconds):>8.2f}{np.mean(evaluations):>12.1f}"
                f"{found['warping_error']:>8.4f}{found['input_warping_error']:>8.4f}"
                f"{np.mean(found['style_distances']):>10.2e}{found['peak'] / 1e9:>8.2f}"
                f"{grown[0]:>15}{grown[1]:>14}"
            )
    yield rows[0]["backbone"]


def memory(options: argparse.Namespace, rows: Rows) -> Iterator[str]:
    """Peak memory of the command line, against the size of a picture and the length of a clip."""
    with tempfile.TemporaryDirectory() as folder:
        yield from _picture_memory(options, rows, Path(folder))
        yield from _clip_memory(options, rows, Path(folder))


def _picture_memory(options: argparse.Namespace, rows: Rows, folder: Path) -> Iterator[str]:
    steps = 2 if options.quick else MEMORY_STEPS
    sizes = [(64, 36), (96, 54)] if options.quick else MEMORY_SIZES
    yield f"Peak memory of `stylekit image`, {steps} steps, each in a fresh process. Growth: the"
    yield "exponent of the pixel count, from the size before. Where memory grows as the pixels do,"
    yield "each pixel more takes the same; what the start takes, when the network is measured on"
    yield "photographs of 192 px, hides what small pictures take."
    yield f"{'picture':<10}{'GB':>6}{'bytes a pixel':>15}{'growth':>8}{'bytes a pixel more':>20}"
    photograph = load_image(find_material("rocket", MaterialKind.PHOTOGRAPH))
    wide = photograph[: photograph.shape[1] * 9 // 16]
    before: tuple[int, int] | None = None
    for width, height in sizes:
        content = folder / f"{width}.png"
        save_image(resize_image(wide, (width, height)), content, provenance=None)
        arguments = [str(content), "swirls", "-o", str(folder / f"{width}-painted.png")]
        arguments += ["--size", str(width), "--steps", str(steps)]
        found = _run("image", arguments, options)
        rows.append({"picture": [width, height], **found})
        now = width * height, found["peak"]
        grown = _growth(before, now) if before else ""
        before = now
        yield f"{f'{width}×{height}':<10}{now[1] / 1e9:>6.2f}{now[1] / now[0]:>15.0f}{grown}"


def _growth(before: tuple[int, int], now: tuple[int, int]) -> str:
    """Two columns: how peak memory grew from one (pixels, bytes) to the next."""
    exponent = growth_exponent((before[0], now[0]), (before[1], now[1]))
    return f"{exponent:>8.2f}{(now[1] - before[1]) / (now[0] - before[0]):>20.0f}"


def _clip_memory(options: argparse.Namespace, rows: Rows, folder: Path) -> Iterator[str]:
    size, counts = (48, (3, 6)) if options.quick else (MEMORY_CLIP_SIZE, MEMORY_CLIP_FRAMES)
    source = read_clip(find_material(CLIP, MaterialKind.CLIP), size=size)
    # Forth and back again and again: as long as one likes, and without a cut.
    there_and_back = [*range(len(source)), *range(len(source) - 2, 0, -1)]
    path = folder / "long.mp4"
    images = (source[there_and_back[i % len(there_and_back)]] for i in range(max(counts)))
    write_clip(images, path, fps=source.fps)
    yield f"\nPeak memory of `stylekit video`, {source.width}×{source.height}, 2 steps a frame"
    yield f"{'frames':<10}{'GB':>6}{'at the end':>12}"
    found = []
    for count in counts:
        arguments = [str(path), CLIP_STYLE, "-o", str(folder / f"painted-{count}.mp4")]
        arguments += ["--size", str(size), "--frames", str(count), "--steps", "5"]
        found.append(_run("video", [*arguments, "--frame-steps", "2"], options))
        rows.append({"frames": count, "size": [source.width, source.height], **found[-1]})
        yield f"{count:<10}{found[-1]['peak'] / 1e9:>6.2f}{found[-1]['end'] / 1e9:>12.2f}"
    short, long = found[0], found[-1]
    added = (long["end"] - short["end"]) / (counts[-1] - counts[0])
    yield (
        f"ratio of peaks {long['peak'] / short['peak']:.3f}; at the end {added / 1e3:+.1f} kB for "
        "each frame more"
    )


def _run(name: str, arguments: list[str], options: argparse.Namespace) -> dict[str, Any]:
    return in_fresh_process("command", arguments=[name, *arguments, "--backbone", options.backbone])


if __name__ == "__main__":
    main()
