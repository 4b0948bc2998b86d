"""Areas drawn as hatched pixels: they look as in the figures, but take only a millisecond."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ...arrays import BoolMask
from ...plots.areas import Look

Pixels = NDArray[np.uint8]

# How much of the paper shows through the colour.
_PAPER_SHARE = 0.12


def rgb(color: str) -> NDArray[np.float32]:
    """`"#rrggbb"` or `"white"` as three numbers from 0 to 255.

    >>> rgb("#ff8000").tolist()
    [255.0, 128.0, 0.0]
    """
    if color == "white":
        color = "#ffffff"
    return np.array([int(color[at : at + 2], 16) for at in (1, 3, 5)], np.float32)


def hatching(hatch: str, shape: tuple[int, ...]) -> BoolMask:
    """Where a picture of this height and width has the lines of one of matplotlib's hatchings.

    Only the first character counts: `/`, `\\`, `x`, `-` or `.`.
    """
    y, x = np.ogrid[: shape[0], : shape[1]]
    rising, falling = (x + y) % 7 < 2, (x - y) % 7 < 2
    patterns = {
        "/": rising,
        "\\": falling,
        "x": ((x + y) % 8 < 2) | ((x - y) % 8 < 2),
        "-": np.broadcast_to(y % 6 < 2, shape[:2]),
        # Dense, so that areas of only two or three pixels in width contain dots everywhere.
        ".": (x % 3 == 0) & (y % 3 == 0),
    }
    return np.asarray(patterns[hatch[0]]) if hatch else np.zeros(shape[:2], np.bool_)


def covered(paper: Pixels, look: Look) -> Pixels:
    """`paper` as it looks if all of it belongs to the area with this look."""
    painted = _PAPER_SHARE * paper + (1 - _PAPER_SHARE) * rgb(look.color)
    painted[hatching(look.hatch, paper.shape)] = rgb(look.lines)
    return np.asarray(np.rint(painted), np.uint8)


def composed(paper: Pixels, layers: Sequence[tuple[BoolMask, Pixels]]) -> Pixels:
    """`paper`, replaced by other pictures (such as those of `covered`) where a mask is True."""
    result = np.array(paper, order="C")
    for area, picture in layers:
        np.copyto(_whole(result), _whole(picture), where=area)
    return result


def blended(below: Pixels, above: Pixels, share: NDArray[np.float32]) -> Pixels:
    """`below` where `share` is 0, `above` where it is 1, and a mixture in between."""
    result = np.array(above, order="C")
    # Most of a mask is 1, so only the other pixels are mixed.
    mixed = np.flatnonzero(share < 1)
    weight = share.reshape(-1)[mixed, None]
    pixels = result.reshape(-1, 3)
    under = below.reshape(-1, 3)[mixed]
    pixels[mixed] = np.rint(under + weight * (pixels[mixed] - under.astype(np.float32)))
    return result


def _whole(picture: Pixels) -> NDArray[np.void]:
    """A view with one item of three bytes for each pixel; copying it is fifty times as fast."""
    return np.ascontiguousarray(picture).view("V3")[..., 0]
