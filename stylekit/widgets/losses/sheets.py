"""Small pictures of numbers for a page: bytes that it colours, many of them in one message."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...arrays import Image, to_bytes

LIGHT, SIGNED, COLOR = "light", "signed", "color"
"""How the page colours a sheet: dark to bright from 0 on, blue to orange around 0, or as it is."""

_ZERO, _REACH = 128, 127
# More squares than these cannot be told apart on a page; squares are averaged then.
_MOST = 320


class Sheets:
    """Pictures by name: `plan` says where each begins in `pixels`, one byte a value.

    Examples
    --------
    >>> sheets = Sheets()
    >>> sheets.add_light("map", np.float32([[0, 0.25, 1]]), top=1.0)
    >>> list(sheets.pixels), sheets.plan["map"]["width"]
    ([0, 64, 255], 3)
    """

    def __init__(self) -> None:
        self.plan: dict[str, dict[str, Any]] = {}
        self._parts: list[bytes] = []
        self._length = 0

    @property
    def pixels(self) -> bytes:
        """All pictures, one after the other."""
        return b"".join(self._parts)

    def add_light(
        self, name: str, values: NDArray[np.floating], *, top: float, root: bool = False
    ) -> None:
        """Numbers `(h, w)` from 0 on: `top` is brightest.

        With `root` brightness goes by the square root, so that small numbers are seen, too.
        """
        ratio = np.clip(_seen(values) / (top or 1.0), 0, 1)
        self._add(name, LIGHT, np.rint(255 * (np.sqrt(ratio) if root else ratio)))

    def add_signed(self, name: str, values: NDArray[np.floating], *, top: float) -> None:
        """Numbers `(h, w)` around 0, by the square root of their size: `top` is strongest."""
        ratio = np.clip(_seen(values) / (top or 1.0), -1, 1)
        self._add(name, SIGNED, _ZERO + np.rint(_REACH * np.sign(ratio) * np.sqrt(np.abs(ratio))))

    def add_color(self, name: str, image: Image) -> None:
        """A picture `(H, W, 3)`."""
        self._add(name, COLOR, to_bytes(np.asarray(_seen(image), np.float32)))

    def _add(self, name: str, kind: str, values: NDArray[Any]) -> None:
        data = np.ascontiguousarray(values, np.uint8)
        self.plan[name] = {
            "kind": kind,
            "width": data.shape[1],
            "height": data.shape[0],
            "start": self._length,
        }
        self._parts.append(data.tobytes())
        self._length += data.size


def averaged(values: NDArray[Any], side: int) -> NDArray[Any]:
    """The means of squares of `side` values of `values` `(h, w, …)`; those at the end are smaller.

    >>> averaged(np.float32([[1, 3, 5]]), 2).tolist()
    [[2.0, 5.0]]
    """
    if side == 1:
        return values
    for axis in (0, 1):
        starts = np.arange(0, values.shape[axis], side)
        sizes = np.diff([*starts, values.shape[axis]])
        shape = [1] * values.ndim
        shape[axis] = -1
        values = np.add.reduceat(values, starts, axis=axis) / sizes.reshape(shape)
    return values


def _seen(values: NDArray[Any]) -> NDArray[Any]:
    """`values`, or the means of their squares if there are too many to be seen."""
    return averaged(values, -(-max(values.shape[:2]) // _MOST))
