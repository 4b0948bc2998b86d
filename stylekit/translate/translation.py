"""Published weights in stylekit's terms, for a picture, its layers and a network.

Derivation: let r_l be the published code's raw activation of layer l per scaled activation
here (`stylekit.vgg.features`). Its F is r_l F̂ and, because Gram matrices here are divided by the
M_l positions, its G is r_l² M_l Ĝ; a hat marks stylekit's quantities. With L̂_l as in
`stylekit.losses`,

- content: α k_l Σ (F − P)² = α k_l r_l² N_l M_l · L̂_l, so that α̂_l = α k_l r_l² N_l M_l;
- style: β s_l Σ (G − A)² = β s_l r_l⁴ M_l² N_l² · L̂_l, so that β̂_l = β s_l r_l⁴ N_l² M_l², divided
  by the factor that the style has here (`stylekit.losses.style_calibration`);
- temporal: white has the value w there and u = `stylekit.losses.PIXEL_UNIT` here, γ̂ = γ (w/u)².

All are divided by α̂, so that stylekit's alpha is 1: a common factor does not move the minimum.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ..arrays import Image, check_image
from ..explain.words import two_digits
from ..losses import PIXEL_UNIT, style_calibration
from ..settings import ImageSettings, Weights, label_of
from ..vgg.features import POOLINGS, FeatureExtractor
from ..vgg.weights import Backbone
from .published import (
    PUBLISHED_CODES,
    LayerShape,
    PublishedCode,
    mean_lengths,
    wasserstein_gradient,
)

# Layer weights that differ by at most this, relatively, count as one β.
_SAME = 1e-6

Features = dict[str, NDArray[np.float32]]
Grams = dict[str, NDArray[np.float64]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Translation:
    """The weights of a published code, `theirs`, in stylekit's terms.

    - `exact`: stylekit's weights with `layers`, because in published codes each layer of the style
      term has a weight of its own
    - `weights`: the same without `layers`, with the best single beta (see `Translator`); equal to
      `exact` if one β expresses the term. alpha is 1, or if theirs is 0, beta is theirs.
    - `notes`: sentences about what the weights cannot express
    """

    convention: PublishedCode
    theirs: Weights
    weights: Weights
    exact: Weights
    notes: tuple[str, ...]


class Translator:
    """Translates published weights for one picture in one style.

    Terms of another form than stylekit's are matched at `content`, where painting starts:

    - The single β is the least-squares fit to the layers' contributions. With E_l = mean (Ĝ − Â)²
      of `content` and w_l the layer weights of `settings`, it minimises Σ_l (β w_l E_l − β̂_l E_l)²:
      β = Σ w_l β̂_l E_l² / Σ w_l² E_l².
    - A total variation of another form gets the weight with which stylekit's has the same root
      mean square gradient.
    - A style term without Gram matrices gets, layer by layer, the β̂_l with which stylekit's has
      the same root mean square gradient with respect to the layer's features.

    Parameters
    ----------
    extractor : computes at least the layers of `settings`.
    content, style : `(H, W, 3)` in [0, 1], at the size that is painted.
    settings : the settings of the picture.

    Raises
    ------
    ValueError : for arrays that are no Images.
    """

    def __init__(
        self, extractor: FeatureExtractor, content: Image, style: Image, settings: ImageSettings
    ) -> None:
        self._extractor = extractor
        self._content = check_image(content, "content")
        self._style = check_image(style, "style")
        self._settings = settings
        self._kept: dict[str, NDArray[np.float64]] = {}

    def translate(self, convention: PublishedCode, theirs: Weights) -> Translation:
        """`theirs` in stylekit's terms. Raises SettingsError if a weight exceeds its limit."""
        content = theirs.alpha * self._content_factor(convention)
        layers = theirs.beta * self._style_factors(convention)
        beta = self._best_single(layers)
        common = (1 / content) if content else (theirs.beta / beta if beta else 1.0)
        white = PIXEL_UNIT if convention.calibrated else convention.temporal_white or 0.0
        variation = _norm_ratio(convention.variation(self._content), mean_lengths(self._content))
        weights = Weights(
            alpha=1.0 if content else 0.0,
            beta=_rounded(beta * common),
            gamma=_rounded(theirs.gamma * (white**2 / PIXEL_UNIT**2) * common),
            edges=_rounded(theirs.edges * common),  # 0 for all codes but the report's
            tv=_rounded(theirs.tv * variation * common),
        )
        exact = weights
        if beta and not np.allclose(layers, beta * self._layer_weights, rtol=_SAME, atol=0.0):
            shares = tuple(_rounded(share) for share in layers / beta)
            exact = dataclasses.replace(weights, layers=shares)
        notes = _notes(
            convention,
            theirs,
            exact.layers,
            settings=self._settings,
            backbone=self._extractor.backbone,
            same_shape=self._content.shape == self._style.shape,
        )
        return Translation(
            convention=convention, theirs=theirs, weights=weights, exact=exact, notes=notes
        )

    def presets(self) -> dict[str, Weights]:
        """The default weights of every published code, exactly translated, by its name."""
        return {
            convention.name: self.translate(convention, convention.weights).exact
            for convention in PUBLISHED_CODES
        }

    @property
    def _layer_weights(self) -> NDArray[np.float64]:
        given = self._settings.style_layer_weights
        return np.array(given or (1.0,) * len(self._settings.style_layers))

    def _features(self, image: Image) -> Features:
        """Scaled features `(M, N)` of `image` by style layer, too large to be kept in memory."""
        features = self._extractor(image)
        return {
            name: features[name].numpy().reshape(-1, features[name].shape[3])
            for name in self._settings.style_layers
        }

    @cached_property
    def _grams(self) -> tuple[Grams, Grams]:
        """Ĝ of the content picture, and Â, by style layer."""
        content, style = (
            {
                name: np.asarray(features.T @ features / len(features), np.float64)
                for name, features in self._features(image).items()
            }
            for image in (self._content, self._style)
        )
        return content, style

    @cached_property
    def _gram_errors(self) -> Grams:
        """Ĝ − Â of the content picture, by style layer."""
        content, style = self._grams
        return {name: content[name] - style[name] for name in content}

    @cached_property
    def _calibration(self) -> float:
        return style_calibration([self._grams[1]], [1.0])

    def _shape(self, name: str, layers: int) -> LayerShape:
        height, width = self._content.shape[:2]
        halvings = int(name[5]) - 1
        return LayerShape(
            filters=self._extractor.backbone.kernels[name][0].shape[3],
            positions=max(1, height >> halvings) * max(1, width >> halvings),
            pixels=height * width,
            layers=layers,
        )

    def _ratio(self, convention: PublishedCode, name: str) -> float:
        """r_l."""
        if convention.calibrated:
            return 1.0
        return convention.activation_unit / self._extractor.scales[name]

    def _content_factor(self, convention: PublishedCode) -> float:
        """α̂ at α = 1: the mean of several layers, which have no weights of their own here."""
        names = self._settings.content_layers
        shapes = [self._shape(name, len(names)) for name in names]
        squares = self._squares(convention, names, shapes)
        return float(np.mean([convention.content_factor(shape) for shape in shapes] * squares))

    def _style_factors(self, convention: PublishedCode) -> NDArray[np.float64]:
        """β̂_l at β = 1 of each style layer."""
        names = self._settings.style_layers
        shapes = [self._shape(name, len(names)) for name in names]
        if convention.style_factor is None:
            given = dict(zip(convention.style_layers, convention.style_shares, strict=True))
            shares = np.array([given.get(name, 0.0) for name in names])
            factors = shares * self._matched(convention)
        else:
            squares = self._squares(convention, names, shapes)
            factors = np.array([convention.style_factor(shape) for shape in shapes]) * squares**2
        return factors if convention.calibrated else factors / self._calibration

    def _squares(
        self, convention: PublishedCode, names: Sequence[str], shapes: Sequence[LayerShape]
    ) -> NDArray[np.float64]:
        """r_l² N_l M_l of each layer."""
        ratios = np.array([self._ratio(convention, name) for name in names])
        return ratios**2 * [shape.filters * shape.positions for shape in shapes]

    def _matched(self, convention: PublishedCode) -> NDArray[np.float64]:
        """For a style term without Gram matrices, by layer: the root mean square of its ∂L/∂F̂,
        divided by that of stylekit's, 4/(N² M) F̂ (Ĝ − Â)."""
        if convention.name not in self._kept:  # it takes seconds and does not depend on the weights
            factors = []
            features = [self._features(image) for image in (self._content, self._style)]
            for name, error in self._gram_errors.items():
                ratio = self._ratio(convention, name)
                content, style = (of_image[name].astype(np.float64) for of_image in features)
                theirs = ratio * wasserstein_gradient(ratio * content, ratio * style)
                ours = 4 * content @ error / (content.shape[1] ** 2 * len(content))
                factors.append(_norm_ratio(theirs, ours))
            self._kept[convention.name] = np.array(factors)
        return self._kept[convention.name]

    def _best_single(self, factors: NDArray[np.float64]) -> float:
        errors = np.array([np.mean(error**2) for error in self._gram_errors.values()])
        if not errors.any():
            errors = np.ones(len(factors))
        weighted = self._layer_weights * errors / errors.max()
        if not weighted.any():
            return 0.0
        return float(weighted @ (factors * errors / errors.max()) / (weighted @ weighted))


def _rounded(value: float) -> float:
    """Six significant digits, so that 9999.999999999998 is shown as the 10⁴ that it means."""
    return float(f"{value:.6g}")


def _norm_ratio(theirs: NDArray[np.float64], ours: NDArray[np.float64]) -> float:
    """The ratio of the norms; 0 if ours is 0, because no weight can enlarge it."""
    size = float(np.linalg.norm(ours))
    return float(np.linalg.norm(theirs)) / size if size else 0.0


def _notes(
    convention: PublishedCode,
    theirs: Weights,
    layers: tuple[float, ...],
    *,
    settings: ImageSettings,
    backbone: Backbone,
    same_shape: bool,
) -> tuple[str, ...]:
    """Sentences about what the weights `theirs` cannot express with `settings` and `backbone`.

    `layers` are the layer weights that make the style term exact, empty if one β does.
    `same_shape` tells whether content and style have the same shape. Terms of weight 0 are left
    out.
    """
    return (
        *_layer_notes(convention, theirs, settings, backbone),
        *_style_notes(convention, theirs, layers, same_shape=same_shape),
        *_network_notes(convention, theirs, settings, backbone),
        *convention.quirks,
    )


def _layer_notes(
    convention: PublishedCode, theirs: Weights, settings: ImageSettings, backbone: Backbone
) -> Iterator[str]:
    layer = convention.content_layer
    if theirs.alpha and settings.content_layers != (layer,):
        missing = "" if layer in backbone.kernels else f", which {backbone.name} does not have"
        yield (
            f"It compares the content at {layer}{missing}; "
            f"here that is at {_listed(settings.content_layers)}."
        )
    if theirs.alpha and len(settings.content_layers) > 1:
        yield "Content layers have no weights of their own here; α is exact for their mean."
    if theirs.beta and set(settings.style_layers) != set(convention.style_layers):
        yield (
            f"It takes the style from {_listed(convention.style_layers)}; "
            f"here that is from {_listed(settings.style_layers)}."
        )


def _style_notes(
    convention: PublishedCode,
    theirs: Weights,
    layers: tuple[float, ...],
    *,
    same_shape: bool,
) -> Iterator[str]:
    if not theirs.beta:
        return
    exact = convention.style_factor is not None
    if layers:
        weights = _listed([two_digits(weight) for weight in layers])
        yield (
            "One β cannot express the style term, because its layers have different weights. This "
            f"β is the best single one at the content picture; with the layer weights {weights} "
            f"the term is {'exact' if exact else 'as close as possible'}."
        )
    if not exact:
        yield (
            "Its style term compares means and covariances of features by their Wasserstein "
            "distance, not Gram matrices. At the content picture each layer here pulls as hard as "
            "there, but in another direction; at other pictures the strength differs too."
        )
    if convention.stretches_style and not same_shape:
        yield "It resizes the style picture to the content's shape; here it keeps its own shape."


def _network_notes(
    convention: PublishedCode, theirs: Weights, settings: ImageSettings, backbone: Backbone
) -> Iterator[str]:
    if theirs.gamma and convention.temporal_white is None and not convention.calibrated:
        yield "It has no temporal term, so that its γ means nothing; γ is 0 here."
    if theirs.tv and convention.variation is not mean_lengths:
        yield (
            "Its total variation has another form than the one here. The weight here gives the "
            "same strength at the content picture, but not at other pictures."
        )
    if convention.pooling is not None and convention.pooling != settings.pooling:
        yield (
            f"It pools by {label_of(POOLINGS, convention.pooling)}; "
            f"here it is by {label_of(POOLINGS, settings.pooling)}."
        )
    if backbone.name != "vgg19" and not convention.calibrated:
        yield (
            f"It runs on VGG-19; its weights are translated as if it ran on {backbone.label}, "
            "whose activations have other sizes."
        )


def _listed(names: Sequence[str]) -> str:
    *most, last = names
    return f"{', '.join(most)} and {last}" if most else last
