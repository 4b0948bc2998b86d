"""What a check says: right or not yet, in words, with a picture where it helps."""

from __future__ import annotations

import base64
import html
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ..plots import encode_png, plot_answers
from ..plots.style import Figure
from .hints import Hint, hint

Panels = Mapping[str, NDArray]


@dataclass(frozen=True, eq=False, kw_only=True)
class CheckResult:
    """The result of a check: true if the answer is right.

    It shows itself in words, and in a notebook with a picture too.

    - `exercise`: the name of the exercise, as `hint` takes it
    - `right`: whether the answer is right
    - `diagnosis`: a short name of what was found, "right" if nothing is wrong
    - `words`: the same in sentences
    - `panels`: arrays that the picture shows, by their titles
    """

    exercise: str
    right: bool
    diagnosis: str
    words: str
    panels: Panels = field(default_factory=dict)

    def __bool__(self) -> bool:
        return self.right

    def __repr__(self) -> str:
        return " ".join([f"{self._verdict}: {self.words}", *self._way_on])

    def _repr_html_(self) -> str:
        colour = "#009E73" if self.right else "#D55E00"
        lines = [
            f'<div style="border-left:4px solid {colour};padding:4px 12px;max-width:46em">',
            f"<strong>{self._verdict}.</strong> {html.escape(self.words)}",
            *(f"<br>{html.escape(line)}" for line in self._way_on),
            self._picture(),
            "</div>",
        ]
        return "".join(lines)

    def hint(self, level: int = 1) -> Hint:
        """What helps with this exercise; `level` is from 1 to 3, and 3 says most."""
        return hint(self.exercise, level)

    def plot(self) -> Figure | None:
        """The picture of what was found, or None if there is none."""
        return plot_answers(self.panels) if self.panels else None

    @property
    def _verdict(self) -> str:
        return "Right" if self.right else "Not yet"

    @property
    def _way_on(self) -> list[str]:
        if self.right:
            return []
        return [f'Stuck? sk.exercises.hint("{self.exercise}", 1) is a hint; 2 and 3 say more.']

    def _picture(self) -> str:
        figure = self.plot()
        if figure is None:
            return ""
        text = base64.b64encode(encode_png(figure)).decode("ascii")
        alt = html.escape(str(figure.get_label()), quote=True)
        return (
            f'<br><img alt="{alt}" src="data:image/png;base64,{text}" '
            'style="max-width:100%;margin-top:6px">'
        )


Finding = tuple[str, str]
"""A diagnosis and its words."""


def as_panel(array: NDArray) -> NDArray:
    """An array in a shape that `plot_answers` shows: a table `(h, w)` or a picture `(h, w, 3)`."""
    values = np.asarray(array)
    if values.ndim == 3 and values.shape[2] != 3:
        values = values.mean(axis=2)
    return np.atleast_2d(values)
