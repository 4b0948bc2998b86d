"""Writing files completely or not at all, and the checks before reading and writing."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import platform
import re
import secrets
import shutil
import stat
import tempfile
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from ..errors import MediaError
from ..samples import explain_no_file

FOLDER_VARIABLE = "STYLEKIT_FOLDER"
"""The environment variable that names the `results_folder`."""

UPLOADS_VARIABLE = "STYLEKIT_UPLOAD_GB"
"""The environment variable that says how many GB of files a process takes from its page in all."""

# What to do about the system's errors when a file cannot be written.
_WRITE_ADVICE = {
    errno.ENOSPC: "the disk is full; free some space or choose another folder",
    errno.EDQUOT: "your disk quota is used up; free some space or choose another folder",
    errno.EFBIG: "the file grows larger than this system allows; choose a smaller size",
    errno.EACCES: "no permission to write here; choose another folder",
    errno.EPERM: "no permission to write here; choose another folder",
    errno.EROFS: "this disk can only be read; choose another folder",
    errno.ENAMETOOLONG: "the name is too long; choose a shorter one",
}

# A file that is not complete yet: where and by which process it is written.
_HIDDEN = re.compile(r"\.stylekit-([0-9a-f]{8})-([0-9]+)-")
# After these seconds a file is abandoned, on systems that cannot be asked for its process.
_ABANDONED_SECONDS = 86_400


@contextmanager
def refusals_explained(path: Path | str) -> Iterator[None]:
    """Raise MediaError, which names `path`, for an error of the system while the body writes.

    Errors that are not known, such as that of a missing file, are not changed.
    """
    try:
        yield
    except OSError as error:
        advice = _WRITE_ADVICE.get(error.errno or 0)
        if advice is None:
            raise
        raise MediaError(path if isinstance(path, Path) else Path(path), advice) from error


def remove_unfinished(folder: Path) -> None:
    """Remove hidden files and folders that killed processes of this machine have left behind."""
    with contextlib.suppress(OSError):
        for path in folder.iterdir():
            found = _HIDDEN.match(path.name)
            if not found or found[1] != _place() or not _is_abandoned(path, int(found[2])):
                continue
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink(missing_ok=True)


def _is_abandoned(path: Path, process: int) -> bool:
    if os.name == "posix":
        try:
            os.kill(process, 0)  # asks whether there is such a process
        except ProcessLookupError:
            return True
        except OSError:
            pass
        return False
    return time.time() - path.stat().st_mtime > _ABANDONED_SECONDS


def _hidden_start() -> str:
    """How the names of files begin that this process has not completed yet."""
    return f".stylekit-{_place()}-{os.getpid()}-"


@cache
def _place() -> str:
    """Where the number of a process counts: this machine, or this container of it."""
    place = platform.node()
    with contextlib.suppress(OSError):
        place += str(Path("/proc/self/ns/pid").readlink())
    return hashlib.sha256(place.encode()).hexdigest()[:8]


@contextmanager
def atomic_path(path: Path | str) -> Iterator[Path]:
    """A temporary path beside `path` that replaces it when the body of the `with` is done.

    The body writes a file at the temporary path. The file is then flushed to the disk and renamed,
    so `path` is always either the old file or the complete new one. If the body raises, the
    temporary file is removed and `path` is left as it was.

    Raises
    ------
    MediaError : if the system refuses to write (full disk, no permission, …); other errors of the
        body are not changed

    Examples
    --------
    ::

        with atomic_path("notes.txt") as temporary:
            temporary.write_text("All or nothing.")
    """
    path = Path(path)
    # Without the name of the target, which may already have the largest possible length.
    temporary = path.with_name(f"{_hidden_start()}{secrets.token_hex(6)}{path.suffix}")
    with refusals_explained(path):
        try:
            yield temporary
            with temporary.open("r+b") as file:
                os.fsync(file.fileno())
            temporary.replace(path)
            flush_folder(path.parent)
        finally:
            with contextlib.suppress(OSError):
                temporary.unlink(missing_ok=True)


@contextmanager
def temporary_folder(parent: Path) -> Iterator[Path]:
    """A hidden folder in `parent`, which is removed with what is left in it.

    Raises MediaError if the system refuses to write there.
    """
    with (
        refusals_explained(parent),
        tempfile.TemporaryDirectory(prefix=_hidden_start(), dir=parent) as folder,
    ):
        yield Path(folder)


def limit_names(*names: str) -> dict[str, str]:
    """How Python names fields of `MediaLimits`, for messages of `StylekitError`."""
    return {name: f"{name} in MediaLimits" for name in names}


def check_absent(path: Path | str) -> None:
    """Raise MediaError if there is a file, or anything else, at `path`."""
    if os.path.lexists(path):
        raise MediaError(
            Path(path),
            "is there already; give another name, or replace it with {overwrite}",
            settings={"overwrite": "overwrite=True"},
        )


def write_text_atomic(path: Path | str, text: str) -> None:
    """Write `text` as UTF-8 with plain line feeds, completely or not at all."""
    with atomic_path(path) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="\n")


def sha256_of(path: Path | str) -> str:
    """The SHA-256 of a file's bytes in hexadecimal; large files are read in parts."""
    with Path(path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def check_output(path: Path | str, suffixes: Collection[str]) -> Path:
    """Check that a file may be written at `path`.

    Parameters
    ----------
    path : returned as a `Path`
    suffixes : the endings that are allowed, such as ".png"; upper and lower case are equal

    Raises
    ------
    MediaError : if the ending is another one, or the folder is missing or cannot be written

    Examples
    --------
    >>> from stylekit.media.files import check_output
    >>> check_output("cat.gif", (".png", ".jpg"))
    Traceback (most recent call last):
    stylekit.errors.MediaError: cat.gif: cannot write the ending .gif; use one of .png, .jpg
    """
    path = Path(path)
    if path.suffix.lower() not in suffixes:
        ending = f"the ending {path.suffix}" if path.suffix else "a name without an ending"
        raise MediaError(path, f"cannot write {ending}; use one of {', '.join(suffixes)}")
    folder = path.parent
    try:
        with contextlib.suppress(FileNotFoundError, NotADirectoryError):
            path.lstat()  # raises an error for a name that is too long
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
    """Make a folder, with those above it, unless it exists; returns its path.

    Raises MediaError if `path` is a file or cannot be made.
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


def results_folder() -> Path:
    """Where the studio keeps results: what STYLEKIT_FOLDER names, or `stylekit` at home."""
    return Path(os.environ.get(FOLDER_VARIABLE) or "~/stylekit").expanduser()


def check_input(
    path: Path | str, *, max_bytes: int | None = None, limit: str = "picture_bytes"
) -> Path:
    """Check that `path` is a file that can be read.

    Parameters
    ----------
    path : returned as a `Path`
    max_bytes : the largest size; None for any
    limit : the field of `MediaLimits` that says so

    Raises
    ------
    MediaError : if it is missing, a folder, a device, empty, too large or cannot be opened
    """
    path = Path(path)
    if advice := explain_no_file(path):
        raise MediaError(path, advice)
    try:
        facts = path.stat()
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
            f"make it smaller, or raise the limit with {{{limit}}}",
            settings=limit_names(limit),
        )
    return path


def left_out(folder: Path, endings: Collection[str]) -> dict[Path, str]:
    """What in a folder has the name of a file and is none, with the reason: by their paths, sorted.

    Such as a link to nothing, or a named pipe, at which a program that opened it would wait for
    ever. Hidden ones and folders do not count.

    Parameters
    ----------
    folder : the folder
    endings : those of the files that are looked for, in small letters
    """
    found = {}
    for path in sorted(folder.iterdir()):
        if path.suffix.lower() not in endings or path.name.startswith("."):
            continue
        if path.is_file() or path.is_dir():
            continue
        found[path] = (
            "is a link to a file that is not there"
            if path.is_symlink() and not path.exists()
            else "is not an ordinary file"
        )
    return found


def flush_folder(folder: Path) -> None:
    """Store a rename on the disk, where it survives a power cut; needs a POSIX system."""
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    except OSError as error:
        # Some network disks refuse this, but have stored the file itself already.
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):
            raise
    finally:
        os.close(handle)
