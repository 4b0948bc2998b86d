"""The smudge probe: click a pixel of a finished run and learn why it looks as it does.

>>> sk.SmudgeProbe("drift.run-0123abcd")
>>> sk.SmudgeProbe(sk.open_run("run", clip=clip, style=style))
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import ipywidgets

from ...errors import ResumeError
from ...explain.pixel import PixelExplanation, probe_pixel
from ...explain.stored_run import StoredRun, open_run
from ...explain.words import explain
from ...motion.truth import Truth
from ..base.alerts import Alerts
from ..base.picture_canvas import PictureCanvas
from ..masks.controls import wrapping
from ..masks.mask_texts import status_html, title_html
from ..masks.views import key_html, key_words
from .views import (
    CROP,
    ProbeView,
    draw_strip,
    draw_view,
    note_html,
    path_marks,
    strip_labels_html,
    table_html,
    words_html,
)

_INVITATION = "Click on a smudge to learn where its colour came from and what pulls at it."
# How wide a crop of the strip is drawn.
_CROP_WIDTH = 84


class SmudgeProbe(ipywidgets.VBox):
    """A panel on which a pixel of a finished run is clicked, and says why it looks as it does.

    Takes a run folder, or a run that `open_run` has opened. `truth[i − 1]` is what is true on
    the grid of frame i, as `Scene.backward`; that of a built-in clip is found without being given.
    `report` is what the last click found, to go on with in Python. Callbacks come on any thread;
    what they raise appears in the panel.

    Raises ResumeError and MediaError as `open_run` does, and ResumeError if no frame is finished.
    """

    def __init__(
        self, run: StoredRun | Path | str, *, truth: Sequence[Truth] | None = None
    ) -> None:
        self.run = run if isinstance(run, StoredRun) else open_run(run)
        if not self.run.frame_count:
            raise ResumeError(self.run.folder.path, "no frame is finished yet; paint it first")
        self._truth = truth
        self._lock = threading.RLock()
        self._place: tuple[int, int] | None = None
        self.report: PixelExplanation | None = None
        self.alerts = Alerts()
        self._make_pickers()
        self.picture, self.strip = PictureCanvas(width=512), PictureCanvas()
        self._status, self._key, self._words, self._numbers, self._labels = (
            ipywidgets.HTML() for _ in range(5)
        )
        self._strip_box = ipywidgets.VBox(
            [
                ipywidgets.HTML(title_html("The way it came, in the frames before")),
                self.strip,
                self._labels,
            ],
            layout=ipywidgets.Layout(display="none", margin="8px 0 0"),
        )
        super().__init__(self._panels())
        self.add_class("stylekit-smudge-probe")
        self.frame.observe(lambda _change: self._show(), "value")
        self.view.observe(lambda _change: self._show(), "value")
        self.picture.on_pick(self.pick)
        self._words.value = words_html(_INVITATION)
        self._show()

    def pick(self, x: int, y: int) -> None:
        """Ask for the pixel (`x`, `y`) of the frame that is shown, as a click does."""
        with self._lock:
            self._place = (x, y)
            self._ask()

    def _repr_mimebundle_(self, **kwargs: Any) -> dict[str, Any] | None:
        return self.picture.with_still(super()._repr_mimebundle_(**kwargs))

    def _make_pickers(self) -> None:
        last = self.run.frame_count - 1
        self.frame = ipywidgets.IntSlider(
            value=last,
            min=0,
            max=last,
            description="frame",
            # A frame that was not asked for before takes evaluations of the loss.
            continuous_update=False,
            style={"description_width": "initial"},
            layout=ipywidgets.Layout(width="auto", min_width="0"),
        )
        self.view = ipywidgets.Dropdown(
            options=[(view.value, view) for view in ProbeView],
            description="show",
            style={"description_width": "initial"},
            layout=ipywidgets.Layout(width="auto", min_width="0"),
        )

    def _panels(self) -> list[ipywidgets.Widget]:
        picture = ipywidgets.VBox([self.picture, self._key])
        told = ipywidgets.VBox([self._words, self._numbers])
        return [
            wrapping([self.frame, self.view], least=190, most=512),
            self.alerts.widget,
            self._status,
            wrapping([picture, told], least=300, most=512),
            self._strip_box,
        ]

    def _show(self) -> None:
        """Show the picture that the controls ask for, and what is known of the picked pixel."""
        with self._lock, self.alerts.guard():
            frame_index, view = self.frame.value, self.view.value
            if view is ProbeView.PULLS:
                self._say_what_takes_long(frame_index)
            drawn = draw_view(self.run, frame_index, view)
            self._status.value = ""
            words = f" {key_words(drawn.key)}." if drawn.key else ""
            # The way to a pixel of another frame is another.
            told = self.report if self._is_told(frame_index) else None
            self.picture.show(
                drawn.picture,
                alt=f"Frame {frame_index}, {view.value}.{words}",
                marks=path_marks(told) if told else (),
                lossless=True,
            )
            self._key.value = key_html(drawn.key) + note_html(view) if drawn.key else ""
        if self._place is not None:
            self._ask()

    def _ask(self) -> None:
        """Probe the picked place in the frame that is shown, and tell what was found."""
        with self._lock, self.alerts.guard():
            assert self._place is not None
            frame_index, (x, y) = self.frame.value, self._place
            self._say_what_takes_long(frame_index)
            try:
                report = probe_pixel(self.run, frame_index, x, y, truth=self._truth)
            finally:
                self._status.value = ""
            self.report = report
            self.picture.mark(path_marks(report))
            self._words.value = words_html(explain(report))
            self._numbers.value = table_html(report)
            self._show_strip(report)

    def _show_strip(self, report: PixelExplanation) -> None:
        self._strip_box.layout.display = None if report.age else "none"
        if not report.age:
            return
        strip = draw_strip(self.run, report, self.view.value)
        self.strip.width = round(strip.picture.shape[1] * _CROP_WIDTH / CROP)
        self.strip.show(
            strip.picture,
            alt=f"The surroundings of the pixel in frame {strip.labels[0].removeprefix('frame ')}, "
            f"and on to {strip.labels[-1]}.",
            marks=strip.marks,
            lossless=True,
        )
        self._labels.value = strip_labels_html(strip.labels, self.strip.width)

    def _is_told(self, frame_index: int) -> bool:
        return self.report is not None and self.report.frame_index == frame_index

    def _say_what_takes_long(self, frame_index: int) -> None:
        words = f"Measuring what pulls at frame {frame_index} …"
        if "tensorflow" not in sys.modules:
            words = "Loading the network, which takes some seconds …"
        self._status.value = status_html(words)
