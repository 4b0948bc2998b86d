"""What the engine reaches: flicker and its cost, Ruder's order, balanced weights, limits.

    python benchmarks/engine.py                     all tables
    python benchmarks/engine.py flicker --clip my.mp4
    python benchmarks/engine.py order balance limits

Ratios are of runs side by side in one process. Times depend on the machine and on what else it
does; warping errors and style distances do not.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
from machine import describe_machine

from stylekit.image.stylization import Stylization
from stylekit.media.clips import read_clip
from stylekit.media.images import load_image
from stylekit.motion.flow import FlowPair
from stylekit.motion.warping import warping_error
from stylekit.samples import MaterialKind, find_material, materials
from stylekit.scenes import make_scene
from stylekit.settings import ImageSettings, Start, VideoSettings, Weights
from stylekit.video.run import FrameResult, VideoRun

# Another style for every clip, so that no table rests on one painting.
STYLES = ("swirls", "glass", "cubist", "woodblock", "mosaic", "pointillist", "expression", "ink")

# Four runs of each scene, kept short: the order shows long before pictures are finished.
_ORDER_FRAMES, _ORDER_STEPS = 5, 50


def main() -> None:
    """Print the tables that were asked for."""
    tables = {"flicker": flicker, "order": order, "balance": balance, "limits": limits}
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("tables", nargs="*", help=f"{', '.join(tables)} (default: all)")
    parser.add_argument("--size", type=int, default=128, help="longest side (default: 128)")
    parser.add_argument("--frames", type=int, default=8, help="frames a clip (default: 8)")
    parser.add_argument("--clip", type=Path, action="append", default=[], help="a clip of yours")
    options = parser.parse_args()
    if unknown := set(options.tables) - tables.keys():
        parser.error(f"no such table: {', '.join(sorted(unknown))}")
    print(describe_machine("tensorflow"))
    print(f"{options.size} px, {options.frames} frames a clip\n")
    for name in options.tables or tables:
        for line in tables[name](options):
            print(line, flush=True)
        print()


def flicker(options: argparse.Namespace) -> Iterator[str]:
    """Warping error, style distance and cost of the temporal method against frame by frame."""
    yield "Flicker: root warping error (RWE) and style distance (SD), frame by frame and temporal"
    yield "Cost: what a later frame of the temporal method takes, as a share of the first"
    yield (
        f"{'clip':<10}{'style':<11}{'RWE apart':>10}{'temporal':>9}{'input':>8}{'ratio':>7}"
        f"{'SD apart':>10}{'temporal':>10}{'ratio':>6}{'evaluations':>13}{'seconds':>8}"
    )
    clips = [*materials(MaterialKind.CLIP).values(), *options.clip]
    for path, style in zip(clips, STYLES, strict=False):
        clip = read_clip(path, size=options.size, frames=options.frames)
        settings = VideoSettings(image=ImageSettings(size=options.size))
        apart, _ = _run(list(clip), style, replace(settings, independent=True))
        temporal, seconds = _run(list(clip), style, settings)
        images = (_images(apart), _images(temporal), list(clip))
        a, t, floor = (_rwe(frames, temporal) for frames in images)
        sd_a, sd_t = _style_distance(apart), _style_distance(temporal)
        later = np.mean([result.evaluations for result in temporal[1:]])
        yield (
            f"{path.stem:<10}{style:<11}{a:>10.4f}{t:>9.4f}{floor:>8.4f}{t / a:>7.3f}"
            f"{sd_a:>10.2e}{sd_t:>10.2e}{sd_t / sd_a:>6.2f}"
            f"{later / temporal[0].evaluations:>13.3f}{np.mean(seconds[1:]) / seconds[0]:>8.3f}"
        )


def order(options: argparse.Namespace) -> Iterator[str]:
    """Ruder et al. 2016, Table 1: its order, on scenes whose flow is exact."""
    yield "Ruder's order with exact flow: root warping error, best expected on the left"
    names = ("temporal loss", "warped previous", "previous", "random")
    yield f"{'scene':<16}{'style':<13}" + "".join(f"{name:>17}" for name in names) + "   in order"
    for scene_name, style in zip(("pan", "crossing"), STYLES, strict=False):
        scene = make_scene(scene_name, frames=_ORDER_FRAMES, size=options.size)
        flows = [
            FlowPair(forward, backward)
            for forward, backward in zip(scene.forward_flow, scene.backward_flow, strict=True)
        ]
        image = ImageSettings(size=options.size, steps=_ORDER_STEPS)
        settings = VideoSettings(image=image, frame_steps=_ORDER_STEPS // 2)
        without = replace(settings, image=replace(settings.image, weights=Weights(gamma=0.0)))
        variants = (
            settings,
            without,
            replace(without, start=Start.PREVIOUS),
            replace(without, start=Start.RANDOM),
        )
        errors = []
        for variant in variants:
            results, _ = _run(list(scene.frames), style, variant, flows)
            errors.append(_rwe(_images(results), results))
        verdict = "yes" if errors == sorted(errors) else "NO"
        yield (
            f"{scene_name:<16}{style:<13}"
            + "".join(f"{e:>17.4f}" for e in errors)
            + f"   {verdict}"
        )


def balance(options: argparse.Namespace) -> Iterator[str]:
    """The terms of finished pictures at the report's weights, which should be of one size."""
    yield "Balance: weighted terms of finished pictures, α = 1, β = 10⁴"
    for content, style in zip(materials(MaterialKind.PHOTOGRAPH).values(), STYLES, strict=False):
        picture = Stylization(
            load_image(content),
            load_image(find_material(style)),
            ImageSettings(size=options.size),
        )
        *_, last = picture.steps()
        losses, weights = picture.losses, Weights()
        yield (
            f"{content.stem:<14}{style:<13}content {weights.alpha * losses.content:.4f}   "
            f"style {weights.beta * losses.style:.4f}   {last.evaluations} evaluations"
        )


def limits(options: argparse.Namespace) -> Iterator[str]:
    """Seconds and peak memory of the demo, and of importing the package."""
    yield "Limits"
    code = (
        "import time, sys; t = time.perf_counter(); import stylekit; "
        "print(time.perf_counter() - t, 'tensorflow' in sys.modules)"
    )
    imports = [
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        for _ in range(5)
    ]
    seconds, loaded = np.median([float(r.stdout.split()[0]) for r in imports]), imports[0].stdout
    yield f"import stylekit: {seconds:.3f} s, TensorFlow loaded: {loaded.split()[1]}"
    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        subprocess.run(
            [sys.executable, "-m", "stylekit.app.cli", "demo", "-o", f"{folder}/demo"],
            check=True,
            capture_output=True,
        )
        seconds = time.perf_counter() - start
    # Of the largest child so far, in kilobytes on Linux and bytes on a Mac.
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    peak /= 1e9 if sys.platform == "darwin" else 1e6
    yield f"stylekit demo: {seconds:.0f} s, peak memory {peak:.2f} GB"


def _run(
    frames: list, style: str, settings: VideoSettings, flows: list[FlowPair] | None = None
) -> tuple[list[FrameResult], list[float]]:
    """A run in a temporary folder; its results and the seconds of each frame."""
    picture = load_image(find_material(style, MaterialKind.STYLE))
    with tempfile.TemporaryDirectory() as folder:
        run = VideoRun(frames, picture, Path(folder) / "run", settings, flows=flows)
        results, seconds, start = [], [], time.perf_counter()
        for result in run.frames():
            results.append(result)
            seconds.append(time.perf_counter() - start)
            start = time.perf_counter()
    return results, seconds


def _images(results: list[FrameResult]) -> list:
    return [result.image for result in results]


def _rwe(frames: object, results: list[FrameResult]) -> float:
    motions = [result.motion for result in results if result.motion is not None]
    flows = [motion.flow.backward_flow for motion in motions]
    return warping_error(frames, flows, [motion.mask for motion in motions]).rmse


def _style_distance(results: list[FrameResult]) -> float:
    return float(np.mean([result.style_distance for result in results]))


if __name__ == "__main__":
    main()
