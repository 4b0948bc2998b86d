"""Where the tiles of a large picture lie, so that each position of each layer is computed right.

A tile is a window of the picture, and a core inside the window. The windows overlap, the cores do
not, and together they cover the picture. Inside its core a tile has the same features as the whole
picture: around the core there is a halo, as wide as what the deepest layer sees. At the borders of
the picture there is none, because windows end there as the picture does.

All windows have one shape, for which one function is compiled. Windows and cores begin at multiples
of the `step`, the stride of the deepest layer in pixels, so that pooling halves the same positions.
All lengths are in pixels of the picture with its mirror margins.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Reach:
    """What the network does along an axis: how far its layers see.

    Parameters
    ----------
    blocks : The block, from 1 on, of each convolution from the first to the deepest.
    needed : Of each, whether its features are needed.
    pool_reach : By how many positions pooling sees beyond its own 2×2.
    """

    blocks: tuple[int, ...]
    needed: tuple[bool, ...]
    pool_reach: int = 0

    @property
    def step(self) -> int:
        """The stride of the deepest block, in pixels."""
        return int(2 ** (self.blocks[-1] - 1))

    def halo(self) -> int:
        """How many pixels at the beginning of a window are wrong in some layer, in whole steps."""
        wrong, block, halo = 0, 1, 0
        for here, needed in zip(self.blocks, self.needed, strict=True):
            if here != block:
                wrong, block = -(-wrong // 2) + self.pool_reach, here
            wrong += 1  # a convolution of 3×3 sees one position further
            if needed:
                halo = max(halo, wrong * 2 ** (block - 1))
        return -(-halo // self.step) * self.step

    def right_until(self, length: int) -> int:
        """Up to which pixel a window of this length is right in all layers, in whole steps."""
        right, block, end = length, 1, length
        for here, needed in zip(self.blocks, self.needed, strict=True):
            if here != block:
                right, block = right // 2 - self.pool_reach, here
            right -= 1
            if needed:
                end = min(end, right * 2 ** (block - 1))
        return end // self.step * self.step


@dataclass(frozen=True, slots=True)
class Span:
    """A tile along one axis: where its window starts, and from where to where its core reaches."""

    start: int
    core: int
    core_end: int


def spans(length: int, window: int, reach: Reach) -> list[Span]:
    """The tiles along an axis, or none if windows of this length are too short for a core.

    Parameters
    ----------
    length, window
        Of the picture and of a window; their difference is a multiple of `reach.step`.

    Examples
    --------
    >>> spans(40, 16, Reach(blocks=(1, 1), needed=(True, True)))
    [Span(start=0, core=0, core_end=14), Span(start=12, core=14, core_end=26), \
Span(start=24, core=26, core_end=40)]
    """
    if window == length:
        return [Span(0, 0, length)]
    end, halo = reach.right_until(window), reach.halo()
    if end <= halo:
        return []
    found, start, core = [], 0, 0
    while start + window < length:
        found.append(Span(start, core, start + end))
        core = start + end
        start = min(core - halo, length - window)
    return [*found, Span(start, core, length)]


def positions(length: int, block: int) -> int:
    """How many positions the layers of a block have along an axis; a single one is not halved.

    Examples
    --------
    >>> [positions(13, block) for block in (1, 2, 3, 4, 5)]
    [13, 6, 3, 1, 1]
    """
    return max(1, length // 2 ** (block - 1))


@dataclass(frozen=True, slots=True)
class Axis:
    """The tiles along one axis of a picture of `size` pixels without its mirror `margin`."""

    size: int
    margin: int
    window: int
    spans: tuple[Span, ...]

    def inside(self, block: int) -> tuple[int, int]:
        """From which to which position a block's features count: those of the margin do not."""
        top = self.margin // 2 ** (block - 1)
        return top, positions(self.size + 2 * self.margin, block) - top

    def core(self, span: Span, block: int) -> tuple[int, int]:
        """From which to which position of the whole picture the core reaches in a block."""
        stride = 2 ** (block - 1)
        low, high = self.inside(block)
        low = max(low, span.core // stride)
        if span is not self.spans[-1]:
            high = min(high, span.core_end // stride)
        return low, max(low, high)

    def sources(self, span: Span) -> NDArray[np.intp]:
        """The pixel of the picture that each pixel of the window shows."""
        index = np.arange(self.window) + (span.start - self.margin)
        return np.where(index < self.size, np.abs(index), 2 * self.size - 2 - index)

    def folded(self, span: Span, values: NDArray[np.float32]) -> tuple[slice, NDArray[np.float32]]:
        """`values` of the window along the first axis, those of mirror images added to the pixels.

        Returns which pixels of the picture they belong to, and the values; changes `values`.
        """
        first = span.start - self.margin
        begin, end = max(0, -first), min(self.window, self.size - first)
        sources = self.sources(span) - first
        for index in (*range(begin), *range(end, self.window)):
            values[sources[index]] += values[index]
        return slice(first + begin, first + end), values[begin:end]


@dataclass(frozen=True, slots=True)
class Grid:
    """The tiles of a picture: all pairs of a span of `rows` and one of `columns`."""

    rows: Axis
    columns: Axis

    @property
    def window(self) -> tuple[int, int]:
        """The height and width of each window."""
        return self.rows.window, self.columns.window

    @property
    def count(self) -> int:
        """The number of tiles."""
        return len(self.rows.spans) * len(self.columns.spans)

    @property
    def overlap(self) -> float:
        """How often a pixel is computed, on average: the area of all windows by the picture's."""
        return self.count * self.window[0] * self.window[1] / (self.rows.size * self.columns.size)


@lru_cache(maxsize=64)
def plan_grid(shape: Sequence[int], margins: Sequence[int], reach: Reach, pixels: int) -> Grid:
    """The grid with the least work whose windows have at most `pixels` pixels.

    Parameters
    ----------
    shape, margins
        (height, width) of the picture in pixels, and its mirror margins; tuples.
    reach : What is computed.
    pixels : If no window is as small as that, the smallest possible is taken.
    """
    choices = [_axes(size, margin, reach) for size, margin in zip(shape[:2], margins, strict=True)]
    grids = [Grid(rows, columns) for rows in choices[0] for columns in choices[1]]
    small = [grid for grid in grids if grid.window[0] * grid.window[1] <= pixels]
    if not small:
        return min(grids, key=lambda grid: grid.window[0] * grid.window[1])
    return min(small, key=lambda grid: grid.overlap)


def _axes(size: int, margin: int, reach: Reach) -> list[Axis]:
    """All that an axis can be divided into; for each number of tiles the shortest windows."""
    length = size + 2 * margin
    shortest: dict[int, Axis] = {}
    # A window that shows a mirror image must also show the pixels of which it is one.
    for window in range(length, 2 * margin, -reach.step):
        if found := spans(length, window, reach):
            shortest[len(found)] = Axis(size, margin, window, tuple(found))
    return list(shortest.values())
