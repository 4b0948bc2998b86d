"""The gradients of total variation as published codes define it, each with respect to an Image.

All take `image` `(H, W, 3)` in [0, 1] and give float64 of that shape: ∂TV/∂x.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..arrays import Image

Gradient = NDArray[np.float64]

# The standard deviations of ImageNet's colours that torchvision's networks are fed in units of.
IMAGENET_STD = (0.229, 0.224, 0.225)


def mean_squares(image: Image, *, white: float = 1.0) -> Gradient:
    """Of mean (x_{i+1,j} − x_{i,j})² + mean (x_{i,j+1} − x_{i,j})²; white counts as `white`.

    At white = 1 that is `stylekit.losses.total_variation_loss`.
    """
    down, across = _slopes(image)
    scale = 2 * white**2
    return _onto_pixels(scale * down / max(1, down.size), scale * across / max(1, across.size))


def half_squares(image: Image, *, white: float) -> Gradient:
    """Of ½ Σ (x_{i+1,j} − x_{i,j})² + (x_{i,j+1} − x_{i,j})², without the last row and column."""
    down, across = (slope * white**2 for slope in _slopes(image))
    down[:, -1:] = 0.0
    across[-1:] = 0.0
    return _onto_pixels(down, across)


def powers(image: Image, *, white: float, power: float) -> Gradient:
    """Of Σ ((x_{i+1,j} − x_{i,j})² + (x_{i,j+1} − x_{i,j})²)^power, without last row and column."""
    down, across = _slopes(image)
    steepness = white**2 * (down[:, :-1] ** 2 + across[:-1] ** 2)
    rate = 2 * power * white**2 * steepness ** (power - 1)
    down[:, :-1] *= rate
    across[:-1] *= rate
    down[:, -1:] = 0.0
    across[-1:] = 0.0
    return _onto_pixels(down, across)


def absolutes(image: Image) -> Gradient:
    """Of Σ |x_{i+1,j} − x_{i,j}| + |x_{i,j+1} − x_{i,j}|."""
    down, across = _slopes(image)
    return _onto_pixels(np.sign(down), np.sign(across))


def mean_absolutes(image: Image) -> Gradient:
    """Of ½ (mean |x_{i+1,j} − x_{i,j}| + mean |x_{i,j+1} − x_{i,j}|), x in `IMAGENET_STD`."""
    down, across = _slopes(image)
    unit = 0.5 / np.array(IMAGENET_STD)
    return _onto_pixels(
        unit * np.sign(down) / max(1, down.size), unit * np.sign(across) / max(1, across.size)
    )


def _slopes(image: Image) -> tuple[Gradient, Gradient]:
    x = image.astype(np.float64)
    return x[1:] - x[:-1], x[:, 1:] - x[:, :-1]


def _onto_pixels(down: Gradient, across: Gradient) -> Gradient:
    """∂/∂x of what has the derivatives `down` and `across` with respect to the slopes of x."""
    gradient = np.zeros((across.shape[0], down.shape[1], across.shape[2]))
    gradient[1:] += down
    gradient[:-1] -= down
    gradient[:, 1:] += across
    gradient[:, :-1] -= across
    return gradient
