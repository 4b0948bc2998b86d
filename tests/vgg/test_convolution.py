"""The fast convolution: exact to a few 10⁻⁶, at every width, and so is its gradient."""

from __future__ import annotations

import numpy as np
import pytest

from stylekit.vgg import convolution as module
from stylekit.vgg.convolution import convolution
from stylekit.vgg.runtime import tf

RNG = np.random.default_rng(5)

# The largest number of channels with direct convolution, and the smallest with the fast one.
CHANNELS = [(3, 64), (64, 3), (16, 16), (32, 24)]


def random_kernel(channels: tuple[int, int]) -> np.ndarray:
    """A kernel whose outputs are about as large as its inputs."""
    scale = 1 / np.sqrt(9 * channels[0])
    return (RNG.standard_normal((3, 3, *channels)) * scale).astype(np.float32)


def random_map(height: int, width: int, channels: int) -> tf.Tensor:
    """Features, and none alike."""
    return tf.constant(RNG.standard_normal((1, height, width, channels)), tf.float32)


def relative_error(found: tf.Tensor, expected: tf.Tensor) -> float:
    """The largest difference as a share of the largest value."""
    return float(tf.reduce_max(tf.abs(found - expected)) / tf.reduce_max(tf.abs(expected)))


@pytest.mark.parametrize("channels", CHANNELS)
@pytest.mark.parametrize("width", [1, 2, 3, 4, 5, 6, 7, 8, 31, 32])
def test_convolution_is_that_of_tensorflow(channels: tuple[int, int], width: int) -> None:
    kernel, x = random_kernel(channels), random_map(6, width, channels[0])
    expected = tf.nn.conv2d(x, kernel, strides=1, padding="SAME")
    found = convolution(kernel)(x)
    assert found.shape == expected.shape
    assert relative_error(found, expected) < 1e-5


@pytest.mark.parametrize("channels", CHANNELS)
@pytest.mark.parametrize(("height", "width"), [(1, 9), (5, 8), (4, 1)])
def test_gradient_is_that_of_tensorflow(channels: tuple[int, int], height: int, width: int) -> None:
    kernel, x = random_kernel(channels), random_map(height, width, channels[0])
    upstream = random_map(height, width, channels[1])
    gradients = []
    for apply in (convolution(kernel), lambda x: tf.nn.conv2d(x, kernel, 1, "SAME")):
        with tf.GradientTape() as tape:
            tape.watch(x)
            loss = tf.reduce_sum(apply(x) * upstream)
        gradients.append(tape.gradient(loss, x))
    assert relative_error(*gradients) < 1e-5


def test_a_graphics_card_gets_the_convolution_of_tensorflow(monkeypatch) -> None:
    kernel, x = random_kernel((32, 24)), random_map(6, 9, 32)

    def slow_there(kernel: np.ndarray) -> None:
        raise AssertionError("made for processors")

    monkeypatch.setattr(module, "graphics_cards", lambda: ["a card"])
    monkeypatch.setattr(module, "_winograd", slow_there)
    found = []
    for convolve in (convolution(kernel), lambda x: tf.nn.conv2d(x, kernel, 1, "SAME")):
        with tf.GradientTape() as tape:
            tape.watch(x)
            features = convolve(x)
            loss = tf.reduce_sum(tf.square(features))
        found.append((features, tape.gradient(loss, x)))
    (features, gradient), (expected, expected_gradient) = found
    assert relative_error(features, expected) < 1e-6
    assert relative_error(gradient, expected_gradient) < 1e-5
