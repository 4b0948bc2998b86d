"""Time strips: one line of pixels over all frames, in which flicker looks like noise."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from ..arrays import Image, check_image
from .grid import (
    MARGIN,
    TITLE_HEIGHT,
    TITLE_LETTER,
    picture_axes,
    row_labels_width,
    show_picture,
    text_width,
    write_picture_title,
    write_row_label,
    write_title,
)
from .style import OUTLINE, figure_style, new_figure

# Inches: the longer side of a picture, an axis with its numbers, names, and gaps.
_CELL, _AXIS, _NAME, _GAP = 2.6, 0.45, 0.26, 0.1


def plot_time_strip(
    clips: Mapping[str, Sequence[Image]],
    *,
    row: int | None = None,
    column: int | None = None,
    title: str = "One line of pixels through time",
) -> Figure:
    """A row or a column of pixels over all frames, clip by clip; steady pictures give streaks.

    Every frame takes the same whole number of pixels, so that a strip of few frames is visible.

    Parameters
    ----------
    clips : N frames `(H, W, 3)` by name, of the same number and size.
    row : the strip below the first frame shows this row, time runs downward.
    column : the strip beside the first frame shows this column, time runs to the right. Give one
        of `row` and `column`; the middle row is shown if neither is given.

    Raises
    ------
    ValueError : if clips differ in length or size, or the line is not in the picture.
    """
    shape, count = _check_clips(clips)
    across = column is None
    line = _chosen_line(shape, row, column)
    place = f"{'row' if across else 'column'} {line}"
    strips = [_strip(frames, line, across=across) for frames in clips.values()]
    layout = _layout(list(clips), shape, strips[0].shape[:2], across=across)
    with figure_style():
        width = max(layout.total[0], text_width([title], TITLE_LETTER) + 2 * MARGIN)
        alt = f"{title}: {place} of {', '.join(clips)} over {count} frames.".replace("\n", " ")
        figure = new_figure(width, layout.total[1], alt=alt)
        write_title(figure, title)
        pictures = [picture_axes(figure, *at, *layout.frame_size) for at in layout.frames]
        areas = [picture_axes(figure, *at, *layout.strip_size) for at in layout.strips]
        for name, picture in zip(clips, pictures, strict=True):
            show_picture(picture, clips[name][0])
            draw_line = picture.axhline if across else picture.axvline
            for color, thickness in OUTLINE:
                draw_line(line, color=color, linewidth=thickness)
            write_label = write_picture_title if across else write_row_label
            write_label(picture, name)
        for area, strip in zip(areas, strips, strict=True):
            _show_strip(area, strip, count, across=across)
        _label_axes(areas, f"along {place}, px", across=across)
    return figure


def _check_clips(clips: Mapping[str, Sequence[Image]]) -> tuple[tuple[int, int], int]:
    first = next(iter(clips.values()), ())
    if not len(first):
        raise ValueError("clips: give at least one, with at least one frame")
    for name, frames in clips.items():
        if len(frames) != len(first):
            raise ValueError(f"{name}: has {len(frames)} frames, the first clip {len(first)}")
        for frame in frames:
            check_image(frame, name, like=first[0])
    return first[0].shape[:2], len(first)


def _chosen_line(shape: tuple[int, int], row: int | None, column: int | None) -> int:
    if row is not None and column is not None:
        raise ValueError("row and column: give one of them")
    name, line, end = "row", shape[0] // 2 if row is None else row, shape[0]
    if column is not None:
        name, line, end = "column", column, shape[1]
    if not 0 <= line < end:
        raise ValueError(f"{name}: must lie in 0…{end - 1}, is {line}")
    return line


def _strip(frames: Sequence[Image], line: int, *, across: bool) -> Image:
    """The lines of all frames, time downward (`across`) or to the right, each frame repeated.

    The strip becomes about as long in time as the picture is.
    """
    length = frames[0].shape[0 if across else 1]
    factor = max(1, round(length / len(frames)))
    lines = np.stack([frame[line] if across else frame[:, line] for frame in frames])
    strip = np.repeat(lines, factor, axis=0)
    return strip if across else strip.swapaxes(0, 1)


@dataclass(frozen=True, slots=True)
class _Layout:
    """The places of frames and strips, clip by clip, and all sizes, in inches."""

    frames: list[tuple[float, float]]
    strips: list[tuple[float, float]]
    frame_size: tuple[float, float]
    strip_size: tuple[float, float]
    total: tuple[float, float]


def _layout(
    names: Sequence[str], shape: tuple[int, int], strip: tuple[int, int], *, across: bool
) -> _Layout:
    scale = _CELL / max(shape)
    height, width = shape[0] * scale, shape[1] * scale
    deep, long = strip[0] * scale, strip[1] * scale
    top = MARGIN + TITLE_HEIGHT + (_NAME if across else 0)
    count = len(names)
    if across:
        frames = [(MARGIN + _AXIS + index * (width + _GAP), top) for index in range(count)]
        strips = [(x, y + height + _GAP) for x, y in frames]
    else:
        left = MARGIN + row_labels_width(names)
        frames = [(left, top + index * (height + _GAP)) for index in range(count)]
        strips = [(x + width + _GAP, y) for x, y in frames]
    # The last strip's axes need space below, and also on the right if it is beside the frame.
    right, bottom = strips[-1][0] + long + (0 if across else _AXIS), strips[-1][1] + deep + _AXIS
    return _Layout(frames, strips, (width, height), (long, deep), (right + MARGIN, bottom + MARGIN))


def _show_strip(axes: Axes, strip: Image, count: int, *, across: bool) -> None:
    """Show the strip; along time the axes count frames, along the line pixels."""
    height, width = strip.shape[:2]
    right, low = (width, count) if across else (count, height)
    axes.imshow(strip, extent=(-0.5, right - 0.5, low - 0.5, -0.5), aspect="auto")
    time, position = (axes.yaxis, axes.xaxis) if across else (axes.xaxis, axes.yaxis)
    time.set_major_locator(MaxNLocator(6, integer=True))
    position.set_major_locator(MaxNLocator(4, integer=True))
    axes.tick_params(labelsize=8, length=2.5)


def _label_axes(strips: Sequence[Axes], position: str, *, across: bool) -> None:
    """Name the axes; only the outer strips show the numbers that all of them share."""
    if across:
        strips[0].set_ylabel("time, frames", fontsize=9)
        for axes in strips:
            axes.set_xlabel(position, fontsize=9)
        for axes in strips[1:]:
            axes.tick_params(labelleft=False)
    else:
        strips[-1].set_xlabel("time, frames", fontsize=9)
        for axes in strips:
            axes.yaxis.tick_right()
            axes.yaxis.set_label_position("right")
            axes.set_ylabel(position, fontsize=9)
        for axes in strips[:-1]:
            axes.tick_params(labelbottom=False)
