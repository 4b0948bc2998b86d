"""One picture, step by step: it repeats, it can be paused, and it is what its file will be."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from shallow import SHALLOW

from stylekit.arrays import Image, check_image, from_bytes, to_bytes
from stylekit.errors import SettingsError, WeightsError
from stylekit.image.colors import luminance, match_colors
from stylekit.image.objective import Evaluation, Objective, TemporalTarget
from stylekit.image.optimizer import LBFGS
from stylekit.image.scales import with_detail, without_scales
from stylekit.image.smoothing import smooth_first
from stylekit.image.stylization import (
    Step,
    Stylization,
    prepare_objective,
    stylize_image,
)
from stylekit.losses import Losses
from stylekit.media.images import load_image, resize_image, save_image
from stylekit.settings import Colors, ImageSettings, Init, OptimizerMethod, Weights

pytestmark = pytest.mark.slow

CHROMA = np.array([[-0.299, -0.587, 0.886], [0.701, -0.587, -0.114]])

# Each start and each optimiser once.
PAIRS = [(Init.CONTENT, OptimizerMethod.LBFGS), (Init.NOISE, OptimizerMethod.ADAM)]

Make = Callable[..., Stylization]


@pytest.fixture(scope="module")
def objective(style: Image, settings: ImageSettings) -> Objective:
    """The style's targets, built once."""
    return prepare_objective(style, settings)


@pytest.fixture
def make(content: Image, style: Image, settings: ImageSettings, objective: Objective) -> Make:
    """Makes a painting with other settings than the defaults, and none of its steps taken."""

    def build(
        *,
        init: Image | None = None,
        init_method: Init = Init.CONTENT,
        temporal: tuple[TemporalTarget, ...] = (),
        **changes: object,
    ) -> Stylization:
        changed = dataclasses.replace(settings, init=init_method, **changes)
        return Stylization(
            content, style, changed, init=init, temporal=temporal, objective=objective
        )

    return build


def take(stylization: Stylization, count: int, weights: Weights | None = None) -> list[Step]:
    return list(stylization.steps(count, weights))


def test_a_picture_can_be_shown_before_tensorflow_is_loaded() -> None:
    code = (
        "import sys, stylekit as sk\n"
        "painting = sk.Stylization(sk.load('chelsea'), sk.load('swirls'))\n"
        "assert painting.image.std() > 0.1\n"
        "assert 'tensorflow' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


# It repeats, and it can be paused.


@pytest.mark.parametrize(("init", "optimizer"), PAIRS)
def test_the_same_seed_gives_the_same_picture_bit_for_bit(
    init: Init,
    optimizer: OptimizerMethod,
    content: Image,
    style: Image,
    settings: ImageSettings,
    objective: Objective,
) -> None:
    """Also with an objective that was built and compiled anew."""
    seeded = dataclasses.replace(settings, seed=7, init=init, optimizer=optimizer)
    one = Stylization(content, style, seeded, objective=objective)
    two = Stylization(content, style, seeded)
    steps = [take(one, 4), take(two, 4)]
    assert [step.value for step in steps[0]] == [step.value for step in steps[1]]
    np.testing.assert_array_equal(one.image, two.image)


def test_noise_is_that_of_the_seed(make: Make, content: Image) -> None:
    def start(seed: int) -> Image:
        return make(init_method=Init.NOISE, seed=seed).image

    noise = start(1)
    np.testing.assert_array_equal(noise, start(1))
    assert np.abs(noise - start(2)).mean() > 0.2
    assert noise.shape == content.shape
    assert noise.mean() == pytest.approx(0.5, abs=0.02)
    assert noise.std() == pytest.approx(12**-0.5, abs=0.02)  # uniform in [0, 1]


@pytest.mark.parametrize("optimizer", OptimizerMethod)
def test_a_paused_picture_goes_on_as_if_it_had_not_been(
    optimizer: OptimizerMethod, make: Make
) -> None:
    unbroken, paused = make(optimizer=optimizer), make(optimizer=optimizer)
    expected = take(unbroken, 6)
    steps: list[Step] = []
    for step in paused.steps():
        steps.append(step)
        if step.step_index == 1:
            break
    steps += take(paused, 3)
    steps.append(paused.step())
    assert [step.step_index for step in steps] == list(range(6))
    for step, other in zip(steps, expected, strict=True):
        assert (step.value, step.evaluations) == (other.value, other.evaluations)
        np.testing.assert_array_equal(step.image, other.image)


# Weights.


def test_new_weights_start_the_optimizer_afresh_and_compile_nothing(
    make: Make, objective: Objective
) -> None:
    old, new = Weights(), Weights(alpha=20.0, beta=1e3)
    # Both start from a picture: the targets of those that do are computed in the same way.
    painting = make(init=make().image)
    take(painting, 4, old)
    fresh = make(init=painting.image)
    before = objective.trace_count
    changed = take(painting, 3, new)
    expected = take(fresh, 3, new)
    assert objective.trace_count == before
    assert [step.value for step in changed] == [step.value for step in expected]
    np.testing.assert_array_equal(painting.image, fresh.image)
    assert [step.weights for step in changed] == [new] * 3


def test_moved_layer_weights_count_from_the_next_step_and_compile_nothing(
    make: Make, objective: Objective
) -> None:
    painting = make()
    take(painting, 2)
    before = objective.trace_count
    strokes = Weights(layers=(1.0, 0.0))
    (step,) = take(painting, 1, strokes)
    assert objective.trace_count == before
    assert step.weights == strokes
    assert step.painted.total(strokes) == pytest.approx(step.value, rel=1e-5)
    assert step.losses == painting.losses
    distances = list(objective.style_distances(step.image).values())
    assert step.losses.style == pytest.approx(distances[0], rel=1e-4)
    assert painting.style_distance == pytest.approx(sum(distances), rel=1e-5)


def test_the_same_weights_keep_what_the_optimizer_knows(make: Make) -> None:
    kept, forgetful = make(), make()
    take(kept, 3)
    take(forgetful, 3)
    again = make(init=kept.image)
    assert kept.step(Weights()).value == forgetful.step(None).value != again.step().value


def test_weights_are_looked_up_before_each_step(make: Make) -> None:
    slider = [Weights(alpha=float(number)) for number in (1, 1, 5, 5)]
    asked = iter(slider)
    steps = list(make().steps(4, lambda: next(asked)))
    assert [step.weights for step in steps] == slider


def test_settings_hold_the_weights_of_steps_without_any(make: Make) -> None:
    weights = Weights(alpha=3.0)
    assert make(weights=weights).step().weights == weights


def test_weights_move_the_picture_where_they_say(make: Make, content: Image) -> None:
    faithful, painted = make(), make()
    take(faithful, 8, Weights(alpha=100.0, beta=1.0))
    take(painted, 8, Weights(alpha=0.01, beta=1e5))
    assert faithful.losses.content < painted.losses.content
    assert faithful.losses.style > painted.losses.style


# Where it starts, and over which sizes it goes.


def test_it_starts_from_the_content_in_the_colors_of_the_style(
    make: Make, content: Image, style: Image
) -> None:
    np.testing.assert_array_equal(make().image, match_colors(content, style))


def test_it_starts_from_a_picture_that_is_given(make: Make, picture: Callable[..., Image]) -> None:
    larger = resize_image(picture("coffee", size=96), (96, 64))
    np.testing.assert_array_equal(make(init=larger).image, resize_image(larger, (48, 32)))


def test_scales_go_from_coarse_to_fine_each_from_the_one_before(
    content: Image, style: Image, settings: ImageSettings
) -> None:
    """64, 128 and 256 of 32, 64, 128 and 256: under 64 pixels a network sees too little."""
    scaled = dataclasses.replace(settings, size=256, scales=4, steps=2)
    painting = Stylization(content, style, scaled)
    steps: list[Step] = []
    for step in painting.steps():
        assert painting.done == (len(steps) == 5)
        steps.append(step)
    assert [max(step.image.shape) for step in steps] == [64, 64, 128, 128, 256, 256]
    assert painting.step_limit == 6
    assert [step.scale_index for step in steps] == [0, 0, 1, 1, 2, 2]
    assert [step.step_index for step in steps] == list(range(6))
    # A scale starts from the picture before it, not from the content again.
    height, width = steps[2].image.shape[:2]
    fresh = match_colors(resize_image(content, (width, height)), style)
    enlarged = with_detail(steps[1].image, fresh)
    moved = [np.abs(steps[2].image - start).mean() for start in (enlarged, fresh)]
    assert moved[0] < 0.5 * moved[1]


# Large pictures begin with a preview.


@pytest.fixture
def large(style: Image, picture: Callable[..., Image]) -> Make:
    """Makes a painting of 176 pixels, judged by shallow layers alone, which are quick."""
    content = picture("chelsea", size=176)

    def build(
        *,
        init: Image | None = None,
        init_method: Init = Init.CONTENT,
        held: bool = False,
        preview: bool = True,
        **changes: object,
    ) -> Stylization:
        settings = ImageSettings(
            backbone="vgg16", size=176, steps=2, scales=1, init=init_method, **SHALLOW
        )
        changed = dataclasses.replace(settings, **changes)
        target = TemporalTarget(content, np.ones(content.shape[:2], np.float32))
        temporal = (target,) if held else ()
        return Stylization(content, style, changed, init=init, temporal=temporal, preview=preview)

    return build


def test_a_large_picture_is_seen_small_first(large: Make) -> None:
    painting = large(steps=18, tolerance=0.0)
    assert max(painting.image.shape) == 128 and painting.size == (176, 117)
    steps = take(painting, 17)
    assert [max(step.image.shape) for step in steps] == [128] * 15 + [176] * 2
    assert [step.scale_index for step in steps] == [0] * 15 + [1] * 2
    assert [step.step_index for step in steps] == list(range(17))
    assert painting.step_limit == 15 + 18
    evaluations = [step.evaluations for step in steps]
    assert evaluations == sorted(set(evaluations)) and evaluations[0] > 0
    preview = [step.value for step in steps[:15]]
    assert preview == sorted(preview, reverse=True)
    # It goes on from what was painted, not from the start.
    fresh = large(preview=False)
    assert steps[15].value < 0.95 * fresh.step().value
    assert len(list(painting.steps())) == 16 and painting.done


@pytest.mark.parametrize(("preview", "worth"), [(True, True), (True, False), (False, True)])
def test_full_size_is_compiled_once_the_first_preview_is_out_if_that_pays(
    preview: bool, worth: bool, large: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[object, ...]] = []
    fused: list[tuple[tuple[int, int], int]] = []
    monkeypatch.setattr(
        "stylekit.image.stylization.worth_fusing", lambda *about: asked.append(about) or worth
    )
    painting = large(preview=preview, held=True, steps=3)
    monkeypatch.setattr(
        painting.objective, "fuse_ahead", lambda size, temporal: fused.append((size, temporal))
    )
    assert asked == []
    take(painting, 2)
    # Without a preview, compiling would keep people waiting for the first picture.
    assert asked == ([(3, (176, 117))] if preview else [])
    assert fused == ([((176, 117), 1)] if preview and worth else [])


def test_a_preview_is_the_same_each_time(large: Make) -> None:
    one, two = large(), large()
    assert [a.value for a in one.steps()] == [b.value for b in two.steps()]
    np.testing.assert_array_equal(one.image, two.image)


def test_pictures_that_go_on_from_another_have_no_preview(large: Make, content: Image) -> None:
    for painting in (large(init=content), large(preview=False)):
        assert painting.image.shape[1::-1] == painting.size == (176, 117)
        assert painting.step_limit == 2


def test_a_preview_does_not_end_because_it_changes_too_little(large: Make) -> None:
    painting = large(steps=6, tolerance=1.0, patience=2)
    scales = [step.scale_index for step in painting.steps()]
    assert scales == [0] * 6 + [1] * 3
    assert painting.done


def test_a_preview_that_is_stuck_goes_on_large(large: Make) -> None:
    nothing = Weights(alpha=0, beta=0, gamma=0, edges=0, tv=0)
    assert [step.scale_index for step in large(steps=6).steps(weights=nothing)] == [0, 1]


def test_colors_and_the_frame_before_are_kept_after_a_preview(
    large: Make, picture: Callable[..., Image]
) -> None:
    painting = large(colors=Colors.LUMINANCE, held=True)
    assert painting.targets.masks.shape[0] == 0
    first, *_, last = painting.steps()
    assert painting.targets.masks.shape[0] == 1
    assert first.painted.temporal == 0 < last.painted.temporal
    content = picture("chelsea", size=176)
    np.testing.assert_allclose(painting.image @ CHROMA.T, content @ CHROMA.T, atol=1e-6)


def test_a_preview_can_start_from_noise(large: Make) -> None:
    painting = large(init_method=Init.NOISE, seed=3)
    assert painting.image.std() == pytest.approx(12**-0.5, abs=0.02)
    values = [step.value for step in painting.steps()]
    assert len(values) == 4
    assert values[1] < values[0] and values[3] < values[2]


def test_a_picture_can_be_enlarged_whenever_it_is_stopped(
    large: Make, picture: Callable[..., Image], style: Image
) -> None:
    painting = large()
    small = painting.step().image
    painting.enlarge()
    enlarged = painting.image
    start = match_colors(picture("chelsea", size=176), style)
    np.testing.assert_array_equal(enlarged, with_detail(small, start))
    painting.enlarge()
    np.testing.assert_array_equal(painting.image, enlarged)
    assert painting.losses == painting.objective.losses(enlarged, painting.targets)
    assert [step.scale_index for step in painting.steps()] == [1, 1]


def test_a_picture_from_noise_gets_no_detail_of_the_photograph(large: Make) -> None:
    painting = large(init_method=Init.NOISE)
    small = painting.step().image
    painting.enlarge()
    np.testing.assert_array_equal(painting.image, resize_image(small, painting.size))


@pytest.mark.parametrize("init_method", Init)
def test_a_picture_that_is_given_keeps_its_own_detail(
    large: Make, picture: Callable[..., Image], init_method: Init
) -> None:
    """Not that of the photograph, and also if pictures would otherwise begin as noise."""
    given = picture("coffee", size=176)
    painting = large(init=given, init_method=init_method, scales=2)
    small = painting.step().image
    assert max(small.shape) == 88
    painting.enlarge()
    given = resize_image(given, painting.size)
    np.testing.assert_array_equal(painting.image, with_detail(small, given))


def test_a_picture_that_was_not_begun_is_enlarged_to_what_it_would_start_from(
    large: Make, picture: Callable[..., Image], style: Image
) -> None:
    painting = large()
    painting.enlarge()
    start = match_colors(picture("chelsea", size=176), style)
    # The small one has the colours of the small photograph, which differ a little.
    assert np.abs(painting.image - start).mean() < 0.02


def test_who_interrupts_the_change_of_size_keeps_a_whole_picture(
    large: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    painting = large(colors=Colors.LUMINANCE)
    take(painting, 2)
    small = painting.image

    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(painting.objective, "targets", interrupted)
        painting.step()
    np.testing.assert_array_equal(painting.image, small)
    painting.enlarge()
    assert painting.image.shape[1::-1] == painting.size


def test_a_short_painting_has_one_scale() -> None:
    settings = ImageSettings(scales=3, steps=100, seed=5)
    short = without_scales(settings, 7)
    assert (short.scales, short.steps, short.seed) == (1, 7, 5)


@pytest.mark.parametrize(
    ("shape", "size", "expected"),
    [((8, 160), 64, (3, 64)), ((160, 8), 64, (64, 3)), ((40, 40), 32, (32, 32))],
)
def test_narrow_and_small_pictures_are_painted(
    shape: tuple[int, int],
    size: int,
    expected: tuple[int, int],
    picture: Callable[..., Image],
    style: Image,
    settings: ImageSettings,
) -> None:
    content = resize_image(picture("chelsea", size=160), shape[::-1])
    small = dataclasses.replace(settings, size=size)
    painting = Stylization(content, style, small)
    steps = take(painting, 3, Weights(tv=0.1))
    assert painting.image.shape == (*expected, 3)
    assert np.isfinite([step.value for step in steps]).all()
    assert steps[-1].value < steps[0].value


# What it reports.


@pytest.mark.parametrize("optimizer", OptimizerMethod)
def test_it_gets_better_inside_the_bounds(optimizer: OptimizerMethod, make: Make) -> None:
    painting = make(optimizer=optimizer)
    start = painting.losses
    steps = take(painting, 15)
    for step in steps:
        check_image(step.image)
    assert painting.losses.style < 0.5 * start.style
    assert painting.losses.total(Weights()) < 0.7 * start.total(Weights())
    assert steps[-1].evaluations >= 15


def test_losses_are_those_of_the_file(make: Make, tmp_path: Path) -> None:
    painting = make()
    step = take(painting, 5)[-1]
    path = tmp_path / "picture.png"
    save_image(painting.image, path, provenance=None)
    again = make(init=load_image(path))
    np.testing.assert_array_equal(to_bytes(again.image), to_bytes(painting.image))
    assert painting.losses == step.losses
    # Features of a content that a picture starts from may be computed in another way.
    for name in ("content", "style", "tv"):
        assert getattr(again.losses, name) == pytest.approx(getattr(step.losses, name), rel=1e-6)
    assert again.style_distance == painting.style_distance
    assert step.weighted_loss == painting.losses.total(step.weights)
    # What the optimiser saw is another picture, before rounding.
    assert step.painted != step.losses
    assert step.painted.total(step.weights) == pytest.approx(step.value, rel=1e-5)
    assert step.value == pytest.approx(step.weighted_loss, rel=0.05)


def test_the_style_distance_is_the_style_loss_without_layer_weights(
    content: Image, style: Image, settings: ImageSettings
) -> None:
    uneven = dataclasses.replace(settings, style_layer_weights=(0.0, 5.0))
    weighted, plain = Stylization(content, style, uneven), Stylization(content, style, settings)
    assert weighted.style_distance == pytest.approx(plain.style_distance)
    assert plain.style_distance == pytest.approx(plain.losses.style, rel=1e-5)
    assert weighted.losses.style != pytest.approx(plain.losses.style, rel=0.05)


def test_a_step_that_finds_nothing_better_reports_the_picture_that_stays(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A line search ends on a point that it leaves again; nobody should see its losses."""
    painting = make()
    original, seen = painting.objective.evaluate, []

    def worse_everywhere_else(image: Image, *rest: object) -> Evaluation:
        found: Evaluation = original(image, *rest)  # type: ignore[arg-type]
        if seen:
            found = dataclasses.replace(found, value=1e3, losses=Losses(content=9.0, style=9.0))
        seen.append(found)
        return found

    monkeypatch.setattr(painting.objective, "evaluate", worse_everywhere_else)
    before = painting.image
    step = painting.step()
    assert len(seen) > 2 and step.evaluations == len(seen)
    np.testing.assert_array_equal(step.image, before)
    assert step.value == seen[0].value
    assert step.painted == seen[0].losses
    assert painting.done


def test_pictures_that_are_handed_out_are_copies(
    make: Make, content: Image, style: Image, picture: Callable[..., Image]
) -> None:
    init = picture("coffee")
    copies = [array.copy() for array in (content, style, init)]
    painting = make(init=init)
    painting.image[:] = 0
    step = painting.step()
    step.image[:] = 0
    painting.step()
    assert painting.image.mean() > 0.1
    for array, copy in zip((content, style, init), copies, strict=True):
        np.testing.assert_array_equal(array, copy)


# Where it ends.


def test_it_is_done_after_its_steps(make: Make) -> None:
    painting = make(steps=3, tolerance=0.0)
    assert not painting.done
    assert len(list(painting.steps())) == painting.step_limit == 3
    assert painting.done
    assert list(painting.steps()) == []
    # Who asks for one more step by hand gets it.
    assert painting.step().step_index == 3


def test_it_is_done_when_it_changes_too_little(make: Make) -> None:
    """After more than `patience` steps whose first and last differ by less than `tolerance`."""
    values = [step.value for step in make(tolerance=0.0).steps(12)]
    assert len(values) == 12
    patience = 3
    falls = [1 - values[at + patience] / values[at] for at in range(len(values) - patience)]
    # Between what the first steps fall and what the slowest of the later ones do.
    tolerance = (min(falls) + falls[0]) / 2
    stop = next(at for at, fall in enumerate(falls) if fall < tolerance)
    assert stop > 0
    painting = make(tolerance=tolerance, patience=patience)
    assert [step.value for step in painting.steps()] == values[: stop + patience + 1]
    assert painting.done


def test_new_weights_wake_up_a_picture_that_was_done(make: Make) -> None:
    painting = make(tolerance=1.0, patience=2)
    assert len(list(painting.steps())) == 3
    assert painting.done
    other = Weights(alpha=9.0)
    woken = list(painting.steps(weights=lambda: other))
    assert [step.weights for step in woken] == [other] * 3
    assert painting.done and list(painting.steps(weights=other)) == []


def test_new_weights_wake_up_a_picture_that_was_stuck(make: Make) -> None:
    """Weights of zero leave nothing to do, whatever the picture."""
    painting = make()
    assert len(list(painting.steps(weights=Weights(alpha=0, beta=0, edges=0, tv=0)))) == 1
    assert painting.done
    assert len(take(painting, 2, Weights())) == 2
    assert not painting.done


def test_stylize_image_paints_to_the_end(
    content: Image, style: Image, settings: ImageSettings, make: Make
) -> None:
    short = dataclasses.replace(settings, steps=3)
    painting = stylize_image(content, style, short)
    assert painting.done
    expected = make()
    take(expected, 3)
    np.testing.assert_array_equal(painting.image, expected.image)


# Colours, frames of a clip, and what is wrong.


@pytest.mark.parametrize(("init", "optimizer"), PAIRS)
def test_kept_colors_are_those_of_the_content(
    init: Init, optimizer: OptimizerMethod, content: Image, style: Image, settings: ImageSettings
) -> None:
    kept = dataclasses.replace(settings, colors=Colors.LUMINANCE, optimizer=optimizer, init=init)
    painting = Stylization(content, style, kept)
    before = painting.image
    take(painting, 5)
    check_image(painting.image)
    np.testing.assert_allclose(painting.image @ CHROMA.T, content @ CHROMA.T, atol=1e-6)
    assert np.abs(painting.image - before).mean() > 0.01
    assert painting.style_distance < sum(painting.objective.style_distances(before).values())


def test_kept_colors_ask_for_the_style_in_the_colors_of_the_content(
    content: Image, style: Image, settings: ImageSettings
) -> None:
    kept = dataclasses.replace(settings, colors=Colors.LUMINANCE)
    asked = prepare_objective(style, kept, content=content)
    assert sum(asked.style_distances(match_colors(style, content)).values()) < 1e-9
    assert sum(asked.style_distances(style).values()) > 1e-7


@pytest.mark.parametrize(
    ("colors", "init"), [*((colors, Init.CONTENT) for colors in Colors), (Colors.STYLE, Init.NOISE)]
)
def test_a_style_in_black_and_white(
    colors: Colors, init: Init, content: Image, style: Image, settings: ImageSettings
) -> None:
    """It gives a picture in greys, unless colours of the content are asked for."""
    grey = np.repeat(luminance(style)[..., np.newaxis], 3, axis=2)
    chosen = dataclasses.replace(settings, colors=colors, init=init)
    painting = Stylization(content, grey, chosen)
    before = painting.image
    take(painting, 4)
    image = painting.image
    spread = np.ptp(image, axis=2)
    if colors is Colors.STYLE:
        assert spread.max() < 1e-6
    elif colors is Colors.CONTENT:
        assert spread.mean() > 0.5 * np.ptp(content, axis=2).mean()
    else:
        np.testing.assert_allclose(image @ CHROMA.T, content @ CHROMA.T, atol=1e-6)
    assert np.abs(image - before).mean() > 0.01


def test_noise_loses_its_colors_and_ends_lower_without_the_first_guess(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The guess moves large areas first, and noise has none."""

    def finest_color(image: Image) -> float:
        """What changes sign from each pixel to the next, down and across."""
        color = image - image.mean(axis=2, keepdims=True)
        down = color[1:] - color[:-1]
        return float((down[:, 1:] - down[:, :-1]).std())

    plain = make(init_method=Init.NOISE, tolerance=0.0)
    before = finest_color(plain.image)
    reached = take(plain, 30)[-1].value
    assert finest_color(plain.image) < 0.9 * before

    monkeypatch.setattr(
        "stylekit.image.stylization.LBFGS", partial(LBFGS, precondition=smooth_first)
    )
    guessed = take(make(init_method=Init.NOISE, tolerance=0.0), 30)[-1].value
    assert reached < 0.95 * guessed


def test_the_temporal_term_holds_a_frame_where_its_mask_says(make: Make, content: Image) -> None:
    warped = from_bytes(to_bytes(1 - content))
    mask = np.zeros(content.shape[:2], np.float32)
    mask[:, :24] = 1
    target = TemporalTarget(warped, mask)
    weights = Weights(gamma=5e5, edges=0)
    held = make(init=warped, temporal=(target,))
    free = make(init=warped)
    take(held, 6, weights)
    take(free, 6, weights)
    drift, free_drift = (np.abs(p.image - warped).mean(axis=2) for p in (held, free))
    assert drift[:, :24].mean() < 0.2 * free_drift[:, :24].mean()
    assert drift[:, 28:].mean() > 0.5 * free_drift[:, 28:].mean()
    assert held.losses.temporal > 0 == free.losses.temporal


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        ({"content": np.zeros((32, 48, 3))}, r"^content: must be float32"),
        ({"style": np.full((32, 48, 3), 2, np.float32)}, r"^style: values must lie in"),
        ({"init": np.zeros((32, 48), np.float32)}, r"^init: must have the shape"),
    ],
)
def test_bad_arrays_are_refused_by_name(
    spoil: dict[str, np.ndarray], words: str, content: Image, style: Image, settings: ImageSettings
) -> None:
    arguments: dict = {"content": content, "style": style} | spoil
    with pytest.raises(ValueError, match=words):
        Stylization(settings=settings, **arguments)


def test_layers_and_backbones_that_cannot_be_had_are_refused_by_name(
    content: Image, style: Image, settings: ImageSettings
) -> None:
    unknown = dataclasses.replace(settings, content_layers=("block9_conv1",))
    with pytest.raises(SettingsError, match=r"^block9_conv1: vgg16 has no such layer"):
        Stylization(content, style, unknown)
    missing = dataclasses.replace(settings, backbone="none.weights.h5")
    with pytest.raises(WeightsError, match=r"^none\.weights\.h5: no such weight file"):
        Stylization(content, style, missing)
