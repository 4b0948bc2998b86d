"""The knobs of a mask: four thresholds on logarithmic sliders, smoothing, dilation, boundary."""

from __future__ import annotations

import html
import math
from collections.abc import Callable
from typing import Any

import ipywidgets

from ...motion.masks import SUNDARAM, Thresholds
from ...settings import tunables
from ..base import guarded
from ..base.text import TEXT_STYLE
from .analysis import MaskChoice

LABEL_WIDTH = "132px"

_MAX_SMOOTH, _MAX_DILATE = 3.0, 4
_DIGITS = 3


class LogSlider(guarded.HBox):
    """A slider in steps of a tenth of a power of ten, and a box "off" that makes the value 0.

    It starts at `value` and spans about the powers of ten in `span`, such that `value` lies on a
    step. A logarithmic slider cannot reach 0 by itself. Its value has three significant digits,
    the same number that the slider shows.
    """

    def __init__(self, label: str, value: float, *, span: tuple[float, float]) -> None:
        power = math.log10(value)
        low, high = (power + round(10 * (end - power)) / 10 for end in span)
        self.slider = guarded.FloatLogSlider(
            value=value,
            min=low,
            max=high,
            step=0.1,
            description=label,
            readout_format=f".{_DIGITS}g",
            style={"description_width": LABEL_WIDTH},
            layout={"flex": "1 1 auto", "width": "auto", "min_width": "0"},
        )
        self.off = guarded.Checkbox(
            value=False,
            description="off",
            indent=False,
            tooltip=f"{label} = 0",
            layout={"width": "52px", "flex": "0 0 auto"},
        )
        ipywidgets.dlink((self.off, "value"), (self.slider, "disabled"))
        super().__init__([self.slider, self.off])

    @property
    def value(self) -> float:
        """0 if it is off."""
        if self.off.value:
            return 0.0
        return float(f"{self.slider.value:.{_DIGITS}g}")

    @value.setter
    def value(self, value: float) -> None:
        self.off.value = value == 0
        if value:
            self.slider.value = value

    def on_change(self, callback: Callable[[Any], object]) -> None:
        """Call `callback` whenever the slider or the box is moved."""
        for part in (self.slider, self.off):
            part.observe(callback, "value")


class MaskKnobs(guarded.VBox):
    """Sliders and boxes for all arguments of `consistency_mask`; `choice` holds their values."""

    def __init__(self) -> None:
        paper = MaskChoice()
        self.thresholds = {
            name: LogSlider(field.label, getattr(SUNDARAM, name), span=field.slider)
            for name, field in tunables(Thresholds).items()
        }
        self.boundary = guarded.Checkbox(
            value=paper.boundary,
            description="motion boundary test on",
            indent=False,
            layout={"width": "auto", "margin": "2px 2px 2px 8px"},
        )
        looks = {
            "style": {"description_width": LABEL_WIDTH},
            "layout": {"width": "auto", "min_width": "0"},
        }
        self.smooth = guarded.FloatSlider(
            value=paper.smooth,
            min=0.0,
            max=_MAX_SMOOTH,
            step=0.1,
            description="smoothing σ (px)",
            readout_format=".1f",
            **looks,
        )
        self.dilate = guarded.IntSlider(
            value=paper.dilate, min=0, max=_MAX_DILATE, description="dilation (px)", **looks
        )
        self.reset_button = guarded.Button(
            description="Reset to the paper's values",
            icon="undo",
            tooltip="Sundaram et al. 2010, Ruder et al. 2016",
            layout={"width": "auto", "margin": "4px 2px", "align_self": "flex-start"},
        )
        self._callbacks: list[Callable[[], object]] = []
        self._resetting = False
        rows: list[ipywidgets.Widget] = []
        equation = ""
        for name, field in tunables(Thresholds).items():
            if field.help != equation:  # the ratio and the offset of a test share its equation
                equation = field.help
                text = f'<div style="{TEXT_STYLE}">{html.escape(equation)}</div>'
                rows.append(guarded.HTML(text))
            rows.append(self.thresholds[name])
        super().__init__([*rows, self.boundary, self.smooth, self.dilate, self.reset_button])
        for slider in self.thresholds.values():
            slider.on_change(self._tell)
        for knob in (self.boundary, self.smooth, self.dilate):
            knob.observe(self._tell, "value")
        self.reset_button.on_click(lambda _button: self.reset())

    @property
    def choice(self) -> MaskChoice:
        """The present values."""
        return MaskChoice(
            thresholds=Thresholds(**{name: knob.value for name, knob in self.thresholds.items()}),
            smooth=round(self.smooth.value, 1),
            boundary=self.boundary.value,
            dilate=self.dilate.value,
        )

    def reset(self) -> None:
        """Go back to the paper's values."""
        paper = MaskChoice()
        self._resetting = True
        try:
            for name, slider in self.thresholds.items():
                slider.value = getattr(paper.thresholds, name)
            self.boundary.value = paper.boundary
            self.smooth.value, self.dilate.value = paper.smooth, paper.dilate
        finally:
            self._resetting = False
        self._tell()

    def on_change(self, callback: Callable[[], object]) -> None:
        """Call `callback` after each change, once for a reset, on any thread."""
        self._callbacks.append(callback)

    def _tell(self, _change: object = None) -> None:
        if not self._resetting:
            for callback in self._callbacks:
                callback()


def wrapping(
    children: list[ipywidgets.Widget], *, least: int, most: int | None = None
) -> guarded.Box:
    """`children` side by side; one below the other if each would get less than `least` pixels.

    They share the width, up to `most` pixels each.
    """
    for child in children:
        child.layout.flex = f"1 1 {least}px"
        child.layout.min_width = "0"
        child.layout.max_width = "100%" if most is None else f"{most}px"
    layout = {"flex_flow": "row wrap", "width": "100%", "grid_gap": "4px 18px"}
    return guarded.Box(children, layout=layout)


def picker_row(
    pickers: list[ipywidgets.Widget], *, least: int, most: int | None = None
) -> guarded.Box:
    """`wrapping` of dropdowns and sliders whose labels take only the width of their words."""
    for picker in pickers:
        picker.style.description_width = "initial"
        picker.layout.width = "auto"
    return wrapping(pickers, least=least, most=most)
