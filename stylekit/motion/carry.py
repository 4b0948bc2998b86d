"""How one frame of a clip became the next, and how far that can be trusted."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..arrays import Image, Mask, check_mask
from ..settings import VideoSettings, function_of, name_of
from .flow import FlowPair, Interpolation, warp
from .methods import MASKS


@dataclass(frozen=True, slots=True, eq=False)
class Motion:
    """How frame i−1 became frame i, and where that can be trusted.

    `flow` holds forward and backward flow, `mask` the reliability c of the backward flow on
    frame i's grid. `is_cut` says that next to nothing can be trusted: a new shot begins.
    """

    flow: FlowPair
    mask: Mask
    is_cut: bool


def mask_of(flow: FlowPair, current: Image, previous: Image, settings: VideoSettings) -> Mask:
    """The reliability c of the backward flow by the method that the settings name, `(H, W)`.

    `current` and `previous` are the frames `(H, W, 3)` that `flow` leads between. Raises
    SettingsError if `MASKS` has no such name, ValueError if the method's result is no mask.
    """
    backward, forward = flow.backward_flow, flow.forward_flow
    boundary, dilate = settings.motion_boundary, settings.dilate
    function = function_of("mask", MASKS, settings.mask)
    mask = function(backward, forward, current, previous, boundary=boundary, dilate=dilate)
    return check_mask(mask, f"mask of {name_of(settings.mask)}", like=current)


def carried_paint(painted: Image, motion: Motion, fresh: Image) -> Image:
    """The previous frame's picture moved to where its content went, and `fresh` where in doubt.

    Images `(H, W, 3)`. Repeated linear warps smear strokes, cubic ones sharpen and stay
    restless: the warp is halfway between them.
    """
    linear, cubic = (
        warp(painted, motion.flow.backward_flow, interpolation=interpolation)
        for interpolation in (Interpolation.LINEAR, Interpolation.CUBIC)
    )
    mask = motion.mask[:, :, np.newaxis]
    return mask * (np.float32(0.5) * (linear + cubic)) + (1 - mask) * fresh
