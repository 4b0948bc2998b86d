"""Download: which chunks it gives to a page that asks, played by hand."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from stylekit.widgets.base.download import CHUNK_BYTES, Download


class Page:
    """A button, and the messages that a page would exchange with it."""

    def __init__(self, path: Path) -> None:
        self.button = Download(path, label="A file", media_type="application/octet-stream")
        self.answers: list[tuple[dict[str, Any], bytes]] = []
        self.button.send = lambda content, buffers=(b"",): self.answers.append(
            (content, buffers[0])
        )

    def want(self, offset: int, stamp: str | None = None) -> tuple[dict[str, Any], bytes]:
        message = {"type": "want", "token": "one", "offset": offset, "stamp": stamp}
        self.button._handle_custom_msg(message, [])
        return self.answers.pop()


@pytest.mark.parametrize("size", [0, 1, CHUNK_BYTES, CHUNK_BYTES + 1, 2 * CHUNK_BYTES + 77])
def test_chunks_make_the_file(tmp_path: Path, size: int) -> None:
    path = tmp_path / "random.bin"
    path.write_bytes(os.urandom(size))
    page = Page(path)
    answer, data = page.want(0)
    while len(data) < answer["size"]:
        answer, chunk = page.want(len(data), answer["stamp"])
        assert (answer["type"], answer["token"], answer["offset"]) == ("chunk", "one", len(data))
        assert 0 < len(chunk) <= CHUNK_BYTES
        data += chunk
    assert data == path.read_bytes()


def test_a_file_that_is_missing_is_said_in_words(tmp_path: Path) -> None:
    page = Page(tmp_path / "none.png")
    assert page.button.get_state()["_size"] == -1
    answer, _ = page.want(0)
    assert answer["type"] == "gone" and answer["token"] == "one"
    assert answer["words"].startswith("none.png: it is no longer there")


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    page = Page(tmp_path)
    assert page.button.get_state()["_size"] == -1
    assert page.want(0)[0]["type"] == "gone"


def test_a_file_that_comes_later_is_given(tmp_path: Path) -> None:
    path = tmp_path / "later.png"
    page = Page(path)
    path.write_bytes(b"here")
    assert page.want(0)[1] == b"here"


def test_chunks_of_two_versions_are_never_mixed(tmp_path: Path) -> None:
    path = tmp_path / "a.bin"
    path.write_bytes(os.urandom(CHUNK_BYTES + 5))
    page = Page(path)
    stamp = page.want(0)[0]["stamp"]
    replacement = tmp_path / "b.bin"
    replacement.write_bytes(os.urandom(CHUNK_BYTES + 5))
    replacement.replace(path)
    answer, _ = page.want(CHUNK_BYTES, stamp)
    assert answer["type"] == "gone" and "changed" in answer["words"]


def test_the_name_can_be_another(tmp_path: Path) -> None:
    path = tmp_path / "run-17.png"
    path.write_bytes(b"12345")
    state = Download(path, label="", media_type="image/png", name="harbour.png").get_state()
    assert (state["_name"], state["_size"]) == ("harbour.png", 5)
    assert Download(path, label="", media_type="image/png").get_state()["_name"] == "run-17.png"
    # No byte of the file is in what a notebook stores.
    assert not any(isinstance(value, bytes) for value in state.values())
