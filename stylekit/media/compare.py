"""Clips side by side in one clip, each under its title, to compare results."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from fractions import Fraction
from pathlib import Path

import matplotlib
import numpy as np
from moviepy import CompositeVideoClip, TextClip, VideoClip, clips_array
from numpy.typing import NDArray
from PIL import ImageFont

from ..arrays import Image, from_bytes, to_bytes
from ..settings import MediaLimits
from .clips import read_clip
from .encode import write_clip
from .images import resize_image

# Part of matplotlib, so every machine has it. A new machine may have no other font.
_FONT = Path(matplotlib.get_data_path()) / "fonts" / "ttf" / "DejaVuSans.ttf"

_LETTERS = 20
_MIN_LETTERS = 13
_BAR = 40
_MARGIN = 10
_GAP = 4
_DARK = (24, 24, 27)
_LIGHT = "#f4f4f5"

# Smaller clips are enlarged, so that their titles can be read.
_MIN_SIDE = 360


def write_comparison(
    paths: Sequence[Path | str],
    titles: Sequence[str],
    output: Path | str,
    *,
    height: int | None = None,
    comment: str = "",
    limits: MediaLimits | None = None,
) -> None:
    """Write a clip that plays other clips side by side, each under its title.

    The result has the frame rate and the sound of the first clip, shows the others at the same
    times, and is as long as the shortest. A title that is too long is set in smaller letters, then
    shortened.

    Parameters
    ----------
    paths : the clips
    titles : one for each clip
    output : ends in .mp4 or .mov
    height : of all clips, in pixels; None for the first clip's height, times the smallest whole
        number that makes its longest side at least 360 pixels
    comment : metadata
    limits : the sizes that are accepted, `MediaLimits()` if None

    Raises
    ------
    MediaError : as `read_clip` and `write_clip` do
    ValueError : unless there is at least one clip, and one title for each
    """
    if not paths or len(paths) != len(titles):
        raise ValueError(
            f"titles: give one title for each clip; there are {len(paths)} clips "
            f"and {len(titles)} titles"
        )
    clips = [read_clip(path, limits=limits) for path in paths]
    write_clip(
        _side_by_side(clips, [clip.fps for clip in clips], titles, height),
        output,
        fps=clips[0].fps,
        audio_from=clips[0].path if clips[0].has_audio else None,
        comment=comment,
    )


def write_slow_motion(
    clips: Mapping[str, Sequence[Image]],
    output: Path | str,
    *,
    fps: Fraction,
    speed: Fraction = Fraction(1, 4),
    height: int | None = None,
    comment: str = "",
) -> None:
    """Write a clip that plays frames side by side in slow motion, each clip under its name.

    Every frame is shown once, for a longer time, so that flicker and strokes that slide can be
    told apart. The frames come from memory or a run folder, not from clips: they are encoded only
    once. There is no sound, and the result is as long as the shortest clip.

    Parameters
    ----------
    clips : frames `(H, W, 3)` by name, at least one clip with at least one frame
    output : ends in .mp4 or .mov
    fps : frames a second of the clips at full speed
    speed : above 0 and at most 1; 1/4 takes four times as long
    height, comment : as in `write_comparison`

    Raises
    ------
    MediaError : as `write_clip` does
    ValueError : if there is no frame, or `speed` is out of range
    """
    if not clips or not all(len(frames) for frames in clips.values()):
        raise ValueError("clips: give at least one, each with at least one frame")
    if not 0 < speed <= 1:
        raise ValueError(f"speed: must be above 0 and at most 1, is {speed}")
    rate = Fraction(fps) * Fraction(speed)
    pictures = _side_by_side(list(clips.values()), [rate] * len(clips), list(clips), height)
    write_clip(pictures, output, fps=rate, comment=comment)


def _side_by_side(
    clips: Sequence[Sequence[Image]],
    rates: Sequence[Fraction],
    titles: Sequence[str],
    height: int | None,
) -> Iterator[Image]:
    """The frames of the clips beside each other, as many a second as the first one has."""
    shapes = [clip[0].shape for clip in clips]
    if height is None:
        height = shapes[0][0] * math.ceil(_MIN_SIDE / max(shapes[0]))
    widths = [max(1, round(shape[1] * height / shape[0])) for shape in shapes]
    size, shown_titles = _fit_titles(titles, widths)
    with ExitStack() as opened:
        bars, panels = [], []
        for clip, rate, title, width in zip(clips, rates, shown_titles, widths, strict=True):
            bars.append(opened.enter_context(_title_bar(title, width, size)))
            panels.append(opened.enter_context(_panel(clip, rate, width, height)))
        columns = [width + _GAP for width in widths[:-1]] + [widths[-1]]
        sheet = opened.enter_context(
            clips_array([bars, panels], cols_heights=columns, bg_color=_DARK)
        )
        shortest = min(len(clip) / rate for clip, rate in zip(clips, rates, strict=True))
        yield from _frames(sheet, rates[0], shortest)


def _fit_titles(titles: Sequence[str], widths: Sequence[int]) -> tuple[int, list[str]]:
    """The largest size of letters at which all titles fit, and the titles, shortened if none."""
    spaces = [width - 2 * _MARGIN for width in widths]
    for size in range(_LETTERS, _MIN_LETTERS - 1, -1):
        font = ImageFont.truetype(_FONT, size)
        if all(font.getlength(t) <= space for t, space in zip(titles, spaces, strict=True)):
            return size, list(titles)
    return _MIN_LETTERS, [_shorten(t, space, font) for t, space in zip(titles, spaces, strict=True)]


def _shorten(title: str, space: float, font: ImageFont.FreeTypeFont) -> str:
    if font.getlength(title) <= space:
        return title
    while title and font.getlength(title + "…") > space:
        title = title[:-1].rstrip()
    return title + "…"


def _title_bar(title: str, width: int, size: int) -> TextClip:
    return TextClip(
        font=str(_FONT),
        # moviepy treats an empty text as a missing one.
        text=title or " ",
        font_size=size,
        size=(width, _BAR),
        color=_LIGHT,
        bg_color=_DARK,
        transparent=False,
        duration=1.0,
    )


def _panel(clip: Sequence[Image], rate: Fraction, width: int, height: int) -> VideoClip:
    def picture(seconds: float) -> NDArray[np.uint8]:
        index = min(int(seconds * float(rate)), len(clip) - 1)
        return to_bytes(resize_image(clip[index], (width, height)))

    return VideoClip(frame_function=picture, duration=float(len(clip) / rate))


def _frames(sheet: CompositeVideoClip, fps: Fraction, duration: Fraction) -> Iterator[Image]:
    """The frames of the sheet, each taken in the middle of the time for which it is shown."""
    for index in range(max(1, math.floor(duration * fps))):
        seconds = float((index + Fraction(1, 2)) / fps)
        yield from_bytes(np.asarray(sheet.get_frame(seconds), np.uint8))
