"""A painting of one frame carried to another frame, with what is known of where it fits."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ..arrays import Image, Mask
from ..motion.flow import FlowPair, Interpolation, warp
from ..motion.long_flow import flow_over, looks_the_same
from ..motion.masks import consistency_mask
from .keyframe import Keyframe

FlowBetween = Callable[[int], FlowPair]
"""`flow_between(i)` is the flow between the frames i and i + 1 of a clip."""


@dataclass(frozen=True, slots=True, eq=False)
class Carried:
    """A painting as it looks on the grid of another frame.

    `image` `(H, W, 3)` is the painting along the flow. `alike` `(H, W)` is 1 where the frame looks
    like the painted frame along this flow, and 0 where nothing of the painting fits. `consistent`
    `(H, W)` is 1 where the flow back also leads to the same place; where only `alike` is 1, the
    painting is often that of another place that looks the same.
    """

    image: Image
    alike: Mask
    consistent: Mask


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
    counts = np.ones(frame.shape[:2], np.float32) if key.mask is None else warp(key.mask, back)
    return Carried(
        image=warp(key.image, back, interpolation=Interpolation.CUBIC),
        alike=counts * looks_the_same(frame, key_frame, back),
        consistent=counts * consistency_mask(back, flow.forward_flow, boundary=False),
    )


class Track:
    """The flow between a frame of a clip and others, further and further away in one direction.

    It follows what it finds from frame to frame: the flow to the next frame is estimated between
    the two frames themselves (`stylekit.motion.long_flow.flow_over`), from the flow so far and that
    between neighbours as a first guess. So errors do not add up, as they do along many frames.
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

    def advance(self) -> FlowPair:
        """Go on to the next frame; the flow from the first frame to it, and back."""
        following = self.frame_index + self._direction
        pair = self._flow_between(min(self.frame_index, following))
        step, back = pair.forward_flow, pair.backward_flow
        if self._direction == -1:
            step, back = back, step
        ahead, behind = self.flow.forward_flow, self.flow.backward_flow
        guess = FlowPair(ahead + warp(step, ahead), back + warp(behind, back))
        self.flow = flow_over([guess], self._first, self._frame_of(following))
        self.frame_index = following
        return self.flow
