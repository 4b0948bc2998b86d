"""The mask explorer: move a threshold, and see where flow is trusted and where that is right."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

import ipywidgets

from ...arrays import Image, Mask
from ...motion.flow import FLOWS, FlowMethod
from ..base import guarded
from ..base.alerts import Alerts
from ..base.picture_canvas import PictureCanvas
from ..base.text import status_html, title_html
from .analysis import MaskAnalysis, MaskChoice
from .controls import MaskKnobs, picker_row, wrapping
from .sources import MotionSources
from .views import MaskPictures, code_html, curves_svg, key_html, key_words, scores_html

FIRST_SCENE = "crossing"


class MaskView(Enum):
    """What the left picture shows: the areas of the mask, or where it is right and wrong."""

    MASK = "mask"
    TRUTH = "true, missed, false"


@dataclass(frozen=True)
class _Wanted:
    """The values of all controls: they decide what is shown."""

    source: str
    frame: int
    method: str
    view: MaskView
    choice: MaskChoice


class MaskExplorer(guarded.VBox):
    """A panel that shows, while a slider is dragged, where a consistency mask trusts the flow.

    For scenes, whose true motion is known, it also shows what the mask finds, misses and reports
    wrongly, and precision against recall of both tests at every offset. `choice` and `mask` are
    the present values of the knobs and the mask that is shown. Callbacks come on any thread; their
    exceptions are shown in the panel::

        sk.MaskExplorer({"my clip": sk.load("clip.mp4")}, size=384)

    Parameters
    ----------
    clips
        Sequences of at least two frames by name, offered beside all built-in scenes and, with
        scikit-image, the motorcycle pair.
    size
        Width of scenes and longest side of clips, in pixels.

    Raises
    ------
    SettingsError
        If a clip has fewer than two frames.
    """

    def __init__(
        self, clips: Mapping[str, Sequence[Image]] | None = None, *, size: int = 512
    ) -> None:
        self._sources = MotionSources(clips or {}, size=size)
        self._lock = threading.RLock()
        self._settling = False
        self._pair_key: tuple[str, int, str] | None = None
        self._shown: MaskPictures | None = None
        self._answered: _Wanted | None = None
        self.alerts = Alerts()
        self._make_pickers(next(iter(clips)) if clips else FIRST_SCENE)
        self.knobs = MaskKnobs()
        self.picture, self.warped = PictureCanvas(width=512), PictureCanvas(width=512)
        self._status, self._title, self._key, self._warped_key = (guarded.HTML() for _ in range(4))
        self._scores, self._curves, self._code = (guarded.HTML() for _ in range(3))
        super().__init__(self._panels())
        self.add_class("stylekit-mask-explorer")
        self.source.observe(lambda _change: self._change_source(), "value")
        for picker in (self.frame, self.method, self.view):
            picker.observe(lambda _change: self._answer(), "value")
        self.knobs.on_change(self._answer)
        self._change_source()

    @property
    def choice(self) -> MaskChoice:
        """The present values of the knobs."""
        return self.knobs.choice

    @property
    def mask(self) -> Mask:
        """The mask that is shown, float32 `(H, W)`, 1 = reliable."""
        with self._lock:
            if self._shown is None:
                raise ValueError("mask: nothing is shown yet, see the message in the panel")
            return self._shown.analysis.areas(self.choice).mask.copy()

    def _repr_mimebundle_(self, **kwargs: Any) -> dict[str, Any] | None:
        return self.picture.with_still(super()._repr_mimebundle_(**kwargs))

    def _make_pickers(self, first: str) -> None:
        self.source = guarded.Dropdown(
            options=self._sources.names, value=first, description="scene or clip"
        )
        self.frame = guarded.IntSlider(value=1, min=1, max=1, description="frame")
        self.method = guarded.Dropdown(
            options=_method_options((FlowMethod.DIS.value,)),
            value=FlowMethod.DIS.value,
            description="flow",
        )
        self.view = guarded.Dropdown(
            options=[(view.value, view) for view in MaskView], description="show"
        )

    def _panels(self) -> list[ipywidgets.Widget]:
        warped_title = guarded.HTML(title_html("The previous frame, warped here"))
        pictures = [
            guarded.VBox([self._title, self.picture, self._key]),
            guarded.VBox([warped_title, self.warped, self._warped_key]),
        ]
        numbers = guarded.VBox([self._scores, self._curves])
        return [
            picker_row([self.source, self.frame, self.method, self.view], least=190),
            self.alerts.widget,
            self._status,
            wrapping(pictures, least=225, most=512),
            wrapping([self.knobs, numbers], least=330, most=512),
            self._code,
        ]

    def _change_source(self) -> None:
        """Offer the frames and the flow methods of the chosen source, then show it."""
        with self._lock, self.alerts.guard():
            self._status.value = status_html("Preparing the frames …")
            source = self._sources[self.source.value]
            self._settling = True
            try:
                self.frame.max = source.frame_count - 1
                if self.method.value not in source.methods:
                    self.method.value = source.methods[0]
                method = self.method.value
                self.method.options = _method_options(source.methods)
                self.method.value = method
            finally:
                self._settling = False
        self._answer()

    def _answer(self) -> None:
        """Show what the controls ask for now.

        Several events may wait for the lock: the first of them shows the newest values, and the
        others then have nothing to do.
        """
        with self._lock:
            if self._settling:
                return
            wanted = _Wanted(
                self.source.value,
                self.frame.value,
                self.method.value,
                self.view.value,
                self.knobs.choice,
            )
            if wanted == self._answered:
                return
            # After a failure the values that were shown before must be drawn again.
            self._answered = None
            with self.alerts.guard():
                shown = self._take_pair(wanted)
                self._show_pictures(shown, wanted)
                self._show_words(shown, wanted)
                self._answered = wanted
            self._status.value = ""

    def _take_pair(self, wanted: _Wanted) -> MaskPictures:
        key = (wanted.source, wanted.frame, wanted.method)
        if self._shown is None or self._pair_key != key:
            self._status.value = status_html("Estimating the flow …")
            pair = self._sources[wanted.source].pair(wanted.frame, wanted.method)
            self._shown, self._pair_key = MaskPictures(MaskAnalysis(pair)), key
        return self._shown

    def _show_pictures(self, shown: MaskPictures, wanted: _Wanted) -> None:
        """Show the pictures before the numbers: the user watches them while dragging."""
        compares = wanted.view is MaskView.TRUTH and shown.analysis.pair.truth is not None
        view = (shown.comparison if compares else shown.overlay)(wanted.choice)
        title = "The mask's areas against the truth" if compares else "Where flow is not trusted"
        what = f"{title}: frame {wanted.frame} of {wanted.source}"
        self.picture.show(view.picture, alt=f"{what}: {key_words(view.key)}.")
        warped = shown.warped(wanted.choice)
        self.warped.show(
            warped.picture,
            alt=f"Frame {wanted.frame - 1} of {wanted.source}, warped to frame {wanted.frame}; "
            f"hatched grey where {key_words(warped.key)}.",
        )
        self._title.value = title_html(title)
        self._key.value, self._warped_key.value = key_html(view.key), key_html(warped.key)

    def _show_words(self, shown: MaskPictures, wanted: _Wanted) -> None:
        analysis, choice = shown.analysis, wanted.choice
        known = analysis.pair.truth is not None
        self.view.disabled = not known
        self._scores.value = scores_html(analysis.scores(choice), boundary=choice.boundary)
        self._curves.value = curves_svg(analysis.curves(choice.thresholds)) if known else ""
        self._code.value = code_html(choice)


def _method_options(methods: tuple[str, ...]) -> list[tuple[str, str]]:
    return [(FLOWS[method].label, method) for method in methods]
