"""One picture of two: a frame between two keyframes, painted from each of them.

At each pixel the painting with the lower error is taken (Jamriška et al. 2019). Two things keep the
seams and the change from one keyframe to the other from being seen: both paintings are brought to
common colours, and what is taken are gradients, of which a Poisson solver makes a picture.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from ..arrays import BoolMask, Image, check_image
from .by_example import Synthesized
from .guides import blurred, from_lab, to_lab

# The σ in pixels of the Gaussian over the errors, so that whole areas are taken, not single pixels.
_ERROR_SIGMA = 3.0
# How much an error counts for being a share of the way away: where both are equal, as in what does
# not move, the nearer keyframe is taken. About the square of three 8-bit steps.
_WAY = (3 / 255) ** 2
# How strongly the solved picture is held to the colours, against its gradients: over about ten
# pixels.
_SCREEN = 0.01
_LEAST_DEVIATION = 1e-4
# A pixel counts as painted from this coverage on.
_PAINTED = 0.5


def blend_keys(first: Synthesized, second: Synthesized, share: float) -> Image:
    """A frame between two keyframes.

    Parameters
    ----------
    first, second : the frame painted from the earlier and from the later keyframe.
    share : how far the frame is on the way from the first to the second, 0…1.

    Returns
    -------
    `(H, W, 3)` in [0, 1]; both pictures are equal to it if they are equal to each other.

    Raises
    ------
    ValueError : if sizes differ or `share` is out of range.

    Notes
    -----
    With the means μ and deviations σ of L, a and b over what is painted, both pictures O get those
    between them, (1 − t) μ₁ + t μ₂ and (1 − t) σ₁ + t σ₂ at the share t, and so does their mean A.
    The result X has the least Σ |∇X − g|² + ε |X − A|², where g are the gradients of the picture
    that is taken (Pérez et al. 2003; with ε as Bhat et al. 2008), ε = 0.01.
    """
    check_image(second.image, "second", like=check_image(first.image, "first"))
    if not 0 <= share <= 1:
        raise ValueError(f"share: must be from 0 to 1, is {share}")
    takes_second = _choice(first, second, share)
    covers = first.coverage, second.coverage
    labs = [to_lab(painted.image) for painted in (first, second)]
    moments = [_moments(lab, cover) for lab, cover in zip(labs, covers, strict=True)]
    wanted = tuple((1 - share) * a + share * b for a, b in zip(*moments, strict=True))
    one, other = (
        _matched(painted.image, lab, own, wanted)
        for painted, lab, own in zip((first, second), labs, moments, strict=True)
    )
    halfway = np.clip((1 - share) * one + share * other, 0, 1).astype(np.float32)
    lab = to_lab(halfway)
    mean = _matched(halfway, lab, _moments(lab, np.maximum(*covers)), wanted)
    # Where only one of them is painted, the other one's colours are those of the clip.
    sides = [cover > _PAINTED for cover in covers]
    mean[sides[0] & ~sides[1]] = one[sides[0] & ~sides[1]]
    mean[sides[1] & ~sides[0]] = other[sides[1] & ~sides[0]]
    solved = screened_poisson(_gradients(one, other, takes_second), mean)
    return np.clip(solved, 0, 1).astype(np.float32)


def _choice(first: Synthesized, second: Synthesized, share: float) -> BoolMask:
    """True where the second painting is taken."""
    costs = [
        blurred(one.error, _ERROR_SIGMA) + _WAY * way
        for one, way in ((first, share), (second, 1 - share))
    ]
    takes_second = costs[1] < costs[0]
    sides = first.coverage > _PAINTED, second.coverage > _PAINTED
    return np.asarray(np.where(sides[0] == sides[1], takes_second, sides[1]), np.bool_)


Moments = tuple[NDArray[np.float64], NDArray[np.float64]]


def _moments(lab: NDArray[np.float32], coverage: NDArray[np.float32]) -> Moments:
    """The mean and the deviation of L, a and b, each pixel counted by its coverage."""
    weight = coverage / max(float(coverage.sum()), 1e-6)
    mean = np.einsum("ij,ijk->k", weight, lab, dtype=np.float64)
    square = np.einsum("ij,ijk->k", weight, (lab - mean) ** 2, dtype=np.float64)
    return mean, np.sqrt(square)


def _matched(
    image: Image, lab: NDArray[np.float32], own: Moments, wanted: Moments
) -> NDArray[np.float64]:
    """`image` with other means and deviations in Lab.

    The change is added to it, since the way to Lab and back would change it by up to an 8-bit step.
    """
    gain = wanted[1] / np.maximum(own[1], _LEAST_DEVIATION)
    matched = (lab - own[0]) * gain + wanted[0]
    return np.asarray(image + (from_lab(matched) - from_lab(lab)), np.float64)


def _gradients(one: NDArray, other: NDArray, takes_second: BoolMask) -> tuple[NDArray, NDArray]:
    """To the right `(H, W − 1, C)` and down `(H − 1, W, C)`, each of the picture that is taken."""
    chosen = []
    for axis in (1, 0):
        here = np.take(takes_second, range(takes_second.shape[axis] - 1), axis)[..., np.newaxis]
        chosen.append(np.where(here, np.diff(other, axis=axis), np.diff(one, axis=axis)))
    return chosen[0], chosen[1]


def screened_poisson(
    gradients: tuple[NDArray, NDArray], colors: NDArray, screen: float = _SCREEN
) -> NDArray[np.float64]:
    """The picture X with the least Σ |∇X − g|² + ε |X − A|².

    (ε − Δ) X = ε A − div g, with no flow through the border, which the cosine transform solves
    exactly: its functions are the eigenvectors of Δ.

    Parameters
    ----------
    gradients : g to the right `(H, W − 1, C)` and down `(H − 1, W, C)`.
    colors : A `(H, W, C)`.
    screen : ε, above 0.
    """
    right, down = gradients
    divergence = np.zeros_like(colors, np.float64)
    divergence[:, :-1] += right
    divergence[:, 1:] -= right
    divergence[:-1] += down
    divergence[1:] -= down
    height, width = colors.shape[:2]
    by_y, by_x = (2 - 2 * np.cos(np.pi * np.arange(n) / n) for n in (height, width))
    eigenvalues = (by_y[:, np.newaxis] + by_x)[..., np.newaxis] + screen
    waves = fft.dctn(screen * colors - divergence, type=2, axes=(0, 1)) / eigenvalues
    return np.asarray(fft.idctn(waves, type=2, axes=(0, 1)), np.float64)
