"""Two clips, before and after, played in step by one set of controls."""

from __future__ import annotations

import threading
from fractions import Fraction
from pathlib import Path
from typing import Any

import anywidget
import traitlets

from ...errors import SettingsError
from ...media.files import check_input
from ..base.modules import bundle, stylesheet
from ..base.outgoing import answer_want

_HERE = Path(__file__).parent


class ClipPair(anywidget.AnyWidget):
    """Two clips that play, pause, seek and step together, beside or over each other.

    >>> pair = sk.ClipPair()
    >>> pair.show("content.mp4", "stylized.mp4", fps=clip.fps, alt_before="A harbour",
    ...           alt_after="The harbour, painted")

    One of the two sets the time, the other follows: it is sped up or slowed down by a few per cent
    as soon as it is off, and so stays within a frame. They play without sound, and nothing plays
    before somebody says so.

    Clips must be of a kind that browsers play, as `write_clip` makes them; where one does not, it
    says so. They are fetched through the widget's own channel, and a notebook keeps nothing of
    them. Of two clips that differ in length the longer is shown as far as the shorter goes.

    `width` is how wide one clip is drawn, in the page's pixels, 0 for its own width; it never gets
    wider than what it stands in.
    """

    _esm = bundle(_HERE / "clip_pair.js")
    _css = stylesheet(
        _HERE.parent / "base" / "dom.css",
        _HERE.parent / "base" / "divider.css",
        _HERE / "clip_pair.css",
    )

    _name_before = traitlets.Unicode().tag(sync=True)
    _name_after = traitlets.Unicode().tag(sync=True)
    _alt_before = traitlets.Unicode().tag(sync=True)
    _alt_after = traitlets.Unicode().tag(sync=True)
    _fps = traitlets.Float().tag(sync=True)
    _serial = traitlets.Int().tag(sync=True)
    width = traitlets.Int(min=0, help="Drawn width of one in the page's pixels, 0: its own.").tag(
        sync=True
    )

    def __init__(
        self, *, name_before: str = "before", name_after: str = "after", width: int = 0
    ) -> None:
        self._lock = threading.Lock()
        self._paths: dict[str, Path] = {}
        super().__init__(_name_before=name_before, _name_after=name_after, width=width)
        self.on_msg(self._answer)

    def show(
        self,
        before: Path | str,
        after: Path | str,
        *,
        fps: Fraction | float,
        alt_before: str,
        alt_after: str,
    ) -> None:
        """Replace both clips, and what each says to those who do not see it.

        `fps` are the frames of both a second, which stepping and seeking go by. Any thread may
        call it.

        Raises MediaError for a file that is missing or empty, SettingsError for an `fps` of 0 or
        less.
        """
        if not fps > 0:
            raise SettingsError("fps", f"must be above 0, is {fps}")
        paths = {"before": check_input(before), "after": check_input(after)}
        with self._lock, self.hold_sync():
            self._paths = paths
            self._fps = float(fps)
            self._alt_before, self._alt_after = alt_before, alt_after
            self._serial += 1

    def _answer(self, _widget: object, content: Any, _buffers: object) -> None:
        path = self._paths.get(content.get("file", ""))
        if content.get("type") == "want" and path is not None:
            answer_want(self, content, path)
