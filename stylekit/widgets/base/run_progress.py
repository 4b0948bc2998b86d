"""The progress of a run, computed from what its steps report, as numbers and text for a page."""

from __future__ import annotations

import statistics
from collections import deque
from dataclasses import dataclass
from typing import Any

from ...arrays import Image
from ...image.scales import Scale, max_steps, plan_scales
from ...image.scores import Scores
from ...media.images import resize_image
from ...settings import Weights
from .series import Series, term_series
from .text import counted

# The median of so many steps, so that a single slow one does not count.
_RECENT_STEPS = 9
_RECENT_FRAMES = 5
# The first step loads and compiles: what is left is told when it no longer counts.
_FIRST_STEPS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class StepRecord:
    """What a step of a run used and reached.

    `step_count` counts the steps of the whole run from 1, `frame_index` is None for a picture,
    and `weighted` are the summands of the loss by name: α L_content, β L_style and so on. `weights`
    is None for a step of a network that learns.
    """

    step_count: int
    frame_index: int | None
    weights: Weights | None
    weighted: dict[str, float]


class RunProgress:
    """The progress of a `Stylization` or a `VideoRun`; `take` is called with all that it yields.

    What is yielded is recognised by its attributes: a FrameStep has a `step`, a FrameResult a
    `frame_index` but no `step`. The same holds for `source`: a Stylization has a `step_limit` and
    `scales`, a VideoRun a `clip` and `settings`. So tests need no network.
    """

    def __init__(self, source: Any) -> None:
        self._step_limit: int | None = getattr(source, "step_limit", None)
        clip = getattr(source, "clip", None)
        self.frame_count: int | None = None if clip is None else len(clip)
        self._picture_scales: tuple[Scale, ...] | None = getattr(source, "scales", None)
        self._settings: Any = getattr(source, "settings", None)
        self._pass_count: int = getattr(self._settings, "passes", 1)
        self._pass = 1
        self.step_count = 0
        self.frame_index: int | None = None
        self.record: StepRecord | None = None
        # Of the picture when it is finished, of a clip's newest frame.
        self.scores: Scores | None = None
        self.evaluations = 0
        self._finished_evaluations = 0
        self._step_index = -1
        self._scale_index, self._scale_start = 0, 0
        self._shape: tuple[int, ...] = ()
        self._cold = False
        self._seconds: deque[float] = deque(maxlen=_RECENT_STEPS)
        self._frame_steps: deque[int] = deque(maxlen=_RECENT_FRAMES)

    @property
    def series(self) -> tuple[Series, ...]:
        """The parts of the loss."""
        return term_series()

    @property
    def doing(self) -> str:
        """What the run does now, in words."""
        if self.step_count:
            return "Painting …"
        return "Preparing: the network is loaded and compiled …"

    @property
    def taken(self) -> str:
        """How far it has come, in words."""
        return counted(self.step_count, "step")

    def shown(self, event: Any) -> tuple[Image, str] | None:
        """The picture of an event and its title; None for an event without one."""
        return image_of(event), title_of(event)

    def take(self, event: Any, seconds: float) -> StepRecord | None:
        """Take an event that lasted `seconds`; returns a record if it was a step."""
        if _is_frame(event):
            self._take_frame(event)
            return None
        self.frame_index = getattr(event, "frame_index", None)
        self._pass = getattr(event, "pass_number", 1)
        if self.frame_count is None:
            self.scores = None  # a picture that goes on is no longer the one that was scored
        step = getattr(event, "step", event)
        self.step_count += 1
        self._step_index = step.step_index
        if step.scale_index != self._scale_index:
            self._scale_index, self._scale_start = step.scale_index, step.step_index
        if step.image.shape != self._shape:
            self._shape = step.image.shape
            self._seconds.clear()
        if self.frame_count is not None and self._settings is not None:
            small = max(self._shape) < self._settings.image.size
            self._cold = step.scale_index > 0 or small
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
        """The duration of the recent steps, None before the first."""
        return statistics.median(self._seconds) if self._seconds else None

    @property
    def work_left(self) -> float | None:
        """The most that is left to do, in steps of the current duration; None if unknown.

        For a clip it is an estimate, because later frames may need fewer steps.
        """
        scales = self._scales(self.frame_index)
        if scales is None:
            limit = self._step_limit
            return None if limit is None else max(0, limit - self._step_index - 1)
        now = scales[self._scale_index]
        here = max(0, now.steps - (self._step_index + 1 - self._scale_start))
        later = sum(
            scale.steps * _relative_duration(scale, now)
            for scale in scales[self._scale_index + 1 :]
        )
        if self.frame_count is None or self.frame_index is None:
            return here + later
        frames = self.frame_count * self._pass_count - self._frames_before - 1
        usual = statistics.mean(self._frame_steps or [self._limit(self.frame_index + 1) or 0])
        return here + later + frames * usual * _relative_duration(scales[-1], now)

    @property
    def seconds_left(self) -> float | None:
        """About how many seconds are left, None if unknown."""
        if self.step_seconds is None or self.work_left is None:
            return None
        return self.step_seconds * self.work_left

    @property
    def share(self) -> float | None:
        """The finished share of the run, 0 to 1, if all steps are needed; None if unknown."""
        done = self._step_index + 1
        if self.frame_count is None or self.frame_index is None:
            return done / self._step_limit if self._step_limit else None
        limit = self._limit(self.frame_index)
        frames = self._frames_before + (done / limit if limit else 0.0)
        return frames / (self.frame_count * self._pass_count)

    def facts(self, *, ended: bool = False) -> list[tuple[str, str]]:
        """Pairs of a name and a value to show; a run that has ended has no time left."""
        facts = []
        if self.frame_count is not None:
            shown = 0 if self.frame_index is None else self.frame_index + 1
            if self._pass_count > 1:
                facts.append(("pass", f"{self._pass} of {self._pass_count}"))
            facts.append(("frame", f"{shown} of {self.frame_count}"))
        limit = self._limit(self.frame_index)
        of_limit = f" of at most {limit}" if limit else ""
        facts.append(("step", f"{self._step_index + 1}{of_limit}"))
        facts.append(("speed", speed_words(self.step_seconds)))
        facts.append(("evaluations", str(self.evaluations)))
        if self.scores:
            facts.extend(self.scores.facts)
        if not ended:
            known = self.step_count >= _FIRST_STEPS
            facts.append(("time left", time_words(self.seconds_left if known else None)))
        return facts

    @property
    def _frames_before(self) -> int:
        """How many frames were finished before this one, in all passes."""
        assert self.frame_count is not None and self.frame_index is not None
        # Every second pass goes against the time.
        forward = self._pass % 2 == 1
        here = self.frame_index if forward else self.frame_count - 1 - self.frame_index
        return (self._pass - 1) * self.frame_count + here

    def _take_frame(self, frame: Any) -> None:
        self.frame_index = frame.frame_index
        self._pass = getattr(frame, "pass_number", 1)
        self.scores = getattr(frame, "scores", None)
        self._cold = frame.cold and self._pass == 1
        # A finished frame has no steps left, on any scale.
        scales = self._scales(frame.frame_index) or ()
        self._scale_index, self._scale_start = max(0, len(scales) - 1), 0
        self._step_index = max_steps(scales) - 1
        if frame.resumed:
            return
        self._finished_evaluations += frame.evaluations
        self.evaluations = self._finished_evaluations
        if not frame.cold:
            self._frame_steps.append(frame.steps)

    def _scales(self, frame_index: int | None) -> tuple[Scale, ...] | None:
        """The scales of the picture or of a frame; None if unknown.

        The first frame starts at the smallest scale. A later one does so only after a cut, which is
        known when its first step has been taken.
        """
        if self.frame_count is None:
            return self._picture_scales
        if self._settings is None or frame_index is None:
            return None
        image = self._settings.image
        cut = self._cold and frame_index == self.frame_index
        first = frame_index == 0 or cut or self._settings.independent
        if first and self._pass == 1:
            return plan_scales(image)
        return (Scale(size=image.size, steps=self._later_limit(frame_index)),)

    def _later_limit(self, frame_index: int) -> int:
        """The most steps of a later frame; it may take those of a picture if the weights move."""
        usual = self._settings.frame_steps
        moved = max(usual, self._settings.image.steps)
        taken = self._step_index + 1 if frame_index == self.frame_index else 0
        return next((limit for limit in (usual, moved) if taken <= limit), usual + moved)

    def _limit(self, frame_index: int | None) -> int | None:
        """The most steps of the picture or of a frame."""
        if self.frame_count is None:
            return self._step_limit
        scales = self._scales(frame_index)
        return None if scales is None else max_steps(scales)


def _relative_duration(scale: Scale, now: Scale) -> float:
    """The duration of a step at `scale` in steps at `now`; it is proportional to the pixels."""
    return (scale.size / now.size) ** 2


def image_of(event: Any) -> Image:
    """The picture of an event of a run."""
    image: Image = getattr(event, "step", event).image
    return image


def enlarged(image: Image, source: Any) -> Image:
    """A picture of a run at full size, so that pictures of small scales are not drawn smaller."""
    clip = getattr(source, "clip", None)
    size = clip[0].shape[1::-1] if clip else getattr(source, "size", None)
    return image if size in (None, image.shape[1::-1]) else resize_image(image, size)


def title_of(event: Any) -> str:
    """What the picture of an event is: "Frame 3 after 12 steps", "Frame 3, pass 2, finished"."""
    number = getattr(event, "pass_number", 1)
    again = f", pass {number}," if number > 1 else ""
    if _is_frame(event):
        return f"Frame {event.frame_index}{again or ','} finished"
    after = f"after {counted(getattr(event, 'step', event).step_index + 1, 'step')}"
    frame_index = getattr(event, "frame_index", None)
    return f"The picture {after}" if frame_index is None else f"Frame {frame_index}{again} {after}"


def speed_words(step_seconds: float | None) -> str:
    """The speed of steps of this duration, "–" if it is None.

    >>> speed_words(0.36), speed_words(1.4)
    ('2.78 steps/s', '1.4 s a step')
    """
    if step_seconds is None:
        return "–"
    if step_seconds >= 1:
        return f"{step_seconds:.2g} s a step"
    rate = 1 / max(step_seconds, 1e-4)
    return f"{rate:.0f} steps/s" if rate >= 100 else f"{rate:.3g} steps/s"


def time_words(seconds: float | None) -> str:
    """A duration, "–" if it is None.

    >>> [time_words(seconds) for seconds in (0.2, 40, 190, 4800)]
    ['under 1 s', 'about 40 s', 'about 3 min', 'about 80 min']
    """
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
