"""Who pulls at a pixel: the gradient of each term of the loss by itself."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..arrays import Image
from ..settings import Weights

if TYPE_CHECKING:
    from ..objective import Objective, Targets

# Each term of the loss, and its weight.
_TERMS = {"content": "alpha", "style": "beta", "temporal": "gamma", "tv": "tv"}
_NO_WEIGHTS: dict[str, Any] = dict.fromkeys(_TERMS.values(), 0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shares:
    """The share of each term in all that pulls, 0…1; they add up to 1, or to 0 if nothing pulls."""

    content: float
    style: float
    temporal: float
    tv: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PullMaps:
    """How hard each weighted term pulls at each pixel: ‖∂(weight · L) / ∂x‖, float32 `(H, W)`.

    The norm is over red, green and blue, in loss per unit of an Image. At a finished picture the
    pulls cancel each other, so their shares tell who holds whom.
    """

    content: NDArray[np.float32]
    style: NDArray[np.float32]
    temporal: NDArray[np.float32]
    tv: NDArray[np.float32]

    def shares(self, where: Any = ...) -> Shares:
        """The shares of the mean pulls over the pixels that the index `where` chooses."""
        means = {name: float(getattr(self, name)[where].mean(dtype=np.float64)) for name in _TERMS}
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
    for term, weight in _TERMS.items():
        value = getattr(weights, weight)
        if not value:
            maps[term] = np.zeros(image.shape[:2], np.float32)
            continue
        alone = dataclasses.replace(weights, **_NO_WEIGHTS | {weight: value})
        gradient = objective.evaluate(image, targets, alone).gradient
        along = gradient.sum(axis=2, keepdims=True) if keep_colors else gradient
        maps[term] = np.sqrt(np.square(along).sum(axis=2))
    return PullMaps(**maps)
