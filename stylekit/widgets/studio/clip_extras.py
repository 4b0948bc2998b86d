"""What the studio offers for clips alone: older frames, passes, and loops."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ...errors import SettingsError
from ...settings import VideoSettings, tunables, whole_numbers
from ..base import guarded
from ..base.widget import set_visible
from .parts import Amount, Fold, Line, Tick
from .slots import Source

_KNOWN = tunables(VideoSettings)
_LOOP_RULE = "Its frames must then end where it closes, so most often all of them are painted."


class ClipExtras(guarded.VBox):
    """Which older frames a frame is held to, how often each is painted, and whether it is a loop.

    It is folded at first, and hidden unless the content is a clip. `on_change` is called after each
    change; it must show its own exceptions (see `Alerts`).
    """

    def __init__(self, *, on_change: Callable[[], object]) -> None:
        usual = VideoSettings()
        self.offsets = Line(
            _title("offsets"), value=",".join(map(str, usual.offsets)), help=_sentence("offsets")
        )
        self.passes = Amount(_title("passes"), help=_sentence("passes"))
        self.passes.limit(int(_KNOWN["passes"].high), value=usual.passes)
        self.loop = Tick(_title("loop"), help=f"{_sentence('loop')} {_LOOP_RULE}")
        content = guarded.VBox([self.offsets, self.passes, self.loop])
        self.fold = Fold("", content.add_class("studio-more-content"))
        super().__init__([self.fold, content])
        self.add_class("studio-more")
        self._on_change = on_change
        for field in (self.offsets, self.passes, self.loop):
            field.observe(lambda _change: self._changed(), "value")
        self._show_summary()

    def settings(self) -> dict[str, Any]:
        """The fields of `VideoSettings` that are chosen here, by name.

        Raises
        ------
        SettingsError
            If the text names no numbers of frames, or the settings do not go together.
        """
        offsets = whole_numbers(self.offsets.value)
        if offsets is None:
            words = f"must be whole numbers with commas between them, is {self.offsets.value!r}"
            raise SettingsError("offsets", words)
        chosen: dict[str, Any] = {
            "offsets": offsets,
            "passes": self.passes.value,
            "loop": self.loop.value,
        }
        VideoSettings(**chosen)
        return chosen

    @property
    def fault(self) -> str:
        """What is wrong, in the words of the command line after the name of the field; or empty."""
        try:
            self.settings()
        except SettingsError as error:
            return f"{_title(error.name)}: {error.message}"
        return ""

    def fit(self, content: Source | None) -> None:
        """Suit another content; calls no callbacks."""
        set_visible(self, content is not None and content.is_clip)

    def _changed(self) -> None:
        self._show_summary()
        self._on_change()

    def _show_summary(self) -> None:
        self.fold.rename(f"More for clips: {self._summary()}")

    def _summary(self) -> str:
        if self.fault:
            return "not right yet"
        offsets, passes = self.settings()["offsets"], self.passes.value
        in_use = [
            *([f"frames {', '.join(map(str, offsets))} before"] if len(offsets) > 1 else []),
            *([f"{passes} passes"] if passes > 1 else []),
            *(["a loop"] if self.loop.value else []),
        ]
        return ", ".join(in_use) or "older frames, passes, loops"


def _title(name: str) -> str:
    """The name of a field on the page."""
    return _KNOWN[name].label.capitalize()


def _sentence(name: str) -> str:
    """What a setting does, as a sentence."""
    words = _KNOWN[name].help
    return f"{words[0].upper()}{words[1:]}."
