"""The compiled loops of `patch_match`: the energy of a patch, the search and the vote.

All of them run over a list of pixels, from `start` to `stop`, and write only what belongs to these
pixels, from arrays that nobody writes meanwhile. The random numbers are a function of the seed and
of the pixel. So the result does not depend on the number of threads.

A place in the painting is (x, y) in pixels, with fractions. A patch lies there turned and scaled:
its pixel at the offset (dx, dy) is the painting's at x + a·dx − b·dy, y + b·dx + a·dy.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .compiled import compiled

Floats = NDArray[np.float32]
Pixels = NDArray[np.int64]

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_MIX_1 = np.uint64(0xBF58476D1CE4E5B9)
_MIX_2 = np.uint64(0x94D049BB133111EB)
# The slope of the cubic kernel at 1, that of `Interpolation.CUBIC` of `motion.flow.warp`: at −½ a
# picture is softer after it, at this value about as sharp as before.
_CUBIC = -0.75
_TO_UNIT = 1.0 / 9007199254740992.0

# To the left, above, to the right and below, as (x, y).
_NEIGHBOURS = ((-1, 0), (0, -1), (1, 0), (0, 1))


class Problem(NamedTuple):
    """What the energy of a place is computed from, at one size.

    - `target` `(H, W, 8)`, `source` `(h, w, 8)`: channels 0 to 3 are the painting that is sought
      and the keyframe's, and their masks; the others are guides, times the roots of their weights.
    - `weight` `(H, W)`: of the squared differences of channels 0 to 3.
    - `advected` `(H, W, 2)`: the place along the flow. `pull` `(H, W)` is what it costs to be
      `reach` pixels or more away from it; nearer, the cost grows with the square.
    - `turn` `(H, W, 2)`: a and b of the patch around each pixel.
    - `use` `(h, w)`: what it costs that the painting is used around a place already.
    - `radius`: of a patch, in pixels.
    """

    target: Floats
    weight: Floats
    source: Floats
    advected: Floats
    pull: Floats
    reach: float
    turn: Floats
    use: Floats
    radius: int


@compiled
def uniform(seed: int, number: int) -> float:
    """A random number in [0, 1): SplitMix64 (Steele et al. 2014) after `number` steps."""
    z = np.uint64(seed) + np.uint64(number) * _GOLDEN
    z = (z ^ (z >> np.uint64(30))) * _MIX_1
    z = (z ^ (z >> np.uint64(27))) * _MIX_2
    z = z ^ (z >> np.uint64(31))
    return float(z >> np.uint64(11)) * _TO_UNIT


@compiled
def patch_difference(
    problem: Problem, y: int, x: int, place_x: float, place_y: float, limit: float
) -> float:
    """The mean over a patch of Σ (target − source)², channels 0 to 3 times `weight`.

    Infinite as soon as it is clear that it exceeds `limit`. Pixels outside the target do not count.
    """
    target, source, radius = problem.target, problem.source, problem.radius
    height, width = target.shape[:2]
    rows, columns = source.shape[:2]
    top, bottom = max(y - radius, 0), min(y + radius, height - 1)
    left, right = max(x - radius, 0), min(x + radius, width - 1)
    count = (bottom - top + 1) * (right - left + 1)
    most = limit * count
    a, b = problem.turn[y, x, 0], problem.turn[y, x, 1]
    whole_x, whole_y = int(np.floor(place_x)), int(np.floor(place_y))
    straight = a == 1.0 and b == 0.0 and place_x == whole_x and place_y == whole_y
    total = 0.0
    for v in range(top, bottom + 1):
        for u in range(left, right + 1):
            dx, dy = u - x, v - y
            paint, guide = np.float32(0), np.float32(0)
            if straight:
                column = min(max(whole_x + dx, 0), columns - 1)
                row = min(max(whole_y + dy, 0), rows - 1)
                for k in range(4):
                    difference = target[v, u, k] - source[row, column, k]
                    paint += difference * difference
                for k in range(4, 8):
                    difference = target[v, u, k] - source[row, column, k]
                    guide += difference * difference
            else:
                at_x = min(max(place_x + a * dx - b * dy, 0.0), columns - 1.0)
                at_y = min(max(place_y + b * dx + a * dy, 0.0), rows - 1.0)
                column, row = int(at_x), int(at_y)
                fx, fy = np.float32(at_x - column), np.float32(at_y - row)
                next_column, next_row = min(column + 1, columns - 1), min(row + 1, rows - 1)
                one = np.float32(1)
                p00, p01 = (one - fy) * (one - fx), (one - fy) * fx
                p10, p11 = fy * (one - fx), fy * fx
                for k in range(4):
                    difference = target[v, u, k] - (
                        p00 * source[row, column, k]
                        + p01 * source[row, next_column, k]
                        + p10 * source[next_row, column, k]
                        + p11 * source[next_row, next_column, k]
                    )
                    paint += difference * difference
                for k in range(4, 8):
                    difference = target[v, u, k] - (
                        p00 * source[row, column, k]
                        + p01 * source[row, next_column, k]
                        + p10 * source[next_row, column, k]
                        + p11 * source[next_row, next_column, k]
                    )
                    guide += difference * difference
            total += problem.weight[v, u] * paint + guide
        if total > most:
            return np.inf
    return total / count


@compiled
def energy_at(
    problem: Problem, y: int, x: int, place_x: float, place_y: float, limit: float
) -> float:
    """The energy of a place: its distance to that along the flow, its use, and its patch.

    Infinite where it exceeds `limit`.
    """
    off_x, off_y = place_x - problem.advected[y, x, 0], place_y - problem.advected[y, x, 1]
    off = min((off_x * off_x + off_y * off_y) / (problem.reach * problem.reach), 1.0)
    cost = problem.pull[y, x] * off + problem.use[int(place_y + 0.5), int(place_x + 0.5)]
    if cost >= limit:
        return np.inf
    return cost + patch_difference(problem, y, x, place_x, place_y, limit - cost)


@compiled
def evaluate(
    pixels: Pixels, start: int, stop: int, places: Floats, energy: Floats, problem: Problem
) -> None:
    """Write the energy of the pixels' present places."""
    width = problem.target.shape[1]
    for index in range(start, stop):
        y, x = pixels[index] // width, pixels[index] % width
        energy[y, x] = energy_at(problem, y, x, places[y, x, 0], places[y, x, 1], np.inf)


@compiled
def search(
    pixels: Pixels,
    start: int,
    stop: int,
    places: Floats,
    energy: Floats,
    new_places: Floats,
    new_energy: Floats,
    problem: Problem,
    step: int,
    farthest: float,
    seed: int,
) -> None:
    """One sweep: each pixel tries its neighbours' places, that along the flow, and random ones.

    The neighbours are `step` pixels away. Random places are whole pixels around the best place so
    far, at most `farthest` pixels away at first, then half as far, and so on.
    """
    height, width = problem.target.shape[:2]
    rows, columns = problem.source.shape[:2]
    for index in range(start, stop):
        y, x = pixels[index] // width, pixels[index] % width
        best_x, best_y = float(places[y, x, 0]), float(places[y, x, 1])
        best = float(energy[y, x])
        distance, attempt = farthest, 0
        while attempt <= len(_NEIGHBOURS) or distance >= 1.0:
            try_x, try_y = float(problem.advected[y, x, 0]), float(problem.advected[y, x, 1])
            if attempt < len(_NEIGHBOURS):
                dx, dy = _NEIGHBOURS[attempt][0] * step, _NEIGHBOURS[attempt][1] * step
                v, u = min(max(y + dy, 0), height - 1), min(max(x + dx, 0), width - 1)
                dx, dy = u - x, v - y
                a, b = problem.turn[v, u, 0], problem.turn[v, u, 1]
                try_x = places[v, u, 0] - a * dx + b * dy
                try_y = places[v, u, 1] - b * dx - a * dy
            elif attempt > len(_NEIGHBOURS):
                number = 128 * pixels[index] + 2 * attempt
                shift_x = distance * (2.0 * uniform(seed, number) - 1.0)
                shift_y = distance * (2.0 * uniform(seed, number + 1) - 1.0)
                try_x, try_y = np.floor(best_x + shift_x + 0.5), np.floor(best_y + shift_y + 0.5)
                distance *= 0.5
            attempt += 1
            try_x = min(max(try_x, problem.radius), columns - 1.0 - problem.radius)
            try_y = min(max(try_y, problem.radius), rows - 1.0 - problem.radius)
            found = energy_at(problem, y, x, try_x, try_y, best)
            if found < best:
                best, best_x, best_y = found, try_x, try_y
        new_places[y, x, 0], new_places[y, x, 1] = best_x, best_y
        new_energy[y, x] = best


@compiled
def cubic_weight(distance: float) -> float:
    """The cubic convolution kernel of Keys 1981 at a distance in pixels, a = `_CUBIC`."""
    d = abs(distance)
    if d < 1.0:
        return ((_CUBIC + 2.0) * d - (_CUBIC + 3.0)) * d * d + 1.0
    if d < 2.0:
        return _CUBIC * (((d - 5.0) * d + 8.0) * d - 4.0)
    return 0.0


@compiled
def add_sample(paint: Floats, at_x: float, at_y: float, share: float, total: NDArray) -> None:
    """Add to `total` the colour of `paint` at a place between pixels, times `share`."""
    rows, columns, channels = paint.shape
    at_x, at_y = min(max(at_x, 0.0), columns - 1.0), min(max(at_y, 0.0), rows - 1.0)
    column, row = int(at_x), int(at_y)
    if at_x == column and at_y == row:
        for k in range(channels):
            total[k] += share * paint[row, column, k]
        return
    for v in range(row - 1, row + 3):
        along_y = share * cubic_weight(at_y - v)
        for u in range(column - 1, column + 3):
            part = along_y * cubic_weight(at_x - u)
            for k in range(channels):
                total[k] += part * paint[min(max(v, 0), rows - 1), min(max(u, 0), columns - 1), k]


@compiled
def copy_places(
    pixels: Pixels, start: int, stop: int, places: Floats, paint: Floats, result: Floats
) -> None:
    """Give each pixel the painting's colour at its place, by cubic interpolation."""
    width, channels = result.shape[1], paint.shape[2]
    total = np.zeros(channels)
    for index in range(start, stop):
        y, x = pixels[index] // width, pixels[index] % width
        total[:] = 0.0
        add_sample(paint, places[y, x, 0], places[y, x, 1], 1.0, total)
        for k in range(channels):
            result[y, x, k] = total[k]


@compiled
def vote(
    pixels: Pixels,
    start: int,
    stop: int,
    places: Floats,
    confidence: Floats,
    turn: Floats,
    radius: int,
    paint: Floats,
    result: Floats,
) -> None:
    """Give each pixel the mean of what the patches over it show there, weighted by `confidence`."""
    height, width = confidence.shape
    channels = paint.shape[2]
    total = np.zeros(channels)
    for index in range(start, stop):
        y, x = pixels[index] // width, pixels[index] % width
        total[:] = 0.0
        share = 0.0
        for v in range(max(y - radius, 0), min(y + radius, height - 1) + 1):
            for u in range(max(x - radius, 0), min(x + radius, width - 1) + 1):
                dx, dy = x - u, y - v
                a, b = turn[v, u, 0], turn[v, u, 1]
                add_sample(
                    paint,
                    places[v, u, 0] + a * dx - b * dy,
                    places[v, u, 1] + b * dx + a * dy,
                    confidence[v, u],
                    total,
                )
                share += confidence[v, u]
        for k in range(channels):
            result[y, x, k] = total[k] / share
