"""The exact truth about layers: flow, disocclusion and motion boundaries."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from ..arrays import BoolMask
from ..motion.truth import Truth
from .layers import Layer, Points, Similarity

# A point exactly on the border of the frame is inside, whatever its rounding error.
_BORDER_TOLERANCE = 1e-6
# There is no motion boundary between layers whose motion differs by at most this many pixels.
_SAME_MOTION = 1e-3

PixelIndex = tuple[slice, slice]


def top_layer(
    layers: Sequence[Layer], placements: Sequence[Similarity], grid: Points
) -> NDArray[np.int32]:
    """The number of the layer on top at each pixel's centre, 0 the farthest."""
    top = np.zeros(grid.shape, np.int32)
    for number, (layer, placed) in enumerate(zip(layers, placements, strict=True)):
        top[layer.shape.contains(placed.inverse(grid))] = number
    return top


def truth_between(
    layers: Sequence[Layer],
    top: NDArray[np.int32],
    here: Sequence[Similarity],
    there: Sequence[Similarity],
    grid: Points,
) -> Truth:
    """The truth on the grid of the frame whose top layers are `top`.

    `here` and `there` are the layers' placements in this frame and in the other.
    """
    ways = [to.after(at.inverse) for at, to in zip(here, there, strict=True)]
    a, b = np.array([way.a for way in ways])[top], np.array([way.b for way in ways])[top]
    # In this form the flow of a layer at rest is exactly zero, that of a shifted one constant.
    motion = (a - 1) * grid + b
    target = grid + motion
    height, width = grid.shape

    def jumps(one: PixelIndex, other: PixelIndex) -> BoolMask:
        differs = np.abs(motion[one] - motion[other]) > _SAME_MOTION
        return np.asarray((top[one] != top[other]) & differs, np.bool_)

    out_of_frame = (
        (target.real < -_BORDER_TOLERANCE)
        | (target.real > width - 1 + _BORDER_TOLERANCE)
        | (target.imag < -_BORDER_TOLERANCE)
        | (target.imag > height - 1 + _BORDER_TOLERANCE)
    )
    return Truth(
        flow=np.stack([motion.real, motion.imag], axis=-1).astype(np.float32),
        disocclusion=out_of_frame | _is_covered(layers, top, there, target),
        out_of_frame=out_of_frame,
        motion_boundary=beside_jumps(grid.shape, jumps),
        known=np.ones(grid.shape, bool),
    )


def _is_covered(
    layers: Sequence[Layer],
    top: NDArray[np.int32],
    placements: Sequence[Similarity],
    target: Points,
) -> BoolMask:
    """True if a layer nearer than the pixel's own covers the point that the pixel moves to."""
    covered = np.zeros(top.shape, bool)
    for number, (layer, placed) in enumerate(zip(layers, placements, strict=True)):
        farther = top < number
        covered[farther] |= layer.shape.contains(placed.inverse(target[farther]))
    return covered


def beside_jumps(
    shape: tuple[int, ...], jumps: Callable[[PixelIndex, PixelIndex], BoolMask]
) -> BoolMask:
    """True on both sides of a jump; `jumps` finds them between pixels and their neighbours."""
    boundary = np.zeros(shape, bool)
    for one, other in ((np.s_[:, :-1], np.s_[:, 1:]), (np.s_[:-1, :], np.s_[1:, :])):
        jump = jumps(one, other)
        boundary[one] |= jump
        boundary[other] |= jump
    return boundary
