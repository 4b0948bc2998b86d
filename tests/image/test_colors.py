"""Colours: one picture takes on the statistics of another, and luminance is BT.601's.

Variables and pictures are computed from each other, within bounds, and gradients follow.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from stylekit.arrays import Image, check_image
from stylekit.image import Guidance
from stylekit.image.colors import (
    LuminanceParametrization,
    Parametrization,
    is_grey,
    luminance,
    match_colors,
    parametrization_of,
    starting_picture,
    tint_of,
)
from stylekit.samples import MaterialKind, materials
from stylekit.settings import Colors

# U and V up to their factors: the differences of blue and red from luminance.
CHROMA = np.array([[-0.299, -0.587, 0.886], [0.701, -0.587, -0.114]])


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


def grey_of(image: Image) -> Image:
    return np.repeat(luminance(image)[..., np.newaxis], 3, axis=2)


# Half a level of an 8-bit picture to either side, as rounding leaves it.
NOISE = 0.5 / 255


@pytest.mark.parametrize("name", list(materials(MaterialKind.STYLE)))
def test_a_grey_photograph_keeps_its_contrast_and_its_noise_stays_small(
    name: str, picture: Callable[..., Image]
) -> None:
    grey, palette = picture("camera", size=64), picture(name, size=64)
    noise = np.random.default_rng(0).uniform(-NOISE, NOISE, grey.shape).astype(np.float32)
    noisy = np.clip(grey + noise, 0, 1)
    clean, matched = match_colors(grey, palette), match_colors(noisy, palette)
    # Four times at most along each axis of colour; without a bound it would be up to 300 times.
    assert (matched - clean).std() <= 4.2 * noise.std()
    # What is clipped is lost, and a grey photograph has only one axis.
    assert luminance(matched).std() > 0.8 * luminance(palette).std()


def test_only_what_would_grow_more_than_four_times_is_held_back() -> None:
    """Grey of contrast 0.1 and red of 0.001 against grey of 0.15 and red of 0.05.

    Grey may grow to 0.15. Red may grow to 0.004, and no more.
    """
    generator = np.random.default_rng(0)
    signs = np.sign(generator.standard_normal((2, 4000, 1, 1))).astype(np.float32)
    grey, red = np.float32([1, 1, 1]) / np.sqrt(3), np.float32([2, -1, -1]) / np.sqrt(6)

    def colors(contrast: float, redness: float) -> Image:
        image = 0.5 + contrast * signs[0] * grey + redness * signs[1] * red
        return image.astype(np.float32)

    matched = match_colors(colors(0.1, 1e-3), colors(0.15, 0.05))
    assert (matched @ grey).std() == pytest.approx(0.15, rel=0.02)
    assert (matched @ red).std() == pytest.approx(4e-3, rel=0.1)


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


def chroma(image: Image) -> np.ndarray:
    return image.astype(np.float64) @ CHROMA.T


def extreme_variables(pictures: Parametrization, content: Image, seed: int = 0) -> np.ndarray:
    """Variables within the bounds, a third of them at either end."""
    shape = pictures.variables(content).shape
    share = np.clip(np.random.default_rng(seed).uniform(-1, 2, shape), 0, 1)
    lower, upper = pictures.bounds.lower, pictures.bounds.upper
    return (lower + share * (np.asarray(upper) - lower)).astype(np.float32)


SEPIA = np.float32([1.3, 0.95, 0.53]) / luminance(np.float32([1.3, 0.95, 0.53]))


@pytest.fixture(params=["colors", "luminance", "tint"])
def pictures(request: pytest.FixtureRequest, content: Image) -> Parametrization:
    """Each parametrization in turn, for the same content."""
    if request.param == "colors":
        return Parametrization()
    return LuminanceParametrization(content, SEPIA if request.param == "tint" else None)


def test_variables_in_bounds_make_a_picture_and_come_back(
    pictures: Parametrization, content: Image
) -> None:
    variables = extreme_variables(pictures, content)
    image = pictures.image(variables)
    check_image(image)
    np.testing.assert_allclose(pictures.variables(image), variables, atol=1e-6)


def test_every_parametrization_has_the_content(pictures: Parametrization, content: Image) -> None:
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


def test_the_color_parametrization_returns_a_copy(content: Image) -> None:
    before = content.copy()
    Parametrization().variables(content)[:] = 0
    np.testing.assert_array_equal(content, before)


def test_a_picture_is_grey_up_to_the_errors_of_its_compression(content: Image) -> None:
    grey = grey_of(content)
    assert is_grey(grey) and not is_grey(content)
    noise = np.random.default_rng(0).uniform(-3 / 255, 3 / 255, grey.shape).astype(np.float32)
    assert is_grey(np.clip(grey + noise, 0, 1))
    # A few coloured pixels are a fault of a scan; a coloured stamp is not.
    for share, expected in ((0.005, True), (0.05, False)):
        stamped = grey.copy().reshape(-1, 3)
        stamped[: round(share * len(stamped))] = 1, 0, 0
        assert is_grey(stamped.reshape(grey.shape)) is expected


def test_a_start_has_the_colors_that_were_asked_for(content: Image, style: Image) -> None:
    np.testing.assert_array_equal(
        starting_picture(content, style, Colors.STYLE), match_colors(content, style)
    )
    for colors in (Colors.CONTENT, Colors.LUMINANCE):
        np.testing.assert_array_equal(starting_picture(content, style, colors), content)


@pytest.mark.parametrize("colors", Colors)
def test_a_style_without_colors_leaves_greys_to_paint_with(
    colors: Colors, content: Image, style: Image
) -> None:
    """Unless the picture keeps the colours of the content, which is asked for by name."""
    pictures = parametrization_of(content, grey_of(style), colors)
    assert isinstance(pictures, LuminanceParametrization)
    image = pictures.image(extreme_variables(pictures, content))
    kept = content if colors is Colors.LUMINANCE else grey_of(content)
    np.testing.assert_allclose(chroma(image), chroma(kept), atol=2e-7)
    with_colors = parametrization_of(content, style, colors)
    assert isinstance(with_colors, LuminanceParametrization) == (colors is Colors.LUMINANCE)


def in_sepia(image: Image) -> Image:
    return np.float32([0.1, 0.08, 0.06]) + 0.6 * luminance(image)[..., None] * SEPIA


def test_the_tint_of_a_picture_is_found_in_spite_of_noise_and_a_seal(style: Image) -> None:
    found = tint_of(in_sepia(style))
    assert found is not None
    np.testing.assert_allclose(found, SEPIA, atol=1e-3)
    noise = np.random.default_rng(0).uniform(-3 / 255, 3 / 255, style.shape).astype(np.float32)
    for share, expected in ((0.003, True), (0.2, False)):
        stamped = (in_sepia(style) + noise).reshape(-1, 3)
        stamped[: round(share * len(stamped))] = 0, 0, 1
        assert (tint_of(stamped.reshape(style.shape)) is not None) is expected
    assert tint_of(style) is None


def test_colours_that_go_from_hue_to_hue_or_stay_the_same_are_no_tint() -> None:
    ramp = np.linspace(0, 1, 64, dtype=np.float32).reshape(8, 8)
    assert tint_of(np.stack([ramp, 0.5 * ramp, 1 - ramp], axis=2)) is None
    assert tint_of(np.full((8, 8, 3), 0.4, np.float32)) is None


def test_a_style_in_one_tint_is_painted_in_that_tint(content: Image, style: Image) -> None:
    pictures = parametrization_of(content, in_sepia(style), Colors.STYLE)
    image = pictures.image(extreme_variables(pictures, content)).reshape(-1, 3)
    spread = image - np.float32([0.1, 0.08, 0.06])
    spread -= (spread @ SEPIA)[:, None] * SEPIA / (SEPIA @ SEPIA)
    # What the line and the corners of the cube of colours leave of noise.
    assert np.abs(spread).max() < 5e-3
    assert np.ptp(luminance(image)) > 0.5
    # Colours that are asked for are painted, and several styles may have several tints.
    by_content = parametrization_of(content, in_sepia(style), Colors.CONTENT)
    several = parametrization_of(content, Guidance.of([in_sepia(style), style]), Colors.STYLE)
    assert type(by_content) is Parametrization and type(several) is Parametrization
