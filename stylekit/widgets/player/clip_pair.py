"""Two clips, before and after, played synchronously with one set of controls."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from types import MappingProxyType
from typing import Any

import traitlets

from ...errors import SettingsError
from ...media.files import check_input
from ..base.download import send_chunk
from ..base.modules import bundle, stylesheet
from .split_view import BeforeAfter

_HERE = Path(__file__).parent


class ClipPair(BeforeAfter):
    """Two clips that play, pause and seek together, side by side or one above the other.

    The first clip sets the time. The second is played a few per cent faster or slower as soon as it
    deviates, and so stays within one frame. The clips have no sound, and do not start by
    themselves. If they differ in length, the longer one is shown only as far as the shorter one.

    The browser must be able to play the clips, as those of `write_clip`; otherwise the page says
    so. They are sent through the widget's own connection, and a notebook stores nothing of them.

    Parameters
    ----------
    name_before, name_after : str
        The names of the two.
    width : int
        The largest drawn width of one clip in the page's pixels, 0 for as large as there is room;
        the two are never wider than their container, nor higher than the window.

    Examples
    --------
    ::

        pair = ClipPair()
        pair.show("content.mp4", "stylized.mp4", fps=24, alt_before="A harbour",
                  alt_after="The harbour, painted")
    """

    _esm = bundle(_HERE / "clip_pair.js")
    _css = stylesheet(
        _HERE.parent / "base" / "dom.css",
        _HERE.parent / "base" / "frame.css",
        _HERE / "divider.css",
        _HERE / "clip_pair.css",
    )

    _fps = traitlets.Float().tag(sync=True)
    _paths: Mapping[str, Path] = MappingProxyType({})

    def show(
        self,
        before: Path | str,
        after: Path | str,
        *,
        fps: Fraction | float,
        alt_before: str,
        alt_after: str,
    ) -> None:
        """Replace both clips and their descriptions. Any thread may call this.

        Parameters
        ----------
        before, after : Path or str
            The files.
        fps : Fraction or float
            Frames per second of both clips, above 0.
        alt_before, alt_after : str
            What the clips show, for screen readers.

        Raises
        ------
        MediaError
            If a file is missing or empty.
        SettingsError
            If `fps` is 0 or less.
        """
        if not fps > 0:
            raise SettingsError("fps", f"must be above 0, is {fps}")
        paths = {"before": check_input(before), "after": check_input(after)}
        with self.updating():
            self._paths = paths
            self._fps = float(fps)
            self._alt_before, self._alt_after = alt_before, alt_after
            self._serial += 1

    def _receive(self, message: Any, _buffers: Sequence[memoryview]) -> None:
        path = self._paths.get(message.get("file", ""))
        if message.get("type") == "want" and path is not None:
            send_chunk(self, message, path)
