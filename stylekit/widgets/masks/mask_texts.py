"""What a mask explorer says: keys, scores, the curve and a line of Python, as HTML and SVG."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence

from ...plots.areas import Look
from ...plots.style import BLUE, ORANGE
from .numbers import ExplorerScores, OffsetCurve
from .parts import MaskChoice
from .views import KeyEntry

TEXT_STYLE = "color:var(--jp-ui-font-color1,currentColor);line-height:1.5"
_FAINT = "color:var(--jp-ui-font-color2,currentColor)"
_LINES = "border-bottom:1px solid var(--jp-border-color2,rgba(128,128,128,.5))"

# Blue is drawn whole and orange dashed, so that nobody needs to tell them apart by colour.
_CURVE_LOOKS = {"disocclusion": (BLUE, ""), "motion boundary": (ORANGE, "6 4")}
_WIDTH, _HEIGHT = 300, 262
_LEFT, _TOP, _SIDE_X, _SIDE_Y = 44, 12, 244, 168
_MAX_POINTS = 100


def code_line(choice: MaskChoice) -> str:
    """The call that makes the mask of this choice, from `flow` and `reverse`."""
    thresholds = choice.thresholds
    return (
        "consistency_mask(flow, reverse, thresholds=Thresholds("
        f"consistency_ratio={thresholds.consistency_ratio:.12g}, "
        f"consistency_offset={thresholds.consistency_offset:.12g}, "
        f"boundary_ratio={thresholds.boundary_ratio:.12g}, "
        f"boundary_offset={thresholds.boundary_offset:.12g}), "
        f"smooth={choice.smooth:.12g}, boundary={choice.boundary}, dilate={choice.dilate})"
    )


def code_html(choice: MaskChoice) -> str:
    """`code_line` in a box; a click selects all of it."""
    return (
        f'<pre class="stylekit-code" style="{TEXT_STYLE};margin:0;padding:6px 8px;'
        "white-space:pre-wrap;word-break:normal;overflow-wrap:anywhere;user-select:all;"
        "font-size:12px;font-family:var(--jp-code-font-family,monospace);"
        'background:var(--jp-layout-color2,rgba(128,128,128,.15))">'
        f"{html.escape(code_line(choice))}</pre>"
    )


def title_html(title: str) -> str:
    """The line over a picture."""
    return f'<div style="{TEXT_STYLE};font-weight:600">{html.escape(title)}</div>'


def key_html(key: Sequence[KeyEntry]) -> str:
    """The key below a picture: a swatch in the look of each area, its name and its share."""
    entries = "".join(
        f'<span style="white-space:nowrap;margin-right:14px">{_swatch(entry.look)} '
        f"{html.escape(entry.name)} {_percent(entry.share)}</span> "
        for entry in key
    )
    return f'<div style="{TEXT_STYLE}">{entries}</div>'


def key_words(key: Sequence[KeyEntry]) -> str:
    """The same in words, for those who hear the picture."""
    return ", ".join(f"{entry.name} {_percent(entry.share)}" for entry in key)


def scores_html(scores: ExplorerScores, *, boundary: bool) -> str:
    """The scores as a table; `boundary` says whether that test is on."""
    rows = [
        ("reliable", _percent(scores.reliable)),
        ("warping error (root, of 255)", f"{255 * scores.warping_error:.2f}"),
    ]
    if scores.endpoint_error is not None and scores.trusted_but_wrong is not None:
        rows[1:1] = [("trusted but wrong", _percent(scores.trusted_but_wrong))]
        rows[:0] = [("end-point error", f"{scores.endpoint_error:.2f} px")]
    numbers = "".join(_row(name, [value], "td") for name, value in rows)
    return (
        f'<table class="stylekit-scores" style="{TEXT_STYLE};border-collapse:collapse">{numbers}'
        f"</table>{_found_html(scores, boundary=boundary)}"
    )


def curves_svg(curves: Mapping[str, OffsetCurve]) -> str:
    """Precision against recall of both tests, each with the point of the offset in use."""
    words = "; ".join(
        f"{name} at an offset of {curve.offset:.3g} has precision {curve.point.precision:.2f} "
        f"and recall {curve.point.recall:.2f}"
        for name, curve in curves.items()
    )
    drawn = "".join(_curve_svg(name, curve) for name, curve in curves.items())
    return (
        f'<svg class="stylekit-curves" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" '
        f'aria-label="Precision against recall: {html.escape(words)}." font-size="12" '
        f'style="{TEXT_STYLE};width:100%;max-width:{_WIDTH}px;display:block" fill="currentColor" '
        f'font-family="var(--jp-ui-font-family,sans-serif)">{_axes_svg()}{drawn}</svg>'
    )


def _found_html(scores: ExplorerScores, *, boundary: bool) -> str:
    found = {
        "disocclusion, out of frame": scores.disocclusion,
        "motion boundary" + ("" if boundary else " (off)"): scores.boundary,
        "what the mask rejects": scores.union,
    }
    rows = [
        _row(name, [f"{value:.2f}" for value in (score.precision, score.recall, score.f1)], "td")
        for name, score in found.items()
        if score is not None
    ]
    if not rows:
        return f'<div style="{_FAINT};line-height:1.4">Nobody knows the truth of this clip.</div>'
    heading = _row("within 1 px of the truth", ["precision", "recall", "F1"], "th")
    return (
        f'<table class="stylekit-found" style="{TEXT_STYLE};border-collapse:collapse;'
        f'margin-top:8px">{heading}{"".join(rows)}</table>'
    )


def _row(name: str, values: Sequence[str], tag: str) -> str:
    scope = ' scope="col"' if tag == "th" else ""
    cells = "".join(
        f'<{tag}{scope} style="text-align:right;padding:1px 0 1px 14px;{_LINES};'
        f'font-variant-numeric:tabular-nums;font-weight:400">{value}</{tag}>'
        for value in values
    )
    return (
        f'<tr><th scope="row" style="text-align:left;font-weight:400;{_LINES}">'
        f"{html.escape(name)}</th>{cells}</tr>"
    )


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"


def _swatch(look: Look) -> str:
    """A small square in the colour and hatching of an area."""
    lines = look.lines
    angles = {"/": (135,), "\\": (45,), "x": (45, 135), "-": (0,)}
    kind = look.hatch[:1]
    if kind == ".":
        pattern = f"radial-gradient({lines} 1px,transparent 1.4px) 0 0/4px 4px,"
    else:
        pattern = "".join(
            f"repeating-linear-gradient({angle}deg,{lines} 0 1.5px,transparent 1.5px 5px),"
            for angle in angles.get(kind, ())
        )
    return (
        '<span aria-hidden="true" style="display:inline-block;width:16px;height:12px;'
        "vertical-align:-1px;border:1px solid var(--jp-ui-font-color2,gray);"
        f'background:{pattern}{look.color}"></span>'
    )


def _axes_svg() -> str:
    bottom, right = _TOP + _SIDE_Y, _LEFT + _SIDE_X
    parts = [
        f'<path d="M{_LEFT} {_TOP}V{bottom}H{right}" fill="none" stroke="currentColor"/>',
        f'<text x="{_LEFT + _SIDE_X / 2}" y="{bottom + 34}" text-anchor="middle">recall: '
        "how much of the truth is found</text>",
        f'<text transform="translate(12 {_TOP + _SIDE_Y / 2}) rotate(-90)" '
        'text-anchor="middle">precision</text>',
    ]
    for share in (0.0, 0.5, 1.0):
        x, y = _place(share, share)
        parts.append(
            f'<path d="M{x} {bottom}v4M{_LEFT} {y}h-4" stroke="currentColor"/>'
            f'<text x="{x}" y="{bottom + 17}" text-anchor="middle">{share:g}</text>'
            f'<text x="{_LEFT - 7}" y="{y + 4}" text-anchor="end">{share:g}</text>'
        )
    return "".join(parts)


def _curve_svg(name: str, curve: OffsetCurve) -> str:
    color, dashes = _CURVE_LOOKS[name]
    every = max(1, len(curve.curve.recall) // _MAX_POINTS)
    points = [
        "{:.1f} {:.1f}".format(*_place(recall, precision))
        for recall, precision in zip(
            curve.curve.recall[::every], curve.curve.precision[::every], strict=True
        )
    ]
    line = f'fill="none" stroke="{color}" stroke-width="2" stroke-dasharray="{dashes}"'
    x, y = _place(curve.point.recall, curve.point.precision)
    row = _TOP + _SIDE_Y + 54 + 17 * list(_CURVE_LOOKS).index(name)
    return (
        (f'<path d="M{"L".join(points)}" {line}/>' if points else "")
        + f'<circle class="point" cx="{x:.1f}" cy="{y:.1f}" r="5.5" fill="{color}" '
        'stroke="currentColor" stroke-width="1.5"/>'
        + f'<path d="M{_LEFT} {row - 4}h26" {line}/>'
        + f'<text x="{_LEFT + 32}" y="{row}">{name}, offset {curve.offset:.3g}</text>'
    )


def _place(recall: float, precision: float) -> tuple[float, float]:
    return _LEFT + _SIDE_X * recall, _TOP + _SIDE_Y * (1 - precision)


def status_html(words: str) -> str:
    """What is being waited for."""
    return f'<div role="status" style="{TEXT_STYLE}">{html.escape(words)}</div>'
