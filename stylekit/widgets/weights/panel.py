"""Sliders for the weights of the losses. A moved slider counts from the next step on.

::

    panel = sk.WeightPanel()
    for step in painting.steps(300, panel.current): ...
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

import traitlets

from ...errors import SettingsError
from ...losses import TERMS, weight_of
from ...settings import STRENGTH, ImageSettings, Weights, check_layer_count, tunables
from ..base import guarded
from ..base.alerts import Alerts
from ..base.modules import bundle, stylesheet
from ..base.text import python_line
from ..base.widget import LockedWidget

_HERE = Path(__file__).parent
DEFAULTS = "the defaults"
"""The name of the preset that holds the default weights."""

_STRENGTH = "strength"

# By the block of VGG that a layer belongs to: a deeper layer sees larger forms.
_LAYER_WORDS = {
    "block1": "colours and the finest grain",
    "block2": "fine texture",
    "block3": "strokes",
    "block4": "bundles of strokes",
    "block5": "the largest forms",
}


class WeightControls(LockedWidget):
    """The page's half of a `WeightPanel`: rows of sliders, presets, and the line of Python.

    The page writes `values`, a number for the name of each row. The sliders are those of the
    browser: ipywidgets' sliders move a value to the nearest step when they are first drawn, and
    tell a screen reader neither their name nor their value.
    """

    _esm = bundle(_HERE / "panel.js")
    _css = stylesheet(_HERE.parent / "base" / "dom.css", _HERE / "panel.css")

    page_writes: ClassVar[frozenset[str]] = frozenset({"values"})

    _rows: traitlets.List[dict[str, Any]] = traitlets.List().tag(sync=True)
    values: traitlets.Dict[str, float] = traitlets.Dict().tag(sync=True)
    _presets: traitlets.List[str] = traitlets.List().tag(sync=True)
    # Empty for weights that are no preset's.
    _preset = traitlets.Unicode().tag(sync=True)
    _line = traitlets.Unicode().tag(sync=True)

    def __init__(self, presets: Sequence[str]) -> None:
        super().__init__(_presets=list(presets))

    def show(
        self, rows: list[dict[str, Any]], values: dict[str, float], *, line: str, preset: str
    ) -> None:
        """Show these rows and values, the line of Python and the name of the preset."""
        with self.updating():
            self._rows, self.values, self._line, self._preset = rows, values, line, preset


class WeightPanel(guarded.VBox):
    """Logarithmic sliders for the weights: one step is a tenth of a power of ten.

    The row "strength" above them changes β and edges together: more photograph or more painting.
    Each other row has a box that turns its term off. The weights of the style layers are folded
    away below; as long as none of them is moved, `Weights.layers` stays empty and those of the
    settings count. The weights are also shown as a line of Python. A moved slider gives three
    significant digits; weights from `set` stay exact, and a slider becomes longer if they lie
    outside of it.

    Parameters
    ----------
    weights
        Where the sliders start, and where the button "Reset" moves them back to.
    style_layers
        Names of the style layers; those of `ImageSettings` if left out.
    presets
        Weights by name, in addition to "the defaults".

    Raises
    ------
    SettingsError
        If weights have another number of layers than `style_layers`.

    Examples
    --------
    >>> panel = sk.WeightPanel(sk.Weights(alpha=2))
    >>> panel.set(sk.Weights(beta=3e4))
    >>> panel.current().beta
    30000.0
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
        self.presets = {DEFAULTS: Weights(), **(presets or {})}
        for preset in self.presets.values():
            check_layer_count("layers", preset.layers, self._layers)
        self._weights = self._first
        self._tunables = tunables(self._first)
        self._spans = {term.weight: self._tunables[term.weight].slider for term in TERMS.values()}
        self._spans |= dict.fromkeys(self._layers, self._tunables["layers"].slider)
        self._spans[_STRENGTH] = STRENGTH.slider
        # The weights are those of the base at this strength.
        self._base, self._strength = self._first, 1.0
        self._showing = False
        self._callbacks: list[Callable[[Weights], object]] = []
        self.alerts = Alerts()
        self.controls = WeightControls(tuple(self.presets))
        super().__init__([self.controls, self.alerts.widget])
        self.set(self._first)
        self.controls.observe(self.alerts.guarded(self._take_values), "values")
        self.controls.on_msg(self.alerts.guarded(self._answer))

    def current(self) -> Weights:
        """The weights as the sliders show them now. Any thread may call it, at no cost."""
        return self._weights

    def set(self, weights: Weights) -> None:
        """Move the sliders. Raises SettingsError if the number of layers is another."""
        check_layer_count("layers", weights.layers, self._layers)
        with self.controls.lock:
            self._base, self._strength = weights, 1.0
            self._use(weights)
        self._tell()

    def reset(self) -> None:
        """Go back to the weights that the panel was made with."""
        self.set(self._first)

    def on_change(self, callback: Callable[[Weights], object]) -> None:
        """Call `callback(weights)` after each change, on the thread that made it.

        An exception of the callback is shown in the panel.
        """
        self._callbacks.append(callback)

    def _take_values(self, change: Any) -> None:
        with self.controls.lock:
            if self._showing:
                return
            try:
                weights = self._weights_of(change["new"], change["old"])
            except SettingsError:
                self._use(self._weights)  # the sliders go back to the weights in use
                raise
            self._use(weights)
        self._tell()

    def _weights_of(self, values: Mapping[str, float], before: Mapping[str, float]) -> Weights:
        names = [term.weight for term in TERMS.values()]
        if values.keys() != {_STRENGTH, *names, *self._layers}:
            raise SettingsError("weights", f"the page has other rows: {', '.join(values)}")
        if values[_STRENGTH] != self._strength:
            stronger = self._base.at_strength(values[_STRENGTH])
            self._strength = values[_STRENGTH]
            return stronger
        moved = any(values[name] != before.get(name) for name in self._layers)
        layers = tuple(values[name] for name in self._layers) if moved else self._weights.layers
        weights = Weights(**{name: values[name] for name in names}, layers=layers)
        # Found before anything changes: this may be refused too.
        base = weights.at_strength(1 / self._strength)
        # What was not moved stays exact; a product divided again may differ in its last digit.
        kept = {
            name: getattr(self._base, name)
            for name in ("beta", "edges")
            if values[name] == getattr(self._weights, name)
        }
        self._base = replace(base, **kept)
        return weights

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
        values = {_STRENGTH: self._strength}
        values |= {term.weight: weight_of(term, weights) for term in TERMS.values()}
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
            if value:
                (low, high), power = self._spans[name], math.log10(value)
                self._spans[name] = min(low, math.floor(power)), max(high, math.ceil(power))
        rows: list[dict[str, Any]] = [
            {
                "name": _STRENGTH,
                "sign": "",
                "label": STRENGTH.label,
                "color": "",
                "words": "more photograph to the left, more painting to the right",
                "start": 1.0,
            }
        ]
        rows += [
            {
                "name": term.weight,
                "sign": term.symbol,
                "label": term.label,
                "color": term.color,
                "words": self._tunables[term.weight].help,
                "start": self._tunables[term.weight].start,
            }
            for term in TERMS.values()
        ]
        for name in self._layers:
            words = _LAYER_WORDS.get(name.partition("_")[0], "")
            rows.append(
                {"name": name, "sign": "", "label": name, "color": "", "words": words, "start": 1.0}
            )
        for row in rows:
            row["low"], row["high"] = self._spans[row["name"]]
            row["fold"] = row["name"] in self._layers
            row["always"] = row["name"] == _STRENGTH
        return rows
