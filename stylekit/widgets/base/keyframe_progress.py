"""The progress of a run from keyframes: the painting of a key, the network's learning, frames."""

from __future__ import annotations

import statistics
from collections import deque
from typing import Any

from ...arrays import Image
from ...image.scales import max_steps, plan_scales
from ...image.scores import Scores
from ...settings import KeyMethod
from .run_progress import StepRecord, image_of, speed_words, time_words, title_of
from .series import TRAINING, Series, term_series
from .text import counted

# The median of so many steps or frames, so that a single slow one does not count.
_RECENT = 9


class KeyframeProgress:
    """The progress of a `KeyframeRun`; `take` is called with all that is yielded.

    It has what the player asks of a `RunProgress`. What is yielded is recognised by its attributes:
    a FrameStep has a `step`, a TrainingStep `losses`, a LearnedPicture `learned`, and a
    KeyframeResult `keys`.
    """

    def __init__(self, run: Any) -> None:
        self._run = run
        self._network = run.settings.network
        self.frame_count = len(run.clip)
        self.step_count = 0
        self.record: StepRecord | None = None
        # A player shows them of other runs; the paintings of keys are not scored.
        self.scores: Scores | None = None
        self._stage: Any = None
        self._done: set[int] = set()
        self._seconds: deque[float] = deque(maxlen=_RECENT)

    def take(self, event: Any, seconds: float) -> StepRecord | None:
        """Take an event that lasted `seconds`; returns a record if it was a step."""
        if hasattr(event, "learned"):
            return None
        stage = _stage_of(event)
        if self._stage is None or stage != _stage_of(self._stage):
            self._seconds.clear()
            self._done.clear()
        self._stage = event
        if stage == "frames":
            self._done.add(event.frame_index)
            if not event.resumed:
                self._seconds.append(seconds)
            return None
        self._seconds.append(seconds)
        self.step_count += 1
        if stage == "key":
            step = event.step
            self.record = StepRecord(
                step_count=self.step_count,
                frame_index=event.frame_index,
                weights=step.weights,
                weighted=step.painted.weighted(step.weights),
            )
        else:
            self.record = StepRecord(
                step_count=self.step_count,
                frame_index=None,
                weights=None,
                weighted={
                    series.name: getattr(self._network, series.name)
                    * event.losses.get(series.name, 0.0)
                    for series in TRAINING
                },
            )
        return self.record

    @property
    def series(self) -> tuple[Series, ...]:
        """The parts of the loss of the newest step: of a painting, or of the network."""
        learns = self.record is not None and self.record.weights is None
        return TRAINING if learns else term_series()

    @property
    def learns(self) -> bool:
        """Whether the network learns now."""
        return self._stage is not None and _stage_of(self._stage) == "training"

    @property
    def doing(self) -> str:
        """What the run does now, in words."""
        if self._stage is None:
            return "Preparing …"
        return {
            "key": "Painting the keyframe …",
            "training": "The network is learning …",
            "frames": "Painting the frames …",
        }[_stage_of(self._stage)]

    @property
    def taken(self) -> str:
        """How far it has come, in words."""
        steps = counted(self.step_count, "step")
        return f"{steps} and {counted(len(self._done), 'frame')}" if self._done else steps

    @property
    def share(self) -> float | None:
        """The finished share of what the run does now, 0 to 1; None if unknown."""
        if self._stage is None:
            return None
        if self._done:
            return len(self._done) / self.frame_count
        if self.learns:
            spent, steps = self._stage.seconds, self._stage.step_index + 1
            budget = self._network.seconds
            return min(1.0, max(steps / self._network.steps, spent / budget if budget else 1.0))
        limit = self._key_steps
        return (self._stage.step.step_index + 1) / limit if limit else None

    def shown(self, event: Any) -> tuple[Image, str] | None:
        """The picture of an event and its title; None for an event without one."""
        if hasattr(event, "losses"):
            return None
        if hasattr(event, "learned"):
            after = counted(event.learned, "step")
            words = f"Frame {event.frame_index}, as the network paints it after {after}"
            return event.image, words
        return image_of(event), title_of(event)

    def facts(self, *, ended: bool = False) -> list[tuple[str, str]]:
        """Pairs of a name and a value to show; a run that has ended has no time left."""
        by = "patches" if self._run.settings.method is KeyMethod.PATCH else "a network"
        facts = [("painted by", by)]
        if self._stage is None:
            return facts
        usual = statistics.median(self._seconds) if self._seconds else None
        left: float | None
        if self._done:
            missing = self.frame_count - len(self._done)
            left = None if usual is None else usual * missing
            facts.append(("frames", f"{len(self._done)} of {self.frame_count}"))
            facts.append(("speed", "–" if usual is None else f"{usual:.2g} s a frame"))
        elif self.learns:
            event, network = self._stage, self._network
            facts.append(("learned", f"{event.seconds:.0f} of {network.seconds:g} s"))
            taken = event.step_index + 1
            by_steps = (network.steps - taken) * (usual or 0.0)
            by_time = max(0.0, network.seconds - event.seconds)
            # The number of steps is a limit only if it is reached before the time is over.
            limit = f" of at most {network.steps}" if by_steps < by_time else ""
            facts.append(("step", f"{taken}{limit}"))
            facts.append(("speed", speed_words(usual)))
            left = min(by_steps, by_time)
        else:
            most, taken = self._key_steps, self._stage.step.step_index + 1
            facts.append(("keyframe", str(self._stage.frame_index)))
            facts.append(("step", f"{taken} of at most {most}" if most else str(taken)))
            facts.append(("speed", speed_words(usual)))
            left = usual * (most - taken) if usual is not None and most else None
        if not ended:
            facts.append(("time left", time_words(left)))
        return facts

    @property
    def _key_steps(self) -> int | None:
        """The most steps of the key that is painted."""
        for given in self._run.given:
            if given.frame_index == self._stage.frame_index and hasattr(given, "settings"):
                return max_steps(plan_scales(given.settings))
        return None


def _stage_of(event: Any) -> str:
    """What a run does that yields this: it paints a key, its network learns, it paints frames."""
    if hasattr(event, "step"):
        return "key"
    return "training" if hasattr(event, "losses") else "frames"
