"""Where a new shot begins: whether the frame before, carried along the flow, explains a frame.

The reliable share of the flow alone does not tell. Between a black frame and a photograph forward
and backward flow agree, because there is nothing to follow; noise makes them disagree on a plain
wall. So the carried frame is also compared with the frame itself, in a way that depends neither
on the light nor on noise.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ..arrays import LUMINANCE, Flow, Image, Mask, check_image
from ..media.opencv import cv2
from .flow import warp
from .masks import reliable_share

# The frames that a flash lasts at most: an eighth of a second at 24 frames a second.
LONGEST_FLASH = 3

# The two Gaussians of the band that is compared: their σ as a share of the longest side, and the
# ratio of both. Noise has gone at this scale, and what the frame shows has not.
_BAND_SHARE = 1 / 32
_SMALLEST_SIGMA = 3.0
_BAND_RATIO = 4.0

# Frames of one shot, also in a fade, agree to 0.92 and more, cross-fades of six frames to 0.89;
# frames of two shots to 0.70 at most, or 0.88 if both have black bars, which only the flow tells
# apart (docs/flow.md).
_UNLIKE = 0.6
_ALIKE = 0.92

# Contrast that cannot be seen, in the band: less than half of an 8-bit level.
_NO_CONTRAST = 0.0015
# Noise of two frames is not correlated: with a floor of its own size they would agree to ½ only.
_NOISE_MARGIN = 4.0
# By this much two frames without contrast differ in brightness if they are not of one shot.
_NEW_LEVEL = 0.1


def agreement(frame: Image, warped: Image) -> float:
    """How far a frame is explained by the carried frame before, −1…1; 1 if neither shows anything.

    a = (Σ f w + n ε²) / √((Σ f² + n ε²) (Σ w² + n ε²)), the correlation over n pixels of the
    luminance of both in a band of middle frequencies, where a gain or an offset of the light
    changes nothing. ε is well above what noise leaves in that band, so that the noise of two plain
    frames counts as the same.

    Parameters
    ----------
    frame, warped : `(H, W, 3)`, a frame, and the frame before on its grid.

    Examples
    --------
    >>> wave = 0.5 + 0.4 * np.sin(np.linspace(0, 12, 64, dtype=np.float32))
    >>> stripes = np.tile(wave[None, :, None], (48, 1, 3))
    >>> round(agreement(stripes, stripes / 4), 2)
    1.0
    >>> agreement(stripes, np.zeros_like(stripes)) < 0.6
    True
    """
    check_image(frame, "frame")
    if warped.shape != frame.shape:
        raise ValueError(f"warped: must have the shape {frame.shape}, has {warped.shape}")
    sigma = max(_SMALLEST_SIGMA, max(frame.shape[:2]) * _BAND_SHARE)
    grey, carried = frame @ LUMINANCE, warped @ LUMINANCE
    floor = max(_floor(grey, sigma), _floor(carried, sigma))
    one, other = _band(grey, sigma), _band(carried, sigma)
    both = float(np.mean(one * other)) + floor
    return both / float(np.sqrt((np.mean(one**2) + floor) * (np.mean(other**2) + floor)))


def starts_shot(
    frame: Image, previous: Image, backward_flow: Flow, mask: Mask, *, cut_share: float
) -> bool:
    """Whether a frame belongs to another shot than `previous`.

    It does if both hardly agree (`agreement` below 0.6), or agree little (below 0.92) where less
    than `cut_share` of the flow is reliable. Of two plain frames the brightness decides.

    Parameters
    ----------
    frame, previous : `(H, W, 3)`.
    backward_flow, mask : From `frame` to `previous`, `(H, W, 2)`, and its reliability `(H, W)`.
    cut_share : 0…1.
    """
    if is_blank(frame) and is_blank(previous):
        return abs(float(np.mean(frame)) - float(np.mean(previous))) > _NEW_LEVEL
    enough = _ALIKE if reliable_share(mask) < cut_share else _UNLIKE
    return agreement(frame, warp(previous, backward_flow)) < enough


def noise_of(frame: Image) -> float:
    """σ of the noise of the luminance of a frame `(H, W, 3)`; fine texture counts as noise too."""
    return _noise(check_image(frame, "frame") @ LUMINANCE)


def is_blank(frame: Image) -> bool:
    """Whether a frame `(H, W, 3)` shows nothing: black, white or one colour, but for noise."""
    grey = check_image(frame, "frame") @ LUMINANCE
    sigma = max(_SMALLEST_SIGMA, max(frame.shape[:2]) * _BAND_SHARE)
    return bool(np.mean(_band(grey, sigma) ** 2) < 2 * _floor(grey, sigma))


def first_picture(clip: Sequence[Image]) -> Image:
    """The first frame that shows something, else the first: whose colours a clip has."""
    return next((frame for frame in clip if not is_blank(frame)), clip[0])


def _band(grey: NDArray[np.float32], sigma: float) -> NDArray[np.float32]:
    """The difference of two Gaussians of a picture `(H, W)`."""
    fine, coarse = (
        cv2.GaussianBlur(grey, (0, 0), spread, borderType=cv2.BORDER_REFLECT)
        for spread in (sigma, _BAND_RATIO * sigma)
    )
    return np.asarray(fine - coarse, np.float32)


def _floor(grey: NDArray[np.float32], sigma: float) -> float:
    """ε²: the square of the contrast in the band that a picture has without showing anything."""
    # A Gaussian leaves σ_noise / (2 √π σ) of white noise.
    noise = _noise(grey) / (2 * float(np.sqrt(np.pi)) * sigma)
    return _NO_CONTRAST**2 + (_NOISE_MARGIN * noise) ** 2


def _noise(grey: NDArray[np.float32]) -> float:
    """σ of the noise of a picture `(H, W)`, from the median of |x| where ∇²∇² cancels structure.

    Immerkær 1996, *Fast noise variance estimation*, with the median in place of the mean, so that
    edges do not count.
    """
    kernel = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]], np.float32)
    response = np.abs(cv2.filter2D(grey, -1, kernel, borderType=cv2.BORDER_REFLECT))
    # The kernel's root of squares is 6; the median of |x| of a normal distribution is 0.6745 σ.
    return float(np.median(response)) / (6 * 0.6745)
