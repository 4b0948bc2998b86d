"""Open a page in the user's browser without telling its address to other users of the machine."""

from __future__ import annotations

import html
import os
import stat
import threading
import webbrowser
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Protocol

from ..errors import StylekitError
from ..media.owned_folders import OwnedFolder


class Opener(Protocol):
    """Opens a page, and returns whether a browser was asked to."""

    def __call__(self, url: str) -> bool: ...


@contextmanager
def page_opener(folder: Path) -> Iterator[Opener]:
    """A function that opens the browser at an address that holds a token.

    Each user of a machine can read the command line of each program, and so of the browser. It is
    given a file instead that only this user can read, and which leads to the address. The file is
    in `folder`, because the browsers of many desktops may not open hidden or temporary folders, and
    is removed at the end of the `with`.
    """
    files: list[Path] = []
    spare: list[OwnedFolder] = []

    def open_page(url: str) -> bool:
        # One name for each port, so that a file that was left behind is replaced.
        name = f".stylekit-open-{url.split(':')[2].split('/')[0]}.html"
        try:
            file = write_private(folder / name, _redirection(url))
        except OSError:
            # The folder's disk knows no users, or cannot be written.
            try:
                spare.append(OwnedFolder())
                file = write_private(spare[0].path / name, _redirection(url))
            except (OSError, StylekitError):
                return False
        files.append(file)
        # In a thread, because a browser in a terminal returns only when it is closed.
        threading.Thread(target=webbrowser.open, args=(file.as_uri(),), daemon=True).start()
        return True

    try:
        yield open_page
    finally:
        for file in files:
            with suppress(OSError):
                file.unlink(missing_ok=True)
        for owned in spare:
            owned.remove()


def write_private(path: Path, text: str) -> Path:
    """Write a new file that this user alone can read; returns its absolute path.

    Raises OSError if the system refuses, or keeps no other user from reading it.
    """
    path.unlink(missing_ok=True)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with open(handle, "w", encoding="utf-8") as file:  # noqa: PTH123 a handle, no path
        # Disks of other systems let everyone read, whatever is asked of them.
        if os.name == "posix" and stat.S_IMODE(os.fstat(handle).st_mode) & 0o077:
            path.unlink()
            raise PermissionError(f"{path.name}: others can read it")
        file.write(text)
    return path.resolve()


def _redirection(url: str) -> str:
    link = html.escape(url)
    return (
        '<!DOCTYPE html><html lang="en"><meta charset="utf-8"><title>stylekit</title>'
        f'<meta name="referrer" content="no-referrer">'
        f'<meta http-equiv="refresh" content="0;url={link}">'
        f'<p>If the page does not open by itself, open <a href="{link}">this one</a>.</p></html>\n'
    )
