"""What all figures share: the paper they are drawn on, its grid of pictures, and saving."""

from __future__ import annotations

import io
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import matplotlib.style
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from ..media.files import atomic_path, check_output

# Okabe and Ito's colours, chosen to be told apart by the colour-blind.
BLUE, ORANGE, GREEN, PINK, YELLOW = "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#F0E442"
INK, FAINT = "#1a1a1a", "#555555"
UNTRUSTED, UNTRUSTED_LINES = "#8c8c8c", "#d0d0d0"

DISPLAY_DPI = 88
FILE_DPI = 150

_STYLE = {
    "font.family": "DejaVu Sans",
    "font.size": 10.0,
    "axes.titlesize": 11.0,
    "lines.linewidth": 1.8,
    "figure.facecolor": "white",
    "savefig.facecolor": "white",
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.edgecolor": FAINT,
    "xtick.color": INK,
    "ytick.color": INK,
    "hatch.linewidth": 0.7,
    # Without a fixed salt an SVG's identifiers differ from run to run.
    "svg.hashsalt": "stylekit",
}

# None leaves out what would differ from day to day or from version to version.
_METADATA: dict[str, dict[str, str | None]] = {
    ".png": {"Software": None},
    ".svg": {"Date": None, "Creator": None},
    ".pdf": {"CreationDate": None, "Creator": None, "Producer": None},
}

_style_lock = threading.RLock()


@contextmanager
def house_style() -> Iterator[None]:
    """Draw in one style, whatever style the caller's notebook has set, and leave that as it was.

    matplotlib's settings are global, hence the lock: widgets draw from threads.
    """
    with _style_lock, matplotlib.style.context(_STYLE, after_reset=True):
        yield


class StillFigure(Figure):
    """A figure that notebooks show by itself, without pyplot, with its label as alt text."""

    def _repr_mimebundle_(
        self, include: object, exclude: object
    ) -> tuple[dict[str, bytes], dict[str, dict[str, str]]]:
        buffer = io.BytesIO()
        with house_style():
            self.savefig(buffer, format="png", dpi=DISPLAY_DPI)
        return {"image/png": buffer.getvalue()}, {"image/png": {"alt": str(self.get_label())}}


def new_figure(width: float, height: float, *, alt: str) -> StillFigure:
    """An empty white figure of so many inches; `alt` says in words what it shows."""
    figure = StillFigure(figsize=(width, height))
    FigureCanvasAgg(figure)
    figure.set_label(alt)
    return figure


def save_figure(figure: Figure, path: str | Path, dpi: int = FILE_DPI) -> None:
    """Write `figure` as PNG, SVG or PDF, by the ending of `path`, whole or not at all.

    The same figure gives the same bytes: no date and no version is written. A PNG carries the
    figure's label as its description. Raises MediaError if the file cannot be written.
    """
    path = check_output(path, _METADATA)
    suffix = path.suffix.lower()
    metadata = _METADATA[suffix]
    if suffix == ".png":
        metadata = {**metadata, "Description": str(figure.get_label())}
    with atomic_path(path) as temporary, house_style():
        figure.savefig(temporary, format=suffix[1:], dpi=dpi, metadata=metadata)


# Inches round the figure, between its pictures, and between a row and its label.
_MARGIN, _GAP, _LABEL_GAP = 0.15, 0.06, 0.1


@dataclass(frozen=True, slots=True)
class Grid:
    """A figure with rows and columns of pictures, and the free strip to the right of them."""

    figure: StillFigure
    axes: list[list[Axes]]
    strip: tuple[float, float]
    """Left edge and width of the free strip, as shares of the figure's width."""


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
) -> Grid:
    """Axes for pictures of `shape` = (height, width, …), labelled by row and column.

    The first line of a row's label is bold, the rest is small. In inches: `cell` is the longer
    side of a picture, `strip` the width kept free on the right for keys and scales.
    """
    scale = min(cell / shape[0], cell / shape[1])
    width, height = shape[1] * scale, shape[0] * scale
    left = _MARGIN + _row_labels_width(row_labels)
    top = _MARGIN + (0.34 if title else 0.0) + _lines_height(column_labels, 0.17)
    bottom = _MARGIN + _lines_height([caption], 0.18)
    right = left + len(column_labels) * (width + _GAP) - _GAP
    # Text is never cut off: the figure is as wide as its title and caption at least.
    text_width = max(_text_width([title], 0.125), _text_width([caption], 0.075))
    total_width = max(right + strip, _MARGIN + text_width) + _MARGIN
    total_height = top + len(row_labels) * (height + _GAP) - _GAP + bottom
    figure = new_figure(total_width, total_height, alt=alt)
    size = (width / total_width, height / total_height)
    axes = [
        [
            _picture_axes(
                figure,
                (left + column * (width + _GAP)) / total_width,
                1 - (top + row * (height + _GAP) + height) / total_height,
                size,
            )
            for column in range(len(column_labels))
        ]
        for row in range(len(row_labels))
    ]
    for picture, row_label in zip((row[0] for row in axes), row_labels, strict=True):
        _write_row_label(picture, row_label)
    for picture, column_label in zip(axes[0], column_labels, strict=True):
        picture.set_title(column_label, fontsize=10, pad=4)
    _write_title_and_caption(figure, title, caption)
    return Grid(figure, axes, ((right + _GAP) / total_width, (strip - _GAP) / total_width))


def _text_width(texts: Sequence[str], letter: float) -> float:
    """The width of the longest line if its letters are `letter` inches wide on the average."""
    return letter * max((len(line) for text in texts for line in text.split("\n")), default=0)


def _lines_height(texts: Sequence[str], line: float) -> float:
    """The height of the text with the most lines, and a little air; 0 if all are empty."""
    return line * max(text.count("\n") + 1 for text in texts) + 0.07 if any(texts) else 0.0


def _row_labels_width(labels: Sequence[str]) -> float:
    if not any(labels):
        return 0.0
    first_lines = [label.partition("\n")[0] for label in labels]
    other_lines = [label.partition("\n")[2] for label in labels]
    return max(_text_width(first_lines, 0.105), _text_width(other_lines, 0.072)) + _LABEL_GAP


def _picture_axes(figure: Figure, left: float, bottom: float, size: tuple[float, float]) -> Axes:
    axes = figure.add_axes((left, bottom, *size))
    axes.set_xticks([])
    axes.set_yticks([])
    for side in axes.spines.values():
        side.set_linewidth(0.5)
    return axes


def _write_row_label(axes: Axes, label: str) -> None:
    first, _, rest = label.partition("\n")
    offset = -72 * _LABEL_GAP
    lines = rest.count("\n") + 1 if rest else 0
    # Points: the bold line is about 13 high, each small line 11; the block is centred.
    raised = 5.5 * lines
    axes.annotate(
        first,
        (0, 0.5),
        (offset, raised),
        xycoords="axes fraction",
        textcoords="offset points",
        ha="right",
        va="center",
        fontweight="bold",
    )
    if rest:
        axes.annotate(
            rest,
            (0, 0.5),
            (offset, raised - 8),
            xycoords="axes fraction",
            textcoords="offset points",
            ha="right",
            va="top",
            fontsize=8.5,
            color=FAINT,
            linespacing=1.2,
        )


def _write_title_and_caption(figure: Figure, title: str, caption: str) -> None:
    width, height = figure.get_size_inches()
    if title:
        figure.text(
            _MARGIN / width,
            1 - _MARGIN / height,
            title,
            ha="left",
            va="top",
            fontsize=13,
            fontweight="bold",
        )
    if caption:
        figure.text(
            _MARGIN / width,
            _MARGIN / height * 0.8,
            caption,
            ha="left",
            va="bottom",
            fontsize=9,
            color=FAINT,
        )
