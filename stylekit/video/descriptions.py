"""Whether two descriptions of a run are of the same one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ..errors import ResumeError


def check_same_run(folder: Path, stored: dict[str, Any], wanted: dict[str, Any]) -> None:
    """Raise ResumeError if the run in a folder is another one; the message names what differs.

    Parameters
    ----------
    folder : the folder of the run, for the message
    stored, wanted : its description, and that of the run that is to go on there, each from
        `stylekit.video.folder.describe_run`
    """
    before, now = _flat(stored), _flat(wanted)
    differing = sorted(
        name for name in before.keys() | now.keys() if before.get(name) != now.get(name)
    )
    if not differing:
        return
    if all(name.startswith("backbone.") for name in differing):
        raise _other_network(folder, before, now)
    words = "; ".join(
        f"{name} ({before.get(name)} before, {now.get(name)} now)" for name in differing
    )
    raise ResumeError(
        folder,
        f"holds a run with other settings: {words}; use the same settings, or a new folder",
    )


def _other_network(folder: Path, before: dict[str, Any], now: dict[str, Any]) -> ResumeError:
    """The error for a run whose network is not on this machine, or whose weights changed."""
    if now.get("settings.image.backbone") == "auto":
        advice = "connect this machine to the internet, from which it is downloaded once"
    else:
        advice = "give the same weight file"
    return ResumeError(
        folder,
        f"was begun with {before.get('backbone.label')}, and here is {now.get('backbone.label')}; "
        f"{advice}, or paint anew in a new folder with {{run}}",
        settings={"run": "out="},
    )


def _flat(data: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    flat = {}
    for name, value in data.items():
        if isinstance(value, dict):
            flat.update(_flat(value, f"{prefix}{name}."))
        else:
            flat[prefix + name] = value
    return flat
