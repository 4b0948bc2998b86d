"""The weighted losses of a run while it goes on, and where its weights were changed."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import anywidget
import numpy as np
import traitlets
from numpy.typing import NDArray

from ...losses import TERMS
from ...settings import Weights
from ..base.modules import bundle, stylesheet
from ..base.weight_words import change_words, page_terms

_HERE = Path(__file__).parent

# A slider that is dragged changes the weights again and again: that is one change.
_SAME_CHANGE_STEPS, _SAME_CHANGE_SECONDS = 2, 1.5


class LossCurve(anywidget.AnyWidget):
    """A drawing of each term's share α L_content, β L_style … in the loss, on a logarithmic axis.

    >>> curve = LossCurve()
    >>> for step in painting.steps(100, panel.current):
    ...     curve.add(step.painted.weighted(step.weights), weights=step.weights)
    ...     curve.push()

    Steps count from 1. A change of weights is marked with what changed, changes that follow
    each other closely as one; for a clip the first step of each frame is marked too.
    `add` only takes notes: `push` sends the page what came since, four bytes a step and term.
    Any thread may use it.
    """

    _esm = bundle(_HERE / "loss_curve.js")
    _css = stylesheet(_HERE.parent / "base" / "dom.css", _HERE / "loss_curve.css")

    _terms: traitlets.List[dict[str, Any]] = traitlets.List(
        help="Name, colour and dashes of each curve, in the order of the columns of the rows."
    ).tag(sync=True)
    _rows = traitlets.Bytes(help="All steps, for views that come later.").tag(sync=True)
    _round = traitlets.Int(help="Grows when the curve begins anew.").tag(sync=True)
    _changes: traitlets.List[list[Any]] = traitlets.List(
        help="[first step, last step, words] of each change of weights."
    ).tag(sync=True)
    _frames: traitlets.List[list[int]] = traitlets.List(
        help="[first step, frame index] of each frame."
    ).tag(sync=True)
    _alt = traitlets.Unicode("No step has been taken yet.").tag(sync=True)

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._lock = threading.RLock()
        self._clock = clock
        self._notes = _Notes()
        self._sent = 0
        super().__init__(_terms=page_terms())
        self.on_msg(self._answer)

    def __len__(self) -> int:
        return self._notes.count

    def add(
        self, terms: Mapping[str, float], *, weights: Weights, frame_index: int | None = None
    ) -> None:
        """Take note of a step: its weighted losses by term, and the weights that it used.

        Raises KeyError if a term is missing.
        """
        with self._lock:
            self._notes.add(terms, weights, frame_index, self._clock())

    def push(self, *, settled: bool = False) -> None:
        """Send the page what it has not got yet.

        With `settled`, at the end or in a pause, everything is kept for views that come later.
        """
        with self._lock, self.hold_sync():
            if self._sent < len(self):
                self._send_rows(self._sent)
            self._changes, self._frames = self._notes.changes(), self._notes.frames
            self._alt = self._notes.words()
            if settled:
                self._rows = self._notes.rows().tobytes()

    def clear(self) -> None:
        """Begin anew, for another run."""
        with self._lock, self.hold_sync():
            self._notes = _Notes()
            self._sent = 0
            self._round += 1
            self._rows = b""
            self.push()

    def set_state(self, sync_data: dict[str, Any]) -> None:
        """Take what the page writes, under the lock (see `PictureCanvas.set_state`)."""
        with self._lock:
            super().set_state(sync_data)

    def _send_rows(self, start: int) -> None:
        rows = self._notes.rows(start).tobytes()
        self.send({"type": "rows", "from": start, "round": self._round}, [rows])
        self._sent = len(self)

    def _answer(self, _widget: object, content: Any, _buffers: object) -> None:
        """A view that has just been made, or has missed something, asks for all rows."""
        if content.get("type") == "rows?":
            with self._lock:
                self._send_rows(0)


class _Notes:
    """What is known of a run: its rows, changes of weights, and frames."""

    def __init__(self) -> None:
        self._table = np.zeros((256, len(TERMS)), np.float32)
        self.count = 0
        self._weights: Weights | None = None
        self._frame_index: int | None = None
        # First and last step of each change, the weights before it, and its words.
        self._moved: list[tuple[int, int, Weights, str]] = []
        self._moved_at = 0.0
        self.frames: list[list[int]] = []

    def add(
        self, terms: Mapping[str, float], weights: Weights, frame_index: int | None, now: float
    ) -> None:
        if self.count == len(self._table):
            self._table = np.concatenate([self._table, np.zeros_like(self._table)])
        self._table[self.count] = [terms[name] for name in TERMS]
        self.count += 1
        self._note_change(weights, now)
        if frame_index is not None and frame_index != self._frame_index:
            self._frame_index = frame_index
            self.frames = [*self.frames, [self.count, frame_index]]

    def rows(self, start: int = 0) -> NDArray[np.float32]:
        return self._table[start : self.count]

    def changes(self) -> list[list[Any]]:
        return [[first, last, words] for first, last, _before, words in self._moved]

    def words(self) -> str:
        if not self.count:
            return "No step has been taken yet."
        first, now = self._table[0], self._table[self.count - 1]
        terms = [
            f"{term.label} {now[column]:.2g}, at first {first[column]:.2g}"
            for column, term in enumerate(TERMS.values())
            if now[column] > 0
        ]
        steps = f"{self.count} {'step' if self.count == 1 else 'steps'}"
        words = f"Weighted loss after {steps}: {'; '.join(terms) or 'all terms off'}."
        if self._moved:
            step, _last, _before, change = self._moved[-1]
            words += f" Last change of weights at step {step}: {change}."
        return words

    def _note_change(self, weights: Weights, now: float) -> None:
        before, self._weights = self._weights, weights
        if before is None or before == weights:
            return
        first = self.count
        if self._moved and self._goes_on(now):
            first, _last, before, _words = self._moved.pop()
        if words := change_words(before, weights):
            self._moved.append((first, self.count, before, words))
        self._moved_at = now

    def _goes_on(self, now: float) -> bool:
        steps = self.count - self._moved[-1][1]
        return steps <= _SAME_CHANGE_STEPS or now - self._moved_at <= _SAME_CHANGE_SECONDS
