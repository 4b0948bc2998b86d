"""A U-shaped residual network that paints, and the step by which it learns.

The network is that of Texler et al. 2020, *Interactive Video Stylization Using Few-Shot
Patch-Based Training*, §3, made small enough for a processor: two halvings of the size, residual
blocks at a quarter of it, two doublings, and a connection across at each size.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..settings import NetworkSettings
from ..vgg.features import POOLINGS, FeatureExtractor, Pooling, mean_activation, stored_activations
from ..vgg.runtime import tf
from ..vgg.weights import load_backbone

Array = NDArray[np.float32]

STRIDE = 4
"""The sides of what the network takes are multiples of this."""

LOSS_BACKBONE = "vgg16"
"""The network whose features are compared: the embedded one, whatever paints keyframes."""

# The first layer of each of three blocks: lines, textures and small forms.
_FEATURES = ("block1_conv1", "block2_conv1", "block3_conv1")
# Kingma & Ba 2015; the first decay as in adversarial training, where 0.9 overshoots.
_DECAYS = (0.9, 0.999)
_EPSILON = 1e-8
# The weights that paint are a mean over about the last 1/(1 − 0.97) ≈ 30 steps. Single steps
# follow their own few patches, which is seen as a change of the whole picture.
_MEAN_DECAY = 0.97
# As in Texler et al. 2020: least squares, on a network of three layers.
_CRITIC_WIDTH = 32


@dataclass(frozen=True, slots=True, eq=False)
class Patches:
    """What one step learns from.

    `inputs` `(N, p, p, channels)`, `bases` `(N, p, p, 3)` to which the network adds what it paints,
    `targets` `(N, p, p, 3)` and `weights` `(N, p, p, 1)`, 0 where a target does not count.
    """

    inputs: Array
    bases: Array
    targets: Array
    weights: Array


class PaintingNetwork:
    """The network with the state of Adam. It is the same for the same seed and steps.

    Parameters
    ----------
    channels : Of its input.
    settings : Their `width`, `blocks`, learning rate and weights of the losses.
    """

    def __init__(self, channels: int, settings: NetworkSettings) -> None:
        self._settings = settings
        random = np.random.default_rng(settings.seed)
        self._layers = _painter(channels, settings, random)
        self._critic = _critic(random) if settings.adversarial else {}
        self._means = {name: tf.Variable(layer) for name, layer in self._layers.items()}
        self._moments = {
            f"{name}.{moment}": tf.Variable(tf.zeros_like(layer))
            for name, layer in {**self._layers, **self._critic}.items()
            for moment in ("m", "v")
        }
        self._count = tf.Variable(0.0)
        self._train = tf.function(self._take_step, autograph=False)
        self._painters: dict[tuple[int, ...], Callable] = {}

    @property
    def parameter_count(self) -> int:
        """The number of weights that paint."""
        return sum(int(np.prod(layer.shape)) for layer in self._layers.values())

    def learn(self, patches: Patches) -> dict[str, float]:
        """Take one step, and return the parts of the loss before it, unweighted."""
        parts = self._train(
            *map(tf.constant, (patches.inputs, patches.bases, patches.targets, patches.weights))
        )
        return {name: float(part) for name, part in parts.items()}

    def paint(self, inputs: Array, base: Array) -> Array:
        """The painting of inputs `(H, W, channels)` over `base` `(H, W, 3)`, not clipped."""
        if inputs.shape not in self._painters:
            self._painters = {inputs.shape: tf.function(self._painted, autograph=False)}
        painted = self._painters[inputs.shape](tf.constant(inputs), tf.constant(base))
        return np.asarray(painted.numpy(), np.float32)

    def state(self) -> dict[str, Array]:
        """All numbers of the network by name, for `restore`."""
        return {name: variable.numpy() for name, variable in self._variables().items()}

    def restore(self, state: dict[str, Array]) -> None:
        """Go on from a `state`. Raises ValueError if it is that of another network."""
        variables = self._variables()
        if {name: variable.shape for name, variable in variables.items()} != {
            name: array.shape for name, array in state.items()
        }:
            raise ValueError("state: is that of a network of another shape")
        for name, variable in variables.items():
            variable.assign(state[name])

    def _variables(self) -> dict[str, Any]:
        groups = {
            "layer": self._layers,
            "mean": self._means,
            "critic": self._critic,
            "moment": self._moments,
        }
        named = {f"{group}.{name}": v for group, all_ in groups.items() for name, v in all_.items()}
        return {**named, "count": self._count}

    def _painted(self, inputs: tf.Tensor, base: tf.Tensor) -> tf.Tensor:
        painted = _forward(inputs[tf.newaxis], self._means, self._settings.blocks)
        return base + painted[0]

    def _take_step(
        self, inputs: tf.Tensor, bases: tf.Tensor, targets: tf.Tensor, weights: tf.Tensor
    ) -> dict[str, tf.Tensor]:
        settings = self._settings
        self._count.assign_add(1.0)
        area = tf.maximum(tf.reduce_sum(weights), 1.0)
        parts: dict[str, tf.Tensor] = {}
        with tf.GradientTape() as tape:
            painted = bases + _forward(inputs, self._layers, settings.blocks)
            # Where a target does not count both have what the network began with, so that no
            # layer of features sees it.
            painted = bases + weights * (painted - bases)
            targets = bases + weights * (targets - bases)
            parts["l1"] = tf.reduce_sum(tf.abs(painted - targets)) / (3.0 * area)
            total = settings.l1 * parts["l1"]
            if settings.vgg:
                # Features take twice the time of all else: half of the patches is enough.
                half = -(-painted.shape[0] // 2)
                parts["vgg"] = _feature_distance(painted[:half], targets[:half])
                total += settings.vgg * parts["vgg"]
            if settings.adversarial:
                judged = _judge(painted, self._critic)
                parts["adversarial"] = tf.reduce_mean(tf.square(judged - 1.0))
                total += settings.adversarial * parts["adversarial"]
        self._descend(tape, total, self._layers)
        for name, mean in self._means.items():
            mean.assign_add((1.0 - _MEAN_DECAY) * (self._layers[name] - mean))
        if settings.adversarial:
            with tf.GradientTape() as tape:
                fake = _judge(tf.stop_gradient(painted), self._critic)
                real = _judge(targets, self._critic)
                loss = tf.reduce_mean(tf.square(fake)) + tf.reduce_mean(tf.square(real - 1.0))
                loss *= 0.5
            self._descend(tape, loss, self._critic)
        return parts

    def _descend(self, tape: Any, loss: tf.Tensor, layers: dict[str, Any]) -> None:
        """One step of Adam."""
        names = list(layers)
        gradients = tape.gradient(loss, [layers[name] for name in names])
        first, second = _DECAYS
        for name, gradient in zip(names, gradients, strict=True):
            tf.raw_ops.ResourceApplyAdam(
                var=layers[name].handle,
                m=self._moments[f"{name}.m"].handle,
                v=self._moments[f"{name}.v"].handle,
                beta1_power=tf.pow(first, self._count),
                beta2_power=tf.pow(second, self._count),
                lr=self._settings.learning_rate,
                beta1=first,
                beta2=second,
                epsilon=_EPSILON,
                grad=gradient,
            )


def _painter(
    channels: int, settings: NetworkSettings, random: np.random.Generator
) -> dict[str, Any]:
    """The layers at the start: each residual block and the last layer add nothing."""
    width, blocks = settings.width, settings.blocks
    layers = {
        **_layer("full", channels, width, random),
        **_layer("half", width, 2 * width, random),
        **_layer("quarter", 2 * width, 4 * width, random),
        **_layer("up_half", 6 * width, 2 * width, random),
        **_layer("up_full", 3 * width, width, random),
        **_layer("paint", width, 3, random, gain=0.0),
    }
    for block in range(blocks):
        layers |= _layer(f"block{block}_first", 4 * width, 4 * width, random)
        layers |= _layer(f"block{block}_second", 4 * width, 4 * width, random, gain=0.0)
    return layers


def _critic(random: np.random.Generator) -> dict[str, Any]:
    return {
        **_layer("judge_first", 3, _CRITIC_WIDTH, random),
        **_layer("judge_second", _CRITIC_WIDTH, 2 * _CRITIC_WIDTH, random),
        **_layer("judge_last", 2 * _CRITIC_WIDTH, 1, random),
    }


def _layer(
    name: str, inputs: int, outputs: int, random: np.random.Generator, *, gain: float = 1.0
) -> dict[str, Any]:
    """A 3×3 kernel and a bias. The variance of He et al. 2015 keeps that of the activations."""
    deviation = gain * math.sqrt(2.0 / (9 * inputs))
    kernel = deviation * random.standard_normal((3, 3, inputs, outputs))
    return {
        f"{name}_kernel": tf.Variable(kernel.astype(np.float32)),
        f"{name}_bias": tf.Variable(np.zeros(outputs, np.float32)),
    }


def _forward(x: tf.Tensor, layers: dict[str, Any], blocks: int) -> tf.Tensor:
    full = tf.nn.relu(_convolved(x, layers, "full"))
    half = tf.nn.relu(_convolved(full, layers, "half", stride=2))
    deep = tf.nn.relu(_convolved(half, layers, "quarter", stride=2))
    for block in range(blocks):
        inner = tf.nn.relu(_convolved(deep, layers, f"block{block}_first"))
        deep += _convolved(inner, layers, f"block{block}_second")
    up = tf.nn.relu(_convolved(tf.concat([_doubled(deep), half], -1), layers, "up_half"))
    up = tf.nn.relu(_convolved(tf.concat([_doubled(up), full], -1), layers, "up_full"))
    return _convolved(up, layers, "paint")


def _judge(images: tf.Tensor, layers: dict[str, Any]) -> tf.Tensor:
    x = tf.nn.leaky_relu(_convolved(images, layers, "judge_first", stride=2))
    x = tf.nn.leaky_relu(_convolved(x, layers, "judge_second", stride=2))
    return _convolved(x, layers, "judge_last")


def _convolved(x: tf.Tensor, layers: dict[str, Any], name: str, *, stride: int = 1) -> tf.Tensor:
    kernel = tf.convert_to_tensor(layers[f"{name}_kernel"])
    if stride == 1:
        x = _convolution(x, kernel)
    else:
        x = tf.nn.conv2d(x, kernel, strides=stride, padding="SAME")
    return tf.nn.bias_add(x, layers[f"{name}_bias"])


def _convolution(x: tf.Tensor, kernel: tf.Tensor) -> tf.Tensor:
    """Convolution whose gradient with respect to `x` is a convolution too.

    The kernel is flipped in space and its channels exchanged, which is exact for this stride and
    padding. A step takes a sixth less time than with TensorFlow's own gradient.
    """

    @tf.custom_gradient
    def convolve(x: tf.Tensor, kernel: tf.Tensor) -> tuple[tf.Tensor, Callable]:
        def backward(upstream: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
            flipped = tf.transpose(tf.reverse(kernel, [0, 1]), (0, 1, 3, 2))
            return (
                tf.nn.conv2d(upstream, flipped, strides=1, padding="SAME"),
                tf.raw_ops.Conv2DBackpropFilter(
                    input=x,
                    filter_sizes=tf.shape(kernel),
                    out_backprop=upstream,
                    strides=[1, 1, 1, 1],
                    padding="SAME",
                ),
            )

        return tf.nn.conv2d(x, kernel, strides=1, padding="SAME"), backward

    return convolve(x, kernel)


def _doubled(x: tf.Tensor) -> tf.Tensor:
    """Each position four times: `(N, h, w, c)` to `(N, 2 h, 2 w, c)`."""
    count, height, width, channels = x.shape
    rows = tf.reshape(x, (count, height, 1, width, 1, channels))
    return tf.reshape(tf.tile(rows, (1, 1, 2, 1, 2, 1)), (count, 2 * height, 2 * width, channels))


def _feature_distance(painted: tf.Tensor, targets: tf.Tensor) -> tf.Tensor:
    """The mean over layers of mean (F − P)² / μ², with features F and P and their usual mean μ.

    The patches are laid side by side as one picture, because the extractor takes one. At their
    borders it sees parts of two patches, which are the same two in both pictures.
    """
    extractor = _extractor()
    ours, wanted = extractor(_mosaic(painted)), extractor(_mosaic(targets))
    distances = [
        tf.reduce_mean(tf.square(ours[name] - wanted[name])) / mean_activation(name) ** 2
        for name in extractor.layers
    ]
    return tf.add_n(distances) / len(distances)


def _mosaic(patches: tf.Tensor) -> tf.Tensor:
    """Patches `(N, p, p, 3)` side by side in a picture of about equal sides."""
    count, side = patches.shape[:2]
    rows = max(rows for rows in range(1, math.isqrt(count) + 1) if count % rows == 0)
    columns = count // rows
    tiled = tf.reshape(patches, (rows, columns, side, side, 3))
    return tf.reshape(tf.transpose(tiled, (0, 2, 1, 3, 4)), (rows * side, columns * side, 3))


def _extractor() -> FeatureExtractor:
    """That of the embedded VGG16, so that a run gives the same on every machine."""
    backbone = load_backbone(LOSS_BACKBONE)
    calibration = stored_activations(backbone, POOLINGS[Pooling.AVERAGE].function)
    assert calibration is not None, "the embedded network's activations are stored"
    return FeatureExtractor(backbone, _FEATURES, calibration=calibration, pooling=Pooling.AVERAGE)
