"""What the widgets of stylekit share: what a page may write, locks, visibility, throttling."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, ClassVar

import anywidget
import ipywidgets
import traitlets


class PageGuard(ipywidgets.Widget):
    """The base class of a widget that takes from its page only what `page_writes` names.

    ipywidgets lets a page write every trait that it shows: limits, labels and states too. Who
    writes a trait that is not named, or a value that the trait does not take, is sent the true one.
    """

    page_writes: ClassVar[frozenset[str]] = frozenset()

    def set_state(self, sync_data: dict[str, Any]) -> None:
        """Take the changes of the page; ipywidgets calls it, on any thread."""
        taken = {
            name: value
            for name, value in sync_data.items()
            if name in self.page_writes and _is_finite(value)
        }
        try:
            if taken:
                super().set_state(taken)
        except traitlets.TraitError:
            taken = {}
        if left := (sync_data.keys() - taken.keys()) & set(self.keys):
            self.send_state(left)


def _is_finite(value: Any) -> bool:
    """Whether `value`, as JSON holds it, has no number that is not finite."""
    if isinstance(value, Mapping):
        return all(map(_is_finite, value.values()))
    if isinstance(value, list | tuple):
        return all(map(_is_finite, value))
    return not isinstance(value, float) or math.isfinite(value)


class LockedWidget(PageGuard, anywidget.AnyWidget):
    """A widget whose traits any thread may change.

    While a widget takes a change from its page, or several changes are sent together, traitlets
    holds back the notifications of the whole object. Without a lock, a change that another thread
    makes meanwhile would be lost.
    """

    def __init__(self, **values: Any) -> None:
        self.lock = threading.RLock()
        super().__init__(**values)
        self.on_msg(lambda _widget, message, buffers: self._receive(message, buffers))

    @contextmanager
    def updating(self) -> Iterator[None]:
        """Hold the lock, and send the changes that are made inside as one message."""
        with self.lock, self.hold_sync():
            yield

    def set_state(self, sync_data: dict[str, Any]) -> None:
        """Take the changes of the page; ipywidgets calls it, on any thread."""
        with self.lock:
            super().set_state(sync_data)

    def _receive(self, message: Any, buffers: Sequence[memoryview]) -> None:
        """Take a message of the page. Most widgets get none."""


def set_visible(widget: ipywidgets.DOMWidget, visible: bool) -> None:
    """Show or hide a widget; a hidden one takes no space."""
    widget.layout.display = None if visible else "none"


class Throttle:
    """Limits how often something is sent to a page: `due` is True every `interval` seconds.

    The average counts: a delay is made up for. While the page is `behind`, the throttle waits
    longer, but at most for `patience` seconds.
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
        """Whether it is time again; the first call returns True."""
        now = self._clock()
        if now < self._next or (behind and now < self._last + self._patience):
            return False
        self._last = now
        # At least half an interval between two calls that return True.
        self._next = max(self._next + self._interval, now + self._interval / 2)
        return True
