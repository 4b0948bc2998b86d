"""Clips frame by frame: what holds frames together, and that a run resumes byte for byte."""

from __future__ import annotations

import dataclasses
import itertools

import numpy as np
import pytest
from short_runs import (
    SETTINGS,
    SIZE,
    built_in_clip,
    built_in_style,
    changed,
    difference,
    finished,
    forget_objectives,
)

from stylekit.arrays import from_bytes, to_bytes
from stylekit.errors import ResumeError
from stylekit.image.colors import LuminanceParametrization, match_colors
from stylekit.image.scales import sized_style
from stylekit.image.stylization import Stylization
from stylekit.losses import PIXEL_UNIT, only
from stylekit.motion.fine_detail import detail_change, restore_detail
from stylekit.motion.flow import FlowPair, Interpolation, warp
from stylekit.motion.infill import transfer_texture
from stylekit.motion.warping import warping_error
from stylekit.samples import MaterialKind, materials
from stylekit.scenes import make_scene
from stylekit.settings import Colors, Init, Start, Weights
from stylekit.video import links
from stylekit.video import run as video
from stylekit.video.run import FrameStep, VideoRun, stylize_video

pytest_plugins = ["run_fixtures"]
pytestmark = pytest.mark.usefixtures("shared_objectives")

FRAMES = 4
CUT = 2
NOTHING = only(Weights(), {})


@pytest.fixture(scope="module")
def spliced():
    """Two shots, the second from frame `CUT` on."""
    return [*built_in_clip("drift", CUT), *built_in_clip("passing", 2)]


@pytest.fixture(scope="module")
def unbroken(clip, glass, tmp_path_factory):
    """A run that nothing has disturbed: its folder and its frames."""
    folder = tmp_path_factory.mktemp("unbroken") / "run"
    return folder, list(VideoRun(clip, glass, folder, SETTINGS).frames())


def images(frames):
    return [frame.image for frame in frames]


def flicker(frames) -> float:
    """The root warping error of a run, over the reliable area of its clip."""
    motions = [frame.motion for frame in frames[1:]]
    return warping_error(
        images(frames),
        [motion.flow.backward_flow for motion in motions],
        [motion.mask for motion in motions],
    ).rmse


# --- what a run yields ----------------------------------------------------------------------------


def test_the_first_frame_is_cold_and_has_no_past(unbroken):
    first = unbroken[1][0]
    assert (first.cold, first.motion, first.warped) == (True, None, None)
    assert first.losses.temporal == 0
    assert 1 <= first.steps <= SETTINGS.image.steps


def test_later_frames_are_warm_and_show_what_they_were_made_from(unbroken, clip):
    frames = unbroken[1]
    assert [frame.frame_index for frame in frames] == list(range(FRAMES))
    for previous, frame in itertools.pairwise(frames):
        motion = frame.motion
        assert not frame.cold and not motion.is_cut and not frame.resumed
        assert np.array_equal(frame.content, clip[frame.frame_index])
        warped = warp(previous.image, motion.flow.backward_flow)
        # Fine detail is given back where the flow is trusted.
        unknown = motion.mask == 0
        assert np.array_equal(frame.warped[unknown], warped[unknown])
        assert 0 < np.abs(frame.warped - warped).mean() < 0.05
        assert motion.mask.shape == frame.image.shape[:2]
        assert 0 < motion.mask.mean() < 1
        assert 0 <= frame.steps <= SETTINGS.frame_steps


def test_losses_are_those_of_the_stored_picture(unbroken):
    for frame in unbroken[1][1:]:
        assert np.array_equal(frame.image, from_bytes(to_bytes(frame.image)))
        error = (PIXEL_UNIT * (frame.image - frame.warped)) ** 2
        temporal = np.mean(frame.motion.mask[..., np.newaxis] * error)
        assert frame.losses.temporal == pytest.approx(temporal, rel=1e-4)
        assert frame.losses.style == pytest.approx(frame.style_distance, rel=1e-4)


def test_the_folder_holds_what_was_yielded(unbroken, clip, glass):
    folder, frames = unbroken
    run = VideoRun(clip, glass, folder, SETTINGS)
    assert all(map(np.array_equal, run.stored_frames(), images(frames)))
    for entry, frame in zip(run.finished_entries(), frames, strict=True):
        assert entry["losses"] == frame.losses.to_json()
        assert entry["steps"] == frame.steps
        assert entry["evaluations"] == frame.evaluations >= frame.steps


def test_every_step_of_every_frame_is_shown(clip, glass, tmp_path):
    seen = []
    for event in VideoRun(clip[:2], glass, tmp_path / "run", SETTINGS).steps():
        if isinstance(event, FrameStep):
            seen.append((event.frame_index, event.step.step_index))
        else:
            assert seen[-event.steps :] == [(event.frame_index, i) for i in range(event.steps)]
    assert seen


def test_a_clip_of_one_frame(clip, glass, tmp_path):
    run = stylize_video(clip[:1], glass, str(tmp_path / "run"), SETTINGS)
    assert "1 of 1 frames finished, network vgg16 (embedded" in repr(run)
    (image,) = run.stored_frames()
    assert image.shape == clip[0].shape
    assert not any((tmp_path / "run" / "flow").iterdir())


def test_independent_frames_are_pictures_of_their_own(clip, glass, tmp_path):
    run = VideoRun(clip[:3], glass, tmp_path / "run", changed(independent=True))
    frames = list(run.frames())
    assert all(frame.cold and frame.warped is None for frame in frames)
    assert all(frame.motion is not None for frame in frames[1:]), "flicker could not be measured"
    picture = Stylization(clip[2], glass, SETTINGS.image)
    for _ in picture.steps():
        pass
    assert np.array_equal(to_bytes(frames[2].image), to_bytes(picture.image))


# --- flow, and where a frame starts ---------------------------------------------------------------


def test_exact_flow_is_used_as_it_is(glass, tmp_path):
    scene = make_scene("pan", frames=3, size=SIZE)
    flows = [
        FlowPair(forward, backward)
        for forward, backward in zip(scene.forward_flow, scene.backward_flow, strict=True)
    ]
    run = VideoRun(scene.frames, glass, tmp_path / "run", SETTINGS, flows=flows)
    for frame in list(run.frames())[1:]:
        exact = flows[frame.frame_index - 1]
        assert np.array_equal(frame.motion.flow.backward_flow, exact.backward_flow)
        assert np.array_equal(frame.motion.flow.forward_flow, exact.forward_flow)
    with pytest.raises(ResumeError, match="exact_flow"):
        VideoRun(scene.frames, glass, tmp_path / "run", SETTINGS)


def test_flow_is_estimated_once(clip, glass, tmp_path, monkeypatch):
    first = VideoRun(clip, glass, tmp_path / "run", SETTINGS).motion(1)
    monkeypatch.setattr(links, "flow_between", None)
    again = VideoRun(clip, glass, tmp_path / "run", SETTINGS).motion(1)
    assert np.array_equal(first.mask, again.mask)
    assert np.array_equal(first.flow.backward_flow, again.flow.backward_flow)


def start_of_second_frame(clip, glass, folder, **settings):
    """Where the frame starts: with no weight at all, no step moves it from there."""
    return list(VideoRun(clip[:2], glass, folder, changed(**settings)).frames(NOTHING))[1]


def test_a_warm_start_is_the_warped_frame_filled_with_texture(clip, glass, tmp_path):
    frame = start_of_second_frame(clip, glass, tmp_path / "run")
    previous = from_bytes(to_bytes(match_colors(clip[0], glass)))
    flow = frame.motion.flow.backward_flow
    carried = (warp(previous, flow) + warp(previous, flow, interpolation=Interpolation.CUBIC)) / 2
    fresh = transfer_texture(clip[1], frame.motion.mask, clip[0], previous)
    mask = frame.motion.mask[..., np.newaxis]
    expected = mask * carried + (1 - mask) * fresh
    expected = restore_detail(expected, previous, flow, frame.motion.mask)
    palette = sized_style(glass, SETTINGS.image)
    change = detail_change(*(match_colors(clip[index], palette) for index in (1, 0)), flow)
    expected = np.clip(expected + mask * change, 0, 1)
    assert np.abs(change).max() > 5 / 255
    np.testing.assert_allclose(frame.image, expected, atol=0.51 / 255)


def test_a_start_from_the_previous_frame(clip, glass, tmp_path):
    frame = start_of_second_frame(clip, glass, tmp_path / "run", start=Start.PREVIOUS)
    np.testing.assert_allclose(frame.image, match_colors(clip[0], glass), atol=0.51 / 255)


def test_a_random_start_is_noise_that_its_seed_repeats(clip, glass, tmp_path):
    random = {"start": Start.RANDOM, "seed": 7}
    frame = start_of_second_frame(clip, glass, tmp_path / "a", **random)
    again = start_of_second_frame(clip, glass, tmp_path / "b", **random)
    other = start_of_second_frame(clip, glass, tmp_path / "c", start=Start.RANDOM, seed=8)
    assert frame.image.std() == pytest.approx(12**-0.5, rel=0.05), "not uniform noise"
    assert np.array_equal(frame.image, again.image)
    assert difference(frame.image, other.image) > 0.3


def test_cold_frames_start_from_noise_of_their_own(clip, glass, tmp_path):
    settings = changed(independent=True, init=Init.NOISE)
    first, second = VideoRun(clip[:2], glass, tmp_path / "run", settings).frames(NOTHING)
    assert difference(first.image, second.image) > 0.3


def test_noise_repeats_to_the_byte(clip, glass, tmp_path):
    settings = changed(init=Init.NOISE, seed=3)
    for name in ("a", "b"):
        stylize_video(clip[:2], glass, tmp_path / name, settings)
    assert finished(tmp_path / "a") == finished(tmp_path / "b")


def test_colours_are_kept_in_every_frame(clip, glass, tmp_path):
    for frame in VideoRun(
        clip[:2], glass, tmp_path / "run", changed(colors=Colors.LUMINANCE)
    ).frames():
        canvas = LuminanceParametrization(frame.content)
        nearest = canvas.image(canvas.variables(frame.image))
        assert difference(frame.image, frame.content) > 0.02, "nothing was painted"
        np.testing.assert_allclose(frame.image, nearest, atol=1.01 / 255)


# --- weights --------------------------------------------------------------------------------------


def test_weights_are_looked_up_before_each_step_and_recorded(clip, glass, tmp_path):
    given = []

    def weights():
        given.append(Weights(beta=1e4 + len(given)))
        return given[-1]

    run = VideoRun(clip[:2], glass, tmp_path / "run", SETTINGS)
    used = []
    for event in run.steps(weights):
        if isinstance(event, FrameStep):
            used.append(event.step.weights)
        else:
            assert event.weights == (used[-1] if event.steps else given[-1])
    assert len(set(used)) == len(used), "the same weights twice"
    assert next(Weights(**entry["weights"]) for entry in run.finished_entries()) in used


def test_weights_are_those_of_the_settings_unless_given(unbroken):
    assert all(frame.weights == SETTINGS.image.weights for frame in unbroken[1])


# --- steadiness -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def scene():
    return make_scene("crossing", frames=3, size=SIZE)


@pytest.fixture(scope="module")
def run_of_scene(scene, glass, tmp_path_factory):
    flows = list(map(FlowPair, scene.forward_flow, scene.backward_flow))

    def run(**settings):
        settings = {"steps": 12, "frame_steps": 12, **settings}
        folder = tmp_path_factory.mktemp("scene") / "run"
        return list(
            VideoRun(scene.frames, glass, folder, changed(**settings), flows=flows).frames()
        )

    return run


def test_the_temporal_method_steadies_a_clip(run_of_scene):
    """Ruder's order: temporal loss, warped start alone, frames apart."""
    no_loss = Weights(gamma=0.0)
    steady = flicker(run_of_scene(weights=Weights(gamma=1e5)))
    warped = flicker(run_of_scene(weights=no_loss))
    apart = flicker(run_of_scene(independent=True))
    assert steady < 0.6 * warped
    assert warped < apart


def test_a_still_clip_stays_still(clip, glass, tmp_path):
    still = [clip[0]] * 3
    # A start without fill, which need not be as good.
    settings = dataclasses.replace(SETTINGS, start=Start.PREVIOUS)
    frames = list(VideoRun(still, glass, tmp_path / "run", settings).frames())
    # The first frame is as good as its own goal, so not a pixel moves, and nothing is spent.
    for previous, frame in itertools.pairwise(frames):
        assert frame.steps == frame.evaluations == 0
        reliable = frame.motion.mask == 1
        np.testing.assert_array_equal(frame.image[reliable], previous.image[reliable])


# --- cuts -----------------------------------------------------------------------------------------


def test_a_cut_starts_cold_and_nothing_is_warped_over_it(spliced, glass, tmp_path):
    frames = list(VideoRun(spliced, glass, tmp_path / "run", SETTINGS).frames())
    assert [frame.cold for frame in frames] == [True, False, True, False]
    assert frames[CUT].motion.is_cut
    assert frames[CUT].warped is None
    assert frames[CUT].losses.temporal == 0
    alone = list(VideoRun(spliced[CUT:], glass, tmp_path / "alone", SETTINGS).frames())
    assert all(map(np.array_equal, images(frames[CUT:]), images(alone)))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pair
        for pair in itertools.permutations(materials(MaterialKind.CLIP), 2)
        if set(pair) != {"approach", "passing"}  # these show the same cat
    ],
)
def test_cuts_between_built_in_clips_are_found(before, after, glass, tmp_path):
    shots = [built_in_clip(name, 1, size=96)[0] for name in (before, after)]
    assert VideoRun(shots, glass, tmp_path / "run", SETTINGS).motion(1).is_cut


@pytest.mark.parametrize("speed", [1, 2])
@pytest.mark.parametrize("name", materials(MaterialKind.CLIP))
def test_no_cut_is_seen_where_there_is_none(name, speed, glass, tmp_path):
    clip = built_in_clip(name)[::speed]
    run = VideoRun(clip, glass, tmp_path / "run", SETTINGS)
    assert not any(run.motion(index).is_cut for index in range(1, len(clip)))


def test_a_style_of_another_type_is_refused(clip, glass, tmp_path):
    with pytest.raises(ValueError, match="style"):
        VideoRun(clip, to_bytes(glass), tmp_path / "run", SETTINGS)
    assert not (tmp_path / "run").exists()


@pytest.mark.slow
@pytest.mark.parametrize("independent", [False, True])
def test_a_compiled_run_goes_on_to_the_same_bytes(independent, clip, tmp_path, monkeypatch):
    monkeypatch.setattr(video, "worth_fusing", lambda evaluations, size: evaluations > 0)
    # A style of its own, because tests with the same one share what is compiled for it.
    ink, settings = built_in_style("ink"), changed(independent=independent)
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    run = stylize_video(clip[:3], ink, whole, settings)
    assert len(run.painting.targets.masks) == (0 if independent else 1)
    next(VideoRun(clip[:3], ink, broken, settings).frames())
    forget_objectives(ink)
    stylize_video(clip[:3], ink, broken, settings)
    assert finished(broken) == finished(whole)


@pytest.mark.slow
def test_a_first_frame_is_held_to_nothing(clip, tmp_path, monkeypatch):
    """Where evaluations are compiled, it has the temporal target that later frames have."""
    held = []
    monkeypatch.setattr(video, "worth_fusing", lambda *_: True)
    run = VideoRun(clip[:2], built_in_style("ink"), tmp_path / "run", SETTINGS)
    for event in run.steps():
        if isinstance(event, FrameStep) and event.frame_index == 0:
            held.append(event.step.painted.temporal)
            assert not run.painting.targets.masks.numpy().any()
    assert held and not any(held)
