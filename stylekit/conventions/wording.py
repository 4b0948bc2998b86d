"""Numbers as people say them."""

from __future__ import annotations

import math


def two_digits(value: float) -> str:
    """`value` to two significant digits: 1.3, 40, 1,300, 0.012, 4.1e-05, 2.6e+08."""
    if value == 0 or not math.isfinite(value):
        return f"{value:g}"
    rounded = float(f"{value:.1e}")
    return f"{rounded:,.0f}" if 10 <= abs(rounded) < 1e7 else f"{rounded:.2g}"
