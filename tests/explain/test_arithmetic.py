"""The arithmetic of a loss: computed again from the network's features, and added up."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from stylekit.arrays import from_bytes, to_bytes
from stylekit.errors import SettingsError
from stylekit.explain.arithmetic import LossArithmetic, StyleFeatures
from stylekit.image.objective import TemporalTarget
from stylekit.image.stylization import Stylization
from stylekit.losses import PIXEL_UNIT
from stylekit.settings import Weights

WEIGHTS = Weights(alpha=2.0, beta=3e3, gamma=50.0, edges=0.4, tv=0.05)
# Float32 sums of tens of thousands of values, in another order.
RTOL = 2e-5


@pytest.fixture(scope="module")
def held(content):
    """A picture that is held to an earlier frame in its left half, and less at the right."""
    warped = np.roll(content, 3, axis=1)
    mask = np.full(content.shape[:2], 0.25, np.float32)
    mask[:, :20] = 1.0
    mask[:5] = 0.0
    return TemporalTarget(warped, mask)


@pytest.fixture(scope="module")
def painting(content, style, settings, held):
    return Stylization(content, style, settings, temporal=[held])


@pytest.fixture(scope="module")
def image(content):
    """A picture that is neither the content nor a rounded one."""
    noise = np.random.default_rng(7).random(content.shape, np.float32)
    return np.asarray(0.8 * content + 0.2 * noise, np.float32)


def arithmetic_of(painting, image, weights=WEIGHTS) -> LossArithmetic:
    styles = StyleFeatures(painting.objective, painting.compared_styles)
    return LossArithmetic(painting.objective, painting.targets, image, weights, styles)


@pytest.fixture(scope="module")
def arithmetic(painting, image):
    return arithmetic_of(painting, image)


def features(painting, picture, layer) -> np.ndarray:
    """F, `(M, N)` in double precision, straight from the network."""
    found = painting.objective.extractor(picture)[layer].numpy()[0]
    return found.reshape(-1, found.shape[-1]).astype(np.float64)


def gram(table: np.ndarray) -> np.ndarray:
    return np.einsum("pi,pj->ij", table, table) / len(table)


def test_the_terms_are_those_of_the_engine_and_add_up(arithmetic, painting, image):
    measured = painting.objective.measure(image, painting.targets, WEIGHTS)[0]
    assert [part.name for part in arithmetic.terms] == list(measured)
    for part in arithmetic.terms:
        assert part.loss == pytest.approx(measured[part.name], rel=RTOL) and part.loss > 0
        assert part.weighted == part.weight * part.loss
    total = sum(part.weighted for part in arithmetic.terms)
    assert total == pytest.approx(measured.total(WEIGHTS), rel=RTOL)
    assert sum(part.share for part in arithmetic.terms) == pytest.approx(1)


def test_every_layer_is_what_numpy_computes(arithmetic, painting, image, style):
    written = from_bytes(to_bytes(image))
    sized = painting.compared_styles.styles[0]
    loss = 0.0
    factor = float(painting.targets.style[0].weight)
    for part in arithmetic.style_layers:
        G, A = (gram(features(painting, each, part.layer)) for each in (written, sized))
        expected = np.square(G - A).mean()
        assert part.filters == len(G) and part.positions == len(
            features(painting, written, part.layer)
        )
        assert part.mean_square == pytest.approx(expected, rel=RTOL)
        assert part.loss == pytest.approx(factor * expected, rel=RTOL)
        assert part.weighted == pytest.approx(WEIGHTS.beta * factor * expected, rel=RTOL)
        loss += part.loss
    assert loss == pytest.approx(arithmetic.losses["style"], rel=RTOL)
    assert sum(part.share for part in arithmetic.style_layers) == pytest.approx(1, rel=RTOL)


def test_an_entry_is_the_mean_of_a_product_of_two_maps(arithmetic, painting, image):
    written = from_bytes(to_bytes(image))
    layer = arithmetic.style_layers[1].layer
    F = features(painting, written, layer)
    S = features(painting, painting.compared_styles.styles[0], layer)
    for i, j in ((0, 0), (3, 40), (127, 5)):
        entry = arithmetic.gram_entry(layer, i, j)
        np.testing.assert_allclose(entry.picture.first.ravel(), F[:, i], rtol=1e-6)
        np.testing.assert_allclose(entry.picture.second.ravel(), F[:, j], rtol=1e-6)
        np.testing.assert_allclose(entry.picture.product.ravel(), F[:, i] * F[:, j], rtol=1e-6)
        assert entry.picture.value == pytest.approx((F[:, i] * F[:, j]).mean(), rel=RTOL)
        assert entry.wanted == pytest.approx((S[:, i] * S[:, j]).mean(), rel=RTOL)
        assert entry.styles[0].value == entry.wanted and entry.styles[0].share == 1
        found, wanted = arithmetic.gram(layer)
        assert found[i, j] == pytest.approx(entry.picture.value, rel=RTOL)
        assert wanted[i, j] == pytest.approx(entry.wanted, rel=RTOL)


def test_all_entries_of_a_layer_add_up_to_its_loss(arithmetic):
    part = arithmetic.style_layers[0]
    entries = [
        (1 if i == j else 2, arithmetic.gram_entry(part.layer, i, j))
        for i in range(part.filters)
        for j in range(i + 1)
    ]
    assert sum(n * each.weighted for n, each in entries) == pytest.approx(part.weighted, rel=1e-4)
    assert sum(n * each.share_of_layer for n, each in entries) == pytest.approx(1, rel=1e-4)
    upper, lower = (arithmetic.gram_entry(part.layer, *pair) for pair in ((3, 9), (9, 3)))
    assert upper.weighted == pytest.approx(lower.weighted, rel=1e-9)


def test_all_filters_add_up_to_the_content_loss(arithmetic, painting, image, content):
    written = from_bytes(to_bytes(image))
    (part,) = arithmetic.content_layers
    F, P = (features(painting, each, part.layer) for each in (written, content))
    squares = np.square(F - P)
    channels = [arithmetic.channel(part.layer, k) for k in range(part.filters)]
    for k in (0, 64, 127):
        np.testing.assert_allclose(channels[k].content.ravel(), P[:, k], rtol=1e-6)
        np.testing.assert_allclose(channels[k].squares.ravel(), squares[:, k], rtol=1e-3, atol=1e-9)
        assert channels[k].loss == pytest.approx(squares[:, k].sum() / squares.size, rel=RTOL)
    assert sum(each.weighted for each in channels) == pytest.approx(
        WEIGHTS.alpha * arithmetic.losses["content"], rel=RTOL
    )
    np.testing.assert_allclose(
        arithmetic.channel_losses(part.layer), [each.loss for each in channels], rtol=1e-5
    )


def test_all_pixels_add_up_to_the_temporal_loss(arithmetic, image, held):
    written = from_bytes(to_bytes(image))
    height, width = written.shape[:2]
    pixels = [arithmetic.temporal_pixel(x, y) for y in range(height) for x in range(width)]
    whole = sum(each.loss for each in pixels)
    assert whole == pytest.approx(arithmetic.losses["temporal"], rel=RTOL)
    assert sum(each.share_of_term for each in pixels) == pytest.approx(1, rel=RTOL)
    pixel = arithmetic.temporal_pixel(7, 20)
    apart = np.square(PIXEL_UNIT * (written[20, 7].astype(float) - held.warped[20, 7])).sum()
    assert pixel.trust == 1.0 and pixel.loss == pytest.approx(apart / written.size, rel=1e-6)
    assert pixel.weighted == pytest.approx(WEIGHTS.gamma * pixel.loss)
    assert arithmetic.temporal_pixel(7, 2).loss == 0, "c is 0 there"
    drawn = arithmetic.temporal_map()
    np.testing.assert_allclose(drawn.ravel(), [each.loss for each in pixels], rtol=1e-4, atol=1e-14)


def test_other_weights_need_no_network(arithmetic, painting, image, monkeypatch):
    monkeypatch.setattr(painting.objective, "features", lambda _: pytest.fail("measured"))
    layers = tuple(2.0 if index else 0.5 for index in range(len(arithmetic.style_layers)))
    other = dataclasses.replace(WEIGHTS, beta=7.0, layers=layers)
    moved = arithmetic.with_weights(other)
    measured = painting.objective.measure(image, painting.targets, other)[0]
    assert moved.total == pytest.approx(measured.total(other), rel=RTOL)
    assert [part.layer_weight for part in moved.style_layers] == list(layers)
    weighted = sum(part.weighted for part in moved.style_layers)
    assert weighted == pytest.approx(7.0 * measured.style, rel=RTOL)
    assert arithmetic.weights == WEIGHTS and arithmetic.style_layers[0].layer_weight == 1


def test_a_blend_and_a_kept_part(content, style, settings, picture, image):
    """The target is the mean of the styles; kept parts do not count for the style."""
    keep = np.zeros(content.shape[:2], np.float32)
    keep[:, 30:] = 1.0
    styles = [style, picture("glass")]
    painting = Stylization(content, styles, settings, style_weights=(3, 1), keep=keep)
    arithmetic = arithmetic_of(painting, image)
    measured = painting.objective.measure(image, painting.targets, WEIGHTS)[0]
    part = arithmetic.style_layers[1]
    assert 0 < part.area < 1
    total = sum(each.loss for each in arithmetic.style_layers)
    assert total == pytest.approx(measured.style, rel=RTOL)
    entry = arithmetic.gram_entry(part.layer, 2, 11)
    assert [each.share for each in entry.styles] == [0.75, 0.25]
    tables = [features(painting, s, part.layer) for s in painting.compared_styles.styles]
    expected = [(table[:, 2] * table[:, 11]).mean() for table in tables]
    assert entry.wanted == pytest.approx(0.75 * expected[0] + 0.25 * expected[1], rel=RTOL)
    found, wanted = arithmetic.gram(part.layer)
    assert entry.picture.value == pytest.approx(found[2, 11], rel=RTOL)
    assert entry.wanted == pytest.approx(wanted[2, 11], rel=RTOL)
    parts = part.factor * part.area * np.square(found - wanted, dtype=np.float64)
    assert entry.loss == pytest.approx(parts[2, 11] / parts.size, rel=1e-3)


def test_regions_have_their_own_matrices(content, style, settings, picture, image):
    left = np.zeros(content.shape[:2], np.float32)
    left[:, :24] = 1.0
    painting = Stylization(
        content, [style, picture("glass")], settings, regions=[left, 1 - left], style_weights=(1, 3)
    )
    arithmetic = arithmetic_of(painting, image)
    measured = painting.objective.measure(image, painting.targets, WEIGHTS)[0]
    keys = [(each.layer, each.region) for each in arithmetic.style_layers]
    assert keys == [(layer, region) for layer in settings.style_layers for region in (0, 1)]
    total = sum(each.loss for each in arithmetic.style_layers)
    assert total == pytest.approx(measured.style, rel=RTOL)
    layer = settings.style_layers[0]
    for region, sized in enumerate(painting.compared_styles.styles):
        entry = arithmetic.gram_entry(layer, 1, 8, region=region)
        table = features(painting, sized, layer)
        assert entry.wanted == pytest.approx((table[:, 1] * table[:, 8]).mean(), rel=RTOL)
        assert entry.picture.value == pytest.approx(
            arithmetic.gram(layer, region)[0][1, 8], rel=RTOL
        )


def test_what_does_not_exist_is_refused_in_one_line(arithmetic, painting):
    layer = arithmetic.style_layers[0].layer
    for call, message in (
        (lambda: arithmetic.gram_entry("block9_conv1", 0, 0), r"^layer: there is no block9_conv1"),
        (lambda: arithmetic.gram_entry(layer, 64, 0), r"^row: must be a whole number from 0 to 63"),
        (lambda: arithmetic.gram_entry(layer, 0, -1), r"^column: must be a whole number from 0 to"),
        (lambda: arithmetic.gram_entry(layer, 0, 0, region=1), r"^layer: there is no "),
        (lambda: arithmetic.channel("block2_conv1", 0.5), r"^filter: must be a whole number"),
        (lambda: arithmetic.temporal_pixel(48, 0), r"^x: must be a whole number from 0 to 47"),
        (lambda: arithmetic.temporal_pixel(0, 0, target=1), r"^target: must be a whole number"),
    ):
        with pytest.raises(SettingsError, match=message) as caught:
            call()
        assert "\n" not in str(caught.value)


def test_a_picture_of_another_size_or_range_is_refused(painting, image):
    with pytest.raises(ValueError, match=r"^picture: must be 48×32 pixels"):
        arithmetic_of(painting, np.ascontiguousarray(image[:, :40]))
    with pytest.raises(ValueError, match=r"^picture: values must lie in \[0, 1\]"):
        arithmetic_of(painting, 2 * image)
    with pytest.raises(TypeError, match=r"^picture: must be a NumPy array"):
        arithmetic_of(painting, "image")


def test_pictures_that_are_computed_in_tiles_are_refused(painting):
    with pytest.raises(SettingsError, match=r"^size: the features of 1001×1000 pixels"):
        painting.objective.features(np.zeros((1000, 1001, 3), np.float32))


def test_a_style_loss_without_gram_matrices_says_so(content, style, settings, image):
    moments = dataclasses.replace(settings, style_loss="moments")
    arithmetic = arithmetic_of(Stylization(content, style, moments), image)
    assert not arithmetic.compares_gram
    assert arithmetic.content_layers[0].share == pytest.approx(1, rel=RTOL)
    with pytest.raises(SettingsError, match=r"^style_loss: this painting compares no Gram"):
        _ = arithmetic.style_layers


def test_without_an_earlier_frame_there_is_nothing_to_look_at(content, style, settings, image):
    arithmetic = arithmetic_of(Stylization(content, style, settings), image)
    with pytest.raises(SettingsError, match=r"^target: this picture is held to no earlier frame"):
        arithmetic.temporal_pixel(0, 0)
