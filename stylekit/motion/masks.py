"""The papers' tests of flow, and the mask c that they make together.

Sources: Sundaram, Brox and Keutzer 2010 (the two tests), Ruder, Dosovitskiy and Brox 2016
(their use as weights of a temporal loss). The conventions at borders, the order of the tests
and the smoothing are those of the consistency checker published with Ruder et al., so that
masks agree with its files.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from ..arrays import BoolMask, Flow, Mask, check_flow, check_mask
from ..errors import SettingsError
from ..media.opencv import cv2
from .flow import warp

# What the checker writes before it smooths: doubt about disocclusion is negative, so that
# after smoothing and clipping it has spread outward; a motion boundary stays thin.
RELIABLE, UNRELIABLE, DISOCCLUDED = 1.0, 0.0, -1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Thresholds:
    """The four numbers of the two tests, from Sundaram et al. 2010 and Ruder et al. 2016, §4.2.

    A pixel fails if its squared error exceeds `ratio · squared motion + offset` (pixels²).
    Raises SettingsError on a negative number.
    """

    consistency_ratio: float = 0.01
    consistency_offset: float = 0.5
    boundary_ratio: float = 0.01
    boundary_offset: float = 0.002

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if not (math.isfinite(value) and value >= 0):
                raise SettingsError(field.name, f"must be a number of at least 0, is {value!r}")


SUNDARAM = Thresholds()


def out_of_frame(flow: Flow) -> BoolMask:
    """True where `flow` points out of the picture: no pixel there to be compared with.

    A point counts as inside if all four pixels around it exist, the checker's rule
    (`floor(b) + 1 < size`); so under zero flow the last row and column count as outside.
    """
    check_flow(flow)
    height, width = flow.shape[:2]
    x = np.floor(np.arange(width, dtype=np.float32) + flow[..., 0])
    y = np.floor(np.arange(height, dtype=np.float32)[:, None] + flow[..., 1])
    inside = (x >= 0) & (x + 1 < width) & (y >= 0) & (y + 1 < height)
    return ~inside


def disocclusion(flow: Flow, reverse: Flow, *, thresholds: Thresholds = SUNDARAM) -> BoolMask:
    """True where going along `flow` and back along `reverse` does not lead home.

    With w̃ = `reverse` read linearly at p + ŵ(p): |w̃ + ŵ|² ≥ 0.01 (|w̃|² + |ŵ|²) + 0.5
    (Sundaram et al. 2010; Ruder et al. 2016, §4.2). False where the flow leaves the
    frame, since nothing can be compared there: see `out_of_frame`. Both `(H, W, 2)`; the
    result is `(H, W)`, True = do not trust.

    Differs from the paper: ≥ for >, as the published checker does.
    """
    outside = out_of_frame(flow)
    error, motion = _there_and_back(flow, reverse)
    fails = error >= thresholds.consistency_ratio * motion + thresholds.consistency_offset
    return fails & ~outside


def consistency_excess(
    flow: Flow, reverse: Flow, *, thresholds: Thresholds = SUNDARAM
) -> NDArray[np.float32]:
    """What the disocclusion test compares with `consistency_offset`, in pixels², `(H, W)`.

    |w̃ + ŵ|² − 0.01 (|w̃|² + |ŵ|²), as in `disocclusion`; −∞ where the flow leaves the frame.
    From it a whole precision-recall curve can be drawn at once.
    """
    error, motion = _there_and_back(flow, reverse)
    excess = error - thresholds.consistency_ratio * motion
    excess[out_of_frame(flow)] = -np.inf
    return np.asarray(excess, np.float32)


def consistency_error(flow: Flow, reverse: Flow) -> NDArray[np.float32]:
    """How far from home `flow` and then `reverse` lead, |w̃ + ŵ| in pixels, float32 `(H, W)`."""
    return np.asarray(np.sqrt(_there_and_back(flow, reverse)[0]), np.float32)


def motion_boundary(flow: Flow, *, thresholds: Thresholds = SUNDARAM) -> BoolMask:
    """True where `flow` changes abruptly: estimated flow is soft at the edges of what moves.

    |∇û|² + |∇v̂|² > 0.01 |ŵ|² + 0.002 (Sundaram et al. 2010; Ruder et al. 2016, §4.2),
    with central differences and mirrored borders. `(H, W, 2)` in, `(H, W)` out, True = do not
    trust. Later work of the same laboratory (Ruder et al. 2018) trusts these pixels.
    """
    gradient = _squared_gradient(flow)
    limit = thresholds.boundary_ratio * _squared_length(flow) + thresholds.boundary_offset
    return np.asarray(gradient > limit, np.bool_)


def boundary_excess(flow: Flow, *, thresholds: Thresholds = SUNDARAM) -> NDArray[np.float32]:
    """What the boundary test compares with `boundary_offset`, `(H, W)`.

    |∇û|² + |∇v̂|² − 0.01 |ŵ|², as in `motion_boundary`.
    """
    excess = _squared_gradient(flow) - thresholds.boundary_ratio * _squared_length(flow)
    return np.asarray(excess, np.float32)


def consistency_mask(
    flow: Flow,
    reverse: Flow,
    *,
    thresholds: Thresholds = SUNDARAM,
    smooth: float = 0.8,
    boundary: bool = True,
    dilate: int = 0,
) -> Mask:
    """How far each pixel's flow can be trusted: the weight c of Ruder et al. 2016, §4.2.

    0 where the flow leaves the frame, is disoccluded or (with `boundary`) at a motion boundary,
    1 elsewhere; then smoothed by a Gaussian of `smooth` pixels (0: binary) and clipped into
    [0, 1]. `dilate` grows the disocclusion by so many pixels first. `(H, W, 2)` twice in,
    float32 `(H, W)` out. 255 times the mask, rounded down, is the checker's file.
    """
    trust = trust_map(flow, reverse, thresholds=thresholds, boundary=boundary, dilate=dilate)
    return softened(trust, smooth=smooth)


def trust_map(
    flow: Flow,
    reverse: Flow,
    *,
    thresholds: Thresholds = SUNDARAM,
    boundary: bool = True,
    dilate: int = 0,
) -> NDArray[np.float32]:
    """What `consistency_mask` smooths: 1 reliable, 0 boundary or out of frame, −1 disoccluded."""
    if dilate < 0:
        raise SettingsError("dilate", f"must be a whole number of at least 0, is {dilate!r}")
    disoccluded = disocclusion(flow, reverse, thresholds=thresholds)
    if dilate:
        square = np.ones((2 * dilate + 1, 2 * dilate + 1), np.uint8)
        disoccluded = cv2.dilate(disoccluded.astype(np.uint8), square).astype(np.bool_)
    trust = np.full(flow.shape[:2], RELIABLE, np.float32)
    if boundary:
        trust[motion_boundary(flow, thresholds=thresholds)] = UNRELIABLE
    trust[disoccluded] = DISOCCLUDED
    # Last, because where the flow leaves the frame no other test applies.
    trust[out_of_frame(flow)] = UNRELIABLE
    return trust


def softened(trust: NDArray[np.float32], *, smooth: float) -> Mask:
    """The mask of a `trust_map`: a Gaussian of `smooth` pixels (0: none), clipped into [0, 1]."""
    if not (math.isfinite(smooth) and smooth >= 0):
        raise SettingsError("smooth", f"must be a number of at least 0, is {smooth!r}")
    if smooth:
        # Three sigma each way, whole pixels: 5 taps for 0.8.
        taps = 2 * max(1, int(3 * smooth)) + 1
        trust = np.asarray(
            cv2.GaussianBlur(trust, (taps, taps), smooth, borderType=cv2.BORDER_REFLECT),
            np.float32,
        )
    return np.clip(trust, 0.0, 1.0)


def long_term_masks(masks: Sequence[Mask]) -> list[Mask]:
    """Share each pixel out among several earlier frames: the nearest that sees it counts.

    `masks` are the consistency masks c^(i−j, i) of the offsets j, nearest frame first, each
    `(H, W)`; the result is in the same order:
    c_long^(i−j, i) = max(c^(i−j, i) − Σ c^(i−k, i) over the nearer frames k < j, 0)
    (Ruder et al. 2016, §4.3). The masks that are subtracted are the original ones, as in the
    equation. Raises ValueError if there are none or their sizes differ.
    """
    if not masks:
        raise ValueError("masks: give at least one, nearest frame first")
    nearer = np.zeros_like(masks[0])
    reduced = []
    for offset_index, mask in enumerate(masks):
        check_mask(mask, f"masks[{offset_index}]", like=masks[0])
        reduced.append(np.maximum(mask - nearer, np.float32(0.0)))
        nearer = nearer + mask
    return reduced


def reliable_share(mask: Mask) -> float:
    """The share of the picture that can be trusted, 0…1: the mean of the mask.

    It collapses where two frames do not belong together, which is how cuts are found.
    """
    return float(check_mask(mask).mean(dtype=np.float64))


def _there_and_back(flow: Flow, reverse: Flow) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """The squared distance from home, and the squared length of the way."""
    check_flow(reverse, "reverse", like=flow)
    back = warp(reverse, flow)
    return _squared_length(back + flow), _squared_length(back) + _squared_length(flow)


def _squared_gradient(flow: Flow) -> NDArray[np.float32]:
    """|∇û|² + |∇v̂|² by central differences with mirrored borders."""
    check_flow(flow)
    padded = np.pad(flow, ((1, 1), (1, 1), (0, 0)), mode="symmetric")
    along_x = 0.5 * (padded[1:-1, 2:] - padded[1:-1, :-2])
    along_y = 0.5 * (padded[2:, 1:-1] - padded[:-2, 1:-1])
    return _squared_length(along_x) + _squared_length(along_y)


def _squared_length(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.asarray(vectors[..., 0] ** 2 + vectors[..., 1] ** 2, np.float32)
