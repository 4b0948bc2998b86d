"""How far a run is: what each of its steps says, read into numbers and words for a page."""

from __future__ import annotations

import statistics
from collections import deque
from dataclasses import dataclass
from typing import Any

from ..arrays import Image
from ..settings import Weights

# The middle of so many steps: one that had something to prepare does not count.
_RECENT = 9
_RECENT_FRAMES = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class StepRecord:
    """What a step of a run used and reached.

    `step_count` counts the steps of the whole run from 1, `frame_index` is None for a picture,
    and `weighted` are the summands of the loss by term: α L_content, β L_style and so on.
    """

    step_count: int
    frame_index: int | None
    weights: Weights
    weighted: dict[str, float]


class RunProgress:
    """Takes what a `Stylization` or a `VideoRun` yields, one after the other.

    The three kinds are told apart by what they have: a FrameStep has a `step`, a FrameResult a
    `frame_index` without one. So this module needs no TensorFlow, and tests need no network.
    `source` is asked for its `step_limit` (Stylization), or its `clip` and `settings` (VideoRun).
    """

    def __init__(self, source: Any) -> None:
        self._step_limit: int | None = getattr(source, "step_limit", None)
        clip = getattr(source, "clip", None)
        self.frame_count: int | None = None if clip is None else len(clip)
        self._settings: Any = getattr(source, "settings", None)
        self.step_count = 0
        self.frame_index: int | None = None
        self.record: StepRecord | None = None
        self.evaluations = 0
        self._finished_evaluations = 0
        self._step_index = -1
        self._scale_index, self._scale_start = 0, 0
        self._seconds: deque[float] = deque(maxlen=_RECENT)
        self._frame_steps: deque[int] = deque(maxlen=_RECENT_FRAMES)

    def take(self, event: Any, seconds: float) -> StepRecord | None:
        """Note an event that took `seconds`; gives the record if it was a step."""
        if _is_frame(event):
            self._take_frame(event)
            return None
        self.frame_index = getattr(event, "frame_index", None)
        step = getattr(event, "step", event)
        self.step_count += 1
        self._step_index = step.step_index
        if step.scale_index != self._scale_index:
            self._scale_index, self._scale_start = step.scale_index, step.step_index
            self._seconds.clear()
        self.evaluations = self._finished_evaluations + step.evaluations
        self._seconds.append(seconds)
        self.record = StepRecord(
            step_count=self.step_count,
            frame_index=self.frame_index,
            weights=step.weights,
            weighted=step.painted.weighted(step.weights),
        )
        return self.record

    @property
    def step_seconds(self) -> float | None:
        """How long a step takes of late, None before the first."""
        return statistics.median(self._seconds) if self._seconds else None

    @property
    def work_left(self) -> float | None:
        """What is still to come at most, in steps that take as long as those of now.

        None if nobody knows. For a clip it is a guess: later frames may end early.
        """
        if self.frame_count is None:
            return self._picture_work_left()
        limit = self._frame_limit(self.frame_index)
        if limit is None or self.frame_index is None:
            return None
        later = self.frame_count - self.frame_index - 1
        usual = statistics.mean(self._frame_steps or [self._frame_limit(1) or 0])
        return max(0, limit - self._step_index - 1) + later * usual

    @property
    def seconds_left(self) -> float | None:
        """About how long it still takes, None if nobody knows."""
        if self.step_seconds is None or self.work_left is None:
            return None
        return self.step_seconds * self.work_left

    @property
    def share(self) -> float | None:
        """How much is done, 0 to 1, if all steps are needed; None if nobody knows."""
        done = self._step_index + 1
        if self.frame_count is None or self.frame_index is None:
            return done / self._step_limit if self._step_limit else None
        limit = self._frame_limit(self.frame_index)
        return (self.frame_index + (done / limit if limit else 0.0)) / self.frame_count

    def facts(self, *, over: bool = False) -> list[tuple[str, str]]:
        """What to show of it: pairs of a name and its value; `over` when nothing comes any more."""
        facts = []
        if self.frame_count is not None:
            shown = 0 if self.frame_index is None else self.frame_index + 1
            facts.append(("frame", f"{shown} of {self.frame_count}"))
        limit = (
            self._step_limit if self.frame_count is None else self._frame_limit(self.frame_index)
        )
        of_limit = f" of at most {limit}" if limit else ""
        facts.append(("step", f"{self._step_index + 1}{of_limit}"))
        facts.append(("speed", speed_words(self.step_seconds)))
        facts.append(("evaluations", str(self.evaluations)))
        if not over:
            facts.append(("time left", time_words(self.seconds_left)))
        return facts

    def _take_frame(self, frame: Any) -> None:
        self.frame_index = frame.frame_index
        self._step_index = (self._frame_limit(frame.frame_index) or 0) - 1
        if frame.resumed:
            return
        self._finished_evaluations += frame.evaluations
        self.evaluations = self._finished_evaluations
        if not frame.cold:
            self._frame_steps.append(frame.steps)

    def _picture_work_left(self) -> float | None:
        if self._step_limit is None:
            return None
        if self._settings is None:
            return self._step_limit - self._step_index - 1
        steps = self._settings.steps
        here = steps - (self._step_index + 1 - self._scale_start)
        later = self._step_limit // steps - 1 - self._scale_index
        # Each scale has four times the pixels of the one before.
        return max(0, here) + steps * sum(4.0**power for power in range(1, later + 1))

    def _frame_limit(self, frame_index: int | None) -> int | None:
        """The most steps of a frame: the first is painted anew, later ones usually are not."""
        if self._settings is None or frame_index is None:
            return None
        if frame_index == 0 or self._settings.independent:
            return int(self._settings.image.steps * self._settings.image.scales)
        return int(self._settings.frame_steps)


def image_of(event: Any) -> Image:
    """The picture that an event of a run has."""
    image: Image = getattr(event, "step", event).image
    return image


def title_of(event: Any) -> str:
    """What the picture of an event is: "Frame 3 after 12 steps"."""
    if _is_frame(event):
        return f"Frame {event.frame_index}, finished"
    steps = getattr(event, "step", event).step_index + 1
    after = f"after {steps} {'step' if steps == 1 else 'steps'}"
    frame_index = getattr(event, "frame_index", None)
    return f"The picture {after}" if frame_index is None else f"Frame {frame_index} {after}"


def speed_words(step_seconds: float | None) -> str:
    """ "2.8 steps/s", or "1.4 s a step" where they are slow."""
    if step_seconds is None:
        return "–"
    if step_seconds >= 1:
        return f"{step_seconds:.2g} s a step"
    rate = 1 / max(step_seconds, 1e-4)
    return f"{rate:.0f} steps/s" if rate >= 100 else f"{rate:.3g} steps/s"


def time_words(seconds: float | None) -> str:
    """ "about 40 s", "about 3 min", "about 1 h 20 min"."""
    if seconds is None:
        return "–"
    if seconds < 1:
        return "under 1 s"
    if seconds < 90:
        return f"about {round(seconds)} s"
    minutes = round(seconds / 60)
    return f"about {minutes} min" if minutes < 90 else f"about {minutes // 60} h {minutes % 60} min"


def _is_frame(event: Any) -> bool:
    return hasattr(event, "frame_index") and not hasattr(event, "step")
