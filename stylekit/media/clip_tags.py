"""What a clip says of its own making: date, author, copyright and description, nothing else."""

from __future__ import annotations

from pathlib import Path

from ..settings import MediaLimits
from .clip_layout import open_clip

# The names that containers use for them, in the order of preference.
_NAMES = {
    "date": ("com.apple.quicktime.creationdate", "creation_time", "date"),
    "author": ("artist", "author", "com.apple.quicktime.author"),
    "copyright": ("copyright", "com.apple.quicktime.copyright"),
    "description": ("description", "title", "com.apple.quicktime.description"),
}


def read_clip_tags(path: Path | str, *, limits: MediaLimits | None = None) -> dict[str, str]:
    """The date, author, copyright and description of a clip, those that it has.

    Raises MediaError if the clip cannot be opened.
    """
    with open_clip(Path(path), limits or MediaLimits()) as (container, _):
        found = {name.lower(): text for name, text in container.metadata.items()}
    tags = {}
    for tag, names in _NAMES.items():
        text = next((found[name] for name in names if found.get(name)), None)
        if text:
            tags[tag] = text
    return tags
