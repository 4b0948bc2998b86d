"""Colours and luminance: a picture in the colours of another, and which of them may change."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..arrays import LUMINANCE, Image, check_image
from ..settings import Colors
from .optimizer import Array, Bounds

# The most by which a principal component of colours grows when colours are matched.
_MAX_GAIN = 4.0

# A picture is grey if hardly a pixel, not one in a hundred, has channels this far apart: the
# rounding errors of a compressed grey picture are smaller.
_GREY_DIFFERENCE = 8 / 255

# The least variance of a colour, which keeps the covariance of a grey picture invertible: about a
# tenth of an 8-bit level, squared.
_MIN_VARIANCE = 1e-7


def luminance(image: Image) -> NDArray[np.float32]:
    """Y = 0.299 R + 0.587 G + 0.114 B of an image, `(H, W)`.

    Examples
    --------
    >>> luminance(np.ones((1, 2, 3), np.float32)).round(3).tolist()
    [[1.0, 1.0]]
    """
    return image @ LUMINANCE


def match_colors(image: Image, palette: Image) -> Image:
    """`image` with the mean and covariance of the colours of `palette`, clipped to [0, 1].

    x ↦ Σ_p^{1/2} Σ_x^{-1/2} (x − μ_x) + μ_p, with symmetric square roots. No principal component of
    the colours of `image` is amplified more than four times: the colours of a grey photograph are
    noise.

    Parameters
    ----------
    image, palette : Images, which may differ in size.

    References
    ----------
    Gatys et al. 2016, *Preserving Color in Neural Artistic Style Transfer*, §3 (the variant of
    "image analogies").
    """
    x = check_image(image).reshape(-1, 3).astype(np.float64)
    p = check_image(palette, "palette").reshape(-1, 3).astype(np.float64)
    variances, components = np.linalg.eigh(np.cov(x, rowvar=False))
    # What becomes of each component alone. The gains are not the singular values of the product:
    # to bound those would take away the contrast of a grey photograph, and not its noise.
    moves = _root(np.cov(p, rowvar=False)) @ components
    moves /= np.sqrt(np.maximum(variances, _MIN_VARIANCE))
    moves *= np.minimum(1.0, _MAX_GAIN / np.linalg.norm(moves, axis=0))
    transform = moves @ components.T
    matched = (x - x.mean(axis=0)) @ transform.T + p.mean(axis=0)
    return np.clip(matched, 0.0, 1.0).astype(np.float32).reshape(image.shape)


def starting_picture(content: Image, style: Image, colors: Colors) -> Image:
    """What a painting starts from: the content in the style's colours, or in its own."""
    return match_colors(content, style) if colors is Colors.STYLE else content


def is_grey(image: Image) -> bool:
    """Whether a picture is black, white and grey alone, but for errors of compression.

    Examples
    --------
    >>> is_grey(np.full((4, 4, 3), 0.5, np.float32))
    True
    """
    return bool(np.quantile(np.ptp(image, axis=2), 0.99) <= _GREY_DIFFERENCE)


def _root(covariance: NDArray[np.float64]) -> NDArray[np.float64]:
    values, vectors = np.linalg.eigh(covariance)
    return (vectors * np.sqrt(np.maximum(values, _MIN_VARIANCE))) @ vectors.T


class Parametrization:
    """Between a picture and the variables of the optimiser: here every colour may change."""

    bounds = Bounds(0.0, 1.0)

    def variables(self, image: Image) -> Array:
        """The variables of the picture that is nearest to `image`, as a new array."""
        return image.copy()

    def image(self, variables: Array) -> Image:
        """The picture of these variables."""
        return variables

    def pull_back(self, gradient: Array) -> Array:
        """From the gradient with respect to the picture to that with respect to the variables."""
        return gradient


class LuminanceParametrization(Parametrization):
    """Only the luminance may change: x = p + δ (1, 1, 1), with one δ `(H, W)` for each pixel.

    The same number added to red, green and blue changes Y, but not U and V. The picture therefore
    keeps the colour differences of the content p. The bounds of δ keep all channels in [0, 1].

    References
    ----------
    Gatys et al. 2016, *Preserving Color in Neural Artistic Style Transfer*, §4.
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
        """The sum over the channels, because all change by the same number."""
        return gradient.sum(axis=2)


def parametrization_of(content: Image, style: Image, colors: Colors) -> Parametrization:
    """How a picture of `content` is painted: in all colours, or in its luminance alone.

    Luminance alone is painted if the colours say so, and, in greys, for a style without colour.

    Parameters
    ----------
    content : In the size of the picture.
    style : As the picture is compared with it: for `Colors.CONTENT` in the content's colours.
    colors : Whose colours the picture has.
    """
    if colors is Colors.LUMINANCE:
        return LuminanceParametrization(content)
    if is_grey(style):
        grey = luminance(starting_picture(content, style, colors))
        return LuminanceParametrization(np.repeat(grey[..., np.newaxis], 3, axis=2))
    return Parametrization()
