"""Fine detail that a warp lost, and that is given back."""

import cv2
import numpy as np
import pytest

from stylekit.arrays import Flow, Image
from stylekit.image.detail import sharpness
from stylekit.motion.fine_detail import detail_change, lost_detail, restore_detail
from stylekit.motion.flow import Interpolation, warp

SIDE = 48
EVERYWHERE = np.ones((SIDE, SIDE), np.float32)


@pytest.fixture
def texture() -> Image:
    noise = np.random.default_rng(0).random((SIDE, SIDE, 3)).astype(np.float32)
    return np.asarray(cv2.GaussianBlur(noise, (0, 0), 0.8), np.float32)


def half_a_pixel() -> Flow:
    return np.full((SIDE, SIDE, 2), 0.5, np.float32)


def moved(picture: Image, times: int, *, restored: bool) -> Image:
    flow = half_a_pixel()
    for _ in range(times):
        warped = warp(picture, flow, interpolation=Interpolation.LINEAR)
        picture = restore_detail(warped, picture, flow, EVERYWHERE) if restored else warped
    return picture


@pytest.mark.parametrize("times", [1, 6])
def test_what_a_warp_weakens_is_given_back(texture: Image, times: int) -> None:
    plain, restored = (moved(texture, times, restored=restored) for restored in (False, True))
    assert 1.5 * sharpness(plain) < sharpness(restored) < sharpness(texture)


def test_a_still_picture_and_what_is_not_trusted_do_not_change(texture: Image) -> None:
    still = np.zeros((SIDE, SIDE, 2), np.float32)
    found = restore_detail(texture, texture, still, EVERYWHERE)
    np.testing.assert_allclose(found, texture, atol=1e-4)
    warped = warp(texture, half_a_pixel(), interpolation=Interpolation.LINEAR)
    nowhere = restore_detail(warped, texture, half_a_pixel(), 0 * EVERYWHERE)
    np.testing.assert_array_equal(nowhere, warped)


def test_the_loss_is_measured_by_what_the_clip_shows(texture: Image) -> None:
    soft = np.asarray(cv2.GaussianBlur(texture, (0, 0), 0.5), np.float32)
    assert lost_detail(texture, soft, texture, texture) > 1.2
    # The clip itself became soft, or the frame sharper: nothing is lost.
    assert lost_detail(texture, soft, texture, soft) == pytest.approx(1.0)
    assert lost_detail(soft, texture, texture, texture) == 1.0
    # A blank frame asks for no end of detail.
    assert lost_detail(texture, 0 * texture + 0.5, texture, texture) == 4.0


def test_what_moves_is_measured_and_what_stands_still_is_left(texture: Image) -> None:
    half = np.zeros((SIDE, SIDE), np.bool_)
    half[:, SIDE // 2 :] = True
    soft = np.asarray(cv2.GaussianBlur(texture, (0, 0), 0.5), np.float32)
    mixed = np.where(half[:, :, np.newaxis], soft, texture)
    whole = lost_detail(texture, mixed, texture, texture)
    part = lost_detail(texture, mixed, texture, texture, (half, half))
    assert part > whole > 1
    assert lost_detail(texture, mixed, texture, texture, (~half, ~half)) == pytest.approx(1.0)
    flow = half_a_pixel() * half[:, :, np.newaxis]
    warped = warp(mixed, flow, interpolation=Interpolation.LINEAR)
    once, more = (
        restore_detail(warped, mixed, flow, EVERYWHERE, boost=boost) for boost in (1.0, part)
    )
    np.testing.assert_array_equal(more[~half], once[~half])
    assert sharpness(more, half) > 1.2 * sharpness(once, half)


def test_pictures_of_two_sizes_are_refused(texture: Image) -> None:
    with pytest.raises(ValueError, match="warped"):
        restore_detail(texture[:-1], texture, half_a_pixel(), EVERYWHERE)


def bars(shift: float) -> Image:
    """Soft bars on plain ground, moved to the right by `shift` pixels."""
    x = np.arange(SIDE, dtype=np.float64) - shift
    row = sum(np.exp(-0.5 * ((x - middle) / 0.7) ** 2) for middle in (12.0, 24.0, 36.0))
    return np.repeat(np.repeat(0.2 + 0.6 * row[None, :, None], SIDE, 0), 3, 2).astype(np.float32)


def test_the_detail_of_the_new_frame_takes_the_place_of_the_warped() -> None:
    flow = np.zeros((SIDE, SIDE, 2), np.float32)
    flow[..., 0] = -0.5
    before, now = bars(0.0), bars(0.5)
    warped = warp(before, flow, interpolation=Interpolation.LINEAR)
    mended = warped + detail_change(now, before, flow)
    inside = np.s_[4:-4, 4:-4]
    assert np.abs(mended - now)[inside].mean() < np.abs(warped - now)[inside].mean() / 2


def test_noise_and_what_stands_still_have_no_detail_to_give() -> None:
    random = np.random.default_rng(1)
    before, now = (
        np.clip(0.5 + 0.02 * random.standard_normal((SIDE, SIDE, 3)), 0, 1).astype(np.float32)
        for _ in range(2)
    )
    change = detail_change(now, before, half_a_pixel())
    assert np.sqrt(np.square(change).mean()) < 0.1 * 0.02
    flow = half_a_pixel()
    flow[:, : SIDE // 2] = 0.05
    change = detail_change(bars(0.5), bars(0.0), flow)
    assert not change[:, : SIDE // 2].any() and change[:, SIDE // 2 :].any()


def test_frames_of_two_sizes_have_no_change(texture: Image) -> None:
    with pytest.raises(ValueError, match="before"):
        detail_change(texture, texture[:-1], half_a_pixel())
