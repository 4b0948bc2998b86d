"""Temporary folders that belong to a process: removed at its end, or later if it was killed."""

from __future__ import annotations

import atexit
import os
import shutil
import stat
import tempfile
from contextlib import suppress
from pathlib import Path

from filelock import FileLock, Timeout

from ..errors import MediaError

PREFIX = "stylekit-"
"""What the names of these folders begin with."""

LOCK_NAME = ".owner"
"""The file in such a folder on which its process holds a lock; the system ends it with the process,
however that ends."""

# Another process may remove a folder in the moment between its making and its locking.
_TRIES = 10


class OwnedFolder:
    """A new temporary folder that no other user can enter, held by this process.

    It is removed by `remove`, or when the process ends. If the process is killed, the next one that
    makes such a folder in the same place removes it. The attribute `path` is the folder.

    Raises
    ------
    MediaError
        If it cannot be made.
    """

    def __init__(self) -> None:
        remove_orphaned_folders()
        for _ in range(_TRIES):
            try:
                self.path = Path(tempfile.mkdtemp(prefix=PREFIX))
            except OSError as error:
                place = Path(tempfile.gettempdir())
                words = f"no temporary folder can be made ({error.strerror}); free some space"
                raise MediaError(place, words) from error
            self._lock = _lock_of(self.path)
            with suppress(Timeout, OSError):
                self._lock.acquire(timeout=0)
                break
        else:
            raise MediaError(self.path, "this temporary folder cannot be locked; set TMPDIR")
        atexit.register(self.remove)

    def remove(self) -> None:
        """Remove the folder with all its files."""
        atexit.unregister(self.remove)
        # Windows removes no file that is open.
        self._lock.release()
        _remove(self.path)


def remove_orphaned_folders() -> None:
    """Remove the folders in the temporary folder whose processes were killed.

    Only this user's, and only those that are known to be abandoned: nobody holds the lock of the
    folder, or of a folder that a process started by its owner has made inside.
    """
    with suppress(OSError):
        for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
            if _is_own(folder) and _is_abandoned(folder):
                _remove(folder)


def _remove(folder: Path) -> None:
    """Remove a folder; if something stays in it, its lock file too, so that it is known to be ours.

    Something stays for instance if another thread writes at this moment.
    """
    with suppress(OSError):
        for path in folder.iterdir():
            if path.name != LOCK_NAME:
                shutil.rmtree(path, ignore_errors=True)
                with suppress(OSError):
                    path.unlink()
        (folder / LOCK_NAME).unlink(missing_ok=True)
        try:
            folder.rmdir()
        except OSError:
            (folder / LOCK_NAME).touch(mode=0o600)


def _is_own(folder: Path) -> bool:
    """Whether it is a folder, and no link to one, that its owner alone may enter: this user."""
    try:
        facts = folder.lstat()
        own = os.name != "posix" or (
            facts.st_uid == os.getuid() and not stat.S_IMODE(facts.st_mode) & 0o077
        )
        return stat.S_ISDIR(facts.st_mode) and own and (folder / LOCK_NAME).is_file()
    except OSError:
        return False


def _is_abandoned(folder: Path) -> bool:
    inner = folder.glob(f"*/{PREFIX}*/{LOCK_NAME}")
    try:
        for path in (folder / LOCK_NAME, *inner):
            lock = _lock_of(path.parent)
            lock.acquire(timeout=0)
            lock.release()
    except (Timeout, OSError):
        return False
    return True


def _lock_of(folder: Path) -> FileLock:
    return FileLock(folder / LOCK_NAME)
