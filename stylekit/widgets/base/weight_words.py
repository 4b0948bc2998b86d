"""Weights in words and as Python: short, but never rounded."""

from __future__ import annotations

from typing import Any

from ...losses import TERMS, weight_of
from ...settings import Weights


def symbol_of(weight: str) -> str:
    """How a weight is written on a page, by its name in `Weights`: "α" for "alpha"."""
    return next(term.symbol for term in TERMS.values() if term.weight == weight)


def page_terms() -> list[dict[str, Any]]:
    """What a page needs to name and draw the `TERMS`, in their order."""
    return [
        {"name": term.name, "label": term.label, "color": term.color, "dash": list(term.dash)}
        for term in TERMS.values()
    ]


def short_number(value: float) -> str:
    """The shortest way to write exactly `value` in Python: "1", "1e4", "0.05", "501"."""
    plain = repr(float(value))
    plain = plain.removesuffix(".0")
    # As few digits as tell it from its neighbours, then without "+" and leading zeros.
    digits, _, exponent = next(
        text for text in (f"{value:.{n}e}" for n in range(17)) if float(text) == value
    ).partition("e")
    scientific = f"{digits}e{int(exponent)}"
    return min(plain, scientific, key=len)


def python_line(weights: Weights) -> str:
    """The call that makes `weights`: `Weights(alpha=1, beta=1e4, gamma=400, tv=0)`."""
    numbers = [f"{t.weight}={short_number(weight_of(t, weights))}" for t in TERMS.values()]
    if weights.layers:
        layers = ", ".join(map(short_number, weights.layers))
        numbers.append(f"layers=({layers}{',' if len(weights.layers) == 1 else ''})")
    return f"Weights({', '.join(numbers)})"


def change_words(before: Weights, after: Weights) -> str:
    """What differs between two weights: "β 1e4 → 3e4, γ 400 → off"; empty if nothing does."""
    words = [
        f"{term.symbol} {_or_off(weight_of(term, before))} → {_or_off(weight_of(term, after))}"
        for term in TERMS.values()
        if weight_of(term, before) != weight_of(term, after)
    ]
    if before.layers != after.layers:
        words.append("layers " + (", ".join(map(_or_off, after.layers)) or "as in the settings"))
    return ", ".join(words)


def _or_off(value: float) -> str:
    return short_number(value) if value else "off"
