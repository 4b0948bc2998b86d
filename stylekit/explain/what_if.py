"""What if the weights were others? A small grid of pictures, each painted under its own weights.

>>> rows, columns = ("alpha", (0.1, 1, 10)), ("beta", (1e3, 1e5))
>>> grid = sk.explain.WhatIfGrid(content, style, rows=rows, columns=columns)
>>> print(f"about {grid.estimate():.0f} s")
>>> for step in grid.steps(): ...
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
from ..image.parametrization import parametrization_of
from ..image.stylization import Stylization
from ..losses import TERMS
from ..media.images import fitted_size, resize_image
from ..settings import ImageSettings, Weights

Axis = tuple[str, Sequence[float]]
"""The name of a weight, and the values that it takes: `("beta", (1e3, 1e4, 1e5))`."""

# Over 30 evaluations of a photograph of 96 pixels in the style "swirls" a quarter of Adam's usual
# rate leaves a loss that is 9 to 12 per cent above that of L-BFGS; half of the rate leaves grain,
# and up to 60 per cent more.
_RATE = 0.02

# More pictures than this nobody compares, and they would take minutes.
_MAX_PICTURES = 36


@dataclass(frozen=True, slots=True, eq=False)
class GridStep:
    """All pictures of a grid after a step: `(K, H, W, 3)` in [0, 1], row by row."""

    step_index: int
    images: NDArray[np.float32]


class WhatIfGrid:
    """N × M small pictures that are painted together, a row for each value of one weight.

    `content` and `style` are Images of any size; the pictures are painted with the longest side
    of `size`, in `steps` steps, with one call of the network for all of them a step. `rows` and
    `columns` name two weights of `TERMS` and their values; all other weights are those of
    `settings`. `temporal` targets, which are made as small as the pictures, must be given to vary
    gamma: then all pictures start from the first of them, as the next frame of a clip does.

    Adam paints them, whose every step is one evaluation: all pictures go in step, and none waits
    for the line search of another, as with L-BFGS. What it does to a pixel depends on that pixel's
    gradient alone, so that a picture comes out as if it were painted by itself.

    Raises SettingsError for axes that are unknown, twice the same, empty or out of range, and
    what `Stylization` raises.
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
        # A picture that is smaller than that is not made larger.
        small = dataclasses.replace(
            settings, size=min(size, max(height, width)), steps=steps, scales=1
        )
        fitted = fitted_size((width, height), small.size)
        targets = [_resized(target, fitted) for target in temporal]
        init = targets[0].warped if targets else None
        start = Stylization(content, style, small, init=init, temporal=targets, preview=False)
        self._objective = BatchObjective(start.objective, start.targets)
        self._parametrization = parametrization_of(
            resize_image(content, fitted), keep_colors=settings.keep_colors
        )
        self._start = self._parametrization.variables(start.image)
        self.step_limit = steps
        self._begin(weights, rows, columns)

    def restarted(self, weights: Weights, *, rows: Axis, columns: Axis) -> WhatIfGrid:
        """A grid of the same pictures over other weights, from the beginning.

        It shares the targets and the network, which is not compiled anew. Those of `weights` that
        are not varied count for all pictures. Raises SettingsError as the class does.
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
        """About how many seconds the steps that are left take: one evaluation is timed.

        Nothing is painted by it. The first time it also compiles the network.
        """
        x = self._optimizer.x
        if not self._objective.compiled:
            self._evaluate(x)
        begun = time.perf_counter()
        self._evaluate(x)
        return (time.perf_counter() - begun) * (self.step_limit - self._step_index)

    def steps(self) -> Iterator[GridStep]:
        """One step of all pictures after the other, up to the limit; a break only pauses."""
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
