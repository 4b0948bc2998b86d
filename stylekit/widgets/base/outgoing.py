"""Files of the kernel that go to a page in chunks, each when the page asks for it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from ipywidgets import Widget

CHUNK_BYTES = 1 << 20
"""How much goes in a message: a server's default takes no message above 10 MiB."""


def answer_want(widget: Widget, want: dict[str, Any], path: Path) -> None:
    """Send the chunk of `path` that starts at `want["offset"]`, or why there is none.

    `want` is the page's message `{"type": "want", "token": …, "offset": …, "stamp": …}`. The answer
    is `{"type": "chunk", …}` with the same token and offset, the file's whole size and its stamp,
    or `{"type": "gone", …}` with words for the page. The page sends back the stamp that came with
    the first chunk, and a file that was changed since then is refused: its chunks would not fit.
    Nothing is kept between two messages, and any thread may call this.
    """
    token = want.get("token")
    try:
        chunk, size, stamp = _read(path, int(want["offset"]))
    except OSError as error:
        words = f"{path.name}: it is no longer there, or cannot be read ({error.strerror})"
        widget.send({"type": "gone", "token": token, "words": words})
        return
    if want.get("stamp") not in (None, stamp):
        words = f"{path.name}: it was changed while it was fetched; try again"
        widget.send({"type": "gone", "token": token, "words": words})
        return
    answer = {"token": token, "offset": want["offset"], "size": size, "stamp": stamp}
    widget.send({"type": "chunk", **answer}, [chunk])


def _read(path: Path, offset: int) -> tuple[bytes, int, str]:
    with path.open("rb") as file:
        facts = os.fstat(file.fileno())
        file.seek(offset)
        stamp = f"{facts.st_ino} {facts.st_size} {facts.st_mtime_ns}"
        return file.read(CHUNK_BYTES), facts.st_size, stamp
