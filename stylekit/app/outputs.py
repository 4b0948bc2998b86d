"""Where the commands write, so that no file is replaced unasked."""

from __future__ import annotations

import contextlib
import hashlib
import itertools
import logging
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from ..errors import MediaError
from ..media.files import remove_unfinished, sha256_of
from ..media.provenance import read_sidecar, sidecar_path
from ..media.written import WrittenFiles, occupied

log = logging.getLogger(__name__)

# Of the file of an interrupted command, and of a result whose name was taken in the meantime.
_PARTIAL, _COPY = ".partial", ""

# What the sidecar says of the inputs.
_INPUTS = ("content", "style", "styles", "style_weights", "regions", "keep", "settings", "version")

# The most bytes of a pixel in a picture file, and those of its sidecar.
_PIXEL_BYTES, _SIDECAR_BYTES = 4, 200_000


def check_space(output: Path, pixels: int) -> None:
    """Raise MediaError, before painting, if a picture of so many pixels has no room on the disk."""
    with contextlib.suppress(OSError):  # a disk that cannot be asked
        if shutil.disk_usage(output.parent).free >= _PIXEL_BYTES * pixels + _SIDECAR_BYTES:
            return
        raise MediaError(output, "the disk is full; free some space or choose another folder")


def check_names(output: Path, *others: Path) -> None:
    """Raise MediaError if a name is too long, also that of a file that may be written beside it."""
    for path in (sidecar_path(output), sidecar_path(_numbered(output, _PARTIAL, 9)), *others):
        try:
            with contextlib.suppress(FileNotFoundError, NotADirectoryError):
                path.lstat()
        except OSError as error:
            raise MediaError(
                output,
                f"its name is too long for the files beside it, such as {path.name}; "
                "choose a shorter one",
            ) from error
    if sidecar_path(output).is_dir():
        raise MediaError(sidecar_path(output), "is a folder; the sidecar needs this name")


def check_free(*outputs: Path, overwrite: bool, written: tuple[WrittenFiles, ...] = ()) -> None:
    """Raise MediaError if a result would replace a file, unless that is asked for.

    Parameters
    ----------
    outputs : files, or patterns of numbered pictures; each with its sidecar
    overwrite : whether files may be replaced
    written : the records of the runs whose own results these may be
    """
    for output in outputs:
        remove_unfinished(output.parent)
        if overwrite:
            continue
        for file in occupied(output):
            if not any(record.holds(file) for record in written):
                raise MediaError(
                    file,
                    "is there already; give another name for the result, or replace it with "
                    "--overwrite",
                )


@contextmanager
def claimed(output: Path) -> Iterator[None]:
    """Keep other commands from writing the same result while this one paints it.

    Raises MediaError if another one of this machine does already.
    """
    name = hashlib.sha256(output.name.encode()).hexdigest()[:16]
    path = output.parent.resolve() / f".stylekit-lock-{name}"
    lock = FileLock(path)
    try:
        lock.acquire(blocking=False)
    except Timeout:
        raise MediaError(
            output,
            "another stylekit is painting this result; wait for its end, or give another name",
        ) from None
    except (OSError, NotImplementedError):
        # A disk that knows no locks.
        yield
        return
    try:
        yield
    finally:
        # While it is held; Windows removes no file that is open.
        with contextlib.suppress(OSError):
            path.unlink()
        lock.release()


def unfinished_path(output: Path, written: WrittenFiles | None = None) -> Path:
    """Where an interrupted command writes its result: a name that is free, or that it had before.

    `written` is the record of the run, whose own files are replaced.
    """
    return next(_free(output, _PARTIAL, written))


def finished_path(output: Path, *, overwrite: bool, written: WrittenFiles | None = None) -> Path:
    """Where a finished result is written: `output`, or a free name if it was taken meanwhile."""
    if overwrite or _is_free(output, written):
        return output
    path = next(_free(output, _COPY, written))
    log.warning("%s: is there meanwhile; the result is %s", output.name, path.name)
    return path


def remove_partial_clips(output: Path, written: WrittenFiles) -> None:
    """Remove what an interrupted command has written of a clip that is finished now.

    `written` is the record of the run. What is not in it, or was changed since, stays.
    """
    for path in _partial_results(output):
        if written.holds(*occupied(path)):
            for file in occupied(path):
                file.unlink()


def remove_partial_pictures(output: Path, timelapse: Path | None, keep: Path) -> None:
    """Remove what an interrupted command has written of a picture that is finished now.

    Parameters
    ----------
    output, timelapse : the finished picture, and its time-lapse if there is one
    keep : a picture that the painting began from, which is an input

    A picture stays if its sidecar is of other inputs or settings, or tells another hash: then it
    was changed since.
    """
    with contextlib.suppress(MediaError):
        wanted = read_sidecar(output)
        for path in _partial_results(output):
            told = _sidecar_of_partial(path)
            same = all(told.get(name) == wanted.get(name) for name in _INPUTS)
            if not same or path.resolve() == keep.resolve():
                continue
            if not path.is_file() or told.get("sha256") != sha256_of(path):
                continue
            lapses = _partial_results(timelapse) if timelapse else ()
            for lapse in lapses:
                if lapse.is_file() and told.get("timelapse_sha256") == sha256_of(lapse):
                    lapse.unlink()
            path.unlink()
            sidecar_path(path).unlink()


def _partial_results(output: Path) -> Iterator[Path]:
    """The results of interrupted commands that are there."""
    for number in itertools.count(1):
        path = _numbered(output, _PARTIAL, number)
        if not occupied(path):
            return
        yield path


def _sidecar_of_partial(path: Path) -> dict[str, Any]:
    with contextlib.suppress(MediaError):
        return read_sidecar(path)
    return {}


def _free(output: Path, mark: str, written: WrittenFiles | None) -> Iterator[Path]:
    for number in itertools.count(1 if mark else 2):
        path = _numbered(output, mark, number)
        if _is_free(path, written):
            yield path


def _is_free(path: Path, written: WrittenFiles | None) -> bool:
    files = occupied(path)
    return not files or (written is not None and written.holds(*files))


def _numbered(output: Path, mark: str, number: int) -> Path:
    count = f"-{number}" if number > 1 else ""
    return output.with_name(f"{output.stem}{mark}{count}{output.suffix}")
