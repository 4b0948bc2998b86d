"""Texture comes from where something alike is shown, and only where it is asked for."""

from __future__ import annotations

import numpy as np
import pytest

from stylekit.media.images import load_image, resize_image
from stylekit.motion.infill import transfer_texture
from stylekit.samples import MaterialKind, find_material


def _halves(left: float, right: float) -> np.ndarray:
    picture = np.full((48, 64, 3), left, np.float32)
    picture[:, 32:] = right
    return picture


@pytest.fixture(scope="module")
def photograph() -> np.ndarray:
    return resize_image(load_image(find_material("chelsea", MaterialKind.PHOTOGRAPH)), (96, 64))


def test_nothing_is_painted_where_everything_is_known(photograph: np.ndarray) -> None:
    mask = np.ones(photograph.shape[:2], np.float32)
    assert transfer_texture(photograph, mask, photograph, 1 - photograph) is photograph


def test_a_frame_that_is_the_source_gets_its_painting(photograph: np.ndarray) -> None:
    mask = np.zeros(photograph.shape[:2], np.float32)
    painting = 1 - photograph
    laid = transfer_texture(photograph, mask, photograph, painting)
    # Patches start on a grid coarser than a pixel, so most, not all, find themselves exactly.
    assert np.abs(laid - painting).mean() < 0.25 * np.abs(photograph - painting).mean()


def test_texture_follows_what_is_shown_not_where() -> None:
    dark_left, dark_right = _halves(0.1, 0.9), _halves(0.9, 0.1)
    painting = np.zeros_like(dark_left)
    painting[:, :32, 0] = 1.0  # what is dark in the source is painted red
    painting[:, 32:, 2] = 1.0
    laid = transfer_texture(dark_right, np.zeros((48, 64), np.float32), dark_left, painting)
    assert laid[:, 50:, 0].mean() > 0.95
    assert laid[:, :14, 2].mean() > 0.95


def test_unknown_parts_decide(photograph: np.ndarray) -> None:
    """A patch half known is chosen by its unknown half."""
    source, content = _halves(0.2, 0.8), np.full((48, 64, 3), 0.5, np.float32)
    content[20:28, 20:28] = 0.8
    mask = np.ones((48, 64), np.float32)
    mask[20:28, 20:28] = 0.0
    painting = np.zeros_like(source)
    painting[:, 32:, 1] = 1.0
    laid = transfer_texture(content, mask, source, painting)
    assert laid[20:28, 20:28, 1].mean() > 0.9


def test_texture_comes_from_the_same_part_whatever_it_shows() -> None:
    content = _halves(0.1, 0.9)
    left = _halves(1.0, 0.0)[..., 0].copy()
    painting = np.zeros_like(content)
    painting[:, 32:, 1] = 1.0  # the right part is painted green
    unknown = np.zeros((48, 64), np.float32)
    moved = content[:, ::-1].copy()
    laid = transfer_texture(moved, unknown, content, painting, parts=[left, 1 - left])
    assert laid[:, :14, 1].mean() < 0.05
    assert laid[:, 50:, 1].mean() > 0.95


def test_result_is_an_image_and_inputs_stay(photograph: np.ndarray) -> None:
    before = photograph.copy()
    mask = np.zeros(photograph.shape[:2], np.float32)
    laid = transfer_texture(photograph, mask, photograph[::-1].copy(), photograph)
    assert laid.dtype == np.float32
    assert laid.shape == photograph.shape
    assert 0 <= laid.min() <= laid.max() <= 1
    np.testing.assert_array_equal(photograph, before)


def test_a_picture_too_small_for_patches_is_left() -> None:
    tiny = np.full((8, 40, 3), 0.5, np.float32)
    assert transfer_texture(tiny, np.zeros((8, 40), np.float32), tiny, tiny) is tiny


def test_sizes_must_agree(photograph: np.ndarray) -> None:
    mask = np.zeros(photograph.shape[:2], np.float32)
    with pytest.raises(ValueError, match="source_painting"):
        transfer_texture(photograph, mask, photograph, photograph[1:])
