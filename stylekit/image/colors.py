"""Colours of one picture given to another, and luminance."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..arrays import Image, check_image

# ITU-R BT.601: the share of red, green and blue in luminance.
LUMINANCE = np.array([0.299, 0.587, 0.114], np.float32)

# Keeps the covariance of a grey picture invertible; about a tenth of an 8-bit level, squared.
_MIN_VARIANCE = 1e-7


def luminance(image: Image) -> NDArray[np.float32]:
    """Y = 0.299 R + 0.587 G + 0.114 B of an image, `(H, W)`."""
    return image @ LUMINANCE


def match_colors(image: Image, palette: Image) -> Image:
    """`image` moved to the mean and covariance of the colours of `palette`, clipped to [0, 1].

    x ↦ Σ_p^{1/2} Σ_x^{-1/2} (x − μ_x) + μ_p, the linear match of Gatys et al. 2016,
    *Preserving Color in Neural Artistic Style Transfer*, §3 ("image analogies" variant, with
    symmetric square roots). The two pictures may differ in size.
    """
    x = check_image(image).reshape(-1, 3).astype(np.float64)
    p = check_image(palette, "palette").reshape(-1, 3).astype(np.float64)
    transform = _power(np.cov(p, rowvar=False), 0.5) @ _power(np.cov(x, rowvar=False), -0.5)
    matched = (x - x.mean(axis=0)) @ transform.T + p.mean(axis=0)
    return np.clip(matched, 0.0, 1.0).astype(np.float32).reshape(image.shape)


def _power(covariance: NDArray[np.float64], exponent: float) -> NDArray[np.float64]:
    values, vectors = np.linalg.eigh(covariance)
    return (vectors * np.maximum(values, _MIN_VARIANCE) ** exponent) @ vectors.T
