"""How good painted clips are, by measures that the method does not choose itself.

    python benchmarks/clips.py                                    three scenes in one style, 128 px
    python benchmarks/clips.py --clips drift bikes --styles glass mosaic --size 192 --frames 24
    python benchmarks/clips.py --sheet sheet.png --slow slow.mp4  for eyes
    python benchmarks/clips.py --against ../other/clips           beside another version's

Each clip is painted in each style twice, frame by frame and with the temporal method, into run
folders in OUT; what is finished there is not painted again. --against names the OUT of another
version, made with the same clips, styles, size and frames: it is only measured.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import math
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import product
from pathlib import Path
from statistics import fmean
from typing import Any

import numpy as np
from machine import describe_machine

from stylekit.arrays import Image, Mask
from stylekit.errors import ResumeError
from stylekit.image.colors import luminance
from stylekit.image.detail import sharpness_kept
from stylekit.image.distance import unused_style_distance
from stylekit.media.clips import read_clip
from stylekit.media.compare import write_slow_motion
from stylekit.media.files import make_folder, write_text_atomic
from stylekit.media.images import load_image
from stylekit.media.opencv import cv2
from stylekit.motion.flow import FlowPair
from stylekit.motion.warping import exact_warping_error, warping_error
from stylekit.plots import plot_clips, save_figure
from stylekit.samples import MaterialKind, find_material
from stylekit.scenes import SCENES, Scene, make_scene, scene_of_clip
from stylekit.settings import ImageSettings, VideoSettings
from stylekit.video.folder import RunFolder
from stylekit.video.run import VideoRun

SCENE_RATE = Fraction(24)
BLUR = 3.0  # pixels: strokes are gone, what the picture shows is left

HEADER = (
    f"{'':<16}{'exact ‰':>9}{'own ‰':>8}{'ratio':>7}{'sharp %':>9}{'moving %':>10}"
    f"{'style':>10}{'unused':>8}{'corr.':>7}{'evals':>7}{'seconds':>9}"
)

EPILOG = """\
exact: root warping error along the exact flow, over all pixels that both frames show, in
thousandths of the brightness range; only scenes and built-in clips of them have it. own: the
same along the flow, and under the mask, that the clip was painted with. ratio: exact, over that
of frame by frame. sharp: the sharpness of later frames over the first frame's, divided by the
input's own ratio, of the whole picture; moving: of the part that moves by over a tenth of a pixel.
style: style distance, mean of the frames, which is minimised; unused: on the layers that no loss
compares. corr.: the correlation of the luminance, after a Gaussian of 3 pixels, with that of the
input frame, mean. evals: evaluations of all later frames. Empty: not known, or nothing to measure.
clips.json in OUT has the same numbers."""


@dataclass(frozen=True, eq=False)
class Case:
    """A clip in a style."""

    clip_name: str
    style_name: str
    frames: Sequence[Image]
    style: Image
    fps: Fraction
    scene: Scene | None

    @classmethod
    def load(cls, clip_name: str, style_name: str, size: int, frames: int) -> Case:
        """Of the name of a scene, of a built-in clip or of a file, and that of a style."""
        style = load_image(find_material(style_name, MaterialKind.STYLE))
        short = Path(clip_name).stem, Path(style_name).stem
        if clip_name in SCENES:
            scene = make_scene(clip_name, frames=frames, size=size)
            return cls(*short, scene.frames, style, SCENE_RATE, scene)
        clip = read_clip(find_material(clip_name, MaterialKind.CLIP), size=size, frames=frames)
        return cls(*short, tuple(clip), style, clip.fps, scene_of_clip(clip))

    @property
    def name(self) -> str:
        """The name of its folder."""
        return f"{self.clip_name}-{self.style_name}"


@dataclass(kw_only=True)
class Row:
    """The measures of one clip; NaN where there is none."""

    exact: float = math.nan
    own: float = math.nan
    ratio: float = math.nan
    sharpness: float = math.nan
    sharpness_moving: float = math.nan
    style_distance: float = math.nan
    unused_style_distance: float = math.nan
    correlation: float = math.nan
    evaluations: float = math.nan
    seconds: float = math.nan
    frames: Sequence[Image] = field(default=(), repr=False)

    def to_json(self) -> dict[str, float | None]:
        """The numbers; JSON has no NaN."""
        numbers = {name: value for name, value in vars(self).items() if name != "frames"}
        return {name: None if math.isnan(value) else value for name, value in numbers.items()}

    def line(self, name: str) -> str:
        """A line of the table."""
        cells = (
            (self.exact, 9, 1, 1000),
            (self.own, 8, 1, 1000),
            (self.ratio, 7, 2, 1),
            (self.sharpness, 9, 0, 100),
            (self.sharpness_moving, 10, 0, 100),
            (self.style_distance, 10, None, 1),
            (self.unused_style_distance, 8, 3, 1),
            (self.correlation, 7, 3, 1),
            (self.evaluations, 7, 0, 1),
            (self.seconds, 9, 0, 1),
        )
        return f"{name[:15]:<16}" + "".join(_cell(*cell) for cell in cells)


def main() -> None:
    """Paint what is missing, print the tables, and write what was asked for."""
    options = _options()
    settings = VideoSettings(
        image=ImageSettings(size=options.size, backbone=options.backbone, steps=options.steps)
    )
    print(describe_machine("tensorflow", "opencv-python", "numpy"))
    print(f"{options.size} px, {options.frames} frames, network {options.backbone}\n")
    make_folder(options.out)
    data: dict[str, Any] = {}
    cases = list(product(options.clips, options.styles))
    for clip_name, style_name in cases:
        case = Case.load(clip_name, style_name, options.size, options.frames)
        rows = compare(case, settings, options.out, options.against)
        print(f"{case.name}\n{HEADER}")
        for name, row in rows.items():
            print(row.line(name), flush=True)
        data[case.name] = {name: row.to_json() for name, row in rows.items()}
        write_text_atomic(options.out / "clips.json", json.dumps(data, indent=1))
        # The second result is another version's if there is one.
        second = list(rows)[-1] if options.against else "frame by frame"
        shown = {name: rows[name].frames for name in ("input", "temporal", second)}
        if options.sheet:
            figure = plot_clips(shown, title=f"{case.clip_name} in {case.style_name}")
            save_figure(figure, _named(options.sheet, case, len(cases)))
        if options.slow:
            write_slow_motion(shown, _named(options.slow, case, len(cases)), fps=case.fps)


def compare(case: Case, settings: VideoSettings, out: Path, against: Path | None) -> dict[str, Row]:
    """The measures of the input, of both ways to paint it, and of another version's clip."""
    rows = {}
    for name, folder in (("frame by frame", "independent"), ("temporal", "temporal")):
        own = dataclasses.replace(settings, independent=folder == "independent")
        run = VideoRun(case.frames, case.style, out / case.name / folder, own)
        done, began = len(run.finished_entries()), time.perf_counter()
        for _ in run.frames():
            pass
        rows[name] = measure(case, run.folder, settings.image)
        # Of a run that was interrupted nobody knows.
        if not done:
            rows[name].seconds = time.perf_counter() - began
    if against:
        folder = RunFolder(against / case.name / "temporal")
        rows[against.resolve().name] = measure(case, folder, settings.image)
    for row in rows.values():
        row.ratio = row.exact / rows["frame by frame"].exact
    return {"input": _of_input(case, out / case.name / "temporal"), **rows}


def measure(case: Case, folder: RunFolder, settings: ImageSettings) -> Row:
    """The measures of the frames in a run folder; raises ResumeError if it is not finished."""
    entries = folder.entries()
    count = len(case.frames)
    if not all(index in entries for index in range(count)):
        raise ResumeError(folder.path, f"must hold {count} finished frames, holds {len(entries)}")
    frames = [folder.read_frame(index) for index in range(count)]
    if frames[0].shape != case.frames[0].shape:
        raise ResumeError(folder.path, "holds frames of another size")
    row = _along(case, folder, frames)
    row.style_distance = fmean(entries[index]["style_distance"] for index in range(count))
    row.unused_style_distance = fmean(
        unused_style_distance(frame, case.style, settings) for frame in frames
    )
    row.correlation = fmean(map(blurred_correlation, frames, case.frames))
    row.evaluations = sum(entries[index]["evaluations"] for index in range(1, count))
    return row


def blurred_correlation(image: Image, content: Image) -> float:
    """The correlation of the luminance of two pictures, smoothed by a Gaussian of `BLUR` pixels."""
    pictures = (cv2.GaussianBlur(luminance(x), (0, 0), BLUR).ravel() for x in (image, content))
    with np.errstate(invalid="ignore"):  # a plain picture has no correlation
        return float(np.corrcoef(*pictures)[0, 1])


def _of_input(case: Case, folder: Path) -> Row:
    """The input's own errors: the lowest to hope for."""
    row = _along(case, RunFolder(folder), case.frames)
    row.correlation = 1.0
    return row


def _along(case: Case, folder: RunFolder, frames: Sequence[Image]) -> Row:
    """What is measured along flow: both warping errors, and the sharpness that is kept."""
    row = Row(frames=frames)
    stored = _stored_flows(folder, len(frames))
    flows = [flow for flow, _ in stored]
    if stored:
        masks = (mask for _, mask in stored)
        row.own = warping_error(frames, (flow.backward_flow for flow in flows), masks).rmse
    if case.scene:
        flows = [case.scene.flow_pair(index) for index in range(len(frames) - 1)]
        row.exact = exact_warping_error(frames, case.scene.backward).rmse
    if flows:
        kept = sharpness_kept(frames, case.frames, flows)
        row.sharpness, row.sharpness_moving = kept.whole, kept.moving
    return row


def _stored_flows(folder: RunFolder, count: int) -> list[tuple[FlowPair, Mask]]:
    """The flow and mask of each frame of a run but the first; none if any is missing."""
    entries, flows = folder.entries(), []
    independent = folder.description()["settings"]["independent"]
    for index in range(1, count):
        source = entries[index].get("source")
        found = folder.read_flow(index, source)
        if found is None:
            return []
        flow, mask = found
        # Across a cut, or after a flash, a frame does not continue the one before.
        continues = independent or source == index - 1
        flows.append((flow, mask if continues else np.zeros_like(mask)))
    return flows


def _cell(value: float, width: int, digits: int | None, unit: float) -> str:
    if math.isnan(value):
        return " " * width
    text = f"{value:.2e}" if digits is None else f"{unit * value:.{digits}f}"
    return f"{text:>{width}}"


def _named(path: Path, case: Case, count: int) -> Path:
    """The file of a case: with several cases, each has its name in it."""
    return path if count == 1 else path.with_stem(f"{path.stem}-{case.name}")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, epilog=EPILOG, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--clips",
        nargs="+",
        default=["drift", "tripod", "parallax"],
        help="names of scenes or built-in clips, or files (default: drift tripod parallax)",
    )
    parser.add_argument(
        "--styles", nargs="+", default=["glass"], help="names or files (default: glass)"
    )
    parser.add_argument("--size", type=int, default=128, help="longest side (default: 128)")
    parser.add_argument("--frames", type=int, default=12, help="frames of each (default: 12)")
    parser.add_argument("--backbone", default="auto", help="as of stylekit video (default: auto)")
    parser.add_argument(
        "--steps",
        type=int,
        default=ImageSettings().steps,
        help="the most steps of a first frame at each scale (default: %(default)s)",
    )
    parser.add_argument("--out", type=Path, default=Path("clips"), help="folder (default: clips)")
    parser.add_argument("--against", type=Path, help="OUT of another version, to measure as well")
    parser.add_argument("--sheet", type=Path, help="write a contact sheet: the same frames of each")
    parser.add_argument("--slow", type=Path, help="write them side by side at a quarter of speed")
    return parser.parse_args()


if __name__ == "__main__":
    main()
