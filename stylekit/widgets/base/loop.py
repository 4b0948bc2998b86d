"""Takes the steps of an iterator; a user may start, pause, resume and stop it at any moment."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from enum import Enum
from typing import Generic, TypeVar

from ...errors import StylekitError

S = TypeVar("S")

IDLE_LIMIT = 600.0
"""Seconds without a message from its page after which a run is stopped. An open tab sends messages
more often, also in the background."""

# How often a loop that does not run checks whether its page is still open.
_CHECK_SECONDS = 1.0
# How long `wait` sleeps between two attempts to take a step of a loop with a pump.
_SLEEP_SECONDS = 0.02
# How long a loop that is replaced may take to finish its step.
_JOIN_SECONDS = 15.0


class LoopState(Enum):
    """The state of a loop: idle → running ⇄ paused → done, stopped or failed."""

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


_NOT_ENDED = (LoopState.IDLE, LoopState.RUNNING, LoopState.PAUSED)


class StopReason(Enum):
    """Why a loop was stopped."""

    REQUESTED = "requested"
    REPLACED = "replaced"
    PAGE_GONE = "page gone"
    INTERRUPTED = "interrupted"


class Driver(Enum):
    """What takes the steps: a thread, the call that starts them, or each call of `pump`."""

    THREAD = "thread"
    INLINE = "inline"
    PUMP = "pump"


class Loop(Generic[S]):
    """Takes steps from an iterator, one at a time, until it is exhausted.

    All methods may be called from any thread; a method that does not apply to the current state
    does nothing. Callbacks run on the thread that caused them, and may call any method except
    `join` and `wait`.

    Parameters
    ----------
    open_steps : callable
        Makes the iterator. The driver calls it, so that slow preparations block nothing else.
    on_step : callable
        `on_step(item, seconds)` is called after each step, with the time that the step took; also
        after the step during which the loop was paused or stopped.
    on_state : callable
        `on_state(state)` is called after each change, one call at a time, in the right order.
    on_error : callable
        `on_error(error)` is called for each exception of the iterator or of a callback.
    driver : Driver
        What takes the steps.
    idle_limit : float or None
        Once `page_seen` was called, a loop with a thread stops when it is not called again for
        this many seconds; None for never.
    clock : callable
        Returns the time in seconds.
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
        self.driver, self._idle_limit, self._clock = driver, idle_limit, clock
        self._changed = threading.Condition()
        self._state = LoopState.IDLE
        self._single_step = False
        self._stop_reason: StopReason | None = None
        self._page_seen_at: float | None = None
        self._unreported: deque[LoopState] = deque()
        self._reporting = False
        # Held by the thread that takes a step.
        self._step_lock = threading.Lock()
        self._iterator: Iterator[S] | None = None
        self._thread: threading.Thread | None = None
        self._finished = threading.Event()

    @property
    def state(self) -> LoopState:
        """The current state."""
        return self._state

    @property
    def stop_reason(self) -> StopReason | None:
        """Why the loop was stopped; None if it was not stopped."""
        return self._stop_reason if self._state is LoopState.STOPPED else None

    @property
    def finished(self) -> bool:
        """Whether the loop has ended, including its last step, its callbacks and its iterator."""
        return self._finished.is_set()

    def start(self) -> None:
        """idle → running. With the inline driver it returns when the loop no longer runs."""
        self._run((LoopState.IDLE,))

    def resume(self) -> None:
        """paused → running."""
        self._run((LoopState.PAUSED,))

    def step_once(self) -> None:
        """idle or paused → running for one step → paused."""
        self._run((LoopState.IDLE, LoopState.PAUSED), single_step=True)

    def pause(self) -> None:
        """running → paused; a step that has begun is completed."""
        self._change((LoopState.RUNNING,), LoopState.PAUSED)

    def stop(self, reason: StopReason = StopReason.REQUESTED) -> None:
        """idle, running or paused → stopped; a step that has begun is completed."""
        with self._changed:
            if not self._state.ended:
                self._stop_reason = reason
        self._end(LoopState.STOPPED)

    def page_seen(self) -> None:
        """Note that the page is open now."""
        with self._changed:
            self._page_seen_at = self._clock()

    def pump(self) -> bool:
        """Take one step if the driver is `PUMP`; False if the loop does not run or is in a step."""
        if self.driver is not Driver.PUMP or not self._step_lock.acquire(blocking=False):
            return False
        try:
            if running := self._state is LoopState.RUNNING:
                self._take_step()
        finally:
            self._step_lock.release()
        self._clean_up()
        return running

    def join(self, timeout: float | None = None) -> bool:
        """Wait for a loop that is stopped, done or failed to complete its last step.

        False if that takes longer than `timeout` seconds, or if the loop is in another state.
        """
        return self._state.ended and self._finished.wait(timeout)

    def wait(self, timeout: float | None = None) -> LoopState:
        """Wait until the loop has ended, or for `timeout` seconds; returns the state then.

        With a pump it takes the steps itself, because the messages of the page that ask for them
        wait for the same thread.
        """
        if self.driver is not Driver.PUMP:
            self._finished.wait(timeout)
            return self._state
        end = None if timeout is None else time.monotonic() + timeout
        while not self.finished and (end is None or time.monotonic() < end):
            if not self.pump():
                self._finished.wait(_SLEEP_SECONDS)
        return self._state

    def _run(self, before: tuple[LoopState, ...], *, single_step: bool = False) -> None:
        if not self._change(before, LoopState.RUNNING, single_step=single_step):
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
            with self._step_lock:
                while self._wait_to_run():
                    self._take_step()
        except BaseException as error:
            # Nothing else reports an error of a thread.
            self._fail(error)
        self._clean_up()

    def _work_inline(self) -> None:
        # If the callback of a step asks to resume, the call that is in progress goes on.
        if not self._step_lock.acquire(blocking=False):
            return
        try:
            while self._state is LoopState.RUNNING:
                self._take_step()
        except BaseException:
            # The kernel was interrupted, probably inside the iterator, which cannot go on then.
            self.stop(StopReason.INTERRUPTED)
            raise
        finally:
            self._step_lock.release()
            self._clean_up()

    def _wait_to_run(self) -> bool:
        """Wait until the loop runs (True) or has ended (False)."""
        while True:
            # In this order: a page that is seen in between must not look as if it had been silent.
            now, seen, limit = self._clock(), self._page_seen_at, self._idle_limit
            if seen is not None and limit is not None and now - seen > limit:
                self.stop(StopReason.PAGE_GONE)
            with self._changed:
                if self._state not in (LoopState.IDLE, LoopState.PAUSED):
                    return self._state is LoopState.RUNNING
                self._changed.wait(_CHECK_SECONDS)

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
        if self._single_step:
            self.pause()
        try:
            self._on_step(item, seconds)
        except Exception as error:
            self._fail(error)

    def _fail(self, error: BaseException) -> None:
        # The state changes first, so that `on_error` finds a loop that has ended.
        self._end(LoopState.FAILED)
        self._on_error(error)

    def _end(self, state: LoopState) -> None:
        self._change(_NOT_ENDED, state)
        self._clean_up()

    def _clean_up(self) -> None:
        """Close the iterator and drop it, if the loop has ended and no step is in progress."""
        if not self._state.ended or not self._step_lock.acquire(blocking=False):
            return
        try:
            close = getattr(self._iterator, "close", None)
            self._iterator = None
            if close:
                close()
        except Exception as error:
            self._on_error(error)
        finally:
            self._step_lock.release()
            self._finished.set()

    def _change(
        self, before: tuple[LoopState, ...], after: LoopState, *, single_step: bool = False
    ) -> bool:
        with self._changed:
            if self._state not in before:
                return False
            self._state, self._single_step = after, single_step
            self._unreported.append(after)
            self._changed.notify_all()
        self._report()
        return True

    def _report(self) -> None:
        """Report the changes of state, unless another thread does so already."""
        while True:
            with self._changed:
                if self._reporting or not self._unreported:
                    return
                self._reporting = True
                state = self._unreported.popleft()
            try:
                self._on_state(state)
            except Exception as error:
                self._on_error(error)
            finally:
                with self._changed:
                    self._reporting = False


_loops: dict[str, Loop] = {}
_loops_lock = threading.Lock()


def stop_named(name: str, *, limit: float = _JOIN_SECONDS) -> None:
    """Stop the loop of this name, if there is one, and wait for its last step.

    Raises StylekitError if that step takes longer than `limit` seconds.
    """
    with _loops_lock:
        loop = _loops.get(name)
    if loop is None:
        return
    loop.stop(StopReason.REPLACED)
    if not loop.join(limit):
        raise StylekitError(
            name,
            f"the run before is still busy with a step after {limit:g} seconds; try again when "
            "it has ended, or restart the kernel",
        )
    with _loops_lock:
        if _loops.get(name) is loop:
            del _loops[name]


def register(name: str, loop: Loop, *, limit: float = _JOIN_SECONDS) -> None:
    """Give `loop` this name; the loop that had it is stopped first, as by `stop_named`.

    So a cell that is executed again does not leave its last run behind.
    """
    stop_named(name, limit=limit)
    with _loops_lock:
        _loops[name] = loop
