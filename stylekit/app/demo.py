"""`stylekit demo`: one clip styled frame by frame and with the temporal method, side by side."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from ..media.clips import Clip, read_clip
from ..media.compare import write_comparison
from ..media.encode import write_clip
from ..media.files import make_folder, write_text_atomic
from ..media.images import load_image
from ..plots import plot_contact_sheet, save_figure
from ..samples import MaterialKind, find_material
from ..settings import ImageSettings, VideoSettings
from ..video.folder import RunInputs
from ..video.results import Result, finish_clip
from ..video.run import VideoRun
from .run import paint

CLIP, STYLE = "drift", "glass"

# Small and short, so that it takes a laptop only minutes: every second frame of the clip.
_SETTINGS = VideoSettings(image=ImageSettings(size=160, steps=40), frame_steps=10)
_EVERY = 2
_SHEET_FRAMES = (1, 4, 7, 10)
_TITLES = {"independent": "frame by frame", "temporal": "temporal method"}


def run_demo(folder: Path) -> Iterator[str]:
    """Style a built-in clip in two ways: frame by frame, and with the temporal method.

    Parameters
    ----------
    folder : receives input.mp4, independent.mp4 and temporal.mp4 with their sidecars,
        comparison.mp4, contact_sheet.png and table.txt. The frames are kept in its folder `runs`,
        so that an interrupted demo continues with the first missing frame.

    Yields
    ------
    str : lines that report the progress and the results

    Raises
    ------
    MediaError : if the folder cannot be written
    """
    began = time.monotonic()
    make_folder(folder)
    clip_path = find_material(CLIP, MaterialKind.CLIP)
    style_path = find_material(STYLE, MaterialKind.STYLE)
    clip = read_clip(clip_path, size=_SETTINGS.image.size)[::_EVERY]
    yield (
        f"demo: the clip {CLIP!r}, {len(clip)} frames of {clip.width}×{clip.height} pixels, "
        f"in the style {STYLE!r}"
    )
    inputs = RunInputs(
        clip=clip_path,
        style=style_path,
        frames=len(clip),
        size=_SETTINGS.image.size,
        stride=_EVERY,
    )
    style = load_image(style_path)
    runs, results = {}, {}
    for name, title in _TITLES.items():
        yield f"{title}:"
        settings = dataclasses.replace(_SETTINGS, independent=name == "independent")
        start = time.monotonic()
        run = VideoRun(clip, style, folder / "runs" / name, settings)
        run.folder.remember(inputs)
        paint(run)
        seconds = time.monotonic() - start
        output = folder / f"{name}.mp4"
        runs[name] = run
        results[name] = finish_clip(run, clip, output, style=style_path, seconds=seconds)
    backbone = results["temporal"].backbone
    source = folder / "input.mp4"
    write_clip(clip, source, fps=clip.fps)
    sources = [source, *(result.output for result in results.values())]
    comparison = folder / "comparison.mp4"
    write_comparison(
        sources,
        ["input", *_TITLES.values()],
        comparison,
        comment=f"Made by AI editing: neural style transfer, {backbone}",
    )
    _draw_sheet(clip, runs["independent"], runs["temporal"], folder / "contact_sheet.png")
    table = _table(results)
    write_text_atomic(folder / "table.txt", f"{table}\n")
    yield table
    for output in (comparison, folder / "contact_sheet.png"):
        yield str(output)
    yield f"done in {time.monotonic() - began:.0f} s"


def _draw_sheet(clip: Clip, independent: VideoRun, temporal: VideoRun, path: Path) -> None:
    motions = [temporal.motion(index) for index in range(1, len(clip))]
    figure = plot_contact_sheet(
        list(clip),
        list(independent.stored_frames()),
        list(temporal.stored_frames()),
        [motion.flow.backward_flow for motion in motions],
        [motion.mask for motion in motions],
        backbone=temporal.backbone.label,
        frame_indices=_SHEET_FRAMES,
    )
    save_figure(figure, path)


def _table(results: Mapping[str, Result]) -> str:
    """Root warping error, style distance and time of both clips, and the input's own error."""
    rows = [("", "root warping error along its own flow", "style distance", "seconds")]
    for name, result in results.items():
        assert result.warping_error is not None
        rows.append(
            (
                _TITLES[name],
                f"{result.warping_error.rmse:.4f}",
                f"{result.style_distance:.2e}",
                f"{result.seconds:.0f}",
            )
        )
    of_input = results["temporal"].input_warping_error
    assert of_input is not None
    rows.append(("input clip", f"{of_input.rmse:.4f}", "", ""))
    lines = [f"{a:<16}{b:>38}{c:>17}{d:>10}".rstrip() for a, b, c, d in rows]
    return "\n".join([*lines, f"backbone {results['temporal'].backbone}"])
