"""The part of the studio for clips whose first frame the user paints."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from ...errors import SettingsError
from ...image.guidance import check_proportions
from ...media.clips import read_clip
from ...media.images import save_image
from ...settings import KeyMethod, MediaLimits, NetworkSettings
from ..base import guarded
from ..base.alerts import Alerts
from ..base.download import Download
from ..base.private_files import private_folder
from ..base.text import counted
from ..base.widget import set_visible
from .fitted_slot import FittedSlot
from .parts import Choice, Tick
from .slots import Source, read_picture

_METHODS = {
    KeyMethod.AUTO: "automatic",
    KeyMethod.PATCH: "patches: pieces of your painting",
    KeyMethod.NETWORK: "a network that learns your painting",
}
_MINUTES = (1, 4, 10)
_RULE = (
    "Download the first frame, paint over it in any program, and give the painting back. The other "
    "frames are painted after it, so no style is needed."
)


class OwnFrame(guarded.VBox):
    """A tick, and below it what belongs to a first frame that the user paints.

    It is hidden unless the content is a clip. `on_change` is called after each change; it must show
    its own exceptions (see `Alerts`).
    """

    def __init__(self, *, limits: MediaLimits, on_change: Callable[[], object]) -> None:
        self._limits, self._on_change = limits, on_change
        self._content: Source | None = None
        # The clip and the size whose first frame is offered.
        self._offered: tuple[Path, int] | None = None
        self.alerts = Alerts()
        self.tick = Tick("I paint the first frame myself")
        self.slot: FittedSlot[Source] = FittedSlot(
            "Your painting",
            "painting",
            limits=limits,
            read=lambda path: read_picture(path, limits),
            check=check_painting,
        )
        self.method = Choice("Painted by", list(_METHODS.values()), index=0)
        self.minutes = Choice(
            "A network learns for",
            [counted(count, "minute") for count in _MINUTES],
            index=_MINUTES.index(round(NetworkSettings().seconds / 60)),
        )
        self.download = guarded.VBox()
        rule = guarded.HTML(f'<p class="studio-caption">{_RULE}</p>')
        offer = guarded.VBox([rule, self.download, self.alerts.widget])
        files = guarded.Box([offer, self.slot]).add_class("studio-more-masks")
        choices = guarded.Box([self.method, self.minutes]).add_class("studio-fields")
        self._body = guarded.VBox([files, choices]).add_class("studio-more-content")
        super().__init__([self.tick, self._body])
        self.add_class("studio-more").add_class("studio-own")
        self.tick.observe(lambda _change: self._on_change(), "value")
        for choice in (self.method, self.minutes):
            choice.observe(lambda _change: self._on_change(), "index")
        self.slot.on_change(self._on_change)

    @property
    def chosen(self) -> bool:
        """Whether the content is a clip whose first frame the user paints."""
        return self.tick.value and self._content is not None and self._content.is_clip

    @property
    def painting(self) -> Source | None:
        """The painting, if it is to be used and fits."""
        return self.slot.file if self.chosen else None

    @property
    def key_method(self) -> KeyMethod:
        """How the other frames are painted."""
        return list(_METHODS)[self.method.index]

    @property
    def learn_seconds(self) -> float:
        """How long a network learns."""
        return 60.0 * _MINUTES[self.minutes.index]

    @property
    def fault(self) -> str:
        """Why no painting can begin; empty if it can."""
        missing = "First paint the first frame, and choose your painting."
        return self.slot.fault or ("" if self.slot.file else missing)

    def fit(self, content: Source | None, size: int) -> None:
        """Suit another content, or longest side; calls no callbacks."""
        self._content = content if content is not None and content.is_clip else None
        set_visible(self, self._content is not None)
        self.slot.fit(self._content)
        set_visible(self._body, self.tick.value)
        set_visible(self.minutes, self.key_method is not KeyMethod.PATCH)
        if self.chosen and content is not None and self._offered != (content.path, size):
            with self.alerts.guard():
                self._offer_frame(content, size)

    def _offer_frame(self, content: Source, size: int) -> None:
        """Offer the first frame, in the size in which it will be painted."""
        self.alerts.clear()
        self._offered, self.download.children = (content.path, size), ()
        frame = read_clip(content.path, size=size, frames=1, limits=self._limits)[0]
        path = private_folder() / f"{content.name}-frame-0.png"
        save_image(frame, path, provenance=None)
        self.download.children = (Download(path, label="The first frame", media_type="image/png"),)


def check_painting(painting: Source, content: Source) -> None:
    """Raise SettingsError unless a painting has the proportions of a clip; it may have any size."""
    try:
        check_proportions(painting.size[::-1], content.size[::-1], painting.path)
    except SettingsError:
        (width, height), (columns, rows) = painting.size, content.size
        raise SettingsError(
            painting.path,
            f"has {width}×{height} pixels, other proportions than the frames ({columns}×{rows}); "
            "paint over the whole first frame, in any size",
        ) from None
