"""What guides the patches of `by_example`: where a frame's pixels are in the keyframe, and how it
looks.

The guides of Jamriška et al. 2019 are colour, edges, position and the warped previous result. Here
the position leads: it is the flow from the frame to the keyframe over all frames between them, and
where it can be trusted, it is taken as it is, with fractions of pixels.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..arrays import LUMINANCE, BoolMask, Flow, Image, Mask
from ..media.opencv import cv2
from ..motion.flow import FlowPair, Interpolation, warp
from ..motion.long_flow import flow_over
from ..motion.masks import consistency_error, consistency_mask, out_of_frame

# The longest way there and back, in pixels, of flow that is trusted. The paper's limit grows with
# the motion, and over many frames would trust anything.
_ROUND_TRIP = 1.0
# The σ in pixels of the Gaussian over the difference of a frame and the keyframe along the flow,
# and how large it may be: this, or so many times its median, which light and noise make larger.
_LOOK_SIGMA = 1.5
_SAME_LOOK = 0.04
_MEDIANS = 4.0
# The σ in pixels of the Gaussians over which the turn of the flow is averaged, the narrowest first,
# and the share of trusted pixels under it from which on it is.
_TURN_SIGMAS = (4.0, 16.0, 48.0)
_TURN_SHARE = 0.05
# A patch of 5 pixels that is turned or scaled by less than this is copied straight: its corners are
# off by less than a tenth of a pixel, and nothing is interpolated.
_STRAIGHT = 0.03
_SMALLEST_SCALE, _LARGEST_SCALE = 0.5, 2.0
# The σ in pixels of the Gaussian that separates edges and fine detail from the rest.
_EDGE_SIGMA = 2.0


@dataclass(frozen=True, slots=True, eq=False)
class Correspondence:
    """Where the pixels of a frame are in the keyframe.

    - `places` `(H, W, 2)`: x and y, within the keyframe; continued where the flow is not trusted.
    - `trusted` `(H, W)`: True where the keyframe shows what the frame shows.
    - `turn` `(H, W, 2)`: a and b. To go (dx, dy) in the frame is to go a·dx − b·dy to the right and
      b·dx + a·dy down in the keyframe. (1, 0) where the motion hardly turns or scales.
    """

    places: NDArray[np.float32]
    trusted: BoolMask
    turn: NDArray[np.float32]


def correspondence(
    pairs: Sequence[FlowPair], key_frame: Image, frame: Image, *, after: bool
) -> Correspondence:
    """Where the pixels of a frame are in the keyframe, by `flow_over` all frames between them.

    Trusted is what stays within the keyframe, comes back to less than a pixel from where it
    began, and looks the same: after a Gaussian of 1.5 pixels the mean difference of colour is at
    most 0.04, or four times its median.

    Parameters
    ----------
    pairs : the flow between each frame and the next, in the order of time, at least one.
    key_frame, frame : `(H, W, 3)`, as the clip shows them.
    after : True if the frame is later than the keyframe.
    """
    flows = flow_over(pairs, *((key_frame, frame) if after else (frame, key_frame)))
    flow, reverse = flows.backward_flow, flows.forward_flow
    if not after:
        flow, reverse = reverse, flow
    look = blurred(np.abs(frame - warp(key_frame, flow)).mean(axis=2), _LOOK_SIGMA)
    trusted = (
        (consistency_error(flow, reverse) < _ROUND_TRIP)
        & (look < max(_SAME_LOOK, _MEDIANS * float(np.median(look))))
        & ~out_of_frame(flow)
    )
    height, width = trusted.shape
    last = np.array([width - 1, height - 1], np.float32)
    places = np.clip(pixel_grid(trusted.shape) + flow, 0, last)
    return Correspondence(places.astype(np.float32), trusted, _turn(flow, trusted))


def pixel_grid(shape: tuple[int, ...]) -> NDArray[np.float32]:
    """The x and y of each pixel, `(H, W, 2)`, for a `shape` that begins with H and W."""
    y, x = np.indices(shape[:2], np.float32)
    return np.stack([x, y], axis=2)


def _turn(flow: Flow, trusted: BoolMask) -> NDArray[np.float32]:
    """The similarity that is nearest to the derivative of p + flow(p), averaged around p."""
    by_y, by_x = (np.asarray(np.gradient(flow, axis=axis), np.float32) for axis in (0, 1))
    # Their differences reach over the pixels beside, which must be trusted too.
    inner = cv2.erode(trusted.astype(np.uint8), np.ones((3, 3), np.uint8))
    known = np.asarray(inner, np.float32)
    change = np.stack([by_x[..., 0] + by_y[..., 1], by_x[..., 1] - by_y[..., 0]], axis=2) / 2
    turn, found = np.zeros_like(flow), np.zeros(known.shape, np.bool_)
    for sigma in _TURN_SIGMAS:
        share = blurred(known, sigma)
        new = ~found & (share > _TURN_SHARE)
        turn[new] = blurred(change * known[..., np.newaxis], sigma)[new] / share[new, np.newaxis]
        found |= new
    turn[np.hypot(turn[..., 0], turn[..., 1]) < _STRAIGHT] = 0.0
    turn[..., 0] += 1.0
    scale = np.hypot(turn[..., 0], turn[..., 1])[..., np.newaxis]
    limited = np.clip(scale, _SMALLEST_SCALE, _LARGEST_SCALE)
    # Where nothing is limited it must stay the same to the last bit, or 1 would not be straight.
    limits = np.where(limited == scale, 1.0, limited / np.maximum(scale, 1e-6))
    return np.asarray(turn * limits, np.float32)


def look_of(frame: Image, color: float, edges: float) -> NDArray[np.float32]:
    """A frame's colours and its edges, `(H, W, 4)`, each times the root of its weight.

    An edge is Y − G * Y, the luminance without its Gaussian of 2 pixels, twice. The squared
    difference of two such arrays, summed over the channels, is that of the guides, the mean over
    the colours.
    """
    luminance = frame @ LUMINANCE
    detail = 2.0 * (luminance - blurred(luminance, _EDGE_SIGMA))
    return np.concatenate(
        [np.sqrt(color / 3) * frame, np.sqrt(edges) * detail[..., np.newaxis]], axis=2
    ).astype(np.float32)


def carried(previous: Image, flow: Flow, reverse: Flow) -> tuple[Image, Mask]:
    """The painting of the neighbouring frame along the flow to it, and where that is reliable."""
    return warp(previous, flow, interpolation=Interpolation.CUBIC), consistency_mask(flow, reverse)


def blurred(array: NDArray, sigma: float) -> NDArray[np.float32]:
    """`array` `(H, W)` or `(H, W, C)` after a Gaussian of `sigma` pixels."""
    return np.asarray(cv2.GaussianBlur(array, (0, 0), sigma), np.float32)


def box_mean(array: NDArray[np.float32], side: int) -> NDArray[np.float32]:
    """The mean of `array` `(H, W)` over the square of `side` pixels around each."""
    return np.asarray(cv2.blur(array, (side, side)), np.float32)


def resized(array: NDArray[np.float32], size: tuple[int, int]) -> NDArray[np.float32]:
    """`array` `(H, W)` or `(H, W, C)` in a smaller `size` = (width, height), by areas."""
    return np.asarray(cv2.resize(array, size, interpolation=cv2.INTER_AREA), np.float32)


def to_lab(image: Image) -> NDArray[np.float32]:
    """CIE L*a*b* of an sRGB image `(H, W, 3)`, L from 0 to 100."""
    return np.asarray(cv2.cvtColor(image, cv2.COLOR_RGB2Lab), np.float32)


def from_lab(lab: NDArray) -> Image:
    """The sRGB image of L*a*b*, clipped to [0, 1]."""
    image = cv2.cvtColor(lab.astype(np.float32), cv2.COLOR_Lab2RGB)
    return np.clip(image, 0, 1).astype(np.float32)
