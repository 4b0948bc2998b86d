"""One frame of two keyframes: what is equal stays, colours lie between, gradients are solved."""

from __future__ import annotations

import numpy as np
import pytest

from stylekit.arrays import Image
from stylekit.video.by_example import Synthesized
from stylekit.video.guides import to_lab
from stylekit.video.key_blend import blend_keys, screened_poisson

SIZE = (36, 48)


def picture(seed: int, low: float = 0.2, high: float = 0.8) -> Image:
    noise = np.random.default_rng(seed).random((*SIZE, 3), np.float32)
    return np.asarray(low + (high - low) * noise, np.float32)


def synthesized(
    image: Image, error: float | np.ndarray = 0.0, coverage: float = 1.0
) -> Synthesized:
    errors = np.zeros(SIZE, np.float32) + np.float32(error)
    return Synthesized(image, errors, np.full(SIZE, coverage, np.float32))


@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
def test_equal_pictures_stay_as_they_are(share: float) -> None:
    image = picture(0)
    errors = np.random.default_rng(1).random(SIZE, np.float32)
    blended = blend_keys(synthesized(image, errors), synthesized(image, errors.T.max()), share)
    assert np.abs(blended - image).max() < 1e-5


def test_gradients_of_a_picture_give_the_picture() -> None:
    image = picture(2).astype(np.float64)
    gradients = np.diff(image, axis=1), np.diff(image, axis=0)
    assert np.abs(screened_poisson(gradients, image, 0.01) - image).max() < 1e-9
    # Without gradients it is the smoother the less it is held to the colours.
    flat = np.zeros_like(gradients[0]), np.zeros_like(gradients[1])
    spans = [np.ptp(screened_poisson(flat, image, screen)) for screen in (10.0, 0.1, 0.001)]
    assert spans[0] > spans[1] > spans[2]


def test_the_solution_satisfies_the_equation() -> None:
    image, right, down = (np.random.default_rng(seed).random((6, 7, 1)) for seed in range(3))
    gradients = right[:, :-1], down[:-1]
    solved = screened_poisson(gradients, image, 0.2)

    def energy(x: np.ndarray) -> float:
        parts = np.diff(x, axis=1) - gradients[0], np.diff(x, axis=0) - gradients[1]
        return float(sum((part**2).sum() for part in parts) + 0.2 * ((x - image) ** 2).sum())

    least = energy(solved)
    for seed in range(5):
        change = np.random.default_rng(10 + seed).standard_normal(image.shape) * 0.01
        assert energy(solved + change) > least


def test_the_picture_with_the_lower_error_is_taken() -> None:
    """Left the first, right the second, whose details are kept."""
    one, other = picture(3), picture(4)
    error = np.zeros(SIZE, np.float32)
    error[:, 24:] = 1.0
    blended = blend_keys(synthesized(one, error), synthesized(other, 1 - error), 0.5)

    def likeness(image: Image, part: tuple[slice, slice]) -> float:
        a, b = (np.diff(x[part], axis=0).ravel() for x in (blended, image))
        return float(np.corrcoef(a, b)[0, 1])

    left, right = np.s_[:, :18], np.s_[:, 30:]
    assert likeness(one, left) > 0.95 and likeness(other, right) > 0.95
    assert likeness(other, left) < 0.5 and likeness(one, right) < 0.5


def test_the_nearer_keyframe_is_taken_where_both_are_right() -> None:
    one, other = picture(5), picture(6)
    near_first = blend_keys(synthesized(one), synthesized(other), 0.1)
    near_second = blend_keys(synthesized(one), synthesized(other), 0.9)
    for blended, image in ((near_first, one), (near_second, other)):
        change = np.diff(blended, axis=0).ravel(), np.diff(image, axis=0).ravel()
        assert np.corrcoef(*change)[0, 1] > 0.95


def test_colours_lie_between_those_of_both() -> None:
    dark, light = picture(7, 0.3, 0.5), picture(8, 0.5, 0.7)
    means = [
        to_lab(blend_keys(synthesized(dark), synthesized(light), share))[..., 0].mean()
        for share in (0.0, 0.5, 1.0)
    ]
    ends = [to_lab(image)[..., 0].mean() for image in (dark, light)]
    assert means[0] == pytest.approx(ends[0], abs=0.5)
    assert means[1] == pytest.approx(np.mean(ends), abs=0.5)
    assert means[2] == pytest.approx(ends[1], abs=0.5)


def test_what_only_one_keyframe_paints_is_taken_from_it() -> None:
    one, other = picture(9), picture(10)
    blended = blend_keys(synthesized(one, 1.0), synthesized(other, 0.0, coverage=0.0), share=0.9)
    change = np.diff(blended, axis=0).ravel(), np.diff(one, axis=0).ravel()
    assert np.corrcoef(*change)[0, 1] > 0.95


def test_other_sizes_and_shares_are_refused() -> None:
    one = synthesized(picture(11))
    small = Synthesized(one.image[:20], one.error[:20], one.coverage[:20])
    with pytest.raises(ValueError, match="second"):
        blend_keys(one, small, 0.5)
    with pytest.raises(ValueError, match="share"):
        blend_keys(one, one, 1.5)
