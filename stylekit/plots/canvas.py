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

DISPLAY_DPI = 110
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
    aspect = shape[0] / shape[1]
    width = min(cell, cell / aspect)
    height = width * aspect
    margin, gap = 0.15, 0.06
    left = margin + (1.55 if any(row_labels) else 0.0)
    top = margin + (0.34 if title else 0.0) + (0.24 if any(column_labels) else 0.0)
    bottom = margin + (0.18 + 0.17 * caption.count("\n") + 0.1 if caption else 0.0)
    total_width = left + len(column_labels) * (width + gap) - gap + strip + margin
    # Text is never cut off: so wide is a bold 13-point letter, a 9-point one, on the average.
    longest_line = max(len(line) for line in caption.split("\n"))
    needed = max(0.125 * len(title), 0.075 * longest_line) + 2 * margin
    slack = max(0.0, needed - total_width)
    total_width += slack
    total_height = top + len(row_labels) * (height + gap) - gap + bottom
    figure = new_figure(total_width, total_height, alt=alt)
    axes = []
    for row_index, row_label in enumerate(row_labels):
        low = total_height - top - (row_index + 1) * height - row_index * gap
        row = []
        for column_index in range(len(column_labels)):
            start = left + column_index * (width + gap)
            box = (
                start / total_width,
                low / total_height,
                width / total_width,
                height / total_height,
            )
            row.append(_picture_axes(figure, box))
        axes.append(row)
        _write_row_label(row[0], row_label, gap_inches=0.1)
    for picture, column_label in zip(axes[0], column_labels, strict=True):
        picture.set_title(column_label, fontsize=10, pad=4)
    _write_title_and_caption(figure, title, caption, margin=margin)
    start = total_width - slack - strip - margin + gap
    return Grid(figure, axes, (start / total_width, (strip - gap) / total_width))


def _picture_axes(figure: Figure, box: tuple[float, float, float, float]) -> Axes:
    axes = figure.add_axes(box)
    axes.set_xticks([])
    axes.set_yticks([])
    for side in axes.spines.values():
        side.set_linewidth(0.5)
    return axes


def _write_row_label(axes: Axes, label: str, *, gap_inches: float) -> None:
    first, _, rest = label.partition("\n")
    offset = (-72 * gap_inches, 0.0)
    lines = rest.count("\n") + 1 if rest else 0
    # Points: the bold line is about 13 high, each small line 11; the block is centred.
    raised = 5.5 * lines
    axes.annotate(
        first,
        (0, 0.5),
        (offset[0], raised),
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
            (offset[0], raised - 8),
            xycoords="axes fraction",
            textcoords="offset points",
            ha="right",
            va="top",
            fontsize=8.5,
            color=FAINT,
            linespacing=1.2,
        )


def _write_title_and_caption(figure: Figure, title: str, caption: str, *, margin: float) -> None:
    width, height = figure.get_size_inches()
    if title:
        figure.text(
            margin / width,
            1 - margin / height,
            title,
            ha="left",
            va="top",
            fontsize=13,
            fontweight="bold",
        )
    if caption:
        figure.text(
            margin / width,
            margin / height * 0.8,
            caption,
            ha="left",
            va="bottom",
            fontsize=9,
            color=FAINT,
        )
