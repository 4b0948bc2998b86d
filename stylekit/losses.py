"""The loss that stylekit minimises: its equations, and the table of its terms.

The loss of a picture x is the weighted sum of the terms in the table `TERMS` (`Losses.total`):

    L(x) = α L_content + β L_style + γ L_temporal + edges L_edges + tv L_tv

This file holds a function for each equation, then `TERMS`, a table with a row for each term. All
that measures, weighs, draws or names the terms reads that table. To add a term, write its equation
and its row here, and its weight as a field of `stylekit.settings.Weights`. A term that compares
the picture with something new also needs a field in `Targets`, which `Objective.targets` fills
(`stylekit/image/objective.py`).

The loss is minimised by `Stylization.step` (`stylekit/image/stylization.py`) with an optimiser of
`stylekit/image/optimizer.py`. What the temporal loss compares a frame with is made by
`VideoRun` (`stylekit/video/run.py`).

References
----------
"Report" is the design that stylekit implements; its equations 1 to 3 are those of Gatys et al.,
with other normalisations.

- Gatys, Ecker & Bethge 2016, *Image Style Transfer Using Convolutional Neural Networks*.
- Ruder, Dosovitskiy & Brox 2016, *Artistic Style Transfer for Videos*.
- Li, Xu, Nie & Liu 2017, *Laplacian-Steered Neural Style Transfer*.
- Mahendran & Vedaldi 2015, *Understanding Deep Image Representations by Inverting Them*.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Generic, NamedTuple, TypeAlias, TypeVar

from .arrays import LUMINANCE
from .settings import Weights
from .vgg.runtime import tf
from .vgg.statistics import Statistic, StyleTarget, gram_matrix

PIXEL_UNIT = 0.065
"""The pixel range u of the temporal term: white, which is 1 in an Image, counts as this much.

It makes the report's γ = 4·10² a balanced default. At the report's α and β the content and
the style term of a finished picture weigh 4·10⁻³ to 10⁻² each. Frames that are styled one by one
differ from their warped predecessor by r = 0.09 to 0.16. At about half of that, r = 0.06, the
temporal term should weigh as much as either: γ u² r² = 4·10² · u² · 3.6·10⁻³ = 6·10⁻³, hence
u = 0.065. On the clip `orbit` in the style `cubist`, u = 0.13 raises the style distance from 1.4
to 2.0·10⁻⁷, and u = 0.05 raises the root warping error from 0.024 to 0.027 (measured at one size
and without the edge term).
"""

EDGE_POOLINGS = (2, 4, 8)
"""The sides of the squares, in pixels, that are averaged before edges are compared.

The edges of single pixels are left out: brush strokes take their place.
"""

# Far below the square of any Laplacian of 8-bit pictures, so that a plain picture divides by it.
_NO_EDGE = 1e-8

# --- the equations --------------------------------------------------------------------------------


def content_loss(features: Mapping[str, tf.Tensor], targets: Mapping[str, tf.Tensor]) -> tf.Tensor:
    """How far the features of a picture are from those of the content.

    L_content = Σ_l 1/(N_l M_l) Σ_ij (F_ij − P_ij)², with N_l filters and M_l positions in layer l.

    Parameters
    ----------
    features : F by layer, each `(1, h, w, N)`; layers without a target do not count.
    targets : P by layer, in the same shapes.

    References
    ----------
    Report, eq. 2.

    Examples
    --------
    >>> float(content_loss({"layer": np.float32([[1, 2]])}, {"layer": np.float32([[1, 4]])}))
    2.0
    """
    return tf.add_n(
        [tf.reduce_mean(tf.square(features[layer] - P)) for layer, P in targets.items()]
    )


def style_loss(
    features: Mapping[str, tf.Tensor],
    targets: Mapping[str, tf.Tensor],
    layer_weights: Sequence[float] | None = None,
    *,
    statistic: Statistic = gram_matrix,
    masks: Mapping[str, tf.Tensor] | None = None,
) -> tf.Tensor:
    """How far the Gram matrices of a picture are from those of the style.

    L_style = Σ_l w_l 1/(N_l² M_l²) Σ_ij (G_ij − A_ij)², with G and A as in the report; here the
    division by M_l² is part of `gram_matrix`. The mean square of another statistic's difference is
    taken in the same way. With masks m_l each layer counts by its mean mask too: the part of the
    picture that is compared.

    Parameters
    ----------
    features : F by layer, each `(1, h, w, N)`.
    targets : A by layer, each `(N, N)`.
    layer_weights : w_l, one for each target; 1 unless given.
    statistic : What G and A are; see `stylekit.vgg.statistics`.
    masks : m_l by layer, each `(h, w)`; the whole picture unless given.

    References
    ----------
    Report, eq. 3. With masks: Gatys et al. 2017, *Controlling Perceptual Factors in Neural Style
    Transfer*, §4.
    """
    shares = layer_weights or (1.0,) * len(targets)
    losses = []
    for (layer, A), w in zip(targets.items(), shares, strict=True):
        mask = masks[layer] if masks else None
        found = statistic(features[layer], mask, math.prod(features[layer].shape[1:3]))
        loss = w * tf.reduce_mean(tf.square(found - A))
        losses.append(loss if mask is None else loss * tf.reduce_mean(mask))
    return tf.add_n(losses)


def style_losses(features: Mapping[str, tf.Tensor], parts: Sequence[StyleTarget]) -> tf.Tensor:
    """The `style_loss` of each layer, without layer weights, summed over the parts of a picture.

    Parameters
    ----------
    features : F by layer, each `(1, h, w, N)`.
    parts : The parts of the picture, and what each is compared with.
    """

    def loss(part: StyleTarget, layer: str) -> tf.Tensor:
        wanted = {layer: part.statistics[layer]}
        return part.weight * style_loss(
            features, wanted, statistic=part.statistic, masks=part.masks
        )

    layers = parts[0].statistics
    return tf.stack([tf.add_n([loss(part, layer) for part in parts]) for layer in layers])


def temporal_loss(image: tf.Tensor, warped: tf.Tensor, mask: tf.Tensor) -> tf.Tensor:
    """How far a frame is from the previous stylised frame, warped along the optical flow.

    L_temporal = 1/D Σ_k c_k (u x_k − u ω_k)², with D = W·H·3 values and u = `PIXEL_UNIT`. Where
    the mask c is zero, the gradient is exactly zero. Differs from the paper, where u is 255.

    Parameters
    ----------
    image, warped : x and ω, each `(H, W, 3)` in [0, 1].
    mask : c, `(H, W)` in [0, 1]: how far the flow can be trusted at each pixel.

    References
    ----------
    Ruder et al. 2016, eq. 6.
    """
    return tf.reduce_mean(mask[..., tf.newaxis] * tf.square(PIXEL_UNIT * (image - warped)))


def edge_maps(luminance: tf.Tensor) -> tuple[tf.Tensor, ...]:
    """The Laplacians ∇² P_k(Y) of a picture's luminance, one for each of `EDGE_POOLINGS`.

    P_k is the average over squares of k × k pixels, which lie k/2 apart; ∇² is the sum of the four
    squares at a distance of k pixels minus four times the square itself. Squares that do not
    overlap would leave their grid in the painting. Beyond the border the outermost squares are
    repeated: a border without a map would be where a style puts all that is not wanted inside.

    Parameters
    ----------
    luminance : Y, `(H, W)`.

    Returns
    -------
    Maps `(1, ⌈2H/k⌉, ⌈2W/k⌉, 1)`.

    Examples
    --------
    >>> [tuple(edges.shape) for edges in edge_maps(np.ones((16, 30), np.float32))]
    [(1, 16, 30, 1), (1, 8, 15, 1), (1, 4, 8, 1)]
    """
    maps = []
    for k in EDGE_POOLINGS:
        # A window that is larger than the picture would have a wrong gradient in TensorFlow.
        window = [min(k, side) for side in luminance.shape]
        # "SAME" averages what there is of the last square.
        p = tf.nn.avg_pool2d(luminance[tf.newaxis, :, :, tf.newaxis], window, k // 2, "SAME")
        # Squares lie half of their side apart, so that the next but one is the neighbour.
        high = tf.concat([p[:, :1], p[:, :1], p, p[:, -1:], p[:, -1:]], 1)
        wide = tf.concat([p[:, :, :1], p[:, :, :1], p, p[:, :, -1:], p[:, :, -1:]], 2)
        down, across = high[:, :-4] + high[:, 4:], wide[:, :, :-4] + wide[:, :, 4:]
        maps.append(down + across - 4.0 * p)
    return tuple(maps)


def edge_loss(image: tf.Tensor, edges: Sequence[tf.Tensor]) -> tf.Tensor:
    """How far the edges of a picture are from those that it should keep.

    L_edges = Σ_k mean m_k (∇² P_k(Y(x)) − E_k)², with the luminance Y, `edge_maps` and the
    `edge_shares` m_k. The default content layer hardly sees a face, or a bright tower before a
    bright sky; these edges do. Where there are none, strokes are free.

    Parameters
    ----------
    image : x, `(H, W, 3)`.
    edges : E_k, the `edge_maps` of the content in the style's colours.

    References
    ----------
    Li et al. 2017. Here the Laplacian is of luminance, after averages over three sizes of squares,
    and plain areas do not count.
    """
    found = edge_maps(tf.tensordot(image, tf.constant(LUMINANCE), 1))
    return tf.add_n(
        [
            tf.reduce_mean(edge_shares(E) * tf.square(edge - E))
            for edge, E in zip(found, edges, strict=True)
        ]
    )


def edge_shares(edges: tf.Tensor) -> tf.Tensor:
    """How much each position of an edge map counts: m = e / (e + mean e), from 0 to 1.

    e is the mean of E² over 5 × 5 positions. At an average edge m is one half, in a plain area
    nearly 0: there the Laplacian of a painting is that of its brush strokes.

    Parameters
    ----------
    edges : E, one of the `edge_maps`, `(1, h, w, 1)`.

    Examples
    --------
    >>> edge_shares(np.full((1, 4, 4, 1), 0.1, np.float32)).numpy().round(3).ravel()[:3].tolist()
    [0.5, 0.5, 0.5]
    """
    strength = tf.nn.avg_pool2d(tf.square(edges), 5, 1, "SAME")
    return strength / (strength + tf.reduce_mean(strength) + _NO_EDGE)


def total_variation_loss(image: tf.Tensor) -> tf.Tensor:
    """How much neighbouring pixels differ, down plus across.

    L_tv = mean (x_{i+1,j} − x_{i,j})² + mean (x_{i,j+1} − x_{i,j})²

    Parameters
    ----------
    image : x, `(H, W, 3)`.

    References
    ----------
    Mahendran & Vedaldi 2015, eq. 5 with their exponent β = 2, as a mean.
    """
    differences = (image[1:] - image[:-1], image[:, 1:] - image[:, :-1])
    # A picture one pixel high has no differences down, and their mean would be NaN.
    return tf.add_n([tf.reduce_sum(d * d) / max(1, math.prod(d.shape)) for d in differences])


# --- the terms ------------------------------------------------------------------------------------


class Targets(NamedTuple):
    """All that the terms compare a picture with: what is constant while it is painted.

    `content` holds the features P of the content by content layer, `style` a target for each part
    of the picture that has a style of its own, `edges` the `edge_maps` that should stay. `warped`
    `(T, H, W, 3)` and `masks` `(T, H, W)` are the T temporal targets; a single picture has none.
    """

    content: Mapping[str, tf.Tensor]
    style: tuple[StyleTarget, ...]
    edges: tuple[tf.Tensor, ...]
    warped: tf.Tensor
    masks: tf.Tensor


Measure: TypeAlias = "Callable[[tf.Tensor, Mapping[str, tf.Tensor], Targets], tf.Tensor]"
"""`(image, features, targets) -> loss`, of an image `(H, W, 3)` and its features by layer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """One term of the loss: how it is measured, and how it is named and drawn everywhere.

    Parameters
    ----------
    name : Its key in `TERMS`, `Losses` and files.
    weight, symbol : Its field in `Weights`, and how that is written in an equation.
    label, noun : What it is called on a page, and in a sentence (the label unless given).
    color, dash
        How its curve is drawn; `dash` holds the lengths of line and gap in pixels. Either is
        enough to tell the curve from the others.
    equation : The equation, in plain text.
    measure : The loss as a function of the picture: a scalar, or a value for each style layer.
    needs_mask
        True for a term that compares a frame with earlier ones. A single picture has no such term.
    by_layer : True for a term that has a value for each style layer; `Weights.layers` weighs these.
    """

    name: str
    weight: str
    symbol: str
    label: str
    color: str
    dash: tuple[int, ...]
    equation: str
    measure: Measure
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


def _temporal(image: tf.Tensor, _features: object, targets: Targets) -> tf.Tensor:
    """The sum over all temporal targets."""
    count = targets.masks.shape[0]
    parts = [temporal_loss(image, targets.warped[t], targets.masks[t]) for t in range(count)]
    return tf.add_n(parts) if parts else tf.constant(0.0)


_ROWS = (
    Term(
        name="content",
        weight="alpha",
        symbol="α",
        label="content",
        color="#0072B2",
        dash=(),
        equation="L_content = Σ_l 1/(N_l M_l) Σ_ij (F_ij − P_ij)²",
        measure=lambda _image, features, targets: content_loss(features, targets.content),
    ),
    Term(
        name="style",
        weight="beta",
        symbol="β",
        label="style",
        color="#D55E00",
        dash=(8, 4),
        equation="L_style = Σ_l w_l 1/N_l² Σ_ij (G_ij − A_ij)²",
        measure=lambda _image, features, targets: style_losses(features, targets.style),
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
        measure=_temporal,
        needs_mask=True,
    ),
    Term(
        name="edges",
        weight="edges",
        symbol="edges",
        label="edges",
        noun="the edge term",
        color="#E69F00",
        dash=(2, 2, 8, 2),
        equation="L_edges = Σ_k mean m_k (∇² P_k(Y(x)) − E_k)²",
        measure=lambda image, _features, targets: edge_loss(image, targets.edges),
    ),
    Term(
        name="tv",
        weight="tv",
        symbol="tv",
        label="total variation",
        color="#CC79A7",
        dash=(2, 3),
        equation="L_tv = mean (x_{i+1,j} − x_{i,j})² + mean (x_{i,j+1} − x_{i,j})²",
        measure=lambda image, _features, _targets: total_variation_loss(image),
    ),
)
TERMS: dict[str, Term] = {term.name: term for term in _ROWS}
"""The terms of the loss by name, in the order in which they are shown."""

# --- values of the terms --------------------------------------------------------------------------

Value = TypeVar("Value")


class PerTerm(Mapping[str, Value], Generic[Value]):
    """A value for each term of the loss, as a mapping and as attributes: `losses.content`.

    Raises TypeError for a name that is not in `TERMS`.
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
        # An object that is being copied is asked for attributes before it has `_values`.
        values = self.__dict__.get("_values", {})
        if name not in values:
            raise AttributeError(f"{type(self).__name__} has no term {name}")
        return values[name]

    def __repr__(self) -> str:
        values = ", ".join(f"{name}={value!r}" for name, value in self.items())
        return f"{type(self).__name__}({values})"


class Losses(PerTerm[float]):
    """The unweighted loss of a picture for each term; a term that is not given is 0.

    The style loss includes the shares of the style layers.

    Examples
    --------
    >>> losses = Losses(content=2.0, style=3e-4)
    >>> losses.content, losses.total(Weights(alpha=1, beta=1e4))
    (2.0, 5.0)
    """

    def __init__(self, **values: float) -> None:
        super().__init__(**{**dict.fromkeys(TERMS, 0.0), **values})

    def total(self, weights: Weights) -> float:
        """Σ_t w_t L_t over all `TERMS` t (report, eq. 1; Ruder, eq. 7)."""
        return sum(self.weighted(weights).values())

    def weighted(self, weights: Weights) -> dict[str, float]:
        """The summands of `total` by term."""
        return {name: weight_of(term, weights) * self[name] for name, term in TERMS.items()}

    def as_good_as(self, goal: Losses, weights: Weights) -> bool:
        """Whether the weighted sum of the losses is at most that of `goal`.

        Terms that need a mask do not count, because a first frame does not have them.
        """
        alone = without_masks(weights)
        # A sum of float32 depends a little on the order of its summands.
        return self.total(alone) <= goal.total(alone) * (1 + 1e-4)

    def to_json(self) -> dict[str, float]:
        """The losses by name."""
        return dict(self)


def weight_of(term: Term, weights: Weights) -> float:
    """The factor of `term` in the loss."""
    return float(getattr(weights, term.weight))


def only(weights: Weights, kept: Mapping[str, float]) -> Weights:
    """`weights` with the weights in `kept` (term's name → weight), and 0 for all other terms."""
    values: dict[str, Any] = {term.weight: kept.get(name, 0.0) for name, term in TERMS.items()}
    return replace(weights, **values)


def without_masks(weights: Weights) -> Weights:
    """`weights` of a picture without earlier frames: 0 for the terms that need a mask."""
    kept = {name: weight_of(t, weights) for name, t in TERMS.items() if not t.needs_mask}
    return only(weights, kept)
