"""Optical flow between two frames of a shot with others between them.

Over many frames pixels move far, and what was covered in between comes back. Flow that is composed
of that between neighbours follows fast motion, but ends where a pixel is covered. Flow that is
estimated between the two frames alone sees what comes back, but loses fast motion. So both are
estimated, and at each pixel the one that explains the frame better is taken.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ..arrays import Flow, Image, Mask
from ..media.opencv import cv2
from .flow import FlowPair, estimate_flow, refine_flow, warp
from .masks import consistency_mask, out_of_frame

# The σ of the Gaussian over what a flow leaves unexplained: single pixels agree by chance.
_RESIDUAL_SIGMA = 1.5
# The largest mean difference of what looks the same: about ten levels of 8 bits.
_SAME_LOOK = 0.04
# The Gaussians by which flow is continued into areas without any, the narrowest first, and the
# share of known pixels under them from which on it is.
_FILL_SIGMAS = (2, 4, 8, 16, 32, 64)
_KNOWN_SHARE = 0.05


def compose_flow(pairs: Sequence[FlowPair]) -> FlowPair:
    """The flow between the first and the last of several frames, along all frames between them.

    With ŵ from the last frame to one between them, and w from there to the frame before, it is
    ŵ(p) + w(p + ŵ(p)), w read linearly; forward in the same way.

    Parameters
    ----------
    pairs : The flow between each frame and the one after it, in the order of time.

    Examples
    --------
    >>> right = np.full((4, 6, 2), (1.0, 0.0), np.float32)
    >>> compose_flow([FlowPair(right, -right)] * 3).forward_flow[0, 0].tolist()
    [3.0, 0.0]
    """
    return FlowPair(
        _along([pair.forward_flow for pair in pairs]),
        _along([pair.backward_flow for pair in reversed(pairs)]),
    )


def flow_over(pairs: Sequence[FlowPair], first: Image, last: Image) -> FlowPair:
    """The flow between two frames with others between them, both ways.

    At each pixel it is that of several candidates under which both frames differ least, after a
    Gaussian of 1.5 pixels: DIS started from `compose_flow`; DIS without a start; the composed flow
    where it can be trusted, continued from there into the areas where it cannot; and DIS with
    smaller patches, started from the best of these.

    Parameters
    ----------
    pairs : The flow between each frame and the one after it, from `first` to `last`.
    first, last : `(H, W, 3)` in [0, 1].
    """
    composed = compose_flow(pairs)
    forward = [pair.forward_flow for pair in pairs]
    backward = [pair.backward_flow for pair in pairs]
    return FlowPair(
        _best(first, last, composed.forward_flow, _path_mask(forward, backward)),
        _best(last, first, composed.backward_flow, _path_mask(backward[::-1], forward[::-1])),
    )


def looks_the_same(frame: Image, earlier: Image, backward_flow: Flow) -> Mask:
    """1 where a frame looks like an earlier one along the flow, and 0 elsewhere, `(H, W)`.

    There the mean difference of colour after a Gaussian of 1.5 pixels is at most 0.04.
    """
    alike = _unexplained(frame, earlier, backward_flow) <= _SAME_LOOK
    return np.asarray(alike & ~out_of_frame(backward_flow), np.float32)


def _along(flows: Sequence[Flow]) -> Flow:
    """The flow along all `flows`, each from the frame in which the one before it ends."""
    total = flows[0]
    for flow in flows[1:]:
        total = total + warp(flow, total)
    return total


def _path_mask(flows: Sequence[Flow], reverse: Sequence[Flow]) -> Mask:
    """Where each flow on the way can be trusted, and none leaves the frame."""
    total = flows[0]
    mask = consistency_mask(total, reverse[0])
    for flow, back in zip(flows[1:], reverse[1:], strict=True):
        here = warp(consistency_mask(flow, back), total)
        mask = np.where(out_of_frame(total), np.float32(0), np.minimum(mask, here))
        total = total + warp(flow, total)
    return mask


def _best(source: Image, target: Image, composed: Flow, mask: Mask) -> Flow:
    """The candidate under which `target` differs least from `source`, at each pixel."""
    best = _better(
        source,
        target,
        refine_flow(source, target, composed),
        estimate_flow(source, target),
        _continued(composed, mask),
    )
    return _better(source, target, best, refine_flow(source, target, best, sharp=True))


def _better(source: Image, target: Image, first: Flow, *others: Flow) -> Flow:
    best, left = first, _unexplained(source, target, first)
    for flow in others:
        other = _unexplained(source, target, flow)
        best = np.where((other < left)[:, :, np.newaxis], flow, best)
        left = np.minimum(left, other)
    return best


def _unexplained(source: Image, target: Image, flow: Flow) -> NDArray[np.float32]:
    difference = np.abs(source - warp(target, flow)).mean(axis=2)
    return np.asarray(cv2.GaussianBlur(difference, (0, 0), _RESIDUAL_SIGMA), np.float32)


def _continued(flow: Flow, mask: Mask) -> Flow:
    """`flow` where `mask` is above ½, and blurred from there into the other areas."""
    known = (mask > 0.5).astype(np.float32)
    filled, found = flow.copy(), known > 0
    for sigma in _FILL_SIGMAS:
        share = cv2.GaussianBlur(known, (0, 0), sigma)
        total = cv2.GaussianBlur(flow * known[:, :, np.newaxis], (0, 0), sigma)
        new = ~found & (share > _KNOWN_SHARE)
        filled[new] = total[new] / share[new][:, np.newaxis]
        found |= new
    return filled
