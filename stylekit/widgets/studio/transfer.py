"""One transfer of the studio: the network, the run, and the files that it writes."""

from __future__ import annotations

import dataclasses
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...arrays import Image
from ...image.objective import Objective
from ...image.scales import first_picture
from ...image.stylization import Stylization, prepare_objective
from ...media.clips import Clip, read_clip
from ...media.encode import write_clip
from ...media.images import load_alpha, load_image, resize_image, save_image
from ...media.provenance import Provenance, comment, describe_source
from ...settings import MediaLimits, Weights
from ...vgg.weights import load_backbone
from ...video.keyframe_results import KeyframeReport
from ...video.keyframe_run import KeyframeRun
from ...video.results import Result, finish_clip, finish_image
from ...video.run import VideoRun
from ..base.private_files import safe_name
from ..base.run_progress import enlarged
from ..player.player import Run
from .request import Request

OWN_FILES = MediaLimits(min_side=1, max_aspect=1e6)
"""No limits, for files that the studio has written itself."""


class Network:
    """The network, loaded and prepared in the background. Any thread may use it.

    `on_news()` is called on a thread of its own when `label` or a `step_seconds` becomes known,
    `on_error(error)` for each exception in the background.
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
        self._wanted: Request | None = None
        self._objective: tuple[tuple[object, ...], Objective] | None = None
        self._seconds: dict[tuple[object, ...], float] = {}
        self.label = ""
        self._in_background(self._load)

    def step_seconds(self, request: Request) -> float | None:
        """The duration of a step; None until it has been measured."""
        return self._seconds.get(request.step_key)

    def prepare(self, request: Request) -> None:
        """Prepare what `request` needs, in the background, and measure the duration of a step."""
        if request.painting is not None:
            return
        self._wanted = request
        self._in_background(lambda: self._prepare(request))

    def objective(self, request: Request) -> Objective:
        """The losses for the styles of `request`; waits for preparations in the background."""
        with self._lock:
            return self._locked_objective(request)

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

    def _prepare(self, request: Request) -> None:
        with self._lock:
            # If a user changes the request several times, only the last one is prepared.
            if request is not self._wanted or request.step_key in self._seconds:
                return
            trial = Stylization(
                resize_image(request.content.preview, request.shape),
                request.guidance(),
                request.image_settings,
                objective=self._locked_objective(request),
                preview=False,  # because steps at full size are measured
            )
            trial.step()  # the first step compiles
            begun = time.monotonic()
            trial.step()
            self._seconds[request.step_key] = time.monotonic() - begun

    def _locked_objective(self, request: Request) -> Objective:
        key = request.style_key
        if self._objective is None or self._objective[0] != key:
            # Release the old one first, because two of them may not fit into memory.
            self._objective = None
            self._objective = key, prepare_objective(request.guidance(), request.image_settings)
        return self._objective[1]


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class TransferResult:
    """What a transfer has made. `before` is the file of the content at the size of the result.

    `shown` is the result, of a clip its first frame, and `weights` those of the last step.
    """

    report: Result | KeyframeReport
    before: Path
    shown: Image
    weights: Weights


class Transfer:
    """A transfer that writes its files to `folder`, as `Shelf.begin` makes it.

    `init` is the file of a picture to go on from. A clip whose folder holds a run goes on with it.
    """

    def __init__(self, request: Request, folder: Path, *, init: Path | None = None) -> None:
        self.request, self.folder, self._init = request, folder, init
        names = [source.name for source in request.sources]
        self.stem = Path(safe_name(f"{'-'.join(names)}.x")).stem
        self.source: Run | None = None
        self.clip: Clip | None = None
        self.step_count = 0
        self.weights = Weights()
        self._begun = time.monotonic()

    @property
    def run(self) -> VideoRun | KeyframeRun:
        """The run of a clip."""
        assert isinstance(self.source, VideoRun | KeyframeRun)
        return self.source

    @property
    def is_complete(self) -> bool:
        """Whether a run that has come to its end has nothing left to do."""
        return True

    @property
    def has_result(self) -> bool:
        """Whether there is anything to keep: a step of a picture, or a frame of a clip."""
        if self.clip is not None:
            return self.source is not None and bool(self.run.finished_entries())
        return self.step_count > 0

    def first_picture(self) -> Image:
        """What the painting of a picture begins with; it does not wait for the network."""
        if self._init is not None:
            return self._load_init(self._init)
        request = self.request
        return first_picture(request.content.preview, request.guidance(), request.image_settings)

    def _load_init(self, path: Path) -> Image:
        return load_image(path, limits=OWN_FILES, ignore_alpha=True)

    def note(self, event: Any) -> Image | None:
        """Take what the run yields; returns the picture so far, None if there is no new one."""
        step = getattr(event, "step", event)
        if not hasattr(step, "step_index"):
            return None
        self.step_count += 1
        self.weights = step.weights
        return enlarged(step.image, self.source)

    def open(self, network: Network) -> Run:
        """The run before its first step; takes seconds."""
        request = self.request
        if request.content.is_clip:
            assert request.style is not None
            style = request.whole(request.style)
            self.clip = self._read_clip()
            self.source = VideoRun(self.clip, style, self.folder / "run", request.video_settings)
        else:
            init, settings = None, request.image_settings
            if self._init is not None:
                # Its large strokes are there: the smaller sizes would only blur them.
                init = self._load_init(self._init)
                settings = dataclasses.replace(settings, scales=1)
            self.source = Stylization(
                request.whole(request.content),
                request.guidance(),
                settings,
                init=init,
                objective=network.objective(request),
            )
        return self.source

    def finish(self, *, complete: bool) -> TransferResult:
        """Write the result, with how it was made, in the file and in a second one beside it."""
        seconds = time.monotonic() - self._begun
        if self.clip is not None:
            return self._finish_clip(self.clip, seconds)
        assert isinstance(self.source, Stylization)
        source = self.request.content.path
        report = finish_image(
            self.source,
            self.folder / f"{self.stem}.png",
            content=source,
            style=[style.path for style in self.request.styles],
            weights=self.weights,
            seconds=seconds,
            complete=complete,
            alpha=load_alpha(source, size=self.request.size, limits=self.request.limits),
            regions=[mask.path for mask in self.request.regions],
            keep=self.request.keep.path if self.request.keep else None,
        )
        before = self.folder / "before.png"
        content = resize_image(self.request.load(self.request.content), report.size)
        save_image(content, before, provenance=None)
        shown = self.source.image
        return TransferResult(report=report, before=before, shown=shown, weights=report.weights)

    def compare(self, result: TransferResult) -> Path:
        """Write a clip of before and after, side by side; takes seconds."""
        # It imports matplotlib and moviepy, which takes a second that the page should not wait for.
        from ...media.compare import write_comparison

        output = self.folder / f"{self.stem}-side-by-side.mp4"
        write_comparison(
            [result.before, result.report.output],
            ["before", self._after_words],
            output,
            comment=comment(self._provenance(result)),
            limits=OWN_FILES,
        )
        return output

    @property
    def _after_words(self) -> str:
        """What is written on the result in the clip of before and after."""
        return "after: made by AI"

    def _provenance(self, result: TransferResult) -> Provenance:
        """What the clip of before and after was made from."""
        report, style = result.report, self.request.style
        assert isinstance(report, Result) and style is not None
        return Provenance(
            settings=report.settings.to_json(),
            weights=report.weights,
            backbone=report.backbone,
            content=describe_source(self.request.content.path),
            style=describe_source(style.path),
        )

    def _read_clip(self) -> Clip:
        request = self.request
        return read_clip(
            request.content.path,
            size=request.size,
            frames=request.frames,
            limits=request.limits,
            allow_partial=True,
        )

    def _finish_clip(self, clip: Clip, seconds: float) -> TransferResult:
        assert isinstance(self.source, VideoRun) and self.request.style is not None
        report = finish_clip(
            self.source,
            clip,
            self.folder / f"{self.stem}.mp4",
            style=self.request.style.path,
            seconds=seconds,
        )
        return self._with_content(report, clip)

    def _with_content(self, report: Result | KeyframeReport, clip: Clip) -> TransferResult:
        """The result of a clip, with the content written beside it."""
        before = self.folder / "before.mp4"
        write_clip(clip[: report.frames], before, fps=clip.fps)
        weights = report.weights if isinstance(report, Result) else self.weights
        shown = self.run.stored_frame(0)
        return TransferResult(report=report, before=before, shown=shown, weights=weights)
