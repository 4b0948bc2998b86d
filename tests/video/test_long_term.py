"""Frames that are held to several earlier ones (Ruder et al. 2016, §4.3)."""

from __future__ import annotations

import numpy as np
import pytest
from short_runs import SETTINGS, built_in_clip, changed, entries, finished, stylekit

from stylekit.errors import ResumeError, SettingsError
from stylekit.image.colors import match_colors
from stylekit.image.scales import sized_style
from stylekit.losses import only
from stylekit.media.images import load_image
from stylekit.motion.fine_detail import detail_change, restore_detail
from stylekit.motion.flow import warp
from stylekit.motion.masks import long_term_masks
from stylekit.samples import MaterialKind, find_material
from stylekit.scenes import Everywhere, Layer, Polygon, Trajectory, render_scene
from stylekit.settings import VideoSettings, Weights
from stylekit.video.run import FrameStep, VideoRun, stylize_video

pytest_plugins = ["run_fixtures"]
pytestmark = pytest.mark.usefixtures("shared_objectives")

FRAMES = 4
NOTHING = only(Weights(), {})


def photograph_layer(name, trajectory, shape=None):
    photograph = load_image(find_material(name, MaterialKind.PHOTOGRAPH))
    return Layer(photograph=photograph, shape=shape or Everywhere(), trajectory=trajectory)


def covered(**times):
    """A bar passes over a cat that moves slowly, and covers each place for five frames."""
    moving = Trajectory(0.5 + 0.375j, 1.4, 225 + 150j, velocity=0.003 + 0.001j)
    passing = Trajectory(-0.5 + 0.375j, 1.2, 300 + 200j, velocity=0.08 + 0j)
    bar = Polygon(((200, -200), (400, -200), (400, 600), (200, 600)))
    layers = [photograph_layer("chelsea", moving), photograph_layer("coffee", passing, bar)]
    return render_scene(layers, size=64, **times)


@pytest.mark.slow
def test_what_was_covered_for_five_frames_comes_back_as_it_was(glass, tmp_path):
    offset, last = 8, 12
    scene = covered(frames=last + 1)
    now = covered(frames=2, first=last - offset, stride=offset).backward[0]
    hidden = covered(frames=2, first=last - 4, stride=4).backward[0]
    back = hidden.disocclusion & ~hidden.out_of_frame & ~now.disocclusion
    assert back.mean() > 0.2
    errors = []
    for offsets in ((1,), (1, offset)):
        settings = changed(size=64, offsets=offsets)
        run = stylize_video(scene.frames, glass, tmp_path / f"{len(offsets)}", settings)
        images = list(run.stored_frames())
        change = images[last] - warp(images[last - offset], now.flow)
        errors.append(np.mean(change[back] ** 2))
    # With the whole network at 96 pixels it is half, see docs/method.md.
    assert errors[1] < 0.7 * errors[0]


def test_a_frame_is_held_to_the_nearest_frame_that_shows_a_pixel(clip, glass, tmp_path):
    run = VideoRun(clip, glass, tmp_path / "run", changed(offsets=(1, 2, 9)))
    frames = []
    for event in run.steps(NOTHING):
        if isinstance(event, FrameStep):
            targets = run.painting.targets
        else:
            frames.append(event)
            if event.frame_index == 2:
                targets = run.painting.targets
                break
    flow, mask = run.folder.read_flow(2, 0)
    masks = long_term_masks([frames[2].motion.mask, mask])
    np.testing.assert_allclose(targets.masks[:2], masks)
    np.testing.assert_allclose(targets.warped[0], frames[2].warped)
    backward = flow.backward_flow
    oldest = restore_detail(warp(frames[0].image, backward), frames[0].image, backward, mask)
    palette = sized_style(glass, SETTINGS.image)
    change = detail_change(*(match_colors(clip[index], palette) for index in (2, 0)), backward)
    oldest = np.clip(oldest + mask[..., np.newaxis] * change, 0, 1)
    np.testing.assert_allclose(targets.warped[1], oldest, atol=1e-6)
    # There is no frame nine frames before; it has its place, so that nothing compiles anew.
    assert len(targets.masks) == 3 and not targets.masks[2].numpy().any()


def test_older_frames_are_of_the_same_shot_and_no_flash(glass, tmp_path):
    shot = list(built_in_clip("drift", 5))
    flash = np.ones_like(shot[0])
    clip = [*shot[:3], flash, shot[4], *built_in_clip("passing", 2)]
    stylize_video(clip, glass, tmp_path / "run", changed(offsets=(1, 2)))
    told = entries(tmp_path / "run")
    sources = [told[index]["source"] for index in range(len(clip))]
    older = [told[index]["older"] for index in range(len(clip))]
    assert sources == [None, 0, 1, None, 2, None, 5]
    assert older == [[], [], [0], [], [1], [], []]


def test_a_run_goes_on_to_the_same_bytes(clip, glass, tmp_path):
    settings = changed(offsets=(1, 3))
    stylize_video(clip, glass, tmp_path / "whole", settings)
    stopped = VideoRun(clip, glass, tmp_path / "run", settings).frames()
    for _ in range(3):
        next(stopped)
    stopped.close()
    stylize_video(clip, glass, tmp_path / "run", settings)
    assert finished(tmp_path / "run") == finished(tmp_path / "whole")
    with pytest.raises(ResumeError, match=r"settings\.offsets \(\[1, 3\] before, \[1\] now\)"):
        VideoRun(clip, glass, tmp_path / "run", SETTINGS)


@pytest.mark.parametrize("offsets", [(), (2,), (1, 4, 2), (1, 2, 2), (0, 1), (1, 2.5), [1, 2]])
def test_offsets_rise_from_the_frame_before(offsets):
    with pytest.raises(SettingsError, match=r"^offsets: must (rise|be a tuple)"):
        VideoSettings(offsets=offsets)


@pytest.mark.parametrize("text", ["1,x", "1.5", "", "2,4"])
def test_the_command_line_names_its_option(text, capsys):
    outcome = stylekit(capsys, "video", "drift", "glass", "-o", "x.mp4", "--offsets", text)
    assert outcome.code != 0
    assert outcome.complaint.startswith("--offsets: must ")
