"""What is exactly true of the motion between two frames, where that is known.

`stylekit.scenes` makes it; scores and figures read it.
"""

from __future__ import annotations

from dataclasses import dataclass

from ..arrays import BoolMask, Flow


@dataclass(frozen=True, eq=False)
class Truth:
    """What is true of the way from one frame to a neighbour, on the grid of the first.

    - `flow` `(H, W, 2)`: f(p) = T'(T⁻¹(p)) − p, with T and T' the transforms of the layer on top
      at p in the one frame and in the other.
    - `disocclusion` `(H, W)`, True where the pixel cannot be found in the other frame: another
      layer is on top at p + f(p), or that point is out of frame. A pixel belongs to the layer on
      top at its centre.
    - `out_of_frame` `(H, W)`, the part of it where p + f(p) lies outside [0, W − 1] × [0, H − 1],
      so that it has no four neighbours to be interpolated from.
    - `motion_boundary` `(H, W)`, True on both sides where two pixels side by side belong to layers
      that move differently there.
    - `known` `(H, W)`, False where none of this is known, as in a real pair whose truth has gaps.
    """

    flow: Flow
    disocclusion: BoolMask
    out_of_frame: BoolMask
    motion_boundary: BoolMask
    known: BoolMask
