"""Frames from layers: antialiased edges, motion blur and noise."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..arrays import BoolMask, Image
from .layers import HALF_PIXEL, Layer, Points, Similarity
from .sampling import sample, shrink

EDGE_SAMPLES = 5  # a side: a pixel at an edge is sampled at 25 points
SHUTTER_SAMPLES = 8


class ScaledLayer(NamedTuple):
    """A layer with its photograph at the resolution of the frames, for one size and length."""

    layer: Layer
    texture: Image
    to_texture: Similarity


def prepare(layer: Layer, size: int, frames: int) -> ScaledLayer:
    """Shrink the layer's photograph to the smallest scale that it has in any frame.

    All frames use this one texture, so that a growing photograph does not gain detail, which no
    flow could explain.
    """
    scale = min(1.0, *(abs(layer.placement(time, size).a) for time in range(frames)))
    if scale == 1.0:
        return ScaledLayer(layer, layer.photograph, Similarity(1, 0))
    texture = shrink(layer.photograph, scale)
    return ScaledLayer(layer, texture, Similarity(scale, (scale - 1) * HALF_PIXEL))


def paint(scaled: Sequence[ScaledLayer], time: float, grid: Points, size: int) -> Image:
    """The picture of the layers, the farthest first, at `time` in frames."""
    colors = np.zeros((grid.size, 3), np.float32)
    for layer, texture, to_texture in scaled:
        placed = layer.placement(time, size)
        alpha = _coverage(layer, placed.inverse, grid).ravel()
        seen = np.flatnonzero(alpha)
        points = to_texture.after(placed.inverse)(grid.ravel()[seen])
        own = sample(texture, points)
        colors[seen] += alpha[seen, None] * (own - colors[seen])
    return np.clip(colors, 0, 1).reshape(*grid.shape, 3)


def expose(
    scaled: Sequence[ScaledLayer], time: float, grid: Points, size: int, shutter: float
) -> Image:
    """The mean picture while the shutter is open, for the share `shutter` of a frame, at `time`."""
    if shutter == 0:
        return paint(scaled, time, grid, size)
    offsets = (np.arange(SHUTTER_SAMPLES) + 0.5) / SHUTTER_SAMPLES - 0.5
    moments = [paint(scaled, time + shutter * offset, grid, size) for offset in offsets]
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
    reach = math.ceil(layer.feather / 2)
    edge = _dilated(inside, reach) & _dilated(~inside, reach)
    if edge.any():
        steps = ((np.arange(EDGE_SAMPLES) + 0.5) / EDGE_SAMPLES - 0.5) * layer.feather
        around = (steps[:, None] + 1j * steps).ravel()
        points = to_photograph(grid[edge][:, None] + around)
        alpha[edge] = layer.shape.contains(points).mean(axis=1)
    return alpha


def _dilated(mask: BoolMask, reach: int) -> BoolMask:
    """True within `reach` pixels in x and y of where the mask is True."""
    wide = mask.copy()
    for along_an_axis in (wide, wide.T):
        for _ in range(reach):
            before = along_an_axis.copy()
            along_an_axis[1:] |= before[:-1]
            along_an_axis[:-1] |= before[1:]
    return wide
