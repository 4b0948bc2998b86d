"""VGG features of pictures: pre-processing, the layers that are needed, and their calibration.

The features are those of Keras's VGG, computed faster (see `stylekit.vgg.convolution`).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..arrays import Image, check_image
from ..errors import SettingsError
from ..settings import Implementation, function_of
from .convolution import Filter, convolution
from .runtime import CompiledFunctions, tf
from .weights import Backbone

MEAN_ACTIVATION = 1e-3**0.5
"""The mean activation, over the calibration photographs, that layers are scaled to.

Gatys et al. 2016 (§2) use a network that is scaled to mean activations of one. With the constant
here the report's weights are balanced. If activations are scaled by s, the content loss grows with
s². The style loss, which has products of two activations, grows with s⁴, so their ratio grows with
s². At a mean activation of one, content and style are balanced at β/α ≈ 10; the report's β/α is
10⁴. They agree if s² = 10/10⁴, hence s = √0.001. See `mean_activation` for the style layers.
"""

# The share s⁴ of the first layer of each block, whose Gram matrices are compared by default. With
# equal shares, pictures had fine ripples and lost their content: seen side by side at 256 pixels,
# with three styles. The factor of all of them, 0.4, was chosen with β = 10⁴ so that a photograph is
# seen in its painting.
_STYLE_SHARES = {
    "block1_conv1": 0.4 * 0.3,
    "block2_conv1": 0.4,
    "block3_conv1": 0.4,
    "block4_conv1": 0.4,
    "block5_conv1": 0.4 * 0.25,
}

# What Keras's "caffe" pre-processing subtracts, here in RGB order and on the scale 0 to 255:
# the mean colour of ImageNet's training pictures.
_MEAN_RGB = (123.68, 116.779, 103.939)

# A layer whose activations are zero on the calibration photographs cannot be scaled.
_MIN_ACTIVATION = 1e-12

# Unscaled mean activations of the embedded network, which tests/vgg/test_activations.py writes.
_STORED = Path(__file__).with_name("activations.json")


class Pooling(StrEnum):
    """Names of rows of `POOLINGS`: how the network halves its maps.

    Average pooling is the default of a picture. Gatys et al. 2016 (§2) find its pictures slightly
    more appealing, and here it needs fewer steps to a painted look. VGG itself has maximum pooling.
    """

    MAX = "max"
    AVERAGE = "average"


def _max_pooling(x: tf.Tensor) -> tf.Tensor:
    return tf.nn.max_pool2d(x, _window(x), _window(x), "VALID")


def _average_pooling(x: tf.Tensor) -> tf.Tensor:
    return tf.nn.avg_pool2d(x, _window(x), _window(x), "VALID")


def _window(x: tf.Tensor) -> list[int]:
    # A side of one pixel is kept, because half of it would be zero, as in a strip of 256×13.
    return [min(2, side) for side in x.shape[1:3]]


PoolingFunction = Callable[[Any], Any]
"""From maps `(1, h, w, channels)`, a tensor, to maps of half their height and width."""

PoolingRow = Implementation[PoolingFunction]
"""A row of `POOLINGS`."""

POOLINGS: dict[str, PoolingRow] = {
    "max": PoolingRow("maximum", _max_pooling),
    "average": PoolingRow("average", _average_pooling, help="gives smoother strokes"),
}
"""Every pooling by its name in settings, files and on the command line."""


class FeatureExtractor:
    """The activations, after ReLU, of the named layers of a backbone.

    Each layer is scaled to its `mean_activation` over a few photographs, so that losses mean the
    same on every backbone. `compiled` keeps what was compiled for this network.

    Parameters
    ----------
    backbone : The network.
    layers : Keras's names (`block4_conv2`). Nothing behind the deepest of them is computed.
    calibration
        The photographs, Images of any size; or the mean unscaled activation of each layer over
        them, where it is known.
    pooling : A name in `POOLINGS`, or a function that halves maps.
    margin
        Pixels by which a picture is continued at its borders, as in a mirror. What the network
        sees there is cut off again, as far as whole positions of a layer fit. Without a margin
        every convolution sees zeros beyond the border, and a painting gets stripes along it.

    Raises
    ------
    SettingsError
        If the backbone has no such layer, or `POOLINGS` no such row.
    """

    def __init__(
        self,
        backbone: Backbone,
        layers: Sequence[str],
        *,
        calibration: Sequence[Image] | Mapping[str, float],
        pooling: str | PoolingFunction = Pooling.MAX,
        margin: int = 0,
    ) -> None:
        for name in layers:
            if name not in backbone.kernels:
                raise SettingsError(
                    name,
                    f"{backbone.name} has no such layer; there are {', '.join(backbone.kernels)}",
                )
        self.backbone = backbone
        self.margin = margin
        self.compiled = CompiledFunctions()
        self.layers = tuple(dict.fromkeys(layers))
        names = list(backbone.kernels)
        self._used = names[: max(names.index(name) for name in layers) + 1]
        self._pool = function_of("pooling", POOLINGS, pooling)
        if not isinstance(calibration, Mapping):
            for photograph in calibration:
                check_image(photograph)
        self._calibration = calibration

    def __call__(self, image: tf.Tensor) -> dict[str, tf.Tensor]:
        """Scaled features by layer, each `(1, h, w, channels)`, of `image` `(H, W, 3)` in [0, 1].

        They can be differentiated with respect to `image`.
        """
        return self._features(image, self.margin)

    def without_margin(self, window: tf.Tensor) -> dict[str, tf.Tensor]:
        """The same of a part of a picture, which is not continued at its borders."""
        return self._features(window, 0)

    # TensorFlow takes seconds to load, in which a picture can be shown before its first step.
    @cached_property
    def _convolve(self) -> dict[str, Any]:
        # Not as a part of a function that is being compiled.
        with tf.init_scope():
            return {name: _layer(*self.backbone.kernels[name]) for name in self._used}

    @cached_property
    def scales(self) -> dict[str, float]:
        """The factor of each layer."""
        means = self._calibration
        if not isinstance(means, Mapping):
            with tf.init_scope():
                means = self._means(self._unscaled, means)
        return {
            name: mean_activation(name) / means[name] if means[name] > _MIN_ACTIVATION else 1.0
            for name in self.layers
        }

    @property
    def computed(self) -> tuple[tuple[str, int], ...]:
        """Each layer that is computed, from the first to the deepest, and its block, 1 to 5."""
        return tuple((name, int(name[5])) for name in self._used)

    @property
    def pools_apart(self) -> bool:
        """Whether each position after pooling depends on its own 2×2 positions before it alone.

        Functions that are not of this module may look further.
        """
        return self._pool in (_max_pooling, _average_pooling)

    def _features(self, image: tf.Tensor, margin: int) -> dict[str, tf.Tensor]:
        unscaled = self._unscaled(image, margin)
        return {name: features * self.scales[name] for name, features in unscaled.items()}

    def _unscaled(self, image: tf.Tensor, margin: int) -> dict[str, tf.Tensor]:
        margins = mirror_margins(image.shape, margin)
        x = _continued(image, margins)[tf.newaxis] * 255.0 - tf.constant(_MEAN_RGB, tf.float32)
        features = {}
        block = 1
        for name in self._used:
            if (here := int(name[5])) != block:
                x = self._pool(x)
                block = here
            x = self._convolve[name](x)
            if name in self.layers:
                top, left = (width // 2 ** (block - 1) for width in margins)
                features[name] = x[:, top : x.shape[1] - top, left : x.shape[2] - left]
        return features

    def mean_activations(self, images: Sequence[Image]) -> dict[str, float]:
        """The mean scaled activation of each layer over `images`."""
        return self._means(self._features, images)

    def _means(
        self, features_of: Callable[..., dict[str, tf.Tensor]], images: Sequence[Image]
    ) -> dict[str, float]:
        # Without a margin, so that they do not depend on it.
        per_image = [features_of(tf.constant(check_image(image)), 0) for image in images]
        return {
            name: float(np.mean([tf.reduce_mean(features[name]) for features in per_image]))
            for name in self.layers
        }


def mirror_margins(shape: Sequence[int], margin: int) -> list[int]:
    """By how many pixels a picture of this shape is continued, above and below, left and right.

    A mirror image is at most as wide as the picture itself without its border line.

    Examples
    --------
    >>> mirror_margins((5, 100, 3), 8)
    [4, 8]
    """
    return [min(margin, side - 1) for side in shape[:2]]


def mean_activation(layer: str) -> float:
    """The mean activation that a layer such as `block4_conv2` is scaled to.

    It is `MEAN_ACTIVATION`, and less for the default style layers, most of all in the first and the
    last block, whose style loss would otherwise bring grain and ripples.

    Examples
    --------
    >>> mean_activation("block4_conv2") == MEAN_ACTIVATION
    True
    >>> round((mean_activation("block5_conv1") / mean_activation("block4_conv1")) ** 4, 3)
    0.25
    """
    return MEAN_ACTIVATION * _STYLE_SHARES.get(layer, 1.0) ** 0.25


def _continued(image: tf.Tensor, margins: Sequence[int]) -> tf.Tensor:
    """The image `(H, W, 3)`, continued by its mirror image above and below, left and right."""
    # Not tf.pad, which has no form for batches (tf.vectorized_map).
    for axis, margin in enumerate(margins):
        if margin:
            rows = image if axis == 0 else tf.transpose(image, (1, 0, 2))
            rows = tf.concat([rows[margin:0:-1], rows, rows[-2 : -2 - margin : -1]], 0)
            image = rows if axis == 0 else tf.transpose(rows, (1, 0, 2))
    return image


def stored_activations(backbone: Backbone, pooling: PoolingFunction) -> dict[str, float] | None:
    """The mean unscaled activation of each layer over the built-in photographs at 192 pixels.

    Only those of the embedded network are stored, because to measure them takes seconds in every
    process. None for other weights, and for a pooling that is not one of this module.
    """
    stored = json.loads(_STORED.read_text(encoding="utf-8"))
    names = {_max_pooling: "max", _average_pooling: "average"}
    if backbone.sha256 != stored["sha256"] or pooling not in names:
        return None
    return stored[names[pooling]]


def _layer(kernel: NDArray[np.float32], bias: NDArray[np.float32]) -> Filter:
    """Convolution, bias and ReLU, as one function."""
    convolve, offset = convolution(kernel), tf.constant(bias)
    return lambda x: tf.nn.relu(tf.nn.bias_add(convolve(x), offset))
