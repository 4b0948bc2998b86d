"""What a callback raises is shown in words, escaped, and goes away when all is well again."""

from __future__ import annotations

import threading
from html.parser import HTMLParser
from pathlib import Path

import pytest

from stylekit.errors import MediaError
from stylekit.widgets.base.alerts import Alerts, alert_html


class Texts(HTMLParser):
    """The text outside of <details>, the text inside, and the tags."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.outside, self.inside = "", ""
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.depth = 0
        self.feed(source)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attributes)))
        self.depth += tag == "details"

    def handle_endtag(self, tag: str) -> None:
        self.depth -= tag == "details"

    def handle_data(self, data: str) -> None:
        if self.depth:
            self.inside += data
        else:
            self.outside += data


def raised(error: Exception) -> Exception:
    try:
        raise error
    except Exception as caught:
        return caught


def test_plain_words_come_first_and_the_traceback_is_folded() -> None:
    error = raised(MediaError(Path("clip.mp4"), "is cut short; copy it again"))
    texts = Texts(alert_html(error))
    assert texts.outside.strip() == "clip.mp4: is cut short; copy it again"
    assert "Traceback" in texts.inside and "in raised" in texts.inside
    assert texts.tags[0] == ("div", {**texts.tags[0][1], "role": "alert"})


def test_what_nobody_foresaw_is_said_to_be_that() -> None:
    words = Texts(alert_html(raised(KeyError("frame")))).outside
    assert "unexpected" in words and "KeyError" in words and "frame" in words


def test_nothing_that_is_raised_becomes_markup() -> None:
    texts = Texts(alert_html(raised(ValueError("<script>alert(1)</script><b x='&'>"))))
    assert {tag for tag, _ in texts.tags} == {"div", "details", "summary", "pre"}
    assert "<script>alert(1)</script>" in texts.outside


def test_a_guarded_callback_shows_its_error_and_the_next_success_clears_it() -> None:
    alerts = Alerts()

    @alerts.guarded
    def divide(by: int) -> float:
        return 1 / by

    assert alerts.widget.value == "" and alerts.widget.layout.display == "none"
    divide(0)
    assert "ZeroDivisionError" in alerts.widget.value and alerts.widget.layout.display is None
    divide(1)
    assert alerts.widget.value == "" and alerts.widget.layout.display == "none"


def test_an_interrupt_is_not_swallowed() -> None:
    with pytest.raises(KeyboardInterrupt), Alerts().guard():
        raise KeyboardInterrupt


def test_any_thread_may_fail() -> None:
    alerts = Alerts()
    fail = alerts.guarded(lambda: [][0])
    thread = threading.Thread(target=fail)
    thread.start()
    thread.join()
    assert "IndexError" in alerts.widget.value
