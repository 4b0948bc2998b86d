"""Small pictures of numbers for a page: bytes that it colours, many of them in one message."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...arrays import Image, to_bytes

LIGHT, SIGNED, COLOR = "light", "signed", "color"
"""How the page colours a sheet: dark to bright from 0 on, blue to orange around 0, or as it is."""

PALETTES = {
    # From dark to bright, so that the order is seen without colour; after "cividis".
    LIGHT: [[0, 28, 66], [62, 75, 107], [124, 123, 120], [188, 174, 108], [255, 234, 70]],
    SIGNED: [[0, 90, 160], [120, 175, 215], [247, 247, 247], [240, 160, 95], [190, 75, 0]],
}
"""The colours of a kind, red, green and blue, at equal steps from its least to its largest byte."""

_ZERO, _REACH = 128, 127
# More squares than these cannot be told apart on a page; squares are averaged then.
_MOST = 320
# The height of a still picture in a notebook's file.
_STILL = 112


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


def colored(plan: dict[str, Any], pixels: bytes) -> NDArray[np.uint8]:
    """A sheet as the page draws it, uint8 `(h, w, 3)`."""
    shape = plan["height"], plan["width"]
    count = shape[0] * shape[1] * (3 if plan["kind"] == COLOR else 1)
    values = np.frombuffer(pixels, np.uint8, count, plan["start"])
    if plan["kind"] == COLOR:
        return values.reshape(*shape, 3)
    stops = np.array(PALETTES[plan["kind"]], np.float64)
    places = np.linspace(0, 255, len(stops))
    channels = [np.interp(values, places, channel) for channel in stops.T]
    return np.rint(np.stack(channels, axis=-1)).astype(np.uint8).reshape(*shape, 3)


def side_by_side(pictures: Sequence[NDArray[np.uint8]]) -> NDArray[np.uint8]:
    """Pictures of one proportion in a row, each as high as `_STILL` pixels, in squares."""
    rows = []
    for picture in pictures:
        height, width = picture.shape[:2]
        wide = round(_STILL * width / height)
        y, x = np.arange(_STILL) * height // _STILL, np.arange(wide) * width // wide
        rows += [picture[np.ix_(y, x)], np.full((_STILL, _STILL // 16, 3), 255, np.uint8)]
    return np.concatenate(rows[:-1], axis=1)


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
