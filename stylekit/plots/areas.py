"""Areas marked on a picture, each with its own colour, brightness and hatching.

The colours differ in brightness too, so that they can be distinguished without colour, even in
areas that are too thin for hatching.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.patches import Patch
from numpy.typing import NDArray

from ..arrays import LUMINANCE, BoolMask, Image, Mask
from .style import BLUE, GREEN, INK, ORANGE, PINK, SKY, UNTRUSTED, UNTRUSTED_LINES, YELLOW


@dataclass(frozen=True, slots=True)
class Look:
    """How an area is drawn: its colour, and the pattern and colour of its hatching."""

    color: str
    hatch: str
    lines: str = INK


# The parts of a mask: dark, light and between.
DISOCCLUDED = Look(BLUE, "////", "white")
BOUNDARY = Look(YELLOW, "....")
OUTSIDE = Look(PINK, "\\\\\\\\")
FADING = Look(INK, "")
NOT_TRUSTED = Look(UNTRUSTED, "////", UNTRUSTED_LINES)
# Estimate against truth, on a paler picture.
FOUND = Look(GREEN, "////", "white")
MISSED = Look(INK, "xxxx", "white")
FALSE = Look(SKY, "....")
WRONG = Look(ORANGE, "xxxxx")
UNKNOWN = Look("#c8c8c8", "----", "white")

PAPER = Look("#b8b8b8", "")


@dataclass(frozen=True, slots=True)
class Area:
    """Some pixels of a picture, with their name in the legend and their look."""

    name: str
    pixels: BoolMask
    look: Look

    def patch(self, label: str | None = None) -> Patch:
        """The entry in the legend; its label is the area's name if left out."""
        return legend_patch(self.look, self.name if label is None else label)


def legend_patch(look: Look, label: str) -> Patch:
    """The entry of a look in the legend."""
    return Patch(
        facecolor=look.color, edgecolor=look.lines, linewidth=0, hatch=look.hatch, label=label
    )


def _grey_paper(frame: Image, low: float, high: float) -> NDArray[np.float32]:
    """`frame` without colour, its brightness squeezed into `low` … `high`, as `(H, W, 3)`."""
    grey = low + (high - low) * (frame @ LUMINANCE)
    return np.asarray(np.repeat(grey[..., None], 3, axis=2), np.float32)


def mask_paper(frame: Image) -> NDArray[np.float32]:
    """`frame` in the middle greys, between the dark and the light parts of a mask."""
    return _grey_paper(frame, 0.42, 0.74)


def pale_paper(frame: Image) -> NDArray[np.float32]:
    """`frame` in light greys, on which everything that is drawn is darker."""
    return _grey_paper(frame, 0.74, 1.0)


def draw_areas(
    axes: Axes,
    paper: NDArray[np.float32],
    areas: Sequence[Area],
    *,
    strength: Mask | None = None,
) -> None:
    """Show `paper` `(H, W, 3)` with every area coloured and hatched.

    `strength` `(H, W)`, 0…1, is the opacity of the colour.
    """
    painted = paper.copy()
    opacity = np.full(paper.shape[:2], 0.9, np.float32)
    if strength is not None:
        opacity *= strength
    for area in areas:
        share = opacity[area.pixels, None]
        color = np.array(to_rgb(area.look.color), np.float32)
        painted[area.pixels] = (1 - share) * painted[area.pixels] + share * color
    axes.imshow(painted)
    for area in areas:
        draw_hatching(axes, area.pixels, area.look.hatch, color=area.look.lines)


def draw_hatching(axes: Axes, area: BoolMask, hatch: str, *, color: str = INK) -> None:
    """Hatch the pixels of `area` in axes that show a picture of its size."""
    if hatch and area.any() and min(area.shape) > 1:
        drawn = axes.contourf(area, levels=[0.5, 1.5], colors="none", hatches=[hatch])
        drawn.set(edgecolor=color, linewidth=0)
