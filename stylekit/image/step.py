"""What one step of the optimiser made of a picture."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from ..arrays import Image
from ..losses import Losses
from ..settings import Weights


@dataclass(frozen=True, eq=False, kw_only=True)
class Step:
    """The result of one optimiser step.

    `image` is the picture after the step, in the size of scale `scale_index` (counted from the
    preview if there is one). `value` is the weighted loss that the optimiser saw, and `painted`
    its terms, both of the picture before rounding. `evaluations` counts those of all steps so far.
    `losses` are of the 8-bit picture, and are computed when they are first read.
    """

    step_index: int
    scale_index: int
    image: Image
    value: float
    painted: Losses
    weights: Weights
    evaluations: int
    measure: Callable[[Image], Losses]

    @cached_property
    def losses(self) -> Losses:
        """Unweighted losses of the 8-bit picture."""
        return self.measure(self.image)

    @property
    def weighted_loss(self) -> float:
        """The weighted loss of the 8-bit picture."""
        return self.losses.total(self.weights)
