"""Blobs of random colours that are carried along by the flow: they tell places of a scene apart.

A network that sees only colours would paint all that looks alike in one way, and what changes its
colour in another. With blobs it sees where on the surface a place is (Texler et al. 2020, §3.3:
Gaussians of random colours).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ..arrays import Flow, Image
from ..motion.flow import FlowPair
from ..motion.masks import disocclusion, out_of_frame

_SPACING = 10.0
"""The distance of neighbouring blobs in pixels, the paper's radius; it is also their σ's double."""

# A blob that comes nearer than this to an older one is taken away.
_CROWDED = 0.5 * _SPACING
_SIGMA = 0.6 * _SPACING
# So that a place between blobs, or far from all, has a colour.
_LEAST_WEIGHT = 1e-6

Points = NDArray[np.float64]


class Blobs:
    """The blobs of one frame after another, from the first frame of a clip on.

    Parameters
    ----------
    size : The (width, height) of the frames.
    seed : Of places and colours.
    """

    def __init__(self, size: tuple[int, int], *, seed: int = 0) -> None:
        self._width, self._height = size
        self._random = np.random.default_rng(seed)
        self.points: Points = np.zeros((0, 2))
        self.colors: Points = np.zeros((0, 3))
        self._fill()

    def advance(self, flow: FlowPair) -> None:
        """Carry the blobs to the next frame, along the flow to it.

        Those that leave the frame or become covered end, and new ones fill the places that are
        left.
        """
        covered = disocclusion(flow.forward_flow, flow.backward_flow)
        lost = covered | out_of_frame(flow.forward_flow)
        kept = ~_nearest(lost, self.points)
        points = self.points[kept] + _between(flow.forward_flow, self.points[kept])
        self.points, self.colors = points, self.colors[kept]
        self._thin()
        self._fill()

    def image(self) -> Image:
        """The picture of the blobs, `(H, W, 3)`: at each place the mean colour of those near it,
        weighted by a Gaussian of their distances."""
        # Gaussians fall apart into rows and columns: one matrix product for each channel.
        rows = _gaussian(np.arange(self._height), self.points[:, 1])
        columns = _gaussian(np.arange(self._width), self.points[:, 0])
        weight = rows @ columns.T + _LEAST_WEIGHT
        mean = 0.5 * _LEAST_WEIGHT
        channels = [((rows * color) @ columns.T + mean) / weight for color in self.colors.T]
        return np.stack(channels, axis=-1).astype(np.float32)

    def _thin(self) -> None:
        distances = _distances(self.points, self.points)
        older = np.tril(np.ones(distances.shape, bool), -1)
        kept = ~((distances < _CROWDED) & older).any(axis=1)
        self.points, self.colors = self.points[kept], self.colors[kept]

    def _fill(self) -> None:
        columns = max(1, round(self._width / _SPACING))
        rows = max(1, round(self._height / _SPACING))
        x, y = np.meshgrid(np.arange(columns), np.arange(rows))
        cells = np.stack([x.ravel(), y.ravel()], axis=-1)
        shift = self._random.uniform(0.25, 0.75, cells.shape)
        new = (cells + shift) * (self._width / columns, self._height / rows)
        colors = self._random.random((len(new), 3))
        free = np.ones(len(new), bool)
        if len(self.points):
            free = _distances(new, self.points).min(axis=1) > _SPACING
        self.points = np.concatenate([self.points, new[free]])
        self.colors = np.concatenate([self.colors, colors[free]])


def _gaussian(places: NDArray, centers: Points) -> Points:
    return np.exp(-np.square(places[:, np.newaxis] - centers) / (2 * _SIGMA**2))


def _distances(first: Points, second: Points) -> Points:
    return np.hypot(*np.moveaxis(first[:, np.newaxis] - second, -1, 0))


def _nearest(mask: NDArray[np.bool_], points: Points) -> NDArray[np.bool_]:
    height, width = mask.shape
    x = np.clip(np.rint(points[:, 0]).astype(int), 0, width - 1)
    y = np.clip(np.rint(points[:, 1]).astype(int), 0, height - 1)
    return mask[y, x]


def _between(flow: Flow, points: Points) -> Points:
    """The flow at points between pixels, by linear interpolation, `(N, 2)`."""
    height, width = flow.shape[:2]
    x = np.clip(points[:, 0], 0, width - 1)
    y = np.clip(points[:, 1], 0, height - 1)
    left = np.minimum(x.astype(int), max(width - 2, 0))
    top = np.minimum(y.astype(int), max(height - 2, 0))
    a, b = (x - left)[:, np.newaxis], (y - top)[:, np.newaxis]
    right, bottom = np.minimum(left + 1, width - 1), np.minimum(top + 1, height - 1)
    upper = (1 - a) * flow[top, left] + a * flow[top, right]
    lower = (1 - a) * flow[bottom, left] + a * flow[bottom, right]
    return np.asarray((1 - b) * upper + b * lower, np.float64)


__all__: Sequence[str] = ("Blobs",)
