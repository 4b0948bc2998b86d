"""One picture on a canvas, fast enough for a live loop, with marks on it and pixels to pick."""

from __future__ import annotations

import base64
import math
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import anywidget
import numpy as np
import traitlets
from numpy.typing import NDArray

from ...arrays import Image
from ...media.images import encode_preview
from .modules import bundle, stylesheet

_HERE = Path(__file__).parent
_MARK_NUMBERS = {"path": (), "cross": ("x", "y"), "rectangle": ("x", "y", "width", "height")}
_MARK_EXTRAS = ("color", "dashed")


class PictureCanvas(anywidget.AnyWidget):
    """A picture that can be replaced many times a second, marked, and asked for a pixel.

    >>> canvas = PictureCanvas()
    >>> canvas.show(image, alt="The finished frame", marks=[{"kind": "cross", "x": 12, "y": 30}])
    >>> canvas.on_pick(lambda x, y: ...)

    Pictures travel as binary JPEG or PNG; where they come faster than the page can paint, it
    decodes the newest alone. `painted` is the serial number (1, 2, … for each `show`) of the last
    picture that the page has painted; the canvas element says the same as `data-painted`.

    `width` is how wide the picture is drawn, in the page's pixels, 0 for one to one; enlarged
    pixels stay squares. It never gets wider than what it stands in.
    """

    _esm = bundle(_HERE / "picture_canvas.js")
    _css = stylesheet(_HERE / "picture_canvas.css")

    _picture = traitlets.Bytes().tag(sync=True)
    _media_type = traitlets.Unicode().tag(sync=True)
    _serial = traitlets.Int().tag(sync=True)
    _alt = traitlets.Unicode().tag(sync=True)
    _marks: traitlets.List[dict[str, Any]] = traitlets.List().tag(sync=True)
    _pickable = traitlets.Bool().tag(sync=True)
    width = traitlets.Int(min=0, help="Drawn width in the page's pixels, 0: one to one.").tag(
        sync=True
    )
    painted = traitlets.Int(help="Serial number of the picture that the page shows.").tag(
        sync=True, echo_update=False
    )

    def __init__(self, *, width: int = 0) -> None:
        self._lock = threading.RLock()
        self._pick_callbacks: list[Callable[[int, int], object]] = []
        super().__init__(width=width)
        self.on_msg(self._answer)

    @property
    def serial(self) -> int:
        """How many pictures have been shown; equal to `painted` once the page has caught up."""
        return self._serial

    def show(
        self,
        image: Image | NDArray[np.uint8],
        *,
        alt: str,
        marks: Sequence[Mapping[str, Any]] = (),
        lossless: bool = False,
    ) -> None:
        """Replace the picture, what it says to those who do not see it, and its marks.

        `image` is `(H, W, 3)`, float32 in [0, 1] or uint8. `lossless` is for drawings with sharp
        lines, which JPEG would blur; it takes about ten times as long. `marks` as in `mark`. Any
        thread may call it.
        """
        preview = encode_preview(image, lossless=lossless)
        checked = [_checked_mark(mark) for mark in marks]
        with self._lock, self.hold_sync():
            self._picture, self._media_type = preview.data, preview.media_type
            self._alt, self._marks = alt, checked
            self._serial += 1

    def mark(self, marks: Sequence[Mapping[str, Any]]) -> None:
        """Replace the marks over the picture, which stays.

        Each is a dictionary, in pixels of the picture, where whole numbers are the middles of
        pixels: `{"kind": "path", "points": [(x, y), …]}` is a line with a dot at each point,
        `{"kind": "cross", "x": …, "y": …}` a cross, and `{"kind": "rectangle", "x": …, "y": …,
        "width": …, "height": …}` an outline around the pixels from (x, y) on. `"color"` may be
        any colour of CSS, and `"dashed": True` dashes the line.

        Raises ValueError for other marks.
        """
        checked = [_checked_mark(mark) for mark in marks]
        with self._lock:
            self._marks = checked

    def on_pick(self, callback: Callable[[int, int], object]) -> None:
        """Call `callback(x, y)` with the pixel that is clicked, or chosen by arrow keys and Enter.

        It may be called on any thread; what it raises must be shown by itself (see `Alerts`).
        """
        with self._lock:
            self._pick_callbacks.append(callback)
            self._pickable = True

    def with_still(self, bundle: dict[str, Any] | None) -> dict[str, Any] | None:
        """A panel's MIME bundle with the picture of now, for readers that run no widgets.

        A notebook that is read on a web page shows the picture in the panel's place.
        """
        if bundle is None or not self._picture:
            return bundle
        return {**bundle, self._media_type: base64.b64encode(self._picture).decode("ascii")}

    def set_state(self, sync_data: dict[str, Any]) -> None:
        """Take what the page reports; by ipywidgets, on any thread.

        Under the lock, because traitlets holds back notifications of the whole object meanwhile,
        and would lose the picture that another thread is showing.
        """
        with self._lock:
            super().set_state(sync_data)

    def _answer(self, _widget: object, content: Any, _buffers: object) -> None:
        kind = content.get("type") if isinstance(content, dict) else None
        if kind == "ping":
            self.send({"type": "pong"})
        elif kind == "pick":
            for callback in tuple(self._pick_callbacks):
                callback(int(content["x"]), int(content["y"]))


def _checked_mark(mark: Mapping[str, Any]) -> dict[str, Any]:
    """The mark as plain numbers and strings, which is what JSON can carry."""
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
