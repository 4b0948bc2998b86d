"""Files of the kernel that a page fetches in chunks, and a button for that."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import traitlets
from ipywidgets import Widget

from .modules import bundle, stylesheet
from .widget import LockedWidget

CHUNK_BYTES = 1 << 20
"""The size of a chunk; a Jupyter server by default accepts no message above 10 MiB."""

_HERE = Path(__file__).parent


def send_chunk(widget: Widget, request: dict[str, Any], path: Path) -> None:
    """Send the chunk of `path` that starts at `request["offset"]`, or the reason why not.

    `request` is the page's message `{"type": "want", "token": …, "offset": …, "stamp": …}`. The
    answer is `{"type": "chunk", …}` with the same token and offset, the size of the file and its
    stamp, or `{"type": "gone", …}` with a reason for the page. The page sends back the stamp of the
    first chunk; if the file was changed since then, its chunks would not fit together, and it is
    refused. Nothing is stored between two messages, and any thread may call this function.
    """
    token = request.get("token")
    offset = int(request["offset"])
    try:
        with path.open("rb") as file:
            facts = os.fstat(file.fileno())
            file.seek(offset)
            chunk = file.read(CHUNK_BYTES)
    except OSError as error:
        words = f"{path.name}: it is no longer there, or cannot be read ({error.strerror})"
        widget.send({"type": "gone", "token": token, "words": words})
        return
    stamp = f"{facts.st_ino} {facts.st_size} {facts.st_mtime_ns}"
    if request.get("stamp") not in (None, stamp):
        words = f"{path.name}: it was changed while it was fetched; try again"
        widget.send({"type": "gone", "token": token, "words": words})
        return
    answer = {"token": token, "offset": request["offset"], "size": facts.st_size, "stamp": stamp}
    widget.send({"type": "chunk", **answer}, [chunk])


class Download(LockedWidget):
    """A button "Download NAME (size)" for one file.

    The file is read when the button is pressed. It goes through the widget's own connection to the
    browser's downloads, and a notebook stores nothing of it. If the file is missing or changes
    during the download, the page says so.

    Parameters
    ----------
    path : Path or str
        The file.
    label : str
        What the file is.
    media_type : str
        Its type, such as "video/mp4".
    name : str, optional
        The name of the downloaded file; the name of `path` by default.
    main : bool
        Whether it is the main button of its page.

    Examples
    --------
    ::

        Download("painted.mp4", label="The painted clip", media_type="video/mp4")
    """

    _esm = bundle(_HERE / "download.js")
    _css = stylesheet(_HERE / "dom.css", _HERE / "transfer.css")

    _label = traitlets.Unicode().tag(sync=True)
    _media_type = traitlets.Unicode().tag(sync=True)
    _name = traitlets.Unicode().tag(sync=True)
    _main = traitlets.Bool().tag(sync=True)
    _size = traitlets.Int(-1, help="In bytes, −1 for a missing file.").tag(sync=True)

    def __init__(
        self,
        path: Path | str,
        *,
        label: str,
        media_type: str,
        name: str | None = None,
        main: bool = False,
    ) -> None:
        self._path = Path(path)
        try:
            size = self._path.stat().st_size if self._path.is_file() else -1
        except OSError:
            size = -1
        super().__init__(
            _label=label,
            _media_type=media_type,
            _name=name or self._path.name,
            _size=size,
            _main=main,
        )

    @property
    def path(self) -> Path:
        """The file."""
        return self._path

    def _receive(self, message: Any, _buffers: Sequence[memoryview]) -> None:
        if message.get("type") == "want":
            send_chunk(self, message, self._path)
