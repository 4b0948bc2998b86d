"""The check of the disocclusion test."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..scenes import make_scene
from .answers import Array, Exercise, Inputs, Mistake, check_answer
from .result import CheckResult
from .warping import fetch, leads_outside, random_flow

# Pixels whose two sides of the test are nearer than this, in pixels², are not asked: float32 may
# decide them either way.
_UNDECIDED = 1e-3
_RATIO, _OFFSET = 0.01, 0.5


def check_disocclusion(student: Callable[..., Any], *, seed: int | None = None) -> CheckResult:
    """Check `disocclusion(backward, forward)`: which pixels were not visible in the frame before.

    |w̃ + ŵ|² > 0.01 (|w̃|² + |ŵ|²) + 0.5, with ŵ the backward flow at p and w̃ the forward flow read
    linearly at p + ŵ(p) (Ruder et al. 2016, §4.2). Pixels whose flow leaves the picture are not
    judged.

    Parameters
    ----------
    student : takes the backward flow, from this frame to the one before and on the grid of this
        one, and the forward flow, on the grid of the one before, each `(H, W, 2)` in pixels;
        returns bool `(H, W)`, True = not visible.
    seed : of the random inputs; others each time unless given.

    Examples
    --------
    >>> check_disocclusion(sk.motion.disocclusion).right
    True
    >>> check_disocclusion(lambda backward, forward: backward[..., 0] > 9).diagnosis
    'all visible'
    """
    return check_answer(_DISOCCLUSION, student, seed)


def _flows(random: np.random.Generator, number: int) -> Inputs:
    """Two flows of which about half agree, the rest by small or large distances not.

    A part moves slowly: there the ways there and back agree even if their signs are mixed up.
    """
    shape = ((12, 17), (15, 11), (10, 14))[number]
    motion = np.round(random.uniform(1.0, 3.0, 2) * 8) / 8 * random.choice([-1, 1], 2)
    moving = (random.uniform(size=shape) < 0.7)[..., None].astype(float)
    backward = (
        moving * motion
        + random_flow(random, shape, 1.0) * (random.uniform(size=shape) < 0.5)[..., None]
    )
    moving = (random.uniform(size=shape) < 0.7)[..., None].astype(float)
    forward = (
        -moving * motion
        + random_flow(random, shape, 2.0) * (random.uniform(size=shape) < 0.3)[..., None]
    )
    return backward.astype(np.float32), forward.astype(np.float32)


def _shown() -> Inputs:
    truth = make_scene("crossing", frames=2, size=96, first=8, stride=3)
    return truth.backward_flow[0], truth.forward_flow[0]


def _sides(back: Array, there: Array) -> tuple[Array, Array]:
    """The two sides of the test, for the way back and the way there."""
    left = ((back + there) ** 2).sum(axis=-1)
    return left, _RATIO * ((back**2).sum(axis=-1) + (there**2).sum(axis=-1)) + _OFFSET


def _test(back: Array, there: Array) -> Array:
    left, right = _sides(back, there)
    return np.asarray(left > right)


def _judged(backward: Array, forward: Array) -> Array:
    """Where the answer counts: the place is inside of the picture, and the test is decided."""
    left, right = _sides(fetch(forward, backward), backward)
    return np.asarray(~leads_outside(backward) & (np.abs(left - right) > _UNDECIDED))


def _jump(flow: Array) -> Array:
    """The test of motion boundaries."""
    padded = np.pad(flow, ((1, 1), (1, 1), (0, 0)), mode="symmetric")
    across = (padded[1:-1, 2:] - padded[1:-1, :-2]) / 2
    down = (padded[2:, 1:-1] - padded[:-2, 1:-1]) / 2
    change = (across**2).sum(axis=-1) + (down**2).sum(axis=-1)
    return np.asarray(change > 0.01 * (flow**2).sum(axis=-1) + 0.002)


def _part_of_the_sum(ratio: float, offset: float) -> Callable[[Array, Array], Array]:
    def compute(backward: Array, forward: Array) -> Array:
        back = fetch(forward, backward)
        lengths = (back**2).sum(axis=-1) + (backward**2).sum(axis=-1)
        return np.asarray(((back + backward) ** 2).sum(axis=-1) > ratio * lengths + offset)

    return compute


def _unsquared(backward: Array, forward: Array) -> Array:
    back = fetch(forward, backward)
    left, right = _sides(back, backward)
    return np.asarray(np.sqrt(left) > right)


def _x_alone(backward: Array, forward: Array) -> Array:
    return _test(fetch(forward, backward)[..., :1], backward[..., :1])


_GRID = (
    "the forward flow is read at p itself. It lies on the grid of the frame before: the way back "
    "begins where the way there ended."
)

_DISOCCLUSION = Exercise(
    name="disocclusion",
    function="disocclusion",
    inputs=_flows,
    solve=lambda backward, forward: _test(fetch(forward, backward), backward),
    size=lambda *_: 1.0,
    terms=lambda *_: 1,
    judged=_judged,
    result="a picture of True and False must come out",
    boolean=True,
    shown=_shown,
    mistakes=(
        Mistake(
            "all visible",
            "the answer is False everywhere: nothing was hidden?",
            lambda backward, _forward: np.zeros(backward.shape[:2]),
        ),
        Mistake(
            "all hidden",
            "the answer is True everywhere: was nothing visible before?",
            lambda backward, _forward: np.ones(backward.shape[:2]),
        ),
        Mistake(
            "mask inverted",
            "True and False are exchanged: True marks what was not visible.",
            lambda backward, forward: ~_test(fetch(forward, backward), backward),
        ),
        Mistake("wrong grid", _GRID, lambda backward, forward: _test(forward, backward)),
        Mistake(
            "wrong sign",
            "the two ways are subtracted. Who comes back has gone the same way in the opposite "
            "direction: the sum of both is zero then.",
            lambda backward, forward: _test(-fetch(forward, backward), backward),
        ),
        Mistake(
            "flows exchanged",
            "the two flows are exchanged: this finds what goes out of sight, on the grid of the "
            "frame before.",
            lambda backward, forward: _test(fetch(backward, forward), forward),
        ),
        Mistake(
            "wrong way",
            "the forward flow is read at p − ŵ(p), the opposite side.",
            lambda backward, forward: _test(fetch(forward, -backward), backward),
        ),
        Mistake(
            "wrong way",
            "the forward flow is carried along itself, and not along the backward flow.",
            lambda backward, forward: _test(fetch(forward, forward), backward),
        ),
        Mistake(
            "wrong way",
            "the backward flow is read where it leads: the way back is that of the forward flow.",
            lambda backward, _forward: _test(fetch(backward, backward), backward),
        ),
        Mistake(
            "axes exchanged",
            "the two numbers of the flow are exchanged where the place is computed.",
            lambda backward, forward: _test(fetch(forward, backward[..., ::-1]), backward),
        ),
        Mistake(
            "no square",
            "the distance itself is compared, not its square.",
            _unsquared,
        ),
        Mistake(
            "no ratio",
            "the part that grows with the motion is missing on the right-hand side.",
            _part_of_the_sum(0.0, _OFFSET),
        ),
        Mistake(
            "no offset",
            "the 0.5 is missing on the right-hand side: the smallest rounding would count.",
            _part_of_the_sum(_RATIO, 0.0),
        ),
        Mistake(
            "wrong threshold",
            "any distance counts: the right-hand side is missing.",
            _part_of_the_sum(0.0, 0.0),
        ),
        Mistake(
            "wrong threshold",
            "the two constants are exchanged: 0.01 belongs to the lengths, and 0.5 is added.",
            _part_of_the_sum(_OFFSET, _RATIO),
        ),
        Mistake(
            "one direction only",
            "only the way across is compared: squares are to be summed over both numbers.",
            _x_alone,
        ),
        Mistake(
            "nearest",
            "the forward flow is read at the nearest pixel, and not between the four around.",
            lambda backward, forward: _test(fetch(forward, backward, nearest=True), backward),
        ),
        Mistake(
            "motion boundary",
            "that is the other test: it finds motion boundaries, where the flow jumps.",
            lambda backward, _forward: _jump(backward),
        ),
    ),
)
