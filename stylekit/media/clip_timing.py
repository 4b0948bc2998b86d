"""Times of pictures in a file → the slots of a clip with a constant frame rate."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Sequence
from fractions import Fraction

# Rates whose true value is n·1000/1001 are common for these n (NTSC).
_NTSC = (24, 30, 48, 60, 120)
# Half the distance between 29.97 and 30, relative, so that a measured rate has one neighbour.
_SNAP = Fraction(1, 2002)

_FALLBACK = Fraction(25)
_HIGHEST = Fraction(1000)


def constant_rate(
    times: Sequence[Fraction], end: Fraction, declared: Iterable[Fraction | None]
) -> Fraction:
    """The frame rate, in pictures a second, that a clip with pictures at `times` is given.

    `times` rise, in seconds; `end` is when the last picture ends; `declared` are the rates that
    the file claims, the most trusted first. Tried are the usual rate nearest to the measured one
    (so that 29.97 is 30000/1001 whatever the file rounds to), the declared ones and the measured
    one. A rate is right if it gives each picture a slot of its own with none left over. If none
    is right the frame rate varies; then it is the first that loses no picture and repeats at
    most every one once, on average, or else the average rate.
    """
    claims = [rate for rate in declared if rate is not None and 0 < rate <= _HIGHEST]
    if len(times) < 2 or times[-1] <= times[0]:
        return claims[0] if claims else _FALLBACK
    measured = min((len(times) - 1) / (times[-1] - times[0]), _HIGHEST)
    usual = _usual_rate(measured)
    rates = ([usual] if usual else []) + [*claims, measured.limit_denominator(1001)]
    slots = {rate: [slot_of(time - times[0], rate) for time in times] for rate in rates}
    for rate in rates:
        if slots[rate] == list(range(len(times))):
            return rate
    for rate in rates:
        loses_none = all(a < b for a, b in itertools.pairwise(slots[rate]))
        if loses_none and slots[rate][-1] < 2 * len(times):
            return rate
    average = min(len(times) / (end - times[0]), _HIGHEST)
    return _usual_rate(average) or average.limit_denominator(1001)


def slot_of(time: Fraction, rate: Fraction) -> int:
    """The slot, from 0, whose time `slot / rate` is nearest to `time` (seconds)."""
    return math.floor(time * rate + Fraction(1, 2))


def _usual_rate(measured: Fraction) -> Fraction | None:
    whole = Fraction(round(measured))
    rates = [whole, *(Fraction(n * 1000, 1001) for n in _NTSC)]
    nearest = min(rates, key=lambda rate: abs(rate - measured))
    return nearest if nearest > 0 and abs(nearest / measured - 1) <= _SNAP else None
