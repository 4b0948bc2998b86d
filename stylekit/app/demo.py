"""`stylekit demo`: one clip styled frame by frame and with the temporal method, side by side."""

from __future__ import annotations

import dataclasses
import shutil
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from ..arrays import Image
from ..errors import ResumeError
from ..media.clips import Clip, read_clip
from ..media.compare import write_comparison
from ..media.encode import write_clip
from ..media.files import make_folder, write_text_atomic
from ..media.images import load_image
from ..media.written import WrittenFiles, complete_result
from ..plots import plot_contact_sheet, save_figure
from ..samples import MaterialKind, find_material
from ..settings import ImageSettings, VideoSettings
from ..video.folder import RunFolder
from ..video.inputs import RunInputs
from ..video.results import Result, finish_clip
from ..video.run import VideoRun
from .clip_run import paint
from .outputs import check_free

CLIP, STYLE = "drift", "glass"

# Small and short, so that it takes a laptop only minutes: every second frame of the clip.
_SETTINGS = VideoSettings(image=ImageSettings(size=160, steps=40), frame_steps=10)
_EVERY = 2
_SHEET_FRAMES = (1, 4, 7, 10)
_TITLES = {"independent": "frame by frame", "temporal": "temporal method"}
_INPUT, _COMPARISON, _SHEET, _TABLE = _OTHERS = (
    "input.mp4",
    "comparison.mp4",
    "contact_sheet.png",
    "table.txt",
)
_RUNS, _WRITTEN = "runs", "written.sha256"


def run_demo(folder: Path, *, overwrite: bool = False) -> Iterator[str]:
    """Style a built-in clip in two ways: frame by frame, and with the temporal method.

    Parameters
    ----------
    folder : receives input.mp4, independent.mp4 and temporal.mp4 with their sidecars,
        comparison.mp4, contact_sheet.png and table.txt. The frames are kept in its folder `runs`,
        so that an interrupted demo continues with the first missing frame.
    overwrite : replaces files of these names that are not those of an earlier demo, and the frames
        of a demo with other settings, such as those of another version

    Yields
    ------
    str : lines that report the progress and the results

    Raises
    ------
    MediaError : if the folder cannot be written, or a file would be replaced unasked
    ResumeError : if the frames of a demo with other settings are there
    """
    began = time.monotonic()
    make_folder(folder)
    runs_folder = make_folder(folder / _RUNS)
    written = WrittenFiles(runs_folder / _WRITTEN)
    check_free(
        *(folder / name for name in _OTHERS),
        *(folder / f"{name}.mp4" for name in _TITLES),
        overwrite=overwrite,
        written=(written, *(RunFolder(runs_folder / name).written for name in _TITLES)),
    )
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
        run = _open_run(clip, style, runs_folder / name, settings, overwrite=overwrite)
        run.folder.remember(inputs)
        paint(run)
        seconds = time.monotonic() - start
        output = folder / f"{name}.mp4"
        runs[name] = run
        results[name] = finish_clip(run, clip, output, style=style_path, seconds=seconds)
    backbone = results["temporal"].backbone
    source = folder / _INPUT
    with complete_result(source, written) as hidden:
        write_clip(clip, hidden, fps=clip.fps)
    sources = [source, *(result.output for result in results.values())]
    with complete_result(folder / _COMPARISON, written) as hidden:
        write_comparison(
            sources,
            ["input", *_TITLES.values()],
            hidden,
            comment=f"Made by AI editing: neural style transfer, {backbone}",
        )
    with complete_result(folder / _SHEET, written) as hidden:
        _draw_sheet(clip, runs["independent"], runs["temporal"], hidden)
    table = _table(results)
    with complete_result(folder / _TABLE, written) as hidden:
        write_text_atomic(hidden, f"{table}\n")
    yield table
    for name in (_COMPARISON, _SHEET):
        yield str(folder / name)
    yield f"done in {time.monotonic() - began:.0f} s"


def _open_run(
    clip: Clip, style: Image, folder: Path, settings: VideoSettings, *, overwrite: bool
) -> VideoRun:
    try:
        return VideoRun(clip, style, folder, settings)
    except ResumeError:
        # Only a run is removed, never a folder of the user's.
        if not overwrite or not (folder / "run.json").is_file():
            raise
    shutil.rmtree(folder)
    return VideoRun(clip, style, folder, settings)


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
