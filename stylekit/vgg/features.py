"""VGG features of pictures: pre-processing, the layers that are needed, and their calibration.

Differs from Keras's own VGG in nothing but speed: see `stylekit.vgg.convolution`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import StrEnum
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
"""The mean activation, over the calibration photographs, that every layer is scaled to.

Gatys et al. 2016 (§2) use a network scaled so that mean activations are one. The constant here
makes the report's weights balanced. With activations scaled by s, the content loss grows with
s² and the style loss, of products of two activations, with s⁴, so their ratio grows with s².
At unit mean activation a picture in which both are seen has β/α ≈ 10; the report's β/α is 10⁴.
s² = 10/10⁴ makes them one and the same, hence s = √0.001.
"""

# What Keras's "caffe" pre-processing subtracts, here in RGB order and on the scale 0 to 255:
# the mean colour of ImageNet's training pictures.
_MEAN_RGB = (123.68, 116.779, 103.939)

# A layer that answers to nothing on the calibration photographs cannot be scaled.
_MIN_ACTIVATION = 1e-12


class Pooling(StrEnum):
    """Names of rows of `POOLINGS`: how the network halves its maps.

    Average pooling is the default of a picture: Gatys et al. 2016 (§2) find its pictures slightly
    more appealing, and here it reaches a painted look in fewer steps. Max is VGG's own.
    """

    MAX = "max"
    AVERAGE = "average"


def _max_pooling(x: tf.Tensor) -> tf.Tensor:
    return tf.nn.max_pool2d(x, _window(x), _window(x), "VALID")


def _average_pooling(x: tf.Tensor) -> tf.Tensor:
    return tf.nn.avg_pool2d(x, _window(x), _window(x), "VALID")


def _window(x: tf.Tensor) -> list[int]:
    # A side of one pixel stays: halved it would be none, as in a strip of 256×13.
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

    `layers` are Keras's names (`block4_conv2`); nothing past the deepest of them is computed.
    Each layer's activations are scaled to a mean of `MEAN_ACTIVATION` over `calibration`, a
    few photographs (Image), so that losses mean the same on every backbone. Functions that call it
    share their compiled form in `compiled`. `pooling` is a name in `POOLINGS` or a function.

    Raises SettingsError if the backbone has no layer, or `POOLINGS` no row, of that name.
    """

    def __init__(
        self,
        backbone: Backbone,
        layers: Sequence[str],
        *,
        calibration: Sequence[Image],
        pooling: str | PoolingFunction = Pooling.MAX,
    ) -> None:
        for name in layers:
            if name not in backbone.kernels:
                raise SettingsError(
                    name,
                    f"{backbone.name} has no such layer; there are {', '.join(backbone.kernels)}",
                )
        self.backbone = backbone
        self.compiled = CompiledFunctions()
        self.layers = tuple(dict.fromkeys(layers))
        names = list(backbone.kernels)
        self._used = names[: max(names.index(name) for name in layers) + 1]
        self._convolve = {name: _layer(*backbone.kernels[name]) for name in self._used}
        self._pool = function_of("pooling", POOLINGS, pooling)
        self.scales = dict.fromkeys(self.layers, 1.0)
        self.scales = self._calibrate(calibration)

    def __call__(self, image: tf.Tensor) -> dict[str, tf.Tensor]:
        """Scaled features by layer, each `(1, h, w, channels)`, of `image` `(H, W, 3)` in [0, 1].

        Differentiable with respect to `image`.
        """
        x = image[tf.newaxis] * 255.0 - tf.constant(_MEAN_RGB, tf.float32)
        features = {}
        block = 1
        for name in self._used:
            if (here := int(name[5])) != block:
                x = self._pool(x)
                block = here
            x = self._convolve[name](x)
            if name in self.scales:
                features[name] = x * self.scales[name]
        return features

    def mean_activations(self, images: Sequence[Image]) -> dict[str, float]:
        """The mean scaled activation of each layer over `images`."""
        per_image = [self(tf.constant(check_image(image))) for image in images]
        return {
            name: float(np.mean([tf.reduce_mean(features[name]) for features in per_image]))
            for name in self.layers
        }

    def _calibrate(self, calibration: Sequence[Image]) -> dict[str, float]:
        means = self.mean_activations(calibration)
        return {
            name: MEAN_ACTIVATION / mean if mean > _MIN_ACTIVATION else 1.0
            for name, mean in means.items()
        }


def _layer(kernel: NDArray[np.float32], bias: NDArray[np.float32]) -> Filter:
    """Convolution, bias and ReLU."""
    convolve, offset = convolution(kernel), tf.constant(bias)
    return lambda x: tf.nn.relu(tf.nn.bias_add(convolve(x), offset))
