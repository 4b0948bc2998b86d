"""What the style loss compares: statistics of a layer's features, without their places.

A statistic is a function of the features of one layer, and of a mask over their positions. Each
is a sum over positions, divided by the sum of the mask; only `sliced_quantiles` is none.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..errors import SettingsError
from ..settings import Implementation, NameOrFunction
from .runtime import tf

DIRECTIONS = 32
"""The number of directions that `sliced_quantiles` projects the features of a layer on."""

_SEED = 0

# Measured on four pairs of a photograph and a style at 96 pixels, so that the default β pulls about
# as hard with each statistic. At the start of a painting, the content in the style's colours, the
# loss of Gram matrices is 1, that of covariances 0.16 to 0.28 and that of means 93 to 128; that of
# sliced quantiles is 200 to 236, and its gradient 134 to 293 times as long. With these factors
# `moments` had 0.92 to 1.18 times the loss of Gram matrices at the start and 1.5 to 2.1 at a
# painting of theirs, sliced quantiles 0.90 to 1.06 and 3.1 to 4.9. On other pairs the start differs
# more: up to 2.0 and 2.6 times (benchmarks/style_losses.py). The calibration of the style is a
# factor of all of them alike.
_MEAN_FACTOR = 0.007
_SLICED_FACTOR = 0.0045

Statistic = Callable[[Any, Any, int], Any]
"""`(features, mask, positions) -> statistic`: of features `(1, h, w, N)`, a mask `(h, w)` that says
how much each position counts (None: all the same), and the number of positions of the picture
that it is compared for, which only order statistics need. The statistic has any shape."""


class StyleTarget(NamedTuple):
    """What one part of a picture is compared with by the style term.

    `statistics` holds what `statistic` is for the style, by style layer; `masks` `(h, w)` by style
    layer say how much each position counts, none if all do the same. `weight` is the factor of this
    part in the style loss.
    """

    statistic: Statistic
    statistics: Mapping[str, tf.Tensor]
    masks: Mapping[str, tf.Tensor]
    weight: tf.Tensor


class StyleLoss(StrEnum):
    """Names of rows of `STYLE_LOSSES`: the statistics that the style loss compares."""

    GRAM = "gram"
    MOMENTS = "moments"
    SLICED = "sliced"


def gram_matrix(
    features: tf.Tensor, mask: tf.Tensor | None = None, positions: int = 0
) -> tf.Tensor:
    """How strongly each two filters respond together, at whatever position.

    G = F Fᵀ / M, with F the responses of N filters at M = h·w positions. Differs from the report,
    whose G is not divided by M: here content and style may differ in size. With a mask m,
    G = Σ_p m_p f_p f_pᵀ / Σ_p m_p.

    Parameters
    ----------
    features : The features of one layer, `(1, h, w, N)`.
    mask : How much each position counts, `(h, w)`, at least 0.
    positions : Not used.

    Returns
    -------
    G, `(N, N)`.

    References
    ----------
    With a mask: Gatys et al. 2017, *Controlling Perceptual Factors in Neural Style Transfer*, §4,
    whose guidance T multiplies the features: m = T².

    Examples
    --------
    >>> gram_matrix(np.float32([[[[1, 2], [3, 5]]]])).numpy().tolist()
    [[5.0, 8.5], [8.5, 14.5]]
    """
    flat = tf.reshape(features, (-1, features.shape[-1]))
    if mask is None:
        count = tf.cast(tf.shape(flat)[0], tf.float32)
        return tf.matmul(flat, flat, transpose_a=True) / count
    weights = _weights(mask)
    return tf.matmul(flat * weights, flat, transpose_a=True)


def moments(features: tf.Tensor, mask: tf.Tensor | None = None, positions: int = 0) -> tf.Tensor:
    """The covariance and the mean of the features of a layer.

    C = F Fᵀ / M − μ μᵀ and μ = Σ_p f_p / M. Two styles may differ in their means and covariances
    and have the same G = C + μ μᵀ; here either is compared.

    Parameters
    ----------
    features, mask, positions : As in `gram_matrix`.

    Returns
    -------
    `(N + 1, N)`: the rows of C, then √(k N) μ, so that the mean square of a difference is about
    mean_ij ΔC² + k mean_i Δμ².
    """
    channels = features.shape[-1]
    flat = tf.reshape(features, (-1, channels))
    if mask is None:
        mean = tf.reduce_mean(flat, axis=0, keepdims=True)
    else:
        mean = tf.reduce_sum(flat * _weights(mask), axis=0, keepdims=True)
    return _moments_of(gram_matrix(features, mask), mean)


def _moments_of(products: tf.Tensor, mean: tf.Tensor) -> tf.Tensor:
    covariance = products - tf.matmul(mean, mean, transpose_a=True)
    return tf.concat([covariance, (_MEAN_FACTOR * mean.shape[-1]) ** 0.5 * mean], 0)


def sliced_quantiles(
    features: tf.Tensor, mask: tf.Tensor | None = None, positions: int = 0
) -> tf.Tensor:
    """The sorted values of the features along fixed random directions.

    Their mean squared difference is the sliced Wasserstein distance of two distributions of
    features, as far as `DIRECTIONS` directions show it.

    Parameters
    ----------
    features : As in `gram_matrix`.
    mask : None; sorted values are no sum over positions.
    positions
        The number of values for each direction; other numbers of positions are resampled to it, by
        linear interpolation of the quantiles.

    Returns
    -------
    `(DIRECTIONS, positions)`, times a factor with which the default β pulls about as hard as with
    Gram matrices.

    References
    ----------
    Heitz et al. 2021, *A Sliced Wasserstein Loss for Neural Texture Synthesis*. They draw
    new directions for each step, as many as the layer has channels; L-BFGS needs a loss that stays.
    """
    if mask is not None:
        raise _no_masks()
    channels = features.shape[-1]
    flat = tf.reshape(features, (-1, channels))
    projected = tf.matmul(_directions(channels), flat, transpose_b=True)
    # Not tf.sort, whose gradient has no form for batches (tf.vectorized_map).
    values = tf.gather(projected, tf.argsort(projected), batch_dims=1)
    count = values.shape[-1]
    if positions and positions != count:
        places = np.clip((np.arange(positions) + 0.5) * count / positions - 0.5, 0, count - 1)
        below = np.floor(places).astype(np.int32)
        above = np.minimum(below + 1, count - 1)
        share = (places - below).astype(np.float32)
        values = tf.gather(values, below, axis=-1) * (1 - share) + share * tf.gather(
            values, above, axis=-1
        )
    return _SLICED_FACTOR**0.5 * values


@dataclass(frozen=True)
class StyleLossRow(Implementation[Statistic]):
    """A row of `STYLE_LOSSES`; `takes_masks` tells whether positions may count differently."""

    takes_masks: bool = True


STYLE_LOSSES: dict[str, StyleLossRow] = {
    "gram": StyleLossRow("Gram matrices", gram_matrix, help="compares Gram matrices"),
    "moments": StyleLossRow("mean and covariance", moments, help="means and covariances"),
    "sliced": StyleLossRow(
        "sliced Wasserstein", sliced_quantiles, help="whole distributions", takes_masks=False
    ),
}
"""Every statistic by its name in settings, files and on the command line."""


FromMeans = Callable[[Any, Any], Any]
"""`(products, mean) -> statistic`, of the means over positions of f fᵀ, `(N, N)`, and f, `(1, N)`.

So a statistic can be computed of a large picture part by part."""

_FROM_MEANS: dict[Statistic, FromMeans] = {
    gram_matrix: lambda products, _mean: products,
    moments: _moments_of,
}


def from_means(statistic: Statistic) -> FromMeans | None:
    """How a statistic follows from means over positions; None if it does not."""
    return _FROM_MEANS.get(statistic)


def check_takes_masks(style_loss: NameOrFunction) -> None:
    """Raise SettingsError for a row whose statistic counts all positions the same."""
    row = STYLE_LOSSES.get(style_loss) if isinstance(style_loss, str) else None
    if row is not None and not row.takes_masks:
        raise _no_masks()


def _no_masks() -> SettingsError:
    return SettingsError(
        "style_loss",
        "sliced counts every part of a picture the same; with regions or a kept part use gram or "
        "moments",
    )


def _weights(mask: tf.Tensor) -> tf.Tensor:
    """The mask as a column of numbers that add up to 1, or all 0."""
    column = tf.reshape(mask, (-1, 1))
    return column / tf.maximum(tf.reduce_sum(column), MIN_SUM)


MIN_SUM = 1e-12
"""The least sum of a mask: of a region a small picture may show nothing."""


@lru_cache(maxsize=16)
def _unit_vectors(channels: int) -> NDArray[np.float32]:
    drawn = np.random.default_rng(_SEED).standard_normal((DIRECTIONS, channels))
    vectors: NDArray[np.float32] = (drawn / np.linalg.norm(drawn, axis=1, keepdims=True)).astype(
        np.float32
    )
    return vectors


def _directions(channels: int) -> tf.Tensor:
    return tf.constant(_unit_vectors(channels))
