"""The studio: choose a picture or a clip and a style, start, watch, and download the result."""

from __future__ import annotations

import base64
import html
import re
import threading
from collections.abc import Sequence
from enum import Enum
from pathlib import Path
from typing import Any

import ipywidgets

from ...errors import SettingsError
from ...image.stylization import Stylization
from ...settings import ImageSettings, MediaLimits
from ...video.run import VideoRun
from ..base.alerts import Alerts
from ..base.loop import Driver, LoopState
from ..base.widget import set_visible
from ..player.player import Player
from ..weights.panel import WeightPanel
from .parts import Action, Fold, Heading
from .results import Results
from .setup import Setup
from .transfer import Network, Transfer, TransferResult
from .waiting import Waiting

SIZES = (128, 192, 256, 384, 512)
"""The longest sides to choose from, in pixels."""

STEPS = (30, ImageSettings().steps, 250)
"""The numbers of steps to choose from, from a draft to the finest result."""

# The longest duration of a step, at the largest size on a slow machine.
_STEP_SECONDS = 120.0
_WORD = re.compile(r"[A-Za-z0-9]{1,16}")
_STILL = Path(__file__).with_name("still.jpg")


class Stage(Enum):
    """What the page shows."""

    SETUP = "setup"
    WORK = "work"
    RESULT = "result"


class Studio(ipywidgets.VBox):
    """The page for a whole transfer: two slots, one button, the painting in progress, the result.

    Files, the network and the steps have threads of their own, so that the page never blocks. All
    errors are shown in the page, which can be used afterwards. Uploaded files and results are
    stored in a folder that no other user can enter, and removed when the process ends. A new
    studio, such as that of a cell that is executed again, stops the transfer of the old one.

    Parameters
    ----------
    sizes : sequence of int
        The longest sides to choose from, in pixels; at first 256, if it is one of them.
    steps : sequence of int
        The numbers of steps to choose from; at first the middle one.
    backbone : str
        The network (see `load_backbone`).
    limits : MediaLimits, optional
        The largest files that are read.
    driver : Driver
        What takes the steps.

    Raises
    ------
    SettingsError
        For sizes or steps that are not allowed, or if there are none.

    Examples
    --------
    ::

        Studio(sizes=(128, 256), steps=(30, 100))
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
        self._transfer: Transfer | None = None
        self._network: Network | None = None
        self.stage = Stage.SETUP
        self.alerts = Alerts()
        self.setup = Setup(
            sizes=sizes,
            steps=steps,
            backbone=backbone,
            limits=limits or MediaLimits(),
            on_transfer=self.alerts.guarded(self.transfer),
            on_change=self.alerts.guarded(self._setup_changed),
        )
        self.panel = WeightPanel()
        self.player = Player(self._open, panel=self.panel, name="studio", driver=driver)
        self.cancel = Action("Cancel, keep the result so far", self.alerts.guarded(self._cancel))
        self.again = Action("New transfer", self.alerts.guarded(self.start_over), main=True)
        self.results = Results()
        super().__init__(self._parts())
        self.add_class("stylekit-studio")
        self.player.on_step(self._take_step)
        self.player.on_state(self._take_state)
        self._show_stage(Stage.SETUP)
        self._refresh()
        # From now on it may call `_refresh` at any moment.
        self._network = Network(backbone, on_news=self._refresh, on_error=self.alerts.show)

    @property
    def current(self) -> Transfer | None:
        """The current transfer, or the last one."""
        return self._transfer

    def transfer(self) -> None:
        """Start a transfer.

        Raises SettingsError if a slot is not green, a transfer is in progress, or there is not the
        memory for it.
        """
        with self._lock:
            request = self.setup.request()
            if request is None or self.stage is not Stage.SETUP:
                raise SettingsError("transfer", "needs green slots, and no other transfer")
            self.setup.check_memory(request)
            if self._transfer:
                self._transfer.discard()
            self._transfer = Transfer(request)
            self._work_heading.show("Painting", request.words)
            # The word that the drawing shows: the name of the style, if it has letters for it.
            word = request.style.name if _WORD.fullmatch(request.style.name) else "stylekit"
            self._waiting.children = [Waiting(text=word)]
            # Until the first step the page shows the content, and nothing of the last run.
            alt = f"{request.content.name}, not painted yet"
            self.player.canvas.show(request.content.preview, alt=alt)
            self.player.controls.show_numbers([], {}, share=0.0)
            self.cancel.show(enabled=True)
            self._show_stage(Stage.WORK)
        self.player.start()

    def start_over(self) -> None:
        """Go back to the slots, which keep their files."""
        self._show_stage(Stage.SETUP)
        self._refresh()

    def close(self) -> None:
        """Stop the transfer, and remove the page."""
        # The player is missing if `__init__` has raised an exception.
        if player := getattr(self, "player", None):
            player.close()
        super().close()

    def _parts(self) -> list[ipywidgets.Widget]:
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
        fold = Fold("Weights of the losses", self.panel)
        self._weights = ipywidgets.VBox([fold, self.panel]).add_class("studio-weights")
        return [
            head.add_class("studio-head"),
            self.alerts.widget,
            player.alerts.widget,
            *self._stages.values(),
            self._weights,
        ]

    def _setup_changed(self) -> None:
        request = self.setup.request()
        if request is not None and self._network is not None:
            try:
                self.setup.check_memory(request)
            except SettingsError:
                pass  # `_refresh` tells it, and it may fit when the button is pressed.
            else:
                self._network.prepare(request)
        self._refresh()

    def _refresh(self) -> None:
        """Show which network is used, and what is missing or how long the transfer will take."""
        network, request = self._network, self.setup.request()
        label = html.escape(network.label if network and network.label else "loading …")
        self._network_line.value = f'<p class="studio-network">Network: <b>{label}</b></p>'
        self.setup.show(network.step_seconds(request) if network and request else None)

    def _show_stage(self, stage: Stage) -> None:
        with self._lock:
            changed, self.stage = stage is not self.stage, stage
            for each, box in self._stages.items():
                set_visible(box, each is stage)
            set_visible(self._weights, stage is not Stage.RESULT)
        if changed:
            self._headings[stage].focus()

    def _open(self) -> Stylization | VideoRun:
        """The run of the transfer; the driver calls it."""
        assert self._transfer is not None and self._network is not None
        return self._transfer.open(self._network)

    def _take_step(self, event: Any) -> None:
        """Note the weights of each step; the result is described with the last ones."""
        step = getattr(event, "step", event)
        if self._transfer is not None and hasattr(step, "step_index"):
            self._transfer.step_count += 1
            self._transfer.weights = step.weights

    def _cancel(self) -> None:
        self.cancel.show(enabled=False, words="Stopping after the current step …")
        self.player.stop()

    def _take_state(self, state: LoopState) -> None:
        transfer = self._transfer
        if state.ended and transfer is not None and self.stage is Stage.WORK:
            # Not on this thread, which still has to end the loop.
            threading.Thread(
                target=self._finish, args=(transfer, state), name="stylekit-finish", daemon=True
            ).start()

    def _finish(self, transfer: Transfer, state: LoopState) -> None:
        """Write the result and show it; on a thread of its own."""
        with self.alerts.guard():
            try:
                self.player.wait(_STEP_SECONDS)
                if not transfer.has_result:
                    self.start_over()
                    if state is LoopState.STOPPED:
                        words = "Cancelled before anything was finished."
                        self.setup.go.show(enabled=True, words=words)
                    return
                self.cancel.show(enabled=False, words="Writing the files …")
                result = transfer.finish(complete=state is LoopState.DONE)
                self.results.show(transfer, result)
                title = "Done" if state is LoopState.DONE else "Stopped: the result so far"
                self._result_heading.show(title, transfer.request.words)
                self._show_stage(Stage.RESULT)
                self._add_comparison(transfer, result)
            except Exception:
                if self.stage is Stage.WORK:
                    self.start_over()
                raise

    def _add_comparison(self, transfer: Transfer, result: TransferResult) -> None:
        """Add the clip that shows before and after; it takes longest, so it comes last."""
        if result.before_clip is None:
            return
        try:
            comparison = transfer.compare(result)
        except Exception:
            # If the user has started another transfer meanwhile, the files were removed.
            if self._transfer is transfer:
                raise
            return
        if self._transfer is transfer:
            self.results.add_comparison(comparison)

    def _repr_mimebundle_(self, **kwargs: Any) -> dict[str, Any] | None:
        """The page, and a picture of it for programs that do not run widgets."""
        bundle: dict[str, Any] | None = super()._repr_mimebundle_(**kwargs)
        if bundle is None:
            return None
        picture = {"image/jpeg": base64.b64encode(_STILL.read_bytes()).decode("ascii")}
        return {**bundle, "text/plain": "Studio()", **picture}
