"""Upload: what the page sends, played by hand; a real page is in test_browser_transfer.py."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from stylekit.errors import MediaError, SettingsError
from stylekit.widgets.base.private_files import private_folder
from stylekit.widgets.base.upload import Upload, UploadState


class Page:
    """A slot, and the messages that a page would exchange with it."""

    def __init__(self, validate: Callable[[Path], str], max_bytes: int = 100) -> None:
        self.slot = Upload(
            label="Style", accept=[".png", ".JPG"], max_bytes=max_bytes, validate=validate
        )
        self.answers: list[dict[str, Any]] = []
        self.slot.send = lambda content, buffers=None: self.answers.append(content)
        self.states: list[UploadState] = []
        self.slot.on_change(lambda: self.states.append(self.slot.state))
        self.accepted: list[Path] = []
        self.slot.on_accepted(self.accepted.append)

    def say(self, kind: str, token: str = "one", *buffers: bytes, **content: Any) -> None:
        message = {"type": kind, "token": token, **content}
        self.slot._handle_custom_msg(message, [memoryview(buffer) for buffer in buffers])

    def send(self, data: bytes, name: str = "a.png", token: str = "one") -> None:
        """All of a file in chunks of four bytes, as far as the slot wants it."""
        self.say("begin", token, name=name, size=len(data))
        for offset in range(0, len(data), 4):
            self.say("chunk", token, data[offset : offset + 4], offset=offset)

    def settle(self) -> UploadState:
        """The state after the file was looked at."""
        end = time.monotonic() + 60
        while self.slot.state is UploadState.CHECKING and time.monotonic() < end:
            time.sleep(0.005)
        for thread in threading.enumerate():
            if thread.name == "stylekit-upload":
                thread.join(10)
        return self.slot.state


def describe(path: Path) -> str:
    return f"{path.name}: {path.read_bytes().decode()}"


def folders() -> set[Path]:
    """Where the files of all slots are."""
    return set(private_folder().parent.glob("*/*"))


def test_a_good_file_arrives_and_turns_the_slot_green() -> None:
    page = Page(describe)
    assert page.slot.state is UploadState.EMPTY
    page.send(b"0123456789")
    assert page.settle() is UploadState.ACCEPTED
    assert page.slot.words == "a.png: 0123456789"
    assert page.slot.path is not None and page.slot.path.read_bytes() == b"0123456789"
    assert page.accepted == [page.slot.path]
    assert page.states == [UploadState.SENDING, UploadState.CHECKING, UploadState.ACCEPTED]
    offsets = [answer["offset"] for answer in page.answers if answer["type"] == "next"]
    assert offsets == [0, 4, 8, 10]


def test_a_refused_file_is_gone_and_its_reason_shown() -> None:
    def refuse(path: Path) -> str:
        raise MediaError(path, "looks like a web page")

    page = Page(refuse)
    before = folders()
    page.send(b"<html>")
    assert page.settle() is UploadState.REFUSED
    assert page.slot.words == "a.png: looks like a web page"
    assert page.slot.path is None and page.accepted == []
    assert folders() == before
    assert page.slot.get_state()["_error_html"] == ""


def test_an_error_that_nobody_foresaw_is_shown_escaped() -> None:
    def fail(path: Path) -> str:
        raise RuntimeError("<script>")

    page = Page(fail)
    page.send(b"1234")
    assert page.settle() is UploadState.REFUSED
    shown = page.slot.get_state()["_error_html"]
    assert "RuntimeError" in shown and "&lt;script&gt;" in shown and "<script>" not in shown


def test_an_error_of_the_owner_is_shown_too() -> None:
    page = Page(describe)
    page.slot.on_accepted(lambda path: 1 / 0)
    page.send(b"1234")
    assert page.settle() is UploadState.REFUSED
    assert "ZeroDivisionError" in page.slot.get_state()["_error_html"]
    assert page.slot.path is None


@pytest.mark.parametrize(
    ("name", "size", "reason"),
    [
        ("a.txt", 4, r"a\.txt: only \.png, \.jpg can be used here"),
        ("png", 4, "png: only"),
        ("a.png", 0, "a.png: must have 1 to 100 bytes, has 0"),
        ("a.png", 101, "a.png: must have 1 to 100 bytes, has 101"),
        ("a.png", -4, "a.png: must have"),
    ],
)
def test_what_a_page_should_not_have_sent_is_refused_here(
    name: str, size: int, reason: str
) -> None:
    page = Page(describe)
    page.say("begin", name=name, size=size)
    assert page.slot.state is UploadState.REFUSED
    assert re.match(reason, page.slot.words)
    assert {"type": "stop", "token": "one"} in page.answers
    page.say("chunk", "one", b"1234", offset=0)
    assert page.slot.state is UploadState.REFUSED


def test_endings_are_compared_without_regard_to_case() -> None:
    page = Page(describe)
    page.send(b"1234", name="A.PnG")
    assert page.settle() is UploadState.ACCEPTED


def test_the_name_is_never_a_path(tmp_path: Path) -> None:
    page = Page(describe)
    page.send(b"1234", name=f"../../..{tmp_path}/evil.png")
    assert page.settle() is UploadState.ACCEPTED
    assert page.slot.path is not None and page.slot.path.name == "evil.png"
    assert list(tmp_path.iterdir()) == []


def test_a_damaged_file_is_refused_and_removed() -> None:
    page = Page(describe)
    before = folders()
    page.say("begin", name="a.png", size=10)
    page.say("chunk", "one", b"0123", offset=0)
    page.say("chunk", "one", b"0123", offset=0)
    assert page.slot.state is UploadState.REFUSED
    assert "damaged" in page.slot.words
    assert folders() == before


def test_cancelled_while_it_is_sent() -> None:
    page = Page(describe)
    before = folders()
    page.say("begin", name="a.png", size=10)
    page.say("cancel", "another")
    assert page.slot.state is UploadState.SENDING
    page.say("cancel")
    assert page.slot.state is UploadState.EMPTY
    page.say("chunk", "one", b"0123", offset=0)
    assert page.slot.state is UploadState.EMPTY
    assert folders() == before


def test_cancelled_while_it_is_looked_at() -> None:
    asked, go_on = threading.Event(), threading.Event()

    def wait(path: Path) -> str:
        asked.set()
        assert go_on.wait(10)
        return "too late"

    page = Page(wait)
    before = folders()
    page.send(b"1234")
    assert asked.wait(10)
    page.say("cancel", "")  # by a view that did not send it
    assert page.slot.state is UploadState.EMPTY
    go_on.set()
    assert page.settle() is UploadState.EMPTY
    assert page.accepted == [] and folders() == before


def test_cancelling_changes_nothing_of_what_was_accepted() -> None:
    page = Page(describe)
    page.send(b"1234")
    page.settle()
    page.say("cancel")
    page.say("cancel", "")
    assert page.slot.state is UploadState.ACCEPTED and page.slot.path is not None


def test_a_new_file_takes_the_place_of_one_that_is_sent() -> None:
    page = Page(describe)
    page.say("begin", name="a.png", size=10)
    page.say("chunk", "one", b"0123", offset=0)
    page.say("begin", "two", name="b.png", size=4)
    assert {"type": "stop", "token": "one"} in page.answers
    page.say("chunk", "one", b"4567", offset=4)
    page.say("cancel", "one")
    page.say("chunk", "two", b"new!", offset=0)
    assert page.settle() is UploadState.ACCEPTED
    assert page.slot.words == "b.png: new!"
    assert [path.name for path in page.accepted] == ["b.png"]


def test_one_file_after_the_other_and_runs_keep_what_they_read() -> None:
    page = Page(describe)
    page.send(b"1111")
    page.settle()
    page.send(b"2222", token="two")
    page.settle()
    assert [path.read_bytes() for path in page.accepted] == [b"1111", b"2222"]
    assert page.slot.path == page.accepted[1]


def test_material_from_elsewhere_ends_what_is_sent() -> None:
    page = Page(describe)
    page.say("begin", name="a.png", size=10)
    page.slot.show_accepted("harbour: built in")
    assert page.slot.state is UploadState.ACCEPTED
    assert page.slot.words == "harbour: built in" and page.slot.path is None
    assert {"type": "stop", "token": "one"} in page.answers
    page.slot.clear()
    assert page.slot.state is UploadState.EMPTY and page.slot.words == ""
    assert page.states == [UploadState.SENDING, UploadState.ACCEPTED, UploadState.EMPTY]


def test_what_the_page_declines_turns_the_slot_red() -> None:
    page = Page(describe)
    page.send(b"1234")
    page.settle()
    page.say("decline", words="notes.txt: only .png can be used here")
    assert page.slot.state is UploadState.REFUSED and page.slot.path is None
    assert page.slot.words.startswith("notes.txt")


def test_callbacks_may_wait_for_threads_that_use_the_slot() -> None:
    page = Page(describe)

    def clear_elsewhere() -> None:
        if page.slot.state is UploadState.ACCEPTED:
            other = threading.Thread(target=page.slot.clear)
            other.start()
            other.join(5)
            assert not other.is_alive()

    page.slot.on_change(clear_elsewhere)
    page.send(b"1234")
    page.settle()
    assert page.slot.state is UploadState.EMPTY


@pytest.mark.parametrize("accept", [[], ["png"], ["."], [".png", ""]])
def test_endings_have_dots(accept: list[str]) -> None:
    with pytest.raises(SettingsError, match=r"^accept:"):
        Upload(label="Style", accept=accept, max_bytes=1, validate=describe)


def test_a_slot_has_room_for_a_byte() -> None:
    with pytest.raises(SettingsError, match=r"^max_bytes:"):
        Upload(label="Style", accept=[".png"], max_bytes=0, validate=describe)
