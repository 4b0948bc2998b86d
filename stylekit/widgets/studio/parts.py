"""The headings, buttons and fields of the studio's page.

Those of ipywidgets are not suitable: JupyterLab uses their keys for its cells, and their buttons
lose the focus when they are disabled.
"""

from __future__ import annotations

import html
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, ClassVar

import traitlets

from ..base.modules import bundle, stylesheet
from ..base.widget import LockedWidget, set_visible

_HERE = Path(__file__).parent


class _Part(LockedWidget):
    """What the parts share: one file of JavaScript, which draws by `_kind`."""

    _esm = bundle(_HERE / "parts.js")
    _css = stylesheet(_HERE.parent / "base" / "dom.css", _HERE / "studio.css")

    _kind = traitlets.Unicode().tag(sync=True)
    _text = traitlets.Unicode().tag(sync=True)
    _help = traitlets.Unicode(help="What a field is for, beside it.").tag(sync=True)

    def __init__(self, kind: str, text: str, *, help: str = "") -> None:
        super().__init__(_kind=kind, _text=text, _help=help)


class Heading(_Part):
    """A heading that can get the focus, so that a screen reader reads a new page from there."""

    _level = traitlets.Int(2).tag(sync=True)
    _words = traitlets.Unicode(help="A line below it.").tag(sync=True)
    _focus_count = traitlets.Int(help="Incremented by `focus`.").tag(sync=True)

    def __init__(self, text: str, *, level: int = 2) -> None:
        super().__init__("heading", text)
        self._level = level

    def show(self, text: str, words: str = "") -> None:
        """Replace the heading and the line below it."""
        with self.updating():
            self._text, self._words = text, words

    def focus(self) -> None:
        """Move the focus here, unless it is outside the studio."""
        with self.lock:
            self._focus_count += 1


class Action(_Part):
    """A button, and a line beside it that a screen reader reads aloud when it changes.

    A button that is not enabled keeps the focus, but does nothing.
    """

    enabled = traitlets.Bool(True).tag(sync=True)
    _words = traitlets.Unicode().tag(sync=True)
    _main = traitlets.Bool().tag(sync=True)
    _about = traitlets.Unicode(help="What a screen reader reads after the text.").tag(sync=True)

    def __init__(
        self, text: str, on_press: Callable[[], object], *, main: bool = False, about: str = ""
    ) -> None:
        super().__init__("action", text)
        self._on_press = on_press
        self._main, self._about = main, about

    def show(self, *, enabled: bool, words: str = "") -> None:
        """Enable or disable the button, and show `words` beside it."""
        with self.updating():
            self.enabled, self._words = enabled, words

    @property
    def words(self) -> str:
        """The line beside it."""
        return self._words

    @property
    def text(self) -> str:
        """The words of the button."""
        return self._text

    def rename(self, text: str) -> None:
        """Replace the words of the button."""
        with self.lock:
            self._text = text

    def press(self) -> None:
        """Do what the button does, if it is enabled."""
        if self.enabled:
            self._on_press()

    def _receive(self, message: Any, _buffers: Sequence[memoryview]) -> None:
        if message.get("type") == "press":
            self.press()


class Choice(_Part):
    """A list of options; `index` is the index of the chosen one."""

    page_writes: ClassVar[frozenset[str]] = frozenset({"index"})

    _options: traitlets.List[str] = traitlets.List().tag(sync=True)
    index = traitlets.Int().tag(sync=True)

    def __init__(self, text: str, options: Sequence[str], *, index: int) -> None:
        super().__init__("choice", text)
        self.show(options, index=index)

    def show(self, options: Sequence[str], *, index: int) -> None:
        """Replace the options, and choose one."""
        with self.updating():
            self._options, self.index = list(options), index

    @traitlets.validate("index")
    def _check(self, proposal: Any) -> int:
        index = int(proposal["value"])
        if not 0 <= index < len(self._options):
            raise traitlets.TraitError(f"index: must be below {len(self._options)}, is {index}")
        return index

    @property
    def options(self) -> tuple[str, ...]:
        """The options to choose from."""
        return tuple(self._options)


class Amount(_Part):
    """A field for a whole number from 1 to `most`."""

    page_writes: ClassVar[frozenset[str]] = frozenset({"value"})

    most = traitlets.Int(1).tag(sync=True)
    value = traitlets.Int(1).tag(sync=True)

    def __init__(self, text: str, *, help: str = "") -> None:
        super().__init__("amount", text, help=help)

    def limit(self, most: int, *, value: int) -> None:
        """Set the largest number, and the value."""
        with self.updating():
            self.most, self.value = most, min(most, value)

    @traitlets.validate("value")
    def _check(self, proposal: Any) -> int:
        return max(1, min(self.most, int(proposal["value"])))


class Line(_Part):
    """A field for a line of text."""

    page_writes: ClassVar[frozenset[str]] = frozenset({"value"})

    value = traitlets.Unicode().tag(sync=True)

    def __init__(self, text: str, *, value: str, help: str = "") -> None:
        super().__init__("line", text, help=help)
        self.value = value


class Tick(_Part):
    """A box that is ticked or not."""

    page_writes: ClassVar[frozenset[str]] = frozenset({"value"})

    value = traitlets.Bool().tag(sync=True)

    def __init__(self, text: str, *, help: str = "") -> None:
        super().__init__("tick", text, help=help)


class Slider(_Part):
    """A slider for a weight from 0 to 3, at first 1; `words` are read and shown beside it."""

    page_writes: ClassVar[frozenset[str]] = frozenset({"value"})

    value = traitlets.Float(1.0).tag(sync=True)
    _most = traitlets.Float(3.0).tag(sync=True)
    _words = traitlets.Unicode("1").tag(sync=True)

    def __init__(self, text: str) -> None:
        super().__init__("slider", text)

    def show(self, text: str, words: str) -> None:
        """Replace the label and the words beside it."""
        with self.updating():
            self._text, self._words = text, words

    @property
    def words(self) -> str:
        """The words beside it."""
        return self._words

    @traitlets.validate("value")
    def _check(self, proposal: Any) -> float:
        return max(0.0, min(self._most, float(proposal["value"])))


class Fold(_Part):
    """A button that shows and hides `content`, a widget beside it."""

    page_writes: ClassVar[frozenset[str]] = frozenset({"is_open"})

    is_open = traitlets.Bool().tag(sync=True)

    def __init__(self, text: str, content: Any, *, is_open: bool = False) -> None:
        super().__init__("fold", text)
        self._content = content
        self.observe(self._arrange, "is_open")
        self.is_open = is_open
        self._arrange()

    def rename(self, text: str) -> None:
        """Replace the words of the button."""
        with self.lock:
            self._text = text

    @property
    def text(self) -> str:
        """The words of the button."""
        return self._text

    def _arrange(self, _change: object = None) -> None:
        set_visible(self._content, self.is_open)


def facts_html(facts: Sequence[tuple[str, str]]) -> str:
    """Pairs of a name and a value as a list in HTML; all text in it is escaped."""
    rows = "".join(
        f"<div><dt>{html.escape(name)}</dt><dd>{html.escape(value)}</dd></div>"
        for name, value in facts
    )
    return f'<dl class="studio-facts">{rows}</dl>'
