"""The studio: choose a picture or a clip and a style, start, watch, and download the result."""

from __future__ import annotations

import base64
import html
import re
import threading
import time
from collections.abc import Sequence
from enum import Enum
from pathlib import Path
from typing import Any

import ipywidgets

from ...errors import SettingsError
from ...settings import ImageSettings, MediaLimits
from ..base import guarded
from ..base.alerts import Alerts
from ..base.loop import Driver, LoopState
from ..base.widget import set_visible
from ..player.player import Player, Run, arranged
from ..weights.panel import WeightPanel
from .kept import KeptStrip
from .keyframe_transfer import transfer_of
from .parts import Action, Fold, Heading
from .recipe import WEIGHT_NAMES, read_fragment, read_weights
from .recipe_lines import RecipeLines
from .request import Request
from .results import Results, facts_of
from .setup import LINK_FIELDS, Setup
from .shelf import Record, Shelf, State, request_of
from .transfer import Network, Transfer, TransferResult
from .waiting import Waiting

SIZES = (128, 192, 256, 384, 512)
"""The longest sides to choose from, in pixels."""

STEPS = (30, ImageSettings().steps, 250)
"""The numbers of steps to choose from, from a draft to the finest result."""

# The longest duration of a step, at the largest size on a slow machine.
_STEP_SECONDS = 120.0
# How often the picture so far is stored: what is lost if the machine ends is this much work.
_STORE_SECONDS = 15.0
_WORD = re.compile(r"[A-Za-z0-9]{1,16}")
# Of a link that names things unknown here, so many are repeated, and so many letters of each.
_MOST_NAMES, _MOST_LETTERS = 5, 24
_STILL = Path(__file__).with_name("still.jpg")


class Stage(Enum):
    """What the page shows."""

    SETUP = "setup"
    WORK = "work"
    RESULT = "result"


class Studio(guarded.VBox):
    """The page for a whole transfer: two slots, one button, the painting in progress, the result.

    Files, the network and the steps have threads of their own, so that the page never blocks. All
    errors are shown in the page, which can be used afterwards. A new studio, such as that of a cell
    that is executed again, stops the transfer of the old one.

    Each transfer is kept in a folder of the user's until it is deleted: its result, what it was
    made from, and while it runs the picture so far. So a transfer that was interrupted, also by the
    end of the process, can go on, and two results can be compared.

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
    folder : Path or str, optional
        Where results are kept. By default the environment variable STYLEKIT_FOLDER names it, or it
        is the folder `stylekit` of the user.
    driver : Driver
        What takes the steps.

    Raises
    ------
    SettingsError
        For sizes or steps that are not allowed, or if there are none.
    MediaError
        If the folder cannot be made.

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
        folder: Path | str | None = None,
        driver: Driver = Driver.THREAD,
    ) -> None:
        self._lock = threading.RLock()
        self._transfer: Transfer | None = None
        self._network: Network | None = None
        self.stage = Stage.SETUP
        self.alerts = Alerts(on_page=True)
        self.limits = limits or MediaLimits()
        self.shelf = Shelf(folder)
        self.setup = Setup(
            sizes=sizes,
            steps=steps,
            backbone=backbone,
            limits=self.limits,
            on_transfer=self.alerts.guarded(self.transfer),
            on_change=self.alerts.guarded(self._setup_changed),
        )
        self.panel = WeightPanel()
        # It goes on while its page is closed: the result is kept.
        self.player = Player(
            self._open, panel=self.panel, name="studio", driver=driver, idle_limit=None
        )
        self.player.opening = "Preparing: the network is loaded, and the style is read …"
        self.cancel = Action("Cancel, keep the result so far", self.alerts.guarded(self._cancel))
        self.again = Action("New transfer", self.alerts.guarded(self.start_over))
        self.go_on = Action("Go on from here", self.alerts.guarded(self._go_on))
        self.delete = Action("Delete", self.alerts.guarded(self._delete), about="this result")
        self.results = Results(self.shelf.records)
        self.recipe = RecipeLines(on_link=self.alerts.guarded(self.open_link))
        self.kept = KeptStrip(self.shelf, self.alerts.guarded(self.open_record))
        super().__init__(self._parts())
        self.add_class("stylekit-studio").add_class("stylekit-player-page")
        self.player.on_step(self._take_step)
        self.player.on_state(self._take_state)
        self.panel.on_change(lambda _weights: self._show_recipe())
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
            self._begin(request, self.shelf.begin(request, self.panel.current()))

    def open_link(self, fragment: str) -> None:
        """Set what a link of the page names: built-in material, choices of the page, and weights.

        `fragment` is the part of the address after "#". What the page does not offer is left out,
        and one line says so. Nothing is started, and nothing is done while a result is shown.
        """
        fields = read_fragment(fragment)
        if self.stage is not Stage.SETUP:
            return
        left = [n for n in fields if n not in (*LINK_FIELDS, *WEIGHT_NAMES)]
        left += self.setup.choose(fields)
        weights, unreached = read_weights(fields, self.panel.current())
        self.panel.set(weights)
        left += unreached
        words = ""
        if left or not fields:
            names = ", ".join(name[:_MOST_LETTERS] for name in left[:_MOST_NAMES]) or "all of it"
            words = f"Left out of the link, because this page does not offer it: {names}."
        said = f'<p role="status" class="studio-caption">{html.escape(words)}</p>'
        self._link_line.value = said if words else ""

    def open_record(self, record: Record) -> None:
        """Show a transfer that is kept."""
        self.results.show(record)
        self._show_result("An earlier result" if record.state is State.DONE else "Not finished")

    def continue_record(self, record: Record) -> None:
        """Go on with a transfer that is kept, under its last weights.

        A picture that is finished is the start of a new transfer. A clip goes on where it stopped.

        Raises
        ------
        SettingsError
            If another transfer is in progress, or there is not the memory for it.
        MediaError
            If another page paints it, or a file that it was made from is gone.
        """
        with self._lock:
            if self.stage is Stage.WORK:
                raise SettingsError("transfer", "needs that no other transfer is in progress")
            request = request_of(record, self.limits)
            self.setup.check_memory(request)
            self.panel.set(record.weights)
            if record.is_clip or record.output is None:
                self.shelf.resume(record.folder)
                folder = record.folder
            else:
                folder = self.shelf.begin(request, record.weights)
            self._begin(request, folder, init=None if record.is_clip else record.so_far)

    def _begin(self, request: Request, folder: Path, *, init: Path | None = None) -> None:
        """Show the page of the work, and start the player."""
        with self._lock:
            self._transfer = transfer_of(request, folder, init=init)
            self._stored = time.monotonic()
            words = f"{request.words}; it goes on if this page is closed"
            self._work_heading.show("Painting", words)
            # The word that the drawing shows: the name of the style, if it has letters for it.
            name = request.style.name if request.style else ""
            word = name if _WORD.fullmatch(name) else "stylekit"
            self._waiting.children = [Waiting(text=word)]
            # The drawing is where the curve will be.
            self._work.add_class("preparing")
            # Until the first step the page shows the content, and nothing of the last run.
            alt = f"{request.content.name}, not painted yet"
            self.player.canvas.show(request.content.preview, alt=alt)
            self.player.controls.show_numbers([], {}, share=0.0)
            self.cancel.show(enabled=True)
            self._show_stage(Stage.WORK)
        self.player.start()

    def start_over(self) -> None:
        """Go back to the slots, which keep their files."""
        self.kept.refresh()
        self._show_stage(Stage.SETUP)
        self._refresh()

    def close(self) -> None:
        """Stop the transfer, and remove the page."""
        # The player is missing if `__init__` has raised an exception.
        if player := getattr(self, "player", None):
            player.close()
        super().close()

    def _parts(self) -> list[ipywidgets.Widget]:
        title = guarded.HTML('<p class="studio-title">stylekit studio</p>')
        self._network_line = guarded.HTML()
        head = guarded.VBox([title, self._network_line])
        self._work_heading, self._result_heading = Heading("Painting"), Heading("Done")
        self._waiting = guarded.Box().add_class("studio-waiting")
        player = self.player
        # Another view of the sliders that are folded on the page of the setup.
        self._hands = guarded.VBox([self.panel])
        player.looking_back.add_class("studio-live")
        self._work = arranged(player, hands=[self._hands], extra=[self.cancel])
        self._work.children += (self._waiting,)
        buttons = guarded.Box([self.again, self.go_on, self.delete]).add_class("studio-buttons")
        result_head = guarded.Box([self._result_heading, buttons]).add_class("studio-row")
        folded = guarded.VBox([self.panel])
        weights = [Fold("Weights of the losses", folded), folded]
        self._weights = guarded.VBox(weights).add_class("studio-weights")
        self._share = Fold("The same as a command, as Python, as a link", self.recipe)
        self._link_line = guarded.HTML()
        setup = [self._link_line, self.setup, self._weights, self._share, self.recipe, self.kept]
        self._stages = {
            Stage.SETUP: guarded.VBox(setup),
            Stage.WORK: guarded.VBox([self._work_heading, self._work]),
            Stage.RESULT: guarded.VBox([result_head, self.results]),
        }
        self._headings = {
            Stage.SETUP: self.setup.heading,
            Stage.WORK: self._work_heading,
            Stage.RESULT: self._result_heading,
        }
        return [
            head.add_class("studio-head"),
            self.alerts.widget,
            player.alerts.widget,
            *self._stages.values(),
        ]

    def _setup_changed(self) -> None:
        self._fit_weights()
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
        self._show_recipe()

    def _show_recipe(self) -> None:
        """Show how the request can be made without the page."""
        request = self.setup.request()
        recipe = None if request is None else request.recipe(self.panel.current())
        self.recipe.show(recipe)
        set_visible(self._share, recipe is not None)

    def _show_stage(self, stage: Stage) -> None:
        with self._lock:
            changed, self.stage = stage is not self.stage, stage
            for each, box in self._stages.items():
                set_visible(box, each is stage)
            self._fit_weights()
        if changed:
            self._headings[stage].focus()

    def _fit_weights(self) -> None:
        """Show the weights where they serve: what follows a painted frame has none."""
        transfer = self._transfer
        by_keys = transfer is not None and transfer.request.painting is not None
        set_visible(self._hands, not by_keys)
        set_visible(self._weights, not self.setup.own_frame.chosen)

    def _open(self) -> Run:
        """The run of the transfer; the driver calls it."""
        transfer = self._transfer
        assert transfer is not None and self._network is not None
        if not transfer.request.content.is_clip:
            # The network may take half a minute, if it has not been prepared yet.
            self.player.canvas.show(transfer.first_picture(), alt="Before the first step")
        return transfer.open(self._network)

    def _take_step(self, event: Any) -> None:
        """Note the weights of each step, and from time to time store the picture."""
        transfer = self._transfer
        self._work.remove_class("preparing")
        picture = transfer.note(event) if transfer is not None else None
        if transfer is None or picture is None:
            return
        if time.monotonic() - self._stored > _STORE_SECONDS:
            self._stored = time.monotonic()
            # A full disk ends no transfer: its memory has all of it.
            with self.alerts.guard():
                self.shelf.remember(transfer.folder, picture, transfer.weights)

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
                    self.shelf.give_up(transfer.folder)
                    self.start_over()
                    if state is LoopState.STOPPED:
                        words = "Cancelled before anything was finished."
                        self.setup.go.show(enabled=True, words=words)
                    return
                self.cancel.show(enabled=False, words="Writing the files …")
                result = transfer.finish(complete=state is LoopState.DONE)
                done = state is LoopState.DONE and transfer.is_complete
                record = self.shelf.finish(
                    transfer.folder,
                    result.shown,
                    state=State.DONE if done else State.STOPPED,
                    weights=result.weights,
                    facts=facts_of(transfer, result.report),
                    output=result.report.output,
                    before=result.before,
                    fps=float(transfer.clip.fps) if transfer.clip else None,
                )
                run = transfer.run if transfer.clip else None
                self.results.show(record, run=run, clip=transfer.clip)
                self._show_result("Done" if done else "Stopped: the result so far")
                self._add_comparison(transfer, result)
                self.shelf.release(transfer.folder)
            except Exception:
                self.shelf.release(transfer.folder)
                if self.stage is Stage.WORK:
                    self.start_over()
                raise

    def _add_comparison(self, transfer: Transfer, result: TransferResult) -> None:
        """Add the clip that shows before and after; it takes longest, so it comes last."""
        if transfer.clip is None:
            return
        self.results.say("The side-by-side clip is being written …")
        try:
            comparison = transfer.compare(result)
            self.shelf.add_comparison(transfer.folder, comparison)
        except Exception:
            # The user may have deleted the result meanwhile.
            if transfer.folder.is_dir():
                raise
            return
        shown = self.results.record
        if shown is not None and shown.folder == transfer.folder:
            self.results.add_comparison(comparison)

    def _show_result(self, title: str) -> None:
        """Show the stage of the result, with the buttons that serve for it."""
        record = self.results.record
        assert record is not None
        self._result_heading.show(title, record.title)
        self.delete.rename("Delete")
        set_visible(self.go_on, not (record.is_clip and record.state is State.DONE))
        self._show_stage(Stage.RESULT)

    def _go_on(self) -> None:
        if self.results.record is not None:
            self.continue_record(self.results.record)

    def _delete(self) -> None:
        """Delete what is shown, when the button is pressed for the second time."""
        record = self.results.record
        if record is None:
            return
        if self.delete.text == "Delete":
            self.delete.rename("Delete for good")
            return
        self.shelf.delete(record.folder)
        self.start_over()

    def _repr_mimebundle_(self, **kwargs: Any) -> dict[str, Any] | None:
        """The page, and a picture of it for programs that do not run widgets."""
        bundle: dict[str, Any] | None = super()._repr_mimebundle_(**kwargs)
        if bundle is None:
            return None
        picture = {"image/jpeg": base64.b64encode(_STILL.read_bytes()).decode("ascii")}
        return {**bundle, "text/plain": "Studio()", **picture}
