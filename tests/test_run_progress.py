"""Progress: how much is left, told from what a run yields."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from fake_runs import FakeClip, FakeFrame, FakeFrameStep, FakeRun, FakeStep

from stylekit.settings import Weights
from stylekit.widgets.run_progress import RunProgress, speed_words, time_words, title_of

IMAGE = FakeRun(size=16).image


def step(step_index: int, scale_index: int = 0) -> FakeStep:
    return FakeStep(
        step_index=step_index,
        scale_index=scale_index,
        image=IMAGE,
        weights=Weights(),
        evaluations=step_index + 1,
    )


def painting(steps: int, scales: int = 1) -> Any:
    settings = SimpleNamespace(steps=steps, scales=scales)
    return SimpleNamespace(step_limit=steps * scales, settings=settings)


def test_a_picture_takes_its_steps_at_the_pace_of_late() -> None:
    progress = RunProgress(painting(10))
    assert progress.seconds_left is None and progress.share == 0
    assert progress.facts()[-1] == ("time left", "–")
    for index, seconds in enumerate([60.0, 2.0, 2.0, 2.0]):  # the first one prepares
        progress.take(step(index), seconds)
    assert progress.seconds_left == pytest.approx(12)
    assert progress.share == pytest.approx(0.4)
    assert dict(progress.facts())["step"] == "4 of at most 10"
    assert "time left" not in dict(progress.facts(over=True))


def test_later_scales_have_four_times_the_pixels() -> None:
    progress = RunProgress(painting(10, scales=3))
    for index in range(4):
        progress.take(step(index), 1.0)
    assert progress.seconds_left == pytest.approx(6 + 10 * 4 + 10 * 16)
    # A scale that ends early leaves no steps behind.
    progress.take(step(4, scale_index=1), 4.0)
    assert progress.seconds_left == pytest.approx(4 * (9 + 10 * 4))


def test_a_run_that_knows_no_end_says_so() -> None:
    progress = RunProgress(SimpleNamespace())
    progress.take(step(0), 1.0)
    assert (progress.seconds_left, progress.share) == (None, None)
    assert dict(progress.facts())["step"] == "1"


def test_a_clip_learns_how_many_steps_its_frames_take() -> None:
    clip = FakeClip(4, steps=20)
    progress = RunProgress(clip)
    progress.take(FakeFrameStep(0, step(0)), 1.0)
    assert progress.seconds_left == pytest.approx(19 + 3 * 20)
    progress.take(frame(0, steps=20, cold=True), 0.1)
    assert progress.seconds_left == pytest.approx(3 * 20)
    progress.take(FakeFrameStep(1, step(0)), 1.0)
    progress.take(frame(1, steps=5), 0.1)
    assert progress.seconds_left == pytest.approx(2 * 5)
    assert progress.evaluations == 21 + 6
    assert progress.share == pytest.approx(0.5)
    assert dict(progress.facts())["frame"] == "2 of 4"


def test_frames_that_were_finished_before_cost_nothing() -> None:
    progress = RunProgress(FakeClip(2, steps=20))
    progress.take(frame(0, steps=20, cold=True, resumed=True), 0.1)
    assert (progress.evaluations, progress.step_count) == (0, 0)
    assert progress.share == pytest.approx(0.5)


def frame(frame_index: int, *, steps: int, cold: bool = False, resumed: bool = False) -> FakeFrame:
    return FakeFrame(
        frame_index=frame_index,
        image=IMAGE,
        steps=steps,
        evaluations=steps + 1,
        cold=cold,
        resumed=resumed,
    )


def test_pictures_say_what_they_are() -> None:
    assert title_of(step(0)) == "The picture after 1 step"
    assert title_of(FakeFrameStep(3, step(11))) == "Frame 3 after 12 steps"
    assert title_of(frame(3, steps=4)) == "Frame 3, finished"


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (None, "–"),
        (0.2, "under 1 s"),
        (42.4, "about 42 s"),
        (200.0, "about 3 min"),
        (5000.0, "about 83 min"),
        (7300.0, "about 2 h 2 min"),
    ],
)
def test_times_are_told_as_people_tell_them(seconds: float | None, words: str) -> None:
    assert time_words(seconds) == words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (None, "–"),
        (0.0, "10000 steps/s"),
        (0.02, "50 steps/s"),
        (0.36, "2.78 steps/s"),
        (1.42, "1.4 s a step"),
    ],
)
def test_speeds_are_told_the_way_they_are_read(seconds: float | None, words: str) -> None:
    assert speed_words(seconds) == words
