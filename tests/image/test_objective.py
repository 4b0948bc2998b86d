"""The objective: its gradient, what it says of the 8-bit picture, and how rarely it compiles."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import numpy as np
import pytest

from stylekit.arrays import Image, from_bytes, to_bytes
from stylekit.errors import SettingsError
from stylekit.image.objective import Objective, TemporalTarget
from stylekit.image.xla import Compiler, worth_fusing
from stylekit.losses import (
    TERMS,
    gram_matrix,
    only,
    style_calibration,
    style_loss,
    temporal_loss,
    total_variation_loss,
)
from stylekit.media.images import resize_image
from stylekit.settings import ImageSettings, Weights
from stylekit.vgg.features import FeatureExtractor
from stylekit.vgg.runtime import tf
from stylekit.vgg.weights import Backbone

ALONE = {name: only(Weights(), {name: 1.0}) for name in TERMS}


@pytest.fixture(scope="module")
def extractor(vgg16: Backbone, photographs: list[Image]) -> FeatureExtractor:
    """The layers of the default settings."""
    settings = ImageSettings()
    layers = (*settings.content_layers, *settings.style_layers)
    return FeatureExtractor(vgg16, layers, calibration=photographs[:1])


@pytest.fixture
def shallow() -> ImageSettings:
    """Two shallow layers, which are compiled in a fraction of the time."""
    layers = ("block1_conv1", "block2_conv1")
    return ImageSettings(backbone="vgg16", size=48, content_layers=layers[1:], style_layers=layers)


@pytest.fixture
def shallow_extractor(
    vgg16: Backbone, photographs: list[Image], shallow: ImageSettings
) -> FeatureExtractor:
    """Their extractor, for which nothing is compiled yet."""
    return FeatureExtractor(vgg16, shallow.style_layers, calibration=photographs[:1])


@pytest.fixture(scope="module")
def objective(
    extractor: FeatureExtractor, style: Image, whole_settings: ImageSettings
) -> Objective:
    """One style's objective, shared: nothing in it depends on the picture."""
    return Objective(extractor, style, whole_settings)


@pytest.fixture(scope="module")
def image(content: Image) -> Image:
    """A picture between the content and noise, inside the bounds."""
    noise = np.random.default_rng(0).random(content.shape, np.float32)
    return (0.6 * content + 0.3 * noise + 0.05).astype(np.float32)


@pytest.fixture(scope="module")
def temporal(content: Image) -> TemporalTarget:
    """A frame to agree with on the left half, with weight one half in a strip."""
    mask = np.zeros(content.shape[:2], np.float32)
    mask[:, : content.shape[1] // 2] = 1
    mask[:, :4] = 0.5
    return TemporalTarget(np.ascontiguousarray(content[:, ::-1]), mask)


@pytest.mark.parametrize("name", ALONE)
def test_the_gradient_of_every_term_meets_finite_differences(
    name: str, objective: Objective, content: Image, image: Image, temporal: TemporalTarget
) -> None:
    """Along the gradient, where the difference is far above float32's noise, and along waves."""
    targets = objective.targets(content, [temporal])
    weights = ALONE[name]
    found = objective.evaluate(image, targets, weights)
    gradient = found.gradient.astype(np.float64)
    rows, columns = np.mgrid[: image.shape[0], : image.shape[1]] / 5.0
    waves = np.stack([np.sin(rows), np.cos(columns), np.sin(rows + columns)], axis=2)
    for direction in (gradient, waves + gradient / np.abs(gradient).max()):
        step = (2e-3 * direction / np.abs(direction).max()).astype(np.float32)
        ahead = objective.evaluate(image + step, targets, weights).value
        behind = objective.evaluate(image - step, targets, weights).value
        assert (ahead - behind) / 2 == pytest.approx((gradient * step).sum(), rel=0.05)
    assert found.value == pytest.approx(getattr(found.losses, name), rel=1e-5)


def test_the_weighted_sum_is_that_of_its_terms(
    objective: Objective, content: Image, image: Image, temporal: TemporalTarget
) -> None:
    targets = objective.targets(content, [temporal])
    each = {"content": 0.5, "style": 2e4, "temporal": 30.0, "edges": 3.0, "tv": 0.2}
    weights = only(Weights(), each)
    found = objective.evaluate(image, targets, weights)
    assert found.value == pytest.approx(found.losses.total(weights), rel=1e-5)
    gradient = np.zeros_like(image)
    for name, weight in each.items():
        gradient += weight * objective.evaluate(image, targets, ALONE[name]).gradient
    scale = np.abs(gradient).max()
    np.testing.assert_allclose(found.gradient, gradient, rtol=1e-3, atol=1e-4 * scale)


def test_terms_are_those_of_the_losses(
    objective: Objective,
    extractor: FeatureExtractor,
    content: Image,
    style: Image,
    image: Image,
    temporal: TemporalTarget,
) -> None:
    """With two temporal targets, which add up."""
    other = TemporalTarget(content, np.ones(content.shape[:2], np.float32))
    losses = objective.evaluate(
        image, objective.targets(content, [temporal, other]), Weights()
    ).losses
    features, wanted, painted = (extractor(tf.constant(x)) for x in (image, content, style))
    name = ImageSettings().content_layers[0]
    assert losses.content == pytest.approx(
        np.mean((features[name].numpy() - wanted[name].numpy()) ** 2), rel=1e-3
    )
    grams = {layer: gram_matrix(painted[layer]) for layer in ImageSettings().style_layers}
    factor = style_calibration([grams], [1.0])
    assert losses.style == pytest.approx(factor * float(style_loss(features, grams)), rel=1e-3)
    one = temporal_loss(image, temporal.warped, temporal.mask)
    two = temporal_loss(image, content, other.mask)
    assert losses.temporal == pytest.approx(float(one) + float(two), rel=1e-4)
    assert losses.tv == pytest.approx(float(total_variation_loss(image)), rel=1e-4)


def test_the_loss_of_content_and_style_is_zero_at_themselves(
    objective: Objective,
    whole_settings: ImageSettings,
    content: Image,
    style: Image,
    image: Image,
) -> None:
    at_content = objective.losses(content, objective.targets(content))
    away = objective.losses(image, objective.targets(content))
    # In the size of the content, for which everything is compiled.
    sized = from_bytes(to_bytes(resize_image(style, (content.shape[1], content.shape[0]))))
    own = Objective(objective.extractor, sized, whole_settings)
    at_style = own.losses(sized, own.targets(sized))
    assert at_content.content < 1e-9 * away.content
    assert at_style.style < 1e-6 * at_content.style


@pytest.mark.slow
def test_style_layers_count_by_their_weights(
    extractor: FeatureExtractor, content: Image, style: Image
) -> None:
    plain = Objective(extractor, style, ImageSettings())
    distances = plain.style_distances(content)
    assert list(distances) == list(ImageSettings().style_layers)
    weights = (0.0, 1.0, 2.0, 0.5, 3.0)
    weighted = Objective(extractor, style, ImageSettings(style_layer_weights=weights))
    assert weighted.style_distances(content) == pytest.approx(distances)
    expected = sum(w * d for w, d in zip(weights, distances.values(), strict=True))
    found = weighted.losses(content, weighted.targets(content)).style
    assert found == pytest.approx(expected, rel=1e-4)


@pytest.mark.slow
def test_live_layer_weights_stand_in_for_those_of_the_settings(
    extractor: FeatureExtractor, content: Image, style: Image, image: Image
) -> None:
    """In the loss, its gradient and its terms; where none are given, nothing changes."""
    shares = (0.0, 1.0, 2.0, 0.5, 3.0)
    live = Objective(extractor, style, ImageSettings(style_layer_weights=(9.0, 1.0, 1.0, 1.0, 1.0)))
    fixed = Objective(extractor, style, ImageSettings(style_layer_weights=shares))
    targets = fixed.targets(content)
    expected = fixed.evaluate(image, targets, Weights())
    found = live.evaluate(image, targets, Weights(layers=shares))
    assert (found.value, found.losses) == (expected.value, expected.losses)
    np.testing.assert_array_equal(found.gradient, expected.gradient)
    assert live.losses(image, targets, Weights(layers=shares)) == fixed.losses(image, targets)
    assert live.losses(image, targets, Weights()) == live.losses(image, targets)
    assert live.losses(image, targets).style != pytest.approx(found.losses.style, rel=0.1)
    assert live.style_distances(image) == fixed.style_distances(image)


def test_one_style_layer_alone_pulls_as_its_own_loss_does(
    objective: Objective, content: Image, image: Image
) -> None:
    targets = objective.targets(content)
    distances = objective.style_distances(from_bytes(to_bytes(image)))
    for index, distance in enumerate(distances.values()):
        layers = tuple(float(other == index) for other in range(len(distances)))
        weights = Weights(alpha=0, beta=2.0, gamma=0, edges=0, tv=0, layers=layers)
        found = objective.evaluate(from_bytes(to_bytes(image)), targets, weights)
        assert found.losses.style == pytest.approx(distance, rel=1e-4)
        assert found.value == pytest.approx(2 * distance, rel=1e-4)


def test_as_many_layer_weights_as_style_layers_are_wanted(
    objective: Objective, content: Image, image: Image
) -> None:
    targets = objective.targets(content)
    for layers in ((1.0,), (1.0,) * 6):
        with pytest.raises(SettingsError, match=r"^layers: give one weight for each of the 5"):
            objective.evaluate(image, targets, Weights(layers=layers))


def test_losses_and_distances_are_those_of_the_8_bit_picture(
    objective: Objective, content: Image, image: Image
) -> None:
    targets = objective.targets(content)
    written = from_bytes(to_bytes(image))
    assert not np.array_equal(written, image)
    losses = objective.losses(image, targets)
    assert losses == objective.losses(written, targets)
    # The evaluation is another compiled function, which may add up in another order.
    evaluated = objective.evaluate(written, targets, Weights()).losses.to_json()
    assert losses.to_json() == pytest.approx(evaluated, rel=1e-5)
    unrounded = objective.evaluate(image, targets, Weights()).losses.to_json()
    assert losses.to_json() != pytest.approx(unrounded, rel=1e-5)
    assert objective.style_distances(image) == objective.style_distances(written)
    assert sum(objective.style_distances(image).values()) == pytest.approx(losses.style, rel=1e-5)


@pytest.mark.slow
def test_new_weights_and_new_pictures_of_one_size_compile_nothing(
    shallow_extractor: FeatureExtractor,
    content: Image,
    style: Image,
    shallow: ImageSettings,
    image: Image,
    temporal: TemporalTarget,
) -> None:
    objective = Objective(shallow_extractor, style, shallow)
    targets = objective.targets(content, [temporal])
    objective.evaluate(image, targets, Weights())
    objective.losses(image, targets)
    objective.style_distances(image)
    before = objective.trace_count
    assert before == 3
    values = set()
    for alpha in (0.0, 1.0, 2.5):
        values.add(objective.evaluate(image, targets, Weights(alpha=alpha, tv=alpha)).value)
        layers = (alpha, 1.0)
        values.add(objective.evaluate(image, targets, Weights(alpha=7.0, layers=layers)).value)
    again = objective.targets(image, [TemporalTarget(image, temporal.mask)])
    values.add(objective.evaluate(content, again, Weights()).value)
    objective.losses(content, again)
    objective.style_distances(content)
    assert len(values) == 7
    assert objective.trace_count == before
    # Another size, and another number of temporal targets, are compiled once each.
    objective.evaluate(image, objective.targets(content), Weights())
    assert objective.trace_count == before + 1
    small = np.ascontiguousarray(content[:, :40])
    objective.evaluate(small, objective.targets(small), Weights())
    assert objective.trace_count == before + 3


@pytest.mark.slow
def test_objectives_of_one_network_share_what_is_compiled(
    shallow_extractor: FeatureExtractor,
    content: Image,
    style: Image,
    image: Image,
    shallow: ImageSettings,
) -> None:
    objective = Objective(shallow_extractor, style, shallow)
    own = objective.evaluate(image, objective.targets(content), Weights())
    other = Objective(shallow_extractor, content, shallow)
    evaluation = other.evaluate(image, other.targets(content), Weights())
    assert other.trace_count == 0
    # Each still compares with its own style.
    assert evaluation.losses.content == own.losses.content
    assert evaluation.losses.style != pytest.approx(own.losses.style, rel=0.1)
    fewer = dataclasses.replace(shallow, style_layers=shallow.style_layers[:1])
    third = Objective(shallow_extractor, content, fewer)
    losses = third.evaluate(image, third.targets(content), Weights()).losses
    assert third.trace_count > 0
    assert losses.style < evaluation.losses.style


@pytest.mark.slow
def test_only_objectives_that_asked_for_xla_use_it(
    shallow_extractor: FeatureExtractor,
    content: Image,
    style: Image,
    shallow: ImageSettings,
    image: Image,
) -> None:
    objective, fused, plain, late = (Objective(shallow_extractor, style, shallow) for _ in range(4))
    before = objective.evaluate(image, objective.targets(content), Weights())
    fused.fuse_ahead((content.shape[1], content.shape[0]))
    found = fused.evaluate(image, fused.targets(content), Weights())
    again = plain.evaluate(image, plain.targets(content), Weights())
    assert (again.gradient == before.gradient).all()
    # Whether the results of XLA differ, and by how much, depends on the machine.
    assert (fused.trace_count, plain.trace_count) == (1, 0)
    late.fuse_ahead((content.shape[1], content.shape[0]))
    assert (late.evaluate(image, late.targets(content), Weights()).gradient == found.gradient).all()
    assert late.trace_count == 0


def test_the_objective_leaves_its_arguments_alone(
    objective: Objective, content: Image, image: Image, temporal: TemporalTarget
) -> None:
    arrays = [content, image, temporal.warped, temporal.mask]
    copies = [array.copy() for array in arrays]
    targets = objective.targets(content, [temporal])
    objective.evaluate(image, targets, Weights()).gradient[:] = 0
    objective.losses(image, targets)
    for array, copy in zip(arrays, copies, strict=True):
        np.testing.assert_array_equal(array, copy)


def shifted(content: Image) -> np.ndarray:
    return content - np.float32(1)


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda content: content[..., :1], r"^image: must have the shape \(H, W, 3\)"),
        (lambda content: content.astype(np.float64), r"^image: must be float32"),
        (shifted, r"^image: values must lie in \[0, 1\]"),
    ],
)
def test_bad_pictures_are_refused(
    spoil: Callable[[Image], np.ndarray],
    words: str,
    extractor: FeatureExtractor,
    objective: Objective,
    content: Image,
    settings: ImageSettings,
) -> None:
    with pytest.raises(ValueError, match=words):
        objective.targets(spoil(content))
    with pytest.raises(ValueError, match=words):
        objective.style_distances(spoil(content))
    with pytest.raises(ValueError, match=words.replace("image", "style")):
        Objective(extractor, spoil(content), settings)


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda t: TemporalTarget(shifted(t.warped), t.mask), r"^warped: values must lie in"),
        (lambda t: TemporalTarget(t.warped[:, :20], t.mask), r"^warped: must be 48×32 pixels"),
        (lambda t: TemporalTarget(t.warped[:1, :1], t.mask), r"^warped: must be 48×32 pixels"),
        (lambda t: TemporalTarget(t.warped, t.mask[:, :20]), r"^mask: must be 48×32 pixels"),
        (lambda t: TemporalTarget(t.warped, t.mask * 2), r"^mask: values must lie in"),
        (lambda t: TemporalTarget(t.warped, t.mask > 0), r"^mask: must be float32, is bool"),
    ],
)
def test_bad_temporal_targets_are_refused(
    spoil: Callable[[TemporalTarget], TemporalTarget],
    words: str,
    objective: Objective,
    content: Image,
    temporal: TemporalTarget,
) -> None:
    with pytest.raises(ValueError, match=words):
        objective.targets(content, [spoil(temporal)])


@pytest.mark.slow
def test_fused_evaluations_are_those_of_the_others(
    shallow_extractor: FeatureExtractor,
    style: Image,
    shallow: ImageSettings,
    content: Image,
    image: Image,
    temporal: TemporalTarget,
) -> None:
    objective, fused = (Objective(shallow_extractor, style, shallow) for _ in range(2))
    size = content.shape[1], content.shape[0]
    fused.fuse_ahead(size, temporal=1)
    fused.fuse_ahead(size, temporal=1)
    expected, found = (
        each.evaluate(image, each.targets(content, [temporal]), Weights())
        for each in (objective, fused)
    )
    assert found.value == pytest.approx(expected.value, rel=1e-5)
    assert found.losses.temporal == pytest.approx(expected.losses.temporal, rel=1e-5)
    difference = np.linalg.norm(found.gradient - expected.gradient)
    assert difference < 1e-4 * np.linalg.norm(expected.gradient)
    # The evaluation alone: both calls made for one compilation, and features are there.
    assert fused.trace_count == 1


def test_compiling_pays_where_much_is_evaluated() -> None:
    assert worth_fusing(100, (256, 192))
    assert worth_fusing(22, (960, 540))
    assert not worth_fusing(100, (128, 96))
    # What was compiled is tried out once, which few evaluations do not pay back at any size.
    assert not worth_fusing(6, (960, 540))


def test_large_pictures_are_not_compiled_by_xla_because_of_its_memory() -> None:
    assert not worth_fusing(1000, (1280, 720))


def test_targets_of_a_picture_that_comes_once_are_those_of_the_others(
    objective: Objective, content: Image, temporal: TemporalTarget
) -> None:
    often = objective.targets(content, [temporal])
    before = objective.trace_count
    once = objective.targets(content, [temporal], once=True)
    assert objective.trace_count == before
    for found, expected in zip(once.content.values(), often.content.values(), strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5 * np.abs(expected).max())
    np.testing.assert_array_equal(once.warped, often.warped)
    np.testing.assert_array_equal(once.masks, often.masks)


def test_losses_and_style_distance_are_measured_in_one_pass(
    objective: Objective, content: Image, image: Image, temporal: TemporalTarget
) -> None:
    targets = objective.targets(content, [temporal])
    weights = Weights(layers=(1.0, 0.0, 2.0, 0.0, 0.0))
    losses, distance = objective.measure(image, targets, weights)
    assert losses == objective.losses(image, targets, weights)
    assert distance == pytest.approx(sum(objective.style_distances(image).values()), rel=1e-4)
    assert distance != pytest.approx(losses.style, rel=1e-2)


@pytest.mark.slow
def test_without_xla_evaluations_go_on_unfused(
    shallow_extractor: FeatureExtractor,
    shallow: ImageSettings,
    content: Image,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    objective = Objective(shallow_extractor, content, shallow)
    expected = objective.evaluate(content, objective.targets(content), Weights())
    compile_ = Compiler._compile

    def without_xla(self: Compiler, function: Callable, tensors: object, **how: bool) -> Callable:
        if how.get("fused"):
            raise tf.errors.UnimplementedError(None, None, "no XLA here")
        return compile_(self, function, tensors)

    monkeypatch.setattr(Compiler, "_compile", without_xla)
    objective.fuse_ahead((content.shape[1], content.shape[0]))
    found = objective.evaluate(content, objective.targets(content), Weights())
    assert found.value == expected.value
