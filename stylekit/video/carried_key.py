"""A painting of one frame carried to another frame, and where it fits there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..arrays import BoolMask, Flow, Image, Mask
from ..media.opencv import cv2
from ..motion.flow import FlowPair, Interpolation, warp
from ..motion.infill import transfer_texture
from ..motion.long_flow import flow_over, looks_the_same
from ..motion.masks import consistency_mask
from .keyframe import Keyframe

FlowBetween = Callable[[int], FlowPair]
"""`flow_between(i)` is the flow between the frames i and i + 1 of a clip."""

# What looks the same along a flow that does not lead back is often another place. It is taken only
# beside flow that does: where that is at least half of a Gaussian of this σ in pixels.
_NEAR_SIGMA, _NEAR_SHARE = 4.0, 0.5
# Flow is chosen pixel by pixel. Where neighbours chose differently the painting is torn to dots:
# where flow is further than this, in pixels, from the median of the 5×5 pixels around.
_ROUGH = 1.0
# Islands narrower than about twice this σ are removed. The border becomes soft and moves inwards by
# about a pixel, because flow beside a moving edge is a mixture of both sides.
_SMOOTH_SIGMA = 1.5
_BORDER_SLOPE, _BORDER_LEVEL = 4.0, 0.75


@dataclass(frozen=True, slots=True, eq=False)
class Carried:
    """A painting as it looks on the grid of another frame.

    `image` `(H, W, 3)` is the painting along the flow, and `fits` `(H, W)` is 1 where the frame
    shows the same places as the painted frame.
    """

    image: Image
    fits: Mask


def carry(key: Keyframe, frame: Image, key_frame: Image, flow: FlowPair) -> Carried:
    """The painting of a keyframe on the grid of `frame`.

    It is warped once, with cubic interpolation, however many frames lie between: many warps blur.

    Parameters
    ----------
    key : The keyframe.
    frame, key_frame : `(H, W, 3)`, the frame that is to be painted and the one that is.
    flow : From `key_frame` to `frame`, and back.
    """
    back = flow.backward_flow
    alike = looks_the_same(frame, key_frame, back)
    consistent = consistency_mask(back, flow.forward_flow, boundary=False)
    alike[_blurred(consistent, _NEAR_SIGMA) < _NEAR_SHARE] = 0
    alike[_roughness(back) > _ROUGH] = 0
    smooth = _blurred(alike, _SMOOTH_SIGMA)
    fits = np.clip(0.5 + _BORDER_SLOPE * (smooth - _BORDER_LEVEL), 0, 1)
    if key.mask is not None:
        fits *= warp(key.mask, back)
    return Carried(warp(key.image, back, interpolation=Interpolation.CUBIC), fits)


def fill_from(
    key: Keyframe, key_frame: Image, frame: Image, known: Mask, *, hidden: BoolMask | None = None
) -> Image:
    """`frame` with patches of a keyframe's painting where `known` `(H, W)` is below ½.

    What lies outside the keyframe's mask, or where `hidden` `(H, W)` is True, is not taken.
    """
    if hidden is None:
        hidden = np.zeros(known.shape, np.bool_)
    if key.mask is not None:
        hidden = hidden | (key.mask < 0.5)
    # In other colours it is not found by those who look for the colours of `frame`.
    other = (key_frame + np.float32(0.5)) % np.float32(1)
    offered = np.where(hidden[..., np.newaxis], other, key_frame)
    return transfer_texture(frame, known, offered, key.image)


class Track:
    """The flow between a frame of a clip and others, further and further away in one direction.

    It follows what it finds from frame to frame: the flow to the next frame is estimated between
    the two frames themselves (`stylekit.motion.long_flow.flow_over`), with the flow so far and that
    between neighbours as a first guess. So errors do not add up, as they do along many frames.

    Parameters
    ----------
    frame_of : `frame_of(i)` is frame i, `(H, W, 3)`.
    start, direction : The first frame, and 1 for later frames or −1 for earlier ones.
    flow_between : `flow_between(i)` is the flow between frames i and i + 1.
    """

    def __init__(
        self,
        frame_of: Callable[[int], Image],
        start: int,
        direction: int,
        flow_between: FlowBetween,
    ) -> None:
        self.frame_index = start
        self._frame_of, self._flow_between = frame_of, flow_between
        self._direction = direction
        self._first = frame_of(start)
        still = np.zeros((*self._first.shape[:2], 2), np.float32)
        self.flow = FlowPair(still, still)

    def advance(self) -> None:
        """Go on to the next frame; `flow` is then the flow from the first frame to it, and back."""
        following = self.frame_index + self._direction
        pair = self._flow_between(min(self.frame_index, following))
        step, back = pair.forward_flow, pair.backward_flow
        if self._direction == -1:
            step, back = back, step
        ahead, behind = self.flow.forward_flow, self.flow.backward_flow
        guess = FlowPair(ahead + warp(step, ahead), back + warp(behind, back))
        self.flow = flow_over([guess], self._first, self._frame_of(following))
        self.frame_index = following


def _roughness(flow: Flow) -> NDArray[np.float32]:
    smooth = np.stack([cv2.medianBlur(np.ascontiguousarray(axis), 5) for axis in flow.T], -1)
    return np.asarray(np.abs(flow - smooth.transpose(1, 0, 2)).max(axis=2), np.float32)


def _blurred(mask: Mask, sigma: float) -> Mask:
    return np.asarray(cv2.GaussianBlur(mask, (0, 0), sigma), np.float32)
