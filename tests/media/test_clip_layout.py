"""The constant rate of clips whose pictures come at odd times."""

from __future__ import annotations

from fractions import Fraction

import pytest

from stylekit.media.clip_layout import constant_rate, slot_of

MOST = 3000


@pytest.mark.parametrize("gap", [300, 3001, 7000, 36_000, 10**6])
def test_a_long_gap_does_not_drop_the_pictures_before_it(gap: int) -> None:
    times = [Fraction(index, 12) for index in range(11)] + [Fraction(gap)]
    end = times[-1] + Fraction(1, 12)
    rate = constant_rate(times, end, [], most=MOST)
    assert rate > 0
    frames = slot_of(end, rate)
    if gap == 300:
        # As many as the limit allows: every picture but two has a frame of its own.
        assert MOST * 0.9 < frames <= MOST
        assert len({slot_of(time, rate) for time in times}) >= 10
    elif gap < 10**6:
        assert frames <= MOST


def test_a_varying_rate_over_the_limit_is_no_lower_than_the_average() -> None:
    times = [Fraction(index, 30) + Fraction(index % 2, 100) for index in range(6000)]
    assert constant_rate(times, times[-1] + Fraction(1, 30), [], most=MOST) >= 29
