"""How often something is sent to a page."""

from __future__ import annotations

import time
from collections.abc import Callable


class Pace:
    """Says when enough time has gone by, on average: one that is late delays none after it."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._next = -float("inf")

    def due(self, interval: float) -> bool:
        """Whether `interval` seconds have gone by since it was True; the first time it is."""
        now = self._clock()
        if now < self._next:
            return False
        self._next = max(self._next + interval, now + interval / 2)
        return True
