"""Text that several panels show: lines of HTML, and weights in words and as Python."""

from __future__ import annotations

import html

from ...losses import TERMS, weight_of
from ...settings import Weights

TEXT_STYLE = "color:var(--jp-ui-font-color1,currentColor);line-height:1.5"
"""The style of a line of text."""

FAINT_STYLE = "color:var(--jp-ui-font-color2,currentColor)"
"""The colour of what is less important."""


def title_html(title: str) -> str:
    """The line above a picture."""
    return f'<div style="{TEXT_STYLE};font-weight:600">{html.escape(title)}</div>'


def status_html(words: str) -> str:
    """A line that says what the panel waits for; a screen reader reads it aloud."""
    return f'<div role="status" style="{TEXT_STYLE}">{html.escape(words)}</div>'


def counted(count: int, noun: str) -> str:
    """A number and its noun: "1 step", "3 steps"."""
    return f"{count} {noun}{'' if count == 1 else 's'}"


def symbol_of(weight: str) -> str:
    """The Greek letter of a weight, by its name in `Weights`: "α" for "alpha"."""
    return next(term.symbol for term in TERMS.values() if term.weight == weight)


def short_number(value: float) -> str:
    """The shortest way to write exactly `value` in Python.

    >>> [short_number(value) for value in (1.0, 1e4, 0.05, 501.0)]
    ['1', '1e4', '0.05', '501']
    """
    plain = repr(float(value)).removesuffix(".0")
    # As few digits as distinguish it from other numbers, then without "+" and leading zeros.
    digits, _, exponent = next(
        text for text in (f"{value:.{n}e}" for n in range(17)) if float(text) == value
    ).partition("e")
    scientific = f"{digits}e{int(exponent)}"
    return min(plain, scientific, key=len)


def python_line(weights: Weights) -> str:
    """The call that makes `weights`.

    >>> python_line(sk.Weights(beta=2e4))
    'Weights(alpha=1, beta=2e4, gamma=400, edges=0.6, tv=0.025)'
    """
    numbers = [f"{t.weight}={short_number(weight_of(t, weights))}" for t in TERMS.values()]
    if weights.layers:
        layers = ", ".join(map(short_number, weights.layers))
        numbers.append(f"layers=({layers}{',' if len(weights.layers) == 1 else ''})")
    return f"Weights({', '.join(numbers)})"


def change_words(before: Weights, after: Weights) -> str:
    """What differs between two weights; empty if nothing does.

    >>> change_words(sk.Weights(), sk.Weights(beta=3e4, gamma=0))
    'β 1e4 → 3e4, γ 400 → off'
    """
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
