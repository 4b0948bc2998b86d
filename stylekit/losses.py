"""The losses, one function an equation. Scalars and pure; TensorFlow in, TensorFlow out.

"Report" is the design that stylekit implements (its equations 1 to 3 are Gatys et al. 2016,
equations 1 to 7, with other normalisations); "Ruder" is Ruder, Dosovitskiy & Brox 2016,
*Artistic Style Transfer for Videos*.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Generic, TypeVar

from .settings import Weights
from .vgg.runtime import tf

PIXEL_UNIT = 0.065
"""The pixel range of the temporal term: white, 1 in an Image, counts as this much.

It makes the report's γ = 4·10² a balanced default. At the report's α and β the content and
the style term of a finished picture weigh 4·10⁻³ to 10⁻² each. Frames styled apart differ from
their warped predecessor by r = 0.09 to 0.16; at about half of that, r = 0.06, the temporal term
should weigh as much as either: γ u² r² = 4·10² · u² · 3.6·10⁻³ = 6·10⁻³, hence u = 0.065. On
the clip `orbit` in the style `cubist`, u = 0.13 raises the style distance from 1.4 to 2.0·10⁻⁷
and u = 0.05 the root warping error from 0.024 to 0.027.
"""


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


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Compared:
    """A picture and all that its losses compare it with.

    `image` `(H, W, 3)` has the `features` of its layers; `content` holds the features of the
    content by content layer, `grams` the Gram matrices of the style by style layer. `warped`
    `(T, H, W, 3)` and `masks` `(T, H, W)` are the temporal targets, of which there may be none.
    """

    image: tf.Tensor
    features: Mapping[str, tf.Tensor]
    content: Mapping[str, tf.Tensor]
    grams: Mapping[str, tf.Tensor]
    warped: tf.Tensor
    masks: tf.Tensor


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """One term of the loss: how it is measured, and how it is named and drawn everywhere.

    `weight` is its field in `Weights`, `symbol` how that is written, `label` what the term is
    called on a page and `noun` in a sentence. `color` and `dash` (lengths of line and gap in
    pixels) are those of its curve, each enough to tell it from the others. `needs_mask` says that
    it compares with frames before this one, so that a single picture does not have it; `by_layer`
    that it has a part for each style layer, which `Weights.layers` multiplies.
    """

    name: str
    weight: str
    symbol: str
    label: str
    color: str
    dash: tuple[int, ...]
    equation: str
    measure: Callable[[Compared], tf.Tensor]
    noun: str = ""
    needs_mask: bool = False
    by_layer: bool = False

    @property
    def title(self) -> str:
        """The label with its Greek letter, if it has one: "α content", "total variation"."""
        return self.label if self.symbol == self.name else f"{self.symbol} {self.label}"

    @property
    def subject(self) -> str:
        """What the term is called in a sentence."""
        return self.noun or self.label


def _measure_style(compared: Compared) -> tf.Tensor:
    return tf.stack(
        [style_loss(compared.features, {name: gram}) for name, gram in compared.grams.items()]
    )


def _measure_temporal(compared: Compared) -> tf.Tensor:
    targets = [
        temporal_loss(compared.image, compared.warped[index], compared.masks[index])
        for index in range(compared.warped.shape[0])
    ]
    return tf.add_n(targets) if targets else tf.constant(0.0)


TERMS: dict[str, Term] = {
    term.name: term
    for term in (
        Term(
            name="content",
            weight="alpha",
            symbol="α",
            label="content",
            color="#0072B2",
            dash=(),
            equation="L_content = Σ_l 1/(N_l M_l) Σ_ij (F_ij − P_ij)²",
            measure=lambda compared: content_loss(compared.features, compared.content),
        ),
        Term(
            name="style",
            weight="beta",
            symbol="β",
            label="style",
            color="#D55E00",
            dash=(8, 4),
            equation="L_style = Σ_l w_l 1/N_l² Σ_ij (G_ij − A_ij)²",
            measure=_measure_style,
            by_layer=True,
        ),
        Term(
            name="temporal",
            weight="gamma",
            symbol="γ",
            label="temporal",
            noun="the temporal term",
            color="#009E73",
            dash=(8, 3, 2, 3),
            equation="L_temporal = 1/D Σ_k c_k (u x_k − u ω_k)²",
            measure=_measure_temporal,
            needs_mask=True,
        ),
        Term(
            name="tv",
            weight="tv",
            symbol="tv",
            label="total variation",
            color="#CC79A7",
            dash=(2, 3),
            equation="L_tv = mean (x_{i+1,j} − x_{i,j})² + mean (x_{i,j+1} − x_{i,j})²",
            measure=lambda compared: total_variation_loss(compared.image),
        ),
    )
}
"""The terms of the loss, by name, in the order in which they are shown.

Whatever measures, weighs, draws or names the terms reads them here. To add one, write its equation
above, a row here and its weight in `settings.Weights`; a term that compares the picture with
something new also needs that in `Compared`.
"""

Value = TypeVar("Value")


class PerTerm(Mapping[str, Value], Generic[Value]):
    """A value for each term of the loss, as a mapping and as attributes: `losses.content`.

    Raises TypeError for a name that is no term's.
    """

    def __init__(self, **values: Value) -> None:
        if unknown := values.keys() - TERMS.keys():
            raise TypeError(f"no terms of the loss: {', '.join(sorted(unknown))}")
        self._values = values

    def __getitem__(self, name: str) -> Value:
        return self._values[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __getattr__(self, name: str) -> Value:
        # Asked before `__init__` too, when an object is copied.
        values = self.__dict__.get("_values", {})
        if name not in values:
            raise AttributeError(f"{type(self).__name__} has no term {name}")
        return values[name]

    def __repr__(self) -> str:
        values = ", ".join(f"{name}={value!r}" for name, value in self.items())
        return f"{type(self).__name__}({values})"


class Losses(PerTerm[float]):
    """Unweighted losses of one picture, by term; those that are not given are 0.

    What the style's layers count among themselves is part of the style loss.
    """

    def __init__(self, **values: float) -> None:
        super().__init__(**{**dict.fromkeys(TERMS, 0.0), **values})

    def total(self, weights: Weights) -> float:
        """α L_content + β L_style + γ L_temporal + tv L_tv (report, eq. 1; Ruder, eq. 7)."""
        return sum(self.weighted(weights).values())

    def weighted(self, weights: Weights) -> dict[str, float]:
        """The summands of `total` by term."""
        return {name: weight_of(term, weights) * self[name] for name, term in TERMS.items()}

    def as_good_as(self, goal: Losses, weights: Weights) -> bool:
        """Whether the weighted losses sum up to no more than those of `goal`.

        Terms that a first frame does not have are left out, and so is what the order of a sum
        of float32 changes.
        """
        alone = without_masks(weights)
        return self.total(alone) <= goal.total(alone) * (1 + 1e-4)

    def to_json(self) -> dict[str, float]:
        """The losses by name."""
        return dict(self)


def weight_of(term: Term, weights: Weights) -> float:
    """What `term` is multiplied by in the loss."""
    return float(getattr(weights, term.weight))


def only(weights: Weights, kept: Mapping[str, float]) -> Weights:
    """`weights` with those of the terms in `kept` (name → weight), and 0 for all other terms."""
    values: dict[str, Any] = {term.weight: kept.get(name, 0.0) for name, term in TERMS.items()}
    return replace(weights, **values)


def without_masks(weights: Weights) -> Weights:
    """`weights` of a picture that no frame comes before: 0 for terms that need a mask."""
    kept = {name: weight_of(t, weights) for name, t in TERMS.items() if not t.needs_mask}
    return only(weights, kept)
