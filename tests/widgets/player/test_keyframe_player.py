"""The player with a run from keyframes: real runs of tiny clips, by patches and by a network."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from shallow import make_shallow
from short_runs import SETTINGS, built_in_style, share_objectives, shot

from stylekit.arrays import Image
from stylekit.image.guidance import Guidance
from stylekit.losses import TERMS
from stylekit.settings import KeyframeSettings, KeyMethod, NetworkSettings, PatchSettings
from stylekit.video.few_shot import TrainingStep
from stylekit.video.keyframe import Keyframe, StyledFrame
from stylekit.video.keyframe_run import KeyframeResult, KeyframeRun
from stylekit.widgets.base.keyframe_progress import KeyframeProgress
from stylekit.widgets.base.loop import LoopState
from stylekit.widgets.base.series import TRAINING
from stylekit.widgets.player.live_training import LearnedPicture, LiveTraining
from stylekit.widgets.player.player import Player

SECONDS = 120.0
FEW = PatchSettings(iterations=1, sweeps=1)
BY_PATCHES = KeyframeSettings(method=KeyMethod.PATCH, patches=FEW)


def by_network(steps: int) -> KeyframeSettings:
    tiny = NetworkSettings(width=4, blocks=1, batch=2, patch=16, steps=steps, seconds=1e4)
    return KeyframeSettings(method=KeyMethod.NETWORK, network=tiny)


@pytest.fixture(autouse=True)
def surroundings(monkeypatch: pytest.MonkeyPatch) -> None:
    make_shallow(monkeypatch)
    share_objectives(monkeypatch)


@pytest.fixture(scope="module")
def clip() -> list[Image]:
    return list(shot(frames=4))


@pytest.fixture
def watch() -> Iterator[Callable[[KeyframeRun], Player]]:
    """Makes players, and ends what a test leaves running."""
    players: list[Player] = []

    def build(run: KeyframeRun) -> Player:
        players.append(Player(run, name=f"keys {len(players)}"))
        return players[-1]

    yield build
    for player in players:
        player.close()
        player.wait(SECONDS)


def painting(frame: Image) -> Image:
    return (1 - frame).astype(np.float32)


def press_paint(player: Player) -> None:
    player.training._handle_custom_msg({"type": "press"}, [])


def until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.005)


def test_frames_by_patches_are_shown_as_they_come(clip, watch, tmp_path: Path) -> None:
    player = watch(KeyframeRun(clip, {1: painting(clip[1])}, tmp_path / "run", BY_PATCHES))
    assert player.training.layout.display == "none"
    titles: list[str] = []
    player.on_step(lambda _event: titles.append(player._newest[1]))
    player.start()
    assert player.wait(SECONDS) is LoopState.DONE
    # The keyframe first, then outward from it.
    assert titles == [f"Frame {index}, finished" for index in (1, 0, 2, 3)]
    assert player.controls._status == "Done after 0 steps and 4 frames."
    assert ["frames", "4 of 4"] in player.controls._facts
    assert player.records == ()


def test_a_network_is_watched_while_it_learns_then_paints_and_may_go_on(
    clip, watch, tmp_path: Path
) -> None:
    run = KeyframeRun(clip, {0: painting(clip[0])}, tmp_path / "run", by_network(10**6))
    player = watch(run)
    assert player.training.layout.display is None and not player.training.offered
    assert player.training.frame_index == 2  # the middle
    events: list[object] = []
    player.on_step(events.append)
    player.training.set_state({"frame_index": 3})
    player.start()
    until(lambda: any(isinstance(event, LearnedPicture) for event in events))
    until(lambda: player.training.offered)
    assert player.controls._status == "The network is learning …"
    picture = next(event for event in events if isinstance(event, LearnedPicture))
    assert picture.frame_index == 3 and picture.image.shape == clip[0].shape
    assert player.curve.series == TRAINING
    assert [term["name"] for term in player.controls._terms] == ["l1", "vgg", "adversarial"]

    press_paint(player)
    assert player.wait(SECONDS) is LoopState.DONE
    learned = run.network.step_count
    results = [event for event in events if isinstance(event, KeyframeResult)]
    assert [result.frame_index for result in results] == [0, 1, 2, 3]
    assert {result.trained for result in results} == {learned}
    assert len(run.finished_entries()) == 4 and not run.is_complete
    assert player.canvas._alt == "Frame 3, finished"

    player.start()
    until(lambda: run.network.step_count > learned)
    player.stop()
    assert player.wait(SECONDS) is LoopState.STOPPED
    # What was painted before stays.
    assert len(run.finished_entries()) == 4

    stopped_at = run.network.step_count
    player.paint_now()
    assert player.wait(SECONDS) is LoopState.DONE
    assert run.network.step_count == stopped_at
    assert {entry["trained"] for entry in run.finished_entries()} == {stopped_at}
    assert player.alerts.widget.value == ""


def test_the_curve_draws_the_painting_of_the_key_and_then_the_learning(
    clip, watch, tmp_path: Path
) -> None:
    guidance = Guidance.of(built_in_style())
    key = StyledFrame(frame_index=0, guidance=guidance, settings=SETTINGS.image)
    player = watch(KeyframeRun(clip, [key], tmp_path / "run", by_network(3)))
    drawn: list[tuple[str, ...]] = []
    player.on_step(lambda _event: drawn.append(tuple(s.name for s in player.curve.series)))
    player.start()
    assert player.wait(SECONDS) is LoopState.DONE, player.alerts.widget.value
    assert drawn[0] == tuple(TERMS) and drawn[-1] == ("l1", "vgg", "adversarial")
    painted = [record for record in player.records if record.weights is not None]
    assert len(player.records) - len(painted) == 3 == len(player.curve)
    assert set(painted[0].weighted) == set(TERMS)


def test_the_loss_that_is_drawn_is_weighted(clip, tmp_path: Path) -> None:
    key = Keyframe(frame_index=0, image=painting(clip[0]))
    progress = KeyframeProgress(KeyframeRun(clip, [key], tmp_path / "run", by_network(8)))
    assert progress.share is None and progress.doing == "Preparing …"
    step = TrainingStep(step_index=1, losses={"l1": 0.5, "vgg": 0.25}, seconds=3.0)
    record = progress.take(step, 0.5)
    network = NetworkSettings()
    assert record is not None and record.weighted == {
        "l1": 0.5 * network.l1,
        "vgg": 0.25 * network.vgg,
        "adversarial": 0.0,
    }
    assert progress.share == 2 / 8
    # Six steps of half a second are left, and more time than that.
    assert {("time left", "about 3 s"), ("step", "2 of at most 8")} <= set(progress.facts())
    late = TrainingStep(step_index=2, losses=step.losses, seconds=1e4 - 1)
    progress.take(late, 0.5)
    assert {("time left", "about 1 s"), ("step", "3")} <= set(progress.facts())
    assert progress.shown(step) is None


def test_a_page_chooses_only_frames_that_there_are() -> None:
    training = LiveTraining(on_paint=lambda: None)
    training.fit(9)
    assert training.frame_index == 4
    for wanted, taken in ((8, 8), (99, 8), (-3, 0)):
        training.set_state({"frame_index": wanted})
        assert training.frame_index == taken
    training.set_state({"offered": True})
    assert not training.offered
