"""The loop: its states, who takes its steps, what becomes of errors, and who replaces whom."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from stylekit.errors import StylekitError
from stylekit.widgets.base.loop import Driver, Loop, LoopState, StopReason, register, stop_named

SECONDS = 60.0
ENDED = (LoopState.DONE, LoopState.STOPPED, LoopState.FAILED)


class Run:
    """A loop over fake steps, and all that was heard of it.

    Its steps wait for `gate`; `entered` counts those that have begun.
    """

    def __init__(
        self,
        count: int = 5,
        *,
        driver: Driver = Driver.THREAD,
        fail_at: int | None = None,
        error: BaseException | None = None,
        **knobs: Any,
    ) -> None:
        self.count, self.fail_at = count, fail_at
        self.error = error or ValueError("no such colour")
        self.items: list[int] = []
        self.seconds: list[float] = []
        self.states: list[LoopState] = []
        self.errors: list[BaseException] = []
        self.threads: set[int] = set()
        self.closed = 0
        self.entered = 0
        self.gate = threading.Event()
        self.gate.set()
        self.news = threading.Condition()
        self.hook: Callable[[int], object] = lambda item: None
        self.loop = Loop(
            self.steps,
            on_step=self.on_step,
            on_state=self.on_state,
            on_error=self.on_error,
            driver=driver,
            **knobs,
        )

    def steps(self) -> Iterator[int]:
        try:
            for item in range(self.count):
                self.note(lambda: setattr(self, "entered", self.entered + 1))
                assert self.gate.wait(SECONDS)
                if item == self.fail_at:
                    raise self.error
                yield item
        finally:
            self.closed += 1

    def note(self, change: Callable[[], object]) -> None:
        with self.news:
            change()
            self.news.notify_all()

    def on_step(self, item: int, seconds: float) -> None:
        self.threads.add(threading.get_ident())
        self.note(lambda: (self.items.append(item), self.seconds.append(seconds)))
        self.hook(item)

    def on_state(self, state: LoopState) -> None:
        self.note(lambda: self.states.append(state))

    def on_error(self, error: BaseException) -> None:
        self.note(lambda: self.errors.append(error))

    def until(self, condition: Callable[[], bool]) -> None:
        with self.news:
            assert self.news.wait_for(condition, SECONDS), (self.items, self.states)


@pytest.fixture
def run() -> Iterator[Callable[..., Run]]:
    """Makes runs, and ends those that a test leaves behind."""
    runs: list[Run] = []

    def make(*args: Any, **knobs: Any) -> Run:
        runs.append(Run(*args, **knobs))
        return runs[-1]

    yield make
    for one in runs:
        one.gate.set()
        one.loop.stop()
        assert one.loop.join(SECONDS)


every_driver = pytest.mark.parametrize("driver", Driver)


@every_driver
def test_it_takes_every_step_once_and_is_done(driver: Driver, run: Callable[..., Run]) -> None:
    one = run(5, driver=driver)
    assert one.loop.state is LoopState.IDLE and not one.loop.finished
    one.loop.start()
    assert one.loop.wait(SECONDS) is LoopState.DONE
    assert one.items == [0, 1, 2, 3, 4]
    assert one.states == [LoopState.RUNNING, LoopState.DONE]
    assert one.closed == 1 and one.errors == []
    assert one.loop.finished and one.loop.join(0)
    assert (threading.get_ident() in one.threads) == (driver is not Driver.THREAD)


@every_driver
def test_one_step_at_a_time(driver: Driver, run: Callable[..., Run]) -> None:
    one = run(3, driver=driver)
    for taken in (1, 2, 3):
        one.loop.step_once()
        one.loop.pump()
        one.until(lambda taken=taken: len(one.items) == taken)
        assert one.loop.state is LoopState.PAUSED
        assert one.entered == taken
    one.loop.step_once()
    assert one.loop.wait(SECONDS) is LoopState.DONE
    assert one.items == [0, 1, 2]


@every_driver
def test_a_callback_may_pause_it_and_it_goes_on_where_it_was(
    driver: Driver, run: Callable[..., Run]
) -> None:
    one = run(5, driver=driver)
    one.hook = lambda item: one.loop.pause() if item == 1 else None
    one.loop.start()
    if driver is Driver.PUMP:
        assert [one.loop.pump() for _ in range(4)] == [True, True, False, False]
    one.until(lambda: one.states[-1] is LoopState.PAUSED)
    assert one.items == [0, 1]
    one.loop.resume()
    assert one.loop.wait(SECONDS) is LoopState.DONE
    assert one.items == [0, 1, 2, 3, 4]
    expected = [LoopState.RUNNING, LoopState.PAUSED, LoopState.RUNNING, LoopState.DONE]
    assert one.states == expected


def test_a_pause_ends_within_the_step_under_way(run: Callable[..., Run]) -> None:
    one = run(50)
    one.gate.clear()
    one.loop.start()
    one.until(lambda: one.entered == 1)
    one.loop.pause()
    assert one.states == [LoopState.RUNNING, LoopState.PAUSED]
    one.gate.set()
    one.until(lambda: one.items == [0])
    assert not one.loop.wait(0.2).ended
    assert (one.items, one.entered) == ([0], 1)
    one.loop.resume()
    assert one.loop.wait(SECONDS) is LoopState.DONE
    assert one.items == list(range(50))


def test_a_stop_keeps_the_step_under_way_and_closes_the_iterator(run: Callable[..., Run]) -> None:
    one = run(50)
    one.gate.clear()
    one.loop.start()
    one.until(lambda: one.entered == 1)
    one.loop.stop()
    assert one.loop.state is LoopState.STOPPED
    assert not one.loop.finished and not one.loop.join(0.05)
    one.gate.set()
    assert one.loop.join(SECONDS)
    assert (one.items, one.closed) == ([0], 1)
    assert one.states == [LoopState.RUNNING, LoopState.STOPPED]


@every_driver
def test_a_paused_loop_can_be_stopped(driver: Driver, run: Callable[..., Run]) -> None:
    one = run(driver=driver)
    one.loop.step_once()
    one.loop.pump()
    one.until(lambda: one.items == [0])
    one.loop.stop()
    assert one.loop.join(SECONDS)
    assert (one.items, one.closed) == ([0], 1)


@every_driver
def test_what_makes_no_sense_in_a_state_does_nothing(
    driver: Driver, run: Callable[..., Run]
) -> None:
    one = run(2, driver=driver)
    one.loop.pause()
    one.loop.resume()
    assert one.loop.state is LoopState.IDLE and one.states == []
    assert not one.loop.join(0), "only what has ended is waited for"
    one.loop.start()
    one.loop.wait(SECONDS)
    for action in (one.loop.start, one.loop.pause, one.loop.resume, one.loop.step_once):
        action()
    one.loop.stop()
    assert one.states == [LoopState.RUNNING, LoopState.DONE]
    assert one.items == [0, 1]


def test_a_loop_that_never_began_can_be_stopped(run: Callable[..., Run]) -> None:
    one = run()
    one.loop.stop()
    assert one.loop.join(0) and one.states == [LoopState.STOPPED]
    assert one.loop.stop_reason is StopReason.REQUESTED
    one.loop.start()
    assert one.entered == 0


# What goes wrong.


@every_driver
def test_an_error_in_a_step_is_told_once_the_loop_has_failed(
    driver: Driver, run: Callable[..., Run]
) -> None:
    one = run(5, driver=driver, fail_at=2)
    seen: list[LoopState] = []
    tell = one.loop._on_error
    one.loop._on_error = lambda error: (seen.append(one.loop.state), tell(error))
    one.loop.start()
    assert one.loop.wait(SECONDS) is LoopState.FAILED
    assert one.items == [0, 1] and one.errors == [one.error]
    assert seen == [LoopState.FAILED]
    assert one.loop.join(SECONDS) and one.closed == 1


@every_driver
def test_an_error_in_making_the_steps_is_told(driver: Driver, run: Callable[..., Run]) -> None:
    one = run(driver=driver)

    def refuse() -> Iterator[int]:
        raise one.error

    one.loop._open_steps = refuse
    one.loop.start()
    assert one.loop.wait(SECONDS) is LoopState.FAILED
    assert one.errors == [one.error] and one.items == []


@every_driver
@pytest.mark.parametrize("error", [RuntimeError("no"), StopIteration("nor this")])
def test_an_error_in_a_callback_is_told(
    driver: Driver, error: Exception, run: Callable[..., Run]
) -> None:
    one = run(driver=driver)

    def refuse(item: int) -> None:
        raise error

    one.hook = refuse
    one.loop.start()
    assert one.loop.wait(SECONDS) is LoopState.FAILED
    assert one.errors == [error] and one.items == [0] and one.closed == 1


def test_an_error_that_hears_of_a_state_is_told_and_the_loop_goes_on(
    run: Callable[..., Run],
) -> None:
    one = run(3)
    error = RuntimeError("no")

    def refuse(state: LoopState) -> None:
        if state is LoopState.RUNNING:
            raise error

    one.loop._on_state = refuse
    one.loop.start()
    assert one.loop.wait(SECONDS) is LoopState.DONE
    assert one.errors == [error] and one.items == [0, 1, 2]


def test_even_what_ends_programs_is_told_of_a_thread(run: Callable[..., Run]) -> None:
    one = run(fail_at=1, error=SystemExit(3))
    one.loop.start()
    assert one.loop.wait(SECONDS) is LoopState.FAILED
    assert one.errors == [one.error]


def test_an_interrupt_ends_a_loop_in_the_call_and_reaches_the_caller(
    run: Callable[..., Run],
) -> None:
    one = run(fail_at=1, error=KeyboardInterrupt(), driver=Driver.INLINE)
    with pytest.raises(KeyboardInterrupt):
        one.loop.start()
    assert one.loop.stop_reason is StopReason.INTERRUPTED and one.loop.finished
    assert one.items == [0]


# Threads.


def test_states_are_told_one_at_a_time_and_in_order(run: Callable[..., Run]) -> None:
    """Also where a callback changes the state itself, and while many press buttons at once."""
    one = run(400)
    inside: list[int] = []

    def on_state(state: LoopState) -> None:
        inside.append(1)
        assert sum(inside) == 1, "two callbacks at once"
        if len(one.states) == 1:
            one.loop.pause()
        one.on_state(state)
        inside.append(-1)

    one.loop._on_state = on_state

    def press() -> None:
        for _ in range(300):
            one.loop.pause()
            one.loop.resume()

    one.loop.start()
    fingers = [threading.Thread(target=press) for _ in range(3)]
    for finger in fingers:
        finger.start()
    for finger in fingers:
        finger.join(SECONDS)
    one.loop.resume()
    assert one.loop.wait(SECONDS) is LoopState.DONE
    assert one.items == list(range(400)) and one.errors == []
    assert len(one.threads) == 1
    for before, after in zip(one.states, one.states[1:], strict=False):
        allowed = {
            LoopState.RUNNING: {LoopState.PAUSED, LoopState.DONE},
            LoopState.PAUSED: {LoopState.RUNNING},
        }
        assert after in allowed[before]


def test_a_pump_takes_no_second_step_inside_a_step(run: Callable[..., Run]) -> None:
    one = run(3, driver=Driver.PUMP)
    inner: list[bool] = []
    one.hook = lambda item: inner.append(one.loop.pump())
    one.loop.start()
    assert one.loop.pump()
    assert (one.items, inner) == ([0], [False])


def test_only_a_loop_with_a_pump_is_pumped(run: Callable[..., Run]) -> None:
    one = run()
    one.gate.clear()
    one.loop.start()
    assert not one.loop.pump()


def test_steps_are_timed_without_the_time_in_between(run: Callable[..., Run]) -> None:
    now = [0.0]
    one = run(3, driver=Driver.INLINE, clock=lambda: now[0])

    def steps() -> Iterator[int]:
        now[0] += 100.0  # before anything is asked for
        for item in range(3):
            now[0] += 2.0
            yield item

    one.loop._open_steps = steps
    one.hook = lambda item: now.__setitem__(0, now[0] + 50.0)
    one.loop.start()
    assert one.seconds == [102.0, 2.0, 2.0]


# Whose page is gone, and who is replaced.


class Clock:
    """A time that a test sets."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.mark.parametrize("paused", [False, True])
def test_a_loop_ends_when_its_page_is_not_heard_of_any_more(
    paused: bool, run: Callable[..., Run]
) -> None:
    clock = Clock()
    one = run(10**9, idle_limit=600.0, clock=clock)
    if paused:
        one.hook = lambda item: one.loop.pause()
    one.loop.page_seen()
    one.loop.start()
    clock.now = 500.0
    one.until(lambda: bool(one.items))
    one.loop.page_seen()
    clock.now = 1090.0
    assert not one.loop.wait(0.2 if not paused else 1.2).ended
    clock.now = 1101.0
    assert one.loop.wait(SECONDS) is LoopState.STOPPED
    assert one.loop.stop_reason is StopReason.PAGE_GONE and one.closed == 1 and one.errors == []


@pytest.mark.parametrize(("heard", "limit"), [(False, 600.0), (True, None)])
def test_a_loop_without_a_page_or_a_limit_goes_on(
    heard: bool, limit: float | None, run: Callable[..., Run]
) -> None:
    clock = Clock()
    one = run(20, idle_limit=limit, clock=clock)
    one.hook = lambda item: setattr(clock, "now", clock.now + 1e6)
    if heard:
        one.loop.page_seen()
    one.loop.start()
    assert one.loop.wait(SECONDS) is LoopState.DONE
    assert one.loop.stop_reason is None


def test_who_takes_a_name_stops_the_loop_that_had_it(run: Callable[..., Run]) -> None:
    old, new = run(10**9), run(3)
    register("test", old.loop)
    old.loop.start()
    old.until(lambda: bool(old.items))
    register("test", new.loop)
    assert old.loop.stop_reason is StopReason.REPLACED and old.loop.finished and old.closed == 1
    new.loop.start()
    assert new.loop.wait(SECONDS) is LoopState.DONE
    stop_named("test")
    stop_named("test")
    stop_named("never heard of")


def test_a_loop_that_will_not_end_is_not_replaced_until_it_has(run: Callable[..., Run]) -> None:
    old, new = run(), run()
    register("stubborn", old.loop)
    old.gate.clear()
    old.loop.start()
    old.until(lambda: old.entered == 1)
    for _ in range(2):
        with pytest.raises(StylekitError, match=r"^stubborn: the run before is still busy"):
            register("stubborn", new.loop, limit=0.05)
    old.gate.set()
    assert old.loop.join(SECONDS)
    register("stubborn", new.loop, limit=0.05)
    stop_named("stubborn")
    assert new.loop.state is LoopState.STOPPED


def test_states_that_end_are_those_that_nothing_follows() -> None:
    assert [state for state in LoopState if state.ended] == list(ENDED)
