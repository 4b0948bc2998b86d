"""Compiled functions, kept for whoever asks for the same again."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from threading import Lock
from typing import Any

# Each stays in memory; a picture with a preview has about six of them.
_MOST_KEPT = 24


class CompiledFunctions:
    """The last functions that were compiled for a network, by what they were compiled for.

    Threads may ask at the same time: one compiles, the others wait.
    """

    def __init__(self) -> None:
        self._kept: OrderedDict[Hashable, Any] = OrderedDict()
        self._lock = Lock()

    def keep(self, key: Hashable, make: Callable[[], Any]) -> Any:
        """What is kept as `key`, or what `make` gives, to be kept from now on."""
        with self._lock:
            if key not in self._kept:
                self._kept[key] = make()
            self._kept.move_to_end(key)
            if len(self._kept) > _MOST_KEPT:
                self._kept.popitem(last=False)
            return self._kept[key]

    def forget(self, key: Hashable) -> None:
        """Keep nothing as `key`."""
        with self._lock:
            self._kept.pop(key, None)
