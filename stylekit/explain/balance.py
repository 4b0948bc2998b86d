"""How hard each term of the loss pulls at a picture, and the weights with which they pull alike."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ..arrays import Image
from ..image.objective import Objective, Targets
from ..losses import TERMS, PerTerm, only, weight_of
from ..settings import Weights

_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")

# Outside of these, powers of ten are easier to read than zeros.
_LEAST, _MOST = 1e-3, 1e7

# Pulls whose ratio is within this are about as hard.
_ALIKE = 1.25

# The least β/α at which content and style are said to balance. Features are calibrated: where
# painting starts, with the content in the style's colours, it is 18 to 64, and thousands at the
# end. At the content itself it is 0, and below 0.3 where rounding alone moves it.
_MIN_BALANCED = 1.0


@dataclass(frozen=True, kw_only=True)
class Balance:
    """How hard each term pulls at one picture, under `weights`.

    `pulls` are root mean squares, over the pixels, of ‖∂(weight · L) / ∂x‖ by term;
    `content_unit` and `style_unit` are those at weight 1.
    """

    weights: Weights
    pulls: PerTerm[float]
    content_unit: float
    style_unit: float

    @cached_property
    def words(self) -> tuple[str, ...]:
        """Sentences: style against content, and what else has a weight against style."""
        said = []
        if not self.weights.alpha:
            said.append("Nothing holds the content: its weight is 0.")
        elif self._still_content and self.weights.beta:
            said.append("The picture is still the content, which has nothing to pull at yet.")
        if not self.weights.beta:
            said.append("Nothing pulls towards the style: its weight is 0.")
        pulls = self.pulls
        if pulls.content and pulls.style and not self._still_content:
            said.append(compared("style", "content", pulls))
        against = "style" if pulls.style else "content"
        said += [
            compared(name, against, pulls)
            for name in pulls
            if name not in ("content", "style") and pulls[name] and pulls[against]
        ]
        return tuple(said)

    @property
    def balanced(self) -> Weights | None:
        """The weights with alpha 1 with which content and style pull equally hard at the picture.

        gamma and tv keep their size relative to alpha, or are kept where alpha was 0. None if
        there is no such β: where painting starts from the bare content, nothing pulls back to it,
        and where the style is reached, nothing pulls on.

        Where painting has come to rest the pulls cancel each other, so that content and style
        are balanced there under the weights that led there, whatever they are.
        """
        if self._still_content or not self.style_unit:
            return None
        common = 1 / (self.weights.alpha or 1.0)
        return dataclasses.replace(
            self.weights,
            alpha=1.0,
            beta=self.content_unit / self.style_unit,
            gamma=self.weights.gamma * common,
            tv=self.weights.tv * common,
        )

    @property
    def _still_content(self) -> bool:
        return self.content_unit <= _MIN_BALANCED * self.style_unit


def balance(
    objective: Objective,
    targets: Targets,
    image: Image,
    weights: Weights,
    *,
    keep_colors: bool = False,
) -> Balance:
    """How hard the terms pull at `image`: an evaluation for each of them, nothing compiled anew.

    With `keep_colors` only the luminance of a pixel is free, and the pull is along it. Raises
    ValueError for an `image` that is none, or not of the size of `targets`.
    """
    units = {}
    for name, term in TERMS.items():
        # Content and style are measured even at weight 0, for the weights that balance them.
        if name not in ("content", "style") and not weight_of(term, weights):
            units[name] = 0.0
            continue
        alone = only(weights, {name: 1.0})
        gradient = objective.evaluate(image, targets, alone).gradient.astype(np.float64)
        along = gradient.sum(axis=2, keepdims=True) if keep_colors else gradient
        units[name] = float(np.sqrt(np.square(along).sum(axis=2).mean()))
    pulls = PerTerm(**{name: weight_of(TERMS[name], weights) * units[name] for name in units})
    return Balance(
        weights=weights, pulls=pulls, content_unit=units["content"], style_unit=units["style"]
    )


def compared(first: str, second: str, pulls: Mapping[str, float]) -> str:
    """ "Style pulls 40 times as hard as content.", the harder one of two terms first."""
    weaker, harder = sorted((second, first), key=lambda name: pulls[name])
    ratio = pulls[harder] / pulls[weaker]
    times = "about" if ratio <= _ALIKE else f"{two_digits(ratio)} times"
    sentence = f"{TERMS[harder].subject} pulls {times} as hard as {TERMS[weaker].subject}."
    return sentence[0].upper() + sentence[1:]


def two_digits(value: float) -> str:
    """`value` to two significant digits: 1.3, 40, 1,300, 0.012, 4.1·10⁻⁵, 2.6·10⁸."""
    if value == 0 or not math.isfinite(value):
        return f"{value:g}"
    digits, _, power = f"{value:.1e}".partition("e")
    rounded = float(f"{digits}e{power}")
    if _LEAST <= abs(rounded) < _MOST:
        return f"{rounded:,.0f}" if abs(rounded) >= 10 else f"{rounded:.2g}"
    return f"{float(digits):g}·10{str(int(power)).translate(_RAISED)}"
