"""Several passes over a clip, and loops (Ruder et al. 2016, §4.4)."""

from __future__ import annotations

import numpy as np
import pytest
from short_runs import SETTINGS, SIZE, built_in_clip, changed, finished

from stylekit.arrays import from_bytes, to_bytes
from stylekit.errors import ResumeError, SettingsError
from stylekit.image.colors import match_colors
from stylekit.image.scales import sized_style
from stylekit.losses import only
from stylekit.media.images import load_image
from stylekit.motion.fine_detail import detail_change, restore_detail
from stylekit.motion.flow import warp
from stylekit.motion.infill import carried_picture
from stylekit.motion.warping import warping_error
from stylekit.samples import MaterialKind, materials
from stylekit.scenes import Everywhere, Layer, Trajectory, render_scene
from stylekit.settings import VideoSettings, Weights
from stylekit.video.links import reversed_motion
from stylekit.video.run import FrameResult, VideoRun, stylize_video

pytest_plugins = ["run_fixtures"]
pytestmark = pytest.mark.usefixtures("shared_objectives")

FRAMES = 3
PERIOD = 6
NOTHING = only(Weights(), {})


def events(run, weights=None):
    """The frames of all passes."""
    return [event for event in run.steps(weights) if isinstance(event, FrameResult)]


@pytest.fixture(scope="module")
def circle():
    """A scene that moves in a circle, and ends with the frame that it began with."""
    layer = Layer(
        photograph=load_image(materials(MaterialKind.PHOTOGRAPH)["chelsea"]),
        shape=Everywhere(),
        trajectory=Trajectory(0.5 + 0.375j, 1.5, 225 + 150j, radius=0.04, period=PERIOD),
    )
    return render_scene([layer], frames=PERIOD + 1, size=SIZE)


def jump(run, scene) -> float:
    """The mean squared error from the last frame to the first, along the exact flow."""
    first, *_, last = run.stored_frames()
    truth = scene.backward[-1]
    visible = (~truth.disocclusion).astype(np.float32)
    return warping_error([last, first], [truth.flow], [visible]).mse


def test_a_loop_closes(circle, glass, tmp_path):
    clip = circle.frames[:-1]
    once = stylize_video(clip, glass, tmp_path / "once", SETTINGS)
    loop = stylize_video(clip, glass, tmp_path / "loop", changed(passes=3, loop=True))
    assert jump(loop, circle) < jump(once, circle) / 2


def test_a_second_pass_goes_back_half_way_to_the_frame_after(clip, glass, tmp_path):
    settings = changed(passes=2)
    run = VideoRun(clip, glass, tmp_path / "run", settings)
    found = events(run, NOTHING)  # no step moves a frame from where it starts
    assert [(each.pass_number, each.frame_index) for each in found] == [
        *((1, index) for index in range(FRAMES)),
        *((2, index) for index in reversed(range(FRAMES))),
    ]
    first, second = found[:FRAMES], found[:2:-1]
    # Nothing follows the last frame, so it stays as it is.
    assert np.array_equal(second[2].image, first[2].image)
    motion = reversed_motion(clip, run.motion(2), 2, settings)
    carried = carried_picture(second[2].image, motion, first[1].image)
    flow, mask = run.motion(2).flow.forward_flow, motion.mask
    boost = run._lost(motion, second[2].image)
    carried = restore_detail(carried, second[2].image, flow, mask, boost=boost)
    palette = sized_style(glass, settings.image)
    change = detail_change(*(match_colors(clip[index], palette) for index in (1, 2)), flow)
    change *= mask[..., np.newaxis]
    carried = np.clip(carried + change, 0, 1)
    np.testing.assert_allclose(second[1].image, (carried + first[1].image) / 2, atol=0.51 / 255)
    warped = restore_detail(warp(second[2].image, flow), second[2].image, flow, mask, boost=boost)
    np.testing.assert_allclose(second[1].warped, np.clip(warped + change, 0, 1), atol=1e-6)
    assert second[1].motion.source == 2
    # The result is the last pass, in the order of time.
    assert all(map(np.array_equal, run.stored_frames(), (each.image for each in second)))
    assert [entry["pass"] for entry in run.finished_entries()] == [2] * FRAMES
    assert run.is_complete


@pytest.mark.parametrize("count", [2, FRAMES + 1, 2 * FRAMES + 1])
def test_passes_go_on_to_the_same_bytes(count, circle, glass, tmp_path):
    clip, settings = circle.frames[:FRAMES], changed(passes=3)
    whole = tmp_path / "whole"
    frames = events(VideoRun(clip, glass, whole, settings))
    run = VideoRun(clip, glass, tmp_path / "run", settings)
    taken = 0
    for event in run.steps():
        taken += isinstance(event, FrameResult)
        if taken == count:
            break
    assert not run.is_complete
    again = events(VideoRun(clip, glass, tmp_path / "run", settings))
    assert [each.resumed for each in again] == [True] * count + [False] * (3 * FRAMES - count)
    assert finished(tmp_path / "run") == finished(whole)
    for one, other in zip(again, frames, strict=True):
        assert np.array_equal(one.image, other.image)
    with pytest.raises(ResumeError, match=r"settings\.passes \(3 before, 2 now\)"):
        VideoRun(clip, glass, tmp_path / "run", changed(passes=2))


def test_no_pass_goes_over_a_cut(clip, glass, tmp_path):
    spliced = [*clip[:2], *built_in_clip("passing", 2)]
    run = stylize_video(spliced, glass, tmp_path / "run", changed(passes=2))
    alone = stylize_video(spliced[:2], glass, tmp_path / "alone", changed(passes=2))
    for image, other in zip(alone.stored_frames(), run.stored_frames(), strict=False):
        assert np.array_equal(image, other)
    assert [entry.get("held_to") for entry in run.finished_entries()] == [1, None, 3, None]


def test_an_interrupted_pass_leaves_the_frames_of_the_one_before(clip, glass, tmp_path):
    run = VideoRun(clip, glass, tmp_path / "run", changed(passes=2))
    for event in run.steps():
        if isinstance(event, FrameResult) and (event.pass_number, event.frame_index) == (2, 1):
            break
    run.reload()
    assert [entry["pass"] for entry in run.finished_entries()] == [1, 2, 2]
    assert len(list(run.stored_frames())) == FRAMES
    stored = from_bytes(to_bytes(event.image))
    assert np.array_equal(list(run.stored_frames())[1], stored)


def test_a_loop_needs_two_passes():
    with pytest.raises(SettingsError, match=r"^loop: needs at least 2 passes"):
        VideoSettings(loop=True)


@pytest.mark.parametrize("passes", [0, 21, 1.5])
def test_passes_are_a_whole_number(passes):
    with pytest.raises(SettingsError, match=r"^passes: must be a whole number from 1 to 20"):
        VideoSettings(passes=passes)


@pytest.mark.parametrize("frames", [1, 2])
def test_a_clip_that_is_no_loop_is_refused_before_painting(frames, glass, tmp_path):
    clip = [built_in_clip("passing", 1)[0], built_in_clip("drift", 1)[0]][:frames]
    with pytest.raises(SettingsError, match=r"^loop: the first frame does not go on from the last"):
        VideoRun(clip, glass, tmp_path / "run", changed(passes=2, loop=True))
    assert not (tmp_path / "run").exists()
