"""Pictures in rows and columns, with labels, and space for legends beside and below them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from ..arrays import Image
from .style import FAINT, StillFigure, new_figure

# Inches around the figure, between its pictures, and between a row and its label.
MARGIN, TITLE_HEIGHT, TITLE_LETTER = 0.15, 0.34, 0.125
_GAP, _LABEL_GAP = 0.06, 0.1

_LEGEND: dict[str, Any] = {
    "loc": "center left",
    "borderaxespad": 0,
    "frameon": False,
    "fontsize": 9,
    "handlelength": 2.4,
    "handleheight": 1.5,
}


@dataclass(frozen=True, slots=True)
class Grid:
    """A figure with rows and columns of pictures, and the free strips beside and below them."""

    figure: StillFigure
    axes: list[list[Axes]]
    strip: tuple[float, float]
    """Left edge and width of the free strip on the right, as shares of the figure's width."""
    foot: tuple[float, float]
    """Lower edge and height of the free strip below, as shares of the figure's height."""


def picture_grid(
    row_labels: Sequence[str],
    column_labels: Sequence[str],
    *,
    shape: tuple[int, ...],
    alt: str,
    title: str = "",
    caption: str = "",
    cell: float = 2.3,
    strip: float = 0.0,
    foot: float = 0.0,
    row_gap: float = _GAP,
) -> Grid:
    """Axes for pictures in rows and columns; all lengths are in inches.

    Parameters
    ----------
    row_labels, column_labels : the first line of a row's label is bold, the rest is small.
    shape : (height, width, …) of the pictures in pixels.
    alt, title, caption : the alternative text, and the texts above and below.
    cell : the longer side of a picture.
    strip, foot : the width on the right and the height below that stay free, for legends.
    row_gap : the space between two rows.
    """
    scale = min(cell / shape[0], cell / shape[1])
    width, height = shape[1] * scale, shape[0] * scale
    left = MARGIN + row_labels_width(row_labels)
    top = MARGIN + (TITLE_HEIGHT if title else 0.0) + _lines_height(column_labels, 0.17)
    caption_height = _lines_height([caption], 0.18)
    right = left + len(column_labels) * (width + _GAP) - _GAP
    # The figure is at least as wide as its title and its caption.
    text = max(text_width([title], TITLE_LETTER), text_width([caption], 0.075))
    total_width = max(right + strip, MARGIN + text) + MARGIN
    below = foot + caption_height + MARGIN
    total_height = top + len(row_labels) * (height + row_gap) - row_gap + below
    figure = new_figure(total_width, total_height, alt=alt)
    lefts = [left + column * (width + _GAP) for column in range(len(column_labels))]
    tops = [top + row * (height + row_gap) for row in range(len(row_labels))]
    axes = [[picture_axes(figure, x, y, width, height) for x in lefts] for y in tops]
    for picture, row_label in zip((row[0] for row in axes), row_labels, strict=True):
        write_row_label(picture, row_label)
    for picture, column_label in zip(axes[0], column_labels, strict=True):
        write_picture_title(picture, column_label)
    write_title(figure, title)
    corner = MARGIN / total_width, MARGIN / total_height * 0.8
    figure.text(*corner, caption, va="bottom", fontsize=9, color=FAINT)
    return Grid(
        figure,
        axes,
        strip=((right + _GAP) / total_width, (strip - _GAP) / total_width),
        foot=((MARGIN + caption_height) / total_height, foot / total_height),
    )


def picture_axes(figure: Figure, left: float, top: float, width: float, height: float) -> Axes:
    """Axes without ticks for one picture; all in inches, from the figure's upper left corner."""
    across, down = figure.get_size_inches()
    box = (left / across, 1 - (top + height) / down, width / across, height / down)
    axes = figure.add_axes(box, xticks=[], yticks=[])
    axes.spines[:].set_linewidth(0.5)
    return axes


def show_picture(axes: Axes, picture: Image) -> None:
    """Show a picture `(H, W, 3)` as it is, clipped into [0, 1]."""
    axes.imshow(np.clip(picture, 0.0, 1.0))


def draw_legend(grid: Grid, patches: Sequence[Patch], *, row: int = 0) -> None:
    """The legend of `patches` in the free strip on the right, at the height of a row."""
    box = grid.axes[row][-1].get_position()
    place = grid.strip[0] + 0.1 / grid.figure.get_figwidth(), (box.y0 + box.y1) / 2
    grid.figure.legend(handles=patches, bbox_to_anchor=place, labelspacing=0.9, **_LEGEND)


def draw_legend_below(grid: Grid, patches: Sequence[Patch]) -> None:
    """The legend of `patches` in one line in the free strip below the pictures."""
    place = grid.axes[0][0].get_position().x0, grid.foot[0] + 0.5 * grid.foot[1]
    columns = len(patches)
    grid.figure.legend(
        handles=patches, bbox_to_anchor=place, ncols=columns, columnspacing=1.6, **_LEGEND
    )


def write_row_label(axes: Axes, label: str) -> None:
    """Write `label` left of a picture, halfway up: its first line bold, the rest small."""
    first, _, rest = label.partition("\n")
    offset = -72 * _LABEL_GAP
    # Points: the bold line is about 13 high, each small line 11; the block is centred.
    raised = 5.5 * (rest.count("\n") + 1 if rest else 0)
    place: dict[str, Any] = {"xy": (0, 0.5), "xycoords": "axes fraction", "ha": "right"}
    place["textcoords"] = "offset points"
    small: dict[str, Any] = {"fontsize": 8.5, "color": FAINT, "linespacing": 1.2}
    axes.annotate(first, xytext=(offset, raised), va="center", fontweight="bold", **place)
    if rest:
        axes.annotate(rest, xytext=(offset, raised - 8), va="top", **small, **place)


def write_picture_title(axes: Axes, text: str) -> None:
    """Write a column's name, or a picture's own, above a picture."""
    axes.set_title(text, fontsize=10, pad=4)


def write_title(figure: Figure, title: str) -> None:
    """Write `title` in the figure's upper left corner; it takes `TITLE_HEIGHT`."""
    width, height = figure.get_size_inches()
    place = MARGIN / width, 1 - MARGIN / height
    figure.text(*place, title, va="top", fontsize=13, fontweight="bold")


def text_width(texts: Sequence[str], letter: float) -> float:
    """The width of the longest line, for a mean width of `letter` inches a letter."""
    return letter * max((len(line) for text in texts for line in text.split("\n")), default=0)


def _lines_height(texts: Sequence[str], line: float) -> float:
    """The height of the text with the most lines, with a margin; 0 if all are empty."""
    return line * max(text.count("\n") + 1 for text in texts) + 0.07 if any(texts) else 0.0


def row_labels_width(labels: Sequence[str]) -> float:
    """The inches that `write_row_label` needs for the widest of `labels`."""
    if not any(labels):
        return 0.0
    first_lines = [label.partition("\n")[0] for label in labels]
    other_lines = [label.partition("\n")[2] for label in labels]
    return max(text_width(first_lines, 0.105), text_width(other_lines, 0.072)) + _LABEL_GAP
