"""Large pictures in tiles: the same loss, terms, gradient and distances as of the whole picture."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from stylekit import losses
from stylekit.arrays import Image
from stylekit.errors import SettingsError
from stylekit.image import tiles
from stylekit.image.guidance import Guidance
from stylekit.image.memory import check_style_loss
from stylekit.image.objective import Objective, TemporalTarget
from stylekit.image.stylization import Stylization
from stylekit.image.tile_grid import Axis, Reach, plan_grid, positions
from stylekit.media.images import resize_image
from stylekit.settings import ImageSettings, Weights
from stylekit.vgg.features import FeatureExtractor
from stylekit.vgg.weights import Backbone

# The convolutions of VGG16 and VGG19 up to block5_conv1.
VGG16 = Reach((1, 1, 2, 2, 3, 3, 3, 4, 4, 4, 5), (True,) * 11)
VGG19 = Reach((1, 1, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5), (True,) * 13)
SHALLOW = {
    "content_layers": ("block2_conv2",),
    "style_layers": ("block1_conv1", "block2_conv1"),
}


@pytest.fixture
def objectives(
    vgg16: Backbone, style: Image, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., tuple[Objective, Objective]]:
    """Makes an objective for whole pictures, and one for tiles of at most so many pixels."""

    def make(
        settings: ImageSettings, pixels: int, guidance: Image | Guidance = style
    ) -> tuple[Objective, Objective]:
        layers = (*settings.content_layers, *settings.style_layers)
        extractor = FeatureExtractor(
            vgg16,
            layers,
            calibration=dict.fromkeys(layers, 10.0),
            pooling=settings.pooling,
            margin=settings.margin,
        )
        whole = Objective(extractor, guidance, settings)
        monkeypatch.setattr(tiles, "WHOLE_PIXELS", 0)
        monkeypatch.setattr(tiles, "TILE_PIXELS", pixels)
        return whole, Objective(extractor, guidance, settings)

    return make


def assert_the_same(whole: Objective, tiled: Objective, content: Image) -> None:
    noise = np.random.default_rng(0).random(content.shape, np.float32)
    image = (0.6 * content + 0.3 * noise + 0.05).astype(np.float32)
    temporal = [TemporalTarget(np.ascontiguousarray(content[::-1]), content[..., 0])]
    wanted, targets = whole.targets(content, temporal), tiled.targets(content, temporal)
    assert tiled._tiles._grid(image).count > 1
    layers = tuple(1 + 0.5 * index for index in range(len(wanted.style[0].statistics)))
    for weights in (Weights(tv=0.5, layers=layers), Weights(beta=0, gamma=0, edges=0)):
        expected = whole.evaluate(image, wanted, weights)
        found = tiled.evaluate(image, targets, weights)
        assert found.value == pytest.approx(expected.value, rel=1e-5)
        assert found.losses.to_json() == pytest.approx(expected.losses.to_json(), rel=1e-5)
        scale = np.abs(expected.gradient).max()
        error = np.abs(found.gradient - expected.gradient)
        # Where an activation is 0 but for float32's error, ReLU lets the gradient pass or not. A
        # wrong border of a tile would be wrong along all its length.
        assert np.mean(error > 1e-4 * scale) < 0.01
        assert error.max() < 0.02 * scale
    (expected_losses, expected_distance), (found_losses, distance) = (
        whole.measure(image, wanted),
        tiled.measure(image, targets),
    )
    assert found_losses.to_json() == pytest.approx(expected_losses.to_json(), rel=1e-5)
    assert distance == pytest.approx(expected_distance, rel=1e-5)
    assert tiled.style_distances(image) == pytest.approx(whole.style_distances(image), rel=1e-5)
    nothing = whole.losses_of_nothing(content, wanted)
    # The whole picture's is a difference of sums.
    assert tiled.losses_of_nothing(content, targets) == pytest.approx(nothing, rel=1e-4)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("size", "margin", "pooling"),
    [
        ((125, 93), 0, "max"),
        ((61, 157), 8, "average"),  # one tile wide
    ],
)
def test_tiles_give_what_the_whole_picture_gives(
    size: tuple[int, int],
    margin: int,
    pooling: str,
    objectives: Callable[..., tuple[Objective, Objective]],
    picture: Callable[..., Image],
) -> None:
    settings = ImageSettings(backbone="vgg16", margin=margin, pooling=pooling, **SHALLOW)
    whole, tiled = objectives(settings, 64 * 64)
    assert_the_same(whole, tiled, resize_image(picture("chelsea", size=160), size))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("style_loss", "masks"),
    [("gram", "none"), ("gram", "regions"), ("moments", "none"), ("moments", "regions")],
)
def test_tiles_are_exact_for_several_styles(
    style_loss: str,
    masks: str,
    objectives: Callable[..., tuple[Objective, Objective]],
    picture: Callable[..., Image],
    style: Image,
) -> None:
    """Blended, or each in its soft region beside a kept part; a style may need tiles too."""
    content = resize_image(picture("chelsea", size=160), (125, 93))
    across = np.tile(np.linspace(0, 1, 125, dtype=np.float32), (93, 1))
    keep = np.zeros_like(across)
    keep[30:50, 40:] = 1
    guidance = Guidance.of([style, picture("glass")], (3, 1))
    if masks == "regions":
        guidance = replace(guidance, regions=(across, 1 - across), keep=keep)
    settings = ImageSettings(backbone="vgg16", margin=0, style_loss=style_loss, **SHALLOW)
    whole, tiled = objectives(settings, 64 * 64, guidance)
    assert_the_same(whole, tiled, content)


@pytest.mark.slow
def test_tiles_are_exact_with_the_layers_of_the_defaults(
    objectives: Callable[..., tuple[Objective, Objective]], picture: Callable[..., Image]
) -> None:
    whole, tiled = objectives(ImageSettings(backbone="vgg16"), 180 * 130)
    assert_the_same(whole, tiled, resize_image(picture("chelsea", size=160), (231, 101)))


def test_pooling_that_may_see_further_gets_a_wider_halo() -> None:
    wide = replace(VGG16, pool_reach=1)
    # One position of each of the four poolings, in strides of 2, 4, 8 and 16 pixels.
    assert wide.halo() >= _sight(VGG16) + 30 > VGG16.halo()
    assert wide.right_until(400) <= 400 - _sight(VGG16) - 30 < VGG16.right_until(400)


@pytest.mark.parametrize("reach", [VGG16, VGG19])
@pytest.mark.parametrize("size", [(333, 1001), (2048, 1365), (4096, 205)])
@pytest.mark.parametrize("margin", [0, 8])
def test_every_position_is_counted_once_and_far_enough_inside(
    reach: Reach, size: tuple[int, int], margin: int
) -> None:
    grid = plan_grid(size, (margin, margin), reach, 300_000)
    assert grid.window[0] * grid.window[1] <= 300_000
    for axis in (grid.rows, grid.columns):
        for block in range(1, 6):
            low, high = axis.inside(block)
            counted = [n for span in axis.spans for n in range(*axis.core(span, block))]
            assert counted == list(range(low, high))
        for span in axis.spans:
            assert span.start % reach.step == 0
            assert positions(axis.window, 5) >= axis.core(span, 5)[1] - span.start // 16
        for span in axis.spans[1:]:
            assert span.core - span.start >= _sight(reach)
        for span in axis.spans[:-1]:
            assert span.start + axis.window - span.core_end >= _sight(reach)


def _sight(reach: Reach) -> int:
    """How far the deepest layer sees beyond its own pixels: a pixel of each layer's stride."""
    return sum(2 ** (block - 1) for block in reach.blocks)


def test_mirror_images_are_folded_back_where_they_came_from() -> None:
    """Folding is the transpose of reading: ⟨read(x), y⟩ = ⟨x, fold(y)⟩."""
    generator = np.random.default_rng(0)
    axis = plan_grid((50, 9), (8, 8), Reach((1,), (True,)), 30 * 25).rows
    assert isinstance(axis, Axis) and len(axis.spans) > 1
    x = generator.random((50, 3), np.float32)
    for span in axis.spans:
        y = generator.random((axis.window, 3), np.float32)
        inner = float((x[axis.sources(span)] * y).sum())
        place, folded = axis.folded(span, y)
        assert float((x[place] * folded).sum()) == pytest.approx(inner, rel=1e-5)


def test_a_term_that_needs_other_features_is_refused(
    objectives: Callable[..., tuple[Objective, Objective]],
    picture: Callable[..., Image],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    settings = ImageSettings(backbone="vgg16", margin=0, **SHALLOW)
    _, tiled = objectives(settings, 64 * 64)
    content = picture("chelsea", size=80)
    targets = tiled.targets(content)
    deep = replace(losses.TERMS["tv"], measure=lambda _x, features, _t: features["block1_conv1"])
    monkeypatch.setitem(losses.TERMS, "tv", deep)
    with pytest.raises(SettingsError, match=r"^size: .*only the terms content and style"):
        tiled.measure(content, targets)


def test_a_statistic_without_tiles_is_refused_before_anything_is_painted() -> None:
    """With the size that works: the same settings with it, and with a statistic that has tiles."""
    settings = ImageSettings(size=2048, style_loss="sliced")
    content, style = np.zeros((4, 6, 3), np.float32), np.zeros((8, 8, 3), np.float32)
    words = (
        r"^size: 2048 is too large for this style loss, .*; use size 1000, or the style loss gram"
    )
    with pytest.raises(SettingsError, match=words):
        Stylization(content, style, settings)
    check_style_loss(replace(settings, size=1000), content.shape, style.shape)
    check_style_loss(replace(settings, style_loss="moments"), content.shape, style.shape)
    with pytest.raises(SettingsError, match=r"^size: 1000 is too large"):
        check_style_loss(replace(settings, size=1000, style_scale=2), content.shape, style.shape)


def test_an_objective_refuses_it_too(
    objectives: Callable[..., tuple[Objective, Objective]], picture: Callable[..., Image]
) -> None:
    settings = ImageSettings(backbone="vgg16", margin=0, style_loss="sliced", **SHALLOW)
    _, tiled = objectives(settings, 64 * 64)
    with pytest.raises(SettingsError, match=r"^style_loss: so large a picture"):
        tiled.targets(picture("chelsea", size=80))
