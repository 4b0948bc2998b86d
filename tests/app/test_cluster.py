"""Several processes paint the shots of a clip, and one of them may be killed."""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import json
import os
import signal
import subprocess
import sys
import time
from collections import defaultdict
from fractions import Fraction
from pathlib import Path

import pytest
from short_runs import shot, stylekit

from stylekit.app import cluster as painting
from stylekit.app import tasks
from stylekit.app.tasks import Outcome
from stylekit.media.encode import write_clip

distributed = pytest.importorskip("distributed")
psutil = pytest.importorskip("psutil")

CALL = ["video", "clip.mp4", "glass", "--size", "48", "--steps", "6", "--frame-steps", "4"]
CALL += ["--backbone", "vgg16", "--json"]
# A first import of TensorFlow on a busy machine takes half a minute, in each process.
PATIENCE = 400


@pytest.fixture
def clip(tmp_path, monkeypatch):
    """Two shots of five frames."""
    monkeypatch.chdir(tmp_path)
    frames = [*shot(frames=5), *shot("rocket", 5)]
    write_clip(frames, tmp_path / "clip.mp4", fps=Fraction(10), provenance=None)
    return tmp_path


def start(*arguments: str, **environment: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "stylekit.app.cli", *CALL, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | environment,
        start_new_session=True,
    )


def pictures(run: str) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in Path(run, "frames").glob("*.png")}


def painters(command: subprocess.Popen[str]) -> list[psutil.Process]:
    """The processes that have read TensorFlow."""
    children = psutil.Process(command.pid).children(recursive=True)
    return [each for each in children if any("tensorflow" in m.path for m in each.memory_maps())]


@pytest.mark.slow
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads memory maps")
def test_shots_are_painted_at_once_and_a_killed_process_costs_no_frame(clip):
    command = start("-o", "shared.mp4", "--workers", "2")
    victim, written = None, defaultdict(set)
    try:
        deadline = time.monotonic() + PATIENCE
        while command.poll() is None and time.monotonic() < deadline:
            for path in clip.glob("shared.run-*/shots/*/frames/0*.png"):
                with contextlib.suppress(FileNotFoundError):  # it has moved on
                    written[path].add(path.stat().st_mtime_ns)
            if written and victim is None:
                victim = painters(command)[0]
                victim.kill()
            time.sleep(0.02)
        out, err = command.communicate(timeout=PATIENCE)
    finally:
        if command.poll() is None:
            os.killpg(command.pid, signal.SIGKILL)
    assert command.returncode == 0, err
    told = json.loads(out)
    assert (told["frames"], told["shots"], told["complete"]) == (10, [0, 5], True)
    assert victim is not None
    # No frame was painted twice, and nothing is left of the parts.
    assert {len(times) for times in written.values()} == {1}
    assert not list(clip.glob("shared.run-*/shots"))
    shared = pictures(told["run"])
    assert len(shared) == 10
    # The same frames as by one process, if that has as many threads: sums in another order may
    # differ in the last digit.
    threads = str(max(1, (os.cpu_count() or 1) // 2))
    alone = start("-o", "alone.mp4", TF_NUM_INTRAOP_THREADS=threads)
    out, err = alone.communicate(timeout=PATIENCE)
    assert alone.returncode == 0, err
    assert pictures(json.loads(out)["run"]) == shared


def test_a_scheduler_that_does_not_answer_is_told(capsys, clip, monkeypatch):
    monkeypatch.setattr("stylekit.app.cluster._CONNECT_SECONDS", 1)
    outcome = stylekit(capsys, *CALL, "-o", "a.mp4", "--scheduler", "tcp://127.0.0.1:9")
    assert outcome.code == 2
    assert outcome.complaint.startswith("--scheduler: no scheduler answers at tcp://127.0.0.1:9;")


def test_without_dask_the_message_says_what_to_install(capsys, clip, monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    outcome = stylekit(capsys, *CALL, "-o", "a.mp4", "--workers", "2")
    assert outcome.code == 2
    assert outcome.complaint.startswith("--workers: needs Dask; install it with: pip install")


def test_the_time_of_a_clip_is_that_of_all_its_processes(monkeypatch):
    """Of clips in a folder, too, where no other clock runs."""

    @dataclasses.dataclass(frozen=True)
    class Made:
        seconds: float

    monkeypatch.setattr(
        tasks, "find_shots", lambda *_: Outcome(value=[(0, 2), (2, 4)], seconds=100.0)
    )
    monkeypatch.setattr(tasks, "paint_shot", lambda *_: Outcome(value="a folder", seconds=7.0))
    monkeypatch.setattr(tasks, "finish_clip", lambda *_: Outcome(value=Made(0.5), seconds=0.5))
    quiet = {"dashboard_address": "127.0.0.1:0", "silence_logs": "CRITICAL"}
    with (
        distributed.LocalCluster(n_workers=1, processes=False, **quiet) as cluster,
        distributed.Client(cluster, set_as_default=False) as client,
    ):
        items = [(name, argparse.Namespace()) for name in ("a.mp4", "b.mp4")]
        made = dict(painting._Work(client, items, clips=True).outcomes())
    assert set(made) == {"a.mp4", "b.mp4"}
    assert all(outcome.value.seconds >= 100 for outcome in made.values())
