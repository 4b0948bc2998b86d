"""The temporal loss: a pixel, its flow, the colour that is fetched, its mask, and what it adds."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from ...explain.arithmetic import TemporalPixel
from ...losses import PIXEL_UNIT
from .moments import Earlier
from .sheets import Sheets
from .views import TermView, brightest, clamped, layers_table, line, percent, sheet, told


class TemporalView(TermView):
    """A frame, what it is held to, and one of its pixels. `target` counts the earlier frames."""

    term: ClassVar[str] = "temporal"
    still: ClassVar[tuple[str, ...]] = ("frame", "fetched", "trust", "squares")

    def __init__(self) -> None:
        self.target = 0
        self.x = self.y = -1

    @property
    def pixel(self) -> TemporalPixel:
        """The pixel that is looked at."""
        return self.arithmetic.temporal_pixel(self.x, self.y, target=self.target)

    @property
    def is_held(self) -> bool:
        """Whether anything holds the picture."""
        return any(self.moment.earlier)

    def _fit(self) -> None:
        if not self.is_held:
            return
        earlier = self.moment.earlier
        if self.target >= len(earlier) or earlier[self.target] is None:
            self.target = next(index for index, each in enumerate(earlier) if each)
            self.x = -1
        height, width = self.moment.image.shape[:2]
        if not (0 <= self.x < width and 0 <= self.y < height):
            self.x, self.y = brightest(self.arithmetic.temporal_map(self.target))

    def _earlier(self, target: int) -> Earlier:
        earlier = self.moment.earlier[target]
        assert earlier is not None
        return earlier

    def layers(self) -> dict[str, Any]:
        """A row for each earlier frame."""
        term, rows = self.arithmetic.losses["temporal"], []
        for target, earlier in enumerate(self.moment.earlier):
            if earlier is None:
                continue
            loss = float(self.arithmetic.temporal_map(target).sum(dtype=np.float64))
            _, trust = self.arithmetic.held(target)
            cells = [percent(float((trust > 0).mean())), told(loss)]
            rows.append((str(target), f"held to {earlier.name}", cells, loss / term if term else 0))
        return layers_table(
            "The earlier frames that hold this one",
            ["frame", "held pixels (c > 0)", "loss", "share"],
            rows,
            str(self.target),
            self.term,
            f"L_{{temporal}} = {told(term)},  γ L_{{temporal}} = {told(self.weight)} × "
            f"{told(term)} = {told(self.weight * term)}",
        )

    def choose_layer(self, key: str) -> None:
        """Look at what another earlier frame holds."""
        places = {str(i): i for i, each in enumerate(self.moment.earlier) if each}
        self.target = places.get(key, self.target)

    def show(self, option: int) -> None:
        """There is no choice: all are shown."""

    def locate(self, row: int, x: int, y: int) -> None:
        """There are no maps with positions."""

    def cell(self) -> list[int]:
        """The pixel."""
        return [self.x, self.y]

    def pick(self, x: int, y: int) -> None:
        """Look at another pixel."""
        height, width = self.moment.image.shape[:2]
        self.x, self.y = clamped(x, y, width, height)

    def chooser(self, sheets: Sheets) -> dict[str, Any]:
        """The frame, what was fetched, c, and where the loss is."""
        height, width = self.moment.image.shape[:2]
        fetched, trust = self.arithmetic.held(self.target)
        squares = self.arithmetic.temporal_map(self.target)
        name = self._earlier(self.target).name
        sheets.add_color("frame", self.moment.image)
        sheets.add_color("fetched", fetched)
        sheets.add_light("trust", trust, top=1.0)
        sheets.add_light("squares", squares, top=float(squares.max()), root=True)
        return {
            "title": "The pixels of the frame",
            "words": f"Each pixel of this frame is compared with ω: the painted {name}, fetched "
            "along the flow. c says how far the flow can be trusted there: where it is 0, nothing "
            "holds the pixel. Choose a pixel in any of the four pictures.",
            "pictures": [
                sheet("frame", "x, this frame"),
                sheet("fetched", f"ω, {name} fetched"),
                sheet("trust", "c, the mask", note="dark 0, bright 1"),
                sheet(
                    "squares",
                    "c (u x − u ω)² / D",
                    note=f"dark 0, bright {told(float(squares.max()))}",
                ),
            ],
            "columns": width,
            "rows": height,
            "cross": True,
            "names": [],
            "pattern": "pixel x {x}, y {y}",
            "show": None,
            "note": "",
        }

    def detail(self, sheets: Sheets) -> dict[str, Any]:
        """Where the pixel's colour was fetched, and what it costs to differ from it."""
        pixel, earlier = self.pixel, self._earlier(self.target)
        chain = [_swatch("x(p)", pixel.color, f"this pixel: column {pixel.x}, row {pixel.y}")]
        rows = []
        if earlier.flow is not None:
            dx, dy = map(float, earlier.flow[pixel.y, pixel.x])
            there = pixel.x + dx, pixel.y + dy
            place = f"column {there[0]:.1f}, row {there[1]:.1f}".replace("-", "−")
            chain.append(
                {
                    "math": "ŵ(p)",
                    "swatch": "",
                    "numbers": f"({dx:+.2f}, {dy:+.2f})".replace("-", "−"),
                    "words": f"the flow back: in {earlier.name} this was at {place}",
                }
            )
            fetched = earlier.fetched()
            assert fetched is not None
            color = tuple(fetched[pixel.y, pixel.x].astype(float).tolist())
            chain.append(
                _swatch("fetched", color, f"the colour of {earlier.name} there, between its pixels")
            )
            rows.append(self._flow_row(sheets, earlier, there))
        chain.append(
            _swatch(
                "ω(p)",
                pixel.wanted,
                "what this pixel is held to: that colour, with the fine detail and the light of "
                "this frame",
            )
        )
        why = earlier.judged(pixel.x, pixel.y) if earlier.judged else ""
        chain.append(
            {
                "math": "c(p)",
                "swatch": "",
                "numbers": told(pixel.trust),
                "words": f"how far the flow is trusted here. {why}".strip(),
            }
        )
        return {
            "title": "Where its colour comes from, and what it adds",
            "words": "The flow says where this spot was before; its painted colour is fetched "
            "from there. To differ from it costs the square of the difference, times c.",
            "rows": rows,
            "chain": chain,
            "sums": _sums(pixel, self.weight),
            "said": f"Pixel x {pixel.x}, y {pixel.y}: c is {told(pixel.trust)}; "
            f"{percent(pixel.share_of_term)} of the temporal loss.",
        }

    def trail(self) -> list[dict[str, str]]:
        """Temporal, earlier frame, pixel."""
        pixel = self.pixel
        loss = float(self.arithmetic.temporal_map(self.target).sum(dtype=np.float64))
        return [
            {"name": "temporal", "value": told(self.weight * self.arithmetic.losses["temporal"])},
            {"name": self._earlier(self.target).name, "value": told(self.weight * loss)},
            {"name": f"pixel ({pixel.x}, {pixel.y})", "value": told(pixel.weighted)},
        ]

    def _flow_row(
        self, sheets: Sheets, earlier: Earlier, there: tuple[float, float]
    ) -> dict[str, Any]:
        """The earlier frame and this one, each with the place of the pixel."""
        sheets.add_color("earlier", earlier.image)
        height, width = self.moment.image.shape[:2]
        first = sheet("earlier", f"{earlier.name}, painted")
        second = sheet("frame", "this frame", sign="→")
        return {
            "name": "",
            "place": [self.x, self.y],
            "columns": width,
            "rows": height,
            "pictures": [{**first, "place": list(there)}, second],
            "said": "",
            "fixed": True,
        }


def _swatch(math: str, color: tuple[float, ...], words: str) -> dict[str, str]:
    """A colour of the chain, with its red, green and blue."""
    told_color = ", ".join(f"{part:.3f}" for part in color)
    code = "#" + bytes(round(255 * min(max(part, 0.0), 1.0)) for part in color).hex()
    return {"math": math, "swatch": code, "numbers": told_color, "words": words}


def _sums(pixel: TemporalPixel, gamma: float) -> list[dict[str, str]]:
    apart = [a - b for a, b in zip(pixel.color, pixel.wanted, strict=True)]
    summands = " + ".join(f"({told(each)})²" for each in apart)
    square = sum(each**2 for each in apart)
    return [
        line("Σ_{rgb} (x − ω)²", f"= {summands} = {told(square)}", "red, green and blue"),
        line(
            "c u² / D · that",
            f"= {told(pixel.trust)} × {PIXEL_UNIT}² / {pixel.values:,} × {told(square)} = "
            f"{told(pixel.loss)}",
            f"this pixel's part: {percent(pixel.share_of_term)} of the temporal loss. White counts "
            "as u, which suits the default γ; D is three values for each pixel",
        ),
        line(
            "γ · that",
            f"= {told(gamma)} × {told(pixel.loss)} = {told(pixel.weighted)}",
            f"what the pixel adds to L: {percent(pixel.share_of_total)} of the whole loss",
        ),
    ]
