"""Cubic interpolation of photographs, and shrinking without aliasing."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from ..arrays import Image
from .layers import Points

# Real lenses are less sharp than their sensors. With 1.3 pixels instead of 1, a later warp by part
# of a pixel loses a third less detail, and the difference is hardly visible.
_SOFTNESS = 1.3


def sample(picture: Image, points: Points) -> NDArray[np.float32]:
    """The colours `(N, 3)` of a picture at N points, mirrored beyond its border.

    Cubic convolution with a = −½ (Keys 1981), which reproduces quadratics; it may overshoot [0, 1].
    """
    height, width = picture.shape[:2]
    columns, across = _taps(points.real, width)
    rows, down = _taps(points.imag, height)
    pixels = picture.reshape(-1, 3)
    colors = np.zeros((len(points), 3), np.float32)
    for row, weight_y in zip(rows, down, strict=True):
        for column, weight_x in zip(columns, across, strict=True):
            taken = pixels.take(row * width + column, axis=0)
            taken *= (weight_y * weight_x)[:, None]
            colors += taken
    return colors


def _taps(
    position: NDArray[np.float64], size: int
) -> tuple[list[NDArray[np.intp]], list[NDArray[np.float32]]]:
    """The four pixels around each position on a line, and the weight of each."""
    before = np.floor(position)
    fraction = (position - before).astype(np.float32)
    first = before.astype(np.intp) - 1
    return (
        [_mirror(first + step, size) for step in range(4)],
        [_cubic(fraction + step) for step in (1, 0, -1, -2)],
    )


def shrink(picture: Image, scale: float) -> Image:
    """The picture at exactly `scale` ≤ 1, without details finer than its new pixels.

    A last row or column that is only partly covered is completed by mirroring.
    """
    rows, columns = (_shrinking(side, scale) for side in picture.shape[:2])
    return np.einsum("yj,jic,xi->yxc", rows, picture, columns, optimize=True)


def _shrinking(source: int, scale: float) -> NDArray[np.float32]:
    """The matrix `(target, source)` that shrinks a line, with the cubic stretched to fit."""
    target = math.ceil(source * scale)
    centers = (np.arange(target) + 0.5) / scale - 0.5
    narrowing = scale / _SOFTNESS
    reach = math.ceil(2 / narrowing)
    taps = np.floor(centers).astype(np.intp)[:, None] + np.arange(-reach, reach + 1)
    weights = _cubic((centers[:, None] - taps) * narrowing)
    weights /= weights.sum(axis=1, keepdims=True)
    matrix = np.zeros((target, source), np.float32)
    np.add.at(matrix, (np.arange(target)[:, None], _mirror(taps, source)), weights)
    return matrix


def _cubic(distance: NDArray[np.floating]) -> NDArray[np.floating]:
    """Keys's cubic convolution kernel, a = −½ (1981, eq. 15)."""
    d = np.abs(distance)
    near = (1.5 * d - 2.5) * d * d + 1
    far = ((-0.5 * d + 2.5) * d - 4) * d + 2
    return np.where(d <= 1, near, np.where(d < 2, far, 0))


def _mirror(index: NDArray[np.intp], size: int) -> NDArray[np.intp]:
    """Indices mirrored into 0 … size − 1; the border pixel is repeated."""
    if index.size and index.min() >= 0 and index.max() < size:
        return index
    folded = np.mod(index, 2 * size)
    return np.minimum(folded, 2 * size - 1 - folded)
