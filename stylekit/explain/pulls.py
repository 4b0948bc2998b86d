"""How hard each term of the loss pulls at a picture, pixel by pixel and as a whole."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..arrays import Image
from ..image.objective import Objective, Targets
from ..losses import TERMS, PerTerm, only, weight_of
from ..settings import Weights

# The smallest β/α at which content and style are said to balance. Features are calibrated: with
# the content in the style's colours, where painting starts, it is 18 to 64, and thousands at the
# end. At the content itself it is 0, and below 0.3 if the content is only changed by rounding.
_MIN_BALANCED = 1.0


class Shares(PerTerm[float]):
    """The share of each term in all pulls, 0…1. They add up to 1, or to 0 if nothing pulls."""


class PullMaps(PerTerm[NDArray[np.float32]]):
    """The pull of each weighted term at each pixel: ‖∂(weight · L) / ∂x‖, float32 `(H, W)`.

    The norm is over red, green and blue, in loss per unit of an Image. At a finished picture the
    terms pull against each other, and their shares tell which terms decide about a pixel.
    """

    def shares(self, where: Any = ...) -> Shares:
        """The shares of the mean pulls over the pixels that the index `where` chooses."""
        means = {name: float(pull[where].mean(dtype=np.float64)) for name, pull in self.items()}
        total = sum(means.values()) or 1.0
        return Shares(**{name: mean / total for name, mean in means.items()})


@dataclass(frozen=True, kw_only=True)
class Balance:
    """How hard each term pulls at one picture, under `weights`.

    `pulls` are root mean squares, over the pixels, of ‖∂(weight · L) / ∂x‖ by term.
    `content_unit` and `style_unit` are those of content and style at weight 1.
    """

    weights: Weights
    pulls: PerTerm[float]
    content_unit: float
    style_unit: float

    @property
    def balanced(self) -> Weights | None:
        """The weights with alpha 1 with which content and style pull equally hard at the picture.

        All other weights keep their size relative to alpha; if alpha was 0, they are not changed.
        None if there is no such β: at the bare content nothing pulls towards the content, and
        when the style is reached nothing pulls towards the style.

        At the end of a painting all pulls cancel each other, so content and style are balanced
        there under the weights that painted it, whatever they are.
        """
        if self.is_bare_content or not self.style_unit:
            return None
        common = 1 / (self.weights.alpha or 1.0)
        scaled = {name: weight_of(term, self.weights) * common for name, term in TERMS.items()}
        return only(
            self.weights,
            {**scaled, "content": 1.0, "style": self.content_unit / self.style_unit},
        )

    @property
    def is_bare_content(self) -> bool:
        """Whether the picture is still the content, so that nothing pulls towards the content."""
        return self.content_unit <= _MIN_BALANCED * self.style_unit


def pull_maps(
    objective: Objective,
    targets: Targets,
    image: Image,
    weights: Weights,
    *,
    keep_colors: bool = False,
) -> PullMaps:
    """What pulls at `image`: one evaluation for each term that has a weight.

    Nothing is compiled again.

    Parameters
    ----------
    objective, targets : the losses, and what they compare the picture with.
    image : `(H, W, 3)` in [0, 1], of the size of `targets`.
    weights : the weight of each term; a term of weight 0 has a map of zeros.
    keep_colors : if True only the luminance of a pixel is free, and the pull is along it.

    Raises
    ------
    ValueError : if `image` is no Image, or not of the size of `targets`.
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


def balance(
    objective: Objective,
    targets: Targets,
    image: Image,
    weights: Weights,
    *,
    keep_colors: bool = False,
) -> Balance:
    """How hard each term pulls at `image` as a whole; parameters as in `pull_maps`.

    Content and style are measured even at weight 0, for the weights that balance them.
    """
    used = {name: weight_of(term, weights) for name, term in TERMS.items()}
    ones = {name: 1.0 for name in used if used[name] or name in ("content", "style")}
    maps = pull_maps(objective, targets, image, only(weights, ones), keep_colors=keep_colors)
    units = {
        name: float(np.sqrt(np.square(pull, dtype=np.float64).mean()))
        for name, pull in maps.items()
    }
    return Balance(
        weights=weights,
        pulls=PerTerm(**{name: used[name] * unit for name, unit in units.items()}),
        content_unit=units["content"],
        style_unit=units["style"],
    )
