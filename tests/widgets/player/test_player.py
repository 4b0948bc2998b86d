"""The player without a page: what it takes, shows, records and says, with fake and real runs."""

from __future__ import annotations

import base64
import dataclasses
import io
import itertools
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import ipywidgets
import numpy as np
import PIL.Image
import pytest
from fake_runs import FakeClip, FakeRun, red_of
from short_runs import SETTINGS, built_in_clip, share_objectives

from stylekit.arrays import Image, to_bytes
from stylekit.errors import StylekitError
from stylekit.image.scores import Scores
from stylekit.image.stylization import Stylization
from stylekit.settings import ImageSettings, Weights
from stylekit.video.run import FrameResult, VideoRun
from stylekit.widgets.base.loop import Driver, Loop, LoopState
from stylekit.widgets.base.widget import Throttle
from stylekit.widgets.player.player import Player
from stylekit.widgets.weights.panel import WeightPanel

SECONDS = 60.0
Make = Callable[..., Player]


@pytest.fixture
def make() -> Iterator[Make]:
    """Makes players, and ends what a test leaves running."""
    players: list[Player] = []

    def build(source: Any, **knobs: Any) -> Player:
        players.append(Player(source, **({"name": f"test {len(players)}"} | knobs)))
        return players[-1]

    yield build
    for player in players:
        player.stop()
        assert player.state is LoopState.IDLE or player._loop.join(SECONDS)  # type: ignore[union-attr]
        player.close()


def press(player: Player, what: str) -> None:
    """What the page sends when a button is pressed."""
    player.controls._handle_custom_msg({"type": "press", "what": what}, [])


def until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.005)


def shown(player: Player) -> np.ndarray:
    """The picture that was sent last."""
    return np.asarray(PIL.Image.open(io.BytesIO(player.canvas._picture)))


def parts(box: ipywidgets.Box) -> list[ipywidgets.Widget]:
    """All that is shown in a box, also in the boxes in it."""
    inner = (parts(child) for child in box.children if isinstance(child, ipywidgets.Box))
    return [*box.children, *itertools.chain(*inner)]


def alert(player: Player) -> str:
    return str(player.alerts.widget.value)


# Buttons and states.


def test_it_begins_idle_with_the_picture_to_be_painted(make: Make) -> None:
    player = make(FakeRun())
    assert (player.state, player.controls._status) == (LoopState.IDLE, "Ready.")
    assert player.canvas._alt == "Before the first step" and player.records == ()
    assert player.wait(0) is LoopState.IDLE
    for action in (player.pause, player.resume, player.stop):
        action()
    assert player.state is LoopState.IDLE


def test_buttons_drive_it_to_the_end(make: Make) -> None:
    player = make(FakeRun(6, seconds=0.01))
    press(player, "step")
    until(lambda: len(player.records) == 1)
    assert player.state is LoopState.PAUSED
    until(lambda: player.controls._status == "Paused after 1 step.")
    press(player, "step")
    until(lambda: len(player.records) == 2)
    press(player, "resume")
    assert player.wait(SECONDS) is LoopState.DONE
    assert player.controls._state == "done"
    assert player.controls._status == "Done after 6 steps."
    assert player.controls._share == 1.0
    assert alert(player) == ""


def test_a_pause_takes_at_most_one_step_more(make: Make) -> None:
    run = FakeRun(10**6, seconds=0.02)
    player = make(run)
    press(player, "start")
    until(lambda: len(player.records) >= 3)
    press(player, "pause")
    before = len(player.records)
    time.sleep(0.2)
    assert len(player.records) <= before + 1
    assert player.controls._status == f"Paused after {len(player.records)} steps."


def test_a_stop_keeps_what_is_there(make: Make) -> None:
    run = FakeRun(10**6)
    player = make(run)
    player.start()
    until(lambda: len(player.records) >= 3)
    press(player, "stop")
    assert player.wait(SECONDS) is LoopState.STOPPED
    assert run.closed == 1
    assert player.controls._status == f"Stopped after {len(run.used)} steps."
    assert player.source is run


def test_a_run_that_is_given_goes_on_and_one_that_is_made_begins_anew(make: Make) -> None:
    made: list[FakeRun] = []

    def build() -> FakeRun:
        made.append(FakeRun(10**6))
        return made[-1]

    given = FakeRun(10**6)
    for player in (make(given), make(build)):
        for _ in range(2):
            player.start()
            before = len(player.records)
            until(lambda player=player, before=before: len(player.records) != before)
            player.stop()
            player.wait(SECONDS)
    assert len(made) == 2 and player.source is made[1]
    assert len(player.records) == len(made[1].used) == len(player.curve)
    assert [record.step_count for record in player.records] == list(
        range(1, len(player.records) + 1)
    )


def test_a_run_is_made_by_the_driver_and_not_in_the_cell(make: Make) -> None:
    threads: list[int] = []

    def build() -> FakeRun:
        threads.append(threading.get_ident())
        return FakeRun(2)

    player = make(build)
    assert threads == [] and player.source is None
    assert player.canvas._alt == "No picture yet"
    player.start()
    player.wait(SECONDS)
    assert len(threads) == 1 and threads[0] != threading.get_ident()


# Weights.


def test_the_next_step_obeys_and_says_so(make: Make) -> None:
    panel = WeightPanel()
    run = FakeRun(10**6)
    player = make(run, panel=panel)
    assert panel in parts(player)
    press(player, "step")
    until(lambda: len(player.records) == 1)
    panel.set(Weights(beta=3e5))
    press(player, "step")
    until(lambda: len(player.records) == 2)
    assert [record.weights.beta for record in player.records] == [1e4, 3e5]
    assert run.used == [record.weights for record in player.records]
    until(lambda: player.curve._changes == [[2, 2, "β 1e4 → 3e5"]])
    red = shown(player)[:, :, 0].mean() / 255
    assert red == pytest.approx(red_of(Weights(beta=3e5)), abs=0.02)


def test_records_tell_the_weighted_loss_by_term(make: Make) -> None:
    player = make(FakeRun(1), driver=Driver.INLINE)
    player.start()
    (record,) = player.records
    assert record.frame_index is None and record.step_count == 1
    assert record.weighted["style"] == pytest.approx(1e4 * 2.05e-5)
    assert player.controls._losses == pytest.approx(record.weighted)


# Pictures.


@pytest.mark.parametrize("driver", Driver)
def test_the_last_picture_that_is_shown_is_the_newest(driver: Driver, make: Make) -> None:
    run = FakeRun(50)
    player = make(run, driver=driver)
    player.start()
    player.wait(SECONDS)
    difference = np.abs(shown(player).astype(float) - to_bytes(run.image))
    assert difference.mean() < 8  # it travels as JPEG; the one before differs by 30
    assert player.canvas._alt == "The picture after 50 steps"
    assert len(player.curve) == 50 and player.curve._rows


def test_pictures_are_sent_no_faster_than_eyes_and_page_take_them(make: Make) -> None:
    player = make(FakeRun(10**6))
    begun = time.monotonic()
    player.start()
    # A page that paints all that it gets.
    while player.canvas.serial <= 5 or time.monotonic() < begun + 1:
        assert time.monotonic() < begun + SECONDS
        player.canvas.painted = player.canvas.serial
        time.sleep(0.005)
    player.pause()
    seconds = time.monotonic() - begun
    assert player.canvas.serial <= 30 * seconds + 4
    assert len(player.records) > player.canvas.serial
    # And one that does not.
    player.canvas.painted = 0
    before, begun = player.canvas.serial, time.monotonic()
    player.resume()
    time.sleep(0.6)
    player.pause()
    assert player.canvas.serial - before <= 2 * (time.monotonic() - begun) + 3


def test_a_pace_is_kept_on_average() -> None:
    """Steps of 20 ms give 30 pictures a second, not the 25 of every second step."""
    now = [0.0]
    pace = Throttle(1 / 30, clock=lambda: now[0])
    times = []
    for tick in range(500):
        now[0] = tick * 0.02
        if pace.due():
            times.append(now[0])
    assert len(times) == pytest.approx(300, abs=3)
    assert np.diff(times).min() >= 1 / 60
    now[0] = 100.0
    assert pace.due() and not pace.due(), "a long rest is not made up for"


def test_who_is_behind_is_waited_for_but_not_for_ever() -> None:
    now = [0.0]
    pace = Throttle(0.1, patience=0.5, clock=lambda: now[0])
    assert pace.due(behind=True)
    now[0] = 0.3
    assert not pace.due(behind=True)
    assert pace.due(), "it has caught up"
    now[0] = 0.79
    assert not pace.due(behind=True)
    now[0] = 0.81
    assert pace.due(behind=True)


def test_readers_that_run_nothing_get_a_small_picture_of_now(make: Make) -> None:
    run = FakeRun(3, size=300)
    player = make(run, driver=Driver.INLINE)
    player.start()
    bundle = player._repr_mimebundle_()
    assert bundle is not None
    assert "application/vnd.jupyter.widget-view+json" in bundle
    still = PIL.Image.open(io.BytesIO(base64.b64decode(bundle["image/png"])))
    assert (still.format, still.size) == ("PNG", (256, 256))
    small = np.asarray(still).mean(axis=(0, 1))
    assert small == pytest.approx(to_bytes(run.image).mean(axis=(0, 1)), abs=1.5)


def test_without_a_picture_there_is_only_the_widget(make: Make) -> None:
    bundle = make(lambda: FakeRun())._repr_mimebundle_()
    assert bundle is not None and "image/png" not in bundle


# What goes wrong.


@pytest.mark.parametrize("driver", Driver)
def test_an_error_in_a_step_is_shown_in_the_player(driver: Driver, make: Make) -> None:
    player = make(FakeRun(10, fail_at=2), driver=driver)
    player.start()
    assert player.wait(SECONDS) is LoopState.FAILED
    assert 'role="alert"' in alert(player)
    assert "step 2 cannot be &lt;painted&gt;" in alert(player)
    assert player.controls._status == "Ended by an error after 2 steps; see the message."


def test_an_error_in_making_the_run_is_shown_and_a_new_start_clears_it(make: Make) -> None:
    answers: list[Any] = [StylekitError("style.png", "cannot be read"), FakeRun(1)]

    def build() -> FakeRun:
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    player = make(build)
    press(player, "start")
    assert player.wait(SECONDS) is LoopState.FAILED
    assert "style.png: cannot be read" in alert(player)
    press(player, "start")
    assert player.wait(SECONDS) is LoopState.DONE
    assert alert(player) == ""


def test_what_owners_raise_is_shown(make: Make) -> None:
    player = make(FakeRun(10))
    player.on_step(lambda event: 1 / 0)
    player.start()
    assert player.wait(SECONDS) is LoopState.FAILED
    assert "ZeroDivisionError" in alert(player) and len(player.records) == 1
    other = make(FakeRun(2))
    other.on_state(lambda state: 1 / 0)
    other.start()
    assert other.wait(SECONDS) is LoopState.DONE
    assert "ZeroDivisionError" in alert(other)


def test_owners_hear_of_every_step_and_state(make: Make) -> None:
    player = make(FakeRun(3))
    steps: list[int] = []
    states: list[LoopState] = []
    player.on_step(lambda step: steps.append(step.step_index))  # type: ignore[union-attr]
    player.on_state(states.append)
    player.start()
    player.wait(SECONDS)
    assert steps == [0, 1, 2]
    assert states == [LoopState.RUNNING, LoopState.DONE]


# Pages, and cells that are run again.


def test_a_cell_that_is_run_again_leaves_one_loop(make: Make) -> None:
    first_run, second_run = FakeRun(10**6), FakeRun(10**6)
    first = make(first_run, name="cell")
    first.start()
    until(lambda: len(first.records) > 1)
    second = make(second_run, name="cell")
    assert first.state is LoopState.STOPPED and first_run.closed == 1
    assert "another player has taken its name" in first.controls._status
    second.start()
    until(lambda: len(second.records) > 1)
    # Whoever still sees the first one may start it: the second ends.
    press(first, "start")
    until(lambda: second.state is LoopState.STOPPED)
    assert first.state is LoopState.RUNNING


def test_a_run_that_will_not_end_is_not_replaced(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    player = make(FakeRun(10**6), name="stubborn")
    player.start()
    with monkeypatch.context() as patched:
        patched.setattr(Loop, "join", lambda self, timeout: False)
        with pytest.raises(StylekitError, match=r"^stubborn: the run before is still busy"):
            Player(FakeRun(), name="stubborn")
    make(FakeRun(), name="stubborn")


def test_a_page_that_is_gone_ends_its_run_in_words(make: Make) -> None:
    player = make(FakeRun(10**6), idle_limit=0.05)
    player.start()
    player.controls._handle_custom_msg({"type": "open"}, [])
    assert player.wait(SECONDS) is LoopState.STOPPED
    assert "its page was closed or lost" in player.controls._status


def test_the_ticks_of_a_page_take_the_steps_of_a_pump(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    player = make(FakeRun(3), driver=Driver.PUMP)
    answers: list[Any] = []
    monkeypatch.setattr(player.controls, "send", answers.append)

    def tick() -> None:
        player.controls._handle_custom_msg({"type": "tick"}, [])

    tick()
    assert player.records == () and not player.controls.ticking
    press(player, "start")
    assert player.controls.ticking and player.records == ()
    tick()
    press(player, "pause")
    assert not player.controls.ticking
    tick()
    assert len(player.records) == 1
    press(player, "resume")
    while player.controls.ticking:
        tick()
    assert player.state is LoopState.DONE and len(player.records) == 3
    assert answers[:3] == [{"type": "ticked"}] * 3


def test_closing_ends_the_run(make: Make) -> None:
    player = make(FakeRun(10**6))
    player.start()
    player.close()
    assert player.state is LoopState.STOPPED


# Clips, and the real thing.


def test_a_clip_is_told_by_its_frames(make: Make) -> None:
    player = make(FakeClip(3, steps=4), driver=Driver.INLINE)
    player.start()
    assert player.state is LoopState.DONE
    assert [record.frame_index for record in player.records] == [0] * 4 + [1] * 4 + [2] * 4
    assert player.curve._frames == [[1, 0], [5, 1], [9, 2]]
    facts = dict(player.controls._facts)
    assert (facts["frame"], facts["evaluations"]) == ("3 of 3", "15")
    assert "time left" not in facts
    assert player.canvas._alt == "Frame 2, finished"


class ScoredRun(FakeRun):
    """Keeps as many per cent of its content as it has taken steps."""

    @property
    def scores(self) -> Scores:
        return Scores(content_kept=len(self.used) / 100, style_reached=0.938)


def told_scores(player: Player) -> dict[str, str]:
    facts = dict(player.controls._facts)
    return {name: facts[name] for name in ("content kept", "style reached") if name in facts}


@pytest.mark.parametrize("seconds", [0.0, 0.05])
def test_scores_are_told_of_the_last_picture_and_not_of_one_that_goes_on(
    seconds: float, make: Make
) -> None:
    """Also of a step that was in progress when the run was stopped."""
    run = ScoredRun(10**6, seconds=seconds)
    player = make(run)
    press(player, "start")
    until(lambda: len(player.records) >= 3)
    assert told_scores(player) == {}
    press(player, "stop")
    assert player.wait(SECONDS) is LoopState.STOPPED
    expected = {"content kept": f"{len(run.used)} %", "style reached": "94 %"}
    assert told_scores(player) == expected
    before = len(player.records)
    press(player, "step")
    until(lambda: len(player.records) > before and player.state is LoopState.PAUSED)
    until(lambda: told_scores(player) == {})


def test_scores_are_told_when_a_run_is_done(make: Make) -> None:
    player = make(ScoredRun(6), driver=Driver.INLINE)
    player.start()
    assert player.state is LoopState.DONE
    assert told_scores(player) == {"content kept": "6 %", "style reached": "94 %"}
    assert "time left" not in dict(player.controls._facts)


@pytest.mark.slow
def test_a_picture_is_painted_with_the_weights_of_the_panel(
    make: Make, content: Image, style: Image, settings: ImageSettings
) -> None:
    panel = WeightPanel(style_layers=settings.style_layers)
    short = dataclasses.replace(settings, steps=6, tolerance=0.0)
    player = make(lambda: Stylization(content, style, short), panel=panel)
    seen: list[float] = []
    player.on_step(lambda step: seen.append(step.value))  # type: ignore[union-attr]
    press(player, "step")
    # Recorded, and told to all who listen.
    until(lambda: len(player.records) == 1 and player.state is LoopState.PAUSED)
    panel.set(Weights(beta=1e5, layers=(1, 0)))
    press(player, "resume")
    assert player.wait(SECONDS) is LoopState.DONE, alert(player)
    assert [record.weights for record in player.records] == [Weights()] + [panel.current()] * 5
    totals = [sum(record.weighted.values()) for record in player.records]
    assert totals == pytest.approx(seen, rel=1e-4)
    assert isinstance(player.source, Stylization)
    difference = np.abs(shown(player).astype(float) - to_bytes(player.source.image))
    assert difference.mean() < 8
    facts = player.controls._facts
    assert facts[-2:] == [list(fact) for fact in player.source.scores.facts]


@pytest.mark.slow
def test_a_clip_is_painted_and_stays_in_its_folder(
    make: Make, style: Image, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    share_objectives(monkeypatch)
    clip = built_in_clip("orbit", 2)
    player = make(VideoRun(clip, style, tmp_path / "run", SETTINGS))
    finished: list[int] = []
    player.on_step(
        lambda event: finished.append(event.frame_index) if isinstance(event, FrameResult) else None
    )
    player.start()
    assert player.wait(60) is LoopState.DONE, alert(player)
    assert finished == [0, 1]
    again = make(VideoRun(clip, style, tmp_path / "run", SETTINGS), driver=Driver.INLINE)
    again.start()
    assert again.records == () and dict(again.controls._facts)["frame"] == "2 of 2"
    np.testing.assert_array_equal(shown(again), shown(player))
