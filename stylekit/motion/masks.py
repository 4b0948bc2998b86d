"""The tests of optical flow, the masks c made from them, and the table of masks.

Sundaram, Brox and Keutzer 2010 define the two tests. Ruder, Dosovitskiy and Brox 2016 use them as
the weights of a temporal loss. Borders, the order of the tests and the smoothing follow the
consistency checker published with Ruder et al., so that the masks agree with its files.

To add a mask, write a `MaskFunction` and give it a row in `MASKS`, at the end of this file.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from ..arrays import BoolMask, Flow, Image, Mask, check_flow, check_image, check_mask
from ..errors import SettingsError
from ..media.opencv import cv2
from ..settings import Implementation, VideoSettings, function_of, name_of, tunable
from .flow import FlowPair, warp

# The checker's values before smoothing. Disocclusion is negative, so that after smoothing and
# clipping it has grown; a motion boundary stays thin.
RELIABLE, UNRELIABLE, DISOCCLUDED = 1.0, 0.0, -1.0

# Wrong flow reaches this far from a jump of the flow, in pixels: half of a patch of DIS.
JUMP_RADIUS = 4
# The residual of a single pixel is mostly noise; a wider Gaussian loses thin objects.
RESIDUAL_SIGMA = 1.0
# One step of an 8-bit picture, added to the median residual, or clean frames would be doubted.
RESIDUAL_OFFSET = 1 / 255
# Added to each sign of doubt, so that a single zero does not cancel the other two.
SIGN_OFFSET = 0.03
# Pixels with less doubt than this are rarely wrong; they are kept even if the budget would last.
DOUBT_LIMIT = 0.05
# The robust mask may reject this share of the picture beyond the paper's mask.
DOUBT_BUDGET = 0.05
# Each step of the bisection halves the ranks: 12 meet the budget to 1/4096 of the doubted pixels.
_BISECTION_STEPS = 12

_DISOCCLUSION_TEST = "Disocclusion: |w̃ + ŵ|² ≥ ratio · (|w̃|² + |ŵ|²) + offset"
_BOUNDARY_TEST = "Motion boundary: |∇û|² + |∇v̂|² > ratio · |ŵ|² + offset"


def _check_not_negative(name: str, value: float) -> None:
    if not (math.isfinite(value) and value >= 0):
        raise SettingsError(name, f"must be a number of at least 0, is {value!r}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Thresholds:
    """The four numbers of the two tests (Sundaram et al. 2010; Ruder et al. 2016, §4.2).

    A pixel fails if its squared error exceeds `ratio · squared motion + offset`, in pixels².
    Raises SettingsError on a negative number.
    """

    consistency_ratio: float = tunable(
        0.01, _DISOCCLUSION_TEST, low=0, label="disocclusion ratio", slider=(-4, 0)
    )
    consistency_offset: float = tunable(
        0.5, _DISOCCLUSION_TEST, low=0, label="disocclusion offset", slider=(-2.8, 1.7)
    )
    boundary_ratio: float = tunable(
        0.01, _BOUNDARY_TEST, low=0, label="boundary ratio", slider=(-4, 0)
    )
    boundary_offset: float = tunable(
        0.002, _BOUNDARY_TEST, low=0, label="boundary offset", slider=(-5.2, -0.2)
    )

    def __post_init__(self) -> None:
        for field in fields(self):
            _check_not_negative(field.name, getattr(self, field.name))


SUNDARAM = Thresholds()


def out_of_frame(flow: Flow) -> BoolMask:
    """True where `flow` points out of [0, W − 1] × [0, H − 1], so that nothing can be compared.

    Flow to the border is inside up to its rounding and that of the sum, each at most half of the
    spacing of float32 at W or H. Differs from the published checker, whose rule
    `floor(b) + 1 < size` has the last row and the last column of a still picture outside.
    """
    sides = np.array(check_flow(flow).shape[1::-1], np.float32)
    points = flow + np.indices(flow.shape[:2], np.float32)[::-1].transpose(1, 2, 0)
    inside = (points >= -np.spacing(sides)) & (points <= sides - 1 + np.spacing(sides))
    return np.asarray(~inside.all(axis=2), np.bool_)


def disocclusion(flow: Flow, reverse: Flow, *, thresholds: Thresholds = SUNDARAM) -> BoolMask:
    """True where the way along `flow` and back along `reverse` does not end where it began.

    With w̃ = `reverse` read linearly at p + ŵ(p): |w̃ + ŵ|² ≥ 0.01 (|w̃|² + |ŵ|²) + 0.5.
    Differs from the paper: ≥ for >, as the published checker does.

    Parameters
    ----------
    flow, reverse : `(H, W, 2)`, in pixels; see the package for their grids.
    thresholds : the ratio and the offset of the test.

    Returns
    -------
    bool `(H, W)`, True = do not trust. False where `out_of_frame` is True.

    References
    ----------
    Sundaram, Brox and Keutzer 2010; Ruder, Dosovitskiy and Brox 2016, §4.2.
    """
    error, motion = _round_trip(flow, reverse)
    fails = error >= thresholds.consistency_ratio * motion + thresholds.consistency_offset
    return fails & ~out_of_frame(flow)


def consistency_excess(
    flow: Flow, reverse: Flow, *, thresholds: Thresholds = SUNDARAM
) -> NDArray[np.float32]:
    """What the disocclusion test compares with `consistency_offset`, in pixels², `(H, W)`.

    |w̃ + ŵ|² − 0.01 (|w̃|² + |ŵ|²), as in `disocclusion`; −∞ where the flow leaves the frame.
    `precision_recall` draws a whole curve from it.
    """
    error, motion = _round_trip(flow, reverse)
    excess = error - thresholds.consistency_ratio * motion
    excess[out_of_frame(flow)] = -np.inf
    return np.asarray(excess, np.float32)


def consistency_error(flow: Flow, reverse: Flow) -> NDArray[np.float32]:
    """The distance |w̃ + ŵ| between a pixel and the end of its way there and back, in pixels."""
    return np.asarray(np.sqrt(_round_trip(flow, reverse)[0]), np.float32)


def motion_boundary(flow: Flow, *, thresholds: Thresholds = SUNDARAM) -> BoolMask:
    """True where `flow` changes abruptly, because estimated flow is blurred at moving edges.

    |∇û|² + |∇v̂|² > 0.01 |ŵ|² + 0.002, with central differences and mirrored borders. Later work
    of the same authors (Ruder et al. 2018) trusts these pixels.

    `(H, W, 2)` in, `(H, W)` out, True = do not trust (Sundaram et al. 2010; Ruder et al. 2016,
    §4.2).
    """
    limit = thresholds.boundary_ratio * _squared_length(flow) + thresholds.boundary_offset
    return np.asarray(_squared_gradient(flow) > limit, np.bool_)


def boundary_excess(flow: Flow, *, thresholds: Thresholds = SUNDARAM) -> NDArray[np.float32]:
    """What the boundary test compares with `boundary_offset`: |∇û|² + |∇v̂|² − 0.01 |ŵ|²."""
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
    """The reliability c of `flow` by the paper's two tests.

    Parameters
    ----------
    flow, reverse : `(H, W, 2)`, in pixels: from the judged frame to the other one, and back.
    thresholds : the numbers of the two tests.
    smooth : σ in pixels of the Gaussian that smooths the mask; 0 gives a binary mask.
    boundary : also reject motion boundaries.
    dilate : grow the disocclusion by this many pixels first.

    Returns
    -------
    float32 `(H, W)` in [0, 1]: 0 where the flow leaves the frame, is disoccluded or lies at a
    motion boundary, 1 elsewhere, then smoothed. 255 times it, rounded down, is the checker's file.

    Raises
    ------
    SettingsError : if `smooth` or `dilate` is negative.

    References
    ----------
    Ruder, Dosovitskiy and Brox 2016, "Artistic style transfer for videos", §4.2.

    Examples
    --------
    >>> to_the_right = np.full((4, 4, 2), (1.0, 0.0), np.float32)
    >>> consistency_mask(to_the_right, -to_the_right, smooth=0)[0].tolist()
    [1.0, 1.0, 1.0, 0.0]
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
    hidden = disocclusion(flow, reverse, thresholds=thresholds)
    if dilate:
        hidden = cv2.dilate(hidden.astype(np.uint8), _square(dilate)).astype(np.bool_)
    trust = np.full(flow.shape[:2], RELIABLE, np.float32)
    if boundary:
        trust[motion_boundary(flow, thresholds=thresholds)] = UNRELIABLE
    trust[hidden] = DISOCCLUDED
    # Last, because no other test applies where the flow leaves the frame.
    trust[out_of_frame(flow)] = UNRELIABLE
    return trust


def softened(trust: NDArray[np.float32], *, smooth: float) -> Mask:
    """The mask of a `trust_map`: a Gaussian of `smooth` pixels (0: none), clipped into [0, 1]."""
    _check_not_negative("smooth", smooth)
    if smooth:
        # Three sigma each way, in whole pixels: 5 taps for 0.8.
        taps = 2 * max(1, int(3 * smooth)) + 1
        blurred = cv2.GaussianBlur(trust, (taps, taps), smooth, borderType=cv2.BORDER_REFLECT)
        trust = np.asarray(blurred, np.float32)
    return np.clip(trust, 0.0, 1.0)


def flow_doubt(flow: Flow, reverse: Flow, current: Image, previous: Image) -> NDArray[np.float32]:
    """The doubt about `flow` at each pixel, float32 `(H, W)`, positive.

    Three weak signs of wrong flow are multiplied, so that the doubt is large only where they
    agree: (e + ε) (j + ε) (r / (r̃ + 1/255) + ε), with ε = 0.03.

    - e = |w̃ + ŵ|, the `consistency_error` in pixels;
    - j = √(range(û)² + range(v̂)²), in pixels, where range is the largest value minus the smallest
      within the 9 × 9 pixels around;
    - r = max over channels |current − warp(previous, ŵ)|, smoothed by a Gaussian of one pixel.
      It is divided by its median r̃ over the picture, so that noise or a change of light
      everywhere causes no doubt.

    `current` `(H, W, 3)` is the frame on the grid of `flow`, `previous` the other frame.
    """
    check_flow(flow)
    check_image(current, "current", like=flow)
    check_image(previous, "previous", like=flow)
    residual = np.abs(current - warp(previous, flow)).max(axis=2)
    residual = np.asarray(cv2.GaussianBlur(residual, (0, 0), RESIDUAL_SIGMA), np.float32)
    square = _square(JUMP_RADIUS)
    span = cv2.dilate(flow, square) - cv2.erode(flow, square)
    jump = np.asarray(np.hypot(span[..., 0], span[..., 1]), np.float32)
    unexplained = residual / (np.median(residual) + np.float32(RESIDUAL_OFFSET))
    offset = np.float32(SIGN_OFFSET)
    doubt = (consistency_error(flow, reverse) + offset) * (jump + offset) * (unexplained + offset)
    return np.asarray(doubt, np.float32)


def doubtful(
    trust: NDArray[np.float32],
    doubt: NDArray[np.float32],
    *,
    smooth: float = 0.8,
    limit: float = DOUBT_LIMIT,
    budget: float = DOUBT_BUDGET,
) -> BoolMask:
    """The reliable pixels of a `trust_map` that `robust_mask` rejects: True where, `(H, W)`.

    These are the pixels of the highest `flow_doubt`, all above `limit`, as many as lower the mean
    of the mask by at most `budget`.
    """
    _check_not_negative("limit", limit)
    if not 0 <= budget <= 1:
        raise SettingsError("budget", f"must be a number from 0 to 1, is {budget!r}")
    candidates = (trust == RELIABLE) & (doubt > limit)
    ranked = np.sort(doubt[candidates])
    before = softened(trust, smooth=smooth).mean(dtype=np.float64)

    def above(rank: int) -> BoolMask:
        # Nothing is above the highest doubt, so the last rank always fits the budget.
        return candidates & (doubt > ranked[rank])

    def fits(rejected: BoolMask) -> bool:
        left = softened(np.where(rejected, np.float32(UNRELIABLE), trust), smooth=smooth)
        return bool(before - left.mean(dtype=np.float64) <= budget)

    if not ranked.size or fits(candidates):
        return candidates
    # Every rejected pixel lowers the mean, so bisection finds the rank that meets the budget.
    low, high = 0, ranked.size - 1
    for _ in range(_BISECTION_STEPS):
        middle = (low + high) // 2
        low, high = (low, middle) if fits(above(middle)) else (middle, high)
    return above(high)


def robust_mask(
    flow: Flow,
    reverse: Flow,
    current: Image,
    previous: Image,
    *,
    thresholds: Thresholds = SUNDARAM,
    smooth: float = 0.8,
    boundary: bool = True,
    dilate: int = 0,
    limit: float = DOUBT_LIMIT,
    budget: float = DOUBT_BUDGET,
) -> Mask:
    """`consistency_mask` without its most doubtful pixels: float32 `(H, W)`, 1 = reliable.

    The paper's two tests miss flow that is wrong in both directions alike, as it is beside moving
    edges. This mask also asks whether the flow explains the frames, see `flow_doubt`. It is
    nowhere higher than the paper's, and its mean is at most `budget` lower.

    With DIS it leaves at most half of the trusted but wrong area on every test scene at 512
    pixels, on most a tenth. If more of the picture is wrong than the budget (the motorcycle pair,
    strong noise, Farnebäck's flow), a better flow is needed instead.

    Parameters
    ----------
    flow, reverse, thresholds, smooth, boundary, dilate : as in `consistency_mask`.
    current, previous : `(H, W, 3)`, the frame on the grid of `flow` and the other frame.
    limit : pixels with less `flow_doubt` than this are kept.
    budget : the largest share of the picture, 0…1, that is rejected beyond the paper's mask.

    Raises
    ------
    SettingsError : if a number is out of range.
    ValueError : if sizes differ.
    """
    trust = trust_map(flow, reverse, thresholds=thresholds, boundary=boundary, dilate=dilate)
    doubt = flow_doubt(flow, reverse, current, previous)
    trust[doubtful(trust, doubt, smooth=smooth, limit=limit, budget=budget)] = UNRELIABLE
    return softened(trust, smooth=smooth)


def long_term_masks(masks: Sequence[Mask]) -> list[Mask]:
    """Divide each pixel among several earlier frames: the nearest frame that shows it counts.

    c_long^(i−j, i) = max(c^(i−j, i) − Σ c^(i−k, i) over the nearer frames k < j, 0), with the
    original masks in the sum (Ruder et al. 2016, §4.3). `masks` are the c^(i−j, i), each `(H, W)`,
    nearest frame first, as is the result. Raises ValueError if there are none or sizes differ.
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
    """The reliable share of the picture, 0…1: the mean of the mask. It collapses at a cut."""
    return float(check_mask(mask).mean(dtype=np.float64))


class MaskMethod(StrEnum):
    """Names of rows of `MASKS`: the paper's two tests alone, or with `flow_doubt`."""

    PAPER = "paper"
    ROBUST = "robust"


class MaskFunction(Protocol):
    """The reliability of `backward`, the flow from `current` to `previous`: float32 `(H, W)`.

    `forward` is the flow the other way. With `boundary`, motion boundaries are not trusted either;
    `dilate` grows the disocclusion by this many pixels.
    """

    def __call__(
        self,
        backward: Flow,
        forward: Flow,
        current: Image,
        previous: Image,
        /,
        *,
        boundary: bool,
        dilate: int,
    ) -> Mask:
        """The mask, 1 = reliable."""
        ...


MaskRow = Implementation[MaskFunction]
"""A row of `MASKS`."""

MASKS: dict[str, MaskRow] = {
    "paper": MaskRow(
        "the paper's",
        lambda backward, forward, _current, _previous, /, *, boundary, dilate: consistency_mask(
            backward, forward, boundary=boundary, dilate=dilate
        ),
    ),
    "robust": MaskRow("robust", robust_mask, help="doubts more of the flow"),
}
"""Every mask by its name in settings, files and on the command line."""


def mask_of(flow: FlowPair, current: Image, previous: Image, settings: VideoSettings) -> Mask:
    """The reliability c of the backward flow by the method that the settings name, `(H, W)`.

    `flow` leads between the frames `current` and `previous`, each `(H, W, 3)`. Raises
    SettingsError if `MASKS` has no such name, ValueError if the method's result is no mask.
    """
    function = function_of("mask", MASKS, settings.mask)
    mask = function(
        flow.backward_flow,
        flow.forward_flow,
        current,
        previous,
        boundary=settings.motion_boundary,
        dilate=settings.dilate,
    )
    return check_mask(mask, f"mask of {name_of(settings.mask)}", like=current)


def _round_trip(flow: Flow, reverse: Flow) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """|w̃ + ŵ|² and |w̃|² + |ŵ|², in pixels²."""
    check_flow(flow)
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


def _square(radius: int) -> NDArray[np.uint8]:
    return np.ones((2 * radius + 1, 2 * radius + 1), np.uint8)
