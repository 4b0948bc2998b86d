"""A picture on a canvas, fast enough for live painting, with marks and pixels to pick."""

from __future__ import annotations

import base64
import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import traitlets
from numpy.typing import NDArray

from ...arrays import Image
from ...media.images import Preview, encode_preview
from .modules import bundle, stylesheet
from .widget import LockedWidget

_HERE = Path(__file__).parent
_MARK_NUMBERS = {"path": (), "cross": ("x", "y"), "rectangle": ("x", "y", "width", "height")}
_MARK_EXTRAS = ("color", "dashed")


class PictureCanvas(LockedWidget):
    """A picture that can be replaced many times a second, with marks and pixels to pick.

    Pictures are sent as binary JPEG or PNG. If they arrive faster than the page can paint, it
    decodes only the newest. `painted` is the serial number (1, 2, … for each `show`) of the last
    picture that the page has painted; the canvas element has it as `data-painted`.

    Parameters
    ----------
    width : int
        The drawn width in the page's pixels, 0 for one to one. Enlarged pixels stay squares; the
        picture is never wider than its container.
    tools : bool
        Show buttons below the picture that enlarge it and show it on the full screen.

    Examples
    --------
    >>> canvas = PictureCanvas(width=320)
    >>> canvas.on_pick(lambda x, y: print(x, y))
    >>> image = np.zeros((24, 32, 3), np.float32)
    >>> canvas.show(image, alt="A black frame", marks=[{"kind": "cross", "x": 12, "y": 20}])
    >>> canvas.serial
    1
    """

    _esm = bundle(_HERE / "picture_canvas.js")
    _css = stylesheet(_HERE / "dom.css", _HERE / "frame.css", _HERE / "picture_canvas.css")

    page_writes: ClassVar[frozenset[str]] = frozenset({"painted"})

    _picture = traitlets.Bytes().tag(sync=True)
    _media_type = traitlets.Unicode().tag(sync=True)
    _serial = traitlets.Int().tag(sync=True)
    _alt = traitlets.Unicode().tag(sync=True)
    _marks: traitlets.List[dict[str, Any]] = traitlets.List().tag(sync=True)
    _pickable = traitlets.Bool().tag(sync=True)
    _tools = traitlets.Bool().tag(sync=True)
    width = traitlets.Int(min=0, help="In the page's pixels, 0: one to one.").tag(sync=True)
    painted = traitlets.Int(help="Serial number of the picture on the page.").tag(
        sync=True, echo_update=False
    )

    def __init__(self, *, width: int = 0, tools: bool = False) -> None:
        self._pick_callbacks: list[Callable[[int, int], object]] = []
        super().__init__(width=width, _tools=tools)

    @property
    def serial(self) -> int:
        """The number of calls of `show`; equal to `painted` when the page has painted the last."""
        return self._serial

    def show(
        self,
        image: Image | NDArray[np.uint8],
        *,
        alt: str,
        marks: Sequence[Mapping[str, Any]] = (),
        lossless: bool = False,
    ) -> None:
        """Replace the picture, its description and its marks. Any thread may call this.

        Parameters
        ----------
        image : ndarray, shape (H, W, 3)
            float32 in [0, 1], or uint8.
        alt : str
            What the picture shows, for screen readers.
        marks : sequence of mappings
            As in `mark`.
        lossless : bool
            Send PNG instead of JPEG, which would blur the sharp lines of a drawing; it takes about
            ten times as long.
        """
        self.show_preview(encode_preview(image, lossless=lossless), alt=alt, marks=marks)

    def show_preview(
        self, preview: Preview, *, alt: str, marks: Sequence[Mapping[str, Any]] = ()
    ) -> None:
        """Replace the picture by one that is encoded already; otherwise as `show`."""
        checked = [_checked_mark(mark) for mark in marks]
        with self.updating():
            self._picture, self._media_type = preview.data, preview.media_type
            self._alt, self._marks = alt, checked
            self._serial += 1

    def mark(self, marks: Sequence[Mapping[str, Any]]) -> None:
        """Replace the marks on the picture, but not the picture.

        Each mark is a dictionary in pixels of the picture, where whole numbers are the middles of
        pixels: `{"kind": "path", "points": [(x, y), …]}` is a line with a dot at each point,
        `{"kind": "cross", "x": …, "y": …}` a cross, and `{"kind": "rectangle", "x": …, "y": …,
        "width": …, "height": …}` an outline around the pixels from (x, y) on. `"color"` may be
        any CSS colour; `"dashed": True` dashes the line.

        Raises ValueError for other marks.
        """
        checked = [_checked_mark(mark) for mark in marks]
        with self.lock:
            self._marks = checked

    def on_pick(self, callback: Callable[[int, int], object]) -> None:
        """Call `callback(x, y)` with each pixel that is clicked, or chosen by arrow keys and Enter.

        It runs on any thread and must show its own exceptions (see `Alerts`).
        """
        with self.lock:
            self._pick_callbacks.append(callback)
            self._pickable = True

    def with_still(self, bundle: dict[str, Any] | None) -> dict[str, Any] | None:
        """Add the current picture to the MIME bundle of a panel.

        Programs that do not run widgets, such as a web page with a notebook, show the picture.
        """
        if bundle is None or not self._picture:
            return bundle
        return {**bundle, self._media_type: base64.b64encode(self._picture).decode("ascii")}

    def _receive(self, message: Any, _buffers: Sequence[memoryview]) -> None:
        kind = message.get("type") if isinstance(message, dict) else None
        if kind == "ping":
            self.send({"type": "pong"})
        elif kind == "pick":
            for callback in tuple(self._pick_callbacks):
                callback(int(message["x"]), int(message["y"]))


def _checked_mark(mark: Mapping[str, Any]) -> dict[str, Any]:
    """The mark as plain numbers and strings, which JSON can represent."""
    kind = mark.get("kind")
    if kind not in _MARK_NUMBERS:
        raise ValueError(f"marks: kind must be one of {', '.join(_MARK_NUMBERS)}, is {kind!r}")
    numbers = _MARK_NUMBERS[kind]
    wanted = {"kind", *numbers, *(("points",) if kind == "path" else ())}
    if not wanted <= mark.keys() <= wanted | set(_MARK_EXTRAS):
        raise ValueError(
            f"marks: a {kind} has {', '.join(sorted(wanted))} and may have "
            f"{', '.join(_MARK_EXTRAS)}; given are {', '.join(map(str, mark))}"
        )
    checked: dict[str, Any] = {"kind": kind} | {name: _finite(mark[name]) for name in numbers}
    if kind == "path":
        checked["points"] = [[_finite(x), _finite(y)] for x, y in mark["points"]]
    if "color" in mark:
        checked["color"] = str(mark["color"])
    checked["dashed"] = bool(mark.get("dashed", False))
    return checked


def _finite(number: Any) -> float:
    value = float(number)
    if not math.isfinite(value):
        raise ValueError(f"marks: numbers must be finite, one is {value}")
    return value
