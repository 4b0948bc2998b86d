"""The objective of a picture: the weighted sum of all terms of the loss, and its gradient.

    L(x) = Σ_t w_t L_t(F(x), targets)

F(x) are the network's features of the picture x. The terms t and their equations are in
`stylekit.losses.TERMS`, their weights w_t in `stylekit.settings.Weights`. How these functions are
compiled is the concern of `stylekit.image.xla` alone, and how large pictures are computed in parts
that of `stylekit.image.tiles`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..arrays import Image, Mask, check_image, check_mask, from_bytes, to_bytes
from ..errors import SettingsError
from ..losses import (
    TERMS,
    Losses,
    Targets,
    Term,
    content_loss,
    edge_targets,
    gram_matrix,
    style_calibration,
    style_losses,
    weight_of,
)
from ..media.images import resize_mask
from ..settings import ImageSettings, Weights, check_layer_count, function_of
from ..vgg.features import FeatureExtractor
from ..vgg.runtime import tf
from ..vgg.statistics import STYLE_LOSSES, StyleTarget, check_takes_masks
from ..vgg.weights import Backbone
from .colors import starting_picture
from .guidance import Guidance
from .scores import strangers_to
from .tiles import Tiles
from .xla import Compiler


@dataclass(frozen=True, slots=True, eq=False)
class TemporalTarget:
    """What a frame should agree with: a `warped` stylised frame (Image) where `mask` is 1."""

    warped: Image
    mask: Mask


@dataclass(frozen=True, slots=True, eq=False)
class Evaluation:
    """The weighted loss of a picture before rounding, its gradient `(H, W, 3)`, and its terms."""

    value: float
    gradient: NDArray[np.float32]
    losses: Losses


ByLayer = dict[str, Any]
"""A tensor for each style layer."""

Positions = dict[str, tuple[int, ...]]
"""The height and width of the features of each style layer."""


class Objective:
    """The sum of all weighted `TERMS` of pictures, for one style or several.

    What does not change from picture to picture is computed once: the network and the statistics
    of the styles. Weights and targets enter compiled functions as tensors. Therefore new
    weights compile nothing, and objectives with the same network and layers share what one of
    them has compiled.

    Parameters
    ----------
    extractor : The network.
    style
        The style in the size and colours of the comparison, an Image `(H, W, 3)`; or a Guidance.
    settings
        The content layers, the style layers and their shares, and the statistic that is compared.

    Raises
    ------
    SettingsError
        If there is no such statistic, or it cannot be compared in a part of a picture.

    Notes
    -----
    A part is the loss of a term, or of one style layer in a term that has one for each. A share is
    the weight w_l of a style layer. A factor is the weight of a term times the share of the layer.
    """

    def __init__(
        self, extractor: FeatureExtractor, style: Image | Guidance, settings: ImageSettings
    ) -> None:
        self.extractor = extractor
        self.guidance = Guidance.of(style)
        self._statistic = function_of("style_loss", STYLE_LOSSES, settings.style_loss)
        if self.guidance.has_masks:
            check_takes_masks(settings.style_loss)
        self._colors = settings.colors
        self._content_layers = settings.content_layers
        self._style_layers = settings.style_layers
        self._layer_weights = settings.style_layer_weights
        self._compiler = Compiler(extractor.compiled)
        self._tiles = Tiles(
            extractor,
            self._compiler,
            self._content_layers,
            self._style_layers,
            size=settings.size,
        )
        self._strangers: tuple[tuple, dict[str, tf.Tensor], float] | None = None
        self._style_loss_of_content: tuple[tuple[StyleTarget, ...], float] | None = None
        self._own_statistics: tuple[Positions, list[tuple[ByLayer, ByLayer]]] | None = None

    @property
    def backbone(self) -> Backbone:
        """The network that everything is measured with."""
        return self.extractor.backbone

    @property
    def trace_count(self) -> int:
        """How many functions were compiled for this objective."""
        return self._compiler.trace_count

    def targets(
        self,
        content: Image,
        temporal: Sequence[TemporalTarget] = (),
        *,
        once: bool = False,
        style: Image | Guidance | None = None,
    ) -> Targets:
        """What a picture of `content` is compared with, constant while the picture is painted.

        Parameters
        ----------
        content : The photograph or frame, an Image `(H, W, 3)`.
        temporal : What a frame should agree with, in the size of `content`.
        once : True if no other picture of this size will follow, so that compiling does not pay.
        style : Another size of the style, or guidance, for a picture of another size.

        Raises
        ------
        ValueError
            If an array has the wrong shape, type or range.
        """
        height, width = check_image(content).shape[:2]
        if self._tiles.needed(content):
            features, grids = self._tiles.content(content), self._tiles.style_grids(content)
            styles = self._style_targets(grids, (width, height), style)
        else:
            features = self._features(content, once=once)
            styles = self._style_targets(self._grids(features), (width, height), style)
            if not once:
                # A frame of a clip is scored too; this saves it another pass through the network.
                loss = float(tf.reduce_sum(style_losses(features, styles)))
                self._style_loss_of_content = styles, loss
        warped = [check_image(target.warped, "warped", like=content) for target in temporal]
        masks = [check_mask(target.mask, "mask", like=content) for target in temporal]
        start = starting_picture(content, self.guidance, self._colors)
        return Targets(
            content={layer: features[layer] for layer in self._content_layers},
            style=styles,
            edges=edge_targets(tf.constant(start)),
            warped=tf.constant(np.reshape(warped, (-1, height, width, 3)), tf.float32),
            masks=tf.constant(np.reshape(masks, (-1, height, width)), tf.float32),
        )

    def evaluate(self, image: Image, targets: Targets, weights: Weights) -> Evaluation:
        """The weighted loss of `image` before rounding, its gradient and its terms.

        Parameters
        ----------
        image : An Image `(H, W, 3)`.
        targets : The targets of a content of the same size.
        weights : The weights of the terms.

        Raises
        ------
        SettingsError
            Unless `weights.layers` is empty or has one number for each style layer.
        """
        shares, factors = self.style_shares(weights), self.term_weights(weights)
        if self._tiles.needed(image):
            value, gradient, parts = self._tiles.differentiate(image, targets, factors)
            return Evaluation(value, gradient, self._losses(parts, shares))
        case = self._case(image.shape, len(targets.masks), len(targets.style))
        value, gradient, parts = self._compiler.call(
            self.differentiate, case, tf.constant(image), targets, tf.constant(factors, tf.float32)
        )
        return Evaluation(float(value), gradient.numpy(), self._losses(parts, shares))

    def differentiate(
        self, image: tf.Tensor, targets: Targets, factors: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        """The weighted loss Σ w_t L_t of `image`, its gradient, and the parts L_t of the terms.

        TensorFlow in and out, for callers that compile it; `factors` are the `term_weights`.
        """
        with tf.GradientTape() as tape:
            tape.watch(image)
            parts = self._parts(image, targets)
            value = tf.tensordot(parts, factors, 1)
        return value, tape.gradient(value, image), parts

    def term_weights(self, weights: Weights) -> list[float]:
        """The factors of the parts of all `TERMS`, in their order.

        Raises SettingsError unless `weights.layers` is empty or has one for each style layer.
        """
        shares = self.style_shares(weights)
        return [
            weight_of(term, weights) * share
            for term in TERMS.values()
            for share in _shares_of(term, shares)
        ]

    def losses(self, image: Image, targets: Targets, weights: Weights | None = None) -> Losses:
        """The unweighted losses of the 8-bit picture that `image` becomes in a file.

        The shares of the style layers are those of `weights`, or of the settings.
        """
        return self.measure(image, targets, weights)[0]

    def measure(
        self, image: Image, targets: Targets, weights: Weights | None = None
    ) -> tuple[Losses, float]:
        """The `losses`, and the style distance: the style loss without layer weights."""
        written = from_bytes(to_bytes(image))
        if self._tiles.needed(image):
            parts = self._tiles.parts(written, targets)
        else:
            case = self._case(image.shape, len(targets.masks), len(targets.style))
            parts = self._compiler.call(self._parts, case, tf.constant(written), targets)
        style_distance = self._losses(parts, (1.0,) * len(self._style_layers)).style
        return self._losses(parts, self.style_shares(weights or Weights())), style_distance

    def features(self, image: Image) -> ByLayer:
        """The features of `image` as it is by layer, each `(1, h, w, N)`; nothing is compiled.

        Raises SettingsError for a picture that is computed in tiles, whose features are not kept.
        """
        if self._tiles.needed(check_image(image)):
            height, width = image.shape[:2]
            raise SettingsError(
                "size",
                f"the features of {width}×{height} pixels are computed in tiles and not kept; "
                "use a picture of less than a megapixel",
            )
        return self._features(image, once=True)

    def losses_of(
        self, image: Image, features: ByLayer, targets: Targets, weights: Weights
    ) -> Losses:
        """The unweighted losses of `image` as it is, from its `features`; nothing is compiled."""
        parts = self._parts_of(tf.constant(image), features, targets)
        return self._losses(parts, self.style_shares(weights))

    def style_distances(self, image: Image) -> dict[str, float]:
        """The style loss of the 8-bit picture by layer, each without its layer weight."""
        written = from_bytes(to_bytes(check_image(image)))
        size = image.shape[1], image.shape[0]
        if self._tiles.needed(image):
            targets = self._style_targets(self._tiles.style_grids(image), size)
            distances = self._tiles.style_losses(written, targets)
        else:
            features = self._features(written)
            targets = self._style_targets(self._grids(features), size)
            distances = style_losses(features, targets)
        return dict(zip(self._style_layers, distances.numpy().tolist(), strict=True))

    def losses_of_nothing(self, content: Image, targets: Targets) -> tuple[float, float]:
        """The content loss of unrelated photographs, their mean, and the style loss of `content`.

        They are the zeros of the scale of `stylekit.image.scores`; the style loss has no layer
        weights.
        """
        if self._tiles.needed(content):
            return self._tiles.losses_of_nothing(content, targets)
        mean, spread = self._mean_stranger(content)
        content_of_strangers = float(content_loss(mean, targets.content)) + spread
        known = self._style_loss_of_content
        if known is not None and known[0] is targets.style:
            return content_of_strangers, known[1]
        style = style_losses(self._features(content), targets.style)
        return content_of_strangers, float(tf.reduce_sum(style))

    def _mean_stranger(self, content: Image) -> tuple[dict[str, tf.Tensor], float]:
        """The mean features of the strangers to `content`, and their mean loss against that mean.

        The mean loss of several pictures against P is that of their mean, plus this spread. So one
        map is kept, for the frames of a clip, in place of one for each photograph.
        """
        strangers = strangers_to(content)
        key = content.shape, tuple(strangers)
        if self._strangers is None or self._strangers[0] != key:
            layers = dict.fromkeys(self._content_layers, 0.0)
            sums: dict[str, Any] = dict(layers)
            squares = dict(layers)
            for image in strangers.values():
                features = self._features(image)
                for layer in layers:
                    sums[layer] += features[layer]
                    squares[layer] += float(tf.reduce_mean(tf.square(features[layer])))
            mean = {layer: total / len(strangers) for layer, total in sums.items()}
            spread = sum(
                squares[layer] / len(strangers) - float(tf.reduce_mean(tf.square(mean[layer])))
                for layer in layers
            )
            self._strangers = key, mean, spread
        return self._strangers[1:]

    def fuse_ahead(self, size: tuple[int, int], temporal: int = 0) -> None:
        """Have XLA compile `evaluate` in another thread; the first evaluation waits for it.

        Parameters
        ----------
        size : The (width, height) of the pictures.
        temporal : Their number of temporal targets.
        """
        blank = np.zeros((size[1], size[0], 3), np.float32)
        if self._tiles.needed(blank):
            return

        def arguments() -> tuple:
            nothing = TemporalTarget(blank, blank[:, :, 0])
            targets = self.targets(blank, [nothing] * temporal, once=True)
            factors = tf.zeros(len(self.term_weights(Weights())))
            return tf.constant(blank), targets, factors

        count = len(self.guidance.parts(size))
        case = self._case(blank.shape, temporal, count)
        self._compiler.fuse_ahead(self.differentiate, case, arguments)

    def _parts(self, image: tf.Tensor, targets: Targets) -> tf.Tensor:
        """The parts L_t of all `TERMS`, in their order; a term by layer has a part for each."""
        return self._parts_of(image, self.extractor(image), targets)

    def _parts_of(self, image: tf.Tensor, features: ByLayer, targets: Targets) -> tf.Tensor:
        parts = [term.measure(image, features, targets) for term in TERMS.values()]
        return tf.concat([tf.reshape(part, [-1]) for part in parts], 0)

    def _losses(self, parts: tf.Tensor, shares: Sequence[float]) -> Losses:
        """Each term's loss: the sum of its parts, those of the style layers by their shares."""
        left = iter(parts.numpy().tolist())
        return Losses(
            **{
                name: sum(share * next(left) for share in _shares_of(term, shares))
                for name, term in TERMS.items()
            }
        )

    def style_shares(self, weights: Weights) -> tuple[float, ...]:
        """The share w_l of each style layer in the style loss.

        Raises SettingsError unless `weights.layers` is empty or has one for each style layer.
        """
        check_layer_count("layers", weights.layers, self._style_layers)
        return weights.layers or self._layer_weights or (1.0,) * len(self._style_layers)

    def _features(self, image: Image, *, once: bool = False) -> dict[str, tf.Tensor]:
        picture = tf.constant(check_image(image))
        if once:
            return self.extractor(picture)
        case = self._case(image.shape, 0)
        features: dict[str, tf.Tensor] = self._compiler.call(self.extractor.__call__, case, picture)
        return features

    def _grids(self, features: Mapping[str, tf.Tensor]) -> Positions:
        return {layer: tuple(features[layer].shape[1:3]) for layer in self._style_layers}

    def _style_targets(
        self, grids: Positions, size: tuple[int, int], style: Image | Guidance | None = None
    ) -> tuple[StyleTarget, ...]:
        """What the parts of a picture of `size`, with these `grids`, are compared with."""
        guidance = self.guidance if style is None else Guidance.of(style)
        if style is not None:
            statistics = self._statistics_of(guidance, grids)
        else:
            # The frames of a clip have one size.
            if self._own_statistics is None or self._own_statistics[0] != grids:
                self._own_statistics = grids, self._statistics_of(guidance, grids)
            statistics = self._own_statistics[1]
        targets = []
        left = iter(statistics)
        for part in guidance.parts(size):
            of_styles, grams = zip(*(next(left) for _ in part.styles), strict=True)
            masks = {}
            if part.mask is not None:
                masks = {
                    layer: tf.constant(resize_mask(part.mask, (wide, high)))
                    for layer, (high, wide) in grids.items()
                }
            blended = {
                layer: tf.add_n(
                    [share * own[layer] for share, own in zip(part.shares, of_styles, strict=True)]
                )
                for layer in grids
            }
            weight = part.weight * style_calibration(grams, part.shares)
            targets.append(
                StyleTarget(self._statistic, blended, masks, tf.constant(weight, tf.float32))
            )
        return tuple(targets)

    def _statistics_of(self, guidance: Guidance, grids: Positions) -> list[tuple[ByLayer, ByLayer]]:
        """The statistics and the Gram matrices of each style, for a picture with these grids."""
        found = []
        for style in guidance.styles:
            if self._tiles.needed(check_image(style)):
                found.append(self._tiles.statistics(style, (self._statistic, gram_matrix)))
                continue
            features = self._features(style, once=True)
            statistics = {
                layer: self._statistic(features[layer], None, math.prod(grid))
                for layer, grid in grids.items()
            }
            grams = statistics
            if self._statistic is not gram_matrix:
                grams = {layer: gram_matrix(features[layer]) for layer in grids}
            found.append((statistics, grams))
        return found

    def _case(self, shape: tuple[int, ...], temporal: int, parts: int = 0) -> tuple:
        """All that a function of a picture must be compiled anew for."""
        layers = self._content_layers, self._style_layers
        style = self._statistic, parts, self.guidance.has_masks
        return shape, temporal, tuple(TERMS), *layers, *style


def _shares_of(term: Term, shares: Sequence[float]) -> Sequence[float]:
    """The share of each part of a term in its loss."""
    return shares if term.by_layer else (1.0,)
