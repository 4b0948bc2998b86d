"""A strip of small pictures, one of which can be chosen."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import anywidget
import traitlets

from ...arrays import Image
from ...media.images import encode_preview
from .modules import bundle, stylesheet

_HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True, eq=False)
class StripPicture:
    """A small Image, and the word or two that stand below it."""

    image: Image
    label: str


class PictureStrip(anywidget.AnyWidget):
    """Small pictures in a row: a group of radio buttons, for the pointer and the arrow keys.

    >>> strip = PictureStrip("Frames")
    >>> strip.show([StripPicture(frame, str(index)) for index, frame in enumerate(frames)])
    >>> strip.on_pick(lambda index: ...)

    `selected` is the index of the chosen one, −1 for none; setting it calls nobody. Callbacks come
    on any thread; what they raise must be shown by themselves (see `Alerts`).
    """

    _esm = bundle(_HERE / "picture_strip.js")
    _css = stylesheet(_HERE / "dom.css", _HERE / "picture_strip.css")

    _legend = traitlets.Unicode().tag(sync=True)
    _pictures: traitlets.List[bytes] = traitlets.List().tag(sync=True)
    _labels: traitlets.List[str] = traitlets.List().tag(sync=True)
    selected = traitlets.Int(-1, help="Index of the chosen picture, −1 for none.").tag(sync=True)

    def __init__(self, legend: str) -> None:
        self._lock = threading.RLock()
        self._callbacks: list[Callable[[int], object]] = []
        super().__init__(_legend=legend)
        self.on_msg(self._answer)

    def show(self, pictures: Sequence[StripPicture], *, selected: int = -1) -> None:
        """Replace all pictures."""
        encoded = [encode_preview(picture.image, quality=85).data for picture in pictures]
        with self._lock, self.hold_sync():
            self._labels = [picture.label for picture in pictures]
            self.selected = selected
            self._pictures = encoded

    def on_pick(self, callback: Callable[[int], object]) -> None:
        """Call `callback(index)` for each picture that a person chooses."""
        self._callbacks.append(callback)

    def set_state(self, sync_data: dict[str, Any]) -> None:
        """Take what the page reports; by ipywidgets, on any thread.

        Under the lock, because traitlets holds back notifications of the whole object meanwhile.
        """
        with self._lock:
            super().set_state(sync_data)

    def _answer(self, _widget: object, content: Any, _buffers: object) -> None:
        index = content.get("index", -1)
        if content.get("type") == "pick" and 0 <= index < len(self._pictures):
            with self._lock:
                self.selected = index
            for callback in tuple(self._callbacks):
                callback(index)
