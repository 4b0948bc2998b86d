"""Fine detail that a warp lost, and that is given back."""

import cv2
import numpy as np
import pytest

from stylekit.arrays import Flow, Image
from stylekit.image.detail import sharpness
from stylekit.motion.fine_detail import lost_detail, restore_detail
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
