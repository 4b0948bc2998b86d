"""Where a later frame starts: the carried picture, and texture for what comes into sight.

A later frame takes too few steps to paint from nothing, and the Gram matrix of the whole frame
hardly changes if a strip stays bare. So the strip starts as patches of the shot's first, fully
painted frame. The unpainted frames choose the patches (the idea of Hertzmann et al. 2001,
*Image Analogies*, with whole patches as in Efros & Freeman 2001, *Image Quilting*).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np
from numpy.typing import NDArray

from ..arrays import Image, Mask, check_image, check_mask
from .flow import FlowPair, Interpolation, warp

# A patch is compared by the mean colours of this many cells a side.
_CELLS = 4
# The side of a patch, as a share of the picture's shorter side: larger than most strokes.
_PATCH_SHARE = 1 / 8
_SMALLEST_PATCH = 12
# Known cells get a small weight, so that of equal patches the one that fits its surroundings wins.
_KNOWN_WEIGHT = 0.02
# How much a cell that is painted in another way counts: more than the largest difference of three
# colours, which is 3.
_PART_WEIGHT = 4.0

Array = NDArray[np.float64]
Places = NDArray[np.intp]


@dataclass(frozen=True, slots=True, eq=False)
class Motion:
    """The motion from frame i−1 to frame i, and where it can be trusted.

    `flow` holds forward and backward flow, `mask` the reliability c of the backward flow on
    frame i's grid. `is_cut` is True if frame i−1 does not explain frame i: a new shot begins.
    After a flash `source` is an earlier frame than i−1, and all else is between this and frame i.
    """

    flow: FlowPair
    mask: Mask
    is_cut: bool
    source: int


def carried_picture(painted: Image, motion: Motion, fresh: Image) -> Image:
    """The previous frame's picture along the flow, and `fresh` where the flow is not trusted.

    Images `(H, W, 3)`. Repeated linear warps blur strokes, repeated cubic warps sharpen them and
    leave flicker, so the result is the mean of both.
    """
    linear, cubic = (
        warp(painted, motion.flow.backward_flow, interpolation=interpolation)
        for interpolation in (Interpolation.LINEAR, Interpolation.CUBIC)
    )
    mask = motion.mask[:, :, np.newaxis]
    return mask * (np.float32(0.5) * (linear + cubic)) + (1 - mask) * fresh


def transfer_texture(
    content: Image,
    mask: Mask,
    source_content: Image,
    source_painting: Image,
    *,
    parts: Sequence[Mask] = (),
) -> Image:
    """`content` painted with patches of `source_painting` where `mask` is below ½.

    Each patch of `content` with an unreliable pixel is compared with all patches of
    `source_content` by the mean colours of its cells; unreliable cells count most. The patch of
    `source_painting` at the place of the nearest one is laid there, blended with its neighbours.

    Parameters
    ----------
    content : `(H, W, 3)` in [0, 1], the frame that is to be painted.
    mask : `(H, W)` in [0, 1], its reliability.
    source_content, source_painting : `(H, W, 3)`, the shot's first frame and its painting.
    parts : Masks `(H, W)` of the parts of both frames that are painted in different ways; a patch
        comes from the same part if there is one.

    Returns
    -------
    `(H, W, 3)`: `content` itself elsewhere, and everywhere if it is too small for patches.

    Raises
    ------
    ValueError : for pictures of other sizes or ranges.
    """
    check_mask(mask, like=check_image(content, "content"))
    for name, picture in (("source_content", source_content), ("source_painting", source_painting)):
        if check_image(picture, name).shape != content.shape:
            raise ValueError(f"{name}: must have the shape {content.shape}, has {picture.shape}")
    height, width = mask.shape
    side = max(_SMALLEST_PATCH, int(min(height, width) * _PATCH_SHARE) // _CELLS * _CELLS)
    if side > min(height, width):
        return content
    targets = [
        (y, x)
        for y in _grid(height, side, side * 3 // 4)
        for x in _grid(width, side, side * 3 // 4)
        if mask[y : y + side, x : x + side].min() < 0.5
    ]
    if not targets:
        return content
    channels = [np.sqrt(_PART_WEIGHT) * part[:, :, np.newaxis] for part in parts]
    content_channels = np.concatenate([content, *channels], axis=2)
    source_channels = np.concatenate([source_content, *channels], axis=2)
    stride = max(2, side // 6)
    sources = [(y, x) for y in _grid(height, side, stride) for x in _grid(width, side, stride)]
    chosen = _nearest(content_channels, mask, source_channels, targets, sources, side)
    return _lay(content, source_painting, targets, [sources[index] for index in chosen], side)


def _grid(length: int, side: int, step: int) -> list[int]:
    """Where patches start along one axis; the last one ends at the border."""
    return sorted({*range(0, length - side + 1, step), length - side})


def _nearest(
    content: NDArray,
    mask: Mask,
    source_content: NDArray,
    targets: list[tuple[int, int]],
    sources: list[tuple[int, int]],
    side: int,
) -> Places:
    """For each target the index of the source with the least Σ_cells w (t − s)²."""
    wanted = _cell_means(content, targets, side)
    offered = _cell_means(source_content, sources, side)
    unknown = np.repeat(1.0 - mask[:, :, np.newaxis], content.shape[2], axis=2)
    weight = _cell_means(unknown, targets, side) + _KNOWN_WEIGHT
    # The square is multiplied out; Σ w t² is the same for all sources.
    distances = weight @ (offered**2).T - 2 * (weight * wanted) @ offered.T
    return cast(Places, distances.argmin(axis=1))


def _cell_means(picture: NDArray, corners: list[tuple[int, int]], side: int) -> Array:
    """The mean of each cell of each patch, `(patches, cells² · channels)`, by summed areas."""
    height, width, channels = picture.shape
    sums = np.zeros((height + 1, width + 1, channels))
    sums[1:, 1:] = picture.cumsum(axis=0, dtype=np.float64).cumsum(axis=1)
    cell = side // _CELLS
    offsets = np.arange(_CELLS) * cell
    places = np.asarray(corners)
    top = places[:, 0, np.newaxis, np.newaxis] + offsets[:, np.newaxis]
    left = places[:, 1, np.newaxis, np.newaxis] + offsets[np.newaxis, :]
    bottom, right = top + cell, left + cell
    total = sums[bottom, right] - sums[top, right] - sums[bottom, left] + sums[top, left]
    return cast(Array, total.reshape(len(corners), -1) / cell**2)


def _lay(
    content: Image,
    painting: Image,
    targets: list[tuple[int, int]],
    sources: list[tuple[int, int]],
    side: int,
) -> Image:
    """Lay patches of `painting` over `content`, blended linearly where they overlap."""
    distance = np.minimum(np.arange(1, side + 1), np.arange(side, 0, -1))
    ramp = np.minimum(distance / (side // 4 + 1), 1.0)
    window = (ramp[:, np.newaxis] * ramp[np.newaxis, :])[:, :, np.newaxis]
    paint = np.zeros(content.shape)
    weight = np.zeros((*content.shape[:2], 1))
    for (y, x), (from_y, from_x) in zip(targets, sources, strict=True):
        here = np.s_[y : y + side, x : x + side]
        paint[here] += window * painting[from_y : from_y + side, from_x : from_x + side]
        weight[here] += window
    laid = np.divide(paint, weight, out=content.astype(np.float64), where=weight > 0)
    return np.clip(laid, 0.0, 1.0).astype(np.float32)
