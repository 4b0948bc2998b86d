"""Sliders for the weights of the losses, whose values count from the next step on.

>>> panel = sk.WeightPanel()
>>> for step in painting.steps(300, panel.current): ...
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import anywidget
import ipywidgets
import traitlets

from ...errors import SettingsError
from ...losses import TERMS, weight_of
from ...settings import ImageSettings, Weights, check_layer_count, tunables
from ..base.alerts import Alerts
from ..base.modules import bundle, stylesheet
from ..base.weight_words import python_line

_HERE = Path(__file__).parent
REPORT = "report"
"""The name of the preset that holds the defaults."""

# By the block of VGG that a layer belongs to: the deeper, the larger is what it sees.
_LAYER_WORDS = {
    "block1": "colours and the finest grain",
    "block2": "fine texture",
    "block3": "strokes",
    "block4": "bundles of strokes",
    "block5": "the largest forms",
}


class WeightControls(anywidget.AnyWidget):
    """The page's half of a `WeightPanel`: rows of sliders, presets, and the line of Python.

    The page writes `values`, a number by the name of each row. Native sliders, because those of
    ipywidgets move a value to the nearest step when they are first drawn, and tell a screen
    reader neither their name nor their value.
    """

    _esm = bundle(_HERE / "panel.js")
    _css = stylesheet(_HERE.parent / "base" / "dom.css", _HERE / "panel.css")

    _rows: traitlets.List[dict[str, Any]] = traitlets.List().tag(sync=True)
    values: traitlets.Dict[str, float] = traitlets.Dict().tag(sync=True)
    _presets: traitlets.List[str] = traitlets.List().tag(sync=True)
    _preset = traitlets.Unicode(help="Name of the preset; empty for weights of one's own.").tag(
        sync=True
    )
    _line = traitlets.Unicode().tag(sync=True)

    def __init__(self, presets: Sequence[str]) -> None:
        self.lock = threading.RLock()
        super().__init__()
        self._presets = list(presets)

    def show(
        self, rows: list[dict[str, Any]], values: dict[str, float], *, line: str, preset: str
    ) -> None:
        """Show these rows and values, and what they are called."""
        with self.lock, self.hold_sync():
            self._rows, self.values, self._line, self._preset = rows, values, line, preset

    def set_state(self, sync_data: dict[str, Any]) -> None:
        """Take what the page writes; by ipywidgets, on any thread.

        Under the lock, because traitlets holds back notifications of the whole object meanwhile.
        """
        with self.lock:
            super().set_state(sync_data)


class WeightPanel(ipywidgets.VBox):
    """Logarithmic sliders for α, β, γ and total variation, a tenth of a power of ten a step.

    Each has a box that turns its term off; the shares of `style_layers` are folded away below,
    and are those of the settings (`Weights.layers` empty) until one is moved. The values of now
    are there as a line of Python. `presets` are weights by name, beside "report", the defaults;
    reset goes back to `weights`.

    `current` gives a snapshot to any thread: hand it to `steps`, and each step uses what the
    sliders say when it begins. Values that are moved to have three significant digits; those that
    are set stay exact, and make their slider longer if they lie outside of it.

    Raises SettingsError unless all weights have no layers, or one for each of `style_layers`.
    """

    def __init__(
        self,
        weights: Weights | None = None,
        *,
        style_layers: Sequence[str] | None = None,
        presets: Mapping[str, Weights] | None = None,
    ) -> None:
        self._first = weights or Weights()
        self._layers = tuple(ImageSettings().style_layers if style_layers is None else style_layers)
        self.presets = {REPORT: Weights(), **(presets or {})}
        for preset in self.presets.values():
            check_layer_count("layers", preset.layers, self._layers)
        self._weights = self._first
        self._tunables = tunables(self._first)
        self._spans = {term.weight: self._tunables[term.weight].slider for term in TERMS.values()}
        self._spans |= dict.fromkeys(self._layers, self._tunables["layers"].slider)
        self._showing = False
        self._callbacks: list[Callable[[Weights], object]] = []
        self.alerts = Alerts()
        self.controls = WeightControls(tuple(self.presets))
        super().__init__([self.controls, self.alerts.widget])
        self.set(self._first)
        self.controls.observe(self.alerts.guarded(self._take_values), "values")
        self.controls.on_msg(self.alerts.guarded(self._answer))

    def current(self) -> Weights:
        """What the sliders say now. Any thread may ask, at no cost."""
        return self._weights

    def set(self, weights: Weights) -> None:
        """Move the sliders. Raises SettingsError for another number of layers."""
        check_layer_count("layers", weights.layers, self._layers)
        with self.controls.lock:
            self._use(weights)
        self._tell()

    def reset(self) -> None:
        """Go back to the weights that the panel was made with."""
        self.set(self._first)

    def on_change(self, callback: Callable[[Weights], object]) -> None:
        """Call `callback(weights)` whenever the weights change, on the thread that changed them.

        What it raises is shown in the panel.
        """
        self._callbacks.append(callback)

    def _take_values(self, change: Any) -> None:
        with self.controls.lock:
            if self._showing:
                return
            try:
                weights = self._weights_of(change["new"], change["old"])
            except SettingsError:
                self._use(self._weights)  # the sliders go back to what counts
                raise
            self._use(weights)
        self._tell()

    def _weights_of(self, values: Mapping[str, float], before: Mapping[str, float]) -> Weights:
        names = [term.weight for term in TERMS.values()]
        if values.keys() != {*names, *self._layers}:
            raise SettingsError("weights", f"the page has other rows: {', '.join(values)}")
        moved = any(values[name] != before.get(name) for name in self._layers)
        layers = tuple(values[name] for name in self._layers) if moved else self._weights.layers
        return Weights(**{name: values[name] for name in names}, layers=layers)

    def _answer(self, _widget: object, content: Any, _buffers: object) -> None:
        if content.get("type") == "preset":
            self.set(self.presets[content["name"]])
        elif content.get("type") == "reset":
            self.reset()

    def _use(self, weights: Weights) -> None:
        """Swap the snapshot, and show it."""
        self._weights = weights
        preset = next((name for name, known in self.presets.items() if known == weights), "")
        shares = weights.layers or (1.0,) * len(self._layers)
        values = {term.weight: weight_of(term, weights) for term in TERMS.values()}
        values |= dict(zip(self._layers, shares, strict=True))
        self._showing = True
        try:
            self.controls.show(self._rows(values), values, line=python_line(weights), preset=preset)
        finally:
            self._showing = False

    def _tell(self) -> None:
        weights = self._weights
        for callback in tuple(self._callbacks):
            with self.alerts.guard():
                callback(weights)

    def _rows(self, values: Mapping[str, float]) -> list[dict[str, Any]]:
        """The rows of the page, each slider long enough for its value."""
        for name, value in values.items():
            self._spans[name] = _wide_enough(self._spans[name], value)
        rows: list[dict[str, Any]] = [
            {
                "name": term.weight,
                "sign": term.symbol,
                "label": term.label,
                "words": self._tunables[term.weight].help,
                "start": self._tunables[term.weight].start,
            }
            for term in TERMS.values()
        ]
        rows += [
            {"name": name, "sign": "", "label": name, "words": _layer_words(name), "start": 1.0}
            for name in self._layers
        ]
        for row in rows:
            row["low"], row["high"] = self._spans[row["name"]]
            row["fold"] = row["name"] in self._layers
        return rows


def _wide_enough(span: tuple[int, int], value: float) -> tuple[int, int]:
    """The powers of ten from `span`, with that of `value` among them."""
    if value == 0:
        return span
    power = math.log10(value)
    return min(span[0], math.floor(power)), max(span[1], math.ceil(power))


def _layer_words(name: str) -> str:
    return _LAYER_WORDS.get(name.partition("_")[0], "")
