"""What the studio offers for pictures alone: more styles, their weights, and masks."""

from __future__ import annotations

from collections.abc import Callable

from ...errors import SettingsError
from ...image.guidance import check_counts, check_not_black, check_not_white
from ...media.file_kinds import PICTURE_ENDINGS
from ...samples import MaterialKind
from ...settings import MediaLimits
from ..base import guarded
from ..base.text import counted, short_number
from ..base.widget import set_visible
from .mask_slot import MaskFile, MaskSlot
from .parts import Action, Fold, Heading, Slider
from .slots import Slot, Source, read_picture

_STYLES = ("Style", "Second style", "Third style")

# The headings under which the page has what the library calls so.
_PAGE_NAMES = {"style_weights": "Several styles", "regions": "Masks"}
_STYLE_RULE = "Without masks, several styles are blended; a weight says how much of each."
_MASK_RULE = (
    "A mask is a grey picture in the proportions of the content. White parts of the first one stay "
    "exactly as they are in the content. A style that has a mask is painted where it is white; "
    "give every style a mask, or none."
)
_CLIP_RULE = "A clip is painted in one style, without masks; what is chosen here is for pictures."


class Extras(guarded.VBox):
    """Up to two more styles, a weight and a mask for each style, and a mask of what is kept.

    All of it is folded at first. `on_change` is called after each change; it must show its own
    exceptions (see `Alerts`).
    """

    def __init__(self, *, limits: MediaLimits, on_change: Callable[[], object]) -> None:
        self._limits, self._on_change = limits, on_change
        self._content: Source | None = None
        self._style: Source | None = None
        self.slots: list[Slot] = []
        self.sliders = [Slider(title) for title in _STYLES]
        self.masks = [
            MaskSlot(f"Where the {title.lower()} is painted", limits=limits, check=check_not_black)
            for title in _STYLES
        ]
        self.keep = MaskSlot("Keep parts of the content", limits=limits, check=check_not_white)
        self.add = Action("Add a style", self.add_style)
        self.remove = Action("Remove the last style", self.remove_style)
        self._heading = Heading("Several styles", level=3)
        self._slot_row = guarded.Box().add_class("studio-more-slots")
        self._slider_column = guarded.VBox(self.sliders).add_class("studio-more-weights")
        self._mask_row = guarded.Box([self.keep, *self.masks]).add_class("studio-more-masks")
        buttons = guarded.Box([self.add, self.remove]).add_class("studio-fields")
        self._note = _line(_CLIP_RULE)
        self._body = guarded.VBox(
            [
                self._heading,
                _line(_STYLE_RULE),
                self._slot_row,
                self._slider_column,
                buttons,
                Heading("Masks", level=3),
                _line(_MASK_RULE),
                self._mask_row,
            ]
        )
        content = guarded.VBox([self._note, self._body]).add_class("studio-more-content")
        self.fold = Fold("", content)
        super().__init__([self.fold, content])
        self.add_class("studio-more")
        for slider in self.sliders:
            slider.observe(lambda _change: self._changed(), "value")
        for mask in (*self.masks, self.keep):
            mask.on_change(self._changed)
        self._arrange()

    @property
    def more_slots(self) -> list[Slot]:
        """The slots of the styles after the first."""
        return list(self._slot_row.children)

    @property
    def more_styles(self) -> tuple[Source, ...]:
        """The styles after the first, of the slots that are green."""
        return tuple(slot.source for slot in self.more_slots if slot.source is not None)

    @property
    def style_weights(self) -> tuple[float, ...]:
        """A number for each style; none if there is one style."""
        count = self._count
        return tuple(slider.value for slider in self.sliders[:count]) if count > 1 else ()

    @property
    def regions(self) -> tuple[MaskFile, ...]:
        """The masks of the styles."""
        files = (mask.file for mask in self.masks[: self._count])
        return tuple(file for file in files if file is not None)

    @property
    def fault(self) -> str:
        """What is wrong with weights and masks; or empty."""
        for mask in (self.keep, *self.masks[: self._count]):
            if mask.fault:
                return mask.fault
        try:
            check_counts(self._count, self.style_weights, len(self.regions))
        except SettingsError as error:
            return f"{_PAGE_NAMES.get(error.name, error.name)}: {error.message}"
        return ""

    def fit(self, content: Source | None, style: Source | None) -> None:
        """Suit another content or first style; calls no callbacks."""
        self._content, self._style = content, style
        for mask in (self.keep, *self.masks):
            # No mask is used for a clip, so none is refused.
            mask.fit(None if content is not None and content.is_clip else content)
        self._arrange()

    def add_style(self) -> None:
        """Add an empty slot for a style, unless there are three styles."""
        count = self._count
        if count == len(_STYLES):
            return
        if len(self.slots) < count:
            # Made when it is needed: the strip of built-in styles takes time.
            self.slots.append(self._new_slot(_STYLES[count]))
        self._slot_row.children = tuple(self.slots[:count])
        self._changed()

    def remove_style(self) -> None:
        """Remove the last style with its weight and its mask."""
        count = self._count
        if count == 1:
            return
        self._slot_row.children = tuple(self.slots[: count - 2])
        self.slots[count - 2].upload.clear()
        self.masks[count - 1].clear()
        self.sliders[count - 1].value = 1.0
        self._changed()
        if count == 2:
            # The button that had the focus is hidden.
            self._heading.focus()

    @property
    def _count(self) -> int:
        return 1 + len(self._slot_row.children)

    def _new_slot(self, title: str) -> Slot:
        slot = Slot(
            title,
            kinds=(MaterialKind.STYLE,),
            accept=PICTURE_ENDINGS,
            max_bytes=self._limits.picture_bytes,
            read=lambda path: read_picture(path, self._limits),
        )
        slot.on_change(self._changed)
        return slot

    def _changed(self) -> None:
        self._arrange()
        self._on_change()

    def _arrange(self) -> None:
        count, is_clip = self._count, self._content is not None and self._content.is_clip
        set_visible(self._note, is_clip)
        set_visible(self._body, not is_clip)
        set_visible(self._slider_column, count > 1)
        set_visible(self.remove, count > 1)
        for index, (slider, mask) in enumerate(zip(self.sliders, self.masks, strict=True)):
            set_visible(slider, index < count)
            set_visible(mask, index < count)
        self.add.show(enabled=count < len(_STYLES))
        self._show_weights()
        self.fold.rename(f"More for pictures: {self._summary(is_clip)}")

    def _show_weights(self) -> None:
        sources = [self._style, *(slot.source for slot in self.more_slots)]
        total = sum(self.style_weights)
        for slider, title, source in zip(self.sliders, _STYLES, sources, strict=False):
            words = short_number(round(slider.value, 1))
            # In regions a weight is a factor of the loss there, and no share.
            if total and not self.regions:
                words += f" ({slider.value / total:.0%})"
            slider.show(title if source is None else f"{title}: {source.name}", words)

    def _summary(self, is_clip: bool) -> str:
        styles = [f"{self._count} styles"] if self._count > 1 else []
        count = sum(mask.file is not None for mask in (self.keep, *self.masks))
        in_use = [*styles, *([counted(count, "mask")] if count else [])]
        if not in_use:
            return "several styles, masks"
        return ", ".join(in_use) + (" – not used for a clip" if is_clip else "")


def _line(words: str) -> guarded.HTML:
    return guarded.HTML(f'<p class="studio-caption">{words}</p>')
