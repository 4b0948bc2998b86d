"""Exercises that check themselves: what a student writes, and published mistakes to be found.

>>> result = check_gram(lambda features: features)
>>> bool(result), result.diagnosis
(False, 'wrong shape')
"""

from .cases import BrokenCase, broken
from .chaining import check_chain
from .features import check_content_loss, check_gram, check_shuffled
from .hints import HINTS, Hint, hint
from .occlusion import check_disocclusion
from .painting import Bug
from .patches import check_nearest_patches
from .result import CheckResult
from .temporal import check_temporal_loss
from .warping import check_warm_start, check_warp

__all__ = [
    "HINTS",
    "BrokenCase",
    "Bug",
    "CheckResult",
    "Hint",
    "broken",
    "check_chain",
    "check_content_loss",
    "check_disocclusion",
    "check_gram",
    "check_nearest_patches",
    "check_shuffled",
    "check_temporal_loss",
    "check_warm_start",
    "check_warp",
    "hint",
]
