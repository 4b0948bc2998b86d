"""How one frame of a clip became the next, and how far that can be trusted."""

from __future__ import annotations

from dataclasses import dataclass

from .arrays import Image, Mask
from .flow import FlowPair
from .occlusion import consistency_mask, robust_mask
from .settings import MaskMethod, VideoSettings


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

    `current` and `previous` are the frames `(H, W, 3)` that `flow` leads between.
    """
    backward, forward = flow.backward_flow, flow.forward_flow
    boundary, dilate = settings.motion_boundary, settings.dilate
    if settings.mask is MaskMethod.ROBUST:
        return robust_mask(backward, forward, current, previous, boundary=boundary, dilate=dilate)
    return consistency_mask(backward, forward, boundary=boundary, dilate=dilate)
