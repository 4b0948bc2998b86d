"""Which frame each frame continues: after cuts, after flashes, and by hand."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from short_runs import HEIGHT, SETTINGS, SIZE, changed, finished, shot

from stylekit.errors import SettingsError
from stylekit.video.folder import RunFolder
from stylekit.video.links import Links
from stylekit.video.run import VideoRun

pytest_plugins = ["run_fixtures"]
pytestmark = pytest.mark.usefixtures("shared_objectives")

BLACK = np.zeros((HEIGHT, SIZE, 3), np.float32)
WHITE = BLACK + 1


def links(clip, folder, **settings):
    for name in ("flow", "masks"):
        (folder / name).mkdir(exist_ok=True)
    return Links(clip, RunFolder(folder), dataclasses.replace(SETTINGS, **settings), None)


A, B = shot(), shot("rocket")


@pytest.mark.parametrize(
    ("clip", "sources", "shots"),
    [
        ([*A[:2], *B[:2]], [None, 0, None, 2], [0, 2]),
        ([BLACK, BLACK, *A[:2]], [None, 0, None, 2], [0, 2]),
        ([*A[:2], WHITE, *A[3:5]], [None, 0, None, 1, 3], [0]),
        ([*A[:2], WHITE, WHITE, *A[4:6]], [None, 0, None, 2, 1, 4], [0]),
        ([*A[:2], WHITE, *B[:2]], [None, 0, None, None, 3], [0, 2, 3]),
    ],
    ids=["cut", "black", "flash", "flash of two frames", "flash before a cut"],
)
def test_frames_continue_what_explains_them(clip, sources, shots, tmp_path):
    found = links(clip, tmp_path)
    # In any order: a widget may ask for a late frame first.
    assert [found.source(i) for i in reversed(range(len(clip)))] == sources[::-1]
    assert found.shots(len(clip)) == shots
    again = links(clip, tmp_path)  # from stored flow
    assert [again.source(i) for i in range(len(clip))] == sources


def test_shots_by_hand_are_these_and_no_others(tmp_path):
    clip = [*A[:2], *B[:2], WHITE, B[3]]
    found = links(clip, tmp_path, shots="1")
    assert [found.source(i) for i in range(len(clip))] == [None, None, 1, 2, 3, 3]
    assert found.shots(len(clip)) == [0, 1]
    assert found.motion(1).is_cut and not found.motion(2).is_cut


def test_a_shot_that_the_clip_does_not_have_is_refused_before_painting(glass, tmp_path):
    with pytest.raises(SettingsError, match=r"^shots: the clip has frames 0 to 2, there is no"):
        VideoRun(A[:3], glass, tmp_path / "run", changed(shots="0,3"))
    assert not (tmp_path / "run").exists()


def test_a_photograph_after_black_is_painted_and_a_flash_keeps_its_look(glass, tmp_path):
    clip = [BLACK, A[0], A[1], WHITE, A[3]]
    frames = list(VideoRun(clip, glass, tmp_path / "run", SETTINGS).frames())
    assert [frame.cold for frame in frames] == [True, True, False, True, False]
    for frame in (frames[1], frames[2], frames[4]):
        grey, painted = frame.content.mean(axis=2), frame.image.mean(axis=2)
        assert np.corrcoef(grey.ravel(), painted.ravel())[0, 1] > 0.8
    assert frames[4].motion.source == 2
    # Interrupted within the flash, a run goes on to the same files.
    run = VideoRun(clip, glass, tmp_path / "resumed", SETTINGS)
    for frame in run.frames():
        if frame.frame_index == 3:
            break
    list(VideoRun(clip, glass, tmp_path / "resumed", SETTINGS).frames())
    assert finished(tmp_path / "resumed") == finished(tmp_path / "run")
