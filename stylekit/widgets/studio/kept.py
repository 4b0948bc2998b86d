"""The strip of the transfers that the studio has kept."""

from __future__ import annotations

import html
from collections.abc import Callable

from ...errors import StylekitError
from ..base import guarded
from ..base.picture_strip import PictureStrip, StripPicture
from ..base.text import counted
from ..base.widget import set_visible
from .parts import Heading
from .shelf import Record, Shelf

# More small pictures would take long to read, and to look through.
_MOST = 24


class KeptStrip(guarded.VBox):
    """Small pictures of the newest transfers; `on_pick(record)` is called with the chosen one.

    It is hidden while there is none.
    """

    def __init__(self, shelf: Shelf, on_pick: Callable[[Record], object]) -> None:
        self._shelf, self._on_pick = shelf, on_pick
        self._records: list[Record] = []
        self.strip = PictureStrip("Open one to compare, to go on, or to delete it")
        self.note = guarded.HTML()
        super().__init__([Heading("Earlier results", level=3), self.strip, self.note])
        self.add_class("studio-kept")
        self.strip.on_pick(self._picked)
        self.refresh()

    @property
    def records(self) -> list[Record]:
        """The transfers that are shown."""
        return list(self._records)

    def refresh(self) -> None:
        """Show what is there now."""
        records = self._shelf.records()
        pictures, self._records = [], []
        for record in records[:_MOST]:
            try:
                pictures.append(StripPicture(record.thumbnail(), record.label))
            except StylekitError:
                continue  # its files were removed or damaged by hand
            self._records.append(record)
        self.strip.show(pictures)
        older = len(records) - _MOST
        more = f" {counted(older, 'older one')} can be found there." if older > 0 else ""
        where = html.escape(str(self._shelf.folder))
        self.note.value = f'<p class="studio-caption">Kept in {where}.{more}</p>'
        set_visible(self, bool(pictures))

    def _picked(self, index: int) -> None:
        self._on_pick(self._records[index])
