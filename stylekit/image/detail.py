"""How much fine detail a picture has, and how much of it a painted clip keeps.

Warping a frame by parts of a pixel blurs it, and what is painted from it is softer than the first
frame. A warping error rewards this, so this measure belongs beside it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import zip_longest

import numpy as np
from numpy.typing import NDArray

from ..arrays import BoolMask, Image, check_flow, check_image
from ..motion.fine_detail import MOVES
from ..motion.flow import FlowPair
from .colors import luminance


@dataclass(frozen=True, slots=True, kw_only=True)
class SharpnessKept:
    """The sharpness that later frames keep, `whole` picture and `moving` part: `sharpness_kept`.

    1 is all of it. NaN where there is nothing to compare.
    """

    whole: float
    moving: float


def sharpness(image: Image, where: BoolMask | None = None) -> float:
    """The mean squared Laplacian of the luminance Y, at least 0.

    mean_p (Y(p + e₁) + Y(p − e₁) + Y(p + e₂) + Y(p − e₂) − 4 Y(p))², over the pixels that have
    four neighbours.

    Parameters
    ----------
    image : An Image `(H, W, 3)`.
    where : bool `(H, W)`, True for the pixels that count; all if left out.

    Returns
    -------
    In units of squared luminance, comparable between pictures of one size. NaN if no pixel counts.

    Raises
    ------
    ValueError : if `where` is not boolean or differs in size.

    Examples
    --------
    >>> dot = np.zeros((3, 3, 3), np.float32)
    >>> dot[1, 1] = 0.5
    >>> round(sharpness(dot), 6)
    4.0
    """
    squared = _squared_laplacian(image)
    if where is None:
        return float(squared.mean()) if squared.size else math.nan
    if where.dtype != np.bool_ or where.shape != image.shape[:2]:
        raise ValueError(
            f"where: must be boolean {image.shape[:2]}, is {where.dtype.name} {where.shape}"
        )
    inner = where[1:-1, 1:-1]
    return float(squared[inner].mean()) if inner.any() else math.nan


def sharpness_kept(
    frames: Iterable[Image],
    content: Iterable[Image],
    flows: Sequence[FlowPair],
    *,
    moves: float = MOVES,
) -> SharpnessKept:
    """How sharp the later frames of a painted clip are against its first, as the input goes.

    With S(x, A) the `sharpness` of x over the pixels A, painted frames O_k and input frames I_k:

        (mean_k S(O_k, A_k) / S(O_0, A_0)) / (mean_k S(I_k, A_k) / S(I_0, A_0)),  k = 1 … N − 1

    For the whole picture A_k is all of it. For the moving part A_k are the pixels whose flow is
    longer than `moves`: the backward flow of frame k, and the forward flow of frame 0. A frame in
    which nothing moves does not count there, and the first one in which something moves takes the
    place of frame 0. So with a still camera `moving` is about the things that move, and with a
    moving one about most of the picture. If nothing moves in at least two frames it is NaN.

    Parameters
    ----------
    frames : N painted pictures `(H, W, 3)`.
    content : the N frames of the input, of the same size.
    flows : N − 1 flows of the input between frames k and k + 1, such as `Scene.flow_pair` and the
        `Motion.flow` of a run have.
    moves : in pixels, at least 0.

    Returns
    -------
    Both are 1 for the input itself, below 1 if the clip goes soft, and NaN if frame 0 has no
    detail.

    Raises
    ------
    ValueError : if the numbers of frames and flows or their sizes do not match.

    Examples
    --------
    >>> random = np.random.default_rng(0)
    >>> clip = random.random((3, 8, 8, 3), dtype=np.float32)
    >>> soft = [clip[0], clip[1] / 2, clip[2] / 2]
    >>> still = FlowPair(*np.zeros((2, 8, 8, 2), np.float32))
    >>> sharpness_kept(soft, clip, [still] * 2)
    SharpnessKept(whole=0.25, moving=nan)
    """
    if not moves >= 0:
        raise ValueError(f"moves: must be at least 0 pixels, is {moves!r}")
    whole, moving = [], []
    pairs = zip_longest(frames, content, range(len(flows) + 1))
    for index, (frame, own, number) in enumerate(pairs):
        if frame is None or own is None or number is None:
            raise ValueError("frames and content: need the same number, one more than of flows")
        check_image(own, "content", like=frame)
        whole.append((sharpness(frame), sharpness(own)))
        if not flows:
            continue
        flow = flows[index - 1].backward_flow if index else flows[0].forward_flow
        check_flow(flow, "flows", like=frame)
        area = np.asarray(np.hypot(flow[..., 0], flow[..., 1]) > moves, np.bool_)
        moving.append((sharpness(frame, area), sharpness(own, area)))
    return SharpnessKept(
        whole=_kept(whole), moving=_kept([pair for pair in moving if not math.isnan(pair[0])])
    )


def _kept(pairs: Sequence[tuple[float, float]]) -> float:
    """Of the sharpness of painted and of input frames, the first of which is the reference."""
    if len(pairs) < 2 or min(pairs[0]) <= 0:
        return math.nan
    painted, own = np.mean(pairs[1:], axis=0) / pairs[0]
    return float(painted / own) if own > 0 else math.nan


def _squared_laplacian(image: Image) -> NDArray[np.float64]:
    """At each pixel that has four neighbours, `(H − 2, W − 2)`."""
    y = luminance(check_image(image)).astype(np.float64)
    laplacian = y[:-2, 1:-1] + y[2:, 1:-1] + y[1:-1, :-2] + y[1:-1, 2:] - 4 * y[1:-1, 1:-1]
    return np.asarray(laplacian**2)
