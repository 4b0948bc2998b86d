"""Curves of the losses over the steps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.figure import Figure

from .canvas import BLUE, FAINT, GREEN, ORANGE, PINK, house_style, new_figure

if TYPE_CHECKING:
    from ..losses import Losses

_LINES = ((BLUE, "-"), (ORANGE, "--"), (GREEN, "-."), (PINK, ":"), ("#000000", (0, (5, 1, 1, 1))))


def plot_losses(
    history: Mapping[str, Sequence[float]] | Sequence[Losses],
    *,
    steps: Sequence[int] | None = None,
    title: str = "Losses",
    xlabel: str = "step",
    log: bool = True,
) -> Figure:
    """One curve for each term of the loss: colour and line style tell them apart.

    `history` maps a term's name to its values, or is a sequence of `Losses`; `steps` are the
    places on the axis, 0, 1, 2 … if left out. A term that is zero throughout is named below
    the curves instead of drawn. On the logarithmic scale single zeros leave gaps.
    Raises ValueError if there is nothing to draw or lengths differ.
    """
    terms = _terms(history)
    length = len(next(iter(terms.values()), ()))
    places = np.arange(length) if steps is None else np.asarray(steps)
    if not length or any(len(values) != len(places) for values in terms.values()):
        raise ValueError("history: every term needs one value for each step, and at least one")
    zero = [name for name, values in terms.items() if not values.any()]
    with house_style():
        figure = new_figure(6.4, 3.8, alt=_alt(title, terms))
        figure.set_layout_engine("constrained")
        axes = figure.add_subplot()
        drawn = [name for name in terms if name not in zero]
        for index, name in enumerate(drawn):
            color, line = _LINES[index % len(_LINES)]
            values = np.where(terms[name] > 0, terms[name], np.nan) if log else terms[name]
            marker = "o" if length == 1 else ""
            axes.plot(
                places,
                values,
                color=color,
                linestyle=line,
                linewidth=1.8,
                marker=marker,
                label=name,
            )
        if log:
            axes.set_yscale("log")
        axes.set_title(title, loc="left", fontweight="bold")
        axes.set_xlabel(xlabel)
        axes.set_ylabel("loss, logarithmic" if log else "loss")
        axes.grid(visible=True, which="major", color="#dddddd", linewidth=0.6)
        axes.spines[["top", "right"]].set_visible(False)
        if drawn:
            # Wide enough that a dash pattern can be told from another.
            axes.legend(frameon=False, handlelength=3.2, loc="upper left", bbox_to_anchor=(1, 1))
        if zero:
            figure.supxlabel(f"zero throughout: {', '.join(zero)}", fontsize=9, color=FAINT)
    return figure


def _terms(history: Mapping[str, Sequence[float]] | Sequence[Losses]) -> dict[str, np.ndarray]:
    if not isinstance(history, Mapping):
        rows = [losses.to_json() for losses in history]
        history = {name: [row[name] for row in rows] for name in (rows[0] if rows else ())}
    return {name: np.asarray(values, np.float64) for name, values in history.items()}


def _alt(title: str, terms: Mapping[str, np.ndarray]) -> str:
    ends = (f"{name} from {values[0]:.3g} to {values[-1]:.3g}" for name, values in terms.items())
    return f"{title}: curves of {', '.join(ends)}."
