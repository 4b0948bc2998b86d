"""The sizes of a picture: a preview where the first of them would be large, then what is asked."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from stylekit.arrays import Image
from stylekit.errors import SettingsError
from stylekit.image.colors import match_colors
from stylekit.image.scales import Scale, max_steps, plan_scales, sized_style, with_detail
from stylekit.media.images import resize_image
from stylekit.settings import Colors, ImageSettings


def plan(*, preview: bool = True, **settings: int) -> list[tuple[int, int, bool]]:
    scales = plan_scales(ImageSettings(**{"scales": 1} | settings), preview=preview)
    return [(scale.size, scale.steps, scale.is_preview) for scale in scales]


@pytest.mark.parametrize("size", [161, 384, 4096])
def test_a_large_picture_begins_with_a_preview(size: int) -> None:
    (small, few, is_preview), *asked = plan(size=size, steps=100)
    assert small == 128 and few < 30 and is_preview
    assert asked == [(size, 100, False)] == plan(size=size, steps=100, preview=False)


def test_a_picture_is_painted_from_coarse_to_fine_unless_asked_otherwise() -> None:
    assert [scale.size for scale in plan_scales(ImageSettings(size=384))] == [96, 192, 384]
    assert [scale.size for scale in plan_scales(ImageSettings(size=1024))] == [128, 256, 512, 1024]


@pytest.mark.parametrize("size", [32, 128, 160])
def test_a_small_picture_is_its_own_preview(size: int) -> None:
    assert plan(size=size, steps=100) == [(size, 100, False)]


def test_what_begins_small_anyway_needs_no_preview() -> None:
    """320 begins at 160 pixels; 512 at 256, which is large."""
    assert plan(size=320, scales=2, steps=9) == [(160, 9, False), (320, 9, False)]
    assert [size for size, _, _ in plan(size=512, scales=2)] == [128, 256, 512]
    assert [size for size, _, _ in plan(size=512, scales=3)] == [128, 256, 512]
    assert [is_preview for _, _, is_preview in plan(size=512, scales=2)] == [True, False, False]
    assert not any(is_preview for _, _, is_preview in plan(size=512, scales=3))


def test_scales_under_64_pixels_are_left_out() -> None:
    assert [size for size, _, _ in plan(size=128, scales=4)] == [64, 128]
    assert [size for size, _, _ in plan(size=63, scales=2)] == [63]


def test_a_preview_takes_no_more_steps_than_are_asked_for() -> None:
    assert [steps for _, steps, _ in plan(size=256, steps=4)] == [4, 4]


def test_steps_of_all_scales_count() -> None:
    assert max_steps((Scale(size=32, steps=5), Scale(size=64, steps=7))) == 12


# What a larger scale begins with.


def test_a_smaller_start_gets_back_what_it_lost(picture: Callable[..., Image]) -> None:
    start = picture("coffee", size=96)
    small = resize_image(start, (48, 32))
    assert np.abs(resize_image(small, (96, 64)) - start).max() > 0.1
    np.testing.assert_allclose(with_detail(small, start), start, atol=1e-6)


def test_a_painting_keeps_its_own_areas_and_gets_the_lines_of_the_start() -> None:
    """A line of one pixel, on grey, and a small painting that is red on the left."""
    start = np.full((32, 64, 3), 0.5, np.float32)
    start[:, 40] = 0.9
    painting = np.full((8, 16, 3), 0.5, np.float32)
    painting[:, :4] = 1, 0, 0
    found = with_detail(painting, start)
    assert found.dtype == np.float32 and found.min() >= 0 and found.max() <= 1
    np.testing.assert_allclose(found[:, :8], np.broadcast_to([1, 0, 0], (32, 8, 3)), atol=1e-6)
    line = found[:, 40] - found[:, [37, 43]].mean(1)
    assert line.min() > 0.3


# The style beside them.


@pytest.fixture(scope="module")
def tall(picture: Callable[..., Image]) -> Image:
    """A style of 40×60 pixels."""
    return resize_image(picture("swirls", size=96), (40, 60))


@pytest.mark.parametrize(
    ("style_scale", "size", "expected"),
    [
        (1.0, None, (96, 64)),
        (0.5, None, (48, 32)),
        (2.0, None, (192, 128)),
        (1.0, 48, (48, 32)),
        (1.5, 48, (72, 48)),
        # Below 32 pixels the deepest layers would have nothing to tell.
        (0.1, None, (32, 21)),
    ],
)
def test_the_style_is_as_large_as_its_scale_says(
    style_scale: float, size: int | None, expected: tuple[int, int], tall: Image
) -> None:
    """Along its longest side, which is that of the picture unless it is told otherwise."""
    settings = ImageSettings(size=96, style_scale=style_scale)
    sized = sized_style(tall, settings, size=size)
    assert sized.shape[:2] == expected
    np.testing.assert_array_equal(sized, resize_image(tall, expected[::-1]))


@pytest.mark.parametrize("colors", Colors)
def test_the_style_has_the_colors_of_the_content_unless_its_own_are_asked_for(
    colors: Colors, tall: Image, content: Image
) -> None:
    settings = ImageSettings(size=48, colors=colors)
    own = sized_style(tall, settings)
    sized = sized_style(tall, settings, content=content)
    expected = own if colors is Colors.STYLE else match_colors(own, content)
    np.testing.assert_array_equal(sized, expected)
    assert np.abs(match_colors(own, content) - own).mean() > 0.05
    # Of the size that is compared, not of the one that was given.
    assert sized.shape == own.shape == (48, 32, 3)


@pytest.mark.parametrize("style_scale", [0.05, 10.5])
def test_a_scale_of_strokes_out_of_range_is_refused(style_scale: float) -> None:
    with pytest.raises(SettingsError, match=r"^style_scale: must be a number from 0\.1 to 10, is"):
        ImageSettings(style_scale=style_scale)
