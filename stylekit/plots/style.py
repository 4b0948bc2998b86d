"""The style of all figures, their colours, and saving them."""

from __future__ import annotations

import io
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import matplotlib.style
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from ..media.files import atomic_path, check_output

# Okabe and Ito's colours, chosen for people with a colour vision deficiency.
BLUE, ORANGE, GREEN, PINK, YELLOW = "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#F0E442"
SKY = "#56B4E9"
INK, FAINT = "#1a1a1a", "#555555"
UNTRUSTED, UNTRUSTED_LINES = "#8c8c8c", "#d0d0d0"

# A dark line below a light one is visible on any picture: colour and width.
OUTLINE = ((INK, 2.6), ("white", 1.1))

DISPLAY_DPI = 88
FILE_DPI = 150
_JPEG_QUALITY = 88

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

# None leaves out entries that would differ from day to day or from version to version.
_METADATA: dict[str, dict[str, str | None]] = {
    ".png": {"Software": None},
    ".svg": {"Date": None, "Creator": None},
    ".pdf": {"CreationDate": None, "Creator": None, "Producer": None},
}

_style_lock = threading.RLock()


@contextmanager
def figure_style() -> Iterator[None]:
    """Draw in this style and restore the caller's style afterwards.

    matplotlib's settings are global and widgets draw from threads, hence the lock.
    """
    with _style_lock, matplotlib.style.context(_STYLE, after_reset=True):
        yield


class StillFigure(Figure):
    """A figure that notebooks show without pyplot, with its label as alternative text.

    It is encoded as PNG or JPEG, whichever is smaller: photographs as PNG would make notebooks
    several times as large.
    """

    def _repr_mimebundle_(
        self, include: object, exclude: object
    ) -> tuple[dict[str, bytes], dict[str, dict[str, str]]]:
        encoded = {
            "image/png": self._encoded("png", {}),
            # Without subsampling of colours, which would blur thin coloured lines.
            "image/jpeg": self._encoded("jpeg", {"quality": _JPEG_QUALITY, "subsampling": 0}),
        }
        kind = min(encoded, key=lambda kind: len(encoded[kind]))
        return {kind: encoded[kind]}, {kind: {"alt": str(self.get_label())}}

    def _encoded(self, format_name: str, pil_kwargs: dict[str, object]) -> bytes:
        buffer = io.BytesIO()
        with figure_style():
            self.savefig(buffer, format=format_name, dpi=DISPLAY_DPI, pil_kwargs=pil_kwargs)
        return buffer.getvalue()


def new_figure(width: float, height: float, *, alt: str) -> StillFigure:
    """An empty white figure, `width` × `height` inches; `alt` is its alternative text."""
    figure = StillFigure(figsize=(width, height))
    FigureCanvasAgg(figure)
    figure.set_label(alt)
    return figure


def encode_png(figure: Figure) -> bytes:
    """The bytes of a PNG of `figure`, in the size in which notebooks show it."""
    buffer = io.BytesIO()
    with figure_style():
        figure.savefig(buffer, format="png", dpi=DISPLAY_DPI)
    return buffer.getvalue()


def save_figure(figure: Figure, path: str | Path, dpi: int = FILE_DPI) -> None:
    """Write `figure` as PNG, SVG or PDF, completely or not at all.

    The same figure gives the same bytes: no date and no version is written. A PNG has the figure's
    label as its description.

    Parameters
    ----------
    path : the file; its ending chooses the format.
    dpi : pixels per inch of a PNG.

    Raises
    ------
    MediaError : if the ending is unknown or the file cannot be written.
    """
    path = check_output(path, _METADATA)
    suffix = path.suffix.lower()
    metadata = _METADATA[suffix]
    if suffix == ".png":
        metadata = {**metadata, "Description": str(figure.get_label())}
    with atomic_path(path) as temporary, figure_style():
        figure.savefig(temporary, format=suffix[1:], dpi=dpi, metadata=metadata)
