"""Curves: losses over steps, precision over recall."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from ..losses import TERMS, Losses, Term
from ..motion.scores import MaskScores, PrecisionRecall
from .style import BLUE, FAINT, GREEN, INK, ORANGE, PINK, figure_style, new_figure

_LINES = ((BLUE, "-"), (ORANGE, "--"), (GREEN, "-."), (PINK, ":"), ("#000000", (0, (5, 1, 1, 1))))
_MARKERS = "osD^v"
_EQUAL_F1 = (0.2, 0.4, 0.6, 0.8)
# Inches: the figure, and the side of the square of precision and recall in it.
_CURVES_SIZE, _SIDE = (7.4, 4.5), 3.5


def plot_losses(
    history: Mapping[str, Sequence[float]] | Sequence[Losses],
    *,
    steps: Sequence[int] | None = None,
    title: str = "Losses",
    xlabel: str = "step",
    ylabel: str = "loss",
    log: bool = True,
) -> Figure:
    """One curve for each term of the loss, with the colours and labels of `TERMS`.

    A term that is always zero is named below the curves.

    Parameters
    ----------
    history : the values by the name of a term, or a sequence of `Losses`.
    steps : the places on the axis; 0, 1, 2 … if left out.
    xlabel, ylabel : the names of the axes.
    log : a logarithmic scale, on which zeros leave gaps.

    Raises
    ------
    ValueError : if there is nothing to draw, or lengths differ.

    Examples
    --------
    >>> plot_losses({"content": [2.0, 1.0], "style": [30.0, 3.0]}).get_label()
    'Losses: curves of content from 2 to 1, style from 30 to 3.'
    """
    terms = _terms(history)
    length = len(next(iter(terms.values()), ()))
    places = np.arange(length) if steps is None else np.asarray(steps)
    if not length or any(len(values) != len(places) for values in terms.values()):
        raise ValueError("history: every term needs one value for each step, and at least one")
    labels = {name: TERMS[name].label if name in TERMS else name for name in terms}
    zero = [name for name, values in terms.items() if not values.any()]
    with figure_style():
        figure = new_figure(6.4, 3.8, alt=_alt(title, terms))
        figure.set_layout_engine("constrained")
        axes = figure.add_subplot()
        drawn = [name for name in terms if name not in zero]
        others = iter(itertools.cycle(_LINES))
        for name in drawn:
            # "style × 10⁴" is drawn as the style is.
            term = TERMS.get(name.split(" ")[0])
            color, line = _line_of(term) if term else next(others)
            values = np.where(terms[name] > 0, terms[name], np.nan) if log else terms[name]
            marker = "o" if length == 1 else ""
            look: dict[str, Any] = {"color": color, "linestyle": line, "linewidth": 1.8}
            axes.plot(places, values, marker=marker, label=labels[name], **look)
        if log:
            axes.set_yscale("log")
        axes.set(xlabel=xlabel, ylabel=f"{ylabel}, logarithmic" if log else ylabel)
        # A step and a frame are whole numbers.
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.grid(visible=True, which="major", color="#dddddd", linewidth=0.6)
        _finish_axes(axes, title)
        if drawn:
            # Wide enough to show the dash patterns.
            axes.legend(frameon=False, handlelength=3.2, loc="upper left", bbox_to_anchor=(1, 1))
        if zero:
            absent = ", ".join(labels[name] for name in zero)
            figure.supxlabel(f"zero throughout: {absent}", fontsize=9, color=FAINT)
    return figure


def plot_precision_recall(
    curves: Mapping[str, PrecisionRecall],
    points: Mapping[str, MaskScores] | None = None,
    *,
    title: str = "Precision and recall",
    point_label: str = "the paper's thresholds",
) -> Figure:
    """Curves of `precision_recall` over a threshold, both axes 0…1, with faint lines of equal F1.

    Parameters
    ----------
    curves : the curves by name.
    points : single scores by name, such as those at the paper's thresholds. A point has the colour
        of the curve of its name. The legend shows its F1.
    point_label : what the points are, for the legend.

    Raises
    ------
    ValueError : if there is nothing to draw.
    """
    points = points or {}
    names = list(dict.fromkeys([*curves, *points]))
    if not names:
        raise ValueError("curves: give at least one, or a point")
    with figure_style():
        width, height = _CURVES_SIZE
        figure = new_figure(width, height, alt=_precision_recall_alt(title, curves, points))
        axes = figure.add_axes((0.7 / width, 0.55 / height, _SIDE / width, _SIDE / height))
        _draw_equal_f1(axes)
        keys = [
            _draw_precision_recall(axes, index, name, curves.get(name), points.get(name))
            for index, name in enumerate(names)
        ]
        axes.set(xlim=(0, 1), ylim=(0, 1), xlabel="recall", ylabel="precision")
        _finish_axes(axes, title)
        axes.legend(
            handles=keys,
            title=f"marked: {point_label}" if points else None,
            alignment="left",
            frameon=False,
            handlelength=4.5,
            labelspacing=0.9,
            loc="upper left",
            bbox_to_anchor=(1.13, 1),
        )
    return figure


def _draw_precision_recall(
    axes: Axes, index: int, name: str, curve: PrecisionRecall | None, point: MaskScores | None
) -> Line2D:
    """Draw a curve and its point, and return their common entry in the legend."""
    color, line = _LINES[index % len(_LINES)]
    drawn: dict[str, Any] = {
        "color": color,
        "linestyle": line if curve else "",
        "marker": _MARKERS[index % len(_MARKERS)] if point else "",
        "markersize": 9,
        "markeredgecolor": INK,
        # A perfect score lies on the border of the axes.
        "clip_on": False,
    }
    if curve:
        axes.plot(curve.recall, curve.precision, **{**drawn, "marker": ""})
    if point:
        axes.plot(point.recall, point.precision, zorder=5, **drawn)
    return Line2D([], [], label=f"{name}\nF1 {point.f1:.2f}" if point else name, **drawn)


def _finish_axes(axes: Axes, title: str) -> None:
    axes.set_title(title, loc="left", fontweight="bold")
    axes.spines[["top", "right"]].set_visible(False)


def _draw_equal_f1(axes: Axes) -> None:
    for f1 in _EQUAL_F1:
        recall = np.linspace(f1 / (2 - f1), 1, 60)
        precision = f1 * recall / (2 * recall - f1)
        axes.plot(recall, precision, color="#cfcfcf", linewidth=0.8, zorder=0)
        axes.annotate(
            f"F1 {f1:.1f}",
            (1, precision[-1]),
            (4, 0),
            textcoords="offset points",
            va="center",
            fontsize=7.5,
            color=FAINT,
        )


def _precision_recall_alt(
    title: str, curves: Mapping[str, PrecisionRecall], points: Mapping[str, MaskScores]
) -> str:
    marks = (
        f"{name} at precision {score.precision:.2f} and recall {score.recall:.2f}"
        for name, score in points.items()
    )
    return f"{title}: {', '.join([*(f'curve of {name}' for name in curves), *marks])}."


def _line_of(term: Term) -> tuple[str, Any]:
    """The colour and the dashes of a term's curve, as matplotlib wants them."""
    return term.color, (0, term.dash) if term.dash else "-"


def _terms(history: Mapping[str, Sequence[float]] | Sequence[Losses]) -> dict[str, np.ndarray]:
    if not isinstance(history, Mapping):
        rows = [losses.to_json() for losses in history]
        history = {name: [row[name] for row in rows] for name in (rows[0] if rows else ())}
    return {name: np.asarray(values, np.float64) for name, values in history.items()}


def _alt(title: str, terms: Mapping[str, np.ndarray]) -> str:
    ends = (f"{name} from {values[0]:.3g} to {values[-1]:.3g}" for name, values in terms.items())
    return f"{title}: curves of {', '.join(ends)}."
