"""A button of a page that fetches a file of the kernel, in chunks, under a name."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import anywidget
import traitlets

from .modules import bundle, stylesheet
from .outgoing import answer_want

_HERE = Path(__file__).parent


class Download(anywidget.AnyWidget):
    """A button "Download NAME (size)" for one file; several can stand side by side.

    >>> Download(run.clip, label="The painted clip", media_type="video/mp4")

    The file is read when the button is pressed, as it is then. It goes through the widget's own
    channel into the browser's memory and from there to its downloads; a notebook keeps nothing of
    it. A file that is missing or changes meanwhile is said in words.

    `label` says what the file is; `media_type` is such as "video/mp4", and `name` what the file is
    called on the other side, the name of `path` if not given.
    """

    _esm = bundle(_HERE / "download.js")
    _css = stylesheet(_HERE / "dom.css", _HERE / "transfer.css")

    _label = traitlets.Unicode().tag(sync=True)
    _media_type = traitlets.Unicode().tag(sync=True)
    _name = traitlets.Unicode().tag(sync=True)
    _size = traitlets.Int(-1, help="In bytes, −1 for a file that is missing.").tag(sync=True)

    def __init__(
        self, path: Path | str, *, label: str, media_type: str, name: str | None = None
    ) -> None:
        self._path = Path(path)
        try:
            size = self._path.stat().st_size if self._path.is_file() else -1
        except OSError:
            size = -1
        super().__init__(
            _label=label, _media_type=media_type, _name=name or self._path.name, _size=size
        )
        self.on_msg(self._answer)

    @property
    def path(self) -> Path:
        """The file."""
        return self._path

    def _answer(self, _widget: object, content: Any, _buffers: object) -> None:
        if content.get("type") == "want":
            answer_want(self, content, self._path)
