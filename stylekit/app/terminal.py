"""What the command line prints: any text on any terminal, and the system's errors in one line."""

from __future__ import annotations

import codecs
import contextlib
import errno
import os
import sys
from pathlib import Path
from typing import TextIO

_HANDLER = "stylekit-plain"
# What stylekit itself prints beyond ASCII, in plain letters.
_PLAIN = {"×": "x", "…": "...", "–": "-", "−": "-", "→": "->", "≈": "~", "²": "2"}

_OUT_OF_MEMORY = (
    "memory: there is not enough for this; use a smaller --size, or close other programs"
)
# How TensorFlow calls it. It is not imported for this.
_TENSORFLOW_ERRORS = ("ResourceExhaustedError",)


def print_any_text() -> None:
    """Let a terminal that lacks a letter show another one in its place.

    Otherwise the last line of a finished command, or the name of a file, would end it with an
    error.
    """
    codecs.register_error(_HANDLER, _plain)
    for stream in (sys.stdout, sys.stderr):
        # A notebook, or a test, may have put something else there.
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors=_HANDLER)


def _plain(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    letters = error.object[error.start : error.end]
    plain = (
        _PLAIN.get(letter) or letter.encode("ascii", "backslashreplace").decode()
        for letter in letters
    )
    return "".join(plain), error.end


def tell(line: str, stream: TextIO) -> None:
    """Print a line, unless nobody can read it any more.

    The terminal may have been closed, or `head` may have seen enough. Neither is a reason to end a
    painting.
    """
    try:
        print(line, file=stream, flush=True)
    except OSError as error:
        if error.errno not in (errno.EIO, errno.EPIPE):
            raise
        # Python would complain at its end of what it could not write.
        with contextlib.suppress(OSError, ValueError):
            sink = os.open(os.devnull, os.O_WRONLY)
            os.dup2(sink, stream.fileno())
            os.close(sink)


def system_trouble(error: Exception) -> str | None:
    """One line about an error of the system: of a file, or of memory; None for another error."""
    if isinstance(error, MemoryError) or type(error).__name__ in _TENSORFLOW_ERRORS:
        return _OUT_OF_MEMORY
    if not isinstance(error, OSError) or error.errno is None:
        return None
    if error.errno == errno.ENOMEM:
        return _OUT_OF_MEMORY
    if error.filename is None:
        return None
    path = Path(str(error.filename))
    # Of a path it may be a folder's name that is too long.
    is_long = error.errno == errno.ENAMETOOLONG
    name = max(path.parts, key=len, default="") if is_long else path.name
    return " ".join(f"{name or path}: {error.strerror}; {_advice(error.errno)}".split())


def _advice(number: int) -> str:
    if number == errno.ENAMETOOLONG:
        return "choose a shorter name"
    if number in (errno.ENOSPC, errno.EDQUOT):
        return "free some space, or choose another folder"
    return "check the name, the folder and its permissions"
