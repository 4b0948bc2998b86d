"""Writing so that nothing finished is ever lost, and the checks before reading and writing."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import secrets
import stat
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

from ..errors import MediaError

# What the system says when a file cannot be written, and what to do about it.
_WRITE_ADVICE = {
    errno.ENOSPC: "the disk is full; free some space or choose another folder",
    errno.EDQUOT: "your disk quota is used up; free some space or choose another folder",
    errno.EFBIG: "the file grows larger than this system allows; choose a smaller size",
    errno.EACCES: "no permission to write here; choose another folder",
    errno.EPERM: "no permission to write here; choose another folder",
    errno.EROFS: "this disk can only be read; choose another folder",
    errno.ENAMETOOLONG: "the name is too long; choose a shorter one",
}


@contextmanager
def atomic_path(path: Path | str) -> Iterator[Path]:
    """A temporary path beside `path`, with its suffix, that becomes `path` when the body is done.

    The body writes a file there. It is then flushed to the disk and renamed, so that at any
    moment `path` is the old file or the whole new one. If the body raises, the temporary file
    is removed and `path` is left as it was.

    Raises MediaError where the system refuses to write (full disk, no permission, …); any other
    error of the body passes through.
    """
    path = Path(path)
    # Short, and without the target's own name, which may already be as long as names can be.
    temporary = path.with_name(f".stylekit-{secrets.token_hex(6)}{path.suffix}")
    try:
        yield temporary
        with temporary.open("r+b") as file:
            os.fsync(file.fileno())
        temporary.replace(path)
        _flush_folder(path.parent)
    except OSError as error:
        advice = _WRITE_ADVICE.get(error.errno or 0)
        if advice is None:
            raise
        raise MediaError(path, advice) from error
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)


def write_text_atomic(path: Path | str, text: str) -> None:
    """Write `text` as UTF-8 with plain line feeds, whole or not at all; see `atomic_path`."""
    with atomic_path(path) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="\n")


def sha256_of(path: Path | str) -> str:
    """The SHA-256 of a file's bytes in hexadecimal, read in pieces."""
    with Path(path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def check_output(path: Path | str, suffixes: Collection[str]) -> Path:
    """Return `path` if a file may be written there, with one of `suffixes` (".png", …) as ending.

    The ending is compared without regard to case. Raises MediaError, with what to do, otherwise.
    """
    path = Path(path)
    if path.suffix.lower() not in suffixes:
        ending = f"the ending {path.suffix}" if path.suffix else "a name without an ending"
        raise MediaError(path, f"cannot write {ending}; use one of {', '.join(suffixes)}")
    folder = path.parent
    try:
        if path.is_dir():
            raise MediaError(path, "is a folder; give the name of a file")
        if not folder.is_dir():
            raise MediaError(path, f"there is no folder {folder}; make it first")
        writable = os.access(folder, os.W_OK | os.X_OK)
        if not writable or (path.exists() and not os.access(path, os.W_OK)):
            raise MediaError(path, _WRITE_ADVICE[errno.EACCES])
    except OSError as error:
        raise MediaError(path, _WRITE_ADVICE.get(error.errno or 0, str(error.strerror))) from error
    return path


def make_folder(path: Path | str) -> Path:
    """Return `path` as a folder that is there, made if it was not.

    Raises MediaError, with what to do, if it is a file or cannot be made.
    """
    path = Path(path)
    try:
        path.mkdir(parents=True, exist_ok=True)
    except FileExistsError:
        raise MediaError(path, "is a file; give the name of a folder") from None
    except OSError as error:
        advice = _WRITE_ADVICE.get(error.errno or 0, f"cannot be made ({error.strerror})")
        raise MediaError(path, advice) from error
    return path


def check_input(path: Path | str, *, max_bytes: int | None = None) -> Path:
    """Return `path` if it is a file with something in it, of at most `max_bytes` bytes.

    Raises MediaError, with what to do, if it is missing, a folder, a device, empty, too large or
    cannot be opened.
    """
    path = Path(path)
    try:
        facts = path.stat()
        if stat.S_ISDIR(facts.st_mode):
            raise MediaError(path, "is a folder; give the name of a file in it")
        if not stat.S_ISREG(facts.st_mode):
            raise MediaError(path, "is not an ordinary file; give the name of one")
        with path.open("rb"):
            pass
    except (FileNotFoundError, NotADirectoryError):
        raise MediaError(path, "there is no such file; check the name and the folder") from None
    except PermissionError:
        raise MediaError(path, "no permission to read it; change its permissions") from None
    except (OSError, ValueError) as error:
        raise MediaError(path, f"cannot be opened ({error}); check the name") from error
    if facts.st_size == 0:
        raise MediaError(path, "the file is empty; copy it again")
    if max_bytes is not None and facts.st_size > max_bytes:
        raise MediaError(
            path,
            f"is {facts.st_size / 1e6:.1f} MB large, the limit is {max_bytes / 1e6:.1f} MB; "
            "make it smaller, or raise the limit in MediaLimits",
        )
    return path


def _flush_folder(folder: Path) -> None:
    """Make a rename outlast a power cut; only POSIX systems can open a folder for that."""
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    except OSError as error:
        # Some network disks refuse this; the file itself is safe there already.
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):
            raise
    finally:
        os.close(handle)
