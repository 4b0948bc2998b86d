"""The style loss of a large picture, from what its tiles know of it: sums over their positions.

For each part of the picture with its mask m, the sums divided by Σ m are the means G of F Fᵀ and μ
of F. The statistics of the picture follow from them, and so does the gradient of the style loss. A
statistic that does not follow from G and μ, such as sorted values, is refused.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ..errors import SettingsError
from ..losses import statistic_loss
from ..vgg.runtime import tf
from ..vgg.statistics import MIN_SUM, FromMeans, Statistic, StyleTarget, from_means

Array = NDArray[np.float32]

Means: TypeAlias = "dict[str, list[tuple[tf.Tensor, tf.Tensor]]]"
"""By style layer, for each part of a picture: the means of F Fᵀ, `(N, N)`, and of F, `(1, N)`."""

Masks = Mapping[str, Sequence[Array]]
"""By style layer, the mask `(1, h, w, 1)` of each part of a picture; none for the whole picture."""


def masks_by_layer(style: Sequence[StyleTarget], layers: Sequence[str]) -> Masks:
    """The masks of the parts of a picture."""
    return {
        layer: [
            np.asarray(part.masks[layer])[np.newaxis, ..., np.newaxis]
            for part in style
            if part.masks
        ]
        for layer in layers
    }


def mask_sums(masks: Sequence[Array], positions: int) -> list[float]:
    """Σ m of each mask; the number of all positions if there is none."""
    if not masks:
        return [float(positions)]
    return [max(float(mask.sum(dtype=np.float64)), MIN_SUM) for mask in masks]


def sums_of(F: tf.Tensor, masks: Sequence[tf.Tensor], core: tf.Tensor) -> list[tuple]:
    """Σ m F Fᵀ and Σ m F over the positions of a tile, for each mask."""
    shape = (-1, F.shape[-1])
    flat = tf.reshape(F, shape)
    weighted = [tf.reshape(F * part_of(mask, core), shape) for mask in masks] or [flat]
    return [
        (tf.matmul(own, flat, transpose_a=True), tf.reduce_sum(own, 0, keepdims=True))
        for own in weighted
    ]


def style_losses(means: Means, style: Sequence[StyleTarget]) -> tf.Tensor:
    """As `stylekit.losses.style_losses`, of the means of the features."""

    def loss(part: StyleTarget, layer: str, own: tuple[tf.Tensor, tf.Tensor]) -> tf.Tensor:
        found = conversion(part.statistic)(*own)
        mask = part.masks[layer] if part.masks else None
        return part.weight * statistic_loss(found, part.statistics[layer], mask)

    return tf.stack(
        [
            tf.add_n([loss(part, layer, own) for part, own in zip(style, of_parts, strict=True)])
            for layer, of_parts in means.items()
        ]
    )


def conversion(statistic: Statistic) -> FromMeans:
    """How a statistic follows from means; raises SettingsError if it does not."""
    found = from_means(statistic)
    if found is None:
        raise SettingsError(
            "style_loss",
            "so large a picture is computed in tiles, which only gram and moments can be; choose "
            "one of them, or a smaller size",
        )
    return found


def style_pulls(
    means: Means,
    style: Sequence[StyleTarget],
    factors: Sequence[float],
    counts: Mapping[str, Sequence[float]],
) -> tuple[tf.Tensor, Means]:
    """The style losses, and by layer (∂L/∂G + ∂L/∂Gᵀ) / Σ m and ∂L/∂μ / Σ m of each part.

    The gradient of the loss with respect to the features is m F times the first, plus m times the
    second, summed over the parts.

    Parameters
    ----------
    means, style : Those of a picture, and what it is compared with.
    factors : The weight of each style layer.
    counts : The `mask_sums` by layer.
    """
    with tf.GradientTape() as tape:
        tape.watch(means)
        losses = style_losses(means, style)
        value = tf.tensordot(tf.constant(factors, tf.float32), losses, 1)
    # A Gram matrix does not depend on μ.
    slopes = tape.gradient(value, means, unconnected_gradients=tf.UnconnectedGradients.ZERO)
    pulls = {
        layer: [
            ((slope + tf.transpose(slope)) / count, of_mean / count)
            for (slope, of_mean), count in zip(slopes[layer], counts[layer], strict=True)
        ]
        for layer in means
    }
    return losses, pulls


def part_of(features: Any, place: Any) -> Any:
    """The positions from top to bottom and from left to right of features `(1, h, w, N)`."""
    top, bottom, left, right = (place[index] for index in range(4))
    return features[:, top:bottom, left:right]
