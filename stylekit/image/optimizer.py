"""The optimisers that minimise the loss of a picture, step by step: bounded L-BFGS and Adam.

An object holds the state of one picture, in float32.
Both keep every pixel inside its bounds. Without bounds an optimiser would reach losses that the
picture in a file, whose values are clipped, does not have.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]
Evaluate = Callable[[Array], tuple[float, Array]]
Precondition = Callable[[Array], Array]
"""A symmetric positive linear map: the first guess at the inverse curvature of the loss."""

# Nocedal & Wright 2006, §3.1: the share of the linear decrease that a step must reach.
_SUFFICIENT_DECREASE = 1e-4
_MAX_BACKTRACKS = 12
# A step that knows no curvature moves pixels by this much on average. These moves lowered the loss
# most along the gradient, for four pairs of a photograph and a style: 0.03 from the content in the
# style's colours, 0.001 to 0.003 from a painted picture.
_FRESH_MOVE = 0.03
_PAINTED_MOVE = 0.002

# The pairs of moves and changes of the gradient that L-BFGS keeps: fewer where they would take more
# bytes, and then in half precision. 20 pairs of a picture of 2 megapixels take 1 GB.
_PAIRS, _FEWEST_PAIRS = 20, 5
_PAIR_BYTES = 1_000_000_000


def pairs_kept(variables: int) -> tuple[int, type[np.floating]]:
    """How many pairs L-BFGS keeps of so many variables, and the type of their numbers.

    Examples
    --------
    >>> [(count, kind.__name__) for count, kind in map(pairs_kept, (10**6, 10**7, 5 * 10**7))]
    [(20, 'float32'), (20, 'float16'), (5, 'float16')]
    """
    if _PAIRS * variables * 2 * 4 <= _PAIR_BYTES:
        return _PAIRS, np.float32
    return min(_PAIRS, max(_FEWEST_PAIRS, _PAIR_BYTES // (variables * 2 * 2))), np.float16


@dataclass(frozen=True, slots=True)
class Bounds:
    """The lowest and highest value of each variable; both broadcast to its shape."""

    lower: Array | float = 0.0
    upper: Array | float = 1.0

    def clip(self, x: Array) -> Array:
        """`x` moved into the bounds."""
        return np.clip(x, self.lower, self.upper).astype(np.float32, copy=False)


@dataclass(frozen=True, slots=True)
class Update:
    """The result of one step: the loss, the number of evaluations, and whether x moved."""

    value: float
    evaluations: int
    moved: bool


@dataclass(frozen=True, slots=True)
class _Kept:
    """An array that is kept as it is, or as float16 multiples of its largest value."""

    numbers: NDArray[np.floating]
    unit: float

    @classmethod
    def of(cls, array: Array, kind: type[np.floating]) -> _Kept:
        if kind is np.float32:
            return cls(array, 1.0)
        unit = max(float(array.max()), -float(array.min()))
        return cls((array / np.float32(unit)).astype(kind), unit)

    def masked(self, free: NDArray[np.bool_]) -> Array:
        """The free variables as a new array, 0 for the others."""
        values = self.numbers.astype(np.float32)
        if self.numbers.dtype != np.float32:
            values *= np.float32(self.unit)
        values *= free
        return values


class LBFGS:
    """Limited-memory BFGS inside bounds, by projection.

    The direction is that of the two-loop recursion over the free variables: those that the
    gradient does not press against a bound. A step of length 1 is clipped into the bounds and
    accepted by Armijo's condition for the clipped step, with quadratic backtracking.

    Differs from L-BFGS-B (Byrd et al. 1995): no Cauchy point, no subspace minimisation.

    Parameters
    ----------
    x : The variables to start from.
    bounds : The range of each variable.
    memory : The number of pairs that are kept, only such with a positive product; as
        `pairs_kept` says unless given.
    painted : True if x is nearly good already: then the first step is small.
    precondition : The first guess at the inverse curvature, up to a factor; the identity unless
        given.

    References
    ----------
    Nocedal 1980; Nocedal & Wright 2006, algorithm 7.4; Bertsekas 1982.

    Examples
    --------
    >>> optimizer = LBFGS(np.zeros(3, np.float32), bounds=Bounds())
    >>> steps = [optimizer.step(lambda x: (float(((x - 2) ** 2).sum()), 2 * (x - 2)))
    ...     for _ in range(9)]
    >>> optimizer.x.tolist()  # the minimum inside the bounds
    [1.0, 1.0, 1.0]
    """

    def __init__(
        self,
        x: Array,
        *,
        bounds: Bounds,
        memory: int | None = None,
        painted: bool = False,
        precondition: Precondition = lambda change: change,
    ) -> None:
        self.x = bounds.clip(x)
        self._precondition = precondition
        self._bounds = bounds
        self._blind_move = _PAINTED_MOVE if painted else _FRESH_MOVE
        count, self._precision = pairs_kept(self.x.size)
        self._pairs: deque[tuple[_Kept, _Kept]] = deque(maxlen=memory or count)
        self._value: float | None = None
        self._gradient = np.zeros_like(self.x)

    def reset(self) -> None:
        """Forget curvature and loss, because the loss has changed."""
        self._pairs.clear()
        self._value = None

    def step(self, evaluate: Evaluate) -> Update:
        """One accepted step. `evaluate` maps x to (loss, gradient).

        If x did not move, there is no lower loss even along the gradient: x is as good as float32
        allows.
        """
        evaluations = 0
        if self._value is None:
            self._value, self._gradient = evaluate(self.x)
            evaluations = 1
        free = self._free()
        spent, moved = self._search(evaluate, self._direction(free))
        evaluations += spent
        if not moved and self._pairs:
            # The curvature may be out of date; try the gradient alone.
            self._pairs.clear()
            spent, moved = self._search(evaluate, self._direction(free))
            evaluations += spent
        return Update(self._value, evaluations, moved)

    def _free(self) -> NDArray[np.bool_]:
        at_lower = (self.x <= self._bounds.lower) & (self._gradient > 0)
        at_upper = (self.x >= self._bounds.upper) & (self._gradient < 0)
        return ~(at_lower | at_upper)

    def _direction(self, free: NDArray[np.bool_]) -> Array:
        direction = -self._gradient
        direction *= free
        if not self._pairs:
            direction = self._precondition(direction) * free
            size = float(np.abs(direction).mean())
            return direction * np.float32(self._blind_move / size) if size > 0 else direction
        steps = []
        # Masked anew in each loop: masked copies would take as much memory as the pairs.
        for s, y in reversed(self._pairs):
            masked_s, masked_y = s.masked(free), y.masked(free)
            product = _dot(masked_s, masked_y)
            if product <= 0:
                continue
            share = _dot(masked_s, direction) / product
            masked_y *= np.float32(share)
            direction -= masked_y
            steps.append((s, y, product, share))
            del masked_s, masked_y
        direction = self._precondition(direction) * free
        if steps:
            _, latest, latest_product, _ = steps[0]
            curvature = self._curvature(latest.masked(free), free)
            # float32 may lose the little that the first guess leaves of a fine change.
            direction *= np.float32(latest_product / curvature if curvature > 0 else 1.0)
        for s, y, product, share in reversed(steps):
            factor = share - _dot(y.masked(free), direction) / product
            masked_s = s.masked(free)
            masked_s *= np.float32(factor)
            direction += masked_s
        return direction

    def _curvature(self, change: Array, free: NDArray[np.bool_]) -> float:
        """The product of `change` with its own first guess over the free variables."""
        return _dot(change, self._precondition(change) * free)

    def _search(self, evaluate: Evaluate, direction: Array) -> tuple[int, bool]:
        assert self._value is not None
        length = 1.0
        for evaluation in range(1, _MAX_BACKTRACKS + 1):
            candidate = self._bounds.clip(self.x + np.float32(length) * direction)
            slope = _dot(self._gradient, candidate - self.x)
            if slope >= 0:
                return evaluation - 1, False
            value, gradient = evaluate(candidate)
            if np.isfinite(value) and value <= self._value + _SUFFICIENT_DECREASE * slope:
                # One after the other: arrays of a large picture take 200 MB.
                del direction
                move, change = candidate - self.x, gradient - self._gradient
                if _dot(move, change) > 0:
                    self._pairs.append(
                        (_Kept.of(move, self._precision), _Kept.of(change, self._precision))
                    )
                    self._blind_move = _PAINTED_MOVE
                else:
                    # The loss falls faster and faster in this direction: try a longer move.
                    self._blind_move *= 4
                self.x, self._value, self._gradient = candidate, value, gradient
                return evaluation, True
            # The minimum of the parabola through both losses and the slope, within limits.
            rise = value - self._value - slope
            best = -0.5 * slope / rise if np.isfinite(rise) and rise > 0 else 0.1
            length *= min(0.5, max(0.1, best))
        return _MAX_BACKTRACKS, False


class Adam:
    """Adam, clipped into the bounds, with one evaluation a step.

    Parameters
    ----------
    x, bounds : The variables to start from, and the range of each.
    rate : The learning rate; it falls with the square root of the step.
    decay : β₁ and β₂, the decay of the two moments.
    half_life : The number of steps after which the rate has fallen by 1/√2.

    References
    ----------
    Kingma & Ba 2015, algorithm 1.
    """

    def __init__(
        self,
        x: Array,
        *,
        bounds: Bounds,
        rate: float = 0.08,
        decay: tuple[float, float] = (0.9, 0.99),
        half_life: int = 50,
    ) -> None:
        self.x = bounds.clip(x)
        self._bounds = bounds
        self._rate, self._decay, self._half_life = rate, decay, half_life
        self.reset()

    def reset(self) -> None:
        """Forget both moments, because the loss has changed."""
        self._count = 0
        self._mean = np.zeros_like(self.x)
        self._square = np.zeros_like(self.x)

    def step(self, evaluate: Evaluate) -> Update:
        """One update; the loss in the result is that of the point before it."""
        value, gradient = evaluate(self.x)
        first, second = self._decay
        self._count += 1
        self._mean = first * self._mean + (1 - first) * gradient
        self._square = second * self._square + (1 - second) * gradient * gradient
        mean = self._mean / (1 - first**self._count)
        square = self._square / (1 - second**self._count)
        rate = self._rate / math.sqrt(1 + self._count / self._half_life)
        move = rate * mean / (np.sqrt(square) + 1e-12)
        before = self.x
        self.x = self._bounds.clip(before - move)
        return Update(value, 1, bool((before != self.x).any()))


Optimizer = LBFGS | Adam


def _dot(a: Array, b: Array) -> float:
    return float(np.vdot(a, b))
