"""Who pulls at a pixel: the gradient of each term of the loss by itself."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..arrays import Image
from ..image.objective import Objective, Targets
from ..losses import TERMS, PerTerm, only, weight_of
from ..settings import Weights


class Shares(PerTerm[float]):
    """The share of each term in all that pulls, 0…1; they add up to 1, or to 0 if nothing pulls."""


class PullMaps(PerTerm[NDArray[np.float32]]):
    """How hard each weighted term pulls at each pixel: ‖∂(weight · L) / ∂x‖, float32 `(H, W)`.

    The norm is over red, green and blue, in loss per unit of an Image. At a finished picture the
    pulls cancel each other, so their shares tell who holds whom.
    """

    def shares(self, where: Any = ...) -> Shares:
        """The shares of the mean pulls over the pixels that the index `where` chooses."""
        means = {name: float(pull[where].mean(dtype=np.float64)) for name, pull in self.items()}
        total = sum(means.values()) or 1.0
        return Shares(**{name: mean / total for name, mean in means.items()})


def pull_maps(
    objective: Objective,
    targets: Targets,
    image: Image,
    weights: Weights,
    *,
    keep_colors: bool = False,
) -> PullMaps:
    """What pulls at `image`: one evaluation for each term that has a weight, nothing compiled anew.

    With `keep_colors` only the luminance of a pixel is free, and the pull is along it.
    """
    maps = {}
    for name, term in TERMS.items():
        weight = weight_of(term, weights)
        if not weight:
            maps[name] = np.zeros(image.shape[:2], np.float32)
            continue
        gradient = objective.evaluate(image, targets, only(weights, {name: weight})).gradient
        along = gradient.sum(axis=2, keepdims=True) if keep_colors else gradient
        maps[name] = np.sqrt(np.square(along).sum(axis=2))
    return PullMaps(**maps)
