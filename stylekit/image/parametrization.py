"""What of a picture is free to change: all its colours, or its luminance alone."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from ..arrays import Image
from .colors import luminance
from .optimizer import Bounds

Array = NDArray[np.float32]


class Parametrization(Protocol):
    """How the optimiser's variables and a picture become one another."""

    bounds: Bounds

    def variables(self, image: Image) -> Array:
        """The variables of the picture nearest to `image`."""
        ...

    def image(self, variables: Array) -> Image:
        """The picture that the variables stand for."""
        ...

    def pull_back(self, gradient: Array) -> Array:
        """The gradient by the variables of a loss with this gradient by the picture."""
        ...


class ColorParametrization:
    """Red, green and blue of every pixel are free."""

    bounds = Bounds(0.0, 1.0)

    def variables(self, image: Image) -> Array:
        """The picture itself."""
        return image.copy()

    def image(self, variables: Array) -> Image:
        """The variables themselves."""
        return variables

    def pull_back(self, gradient: Array) -> Array:
        """The gradient itself."""
        return gradient


class LuminanceParametrization:
    """Only the luminance is free: x = p + δ (1, 1, 1), one δ `(H, W)` for each pixel.

    Adding the same to red, green and blue changes Y and leaves U and V, so the picture keeps
    the colour differences of the content p, as in Gatys et al. 2016, *Preserving Color in
    Neural Artistic Style Transfer*, §4. The bounds of δ keep all three channels in [0, 1].
    """

    def __init__(self, content: Image) -> None:
        self._content = content
        self.bounds = Bounds(-content.min(axis=2), 1.0 - content.max(axis=2))

    def variables(self, image: Image) -> Array:
        """The difference in luminance from the content."""
        return self.bounds.clip(luminance(image) - luminance(self._content))

    def image(self, variables: Array) -> Image:
        """The content, lighter or darker by the variables."""
        return np.clip(self._content + variables[..., np.newaxis], 0.0, 1.0)

    def pull_back(self, gradient: Array) -> Array:
        """The sum over the channels, which move together."""
        return gradient.sum(axis=2)


def parametrization_of(content: Image, *, keep_colors: bool) -> Parametrization:
    """How a picture of `content` is painted: in all its colours, or in its luminance alone."""
    return LuminanceParametrization(content) if keep_colors else ColorParametrization()
