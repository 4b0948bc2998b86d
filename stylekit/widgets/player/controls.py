"""The part of a player on the page: its buttons, its status and its numbers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from enum import Enum
from pathlib import Path
from typing import Any

import traitlets

from ..base.loop import LoopState, StopReason
from ..base.modules import bundle, stylesheet
from ..base.series import Series, term_series
from ..base.widget import LockedWidget

_HERE = Path(__file__).parent
_REASONS = {
    StopReason.REPLACED: ": another player has taken its name",
    StopReason.PAGE_GONE: ", because its page was closed or lost; what is finished is kept",
    StopReason.INTERRUPTED: " by an interrupt",
}


class Command(Enum):
    """What a user asks for with a button."""

    START = "start"
    PAUSE = "pause"
    RESUME = "resume"
    STOP = "stop"
    STEP = "step"


class PlayerControls(LockedWidget):
    """Buttons that fit the state of a run, a status line, and the numbers of the run.

    The page reports every 20 seconds that it is open, also in the background. While `ticking` is
    True it asks for one step after the other, for notebooks that show only answers to requests.
    Callbacks run on any thread and must show their own exceptions (see `Alerts`).
    """

    _esm = bundle(_HERE / "controls.js")
    _css = stylesheet(_HERE.parent / "base" / "dom.css", _HERE / "controls.css", _HERE / "page.css")

    _state = traitlets.Unicode(LoopState.IDLE.value).tag(sync=True)
    _status = traitlets.Unicode("Ready.").tag(sync=True)
    _facts: traitlets.List[list[str]] = traitlets.List().tag(sync=True)
    _terms: traitlets.List[dict[str, Any]] = traitlets.List(help="See `Series`.").tag(sync=True)
    _losses: traitlets.Dict[str, float] = traitlets.Dict().tag(sync=True)
    _share = traitlets.Float(None, allow_none=True, help="0 to 1, None if unknown.").tag(sync=True)
    ticking = traitlets.Bool().tag(sync=True)

    def __init__(
        self,
        *,
        on_command: Callable[[Command], object],
        on_page_seen: Callable[[], object],
        on_tick: Callable[[], object],
    ) -> None:
        self._on_command, self._on_page_seen, self._on_tick = on_command, on_page_seen, on_tick
        super().__init__(_terms=_to_page(term_series()))

    def show_state(self, state: LoopState, words: str, *, ticking: bool = False) -> None:
        """Show the buttons that fit `state`, and `words` as the status."""
        with self.updating():
            self._state, self._status, self.ticking = state.value, words, ticking

    def show_numbers(
        self,
        facts: Sequence[tuple[str, str]],
        losses: Mapping[str, float],
        *,
        share: float | None,
        series: Sequence[Series] | None = None,
    ) -> None:
        """Show pairs of a name and a value, weighted losses by name, and the finished share.

        `series` are the parts of the loss, the `TERMS` unless given.
        """
        with self.updating():
            self._terms = _to_page(term_series() if series is None else series)
            self._facts = [list(fact) for fact in facts]
            self._losses, self._share = dict(losses), share

    def _receive(self, message: Any, _buffers: Sequence[memoryview]) -> None:
        kind = message.get("type")
        if kind == "press":
            self._on_command(Command(message["what"]))
        elif kind == "open":
            self._on_page_seen()
        elif kind == "tick":
            try:
                self._on_tick()
            finally:
                self.send({"type": "ticked"})


def _to_page(series: Sequence[Series]) -> list[dict[str, Any]]:
    return [each.to_page() for each in series]


def status_words(
    state: LoopState, taken: str, reason: StopReason | None = None, *, doing: str = "Preparing …"
) -> str:
    """The status of a run as a sentence.

    `taken` says what it has done, `doing` what it does while it runs, and `reason` why it was
    stopped.

    >>> status_words(LoopState.PAUSED, "1 step")
    'Paused after 1 step.'
    """
    after = f"after {taken}"
    because = _REASONS.get(reason, "") if reason else ""
    return {
        LoopState.IDLE: "Ready.",
        LoopState.RUNNING: doing,
        LoopState.PAUSED: f"Paused {after}.",
        LoopState.DONE: f"Done {after}.",
        LoopState.STOPPED: f"Stopped {after}{because}.",
        LoopState.FAILED: f"Ended by an error {after}; see the message.",
    }[state]
