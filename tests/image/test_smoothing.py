"""The first guesses of L-BFGS are symmetric and positive, and say what moves first."""

from __future__ import annotations

import numpy as np
import pytest

from stylekit.image.optimizer import Precondition
from stylekit.image.smoothing import smooth_first, without_fringes

GUESSES = pytest.mark.parametrize("guess", [smooth_first, without_fringes])
# Narrower than the widest blur, odd, one line, and with or without channels.
SHAPES = [(24, 33, 3), (24, 33), (7, 40, 3), (1, 20, 3), (1, 20)]


def noise(seed: int, shape: tuple[int, ...]) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(shape, np.float32)


def product(a: np.ndarray, b: np.ndarray) -> float:
    return float(np.vdot(a.astype(np.float64), b))


def size(a: np.ndarray) -> float:
    return float(np.abs(a).mean())


@GUESSES
@pytest.mark.parametrize("shape", SHAPES)
def test_it_is_symmetric_linear_and_positive(shape: tuple[int, ...], guess: Precondition) -> None:
    for seed in range(5):
        a, b = noise(seed, shape), noise(seed + 100, shape)
        smooth_a, smooth_b = guess(a), guess(b)
        assert smooth_a.shape == shape and smooth_a.dtype == np.float32
        scale = np.linalg.norm(a) * np.linalg.norm(smooth_b)
        assert product(smooth_a, b) == pytest.approx(product(a, smooth_b), abs=float(1e-5 * scale))
        np.testing.assert_allclose(
            guess(2 * a - b), 2 * smooth_a - smooth_b, atol=1e-5 * np.abs(smooth_a).max()
        )
        assert product(smooth_a, a) > 0


@GUESSES
def test_it_is_positive_for_every_change_of_color(guess: Precondition) -> None:
    """The least eigenvalue, from the columns of S for a picture of one colour axis."""
    side = 24
    columns = []
    for index in range(side * side):
        change = np.zeros((side * side, 3), np.float32)
        change[index] = 1, 0, -1
        smoothed = guess(change.reshape(side, side, 3))
        columns.append((smoothed[..., 0] - smoothed[..., 2]).ravel() / 2)
    matrix = np.stack(columns).astype(np.float64)
    np.testing.assert_allclose(matrix, matrix.T, atol=1e-6)
    assert np.linalg.eigvalsh((matrix + matrix.T) / 2)[0] > 0


def checkerboard(side: int = 64) -> np.ndarray:
    rows, columns = np.mgrid[:side, :side]
    return np.float32(1 - 2 * ((rows + columns) % 2))


RED_AGAINST_BLUE, GREY = np.float32([1, 0, -1]), np.float32([1, 1, 1])


@pytest.mark.parametrize("axis", [RED_AGAINST_BLUE, np.float32([-1, 2, -1])])
def test_large_areas_of_color_pass_and_its_fine_changes_hardly(axis: np.ndarray) -> None:
    fine = checkerboard()[..., np.newaxis] * axis
    plain = np.ones((64, 64, 1), np.float32) * axis
    large, small = size(smooth_first(plain)), size(smooth_first(fine)[16:-16, 16:-16])
    assert small < 1e-3 * large
    # Away from the borders every blur leaves a plain area as it is: 2 + 4 + 8.
    np.testing.assert_allclose(smooth_first(plain)[32, 32], 14 * axis, rtol=2e-3)


def test_fine_luminance_keeps_a_share_that_fine_color_does_not() -> None:
    board = checkerboard()[..., np.newaxis]
    grey, color = (
        size(smooth_first(board * axis)[16:-16, 16:-16]) for axis in (GREY, RED_AGAINST_BLUE)
    )
    assert grey == pytest.approx(1, rel=0.01)
    assert color < 0.02 * grey


@GUESSES
def test_luminance_alone_is_treated_as_grey(guess: Precondition) -> None:
    change = noise(0, (20, 30))
    as_grey = guess(np.repeat(change[..., np.newaxis], 3, axis=2))
    np.testing.assert_allclose(
        as_grey, np.repeat(guess(change)[..., np.newaxis], 3, axis=2), atol=1e-5
    )


@GUESSES
def test_what_is_given_stays_as_it_was(guess: Precondition) -> None:
    change = noise(0, (12, 12, 3))
    before = change.copy()
    guess(change)
    np.testing.assert_array_equal(change, before)
