"""The run folder: what a kill, a broken disk or a changed mind may do to it."""

from __future__ import annotations

import dataclasses
import json
import re
import shutil
from pathlib import Path

import numpy as np
import pytest
from short_runs import (
    SETTINGS,
    built_in_clip,
    built_in_style,
    changed,
    entries,
    finished,
    share_objectives,
)

from stylekit.errors import MediaError, ResumeError
from stylekit.samples import MaterialKind, find_material
from stylekit.settings import Weights
from stylekit.video.folder import RunFolder, RunInputs
from stylekit.video.run import FrameResult, VideoRun, stylize_video

pytest_plugins = ["run_fixtures"]
pytestmark = pytest.mark.usefixtures("shared_objectives")

FRAMES = 3
CUT = 2


@pytest.fixture(scope="module")
def unbroken(clip, glass, tmp_path_factory):
    """A run that nothing has disturbed: its folder and its frames."""
    folder = tmp_path_factory.mktemp("unbroken") / "run"
    return folder, list(VideoRun(clip, glass, folder, SETTINGS).frames())


# --- going on -------------------------------------------------------------------------------------


@pytest.mark.parametrize("count", range(FRAMES + 1))
def test_a_run_stopped_between_frames_goes_on_to_the_same_bytes(
    count, unbroken, clip, glass, tmp_path
):
    stopped = VideoRun(clip, glass, tmp_path / "run", SETTINGS).frames()
    for _ in range(count):
        next(stopped)
    stopped.close()
    frames = list(VideoRun(clip, glass, tmp_path / "run", SETTINGS).frames())
    assert [frame.resumed for frame in frames] == [index < count for index in range(FRAMES)]
    assert finished(tmp_path / "run") == finished(unbroken[0])
    assert_same_frames(frames, unbroken[1])


def test_a_run_stopped_inside_a_frame_goes_on_to_the_same_bytes(unbroken, clip, glass, tmp_path):
    run = VideoRun(clip, glass, tmp_path / "run", SETTINGS)
    steps = run.steps()
    last = max(frame.frame_index for frame in unbroken[1] if frame.steps)
    assert last > 0, "no later frame is painted, so nothing could differ"
    while (event := next(steps)).frame_index < last or isinstance(event, FrameResult):
        pass
    steps.close()
    assert len(run.finished_entries()) == last
    for _ in run.frames():  # the same object goes on as a new one does
        pass
    assert finished(tmp_path / "run") == finished(unbroken[0])


def test_a_run_stopped_after_a_cut_goes_on_to_the_same_bytes(clip, glass, tmp_path):
    spliced = [*clip[:CUT], *built_in_clip("passing", 2)]
    stylize_video(spliced, glass, tmp_path / "unbroken", SETTINGS)
    stopped = VideoRun(spliced, glass, tmp_path / "run", SETTINGS).frames()
    for _ in range(CUT + 1):
        next(stopped)
    stopped.close()
    stylize_video(spliced, glass, tmp_path / "run", SETTINGS)
    assert finished(tmp_path / "run") == finished(tmp_path / "unbroken")


def assert_same_frames(frames, expected):
    for frame, other in zip(frames, expected, strict=True):
        assert np.array_equal(frame.image, other.image)
        assert (frame.losses, frame.weights, frame.cold) == (
            other.losses,
            other.weights,
            other.cold,
        )
        if other.warped is not None:
            assert np.array_equal(frame.warped, other.warped)
            assert np.array_equal(frame.motion.mask, other.motion.mask)


def cut_off(name: str, count: int):
    def damage(folder: Path) -> None:
        path = folder / name
        path.write_bytes(path.read_bytes()[:-count])

    return damage


def remove(name: str):
    return lambda folder: (folder / name).unlink()


def flip_bit(name: str):
    def damage(folder: Path) -> None:
        data = bytearray((folder / name).read_bytes())
        data[len(data) // 2] ^= 1
        (folder / name).write_bytes(data)

    return damage


def leave_temporary_files(folder: Path) -> None:
    for name in (".stylekit-1.json", "frames/.stylekit-2.png", "flow/.stylekit-3.flo"):
        (folder / name).write_bytes(b"not whole")


def leave_zeros(folder: Path) -> None:
    """What some disks make of a line that a power cut has caught."""
    with (folder / "manifest.jsonl").open("ab") as file:
        file.write(b"\n" + bytes(100))


ALL = set(range(FRAMES))


@pytest.mark.parametrize(
    ("damage", "kept"),
    [
        pytest.param(cut_off("manifest.jsonl", 20), ALL - {2}, id="torn last line"),
        pytest.param(cut_off("manifest.jsonl", 1), ALL - {2}, id="line torn at its end"),
        pytest.param(leave_zeros, ALL, id="zeros after the last line"),
        pytest.param(remove("manifest.jsonl"), set(), id="no manifest"),
        pytest.param(remove("frames/000001.png"), ALL - {1}, id="missing picture"),
        pytest.param(flip_bit("frames/000002.png"), ALL - {2}, id="damaged picture"),
        pytest.param(cut_off("frames/000000.png", 9), ALL - {0}, id="truncated picture"),
        pytest.param(leave_temporary_files, ALL, id="temporary files"),
        pytest.param(remove("flow/000001.forward.flo"), ALL, id="missing flow"),
        pytest.param(cut_off("flow/000002.backward.flo", 4), ALL, id="truncated flow"),
        pytest.param(cut_off("flow/000002.backward.flo", 10_000), ALL, id="flow without head"),
        pytest.param(remove("masks/000001.png"), ALL, id="missing mask"),
        pytest.param(cut_off("masks/000002.png", 30), ALL, id="truncated mask"),
    ],
)
def test_a_damaged_run_is_mended_to_the_same_bytes(damage, kept, unbroken, clip, glass, tmp_path):
    folder = tmp_path / "run"
    shutil.copytree(unbroken[0], folder)
    damage(folder)
    frames = list(VideoRun(clip, glass, folder, SETTINGS).frames())
    assert {frame.frame_index for frame in frames if frame.resumed} == kept
    assert finished(folder) == finished(unbroken[0])
    assert_same_frames(frames, unbroken[1])


def test_stored_frames_end_at_the_first_that_is_missing(unbroken, clip, glass, tmp_path):
    shutil.copytree(unbroken[0], tmp_path / "run")
    (tmp_path / "run" / "frames" / "000002.png").unlink()
    run = VideoRun(clip, glass, tmp_path / "run", SETTINGS)
    assert len(list(run.stored_frames())) == len(run.finished_entries()) == 2


# --- runs that cannot go on -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("settings", "name"),
    [
        ({"frame_steps": 4}, "settings.frame_steps (3 before, 4 now)"),
        ({"steps": 9}, "settings.image.steps (4 before, 9 now)"),
        ({"weights": Weights(gamma=1.0)}, "settings.image.weights.gamma (400.0 before, 1.0 now)"),
        ({"seed": 1}, "settings.image.seed"),
        ({"independent": True}, "settings.independent (False before, True now)"),
    ],
)
def test_changed_settings_are_named(settings, name, unbroken, clip, glass):
    before = finished(unbroken[0])
    with pytest.raises(ResumeError) as caught:
        VideoRun(clip, glass, unbroken[0], changed(**settings))
    message = str(caught.value)
    assert message.startswith("run: ") and name in message and "\n" not in message
    assert finished(unbroken[0]) == before


def test_another_clip_or_style_is_named(unbroken, clip, glass):
    with pytest.raises(ResumeError, match=r"clip\.sha256"):
        VideoRun(list(clip)[::-1], glass, unbroken[0], SETTINGS)
    with pytest.raises(ResumeError, match=r"clip\.frames \(3 before, 2 now\)"):
        VideoRun(clip[:2], glass, unbroken[0], SETTINGS)
    with pytest.raises(ResumeError, match=r"style\.sha256"):
        VideoRun(clip, built_in_style("ink"), unbroken[0], SETTINGS)


# --- the folder by itself -------------------------------------------------------------------------

DESCRIPTION = {"clip": {"frames": 2}, "settings": {"size": 48}}


def begin(path: Path) -> RunFolder:
    folder = RunFolder(path)
    folder.open(DESCRIPTION, frame_count=2, pixels=100)
    return folder


def test_a_folder_with_other_things_in_it_is_left_alone(tmp_path):
    (tmp_path / "holiday.jpg").write_bytes(b"mine")
    with pytest.raises(ResumeError, match="is not empty and holds no run; give a new folder"):
        begin(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["holiday.jpg"]


def test_a_file_in_place_of_the_folder_is_refused(tmp_path):
    (tmp_path / "run").write_bytes(b"mine")
    with pytest.raises(MediaError, match="run: is a file"):
        begin(tmp_path / "run")


@pytest.mark.parametrize("text", ["", "{", "[1, 2]", "3", "\0\0"])
def test_a_damaged_description_is_refused(text, tmp_path):
    begin(tmp_path / "run")
    (tmp_path / "run" / "run.json").write_text(text)
    with pytest.raises(ResumeError, match=r"its run\.json is damaged; give a new folder"):
        begin(tmp_path / "run")


@pytest.mark.parametrize("left", [[], [".stylekit-0123.json"], ["run.json"]])
def test_a_folder_that_a_kill_left_at_its_very_start_is_taken_up(left, tmp_path):
    path = tmp_path / "run"
    path.mkdir()
    for name in left:
        (path / name).write_text(json.dumps(DESCRIPTION))
    folder = begin(path)
    folder.finish_frame(0, np.zeros((20, 30, 3), np.float32), {})
    assert set(folder.entries()) == {0}


def test_the_description_is_there_before_anything_else(tmp_path, monkeypatch):
    """Else a kill leaves a folder that holds something and no run."""

    def kill(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("stylekit.video.folder.write_text_atomic", kill)
    with pytest.raises(KeyboardInterrupt):
        begin(tmp_path / "run")
    assert not any((tmp_path / "run").iterdir())
    monkeypatch.undo()
    begin(tmp_path / "run")


def test_pictures_of_any_size_are_read_back(tmp_path):
    """A wide clip at a small size has frames that would be refused as anyone's picture."""
    folder = begin(tmp_path / "run")
    strip = np.linspace(0, 1, 3 * 2 * 99).reshape(2, 99, 3).astype(np.float32)
    folder.finish_frame(0, strip, {})
    np.testing.assert_allclose(folder.read_frame(0), strip, atol=0.51 / 255)


def test_a_disk_too_full_is_said_before_the_start(clip, glass, tmp_path, monkeypatch):
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage._replace(free=150_000))
    # 20 bytes for each pixel of a frame, and 3 in the result, beside what is written about them.
    count, pixels = len(clip), clip[0].shape[0] * clip[0].shape[1]
    needed = count * (23 * pixels + 4_000) + 200_000
    words = f"needs {needed / 1e6:.1f} MB and the disk has 0.1 MB left"
    with pytest.raises(MediaError, match=re.escape(words)):
        VideoRun(clip, glass, tmp_path / "run", SETTINGS)
    monkeypatch.undo()
    # Once there is room the same call goes on.
    share_objectives(monkeypatch)
    stylize_video(clip[:1], glass, tmp_path / "run", SETTINGS)
    assert set(entries(tmp_path / "run")) == {0}


def test_a_short_clip_needs_no_more_room_than_it_takes(clip, glass, tmp_path, monkeypatch):
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage._replace(free=2_000_000))
    VideoRun(clip, glass, tmp_path / "run", SETTINGS)


def test_a_finished_run_needs_no_room(unbroken, clip, glass, monkeypatch):
    usage = shutil.disk_usage("/")
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage._replace(free=0))
    assert len(list(VideoRun(clip, glass, unbroken[0], SETTINGS).stored_frames())) == FRAMES


# --- where the inputs were ------------------------------------------------------------------------

INPUTS = RunInputs(
    clip=find_material("drift", MaterialKind.CLIP),
    style=Path("/somewhere/l'été.jpg"),
    frames=3,
    size=48,
    start=0.1,
    stride=2,
)


def test_inputs_are_remembered(tmp_path):
    folder = begin(tmp_path / "run")
    assert folder.inputs() is None
    folder.remember(INPUTS)
    assert folder.inputs() == INPUTS
    assert begin(tmp_path / "run").inputs() == INPUTS, "they are no part of what the run is"


def test_built_in_inputs_are_found_wherever_stylekit_is_installed(tmp_path, monkeypatch):
    folder = begin(tmp_path / "run")
    folder.remember(INPUTS)
    monkeypatch.setattr("stylekit.video.inputs.data_folder", lambda: Path("/elsewhere"))
    inputs = folder.inputs()
    assert inputs.clip == Path("/elsewhere/clips/drift.mp4")
    assert inputs.style == INPUTS.style


def test_a_path_is_remembered_from_wherever_the_call_came(tmp_path, monkeypatch):
    folder = begin(tmp_path / "run")
    monkeypatch.chdir(tmp_path)
    folder.remember(dataclasses.replace(INPUTS, clip=Path("mine.mp4")))
    monkeypatch.chdir("/")
    assert folder.inputs().clip == tmp_path / "mine.mp4"


@pytest.mark.parametrize("text", ["", "{", "[]", '{"clip": "a.mp4"}', '{"clip": 3}', "\0\xff"])
def test_damaged_inputs_are_none(text, tmp_path):
    folder = begin(tmp_path / "run")
    (tmp_path / "run" / "inputs.json").write_text(text, encoding="latin-1")
    assert folder.inputs() is None


def test_a_description_is_read_back_or_missed_by_name(tmp_path):
    assert begin(tmp_path / "run").description() == DESCRIPTION
    with pytest.raises(ResumeError, match=r"^empty: holds no run; give the run folder"):
        RunFolder(tmp_path / "empty").description()
