"""The errors that a user can cause. Each message starts with the name of what is wrong."""

from __future__ import annotations

from pathlib import Path


class StylekitError(Exception):
    """Base of all errors that stylekit raises on purpose.

    The message is one line: `name: what is wrong and what to do`.

    Examples
    --------
    >>> str(SettingsError("size", "must be at least 32, is 8"))
    'size: must be at least 32, is 8'
    """

    def __init__(self, name: str | Path, message: str) -> None:
        self.name = name.name or str(name) if isinstance(name, Path) else name
        self.message = message
        super().__init__(f"{self.name}: {message}")


class MediaError(StylekitError):
    """A picture or clip cannot be read or written; `name` is the file's name."""


class SettingsError(StylekitError):
    """A setting is unknown or out of range; `name` is the setting's name."""


class WeightsError(StylekitError):
    """The weights of a backbone are missing, damaged, or belong to another network."""


class ResumeError(StylekitError):
    """A run cannot be resumed: its folder was made with other inputs or settings."""
