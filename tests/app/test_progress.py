"""Progress: a bar on a terminal, plain lines elsewhere."""

from __future__ import annotations

import io
import os
from types import SimpleNamespace

import pytest

from stylekit.app import progress as console
from stylekit.app.progress import Progress


class Clock:
    """A clock that the test sets."""

    now = 100.0

    def monotonic(self) -> float:
        return self.now


class CountedStep:
    """A step that counts how often its loss, which is expensive, is read."""

    looks, scale_index = 0, 0

    @property
    def weighted_loss(self) -> float:
        self.looks += 1
        return 0.25


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(console, "time", SimpleNamespace(monotonic=clock.monotonic))
    return clock


def test_lines_come_seldom_and_tell_steps_loss_and_time_left(clock):
    stream = io.StringIO()
    with Progress(40, stream=stream) as progress:
        for _ in range(40):
            clock.now += 1.0
            progress.step(CountedStep())
    lines = stream.getvalue().splitlines()
    assert lines[0] == "step 1 of at most 40, loss 0.25", "one step tells nothing of the time"
    assert lines[1] == "step 11 of at most 40, loss 0.25, at most about 29 s left"
    assert len(lines) == 4


def test_the_time_left_is_told_by_steps_of_the_present_size(clock):
    stream = io.StringIO()
    preview, large = CountedStep(), CountedStep()
    large.scale_index = 1
    with Progress(15 + 40, stream=stream) as progress:
        for _ in range(15):
            clock.now += 0.1
            progress.step(preview)
        clock.now += 20.0  # the first step at a size prepares the network
        progress.step(large)
        for _ in range(4):
            clock.now += 6.0
            progress.step(large)
    *_, before, last = stream.getvalue().splitlines()
    assert before == "step 18 of at most 55, loss 0.25"
    assert last == "step 20 of at most 55, loss 0.25, at most about 3 min 30 s left"


def test_the_loss_is_looked_at_seldom(clock):
    step = CountedStep()
    with Progress(100, stream=io.StringIO()) as progress:
        for _ in range(100):
            clock.now += 0.1
            progress.step(step)
    assert 4 <= step.looks <= 6


def test_frames_get_a_line_each_and_shorten_what_is_left(clock):
    stream = io.StringIO()
    with Progress(100, frame_count=2, stream=stream) as progress:
        for seconds in (500.0, 130.0, 130.0, 130.0):
            clock.now += seconds
            progress.step(CountedStep())
        progress.frame(0, max_steps_left=1, facts="cold start")
        progress.step(CountedStep(), frame_index=1)
        progress.frame(1, max_steps_left=0, facts="warm start")
    assert stream.getvalue().splitlines()[4:] == [
        "frame 1 of 2 finished, cold start, at most about 2 min 10 s left",
        "frame 2 of 2 finished, warm start",
    ]


@pytest.mark.skipif(os.name != "posix", reason="pseudo-terminals are POSIX's")
def test_a_terminal_gets_a_bar():
    import fcntl
    import struct
    import termios

    master, slave = os.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 100, 0, 0))
    with os.fdopen(slave, "w") as terminal:
        with Progress(5, frame_count=3, stream=terminal) as progress:
            for _ in range(2):
                progress.step(CountedStep(), frame_index=1)
            progress.frame(1, max_steps_left=2, facts="warm start")
        shown = os.read(master, 65536).decode()
    os.close(master)
    last = shown.rstrip().split("\r")[-1]
    assert "50%|" in last, "two steps are done, and two are left at most"
    assert "2/4 [" in last and "frame 2/3, loss 0.25" in last


def test_a_pass_is_named_if_there_are_several(clock):
    stream = io.StringIO()
    with Progress(12, frame_count=2, pass_count=3, stream=stream) as progress:
        progress.frame(1, max_steps_left=9, facts="4 steps", pass_number=2)
    assert stream.getvalue().startswith("pass 2 of 3, frame 2 of 2 finished, 4 steps")
