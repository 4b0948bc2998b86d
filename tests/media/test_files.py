"""Writing never loses a file: at any moment there is the old file or the complete new one."""

from __future__ import annotations

import errno
import hashlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

from stylekit.errors import MediaError
from stylekit.media import files
from stylekit.media.files import (
    atomic_path,
    check_input,
    check_output,
    sha256_of,
    write_text_atomic,
)


def test_atomic_path_shows_the_old_file_until_the_body_is_done(tmp_path: Path) -> None:
    target = tmp_path / "out.png"
    target.write_text("old")
    with atomic_path(target) as temporary:
        temporary.write_text("new")
        assert (temporary.parent, temporary.suffix) == (tmp_path, ".png")
        assert target.read_text() == "old"
    assert target.read_text() == "new"
    assert list(tmp_path.iterdir()) == [target]


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
def test_atomic_path_leaves_nothing_behind_an_error(
    tmp_path: Path, error: type[BaseException]
) -> None:
    target = tmp_path / "out.png"
    target.write_text("old")
    with pytest.raises(error), atomic_path(target) as temporary:
        temporary.write_text("half")
        raise error
    assert target.read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]


def test_atomic_path_flushes_before_it_renames(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "out.png"
    seen = []
    flush = os.fsync

    def watched(handle: int) -> None:
        seen.append(target.exists())
        flush(handle)

    monkeypatch.setattr(files.os, "fsync", watched)
    with atomic_path(target) as temporary:
        temporary.write_text("new")
    assert seen[0] is False
    assert seen[1:] in ([True], [])  # the folder, where the system can


def test_atomic_path_takes_the_longest_name_a_folder_holds(tmp_path: Path) -> None:
    target = tmp_path / ("x" * 251 + ".png")
    with atomic_path(target) as temporary:
        temporary.write_text("new")
    assert target.read_text() == "new"


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (errno.ENOSPC, "disk is full"),
        (errno.EACCES, "no permission"),
        (errno.EROFS, "can only be read"),
        (errno.EDQUOT, "quota"),
    ],
)
def test_atomic_path_explains_what_the_system_refuses(
    tmp_path: Path, number: int, words: str
) -> None:
    with (
        pytest.raises(MediaError, match=rf"^out\.png: .*{words}"),
        atomic_path(tmp_path / "out.png"),
    ):
        raise OSError(number, os.strerror(number))


def test_atomic_path_passes_other_errors_of_the_system_through(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="nothing to do"), atomic_path(tmp_path / "out.png"):
        raise OSError("nothing to do with writing")


@pytest.mark.skipif(sys.platform == "win32", reason="limits on file size are a POSIX matter")
def test_a_full_disk_keeps_the_old_file(tmp_path: Path) -> None:
    target = tmp_path / "out.txt"
    target.write_text("old")
    # A limit on the size of files stands in for the full disk; it must not hold for this process.
    script = (
        "import resource, signal, sys\n"
        "from stylekit.errors import MediaError\n"
        "from stylekit.media.files import write_text_atomic\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))\n"
        "try:\n"
        "    write_text_atomic(sys.argv[1], 'x' * 100_000)\n"
        "except MediaError as error:\n"
        "    print(error)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(target)], capture_output=True, text=True, check=True
    )
    assert done.stdout.startswith("out.txt: the file grows larger")
    assert target.read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]


def test_write_text_atomic_writes_utf8_and_plain_line_feeds(tmp_path: Path) -> None:
    write_text_atomic(tmp_path / "a.json", "süß ж\n")
    assert (tmp_path / "a.json").read_bytes() == "süß ж\n".encode()


def test_sha256_of_is_that_of_the_bytes(tmp_path: Path) -> None:
    data = bytes(range(256)) * 5000
    (tmp_path / "a").write_bytes(data)
    assert sha256_of(tmp_path / "a") == hashlib.sha256(data).hexdigest()


def test_check_output_returns_a_path_that_can_be_written(tmp_path: Path) -> None:
    path = tmp_path / 'Küche & "Bad".PNG'
    assert check_output(str(path), (".png",)) == path


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("out.xyz", r"out\.xyz: cannot write the ending \.xyz; use one of \.png, \.jpg"),
        ("out", "out: cannot write a name without an ending"),
        ("folder.png", r"folder\.png: is a folder"),
        ("missing/out.png", r"out\.png: there is no folder .*missing"),
        ("text.txt/out.png", r"out\.png: there is no folder"),
        ("x" * 300 + ".png", "the name is too long"),
    ],
)
def test_check_output_says_what_is_wrong(tmp_path: Path, name: str, words: str) -> None:
    (tmp_path / "folder.png").mkdir()
    (tmp_path / "text.txt").write_text("x")
    with pytest.raises(MediaError, match=words):
        check_output(tmp_path / name, (".png", ".jpg"))


def test_check_output_notices_missing_permission(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # An administrator may write anywhere, so the answer of the system is played.
    monkeypatch.setattr(files.os, "access", lambda path, mode: Path(path) != tmp_path)
    with pytest.raises(MediaError, match=r"^out\.png: no permission to write here"):
        check_output(tmp_path / "out.png", (".png",))


def test_check_input_returns_a_file_within_the_limit(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"12345")
    assert check_input(str(tmp_path / "a.png"), max_bytes=5) == tmp_path / "a.png"


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("missing.png", "there is no such file"),
        ("folder.png", "is a folder"),
        ("empty.png", "is empty"),
        ("large.png", r"is 2\.0 MB large, the limit is 1\.0 MB"),
        ("large.png/inside.png", "there is no such file"),
        ("nul\0.png", "cannot be opened"),
        ("x" * 300, "cannot be opened"),
    ],
)
def test_check_input_says_what_is_wrong(tmp_path: Path, name: str, words: str) -> None:
    (tmp_path / "folder.png").mkdir()
    (tmp_path / "empty.png").touch()
    (tmp_path / "large.png").write_bytes(bytes(2_000_000))
    with pytest.raises(MediaError) as caught:
        check_input(tmp_path / name, max_bytes=1_000_000)
    assert str(caught.value).startswith(Path(name).name + ": ")
    caught.match(words)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="pipes with names are a POSIX matter")
def test_check_input_does_not_wait_at_a_pipe(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.png")
    with pytest.raises(MediaError, match=r"^pipe\.png: is not an ordinary file"):
        check_input(tmp_path / "pipe.png")
