"""Files in folders that only the user of this process can read, and files that arrive in chunks."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
import threading
import unicodedata
from pathlib import Path

from ...errors import MediaError, SettingsError
from ...media.files import UPLOADS_VARIABLE
from ...media.owned_folders import OwnedFolder

# Windows reserves these names for devices, whatever follows the first dot.
_PORTS = (f"{port}{number}" for port in ("COM", "LPT") for number in range(1, 10))
_DEVICES = {"CON", "PRN", "AUX", "NUL", *_PORTS}
_FORBIDDEN = frozenset('<>:"|?*')
# File systems allow 255 bytes; names that are derived from a name are longer.
_MAX_NAME_BYTES = 120
_MAX_ENDING_BYTES = 20

USUAL_UPLOAD_GB = 4
"""Eight of the largest clips."""

KEPT_FREE_BYTES = 10**9
"""What files from a page leave free on the disk, for results and for the other programs."""

_NO_ROOM = "the disk has no room for it; free some space"

_lock = threading.Lock()
_folder: OwnedFolder | None = None
# The sizes of all files that are here or on their way.
_sizes: dict[Path, int] = {}


def upload_limit() -> int:
    """How many bytes of files this process takes from its page in all.

    Raises SettingsError if the environment holds no number above 0.
    """
    text = os.environ.get(UPLOADS_VARIABLE) or str(USUAL_UPLOAD_GB)
    try:
        limit = round(float(text) * 1e9)
    except (ValueError, OverflowError):
        limit = 0
    if limit < 1:
        raise SettingsError(UPLOADS_VARIABLE, f"must be a number of GB above 0, is {text!r}")
    return limit


def private_folder() -> Path:
    """Make a new folder that no other user can enter; it is removed when the process ends."""
    global _folder
    with _lock:
        # A system that runs for weeks may remove old temporary folders.
        if _folder is None or not _folder.path.is_dir():
            _folder = OwnedFolder()
        return Path(tempfile.mkdtemp(dir=_folder.path))


def safe_name(name: str) -> str:
    """A file name that resembles `name`, is allowed on every system, and is never a path.

    Folders, control characters and characters that Windows forbids are left out; a long name is
    shortened before its ending.

    >>> safe_name("../holiday: the sea?.jpg")
    'holiday the sea.jpg'
    """
    name = unicodedata.normalize("NFC", name).replace("\\", "/").rsplit("/", 1)[-1]
    # JSON can contain half of a surrogate pair, which is not a character.
    name = name.encode("utf-8", "ignore").decode("utf-8")
    name = "".join(c for c in name if c.isprintable() and c not in _FORBIDDEN).rstrip(" .")
    stem, dot, ending = name.rpartition(".")
    if not dot:
        stem, ending = name, ""
    ending = _cut(f"{dot}{ending}", _MAX_ENDING_BYTES)
    stem = _cut(stem.strip(" ."), _MAX_NAME_BYTES - len(ending.encode("utf-8"))).rstrip(" .")
    if stem.split(".")[0].strip().upper() in _DEVICES:
        stem = f"_{stem}"
    return (stem or "file") + ending


class IncomingFile:
    """A file that arrives in chunks, in order, in a new private folder; for one thread at a time.

    Parameters
    ----------
    name : str
        The name of the file on the page. The attribute `name` is its `safe_name`.
    size : int
        The size that the page has announced, in bytes.

    Raises
    ------
    MediaError
        If the disk is nearly full, the files of this page would be more than `upload_limit`, or the
        system refuses to write.
    """

    def __init__(self, name: str, size: int) -> None:
        self.name, self.size, self.received = safe_name(name), size, 0
        try:
            self.path = private_folder() / self.name
            self._claim()
            self._file = self.path.open("xb")
        except OSError as error:
            raise self._refusal(error) from error

    @property
    def complete(self) -> bool:
        """Whether all bytes have arrived."""
        return self.received == self.size

    def append(self, offset: int, chunk: bytes | memoryview) -> int:
        """Append a chunk that starts at `offset`, and return the offset of the next one.

        Raises MediaError if the chunk has the wrong offset or exceeds the size, or if the system
        refuses to write.
        """
        length = len(memoryview(chunk).cast("B"))
        if offset != self.received or not 0 < length <= self.size - offset:
            raise MediaError(self.name, "it was damaged during the transfer; choose it again")
        try:
            # Others write to the disk, too.
            if shutil.disk_usage(self.path.parent).free < KEPT_FREE_BYTES:
                raise MediaError(self.name, _NO_ROOM)
            self._file.write(chunk)
            self.received += length
            if self.complete:
                self._file.close()
        except OSError as error:
            raise self._refusal(error) from error
        return self.received

    def discard(self) -> None:
        """Remove the file and its folder."""
        # Closing writes the last bytes, for which the disk may have no space.
        with contextlib.suppress(OSError):
            self._file.close()
        shutil.rmtree(self.path.parent, ignore_errors=True)
        with _lock:
            _sizes.pop(self.path, None)

    def _claim(self) -> None:
        """Count the file among those of this page, if there is room for it."""
        limit, folder = upload_limit(), self.path.parent
        with _lock:
            taken = sum(_sizes.values())
            full = shutil.disk_usage(folder).free - self.size < KEPT_FREE_BYTES
            if full or taken + self.size > limit:
                folder.rmdir()
                words = f"this page takes {limit / 1e9:g} GB of files in all and has no room for it"
                raise MediaError(self.name, _NO_ROOM if full else f"{words}; send a smaller one")
            _sizes[self.path] = self.size

    def _refusal(self, error: OSError) -> MediaError:
        return MediaError(self.name, f"it cannot be kept on this machine ({error.strerror})")


def _cut(text: str, max_bytes: int) -> str:
    """The start of `text`, at most that many bytes in UTF-8."""
    return text.encode("utf-8")[:max_bytes].decode("utf-8", "ignore")
