"""One transfer of the studio: what is to be painted, the run, and the files that come of it."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ...arrays import Image
from ...media.clips import Clip, read_clip
from ...media.encode import write_clip
from ...media.images import fitted_size, load_image, resize_image
from ...media.provenance import Provenance, comment, describe_source
from ...settings import ImageSettings, MediaLimits, VideoSettings, Weights
from ...vgg.weights import load_backbone
from ..base.private_files import private_folder, safe_name
from .slots import Source

if TYPE_CHECKING:
    from ...image.objective import Objective
    from ...image.stylization import Stylization
    from ...video.results import Result
    from ...video.run import VideoRun


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What somebody asked for. `frames` is how many of a clip are painted, from its first on."""

    content: Source
    style: Source
    size: int
    steps: int
    frames: int
    backbone: str
    limits: MediaLimits

    @property
    def image_settings(self) -> ImageSettings:
        """How a picture, or the first frame of a clip, is painted."""
        return ImageSettings(size=self.size, steps=self.steps, backbone=self.backbone)

    @property
    def video_settings(self) -> VideoSettings:
        """How a clip is painted."""
        usual = VideoSettings()
        later = min(usual.frame_steps, self.steps)
        return VideoSettings(image=self.image_settings, frame_steps=later)

    @property
    def max_steps(self) -> int:
        """The most steps that it takes at full size, beside which a preview takes no time."""
        later = self.video_settings.frame_steps if self.content.is_clip else 0
        return self.steps + later * (self.frames - 1)

    @property
    def shape(self) -> tuple[int, int]:
        """The (width, height) that is painted."""
        return fitted_size(self.content.size, self.size)

    @property
    def words(self) -> str:
        """What is painted, in a line."""
        frames = f"{self.frames} frames of " if self.content.is_clip else ""
        width, height = self.shape
        names = f"{self.content.name} in the manner of {self.style.name}"
        return f"{frames}{names}, {width}×{height} pixels"

    def load(self, source: Source) -> Image:
        """A picture of this, at the size that is painted."""
        return load_image(source.path, size=self.size, limits=self.limits)


class Network:
    """The network, loaded and made ready while nobody waits for it. Any thread may use it.

    `on_news()` is called, on a thread of its own, whenever `label` or `step_seconds` of something
    becomes known; `on_error(error)` for what goes wrong meanwhile.
    """

    def __init__(
        self,
        backbone: str,
        *,
        on_news: Callable[[], object],
        on_error: Callable[[BaseException], object],
    ) -> None:
        self._backbone, self._on_news, self._on_error = backbone, on_news, on_error
        self._lock = threading.Lock()
        self._wanted: Order | None = None
        self._objective: tuple[tuple[object, ...], Objective] | None = None
        self._seconds: dict[tuple[object, ...], float] = {}
        self.label = ""
        self._in_background(self._load)

    def step_seconds(self, order: Order) -> float | None:
        """How long a step of this takes here; None as long as it was not tried."""
        return self._seconds.get(_kind_of(order))

    def warm(self, order: Order) -> None:
        """Make ready what `order` needs, in the background, and try how long a step takes."""
        self._wanted = order
        self._in_background(lambda: self._warm(order))

    def objective(self, order: Order) -> Objective:
        """The losses in the style of `order`; waits for what is being made ready."""
        with self._lock:
            return self._prepared(order)

    def _in_background(self, work: Callable[[], object]) -> None:
        def _guarded() -> None:
            try:
                work()
                self._on_news()
            except Exception as error:
                self._on_error(error)

        threading.Thread(target=_guarded, name="stylekit-network", daemon=True).start()

    def _load(self) -> None:
        self.label = load_backbone(self._backbone).label

    def _warm(self, order: Order) -> None:
        with self._lock:
            # Whoever tries one thing after the other waits for the last one only.
            if order is not self._wanted or _kind_of(order) in self._seconds:
                return
            from ...image.stylization import Stylization

            content = resize_image(order.content.preview, order.shape)
            trial = Stylization(
                content,
                order.style.preview,
                order.image_settings,
                objective=self._prepared(order),
                preview=False,  # what takes long is timed
            )
            trial.step()  # the first one compiles
            begun = time.monotonic()
            trial.step()
            self._seconds[_kind_of(order)] = time.monotonic() - begun

    def _prepared(self, order: Order) -> Objective:
        from ...image.stylization import prepare_objective

        key = (order.style.path, order.size)
        if self._objective is None or self._objective[0] != key:
            # The one before goes first: two of them need not fit into memory.
            self._objective = None
            style = order.load(order.style)
            self._objective = key, prepare_objective(style, order.image_settings)
        return self._objective[1]


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Outcome:
    """What a job has made. `before` is the content at the size of the result.

    For a clip `before_clip` is a file of the frames that were painted, and `frames` their number.
    """

    report: Result
    before: Image
    after: Image
    before_clip: Path | None = None


class Job:
    """A transfer under way, in a folder of its own that no other user can enter."""

    def __init__(self, order: Order) -> None:
        self.order = order
        self.folder = private_folder()
        self.stem = Path(safe_name(f"{order.content.name}-{order.style.name}.x")).stem
        self.source: Stylization | VideoRun | None = None
        self.clip: Clip | None = None
        self.step_count = 0
        self.weights = Weights()
        self._begun = time.monotonic()

    @property
    def run(self) -> VideoRun:
        """The run of a clip."""
        from ...video.run import VideoRun

        assert isinstance(self.source, VideoRun)
        return self.source

    @property
    def has_something(self) -> bool:
        """Whether there is anything to keep: a step of a picture, a frame of a clip."""
        if self.clip is not None:
            return self.source is not None and bool(self.run.finished_entries())
        return self.step_count > 0

    def open(self, network: Network) -> Stylization | VideoRun:
        """The run, from its first step on; takes seconds."""
        order = self.order
        if order.content.is_clip:
            from ...video.run import VideoRun

            style = order.load(order.style)
            self.clip = read_clip(
                order.content.path,
                size=order.size,
                frames=order.frames,
                limits=order.limits,
                allow_partial=True,
            )
            self.source = VideoRun(self.clip, style, self.folder / "run", order.video_settings)
            return self.source
        from ...image.stylization import Stylization

        content = order.load(order.content)
        objective = network.objective(order)
        style = order.load(order.style)
        self.source = Stylization(content, style, order.image_settings, objective=objective)
        return self.source

    def finish(self, *, complete: bool) -> Outcome:
        """Write what is there, with what it was made from, in the file and beside it."""
        seconds = time.monotonic() - self._begun
        if self.clip is not None:
            return self._finish_clip(self.clip, seconds)
        from ...image.stylization import Stylization
        from ...video.results import finish_image

        assert isinstance(self.source, Stylization)
        report = finish_image(
            self.source,
            self.folder / f"{self.stem}.png",
            content=self.order.content.path,
            style=self.order.style.path,
            weights=self.weights,
            seconds=seconds,
            complete=complete,
        )
        after = self.source.image
        content = self.order.load(self.order.content)
        return Outcome(report=report, before=resize_image(content, report.size), after=after)

    def discard(self) -> None:
        """Remove all files of it."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def compare(self, outcome: Outcome) -> Path:
        """A clip of before and after, side by side; takes seconds."""
        # Its drawing library takes a second to load, which no page needs to wait for.
        from ...media.compare import write_comparison

        assert outcome.before_clip is not None
        report = outcome.report
        provenance = Provenance(
            settings=report.settings.to_json(),
            weights=report.weights,
            backbone=report.backbone,
            content=describe_source(self.order.content.path),
            style=describe_source(self.order.style.path),
        )
        output = self.folder / f"{self.stem}-side-by-side.mp4"
        write_comparison(
            [outcome.before_clip, report.output],
            ["before", "after: made by AI"],
            output,
            comment=comment(provenance),
            limits=_ANY_SIZE,
        )
        return output

    def _finish_clip(self, clip: Clip, seconds: float) -> Outcome:
        from ...video.results import finish_clip

        report = finish_clip(
            self.run,
            clip,
            self.folder / f"{self.stem}.mp4",
            style=self.order.style.path,
            seconds=seconds,
        )
        before = self.folder / "before.mp4"
        write_clip(clip[: report.frames], before, fps=clip.fps)
        return Outcome(
            report=report, before=clip[0], after=self.run.folder.read_frame(0), before_clip=before
        )


# What the studio wrote itself needs no limits.
_ANY_SIZE = MediaLimits(min_side=1, max_aspect=1e6)


def _kind_of(order: Order) -> tuple[object, ...]:
    """What the time of a step depends on, and what has to be compiled anew."""
    return order.style.path, order.size, order.shape
