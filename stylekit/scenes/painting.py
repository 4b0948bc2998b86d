"""From layers to frames."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..arrays import BoolMask, Image
from .layers import HALF_PIXEL, Layer, Points, Similarity
from .sampling import sample, shrink

EDGE_SAMPLES = 5  # a side: a pixel at an edge is judged at 25 points
SHUTTER_SAMPLES = 8


class Brush(NamedTuple):
    """A layer made ready for one size and length: its photograph is no finer than the frames."""

    layer: Layer
    texture: Image
    to_texture: Similarity


def prepare(layer: Layer, size: int, frames: int) -> Brush:
    """Shrink the layer's photograph to the smallest scale that it has in any frame.

    It is the same in all frames, so that a photograph that grows does not gain detail on the way,
    which no flow could explain.
    """
    scale = min(1.0, *(abs(layer.placement(time, size).a) for time in range(frames)))
    if scale == 1.0:
        return Brush(layer, layer.photograph, Similarity(1, 0))
    texture = shrink(layer.photograph, scale)
    return Brush(layer, texture, Similarity(scale, (scale - 1) * HALF_PIXEL))


def paint(brushes: Sequence[Brush], time: float, grid: Points, size: int) -> Image:
    """What the layers, the farthest first, look like together at `time`, in frames."""
    colors = np.zeros((grid.size, 3), np.float32)
    for brush in brushes:
        placed = brush.layer.placement(time, size)
        alpha = _coverage(brush.layer, placed.inverse, grid).ravel()
        seen = np.flatnonzero(alpha)
        points = brush.to_texture.after(placed.inverse)(grid.ravel()[seen])
        own = sample(brush.texture, points)
        colors[seen] += alpha[seen, None] * (own - colors[seen])
    return np.clip(colors, 0, 1).reshape(*grid.shape, 3)


def expose(brushes: Sequence[Brush], time: float, grid: Points, size: int, shutter: float) -> Image:
    """The mean of what is seen while the shutter is open, for a share of a frame around `time`."""
    if shutter == 0:
        return paint(brushes, time, grid, size)
    offsets = (np.arange(SHUTTER_SAMPLES) + 0.5) / SHUTTER_SAMPLES - 0.5
    moments = [paint(brushes, time + shutter * offset, grid, size) for offset in offsets]
    return np.mean(moments, axis=0, dtype=np.float32)


def add_noise(frame: Image, noise: float, random: np.random.Generator) -> Image:
    """The frame with Gaussian noise of this standard deviation, clipped to [0, 1]."""
    if noise == 0:
        return frame
    grain = random.standard_normal(frame.shape, dtype=np.float32)
    return np.clip(frame + np.float32(noise) * grain, 0, 1)


def _coverage(layer: Layer, to_photograph: Similarity, grid: Points) -> NDArray[np.float32]:
    """The share of each pixel, widened to the layer's feather, that the layer covers."""
    inside = layer.shape.contains(to_photograph(grid))
    alpha = inside.astype(np.float32)
    edge = _near_an_edge(inside, math.ceil(layer.feather / 2))
    if edge.any():
        steps = ((np.arange(EDGE_SAMPLES) + 0.5) / EDGE_SAMPLES - 0.5) * layer.feather
        around = (steps[:, None] + 1j * steps).ravel()
        points = to_photograph(grid[edge][:, None] + around)
        alpha[edge] = layer.shape.contains(points).mean(axis=1)
    return alpha


def _near_an_edge(inside: BoolMask, reach: int) -> BoolMask:
    """True where not all pixels within `reach` in x and y are on the same side."""
    return _dilated(inside, reach) & _dilated(~inside, reach)


def _dilated(mask: BoolMask, reach: int) -> BoolMask:
    """True within `reach` pixels in x and y of where the mask is True."""
    wide = mask.copy()
    for along_an_axis in (wide, wide.T):
        for _ in range(reach):
            before = along_an_axis.copy()
            along_an_axis[1:] |= before[:-1]
            along_an_axis[:-1] |= before[1:]
    return wide
