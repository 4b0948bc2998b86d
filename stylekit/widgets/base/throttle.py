"""How often something is sent to a page."""

from __future__ import annotations

import time
from collections.abc import Callable


class Throttle:
    """Says when `interval` seconds have gone by: on average, so that one late is made up for.

    Who takes what is sent may be `behind`: then it waits, `patience` seconds at most.
    """

    def __init__(
        self,
        interval: float,
        *,
        patience: float = 0.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._interval, self._patience, self._clock = interval, patience, clock
        self._last = self._next = -float("inf")

    def due(self, *, behind: bool = False) -> bool:
        """Whether it is time again; the first time it is."""
        now = self._clock()
        if now < self._next or (behind and now < self._last + self._patience):
            return False
        self._last = now
        # Two in a row are half an interval apart at least.
        self._next = max(self._next + self._interval, now + self._interval / 2)
        return True
