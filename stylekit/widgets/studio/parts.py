"""Small parts of the studio's page: headings, buttons, fields, and what folds away.

They are not those of ipywidgets, whose keys Lab takes for its cells, and whose buttons lose the
focus as soon as they are disabled.
"""

from __future__ import annotations

import html
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import anywidget
import traitlets

from ..base.modules import bundle, stylesheet

_HERE = Path(__file__).parent


class _Part(anywidget.AnyWidget):
    """What they share: one file of JavaScript, which draws by `_kind`."""

    _esm = bundle(_HERE / "parts.js")
    _css = stylesheet(_HERE.parent / "base" / "dom.css", _HERE / "studio.css")

    _kind = traitlets.Unicode().tag(sync=True)
    _text = traitlets.Unicode().tag(sync=True)

    def __init__(self, kind: str, text: str) -> None:
        self._lock = threading.RLock()
        self._callbacks: list[Callable[..., object]] = []
        super().__init__(_kind=kind, _text=text)

    def set_state(self, sync_data: dict[str, Any]) -> None:
        """Take what the page reports; by ipywidgets, on any thread, so under the lock."""
        with self._lock:
            super().set_state(sync_data)


class Heading(_Part):
    """A heading that the focus can be sent to, so that a page that changes is read from there."""

    _level = traitlets.Int(2).tag(sync=True)
    _words = traitlets.Unicode(help="A line below it.").tag(sync=True)
    _called = traitlets.Int().tag(sync=True)

    def __init__(self, text: str, *, level: int = 2) -> None:
        super().__init__("heading", text)
        self._level = level

    def say(self, text: str, words: str = "") -> None:
        """Replace the heading, and the line below it."""
        with self._lock, self.hold_sync():
            self._text, self._words = text, words

    def call(self) -> None:
        """Send the focus here, unless the person is outside of the page meanwhile."""
        with self._lock:
            self._called += 1


class Action(_Part):
    """A button, and a line beside it that is read out when it changes.

    A button that is off keeps the focus, and does nothing.
    """

    enabled = traitlets.Bool(True).tag(sync=True)
    _words = traitlets.Unicode().tag(sync=True)
    _main = traitlets.Bool().tag(sync=True)

    def __init__(self, text: str, on_press: Callable[[], object], *, main: bool = False) -> None:
        super().__init__("action", text)
        self._on_press = on_press
        self._main = main
        self.on_msg(self._answer)

    def show(self, *, enabled: bool, words: str = "") -> None:
        """Turn it on or off, and say why."""
        with self._lock, self.hold_sync():
            self.enabled, self._words = enabled, words

    @property
    def words(self) -> str:
        """The line beside it."""
        return self._words

    def press(self) -> None:
        """Do what the button does; nothing if it is off."""
        if self.enabled:
            self._on_press()

    def _answer(self, _widget: object, content: Any, _buffers: object) -> None:
        if content.get("type") == "press":
            self.press()


class Choice(_Part):
    """A field with some options; `index` is that of the chosen one."""

    _options: traitlets.List[str] = traitlets.List().tag(sync=True)
    index = traitlets.Int().tag(sync=True)

    def __init__(self, text: str, options: Sequence[str], *, index: int) -> None:
        super().__init__("choice", text)
        with self.hold_sync():
            self._options, self.index = list(options), index


class Amount(_Part):
    """A field for a whole number from 1 to `most`."""

    most = traitlets.Int(1).tag(sync=True)
    value = traitlets.Int(1).tag(sync=True)

    def __init__(self, text: str) -> None:
        super().__init__("amount", text)

    def limit(self, most: int, *, value: int) -> None:
        """Allow up to `most`, and say `value`."""
        with self._lock, self.hold_sync():
            self.most, self.value = most, min(most, value)

    @traitlets.validate("value")
    def _check(self, proposal: Any) -> int:
        return max(1, min(self.most, int(proposal["value"])))


class Fold(_Part):
    """A button that shows and hides `content`, a widget beside it."""

    is_open = traitlets.Bool().tag(sync=True)

    def __init__(self, text: str, content: Any, *, is_open: bool = False) -> None:
        super().__init__("fold", text)
        self._content = content
        self.observe(self._arrange, "is_open")
        self.is_open = is_open
        self._arrange()

    def _arrange(self, _change: object = None) -> None:
        self._content.layout.display = None if self.is_open else "none"


def facts_html(facts: Sequence[tuple[str, str]]) -> str:
    """Pairs of a name and a value as a list in HTML; everything in it is escaped."""
    rows = "".join(
        f"<div><dt>{html.escape(name)}</dt><dd>{html.escape(value)}</dd></div>"
        for name, value in facts
    )
    return f'<dl class="studio-facts">{rows}</dl>'
