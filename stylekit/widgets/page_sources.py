"""The JavaScript and CSS of several widgets, put together from the files beside this one."""

from __future__ import annotations

from pathlib import Path


def page_source(*names: str) -> str:
    """The named files, one after the other.

    A widget's JavaScript is one module without an address, which can import nothing by a path:
    what several widgets need comes in front of each one's own.
    """
    folder = Path(__file__).parent
    return "\n".join((folder / name).read_text(encoding="utf-8") for name in names)
