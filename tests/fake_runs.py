"""Runs whose steps cost nothing, for tests of what drives them; they need no network."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from stylekit.arrays import Image
from stylekit.settings import Weights


@dataclass(frozen=True)
class FakeLosses:
    """Losses that fall with the steps."""

    step_index: int

    def weighted(self, weights: Weights) -> dict[str, float]:
        """Summands of the loss by term."""
        fall = 1 / (1 + self.step_index)
        return {
            "content": weights.alpha * 4e-3 * (2 - fall),
            "style": weights.beta * (5e-7 + 2e-5 * fall),
            "temporal": weights.gamma * 1e-6 if self.step_index % 40 > 20 else 0.0,
            "edges": weights.edges * 2e-3,
            "tv": weights.tv * 1e-2,
        }


@dataclass(frozen=True, kw_only=True)
class FakeStep:
    """What a `Step` has."""

    step_index: int
    image: Image
    weights: Weights
    evaluations: int
    scale_index: int = 0

    @property
    def painted(self) -> FakeLosses:
        """Losses by term."""
        return FakeLosses(self.step_index)


@dataclass(frozen=True)
class FakeFrameStep:
    """What a `FrameStep` has."""

    frame_index: int
    step: FakeStep


@dataclass(frozen=True, kw_only=True)
class FakeFrame:
    """What the player asks of a `FrameResult`."""

    frame_index: int
    image: Image
    steps: int
    evaluations: int
    cold: bool
    resumed: bool = False


class FakeRun:
    """A picture of `size` pixels whose red tells the weight of style in the step that made it.

    `steps` waits `seconds` before each step, and raises in step `fail_at`. It is noise, unless
    `image` is given.
    """

    def __init__(
        self,
        count: int = 100,
        *,
        seconds: float = 0.0,
        size: int = 64,
        image: Image | None = None,
        fail_at: int | None = None,
    ) -> None:
        self.step_limit = count
        self.seconds, self.fail_at = seconds, fail_at
        noise = np.random.default_rng(0).random((size, size, 3), np.float32)
        self.image = (0.2 + 0.6 * noise).astype(np.float32) if image is None else image
        self.used: list[Weights] = []
        self.closed = 0

    def steps(self, *, weights: Callable[[], Weights] | None = None) -> Iterator[FakeStep]:
        """One step after the other, from the first that is missing."""
        try:
            while len(self.used) < self.step_limit:
                now = weights() if weights else Weights()
                yield self.step(now)
        finally:
            self.closed += 1

    def step(self, now: Weights) -> FakeStep:
        """One step with these weights."""
        index = len(self.used)
        time.sleep(self.seconds)
        if index == self.fail_at:
            raise ValueError(f"step {index} cannot be <painted>")
        self.used.append(now)
        self.image = np.roll(self.image, 1, axis=1)
        self.image[:, :, 0] = red_of(now)
        return FakeStep(
            step_index=index, image=self.image.copy(), weights=now, evaluations=index + 2
        )


class FakeClip:
    """A clip of such pictures, `steps` a frame."""

    def __init__(self, frames: int = 3, *, steps: int = 4, seconds: float = 0.0) -> None:
        self.clip = [FakeRun(size=48).image for _ in range(frames)]
        self.frame_limit, self.seconds = steps, seconds
        self.settings = _FakeVideoSettings(steps)

    def steps(self, *, weights: Callable[[], Weights] | None = None) -> Iterator[Any]:
        """Steps and finished frames, as a `VideoRun` yields them."""
        for frame_index in range(len(self.clip)):
            run = FakeRun(self.frame_limit, seconds=self.seconds, size=48)
            for step in run.steps(weights=weights):
                yield FakeFrameStep(frame_index, step)
            yield FakeFrame(
                frame_index=frame_index,
                image=run.image,
                steps=self.frame_limit,
                evaluations=self.frame_limit + 1,
                cold=frame_index == 0,
            )


@dataclass(frozen=True)
class _FakeImageSettings:
    steps: int
    scales: int = 1
    size: int = 48


class _FakeVideoSettings:
    def __init__(self, steps: int) -> None:
        self.frame_steps, self.independent = steps, False
        self.image = _FakeImageSettings(steps)


def red_of(weights: Weights) -> float:
    """The red of a picture: a hundredth of the 8-bit range for each tenth of a power of ten."""
    return min(1.0, max(0.0, 0.1 + 0.1 * math.log10(max(weights.beta, 1.0))))
