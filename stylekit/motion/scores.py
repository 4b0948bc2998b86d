"""Flow and masks compared with the truth: end-point errors, precision and recall."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..arrays import BoolMask, Flow, Mask, check_flow, check_mask
from ..media.opencv import cv2
from .masks import (
    SUNDARAM,
    Thresholds,
    consistency_mask,
    disocclusion,
    motion_boundary,
    out_of_frame,
    reliable_share,
)
from .truth import Truth

# KITTI 2015 (Menze and Geiger 2015): a vector is wrong if its error exceeds both.
FL_PIXELS = 3.0
FL_SHARE = 0.05

# "Trusted but wrong" means off by more than this: a visible step in a warped texture.
WRONG_PIXELS = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class MaskScores:
    """How well an estimated mask finds a true one: see `mask_scores`. All in [0, 1]."""

    precision: float
    recall: float
    f1: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class MaskComparison:
    """Where an estimated mask and a true one agree: see `compare_masks`. Each bool `(H, W)`."""

    found: BoolMask
    missed: BoolMask
    false: BoolMask


@dataclass(frozen=True, slots=True, kw_only=True)
class MotionScores:
    """How good a flow and the mask made from it are: see `motion_scores`.

    `endpoint_error` is in pixels, all else in [0, 1]. `union` scores disocclusion and motion
    boundary as one mask, which is what the temporal loss sees.
    """

    endpoint_error: float
    fl_all: float
    disocclusion: MaskScores
    boundary: MaskScores
    union: MaskScores
    reliable: float
    trusted_but_wrong: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PrecisionRecall:
    """A curve from `precision_recall`: three arrays of equal length, thresholds rising."""

    thresholds: NDArray[np.float64]
    precision: NDArray[np.float64]
    recall: NDArray[np.float64]


def motion_scores(
    flow: Flow,
    reverse: Flow,
    truth: Truth,
    *,
    thresholds: Thresholds = SUNDARAM,
    mask: Mask | None = None,
    tolerance: int = 1,
) -> MotionScores:
    """Flow, both tests and the mask of one pair of frames against the truth.

    Pixels whose truth is not known are left out. What leaves the frame belongs to the
    disocclusion, in the estimate as in the truth.

    Parameters
    ----------
    flow, reverse : `(H, W, 2)`, in pixels: on the grid of `truth`, and the flow the other way.
    truth : what is true of this pair of frames.
    thresholds : the numbers of the two tests.
    mask : `(H, W)`, the reliability that is judged; the paper's if left out.
    tolerance : in pixels, as in `mask_scores`.
    """
    if mask is None:
        mask = consistency_mask(flow, reverse, thresholds=thresholds)
    known = truth.known
    hidden = disocclusion(flow, reverse, thresholds=thresholds) | out_of_frame(flow)
    boundary = motion_boundary(flow, thresholds=thresholds)

    def scores(estimate: BoolMask, true: BoolMask) -> MaskScores:
        return mask_scores(estimate & known, true & known, tolerance=tolerance)

    return MotionScores(
        endpoint_error=endpoint_error(flow, truth.flow, where=known),
        fl_all=fl_all(flow, truth.flow, where=known),
        disocclusion=scores(hidden, truth.disocclusion),
        boundary=scores(boundary, truth.motion_boundary),
        union=scores(hidden | boundary, truth.disocclusion | truth.motion_boundary),
        reliable=reliable_share(mask),
        trusted_but_wrong=trusted_but_wrong(mask * known, flow, truth.flow),
    )


def endpoint_error_map(flow: Flow, true_flow: Flow) -> NDArray[np.float32]:
    """The length of `flow − true_flow` at each pixel, in pixels: float32 `(H, W)`."""
    check_flow(flow)
    check_flow(true_flow, "true_flow", like=flow)
    return np.asarray(np.hypot(*np.moveaxis(flow - true_flow, 2, 0)), np.float32)


def endpoint_error(flow: Flow, true_flow: Flow, *, where: BoolMask | None = None) -> float:
    """Mean end-point error in pixels, over the pixels `where` is True (Baker et al. 2011, §4.1)."""
    return _mean(endpoint_error_map(flow, true_flow), where)


def fl_all(flow: Flow, true_flow: Flow, *, where: BoolMask | None = None) -> float:
    """The share of vectors that are off by over 3 pixels and over 5 % of the true motion, 0…1.

    It is the outlier measure of KITTI 2015 (Menze and Geiger 2015), printed there in per cent.
    """
    error = endpoint_error_map(flow, true_flow)
    length = np.hypot(true_flow[..., 0], true_flow[..., 1])
    return _mean((error > FL_PIXELS) & (error > FL_SHARE * length), where)


def trusted_but_wrong(mask: Mask, flow: Flow, true_flow: Flow) -> float:
    """The share of the reliable area, 0…1, whose flow is off by more than a pixel.

    Σ_p c_p [‖ŵ_p − w_p‖ > 1] / Σ_p c_p; 0 if nothing is trusted. It measures the harm to a
    result, because the temporal loss pulls these pixels towards the wrong place.
    """
    check_mask(mask, like=flow)
    wrong = endpoint_error_map(flow, true_flow) > WRONG_PIXELS
    area = float(mask.sum(dtype=np.float64))
    return float(mask[wrong].sum(dtype=np.float64)) / area if area > 0 else 0.0


def mask_scores(estimate: BoolMask, truth: BoolMask, *, tolerance: int = 1) -> MaskScores:
    """Precision, recall and F1 of a boolean mask `(H, W)` against a true one.

    A pixel is right if the other mask has one at most `tolerance` pixels away, in x and in y.
    Precision is the share of `estimate` near `truth`, recall the share of `truth` near `estimate`,
    F1 their harmonic mean (the boundary measure of Martin et al. 2004, with a square
    neighbourhood). The precision of an empty estimate and the recall of an empty truth are 1.

    Examples
    --------
    >>> truth, estimate = np.eye(4, dtype=bool), np.zeros((4, 4), bool)
    >>> estimate[0, 0] = True
    >>> mask_scores(estimate, truth, tolerance=0)
    MaskScores(precision=1.0, recall=0.25, f1=0.4)
    """
    found = compare_masks(estimate, truth, tolerance=tolerance).found
    precision = float(found[estimate].mean()) if estimate.any() else 1.0
    recall = float(found[truth].mean()) if truth.any() else 1.0
    total = precision + recall
    f1 = 2 * precision * recall / total if total > 0 else 0.0
    return MaskScores(precision=precision, recall=recall, f1=f1)


def compare_masks(estimate: BoolMask, truth: BoolMask, *, tolerance: int = 1) -> MaskComparison:
    """The pixels of two boolean masks `(H, W)`, sorted as `mask_scores` counts them.

    - `found`: in either mask, at most `tolerance` pixels in x and in y from one of the other mask
    - `missed`: only in `truth`
    - `false`: only in `estimate`

    Precision is the found share of `estimate`, recall the found share of `truth`.
    Raises ValueError if the masks are not boolean or differ in size, or `tolerance` is negative.
    """
    if estimate.dtype != np.bool_ or truth.dtype != np.bool_:
        raise ValueError("estimate and truth: must be boolean")
    if estimate.shape != truth.shape or estimate.ndim != 2:
        raise ValueError(f"estimate {estimate.shape} and truth {truth.shape}: must both be (H, W)")
    if tolerance < 0:
        raise ValueError(f"tolerance: must be at least 0, is {tolerance}")
    near_truth, near_estimate = _grow(truth, tolerance), _grow(estimate, tolerance)
    return MaskComparison(
        found=(estimate & near_truth) | (truth & near_estimate),
        missed=truth & ~near_estimate,
        false=estimate & ~near_truth,
    )


def precision_recall(
    excess: NDArray[np.float32],
    truth: BoolMask,
    *,
    tolerance: int = 1,
    always: BoolMask | None = None,
) -> PrecisionRecall:
    """Precision and recall of `excess >= threshold` for every threshold, as `mask_scores`.

    The curve has at most a few hundred points, spread evenly over the ranks of the values.

    Parameters
    ----------
    excess : `(H, W)`, what a test compares with its offset (`consistency_excess`,
        `boundary_excess`).
    truth : bool `(H, W)`, what the test should find.
    tolerance : in pixels, as in `mask_scores`.
    always : bool `(H, W)`, pixels found at every threshold, such as those out of frame.
    """
    excess = np.asarray(excess, np.float32)
    if always is not None:
        excess = np.where(always, np.float32(np.inf), excess)
    near_truth = _grow(truth, tolerance)
    square = np.ones((2 * tolerance + 1, 2 * tolerance + 1), np.uint8)
    # A true pixel is found as soon as the highest value around it passes the threshold.
    highest = np.sort(cv2.dilate(excess, square)[truth])
    positive = np.sort(excess[excess > 0])
    thresholds = np.unique(positive[np.isfinite(positive)][:: max(1, positive.size // 300)])
    every, right = np.sort(excess.ravel()), np.sort(excess[near_truth])
    found = excess.size - np.searchsorted(every, thresholds)
    precision = (right.size - np.searchsorted(right, thresholds)) / np.maximum(found, 1)
    precision[found == 0] = 1.0
    recall = np.ones(len(thresholds))
    if highest.size:
        recall = (highest.size - np.searchsorted(highest, thresholds)) / highest.size
    return PrecisionRecall(
        thresholds=thresholds.astype(np.float64), precision=precision, recall=recall
    )


def _mean(values: NDArray, where: BoolMask | None) -> float:
    if where is not None:
        if where.shape != values.shape or not where.any():
            raise ValueError(f"where: must be {values.shape} with at least one True")
        values = values[where]
    return float(values.mean(dtype=np.float64))


def _grow(mask: BoolMask, radius: int) -> BoolMask:
    """`mask` widened by `radius` pixels to every side, corners included."""
    square = np.ones((2 * radius + 1, 2 * radius + 1), np.uint8)
    return np.asarray(cv2.dilate(mask.astype(np.uint8), square), np.bool_)
