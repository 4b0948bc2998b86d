"""The weighted sum of all losses and its gradient, compiled once for a picture size."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from threading import Thread
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from ..arrays import Image, Mask, check_image, check_mask, from_bytes, to_bytes
from ..losses import TERMS, Compared, Losses, Term, gram_matrix, style_loss, weight_of
from ..settings import ImageSettings, Weights, check_layer_count
from ..vgg.features import FeatureExtractor
from ..vgg.runtime import tf
from ..vgg.weights import Backbone

log = logging.getLogger(__name__)

# XLA takes about a sixth off an evaluation. It compiles for some three seconds, which is as much
# as it saves on so many pixels times evaluations, and tries what it has compiled out once.
_WORK_WORTH_FUSING = 4_000_000
_EVALUATIONS_TO_TRY_OUT = 6
# It also keeps half as much again in memory: 6 GB for a picture of 1280×720, 4 GB without it.
_PIXELS_TO_FUSE_AT_MOST = 700_000


@dataclass(frozen=True, slots=True, eq=False)
class TemporalTarget:
    """What a frame should agree with: a `warped` stylised frame (Image) where `mask` is 1."""

    warped: Image
    mask: Mask


@dataclass(frozen=True, slots=True, eq=False)
class Targets:
    """What a picture is compared with: features of the content layers, and temporal targets."""

    content: tuple[tf.Tensor, ...]
    warped: tf.Tensor
    masks: tf.Tensor

    def tensors(self) -> tuple[tuple[tf.Tensor, ...], tf.Tensor, tf.Tensor]:
        """In the order that compiled functions take them."""
        return self.content, self.warped, self.masks


@dataclass(frozen=True, slots=True, eq=False)
class Evaluation:
    """The weighted loss of a picture as it is, its gradient `(H, W, 3)`, and its terms."""

    value: float
    gradient: NDArray[np.float32]
    losses: Losses


class Objective:
    """The sum of all weighted `TERMS` of pictures, for one style.

    Everything that does not change from picture to picture lives here: the network and the
    style's Gram matrices. Weights, those of the style layers among them, and Gram matrices enter
    compiled functions as tensors: moving a weight never compiles anew, and objectives of one
    network and its layers share what was compiled for one of them. `trace_count` counts how
    often something was compiled for this one.
    """

    def __init__(self, extractor: FeatureExtractor, style: Image, settings: ImageSettings) -> None:
        self.extractor = extractor
        self.trace_count = 0
        self._content_layers = settings.content_layers
        self._layer_weights = settings.style_layer_weights
        self._compiled: dict[tuple, Callable] = {}
        self._fused: dict[tuple, Future[Callable]] = {}
        self._grams: dict[str, tf.Tensor] = {}
        features = self._features(style, once=True)
        self._grams = {name: gram_matrix(features[name]) for name in settings.style_layers}

    @property
    def backbone(self) -> Backbone:
        """The network that everything is measured with."""
        return self.extractor.backbone

    def targets(
        self, content: Image, temporal: Sequence[TemporalTarget] = (), *, once: bool = False
    ) -> Targets:
        """What `content` and the temporal targets ask for, computed once for a picture.

        `once` says that no other picture of this size will follow: then compiling does not pay.
        """
        features = self._features(content, once=once)
        for target in temporal:
            check_image(target.warped, "warped", like=content)
            check_mask(target.mask, "mask", like=content)
        height, width = content.shape[:2]
        warped = np.zeros((len(temporal), height, width, 3), np.float32)
        masks = np.zeros((len(temporal), height, width), np.float32)
        for index, target in enumerate(temporal):
            warped[index], masks[index] = target.warped, target.mask
        return Targets(
            tuple(features[name] for name in self._content_layers),
            tf.constant(warped),
            tf.constant(masks),
        )

    def fuse_ahead(self, size: tuple[int, int], temporal: int = 0) -> None:
        """Have evaluations of pictures of `size` (width, height) compiled by XLA from now on.

        `temporal` is their number of temporal targets. XLA fuses what lies between the
        convolutions: an evaluation takes about a sixth less time, at the price of some seconds
        of compiling, which go by in another thread; the first evaluation waits for it. Where
        TensorFlow comes without XLA all stays as it is.
        """
        width, height = size
        shapes = [(height, width, 3), (temporal, height, width, 3), (temporal, height, width)]
        key = self._key(self._gradient, [*shapes, (len(self.term_weights(Weights())),)])
        compiling: Future[Callable] = Future()
        # Another objective may have asked for it; but who did not ask goes on without it, or
        # its results would depend on what was painted before.
        self._fused[key] = self.extractor.compiled.keep((*key, "fused"), lambda: compiling)
        if self._fused[key] is compiling:
            # No daemon: Python must not end, on Ctrl-C, in the middle of XLA.
            Thread(target=self._fuse, args=(key, compiling, shapes[0], temporal)).start()

    def evaluate(self, image: Image, targets: Targets, weights: Weights) -> Evaluation:
        """The weighted loss of `image` as it is, its gradient and its terms.

        Raises SettingsError unless `weights.layers` is empty or has one for each style layer.
        """
        vector = tf.constant(self.term_weights(weights), tf.float32)
        total, gradient, terms = self._call(
            self._gradient, tf.constant(image), *targets.tensors(), self._grams, vector
        )
        return Evaluation(
            float(total), gradient.numpy(), self._sum_parts(terms, self._shares(weights))
        )

    def term_weights(self, weights: Weights) -> list[float]:
        """The weights of the parts of all `TERMS`, in their order.

        Raises SettingsError unless `weights.layers` is empty or has one for each style layer.
        """
        shares = self._shares(weights)
        return [
            weight_of(term, weights) * share
            for term in TERMS.values()
            for share in _shares_of(term, shares)
        ]

    def differentiate(
        self, image: tf.Tensor, targets: Targets, term_weights: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """The weighted loss of `image` and its gradient, in TensorFlow, for others to compile."""
        total, gradient, _ = self._gradient(image, *targets.tensors(), self._grams, term_weights)
        return total, gradient

    def losses(self, image: Image, targets: Targets, weights: Weights | None = None) -> Losses:
        """The unweighted losses of the 8-bit picture that `image` becomes in a file.

        The layers make up the style loss by the shares of `weights`, or of the settings.
        """
        return self.measure(image, targets, weights)[0]

    def measure(
        self, image: Image, targets: Targets, weights: Weights | None = None
    ) -> tuple[Losses, float]:
        """The `losses`, and the style distance: the style loss without layer weights."""
        written = tf.constant(from_bytes(to_bytes(image)))
        terms = self._call(self._terms, written, *targets.tensors(), self._grams)
        plain = self._sum_parts(terms, (1.0,) * len(self._grams))
        return self._sum_parts(terms, self._shares(weights or Weights())), plain.style

    def style_distances(self, image: Image) -> dict[str, float]:
        """The style loss of the 8-bit picture by layer, each without its layer weight."""
        features = self._features(from_bytes(to_bytes(check_image(image))))
        return {
            name: float(style_loss(features, {name: gram})) for name, gram in self._grams.items()
        }

    def _shares(self, weights: Weights) -> tuple[float, ...]:
        """How much each style layer counts in the style loss."""
        check_layer_count("layers", weights.layers, tuple(self._grams))
        return weights.layers or self._layer_weights or (1.0,) * len(self._grams)

    def _features(self, image: Image, *, once: bool = False) -> dict[str, tf.Tensor]:
        picture = tf.constant(check_image(image))
        # Compiling takes as long as a few calls.
        return self.extractor(picture) if once else self._call(self.extractor.__call__, picture)

    def _terms(
        self,
        image: tf.Tensor,
        content: tuple[tf.Tensor, ...],
        warped: tf.Tensor,
        masks: tf.Tensor,
        grams: Mapping[str, tf.Tensor],
    ) -> tf.Tensor:
        """The parts of all `TERMS`, in their order."""
        compared = Compared(
            image=image,
            features=self.extractor(image),
            content=dict(zip(self._content_layers, content, strict=True)),
            grams=grams,
            warped=warped,
            masks=masks,
        )
        return tf.concat([tf.reshape(term.measure(compared), [-1]) for term in TERMS.values()], 0)

    def _sum_parts(self, parts: tf.Tensor, shares: Sequence[float]) -> Losses:
        """Each term's loss, from its parts and what each style layer counts."""
        left = iter(parts.numpy().tolist())
        return Losses(
            **{
                name: sum(share * next(left) for share in _shares_of(term, shares))
                for name, term in TERMS.items()
            }
        )

    def _gradient(
        self,
        image: tf.Tensor,
        content: tuple[tf.Tensor, ...],
        warped: tf.Tensor,
        masks: tf.Tensor,
        grams: Mapping[str, tf.Tensor],
        weights: tf.Tensor,
    ) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        with tf.GradientTape() as tape:
            tape.watch(image)
            terms = self._terms(image, content, warped, masks, grams)
            total = tf.tensordot(terms, weights, 1)
        return total, tape.gradient(total, image), terms

    def _call(self, function: Callable, *tensors: Any) -> Any:
        """`function` compiled for the shapes of `tensors`, and called."""
        key = self._key(function, [tensor.shape for tensor in tensors if tf.is_tensor(tensor)])
        if key in self._fused:
            return self._fused[key].result()(*tensors)
        if key not in self._compiled:
            self._compiled[key] = self.extractor.compiled.keep(
                key, lambda: self._compile(function, tensors)
            )
        return self._compiled[key](*tensors)

    def _compile(self, function: Callable, tensors: Any, *, fused: bool = False) -> Callable:
        self.trace_count += 1
        traced = tf.function(function, autograph=False, jit_compile=fused or None)
        return cast(Callable, traced.get_concrete_function(*tensors))

    def _key(self, function: Callable, shapes: Sequence[Sequence[int]]) -> tuple:
        """What a compiled function is made for; features and Grams have shapes that follow."""
        layers = self._content_layers, tuple(self._grams)
        return (function.__name__, tuple(TERMS), *layers, *map(tuple, shapes))

    def _fuse(
        self, key: tuple, compiling: Future[Callable], shape: tuple[int, ...], temporal: int
    ) -> None:
        try:
            blank = np.zeros(shape, np.float32)
            nothing = TemporalTarget(blank, blank[:, :, 0])
            targets = self.targets(blank, [nothing] * temporal, once=True)
            weights = tf.zeros(len(self.term_weights(Weights())))
            tensors = (tf.constant(blank), *targets.tensors(), self._grams, weights)
            try:
                fused = self._compile(self._gradient, tensors, fused=True)
                fused(*tensors)  # XLA compiles when it is first called
            except tf.errors.OpError as error:
                log.info("XLA cannot be had (%s); going on without it", error.__class__.__name__)
                fused = self._compile(self._gradient, tensors)
        # Whoever waits for it must learn of any other error, or would wait for ever.
        except BaseException as error:
            self.extractor.compiled.forget((*key, "fused"))
            compiling.set_exception(error)
            return
        compiling.set_result(fused)


def worth_fusing(evaluations: int, size: tuple[int, int]) -> bool:
    """Whether `Objective.fuse_ahead` saves time, at a fair price in memory.

    That depends on the number of `evaluations` and on `size` (width, height).
    """
    pixels = size[0] * size[1]
    saves_time = (evaluations - _EVALUATIONS_TO_TRY_OUT) * pixels > _WORK_WORTH_FUSING
    return saves_time and pixels <= _PIXELS_TO_FUSE_AT_MOST


def _shares_of(term: Term, shares: Sequence[float]) -> Sequence[float]:
    """What each part of a term counts in it."""
    return shares if term.by_layer else (1.0,)
