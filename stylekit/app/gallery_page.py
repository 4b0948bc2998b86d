"""The page of a gallery: HTML that needs no other file, and in which every text is escaped."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

# What a page may load: the pictures and the style in it, and nothing from elsewhere.
_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"

_STYLE = """
:root { color-scheme: light dark; --page: #fafafa; --card: #fff; --ink: #1a1a1a; --faint: #595959;
  --line: #ddd; --mark: #8a3b00; --back: #ececec; }
@media (prefers-color-scheme: dark) {
  :root { --page: #141414; --card: #202020; --ink: #eee; --faint: #b0b0b0; --line: #3a3a3a;
    --mark: #ffb37a; --back: #2b2b2b; }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--ink);
  font: 15px/1.45 system-ui, "Segoe UI", "DejaVu Sans", sans-serif; }
header, main, footer { max-width: 1240px; margin: 0 auto; padding: 0 20px; }
header { padding-top: 28px; }
h1 { margin: 0; font-size: 28px; overflow-wrap: anywhere; }
header p, footer p { margin: 4px 0 18px; color: var(--faint); }
ul { list-style: none; margin: 0; padding: 0 0 12px; display: grid; gap: 18px;
  grid-template-columns: repeat(auto-fill, minmax(min(280px, 100%), 1fr)); }
li { display: flex; flex-direction: column; background: var(--card); overflow: hidden;
  border: 1px solid var(--line); border-radius: 8px; }
.shown { display: flex; align-items: center; justify-content: center; height: 230px;
  background: var(--back); color: var(--faint); }
.shown img { display: block; width: 100%; height: 100%; object-fit: contain; }
.said { padding: 10px 14px 13px; overflow-wrap: anywhere; }
h2 { margin: 0; font-size: 16px; font-weight: 650; }
.said p { margin: 3px 0 0; color: var(--faint); font-size: 14px; }
.said .maker { color: var(--ink); }
.said .problem { color: var(--mark); }
@media print { li { break-inside: avoid; } body { background: #fff; } }
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """What the page shows and says of one result; an empty text is not known.

    `picture` is a JPEG in base64, `shown` what it shows; `maker` is empty unless names are shown.
    `digest` orders results that are alike.
    """

    picture: str
    shown: str
    content: str
    style: str
    weights: str
    moved: bool
    kept: str
    reached: str
    complete: bool
    maker: str
    problems: tuple[str, ...]
    digest: str


def page(title: str, cards: Sequence[Card]) -> str:
    """The page.

    Examples
    --------
    >>> "<b>" in page("<b>", [])
    False
    """
    count = "1 result" if len(cards) == 1 else f"{len(cards)} results"
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="{_POLICY}">
<title>{escape(title)}</title>
<style>{_STYLE}</style>
</head>
<body>
<header><h1>{escape(title)}</h1><p>{count}, made by AI editing: neural style transfer with
stylekit.</p></header>
<main><ul>
{"".join(_card(card) for card in cards)}</ul></main>
<footer><p>α weighs the content, β the style, γ the frame before. Kept: how much of the content is
in the result, 100 % is the photograph itself. Reached: how much of the style, 100 % is its own
statistics. Both are measured by the network that painted.</p></footer>
</body>
</html>
"""


def _card(card: Card) -> str:
    heading = " in ".join(filter(None, (card.content, card.style))) or "Unknown"
    if card.picture:
        alt = escape(f"{heading}: {card.shown}", quote=True)
        shown = f'<img alt="{alt}" loading="lazy" src="data:image/jpeg;base64,{card.picture}">'
    else:
        shown = "no picture"
    lines = []
    if card.maker:
        lines.append(("maker", card.maker))
    if card.shown.startswith("clip"):
        lines.append(("", card.shown))
    if card.weights:
        lines.append(("", card.weights + (" in the end; they were moved" if card.moved else "")))
    scores = [
        f"{value} {name}"
        for name, value in (("kept", card.kept), ("reached", card.reached))
        if value
    ]
    if scores:
        lines.append(("", ", ".join(scores)))
    if not card.complete:
        lines.append(("", "not finished: as far as it got"))
    lines += [("problem", problem) for problem in card.problems]
    said = "".join(
        f"<p{f' class={kind!r}' if kind else ''}>{escape(text)}</p>" for kind, text in lines
    )
    return (
        f'<li><div class="shown">{shown}</div>'
        f'<div class="said"><h2>{escape(heading)}</h2>{said}</div></li>\n'
    )
