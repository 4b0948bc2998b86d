"""The warping error, which measures the flicker of a clip."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import tee, zip_longest

import numpy as np
from numpy.typing import NDArray

from ..arrays import Flow, Image, Mask, check_mask
from .flow import warp
from .truth import Truth


@dataclass(frozen=True, slots=True, kw_only=True)
class WarpingError:
    """How much a clip changes along its own motion: see `warping_error`.

    `mse` is the masked mean squared error in [0, 1], `rmse` its root, and `pixels` the number of
    reliable pixels behind it, summed over all pairs. Both errors are NaN if `pixels` is 0.
    """

    mse: float
    rmse: float
    pixels: float


def warping_error_map(frame: Image, previous: Image, flow: Flow) -> NDArray[np.float32]:
    """The squared warping error at each pixel, float32 `(H, W)` in [0, 1].

    1/3 Σ over channels of (frame − warp(previous, flow))², not masked. The pictures are
    `(H, W, 3)`, `flow` is the backward flow on the grid of `frame`. The root of the error is in
    units of brightness.
    """
    if frame.shape != previous.shape:
        raise ValueError(f"previous: must have the shape {frame.shape}, has {previous.shape}")
    difference = frame - warp(previous, flow)
    return np.asarray(np.mean(difference * difference, axis=2), np.float32)


def warping_error(
    frames: Iterable[Image],
    backward_flows: Iterable[Flow],
    masks: Iterable[Mask] | None,
) -> WarpingError:
    """How much a clip flickers: the E_warp of Lai et al. 2018, the mean over neighbouring frames of

    Σ_p M_p ‖O_t(p) − warp(O_{t−1})(p)‖² / Σ_p M_p.

    Lower is steadier, but a blank clip scores 0, and a blurred one little: also report the error of
    the input clip, the style distance and the sharpness (`stylekit.image.detail`). Along the
    flow and under the mask that a clip was painted with, what is wrong in the flow is not seen, and
    what the mask leaves out is not counted; see `exact_warping_error`. A pair whose mask is empty,
    as across a cut, does not count.
    Differs from the paper: ‖·‖² is the mean over the three channels, so that `rmse` is in the
    units of the picture, and M is the soft mask c itself, not a binary one.

    Parameters
    ----------
    frames : N pictures `(H, W, 3)` in [0, 1]. All three are read one pair at a time.
    backward_flows : N−1 flows `(H, W, 2)` of the input clip, from frame k+1 to frame k.
    masks : N−1 masks `(H, W)` of the input clip. None counts every pixel, as Bonneel et al. 2015
        do; newly visible pixels are then compared with what covered them.

    Raises
    ------
    ValueError : if the numbers of frames, flows and masks or their sizes do not match.

    References
    ----------
    Lai et al. 2018, "Learning blind video temporal consistency", §4.
    Bonneel et al. 2015, "Blind video temporal consistency".

    Examples
    --------
    >>> frames = [np.full((4, 4, 3), grey, np.float32) for grey in (0.5, 0.75)]
    >>> warping_error(frames, [np.zeros((4, 4, 2), np.float32)], None).rmse
    0.25
    """
    errors: list[float] = []
    pixels = 0.0
    frame_iterator = iter(frames)
    previous = next(frame_iterator, None)
    if previous is None:
        raise ValueError("frames: give at least one")
    if masks is None:
        backward_flows, again = tee(backward_flows)
        masks = (np.ones(flow.shape[:2], np.float32) for flow in again)
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


def exact_warping_error(frames: Iterable[Image], truths: Iterable[Truth]) -> WarpingError:
    """How much a clip flickers in truth: `warping_error` along the exact flow of a scene, over all
    pixels that are visible in both frames.

    It is the same for all methods, whatever flow they used and whatever their masks left out. As
    in `warping_error` the frame before is read by linear interpolation, so a blurred clip still
    has a lower error than a sharp one; the error of the scene itself is the lowest to hope for.

    Parameters
    ----------
    frames : N pictures `(H, W, 3)` in [0, 1], read one pair at a time.
    truths : N−1 truths about the motion from frame k+1 to frame k, such as `Scene.backward`.

    Raises
    ------
    ValueError : if the numbers of frames and truths or their sizes do not match.

    Examples
    --------
    >>> from stylekit.scenes import make_scene
    >>> scene = make_scene("tripod", frames=2, size=32)
    >>> exact_warping_error(scene.frames, scene.backward).rmse < 0.02
    True
    """
    truths, again = tee(truths)
    flows = (truth.flow for truth in truths)
    return warping_error(frames, flows, (truth.visible.astype(np.float32) for truth in again))
