"""Several styles, regions and kept parts: masks, what is compared where, and the picture."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from stylekit.arrays import Image, Mask, to_bytes
from stylekit.errors import SettingsError
from stylekit.image.colors import (
    KeptParametrization,
    LuminanceParametrization,
    Parametrization,
    match_colors,
    parametrization_of,
    starting_picture,
)
from stylekit.image.guidance import Guidance
from stylekit.image.objective import Objective
from stylekit.image.stylization import Stylization, extractor_of, prepare_objective
from stylekit.losses import only
from stylekit.media.images import resize_image
from stylekit.settings import Colors, ImageSettings, Weights

STYLE_ALONE = only(Weights(), {"style": 1.0})


@pytest.fixture(scope="module")
def other(picture) -> Image:
    """A second style."""
    return picture("glass")


@pytest.fixture(scope="module")
def left(content: Image) -> Mask:
    """White in the left half, with a soft edge."""
    height, width = content.shape[:2]
    edge = np.clip((width / 2 - np.arange(width)) / 4 + 0.5, 0, 1)
    return np.tile(edge.astype(np.float32), (height, 1))


def style_loss_of(objective: Objective, content: Image, image: Image) -> float:
    return objective.evaluate(image, objective.targets(content), STYLE_ALONE).value


def uncalibrated(objective: Objective, content: Image, image: Image) -> float:
    """The same, as if all styles had the same calibration."""
    (target,) = objective.targets(content).style
    return style_loss_of(objective, content, image) / float(target.weight)


# Masks.


def test_overlapping_masks_share_a_pixel_and_black_ones_leave_it(content: Image) -> None:
    one, two = (np.full((2, 4), value, np.float32) for value in (1.0, 0.5))
    one[:, 0] = two[:, 0] = 0
    two[:, 3] = 0
    both = Guidance.of([content, content], regions=[one, two])
    first, second = both.masks((4, 2))
    np.testing.assert_allclose(first[0], [0, 2 / 3, 2 / 3, 1], rtol=1e-6)
    np.testing.assert_allclose(second[0], [0, 1 / 3, 1 / 3, 0], rtol=1e-6)
    keep = np.float32([[0, 1, 0, 0]] * 2)
    kept = dataclasses.replace(both, keep=keep).masks((4, 2))
    np.testing.assert_allclose(kept[0][0], [0, 0, 2 / 3, 1], rtol=1e-6)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"weights": (1.0,)}, r"^style_weights: give one number for each of the 2 styles, not 1"),
        ({"weights": (1.0, -1.0)}, r"^style_weights: must be numbers of at least 0"),
        ({"weights": (0.0, 0.0)}, r"^style_weights: are all 0"),
        ({"regions": [(32, 48, 1.0)]}, r"^regions: give one mask for each of the 2 styles, not 1"),
        ({"regions": [(32, 48, 1.0), (32, 48, 0.0)]}, r"^region 2: is black everywhere"),
        ({"regions": [(32, 48, 1.0), (33, 44, 1.0)]}, r"^region 2: has 44×33 pixels, other"),
        ({"keep": (16, 24, 1.0)}, r"^keep: is white everywhere"),
        ({"keep": (48, 32, 0.5)}, r"^keep: has 32×48 pixels, other proportions"),
    ],
)
def test_weights_and_masks_that_do_not_fit_are_refused(
    changes: dict, words: str, content: Image, style: Image, other: Image, settings: ImageSettings
) -> None:
    def mask(height: int, width: int, value: float) -> Mask:
        return np.full((height, width), value, np.float32)

    regions = [mask(*facts) for facts in changes.get("regions", ())]
    keep = mask(*changes["keep"]) if "keep" in changes else None
    with pytest.raises(SettingsError, match=words):
        Stylization(
            content,
            [style, other],
            settings,
            style_weights=changes.get("weights", ()),
            regions=regions,
            keep=keep,
        )


def test_masks_of_other_sizes_and_rounded_proportions_are_resized(
    content: Image, style: Image
) -> None:
    region = np.ones((107, 160), np.float32)
    guidance = Guidance.of(style, regions=[region])
    guidance.check_fit(content)
    assert guidance.masks((48, 32))[0].shape == (32, 48)


# What a picture is compared with.


def test_a_blend_is_compared_with_the_mean_of_the_statistics(
    content: Image, style: Image, other: Image, settings: ImageSettings
) -> None:
    """So its loss is the mean of the losses, but for what does not depend on the picture."""
    guidances = ([style], [other], Guidance.of([style, other], (3.0, 1.0)))
    one, two, both = (prepare_objective(guidance, settings) for guidance in guidances)
    excess = [
        uncalibrated(both, content, image)
        - 0.75 * uncalibrated(one, content, image)
        - 0.25 * uncalibrated(two, content, image)
        for image in (content, content * np.float32(0.5))
    ]
    scale = uncalibrated(one, content, content)
    assert excess[0] < -1e-3 * scale
    assert excess[1] == pytest.approx(excess[0], abs=1e-4 * scale)


def test_a_style_of_weight_0_does_not_count(
    content: Image, style: Image, other: Image, settings: ImageSettings
) -> None:
    alone = prepare_objective(style, settings)
    both = prepare_objective(Guidance.of([style, other], (2.0, 0.0)), settings)
    expected = style_loss_of(alone, content, content)
    assert style_loss_of(both, content, content) == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("style_loss", ["gram", "moments"])
def test_one_white_region_is_the_whole_picture(
    style_loss: str, content: Image, style: Image, settings: ImageSettings
) -> None:
    chosen = dataclasses.replace(settings, style_loss=style_loss)
    white = np.ones(content.shape[:2], np.float32)
    whole = prepare_objective(style, chosen)
    region = prepare_objective(Guidance.of(style, regions=[white]), chosen)
    expected = style_loss_of(whole, content, content)
    assert style_loss_of(region, content, content) == pytest.approx(expected, rel=1e-4)


def test_regions_of_a_tiled_picture_have_the_loss_of_the_whole(
    style: Image, content: Image, settings: ImageSettings
) -> None:
    """A picture whose halves are alike, with equal styles: the regions' shares add up to 1."""
    tiled = np.concatenate([content, content[:, ::-1]], axis=1)
    halves = np.zeros((2, *tiled.shape[:2]), np.float32)
    width = content.shape[1]
    halves[0, :, :width], halves[1, :, width:] = 1, 1
    whole = prepare_objective(style, settings)
    regions = prepare_objective(Guidance.of([style, style], regions=list(halves)), settings)
    expected = style_loss_of(whole, tiled, tiled)
    assert style_loss_of(regions, tiled, tiled) == pytest.approx(expected, rel=0.02)
    # The weight of a region is a factor, and 1 on the mean.
    uneven = prepare_objective(Guidance.of([style, style], (3.0, 1.0), list(halves)), settings)
    assert style_loss_of(uneven, tiled, tiled) == pytest.approx(expected, rel=0.02)


def test_the_gradient_of_regions_meets_finite_differences_and_stays_inside(
    content: Image, style: Image, other: Image, left: Mask, settings: ImageSettings
) -> None:
    keep = np.zeros_like(left)
    keep[: len(keep) // 3] = 1
    guidance = Guidance.of([style, other], (2.0, 1.0), [left, 1 - left], keep)
    objective = prepare_objective(guidance, settings)
    targets = objective.targets(content)
    found = objective.evaluate(content, targets, STYLE_ALONE)
    step = (2e-3 * found.gradient / np.abs(found.gradient).max()).astype(np.float32)
    ahead = objective.evaluate(content + step, targets, STYLE_ALONE).value
    behind = objective.evaluate(content - step, targets, STYLE_ALONE).value
    assert (ahead - behind) / 2 == pytest.approx(float((found.gradient * step).sum()), rel=0.05)
    # Two layers see six pixels far.
    far = found.gradient[: len(keep) // 3 - 8]
    assert np.abs(far).max() < 1e-6 * np.abs(found.gradient).max()


def test_a_statistic_that_takes_no_masks_refuses_them(
    content: Image, style: Image, left: Mask, settings: ImageSettings
) -> None:
    sliced = dataclasses.replace(settings, style_loss="sliced")
    with pytest.raises(SettingsError, match=r"^style_loss: sliced counts every part"):
        Stylization(content, style, sliced, keep=left)
    with pytest.raises(SettingsError, match=r"^style_loss: must be one of gram, moments, sliced"):
        Objective(extractor_of(settings), style, dataclasses.replace(settings, style_loss="mine"))


# Colours, and what is kept.


def test_a_start_has_the_colours_of_all_styles_together(
    content: Image, style: Image, other: Image
) -> None:
    """Of pictures of one size, those of one picture that holds both."""
    style, other = (image.reshape(-1, 1, 3)[:1000] for image in (style, other))
    both = np.concatenate([style, other])
    start = starting_picture(content, Guidance.of([style, other]), Colors.STYLE)
    np.testing.assert_allclose(start, match_colors(content, both), atol=2e-3)


def test_a_start_takes_the_colours_of_each_region(
    content: Image, style: Image, other: Image, left: Mask
) -> None:
    hard = np.rint(left)
    guidance = Guidance.of([style, other], regions=[hard, 1 - hard])
    start = starting_picture(content, guidance, Colors.STYLE)
    inside = hard > 0
    expected = match_colors(content[:, : inside[0].sum()].copy(), style)
    np.testing.assert_allclose(start[inside], expected.reshape(-1, 3), atol=2e-3)
    # What has no style stays.
    only_left = Guidance.of(style, regions=[hard])
    start = starting_picture(content, only_left, Colors.STYLE)
    np.testing.assert_array_equal(start[~inside], content[~inside])
    assert np.abs(start - content)[inside].mean() > 0.02


@pytest.mark.parametrize("luminance", [False, True])
def test_what_is_kept_is_the_content_and_has_no_gradient(
    luminance: bool, content: Image, left: Mask
) -> None:
    painted = LuminanceParametrization(content) if luminance else Parametrization()
    kept = KeptParametrization(painted, content, left)
    generator = np.random.default_rng(0)
    image = generator.random(content.shape, dtype=np.float32)
    variables = kept.variables(image)
    assert np.array_equal(kept.image(variables)[left == 1], content[left == 1])
    # The picture of the variables gives them back, where there is anything to paint.
    again = kept.variables(kept.image(variables))
    free = left < 0.9
    np.testing.assert_allclose(again[free], variables[free], atol=1e-5)
    # Of Σ (x − t)², along a move inside the bounds.
    target = generator.random(content.shape)
    lower, upper = np.asarray(kept.bounds.lower), np.asarray(kept.bounds.upper)
    middle = np.broadcast_to((lower + upper) / 2, variables.shape).astype(np.float32)
    move = (1e-2 * np.broadcast_to(upper - lower, variables.shape)).astype(np.float32)
    move *= generator.choice(np.float32([-1, 1]), move.shape)
    ahead, behind = (
        float(np.square(kept.image(middle + sign * move) - target).sum()) for sign in (1, -1)
    )
    gradient = kept.pull_back((2 * (kept.image(middle) - target)).astype(np.float32))
    assert (ahead - behind) / 2 == pytest.approx(float((gradient * move).sum()), rel=1e-3, abs=1e-3)
    assert not gradient[left == 1].any()


def test_greys_leave_the_colours_of_what_has_no_style(
    content: Image, style: Image, left: Mask
) -> None:
    grey = np.repeat(style.mean(axis=2, keepdims=True), 3, axis=2).astype(np.float32)
    hard = np.rint(left)
    found = parametrization_of(content, Guidance.of(grey, regions=[hard]), Colors.STYLE)
    image = found.image(found.variables(content))
    assert np.ptp(image[hard == 1], axis=-1).max() < 1e-5
    np.testing.assert_allclose(image[hard == 0], content[hard == 0], atol=1e-5)


@pytest.mark.slow
def test_a_painting_keeps_what_it_should_to_the_last_bit(
    content: Image, style: Image, other: Image, left: Mask, settings: ImageSettings
) -> None:
    short = dataclasses.replace(settings, size=40, steps=6, scales=1)
    painting = Stylization(
        content, [style, other], short, regions=[left, 1 - left], keep=np.rint(left)
    )
    for _ in painting.steps():
        pass
    wanted = to_bytes(resize_image(content, painting.size))
    kept = painting.guidance.kept(painting.size)
    assert (kept == 1).any() and (kept == 0).any()
    image = to_bytes(painting.image)
    assert np.array_equal(image[kept == 1], wanted[kept == 1])
    assert np.abs(painting.image - resize_image(content, painting.size))[kept == 0].mean() > 0.02
    assert 0 < painting.scores.style_reached < 1
