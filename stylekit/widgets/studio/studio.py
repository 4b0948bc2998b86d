"""The studio: drop in a picture or a clip and a painting, press one button, watch, take it home.

>>> sk.Studio()
"""

from __future__ import annotations

import base64
import html
import re
import threading
from collections.abc import Sequence
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Any

import ipywidgets

from ...errors import SettingsError
from ...settings import ImageSettings, MediaLimits
from ..base.alerts import Alerts
from ..base.loop import Driver, LoopState
from ..player.player import Player
from ..weights.weight_panel import WeightPanel
from .parts import Action, Fold, Heading
from .results import Results
from .setup import Setup
from .transfer import Job, Network, Outcome
from .waiting import Waiting

if TYPE_CHECKING:
    from ...image.stylization import Stylization
    from ...video.run import VideoRun

SIZES = (128, 192, 256, 384, 512)
"""Longest sides to choose from, in pixels."""

STEPS = (30, ImageSettings().steps, 250)
"""Steps to choose from, from a draft to the finest."""

# What a step that is under way may take, at the largest size on a slow machine.
_STEP_SECONDS = 120.0
_WORD = re.compile(r"[A-Za-z0-9]{1,16}")
_STILL = Path(__file__).with_name("still.jpg")


class Stage(Enum):
    """What the page shows."""

    SETUP = "setup"
    WORK = "work"
    RESULT = "result"


class Studio(ipywidgets.VBox):
    """The page for a whole transfer: two slots, one button, the picture as it forms, the result.

    `sizes` are the longest sides, in pixels, and `steps` the most steps that can be chosen; at
    first 256 pixels, if they are among them, and the middle of `steps`. `backbone` is the network
    (see `load_backbone`), `limits` what is read, `driver` who takes the steps (see `Driver`).
    Files that come and go are kept in a folder of this process that no other user can enter, and
    removed when it ends.

    A studio that is made again, as by a cell that is run again, stops the transfer before. All
    that goes wrong is said in the page, which can be used after it. Nothing here blocks: files,
    the network and the steps have threads of their own.

    Raises SettingsError for sizes or steps that cannot be, and none at all.
    """

    def __init__(
        self,
        *,
        sizes: Sequence[int] = SIZES,
        steps: Sequence[int] = STEPS,
        backbone: str = "auto",
        limits: MediaLimits | None = None,
        driver: Driver = Driver.THREAD,
    ) -> None:
        self._lock = threading.RLock()
        self._job: Job | None = None
        self._network: Network | None = None
        self.stage = Stage.SETUP
        self.alerts = Alerts()
        self.setup = Setup(
            sizes=sizes,
            steps=steps,
            backbone=backbone,
            limits=limits or MediaLimits(),
            on_transfer=self.alerts.guarded(self.transfer),
            on_change=self.alerts.guarded(self._changed),
        )
        self.panel = WeightPanel()
        self.player = Player(self._open, panel=self.panel, name="studio", driver=driver)
        self.cancel = Action("Cancel, keep what is there", self.alerts.guarded(self._cancel))
        self.again = Action("New transfer", self.alerts.guarded(self.start_over), main=True)
        self.results = Results()
        super().__init__(self._arranged())
        self.add_class("stylekit-studio")
        self.player.on_step(self._count)
        self.player.on_state(self._take_state)
        self._go(Stage.SETUP)
        self._refresh()
        # It tells its news at any moment from now on.
        self._network = Network(backbone, on_news=self._refresh, on_error=self.alerts.show)

    @property
    def job(self) -> Job | None:
        """The transfer under way, or the last one."""
        return self._job

    def transfer(self) -> None:
        """Begin; raises SettingsError unless both slots are green and nothing is under way."""
        with self._lock:
            order = self.setup.order()
            if order is None or self.stage is not Stage.SETUP:
                raise SettingsError("transfer", "needs two green slots, and nothing under way")
            if self._job:
                self._job.discard()
            self._job = Job(order)
            self._work_heading.say("Painting", order.words)
            word = order.style.name if _WORD.fullmatch(order.style.name) else "stylekit"
            self._waiting.children = [Waiting(text=word)]
            # There is something to see before the first step, and nothing of the run before.
            alt = f"{order.content.name}, not painted yet"
            self.player.canvas.show(order.content.preview, alt=alt)
            self.player.controls.show_numbers([], {}, share=0.0)
            self.cancel.show(enabled=True)
            self._go(Stage.WORK)
        self.player.start()

    def start_over(self) -> None:
        """Back to the slots, which keep what they have."""
        self._go(Stage.SETUP)
        self._refresh()

    def close(self) -> None:
        """Stop, and take the page away."""
        # One that was refused is closed half made.
        if player := getattr(self, "player", None):
            player.close()
        super().close()

    def _arranged(self) -> list[ipywidgets.Widget]:
        title = ipywidgets.HTML('<p class="studio-title">stylekit studio</p>')
        self._network_line = ipywidgets.HTML()
        head = ipywidgets.VBox([title, self._network_line])
        self._work_heading, self._result_heading = Heading("Painting"), Heading("Done")
        self._waiting = ipywidgets.Box().add_class("studio-waiting")
        player = self.player
        curve = Fold("Loss curve", player.curve)
        watch = ipywidgets.VBox([self._waiting, player.controls, self.cancel, curve, player.curve])
        picture = ipywidgets.VBox([player.canvas]).add_class("studio-live")
        work = ipywidgets.Box([picture, watch.add_class("studio-side")])
        result_head = ipywidgets.Box([self._result_heading, self.again]).add_class("studio-row")
        self._stages = {
            Stage.SETUP: self.setup,
            Stage.WORK: ipywidgets.VBox([self._work_heading, work.add_class("studio-columns")]),
            Stage.RESULT: ipywidgets.VBox([result_head, self.results]),
        }
        self._headings = {
            Stage.SETUP: self.setup.heading,
            Stage.WORK: self._work_heading,
            Stage.RESULT: self._result_heading,
        }
        fold = Fold("Weights: what pulls how hard", self.panel)
        self._weights = ipywidgets.VBox([fold, self.panel]).add_class("studio-weights")
        return [
            head.add_class("studio-head"),
            self.alerts.widget,
            player.alerts.widget,
            *self._stages.values(),
            self._weights,
        ]

    def _changed(self) -> None:
        order = self.setup.order()
        if order is not None and self._network is not None:
            self._network.warm(order)
        self._refresh()

    def _refresh(self) -> None:
        """Say which network runs, and what the one button waits for or how long it will take."""
        network, order = self._network, self.setup.order()
        label = html.escape(network.label if network and network.label else "is being looked for …")
        self._network_line.value = f'<p class="studio-network">Network: <b>{label}</b></p>'
        self.setup.show(network.step_seconds(order) if network and order else None)

    def _go(self, stage: Stage) -> None:
        with self._lock:
            moved, self.stage = stage is not self.stage, stage
            for each, box in self._stages.items():
                box.layout.display = None if each is stage else "none"
            self._weights.layout.display = "none" if stage is Stage.RESULT else None
        if moved:
            self._headings[stage].call()

    def _open(self) -> Stylization | VideoRun:
        """The run of the job; on the driver's thread."""
        assert self._job is not None and self._network is not None
        return self._job.open(self._network)

    def _count(self, event: Any) -> None:
        """Note what each step used, which is what the result was painted with."""
        step = getattr(event, "step", event)
        if self._job is not None and hasattr(step, "step_index"):
            self._job.step_count += 1
            self._job.weights = step.weights

    def _cancel(self) -> None:
        self.cancel.show(enabled=False, words="After the step that is under way …")
        self.player.stop()

    def _take_state(self, state: LoopState) -> None:
        job = self._job
        if state.ended and job is not None and self.stage is Stage.WORK:
            # Not on this thread, which has to end the loop first.
            threading.Thread(
                target=self._finish, args=(job, state), name="stylekit-finish", daemon=True
            ).start()

    def _finish(self, job: Job, state: LoopState) -> None:
        """Write what there is, and show it; on a thread of its own."""
        with self.alerts.guard():
            try:
                self.player.wait(_STEP_SECONDS)
                if not job.has_something:
                    self.start_over()
                    if state is LoopState.STOPPED:
                        words = "Cancelled before anything was finished."
                        self.setup.go.show(enabled=True, words=words)
                    return
                self.cancel.show(enabled=False, words="Writing the files …")
                outcome = job.finish(complete=state is LoopState.DONE)
                self.results.show(job, outcome)
                title = "Done" if state is LoopState.DONE else "As far as it got"
                self._result_heading.say(title, job.order.words)
                self._go(Stage.RESULT)
                self._add_comparison(job, outcome)
            except Exception:
                if self.stage is Stage.WORK:
                    self.start_over()
                raise

    def _add_comparison(self, job: Job, outcome: Outcome) -> None:
        """Add the clip of before beside after, which takes longest, to a result that is shown."""
        if outcome.before_clip is None:
            return
        try:
            comparison = job.compare(outcome)
        except Exception:
            # Who has begun the next transfer meanwhile has thrown these files away.
            if self._job is job:
                raise
            return
        if self._job is job:
            self.results.add_comparison(comparison)

    def _repr_mimebundle_(self, **kwargs: Any) -> dict[str, Any] | None:
        """The page, and for readers that run nothing what it looks like."""
        bundle: dict[str, Any] | None = super()._repr_mimebundle_(**kwargs)
        if bundle is None:
            return None
        picture = {"image/jpeg": base64.b64encode(_STILL.read_bytes()).decode("ascii")}
        return {**bundle, "text/plain": "Studio()", **picture}
