"""What a mask explorer shows, without any widget: pictures and their keys, scores, curves, code.

Pictures are uint8 `(H, W, 3)`, all else is HTML and SVG.
"""

from __future__ import annotations

import dataclasses
import html
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from ...arrays import BoolMask, to_bytes
from ...motion.flow import warp
from ...motion.masks import reliable_share
from ...motion.scores import compare_masks
from ...plots.areas import (
    BOUNDARY,
    DISOCCLUDED,
    FADING,
    FALSE,
    FOUND,
    MISSED,
    NOT_TRUSTED,
    OUTSIDE,
    UNKNOWN,
    Look,
    mask_paper,
    pale_paper,
)
from ...plots.style import BLUE, ORANGE
from ..base.hatching import Pixels, blended, composed, covered
from ..base.text import FAINT_STYLE, TEXT_STYLE
from .analysis import ExplorerScores, MaskAnalysis, MaskChoice, OffsetCurve

_LINES = "border-bottom:1px solid var(--jp-border-color2,rgba(128,128,128,.5))"

# Blue is solid and orange is dashed, so that the lines differ without their colours too.
_CURVE_LOOKS = {"disocclusion": (BLUE, ""), "motion boundary": (ORANGE, "6 4")}
_WIDTH, _HEIGHT = 300, 262
_LEFT, _TOP, _SIDE_X, _SIDE_Y = 44, 12, 244, 168
_MAX_POINTS = 100


@dataclass(frozen=True, slots=True)
class KeyEntry:
    """One line of a picture's key: what an area is called, its look, its share of the picture."""

    name: str
    look: Look
    share: float


@dataclass(frozen=True, eq=False)
class View:
    """A picture, and its key."""

    picture: Pixels
    key: tuple[KeyEntry, ...]


@dataclass(frozen=True, eq=False)
class Sheet:
    """A background picture, and the same painted all over in each of some looks."""

    paper: Pixels
    painted: Mapping[Look, Pixels]

    @classmethod
    def of(cls, paper: Pixels, looks: Iterable[Look]) -> Sheet:
        """The sheet with the background `paper` for these looks."""
        return cls(paper, {look: covered(paper, look) for look in looks})

    def view(self, named: Mapping[str, tuple[BoolMask, Look]]) -> View:
        """The background with these areas painted, the last on top."""
        layers = [(area, self.painted[look]) for area, look in named.values()]
        key = (KeyEntry(name, look, float(area.mean())) for name, (area, look) in named.items())
        return View(composed(self.paper, layers), tuple(key))


class MaskPictures:
    """Draws the mask that a choice of the knobs makes of a pair of frames."""

    def __init__(self, analysis: MaskAnalysis) -> None:
        self.analysis = analysis

    def overlay(self, choice: MaskChoice) -> View:
        """The grey frame with the parts of the mask painted and hatched."""
        areas = self.analysis.areas(choice)
        return self._mask_sheet.view(
            {
                "disocclusion": (areas.hidden, DISOCCLUDED),
                "motion boundary": (areas.boundary, BOUNDARY),
                "out of frame": (areas.outside, OUTSIDE),
                "edge by smoothing": (areas.faded, FADING),
            }
        )

    def comparison(self, choice: MaskChoice) -> View:
        """The pale frame with what the tests find, miss and report wrongly, within a pixel.

        Raises ValueError where the truth is not known.
        """
        known = self.analysis.truth.known
        compared = compare_masks(
            self.analysis.areas(choice).rejected & known, self.analysis.true_union
        )
        named = {
            "found": (compared.found, FOUND),
            "missed": (compared.missed, MISSED),
            "false alarm": (compared.false, FALSE),
        }
        if not known.all():
            named["truth not known"] = (~known, UNKNOWN)
        return self._pale_sheet.view(named)

    def warped(self, choice: MaskChoice) -> View:
        """The previous frame warped by the flow; hatched grey where the flow is not trusted."""
        mask = self.analysis.areas(choice).mask
        entry = KeyEntry("not trusted", NOT_TRUSTED, 1 - reliable_share(mask))
        return View(blended(self._not_trusted, self._warped, mask), (entry,))

    @cached_property
    def _mask_sheet(self) -> Sheet:
        looks = (FADING, DISOCCLUDED, BOUNDARY, OUTSIDE)
        return Sheet.of(to_bytes(mask_paper(self.analysis.pair.frame)), looks)

    @cached_property
    def _pale_sheet(self) -> Sheet:
        looks = (FOUND, MISSED, FALSE, UNKNOWN)
        return Sheet.of(to_bytes(pale_paper(self.analysis.pair.frame)), looks)

    @cached_property
    def _warped(self) -> Pixels:
        return to_bytes(warp(self.analysis.pair.previous, self.analysis.flow))

    @cached_property
    def _not_trusted(self) -> Pixels:
        return covered(self._mask_sheet.paper, NOT_TRUSTED)


def code_line(choice: MaskChoice) -> str:
    """The call that makes the mask of this choice, from `flow` and `reverse`."""
    thresholds = ", ".join(
        f"{field.name}={getattr(choice.thresholds, field.name):.12g}"
        for field in dataclasses.fields(choice.thresholds)
    )
    return (
        f"consistency_mask(flow, reverse, thresholds=Thresholds({thresholds}), "
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


def key_html(key: Sequence[KeyEntry]) -> str:
    """The key below a picture: a swatch in the look of each area, its name and its share."""
    entries = "".join(
        f'<span style="white-space:nowrap;margin-right:14px">{_swatch(entry.look)} '
        f"{html.escape(entry.name)} {_percent(entry.share)}</span> "
        for entry in key
    )
    return f'<div style="{TEXT_STYLE}">{entries}</div>'


def key_words(key: Sequence[KeyEntry]) -> str:
    """The key in words, for screen readers."""
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
        return (
            f'<div style="{FAINT_STYLE};line-height:1.4">The truth of this clip is not known.</div>'
        )
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
    if look.hatch.startswith("."):
        pattern = f"radial-gradient({lines} 1px,transparent 1.4px) 0 0/4px 4px,"
    else:
        pattern = "".join(
            f"repeating-linear-gradient({angle}deg,{lines} 0 1.5px,transparent 1.5px 5px),"
            for angle in angles.get(look.hatch[:1], ())
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
