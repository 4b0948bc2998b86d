"""What the style loss compares: each statistic by hand, and what it does not see."""

from __future__ import annotations

import numpy as np
import pytest

from stylekit.errors import SettingsError
from stylekit.vgg.runtime import tf
from stylekit.vgg.statistics import (
    DIRECTIONS,
    STYLE_LOSSES,
    check_takes_masks,
    gram_matrix,
    moments,
    sliced_quantiles,
)


@pytest.fixture(scope="module")
def features() -> np.ndarray:
    """Five channels at 6 × 8 positions, none below 0."""
    values = np.random.default_rng(3).gamma(0.5, size=(1, 6, 8, 5))
    return values.astype(np.float32)


def distance(a: tf.Tensor, b: tf.Tensor) -> float:
    return float(tf.reduce_mean(tf.square(a - b)))


@pytest.mark.parametrize("name", STYLE_LOSSES)
def test_places_do_not_matter_but_values_do(name: str, features: np.ndarray) -> None:
    statistic = STYLE_LOSSES[name].function
    found = statistic(features, None, 48)
    shuffled = np.random.default_rng(0).permutation(features.reshape(48, 5)).reshape(1, 4, 12, 5)
    scale = float(tf.reduce_mean(tf.square(found)))
    assert distance(found, statistic(shuffled, None, 48)) < 1e-9 * scale
    assert distance(found, statistic(1.5 * features, None, 48)) > 1e-2 * scale


@pytest.mark.parametrize("name", ["gram", "moments"])
def test_a_mask_counts_positions(name: str, features: np.ndarray) -> None:
    """A mask of 0 and 1 chooses them, and its size does not matter."""
    statistic = STYLE_LOSSES[name].function
    mask = np.zeros((6, 8), np.float32)
    mask[1:4, 2:7] = 0.5
    expected = statistic(features[:, 1:4, 2:7], None, 15)
    np.testing.assert_allclose(statistic(features, mask, 48), expected, rtol=1e-4, atol=1e-6)
    nothing = statistic(features, np.zeros_like(mask), 48)
    assert not nothing.numpy().any()


def test_a_grey_mask_weighs_the_gram_matrix_by_hand(features: np.ndarray) -> None:
    mask = np.random.default_rng(1).random((6, 8), np.float32)
    flat, m = features.reshape(48, 5).astype(np.float64), mask.reshape(48, 1)
    expected = (m * flat).T @ flat / m.sum()
    np.testing.assert_allclose(gram_matrix(features, mask), expected, rtol=1e-4)


def test_moments_are_covariance_and_mean(features: np.ndarray) -> None:
    found = moments(features).numpy()
    flat = features.reshape(48, 5).astype(np.float64)
    np.testing.assert_allclose(found[:-1], np.cov(flat.T, ddof=0), rtol=1e-3, atol=1e-5)
    ratio = found[-1] / flat.mean(axis=0)
    np.testing.assert_allclose(ratio, ratio[0], rtol=1e-4)
    # A shift of all features is seen in the mean alone.
    shifted = moments(features + np.float32(0.5)).numpy()
    np.testing.assert_allclose(shifted[:-1], found[:-1], rtol=1e-3, atol=1e-4)


def test_sliced_sees_what_gram_matrices_do_not() -> None:
    """Two distributions of the same second moments, one of two values and one of three."""
    pair = np.tile(np.float32([1, 3]), 12).reshape(1, 4, 6, 1)
    second = float(gram_matrix(pair)[0, 0])
    triple = np.tile(np.float32([0, 1, 2]), 8)
    triple = (triple * (second / np.mean(triple**2)) ** 0.5).reshape(1, 4, 6, 1)
    assert distance(gram_matrix(pair), gram_matrix(triple)) < 1e-9
    expected = np.mean((np.sort(pair, axis=None) - np.sort(triple, axis=None)) ** 2)
    one = sliced_quantiles(np.float32([[[[1.0]]]]))
    unit = float(tf.reduce_mean(tf.square(one)))
    found = distance(sliced_quantiles(pair), sliced_quantiles(triple))
    assert found == pytest.approx(unit * expected, rel=1e-4)


def test_sliced_resamples_other_numbers_of_positions(features: np.ndarray) -> None:
    found = sliced_quantiles(features, None, 48)
    assert found.shape == (DIRECTIONS, 48)
    tiled = sliced_quantiles(np.tile(features, (1, 3, 1, 1)), None, 48)
    np.testing.assert_allclose(tiled, found, atol=1e-5)
    fewer = sliced_quantiles(features, None, 20).numpy()
    assert fewer.shape == (DIRECTIONS, 20)
    assert (np.diff(fewer, axis=1) >= 0).all()
    assert fewer.mean() == pytest.approx(found.numpy().mean(), rel=0.1, abs=0.02)


def test_sliced_refuses_masks(features: np.ndarray) -> None:
    with pytest.raises(SettingsError, match=r"^style_loss: sliced counts every part"):
        sliced_quantiles(features, np.ones((6, 8), np.float32))
    with pytest.raises(SettingsError, match=r"^style_loss: sliced counts every part"):
        check_takes_masks("sliced")
    check_takes_masks("moments")
    check_takes_masks(gram_matrix)
