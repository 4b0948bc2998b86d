"""Canvases: variables and pictures become one another, within bounds, and gradients follow."""

from __future__ import annotations

import numpy as np
import pytest

from stylekit.arrays import Image, check_image
from stylekit.image.colors import luminance
from stylekit.image.parametrization import (
    ColorParametrization,
    LuminanceParametrization,
    Parametrization,
)

# U and V up to their factors: the differences of blue and red from luminance.
CHROMA = np.array([[-0.299, -0.587, 0.886], [0.701, -0.587, -0.114]])


def chroma(image: Image) -> np.ndarray:
    return image.astype(np.float64) @ CHROMA.T


def extreme_variables(pictures: Parametrization, content: Image, seed: int = 0) -> np.ndarray:
    """Variables within the bounds, a third of them at either end."""
    shape = pictures.variables(content).shape
    share = np.clip(np.random.default_rng(seed).uniform(-1, 2, shape), 0, 1)
    lower, upper = pictures.bounds.lower, pictures.bounds.upper
    return (lower + share * (np.asarray(upper) - lower)).astype(np.float32)


@pytest.fixture(params=[ColorParametrization, LuminanceParametrization])
def pictures(request: pytest.FixtureRequest, content: Image) -> Parametrization:
    """Each pictures in turn, for the same content."""
    return (
        ColorParametrization()
        if request.param is ColorParametrization
        else LuminanceParametrization(content)
    )


def test_variables_in_bounds_make_a_picture_and_come_back(
    pictures: Parametrization, content: Image
) -> None:
    variables = extreme_variables(pictures, content)
    image = pictures.image(variables)
    check_image(image)
    np.testing.assert_allclose(pictures.variables(image), variables, atol=1e-6)


def test_the_content_is_on_the_parametrization(pictures: Parametrization, content: Image) -> None:
    np.testing.assert_allclose(pictures.image(pictures.variables(content)), content, atol=1e-7)


def test_any_picture_finds_variables_in_bounds(pictures: Parametrization, content: Image) -> None:
    for image in (np.zeros_like(content), np.ones_like(content), content[:, ::-1].copy()):
        variables = pictures.variables(image)
        assert (variables >= pictures.bounds.lower).all()
        assert (variables <= pictures.bounds.upper).all()
        check_image(pictures.image(variables))


def test_the_gradient_by_the_variables_meets_finite_differences(
    pictures: Parametrization, content: Image
) -> None:
    """Of Σ w (x − t)², whose differences are exact with any step inside the bounds."""
    generator = np.random.default_rng(1)
    weight, target = generator.random((2, *content.shape))
    variables = (
        0.5 * extreme_variables(pictures, content) + 0.5 * pictures.variables(content)
    ).astype(np.float32)

    def loss(variables: np.ndarray) -> float:
        return float((weight * (pictures.image(variables) - target) ** 2).sum())

    image = pictures.image(variables)
    gradient = pictures.pull_back((2 * weight * (image - target)).astype(np.float32))
    assert gradient.shape == variables.shape
    inner = (variables - pictures.bounds.lower > 1e-2) & (pictures.bounds.upper - variables > 1e-2)
    places = np.argwhere(inner)[:: max(1, inner.sum() // 20)]
    assert len(places) >= 20
    for place in map(tuple, places):
        move = np.zeros_like(variables)
        move[place] = 1e-2
        slope = (loss(variables + move) - loss(variables - move)) / 2e-2
        assert slope == pytest.approx(gradient[place], rel=1e-3, abs=1e-4)


def test_the_luminance_parametrization_keeps_the_contents_chroma(content: Image) -> None:
    pictures = LuminanceParametrization(content)
    variables = extreme_variables(pictures, content)
    image = pictures.image(variables)
    np.testing.assert_allclose(chroma(image), chroma(content), atol=2e-7)
    np.testing.assert_allclose(luminance(image), luminance(content) + variables, atol=1e-6)
    assert np.abs(image - content).mean() > 0.1


def test_the_bounds_of_luminance_are_tight(content: Image) -> None:
    pictures = LuminanceParametrization(content)
    for end in (pictures.bounds.lower, pictures.bounds.upper):
        image = pictures.image(np.asarray(end))
        touched = (image.min(axis=2) < 1e-6) | (image.max(axis=2) > 1 - 1e-6)
        assert touched.all()


def test_the_color_parametrization_hands_out_a_copy(content: Image) -> None:
    before = content.copy()
    ColorParametrization().variables(content)[:] = 0
    np.testing.assert_array_equal(content, before)
