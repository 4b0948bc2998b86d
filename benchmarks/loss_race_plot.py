"""The figure of the race to a loss: loss against seconds, one panel a pair, one line a recipe."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from lanes import Curve, Result
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patheffects import withStroke
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from stylekit.plots.style import BLUE, FAINT, GREEN, INK, ORANGE, PINK, figure_style, new_figure

# In the order of the recipes; stylekit's own, the last, is the thick one.
LOOKS: tuple[tuple[str, Any], ...] = (
    (INK, "-"),
    (ORANGE, "--"),
    (GREEN, "-."),
    (PINK, ":"),
    (BLUE, "-"),
)
_WIDTHS = (1.4, 1.4, 1.4, 1.8, 2.8)
# Inches.
_PANEL_WIDTH, _PANEL_HEIGHT, _HEAD, _MIN_WIDTH = 3.9, 3.7, 1.05, 6.0
_MAX_COLUMNS = 3


def plot_loss_race(results: Sequence[Result]) -> Figure:
    """8-bit loss against seconds, both logarithmic: at a goal, a distance is a ratio of times.

    The goals are the dotted lines, named by the tutorial's steps; a dot marks where a recipe is
    first measured at or below one. Losses far above the start, which steps without a line search
    can have, are cut off. Raises ValueError if there is nothing to draw.
    """
    if not results:
        raise ValueError("results: give at least one")
    columns = min(_MAX_COLUMNS, len(results))
    rows = math.ceil(len(results) / columns)
    title = "A race to a loss: loss of the 8-bit picture against seconds"
    with figure_style():
        width, height = max(columns * _PANEL_WIDTH, _MIN_WIDTH), rows * _PANEL_HEIGHT + _HEAD
        figure = new_figure(width, height, alt=f"{title}: {_told(results)}.")
        figure.set_layout_engine("constrained")
        figure.suptitle(title, x=0.01, ha="left", fontweight="bold", fontsize=13)
        panels = list(figure.subplots(rows, columns, squeeze=False).flat)
        for panel, result in zip(panels, results, strict=False):
            _draw(panel, result)
        for unused in panels[len(results) :]:
            unused.set_axis_off()
        figure.legend(
            handles=[_line(curve, index) for index, curve in enumerate(results[0].curves)],
            loc="outside lower center",
            ncols=max(2, columns),
            frameon=False,
            handlelength=3.6,
        )
    return figure


def _draw(panel: Axes, result: Result) -> None:
    for index, curve in enumerate(result.curves):
        # The start has taken no time, which a logarithmic axis cannot show.
        shown = [point for point in curve.points if point.seconds > 0]
        line = _line(curve, index)
        line.set_data([point.seconds for point in shown], [point.loss for point in shown])
        panel.add_line(line)
        for goal in result.goals:
            if (found := curve.reached(goal)) and found.seconds > 0:
                panel.plot(found.seconds, found.loss, "o", color=line.get_color(), markersize=4.5)
    for goal, mark in zip(result.goals, result.marks, strict=True):
        panel.axhline(goal, color=FAINT, linestyle=":", linewidth=1, zorder=1)
        panel.annotate(
            f"tutorial, {mark} steps",
            (0.01, goal),
            (0, 2),
            xycoords=("axes fraction", "data"),
            textcoords="offset points",
            fontsize=8,
            color=FAINT,
            path_effects=[withStroke(linewidth=3, foreground="white")],
            zorder=4,
        )
    width, height = result.size
    panel.set_title(f"{result.pair}, {width}×{height}", loc="left")
    panel.set(xscale="log", yscale="log", xlabel="seconds, logarithmic")
    panel.set_ylabel("loss, logarithmic")
    panel.autoscale_view()
    starts = [curve.points[0].loss for curve in result.curves if curve.points]
    panel.set_ylim(top=min(panel.get_ylim()[1], 1.2 * max(starts)))
    panel.grid(visible=True, which="major", color="#dddddd", linewidth=0.6)
    panel.spines[["top", "right"]].set_visible(False)
    _label_decades(panel)


def _label_decades(panel: Axes) -> None:
    """Plain numbers at 1, 2 and 5 of each decade: a loss seldom falls through a whole one."""
    for axis in (panel.xaxis, panel.yaxis):
        axis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        axis.set_minor_formatter(NullFormatter())
    # Four decades are a crowd of numbers.
    panel.tick_params(axis="x", labelsize=7.5)


def _line(curve: Curve, index: int) -> Line2D:
    color, style = LOOKS[index % len(LOOKS)]
    label = f"{curve.name} ({curve.note})" if curve.note else curve.name
    width = _WIDTHS[index % len(LOOKS)]
    return Line2D([], [], color=color, linestyle=style, linewidth=width, label=label)


def _told(results: Sequence[Result]) -> str:
    ends = (
        f"{curve.name} on {result.pair} ends at {curve.points[-1].loss:.3g} after "
        f"{curve.points[-1].seconds:.0f} seconds"
        for result in results
        for curve in result.curves
        if curve.points
    )
    return "; ".join(ends)
