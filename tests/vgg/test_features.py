"""Features: their calibration, their economy, and the exactness of the fast gradient.

That they are those of Keras's own networks is held in test_weights.py.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from stylekit.arrays import Image
from stylekit.errors import SettingsError
from stylekit.settings import ImageSettings
from stylekit.vgg import features as module
from stylekit.vgg.features import MEAN_ACTIVATION, FeatureExtractor, Pooling, mean_activation
from stylekit.vgg.runtime import tf
from stylekit.vgg.weights import Backbone

MEAN_RGB = (123.68, 116.779, 103.939)


@pytest.fixture(params=["vgg16", "random_vgg19"])
def backbone(request: pytest.FixtureRequest) -> Backbone:
    """Each network in turn."""
    return request.getfixturevalue(request.param)


@pytest.fixture(scope="module")
def extractor_of(photographs: list[Image]) -> Callable[[Backbone, Pooling], FeatureExtractor]:
    """The extractor of all layers, which takes seconds to build, built once for a network."""
    built: dict[tuple[str, Pooling], FeatureExtractor] = {}

    def build(backbone: Backbone, pooling: Pooling) -> FeatureExtractor:
        key = backbone.name, pooling
        if key not in built:
            layers = list(backbone.kernels)
            built[key] = FeatureExtractor(
                backbone, layers, calibration=photographs, pooling=pooling
            )
        return built[key]

    return build


@pytest.fixture(scope="module")
def unmeasured(vgg16: Backbone) -> dict[Pooling, FeatureExtractor]:
    """Extractors of the style's layers, without the seconds in which they are calibrated."""
    layers = ImageSettings().style_layers
    known = dict.fromkeys(layers, 1.0)
    return {
        pooling: FeatureExtractor(vgg16, layers, calibration=known, pooling=pooling)
        for pooling in Pooling
    }


def plain_network(
    backbone: Backbone, image: tf.Tensor, last: str, pooling: Pooling
) -> dict[str, tf.Tensor]:
    """Unscaled features by TensorFlow's own convolutions, whose gradient is its own too."""
    pool = tf.nn.max_pool2d if pooling == Pooling.MAX else tf.nn.avg_pool2d
    x = image[tf.newaxis] * 255.0 - tf.constant(MEAN_RGB)
    found = {}
    block = "block1"
    for name, (kernel, bias) in backbone.kernels.items():
        if not name.startswith(block):
            x = pool(x, 2, 2, "VALID")
            block = name[:6]
        x = tf.nn.relu(tf.nn.bias_add(tf.nn.conv2d(x, kernel, 1, "SAME"), bias))
        found[name] = x
        if name == last:
            break
    return found


@pytest.mark.slow
@pytest.mark.parametrize("pooling", Pooling)
def test_every_layer_has_its_mean_activation_on_the_calibration_photographs(
    backbone: Backbone, pooling: Pooling, photographs: list[Image], extractor_of: Callable
) -> None:
    extractor = extractor_of(backbone, pooling)
    means = extractor.mean_activations(photographs)
    assert list(means) == list(backbone.kernels)
    wanted = [mean_activation(name) for name in means]
    np.testing.assert_allclose(list(means.values()), wanted, rtol=1e-4)
    # On another picture they are another, so that a constant in place of features is no way out.
    other = extractor.mean_activations([1 - photographs[0]])
    assert max(abs(mean / mean_activation(name) - 1) for name, mean in other.items()) > 0.02


@pytest.mark.slow
@pytest.mark.parametrize("pooling", Pooling)
def test_features_are_those_of_a_plain_network_times_one_scale_a_layer(
    backbone: Backbone, pooling: Pooling, content: Image, extractor_of: Callable
) -> None:
    layers = ImageSettings().style_layers
    ours = extractor_of(backbone, pooling)(tf.constant(content))
    plain = plain_network(backbone, tf.constant(content), layers[-1], pooling)
    sizes = {}
    for layer in layers:
        scale = ours[layer].numpy().sum() / plain[layer].numpy().sum()
        np.testing.assert_allclose(
            ours[layer], scale * plain[layer], rtol=1e-3, atol=1e-4 * MEAN_ACTIVATION
        )
        sizes[layer] = ours[layer].shape[1:3]
    assert [tuple(size) for size in sizes.values()] == [
        (content.shape[0] // 2**power, content.shape[1] // 2**power) for power in range(5)
    ]


def test_poolings_differ(vgg16: Backbone, content: Image, photographs: list[Image]) -> None:
    found = [
        FeatureExtractor(vgg16, ["block2_conv1"], calibration=photographs, pooling=pooling)(
            tf.constant(content)
        )["block2_conv1"].numpy()
        for pooling in Pooling
    ]
    assert np.abs(found[0] - found[1]).mean() > 0.1 * MEAN_ACTIVATION


def test_only_the_layers_that_are_needed_are_built(
    vgg16: Backbone, photographs: list[Image], monkeypatch: pytest.MonkeyPatch
) -> None:
    built = []
    original = module._layer

    def counted(kernel: np.ndarray, bias: np.ndarray) -> Callable[[tf.Tensor], tf.Tensor]:
        built.append(kernel.shape)
        return original(kernel, bias)

    monkeypatch.setattr(module, "_layer", counted)
    layers = ["block2_conv2", "block1_conv2", "block2_conv2"]
    extractor = FeatureExtractor(vgg16, layers, calibration=photographs[:1])
    # Until a picture comes, there is something to show: TensorFlow is not needed yet.
    assert not built
    extractor(tf.zeros((32, 32, 3)))
    assert [shape[2:] for shape in built] == [(3, 64), (64, 64), (64, 128), (128, 128)]
    assert extractor.layers == ("block2_conv2", "block1_conv2")
    graph = tf.function(extractor).get_concrete_function(tf.zeros((32, 32, 3))).graph
    kinds = [operation.type for operation in graph.get_operations()]
    # The first, of three channels, is one convolution; the others are six narrow ones each.
    assert (
        kinds.count("Conv2D") == 1 + 3 * 6 and kinds.count("AvgPool") + kinds.count("MaxPool") == 1
    )


@pytest.mark.slow
@pytest.mark.parametrize("pooling", Pooling)
def test_the_fast_gradient_is_tensorflows_own(
    backbone: Backbone, pooling: Pooling, content: Image, extractor_of: Callable
) -> None:
    """Through all layers: ReLU's edges, which differ by rounding alone, weigh little."""
    last, extractor = "block5_conv1", extractor_of(backbone, pooling)
    image = tf.constant(content)
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(image)
        ours = tf.reduce_sum(tf.square(extractor(image)[last]))
        plain = tf.reduce_sum(tf.square(plain_network(backbone, image, last, pooling)[last]))
    expected = tape.gradient(plain, image).numpy() * float(ours / plain)
    found = tape.gradient(ours, image).numpy()
    assert np.linalg.norm(found - expected) < 1e-5 * np.linalg.norm(expected)


def test_the_gradient_meets_finite_differences(
    vgg16: Backbone, content: Image, photographs: list[Image]
) -> None:
    """Along smooth directions: float32 drowns the difference that a single pixel makes."""
    extractor = FeatureExtractor(vgg16, ["block3_conv1"], calibration=photographs[:1])

    def value(image: np.ndarray) -> tf.Tensor:
        return tf.reduce_sum(tf.square(extractor(image)["block3_conv1"]))

    image = tf.constant(content)
    with tf.GradientTape() as tape:
        tape.watch(image)
        loss = value(image)
    gradient = tape.gradient(loss, image).numpy().astype(np.float64)
    rows, columns = np.mgrid[: content.shape[0], : content.shape[1]] / 5.0
    for direction in (np.ones_like(rows), np.sin(rows), np.cos(columns), gradient[..., 0]):
        step = np.repeat(direction[..., np.newaxis], 3, axis=2)
        step = (1e-3 * step / np.abs(step).max()).astype(np.float32)
        slope = (float(value(image + step)) - float(value(image - step))) / 2
        assert slope == pytest.approx((gradient * step).sum(), rel=0.05, abs=1e-5 * float(loss))


@pytest.mark.parametrize("size", [(32, 32), (2, 32), (1, 20), (13, 256)])
@pytest.mark.parametrize("pooling", Pooling)
def test_small_and_narrow_pictures_go_through(
    size: tuple[int, int], pooling: Pooling, unmeasured: dict[Pooling, FeatureExtractor]
) -> None:
    found = unmeasured[pooling](
        tf.constant(np.random.default_rng(0).random((*size, 3), np.float32))
    )
    for power, name in enumerate(ImageSettings().style_layers):
        features = found[name]
        assert tuple(features.shape[1:3]) == tuple(max(1, side // 2**power) for side in size)
        assert np.isfinite(features.numpy()).all()


# Continued borders.

MARGIN = 8


@pytest.fixture(scope="module")
def with_margin(vgg16: Backbone) -> dict[int, FeatureExtractor]:
    """Extractors of the style's layers by their margin."""
    layers = ImageSettings().style_layers
    known = dict.fromkeys(layers, 1.0)
    return {
        margin: FeatureExtractor(
            vgg16, layers, calibration=known, pooling=Pooling.AVERAGE, margin=margin
        )
        for margin in (0, MARGIN)
    }


@pytest.mark.parametrize("size", [(32, 48), (37, 51)])
def test_a_margin_leaves_shapes_and_the_inside_as_they_are(
    size: tuple[int, int], with_margin: dict[int, FeatureExtractor]
) -> None:
    """Up to block 4: half a position of block 5 cannot be cut off."""
    image = tf.constant(np.random.default_rng(0).random((*size, 3), np.float32))
    plain, continued = (with_margin[margin](image) for margin in (0, MARGIN))
    layers = ImageSettings().style_layers
    for name in layers[:4]:
        assert continued[name].shape == plain[name].shape
    for axis in (1, 2):
        assert 0 <= continued[layers[4]].shape[axis] - plain[layers[4]].shape[axis] <= 1
    # Block 1 sees 1 pixel around its own; a position j of block 2 sees pixels 2j − 4 to 2j + 5.
    for name, reach in (("block1_conv1", 1), ("block2_conv1", 2)):
        before, after = plain[name].numpy()[0], continued[name].numpy()[0]
        # An odd side has a line that no whole position without a margin sees.
        ends = [side - reach - size[axis] % 2 for axis, side in enumerate(before.shape[:2])]
        inside = slice(reach, ends[0]), slice(reach, ends[1])
        largest = np.abs(before).max()
        np.testing.assert_allclose(after[inside], before[inside], atol=1e-5 * largest)
        for edge in (np.s_[0], np.s_[:, 0], np.s_[-1], np.s_[:, -1]):
            assert np.abs(after[edge] - before[edge]).max() > 0.01 * largest


@pytest.mark.parametrize("name", ["block1_conv1", "block2_conv1"])
def test_with_a_margin_a_plain_picture_has_no_border(
    name: str, with_margin: dict[int, FeatureExtractor]
) -> None:
    flat = tf.constant(np.full((32, 40, 3), (0.9, 0.5, 0.2), np.float32))
    for margin, extractor in with_margin.items():
        features = extractor(flat)[name].numpy()[0]
        middle = features[features.shape[0] // 2, features.shape[1] // 2]
        furthest = np.abs(features - middle).max() / np.abs(middle).max()
        assert furthest < 1e-5 if margin else furthest > 0.1


@pytest.mark.parametrize("size", [(1, 20), (2, 32), (5, 5), (8, 9), (1, 1)])
def test_pictures_narrower_than_the_margin_are_continued_as_far_as_they_go(
    size: tuple[int, int], with_margin: dict[int, FeatureExtractor]
) -> None:
    image = np.random.default_rng(0).random((*size, 3), np.float32)
    plain, found = (with_margin[margin](tf.constant(image)) for margin in (0, MARGIN))
    for name in ImageSettings().style_layers:
        assert np.isfinite(found[name].numpy()).all()
        for axis in (1, 2):
            assert found[name].shape[axis] >= plain[name].shape[axis]
    assert found["block1_conv1"].shape == plain["block1_conv1"].shape
    # As of the same picture that is mirrored by hand; a line of one pixel has no mirror image.
    widths = [(min(MARGIN, side - 1),) * 2 for side in size]
    mirrored = tf.constant(np.pad(image, (*widths, (0, 0)), "reflect"))
    (top, _), (left, _) = widths
    expected = with_margin[0](mirrored)["block1_conv1"].numpy()
    expected = expected[:, top : top + size[0], left : left + size[1]]
    np.testing.assert_allclose(found["block1_conv1"], expected, atol=1e-5 * np.abs(expected).max())


def test_an_unknown_layer_is_refused_and_the_known_ones_listed(
    vgg16: Backbone, photographs: list[Image]
) -> None:
    with pytest.raises(SettingsError, match=r"^block3_conv4: vgg16 has no such layer; there are b"):
        FeatureExtractor(vgg16, ["block1_conv1", "block3_conv4"], calibration=photographs)


def test_a_layer_that_never_answers_is_left_unscaled(photographs: list[Image]) -> None:
    silent = (np.zeros((3, 3, 3, 64), np.float32), np.zeros(64, np.float32))
    backbone = Backbone("silent", "none", "", {"block1_conv1": silent})
    extractor = FeatureExtractor(backbone, ["block1_conv1"], calibration=photographs)
    assert extractor.mean_activations(photographs) == {"block1_conv1": 0.0}


def test_calibration_pictures_are_checked(vgg16: Backbone) -> None:
    with pytest.raises(ValueError, match="divide 8-bit pictures by 255"):
        FeatureExtractor(
            vgg16, ["block1_conv1"], calibration=[np.full((32, 32, 3), 255, np.float32)]
        )
