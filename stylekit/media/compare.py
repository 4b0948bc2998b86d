"""Clips side by side, each under its title, as one clip: how two results are best compared."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
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
from .clips import Clip, read_clip
from .encode import write_clip
from .images import resize_image

# Every machine has this one: matplotlib brings it along. A fresh one may have no other font.
_FONT = Path(matplotlib.get_data_path()) / "fonts" / "ttf" / "DejaVuSans.ttf"

_LETTERS = 20
_SMALLEST_LETTERS = 13
_BAR = 40
_MARGIN = 10
_GAP = 4
_DARK = (24, 24, 27)
_LIGHT = "#f4f4f5"

# Smaller panels are enlarged, so that their titles can be read.
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
    """Write a clip that plays the clips of `paths` side by side, each under its title.

    All panels get the same `height` in pixels; without it the first clip's, times the least
    whole number that makes its longest side 360 pixels or more. The result has the frame rate
    and the sound of the first clip, shows the others at the same times, and is as long as the
    shortest. A title that is too long is set smaller, then shortened.

    Raises MediaError as `read_clip` and `write_clip` do, ValueError unless there is one title
    for each of at least one clip.
    """
    if not paths or len(paths) != len(titles):
        raise ValueError(
            f"titles: give one title for each clip; there are {len(paths)} clips "
            f"and {len(titles)} titles"
        )
    clips = [read_clip(path, limits=limits) for path in paths]
    height = height or _default_height(clips[0])
    widths = [max(1, round(clip.width * height / clip.height)) for clip in clips]
    size, shown_titles = _fit_titles(titles, widths)
    with ExitStack() as open_clips:
        bars = [
            open_clips.enter_context(_title_bar(title, width, size))
            for title, width in zip(shown_titles, widths, strict=True)
        ]
        panels = [
            open_clips.enter_context(_panel(clip, width, height))
            for clip, width in zip(clips, widths, strict=True)
        ]
        columns = [width + _GAP for width in widths[:-1]] + [widths[-1]]
        sheet = open_clips.enter_context(
            clips_array([bars, panels], cols_heights=columns, bg_color=_DARK)
        )
        write_clip(
            _frames(sheet, clips),
            output,
            fps=clips[0].fps,
            audio_from=clips[0].path if clips[0].has_audio else None,
            comment=comment,
        )


def _default_height(clip: Clip) -> int:
    return clip.height * math.ceil(_MIN_SIDE / max(clip.width, clip.height))


def _fit_titles(titles: Sequence[str], widths: Sequence[int]) -> tuple[int, list[str]]:
    """The largest size of letters at which all titles fit, and the titles, shortened if none."""
    rooms = [width - 2 * _MARGIN for width in widths]
    for size in range(_LETTERS, _SMALLEST_LETTERS, -1):
        font = ImageFont.truetype(_FONT, size)
        if all(font.getlength(t) <= room for t, room in zip(titles, rooms, strict=True)):
            return size, list(titles)
    font = ImageFont.truetype(_FONT, _SMALLEST_LETTERS)
    return _SMALLEST_LETTERS, [
        _shorten(title, room, font) for title, room in zip(titles, rooms, strict=True)
    ]


def _shorten(title: str, room: float, font: ImageFont.FreeTypeFont) -> str:
    if font.getlength(title) <= room:
        return title
    while title and font.getlength(title + "…") > room:
        title = title[:-1].rstrip()
    return title + "…"


def _title_bar(title: str, width: int, size: int) -> TextClip:
    return TextClip(
        font=str(_FONT),
        # moviepy takes an empty text for none.
        text=title or " ",
        font_size=size,
        size=(width, _BAR),
        color=_LIGHT,
        bg_color=_DARK,
        transparent=False,
        duration=1.0,
    )


def _panel(clip: Clip, width: int, height: int) -> VideoClip:
    def picture(seconds: float) -> NDArray[np.uint8]:
        index = min(int(seconds * float(clip.fps)), len(clip) - 1)
        return to_bytes(resize_image(clip[index], (width, height)))

    return VideoClip(frame_function=picture, duration=clip.duration)


def _frames(sheet: CompositeVideoClip, clips: Sequence[Clip]) -> Iterator[Image]:
    """The sheet's frames, taken in the middle of the time that each is shown."""
    fps = clips[0].fps
    shortest = min(len(clip) / clip.fps for clip in clips)
    for index in range(max(1, math.floor(shortest * fps))):
        seconds = float((index + Fraction(1, 2)) / fps)
        yield from_bytes(np.asarray(sheet.get_frame(seconds), np.uint8))
