"""The exact truth about the motion between two frames: `stylekit.scenes` makes it."""

from __future__ import annotations

from dataclasses import dataclass

from ..arrays import BoolMask, Flow


@dataclass(frozen=True, eq=False)
class Truth:
    """The truth about the motion from one frame to a neighbour, on the grid of the first.

    - `flow` `(H, W, 2)`: f(p) = T'(T⁻¹(p)) − p, with T and T' the transforms of the layer on top
      at p in this frame and in the other.
    - `disocclusion` `(H, W)`: True if the pixel cannot be found in the other frame, because
      another layer is on top at p + f(p) or that point is out of frame. A pixel belongs to the
      layer on top at its centre.
    - `out_of_frame` `(H, W)`: True if p + f(p) lies outside [0, W − 1] × [0, H − 1], so that it
      has no four neighbours for an interpolation. It is a part of `disocclusion`.
    - `motion_boundary` `(H, W)`: True on both sides of the border between two neighbouring pixels
      whose layers move differently.
    - `known` `(H, W)`: False if the truth is not known, as in gaps of a measured pair.
    """

    flow: Flow
    disocclusion: BoolMask
    out_of_frame: BoolMask
    motion_boundary: BoolMask
    known: BoolMask

    @property
    def visible(self) -> BoolMask:
        """The pixels that both frames are known to show, `(H, W)`."""
        return self.known & ~self.disocclusion
