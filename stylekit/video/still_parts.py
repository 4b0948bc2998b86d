"""Where a frame may go on from the one before, when still masks say what is painted how.

The masks of a `Guidance` hold for all frames, while what is shown moves through them. What comes
out of a kept part is unpainted, and what comes into another region has the wrong style: there the
flow may be right, but the picture that is carried along it must not be kept.
"""

from __future__ import annotations

import numpy as np

from ..arrays import Mask
from ..image.guidance import Guidance
from ..motion.flow import FlowPair, warp

# From this share on a pixel counts as painted in the same way before. Below it patches are laid: a
# slow motion changes only a small share of a pixel in each frame.
_SAME = 0.99


class StillParts:
    """The parts of all frames of a clip that are painted in different ways.

    Parameters
    ----------
    guidance : The styles and masks of the clip.
    size : The (width, height) of its frames.

    Notes
    -----
    `masks` are those of the regions, or of all that is painted, and of what has no style; together
    with what is kept they add up to 1. Without masks it is empty, and both methods return the
    `mask` that they are given, which says how far the flow can be trusted.
    """

    def __init__(self, guidance: Guidance, size: tuple[int, int]) -> None:
        self.masks: tuple[Mask, ...] = ()
        if not guidance.has_masks:
            return
        kept = guidance.kept(size)
        blank = np.zeros((size[1], size[0]), np.float32)
        self._free: Mask = 1 - (blank if kept is None else kept)
        painted = [part.mask for part in guidance.parts(size) if part.mask is not None]
        bare = np.maximum(self._free - np.sum(painted, axis=0, dtype=np.float32), 0)
        self.masks = (*painted, bare)

    def same(self, flow: FlowPair) -> Mask:
        """The share of what is painted at a pixel that was painted in the same way before.

        Σ_i min(m_i, ω(m_i)) / Σ_i m_i, with the `masks` m_i and the warp ω along the backward flow;
        1 where all is kept.
        """
        before = [warp(mask, flow.backward_flow) for mask in self.masks]
        common = np.sum(
            [np.minimum(*pair) for pair in zip(self.masks, before, strict=True)], axis=0
        )
        total = np.sum(self.masks, axis=0)
        share = np.divide(common, total, out=np.ones_like(total), where=total > 0)
        return np.clip(share, 0, 1).astype(np.float32)

    def temporal_mask(self, flow: FlowPair, mask: Mask) -> Mask:
        """Where a frame should agree with the warped one, `(H, W)`: not where it is kept."""
        return mask * self.same(flow) * self._free if self.masks else mask

    def start_masks(self, flow: FlowPair, mask: Mask) -> tuple[Mask, Mask]:
        """Where a frame starts as the warped one, and where it needs no patches, each `(H, W)`."""
        if not self.masks:
            return mask, mask
        same = self.same(flow)
        known = np.where(same < _SAME, 0, mask)
        return mask * same, np.where(self._free == 0, 1, known).astype(np.float32)
