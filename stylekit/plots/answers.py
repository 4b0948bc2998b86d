"""Small arrays side by side, as tables or as pictures: what an answer gives, and should give."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from .grid import MARGIN, picture_axes, write_picture_title
from .style import figure_style, new_figure

_CELL, _GAP, _TITLE, _FOOT = 1.9, 0.25, 0.26, 0.26
_MOST = 4


def plot_answers(panels: Mapping[str, NDArray]) -> Figure:
    """Small arrays side by side, each with its title, its own grey scale and its range.

    Parameters
    ----------
    panels : tables `(h, w)`, bright where a number is large, or pictures `(h, w, 3)`, by title.

    Raises
    ------
    ValueError : if there is none, or one has another shape.
    """
    if not panels:
        raise ValueError("panels: give at least one")
    rows = -(-len(panels) // _MOST)
    arrays = {title: np.asarray(values, np.float64) for title, values in panels.items()}
    for title, array in arrays.items():
        if array.ndim not in (2, 3):
            raise ValueError(f"{title}: must be (h, w) or (h, w, 3), is {array.shape}")
    cell = _CELL * max(min(1.0, array.shape[0] / array.shape[1]) for array in arrays.values())
    columns = min(len(panels), _MOST)
    width = 2 * MARGIN + columns * (_CELL + _GAP) - _GAP
    height = 2 * MARGIN + rows * (cell + _TITLE + _FOOT)
    with figure_style():
        figure = new_figure(width, height, alt=f"{', '.join(panels)}, side by side.")
        for number, (title, array) in enumerate(arrays.items()):
            row, column = divmod(number, _MOST)
            left = MARGIN + column * (_CELL + _GAP)
            top = MARGIN + _TITLE + row * (cell + _TITLE + _FOOT)
            axes = picture_axes(figure, left, top, _CELL, cell)
            table = array if array.ndim == 2 else array.mean(axis=2)
            is_picture = array.ndim == 3 and 0 <= array.min() <= array.max() <= 1
            axes.imshow(array if is_picture else table, cmap="cividis")
            write_picture_title(axes, title)
            axes.title.set_fontsize(8.5)
            shape = " × ".join(str(side) for side in array.shape[:2])
            span = "" if is_picture else f",  {table.min():.3g} to {table.max():.3g}"
            axes.set_xlabel(shape + span, fontsize=8)
    return figure
