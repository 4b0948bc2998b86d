"""The losses, one function an equation. Scalars and pure; TensorFlow in, TensorFlow out.

"Report" is the design that stylekit implements (its equations 1 to 3 are Gatys et al. 2016,
equations 1 to 7, with other normalisations); "Ruder" is Ruder, Dosovitskiy & Brox 2016,
*Artistic Style Transfer for Videos*.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from .settings import Weights
from .tensorflow_cpu import tf

PIXEL_UNIT = 0.065
"""The pixel range of the temporal term: white, 1 in an Image, counts as this much.

It makes the report's γ = 4·10² a balanced default. At the report's α and β the content and
the style term of a finished picture weigh 4·10⁻³ to 10⁻² each. Frames styled apart differ from
their warped predecessor by r = 0.09 to 0.16; at about half of that, r = 0.06, the temporal term
should weigh as much as either: γ u² r² = 4·10² · u² · 3.6·10⁻³ = 6·10⁻³, hence u = 0.065. On
the clip `orbit` in the style `cubist`, u = 0.13 raises the style distance from 1.4 to 2.0·10⁻⁷
and u = 0.05 the root warping error from 0.024 to 0.027.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Losses:
    """Unweighted losses of one picture, by term.

    What the style's layers count among themselves is part of the style loss.
    """

    content: float
    style: float
    temporal: float = 0.0
    tv: float = 0.0

    def total(self, weights: Weights) -> float:
        """α L_content + β L_style + γ L_temporal + tv L_tv (report, eq. 1; Ruder, eq. 7)."""
        return sum(self.weighted(weights).values())

    def weighted(self, weights: Weights) -> dict[str, float]:
        """The summands of `total` by term."""
        return {
            "content": weights.alpha * self.content,
            "style": weights.beta * self.style,
            "temporal": weights.gamma * self.temporal,
            "tv": weights.tv * self.tv,
        }

    def as_good_as(self, goal: Losses, weights: Weights) -> bool:
        """Whether the weighted losses sum up to no more than those of `goal`.

        The temporal term, which a first frame does not have, is left out, and so is what the
        order of a sum of float32 changes.
        """
        now, wanted = (replace(terms, temporal=0.0).total(weights) for terms in (self, goal))
        return now <= wanted * (1 + 1e-4)

    def to_json(self) -> dict[str, float]:
        """The losses by name."""
        return {
            "content": self.content,
            "style": self.style,
            "temporal": self.temporal,
            "tv": self.tv,
        }


def content_loss(features: Mapping[str, tf.Tensor], targets: Mapping[str, tf.Tensor]) -> tf.Tensor:
    """How far the features of a picture are from those of the content.

    L_content = Σ_l 1/(N_l M_l) Σ_ij (F_ij − P_ij)², N_l filters and M_l positions of layer l
    (report, eq. 2). `targets` maps layers to P; `features` holds at least these layers, each
    `(1, h, w, N)`.
    """
    return tf.add_n(
        [tf.reduce_mean(tf.square(features[name] - target)) for name, target in targets.items()]
    )


def gram_matrix(features: tf.Tensor) -> tf.Tensor:
    """G = F Fᵀ / M: how often filters answer together, wherever that is.

    `features` `(1, h, w, N)` gives `(N, N)`. Differs from the report's un-normalised G by the
    division by the M = h·w positions, so that content and style may differ in size.
    """
    flat = tf.reshape(features, (-1, features.shape[-1]))
    positions = tf.cast(tf.shape(flat)[0], tf.float32)
    return tf.matmul(flat, flat, transpose_a=True) / positions


def style_loss(
    features: Mapping[str, tf.Tensor],
    targets: Mapping[str, tf.Tensor],
    layer_weights: Sequence[float] | None = None,
) -> tf.Tensor:
    """How far the Gram matrices of a picture are from those of the style.

    L_style = Σ_l w_l 1/(N_l² M_l²) Σ_ij (G_ij − A_ij)² with the un-normalised G (report, eq. 3);
    here the 1/M² is inside `gram_matrix`. `targets` maps layers to A `(N, N)`; the w_l are 1
    unless given, one for each target.
    """
    weights = layer_weights or (1.0,) * len(targets)
    return tf.add_n(
        [
            weight * tf.reduce_mean(tf.square(gram_matrix(features[name]) - target))
            for (name, target), weight in zip(targets.items(), weights, strict=True)
        ]
    )


def temporal_loss(image: tf.Tensor, warped: tf.Tensor, mask: tf.Tensor) -> tf.Tensor:
    """How far a frame is from the warped stylised previous one, where flow can be trusted.

    L_temporal(x, ω, c) = 1/D Σ_k c_k (u x_k − u ω_k)², D = W·H·3 (Ruder, eq. 6). `image` and
    `warped` `(H, W, 3)` in [0, 1], `mask` `(H, W)` in [0, 1]. The gradient is exactly zero
    where the mask is zero. Differs from the paper: white is u = `PIXEL_UNIT`, not 255.
    """
    return tf.reduce_mean(mask[..., tf.newaxis] * tf.square(PIXEL_UNIT * (image - warped)))


def total_variation_loss(image: tf.Tensor) -> tf.Tensor:
    """How much neighbouring pixels differ: the mean squared difference, down plus across.

    L_tv = mean (x_{i+1,j} − x_{i,j})² + mean (x_{i,j+1} − x_{i,j})² of `image` `(H, W, 3)`
    (Mahendran & Vedaldi 2015, eq. 5 with their exponent β = 2, as a mean).
    """
    differences = (image[1:] - image[:-1], image[:, 1:] - image[:, :-1])
    # A picture one pixel high has no differences down, and their mean would be NaN.
    return tf.add_n([tf.reduce_sum(d * d) / max(1, math.prod(d.shape)) for d in differences])
