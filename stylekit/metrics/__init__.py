"""Judging results: warping error of clips, end-point error of flow, precision of masks."""

from .motion import (
    MaskScores,
    MotionScores,
    PrecisionRecall,
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
    "MaskScores",
    "MotionScores",
    "PrecisionRecall",
    "WarpingError",
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
