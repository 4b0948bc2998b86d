"""What if the weights were others? A grid of small pictures, and a click that takes the weights.

>>> panel = sk.WeightPanel()
>>> sk.WhatIf(content, style, panel=panel)
"""

from __future__ import annotations

import base64
import html
import threading
import time
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import ipywidgets

from ...arrays import Image
from ...errors import SettingsError
from ...losses import TERMS
from ...settings import ImageSettings, Weights
from ..base.alerts import Alerts
from ..base.loop import Loop, LoopState
from ..base.named_loops import register, stop_named
from ..base.run_progress import time_words
from ..base.throttle import Throttle
from ..base.weight_words import short_number, symbol_of
from ..masks.mask_texts import TEXT_STYLE, status_html
from .cells import MAX_VALUES, GridCells, center_of, spread
from .panel import WeightPanel

if TYPE_CHECKING:
    from ...explain.what_if import Axis, GridStep, WhatIfGrid
    from ...image.objective import TemporalTarget

_FACTORS = (2, 3, 10, 30, 100)
_PUSH_SECONDS = 0.5
_RATIO = "Where nothing else pulls, β/α alone counts: pictures of one ratio are the same."


class WhatIf(ipywidgets.VBox):
    """A grid over two weights around the weights of `panel`; a click on a picture takes its own.

    `content` and `style` are Images of any size; pictures are painted as `WhatIfGrid` does, with
    the longest side of `size` pixels in `steps` steps. γ can be varied if there are `temporal`
    targets. How long it takes is measured when the panel is made, in a thread of its own, and
    shown before Start. A name has one grid at a time, as that of a `Player`.

    Raises ValueError for arrays that are no Images, and StylekitError if another grid of this
    name does not end. What is raised later is shown in the panel.
    """

    # Known before `__init__`, which may refuse the name: what was half made is closed too.
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
        # Held by whoever prepares the network, which is done once.
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
        # No daemon: killed inside TensorFlow at the end of the process it would call for help.
        self._measuring.start()

    @property
    def axes(self) -> tuple[Axis, Axis]:
        """The weights and values of rows and columns that are chosen now."""
        weights = self.panel.current()
        rows, columns = (
            (name.value, spread(center_of(name.value, weights), count.value, factor.value))
            for name, count, factor in (self._rows, self._columns)
        )
        return rows, columns

    @property
    def grid(self) -> WhatIfGrid | None:
        """The grid that is being painted, or was last."""
        return self._grid

    @property
    def seconds(self) -> float | None:
        """About how long the grid that is chosen now takes; None as long as nothing is measured."""
        if self._picture_seconds is None:
            return None
        rows, columns = self.axes
        return self._picture_seconds * len(rows[1]) * len(columns[1]) * self._step_limit

    @property
    def state(self) -> LoopState:
        """Where the painting of the grid stands."""
        return self._loop.state if self._loop else LoopState.IDLE

    def start(self) -> None:
        """Paint the grid that is chosen now; one that is being painted is stopped first.

        Raises SettingsError if rows and columns are of one weight.
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
        """End within a step of all pictures; what is painted stays."""
        if self._loop:
            self._loop.stop()

    def wait(self, timeout: float | None = None) -> LoopState:
        """Wait until it is measured how long it takes, and a grid that was started has ended."""
        self._measuring.join(timeout)
        return self._loop.wait(timeout) if self._loop else LoopState.IDLE

    def take(self, index: int) -> None:
        """Give the panel the weights of a picture, counted row by row."""
        if self._grid is not None:
            self.panel.set(self._grid.weights[index])

    def close(self) -> None:
        """Stop, and take the panel off its pages."""
        self.stop()
        super().close()

    def _parts(self) -> list[ipywidgets.Widget]:
        self._rows = self._axis_controls("Rows", "alpha", 10)
        self._columns = self._axis_controls("Columns", "beta", 30)
        self.start_button = ipywidgets.Button(description="Start", button_style="primary")
        self.stop_button = ipywidgets.Button(description="Stop", disabled=True)
        self.start_button.on_click(self.alerts.guarded(lambda _button: self.start()))
        self.stop_button.on_click(self.alerts.guarded(lambda _button: self.stop()))
        self._plan, self._status, self._progress = (ipywidgets.HTML() for _ in range(3))
        wrap = ipywidgets.Layout(flex_flow="row wrap", grid_gap="0 6px")
        return [
            *(ipywidgets.Box(axis, layout=wrap) for axis in (self._rows, self._columns)),
            self._plan,
            ipywidgets.Box([self.start_button, self.stop_button], layout=wrap),
            self.alerts.widget,
            self._status,
            self._progress,
            self.cells,
        ]

    def _axis_controls(
        self, words: str, first: str, factor: int
    ) -> tuple[ipywidgets.Dropdown, ipywidgets.Dropdown, ipywidgets.Dropdown]:
        def choice(
            description: str, options: Sequence[tuple[str, Any]], value: Any, label: str, width: str
        ) -> ipywidgets.Dropdown:
            dropdown = ipywidgets.Dropdown(
                options=options,
                value=value,
                description=description,
                style={"description_width": label},
                layout=ipywidgets.Layout(width=width),
            )
            dropdown.observe(self.alerts.guarded(lambda _change: self._follow()), "value")
            return dropdown

        terms = [term for term in TERMS.values() if self._temporal or not term.needs_mask]
        return (
            choice(
                words,
                [(term.title, term.weight) for term in terms],
                first,
                "64px",
                "200px",
            ),
            choice("values", [(str(n), n) for n in range(1, MAX_VALUES + 1)], 3, "44px", "104px"),
            choice("step", [(f"× {n}", n) for n in _FACTORS], factor, "36px", "116px"),
        )

    def _follow(self) -> None:
        """Say what is chosen now, and mark the picture that has the weights of now."""
        with self._lock:
            rows, columns = self.axes
            count = len(rows[1]) * len(columns[1])
            seconds = "measuring how long it takes …"
            if self.seconds is not None:
                seconds = f"{time_words(self.seconds)}."
            words = (
                f"{_values_words(rows)}; {_values_words(columns)}: {count} "
                f"{'picture' if count == 1 else 'pictures'} of {self._size} pixels, "
                f"{self._step_limit} steps, {seconds}"
            )
            if {rows[0], columns[0]} == {"alpha", "beta"} and not (
                self._temporal or self.panel.current().tv
            ):
                words += " " + _RATIO
            self._plan.value = _text(words)
            known = self._grid.weights if self._grid else ()
            now = self.panel.current()
            self.cells.take(known.index(now) if now in known else -1)

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
        """The grid that all others are made from; the first time it is prepared."""
        # TensorFlow takes seconds to load, which who only imports this need not wait for.
        from ...explain.what_if import WhatIfGrid

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
        """The steps of a new grid; on the loop's thread."""
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
        # What it took is the best guess for the next.
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
        words = {
            LoopState.RUNNING: "Painting all pictures at once …",
            LoopState.DONE: "Done. Click on a picture to take its weights.",
            LoopState.STOPPED: "Stopped. Click on a picture to take its weights.",
            LoopState.FAILED: "Ended by an error; see the message.",
        }.get(state, "")
        self._status.value = status_html(words)
        if not running:
            self._progress.value = ""
            self._follow()

    def _repr_mimebundle_(self, **kwargs: Any) -> dict[str, Any] | None:
        """The widget, and its pictures of now for readers that run nothing, such as GitHub's."""
        bundle: dict[str, Any] | None = super()._repr_mimebundle_(**kwargs)
        if bundle is not None and self.cells.sheet:
            bundle["image/png"] = base64.b64encode(self.cells.sheet).decode("ascii")
        return bundle


def _values_words(axis: Axis) -> str:
    name, values = axis
    return f"{symbol_of(name)} {', '.join(map(short_number, values))}"


def _text(words: str) -> str:
    return f'<div style="{TEXT_STYLE}">{html.escape(words)}</div>'


def _progress_html(share: float, words: str) -> str:
    return (
        f'<div style="{TEXT_STYLE};display:flex;flex-wrap:wrap;align-items:center;gap:4px 10px">'
        f'<progress max="1" value="{share:.3f}" aria-label="Progress of the grid" '
        f'style="flex:1 1 120px;max-width:360px"></progress><span>{html.escape(words)}</span></div>'
    )
