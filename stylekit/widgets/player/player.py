"""Watch a picture or a clip being painted, and pause, resume and stop it.

>>> panel = sk.WeightPanel()
>>> sk.Player(lambda: sk.Stylization(content, style), panel=panel)
"""

from __future__ import annotations

import base64
import threading
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import ipywidgets
import numpy as np

from ...arrays import Image
from ...media.images import encode_preview, fitted_size, resize_image
from ..base.alerts import Alerts
from ..base.loop import IDLE_LIMIT, Driver, Loop, LoopState
from ..base.named_loops import register, stop_named
from ..base.picture_canvas import PictureCanvas
from ..base.run_progress import RunProgress, StepRecord, enlarged, image_of, title_of
from ..base.throttle import Throttle
from ..weights.panel import WeightPanel
from .loss_curve import LossCurve
from .player_controls import PlayerControls, Press, status_words

if TYPE_CHECKING:
    from ...image.stylization import Step, Stylization
    from ...video.run import FrameResult, FrameStep, VideoRun

# The eye takes 30 pictures a second for a motion, and nobody reads five numbers a second.
_PICTURE_SECONDS, _NUMBER_SECONDS = 1 / 30, 0.2
# A page that has not painted so many pictures can't keep up, or is not there: what is sent to it
# only piles up.
_MAX_UNPAINTED, _PATIENCE_SECONDS = 4, 0.5
_WIDTH = 512
_BLANK = np.full((2, 3, 3), 0.5, np.float32)
_STILL_SIZE = 256


class Player(ipywidgets.VBox):
    """A run with its buttons, its newest picture, its numbers and its loss curve, drawn live.

    `source` is a `Stylization` or a `VideoRun`, or a function that makes one. Such a function is
    called by the driver when Start is pressed, so that what takes long blocks no cell, and again
    for each new start. A run that is given itself goes on, when it is started again, where it
    was. `panel` has the weights, which each step looks up when it begins; it is shown below.
    Without one they are those of the settings.

    A name has one run at a time: a player of the same `name`, such as that of a cell that is run
    again, stops the run before, or raises StylekitError if that does not end. What is raised
    while it runs is shown in the player. A run whose page was not heard of for `idle_limit`
    seconds (None: for ever) is stopped; what is finished is kept.

    `driver` says who takes the steps (see `Driver`). `canvas`, `controls`, `curve` and `alerts`
    are its parts, for pages that arrange them otherwise.
    """

    # Known before `__init__`, which may refuse the name: what was half made is closed too.
    _loop: Loop[Any] | None = None

    def __init__(
        self,
        source: Stylization | VideoRun | Callable[[], Stylization | VideoRun],
        *,
        panel: WeightPanel | None = None,
        name: str = "player",
        driver: Driver = Driver.THREAD,
        idle_limit: float | None = IDLE_LIMIT,
    ) -> None:
        stop_named(name)
        self._make: Callable[[], Any] | None = None if hasattr(source, "steps") else source
        self._source: Any = None if self._make else source
        self.panel, self.name, self.driver = panel, name, driver
        self._idle_limit = idle_limit
        self._lock = threading.RLock()
        self._progress: RunProgress | None = None
        self._records: list[StepRecord] = []
        self._newest: tuple[Image, str] | None = None
        self._unshown = False
        self._pictures = Throttle(_PICTURE_SECONDS, patience=_PATIENCE_SECONDS)
        self._numbers = Throttle(_NUMBER_SECONDS)
        self._step_callbacks: list[Callable[[Any], object]] = []
        self._state_callbacks: list[Callable[[LoopState], object]] = []
        self.alerts = Alerts()
        self.canvas = PictureCanvas(width=_WIDTH)
        self.curve = LossCurve()
        self.controls = PlayerControls(
            on_press=self.alerts.guarded(self._press), on_alive=self._heard, on_tick=self._tick
        )
        super().__init__(self._arranged())
        self.canvas.show(_BLANK, alt="No picture yet")
        self._show_first()

    @property
    def source(self) -> Stylization | VideoRun | None:
        """The run; None as long as the function that makes it has not been called."""
        source: Stylization | VideoRun | None = self._source
        return source

    @property
    def state(self) -> LoopState:
        """Where the run stands."""
        return self._loop.state if self._loop else LoopState.IDLE

    @property
    def records(self) -> tuple[StepRecord, ...]:
        """What each step used and reached, from the first to the newest."""
        return tuple(self._records)

    def start(self) -> None:
        """Begin; does nothing while it runs or is paused. See `Driver` for when it returns."""
        self._renew().start()

    def pause(self) -> None:
        """Pause within a step."""
        if self._loop:
            self._loop.pause()

    def resume(self) -> None:
        """Go on after a pause."""
        if self._loop:
            self._loop.resume()

    def step_once(self) -> None:
        """Take one step, and pause."""
        self._renew().step_once()

    def stop(self) -> None:
        """End the run within a step; what is finished is kept."""
        if self._loop:
            self._loop.stop()

    def wait(self, timeout: float | None = None) -> LoopState:
        """Wait until a run that was started has ended, or for `timeout` seconds.

        Gives the state then.
        """
        return self._loop.wait(timeout) if self._loop else LoopState.IDLE

    def on_step(self, callback: Callable[[Step | FrameStep | FrameResult], object]) -> None:
        """Call `callback` with all that the run yields, on the driver's thread.

        What it raises ends the run, and is shown.
        """
        self._step_callbacks.append(callback)

    def on_state(self, callback: Callable[[LoopState], object]) -> None:
        """Call `callback(state)` after each change of state, one at a time, on any thread.

        What it raises is shown.
        """
        self._state_callbacks.append(callback)

    def close(self) -> None:
        """Stop, and take the player off its pages."""
        self.stop()
        super().close()

    def _arranged(self) -> list[ipywidgets.Widget]:
        def column(*children: ipywidgets.Widget) -> ipywidgets.VBox:
            layout = ipywidgets.Layout(
                flex="1 1 320px", min_width="0", max_width=f"{_WIDTH + 128}px"
            )
            return ipywidgets.VBox(children, layout=layout)

        picture = column(self.canvas)
        picture.layout.flex, picture.layout.max_width = f"0 1 {_WIDTH}px", "100%"
        main = ipywidgets.Box(
            [picture, column(self.controls, self.curve)],
            layout=ipywidgets.Layout(flex_flow="row wrap", grid_gap="8px 20px"),
        )
        return [self.alerts.widget, main, *([self.panel] if self.panel else [])]

    def _renew(self) -> Loop[Any]:
        """The loop that runs or is paused, or else a new one that has the name."""
        if self._loop and not self._loop.state.ended:
            return self._loop
        loop: Loop[Any] = Loop(
            self._open,
            on_step=self._take_step,
            on_state=self._take_state,
            on_error=self.alerts.show,
            driver=self.driver,
            idle_limit=self._idle_limit,
        )
        register(self.name, loop)
        self._loop = loop
        self.alerts.clear()
        return loop

    def _open(self) -> Iterator[Any]:
        """The steps of the run; on the driver's thread."""
        if self._make:
            self.curve.clear()
            self._records.clear()
            self._progress = None
            self._say()
            self._source = self._make()
            self._show_first()
        if self._progress is None:
            self._progress = RunProgress(self._source)
        return iter(self._source.steps(weights=self.panel.current if self.panel else None))

    def _take_step(self, event: Any, seconds: float) -> None:
        assert self._progress is not None
        if record := self._progress.take(event, seconds):
            self._records.append(record)
            self.curve.add(record.weighted, weights=record.weights, frame_index=record.frame_index)
        with self._lock:
            self._newest = image_of(event), title_of(event)
            self._unshown = True
        resting = self.state is not LoopState.RUNNING
        self._show(at_once=resting)
        if resting or len(self._records) == 1:
            self._say()
        for callback in tuple(self._step_callbacks):
            callback(event)

    def _take_state(self, state: LoopState) -> None:
        self._show(at_once=state is not LoopState.RUNNING)
        self._say()
        for callback in tuple(self._state_callbacks):
            callback(state)

    def _show_first(self) -> None:
        """The picture that a run starts from, as far as it has one before its first step."""
        image = getattr(self._source, "image", None)
        if image is None and getattr(self._source, "clip", None):
            image = self._source.clip[0]
        if image is not None:
            with self._lock:
                self._newest, self._unshown = (image, "Before the first step"), True
            self._show(at_once=True)

    def _show(self, *, at_once: bool) -> None:
        """Send what is new, unless the last time was a moment ago; `at_once` in any case.

        The newest picture is the one that stays: every rest and every end are shown at once.
        """
        with self._lock:
            behind = self.canvas.serial - self.canvas.painted > _MAX_UNPAINTED
            due = self._pictures.due(behind=behind)
            if (due or at_once) and self._newest and self._unshown:
                image, title = self._newest
                self.canvas.show(enlarged(image, self._source), alt=title)
                self._unshown = False
            if due or at_once:
                self.curve.push(settled=at_once)
            if self._progress and (self._numbers.due() or at_once):
                self._show_numbers(self._progress)

    def _show_numbers(self, progress: RunProgress) -> None:
        losses = progress.record.weighted if progress.record else {}
        share = 1.0 if self.state is LoopState.DONE else progress.share
        self.controls.show_numbers(progress.facts(over=self.state.ended), losses, share=share)

    def _say(self) -> None:
        """Say how the run stands now, which may be further than when it was decided to say so."""
        with self._lock:
            state = self.state
            ending = self._loop.ending if self._loop else None
            words = status_words(state, len(self._records), ending)
            ticking = state is LoopState.RUNNING and self.driver is Driver.PUMP
            self.controls.show_state(state, words, ticking=ticking)

    def _press(self, press: Press) -> None:
        actions = {
            Press.START: self.start,
            Press.PAUSE: self.pause,
            Press.RESUME: self.resume,
            Press.STOP: self.stop,
            Press.STEP: self.step_once,
        }
        self._heard()
        actions[press]()

    def _heard(self) -> None:
        if self._loop:
            self._loop.heard()

    def _tick(self) -> None:
        if self._loop:
            self._loop.pump()

    def _repr_mimebundle_(self, **kwargs: Any) -> dict[str, Any] | None:
        """The widget, and its picture of now for readers that run nothing, such as GitHub's."""
        bundle: dict[str, Any] | None = super()._repr_mimebundle_(**kwargs)
        if bundle is not None and self._newest:
            bundle["image/png"] = base64.b64encode(_still(self._newest[0])).decode("ascii")
        return bundle


def _still(image: Image) -> bytes:
    """A small PNG of `image`."""
    height, width = image.shape[:2]
    if max(height, width) > _STILL_SIZE:
        image = resize_image(image, fitted_size((width, height), _STILL_SIZE))
    return encode_preview(image, lossless=True).data
