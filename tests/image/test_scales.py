"""The sizes of a picture: a preview where the first of them would be large, then what is asked."""

from __future__ import annotations

import pytest

from stylekit.image.scales import Scale, max_steps, plan_scales
from stylekit.settings import ImageSettings


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
