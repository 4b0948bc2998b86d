"""Numbers as people say them."""

from __future__ import annotations

import math

_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")

# Outside of these, powers of ten are easier to read than zeros.
_LEAST, _MOST = 1e-3, 1e7


def two_digits(value: float) -> str:
    """`value` to two significant digits: 1.3, 40, 1,300, 0.012, 4.1·10⁻⁵, 2.6·10⁸."""
    if value == 0 or not math.isfinite(value):
        return f"{value:g}"
    digits, _, power = f"{value:.1e}".partition("e")
    rounded = float(f"{digits}e{power}")
    if _LEAST <= abs(rounded) < _MOST:
        return f"{rounded:,.0f}" if abs(rounded) >= 10 else f"{rounded:.2g}"
    return f"{float(digits):g}·10{str(int(power)).translate(_RAISED)}"
