"""The run folder: one process at a time, full disks, damaged flow, and other versions."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from short_runs import SETTINGS, built_in_clip, built_in_style, changed

from stylekit.app.clip_files import default_run
from stylekit.errors import MediaError, ResumeError
from stylekit.motion.flow import FlowPair
from stylekit.vgg import weights as backbones
from stylekit.video import folder as folders
from stylekit.video.folder import RunFolder, describe_run
from stylekit.video.run import VideoRun

pytest_plugins = ["run_fixtures"]

DESCRIPTION = {"clip": "of these tests"}
HOLD = (
    "import sys\n"
    "from pathlib import Path\n"
    "from stylekit.video.folder import RunFolder\n"
    "with RunFolder(Path('run')).held():\n"
    "    print('held', flush=True)\n"
    "    sys.stdin.read()\n"
)


@pytest.fixture(autouse=True)
def surroundings(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def begin(path: str = "run", **description: object) -> RunFolder:
    run = RunFolder(Path(path))
    run.open({**DESCRIPTION, **description}, frame_count=2, pixels=100)
    return run


@pytest.fixture
def other_process() -> Iterator[subprocess.Popen[str]]:
    """A process that paints in the folder."""
    begin()
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    yield process
    process.kill()
    process.communicate()


def test_one_process_at_a_time_paints_in_a_folder(other_process):
    run = RunFolder(Path("run"))
    refused = pytest.raises(ResumeError, match=r"^run: another stylekit paints in this folder;")
    with refused, run.held():
        pass
    # Its frames can be looked at, also by somebody who would go on.
    begin()
    assert run.entries() == {}
    other_process.kill()
    other_process.wait()
    # The lock ends with its process, and this one may hold it twice.
    with run.held(), run.held():
        assert run.entries() == {}


def test_a_run_that_another_process_began_in_the_same_moment_is_refused():
    run = begin()
    with pytest.raises(ResumeError, match="other settings: clip"), run.held({"clip": "another"}):
        pass
    with run.held(DESCRIPTION):
        assert run.entries() == {}


@pytest.mark.slow
def test_painting_is_refused_while_another_process_paints(other_process, glass):
    run = VideoRun(built_in_clip("drift", 2), glass, "other", SETTINGS)
    run.folder = RunFolder(Path("run"))
    with pytest.raises(ResumeError, match="another stylekit paints"):
        next(run.steps())


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no full device")
def test_a_full_disk_is_told_in_one_line():
    run = begin()
    Path("run/manifest.jsonl").symlink_to("/dev/full")
    with pytest.raises(MediaError, match=r"^manifest.jsonl: the disk is full; free some space"):
        run.finish_frame(0, np.zeros((8, 8, 3), np.float32), {})


def stored_flow(run: RunFolder) -> tuple[FlowPair, np.ndarray]:
    generator = np.random.default_rng(0)
    forward, backward = generator.random((2, 8, 8, 2), np.float32)
    mask = generator.random((8, 8), np.float32)
    return run.write_flow(1, FlowPair(forward, backward), mask)


@pytest.mark.parametrize(
    "name", ["flow/000001.forward.flo", "flow/000001.backward.flo", "masks/000001.png"]
)
def test_damaged_flow_is_not_used(name):
    run = begin()
    flow, mask = stored_flow(run)
    found, found_mask = run.read_flow(1)
    np.testing.assert_array_equal(found.forward_flow, flow.forward_flow)
    np.testing.assert_array_equal(found_mask, mask)
    data = bytearray((run.path / name).read_bytes())
    data[-20] ^= 1
    (run.path / name).write_bytes(data)
    assert run.read_flow(1) is None
    stored_flow(run)
    assert run.read_flow(1) is not None, "it is computed again"


def test_flow_of_a_run_without_hashes_is_read():
    run = begin()
    stored_flow(run)
    (run.path / "flow" / "000001.sha256").unlink()
    assert run.read_flow(1) is not None


def test_other_versions_are_told_when_a_run_goes_on(caplog, monkeypatch):
    begin()
    told = json.loads(Path("run/versions.json").read_text())
    assert set(told) == {"TensorFlow", "NumPy", "OpenCV", "PyAV"}
    begin()
    assert caplog.text == ""
    monkeypatch.setattr(folders, "_versions", lambda: told | {"NumPy": "99.0"})
    begin()
    assert [record.getMessage() for record in caplog.records] == [
        f"run: was begun with other versions (NumPy {told['NumPy']} before, 99.0 now): new frames "
        "may differ in details from those that are there"
    ]
    caplog.clear()
    Path("run/versions.json").write_text("[")
    begin()
    assert caplog.text == ""


def test_incomplete_files_of_a_killed_process_are_removed_from_the_folder():
    code = (
        "import os, signal\n"
        "from stylekit.media.files import atomic_path\n"
        "with atomic_path('run/frames/000000.png') as path:\n"
        "    path.write_text('half')\n"
        "    os.kill(os.getpid(), getattr(signal, 'SIGKILL', 9))\n"
    )
    begin()
    subprocess.run([sys.executable, "-c", code], check=False, timeout=120)
    left = list(Path("run/frames").iterdir())
    assert len(left) == 1
    if os.name != "posix":
        os.utime(left[0], (0, 0))
    begin()
    assert list(Path("run/frames").iterdir()) == []


# --- the network that `auto` finds ----------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.usefixtures("shared_objectives")
def test_a_run_goes_on_with_the_network_that_began_it(monkeypatch, random_vgg19):
    clip, style, settings = built_in_clip("drift", 2), built_in_style(), changed(backbone="auto")
    backbones._load_backbone.cache_clear()
    before = default_run(Path("out.mp4"), describe_run(clip, style, settings))
    run = VideoRun(clip, style, "run", settings)
    for _ in run.frames():
        break
    monkeypatch.setattr(backbones, "_keras_vgg19", lambda: random_vgg19)
    backbones._load_backbone.cache_clear()
    try:
        assert backbones.load_backbone("auto").name == "vgg19"
        assert default_run(Path("out.mp4"), describe_run(clip, style, settings)) == before
        again = VideoRun(clip, style, "run", settings)
        assert again.backbone.name == "vgg16"
        assert [frame.resumed for frame in again.frames()] == [True, False]
        assert VideoRun(clip, style, "new", settings).backbone.name == "vgg19"
    finally:
        backbones._load_backbone.cache_clear()


@pytest.mark.slow
@pytest.mark.usefixtures("shared_objectives")
def test_a_network_that_is_gone_is_named_with_what_to_do(monkeypatch, random_vgg19):
    clip, style, settings = built_in_clip("drift", 2), built_in_style(), changed(backbone="auto")
    try:
        with monkeypatch.context() as patch:
            patch.setattr(backbones, "_keras_vgg19", lambda: random_vgg19)
            backbones._load_backbone.cache_clear()
            began_with = VideoRun(clip, style, "run", settings).backbone.label
        backbones._load_backbone.cache_clear()
        monkeypatch.setattr(backbones, "_VGG19_URL", "http://127.0.0.1:9/none")
        monkeypatch.setenv("KERAS_HOME", "empty")
        with pytest.raises(ResumeError) as caught:
            VideoRun(clip, style, "run", settings)
    finally:
        backbones._load_backbone.cache_clear()
    here = backbones.load_backbone("vgg16").label
    assert str(caught.value) == (
        f"run: was begun with {began_with}, and here is {here}; connect this machine to the "
        "internet, from which it is downloaded once, or paint anew in a new folder with out="
    )
