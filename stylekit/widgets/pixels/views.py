"""What a smudge probe shows, without any widget: pictures in uint8 `(H, W, 3)`, and HTML."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

import numpy as np

from ...arrays import to_bytes
from ...explain.pixel import PixelExplanation, Readings
from ...explain.stored_run import StoredRun
from ...explain.trail import age_map
from ...losses import TERMS
from ...plots.areas import BOUNDARY, DISOCCLUDED, FADING, OUTSIDE, Look, mask_paper
from ...plots.style import ORANGE
from ..base.hatching import Pixels, rgb
from ..base.text import TEXT_STYLE
from ..masks.views import KeyEntry, Sheet, View

# From dark to light, so that the order of ages can be seen without colour; new paint is dark.
_AGES = ("#00204d", "#575d6d", "#a69d75", "#ffe945")
_PULLS_NOTE = (
    "A term's colour shows where its share of the pull is above its mean; the numbers are its mean "
    "shares."
)
PATH_COLOR = ORANGE
STRIP_FRAMES = 6
CROP = 25
_GAP = 2
_KEY_LINES = 6
_STRIP_PAPER = 128

_CELL = "padding:1px 0 1px 18px;text-align:right;font-variant-numeric:tabular-nums"
_LINE = "border-bottom:1px solid var(--jp-border-color2,rgba(128,128,128,.5))"


class ProbeView(Enum):
    """What the large picture shows."""

    RESULT = "result"
    CONTENT = "content"
    MASK = "mask"
    AGE = "age"
    PULLS = "who pulls"


@dataclass(frozen=True, eq=False)
class Strip:
    """Small pictures of where a pixel was, oldest first: one picture, its marks, its labels."""

    picture: Pixels
    marks: tuple[dict[str, Any], ...]
    labels: tuple[str, ...]


def draw_view(run: StoredRun, frame_index: int, view: ProbeView) -> View:
    """One of the pictures of a frame, and its key."""
    return _DRAWN[view](run, frame_index)


def draw_strip(run: StoredRun, report: PixelExplanation, view: ProbeView) -> Strip:
    """The surroundings of a pixel along its path: its own frame and up to 6 before it.

    The crops are of the content if `view` is the content, otherwise of the result. The marks are
    around the pixel, in pixels of the strip.
    """
    path = report.path[: STRIP_FRAMES + 1][::-1]
    read = run.clip.__getitem__ if view is ProbeView.CONTENT else run.image
    height, width = run.clip[0].shape[:2]
    tall, wide = min(CROP, height), min(CROP, width)
    picture = np.full((tall, len(path) * (wide + _GAP) - _GAP, 3), _STRIP_PAPER, np.uint8)
    marks = []
    for place, (frame_index, x, y) in enumerate(path):
        # At the border of the frame the crop stays inside, and the pixel is not in its middle.
        left = min(max(round(x) - wide // 2, 0), width - wide)
        top = min(max(round(y) - tall // 2, 0), height - tall)
        start = place * (wide + _GAP)
        crop = read(frame_index)[top : top + tall, left : left + wide]
        picture[:, start : start + wide] = to_bytes(crop)
        corner = {"x": start + round(x) - left - 1, "y": round(y) - top - 1}
        marks.append({"kind": "rectangle", "width": 3, "height": 3, **corner})
    labels = [f"frame {frame_index}" for frame_index, _, _ in path]
    if len(path) == len(report.path):
        labels[0] += ", painted anew"
    return Strip(picture, tuple(marks), tuple(labels))


def path_marks(report: PixelExplanation) -> list[dict[str, Any]]:
    """The path of a pixel through the earlier frames, and the window around the pixel."""
    size = 2 * report.radius + 1
    corner = {"x": report.x - report.radius, "y": report.y - report.radius}
    return [
        {"kind": "rectangle", "width": size, "height": size, "dashed": True, **corner},
        {"kind": "path", "points": [(x, y) for _, x, y in report.path], "color": PATH_COLOR},
    ]


def strip_labels_html(labels: Sequence[str], width: int) -> str:
    """The labels, each below its crop, for a strip drawn `width` pixels wide."""
    cells = "".join(f"<div>{html.escape(label)}</div>" for label in labels)
    return (
        f'<div aria-hidden="true" style="{TEXT_STYLE};font-size:12px;line-height:1.3;display:grid;'
        f"grid-template-columns:repeat({len(labels)},1fr);text-align:center;"
        f'width:{width}px;max-width:100%">{cells}</div>'
    )


def words_html(words: str) -> str:
    """The explanation; a screen reader reads it out when it changes."""
    # A number and its unit stay on one line.
    joined = re.sub(r"(?<=\d) (?=%|px)|(?<=c =) ", "\N{NO-BREAK SPACE}", html.escape(words))
    return (
        f'<div class="stylekit-probe-words" role="status" style="{TEXT_STYLE};font-size:14px;'
        f'margin-bottom:8px">{joined}</div>'
    )


def note_html(view: ProbeView) -> str:
    """An explanation below the key, for the view that needs one."""
    if view is not ProbeView.PULLS:
        return ""
    return f'<div style="{TEXT_STYLE};line-height:1.35">{_PULLS_NOTE}</div>'


def table_html(report: PixelExplanation) -> str:
    """The numbers of a pixel and of its surroundings."""
    side = 2 * report.radius + 1
    heading = "".join(
        f'<th scope="col" style="{_CELL};{_LINE};font-weight:400">{words}</th>'
        for words in ("here", f"{side} × {side} px around")
    )
    corner = f"frame {report.frame_index}, x {report.x}, y {report.y}"
    rows = "".join(
        f'<tr><th scope="row" style="text-align:left;font-weight:400;{_LINE}">{name}</th>'
        f'<td style="{_CELL};{_LINE}">{here}</td><td style="{_CELL};{_LINE}">{around}</td></tr>'
        for (name, here), (_, around) in zip(
            _numbers(report.here), _numbers(report.around), strict=True
        )
        if (here, around) != ("–", "–")
    )
    return (
        f'<table class="stylekit-probe-numbers" style="{TEXT_STYLE};border-collapse:collapse">'
        f'<tr><th scope="col" style="text-align:left;font-weight:600;{_LINE}">{corner}</th>'
        f"{heading}</tr>{rows}</table>"
    )


def _numbers(readings: Readings) -> list[tuple[str, str]]:
    def told(number: float | None, form: str) -> str:
        return "–" if number is None else form.format(number)

    flow = readings.flow
    moved = f"{flow[0]:+.1f}, {flow[1]:+.1f}".replace("-", "−") if flow else "–"
    return [
        ("carried for, frames", f"{readings.age:.1f}".removesuffix(".0")),
        ("reliability c", told(readings.trust, "{:.3g}")),
        ("flow to the frame before, px", moved),
        ("forward–backward error of the flow, px", told(readings.round_trip, "{:.2f}")),
        ("true error of the flow, px", told(readings.flow_error, "{:.2f}")),
        *(
            (f"pull of the {TERMS[name].label} term", f"{100 * share:.1f} %")
            for name, share in readings.shares.items()
            if share or name in ("content", "style", "temporal")
        ),
    ]


def _draw_mask(run: StoredRun, frame_index: int) -> View:
    looks = (DISOCCLUDED, BOUNDARY, OUTSIDE, FADING)
    sheet = Sheet.of(to_bytes(mask_paper(run.clip[frame_index])), looks)
    if run.is_cold(frame_index):
        everywhere = np.ones(run.clip[0].shape[:2], np.bool_)
        return sheet.view({"nothing is carried into this frame": (everywhere, FADING)})
    motion = run.motion(frame_index)
    fired = motion.outside | motion.hidden | motion.boundary
    return sheet.view(
        {
            "motion boundary": (motion.boundary & ~motion.hidden & ~motion.outside, BOUNDARY),
            "disocclusion": (motion.hidden, DISOCCLUDED),
            "out of frame": (motion.outside, OUTSIDE),
            "edge by smoothing": (~fired & (motion.mask < 1), FADING),
        }
    )


def _draw_ages(run: StoredRun, frame_index: int) -> View:
    ages = age_map(run, frame_index)
    colors = np.array([rgb(color) for color in _AGES])
    # A colour for each age that this frame can have.
    scale = np.linspace(0, len(_AGES) - 1, max(frame_index, 1) + 1)
    channels = [np.interp(scale, range(len(_AGES)), channel) for channel in colors.T]
    table = np.rint(np.stack(channels, axis=-1)).astype(np.uint8)
    found = np.unique(ages)
    if len(found) > _KEY_LINES:
        found = found[np.linspace(0, len(found) - 1, _KEY_LINES).round().astype(int)]
    key = tuple(
        KeyEntry(
            "painted anew" if age == 0 else f"{age} frame{'s' * (age > 1)}:",
            Look("#" + bytes(table[age]).hex(), ""),
            float((ages == age).mean()),
        )
        for age in map(int, found)
    )
    return View(table[ages], key)


def _draw_pulls(run: StoredRun, frame_index: int) -> View:
    """Mix the terms' colours by how far each share is above its mean over the frame.

    A mixture by the shares themselves would show only the strongest term.
    """
    maps = {term: pull for term, pull in run.pulls(frame_index).items() if pull.any()}
    tiny = np.finfo(np.float32).tiny
    total = np.maximum(sum(maps.values()), tiny)
    shares = {term: pull / total for term, pull in maps.items()}
    means = {term: float(share.mean()) for term, share in shares.items()}
    ratios = {term: share / means[term] for term, share in shares.items()}
    whole = np.maximum(sum(ratios.values()), tiny)
    mixed = np.zeros((*run.clip[frame_index].shape[:2], 3), np.float32)
    for term, ratio in ratios.items():
        mixed += (ratio / whole)[..., np.newaxis] * rgb(TERMS[term].color)
    looks = {term: Look(TERMS[term].color, "") for term in means}
    key = tuple(KeyEntry(TERMS[term].label, looks[term], mean) for term, mean in means.items())
    return View(np.rint(mixed).astype(np.uint8), key)


_DRAWN: dict[ProbeView, Callable[[StoredRun, int], View]] = {
    ProbeView.RESULT: lambda run, frame_index: View(to_bytes(run.image(frame_index)), ()),
    ProbeView.CONTENT: lambda run, frame_index: View(to_bytes(run.clip[frame_index]), ()),
    ProbeView.MASK: _draw_mask,
    ProbeView.AGE: _draw_ages,
    ProbeView.PULLS: _draw_pulls,
}
