"""Force maps: how hard each term of the loss pulls at each pixel, live beside a player."""

from __future__ import annotations

import dataclasses
import html
import threading
import time
from typing import Any

import ipywidgets

from ...explain.pulls import PullMaps, pull_maps
from ...explain.words import two_digits
from ...losses import TERMS, weight_of
from ...settings import Weights
from ..base import guarded
from ..base.alerts import Alerts
from ..base.loop import LoopState
from ..base.picture_canvas import PictureCanvas
from ..base.text import FAINT_STYLE, TEXT_STYLE, title_html
from .force_views import drawn, force_words, key_html, reweighted, white_of
from .player import Player
from .snapshots import Snapshot, first_snapshot, snapshot_of

# Measuring may take a fifth of the time at most, so that painting goes on.
_MIN_SECONDS, _PAUSE_RATIO = 2.0, 4.0
_WIDTH = 220


class ForceMaps(guarded.VBox):
    """A box to tick beside a `Player`; then a map of each term's pull at the newest picture.

    A map is the norm of the gradient of the weighted term at each pixel, black where it is zero.
    All maps share one scale of brightness, and a line says in words which term pulls harder. They
    are measured between the steps, at most every two seconds, and when the run pauses or ends;
    each time costs one evaluation of the loss for each term that has a weight. While the run does
    not paint they follow the weights of its panel at no cost. The box is off at first::

        player = sk.Player(lambda: sk.Stylization(content, style), panel=panel)
        guarded.VBox([player, sk.ForceMaps(player)])

    `maps` are the newest maps as `PullMaps`, None before the first. Total variation has a map
    while its weight is not 0, and the temporal term if there is a previous frame.

    Parameters
    ----------
    player
        The player whose picture is measured.
    """

    def __init__(self, player: Player) -> None:
        self._player = player
        self._lock = threading.RLock()
        self._newest: Snapshot | None = None
        self._measured: Snapshot | None = None
        self._seconds = 0.0
        self._last, self._clock = -float("inf"), time.monotonic
        self.maps: PullMaps | None = None
        self.alerts = Alerts()
        self.box = guarded.Checkbox(
            description="Show who pulls where", indent=False, layout={"width": "auto"}
        )
        self.canvases = {term: PictureCanvas(width=_WIDTH) for term in TERMS}
        for canvas in self.canvases.values():
            # So that the border of a black map can be seen on a dark page too.
            canvas.layout.border = "1px solid var(--jp-ui-font-color2, gray)"
        super().__init__(self._parts())
        self.box.observe(self.alerts.guarded(lambda _change: self._switch()), "value")
        player.on_step(self._take_step)
        player.on_state(self._take_state)
        if player.panel:
            player.panel.on_change(self._take_weights)

    def measure(self) -> PullMaps | None:
        """Measure and show the pulls at the newest picture; None if there is no picture yet."""
        with self._lock:
            snapshot = self._newest or first_snapshot(self._player)
            if snapshot is None:
                self._words.value = _text("The maps appear with the first step.")
                return None
            begun = time.perf_counter()
            self.maps = pull_maps(
                snapshot.objective,
                snapshot.targets,
                snapshot.image,
                snapshot.weights,
                keep_colors=snapshot.keep_colors,
            )
            self._seconds = time.perf_counter() - begun
            self._measured, self._last = snapshot, self._clock()
            self._show(snapshot, self.maps)
            return self.maps

    def close(self) -> None:
        """Stop measuring, and remove the maps from their pages."""
        self.box.value = False
        super().close()

    def _parts(self) -> list[ipywidgets.Widget]:
        self._titles = {term: guarded.HTML() for term in TERMS}
        self._columns = {
            term: guarded.VBox(
                [self._titles[term], self.canvases[term]],
                layout={"width": f"{_WIDTH + 2}px", "display": "none"},
            )
            for term in TERMS
        }
        self._cost, self._words, self._key = (guarded.HTML() for _ in range(3))
        self._cost.value = _faint(
            "Costs an evaluation of the loss for each term, at most every 2 s."
        )
        row = {"flex_flow": "row wrap", "align_items": "center", "grid_gap": "2px 12px"}
        maps = {"flex_flow": "row wrap", "grid_gap": "8px 12px"}
        self._shown = guarded.VBox(
            [self._words, guarded.Box(list(self._columns.values()), layout=maps), self._key],
            layout={"display": "none"},
        )
        return [guarded.Box([self.box, self._cost], layout=row), self.alerts.widget, self._shown]

    def _switch(self) -> None:
        self._shown.layout.display = None if self.box.value else "none"
        # While the run paints, the next step measures.
        if self.box.value and self._player.state is not LoopState.RUNNING:
            self.measure()

    def _take_step(self, event: Any) -> None:
        snapshot = snapshot_of(event, self._player.source)
        if snapshot is None:
            return
        self._newest = snapshot
        resting = self._player.state is not LoopState.RUNNING
        if self.box.value and (resting or self._clock() >= self._last + self._pause):
            # An exception in a player's callback would end the run.
            with self.alerts.guard():
                self.measure()

    @property
    def _pause(self) -> float:
        """The least number of seconds between two measurements."""
        return max(_MIN_SECONDS, _PAUSE_RATIO * self._seconds)

    def _take_state(self, state: LoopState) -> None:
        resting = state not in (LoopState.IDLE, LoopState.RUNNING)
        if resting and self.box.value and self._newest is not self._measured:
            with self.alerts.guard():
                self.measure()

    def _take_weights(self, weights: Weights) -> None:
        """While the run does not paint, show how the pulls change with the weights."""
        if not self.box.value or self._player.state is LoopState.RUNNING:
            return
        with self._lock, self.alerts.guard():
            if self._measured is None or self.maps is None:
                return
            before = self._measured.weights
            self._newest = dataclasses.replace(self._measured, weights=weights)
            maps = reweighted(self.maps, before, weights)
            if maps is None:
                self.measure()
                return
            self.maps, self._measured = maps, self._newest
            self._show(self._newest, maps)

    def _show(self, snapshot: Snapshot, maps: PullMaps) -> None:
        shown = [term for term in TERMS if _has(term, snapshot)]
        top = white_of(maps)
        shares = maps.shares()
        for term in TERMS:
            self._columns[term].layout.display = None if term in shown else "none"
            if term not in shown:
                continue
            share = f"{two_digits(100 * shares[term])} %"
            self._titles[term].value = title_html(f"{TERMS[term].title}: {share}")
            self.canvases[term].show(
                drawn(maps[term], top),
                alt=f"{snapshot.title}: where the {TERMS[term].label} term pulls, "
                f"{share} of all pull.",
                lossless=True,
            )
        self._words.value = _text(f"{snapshot.title}. {force_words(maps, snapshot.weights)}")
        self._key.value = key_html(top)
        self._cost.value = _faint(
            f"Measuring took {two_digits(self._seconds)} s; it is done at most every "
            f"{two_digits(self._pause)} s."
        )


def _has(name: str, snapshot: Snapshot) -> bool:
    """Whether a term has a map: content and style always, others if they can pull."""
    term = TERMS[name]
    if term.needs_mask:
        return bool(snapshot.targets.masks.shape[0])
    return name in ("content", "style") or bool(weight_of(term, snapshot.weights))


def _text(words: str) -> str:
    return f'<div class="stylekit-force-words" style="{TEXT_STYLE}">{html.escape(words)}</div>'


def _faint(words: str) -> str:
    return f'<div style="{TEXT_STYLE};{FAINT_STYLE}">{html.escape(words)}</div>'
