"""The style loss: a layer, its Gram matrices, one entry of them, and the two maps it comes from."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from ...explain.arithmetic import FilterPair, GramEntry, LayerPart
from .sheets import Sheets
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

# Larger squares can be clicked; a few filters often hold most of the loss.
_FEW = 32


class StyleView(TermView):
    """The Gram matrices of a layer, the picture's and the style's, and one of their entries.

    `filters` are those of the rows and columns that are shown; they stay while a layer is looked
    at, so that nothing moves under the pointer. `row` and `column` are i and j.
    """

    term: ClassVar[str] = "style"
    still: ClassVar[tuple[str, ...]] = ("picture", "first 0", "second 0", "product 0")

    def __init__(self) -> None:
        self._key = ""
        self._all = False
        self.filters: tuple[int, ...] = ()
        self.row = self.column = 0
        self._places: dict[int, tuple[int, int]] = {}

    @property
    def part(self) -> LayerPart:
        """The layer that is looked at, in one region of the picture."""
        return next(p for p in self.arithmetic.style_layers if layer_key(p) == self._key)

    @property
    def entry(self) -> GramEntry:
        """The entry that is looked at."""
        part = self.part
        return self.arithmetic.gram_entry(part.layer, self.row, self.column, region=part.region)

    def _fit(self) -> None:
        parts = self.arithmetic.style_layers
        if self._key in map(layer_key, parts):
            return
        self._key = layer_key(max(parts, key=lambda part: part.loss))
        self._order()

    def layers(self) -> dict[str, Any]:
        """A row for each layer, and for each region."""
        parts = self.arithmetic.style_layers
        regions = len({part.region for part in parts}) > 1
        rows = []
        for part in parts:
            name = f"{part.layer}, region {part.region + 1}" if regions else part.layer
            cells = [
                f"{part.filters} × {part.positions:,}",
                told(part.mean_square),
                f"× {told(part.layer_weight * part.factor * part.area)}",
                f"= {told(part.loss)}",
            ]
            rows.append((layer_key(part), name, cells, part.share))
        total = self.arithmetic.losses["style"]
        return layers_table(
            "The layers of the style loss",
            [
                "layer",
                "filters N × positions M",
                "mean (G − A)²",
                "× w_{l} f" + " area" * regions,
                "= part of L_{style}",
                "share",
            ],
            rows,
            self._key,
            self.term,
            f"L_{{style}} = {told(total)},  β L_{{style}} = {told(self.weight)} × "
            f"{told(total)} = {told(self.weight * total)}",
        )

    def choose_layer(self, key: str) -> None:
        """Look at another layer, where most of its loss is."""
        if key != self._key and key in map(layer_key, self.arithmetic.style_layers):
            self._key = key
            self._order()

    def show(self, option: int) -> None:
        """0: the filters with the most loss, 1: all of them."""
        self._all = bool(option)
        self._order()

    def _order(self) -> None:
        """Choose the filters that are shown, and the entry that differs most."""
        part = self.part
        found, wanted = self.arithmetic.gram(part.layer, part.region)
        squares = np.square(found - wanted, dtype=np.float64)
        if self._all or part.filters <= _FEW:
            self.filters = tuple(range(part.filters))
        else:
            worst = np.argsort(-squares.sum(axis=0), kind="stable")[:_FEW]
            self.filters = tuple(map(int, worst))
        shown = squares[np.ix_(self.filters, self.filters)]
        x, y = brightest(np.triu(shown))
        self.pick(x, y)

    def cell(self) -> list[int]:
        """Where i and j are among the filters that are shown."""
        return [self.filters.index(self.column), self.filters.index(self.row)]

    def pick(self, x: int, y: int) -> None:
        """Look at the entry in column `x` and row `y` of what is shown."""
        count = len(self.filters)
        x, y = clamped(x, y, count, count)
        self.row, self.column = self.filters[y], self.filters[x]
        self._places.clear()

    def locate(self, row: int, x: int, y: int) -> None:
        """Look at a position of the maps; row 0 is the picture, the others are styles."""
        pairs = self._pairs(self.entry)
        if 0 <= row < len(pairs):
            height, width = pairs[row].first.shape
            self._places[row] = clamped(x, y, width, height)

    def chooser(self, sheets: Sheets) -> dict[str, Any]:
        """G, A and their difference."""
        part = self.part
        found, wanted = (
            matrix[np.ix_(self.filters, self.filters)]
            for matrix in self.arithmetic.gram(part.layer, part.region)
        )
        difference = found - wanted
        top = float(max(found.max(), wanted.max()))
        most = float(np.abs(difference).max())
        sheets.add_light("gram", found, top=top, root=True)
        sheets.add_light("wanted", wanted, top=top, root=True)
        sheets.add_signed("difference", difference, top=most)
        whole = np.subtract(*self.arithmetic.gram(part.layer, part.region)).astype(np.float64)
        covered = np.square(difference, dtype=np.float64).sum() / (np.square(whole).sum() or 1.0)
        few = len(self.filters) < part.filters
        return {
            "title": f"The Gram matrices of {part.layer}",
            "words": "A square for each two filters i and j: bright where both answer at the same "
            "places. The style wants the middle table; the picture has the left one. The right one "
            "is their difference: orange where the picture has too much, blue where it has too "
            "little. Every square adds its difference, squared, to the loss.",
            "pictures": [
                sheet("gram", "G, of the picture", note=f"dark 0, bright {told(top)}"),
                sheet("wanted", "A, of the style", note="the same scale"),
                sheet("difference", "G − A", note=f"blue {told(-most)}, orange {told(most)}"),
            ],
            "columns": len(self.filters),
            "rows": len(self.filters),
            "cross": True,
            "names": list(self.filters),
            "pattern": "filter {y} with filter {x}",
            "show": {
                "label": "Filters",
                "options": [
                    f"the {_FEW} with the most loss",
                    f"all {part.filters}, in their order",
                ],
                "index": int(self._all),
            }
            if part.filters > _FEW
            else None,
            "note": f"These {len(self.filters)} of {part.filters} filters hold {percent(covered)} "
            "of the layer's loss."
            if few
            else "",
        }

    def detail(self, sheets: Sheets) -> dict[str, Any]:
        """The maps of both filters and their product, of the picture and of each style."""
        entry = self.entry
        pairs = self._pairs(entry)
        blend = self.arithmetic.blend(entry.part.region)
        names = ["picture", *(f"style {index}" for index, _ in blend)]
        top = [max(float(getattr(p, side).max()) for p in pairs) for side in ("first", "second")]
        most = max(float(pair.product.max()) for pair in pairs)
        rows = []
        for index, (pair, name) in enumerate(zip(pairs, names, strict=True)):
            for side, values, bright in (
                ("first", pair.first, top[0]),
                ("second", pair.second, top[1]),
                ("product", pair.product, most),
            ):
                sheets.add_light(f"{side} {index}", values, top=bright, root=True)
            rows.append(self._row(entry, pair, index, name))
        return {
            "title": f"Filters {entry.row} and {entry.column}, and their product",
            "words": "Each filter gives a map: bright where it finds what it looks for. At every "
            "position the two maps are multiplied. The mean of all products is the entry: large if "
            "both are bright at the same places, wherever these are. That is why the style loss "
            "puts nothing in its place.",
            "rows": rows,
            "chain": [],
            "sums": _sums(entry, self.weight),
            "said": f"Filter {entry.row} with filter {entry.column}: "
            f"{told(entry.picture.value)} in the picture, {told(entry.wanted)} in the style; "
            f"{percent(entry.share_of_layer)} of the layer's loss.",
        }

    def trail(self) -> list[dict[str, str]]:
        """Style, layer, entry."""
        entry = self.entry
        return [
            {"name": "style", "value": told(self.weight * self.arithmetic.losses["style"])},
            {"name": entry.part.layer, "value": told(entry.part.weighted)},
            {"name": f"G_{{{entry.row},{entry.column}}}", "value": told(entry.weighted)},
        ]

    def _row(self, entry: GramEntry, pair: FilterPair, index: int, name: str) -> dict[str, Any]:
        """One picture's maps, with the numbers at one position."""
        x, y = self._places.get(index, brightest(pair.product))
        if y >= pair.product.shape[0] or x >= pair.product.shape[1]:
            x, y = brightest(pair.product)
        i, j = entry.row, entry.column
        first, second, product = (m[y, x] for m in (pair.first, pair.second, pair.product))
        label = "your picture"
        letter = "G"
        if index:
            several = len(entry.styles) > 1
            label = f"{name}, counts {told(pair.share)}" if several else "the style"
            letter = "A"
        mask = "" if entry.part.area == 1 or index else " × the region's mask"
        return {
            "name": label,
            "place": [x, y],
            "columns": pair.first.shape[1],
            "rows": pair.first.shape[0],
            "pictures": [
                sheet(name, label),
                sheet(f"first {index}", f"F_{{{i}}}", note=told(float(first))),
                sheet(f"second {index}", f"F_{{{j}}}", sign="×", note=told(float(second))),
                sheet(
                    f"product {index}",
                    f"F_{{{i}}} · F_{{{j}}}",
                    sign="=",
                    note=told(float(product)),
                ),
            ],
            "said": f"at column {x}, row {y} of the maps: {told(float(first))} × "
            f"{told(float(second))}{mask} = {told(float(product))}. The mean of all "
            f"{pair.first.size:,} products is {letter}_{{{i},{j}}} = {told(pair.value)}.",
        }

    @staticmethod
    def _pairs(entry: GramEntry) -> tuple[FilterPair, ...]:
        return (entry.picture, *entry.styles)


def _sums(entry: GramEntry, beta: float) -> list[dict[str, str]]:
    """The formula of the entry with its numbers, from the mean of products to the loss."""
    i, j, part = entry.row, entry.column, entry.part
    pair = entry.picture
    total = float(pair.product.sum(dtype=np.float64))
    weighted = pair.count != pair.first.size
    sums = [
        line(
            f"G_{{{i},{j}}} = 1/M Σ_{{p}} " + "m(p) " * weighted + f"F_{{{i}}}(p) F_{{{j}}}(p)",
            f"= {told(total)} / {told(pair.count) if weighted else f'{part.positions:,}'} = "
            f"{told(pair.value)}",
            "your picture: the mean of the products",
        )
    ]
    if len(entry.styles) == 1:
        style = entry.styles[0]
        style_total = float(style.product.sum(dtype=np.float64))
        sums.append(
            line(
                f"A_{{{i},{j}}}",
                f"= {told(style_total)} / {style.first.size:,} = {told(entry.wanted)}",
                "the style: the same, with its own number of positions",
            )
        )
    else:
        summands = " + ".join(f"{told(s.share)} × {told(s.value)}" for s in entry.styles)
        sums.append(
            line(f"A_{{{i},{j}}}", f"= {summands} = {told(entry.wanted)}", "the styles, blended")
        )
    apart = entry.picture.value - entry.wanted
    mean_part = entry.square / part.filters**2
    twice = "" if i == j else f"; the entry ({j}, {i}) is the same number and adds as much again"
    region = f" × {told(part.area)}" if part.area != 1 else ""
    return [
        *sums,
        line(
            f"1/N² (G_{{{i},{j}}} − A_{{{i},{j}}})²",
            f"= ({told(apart)})² / {part.filters}² = {told(mean_part)}",
            f"its part of mean (G − A)²: {percent(entry.share_of_layer)} of this layer{twice}",
        ),
        line(
            "β w_{l} f" + " area" * bool(region) + " · that",
            f"= {told(beta)} × {told(part.layer_weight)} × {told(part.factor)}{region} × "
            f"{told(mean_part)} = {told(entry.weighted)}",
            f"what the entry adds to L: {percent(entry.share_of_total)} of the whole loss",
        ),
    ]
