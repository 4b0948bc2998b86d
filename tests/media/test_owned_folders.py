"""Temporary folders of a process: nothing outlives it, and nothing of a living one is removed."""

from __future__ import annotations

import itertools
import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from stylekit.media.owned_folders import LOCK_NAME, OwnedFolder, remove_orphaned_folders

HOLD = """\
import sys
from stylekit.media.owned_folders import OwnedFolder
folder = OwnedFolder()
(folder.path / "mine.txt").write_text("x")
print(folder.path, flush=True)
sys.stdin.read()
"""


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A temporary folder of this test alone."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


@pytest.fixture
def holder(place: Path) -> Iterator[tuple[subprocess.Popen[str], Path]]:
    """Another process that has such a folder, and the folder."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLD],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "TMPDIR": str(place), "TEMP": str(place), "TMP": str(place)},
    ) as process:
        assert process.stdout is not None
        yield process, Path(process.stdout.readline().strip())
        process.kill()


def test_only_the_owner_may_enter_and_removal_leaves_nothing(place: Path) -> None:
    folder = OwnedFolder()
    (folder.path / "a").write_text("x")
    if os.name == "posix":
        assert folder.path.stat().st_mode & 0o777 == 0o700
    folder.remove()
    assert list(place.iterdir()) == []
    folder.remove()


def test_a_folder_in_which_something_is_written_at_the_end_is_removed_later(place: Path) -> None:
    folder = OwnedFolder()
    ended = threading.Event()

    def write() -> None:
        for number in itertools.count():
            if ended.is_set():
                return
            with suppress(OSError):
                (folder.path / str(number)).mkdir()
                (folder.path / str(number) / "a").write_text("x")

    writer = threading.Thread(target=write)
    writer.start()
    try:
        while not any(path.is_dir() for path in folder.path.iterdir()):
            pass
        folder.remove()
        assert not folder.path.exists() or (folder.path / LOCK_NAME).is_file()
    finally:
        ended.set()
        writer.join()
    remove_orphaned_folders()
    assert list(place.iterdir()) == []


def test_a_killed_process_leaves_its_folder_to_the_next(holder) -> None:
    process, folder = holder
    remove_orphaned_folders()
    assert (folder / "mine.txt").exists(), "its owner lives"
    process.kill()
    process.wait(60)
    assert (folder / "mine.txt").exists()
    own = OwnedFolder()
    assert not folder.exists() and own.path.exists()
    own.remove()


def test_a_process_that_ends_removes_it_itself(holder) -> None:
    process, folder = holder
    process.stdin.close()
    process.wait(60)
    assert not folder.exists()


@pytest.mark.skipif(os.name != "posix", reason="Windows ends a process without a word")
def test_one_that_a_polite_kill_ends_is_abandoned_at_the_worst(holder) -> None:
    process, folder = holder
    process.send_signal(signal.SIGTERM)
    process.wait(60)
    remove_orphaned_folders()
    assert not folder.exists()


def test_the_folder_of_a_dead_process_stays_while_one_that_it_started_lives(
    holder, place: Path
) -> None:
    """A kernel whose server was killed still works in a folder of the server's."""
    process, folder = holder
    outer = place / "stylekit-server"
    outer.mkdir(mode=0o700)
    (outer / LOCK_NAME).touch()
    (outer / "visitor-1").mkdir()
    inner = folder.rename(outer / "visitor-1" / folder.name)
    remove_orphaned_folders()
    assert (inner / "mine.txt").exists()
    process.kill()
    process.wait(60)
    remove_orphaned_folders()
    assert not outer.exists()


@pytest.mark.skipif(os.name != "posix", reason="needs permissions and links")
def test_what_is_not_known_to_be_abandoned_is_left(place: Path, tmp_path_factory) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    (elsewhere / LOCK_NAME).touch()
    (place / "stylekit-link").symlink_to(elsewhere)
    for name, mode in (("stylekit-no-lock", 0o700), ("stylekit-open", 0o755), ("other", 0o700)):
        (place / name).mkdir()
        (place / name).chmod(mode)
        if name != "stylekit-no-lock":
            (place / name / LOCK_NAME).touch()
    (place / "stylekit-file").touch()
    before = sorted(path.name for path in place.iterdir())
    remove_orphaned_folders()
    assert sorted(path.name for path in place.iterdir()) == before
    assert (elsewhere / LOCK_NAME).exists()
