"""What other weights would give: a grid of small pictures, each painted with its own weights.

::

    grid = WhatIfGrid(content, style, rows=("alpha", (0.1, 1, 10)), columns=("beta", (1e3, 1e5)))
    print(f"about {grid.estimate():.0f} s")
    for step in grid.steps(): ...
"""

from __future__ import annotations

import copy
import dataclasses
import itertools
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..arrays import Image, check_image
from ..errors import SettingsError
from ..image.batch import BatchObjective
from ..image.objective import TemporalTarget
from ..image.optimizer import Adam
from ..image.stylization import Stylization
from ..losses import TERMS
from ..media.images import fitted_size, resize_image
from ..settings import ImageSettings, Weights

Axis = tuple[str, Sequence[float]]
"""The name of a weight, and the values that it takes: `("beta", (1e3, 1e4, 1e5))`."""

# Adam's learning rate, a quarter of the usual one. After 30 evaluations of a photograph of 96
# pixels in the style "swirls" its loss is 9 to 12 per cent above that of L-BFGS. Half of the usual
# rate leaves grain, and a loss up to 60 per cent higher.
_RATE = 0.02

# More pictures are hard to compare and take minutes.
_MAX_PICTURES = 36


@dataclass(frozen=True, slots=True, eq=False)
class GridStep:
    """All pictures of a grid after a step: `(K, H, W, 3)` in [0, 1], row by row."""

    step_index: int
    images: NDArray[np.float32]


class WhatIfGrid:
    """N × M small pictures that are painted together, a row for each value of one weight.

    Each step calls the network once for all pictures. The optimiser is Adam, because each of its
    steps is one evaluation, while the line searches of L-BFGS differ between pictures. Adam moves
    a pixel by that pixel's gradient alone, so each picture is as if it were painted by itself.

    Parameters
    ----------
    content, style : `(H, W, 3)` in [0, 1], of any size.
    settings : of the pictures; its weights are those that are not varied.
    rows, columns : a weight of `TERMS` each, and its values.
    size : the longest side of a picture in pixels.
    steps : the number of steps.
    temporal : targets, needed to vary gamma; they are shrunk to the pictures. All pictures then
        start from the first of them, like the next frame of a clip.

    Raises
    ------
    SettingsError : for axes that are unknown, the same, empty or out of range.
    """

    def __init__(
        self,
        content: Image,
        style: Image,
        settings: ImageSettings | None = None,
        *,
        rows: Axis,
        columns: Axis,
        size: int = 96,
        steps: int = 24,
        temporal: Sequence[TemporalTarget] = (),
    ) -> None:
        settings = settings or ImageSettings()
        self._has_temporal = bool(temporal)
        weights = self._weights_of(settings.weights, rows, columns)
        height, width = check_image(content, "content").shape[:2]
        # A smaller picture is not enlarged.
        small = dataclasses.replace(
            settings, size=min(size, max(height, width)), steps=steps, scales=1
        )
        fitted = fitted_size((width, height), small.size)
        targets = [_resized(target, fitted) for target in temporal]
        init = targets[0].warped if targets else None
        start = Stylization(content, style, small, init=init, temporal=targets, preview=False)
        self._objective = BatchObjective(start.objective, start.targets)
        self._parametrization = start.parametrization
        self._start = self._parametrization.variables(start.image)
        self.step_limit = steps
        self._begin(weights, rows, columns)

    def restarted(self, weights: Weights, *, rows: Axis, columns: Axis) -> WhatIfGrid:
        """A grid of the same pictures over other weights, from the start.

        It shares the targets and the compiled network. The values of `weights` that are not varied
        apply to all pictures. Raises SettingsError as the class does.
        """
        table = self._weights_of(weights, rows, columns)
        other = copy.copy(self)
        other._begin(table, rows, columns)
        return other

    def _begin(self, weights: tuple[Weights, ...], rows: Axis, columns: Axis) -> None:
        self.weights, self.shape = weights, (len(rows[1]), len(columns[1]))
        self._optimizer = Adam(
            np.stack([self._start] * len(weights)), bounds=self._parametrization.bounds, rate=_RATE
        )
        self._step_index = 0

    @property
    def images(self) -> NDArray[np.float32]:
        """The pictures as they are now, `(K, H, W, 3)`, row by row like `weights`."""
        return self._images(self._optimizer.x)

    def estimate(self) -> float:
        """The estimated seconds of the remaining steps: one evaluation is timed, nothing painted.

        The first call also compiles the network.
        """
        x = self._optimizer.x
        if not self._objective.compiled:
            self._evaluate(x)
        begun = time.perf_counter()
        self._evaluate(x)
        return (time.perf_counter() - begun) * (self.step_limit - self._step_index)

    def steps(self) -> Iterator[GridStep]:
        """Paint all pictures step by step, up to the limit; a `break` only pauses."""
        while self._step_index < self.step_limit:
            self._optimizer.step(self._evaluate)
            self._step_index += 1
            yield GridStep(self._step_index - 1, self.images)

    def _evaluate(self, x: NDArray[np.float32]) -> tuple[float, NDArray[np.float32]]:
        found = self._objective.evaluate(self._images(x), self.weights)
        gradients = [self._parametrization.pull_back(gradient) for gradient in found.gradients]
        return float(found.values.sum()), np.stack(gradients)

    def _images(self, x: NDArray[np.float32]) -> NDArray[np.float32]:
        return np.stack([self._parametrization.image(variables) for variables in x])

    def _weights_of(self, base: Weights, rows: Axis, columns: Axis) -> tuple[Weights, ...]:
        """The weights of each picture, row by row."""
        terms = {term.weight: term for term in TERMS.values()}
        for name, values in (rows, columns):
            if name not in terms:
                raise SettingsError(name, f"a grid is over two of {', '.join(terms)}")
            if not len(values):
                raise SettingsError(name, "give at least one value")
        if rows[0] == columns[0]:
            raise SettingsError(rows[0], "rows and columns vary the same weight; choose two")
        held = [name for name in (rows[0], columns[0]) if terms[name].needs_mask]
        if held and not self._has_temporal:
            raise SettingsError(
                held[0], "without a temporal target it changes nothing; give one, or vary another"
            )
        if (count := len(rows[1]) * len(columns[1])) > _MAX_PICTURES:
            raise SettingsError("grid", f"{count} pictures are too many; {_MAX_PICTURES} at most")
        pairs = itertools.product(rows[1], columns[1])
        varied: list[dict[str, Any]] = [
            dict(zip((rows[0], columns[0]), pair, strict=True)) for pair in pairs
        ]
        return tuple(dataclasses.replace(base, **own) for own in varied)


def _resized(target: TemporalTarget, size: tuple[int, int]) -> TemporalTarget:
    """The target at another `(width, height)`."""
    mask = np.repeat(target.mask[:, :, np.newaxis], 3, axis=2)
    return TemporalTarget(
        resize_image(target.warped, size), np.ascontiguousarray(resize_image(mask, size)[:, :, 0])
    )
