"""A network that learns from keyframes, watched: the chosen frame as it paints it by now."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, cast

import traitlets

from ...arrays import Image
from ...video.few_shot import TrainingStep
from ...video.keyframe_run import KeyframeEvent, KeyframeRun
from ..base.modules import bundle, stylesheet
from ..base.widget import LockedWidget

_HERE = Path(__file__).parent

# A picture every two seconds, but at most a fifth of the time for pictures.
_SECONDS, _SHARE = 2.0, 5.0


@dataclass(frozen=True, slots=True)
class LearnedPicture:
    """A frame `(H, W, 3)` as the network paints it after `learned` steps."""

    frame_index: int
    image: Image
    learned: int


class LiveTraining(LockedWidget):
    """What a page can do while a network learns: choose the frame to watch, and paint all now.

    `on_paint()` is called when the button is pressed; it must show its own exceptions (see
    `Alerts`). The button serves while `offered` is True.
    """

    _esm = bundle(_HERE / "live_training.js")
    _css = stylesheet(_HERE.parent / "base" / "dom.css", _HERE / "controls.css")

    page_writes: ClassVar[frozenset[str]] = frozenset({"frame_index"})

    frame_index = traitlets.Int(help="The frame to watch.").tag(sync=True)
    offered = traitlets.Bool().tag(sync=True)
    _frame_count = traitlets.Int(1).tag(sync=True)

    def __init__(
        self, *, on_paint: Callable[[], object], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._on_paint, self._clock = on_paint, clock
        self._paint_now = False
        super().__init__()

    @traitlets.validate("frame_index")
    def _check(self, proposal: Any) -> int:
        return max(0, min(self._frame_count - 1, int(proposal["value"])))

    def fit(self, frame_count: int) -> None:
        """Suit a clip of so many frames; the middle one is chosen if the number changes."""
        with self.updating():
            if frame_count != self._frame_count:
                self._frame_count, self.frame_index = frame_count, frame_count // 2

    def paint_now(self) -> None:
        """Let the run stop learning after the current step, and paint all frames."""
        self._paint_now = True

    def steps(self, run: KeyframeRun) -> Iterator[KeyframeEvent | LearnedPicture]:
        """What the run yields, and between the steps of its network a picture from time to time.

        Parameters
        ----------
        run : The run. After `paint_now` its network learns no more, and paints all frames.
        """
        due = self._clock()
        events = _events(run, train=not self._take_wish())
        try:
            for event in events:
                yield event
                if not isinstance(event, TrainingStep):
                    continue
                if self._take_wish():
                    events.close()
                    events = _events(run, train=False)
                    break
                if (begun := self._clock()) >= due and (picture := self._picture(run)):
                    yield picture
                    due = self._clock() + max(_SECONDS, _SHARE * (self._clock() - begun))
            yield from events
        finally:
            # It writes what the network has learned, and gives the folder back.
            events.close()
            self._take_wish()

    def _take_wish(self) -> bool:
        wish, self._paint_now = self._paint_now, False
        return wish

    def _picture(self, run: KeyframeRun) -> LearnedPicture | None:
        network, index = run.network, self.frame_index
        if network is None:
            return None
        return LearnedPicture(index, network.paint(index), network.step_count)

    def _receive(self, message: Any, _buffers: Any) -> None:
        if message.get("type") == "press" and self.offered:
            self._on_paint()


def _events(run: KeyframeRun, *, train: bool) -> Generator[KeyframeEvent, None, None]:
    return cast("Generator[KeyframeEvent, None, None]", run.steps(train=train))
