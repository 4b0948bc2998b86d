"""The picture of a player: the newest one, one of an earlier step, or two runs side by side."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ...arrays import Image
from ...media.images import resize_image
from ...settings import Weights
from ..base import guarded
from ..base.picture_canvas import PictureCanvas
from ..base.text import change_words, counted
from ..base.widget import Throttle, set_visible
from .history import HistorySlider, StepPictures
from .split_view import SplitView

_WIDTH = 512
# Two pictures are encoded each time.
_COMPARE_SECONDS = 0.5
# The sides of two pictures that can be compared differ by no more.
_SAME_RATIO = 0.02


@dataclass(frozen=True, slots=True)
class PaintedPicture:
    """The picture of a run `(H, W, 3)`, after how many steps, and the weights of the last."""

    image: Image
    step: int
    weights: Weights | None

    def fits(self, other: PaintedPicture) -> bool:
        """Whether both have the same proportions."""
        ratios = [each.image.shape[1] / each.image.shape[0] for each in (self, other)]
        return abs(ratios[0] / ratios[1] - 1) < _SAME_RATIO


# By the name of the player: a cell that is executed again makes another one.
_last: dict[str, PaintedPicture] = {}


class LookingBack(guarded.VBox):
    """A canvas with the newest picture, and a slider that looks back through earlier ones.

    A button compares the picture with that of the run before: of this player, or of the last one
    with its `name`. The player calls `begin` for a new run, `take` for each picture, `keep` for
    that of a step, and `show` to send what is new. `on_look()` is called when a user looks at
    something else; it must show its own exceptions, and may call `show`. Any thread may use it.
    """

    def __init__(self, name: str, *, on_look: Callable[[], object]) -> None:
        self._name = name
        self.pictures = StepPictures()
        self.before = _last.get(name)
        self._now: PaintedPicture | None = None
        self._newest: tuple[Callable[[], Image], str] | None = None
        # What the canvas shows: a step, 0 for the newest picture, None for an older one.
        self._shown: int | None = None
        self._compared = 0
        self._comparisons = Throttle(_COMPARE_SECONDS)
        self.canvas = PictureCanvas(width=_WIDTH, tools=True)
        self.split = SplitView(name_before="run before", name_after="this run")
        self.slider = HistorySlider(on_look)
        super().__init__([self.canvas, self.split, self.slider])
        self.add_class("stylekit-live")
        set_visible(self.split, False)

    @property
    def step(self) -> int:
        """The step that is looked at, 0 for the newest."""
        return self.slider.step

    def begin(self) -> None:
        """Forget the steps, for another run; its last picture is that of the run before."""
        if self._now is not None:
            self.before, self._now = self._now, None
        self.pictures.clear()
        self.slider.step = 0
        self.slider.show((), 0)
        self.slider.offer(comparison=False)

    def take(self, picture: Callable[[], Image], title: str) -> None:
        """Take the newest picture; `picture()` gives it at full size when it is shown."""
        self._newest = picture, title
        if self._shown == 0:
            self._shown = None

    def keep(self, step: int, image: Image, title: str, weights: Weights | None) -> None:
        """Keep the picture after a step."""
        self.pictures.add(step, image, title)
        self._now = _last[self._name] = PaintedPicture(image, step, weights)

    def show(self, *, at_once: bool) -> None:
        """Send the page what is new; a comparison only now and then, unless `at_once`."""
        self.slider.show(self.pictures.steps, self.pictures.total)
        before, now = self.before, self._now
        if before is not None and now is not None and before.fits(now):
            self.slider.offer(comparison=True, words=_difference(before, now))
        comparing = self.slider.comparing
        set_visible(self.split, comparing)
        set_visible(self.canvas, not comparing)
        if not comparing:
            self._compared = 0
            self._show_one()
        elif before is not None and (at_once or self._comparisons.due()):
            self._show_both(before)

    def _show_one(self) -> None:
        step = self.step
        if step and (kept := self.pictures.nearest(step)) is not None:
            if self._shown != kept.step:
                self._shown = kept.step
                self.canvas.show_preview(kept.picture, alt=kept.title)
        elif self._newest is not None and self._shown != 0:
            picture, title = self._newest
            self._shown = 0
            self.canvas.show(picture(), alt=title)

    def _show_both(self, before: PaintedPicture) -> None:
        now = self._now
        if now is None or self._compared == now.step:
            return
        self._compared = now.step
        size = before.image.shape[1::-1]
        image = now.image
        if max(image.shape) > max(before.image.shape):
            size = image.shape[1::-1]
        left, right = (
            picture if picture.shape[1::-1] == size else resize_image(picture, size)
            for picture in (before.image, image)
        )
        self.split.show(
            left,
            right,
            alt_before=f"the run before, after {counted(before.step, 'step')}",
            alt_after=f"this run, after {counted(now.step, 'step')}",
        )


def _difference(before: PaintedPicture, now: PaintedPicture) -> str:
    """What is compared, in words."""
    steps = f"{before.step} and {counted(now.step, 'step')}"
    if before.weights is None or now.weights is None:
        return steps
    return f"{steps}; {change_words(before.weights, now.weights) or 'the same weights'}"
