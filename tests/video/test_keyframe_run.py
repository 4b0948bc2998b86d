"""Clips that are painted from keyframes, in a run folder that is resumed byte for byte."""

from __future__ import annotations

import dataclasses
import itertools
import json
import shutil

import numpy as np
import pytest
from shallow import make_shallow
from short_runs import SETTINGS, built_in_style, finished, share_objectives, shot

import stylekit as sk
from stylekit.arrays import from_bytes, to_bytes
from stylekit.errors import ResumeError, SettingsError
from stylekit.image.guidance import Guidance
from stylekit.settings import KeyframeSettings, KeyMethod, NetworkSettings, PatchSettings
from stylekit.video.few_shot import TrainingStep
from stylekit.video.frames import FrameStep
from stylekit.video.keyframe import Keyframe, StyledFrame
from stylekit.video.keyframe_run import KeyframeRun

FEW = PatchSettings(iterations=1, sweeps=1)
BY_PATCHES = KeyframeSettings(method=KeyMethod.PATCH, patches=FEW)
TINY = NetworkSettings(width=4, blocks=1, batch=2, patch=16, steps=3, seconds=1e4)
BY_NETWORK = KeyframeSettings(method=KeyMethod.NETWORK, network=TINY)


@pytest.fixture(autouse=True)
def surroundings(monkeypatch):
    make_shallow(monkeypatch)
    share_objectives(monkeypatch)


@pytest.fixture(scope="module")
def clip():
    return shot(frames=5)


def painting(frame):
    """A frame as somebody may paint it: inverted, with a red stroke."""
    painted = (1 - frame).astype(np.float32)
    painted[5:9, 10:30] = [0.9, 0.1, 0.1]
    return painted


def all_frames(run):
    return list(run.stored_frames())


def test_the_keyframe_itself_is_its_painting_and_the_others_follow(clip, tmp_path):
    painted = painting(clip[1])
    run = sk.propagate(clip, {1: painted}, tmp_path / "run", BY_PATCHES)
    frames = all_frames(run)
    assert run.is_complete and len(frames) == 5
    np.testing.assert_array_equal(frames[1], from_bytes(to_bytes(painted)))
    for index in (0, 2, 4):
        # The frames move by a pixel each; inside, the painting moves with them.
        moved = np.roll(painted, 1 - index, axis=1)
        inside = np.s_[4:-4, 8:-8]
        assert np.abs(frames[index][inside] - moved[inside]).mean() < 0.05


def test_frames_between_two_keyframes_come_from_both(clip, tmp_path):
    keys = {0: painting(clip[0]), 4: painting(clip[4])}
    results = list(KeyframeRun(clip, keys, tmp_path / "run", BY_PATCHES).frames())
    assert {r.frame_index: r.keys for r in results} == {
        0: (0,), 1: (0, 4), 2: (0, 4), 3: (0, 4), 4: (4,)
    }  # fmt: skip


@pytest.mark.parametrize("keys", [(0,), (2,), (0, 4)])
def test_a_run_that_is_broken_off_anywhere_ends_byte_for_byte_as_an_unbroken_one(
    clip, tmp_path, keys
):
    given = {index: painting(clip[index]) for index in keys}
    whole = tmp_path / "whole"
    sk.propagate(clip, given, whole, BY_PATCHES)
    broken = tmp_path / "broken"
    for count in itertools.count(1):
        run = KeyframeRun(clip, given, broken, BY_PATCHES)
        for _ in itertools.islice(run.steps(), count):
            pass
        if run.is_complete:
            break
        # As after kill -9 while a line is written.
        with (broken / "manifest.jsonl").open("ab") as file:
            file.write(b'{"frame_index": 3, "sha')
    assert finished(broken) == finished(whole)


def test_a_damaged_side_is_painted_again(clip, tmp_path):
    given = {0: painting(clip[0]), 4: painting(clip[4])}
    whole = sk.propagate(clip, given, tmp_path / "whole", BY_PATCHES)
    again = tmp_path / "again"
    shutil.copytree(tmp_path / "whole", again)
    (again / "manifest.jsonl").unlink()
    for error in (again / "from-000004/errors").iterdir():
        error.write_bytes(b"damaged")
    run = sk.propagate(clip, given, again, BY_PATCHES)
    for one, other in zip(all_frames(run), all_frames(whole), strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_shot_without_a_keyframe_is_refused_for_patches_and_left_to_the_network(tmp_path):
    two = [*shot("chelsea", 3), *shot("rocket", 3)]
    keys = {0: painting(two[0])}
    settings = dataclasses.replace(BY_PATCHES, shots="3")
    with pytest.raises(SettingsError, match="frame 3 to 5"):
        KeyframeRun(two, keys, tmp_path / "patch", settings)
    auto = dataclasses.replace(settings, method=KeyMethod.AUTO, network=TINY)
    assert KeyframeRun(two, keys, tmp_path / "auto", auto).settings.method is KeyMethod.NETWORK


def test_a_frame_given_as_a_style_is_painted_once(clip, tmp_path):
    key = StyledFrame(
        frame_index=0, guidance=Guidance.of(built_in_style()), settings=SETTINGS.image
    )
    run = KeyframeRun(clip, [key], tmp_path / "run", BY_PATCHES)
    events = list(run.steps())
    assert isinstance(events[0], FrameStep) and run.is_complete
    again = KeyframeRun(clip, [key], tmp_path / "run", BY_PATCHES)
    assert not any(isinstance(event, FrameStep) for event in again.steps())
    expected = sk.stylize_image(clip[0], built_in_style(), SETTINGS.image).image
    np.testing.assert_allclose(run.stored_frame(0), expected, atol=0.01)


def test_the_network_learns_then_paints_and_goes_on(clip, tmp_path):
    given = {0: painting(clip[0])}
    run = KeyframeRun(clip, given, tmp_path / "run", BY_NETWORK)
    events = list(run.steps())
    assert [isinstance(e, TrainingStep) for e in events] == [True] * 3 + [False] * 5
    assert run.is_complete
    # All is stored: nothing is trained or painted again.
    again = KeyframeRun(clip, given, tmp_path / "run", BY_NETWORK)
    assert all(event.resumed for event in again.steps())


def test_stopped_training_paints_at_once_and_what_was_painted_early_is_painted_again(
    clip, tmp_path
):
    given = {0: painting(clip[0])}
    run = KeyframeRun(clip, given, tmp_path / "run", BY_NETWORK)
    next(steps := run.steps())
    steps.close()
    early = list(run.frames(train=False))
    assert len(early) == 5 and {frame.trained for frame in early} == {1}
    assert not run.is_complete
    assert not KeyframeRun(clip, given, tmp_path / "run", BY_NETWORK).is_complete
    late = list(run.frames())
    assert {frame.trained for frame in late} == {3} and run.is_complete


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ({}, "at least one"),
        ({5: None}, "there is no frame 5"),
        ({0: np.zeros((7, 9, 3), np.float32)}, "9×7 pixels"),
    ],
)
def test_keyframes_that_do_not_fit_are_refused(clip, tmp_path, keys, words):
    keys = {i: painting(clip[0]) if image is None else image for i, image in keys.items()}
    with pytest.raises(SettingsError, match=words):
        KeyframeRun(clip, keys, tmp_path / "run", BY_PATCHES)
    assert not (tmp_path / "run").exists()


def test_a_mask_keeps_the_clip_outside(clip, tmp_path):
    mask = np.zeros(clip[0].shape[:2], np.float32)
    mask[:, 24:] = 1
    key = Keyframe(frame_index=0, image=painting(clip[0]), mask=mask)
    run = sk.propagate(clip, [key], tmp_path / "run", BY_PATCHES)
    frame = run.stored_frame(2)
    left = np.s_[:, 2:16]
    assert np.abs(frame[left] - clip[2][left]).mean() < 0.02
    assert np.abs(frame[4:-4, 30:40] - clip[2][4:-4, 30:40]).mean() > 0.05


def test_another_painting_is_refused_in_the_same_folder(clip, tmp_path):
    sk.propagate(clip, {0: painting(clip[0])}, tmp_path / "run", BY_PATCHES)
    with pytest.raises(ResumeError, match="keyframes"):
        KeyframeRun(clip, {0: clip[0]}, tmp_path / "run", BY_PATCHES)
    told = json.loads((tmp_path / "run/run.json").read_text())
    assert told["painted_from"] == "keyframes"
