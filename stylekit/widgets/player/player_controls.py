"""The page's half of a player: its buttons, its status, its numbers, and its heartbeat."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from enum import Enum
from pathlib import Path
from typing import Any

import anywidget
import traitlets

from ..base.loop import Ending, LoopState
from ..base.modules import bundle, stylesheet
from ..base.weight_words import page_terms

_HERE = Path(__file__).parent
_REASONS = {
    Ending.REPLACED: ": another player has taken its name",
    Ending.PAGE_GONE: ", because its page was not heard of any more; what is finished is kept",
    Ending.INTERRUPTED: " by an interrupt",
}


class Press(Enum):
    """What a person asks for with a button."""

    START = "start"
    PAUSE = "pause"
    RESUME = "resume"
    STOP = "stop"
    STEP = "step"


class PlayerControls(anywidget.AnyWidget):
    """Buttons that fit the state of a run, a line that says how it stands, and its numbers.

    A page that shows it says every 20 seconds that it is there, also in the background. While
    `ticking` it asks for one step after the other, for notebooks in which nothing is shown that
    comes without being asked for.

    Callbacks come on any thread; what they raise must be shown by themselves (see `Alerts`).
    """

    _esm = bundle(_HERE / "player_controls.js")
    _css = stylesheet(_HERE.parent / "base" / "dom.css", _HERE / "player_controls.css")

    _state = traitlets.Unicode(LoopState.IDLE.value).tag(sync=True)
    _status = traitlets.Unicode("Ready.").tag(sync=True)
    _facts: traitlets.List[list[str]] = traitlets.List().tag(sync=True)
    _terms: traitlets.List[dict[str, Any]] = traitlets.List(
        help="Name, label and colour of each term of the loss."
    ).tag(sync=True)
    _losses: traitlets.Dict[str, float] = traitlets.Dict().tag(sync=True)
    _share = traitlets.Float(
        None, allow_none=True, help="How much is done, 0 to 1; None if nobody knows."
    ).tag(sync=True)
    ticking = traitlets.Bool().tag(sync=True)

    def __init__(
        self,
        *,
        on_press: Callable[[Press], object],
        on_alive: Callable[[], object],
        on_tick: Callable[[], object],
    ) -> None:
        self._on_press, self._on_alive, self._on_tick = on_press, on_alive, on_tick
        # What is held back for one message belongs to the widget, not to a thread.
        self._lock = threading.RLock()
        super().__init__(_terms=page_terms())
        self.on_msg(self._answer)

    def show_state(self, state: LoopState, words: str, *, ticking: bool = False) -> None:
        """Let the buttons fit `state`, and say `words`."""
        with self._lock, self.hold_sync():
            self._state, self._status, self.ticking = state.value, words, ticking

    def show_numbers(
        self,
        facts: Sequence[tuple[str, str]],
        losses: Mapping[str, float],
        *,
        share: float | None,
    ) -> None:
        """Show pairs of a name and a value, weighted losses by term, and how much is done."""
        with self._lock, self.hold_sync():
            self._facts = [list(fact) for fact in facts]
            self._losses, self._share = dict(losses), share

    def _answer(self, _widget: object, content: Any, _buffers: object) -> None:
        kind = content.get("type")
        if kind == "press":
            self._on_press(Press(content["what"]))
        elif kind == "alive":
            self._on_alive()
        elif kind == "tick":
            try:
                self._on_tick()
            finally:
                self.send({"type": "ticked"})


def status_words(state: LoopState, step_count: int, ending: Ending | None = None) -> str:
    """How a run stands, in a sentence; `ending` says why it was stopped."""
    after = f"after {step_count} {'step' if step_count == 1 else 'steps'}"
    reason = _REASONS.get(ending, "") if ending else ""
    return {
        LoopState.IDLE: "Ready.",
        LoopState.RUNNING: "Painting …" if step_count else "Preparing …",
        LoopState.PAUSED: f"Paused {after}.",
        LoopState.DONE: f"Done {after}.",
        LoopState.STOPPED: f"Stopped {after}{reason}.",
        LoopState.FAILED: f"Ended by an error {after}; see the message.",
    }[state]
