"""Progress: how much is left, told from what a run yields."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from fake_runs import FakeClip, FakeFrame, FakeFrameStep, FakeRun, FakeStep

from stylekit.image.scales import Scale
from stylekit.image.scores import Scores
from stylekit.settings import VideoSettings, Weights
from stylekit.widgets.base.run_progress import (
    RunProgress,
    enlarged,
    speed_words,
    time_words,
    title_of,
)

IMAGE = FakeRun(size=48).image


def step(step_index: int, scale_index: int = 0, *, size: int = 48) -> FakeStep:
    return FakeStep(
        step_index=step_index,
        scale_index=scale_index,
        image=IMAGE[:size, :size],
        weights=Weights(),
        evaluations=step_index + 1,
    )


def painting(*steps: int) -> Any:
    """Of 12 pixels with so many steps, then of 24 and of 48 with the others."""
    scales = tuple(Scale(size=12 * 2**i, steps=count) for i, count in enumerate(steps))
    return SimpleNamespace(step_limit=sum(steps), scales=scales)


def test_a_picture_takes_its_steps_at_the_pace_of_late() -> None:
    progress = RunProgress(painting(10))
    assert progress.seconds_left is None and progress.share == 0
    assert progress.facts()[-1] == ("time left", "–")
    for index, seconds in enumerate([60.0, 2.0, 2.0, 2.0]):  # the first one prepares
        progress.take(step(index), seconds)
    assert progress.seconds_left == pytest.approx(12)
    assert progress.share == pytest.approx(0.4)
    assert dict(progress.facts())["step"] == "4 of at most 10"
    assert "time left" not in dict(progress.facts(ended=True))


def test_later_scales_have_four_times_the_pixels() -> None:
    progress = RunProgress(painting(10, 10, 10))
    for index in range(4):
        progress.take(step(index, size=12), 1.0)
    assert progress.seconds_left == pytest.approx(6 + 10 * 4 + 10 * 16)
    # A scale that ends early leaves no steps behind.
    progress.take(step(4, scale_index=1, size=24), 4.0)
    assert progress.seconds_left == pytest.approx(4 * (9 + 10 * 4))


def test_a_preview_counts_its_steps_and_tells_the_time_of_the_large_ones() -> None:
    preview = Scale(size=12, steps=3, is_preview=True)
    source = SimpleNamespace(step_limit=13, scales=(preview, Scale(size=48, steps=10)))
    progress = RunProgress(source)
    progress.take(step(0, size=12), 1.0)
    assert dict(progress.facts())["step"] == "1 of at most 13"
    assert progress.seconds_left == pytest.approx(2 + 10 * 16)
    for index in (1, 2):
        progress.take(step(index, size=12), 1.0)
    progress.take(step(3, scale_index=1), 20.0)
    assert progress.seconds_left == pytest.approx(20 * 9)
    assert progress.share == pytest.approx(4 / 13)


def test_cold_frames_of_a_large_clip_have_a_preview_too() -> None:
    """The first, and those after a cut, which nobody knows before they begin."""
    clip = FakeClip(3, steps=20)
    clip.settings.image = SimpleNamespace(size=256, steps=20, scales=1)
    small, large = (np.zeros((size, size, 3), np.float32) for size in (128, 256))
    progress = RunProgress(clip)

    def take(frame_index: int, index: int, image: Any) -> None:
        taken = replace(step(index, scale_index=int(image is large and cold)), image=image)
        progress.take(FakeFrameStep(frame_index, taken), 1.0)

    cold = True
    take(0, 0, small)
    assert dict(progress.facts())["step"] == "1 of at most 35"
    assert progress.seconds_left == pytest.approx(14 + 20 * 4 + 2 * 20 * 4)
    take(0, 15, large)
    assert progress.seconds_left == pytest.approx(19 + 2 * 20)
    progress.take(frame(0, steps=35, cold=True), 0.1)
    assert progress.seconds_left == pytest.approx(2 * 20)
    cold = False
    take(1, 0, large)
    assert dict(progress.facts())["step"] == "1 of at most 20"
    assert progress.seconds_left == pytest.approx(19 + 20)
    progress.take(frame(1, steps=20), 0.1)
    cold = True
    take(2, 0, small)
    assert dict(progress.facts())["step"] == "1 of at most 35"
    take(2, 15, large)
    assert progress.seconds_left == pytest.approx(19)


def test_a_frame_whose_weights_move_may_take_the_steps_of_a_picture() -> None:
    clip = FakeClip(3, steps=5)
    clip.settings.image = SimpleNamespace(size=48, steps=20, scales=1)
    progress = RunProgress(clip)
    for taken, limit in ((5, 5), (6, 20), (20, 20), (21, 25)):
        progress.take(FakeFrameStep(1, step(taken - 1)), 1.0)
        assert dict(progress.facts())["step"] == f"{taken} of at most {limit}"
        assert progress.seconds_left == pytest.approx(limit - taken + 5)


def test_pictures_of_a_preview_are_shown_in_full_size() -> None:
    small = IMAGE[:12, :16]
    assert enlarged(small, SimpleNamespace(size=(64, 47))).shape == (47, 64, 3)
    assert enlarged(small, FakeClip(1)).shape == (48, 48, 3)
    assert enlarged(IMAGE, SimpleNamespace(size=(48, 48))) is IMAGE
    assert enlarged(small, SimpleNamespace()) is small


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


def test_scores_are_told_in_words_as_long_as_they_are_those_of_the_picture() -> None:
    progress = RunProgress(painting(10))
    progress.take(step(0), 1.0)
    assert not {"content kept", "style reached"} & dict(progress.facts()).keys()
    progress.scores = Scores(content_kept=0.452, style_reached=0.938)
    assert progress.facts(ended=True)[-2:] == [("content kept", "45 %"), ("style reached", "94 %")]
    # A picture that goes on is another one.
    progress.take(step(1), 1.0)
    assert "content kept" not in dict(progress.facts())


def test_the_scores_of_a_clip_are_those_of_its_newest_frame() -> None:
    progress = RunProgress(FakeClip(2, steps=20))
    scored = SimpleNamespace(**vars(frame(0, steps=20, cold=True)), scores=Scores(0.5, 0.25))
    progress.take(scored, 0.1)
    progress.take(FakeFrameStep(1, step(0)), 1.0)
    facts = dict(progress.facts())
    assert (facts["content kept"], facts["style reached"]) == ("50 %", "25 %")


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
    again = SimpleNamespace(frame_index=3, step=step(11), pass_number=2)
    assert title_of(again) == "Frame 3, pass 2, after 12 steps"
    assert title_of(SimpleNamespace(frame_index=3, pass_number=2)) == "Frame 3, pass 2, finished"


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


def test_every_second_pass_counts_its_frames_from_the_end() -> None:
    settings = VideoSettings(passes=2)
    progress = RunProgress(SimpleNamespace(clip=[IMAGE] * 4, settings=settings))
    facts = {"steps": 2, "evaluations": 3, "cold": False, "resumed": False}
    progress.take(SimpleNamespace(frame_index=3, pass_number=2, **facts), 1.0)
    assert dict(progress.facts())["pass"] == "2 of 2"
    # All of the first pass, and one frame of the second.
    assert progress.share == pytest.approx(5 / 8)
