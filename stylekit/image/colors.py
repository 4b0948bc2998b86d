"""Colours and luminance: a picture in the colours of another, and which of them may change."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ..arrays import LUMINANCE, Image, Mask, check_image, from_bytes, to_bytes
from ..settings import Colors
from .guidance import Guidance
from .optimizer import Array, Bounds

# The most by which a principal component of colours grows when colours are matched.
_MAX_GAIN = 4.0

# A picture is grey if hardly a pixel, not one in a hundred, has channels this far apart: the
# rounding errors of a compressed grey picture are smaller.
_GREY_DIFFERENCE = 8 / 255

# A picture has one tint if hardly a pixel, not one in twenty, is farther than this from the line of
# its colours. Nine in ten pixels of ink on yellow paper are within 0.01; of ten other paintings
# none has so many within 0.11.
_TINT_DISTANCE = 8 / 255
_TINT_QUANTILE = 0.95

# The least variance of a colour, which keeps the covariance of a grey picture invertible: about a
# tenth of an 8-bit level, squared.
_MIN_VARIANCE = 1e-7

# The pixels whose colours are matched at a time.
_BLOCK_PIXELS = 1_000_000


def luminance(image: Image) -> NDArray[np.float32]:
    """Y = 0.299 R + 0.587 G + 0.114 B of an image, `(H, W)`.

    Examples
    --------
    >>> luminance(np.ones((1, 2, 3), np.float32)).round(3).tolist()
    [[1.0, 1.0]]
    """
    return image @ LUMINANCE


def match_colors(
    image: Image, palette: Image, *, mask: Mask | None = None, palette_mask: Mask | None = None
) -> Image:
    """`image` with the mean and covariance of the colours of `palette`, clipped to [0, 1].

    x ↦ Σ_p^{1/2} Σ_x^{-1/2} (x − μ_x) + μ_p, with symmetric square roots. No principal component of
    the colours of `image` is amplified more than four times: the colours of a grey photograph are
    noise.

    Parameters
    ----------
    image, palette : Images, which may differ in size.
    mask, palette_mask
        How much each pixel of the image, or of the palette, counts for its mean and covariance,
        `(H, W)` in [0, 1]; all the same unless given.

    References
    ----------
    Gatys et al. 2016, *Preserving Color in Neural Artistic Style Transfer*, §3 (the variant of
    "image analogies").
    """
    wanted = _color_moments(check_image(palette, "palette"), palette_mask)
    return _with_moments(check_image(image), _color_moments(image, mask), wanted)


def starting_picture(content: Image, style: Image | Guidance, colors: Colors) -> Image:
    """What a painting starts from: the content in the style's colours, or in its own.

    Blended styles are one palette: the colours of all their pixels together, each style with its
    share. The mean of the content in the colours of each style would be paler than any of them. A
    region takes on the colours of its own style, and what has no style, or is kept, stays.

    Parameters
    ----------
    content : In the size of the picture.
    style : An Image, or a Guidance.
    colors : Whose colours the picture has.
    """
    if colors is not Colors.STYLE:
        return content
    start = content
    for part in Guidance.of(style).parts((content.shape[1], content.shape[0])):
        wanted = _blended([_color_moments(one) for one in part.styles], part.shares)
        matched = _with_moments(content, _color_moments(content, part.mask), wanted)
        if part.mask is None:
            return matched
        start = start + part.mask[..., np.newaxis] * (matched - content)
    return np.clip(start, 0.0, 1.0)


def is_grey(image: Image) -> bool:
    """Whether a picture is black, white and grey alone, but for errors of compression.

    Examples
    --------
    >>> is_grey(np.full((4, 4, 3), 0.5, np.float32))
    True
    """
    red, green, blue = np.moveaxis(image, 2, 0)
    # Ten times as fast as np.ptp, which goes along the axis of three.
    highest = np.maximum(np.maximum(red, green), blue)
    lowest = np.minimum(np.minimum(red, green), blue)
    return bool(np.quantile(highest - lowest, 0.99) <= _GREY_DIFFERENCE)


def tint_of(image: Image) -> NDArray[np.float32] | None:
    """The direction `(3,)` from dark to light of a picture in one tint, such as sepia; else None.

    Its luminance is 1. All colours of such a picture lie about on a line through their mean.

    Parameters
    ----------
    image : An Image `(H, W, 3)`.

    Examples
    --------
    >>> light = np.linspace(0, 1, 32, dtype=np.float32).reshape(4, 8, 1)
    >>> print(tint_of(light * np.float32([1, 1, 0.5])).round(2))
    [1.06 1.06 0.53]
    """
    mean, covariance = _color_moments(image)
    direction = np.linalg.eigh(covariance)[1][:, -1]
    # A line along which one channel falls while another rises goes from hue to hue.
    if not (direction > 0).all() and not (direction < 0).all():
        return None
    line = direction.astype(np.float32)
    away = image.reshape(-1, 3) - mean.astype(np.float32)
    away -= (away @ line)[:, np.newaxis] * line
    if np.quantile(np.linalg.norm(away, axis=1), _TINT_QUANTILE) > _TINT_DISTANCE:
        return None
    return np.asarray(direction / (direction @ LUMINANCE), np.float32)


def mask_of(image: Image) -> Mask:
    """A picture as a mask `(H, W)`: its luminance in 8-bit steps, so that white is exactly 1.

    Examples
    --------
    >>> mask_of(np.ones((1, 2, 3), np.float32)).tolist()
    [[1.0, 1.0]]
    """
    mask: Mask = from_bytes(to_bytes(luminance(image)))
    return mask


_Moments = tuple[NDArray[np.float64], NDArray[np.float64]]


def _color_moments(image: Image, mask: Mask | None = None) -> _Moments:
    """The mean `(3,)` and the covariance `(3, 3)` of the colours of an image."""
    # Of what a small picture does not show, nothing is known.
    if mask is not None and not mask.sum() > 0:
        mask = None
    blocks = _row_blocks(image)
    total, mean = 0.0, np.zeros(3)
    for rows in blocks:
        x, weights = _weighted_colors(image, mask, rows)
        total += weights.sum()
        mean += weights @ x
    mean /= total
    products = np.zeros((3, 3))
    for rows in blocks:
        x, weights = _weighted_colors(image, mask, rows)
        x -= mean
        products += (x.T * weights) @ x
    return mean, products / (max(1.0, total - 1) if mask is None else total)


def _weighted_colors(
    image: Image, mask: Mask | None, rows: slice
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    x = image[rows].reshape(-1, 3).astype(np.float64)
    return x, np.ones(len(x)) if mask is None else mask[rows].reshape(-1).astype(np.float64)


def _row_blocks(image: Image) -> list[slice]:
    """The rows of an image, in parts that are small as float64 too."""
    height, width = image.shape[:2]
    count = max(1, _BLOCK_PIXELS // width)
    return [slice(top, top + count) for top in range(0, height, count)]


def _blended(moments: Sequence[_Moments], shares: Sequence[float]) -> _Moments:
    """The moments of the colours of several pictures together, each with its share."""
    mean = sum(share * own for share, (own, _) in zip(shares, moments, strict=True))
    covariance = sum(
        share * (own + np.outer(middle - mean, middle - mean))
        for share, (middle, own) in zip(shares, moments, strict=True)
    )
    return np.asarray(mean), np.asarray(covariance)


def _with_moments(image: Image, own: _Moments, wanted: _Moments) -> Image:
    variances, components = np.linalg.eigh(own[1])
    # What becomes of each component alone. The gains are not the singular values of the product:
    # to bound those would take away the contrast of a grey photograph, and not its noise.
    moves = _root(wanted[1]) @ components
    moves /= np.sqrt(np.maximum(variances, _MIN_VARIANCE))
    moves *= np.minimum(1.0, _MAX_GAIN / np.linalg.norm(moves, axis=0))
    transform = moves @ components.T
    matched = np.empty_like(image)
    for rows in _row_blocks(image):
        colors = (image[rows] - own[0]) @ transform.T + wanted[0]
        matched[rows] = np.clip(colors, 0.0, 1.0)
    return matched


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
    """Only the luminance may change: x = p + δ t, with one δ `(H, W)` for each pixel.

    t is (1, 1, 1) unless given. The same number added to red, green and blue changes Y, but not U
    and V. The picture therefore keeps the colour differences of the content p. Another t, of
    luminance 1 and with all channels above 0, is that of a picture in one tint. The bounds of δ
    keep all channels in [0, 1].

    References
    ----------
    Gatys et al. 2016, *Preserving Color in Neural Artistic Style Transfer*, §4.
    """

    def __init__(self, content: Image, tint: NDArray[np.float32] | None = None) -> None:
        self._content = content
        self._tint = np.ones(3, np.float32) if tint is None else tint
        self.bounds = Bounds(
            -(content / self._tint).min(axis=2), ((1.0 - content) / self._tint).min(axis=2)
        )

    def variables(self, image: Image) -> Array:
        """The difference in luminance from the content."""
        return self.bounds.clip(luminance(image) - luminance(self._content))

    def image(self, variables: Array) -> Image:
        """The content, lighter or darker by the variables."""
        return np.clip(self._content + variables[..., np.newaxis] * self._tint, 0.0, 1.0)

    def pull_back(self, gradient: Array) -> Array:
        """The sum over the channels, times t, because all change together."""
        return gradient @ self._tint


class KeptParametrization(Parametrization):
    """A part of the content stays as it is: x = k p + (1 − k) y, with the variables of y.

    y is the picture of another parametrization, p the content and k `(H, W)` how much of it is
    kept. Where k is 1 the picture is exactly the content, and its gradient does not count.
    """

    def __init__(self, painted: Parametrization, content: Image, kept: Mask) -> None:
        self._painted, self._content = painted, content
        self._kept = kept[..., np.newaxis]
        self.bounds = painted.bounds

    def variables(self, image: Image) -> Array:
        """Those of y, where `image` tells anything of it."""
        free = 1 - self._kept
        painted = np.divide(
            image - self._kept * self._content, free, out=image.copy(), where=free > 0
        )
        return self._painted.variables(np.clip(painted, 0.0, 1.0))

    def image(self, variables: Array) -> Image:
        """The content where it is kept, else what the variables paint."""
        painted = self._painted.image(variables)
        # Not p + (1 − k) (y − p), which would round where k is 1.
        mixed = self._kept * self._content + (1 - self._kept) * painted
        return np.clip(mixed, 0.0, 1.0)

    def pull_back(self, gradient: Array) -> Array:
        """Times 1 − k, then as for y."""
        return self._painted.pull_back((1 - self._kept) * gradient)


def parametrization_of(content: Image, style: Image | Guidance, colors: Colors) -> Parametrization:
    """How a picture of `content` is painted: in all colours, or in its luminance alone.

    Luminance alone is painted if the colours say so; in greys, if no style has a colour; and, if
    there is one style alone and its colours are asked for, in its tint, if it has but one.

    Parameters
    ----------
    content : In the size of the picture.
    style
        An Image or a Guidance, as the picture is compared with it: for `Colors.CONTENT` in the
        content's colours.
    colors : Whose colours the picture has.
    """
    guidance, size = Guidance.of(style), (content.shape[1], content.shape[0])
    painted = Parametrization()
    if colors is Colors.LUMINANCE:
        painted = LuminanceParametrization(content)
    elif all(is_grey(style) for style in guidance.counting):
        start = starting_picture(content, guidance, colors)
        grey = np.repeat(luminance(start)[..., np.newaxis], 3, axis=2)
        masks = [part.mask for part in guidance.parts(size) if part.mask is not None]
        if masks:
            # What has no style keeps its colours.
            grey = start + np.sum(masks, axis=0)[..., np.newaxis] * (grey - start)
        painted = LuminanceParametrization(grey)
    elif colors is Colors.STYLE and len(guidance.counting) == 1 and not guidance.regions:
        painted = _in_one_tint(content, guidance)
    kept = guidance.kept(size)
    return painted if kept is None else KeptParametrization(painted, content, kept)


def _in_one_tint(content: Image, guidance: Guidance) -> Parametrization:
    """The luminance alone, on the line of the style's colours; all colours if there is none."""
    style = guidance.counting[0]
    tint = tint_of(style)
    if tint is None:
        return Parametrization()
    mean = style.mean(axis=(0, 1))
    dark = -(mean / tint).min()
    light = ((1.0 - mean) / tint).min()
    start = luminance(starting_picture(content, guidance, Colors.STYLE)) - luminance(mean)
    on_line = mean + np.clip(start, dark, light)[..., np.newaxis] * tint
    return LuminanceParametrization(np.clip(on_line, 0.0, 1.0), tint)
