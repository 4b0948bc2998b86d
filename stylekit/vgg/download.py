"""Download a file completely or not at all, also where the network stalls or breaks off."""

from __future__ import annotations

import contextlib
import hashlib
import http.client
import logging
import time
import urllib.request
from pathlib import Path
from typing import Any, BinaryIO

from filelock import FileLock, Timeout

log = logging.getLogger(__name__)

# A download stalls if less than this arrives in this time, or nothing at all.
STALL_SECONDS = 20.0
STALL_BYTES = 100_000
# How long to wait for another process that downloads the same file.
WAIT_SECONDS = 900.0
# How often the log says how far it is.
_REPORT_SECONDS = 10.0
_PIECE_BYTES = 1 << 16


class DownloadError(Exception):
    """A download failed; the message says why."""


def download(url: str, path: Path, *, md5: str, max_bytes: int) -> None:
    """Download the file at `url` to `path`, which is replaced once the whole file is there.

    Processes that want the same file wait for each other, and only one downloads it. While it
    arrives its name ends in `.part`.

    Parameters
    ----------
    url : where it is, by HTTP or HTTPS
    path : where it is kept; its folder is made if it is missing
    md5 : the MD5 sum of the file, in hexadecimal
    max_bytes : a longer file is refused before it fills the disk

    Raises
    ------
    DownloadError : if the network fails, stalls or breaks off, the file has another sum, or it
        cannot be written
    """
    lock = FileLock(path.with_name(f"{path.name}.lock"))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with lock.acquire(timeout=WAIT_SECONDS):
            # Another process may have been faster.
            if not path.is_file() or md5_of(path) != md5:
                _replace(url, path, md5, max_bytes)
    except Timeout:
        raise DownloadError("another process has been downloading them for long") from None
    except OSError as error:
        raise DownloadError(f"{path.parent}: {error.strerror or error}") from error


def md5_of(path: Path) -> str:
    """The MD5 sum of a file in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, _md5).hexdigest()


def _replace(url: str, path: Path, md5: str, max_bytes: int) -> None:
    part = path.with_name(f"{path.name}.part")
    try:
        _fetch(url, part, max_bytes)
        if md5_of(part) != md5:
            raise DownloadError("what came is another file, or damaged")
        part.replace(path)
    finally:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)


def _fetch(url: str, part: Path, max_bytes: int) -> None:
    try:
        with (
            urllib.request.urlopen(url, timeout=STALL_SECONDS) as response,
            part.open("wb") as file,
        ):
            announced = response.length
            received = _copy(response, file, max_bytes)
    except TimeoutError:
        raise DownloadError(f"nothing came for {STALL_SECONDS:g} seconds") from None
    except http.client.HTTPException as error:
        raise DownloadError(f"the server does not speak HTTP: {type(error).__name__}") from error
    except OSError as error:
        # `urlopen` wraps what the system says.
        reason = getattr(error, "reason", None) or error.strerror or error
        raise DownloadError(str(reason)) from error
    if announced is not None and received < announced:
        words = f"{received / 1e6:.1f} of {announced / 1e6:.1f} MB"
        raise DownloadError(f"the connection broke off after {words}")


def _copy(response: http.client.HTTPResponse, file: BinaryIO, max_bytes: int) -> int:
    """Copy the body of a response into a file; the number of bytes."""
    received = at_check = 0
    checked = reported = time.monotonic()
    # `read` would wait for a whole piece, however slowly it comes.
    while piece := response.read1(_PIECE_BYTES):
        file.write(piece)
        received += len(piece)
        now = time.monotonic()
        if received > max_bytes:
            raise DownloadError(f"more than {max_bytes / 1e6:.0f} MB came, which is another file")
        if now - checked > STALL_SECONDS:
            if received - at_check < STALL_BYTES:
                raise DownloadError(f"next to nothing came for {STALL_SECONDS:g} seconds")
            checked, at_check = now, received
        if now - reported > _REPORT_SECONDS:
            reported = now
            log.info("%.0f MB have come", received / 1e6)
    return received


def _md5() -> Any:
    # Against damage, not against an attack; systems with stricter rules refuse it otherwise.
    return hashlib.md5(usedforsecurity=False)
