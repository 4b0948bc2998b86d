"""What the speed tables measure in a process of its own, where peak memory means something.

    python speed_cases.py picture '{"content": "coffee", "style": "swirls", "settings": {}}'

Prints what it found as a line of JSON. `in_fresh_process` calls it.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from typing import Any

from machine import CLOCKS

from stylekit.media.clips import read_clip
from stylekit.media.images import load_image, resize_image
from stylekit.motion.warping import warping_error
from stylekit.samples import MaterialKind, find_material
from stylekit.settings import ImageSettings, VideoSettings


class Stopwatch:
    """Seconds of one of `CLOCKS` since it was made, without those that were spent in `paused`."""

    def __init__(self, clock: str = "wall") -> None:
        self._now = CLOCKS[clock]
        self._start = self._now()

    @property
    def seconds(self) -> float:
        """So far."""
        return self._now() - self._start

    @contextmanager
    def paused(self) -> Iterator[None]:
        """For looking at results, which is no part of the work."""
        begun = self._now()
        yield
        self._start += self._now() - begun


def in_fresh_process(case: str, **facts: Any) -> dict[str, Any]:
    """What one of `CASES` gives for these facts, in a process that did nothing before.

    Raises RuntimeError, with the end of what it said, if it fails.
    """
    command = [sys.executable, os.fspath(Path(__file__).resolve()), case, json.dumps(facts)]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"{case} {facts} failed:\n{done.stderr[-2000:]}")
    return json.loads(done.stdout.splitlines()[-1])


def peak_memory() -> int:
    """The most bytes that were ever resident in this process."""
    # Linux hands ru_maxrss on to the programs that a process starts: a child of a large process
    # would be said to be large too. What it calls VmHWM begins anew with the program.
    peak = _linux_memory("VmHWM")
    if peak is None:
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return peak if sys.platform == "darwin" else 1024 * peak
    return peak


def resident_memory() -> int | None:
    """The bytes that are resident in this process now; None where only Linux would tell."""
    return _linux_memory("VmRSS")


def _linux_memory(name: str) -> int | None:
    try:
        lines = Path("/proc/self/status").read_text().splitlines()
    except OSError:
        return None
    return 1024 * int(next(line.split()[1] for line in lines if line.startswith(f"{name}:")))


def picture(
    *, content: str, style: str, settings: dict[str, Any], clock: str = "wall"
) -> dict[str, Any]:
    """One picture by these `ImageSettings`: each step's seconds, evaluations, 8-bit weighted loss.

    An evaluation of a smaller picture counts by its share of the pixels, and its loss is that of
    the picture enlarged. Seconds run from pictures in memory on: reading the network, and
    compiling, count.
    """
    from stylekit.image.stylization import Stylization

    photograph = load_image(find_material(content, MaterialKind.PHOTOGRAPH))
    painting = load_image(find_material(style, MaterialKind.STYLE))
    image_settings = ImageSettings.from_json(settings)
    weights = image_settings.weights
    watch = Stopwatch(clock)
    stylization = Stylization(photograph, painting, image_settings)
    ready = watch.seconds
    width, height = stylization.size
    steps, small = [], []
    evaluations, before = 0.0, 0
    for step in stylization.steps():
        seconds = watch.seconds
        with watch.paused():
            share = step.image[:, :, 0].size / (width * height)
            evaluations += (step.evaluations - before) * share
            before = step.evaluations
            if share < 1:
                small.append(step.image)
            steps.append((seconds, evaluations, step.weighted_loss))
    # The preview is judged as it is shown, enlarged; now that this need not be compiled first.
    for index, image in enumerate(small):
        losses = stylization.objective.losses(
            resize_image(image, stylization.size), stylization.targets, weights
        )
        steps[index] = (*steps[index][:2], losses.total(weights))
    untouched = stylization.objective.losses(
        resize_image(photograph, stylization.size), stylization.targets, weights
    )
    return {
        "backbone": stylization.objective.backbone.label,
        "ready": ready,
        "start_loss": untouched.total(weights),
        "seconds": [seconds for seconds, _, _ in steps],
        "evaluations": [evaluations for _, evaluations, _ in steps],
        "losses": [loss for _, _, loss in steps],
        "style_distance": stylization.style_distance,
        "peak": peak_memory(),
    }


def clip(
    *, path: str, style: str, frames: int, settings: dict[str, Any], clock: str = "wall"
) -> dict[str, Any]:
    """One clip by these `VideoSettings`: seconds, evaluations, style of each frame, and flicker.

    Seconds run from the clip in memory on: reading the network, flow and files all count.
    """
    from stylekit.video.run import VideoRun

    video = VideoSettings.from_json(settings)
    source = read_clip(find_material(path, MaterialKind.CLIP), size=video.image.size, frames=frames)
    painting = load_image(find_material(style, MaterialKind.STYLE))
    now, rows = CLOCKS[clock], []
    with tempfile.TemporaryDirectory() as folder:
        start = last = now()
        run = VideoRun(source, painting, Path(folder) / "run", video)
        for result in run.frames():
            end = now()
            rows.append((end - last, result.evaluations, result.cold, result.style_distance))
            last = end
        peak = peak_memory()
        errors = [_warping_error(run, images) for images in (run.stored_frames(), source)]
        label = run.backbone.label
    seconds, evaluations, cold, distances = (list(column) for column in zip(*rows, strict=True))
    return {
        "backbone": label,
        "width": source.width,
        "height": source.height,
        "total": last - start,
        "seconds": seconds,
        "evaluations": evaluations,
        "cold": cold,
        "style_distances": distances,
        "warping_error": errors[0],
        "input_warping_error": errors[1],
        "peak": peak,
    }


def command(*, arguments: list[str]) -> dict[str, Any]:
    """A command line of stylekit's, in this process: the bytes at its peak, and at its end."""
    from stylekit.app.cli import main

    # What it prints would stand where the result is looked for.
    with redirect_stdout(sys.stderr):
        code = main(arguments)
    if code:
        raise SystemExit(code)
    return {"peak": peak_memory(), "end": resident_memory() or peak_memory()}


def _warping_error(run: Any, images: Any) -> float:
    motions = [run.motion(index) for index in range(1, len(run.clip))]
    flows = [motion.flow.backward_flow for motion in motions]
    return warping_error(images, flows, [motion.mask for motion in motions]).rmse


CASES: dict[str, Callable[..., dict[str, Any]]] = {
    "picture": picture,
    "clip": clip,
    "command": command,
}

if __name__ == "__main__":
    print(json.dumps(CASES[sys.argv[1]](**json.loads(sys.argv[2]))))
