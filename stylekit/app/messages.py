"""What the command line says of an error."""

from __future__ import annotations

from ..errors import SettingsError, StylekitError
from ..settings import (
    STRENGTH,
    ImageSettings,
    KeyframeSettings,
    NetworkSettings,
    PatchSettings,
    VideoSettings,
    Weights,
    tunables,
)
from .input_options import limit_flags
from .terminal import system_trouble

TROUBLE = (StylekitError, OSError, MemoryError, RuntimeError)
"""The kinds of error among which are those that a user can mend; `one_line` tells which are."""


def one_line(error: Exception) -> str | None:
    """The message of an error in one line, even if a file's name contains a line feed.

    None for an error that is a fault of the program.
    """
    if isinstance(error, StylekitError):
        return " ".join(_with_flag(error).splitlines())
    return system_trouble(error)


def _with_flag(error: StylekitError) -> str:
    """The error's message; one about a setting begins with its flag, as the user typed it."""
    if isinstance(error, SettingsError):
        kinds = (Weights, ImageSettings, VideoSettings, KeyframeSettings)
        flags = {
            name: known.flag
            for kind in (*kinds, PatchSettings, NetworkSettings)
            for name, known in tunables(kind).items()
            if known.flag
        }
        # Not settings, but options of the command `video`.
        flags |= {
            "start": "--start",
            "frames": "--frames",
            "fps": "--fps",
            "key": "--key",
            "strength": STRENGTH.flag,
        }
        flags |= {"style_weights": "--style-weights", "regions": "--regions"}
        flags |= limit_flags()
        if flag := flags.get(error.name):
            return f"{flag}: {error.message}"
    own = ("start", "frames", "allow_partial", "overwrite", "run")
    names = limit_flags() | {name: f"--{name.replace('_', '-')}" for name in own}
    return f"{error.name}: {error.message_with(names)}"
