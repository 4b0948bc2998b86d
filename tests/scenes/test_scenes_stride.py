"""Scenes of which only some frames are shown, and the scenes that built-in clips are."""

from __future__ import annotations

import numpy as np
import pytest
from short_runs import built_in_clip

from stylekit.errors import SettingsError
from stylekit.media.clips import read_clip
from stylekit.motion.flow import warp
from stylekit.scenes import CLIP_SCENES, Everywhere, Layer, Trajectory, make_scene, render_scene
from stylekit.scenes.scene import scene_of_clip

SIZE = 64


@pytest.mark.parametrize("name", ["crossing", "approach"])
def test_a_stride_of_two_shows_every_second_frame(name: str) -> None:
    scene = make_scene(name, frames=3, size=SIZE, stride=2)
    every = make_scene(name, frames=5, size=SIZE)
    np.testing.assert_array_equal(scene.frames, every.frames[::2])
    np.testing.assert_array_equal(scene.layers, every.layers[::2])


def test_a_later_start_leaves_out_the_frames_before_it() -> None:
    scene = make_scene("drift", frames=2, size=SIZE, first=3)
    every = make_scene("drift", frames=5, size=SIZE)
    np.testing.assert_array_equal(scene.frames, every.frames[3:])
    np.testing.assert_array_equal(scene.backward_flow[0], every.backward_flow[3])


def test_flow_over_two_frames_is_that_over_one_and_then_the_next() -> None:
    """f₂(p) = f₁(p) + f₁'(p + f₁(p)), where linear interpolation is exact: in one layer."""
    grey = np.full((60, 80, 3), 0.5, np.float32)
    layer = Layer(
        photograph=grey,
        shape=Everywhere(),
        trajectory=Trajectory(at=0.5 + 0.4j, width=1.5, pivot=40 + 30j, spin=2.0, zoom=0.02),
    )
    two = render_scene([layer], frames=2, size=SIZE, stride=2)
    one = render_scene([layer], frames=3, size=SIZE)
    inside = np.s_[4:-4, 4:-4]
    for both, near, far in (
        (two.backward_flow[0], one.backward_flow[1], one.backward_flow[0]),
        (two.forward_flow[0], one.forward_flow[0], one.forward_flow[1]),
    ):
        composed = near + warp(far, near)
        np.testing.assert_allclose(both[inside], composed[inside], atol=2e-3)
        assert np.abs(both).max() > 1.5 * np.abs(near).max()


@pytest.mark.parametrize(("knob", "value"), [("stride", 0), ("stride", 1.5), ("first", -1)])
def test_bad_strides_are_named(knob: str, value: float) -> None:
    with pytest.raises(SettingsError, match=rf"^{knob}: must be a whole number from"):
        make_scene("pan", frames=2, size=SIZE, **{knob: value})


@pytest.mark.parametrize("name", CLIP_SCENES)
def test_a_built_in_clip_is_its_scene(name: str) -> None:
    """The pictures agree where the truth is, in the frames that were read."""
    clip = built_in_clip(name, 8, size=96)[1::3]
    scene = scene_of_clip(clip)
    assert scene is not None
    assert scene.name == name
    assert len(scene.frames) == len(clip) == 3
    other = make_scene(name, frames=3, size=96)
    for index, frame in enumerate(clip):
        error = np.abs(scene.frames[index] - frame).mean()
        assert error < 0.02
        assert error < 0.8 * np.abs(other.frames[index] - frame).mean()


def test_other_clips_and_sizes_have_no_scene(tmp_path) -> None:
    assert scene_of_clip(list(built_in_clip("drift", 2, size=96))) is None
    assert scene_of_clip(built_in_clip("drift", 2, size=100)) is None
    copy = tmp_path / "drift.mp4"
    clip = built_in_clip("drift", 2, size=96)
    copy.write_bytes(clip.path.read_bytes())
    assert scene_of_clip(read_clip(copy, size=96)) is None
