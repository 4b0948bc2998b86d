"""Where optical flow can be trusted: disocclusion, motion boundaries, and masks made of them.

Throughout, `flow` lives on the grid of the frame that is judged and `reverse` is the flow the
other way, on the other frame's grid. For a clip's frame i: `flow` is its backward flow ŵ
(i → i−1) and `reverse` the forward flow w (i−1 → i).

`consistency_mask` is the papers' mask, from the two flows alone; `robust_mask` looks at the two
frames as well, and gives up a little of the picture for far less that is trusted but wrong.
"""

from .consistency import (
    SUNDARAM,
    Thresholds,
    boundary_excess,
    consistency_error,
    consistency_excess,
    consistency_mask,
    disocclusion,
    long_term_masks,
    motion_boundary,
    out_of_frame,
    reliable_share,
)
from .methods import MASKS, MaskFunction, MaskMethod, MaskRow
from .robust import doubtful, flow_doubt, robust_mask

__all__ = [
    "MASKS",
    "SUNDARAM",
    "MaskFunction",
    "MaskMethod",
    "MaskRow",
    "Thresholds",
    "boundary_excess",
    "consistency_error",
    "consistency_excess",
    "consistency_mask",
    "disocclusion",
    "doubtful",
    "flow_doubt",
    "long_term_masks",
    "motion_boundary",
    "out_of_frame",
    "reliable_share",
    "robust_mask",
]
