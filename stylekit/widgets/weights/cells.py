"""A table of small pictures, each a button that takes the weights that it was painted with."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import anywidget
import numpy as np
import traitlets
from numpy.typing import NDArray

from ...arrays import to_bytes
from ...media.preview import encode_preview
from ...settings import Weights, tunables
from ..base.modules import bundle, stylesheet
from ..base.weight_words import short_number, symbol_of

_HERE = Path(__file__).parent
MAX_VALUES = 5
"""More values of a weight than this make pictures too many and too small to compare."""

_DIGITS = 3


class GridCells(anywidget.AnyWidget):
    """The page's half of a `WhatIf`: pictures in rows and columns with their weights.

    `on_take(index)` is called when a picture is clicked, counted row by row, on any thread; what
    it raises must be shown by itself (see `Alerts`).
    """

    _esm = bundle(_HERE / "cells.js")
    _css = stylesheet(_HERE.parent / "base" / "dom.css", _HERE / "cells.css")

    _labels: traitlets.Dict[str, Any] = traitlets.Dict(
        {"corner": "", "rows": [], "columns": [], "names": []}
    ).tag(sync=True)
    _sheet = traitlets.Bytes().tag(sync=True)
    _serial = traitlets.Int().tag(sync=True)
    _taken = traitlets.Int(-1, help="The picture that has the weights of now; −1: none.").tag(
        sync=True
    )

    def __init__(self, *, on_take: Callable[[int], object]) -> None:
        self._on_take = on_take
        # What is held back for one message belongs to the widget, not to a thread.
        self._lock = threading.RLock()
        super().__init__()
        self.on_msg(self._answer)

    @property
    def sheet(self) -> bytes:
        """All pictures in one PNG, as they lie in the table; empty before the first."""
        return self._sheet

    def begin(
        self,
        rows: tuple[str, Sequence[float]],
        columns: tuple[str, Sequence[float]],
        images: NDArray[np.float32],
    ) -> None:
        """A new table for `images` `(K, H, W, 3)`, row by row, with the values of two weights."""
        names = [
            f"{rows[0]}={short_number(row)}, {columns[0]}={short_number(column)}"
            for row in rows[1]
            for column in columns[1]
        ]
        with self._lock, self.hold_sync():
            self._labels = {
                "corner": f"{symbol_of(rows[0])} ↓  {symbol_of(columns[0])} →",
                "rows": [short_number(value) for value in rows[1]],
                "columns": [short_number(value) for value in columns[1]],
                "names": names,
            }
            self._taken = -1
            self.show(images)

    def show(self, images: NDArray[np.float32]) -> None:
        """The pictures of the same table as they are now."""
        columns = len(self._labels["columns"])
        sheet = np.concatenate(
            [
                np.concatenate(list(images[first : first + columns]), axis=1)
                for first in range(0, len(images), columns)
            ]
        )
        # Lossless, because a JPEG's blocks would let neighbours run into each other.
        data = encode_preview(to_bytes(sheet), lossless=True).data
        with self._lock, self.hold_sync():
            self._sheet = data
            self._serial += 1

    def take(self, index: int) -> None:
        """Mark the picture that has the weights of now, −1 for none."""
        with self._lock:
            self._taken = index

    def set_state(self, sync_data: dict[str, Any]) -> None:
        """Take what the page reports; by ipywidgets, on any thread."""
        with self._lock:
            super().set_state(sync_data)

    def _answer(self, _widget: object, content: Any, _buffers: object) -> None:
        if content.get("type") == "take":
            self._on_take(int(content["index"]))


def spread(center: float, count: int, factor: float) -> tuple[float, ...]:
    """`count` values around `center`, each `factor` times the one before, to three digits.

    The middle of an odd number of them is `center` exactly.
    """
    powers = [index - (count - 1) / 2 for index in range(count)]
    return tuple(center if power == 0 else _rounded(center * factor**power) for power in powers)


def center_of(name: str, weights: Weights) -> float:
    """The weight to look around: that of now, or where its slider starts if it is off."""
    return float(getattr(weights, name) or tunables(Weights)[name].start)


def _rounded(value: float) -> float:
    return round(value, _DIGITS - 1 - math.floor(math.log10(value)))
