"""Ctrl-C, a polite kill and the end of the terminal: what they do at each moment of a command.

A `KeyboardInterrupt` alone does not do. Libraries swallow it while they are imported, or break in
their middle; within one long operation of TensorFlow Python does not raise it; and while a result
is written it would cost what was painted.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from enum import Enum, auto
from pathlib import Path
from types import FrameType
from typing import Any

INTERRUPTED = 130
"""The exit code: 128 + SIGINT, as in shells."""

NOT_FINISHED = "interrupted: not finished; run the same command again"
WRITING_REST = "interrupted: writing what there is; a second Ctrl-C gives it up"
"""What is said at once, because measuring and writing take seconds."""
_STEP_FIRST = (
    "interrupted: the computation under way ends first, then what there is is written; "
    "a second Ctrl-C gives it up"
)
# Seconds after which it is said that a computation must end first.
_PATIENCE = 0.5


class _Moment(Enum):
    LOADING = auto()  # nothing can be lost
    WORKING = auto()
    WRITING = auto()


class _Interrupts:
    """The state of this process: signals belong to all of it."""

    def __init__(self) -> None:
        self.moment = _Moment.WORKING
        # A KeyboardInterrupt was raised, and has not come to where it is awaited.
        self.pending = False
        # The results that are written are the last.
        self.asked = False
        self.noticed = threading.Event()
        # TensorFlow's import points standard error elsewhere for a while.
        self.terminal = 2

    def handle(self, number: int, _frame: FrameType | None) -> None:
        self.noticed.set()
        # The end of a terminal, or of a service, may send it to start.py, which hands it on, and to
        # this process as well.
        again = number == signal.SIGINT
        if self.moment is _Moment.LOADING:
            self.end_at_once()
        elif self.moment is _Moment.WRITING and not self.asked:
            self.asked = True
            self.say(WRITING_REST)
        elif again or not (self.pending or self.asked):
            self.pending = True
            raise KeyboardInterrupt

    def say(self, line: str) -> None:
        # Not by a stream, in whose middle the main thread may be. The terminal may be gone.
        with contextlib.suppress(OSError):
            start = "\n" if os.isatty(self.terminal) else ""
            os.write(self.terminal, f"{start}{line}\n".encode())

    def end_at_once(self) -> None:
        self.say(NOT_FINISHED)
        os._exit(INTERRUPTED)


_state = _Interrupts()


@contextmanager
def handled() -> Iterator[None]:
    """Let Ctrl-C, SIGTERM and SIGHUP end what the body does; `main` does all within it.

    What was ignored before stays so: `nohup` asks for the end of the terminal to be ignored, and a
    shell for Ctrl-C in the background.
    """
    if threading.current_thread() is not threading.main_thread():
        yield  # only the main thread gets signals
        return
    before: dict[int, Any] = {}
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)  # Windows has no SIGHUP
        if number is not None and signal.getsignal(number) is not signal.SIG_IGN:
            before[number] = signal.signal(number, _state.handle)
    _state.pending = _state.asked = False
    _state.noticed.clear()
    with contextlib.suppress(OSError):  # a process without standard error
        _state.terminal = os.dup(2)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        if _state.terminal != 2:
            os.close(_state.terminal)
            _state.terminal = 2


@contextmanager
def loading() -> Iterator[None]:
    """The body imports libraries and changes nothing: a signal ends the process at once."""
    with _moment(_Moment.LOADING):
        yield


def load_tensorflow() -> None:
    """Import TensorFlow, which takes seconds, before a result is claimed: a signal ends it."""
    with loading():
        from ..vgg import runtime

        runtime.load_tensorflow()


class Writing:
    """Whether the command is to end when a result is written."""

    @property
    def interrupted(self) -> bool:
        """Whether a signal came before or while it was written."""
        return _state.asked


@contextmanager
def writing(*, interrupted: bool = False) -> Iterator[Writing]:
    """The body measures and writes a result, which a first signal lets it end.

    Parameters
    ----------
    interrupted : whether this is the result of an interrupted command; so a second Ctrl-C gives up
    """
    _state.pending, _state.asked = False, interrupted
    if interrupted:
        _state.say(WRITING_REST)
    with _moment(_Moment.WRITING):
        yield Writing()


@contextmanager
def _moment(moment: _Moment) -> Iterator[None]:
    before, _state.moment = _state.moment, moment
    try:
        yield
    finally:
        _state.moment = before


def finished_meanwhile(output: Path) -> str:
    """What is said of a result that was finished after a signal had come."""
    return f"interrupted: {output} was all but finished, and is complete"


def check() -> None:
    """Raise KeyboardInterrupt again if a library has swallowed one."""
    if _state.pending:
        raise KeyboardInterrupt


def was_interrupted() -> bool:
    """Whether an error may come from a KeyboardInterrupt that some library turned into it."""
    return _state.pending


@contextmanager
def painting() -> Iterator[None]:
    """The body paints. A signal within a long computation is answered by another thread at once.

    Python's own handlers wait for the end of such a computation. A second Ctrl-C meanwhile ends the
    process.
    """
    check()
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    inside, outside = socket.socketpair()
    with inside, outside:
        inside.setblocking(False)
        before = signal.set_wakeup_fd(inside.fileno(), warn_on_full_buffer=False)
        watcher = threading.Thread(target=_watch, args=[outside], daemon=True)
        watcher.start()
        try:
            yield
        finally:
            signal.set_wakeup_fd(before)
            inside.shutdown(socket.SHUT_WR)
            watcher.join()


def _watch(signals: socket.socket) -> None:
    """Read the numbers of the signals that come, and answer those that Python cannot yet."""
    asked = False
    while number := signals.recv(1):
        if not asked:
            asked = True
            if not _state.noticed.wait(_PATIENCE):
                _state.say(_STEP_FIRST)
        elif number[0] == signal.SIGINT and not _state.noticed.is_set():
            _state.end_at_once()


def end_process(code: int) -> None:
    """End the program. A signal from now on says nothing: there is nothing left to do."""
    if threading.current_thread() is threading.main_thread():
        for name in ("SIGINT", "SIGTERM", "SIGHUP"):
            number = getattr(signal, name, None)
            if number is not None and signal.getsignal(number) is not signal.SIG_IGN:
                signal.signal(number, signal.SIG_DFL)
    sys.exit(code)
