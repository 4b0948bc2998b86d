"""A strip of small pictures, one of which can be chosen."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import traitlets

from ...arrays import Image
from ...media.images import encode_preview
from .modules import bundle, stylesheet
from .widget import LockedWidget

_HERE = Path(__file__).parent


class StripPicture(NamedTuple):
    """A small Image, and the short label below it."""

    image: Image
    label: str


class PictureStrip(LockedWidget):
    """Small pictures in a row: a group of radio buttons, for the pointer and the arrow keys.

    `selected` is the index of the chosen picture, −1 for none; setting it calls no callback.
    Callbacks run on any thread and must show their own exceptions (see `Alerts`).

    Examples
    --------
    >>> strip = PictureStrip("Frames")
    >>> strip.on_pick(print)
    >>> strip.show([StripPicture(np.zeros((24, 32, 3), np.float32), "1")], selected=0)
    >>> strip.selected
    0
    """

    _esm = bundle(_HERE / "picture_strip.js")
    _css = stylesheet(_HERE / "dom.css", _HERE / "picture_strip.css")

    _legend = traitlets.Unicode().tag(sync=True)
    _pictures: traitlets.List[bytes] = traitlets.List().tag(sync=True)
    _labels: traitlets.List[str] = traitlets.List().tag(sync=True)
    selected = traitlets.Int(-1, help="Index of the chosen picture, −1 for none.").tag(sync=True)

    def __init__(self, legend: str) -> None:
        self._callbacks: list[Callable[[int], object]] = []
        super().__init__(_legend=legend)

    def show(self, pictures: Sequence[StripPicture], *, selected: int = -1) -> None:
        """Replace all pictures."""
        encoded = [encode_preview(picture.image, quality=85).data for picture in pictures]
        with self.updating():
            self._labels = [picture.label for picture in pictures]
            self.selected = selected
            self._pictures = encoded

    def on_pick(self, callback: Callable[[int], object]) -> None:
        """Call `callback(index)` for each picture that a user chooses."""
        self._callbacks.append(callback)

    def _receive(self, message: Any, _buffers: Sequence[memoryview]) -> None:
        index = message.get("index", -1)
        if message.get("type") == "pick" and 0 <= index < len(self._pictures):
            with self.lock:
                self.selected = index
            for callback in tuple(self._callbacks):
                callback(index)
