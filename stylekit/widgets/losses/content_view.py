"""The content loss: a layer, one of its filters, and the maps that are compared."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from ...explain.arithmetic import Channel, LayerPart
from .sheets import Sheets, averaged
from .views import (
    TermView,
    brightest,
    clamped,
    layer_key,
    layers_table,
    line,
    percent,
    sheet,
    told,
)

# Tiles of this many columns and rows can be told apart, and clicked.
_COLUMNS, _ROWS = 8, 4
# The longest side of a tile in values, and the lines between tiles.
_TILE, _GAP = 40, 1


class ContentView(TermView):
    """The filters of a content layer, those with the most loss first, and the maps of one.

    Their order stays while a layer is looked at, so that nothing moves under the pointer.
    """

    term: ClassVar[str] = "content"
    still: ClassVar[tuple[str, ...]] = ("picture", "F", "P", "squares")

    def __init__(self) -> None:
        self._key = ""
        self._page = 0
        self._order: tuple[int, ...] = ()
        self.index = 0
        self._place: tuple[int, int] | None = None

    @property
    def part(self) -> LayerPart:
        """The layer that is looked at."""
        return next(p for p in self.arithmetic.content_layers if layer_key(p) == self._key)

    @property
    def channel(self) -> Channel:
        """The filter that is looked at."""
        return self.arithmetic.channel(self.part.layer, self.index)

    def _fit(self) -> None:
        parts = self.arithmetic.content_layers
        if self._key not in map(layer_key, parts):
            self._key = layer_key(max(parts, key=lambda part: part.loss))
            self._sort()

    def layers(self) -> dict[str, Any]:
        """A row for each layer."""
        rows = [
            (
                layer_key(part),
                part.layer,
                [
                    f"{part.filters} × {part.positions:,}",
                    told(part.mean_square),
                ],
                part.share,
            )
            for part in self.arithmetic.content_layers
        ]
        total = self.arithmetic.losses["content"]
        return layers_table(
            "The layers of the content loss",
            ["layer", "filters N × positions M", "mean (F − P)²", "share"],
            rows,
            self._key,
            self.term,
            f"L_{{content}} = {told(total)},  α L_{{content}} = {told(self.weight)} × "
            f"{told(total)} = {told(self.weight * total)}",
        )

    def choose_layer(self, key: str) -> None:
        """Look at another layer, and at its filter with the most loss."""
        if key != self._key and key in map(layer_key, self.arithmetic.content_layers):
            self._key = key
            self._sort()

    def _sort(self) -> None:
        losses = self.arithmetic.channel_losses(self.part.layer)
        self._order = tuple(map(int, np.argsort(-losses, kind="stable")))
        self.show(0)

    @property
    def filters(self) -> tuple[int, ...]:
        """Those that are shown, in the order of their losses when the layer was chosen."""
        start = self._page * _COLUMNS * _ROWS
        return self._order[start : start + _COLUMNS * _ROWS]

    def show(self, option: int) -> None:
        """Show other filters, and look at the first of them."""
        count = math.ceil(len(self._order) / (_COLUMNS * _ROWS))
        self._page = min(max(option, 0), count - 1)
        self.pick(0, 0)

    @property
    def _grid(self) -> tuple[int, int]:
        columns = min(_COLUMNS, len(self.filters))
        return columns, math.ceil(len(self.filters) / columns)

    def cell(self) -> list[int]:
        """Where the filter is in the order that is shown."""
        columns, _ = self._grid
        row, column = divmod(self.filters.index(self.index), columns)
        return [column, row]

    def pick(self, x: int, y: int) -> None:
        """Look at the filter in this square."""
        columns, rows = self._grid
        x, y = clamped(x, y, columns, rows)
        self.index = self.filters[min(y * columns + x, len(self.filters) - 1)]
        self._place = None

    def locate(self, row: int, x: int, y: int) -> None:
        """Look at a position of the maps."""
        height, width = self.channel.picture.shape
        self._place = clamped(x, y, width, height)

    def chooser(self, sheets: Sheets) -> dict[str, Any]:
        """A tile for each filter: its map in the picture, in the content, and the difference."""
        part, (columns, rows) = self.part, self._grid
        channels = [self.arithmetic.channel(part.layer, index) for index in self.filters]
        for name, signed in (("picture", False), ("content", False), ("apart", True)):
            maps = [
                channel.picture - channel.content if signed else getattr(channel, name)
                for channel in channels
            ]
            tops = [max(float(c.picture.max()), float(c.content.max())) for c in channels]
            tiles = _contact_sheet(maps, tops, columns)
            if signed:
                sheets.add_signed(f"tiles {name}", tiles, top=1.0)
            else:
                sheets.add_light(f"tiles {name}", tiles, top=1.0, root=True)
        shown = sum(channel.loss for channel in channels)
        count = len(self._order)
        pages = range(0, count, _COLUMNS * _ROWS)
        return {
            "title": f"The filters of {part.layer}",
            "words": "A tile for each filter: its map, bright where the filter finds what it looks "
            "for. The content loss wants the middle maps; the picture has the left ones. Right is "
            "their difference: orange where the picture has too much, blue where it has too "
            "little. Choose a tile.",
            "pictures": [
                sheet("tiles picture", "F, of the picture"),
                sheet(
                    "tiles content",
                    "P, of the content",
                    note="left and middle: one scale for the two tiles of a filter",
                ),
                sheet("tiles apart", "F − P"),
            ],
            "columns": columns,
            "rows": rows,
            "cross": False,
            "names": list(self.filters),
            "pattern": "filter {cell}",
            "show": {
                "label": "Filters by their loss",
                "options": [
                    f"{start + 1} to {min(start + _COLUMNS * _ROWS, count)} of {count}"
                    for start in pages
                ],
                "index": self._page,
            }
            if len(pages) > 1
            else None,
            "note": f"These {len(channels)} of {count} filters hold "
            f"{percent(shown / part.loss if part.loss else 0.0)} of the layer's loss."
            if len(pages) > 1
            else "",
        }

    def detail(self, sheets: Sheets) -> dict[str, Any]:
        """F, P and their squared difference."""
        channel = self.channel
        top = float(max(channel.picture.max(), channel.content.max()))
        most = float(channel.squares.max())
        sheets.add_light("F", channel.picture, top=top, root=True)
        sheets.add_light("P", channel.content, top=top, root=True)
        sheets.add_light("squares", channel.squares, top=most, root=True)
        x, y = self._place or brightest(channel.squares)
        if y >= channel.squares.shape[0] or x >= channel.squares.shape[1]:
            x, y = brightest(channel.squares)
        k = channel.index
        found, wanted, square = (
            told(float(values[y, x]))
            for values in (channel.picture, channel.content, channel.squares)
        )
        row = {
            "name": "",
            "place": [x, y],
            "columns": channel.picture.shape[1],
            "rows": channel.picture.shape[0],
            "pictures": [
                sheet("picture", "your picture"),
                sheet("F", f"F_{{{k}}}, of the picture", note=found),
                sheet("P", f"P_{{{k}}}, of the content", sign="−", note=wanted),
                sheet("squares", f"(F_{{{k}}} − P_{{{k}}})²", sign="→", note=square),
            ],
            "said": f"at column {x}, row {y} of the maps: ({found} − {wanted})² = {square}",
        }
        return {
            "title": f"Filter {k}, in the picture and in the content",
            "words": "The same filter's map of both, and at every position the square of their "
            "difference. Here places count: what the filter found in the photograph must be found "
            "again, and there. That is why the content loss keeps things where they are.",
            "rows": [row],
            "chain": [],
            "sums": _sums(channel, self.weight),
            "said": f"Filter {k}: {percent(channel.share_of_layer)} of the layer's loss.",
        }

    def trail(self) -> list[dict[str, str]]:
        """Content, layer, filter."""
        channel = self.channel
        return [
            {"name": "content", "value": told(self.weight * self.arithmetic.losses["content"])},
            {"name": channel.part.layer, "value": told(channel.part.weighted)},
            {"name": f"filter {channel.index}", "value": told(channel.weighted)},
        ]


def _contact_sheet(
    maps: Sequence[NDArray[np.float32]], tops: Sequence[float], columns: int
) -> NDArray[np.float32]:
    """The maps side by side, each divided by its own top, with lines of zeros between them."""
    height, width = maps[0].shape
    step = -(-max(height, width) // _TILE)
    tiles = [averaged(each, step) / (top or 1.0) for each, top in zip(maps, tops, strict=True)]
    high, wide = tiles[0].shape
    rows = -(-len(tiles) // columns)
    paper = np.zeros((rows * (high + _GAP), columns * (wide + _GAP)), np.float32)
    for index, tile in enumerate(tiles):
        row, column = divmod(index, columns)
        top_edge, left = row * (high + _GAP), column * (wide + _GAP)
        paper[top_edge : top_edge + high, left : left + wide] = tile
    return paper


def _sums(channel: Channel, alpha: float) -> list[dict[str, str]]:
    part, k = channel.part, channel.index
    total = float(channel.squares.sum(dtype=np.float64))
    return [
        line(
            f"Σ_{{p}} (F_{{{k}}}(p) − P_{{{k}}}(p))²",
            f"= {told(total)}",
            f"the squares of all {part.positions:,} positions together",
        ),
        line(
            "1/(N M) · that",
            f"= {told(total)} / ({part.filters} × {part.positions:,}) = {told(channel.loss)}",
            f"this filter's part: {percent(channel.share_of_layer)} of the layer's loss",
        ),
        line(
            "α · that",
            f"= {told(alpha)} × {told(channel.loss)} = {told(channel.weighted)}",
            f"what the filter adds to L: {percent(channel.share_of_total)} of the whole loss",
        ),
    ]
