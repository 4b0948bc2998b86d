"""The smudge probe: click a pixel of a finished run and learn why it looks as it does."""

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
from ..base import guarded
from ..base.alerts import Alerts
from ..base.picture_canvas import PictureCanvas
from ..base.text import status_html, title_html
from ..masks.controls import picker_row, wrapping
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
# The width of a crop in the strip, in pixels of the page.
_CROP_WIDTH = 84


class SmudgeProbe(guarded.VBox):
    """A panel that explains a pixel of a finished run when it is clicked.

    `report` is what was found for the last click. Callbacks come on any thread; their exceptions
    are shown in the panel::

        sk.SmudgeProbe("drift.run-0123abcd")
        sk.SmudgeProbe(open_run("run", clip=clip, style=style))

    Parameters
    ----------
    run
        The folder of a run, or a run from `open_run`.
    truth
        `truth[i − 1]` is the true motion on the grid of frame i, as in `Scene.backward`. That of a
        built-in clip is found without it.

    Raises
    ------
    ResumeError
        If no frame is finished, or if `open_run` cannot use the folder.
    MediaError
        If the clip or the style of the run cannot be read.
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
            guarded.HTML() for _ in range(5)
        )
        title = guarded.HTML(title_html("The path of the pixel through the earlier frames"))
        self._strip_box = guarded.VBox(
            [title, self.strip, self._labels], layout={"display": "none", "margin": "8px 0 0"}
        )
        super().__init__(self._panels())
        self.add_class("stylekit-smudge-probe")
        for picker in (self.frame, self.view):
            picker.observe(lambda _change: self._show(), "value")
        self.picture.on_pick(self.pick)
        self._words.value = words_html(_INVITATION)
        self._show()

    def pick(self, x: int, y: int) -> None:
        """Explain the pixel (`x`, `y`) of the frame that is shown, as a click does."""
        with self._lock:
            self._place = (x, y)
            self._ask()

    def _repr_mimebundle_(self, **kwargs: Any) -> dict[str, Any] | None:
        return self.picture.with_still(super()._repr_mimebundle_(**kwargs))

    def _make_pickers(self) -> None:
        last = self.run.frame_count - 1
        # Not continuous: a new frame needs evaluations of the loss.
        self.frame = guarded.IntSlider(
            value=last, min=0, max=last, description="frame", continuous_update=False
        )
        self.view = guarded.Dropdown(
            options=[(view.value, view) for view in ProbeView], description="show"
        )

    def _panels(self) -> list[ipywidgets.Widget]:
        picture = guarded.VBox([self.picture, self._key])
        told = guarded.VBox([self._words, self._numbers])
        return [
            picker_row([self.frame, self.view], least=190, most=512),
            self.alerts.widget,
            self._status,
            wrapping([picture, told], least=300, most=512),
            self._strip_box,
        ]

    def _show(self) -> None:
        """Show the picture that the controls ask for, and explain the picked pixel in it."""
        with self._lock, self.alerts.guard():
            frame_index, view = self.frame.value, self.view.value
            if view is ProbeView.PULLS:
                self._show_waiting(frame_index)
            drawn = draw_view(self.run, frame_index, view)
            self._status.value = ""
            words = f" {key_words(drawn.key)}." if drawn.key else ""
            # The path of the report belongs to its own frame only.
            report = self.report
            same = report is not None and report.frame_index == frame_index
            self.picture.show(
                drawn.picture,
                alt=f"Frame {frame_index}, {view.value}.{words}",
                marks=path_marks(report) if report and same else (),
                lossless=True,
            )
            self._key.value = key_html(drawn.key) + note_html(view) if drawn.key else ""
        if self._place is not None:
            self._ask()

    def _ask(self) -> None:
        """Probe the picked pixel of the frame that is shown, and show the report."""
        with self._lock, self.alerts.guard():
            assert self._place is not None
            frame_index, (x, y) = self.frame.value, self._place
            self._show_waiting(frame_index)
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

    def _show_waiting(self, frame_index: int) -> None:
        words = f"Measuring what pulls at frame {frame_index} …"
        if "tensorflow" not in sys.modules:
            words = "Loading the network, which takes some seconds …"
        self._status.value = status_html(words)
