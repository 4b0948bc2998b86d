"""Fades, cross-fades and changes of light: how the paint of the frame before has to change.

Flow carries paint, but it does not say that what is carried has become lighter, or something else.
The change is measured between what both frames would be painted from alone, in the colours of the
style. So a painting does not get dark where only the light of the whole clip does.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..arrays import Flow, Image, Mask
from ..media.opencv import cv2
from .flow import warp
from .shots import noise_of

# The σ of the Gaussian, as a share of the longest side: strokes are finer, so that they stay.
_BLUR_SHARE = 1 / 64
_SMALLEST_SIGMA = 1.5
# The mean change of a frame, beyond noise, at which the paint begins to follow, and where it does
# so fully. The built-in scenes, whose light does not change, stay below (docs/flow.md).
_UNCHANGED, _CHANGED = 0.006, 0.012
# What a gain and an offset of the whole frame leave: from here on the paint is held less, and at
# the second number not at all.
_SAME_PICTURE, _OTHER_PICTURE = 0.015, 0.08


@dataclass(frozen=True, slots=True, eq=False)
class LightChange:
    """How the carried paint has to change, on the frame's grid.

    `change` is added to it, float32 `(H, W, 3)`; `hold` `(H, W)` in [0, 1] is a factor of the
    reliability c in the temporal loss: less than 1 where the frame has begun to show other things.
    """

    change: NDArray[np.float32]
    hold: Mask

    def applied(self, paint: Image, mask: Mask | None = None) -> Image:
        """`paint` after the change, where `mask` is 1 if one is given; each in [0, 1]."""
        change = self.change if mask is None else mask[:, :, np.newaxis] * self.change
        return np.asarray(np.clip(paint + change, 0.0, 1.0), np.float32)


def light_change(
    frame: Image,
    previous: Image,
    backward_flow: Flow,
    mask: Mask,
    start_of: Callable[[Image], Image],
) -> LightChange | None:
    """The change of light from the frame before to a frame, None if the light stays as it is.

    With the Gaussian B and the warp ω along the flow it is B(s) − B(ω(s′)), where s and s′ are
    what the two frames start from.

    Parameters
    ----------
    frame, previous : `(H, W, 3)`.
    backward_flow, mask : From `frame` to `previous`, `(H, W, 2)`, and its reliability `(H, W)`.
    start_of : What a frame would be painted from by itself, `(H, W, 3)`.
    """
    sigma = max(_SMALLEST_SIGMA, max(frame.shape[:2]) * _BLUR_SHARE)
    now, before = _blurred(frame, sigma), _blurred(warp(previous, backward_flow), sigma)
    weight = mask.astype(np.float64)[:, :, np.newaxis] + 1e-3
    noise = 2 * max(noise_of(frame), noise_of(previous)) / (2 * float(np.sqrt(np.pi)) * sigma)
    found = float(np.average(np.abs(now - before).mean(axis=2, keepdims=True), weights=weight))
    strength = float(_ramp(np.array(found - noise, np.float32), _UNCHANGED, _CHANGED))
    if not strength > 0:
        return None
    left = np.abs(now - _with_light_of(now, before, weight)).mean(axis=2)
    carried = warp(start_of(previous), backward_flow)
    change = _blurred(start_of(frame), sigma) - _blurred(carried, sigma)
    hold = 1 - strength * _ramp(left - np.float32(noise), _SAME_PICTURE, _OTHER_PICTURE)
    return LightChange(np.asarray(strength * change, np.float32), np.asarray(hold, np.float32))


def _with_light_of(now: Image, before: Image, weight: NDArray[np.float64]) -> Image:
    """`before` with the gain and the offset, for each channel, that bring it nearest to `now`."""
    mean_now = np.average(now, axis=(0, 1), weights=np.broadcast_to(weight, now.shape))
    mean_before = np.average(before, axis=(0, 1), weights=np.broadcast_to(weight, now.shape))
    centered = before - mean_before
    covariance = np.sum(weight * centered * (now - mean_now), axis=(0, 1))
    gain = covariance / np.maximum(np.sum(weight * centered**2, axis=(0, 1)), 1e-9)
    return np.asarray(gain * centered + mean_now, np.float32)


def _blurred(image: Image, sigma: float) -> Image:
    blurred = cv2.GaussianBlur(image, (0, 0), sigma, borderType=cv2.BORDER_REFLECT)
    return np.asarray(blurred, np.float32)


def _ramp(values: NDArray[np.float32], low: float, high: float) -> NDArray[np.float32]:
    """0 up to `low`, 1 from `high` on, and linear between."""
    return np.asarray(np.clip((values - low) / (high - low), 0.0, 1.0), np.float32)
