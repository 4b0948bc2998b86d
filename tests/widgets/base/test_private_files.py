"""Files that come from a page: their names, their chunks, and the folder they are kept in."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from stylekit.errors import MediaError, SettingsError
from stylekit.widgets.base import private_files
from stylekit.widgets.base.private_files import IncomingFile, private_folder, safe_name


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("harbour.png", "harbour.png"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\me\\cat.jpg", "cat.jpg"),
        ("..", "file"),
        ("", "file"),
        (".png", "file.png"),
        ("a/b/", "file"),
        ("two words & 'quotes'.jpg", "two words & 'quotes'.jpg"),
        ("風景.webp", "風景.webp"),
        ("cafe\u0301.png", "caf\u00e9.png"),
        ('a<b>:"c|d?*.png', "abcd.png"),
        ("line\nbreak\x00\u202e.png", "linebreak.png"),
        ("half\ud800.png", "half.png"),
        ("con.png", "_con.png"),
        ("LPT1.tar.gz", "_LPT1.tar.gz"),
        ("cat.png. . ", "cat.png"),
    ],
)
def test_names_are_kept_as_far_as_they_are_names_everywhere(given: str, kept: str) -> None:
    assert safe_name(given) == kept
    assert safe_name(kept) == kept


@pytest.mark.parametrize("letter", ["a", "ß", "風", "🐈"])
def test_long_names_keep_their_ending(letter: str) -> None:
    name = safe_name(letter * 400 + ".jpeg")
    assert name.endswith(f"{letter}.jpeg")
    assert 100 < len(name.encode()) <= 120


def test_chunks_in_order_make_the_file() -> None:
    file = IncomingFile("a.bin", 10)
    assert [file.append(0, b"0123"), file.complete, file.append(4, memoryview(b"456789"))] == [
        4,
        False,
        10,
    ]
    assert file.complete
    assert file.path.name == "a.bin"
    assert file.path.read_bytes() == b"0123456789"


@pytest.mark.parametrize(
    ("offset", "chunk"), [(0, b"x"), (5, b"x"), (4, b""), (4, b"1234567"), (-1, b"x")]
)
def test_a_piece_that_does_not_fit_is_refused(offset: int, chunk: bytes) -> None:
    file = IncomingFile("a.bin", 10)
    file.append(0, b"0123")
    with pytest.raises(MediaError, match=r"^a\.bin: it was damaged"):
        file.append(offset, chunk)
    assert file.received == 4
    file.discard()


def test_two_files_of_one_name_do_not_meet() -> None:
    first, second = IncomingFile("a.bin", 1), IncomingFile("a.bin", 1)
    first.append(0, b"1")
    second.append(0, b"2")
    assert first.path.read_bytes() == b"1"
    assert second.path.read_bytes() == b"2"


def test_what_is_discarded_leaves_nothing() -> None:
    file = IncomingFile("a.bin", 10)
    file.append(0, b"0123")
    file.discard()
    assert not file.path.parent.exists()
    file.discard()


def test_a_full_disk_is_said_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    full = shutil.disk_usage("/")._replace(free=private_files.KEPT_FREE_BYTES + 9)
    monkeypatch.setattr(private_files.shutil, "disk_usage", lambda folder: full)
    IncomingFile("a.bin", 9).discard()
    with pytest.raises(MediaError, match=r"^a\.bin: the disk has no room"):
        IncomingFile("a.bin", 10)


def test_a_disk_that_fills_meanwhile_is_not_filled_to_the_last_byte(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    file = IncomingFile("a.bin", 9)
    file.append(0, b"0123")
    full = shutil.disk_usage("/")._replace(free=private_files.KEPT_FREE_BYTES - 1)
    monkeypatch.setattr(private_files.shutil, "disk_usage", lambda folder: full)
    with pytest.raises(MediaError, match=r"^a\.bin: the disk has no room"):
        file.append(4, b"56789")
    file.discard()


def test_files_of_a_page_have_a_limit_in_all(monkeypatch: pytest.MonkeyPatch) -> None:
    others = sum(private_files._sizes.values())
    monkeypatch.setenv("STYLEKIT_UPLOAD_GB", repr((others + 10) / 1e9))
    first = IncomingFile("a.bin", 6)
    folders = set(first.path.parents[1].iterdir())
    with pytest.raises(MediaError, match=r"^b\.bin: this page takes .* GB of files in all and has"):
        IncomingFile("b.bin", 5)
    assert set(first.path.parents[1].iterdir()) == folders
    # What was announced counts, before it has arrived; what is removed does not.
    IncomingFile("c.bin", 4).discard()
    first.discard()
    IncomingFile("b.bin", 10).discard()


@pytest.mark.parametrize("text", ["much", "0", "-1", "nan", "inf"])
def test_a_limit_that_is_none_is_told(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STYLEKIT_UPLOAD_GB", text)
    with pytest.raises(SettingsError, match=r"^STYLEKIT_UPLOAD_GB: must be a number of GB"):
        private_files.upload_limit()


def test_a_folder_that_was_cleaned_away_is_made_anew() -> None:
    shutil.rmtree(private_folder().parent)
    assert private_folder().is_dir()


@pytest.mark.slow
def test_only_the_owner_may_enter_and_nothing_outlives_the_process() -> None:
    code = (
        "from stylekit.widgets.base.private_files import IncomingFile\n"
        "file = IncomingFile('a.bin', 3); file.append(0, b'123')\n"
        "root = file.path.parents[1]\n"
        "print(root, oct(root.stat().st_mode & 0o777), file.path.is_file(), sep='\\n')"
    )
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    folder, mode, was_there = run.stdout.splitlines()
    assert was_there == "True"
    assert not Path(folder).exists()
    if sys.platform != "win32":
        assert mode == "0o700"
