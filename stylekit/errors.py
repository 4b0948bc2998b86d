"""The errors that a user can cause. Each message starts with the name of what is wrong."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

# An alternative that names a setting, or all of the advice if there is no other.
_SETTING_ADVICE = re.compile(r"[,;]( or)? [^,;{]*\{\w+\}[^,;]*")


class StylekitError(Exception):
    """Base of all errors that stylekit raises on purpose.

    The message is one line: `name: what is wrong and what to do`. Where it advises to change a
    setting, `settings` says how Python names it, and the message has its name in braces.

    Examples
    --------
    >>> str(SettingsError("size", "must be at least 32, is 8"))
    'size: must be at least 32, is 8'
    >>> error = MediaError("a.png", "is there, use {new}", settings={"new": "overwrite=True"})
    >>> error.message, error.message_with({"new": "--overwrite"})
    ('is there, use overwrite=True', 'is there, use --overwrite')
    """

    def __init__(
        self, name: str | Path, message: str, *, settings: Mapping[str, str] | None = None
    ) -> None:
        self.name = name.name or str(name) if isinstance(name, Path) else name
        self._template, self._settings = message, dict(settings or {})
        self.message = self.message_with({})
        super().__init__(f"{self.name}: {self.message}")

    def message_with(self, names: Mapping[str, str]) -> str:
        """The message, with other names of settings, such as options of the command line."""
        if not self._settings:
            return self._template
        known = {name: names.get(name, own) for name, own in self._settings.items()}
        return self._template.format_map(known)

    @property
    def page_text(self) -> str:
        """The text of the error for a page, whose user can change none of these settings.

        The alternative that names one, such as ", or raise the limit with …", is left out.

        Examples
        --------
        >>> words = "is large; make it smaller, or raise the limit with {most}"
        >>> MediaError("a.png", words, settings={"most": "most in MediaLimits"}).page_text
        'a.png: is large; make it smaller'
        """
        words = _SETTING_ADVICE.sub("", self._template) if self._settings else self._template
        return f"{self.name}: {words}"


class MediaError(StylekitError):
    """A picture or clip cannot be read or written; `name` is the file's name."""


class SettingsError(StylekitError):
    """A setting is unknown or out of range; `name` is the setting's name."""


class WeightsError(StylekitError):
    """The weights of a backbone are missing, damaged, or belong to another network."""


class ResumeError(StylekitError):
    """A run cannot be resumed: its folder was made with other inputs or settings."""
