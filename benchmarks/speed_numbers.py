"""The arithmetic of the speed tables: operations, spreads, levels, slopes and growth."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Spread:
    """Several runs of one thing: their median, the best (least), and 10th and 90th percentile."""

    median: float
    best: float
    low: float
    high: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Spread:
        """The spread of `values`."""
        low, median, high = (float(x) for x in np.percentile(values, (10, 50, 90)))
        return cls(median, min(values), low, high)


@dataclass(frozen=True, slots=True)
class Slope:
    """How something grows along a clip, in per cent of its mean a frame, and its standard error."""

    percent: float
    error: float


def convolution_gflop(
    kernels: Mapping[str, tuple[np.ndarray, np.ndarray]],
    layers: Iterable[str],
    height: int,
    width: int,
) -> float:
    """10⁹ operations of one loss and its gradient, were each convolution computed directly.

    2 h w k² c_in c_out for each convolution, and as much again for the gradient of its input, up
    to the deepest of `layers`. `kernels` maps Keras's names, in order, to (kernel, bias); where
    the block in the name changes, maps are halved. Pooling, Gram matrices and the rest are under
    one per cent of it and do not count.
    """
    names = list(kernels)
    deepest = max(names.index(name) for name in layers)
    total = 0
    block = names[0].partition("_")[0]
    for name in names[: deepest + 1]:
        if (here := name.partition("_")[0]) != block:
            height, width, block = max(1, height // 2), max(1, width // 2), here
        total += 2 * 2 * height * width * kernels[name][0].size
    return total / 1e9


def interleave(runs: int, recipes: Mapping[str, Callable[[], T]]) -> dict[str, list[T]]:
    """Every recipe run `runs` times, in rounds, each round beginning with another of them.

    So that what a machine does now and then, or what the one before leaves in its caches, falls
    on all of them alike.
    """
    names = list(recipes)
    results: dict[str, list[T]] = {name: [] for name in names}
    for index in range(runs):
        first = index % len(names)
        for name in names[first:] + names[:first]:
            results[name].append(recipes[name]())
    return results


def first_at_or_below(values: Sequence[float], levels: Iterable[float]) -> list[int | None]:
    """For each level the index of the first value that is no higher, None if there is none."""
    return [
        next((index for index, value in enumerate(values) if value <= level), None)
        for level in levels
    ]


def slope(indices: Sequence[float], values: Sequence[float]) -> Slope:
    """The least-squares line through `values`, as a share of their mean.

    The standard error is √(Σ residual² / (n − 2) / Σ (x − x̄)²). Both are NaN for fewer than
    three values, and for values whose mean is zero.
    """
    x, y = np.asarray(indices, np.float64), np.asarray(values, np.float64)
    if len(y) < 3 or y.mean() == 0:
        return Slope(math.nan, math.nan)
    x = x - x.mean()
    spread = float(x @ x)
    gradient = float(x @ y) / spread
    residual = y - y.mean() - gradient * x
    error = math.sqrt(float(residual @ residual) / (len(y) - 2) / spread)
    return Slope(100 * gradient / y.mean(), 100 * error / abs(y.mean()))


def growth_exponent(sizes: tuple[float, float], values: tuple[float, float]) -> float:
    """The e for which values grow as sizes to the power of e; NaN unless all are positive."""
    if min(*sizes, *values) <= 0:
        return math.nan
    return math.log(values[1] / values[0]) / math.log(sizes[1] / sizes[0])
