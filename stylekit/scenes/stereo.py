"""A real pair of pictures with measured motion: Middlebury's motorcycle, from scikit-image."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from ..arrays import BoolMask, from_bytes
from ..motion.truth import Truth
from .scene import Scene
from .truth import PixelIndex, beside_jumps

# Disparities of neighbours on one slanted surface rarely differ by more. So a larger difference is
# a motion boundary, and a surface that is nearer by more hides the other.
_SAME_SURFACE = 1.0


@lru_cache(maxsize=1)
def motorcycle_pair() -> Scene:
    """The motorcycle of Middlebury 2014 (Scharstein et al. 2014) as a scene of two frames.

    Two cameras stand side by side: the right picture is frame 0, the left one frame 1, both 741×500
    pixels, with horizontal motion of up to 60 pixels. Backward flow is the true disparity on the
    grid of the left picture; `known` is False if it was not measured. A pixel is disoccluded if a
    nearer one moves to the same place (z-buffer). The forward truth is the same disparity on the
    grid of the right picture, known where a measured pixel moves to.

    Raises ImportError, with what to install, if scikit-image is missing.
    """
    try:
        from skimage.data import stereo_motorcycle
    except ImportError as error:
        raise ImportError(
            "the motorcycle pair comes with scikit-image, which is not installed: "
            "pip install scikit-image",
            name="skimage",
        ) from error
    left, right, disparity = stereo_motorcycle()
    measured = np.isfinite(disparity)
    disparity = _filled(np.where(measured, disparity, np.nan))
    landed, seen_from_right = _z_buffer(disparity, measured)
    hidden = _is_hidden(disparity, seen_from_right)
    layers = np.zeros(disparity.shape, np.int32)
    return Scene(
        name="motorcycle",
        frames=(from_bytes(right), from_bytes(left)),
        layers=(layers, layers),
        forward=(_truth(seen_from_right, +1, ~landed, landed),),
        backward=(_truth(disparity, -1, hidden, measured),),
    )


def _truth(disparity: NDArray, sign: int, hidden: BoolMask, known: BoolMask) -> Truth:
    flow = np.zeros((*disparity.shape, 2), np.float32)
    flow[..., 0] = sign * disparity
    target = np.arange(disparity.shape[1]) + flow[..., 0]
    outside = (target < 0) | (target > disparity.shape[1] - 1)

    def jumps(one: PixelIndex, other: PixelIndex) -> BoolMask:
        far = np.abs(disparity[one] - disparity[other]) > _SAME_SURFACE
        return far & known[one] & known[other]

    return Truth(
        flow=flow,
        disocclusion=hidden | outside,
        out_of_frame=outside,
        motion_boundary=beside_jumps(disparity.shape, jumps),
        known=known,
    )


def _z_buffer(disparity: NDArray, measured: BoolMask) -> tuple[BoolMask, NDArray]:
    """Where measured pixels land in the right picture, and the disparity of the nearest one."""
    height, width = disparity.shape
    rows, columns = np.nonzero(measured)
    reach = columns - disparity[rows, columns]
    nearest = np.full((height, width), -np.inf)
    # A point between two pixels is visible in both.
    for place in (np.floor(reach).astype(int), np.ceil(reach).astype(int)):
        inside = (place >= 0) & (place < width)
        np.maximum.at(
            nearest, (rows[inside], place[inside]), disparity[rows[inside], columns[inside]]
        )
    landed = np.isfinite(nearest)
    return landed, _filled(np.where(landed, nearest, np.nan))


def _is_hidden(disparity: NDArray, seen_from_right: NDArray) -> BoolMask:
    """True where both pixels that a point lands between show something nearer."""
    height, width = disparity.shape
    reach = np.arange(width) - disparity
    rows = np.arange(height)[:, None]
    shown = [
        seen_from_right[rows, np.clip(place.astype(int), 0, width - 1)]
        for place in (np.floor(reach), np.ceil(reach))
    ]
    return np.asarray(np.minimum(*shown) > disparity + _SAME_SURFACE, np.bool_)


def _filled(disparity: NDArray) -> NDArray:
    """Gaps filled along each row with the farther of their two ends, as hidden surfaces are far."""
    filled = disparity.copy()
    for row in filled:
        known = np.flatnonzero(np.isfinite(row))
        if len(known) == 0:
            row[:] = 0
            continue
        columns = np.arange(len(row))
        after = np.searchsorted(known, columns).clip(0, len(known) - 1)
        before = (np.searchsorted(known, columns, side="right") - 1).clip(0)
        gaps = ~np.isfinite(row)
        row[gaps] = np.minimum(row[known[before]], row[known[after]])[gaps]
    return filled
