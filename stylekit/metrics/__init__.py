"""Judging results: warping error of clips, end-point error of flow, precision of masks."""

from .motion import (
    MaskComparison,
    MaskScores,
    MotionScores,
    PrecisionRecall,
    compare_masks,
    endpoint_error,
    endpoint_error_map,
    fl_all,
    mask_scores,
    motion_scores,
    precision_recall,
    trusted_but_wrong,
)
from .warping import WarpingError, warping_error, warping_error_map

__all__ = [
    "MaskComparison",
    "MaskScores",
    "MotionScores",
    "PrecisionRecall",
    "WarpingError",
    "compare_masks",
    "endpoint_error",
    "endpoint_error_map",
    "fl_all",
    "mask_scores",
    "motion_scores",
    "precision_recall",
    "trusted_but_wrong",
    "warping_error",
    "warping_error_map",
]
