"""What every view of a loss explorer has: its tables, its sums and its sheets, as plain data.

A view tells the page what to draw as dictionaries that JSON can hold. Text in them may have an
index in braces, `G_{12,40}`, which the page sets lower.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from ...explain.arithmetic import LayerPart, LossArithmetic
from ...explain.words import significant
from ...losses import TERMS, weight_of
from .moments import Moment
from .sheets import Sheets

DIGITS = 4
"""So many significant digits are told that a reader can follow the sums with a calculator."""


class TermView(ABC):
    """One term of the loss, from its layers down to single numbers, and what is chosen of it.

    `take` gives it a picture; all else is about the newest. The page's squares are counted from the
    left and from the top.
    """

    term: ClassVar[str]
    # The sheets that are shown where no widgets run.
    still: ClassVar[tuple[str, ...]]
    arithmetic: LossArithmetic
    moment: Moment

    def take(self, moment: Moment, arithmetic: LossArithmetic) -> None:
        """Look at another picture; what is chosen stays as far as it exists there."""
        self.moment, self.arithmetic = moment, arithmetic
        self._fit()

    @property
    def weight(self) -> float:
        """The weight of the term."""
        return weight_of(TERMS[self.term], self.moment.weights)

    @abstractmethod
    def _fit(self) -> None:
        """Correct what is chosen for a new picture."""

    @abstractmethod
    def layers(self) -> dict[str, Any]:
        """The parts of the term, as a table."""

    @abstractmethod
    def choose_layer(self, key: str) -> None:
        """Choose a row of that table."""

    @abstractmethod
    def chooser(self, sheets: Sheets) -> dict[str, Any]:
        """The pictures of a part, in which a square is chosen."""

    @abstractmethod
    def cell(self) -> list[int]:
        """The square that is chosen: its column and its row."""

    @abstractmethod
    def pick(self, x: int, y: int) -> None:
        """Choose a square; one outside is taken as the nearest."""

    @abstractmethod
    def show(self, option: int) -> None:
        """Choose how many squares are shown, where there is a choice."""

    @abstractmethod
    def locate(self, row: int, x: int, y: int) -> None:
        """Choose a position of the maps in one row of the detail."""

    @abstractmethod
    def detail(self, sheets: Sheets) -> dict[str, Any]:
        """Where the number of the square comes from, in pictures and numbers."""

    @abstractmethod
    def trail(self) -> list[dict[str, str]]:
        """The way from the term to the square, as names and values."""


def told(value: float) -> str:
    """A number of the arithmetic."""
    return significant(value, DIGITS)


def percent(share: float) -> str:
    """A fraction in per cent, to two digits.

    >>> percent(0.5), percent(0.00123), percent(0.0), percent(3e-6)
    ('50 %', '0.12 %', '0 %', '< 0.01 %')
    """
    hundredths = 100 * share
    return "< 0.01 %" if 0 < hundredths < 0.01 else f"{significant(hundredths, 2)} %"


def terms_table(arithmetic: LossArithmetic, chosen: str, closed: dict[str, str]) -> dict[str, Any]:
    """The sum of all terms; those in `closed` cannot be opened, for the reason given there."""
    rows = []
    for part in arithmetic.terms:
        term = TERMS[part.name]
        rows.append(
            {
                "key": part.name,
                "name": term.title,
                "cells": [
                    told(part.weight),
                    f"× {told(part.loss)}",
                    f"= {told(part.weighted)}",
                ],
                "share": part.share,
                "percent": percent(part.share),
                "color": term.color,
                "closed": closed.get(part.name, ""),
            }
        )
    return {
        "caption": "The terms of the loss",
        "heads": ["term", "weight", "× loss", "= part of the sum", "share"],
        "rows": rows,
        "chosen": chosen,
        "sum": "L = "
        + " + ".join(told(part.weighted) for part in arithmetic.terms if part.weighted)
        + f" = {told(arithmetic.total)}",
    }


def layers_table(
    caption: str,
    heads: Sequence[str],
    parts: Sequence[tuple[str, str, list[str], float]],
    chosen: str,
    term: str,
    total: str,
) -> dict[str, Any]:
    """A table of the parts of a term: key, name, cells and share of each."""
    return {
        "caption": caption,
        "heads": list(heads),
        "rows": [
            {
                "key": key,
                "name": name,
                "cells": cells,
                "share": share,
                "percent": percent(share),
                "color": TERMS[term].color,
                "closed": "",
            }
            for key, name, cells, share in parts
        ],
        "chosen": chosen,
        "sum": total,
    }


def layer_key(part: LayerPart) -> str:
    """The key of a layer's row."""
    return f"{part.layer}/{part.region}"


def brightest(values: NDArray[np.floating]) -> tuple[int, int]:
    """(x, y) of the largest value of a map."""
    y, x = np.unravel_index(int(np.argmax(values)), values.shape)
    return int(x), int(y)


def clamped(x: int, y: int, columns: int, rows: int) -> tuple[int, int]:
    """The nearest square inside."""
    return min(max(x, 0), columns - 1), min(max(y, 0), rows - 1)


def sheet(name: str, label: str, *, sign: str = "", note: str = "") -> dict[str, str]:
    """A picture of a row or of a chooser: its sheet, what is above, beside and below it."""
    return {"sheet": name, "label": label, "sign": sign, "note": note}


def line(math: str, numbers: str, words: str) -> dict[str, str]:
    """A line of the sums: the formula, its numbers, and what they are."""
    return {"math": math, "numbers": numbers, "words": words}
