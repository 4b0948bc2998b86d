"""PictureCanvas: what it sends to the page, and what comes back; the page itself is tested in
test_browser_mask_explorer.py."""

from __future__ import annotations

import base64
import io
import sys
import threading
from typing import Any

import numpy as np
import PIL.Image
import pytest

from stylekit.arrays import Image, to_bytes
from stylekit.widgets.base.picture_canvas import PictureCanvas


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[set[str]]:
    """The names of the traits in each message to the page."""
    messages: list[set[str]] = []

    def keep(canvas: PictureCanvas, key: Any = None) -> None:
        messages.append(set(key) if isinstance(key, set | list | tuple) else {str(key)})

    monkeypatch.setattr(PictureCanvas, "send_state", keep)
    return messages


def test_a_picture_travels_as_bytes_with_a_number(content: Image) -> None:
    canvas = PictureCanvas()
    assert canvas.serial == 0
    canvas.show(content, alt="A cat", lossless=True)
    state = canvas.get_state()
    assert canvas.serial == state["_serial"] == 1
    assert isinstance(state["_picture"], bytes) and state["_alt"] == "A cat"
    with PIL.Image.open(io.BytesIO(state["_picture"])) as picture:
        np.testing.assert_array_equal(np.asarray(picture), to_bytes(content))


def test_a_picture_and_all_that_belongs_to_it_are_one_message(
    content: Image, sent: list[set[str]]
) -> None:
    canvas = PictureCanvas()
    del sent[:]
    canvas.show(content, alt="A cat", marks=[{"kind": "cross", "x": 1, "y": 2}])
    together = {"_picture", "_media_type", "_alt", "_marks", "_serial"}
    assert [message & together for message in sent] == [together]


def test_a_picture_that_cannot_be_shown_leaves_the_old_one(content: Image) -> None:
    canvas = PictureCanvas()
    canvas.show(content, alt="A cat")
    before = canvas.get_state()
    with pytest.raises(ValueError, match="image"):
        canvas.show(content * 2, alt="Too bright")
    with pytest.raises(ValueError, match="marks"):
        canvas.show(content, alt="A cat", marks=[{"kind": "circle"}])
    assert canvas.get_state() == before


def test_marks_become_plain_numbers_and_leave_the_picture(content: Image) -> None:
    canvas = PictureCanvas()
    canvas.show(content, alt="A cat")
    points = np.array([[1, 2], [3, 4]], np.int32)
    canvas.mark(
        [
            {"kind": "path", "points": points, "color": "#D55E00", "dashed": True},
            {"kind": "rectangle", "x": np.float32(1), "y": 2, "width": 3, "height": 4},
        ]
    )
    path, rectangle = canvas.get_state()["_marks"]
    assert path == {
        "kind": "path",
        "points": [[1.0, 2.0], [3.0, 4.0]],
        "color": "#D55E00",
        "dashed": True,
    }
    assert [type(rectangle[name]) for name in ("x", "width")] == [float, float]
    assert canvas.serial == 1


@pytest.mark.parametrize(
    "mark",
    [
        {"kind": "circle", "x": 1, "y": 1},
        {"kind": "cross", "x": 1},
        {"kind": "cross", "x": 1, "y": 1, "radius": 3},
        {"kind": "cross", "x": float("nan"), "y": 1},
        {"kind": "path", "points": [(1, float("inf"))]},
        {"kind": "path"},
        {},
    ],
)
def test_marks_that_cannot_be_drawn_are_refused(mark: dict[str, Any]) -> None:
    canvas = PictureCanvas()
    with pytest.raises(ValueError, match="marks"):
        canvas.mark([mark])


def test_picks_go_to_every_callback_as_whole_pixels() -> None:
    canvas = PictureCanvas()
    assert not canvas.get_state()["_pickable"]
    picks: list[tuple[object, ...]] = []
    canvas.on_pick(lambda x, y: picks.append((x, y)))
    canvas.on_pick(lambda x, y: picks.append(("again", x, y)))
    assert canvas.get_state()["_pickable"]
    canvas._handle_custom_msg({"type": "pick", "x": 12, "y": 30}, [])
    assert picks == [(12, 30), ("again", 12, 30)]


def test_the_page_is_answered_that_the_kernel_lives(monkeypatch: pytest.MonkeyPatch) -> None:
    canvas = PictureCanvas()
    answers: list[object] = []
    monkeypatch.setattr(canvas, "send", answers.append)
    canvas._handle_custom_msg({"type": "ping"}, [])
    canvas._handle_custom_msg("something else", [])
    assert answers == [{"type": "pong"}]


def test_what_the_page_painted_is_not_sent_back_to_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """ipywidgets echoes what one page reports to all of them, unless it is told not to."""
    canvas = PictureCanvas()
    messages: list[object] = []
    monkeypatch.setattr(canvas, "_send", lambda message, buffers=None: messages.append(message))
    canvas.set_state({"painted": 7})
    assert canvas.painted == 7 and messages == []
    canvas.set_state({"width": 300})  # which is echoed: the test would see it
    assert messages


def test_no_picture_is_lost_while_the_page_reports(sent: list[set[str]]) -> None:
    """traitlets drops notifications of other threads while it holds back those of one."""
    canvas = PictureCanvas()
    picture = np.zeros((2, 2, 3), np.uint8)
    del sent[:]
    stop = threading.Event()

    def report() -> None:
        number = 0
        while not stop.is_set():
            number += 1
            canvas.set_state({"painted": number})

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    page = threading.Thread(target=report)
    page.start()
    try:
        for _ in range(150):
            canvas.show(picture, alt="")
    finally:
        stop.set()
        page.join()
        sys.setswitchinterval(interval)
    assert sum("_serial" in message for message in sent) == 150


def test_a_panel_carries_its_picture_for_readers_without_widgets() -> None:
    canvas = PictureCanvas()
    assert canvas.with_still({"text/plain": "panel"}) == {"text/plain": "panel"}
    assert canvas.with_still(None) is None
    canvas.show(np.zeros((4, 6, 3), np.float32), alt="black")
    bundle = canvas.with_still({"text/plain": "panel"})
    assert bundle is not None and set(bundle) == {"text/plain", "image/jpeg"}
    assert base64.b64decode(bundle["image/jpeg"]).startswith(b"\xff\xd8")
