"""A live curve of the weighted losses of a run, with marks where its weights were changed."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import traitlets
from numpy.typing import NDArray

from ...settings import Weights
from ..base.modules import bundle, stylesheet
from ..base.series import Series, term_series
from ..base.text import change_words, counted
from ..base.widget import LockedWidget

_HERE = Path(__file__).parent

# Dragging a slider changes the weights many times; that counts as one change.
_SAME_CHANGE_STEPS, _SAME_CHANGE_SECONDS = 2, 1.5


class LossCurve(LockedWidget):
    """A drawing of each term's share α L_content, β L_style … of the loss, on a logarithmic axis.

    Other parts of a loss than the `TERMS` are drawn if `use` names them, such as those of a network
    that learns. Steps count from 1. Each change of weights is marked with what changed; several
    changes shortly after each other count as one. For a clip, the first step of each frame is
    marked too. `add` only stores a step; `push` sends the page all that is new, four bytes for each
    step and term. Any thread may use the curve.

    Examples
    --------
    >>> curve = LossCurve()
    >>> losses = dict.fromkeys(sk.losses.TERMS, 0.5)
    >>> curve.add(losses, weights=sk.Weights())
    >>> curve.push()
    >>> len(curve)
    1

    The steps of a painting::

        for step in painting.steps(100, panel.current):
            curve.add(step.painted.weighted(step.weights), weights=step.weights)
            curve.push()
    """

    _esm = bundle(_HERE / "loss_curve.js")
    _css = stylesheet(_HERE.parent / "base" / "dom.css", _HERE / "loss_curve.css")

    _terms: traitlets.List[dict[str, Any]] = traitlets.List(
        help="See `Series`; in the order of the columns of the rows."
    ).tag(sync=True)
    _rows = traitlets.Bytes(help="All steps, for views that are opened later.").tag(sync=True)
    _round = traitlets.Int(help="Incremented by `clear`.").tag(sync=True)
    _changes: traitlets.List[list[Any]] = traitlets.List(
        help="[first step, last step, words] of each change of weights."
    ).tag(sync=True)
    _frames: traitlets.List[list[int]] = traitlets.List(
        help="[first step, frame index] of each frame."
    ).tag(sync=True)
    viewed = traitlets.Int(help="The step that is looked at, 0 for none.").tag(sync=True)
    _alt = traitlets.Unicode("No step has been taken yet.").tag(sync=True)

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._series = term_series()
        self._history = _History(self._series)
        self._sent = 0
        super().__init__(_terms=[series.to_page() for series in self._series])

    def __len__(self) -> int:
        return self._history.count

    @property
    def series(self) -> tuple[Series, ...]:
        """What is drawn."""
        return self._series

    def use(self, series: Sequence[Series]) -> None:
        """Draw these parts of a loss from now on; removes all steps if they are others."""
        with self.updating():
            if tuple(series) != self._series:
                self._series = tuple(series)
                self._terms = [each.to_page() for each in series]
                self.clear()

    def add(
        self,
        terms: Mapping[str, float],
        *,
        weights: Weights | None = None,
        frame_index: int | None = None,
    ) -> None:
        """Store a step: its weighted losses by name, and the weights that it used, if they can
        change.

        Raises KeyError if a part of the loss is missing.
        """
        with self.lock:
            self._history.add(terms, weights, frame_index, self._clock())

    def push(self, *, keep: bool = False) -> None:
        """Send the page all that is new.

        With `keep`, at the end or in a pause, all steps are stored for views that are opened later.
        """
        with self.updating():
            if self._sent < len(self):
                self._send_rows(self._sent)
            self._changes, self._frames = self._history.changes(), self._history.frames
            self._alt = self._history.words()
            if keep:
                self._rows = self._history.rows().tobytes()

    def clear(self) -> None:
        """Remove all steps, for another run."""
        with self.updating():
            self._history = _History(self._series)
            self._sent = 0
            self._round += 1
            self._rows = b""
            self.push()

    def _send_rows(self, start: int) -> None:
        rows = self._history.rows(start).tobytes()
        self.send({"type": "rows", "from": start, "round": self._round}, [rows])
        self._sent = len(self)

    def _receive(self, message: Any, _buffers: Sequence[memoryview]) -> None:
        # A new view, or one that has missed rows, asks for all of them.
        if message.get("type") == "rows?":
            with self.lock:
                self._send_rows(0)


class _History:
    """The rows of a run, its changes of weights, and its frames."""

    def __init__(self, series: Sequence[Series]) -> None:
        self._series = tuple(series)
        self._table = np.zeros((256, len(series)), np.float32)
        self.count = 0
        self._weights: Weights | None = None
        self._frame_index: int | None = None
        # First and last step of each change, the weights before it, and its text.
        self._changes: list[tuple[int, int, Weights, str]] = []
        self._changed_at = 0.0
        self.frames: list[list[int]] = []

    def add(
        self,
        terms: Mapping[str, float],
        weights: Weights | None,
        frame_index: int | None,
        now: float,
    ) -> None:
        if self.count == len(self._table):
            self._table = np.concatenate([self._table, np.zeros_like(self._table)])
        self._table[self.count] = [terms[series.name] for series in self._series]
        self.count += 1
        self._note_change(weights, now)
        if frame_index is not None and frame_index != self._frame_index:
            self._frame_index = frame_index
            self.frames = [*self.frames, [self.count, frame_index]]

    def rows(self, start: int = 0) -> NDArray[np.float32]:
        return self._table[start : self.count]

    def changes(self) -> list[list[Any]]:
        return [[first, last, words] for first, last, _before, words in self._changes]

    def words(self) -> str:
        if not self.count:
            return "No step has been taken yet."
        first, now = self._table[0], self._table[self.count - 1]
        terms = [
            f"{series.label} {now[column]:.2g}, at first {first[column]:.2g}"
            for column, series in enumerate(self._series)
            if now[column] > 0
        ]
        steps = counted(self.count, "step")
        words = f"Weighted loss after {steps}: {'; '.join(terms) or 'all terms off'}."
        if self._changes:
            step, _last, _before, change = self._changes[-1]
            words += f" Last change of weights at step {step}: {change}."
        return words

    def _note_change(self, weights: Weights | None, now: float) -> None:
        before, self._weights = self._weights, weights
        if before is None or weights is None or before == weights:
            return
        first = self.count
        if self._changes:
            start, end, original, _words = self._changes[-1]
            recent = now - self._changed_at <= _SAME_CHANGE_SECONDS
            if recent or self.count - end <= _SAME_CHANGE_STEPS:
                first, before = start, original
                self._changes.pop()
        if words := change_words(before, weights):
            self._changes.append((first, self.count, before, words))
        self._changed_at = now
