"""Drives an iterator of steps that a person may start, pause, resume and stop at any moment."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from enum import Enum
from typing import Generic, TypeVar

S = TypeVar("S")

IDLE_LIMIT = 600.0
"""Seconds without a word from its page after which a run ends: a tab that is open says more often
that it is there, also in the background."""

# How often a loop that rests looks whether its page is still there.
_LOOK_SECONDS = 1.0
# How long who waits for a loop with a pump rests while it is paused.
_REST_SECONDS = 0.02


class LoopState(Enum):
    """Where a loop stands: idle → running ⇄ paused → done, stopped or failed."""

    IDLE = "idle"
    RUNNING = "running"
    PAUSED = "paused"
    DONE = "done"
    STOPPED = "stopped"
    FAILED = "failed"

    @property
    def ended(self) -> bool:
        """Whether no other state can follow."""
        return self in (LoopState.DONE, LoopState.STOPPED, LoopState.FAILED)


class Ending(Enum):
    """Why a loop was stopped."""

    ASKED = "asked"
    REPLACED = "replaced"
    PAGE_GONE = "page gone"
    INTERRUPTED = "interrupted"


class Driver(Enum):
    """Who takes the steps: a thread, the call that starts them, or whoever calls `pump`."""

    THREAD = "thread"
    INLINE = "inline"
    PUMP = "pump"


class Loop(Generic[S]):
    """Takes steps from an iterator until it is exhausted, one at a time.

    `open_steps` makes the iterator; it is called by the driver, so that what it has to prepare
    blocks nobody. `on_step(item, seconds)` is called for each step, with the time that it took,
    also for the step that was under way when the loop was paused or stopped. `on_state(state)` is
    called after each change, one call at a time and in their order, `on_error(error)` for all
    that is raised by the iterator or a callback. Callbacks come on the thread that caused them,
    and may call any method but `join` and `wait`.

    After `heard()` was called once, a loop with a thread stops when it is not called for
    `idle_limit` seconds (None: never). All methods may be called from any thread; those that have
    nothing to do in the state that the loop is in do nothing.
    """

    def __init__(
        self,
        open_steps: Callable[[], Iterator[S]],
        *,
        on_step: Callable[[S, float], object],
        on_state: Callable[[LoopState], object],
        on_error: Callable[[BaseException], object],
        driver: Driver = Driver.THREAD,
        idle_limit: float | None = IDLE_LIMIT,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._open_steps = open_steps
        self._on_step, self._on_state, self._on_error = on_step, on_state, on_error
        self.driver = driver
        self._idle_limit = idle_limit
        self._clock = clock
        self._changed = threading.Condition()
        self._state = LoopState.IDLE
        self._single = False
        self._ending: Ending | None = None
        self._last_heard: float | None = None
        self._news: deque[LoopState] = deque()
        self._telling = False
        # Held by whoever takes a step.
        self._turn = threading.Lock()
        self._iterator: Iterator[S] | None = None
        self._thread: threading.Thread | None = None
        self._finished = threading.Event()

    @property
    def state(self) -> LoopState:
        """Where the loop stands now."""
        return self._state

    @property
    def ending(self) -> Ending | None:
        """Why it was stopped; None if it was not."""
        return self._ending if self._state is LoopState.STOPPED else None

    @property
    def finished(self) -> bool:
        """Whether it has ended, and its last step, its callbacks and its iterator as well."""
        return self._finished.is_set()

    def start(self) -> None:
        """idle → running. With the inline driver it returns when the loop does not run any more."""
        self._run((LoopState.IDLE,))

    def resume(self) -> None:
        """paused → running."""
        self._run((LoopState.PAUSED,))

    def step_once(self) -> None:
        """idle or paused → running for one step → paused."""
        self._run((LoopState.IDLE, LoopState.PAUSED), single=True)

    def pause(self) -> None:
        """running → paused; a step that is under way is still finished."""
        self._change((LoopState.RUNNING,), LoopState.PAUSED)

    def stop(self, ending: Ending = Ending.ASKED) -> None:
        """idle, running or paused → stopped; a step that is under way is still finished."""
        with self._changed:
            if not self._state.ended:
                self._ending = ending
        self._end(LoopState.STOPPED)

    def heard(self) -> None:
        """Note that the page is there."""
        with self._changed:
            self._last_heard = self._clock()

    def pump(self) -> bool:
        """Take one step, with the driver of that name; False if it does not run, or is in one."""
        if self.driver is not Driver.PUMP or not self._turn.acquire(blocking=False):
            return False
        try:
            if running := self._state is LoopState.RUNNING:
                self._take_step()
        finally:
            self._turn.release()
        self._clean_up()
        return running

    def join(self, timeout: float | None = None) -> bool:
        """Wait for a loop that is stopped, done or failed to finish its last step.

        False if it has not within `timeout` seconds, or if it is none of these.
        """
        return self._state.ended and self._finished.wait(timeout)

    def wait(self, timeout: float | None = None) -> LoopState:
        """Wait until the loop has ended, or for `timeout` seconds; gives the state then.

        Pumps if nobody else may: with a pump, the page's ticks wait for the same thread.
        """
        if self.driver is not Driver.PUMP:
            self._finished.wait(timeout)
            return self._state
        end = None if timeout is None else time.monotonic() + timeout
        while not self.finished and (end is None or time.monotonic() < end):
            if not self.pump():
                self._finished.wait(_REST_SECONDS)
        return self._state

    def _run(self, before: tuple[LoopState, ...], *, single: bool = False) -> None:
        if not self._change(before, LoopState.RUNNING, single=single):
            return
        if self.driver is Driver.INLINE:
            self._work_inline()
        elif self.driver is Driver.THREAD:
            with self._changed:
                if self._thread is None:
                    self._thread = threading.Thread(
                        target=self._work, name="stylekit-loop", daemon=True
                    )
                    self._thread.start()

    def _work(self) -> None:
        try:
            with self._turn:
                while self._await_turn():
                    self._take_step()
        except BaseException as error:
            # Above a thread there is nobody else who would tell.
            self._fail(error)
        self._clean_up()

    def _work_inline(self) -> None:
        # A callback of a step may ask to resume: it is this loop that goes on then.
        if not self._turn.acquire(blocking=False):
            return
        try:
            while self._state is LoopState.RUNNING:
                self._take_step()
        except BaseException:
            # The kernel was interrupted, most likely in the iterator, which can't go on after that.
            self.stop(Ending.INTERRUPTED)
            raise
        finally:
            self._turn.release()
            self._clean_up()

    def _await_turn(self) -> bool:
        """Wait until it runs (True) or has ended (False)."""
        while True:
            if self._is_abandoned():
                self.stop(Ending.PAGE_GONE)
            with self._changed:
                if self._state in (LoopState.IDLE, LoopState.PAUSED):
                    self._changed.wait(_LOOK_SECONDS)
                    continue
                return self._state is LoopState.RUNNING

    def _is_abandoned(self) -> bool:
        if self._idle_limit is None or self._last_heard is None:
            return False
        return self._clock() - self._last_heard > self._idle_limit

    def _take_step(self) -> None:
        try:
            if self._iterator is None:
                self._iterator = self._open_steps()
            begun = self._clock()
            item = next(self._iterator)
        except StopIteration:
            self._end(LoopState.DONE)
            return
        except Exception as error:
            self._fail(error)
            return
        seconds = self._clock() - begun
        if self._single:
            self.pause()
        try:
            self._on_step(item, seconds)
        except Exception as error:
            self._fail(error)

    def _fail(self, error: BaseException) -> None:
        # First the state: whoever hears of the error finds the loop ended.
        self._end(LoopState.FAILED)
        self._on_error(error)

    def _end(self, state: LoopState) -> None:
        self._change((LoopState.IDLE, LoopState.RUNNING, LoopState.PAUSED), state)
        self._clean_up()

    def _clean_up(self) -> None:
        """Once it has ended and nobody takes a step: close the iterator, and let go of it."""
        if not self._state.ended or not self._turn.acquire(blocking=False):
            return
        try:
            close = getattr(self._iterator, "close", None)
            self._iterator = None
            if close:
                close()
        except Exception as error:
            self._on_error(error)
        finally:
            self._turn.release()
            self._finished.set()

    def _change(
        self, before: tuple[LoopState, ...], after: LoopState, *, single: bool = False
    ) -> bool:
        with self._changed:
            if self._state not in before:
                return False
            self._state, self._single = after, single
            self._news.append(after)
            self._changed.notify_all()
        self._tell()
        return True

    def _tell(self) -> None:
        """Pass on the changes of state, unless another thread is at it, which then goes on."""
        while True:
            with self._changed:
                if self._telling or not self._news:
                    return
                self._telling = True
                state = self._news.popleft()
            try:
                self._on_state(state)
            except Exception as error:
                self._on_error(error)
            finally:
                with self._changed:
                    self._telling = False
