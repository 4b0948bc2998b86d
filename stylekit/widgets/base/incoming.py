"""Files that come from a page in chunks, kept where only the user of this kernel can read them."""

from __future__ import annotations

import atexit
import contextlib
import shutil
import tempfile
import threading
import unicodedata
from pathlib import Path

from ...errors import MediaError

# Windows gives these names to devices, whatever comes after the first dot.
_DEVICES = {
    "CON",
    "PRN",
    "AUX",
    "NUL",
    *(f"{port}{n}" for port in ("COM", "LPT") for n in "123456789"),
}
_FORBIDDEN = frozenset('<>:"|?*')
# File systems take 255 bytes; what is derived from a name adds to it.
_MAX_NAME_BYTES = 120
_MAX_ENDING_BYTES = 20

_lock = threading.Lock()
_folder: Path | None = None


def private_folder() -> Path:
    """A new folder in this process's temporary folder, which no other user can enter.

    All of it goes away when the process ends.
    """
    global _folder
    with _lock:
        # Machines that run for weeks clean up their temporary folders.
        if _folder is None or not _folder.is_dir():
            _folder = Path(tempfile.mkdtemp(prefix="stylekit-"))
            atexit.register(shutil.rmtree, _folder, ignore_errors=True)
        return Path(tempfile.mkdtemp(dir=_folder))


def safe_name(name: str) -> str:
    """A file name that is like `name`, and is one on every system; never a path.

    Folders before it, control characters and what Windows forbids are left out, and a long name is
    shortened before its ending.
    """
    name = unicodedata.normalize("NFC", name).replace("\\", "/").rsplit("/", 1)[-1]
    # Half a pair of surrogates, which JSON can carry, is no character at all.
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
    """A file that grows chunk by chunk, in order, up to the size that was announced.

    `name` is what the page calls it, `path` where it is kept, in a folder of its own. Raises
    MediaError, in words for the page, where it cannot be kept. Not for several threads at once.
    """

    def __init__(self, name: str, size: int) -> None:
        self.name, self.size, self.received = safe_name(name), size, 0
        try:
            folder = private_folder()
            if shutil.disk_usage(folder).free < size:
                folder.rmdir()
                raise MediaError(self.name, "the disk has no room for it; free some space")
            self.path = folder / self.name
            self._file = self.path.open("xb")
        except OSError as error:
            raise self._refusal(error) from error

    @property
    def complete(self) -> bool:
        """Whether all of it has come."""
        return self.received == self.size

    def take(self, offset: int, chunk: bytes | memoryview) -> int:
        """Append a chunk that starts at `offset`; gives the offset where the next one starts.

        Raises MediaError for a chunk that does not belong there or goes beyond the size, and where
        the system refuses to write.
        """
        length = len(memoryview(chunk).cast("B"))
        if offset != self.received or not 0 < length <= self.size - offset:
            raise MediaError(self.name, "it was garbled on its way here; choose it again")
        try:
            self._file.write(chunk)
            self.received += length
            if self.complete:
                self._file.close()
        except OSError as error:
            raise self._refusal(error) from error
        return self.received

    def discard(self) -> None:
        """Remove what has come, and its folder."""
        # What was not yet on the disk may find no room there.
        with contextlib.suppress(OSError):
            self._file.close()
        shutil.rmtree(self.path.parent, ignore_errors=True)

    def _refusal(self, error: OSError) -> MediaError:
        return MediaError(self.name, f"it cannot be kept on this machine ({error.strerror})")


def _cut(text: str, most: int) -> str:
    """The start of `text`, of at most that many bytes in UTF-8."""
    return text.encode("utf-8")[:most].decode("utf-8", "ignore")
