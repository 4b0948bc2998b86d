"""A table of small pictures, each a button that takes the weights that it was painted with."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import traitlets
from numpy.typing import NDArray

from ...arrays import to_bytes
from ...media.images import encode_preview
from ...settings import Weights, tunables
from ..base.modules import bundle, stylesheet
from ..base.text import short_number, symbol_of
from ..base.widget import LockedWidget

_HERE = Path(__file__).parent
MAX_VALUES = 5
"""With more values of a weight the pictures are too many and too small to compare."""

_DIGITS = 3


class GridCells(LockedWidget):
    """The page's half of a `WhatIf`: pictures in rows and columns with their weights.

    `on_take(index)` is called on any thread when a picture is clicked. Pictures are counted row by
    row. The callback must show its exceptions itself (see `Alerts`).
    """

    _esm = bundle(_HERE / "cells.js")
    _css = stylesheet(_HERE.parent / "base" / "dom.css", _HERE / "cells.css")

    _labels: traitlets.Dict[str, Any] = traitlets.Dict(
        {"corner": "", "rows": [], "columns": [], "names": []}
    ).tag(sync=True)
    _sheet = traitlets.Bytes().tag(sync=True)
    _serial = traitlets.Int().tag(sync=True)
    # The picture that has the present weights; −1: none.
    _taken = traitlets.Int(-1).tag(sync=True)

    def __init__(self, *, on_take: Callable[[int], object]) -> None:
        self._on_take = on_take
        super().__init__()

    @property
    def sheet(self) -> bytes:
        """All pictures in one PNG, arranged as in the table; empty before the first."""
        return self._sheet

    def begin(
        self,
        rows: tuple[str, Sequence[float]],
        columns: tuple[str, Sequence[float]],
        images: NDArray[np.float32],
    ) -> None:
        """Show a new table of `images` `(K, H, W, 3)`, row by row, with the values of the axes."""
        heads = {
            axis: [short_number(value) for value in values] for axis, values in (rows, columns)
        }
        with self.updating():
            self._labels = {
                "corner": f"{symbol_of(rows[0])} ↓  {symbol_of(columns[0])} →",
                "rows": heads[rows[0]],
                "columns": heads[columns[0]],
                "names": [
                    f"{rows[0]}={row}, {columns[0]}={column}"
                    for row in heads[rows[0]]
                    for column in heads[columns[0]]
                ],
            }
            self._taken = -1
            self.show(images)

    def show(self, images: NDArray[np.float32]) -> None:
        """Show the present state of the pictures in the same table."""
        columns = len(self._labels["columns"])
        starts = range(0, len(images), columns)
        sheet = np.concatenate(
            [np.hstack(list(images[start : start + columns])) for start in starts]
        )
        # Lossless, because the blocks of a JPEG would mix pixels of neighbouring pictures.
        data = encode_preview(to_bytes(sheet), lossless=True).data
        with self.updating():
            self._sheet = data
            self._serial += 1

    def take(self, index: int) -> None:
        """Mark the picture that has the present weights; −1 for none."""
        with self.lock:
            self._taken = index

    def _receive(self, message: Any, _buffers: object) -> None:
        if message.get("type") == "take":
            self._on_take(int(message["index"]))


def spread(center: float, count: int, factor: float) -> tuple[float, ...]:
    """`count` values around `center`, each `factor` times the one before, to three digits.

    The middle of an odd number of values is exactly `center`.

    >>> spread(1.0, 3, 10)
    (0.1, 1.0, 10.0)
    """
    values = []
    for index in range(count):
        value = center * factor ** (index - (count - 1) / 2)
        values.append(round(value, _DIGITS - 1 - math.floor(math.log10(value))))
    if count % 2:
        values[count // 2] = center
    return tuple(values)


def center_of(name: str, weights: Weights) -> float:
    """The present value of a weight, or the start of its slider if it is off."""
    return float(getattr(weights, name) or tunables(Weights)[name].start)
