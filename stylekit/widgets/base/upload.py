"""A slot of a page for one file: it is sent in chunks, looked at, and taken or refused in words."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from enum import Enum
from pathlib import Path
from typing import Any

import anywidget
import traitlets

from ...errors import MediaError, SettingsError, StylekitError
from .alerts import alert_html
from .incoming import IncomingFile
from .modules import bundle, stylesheet

_HERE = Path(__file__).parent


class UploadState(Enum):
    """Where a slot stands."""

    EMPTY = "empty"
    SENDING = "sending"
    CHECKING = "checking"
    ACCEPTED = "accepted"
    REFUSED = "refused"


class Upload(anywidget.AnyWidget):
    """A slot for one file: dropped there, or chosen with a button.

    >>> slot = Upload(label="Style", accept=[".png", ".jpg"], max_bytes=50_000_000,
    ...               validate=describe)
    >>> slot.on_accepted(lambda path: ...)

    The page looks at the file's ending and size, and then sends it in chunks that are acknowledged
    one by one, so that no limit of a server on messages matters. It is kept under a name like its
    own in a folder that no other user can enter. `validate(path)` returns a line of what the file
    is, and the slot turns green with it; what it raises is shown in a slot that turns red.

    A file that comes while another one is sent takes its place. Files that were accepted stay
    until the kernel ends, because a run may still read them; all others are removed at once.

    `label` names the slot, `accept` are endings with their dots, without regard to case, and
    `max_bytes` is the size of the largest file. `validate` and the callbacks run on threads of
    their own; what they raise is shown in the slot. Any thread may use the slot.

    Raises SettingsError for an ending without a dot or a `max_bytes` below 1.
    """

    _esm = bundle(_HERE / "upload.js")
    _css = stylesheet(_HERE / "dom.css", _HERE / "transfer.css")

    _label = traitlets.Unicode().tag(sync=True)
    _accept: traitlets.List[str] = traitlets.List().tag(sync=True)
    _max_bytes = traitlets.Int().tag(sync=True)
    _state = traitlets.Unicode(UploadState.EMPTY.value).tag(sync=True)
    _words = traitlets.Unicode().tag(sync=True)
    _trouble = traitlets.Unicode(help="An error that nobody foresaw, as HTML.").tag(sync=True)

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
        self._lock = threading.RLock()
        self._validate = validate
        self._path: Path | None = None
        self._token, self._told = "", UploadState.EMPTY.value
        self._incoming: IncomingFile | None = None
        self._accepted_callbacks: list[Callable[[Path], object]] = []
        self._change_callbacks: list[Callable[[], object]] = []
        super().__init__(_label=label, _accept=endings, _max_bytes=max_bytes)
        self.on_msg(self._answer)

    @property
    def state(self) -> UploadState:
        """Where the slot stands."""
        return UploadState(self._state)

    @property
    def words(self) -> str:
        """The line that the slot shows: what the file is, or why it was refused."""
        return self._words

    @property
    def path(self) -> Path | None:
        """The file that was accepted; None in every other state, and for built-in material."""
        return self._path

    def on_accepted(self, callback: Callable[[Path], object]) -> None:
        """Call `callback(path)` for each file that is accepted."""
        self._accepted_callbacks.append(callback)

    def on_change(self, callback: Callable[[], object]) -> None:
        """Call `callback()` after each change of `state`, which it may read."""
        self._change_callbacks.append(callback)

    def show_accepted(self, line: str) -> None:
        """Turn green with `line`, for material that was chosen elsewhere; ends what is sent."""
        self._leave(UploadState.ACCEPTED, line)
        self._tell()

    def clear(self) -> None:
        """Empty the slot; ends what is sent."""
        self._leave(UploadState.EMPTY, "")
        self._tell()

    def _answer(self, _widget: object, content: Any, buffers: Sequence[memoryview]) -> None:
        try:
            self._obey(content, buffers)
            self._tell()
        except Exception as error:
            self._refuse(error)
            self._tell()

    def _obey(self, message: dict[str, Any], buffers: Sequence[memoryview]) -> None:
        """What the page asks for; other messages are none of ours."""
        kind, token = message.get("type"), message.get("token", "")
        if kind == "begin":
            self._begin(token, message["name"], message["size"])
        elif kind == "chunk":
            self._take(token, message["offset"], buffers[0])
        elif kind == "cancel":
            with self._lock:
                # A view that does not send itself names no file: it means whichever there is.
                if self._is_open(token or self._token):
                    self._leave(UploadState.EMPTY, "")
        elif kind == "decline":
            self._leave(UploadState.REFUSED, message["words"])

    def _begin(self, token: str, name: str, size: int) -> None:
        with self._lock:
            self._leave(UploadState.SENDING, f"Sending {name}")
            self._token = token
            self._check_announced(name, size)
            self._incoming = IncomingFile(name, size)
            self.send({"type": "next", "token": token, "offset": 0})

    def _check_announced(self, name: str, size: int) -> None:
        """The page has looked at both, but only what is looked at here can be relied on."""
        if not name.lower().endswith(tuple(self._accept)):
            raise MediaError(name, f"only {', '.join(self._accept)} can be used here")
        if not 0 < size <= self._max_bytes:
            raise MediaError(name, f"must have 1 to {self._max_bytes} bytes, has {size}")

    def _take(self, token: str, offset: int, chunk: memoryview) -> None:
        with self._lock:
            incoming = self._incoming
            # The last chunks of a file that was replaced are still on their way.
            if incoming is None or token != self._token:
                return
            following = incoming.take(offset, chunk)
            self.send({"type": "next", "token": token, "offset": following})
            if not incoming.complete:
                return
            self._show(UploadState.CHECKING, f"Checking {incoming.name}")
        self._tell()
        # On a thread of its own, so that the page can cancel meanwhile.
        threading.Thread(
            target=self._look, args=(token, incoming), name="stylekit-upload", daemon=True
        ).start()

    def _look(self, token: str, incoming: IncomingFile) -> None:
        """Let the owner judge the file, and pass it on if it is good and still wanted."""
        try:
            line = self._validate(incoming.path)
            with self._lock:
                if not self._is_open(token):
                    incoming.discard()
                    return
                # From now on the file is the owner's.
                self._incoming, self._path = None, incoming.path
                self._show(UploadState.ACCEPTED, line)
            self._tell()
            for callback in tuple(self._accepted_callbacks):
                callback(incoming.path)
        except Exception as error:
            with self._lock:
                # Somebody may have cancelled, or chosen something else.
                if token == self._token:
                    self._refuse(error)
            self._tell()

    def _is_open(self, token: str) -> bool:
        """Whether the file of this token is the one that is on its way."""
        busy = self.state in (UploadState.SENDING, UploadState.CHECKING)
        return busy and token == self._token

    def _refuse(self, error: Exception) -> None:
        foreseen = isinstance(error, StylekitError)
        words = str(error) if foreseen else "This file cannot be used."
        self._leave(UploadState.REFUSED, words, "" if foreseen else alert_html(error))

    def _leave(self, state: UploadState, words: str, trouble: str = "") -> None:
        """Change to `state`; of a file that was on its way nothing is left."""
        with self._lock:
            if self._incoming is not None:
                self._incoming.discard()
            if self._is_open(self._token):
                self.send({"type": "stop", "token": self._token})
            self._incoming, self._path, self._token = None, None, ""
            self._show(state, words, trouble)

    def _show(self, state: UploadState, words: str, trouble: str = "") -> None:
        with self.hold_sync():
            self._state, self._words, self._trouble = state.value, words, trouble

    def _tell(self) -> None:
        """Report a change of state, without the lock: callbacks may wait for other threads."""
        with self._lock:
            if self._told == self._state:
                return
            self._told = self._state
        for callback in tuple(self._change_callbacks):
            callback()
