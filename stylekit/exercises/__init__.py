"""Exercises that check themselves: what a student writes, and published mistakes to be found.

>>> result = check_gram(lambda features: features)
>>> bool(result), result.diagnosis
(False, 'wrong shape')
"""

from .cases import BrokenCase, broken
from .features import check_content_loss, check_gram
from .hints import HINTS, Hint, hint
from .occlusion import check_disocclusion
from .painting import Bug
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
    "check_content_loss",
    "check_disocclusion",
    "check_gram",
    "check_temporal_loss",
    "check_warm_start",
    "check_warp",
    "hint",
]
