"""Each frame of a clip averaged with its neighbours along the flow, where they look alike.

Noise that changes from frame to frame would make a network paint each frame in another way. The
filter is that of Bennett & McMillan 2005, *Video Enhancement Using Per-Pixel Virtual Exposures*, in
the way in which Texler et al. 2020 use it before their network.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from ..arrays import Flow, Image
from ..motion.flow import FlowPair, Interpolation, warp
from ..motion.masks import out_of_frame

# The σ of colour differences, as a share of white: above the noise of cameras, and below the
# differences that are seen as edges.
_COLOR_SIGMA = 0.06


def steady_frame(
    clip: Sequence[Image],
    frame_index: int,
    flow_between: Callable[[int], FlowPair],
    *,
    reach: int = 2,
    color_sigma: float = _COLOR_SIGMA,
) -> Image:
    """A frame after the motion-compensated bilateral filter.

    Σ_d w_d(p) I_d(p) / Σ_d w_d(p), d = −reach … reach, with I_d the frame at distance d in time,
    warped along the flow, and w_d(p) = exp(−|I_d(p) − I_0(p)|² / 2σ²), the square being the mean
    over three channels. Where the flow leaves the frame w_d is 0.

    Parameters
    ----------
    clip : Frames `(H, W, 3)` in [0, 1].
    frame_index : The frame, from 0.
    flow_between : `flow_between(i)` is the flow between frames i and i + 1.
    reach : The frames before and after that count; 0 returns the frame itself.
    color_sigma : σ, in [0, 1].

    Returns
    -------
    `(H, W, 3)`. Of a clip that stands still and has noise of a deviation far below σ, its noise is
    divided by √(2 · reach + 1).
    """
    frame = clip[frame_index]
    total = frame.copy()
    weight = np.ones((*frame.shape[:2], 1), np.float32)
    for direction in (-1, 1):
        along: Flow | None = None
        for distance in range(1, reach + 1):
            other = frame_index + direction * distance
            if not 0 <= other < len(clip):
                break
            pair = flow_between(min(other, other - direction))
            step = pair.forward_flow if direction == 1 else pair.backward_flow
            along = step if along is None else along + warp(step, along)
            # Cubic: a mean of frames that linear interpolation has blurred would be blurred.
            moved = warp(clip[other], along, interpolation=Interpolation.CUBIC)
            squared = np.square(moved - frame).mean(axis=2, keepdims=True)
            alike = np.exp(-squared / (2 * color_sigma**2))
            alike[out_of_frame(along)] = 0
            total += alike * moved
            weight += alike
    return np.asarray(total / weight, np.float32)
