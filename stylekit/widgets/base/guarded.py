"""ipywidgets' own widgets as stylekit uses them: a page may write no more than their values."""

from __future__ import annotations

from typing import ClassVar

import ipywidgets

from .widget import PageGuard


class Box(PageGuard, ipywidgets.Box):
    """A box whose children the page cannot exchange."""


class VBox(PageGuard, ipywidgets.VBox):
    """A column."""


class HBox(PageGuard, ipywidgets.HBox):
    """A row."""


class HTML(PageGuard, ipywidgets.HTML):
    """A text."""


class Button(PageGuard, ipywidgets.Button):
    """A button; a press is a message, not a change."""


class Dropdown(PageGuard, ipywidgets.Dropdown):
    """A list of options: the page chooses one, and adds none."""

    page_writes: ClassVar[frozenset[str]] = frozenset({"index"})


class Checkbox(PageGuard, ipywidgets.Checkbox):
    """A box that is ticked or not."""

    page_writes: ClassVar[frozenset[str]] = frozenset({"value"})


class FloatText(PageGuard, ipywidgets.FloatText):
    """A field for a number."""

    page_writes: ClassVar[frozenset[str]] = frozenset({"value"})


class IntSlider(PageGuard, ipywidgets.IntSlider):
    """A slider for whole numbers; its range stays as it is."""

    page_writes: ClassVar[frozenset[str]] = frozenset({"value"})


class FloatSlider(PageGuard, ipywidgets.FloatSlider):
    """A slider for numbers; its range stays as it is."""

    page_writes: ClassVar[frozenset[str]] = frozenset({"value"})


class FloatLogSlider(PageGuard, ipywidgets.FloatLogSlider):
    """A slider for powers; its range stays as it is."""

    page_writes: ClassVar[frozenset[str]] = frozenset({"value"})
