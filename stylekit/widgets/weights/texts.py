"""What a `WeightTranslator` says, as HTML; everything that is quoted in it is escaped."""

from __future__ import annotations

import html

from ...explain.balance import Balance, two_digits
from ...losses import TERMS, weight_of
from ...settings import Weights
from ...translate.translation import Translation

_TEXT_STYLE = "line-height:1.4;color:var(--jp-ui-font-color1,currentColor);overflow-wrap:anywhere"
_CELL_STYLE = (
    "padding:2px 12px 2px 0;text-align:left;"
    "border-bottom:1px solid var(--jp-border-color2,rgba(128,128,128,.5))"
)


def balance_html(subject: str, found: Balance) -> str:
    """What `found` says of the weights that `subject` names."""
    words = html.escape(" ".join(found.words))
    return (
        f'<div role="status" style="{_TEXT_STYLE}">{subject}, at the picture of now: {words}</div>'
    )


def translation_html(translation: Translation, weights: Weights) -> str:
    """The weights there and here as a table, where they are from, and what does not carry over.

    Here they are `weights`, of which those of the terms are shown; the notes tell of the layers.
    """
    theirs = translation.theirs
    rows = "".join(
        f'<tr><th scope="row" style="{_CELL_STYLE}">{term.title}</th>'
        f'<td style="{_CELL_STYLE}">{weight_of(term, theirs):g}</td>'
        f'<td style="{_CELL_STYLE}">{two_digits(weight_of(term, weights))}</td></tr>'
        for term in TERMS.values()
    )
    heads = "".join(
        f'<th scope="col" style="{_CELL_STYLE}">{head}</th>' for head in ("weight", "there", "here")
    )
    notes = "".join(f"<li>{html.escape(note)}</li>" for note in translation.notes)
    return (
        f'<div style="{_TEXT_STYLE}"><table style="border-collapse:collapse;margin:6px 0">'
        f"<tr>{heads}</tr>{rows}</table>"
        f"<div>Read from {html.escape(translation.convention.source)}.</div>"
        f'<ul style="margin:4px 0;padding-left:20px;max-width:46em">{notes}</ul></div>'
    )
