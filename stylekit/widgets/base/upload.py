"""A slot of a page for one file, which is sent in chunks, checked, and accepted or refused."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from enum import Enum
from pathlib import Path
from typing import Any

import traitlets

from ...errors import MediaError, SettingsError, StylekitError
from .alerts import alert_html
from .modules import bundle, stylesheet
from .private_files import IncomingFile
from .widget import LockedWidget

_HERE = Path(__file__).parent


class UploadState(Enum):
    """The state of a slot."""

    EMPTY = "empty"
    SENDING = "sending"
    CHECKING = "checking"
    ACCEPTED = "accepted"
    REFUSED = "refused"


class Upload(LockedWidget):
    """A slot for one file, which is dropped there or chosen with a button.

    The page checks the file's ending and size and sends it in chunks. Each chunk is acknowledged,
    so that a server's limit on the size of messages does not matter. The file is stored under a
    similar name in a folder that no other user can enter.

    A new file replaces one that is still being sent. Accepted files stay until the process ends,
    because a run may read them; all others are removed at once. Any thread may use the slot.

    Parameters
    ----------
    label : str
        The title of the slot.
    accept : sequence of str
        The allowed endings, with their dots; upper and lower case are equal.
    max_bytes : int
        The size of the largest file.
    validate : callable
        `validate(path)` returns a line that describes the file, and the slot turns green; if it
        raises an exception, the slot turns red and shows it. It and the callbacks run on threads of
        their own; an exception of a callback is shown in the slot.

    Raises
    ------
    SettingsError
        For an ending without a dot, or a `max_bytes` below 1.

    Examples
    --------
    >>> slot = Upload(
    ...     label="Style", accept=[".png"], max_bytes=10**6, validate=lambda path: path.name
    ... )
    >>> slot.on_accepted(print)
    >>> slot.state
    <UploadState.EMPTY: 'empty'>
    """

    _esm = bundle(_HERE / "upload.js")
    _css = stylesheet(_HERE / "dom.css", _HERE / "transfer.css")

    _label = traitlets.Unicode().tag(sync=True)
    _accept: traitlets.List[str] = traitlets.List().tag(sync=True)
    _max_bytes = traitlets.Int().tag(sync=True)
    _state = traitlets.Unicode(UploadState.EMPTY.value).tag(sync=True)
    _words = traitlets.Unicode().tag(sync=True)
    _error_html = traitlets.Unicode(help="An unexpected error, as HTML.").tag(sync=True)

    def __init__(
        self,
        *,
        label: str,
        accept: Sequence[str],
        max_bytes: int,
        validate: Callable[[Path], str],
    ) -> None:
        endings = [ending.lower() for ending in accept]
        if not endings or not all(ending.startswith(".") and ending[1:] for ending in endings):
            raise SettingsError("accept", f"must be endings such as '.png', is {list(accept)!r}")
        if max_bytes < 1:
            raise SettingsError("max_bytes", f"must be at least 1, is {max_bytes}")
        self._validate = validate
        self._path: Path | None = None
        self._token, self._reported = "", UploadState.EMPTY.value
        self._incoming: IncomingFile | None = None
        self._accepted_callbacks: list[Callable[[Path], object]] = []
        self._change_callbacks: list[Callable[[], object]] = []
        super().__init__(_label=label, _accept=endings, _max_bytes=max_bytes)

    @property
    def state(self) -> UploadState:
        """The current state."""
        return UploadState(self._state)

    @property
    def words(self) -> str:
        """The line in the slot: a description of the file, or why it was refused."""
        return self._words

    @property
    def path(self) -> Path | None:
        """The accepted file; None in every other state, and for built-in material."""
        return self._path

    def on_accepted(self, callback: Callable[[Path], object]) -> None:
        """Call `callback(path)` for each accepted file."""
        self._accepted_callbacks.append(callback)

    def on_change(self, callback: Callable[[], object]) -> None:
        """Call `callback()` after each change of `state`."""
        self._change_callbacks.append(callback)

    def show_accepted(self, line: str) -> None:
        """Turn green with `line`, for a file that was chosen elsewhere; cancels an upload."""
        self._leave(UploadState.ACCEPTED, line)
        self._report()

    def show_refused(self, words: str) -> None:
        """Turn red with `words`, for a file that no longer serves; cancels an upload."""
        self._leave(UploadState.REFUSED, words)
        self._report()

    def clear(self) -> None:
        """Empty the slot; cancels an upload."""
        self._leave(UploadState.EMPTY, "")
        self._report()

    def _receive(self, message: Any, buffers: Sequence[memoryview]) -> None:
        try:
            self._act(message, buffers)
            self._report()
        except Exception as error:
            self._refuse(error)
            self._report()

    def _act(self, message: dict[str, Any], buffers: Sequence[memoryview]) -> None:
        kind, token = message.get("type"), message.get("token", "")
        if kind == "begin":
            self._begin(token, message["name"], message["size"])
        elif kind == "chunk":
            self._append(token, message["offset"], buffers[0])
        elif kind == "cancel":
            with self.lock:
                # A view that is not sending gives no token; it means the current file, whichever.
                if self._is_pending(token or self._token):
                    self._leave(UploadState.EMPTY, "")
        elif kind == "decline":
            self._leave(UploadState.REFUSED, message["words"])

    def _begin(self, token: str, name: str, size: int) -> None:
        with self.lock:
            self._leave(UploadState.SENDING, f"Sending {name}")
            self._token = token
            # The page has checked both, but its messages cannot be relied on.
            if not name.lower().endswith(tuple(self._accept)):
                raise MediaError(name, f"only {', '.join(self._accept)} can be used here")
            if not 0 < size <= self._max_bytes:
                raise MediaError(name, f"must have 1 to {self._max_bytes} bytes, has {size}")
            self._incoming = IncomingFile(name, size)
            self.send({"type": "next", "token": token, "offset": 0})

    def _append(self, token: str, offset: int, chunk: memoryview) -> None:
        with self.lock:
            incoming = self._incoming
            # The last chunks of a file that was replaced may still arrive.
            if incoming is None or token != self._token:
                return
            next_offset = incoming.append(offset, chunk)
            self.send({"type": "next", "token": token, "offset": next_offset})
            if not incoming.complete:
                return
            self._show(UploadState.CHECKING, f"Checking {incoming.name}")
        self._report()
        # On a thread of its own, so that the page can cancel it.
        threading.Thread(
            target=self._check, args=(token, incoming), name="stylekit-upload", daemon=True
        ).start()

    def _check(self, token: str, incoming: IncomingFile) -> None:
        """Validate the file, and accept it if it was not cancelled meanwhile."""
        try:
            line = self._validate(incoming.path)
            with self.lock:
                if not self._is_pending(token):
                    incoming.discard()
                    return
                # From now on the file is not removed.
                self._incoming, self._path = None, incoming.path
                self._show(UploadState.ACCEPTED, line)
            self._report()
            for callback in tuple(self._accepted_callbacks):
                callback(incoming.path)
        except Exception as error:
            with self.lock:
                # The user may have cancelled, or chosen another file.
                if token == self._token:
                    self._refuse(error)
            self._report()

    def _is_pending(self, token: str) -> bool:
        """Whether the file of this token is being sent or checked."""
        busy = self.state in (UploadState.SENDING, UploadState.CHECKING)
        return busy and token == self._token

    def _refuse(self, error: Exception) -> None:
        expected = isinstance(error, StylekitError)
        words = error.page_text if isinstance(error, StylekitError) else "This file cannot be used."
        self._leave(UploadState.REFUSED, words, "" if expected else alert_html(error))

    def _leave(self, state: UploadState, words: str, error_html: str = "") -> None:
        """Change to `state`; a file that is not accepted yet is removed."""
        with self.lock:
            if self._incoming is not None:
                self._incoming.discard()
            if self._is_pending(self._token):
                self.send({"type": "stop", "token": self._token})
            self._incoming, self._path, self._token = None, None, ""
            self._show(state, words, error_html)

    def _show(self, state: UploadState, words: str, error_html: str = "") -> None:
        with self.hold_sync():
            self._state, self._words, self._error_html = state.value, words, error_html

    def _report(self) -> None:
        """Report a change of state, without the lock, because callbacks may wait for threads."""
        with self.lock:
            if self._reported == self._state:
                return
            self._reported = self._state
        for callback in tuple(self._change_callbacks):
            callback()
