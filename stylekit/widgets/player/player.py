"""A player shows a picture or a clip while it is painted; a user can pause, resume and stop it."""

from __future__ import annotations

import base64
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeAlias

import ipywidgets
import numpy as np

from ...arrays import Image
from ...image.step import Step
from ...image.stylization import Stylization
from ...media.images import encode_preview, fitted_size, resize_image
from ...settings import KeyMethod
from ...video.frames import FrameResult, FrameStep
from ...video.keyframe_run import KeyframeEvent, KeyframeRun
from ...video.run import VideoRun
from ..base import guarded
from ..base.alerts import Alerts
from ..base.keyframe_progress import KeyframeProgress
from ..base.loop import IDLE_LIMIT, Driver, Loop, LoopState, register, stop_named
from ..base.run_progress import RunProgress, StepRecord, enlarged
from ..base.text import counted
from ..base.widget import Throttle, set_visible
from ..weights.panel import WeightPanel
from .controls import Command, PlayerControls, status_words
from .live_training import LearnedPicture, LiveTraining
from .looking_back import LookingBack
from .loss_curve import LossCurve

# 30 pictures a second look like a motion; numbers that change five times a second can be read.
_PICTURE_SECONDS, _NUMBER_SECONDS = 1 / 30, 0.2
# A page that has not painted so many pictures is too slow or closed; more would only pile up.
_MAX_UNPAINTED, _PATIENCE_SECONDS = 4, 0.5
_BLANK = np.full((2, 3, 3), 0.5, np.float32)
_STILL_SIZE = 256


Run: TypeAlias = Stylization | VideoRun | KeyframeRun
"""What a player shows."""
Event: TypeAlias = Step | FrameStep | FrameResult | KeyframeEvent | LearnedPicture
"""What a run yields, and what the player adds while a network learns."""


class Player(guarded.VBox):
    """A run with its buttons, its newest picture, its numbers and its loss curve, drawn live.

    A slider looks back through what was painted: at most 60 small pictures of steps are kept. From
    its second run on, also of a cell that is executed again, the picture can be compared with that
    of the run before. Exceptions of the run are shown in the player. `canvas`, `looking_back`,
    `controls`, `training`, `curve` and `alerts` are its parts, for pages with another layout.

    Of a run from keyframes it shows the painting of a key, the network while it learns, with the
    chosen frame as it paints it every two seconds, and the finished frames. "Stop" ends the
    learning, "Paint now" lets the network paint all frames with what it has learned, and "Start"
    goes on with it.

    Parameters
    ----------
    source : Stylization, VideoRun, KeyframeRun, or a function that makes one
        A function is called when Start is pressed, by the driver, so that slow preparations block
        no cell; each new start calls it again. A run itself goes on from where it was.
    panel : WeightPanel, optional
        Each step uses the weights that the panel has when the step begins. The panel is shown
        beside the picture. Without a panel the weights are those of the settings, and so they are
        in a run from keyframes.
    name : str
        Only one run at a time has a name: a new player, such as that of a cell that is executed
        again, stops the run of the old player with this name.
    driver : Driver
        What takes the steps.
    idle_limit : float or None
        A run whose page sends no message for so many seconds is stopped, and what is finished is
        kept; None for never.

    Raises
    ------
    StylekitError
        If the old run of this name does not stop.

    Examples
    --------
    ::

        panel = WeightPanel()
        Player(lambda: Stylization(content, style), panel=panel)
    """

    # `close` needs it, also if `__init__` has raised an exception.
    _loop: Loop[Any] | None = None

    def __init__(
        self,
        source: Run | Callable[[], Run],
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
        self._progress: RunProgress | KeyframeProgress | None = None
        self._told = ""
        # What it does until the function that makes the run has returned.
        self.opening = "Preparing: the pictures are read …"
        self._records: list[StepRecord] = []
        self._newest: tuple[Image, str] | None = None
        self._pictures = Throttle(_PICTURE_SECONDS, patience=_PATIENCE_SECONDS)
        self._numbers = Throttle(_NUMBER_SECONDS)
        self._step_callbacks: list[Callable[[Any], object]] = []
        self._state_callbacks: list[Callable[[LoopState], object]] = []
        self.alerts = Alerts()
        self.looking_back = LookingBack(name, on_look=self._look)
        self.canvas = self.looking_back.canvas
        self.curve = LossCurve()
        self.controls = PlayerControls(
            on_command=self.alerts.guarded(self._obey),
            on_page_seen=self._note_page,
            on_tick=self._tick,
        )
        self.training = LiveTraining(on_paint=self.alerts.guarded(self.paint_now))
        super().__init__(self._parts())
        self._fit_training()
        self.canvas.show(_BLANK, alt="No picture yet")
        self._show_first()

    @property
    def source(self) -> Run | None:
        """The run; None if the function that makes it has not been called yet."""
        source: Run | None = self._source
        return source

    @property
    def state(self) -> LoopState:
        """The state of the run."""
        return self._loop.state if self._loop else LoopState.IDLE

    @property
    def records(self) -> tuple[StepRecord, ...]:
        """What each step used and reached, the first step first."""
        return tuple(self._records)

    def start(self) -> None:
        """Start the run; does nothing while it runs or is paused."""
        self._renew().start()

    def pause(self) -> None:
        """Pause after the current step."""
        if self._loop:
            self._loop.pause()

    def resume(self) -> None:
        """Continue after a pause."""
        if self._loop:
            self._loop.resume()

    def step_once(self) -> None:
        """Take one step, then pause."""
        self._renew().step_once()

    def stop(self) -> None:
        """Stop the run after the current step; what is finished is kept."""
        if self._loop:
            self._loop.stop()

    def paint_now(self) -> None:
        """Let the network of a run from keyframes paint all frames with what it has learned.

        It learns no more then; `start` goes on with it.
        """
        self._note_page()
        self.training.paint_now()
        if self.state is LoopState.PAUSED:
            self.resume()
        else:
            self.start()

    def wait(self, timeout: float | None = None) -> LoopState:
        """Wait until the run has ended, or for `timeout` seconds; returns the state then."""
        return self._loop.wait(timeout) if self._loop else LoopState.IDLE

    def on_step(self, callback: Callable[[Event], object]) -> None:
        """Call `callback` with each item that the run yields, on the driver's thread.

        An exception of the callback ends the run, and is shown.
        """
        self._step_callbacks.append(callback)

    def on_state(self, callback: Callable[[LoopState], object]) -> None:
        """Call `callback(state)` after each change of state, one at a time, on any thread.

        An exception of the callback is shown.
        """
        self._state_callbacks.append(callback)

    def close(self) -> None:
        """Stop the run, and remove the player from its pages."""
        self.stop()
        super().close()

    def _parts(self) -> list[ipywidgets.Widget]:
        self.add_class("stylekit-player-page")
        grid = arranged(self, hands=[self.panel] if self.panel else [])
        return [self.alerts.widget, grid]

    def _renew(self) -> Loop[Any]:
        """The loop if it has not ended, otherwise a new one with the name of the player."""
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
        """The steps of the run; the driver calls it."""
        if self._make:
            self.curve.clear()
            self.looking_back.begin()
            self._records.clear()
            self._progress = None
            self._show_status()
            self._source = self._make()
            self._fit_training()
            self._show_first()
        if self._progress is None:
            kind = KeyframeProgress if _has_keys(self._source) else RunProgress
            self._progress = kind(self._source)
        return self._steps(self._progress)

    def _steps(self, progress: RunProgress | KeyframeProgress) -> Iterator[Any]:
        """The steps of the run, and after the last of them the scores of what they made."""
        try:
            if _has_keys(self._source):
                yield from self.training.steps(self._source)
            else:
                yield from self._source.steps(weights=self.panel.current if self.panel else None)
        except GeneratorExit:
            # A loop that is stopped closes its steps when the last of them is complete. Before
            # that, the picture could be measured while it changes.
            if self.state is LoopState.STOPPED:
                self._take_scores(progress)
            raise
        self._take_scores(progress)

    def _fit_training(self) -> None:
        """Show what there is to do while a network learns, if the run has one."""
        learns = _has_keys(self._source) and self._source.settings.method is KeyMethod.NETWORK
        if learns:
            self.training.fit(len(self._source.clip))
        set_visible(self.training, learns)

    def _take_scores(self, progress: RunProgress | KeyframeProgress) -> None:
        # A clip's frames bring theirs along.
        progress.scores = getattr(self._source, "scores", progress.scores)
        self._show(at_once=True)

    def _take_step(self, event: Any, seconds: float) -> None:
        assert self._progress is not None
        if record := self._progress.take(event, seconds):
            self._records.append(record)
            self.curve.use(self._progress.series)
            self.curve.add(record.weighted, weights=record.weights, frame_index=record.frame_index)
        if shown := self._progress.shown(event):
            self._take_picture(*shown)
            weights = record.weights if record else None
            self.looking_back.keep(self._progress.step_count, *shown, weights)
        pausing = self.state is not LoopState.RUNNING
        self._show(at_once=pausing)
        if pausing or self._progress.doing != self._told:
            self._show_status()
        for callback in tuple(self._step_callbacks):
            callback(event)

    def _take_state(self, state: LoopState) -> None:
        self._show(at_once=state is not LoopState.RUNNING)
        self._show_status()
        for callback in tuple(self._state_callbacks):
            callback(state)

    def _show_first(self) -> None:
        """Show the picture that a run starts from, if it has one before its first step."""
        image = getattr(self._source, "image", None)
        if image is None and getattr(self._source, "clip", None):
            image = self._source.clip[0]
        if image is not None:
            self._take_picture(image, "Before the first step")
            self._show(at_once=True)

    def _take_picture(self, image: Image, title: str) -> None:
        with self._lock:
            self._newest = image, title
            self.looking_back.take(lambda: enlarged(image, self._source), title)

    def _show(self, *, at_once: bool) -> None:
        """Send what is new if enough time has passed, or in any case with `at_once`.

        A picture that stays, because the run pauses or ends, is shown at once.
        """
        with self._lock:
            behind = self.canvas.serial - self.canvas.painted > _MAX_UNPAINTED
            due = self._pictures.due(behind=behind)
            if due or at_once:
                self.looking_back.show(at_once=at_once)
                self.curve.viewed = self.looking_back.step
                self.curve.push(keep=at_once)
            if self._progress and (self._numbers.due() or at_once):
                self._show_numbers(self._progress)

    def _look(self) -> None:
        # A guard would remove the message of a run that has failed.
        try:
            with self._lock:
                self.looking_back.show(at_once=True)
                self.curve.viewed = self.looking_back.step
        except Exception as error:
            self.alerts.show(error)

    def _show_numbers(self, progress: RunProgress | KeyframeProgress) -> None:
        losses = progress.record.weighted if progress.record else {}
        share = 1.0 if self.state is LoopState.DONE else progress.share
        facts = progress.facts(ended=self.state.ended)
        self.controls.show_numbers(facts, losses, share=share, series=progress.series)

    def _show_status(self) -> None:
        """Show the current state, which may be later than the one that was reported."""
        with self._lock:
            state = self.state
            reason = self._loop.stop_reason if self._loop else None
            progress = self._progress
            self._told = progress.doing if progress else self.opening
            taken = progress.taken if progress else counted(0, "step")
            words = status_words(state, taken, reason, doing=self._told)
            network = getattr(self._source, "network", None)
            self.training.offered = network is not None and network.step_count > 0
            ticking = state is LoopState.RUNNING and self.driver is Driver.PUMP
            self.controls.show_state(state, words, ticking=ticking)

    def _obey(self, command: Command) -> None:
        actions = {
            Command.START: self.start,
            Command.PAUSE: self.pause,
            Command.RESUME: self.resume,
            Command.STOP: self.stop,
            Command.STEP: self.step_once,
        }
        self._note_page()
        actions[command]()

    def _note_page(self) -> None:
        if self._loop:
            self._loop.page_seen()

    def _tick(self) -> None:
        if self._loop:
            self._loop.pump()

    def _repr_mimebundle_(self, **kwargs: Any) -> dict[str, Any] | None:
        """The widget, and its picture for programs that do not run widgets, such as GitHub."""
        bundle: dict[str, Any] | None = super()._repr_mimebundle_(**kwargs)
        if bundle is not None and self._newest:
            image, _title = self._newest
            if max(image.shape) > _STILL_SIZE:
                image = resize_image(image, fitted_size(image.shape[1::-1], _STILL_SIZE))
            still = encode_preview(image, lossless=True).data
            bundle["image/png"] = base64.b64encode(still).decode("ascii")
        return bundle


def arranged(
    player: Player,
    *,
    hands: Sequence[ipywidgets.Widget],
    extra: Sequence[ipywidgets.Widget] = (),
) -> guarded.Box:
    """The parts of a player, the picture beside what moves it, for a page of the class
    `stylekit-player-page`.

    `hands` are shown below the curve, `extra` below the buttons.
    """
    return guarded.Box(
        [
            player.looking_back,
            player.controls.add_class("stylekit-run-place"),
            guarded.VBox([player.training, *extra]).add_class("stylekit-extra"),
            player.curve.add_class("stylekit-curve-place"),
            guarded.VBox(hands).add_class("stylekit-hands"),
        ]
    ).add_class("stylekit-player-grid")


def _has_keys(source: Any) -> bool:
    """Whether it is a run from keyframes."""
    return hasattr(source, "key_frames")
