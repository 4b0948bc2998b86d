"""A grid of small pictures painted with other weights; a click on one takes its weights."""

from __future__ import annotations

import base64
import html
import threading
import time
from collections.abc import Iterator, Sequence
from typing import Any

import ipywidgets

from ...arrays import Image
from ...errors import SettingsError
from ...explain.what_if import Axis, GridStep, WhatIfGrid
from ...image.objective import TemporalTarget
from ...losses import TERMS, weight_of
from ...settings import ImageSettings, Weights
from ..base import guarded
from ..base.alerts import Alerts
from ..base.loop import Loop, LoopState, register, stop_named
from ..base.run_progress import time_words
from ..base.text import TEXT_STYLE, short_number, status_html, symbol_of
from ..base.widget import Throttle
from .cells import MAX_VALUES, GridCells, center_of, spread
from .panel import WeightPanel

_FACTORS = (2, 3, 10, 30, 100)
_PUSH_SECONDS = 0.5
_RATIO = "Without other terms only β/α counts: pictures with the same ratio are the same."
_WORDS = {
    LoopState.RUNNING: "Painting all pictures at once …",
    LoopState.DONE: "Done. Click on a picture to take its weights.",
    LoopState.STOPPED: "Stopped. Click on a picture to take its weights.",
    LoopState.FAILED: "Ended by an error; see the message.",
}


class WhatIf(guarded.VBox):
    """A grid over two weights around those of a panel: what would the picture be with others?

    A click on a picture sets the panel to its weights. The time that a grid takes is measured in a
    thread when `WhatIf` is made, and shown before Start. A name has one grid at a time, as that of
    a `Player` has one run. Errors while painting are shown in the panel::

        panel = sk.WeightPanel()
        sk.WhatIf(content, style, panel=panel)

    Parameters
    ----------
    content, style
        Images of any size.
    settings
        The settings of the pictures, apart from their size and steps.
    panel
        Gives the weights around which the grid lies, and takes those of a picture.
    temporal
        Temporal targets; without them γ cannot be varied.
    size
        The longest side of the pictures, in pixels.
    steps
        How many steps each picture is painted.
    name
        Another grid of this name is stopped first.

    Raises
    ------
    ValueError
        If content or style is not an Image.
    StylekitError
        If another grid of this name does not stop.
    """

    # Set here, because `close` reads it also after an `__init__` that failed.
    _loop: Loop[Any] | None = None

    def __init__(
        self,
        content: Image,
        style: Image,
        settings: ImageSettings | None = None,
        *,
        panel: WeightPanel,
        temporal: Sequence[TemporalTarget] = (),
        size: int = 96,
        steps: int = 24,
        name: str = "what-if",
    ) -> None:
        stop_named(name)
        self._content, self._style = content, style
        self._settings = settings or ImageSettings()
        self._temporal, self._size, self._step_limit = tuple(temporal), size, steps
        self.panel, self.name = panel, name
        # Held while the network is prepared, which is done once.
        self._preparing = threading.Lock()
        self._lock = threading.RLock()
        self._prepared: WhatIfGrid | None = None
        self._grid: WhatIfGrid | None = None
        self._picture_seconds: float | None = None
        self._throttle = Throttle(_PUSH_SECONDS)
        self.alerts = Alerts()
        self.cells = GridCells(on_take=self.alerts.guarded(self.take))
        super().__init__(self._parts())
        panel.on_change(lambda _weights: self._follow())
        self._follow()
        self._measuring = threading.Thread(target=self._measure, name="stylekit-measure")
        # No daemon: a daemon that ends inside TensorFlow makes the process abort at its end.
        self._measuring.start()

    @property
    def axes(self) -> tuple[Axis, Axis]:
        """The weights and the values that are chosen for rows and columns."""
        weights = self.panel.current()
        rows, columns = (
            (name.value, spread(center_of(name.value, weights), count.value, factor.value))
            for name, count, factor in (self._rows, self._columns)
        )
        return rows, columns

    @property
    def grid(self) -> WhatIfGrid | None:
        """The grid that is being painted, or was painted last."""
        return self._grid

    @property
    def seconds(self) -> float | None:
        """About how long the chosen grid takes; None until it is measured."""
        if self._picture_seconds is None:
            return None
        rows, columns = self.axes
        return self._picture_seconds * len(rows[1]) * len(columns[1]) * self._step_limit

    @property
    def state(self) -> LoopState:
        """Whether the grid is being painted, done, stopped or failed."""
        return self._loop.state if self._loop else LoopState.IDLE

    def start(self) -> None:
        """Paint the chosen grid; one that is being painted is stopped first.

        Raises SettingsError if rows and columns vary the same weight.
        """
        rows, columns = self.axes
        if rows[0] == columns[0]:
            raise SettingsError(rows[0], "rows and columns vary the same weight; choose two")
        weights = self.panel.current()
        loop: Loop[GridStep] = Loop(
            lambda: self._open(weights, rows, columns),
            on_step=self._take_step,
            on_state=self._take_state,
            on_error=self.alerts.show,
        )
        register(self.name, loop)
        self._loop = loop
        loop.start()

    def stop(self) -> None:
        """Stop after the present step; the pictures stay."""
        if self._loop:
            self._loop.stop()

    def wait(self, timeout: float | None = None) -> LoopState:
        """Wait until the time is measured, and a grid that was started has ended."""
        self._measuring.join(timeout)
        return self._loop.wait(timeout) if self._loop else LoopState.IDLE

    def take(self, index: int) -> None:
        """Set the panel to the weights of a picture, counted row by row."""
        if self._grid is not None:
            self.panel.set(self._grid.weights[index])

    def close(self) -> None:
        """Stop, and take the panel off its pages."""
        self.stop()
        super().close()

    def _parts(self) -> list[ipywidgets.Widget]:
        self._rows = self._axis_controls("Rows", "alpha", 10)
        self._columns = self._axis_controls("Columns", "beta", 30)
        self.start_button = guarded.Button(description="Start", button_style="primary")
        self.stop_button = guarded.Button(description="Stop", disabled=True)
        self.start_button.on_click(self.alerts.guarded(lambda _button: self.start()))
        self.stop_button.on_click(self.alerts.guarded(lambda _button: self.stop()))
        self._plan, self._status, self._progress = (guarded.HTML() for _ in range(3))
        wrap = ipywidgets.Layout(flex_flow="row wrap", grid_gap="0 6px")
        return [
            *(guarded.Box(axis, layout=wrap) for axis in (self._rows, self._columns)),
            self._plan,
            guarded.Box([self.start_button, self.stop_button], layout=wrap),
            self.alerts.widget,
            self._status,
            self._progress,
            self.cells,
        ]

    def _axis_controls(self, words: str, first: str, factor: int) -> tuple[guarded.Dropdown, ...]:
        """Dropdowns for the weight of an axis, the number of its values and their ratio."""
        terms = [term for term in TERMS.values() if self._temporal or not term.needs_mask]
        controls = []
        for description, options, value, label, width in (
            (words, [(term.title, term.weight) for term in terms], first, 64, 200),
            ("values", [(str(n), n) for n in range(1, MAX_VALUES + 1)], 3, 44, 104),
            ("step", [(f"× {n}", n) for n in _FACTORS], factor, 36, 116),
        ):
            dropdown = guarded.Dropdown(
                options=options,
                value=value,
                description=description,
                style={"description_width": f"{label}px"},
                layout=ipywidgets.Layout(width=f"{width}px"),
            )
            dropdown.observe(self.alerts.guarded(lambda _change: self._follow()), "value")
            controls.append(dropdown)
        return tuple(controls)

    def _follow(self) -> None:
        """Say what is chosen, and mark the picture that has the present weights."""
        with self._lock:
            rows, columns = self.axes
            count = len(rows[1]) * len(columns[1])
            unknown = self.seconds is None
            seconds = "measuring how long it takes …" if unknown else f"{time_words(self.seconds)}."
            values = (
                f"{symbol_of(name)} {', '.join(map(short_number, values))}"
                for name, values in (rows, columns)
            )
            words = (
                f"{'; '.join(values)}: {count} {'picture' if count == 1 else 'pictures'} of "
                f"{self._size} pixels, {self._step_limit} steps, {seconds}"
            )
            if {rows[0], columns[0]} == {"alpha", "beta"} and not self._has_other_terms():
                words += " " + _RATIO
            self._plan.value = f'<div style="{TEXT_STYLE}">{html.escape(words)}</div>'
            known = self._grid.weights if self._grid else ()
            now = self.panel.current()
            self.cells.take(known.index(now) if now in known else -1)

    def _has_other_terms(self) -> bool:
        """Whether terms other than content and style count in the pictures."""
        weights = self.panel.current()
        others = (term for name, term in TERMS.items() if name not in ("content", "style"))
        return any(self._temporal if t.needs_mask else weight_of(t, weights) for t in others)

    def _measure(self) -> None:
        try:
            grid = self._network()
            seconds = grid.estimate()
        except Exception as error:
            self.alerts.show(error)
            return
        self._picture_seconds = seconds / (len(grid.weights) * grid.step_limit)
        self._follow()

    def _network(self) -> WhatIfGrid:
        """The grid that all others are made from; prepared by the first call."""
        with self._preparing:
            if self._prepared is None:
                rows, columns = ("alpha", (1.0,) * 3), ("beta", (1e4,) * 3)
                self._prepared = WhatIfGrid(
                    self._content,
                    self._style,
                    self._settings,
                    rows=rows,
                    columns=columns,
                    size=self._size,
                    steps=self._step_limit,
                    temporal=self._temporal,
                )
            return self._prepared

    def _open(self, weights: Weights, rows: Axis, columns: Axis) -> Iterator[GridStep]:
        """The steps of a new grid; called on the loop's thread."""
        grid = self._network().restarted(weights, rows=rows, columns=columns)
        with self._lock:
            self._grid = grid
            self.cells.begin(rows, columns, grid.images)
        self._follow()
        self._begun = time.monotonic()
        return grid.steps()

    def _take_step(self, step: GridStep, _seconds: float) -> None:
        done = step.step_index + 1
        spent = time.monotonic() - self._begun
        left = spent / done * (self._step_limit - done)
        # The best estimate for the next grid.
        self._picture_seconds = spent / (done * len(step.images))
        running = self.state is LoopState.RUNNING
        if self._throttle.due() or done == self._step_limit or not running:
            self.cells.show(step.images)
        if running:
            words = f"step {done} of {self._step_limit}, {time_words(left)} left"
            self._progress.value = _progress_html(done / self._step_limit, words)

    def _take_state(self, state: LoopState) -> None:
        running = state is LoopState.RUNNING
        self.stop_button.disabled = not running
        self.start_button.description = "Start again" if running or self._grid else "Start"
        self._status.value = status_html(_WORDS.get(state, ""))
        if not running:
            self._progress.value = ""
            self._follow()

    def _repr_mimebundle_(self, **kwargs: Any) -> dict[str, Any] | None:
        """The widget, and its present pictures for pages that run no widgets, such as GitHub's."""
        bundle: dict[str, Any] | None = super()._repr_mimebundle_(**kwargs)
        if bundle is not None and self.cells.sheet:
            bundle["image/png"] = base64.b64encode(self.cells.sheet).decode("ascii")
        return bundle


def _progress_html(share: float, words: str) -> str:
    return (
        f'<div style="{TEXT_STYLE};display:flex;flex-wrap:wrap;align-items:center;gap:4px 10px">'
        f'<progress max="1" value="{share:.3f}" aria-label="Progress of the grid" '
        f'style="flex:1 1 120px;max-width:360px"></progress><span>{html.escape(words)}</span></div>'
    )
