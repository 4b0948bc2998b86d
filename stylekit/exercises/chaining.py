"""The check of flow that is followed over two frames."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..scenes import make_scene
from .answers import Array, Exercise, Inputs, Mistake, check_answer
from .result import CheckResult
from .warping import fetch, leads_outside, random_flow


def check_chain(student: Callable[..., Any], *, seed: int | None = None) -> CheckResult:
    """Check `chain(first, second)`: the flow over two frames, from that over each of them.

    out(p) = first(p) + second(p + first(p)), with `second` read linearly between the four pixels
    around. Pixels whose first flow leaves the picture are not judged.

    Parameters
    ----------
    student : takes the flow from a frame to the next one, on the grid of the frame, and that from
        the next one to the one after it, on the grid of the next one, each `(H, W, 2)` in pixels;
        returns the flow from the frame to the last one, `(H, W, 2)`.
    seed : of the random inputs; others each time unless given.

    Examples
    --------
    >>> check_chain(lambda first, second: first + sk.warp(second, first)).right
    True
    >>> check_chain(lambda first, second: first + second).diagnosis
    'wrong grid'
    """
    return check_answer(_CHAIN, student, seed)


def _flows(random: np.random.Generator, number: int) -> Inputs:
    shape = ((9, 14), (12, 8), (7, 11))[number]
    return random_flow(random, shape, 3.0), random_flow(random, shape, 3.0)


def _shown() -> Inputs:
    scene = make_scene("crossing", frames=3, size=96, first=8, stride=3)
    return scene.backward_flow[1], scene.backward_flow[0]


def _chained(first: Array, second: Array) -> Array:
    return np.asarray(first + fetch(second, first))


_WRONG_GRID = (
    "each pixel adds the second flow that is found at the pixel itself. After the first way it is "
    "somewhere else: the second flow is to be read there."
)
_EXCHANGED = (
    "the two ways are exchanged: the second is gone first. `first` belongs to the grid on which "
    "the answer lies."
)

_CHAIN = Exercise(
    name="chain",
    function="chain",
    inputs=_flows,
    solve=_chained,
    size=lambda first, second: float(np.abs(first).max() + np.abs(second).max() + max(first.shape)),
    terms=lambda *_: 12,
    judged=lambda first, _second: np.repeat(~leads_outside(first)[..., None], 2, axis=2),
    result="a flow must come out",
    shown=_shown,
    mistakes=(
        Mistake("wrong grid", _WRONG_GRID, lambda first, second: first + second),
        Mistake("exchanged", _EXCHANGED, lambda first, second: _chained(second, first)),
        Mistake(
            "exchanged",
            "the first flow is read where the second leads. It is the other way round: the second "
            "is read where the first leads.",
            lambda first, second: first + fetch(first, second),
        ),
        Mistake(
            "wrong flow carried",
            "the first flow is read where it leads itself. It lies on the grid of the answer and "
            "stays; the second is the one to be read elsewhere.",
            lambda first, second: fetch(first, first) + second,
        ),
        Mistake(
            "wrong flow carried",
            "both flows are read where the first leads. The first lies on the grid of the answer "
            "already.",
            lambda first, second: fetch(first + second, first),
        ),
        Mistake(
            "wrong flow carried",
            "the second flow is read where it leads itself, and not where the first leads.",
            lambda first, second: first + fetch(second, second),
        ),
        Mistake(
            "first way missing",
            "only the second way comes out, read at the right place: the first way is to be added.",
            lambda first, second: fetch(second, first),
        ),
        Mistake(
            "second way missing",
            "the first flow comes out as it went in: the second way is missing.",
            lambda first, _second: first,
        ),
        Mistake(
            "first way missing",
            "the second flow comes out as it went in: the first way is missing.",
            lambda _first, second: second,
        ),
        Mistake(
            "wrong side",
            "the second flow is read at p − first(p), the opposite side.",
            lambda first, second: first + fetch(second, -first),
        ),
        Mistake(
            "subtracted",
            "the second way is subtracted. Both are gone one after the other: they are added.",
            lambda first, second: first - fetch(second, first),
        ),
        Mistake(
            "wrong sign",
            "both ways have the wrong sign: this leads to the opposite side.",
            lambda first, second: -_chained(first, second),
        ),
        Mistake(
            "averaged",
            "the mean of the two ways comes out. They are gone one after the other: the sum is the "
            "whole way.",
            lambda first, second: _chained(first, second) / 2,
        ),
        Mistake(
            "axes exchanged",
            "the two numbers of the first flow are exchanged where the place is computed: first "
            "comes the way to the right, then down.",
            lambda first, second: first + fetch(second, first[..., ::-1]),
        ),
        Mistake(
            "nearest",
            "the second flow is read at the nearest pixel, and not between the four around.",
            lambda first, second: first + fetch(second, first, nearest=True),
        ),
    ),
)
