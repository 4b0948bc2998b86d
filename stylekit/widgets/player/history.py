"""The history of a run: pictures of its steps, kept in little memory, and a slider to look back."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import traitlets

from ...arrays import Image
from ...media.images import Preview, encode_preview, fitted_size, resize_image
from ..base.modules import bundle, stylesheet
from ..base.widget import LockedWidget

_HERE = Path(__file__).parent

MOST_PICTURES = 60
"""So many pictures are kept: 3 to 6 MB of JPEG."""

_SIZE = 512


@dataclass(frozen=True, slots=True)
class KeptStep:
    """The picture of a step, which is counted from 1, and what it shows in words."""

    step: int
    picture: Preview
    title: str


class StepPictures:
    """Small pictures of the steps of a run, evenly spaced; the first and the newest are among them.

    When there are more than `most`, every second is forgotten, and from then on only every second
    step is kept.

    Examples
    --------
    >>> pictures = StepPictures(most=4)
    >>> for step in range(1, 12):
    ...     pictures.add(step, np.zeros((8, 8, 3), np.float32), "")
    >>> pictures.steps
    (1, 5, 9, 11)
    """

    def __init__(self, most: int = MOST_PICTURES) -> None:
        self._most = most
        self.clear()

    def clear(self) -> None:
        """Forget all."""
        self._kept: list[KeptStep] = []
        self._stride = 1
        self._newest: tuple[int, Image, str] | None = None

    @property
    def steps(self) -> tuple[int, ...]:
        """The steps whose pictures are kept, in order."""
        steps = tuple(kept.step for kept in self._kept)
        newest = self.total
        return steps if newest in (0, *steps) else (*steps, newest)

    @property
    def total(self) -> int:
        """The newest step; 0 before the first."""
        return self._newest[0] if self._newest else 0

    def add(self, step: int, image: Image, title: str) -> None:
        """Take the picture after a step; one that is not newer than the last is left out."""
        if step <= self.total:
            return
        self._newest = step, image, title
        if (step - 1) % self._stride == 0:
            self._kept.append(KeptStep(step, _small(image), title))
        # One more may be the newest.
        while len(self._kept) >= self._most:
            self._stride *= 2
            self._kept = [kept for kept in self._kept if (kept.step - 1) % self._stride == 0]

    def nearest(self, step: int) -> KeptStep | None:
        """The kept picture whose step is nearest; None if there is none."""
        steps = self.steps
        if not steps:
            return None
        place = bisect_left(steps, step)
        around = steps[max(0, place - 1) : place + 1] or steps[-1:]
        wanted = min(around, key=lambda each: abs(each - step))
        if self._newest and wanted == self._newest[0]:
            _step, image, title = self._newest
            return KeptStep(wanted, _small(image), title)
        return next(kept for kept in self._kept if kept.step == wanted)


def _small(image: Image) -> Preview:
    if max(image.shape) > _SIZE:
        image = resize_image(image, fitted_size(image.shape[1::-1], _SIZE))
    return encode_preview(image, quality=88)


class HistorySlider(LockedWidget):
    """A slider over the kept steps, and a button that compares with the run before.

    The page writes `step`, 0 for the newest, and `comparing`. `on_look()` is called after each of
    these changes; it must show its own exceptions (see `Alerts`).
    """

    _esm = bundle(_HERE / "history.js")
    _css = stylesheet(_HERE.parent / "base" / "dom.css", _HERE / "page.css")

    page_writes: ClassVar[frozenset[str]] = frozenset({"step", "comparing"})

    step = traitlets.Int(help="The step to look at, 0 for the newest.").tag(sync=True)
    comparing = traitlets.Bool().tag(sync=True)
    _steps: traitlets.List[int] = traitlets.List(help="The kept steps.").tag(sync=True)
    _total = traitlets.Int(help="The newest step.").tag(sync=True)
    _offered = traitlets.Bool(help="Whether there is a run before.").tag(sync=True)
    _words = traitlets.Unicode(help="What is compared.").tag(sync=True)

    def __init__(self, on_look: Callable[[], object]) -> None:
        super().__init__()
        self.observe(self._look_at_one, ["step", "comparing"])
        self.observe(lambda _change: on_look(), ["step", "comparing"])

    def show(self, steps: Sequence[int], total: int) -> None:
        """Show which steps are kept, and how many there are."""
        with self.updating():
            if total != self._total or len(steps) != len(self._steps):
                self._steps, self._total = list(steps), total

    def offer(self, *, comparison: bool, words: str = "") -> None:
        """Offer to compare with the run before, or not; `words` say how they differ."""
        with self.updating():
            self._offered, self._words = comparison, words
            if not comparison:
                self.comparing = False

    def _look_at_one(self, change: Any) -> None:
        """An earlier step, or two runs: what is chosen ends the other."""
        if change["new"]:
            if change["name"] == "step":
                self.comparing = False
            else:
                self.step = 0

    @traitlets.validate("step")
    def _check_step(self, proposal: Any) -> int:
        return max(0, min(self._total, int(proposal["value"])))

    @traitlets.validate("comparing")
    def _check_comparing(self, proposal: Any) -> bool:
        return bool(proposal["value"]) and self._offered
