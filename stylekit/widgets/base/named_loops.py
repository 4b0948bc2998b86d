"""One loop for each name, so that a cell that is run again does not leave its last run behind."""

from __future__ import annotations

import threading

from ...errors import StylekitError
from .loop import Ending, Loop

# How long a loop that is replaced may take for the step that it is in.
_JOIN_SECONDS = 15.0

_loops: dict[str, Loop] = {}
_loops_lock = threading.Lock()


def stop_named(name: str, *, limit: float = _JOIN_SECONDS) -> None:
    """Stop the loop of this name, if there is one, and wait for its last step.

    Raises StylekitError if that has not ended after `limit` seconds.
    """
    with _loops_lock:
        loop = _loops.get(name)
    if loop is None:
        return
    loop.stop(Ending.REPLACED)
    if not loop.join(limit):
        raise StylekitError(
            name,
            f"the run before is still busy with a step after {limit:g} seconds; try again when "
            "it has ended, or restart the kernel",
        )
    with _loops_lock:
        if _loops.get(name) is loop:
            del _loops[name]


def register(name: str, loop: Loop, *, limit: float = _JOIN_SECONDS) -> None:
    """Make `loop` the one of this name; the one before is stopped first, as by `stop_named`."""
    stop_named(name, limit=limit)
    with _loops_lock:
        _loops[name] = loop
