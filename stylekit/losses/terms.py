"""The table of the terms of the loss, what they are measured against, and their values.

All that measures, weighs, draws or names the terms reads the table `TERMS`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Generic, NamedTuple, TypeAlias, TypeVar

from ..settings import Weights
from ..vgg.runtime import tf
from ..vgg.statistics import StyleTarget
from .equations import (
    EdgeTarget,
    content_loss,
    edge_loss,
    style_losses,
    temporal_loss,
    total_variation_loss,
)


class Targets(NamedTuple):
    """All that the terms compare a picture with: what is constant while it is painted.

    `content` holds the features P of the content by content layer, `style` a target for each part
    of the picture that has a style of its own, `edges` the `edge_targets` that should stay.
    `warped` `(T, H, W, 3)` and `masks` `(T, H, W)` are the T temporal targets; a single picture has
    none.
    """

    content: Mapping[str, tf.Tensor]
    style: tuple[StyleTarget, ...]
    edges: tuple[EdgeTarget, ...]
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
        equation="L_edges = Σ_k w_k mean m_k |∇² P_k(x C) − E_k|²",
        measure=lambda image, _features, targets: edge_loss(image, targets.edges),
    ),
    Term(
        name="tv",
        weight="tv",
        symbol="tv",
        label="total variation",
        color="#CC79A7",
        dash=(2, 3),
        equation="L_tv = (S(1,0) + S(0,1) + (S(1,1) + S(1,−1)) / √2) / (1 + √2), "
        "S(a,b) = mean φ(|x_{i+a,j+b} − x_{i,j}|), φ(t) = √(t² + ε²) − ε",
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
