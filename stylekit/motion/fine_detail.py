"""Fine detail that a warped picture lost, given back."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..arrays import BoolMask, Flow, Image, Mask, check_image, check_mask
from ..media.opencv import cv2
from .flow import Interpolation, warp

# Pixels a frame. A linear warp by a tenth of a pixel already takes a third of the finest detail: f
# pixels leave (1 − 2 f)² of its square. Where nothing moves DIS estimates less, 0.03 pixels in the
# median with noise of 0.01.
MOVES = 0.1
# The blur that separates fine detail from the rest, in pixels: about the pixels between which a
# warp interpolates.
_FINE = 0.7
# What is fine detail of the photograph, in pixels: a warp weakens also what is a little larger. At
# 2 pixels `drift` and `parallax` (128 px) are sharper by 1 and 2 %, with up to 1 % more error.
_BLUR = 1.0
# Differences of detail below this many standard deviations of the noise are noise. Without this,
# and without `moving`, a still camera with noise of 0.02 made a clip that changed from frame to
# frame by 0.071 in place of 0.033 (root mean square, `tripod` in `mosaic`, 128 px).
_NOISE = 1.5
# Over how many pixels their strength is averaged: a stroke's or a contour's width.
_NEAR = 2.0
# Over how many pixels its strength is averaged: larger than a stroke.
_AROUND = 6.0
_LARGEST_GAIN = 2.5
_LARGEST_LOSS = 2.0
# A painted frame keeps only a part of what its start is given: the temporal loss, total variation
# and an early end take the rest. With 1, `drift` in the style `glass` (96 px) had 89 % of its
# sharpness in later frames, with 3, 92 %, with the same error along exact flow. But with 3, things
# that move before a still background flickered: in `crossing` (48 px, γ = 10⁵) the root warping
# error was 0.67 of that without the temporal loss, with 2 it is 0.54.
_POWER = 2
_TINY = 1e-8


def restore_detail(
    warped: Image, previous: Image, flow: Flow, mask: Mask, *, boost: float = 1.0
) -> Image:
    """A warped picture with some of the fine detail that the warp took.

    A warp by fractions of a pixel interpolates, which weakens fine detail, and in a clip frame
    after frame. Here the fine band of the warped picture, h = x − G * x with a Gaussian G of 0.7
    pixels, is multiplied by √(boost · e₀ / e). e is the strength of the band around a pixel, the
    square of h after a Gaussian of 6 pixels; e₀ is that of `previous`, warped. Strength is smooth,
    so that a warp hardly changes it. Differs from unsharp masking in that it asks how much was
    lost. What a warp took whole cannot come back.

    Parameters
    ----------
    warped : `(H, W, 3)` in [0, 1], `previous` warped along `flow`.
    previous : `(H, W, 3)`, the picture before the warp.
    flow : Backward flow `(H, W, 2)` in pixels.
    mask : `(H, W)` in [0, 1]; where it is 0 nothing changes.
    boost : At least 1: how much stronger than before, as a factor of e₀, see `lost_detail`. It
        counts where the flow is longer than 0.1 pixels: what stands still has lost nothing.

    Returns
    -------
    `(H, W, 3)` in [0, 1].

    Raises
    ------
    ValueError : if the shapes differ.

    Examples
    --------
    >>> still = np.zeros((4, 4, 2), np.float32)
    >>> flat, everywhere = np.full((4, 4, 3), 0.5, np.float32), np.ones((4, 4), np.float32)
    >>> bool((restore_detail(flat, flat, still, everywhere) == flat).all())
    True
    """
    check_image(warped, "warped", like=check_image(previous, "previous"))
    check_mask(mask, like=previous)
    wanted = warp(_strength(previous), flow, interpolation=Interpolation.LINEAR)
    boosts = np.where(moving(flow), boost, 1.0)
    gain = np.sqrt(boosts * wanted / (_strength(warped) + _TINY))
    more = mask * (np.clip(gain, 1.0, _LARGEST_GAIN) - 1.0)
    return np.clip(warped + more[:, :, np.newaxis] * _fine(warped), 0.0, 1.0).astype(np.float32)


def detail_change(now: Image, before: Image, flow: Flow) -> NDArray[np.float32]:
    """What fine detail a frame has that the frame before, warped to it, has not.

    g (d(now) − d(warped before)), where d(x) = x − G * x with a Gaussian G of 1 pixel. Added to a
    warped painting it takes away the detail of the photograph that the warp has blurred, and puts
    in its place that of the new frame, which was never warped.

    Noise of the camera differs from frame to frame too, and would flicker. So there is a Wiener
    gain g = max(0, 1 − (1.5 σ)² / e), e the strength of the difference around a pixel, its square
    after a Gaussian of 2 pixels, and σ the noise: the median of the absolute difference over
    0.6745 (Donoho & Johnstone 1994). It is 0 where the flow is at most 0.1 pixels long: a warp has
    taken nothing there.

    Parameters
    ----------
    now, before : `(H, W, 3)`, what paintings of the two frames would begin with.
    flow : Backward flow `(H, W, 2)` in pixels.

    Returns
    -------
    `(H, W, 3)`, below 1 in absolute value.

    Raises
    ------
    ValueError : if the shapes differ.

    Examples
    --------
    >>> still = np.zeros((4, 4, 2), np.float32)
    >>> frame = np.random.default_rng(0).random((4, 4, 3), np.float32)
    >>> float(abs(detail_change(frame, frame, still)).max())
    0.0
    """
    check_image(before, "before", like=check_image(now, "now"))
    warped = warp(before, flow, interpolation=Interpolation.LINEAR)
    change, moves = _detail(now) - _detail(warped), moving(flow)
    if not moves.any():
        return np.zeros_like(change)
    change[~moves] = 0.0
    noise = _NOISE * float(np.median(np.abs(change[moves]))) / 0.6745
    squares = np.square(change).mean(axis=2)
    around = cv2.GaussianBlur(squares, (0, 0), _NEAR, borderType=cv2.BORDER_REFLECT_101)
    gain = np.clip(1.0 - noise**2 / (around + _TINY), 0.0, 1.0)
    return np.asarray(gain[:, :, np.newaxis] * change, np.float32)


def moving(flow: Flow) -> BoolMask:
    """Where a flow `(H, W, 2)` is longer than `MOVES`, `(H, W)`."""
    return np.asarray(np.hypot(flow[..., 0], flow[..., 1]) > MOVES, np.bool_)


def lost_detail(
    first: Image,
    now: Image,
    first_content: Image,
    content: Image,
    areas: tuple[BoolMask, BoolMask] | None = None,
) -> float:
    """How much fine detail later frames of a shot have lost: the `boost` for `restore_detail`.

    Parameters
    ----------
    first, now : Painted frames `(H, W, 3)`, the first of the shot and a later one.
    first_content, content : What the clip shows in them; a frame that is itself less sharp has
        nothing to give back.
    areas : `(H, W)`, the pixels of the first frame and of the later one that count, some in each;
        all pixels unless given.

    Returns
    -------
    The square of the strength of `first` over that of `now`, each divided by its content's; from 1,
    nothing, to 4.

    Examples
    --------
    >>> frame = np.random.default_rng(0).random((8, 8, 3), np.float32)
    >>> lost_detail(frame, frame, frame, frame)
    1.0
    """
    then, here = areas or (None, None)
    of_first, of_now = _mean_strength(first, then), _mean_strength(now, here)
    of_contents = _mean_strength(content, here) / _mean_strength(first_content, then)
    return float(np.clip(of_first / of_now * of_contents, 1.0, _LARGEST_LOSS)) ** _POWER


def _detail(picture: Image) -> NDArray[np.float32]:
    blurred = cv2.GaussianBlur(picture, (0, 0), _BLUR, borderType=cv2.BORDER_REFLECT_101)
    return np.asarray(picture - blurred, np.float32)


def _fine(picture: Image) -> NDArray[np.float32]:
    blurred = cv2.GaussianBlur(picture, (3, 3), _FINE, borderType=cv2.BORDER_REFLECT_101)
    return np.asarray(picture - blurred, np.float32)


def _strength(picture: Image) -> NDArray[np.float32]:
    """The square of the fine band around each pixel, `(H, W)`."""
    squares = np.square(_fine(picture)).sum(axis=2)
    around = cv2.GaussianBlur(squares, (0, 0), _AROUND, borderType=cv2.BORDER_REFLECT_101)
    return np.asarray(around, np.float32)


def _mean_strength(picture: Image, area: BoolMask | None) -> float:
    squares = np.square(_fine(picture))
    return float((squares if area is None else squares[area]).mean()) + _TINY
