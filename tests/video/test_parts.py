"""Clips in parts: each shot painted by itself gives the frames of the whole run, byte for byte."""

from __future__ import annotations

import pytest
from short_runs import SETTINGS, changed, shot

from stylekit.video.parts import part_folder, shots_apart, take_over
from stylekit.video.run import VideoRun

pytest_plugins = ["run_fixtures"]
pytestmark = pytest.mark.usefixtures("shared_objectives")

A, B = shot(frames=3), shot("rocket")
CLIP = [*A, *B[:3]]
FLASHED = [*A, *B[:2], B[0] * 0 + 1, *B[3:5]]


def pictures(run: VideoRun) -> dict[str, bytes]:
    """The pictures of a run folder, those of all passes, by their paths."""
    return {
        str(path.relative_to(run.folder.path)): path.read_bytes()
        for path in run.folder.path.rglob("frames/*.png")
    }


@pytest.mark.parametrize(
    ("clip", "changes", "shots"),
    [
        (CLIP, {}, [range(3), range(3, 6)]),
        (FLASHED, {"offsets": (1, 2), "passes": 2}, [range(3), range(3, 8)]),
    ],
    ids=["plain", "flash, older frames and two passes"],
)
def test_shots_painted_apart_are_those_of_the_whole_run(clip, changes, shots, glass, tmp_path):
    settings = changed(**changes)
    whole = VideoRun(clip, glass, tmp_path / "whole", settings)
    for _ in whole.frames():
        pass
    run = VideoRun(clip, glass, tmp_path / "run", settings)
    parts = shots_apart(run)
    assert parts == shots
    # The later shot first, as another machine may have it.
    for part in reversed(parts):
        apart = VideoRun(clip, glass, part_folder(run.folder.path, part), settings, only=part)
        assert not apart.is_complete
        frames = [frame.frame_index for frame in apart.frames()]
        assert sorted(frames) == list(part)
        assert apart.is_complete
    take_over(run)
    assert run.is_complete
    assert pictures(run) == pictures(whole)
    assert not (run.folder.path / "shots").exists()
    assert [entry["cold"] for entry in run.finished_entries()] == [
        entry["cold"] for entry in whole.finished_entries()
    ]


def test_what_is_finished_of_a_shot_is_taken_over_and_kept(glass, tmp_path):
    run = VideoRun(CLIP, glass, tmp_path / "run", SETTINGS)
    part = shots_apart(run)[1]
    folder = part_folder(run.folder.path, part)
    apart = VideoRun(CLIP, glass, folder, SETTINGS, only=part)
    next(apart.frames())
    take_over(run)
    assert not run.is_complete
    assert folder.is_dir()
    done = pictures(run)
    assert [name for name in done if name.startswith("frames")] == ["frames/000003.png"]
    take_over(run)
    assert pictures(run) == done
    repainted = [frame.frame_index for frame in run.frames() if not frame.resumed]
    assert repainted == [0, 1, 2, 4, 5]


def test_a_loop_is_one_part(glass, tmp_path):
    clip = [CLIP[0], CLIP[1], CLIP[0]]
    settings = changed(loop=True, passes=2)
    run = VideoRun(clip, glass, tmp_path / "run", settings)
    assert shots_apart(run) == [range(3)]
