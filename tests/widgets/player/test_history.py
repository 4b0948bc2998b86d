"""The history of a run without a page: what is kept, in how much memory, and what is shown."""

from __future__ import annotations

import io

import numpy as np
import PIL.Image
import pytest
from fake_runs import FakeClip, FakeRun

from stylekit.settings import Weights
from stylekit.widgets.base.loop import LoopState
from stylekit.widgets.player.history import MOST_PICTURES, HistorySlider, StepPictures
from stylekit.widgets.player.player import Player
from stylekit.widgets.weights.panel import WeightPanel

SECONDS = 60.0


def grey(value: float, size: int = 8) -> np.ndarray:
    return np.full((size, size, 3), value, np.float32)


def looked_at(player: Player) -> np.ndarray:
    """The picture that the canvas was sent last."""
    return np.asarray(PIL.Image.open(io.BytesIO(player.canvas._picture)))


def page_writes(widget: HistorySlider, **state: object) -> None:
    """What the kernel does with a message of a page."""
    widget._handle_msg({"content": {"data": {"method": "update", "state": state}}, "buffers": []})


@pytest.mark.parametrize("count", [1, 2, 59, 60, 61, 500, 5000])
def test_few_pictures_are_kept_evenly_spaced_with_the_first_and_the_newest(count: int) -> None:
    pictures = StepPictures()
    for step in range(1, count + 1):
        pictures.add(step, grey(0.5), f"step {step}")
    steps = pictures.steps
    assert len(steps) <= MOST_PICTURES
    assert steps[0] == 1 and steps[-1] == pictures.total == count
    # No two distances differ, but for that to the newest.
    assert len(set(np.diff(steps[:-1]))) <= 1
    if count >= MOST_PICTURES:
        assert len(steps) >= MOST_PICTURES // 2
    for step in steps:
        assert pictures.nearest(step).title == f"step {step}"  # type: ignore[union-attr]


def test_large_pictures_are_kept_small() -> None:
    pictures = StepPictures()
    pictures.add(1, grey(0.25, 1024), "")
    kept = pictures.nearest(1)
    assert kept is not None
    with PIL.Image.open(io.BytesIO(kept.picture.data)) as small:
        assert small.size == (512, 512) and small.format == "JPEG"


def test_the_nearest_kept_step_is_found_for_any() -> None:
    pictures = StepPictures(most=4)
    assert pictures.nearest(3) is None
    for step in range(1, 12):
        pictures.add(step, grey(step / 12), "")
    assert pictures.steps == (1, 5, 9, 11)
    found = [pictures.nearest(step).step for step in (-3, 2, 4, 8, 11, 99)]  # type: ignore[union-attr]
    assert found == [1, 1, 5, 9, 11, 11]


def test_one_looks_back_while_it_paints_and_returns_to_now() -> None:
    panel = WeightPanel(Weights(beta=1.0))
    player = Player(lambda: FakeRun(9), panel=panel, name="looks back")
    player.step_once()
    player.wait(0.3)
    panel.set(Weights(beta=1e9))
    player.resume()
    assert player.wait(SECONDS) is LoopState.DONE
    slider = player.looking_back.slider
    assert (slider._steps, slider._total) == (list(range(1, 10)), 9)
    late = looked_at(player)[..., 0].mean()
    page_writes(slider, step=1)
    early = looked_at(player)[..., 0].mean()
    assert early < late - 100 and player.canvas._alt == "The picture after 1 step"
    assert player.curve.viewed == 1
    page_writes(slider, step=0)
    assert looked_at(player)[..., 0].mean() == pytest.approx(late, abs=3)
    assert player.canvas._alt == "The picture after 9 steps" and player.curve.viewed == 0
    player.close()


def test_new_pictures_do_not_replace_the_one_that_is_looked_at() -> None:
    player = Player(FakeRun(40, seconds=0.005), name="keeps")
    player.step_once()
    while player.state is not LoopState.PAUSED:
        player.wait(0.02)
    player.resume()
    while len(player.records) < 10:
        player.wait(0.01)
    page_writes(player.looking_back.slider, step=3)
    assert player.canvas._alt == "The picture after 3 steps"
    assert player.wait(SECONDS) is LoopState.DONE
    assert player.canvas._alt == "The picture after 3 steps"
    assert player.looking_back.slider._total == 40
    player.close()


@pytest.mark.parametrize("step", [-1, 10**9, 2.5])
def test_a_page_looks_at_no_step_that_does_not_exist(step: float) -> None:
    player = Player(FakeRun(3), name="checked")
    player.start()
    player.wait(SECONDS)
    page_writes(player.looking_back.slider, step=step)
    assert player.looking_back.slider.step in (0, 2, 3)
    assert player.alerts.widget.value == ""
    player.close()


def test_the_steps_of_a_clip_are_counted_through() -> None:
    player = Player(FakeClip(3, steps=4), name="counted through")
    player.start()
    player.wait(SECONDS)
    assert player.looking_back.slider._steps == list(range(1, 13))
    page_writes(player.looking_back.slider, step=6)
    assert player.canvas._alt == "Frame 1 after 2 steps"
    player.close()


def test_the_run_before_is_that_of_the_player_or_of_the_last_with_its_name() -> None:
    panel = WeightPanel()
    first = Player(lambda: FakeRun(3), panel=panel, name="before and now")
    first.start()
    first.wait(SECONDS)
    slider = first.looking_back.slider
    page_writes(slider, comparing=True)
    assert not slider._offered and not slider.comparing
    panel.set(Weights(beta=2e4))
    first.start()
    first.wait(SECONDS)
    assert slider._offered and slider._words == "3 and 3 steps; β 1e4 → 2e4"
    page_writes(slider, comparing=True)
    assert first.looking_back.split.get_state()["_serial"] == 1
    # One looks at an earlier step, or at two runs.
    page_writes(slider, step=2)
    assert not slider.comparing and first.canvas._alt == "The picture after 2 steps"
    page_writes(slider, comparing=True)
    assert slider.step == 0 and first.curve.viewed == 0
    first.close()

    again = Player(lambda: FakeRun(5), panel=panel, name="before and now")
    assert not again.looking_back.slider._offered
    again.start()
    again.wait(SECONDS)
    assert again.looking_back.slider._words == "3 and 5 steps; the same weights"
    again.close()


def test_a_picture_of_other_proportions_is_not_compared() -> None:
    wide = np.full((24, 48, 3), 0.5, np.float32)
    for image in (None, wide):
        player = Player(FakeRun(2, image=image), name="other proportions")
        player.start()
        player.wait(SECONDS)
        assert not player.looking_back.slider._offered
        player.close()
