"""Errors of a panel, shown in the panel: on a page of Voila they would not be visible otherwise."""

from __future__ import annotations

import functools
import html
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import ParamSpec

from ...errors import StylekitError
from . import guarded
from .widget import set_visible

P = ParamSpec("P")

_STYLE = (
    "border-left:4px solid var(--jp-error-color1,#b00020);padding:6px 10px;margin:4px 0;"
    "line-height:1.4;color:var(--jp-ui-font-color1,currentColor);"
    "background:var(--jp-layout-color2,rgba(128,128,128,.12));overflow-wrap:anywhere"
)
_TRACE_STYLE = "white-space:pre-wrap;overflow-wrap:anywhere;font-size:12px;line-height:1.3"


class Alerts:
    """A part of a panel that shows the exceptions of its callbacks, with the traceback folded.

    It takes no space while there is nothing to show. Any thread may use it. With `on_page` errors
    are told without names of Python's settings, which a page's user cannot change.

    Examples
    --------
    >>> import ipywidgets
    >>> alerts = Alerts()
    >>> button = ipywidgets.Button(description="Divide")
    >>> button.on_click(alerts.guarded(lambda _button: 1 / 0))
    >>> panel = ipywidgets.VBox([button, alerts.widget])
    >>> button.click()
    >>> "ZeroDivisionError" in alerts.widget.value
    True
    """

    def __init__(self, *, on_page: bool = False) -> None:
        self._on_page = on_page
        self._lock = threading.Lock()
        self.widget = guarded.HTML(layout={"display": "none"})

    def show(self, error: BaseException) -> None:
        """Show `error` in place of the last one."""
        self._set(alert_html(error, on_page=self._on_page))

    def clear(self) -> None:
        """Show nothing."""
        self._set("")

    @contextmanager
    def guard(self) -> Iterator[None]:
        """Clear what is shown, then catch and show an exception that is raised inside."""
        self.clear()
        try:
            yield
        except Exception as error:
            self.show(error)

    def guarded(self, callback: Callable[P, object]) -> Callable[P, None]:
        """Wrap `callback` in `guard`, for `observe`, `on_click` and `on_pick`."""

        @functools.wraps(callback)
        def _safe(*args: P.args, **kwargs: P.kwargs) -> None:
            with self.guard():
                callback(*args, **kwargs)

        return _safe

    def _set(self, value: str) -> None:
        with self._lock:
            # Usually nothing changes, and then nothing is sent.
            if value != self.widget.value:
                self.widget.value = value
                set_visible(self.widget, bool(value))


def alert_html(error: BaseException, *, on_page: bool = False) -> str:
    """`error` as HTML with the role "alert"; all text in it is escaped.

    An error of stylekit says in one line what is wrong and what to do. For any other exception,
    the first line says that it was unexpected, and its type. `on_page` is that of `Alerts`.
    """
    if isinstance(error, StylekitError):
        words = error.page_text if on_page else str(error)
    else:
        words = f"An unexpected error occurred ({type(error).__name__}): {error}"
    trace = "".join(traceback.format_exception(error))
    return (
        f'<div role="alert" style="{_STYLE}">{html.escape(words)}'
        f'<details><summary>Details</summary><pre style="{_TRACE_STYLE}">'
        f"{html.escape(trace)}</pre></details></div>"
    )
