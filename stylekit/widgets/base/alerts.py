"""What went wrong in a panel, said in the panel: in Voila nobody would see it otherwise."""

from __future__ import annotations

import functools
import html
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import ParamSpec

import ipywidgets

from ...errors import StylekitError

P = ParamSpec("P")

_STYLE = (
    "border-left:4px solid var(--jp-error-color1,#b00020);padding:6px 10px;margin:4px 0;"
    "line-height:1.4;color:var(--jp-ui-font-color1,currentColor);"
    "background:var(--jp-layout-color2,rgba(128,128,128,.12));overflow-wrap:anywhere"
)
_TRACE_STYLE = "white-space:pre-wrap;overflow-wrap:anywhere;font-size:12px;line-height:1.3"


class Alerts:
    """A place in a panel for what its callbacks raise: plain words first, the traceback folded.

    >>> alerts = Alerts()
    >>> button.on_click(alerts.guarded(run))
    >>> panel = ipywidgets.VBox([button, alerts.widget])

    It is empty, and takes no room, as long as all goes well. Any thread may use it.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.widget = ipywidgets.HTML(layout=ipywidgets.Layout(display="none"))

    def show(self, error: BaseException) -> None:
        """Show `error` in place of what was shown before."""
        self._set(alert_html(error))

    def clear(self) -> None:
        """Show nothing."""
        self._set("")

    @contextmanager
    def guard(self) -> Iterator[None]:
        """Show what is raised inside, and go on after it; what was shown before goes away first."""
        self.clear()
        try:
            yield
        except Exception as error:
            self.show(error)

    def guarded(self, callback: Callable[P, object]) -> Callable[P, None]:
        """`callback` under `guard`, for `observe`, `on_click` and `on_pick`."""

        @functools.wraps(callback)
        def _safe(*args: P.args, **kwargs: P.kwargs) -> None:
            with self.guard():
                callback(*args, **kwargs)

        return _safe

    def _set(self, value: str) -> None:
        with self._lock:
            # Most of the time nothing changes, and then nothing is sent.
            if value != self.widget.value:
                self.widget.value = value
                self.widget.layout.display = None if value else "none"


def alert_html(error: BaseException) -> str:
    """`error` as HTML with the role of an alert; everything in it is escaped.

    An error of stylekit's own says in a line what is wrong and what to do. For any other the first
    line says that it came unexpected, and of what kind it is.
    """
    if isinstance(error, StylekitError):
        words = str(error)
    else:
        words = f"Something went wrong that was not foreseen ({type(error).__name__}): {error}"
    trace = "".join(traceback.format_exception(error))
    return (
        f'<div role="alert" style="{_STYLE}">{html.escape(words)}'
        f'<details><summary>Details</summary><pre style="{_TRACE_STYLE}">'
        f"{html.escape(trace)}</pre></details></div>"
    )
