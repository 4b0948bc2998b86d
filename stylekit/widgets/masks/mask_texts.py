"""The style of a panel's text, and lines that several panels show."""

from __future__ import annotations

import html

TEXT_STYLE = "color:var(--jp-ui-font-color1,currentColor);line-height:1.5"


def title_html(title: str) -> str:
    """The line over a picture."""
    return f'<div style="{TEXT_STYLE};font-weight:600">{html.escape(title)}</div>'


def status_html(words: str) -> str:
    """What is being waited for."""
    return f'<div role="status" style="{TEXT_STYLE}">{html.escape(words)}</div>'
