"""The page on which a transfer is set up: two slots, the extras, the fields, and the button."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Mapping, Sequence

from ...errors import SettingsError
from ...media.file_kinds import CLIP_ENDINGS, PICTURE_ENDINGS
from ...samples import MaterialKind
from ...settings import ImageSettings, MediaLimits
from ..base import guarded
from ..base.private_files import upload_limit
from ..base.run_progress import time_words
from ..base.widget import set_visible
from .clip_extras import ClipExtras
from .extras import Extras
from .own_frame import OwnFrame
from .parts import Action, Amount, Choice, Heading
from .request import Request
from .slots import Slot, Source, read_picture, read_source

LINK_FIELDS = ("content", "style", "size", "steps", "frames")
"""What a link of the page may choose here."""

_USUAL_SIZE, _USUAL_FRAMES = 256, 16
# Of docs/performance.md: a picture of 256×171 pixels and 50 steps at each of three scales took 86
# seconds; here for each pixel and step of full size.
_DOCUMENTED_SECONDS = 86 / (256 * 171 * 50 * (1 + 1 / 4 + 1 / 16))
_QUALITIES = ("Draft", "Good", "Fine")


class Setup(guarded.VBox):
    """The slots for content and style, the extras, the fields, and the button that starts.

    `sizes`, `steps`, `backbone` and `limits` are those of `Studio`. The button calls `on_transfer`,
    and each change calls `on_change`; both must show their own exceptions (see `Alerts`).

    Raises SettingsError for sizes or steps that are not allowed, or if there are none.
    """

    def __init__(
        self,
        *,
        sizes: Sequence[int],
        steps: Sequence[int],
        backbone: str,
        limits: MediaLimits,
        on_transfer: Callable[[], object],
        on_change: Callable[[], object],
    ) -> None:
        if not sizes or not steps:
            raise SettingsError("steps" if sizes else "sizes", "name at least one")
        for size, count in ((size, count) for size in sizes for count in steps):
            ImageSettings(size=size, steps=count)
        self._sizes, self._steps, self._backbone = tuple(sizes), tuple(steps), backbone
        self._limits, self._on_change = limits, on_change
        self.heading = Heading("Choose what to paint, and a style")
        self._make_slots()
        self.extras = Extras(limits=limits, on_change=on_change)
        self.clip_extras = ClipExtras(on_change=on_change)
        self.own_frame = OwnFrame(limits=limits, on_change=self._fields_changed)
        self._make_fields()
        self.go = Action("Transfer", on_transfer, main=True).add_class("studio-go")
        self.time = guarded.HTML()
        guide = guarded.HTML(_guidelines_html(limits)).add_class("studio-guide")
        slots = guarded.Box([self.content, self.style])
        fields = guarded.Box([self.size, self.quality, self.frames, self.go])
        column = [
            self.heading,
            slots.add_class("studio-slots"),
            self.own_frame,
            self.extras,
            self.clip_extras,
            fields.add_class("studio-fields"),
            self.time,
        ]
        super().__init__([guarded.VBox(column), guide])
        self.add_class("studio-setup")
        for slot in (self.content, self.style):
            slot.on_change(self._fields_changed)
        for field, name in ((self.size, "index"), (self.quality, "index"), (self.frames, "value")):
            field.observe(lambda _change: self._fields_changed(), name)
        self._arrange()

    def request(self) -> Request | None:
        """The transfer that the user asks for; None unless all of it is right.

        Whether there is the memory for it, `check_memory` tells: what is free changes.
        """
        content, painting = self.content.source, self.own_frame.painting
        if content is None or self._obstacle(content):
            return None
        request = Request(
            content=content,
            style=None if painting else self.style.source,
            painting=painting,
            method=self.own_frame.key_method,
            learn_seconds=self.own_frame.learn_seconds,
            size=self._sizes[self.size.index],
            steps=self._steps[self.quality.index],
            frames=min(self.frames.value, content.frames),
            backbone=self._backbone,
            limits=self._limits,
        )
        if painting is not None:
            return request
        if content.is_clip:
            return dataclasses.replace(request, **self.clip_extras.settings())
        extras = self.extras
        return dataclasses.replace(
            request,
            more_styles=extras.more_styles,
            style_weights=extras.style_weights,
            regions=extras.regions,
            keep=extras.keep.file,
        )

    def choose(self, fields: Mapping[str, str]) -> list[str]:
        """Choose what a link of the page names; returns the fields that it cannot offer.

        Fields that are not known here are left alone: they are in neither.
        """
        left = []
        for name, slot in (("content", self.content), ("style", self.style)):
            if name not in fields:
                continue
            try:
                slot.choose(fields[name])
            except ValueError:
                left.append(name)
        for name, choice, offered in (
            ("size", self.size, self._sizes),
            ("steps", self.quality, self._steps),
        ):
            if name not in fields:
                continue
            known = [str(each) for each in offered]
            if fields[name] in known:
                choice.index = known.index(fields[name])
            else:
                left.append(name)
        if (frames := fields.get("frames")) is not None:
            source = self.content.source
            if source is not None and source.is_clip and _is_up_to(frames, source.frames):
                self.frames.value = int(frames)
            else:
                left.append("frames")
        return left

    def check_memory(self, request: Request) -> None:
        """Raise SettingsError if there is not the memory for it. It names an offered size."""
        request.check_memory(self._sizes)

    def show(self, step_seconds: float | None) -> None:
        """Show what is missing or wrong, or the duration of the transfer if it is known."""
        request = self.request()
        if request is None:
            words = self._obstacle(self.content.source)
        elif request.painting is not None:
            words = request.ready_words
        elif step_seconds is None:
            words = "Ready."
        else:
            longest = time_words(step_seconds * request.full_steps)
            words = f"Ready: {longest} at most on this machine."
        if request is not None:
            try:
                self.check_memory(request)
            except SettingsError as error:
                words = error.page_text
        self.go.show(enabled=request is not None, words=words)
        self._show_time(request if step_seconds is None else None)

    def _show_time(self, request: Request | None) -> None:
        """Show what the documentation says of the time, until this machine has been measured."""
        if request is None or request.painting is not None:
            self.time.value = ""
            return
        usual = time_words(_DOCUMENTED_SECONDS * math.prod(request.shape) * request.full_steps)
        words = (
            f"On the machine of the documentation, two cores without a GPU, it takes {usual}. "
            "This machine is being measured …"
        )
        self.time.value = f'<p class="studio-caption">{words}</p>'

    def _obstacle(self, content: Source | None) -> str:
        """Why no painting can begin; empty if it can."""
        for_clip = content is not None and content.is_clip
        if self.own_frame.chosen:
            return self.own_frame.fault
        more = [] if for_clip else self.extras.more_slots
        missing = [s.title.lower() for s in (self.content, self.style, *more) if s.source is None]
        if missing:
            return f"First choose a {' and a '.join(missing)}."
        return self.clip_extras.fault if for_clip else self.extras.fault

    def _make_slots(self) -> None:
        limits = self._limits
        self.content = Slot(
            "Content",
            kinds=(MaterialKind.PHOTOGRAPH, MaterialKind.CLIP),
            accept=(*PICTURE_ENDINGS, *CLIP_ENDINGS),
            max_bytes=max(limits.picture_bytes, limits.clip_bytes),
            read=lambda path: read_source(path, limits),
        )
        self.style = Slot(
            "Style",
            kinds=(MaterialKind.STYLE,),
            accept=PICTURE_ENDINGS,
            max_bytes=limits.picture_bytes,
            read=lambda path: read_picture(path, limits),
        )

    def _make_fields(self) -> None:
        sizes, steps = self._sizes, self._steps
        usual = sizes.index(_USUAL_SIZE) if _USUAL_SIZE in sizes else len(sizes) // 2
        self.size = Choice("Size", [f"{size} pixels" for size in sizes], index=usual)
        counts = [f"{count} steps" for count in steps]
        if len(steps) == len(_QUALITIES):
            counts = [f"{name} – {n}" for name, n in zip(_QUALITIES, counts, strict=True)]
        self.quality = Choice("Quality", counts, index=len(steps) // 2)
        self.frames = Amount("Frames")

    def _fields_changed(self) -> None:
        self._arrange()
        self._on_change()

    def _arrange(self) -> None:
        """Show what belongs to the content."""
        content = self.content.source
        self._fit_frames()
        self.extras.fit(content, self.style.source)
        self.own_frame.fit(content, self._sizes[self.size.index])
        own = self.own_frame.chosen
        self.clip_extras.fit(None if own else content)
        # What follows the user's own frame has neither a style nor steps.
        for part in (self.style, self.extras, self.quality):
            set_visible(part, not own)

    def _fit_frames(self) -> None:
        """Show the field for the number of frames if the content is a clip, with its limit."""
        content = self.content.source
        is_clip = content is not None and content.is_clip
        set_visible(self.frames, is_clip)
        if content is not None and is_clip and content.frames != self.frames.most:
            self.frames.limit(content.frames, value=_USUAL_FRAMES)


def _is_up_to(text: str, most: int) -> bool:
    """Whether a text is a whole number from 1 to `most`, written as people write it."""
    return text.isascii() and text.isdigit() and len(text) <= 6 and 1 <= int(text) <= most


def _guidelines_html(limits: MediaLimits) -> str:
    """What is accepted, what gives good results, how long it takes, and what to remember."""
    megapixels = limits.picture_pixels // 1_000_000
    return f"""
<h3>Good to know</h3>
<ul>
<li><b>Files.</b> Pictures up to {megapixels} megapixels, clips up to
{limits.clip_bytes // 1_000_000} MB, sides from {limits.min_side} pixels on. They are
reduced to the size that you choose below. One page takes up to
{upload_limit() / 1e9:g} GB of files in all.</li>
<li><b>Content.</b> Large shapes, clear edges, some contrast. Small faces and writing get lost.
Clips: steady light, motion that is not too fast.</li>
<li><b>Style.</b> Visible strokes and a few strong colours, all over the picture.</li>
<li><b>Time.</b> Start small: twice the size takes four times as long.</li>
<li><b>Made by AI.</b> Every file that a trained network has painted says so, and all say from which
files they were made.</li>
<li><b>Rights.</b> Other people's pictures belong to them: ask before you publish a result.</li>
<li><b>Privacy.</b> Files stay on the machine that runs this page. Each result is kept there, with
what it was made from, until you delete it.</li>
</ul>"""
