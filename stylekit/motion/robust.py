"""A stricter mask than the papers': it also asks the two frames whether the flow explains them.

The papers' two tests miss flow that is wrong in both directions alike, which happens beside
moving edges. Three weak signs of it are multiplied, so that a pixel is doubted only where they
agree, and the most doubted pixels are given up until a budget of reliable area is spent.

With DIS it leaves at most half of what is trusted but wrong on every test scene at 512 pixels, on
most a tenth. Where more of the picture is wrong than the budget, as in the motorcycle pair, under
strong noise or with Farnebäck's flow, it cannot: there the flow is at fault.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from ..arrays import BoolMask, Flow, Image, Mask, check_flow, check_image
from ..errors import SettingsError
from ..media.opencv import cv2
from .flow import warp
from .masks import (
    RELIABLE,
    SUNDARAM,
    UNRELIABLE,
    Thresholds,
    consistency_error,
    softened,
    trust_map,
)

# How far, in pixels, flow that is wrong reaches from a jump: half of a patch of DIS.
JUMP_RADIUS = 4
# A single pixel's residual is mostly noise; over more than two, thin things are lost.
RESIDUAL_SIGMA = 1.0
# One step of an 8-bit picture: no residual is typical below it, or clean frames would be doubted.
RESIDUAL_FLOOR = 1 / 255
# Added to each sign, so that one that is zero does not silence the other two.
SIGN_FLOOR = 0.03
# Below it doubt finds little, and area is given up for nothing where the budget would still last.
DOUBT_LIMIT = 0.05
# The most that is given up beyond the papers' mask, as a share of the picture.
DOUBT_BUDGET = 0.05

# Halvings of the ranks: the budget is met to within 1/4096 of the pixels in doubt.
_SEARCH_STEPS = 12


def flow_doubt(flow: Flow, reverse: Flow, current: Image, previous: Image) -> NDArray[np.float32]:
    """How much speaks against `flow` at each pixel, float32 `(H, W)`, positive.

    `flow` and `reverse` `(H, W, 2)` are as everywhere in this package; `current` is the frame on
    whose grid `flow` lives, `previous` the other, both pictures `(H, W, 3)`. The doubt is

        (e + ε) (j + ε) (r / (r̃ + 1/255) + ε),   ε = 0.03

    - e = |w̃ + ŵ|, the way there and back in pixels (`consistency_error`);
    - j = √(range(û)² + range(v̂)²), how much the flow changes, in pixels, within the square of
      9 × 9 pixels around, where range is the largest value less the smallest;
    - r = G₁ * max over channels |current − warp(previous, ŵ)|, what the flow leaves
      unexplained, smoothed by a Gaussian of one pixel; r̃ is its median over the picture, so that
      noise or a change of light that is everywhere is no sign.
    """
    check_flow(flow)
    check_image(current, "current", like=flow)
    check_image(previous, "previous", like=flow)
    astray = consistency_error(flow, reverse)
    residual = np.abs(current - warp(previous, flow)).max(axis=2)
    residual = np.asarray(cv2.GaussianBlur(residual, (0, 0), RESIDUAL_SIGMA), np.float32)
    unexplained = residual / (np.median(residual) + np.float32(RESIDUAL_FLOOR))
    floor = np.float32(SIGN_FLOOR)
    return np.asarray((astray + floor) * (_jump(flow) + floor) * (unexplained + floor), np.float32)


def doubtful(
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
) -> BoolMask:
    """True where `robust_mask` mistrusts what all of the papers' tests let pass, `(H, W)`.

    It is the pixels of the highest `flow_doubt`, none below `limit`, as many as cost at most
    `budget` of the picture: mean(c) − mean(c') ≤ budget, with c the papers' mask and c' the one
    without them. Arguments and errors as in `robust_mask`.
    """
    trust = trust_map(flow, reverse, thresholds=thresholds, boundary=boundary, dilate=dilate)
    return _doubtful(
        trust,
        flow_doubt(flow, reverse, current, previous),
        smooth=smooth,
        limit=limit,
        budget=budget,
    )


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

    What is `doubtful` joins what the papers' tests reject before they are smoothed together; so
    the mask is nowhere higher than the papers', and its mean at most `budget` lower. `current`
    and `previous` are the frames as in `flow_doubt`, the other knobs those of
    `consistency_mask`. With a budget of 0 it is the papers' mask.

    Raises SettingsError on a knob out of range, ValueError if sizes differ.
    """
    trust = trust_map(flow, reverse, thresholds=thresholds, boundary=boundary, dilate=dilate)
    doubt = flow_doubt(flow, reverse, current, previous)
    rejected = _doubtful(trust, doubt, smooth=smooth, limit=limit, budget=budget)
    trust[rejected] = UNRELIABLE
    return softened(trust, smooth=smooth)


def _doubtful(
    trust: NDArray[np.float32],
    doubt: NDArray[np.float32],
    *,
    smooth: float,
    limit: float,
    budget: float,
) -> BoolMask:
    if not (math.isfinite(limit) and limit >= 0):
        raise SettingsError("limit", f"must be a number of at least 0, is {limit!r}")
    if not 0 <= budget <= 1:
        raise SettingsError("budget", f"must be a number from 0 to 1, is {budget!r}")
    open_to_doubt = (trust == RELIABLE) & (doubt > limit)
    ranked = np.sort(doubt[open_to_doubt])
    before = softened(trust, smooth=smooth).mean(dtype=np.float64)

    def above(rank: int) -> BoolMask:
        # Nothing is above the highest doubt: the last rank always fits the budget.
        return open_to_doubt & (doubt > ranked[rank])

    def fits(rejected: BoolMask) -> bool:
        left = softened(np.where(rejected, np.float32(UNRELIABLE), trust), smooth=smooth)
        return bool(before - left.mean(dtype=np.float64) <= budget)

    if not ranked.size or fits(open_to_doubt):
        return open_to_doubt
    # The cost rises with every pixel that is rejected, so bisection finds where it is spent.
    low, high = 0, ranked.size - 1
    for _ in range(_SEARCH_STEPS):
        middle = (low + high) // 2
        if fits(above(middle)):
            high = middle
        else:
            low = middle
    return above(high)


def _jump(flow: Flow) -> NDArray[np.float32]:
    """How much `flow` changes within `JUMP_RADIUS` pixels of each pixel, in pixels."""
    square = np.ones((2 * JUMP_RADIUS + 1, 2 * JUMP_RADIUS + 1), np.uint8)
    span = cv2.dilate(flow, square) - cv2.erode(flow, square)
    return np.asarray(np.hypot(span[..., 0], span[..., 1]), np.float32)
