"""The page's half of a loss explorer: tables, squares to choose, maps and sums."""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import traitlets

from ...media.images import encode_preview
from ..base.modules import bundle, stylesheet
from ..base.widget import LockedWidget
from .sheets import PALETTES, Sheets, colored, side_by_side

_HERE = Path(__file__).parent


class LossPage(LockedWidget):
    """What a page shows of a loss; it asks for changes, and writes none of it.

    The scene holds the tables and the squares that can be chosen, the detail what is behind the
    chosen square: a click sends the detail alone. `on_ask(message)` is called on any thread with
    each dictionary that the page sends, and must show its own exceptions (see `Alerts`).
    """

    _esm = bundle(_HERE / "explorer.js")
    _css = stylesheet(_HERE.parent / "base" / "dom.css", _HERE / "explorer.css")

    _scene: traitlets.Dict[str, Any] = traitlets.Dict().tag(sync=True)
    _scene_pixels = traitlets.Bytes().tag(sync=True)
    _detail: traitlets.Dict[str, Any] = traitlets.Dict().tag(sync=True)
    _detail_pixels = traitlets.Bytes().tag(sync=True)
    _palettes: traitlets.Dict[str, Any] = traitlets.Dict(PALETTES).tag(sync=True)
    _serial = traitlets.Int().tag(sync=True)
    # The number of the page's last question that has been answered.
    _answered = traitlets.Int().tag(sync=True)

    def __init__(self, *, on_ask: Callable[[dict[str, Any]], object]) -> None:
        self._on_ask = on_ask
        super().__init__()

    @property
    def serial(self) -> int:
        """How often something was shown."""
        return self._serial

    def with_still(
        self, bundle: dict[str, Any] | None, names: Sequence[str]
    ) -> dict[str, Any] | None:
        """Add sheets, side by side, to the MIME bundle of a panel, for what runs no widgets."""
        if bundle is None or not self._detail:
            return bundle
        shown = [
            (self._detail, self._detail_pixels)
            if name in self._detail["sheets"]
            else (self._scene, self._scene_pixels)
            for name in names
        ]
        pictures = [
            colored(plan["sheets"][name], pixels)
            for name, (plan, pixels) in zip(names, shown, strict=True)
        ]
        still = encode_preview(side_by_side(pictures), lossless=True).data
        return {**bundle, "image/png": base64.b64encode(still).decode("ascii")}

    def show(self, scene: dict[str, Any], sheets: Sheets) -> None:
        """Show other tables and squares; the detail should follow."""
        with self.updating():
            self._scene, self._scene_pixels = {**scene, "sheets": sheets.plan}, sheets.pixels
            self._serial += 1

    def show_detail(self, detail: dict[str, Any], sheets: Sheets) -> None:
        """Show what is behind another square."""
        with self.updating():
            self._detail, self._detail_pixels = {**detail, "sheets": sheets.plan}, sheets.pixels
            self._serial += 1

    def _receive(self, message: Any, _buffers: Sequence[memoryview]) -> None:
        if not isinstance(message, dict):
            return
        number = message.get("number")
        with self.updating():
            self._on_ask(message)
            if isinstance(number, int):
                self._answered = number
