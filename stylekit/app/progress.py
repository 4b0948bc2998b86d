"""Progress on the command line: a bar on a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
import time
from typing import Protocol, TextIO

from tqdm import tqdm

from .terminal import tell

# Seconds between two readings of the 8-bit loss, each of which takes a third of a step's time.
_LOSS_EVERY = 2.0
# Seconds between two plain lines, which usually end up in a log.
_LINE_EVERY = 10.0
# The time left is not told before so many steps at the present scale were timed.
_STEPS_TO_ESTIMATE = 3


class HasLoss(Protocol):
    """The part of a step that progress needs."""

    @property
    def scale_index(self) -> int:
        """The index of the scale, from coarse to fine, at which the step was taken."""
        ...

    @property
    def weighted_loss(self) -> float:
        """The weighted loss of the 8-bit picture."""
        ...


class Progress:
    """Shows the steps, the loss, the frames and the time left, within a `with` block.

    Parameters
    ----------
    total : the largest number of steps; a frame that needs fewer makes the bar jump ahead
    frame_count : the number of frames
    pass_count : how often each frame is painted
    stream : where to write, the standard error stream if None

    Examples
    --------
    ::

        with Progress(stylization.step_limit) as progress:
            for step in stylization.steps():
                progress.step(step)
    """

    def __init__(
        self,
        total: int,
        *,
        frame_count: int = 1,
        pass_count: int = 1,
        stream: TextIO | None = None,
    ) -> None:
        self._stream = stream or sys.stderr
        self._pass_count, self._pass = pass_count, 1
        self._total, self._frame_count = total, frame_count
        self._steps, self._frame = 0, 0
        self._scale_index, self._scale_start = -1, 0
        self._loss = ""
        self._loss_time = self._line_time = -_LOSS_EVERY
        self._scale_time = time.monotonic()
        self._bar = None
        if self._stream.isatty():
            self._bar = tqdm(total=total, unit="step", file=self._stream, dynamic_ncols=True)

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, *exception: object) -> None:
        if self._bar is not None:
            self._bar.close()

    def step(self, step: HasLoss, *, frame_index: int = 0, pass_number: int = 1) -> None:
        """Count a step of a frame."""
        self._frame, self._pass = frame_index, pass_number
        now = time.monotonic()
        if step.scale_index != self._scale_index:
            # A step at another scale takes a different time, so the estimate starts again. The
            # first one does not count: TensorFlow prepares the network for the size in it.
            self._scale_index, self._scale_start = step.scale_index, self._steps + 1
            self._scale_time = now
        self._steps += 1
        if now - self._loss_time >= _LOSS_EVERY:
            self._loss = f"loss {step.weighted_loss:.3g}"
            self._loss_time = now
        if self._bar is not None:
            self._bar.set_postfix_str(self._facts(), refresh=False)
            self._bar.update()
        elif now - self._line_time >= _LINE_EVERY:
            self._line_time = now
            self._line(
                f"step {self._steps} of at most {self._total}, {self._facts()}{self._left()}"
            )

    def training(self, step_index: int, loss: float, *, seconds: float, limit: float) -> None:
        """Report a step of training that has lasted for `seconds` of at most `limit`."""
        self._loss = f"loss {loss:.3g}"
        words = f"training, {self._loss}, {seconds:.0f} of at most {limit:.0f} s"
        now = time.monotonic()
        if self._bar is not None:
            self._bar.set_postfix_str(words, refresh=False)
            self._bar.update()
        elif now - self._line_time >= _LINE_EVERY:
            self._line_time = now
            self._line(f"step {step_index + 1}, {words}")

    def frame(
        self, frame_index: int, *, max_steps_left: int, facts: str, pass_number: int = 1
    ) -> None:
        """Report a finished frame; at most `max_steps_left` steps follow it."""
        self._pass = pass_number
        self._total = self._steps + max_steps_left
        if self._bar is not None:
            self._bar.total = self._total
            self._bar.refresh()
        else:
            done = f"frame {frame_index + 1} of {self._frame_count} finished, {facts}"
            self._line(self._pass_words() + done + self._left())
            self._line_time = time.monotonic()

    def _facts(self) -> str:
        if self._frame_count == 1:
            return self._loss
        return f"{self._pass_words()}frame {self._frame + 1}/{self._frame_count}, {self._loss}"

    def _pass_words(self) -> str:
        return f"pass {self._pass} of {self._pass_count}, " if self._pass_count > 1 else ""

    def _left(self) -> str:
        steps = self._steps - self._scale_start
        if steps < _STEPS_TO_ESTIMATE or self._steps >= self._total:
            return ""
        seconds = (time.monotonic() - self._scale_time) / steps * (self._total - self._steps)
        return f", at most about {_duration(seconds)} left"

    def _line(self, text: str) -> None:
        tell(text, self._stream)


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest:02d} s" if minutes else f"{rest} s"
