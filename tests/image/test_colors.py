"""Colours: one picture takes on the statistics of another, and luminance is BT.601's."""

from __future__ import annotations

import numpy as np
import pytest

from stylekit.arrays import Image
from stylekit.image.colors import luminance, match_colors


def colors_of(image: Image) -> np.ndarray:
    return image.reshape(-1, 3).astype(np.float64)


def pale(image: Image) -> Image:
    """So close to mid grey that no match of it is clipped."""
    return np.float32(0.5) + np.float32(0.15) * (image - image.mean(axis=(0, 1)))


def test_luminance_is_the_weighted_sum_of_bt_601() -> None:
    primaries = np.eye(3, dtype=np.float32)[np.newaxis]
    np.testing.assert_allclose(luminance(primaries), [[0.299, 0.587, 0.114]], rtol=1e-6)
    assert luminance(np.ones((2, 5, 3), np.float32)) == pytest.approx(np.ones((2, 5)))


def test_matched_colors_have_the_palettes_mean_and_covariance(content: Image, style: Image) -> None:
    palette = pale(style)[:30]  # of another size
    matched = match_colors(content, palette)
    assert matched.shape == content.shape and matched.dtype == np.float32
    assert matched.min() > 0 and matched.max() < 1  # nothing was clipped
    ours, theirs = colors_of(matched), colors_of(palette)
    np.testing.assert_allclose(ours.mean(axis=0), theirs.mean(axis=0), atol=1e-5)
    np.testing.assert_allclose(
        np.cov(ours, rowvar=False), np.cov(theirs, rowvar=False), rtol=1e-3, atol=1e-6
    )


def test_a_picture_matched_to_itself_stays(content: Image) -> None:
    np.testing.assert_allclose(match_colors(content, content), content, atol=2e-5)


def test_matching_there_and_back_is_the_identity(content: Image, style: Image) -> None:
    """As it is for symmetric roots only where the covariances commute: grey pictures do."""
    first = np.repeat(pale(content).mean(axis=2, keepdims=True), 3, axis=2)
    second = np.repeat(pale(style).mean(axis=2, keepdims=True), 3, axis=2)
    np.testing.assert_allclose(match_colors(match_colors(first, second), first), first, atol=1e-4)


def test_extreme_palettes_are_clipped(content: Image) -> None:
    generator = np.random.default_rng(0)
    stark = (generator.random((20, 20, 3)) > 0.5).astype(np.float32)
    matched = match_colors(content, stark)
    assert matched.min() == 0.0 and matched.max() == 1.0


@pytest.mark.parametrize("level", [0.0, 0.3, 1.0])
def test_one_flat_color_becomes_the_palettes_mean(level: float, style: Image) -> None:
    flat = np.full((8, 8, 3), level, np.float32)
    matched = match_colors(flat, style)
    np.testing.assert_allclose(
        matched, np.broadcast_to(style.mean(axis=(0, 1)), (8, 8, 3)), atol=1e-5
    )


def test_a_flat_palette_takes_all_colors_away(content: Image) -> None:
    palette = np.full((8, 8, 3), 0.25, np.float32)
    matched = match_colors(content, palette)
    # What is left is the least variance that keeps grey pictures invertible: a tenth of a level.
    assert np.abs(matched - 0.25).max() < 2 / 255


def test_bad_pictures_are_refused_by_name(content: Image) -> None:
    with pytest.raises(ValueError, match=r"^image: values must lie in"):
        match_colors(content * 255, content)
    with pytest.raises(ValueError, match=r"^palette: must be float32"):
        match_colors(content, content.astype(np.float64))
