"""The studio: drop in a picture or a clip and a painting, press one button, watch, take it home.

>>> Studio()
"""

from __future__ import annotations

import base64
import html
import logging
import re
import threading
from collections.abc import Sequence
from enum import Enum
from pathlib import Path
from typing import Any

import ipywidgets

from ..errors import SettingsError
from ..materials import MaterialKind
from ..settings import ImageSettings, MediaLimits
from .alerts import Alerts
from .loop import Driver, LoopState
from .player import Player
from .run_progress import time_words
from .studio_job import Job, Network, Order
from .studio_parts import Action, Amount, Choice, Fold, Heading
from .studio_results import Results
from .studio_slots import CLIP_ENDINGS, PICTURE_ENDINGS, Slot, look_at, look_at_picture
from .studio_texts import guidelines_html
from .waiting import Waiting
from .weight_panel import WeightPanel

SIZES = (128, 192, 256, 384, 512)
"""Longest sides to choose from, in pixels."""

STEPS = (30, ImageSettings().steps, 250)
"""Steps to choose from, from a draft to the finest."""

_USUAL_SIZE, _USUAL_FRAMES = 256, 16
_QUALITIES = ("Draft", "Good", "Fine")
# What a step that is under way may take, at the largest size on a slow machine.
_STEP_SECONDS = 120.0
_WORD = re.compile(r"[A-Za-z0-9]{1,16}")


class Stage(Enum):
    """What the page shows."""

    SETUP = "setup"
    WORK = "work"
    RESULT = "result"


class Studio(ipywidgets.VBox):
    """The page for a whole transfer: two slots, one button, the picture as it forms, the result.

    `sizes` are the longest sides, in pixels, and `steps` the most steps that can be chosen; the
    middle of them is chosen at first. `backbone` is the network (see `load_backbone`), `limits`
    what is read. Files that come and go are kept in a folder of this process that no other user
    can enter, and removed when it ends.

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
        if not sizes or not steps:
            raise SettingsError("sizes" if not sizes else "steps", "name at least one")
        for size, count in ((size, count) for size in sizes for count in steps):
            ImageSettings(size=size, steps=count)
        self._sizes, self._steps, self._backbone = tuple(sizes), tuple(steps), backbone
        self._limits = limits or MediaLimits()
        self._lock = threading.RLock()
        self._job: Job | None = None
        self.stage = Stage.SETUP
        self.alerts = Alerts()
        # The page itself says which network runs; a notebook would show it in red besides.
        logging.getLogger("stylekit").addHandler(logging.NullHandler())
        self.panel = WeightPanel()
        self.player = Player(self._open, panel=self.panel, name="studio", driver=driver)
        self._make_parts()
        super().__init__(self._arranged())
        self.add_class("stylekit-studio")
        # It tells its news at any moment from now on.
        self.network = Network(backbone, on_news=self._refresh, on_error=self.alerts.show)
        self.player.on_step(self._count)
        self.player.on_state(self._take_state)
        for slot in (self.content, self.style):
            slot.on_change(self._slot_changed)
        for field, name in ((self.size, "index"), (self.quality, "index"), (self.frames, "value")):
            field.observe(self.alerts.guarded(lambda _change: self._changed()), name)
        self._go(Stage.SETUP)
        self._slot_changed()

    @property
    def job(self) -> Job | None:
        """The transfer under way, or the last one."""
        return self._job

    def transfer(self) -> None:
        """Begin; raises SettingsError unless both slots are green and nothing is under way."""
        with self._lock:
            order = self._order()
            if order is None or self.stage is not Stage.SETUP:
                raise SettingsError("transfer", "needs two green slots, and nothing under way")
            if self._job:
                self._job.discard()
            self._job = Job(order)
        self._work_heading.say("Painting", order.words)
        word = order.style.name if _WORD.fullmatch(order.style.name) else "stylekit"
        self._waiting.children = [Waiting(text=word)]
        # The page has something to show before the first step, and nothing of the run before.
        self.player.canvas.show(order.content.preview, alt=f"{order.content.name}, not painted yet")
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

    def _make_parts(self) -> None:
        photographs, clips, styles = (
            MaterialKind.PHOTOGRAPH,
            MaterialKind.CLIP,
            MaterialKind.STYLE,
        )
        limits = self._limits
        self.content = Slot(
            "Content",
            kinds=(photographs, clips),
            accept=(*PICTURE_ENDINGS, *CLIP_ENDINGS),
            max_bytes=max(limits.picture_bytes, limits.clip_bytes),
            judge=lambda path: look_at(path, limits),
        )
        self.style = Slot(
            "Style",
            kinds=(styles,),
            accept=PICTURE_ENDINGS,
            max_bytes=limits.picture_bytes,
            judge=lambda path: look_at_picture(path, limits),
        )
        sizes = self._sizes
        usual = sizes.index(_USUAL_SIZE) if _USUAL_SIZE in sizes else len(sizes) // 2
        self.size = Choice("Size", [f"{size} pixels" for size in sizes], index=usual)
        named = _QUALITIES if len(self._steps) == len(_QUALITIES) else ("",) * len(self._steps)
        self.quality = Choice(
            "Quality",
            [f"{name} – {n} steps".strip("– ") for name, n in zip(named, self._steps, strict=True)],
            index=len(self._steps) // 2,
        )
        self.frames = Amount("Frames")
        guarded = self.alerts.guarded
        self.go = Action("Transfer", guarded(self.transfer), main=True)
        self.cancel = Action("Cancel, keep what is there", guarded(self._cancel))
        self.again = Action("New transfer", guarded(self.start_over), main=True)
        self.results = Results()
        self._network_line = ipywidgets.HTML()
        self._work_heading = Heading("Painting")
        self._result_heading = Heading("Done")
        self._setup_heading = Heading("Choose what to paint, and like what")
        self._waiting = ipywidgets.Box().add_class("studio-waiting")

    def _arranged(self) -> list[ipywidgets.Widget]:
        title = ipywidgets.HTML('<p class="studio-title">stylekit studio</p>')
        head = ipywidgets.VBox([title, self._network_line])
        fields = ipywidgets.Box([self.size, self.quality, self.frames, self.go])
        slots = ipywidgets.Box(
            [
                self.content,
                self.style,
                ipywidgets.HTML(guidelines_html(self._limits)).add_class("studio-guide"),
            ]
        )
        player = self.player
        watching = ipywidgets.VBox(
            [
                self._waiting,
                player.controls,
                self.cancel,
                Fold("Loss curve", player.curve),
                player.curve,
            ]
        )
        pictures = ipywidgets.VBox([player.canvas]).add_class("studio-live")
        work = ipywidgets.Box([pictures, watching.add_class("studio-side")])
        result_head = ipywidgets.Box([self._result_heading, self.again])
        self._stages = {
            Stage.SETUP: ipywidgets.VBox(
                [
                    self._setup_heading,
                    slots.add_class("studio-slots"),
                    fields.add_class("studio-fields"),
                ]
            ),
            Stage.WORK: ipywidgets.VBox([self._work_heading, work.add_class("studio-columns")]),
            Stage.RESULT: ipywidgets.VBox([result_head.add_class("studio-row"), self.results]),
        }
        self._weights = ipywidgets.VBox(
            [Fold("Weights: what pulls how hard", self.panel), self.panel]
        )
        return [
            head.add_class("studio-head"),
            self.alerts.widget,
            player.alerts.widget,
            *self._stages.values(),
            self._weights.add_class("studio-weights"),
        ]

    def _order(self) -> Order | None:
        content, style = self.content.source, self.style.source
        if content is None or style is None:
            return None
        return Order(
            content=content,
            style=style,
            size=self._sizes[self.size.index],
            steps=self._steps[self.quality.index],
            frames=min(self.frames.value, content.frames),
            backbone=self._backbone,
        )

    def _slot_changed(self) -> None:
        content = self.content.source
        self.frames.layout.display = None if content and content.is_clip else "none"
        if content and content.is_clip and content.frames != self.frames.most:
            self.frames.limit(content.frames, value=_USUAL_FRAMES)
        self._changed()

    def _changed(self) -> None:
        if order := self._order():
            self.network.warm(order)
        self._refresh()

    def _refresh(self) -> None:
        """Say which network runs, and what the one button waits for or how long it will take."""
        label = html.escape(self.network.label or "is being looked for …")
        self._network_line.value = f'<p class="studio-network">Network: <b>{label}</b></p>'
        order = self._order()
        missing = [slot.title.lower() for slot in (self.content, self.style) if slot.source is None]
        if order is None:
            words = f"First choose a {' and a '.join(missing)}."
        else:
            seconds = self.network.step_seconds(order)
            words = "Ready."
            if seconds is not None:
                words = f"Ready: {time_words(seconds * order.most_steps)} at most on this machine."
        self.go.show(enabled=order is not None, words=words)

    def _go(self, stage: Stage) -> None:
        with self._lock:
            moved, self.stage = stage is not self.stage, stage
            for each, box in self._stages.items():
                box.layout.display = None if each is stage else "none"
            self._weights.layout.display = "none" if stage is Stage.RESULT else None
        if moved:
            {
                Stage.SETUP: self._setup_heading,
                Stage.WORK: self._work_heading,
                Stage.RESULT: self._result_heading,
            }[stage].call()

    def _open(self) -> Any:
        """The run of the job; on the driver's thread."""
        assert self._job is not None
        return self._job.open(self.network)

    def _count(self, event: Any) -> None:
        """Note what each step used, which is what the result was painted with."""
        job = self._job
        step = getattr(event, "step", event)
        if job is not None and hasattr(step, "step_index"):
            job.step_count += 1
            job.weights = step.weights

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
                        self.go.show(enabled=True, words="Cancelled before anything was finished.")
                    return
                self.cancel.show(enabled=False, words="Writing the files …")
                outcome = job.finish(complete=state is LoopState.DONE)
                self.results.show(job, outcome)
                title = "Done" if state is LoopState.DONE else "As far as it got"
                self._result_heading.say(title, job.order.words)
                self._go(Stage.RESULT)
                if outcome.before_clip is not None:
                    self.results.add_comparison(job.compare(outcome))
            except Exception:
                if self.stage is Stage.WORK:
                    self.start_over()
                raise

    def _repr_mimebundle_(self, **kwargs: Any) -> dict[str, Any] | None:
        """The page, and for readers that run nothing what it looks like."""
        bundle: dict[str, Any] | None = super()._repr_mimebundle_(**kwargs)
        if bundle is None:
            return None
        still = Path(__file__).with_name("studio_still.jpg").read_bytes()
        picture = {"image/jpeg": base64.b64encode(still).decode("ascii")}
        return {**bundle, "text/plain": "Studio()", **picture}
