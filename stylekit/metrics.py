"""Judging results: warping error of clips, end-point error of flow, precision of masks.

Everything here speaks NumPy. The style term as a distance lives with the network that it needs,
in `stylekit.stylization`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import zip_longest

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from .arrays import BoolMask, Flow, Image, Mask, check_flow, check_mask
from .flow import warp

__all__ = [
    "MaskScores",
    "WarpingError",
    "endpoint_error",
    "endpoint_error_map",
    "fl_all",
    "mask_scores",
    "trusted_but_wrong",
    "warping_error",
    "warping_error_map",
]

# KITTI 2015 (Menze and Geiger 2015): a vector is wrong if it errs by more than both.
FL_PIXELS = 3.0
FL_SHARE = 0.05

# "Trusted but wrong" counts from here: a pixel is a visible step in a warped texture.
WRONG_PIXELS = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class WarpingError:
    """How far a clip departs from its own motion: see `warping_error`.

    `mse` is the masked mean squared error in [0, 1], `rmse` its root, and `pixels` the number
    of reliable pixels it rests on, summed over all pairs. Both errors are NaN if `pixels` is 0.
    """

    mse: float
    rmse: float
    pixels: float


@dataclass(frozen=True, slots=True, kw_only=True)
class MaskScores:
    """How well an estimated mask finds a true one: see `mask_scores`. All in [0, 1]."""

    precision: float
    recall: float
    f1: float


def warping_error_map(frame: Image, previous: Image, flow: Flow) -> NDArray[np.float32]:
    """The squared warping error at each pixel, float32 `(H, W)` in [0, 1].

    1/3 Σ over channels of (frame − warp(previous, flow))², pictures `(H, W, 3)`, `flow` the
    backward flow on the grid of `frame`. It is not masked. Its root is in units of brightness.
    """
    if frame.shape != previous.shape:
        raise ValueError(f"previous: must have the shape {frame.shape}, has {previous.shape}")
    difference = frame - warp(previous, flow)
    return np.asarray(np.mean(difference * difference, axis=2), np.float32)


def warping_error(
    frames: Iterable[Image], backward_flows: Iterable[Flow], masks: Iterable[Mask]
) -> WarpingError:
    """How much a clip flickers: E_warp of Lai et al. 2018 ("Learning blind video temporal
    consistency", §4), the mean over neighbouring frames of

    Σ_p M_p ‖O_t(p) − warp(O_{t−1})(p)‖² / Σ_p M_p.

    N frames `(H, W, 3)` in [0, 1] go with N−1 backward flows (`backward_flows[k]` leads from
    frame k+1 to frame k) and N−1 masks, all of the input clip, so that every result is held
    against the same motion. Iterables are read one pair at a time. A pair whose mask is empty,
    as across a cut, does not count. Lower is steadier, but a blank clip scores 0: say the
    input clip's own error and the style distance beside it.

    Differs from the paper: ‖·‖² is the mean over the three channels, so that `rmse` is in the
    units of the picture, and M is the soft mask c itself, not a binary one.

    Raises ValueError if the numbers of frames, flows and masks or their sizes do not match.
    """
    errors: list[float] = []
    pixels = 0.0
    frame_iterator = iter(frames)
    previous = next(frame_iterator, None)
    if previous is None:
        raise ValueError("frames: give at least one")
    for frame, flow, mask in zip_longest(frame_iterator, backward_flows, masks):
        if frame is None or flow is None or mask is None:
            raise ValueError("backward_flows and masks: give one fewer of each than frames")
        squared = warping_error_map(frame, previous, flow)
        weight = check_mask(mask, like=squared).astype(np.float64)
        area = float(weight.sum())
        if area > 0:
            errors.append(float((weight * squared).sum()) / area)
            pixels += area
        previous = frame
    mse = sum(errors) / len(errors) if errors else math.nan
    return WarpingError(mse=mse, rmse=math.sqrt(mse), pixels=pixels)


def endpoint_error_map(flow: Flow, true_flow: Flow) -> NDArray[np.float32]:
    """The length of `flow − true_flow` at each pixel, in pixels: float32 `(H, W)`."""
    check_flow(flow)
    check_flow(true_flow, "true_flow", like=flow)
    return np.asarray(np.hypot(*np.moveaxis(flow - true_flow, 2, 0)), np.float32)


def endpoint_error(flow: Flow, true_flow: Flow, *, where: BoolMask | None = None) -> float:
    """Mean end-point error in pixels, over the pixels `where` is True (Baker et al. 2011, §4.1)."""
    return _mean(endpoint_error_map(flow, true_flow), where)


def fl_all(flow: Flow, true_flow: Flow, *, where: BoolMask | None = None) -> float:
    """The share of wrong vectors, 0…1: off by over 3 pixels and over 5 % of the true motion.

    The outlier measure of KITTI 2015 (Menze and Geiger 2015), which prints it in per cent.
    """
    error = endpoint_error_map(flow, true_flow)
    length = np.hypot(true_flow[..., 0], true_flow[..., 1])
    return _mean((error > FL_PIXELS) & (error > FL_SHARE * length), where)


def trusted_but_wrong(mask: Mask, flow: Flow, true_flow: Flow) -> float:
    """The share of the reliable area, 0…1, whose flow is off by more than a pixel.

    Σ_p c_p [‖ŵ_p − w_p‖ > 1] / Σ_p c_p; 0 if nothing is trusted. It is what harms a result:
    there the temporal loss pulls towards the wrong place.
    """
    check_mask(mask, like=flow)
    wrong = endpoint_error_map(flow, true_flow) > WRONG_PIXELS
    area = float(mask.sum(dtype=np.float64))
    return float(mask[wrong].sum(dtype=np.float64)) / area if area > 0 else 0.0


def mask_scores(estimate: BoolMask, truth: BoolMask, *, tolerance: int = 1) -> MaskScores:
    """Precision, recall and F1 of a boolean mask `(H, W)` against a true one.

    A pixel is right if the other mask has one at most `tolerance` pixels away, in x and in y:
    precision = share of `estimate` near `truth`, recall = share of `truth` near `estimate`,
    F1 = their harmonic mean (the boundary measure of Martin et al. 2004, with a square
    neighbourhood). What claims nothing has precision 1, what has nothing to find recall 1.
    """
    if estimate.dtype != np.bool_ or truth.dtype != np.bool_:
        raise ValueError("estimate and truth: must be boolean")
    if estimate.shape != truth.shape or estimate.ndim != 2:
        raise ValueError(f"estimate {estimate.shape} and truth {truth.shape}: must both be (H, W)")
    if tolerance < 0:
        raise ValueError(f"tolerance: must be at least 0, is {tolerance}")
    precision = float(_grow(truth, tolerance)[estimate].mean()) if estimate.any() else 1.0
    recall = float(_grow(estimate, tolerance)[truth].mean()) if truth.any() else 1.0
    total = precision + recall
    f1 = 2 * precision * recall / total if total > 0 else 0.0
    return MaskScores(precision=precision, recall=recall, f1=f1)


def _mean(values: NDArray, where: BoolMask | None) -> float:
    if where is not None:
        if where.shape != values.shape or not where.any():
            raise ValueError(f"where: must be {values.shape} with at least one True")
        values = values[where]
    return float(values.mean(dtype=np.float64))


def _grow(mask: BoolMask, radius: int) -> BoolMask:
    """`mask` widened by `radius` pixels to every side, corners included."""
    for axis in (0, 1):
        margin = [(0, 0), (0, 0)]
        margin[axis] = (radius, radius)
        windows = sliding_window_view(np.pad(mask, margin), 2 * radius + 1, axis=axis)
        mask = np.asarray(windows.any(axis=-1), np.bool_)
    return mask
