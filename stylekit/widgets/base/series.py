"""The parts of a loss that a page names and draws, each as a line of its own look."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ...losses import TERMS


@dataclass(frozen=True, slots=True)
class Series:
    """A part of a loss: its name in the numbers, its words on the page, and its line.

    `dash` are the lengths of strokes and gaps in pixels; empty for a whole line.
    """

    name: str
    label: str
    color: str
    dash: tuple[int, ...] = ()

    def to_page(self) -> dict[str, Any]:
        """What the JavaScript of a page reads."""
        return {
            "name": self.name,
            "label": self.label,
            "color": self.color,
            "dash": list(self.dash),
        }


TRAINING = (
    Series("l1", "colours (L1)", "#0072B2"),
    Series("vgg", "strokes (VGG)", "#D55E00", (6, 3)),
    Series("adversarial", "adversarial", "#009E73", (2, 3)),
)
"""What the network that paints from keyframes learns by; the names are settings of it."""


def term_series() -> tuple[Series, ...]:
    """The terms of the loss of a picture or a clip, in their order."""
    return tuple(
        Series(term.name, term.label, term.color, tuple(term.dash)) for term in TERMS.values()
    )
