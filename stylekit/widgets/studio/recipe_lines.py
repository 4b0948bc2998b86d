"""Lines to copy that say how a transfer is made, and the link with which the page is opened."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import traitlets

from ..base.modules import bundle, stylesheet
from ..base.widget import LockedWidget
from .recipe import Recipe

_HERE = Path(__file__).parent


class RecipeLines(LockedWidget):
    """A command, a line of Python, and a link, each with a button that copies it.

    The link has the address of the page without its token. With `on_link`, `on_link(fragment)` is
    called with the part after "#" of the address that the page was opened with, if there is one,
    and again when it changes. It is text from anywhere. It must show its own exceptions (see
    `Alerts`).
    """

    _esm = bundle(_HERE / "recipe_lines.js")
    _css = stylesheet(_HERE.parent / "base" / "dom.css")

    _lines: traitlets.List[tuple[str, str]] = traitlets.List(help="[label, line] each.").tag(
        sync=True
    )
    _fragment = traitlets.Unicode(help="Of the link, empty for none.").tag(sync=True)
    _reads = traitlets.Bool(help="Whether the page's address is read.").tag(sync=True)

    def __init__(self, on_link: Callable[[str], object] | None = None) -> None:
        self._on_link = on_link
        super().__init__(_reads=on_link is not None)

    @property
    def lines(self) -> dict[str, str]:
        """What is shown, by label."""
        return dict(self._lines)

    @property
    def fragment(self) -> str:
        """The part of the link after "#"."""
        return self._fragment

    def show(self, recipe: Recipe | None) -> None:
        """Show the lines of a recipe, or none."""
        with self.updating():
            if recipe is None:
                self._lines, self._fragment = [], ""
                return
            self._lines = [("as a command", recipe.command), ("as Python", recipe.python)]
            self._fragment = recipe.fragment

    def _receive(self, message: Any, _buffers: Sequence[memoryview]) -> None:
        if message.get("type") == "link" and self._on_link is not None:
            self._on_link(str(message.get("fragment", "")))
