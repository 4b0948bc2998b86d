"""A kept transfer: before and after or beside another, its frames, facts, and downloads."""

from __future__ import annotations

import html
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from ...errors import StylekitError
from ...media.clips import Clip
from ...media.images import load_image, resize_image
from ...media.provenance import sidecar_path
from ...video.keyframe_results import KeyframeReport
from ...video.keyframe_run import KeyframeRun
from ...video.results import Result
from ...video.run import VideoRun
from ..base import guarded
from ..base.alerts import Alerts
from ..base.download import Download
from ..base.picture_canvas import PictureCanvas
from ..base.run_progress import time_words
from ..base.text import python_line, short_number
from ..base.widget import set_visible
from ..player.clip_pair import ClipPair
from ..player.split_view import SplitView
from .frames import FrameStrip
from .keyframe_transfer import keyframe_facts
from .parts import Choice, Heading, facts_html
from .recipe_lines import RecipeLines
from .request import Request
from .shelf import Record
from .transfer import OWN_FILES, Transfer

_STYLE_SIZE = 160
_CONTENT = "the content"


class Results(guarded.VBox):
    """Shows a transfer that is kept. Any thread may call `show`, which waits for files.

    `others()` gives the transfers that a result can be compared with.
    """

    def __init__(self, others: Callable[[], Sequence[Record]]) -> None:
        self._others = others
        self._rivals: list[Record | None] = [None]
        self._record: Record | None = None
        self.alerts = Alerts(on_page=True)
        self.split = SplitView()
        self.pair = ClipPair()
        self.unfinished = PictureCanvas(tools=True)
        self.rival = Choice("Compare with", [_CONTENT], index=0)
        self.rival.observe(self.alerts.guarded(lambda _change: self._show_beside()), "index")
        self.frames = FrameStrip()
        self.facts = guarded.HTML()
        self.note = guarded.HTML()
        self.downloads = guarded.VBox()
        self._style_heading = Heading("Style", level=3)
        self.styles = guarded.Box().add_class("studio-styles")
        self.recipe = RecipeLines()
        self._frame_part = guarded.VBox([Heading("Frame by frame", level=3), self.frames])
        parts = [self.downloads, self.note, self._style_heading, self.styles]
        how = [Heading("How it was made", level=3), self.facts, self.recipe]
        side = guarded.Box([guarded.VBox(parts), guarded.VBox(how)]).add_class("studio-side")
        views = [self.split, self.pair, self.unfinished, self.rival, self.alerts.widget]
        self._columns = guarded.Box([guarded.VBox(views).add_class("studio-views"), side])
        self._columns.add_class("studio-columns")
        super().__init__([self._columns, self._frame_part])

    @property
    def record(self) -> Record | None:
        """The transfer that is shown."""
        return self._record

    def show(
        self,
        record: Record,
        *,
        run: VideoRun | KeyframeRun | None = None,
        clip: Clip | None = None,
    ) -> None:
        """Replace what is shown. With its run and its content a clip is shown by frames too."""
        self._record = record
        finished = record.output is not None and record.before is not None
        set_visible(self.split, finished and not record.is_clip)
        set_visible(self.pair, finished and record.is_clip)
        set_visible(self.rival, finished)
        set_visible(self.unfinished, not finished)
        set_visible(self._frame_part, run is not None)
        # Two clips side by side need all of the width.
        (self._columns.add_class if record.is_clip else self._columns.remove_class)("studio-wide")
        self.facts.value = facts_html(record.facts)
        self.recipe.show(record.recipe)
        self._show_styles(record)
        self._say_where()
        self.downloads.children = _downloads(record)
        if not finished:
            path = record.so_far
            picture = record.thumbnail() if path is None else load_image(path, limits=OWN_FILES)
            self.unfinished.show(picture, alt=f"{record.title}, as far as it had come")
            return
        self._rivals = [None, *(each for each in self._others() if _comparable(each, record))]
        options = [_CONTENT if each is None else _rival_words(each) for each in self._rivals]
        self.rival.show(options, index=0)
        self._show_beside()
        if run is not None and clip is not None:
            self.frames.show(run, clip)

    def say(self, words: str) -> None:
        """Show a line below the downloads."""
        self.note.value = f'<p class="studio-caption">{html.escape(words)}</p>'

    def add_comparison(self, path: Path) -> None:
        """Add the download of the clip that shows before and after."""
        if self._record is not None:
            self._record = replace(self._record, comparison=path)
            self.downloads.children = _downloads(self._record)
            self._say_where()

    def _show_styles(self, record: Record) -> None:
        """Show the styles, or the painting of the first frame."""
        shown = []
        for path in record.style_files:
            try:
                style = load_image(path, size=_STYLE_SIZE, limits=OWN_FILES, ignore_alpha=True)
            except StylekitError:
                continue  # it was removed or damaged by hand
            canvas = PictureCanvas()
            canvas.show(style, alt=f"The style: {path.stem}")
            caption = guarded.HTML(f'<p class="studio-caption">{html.escape(path.stem)}</p>')
            shown.append(guarded.VBox([canvas, caption]))
        painted = bool(record.request.get("painting"))
        self._style_heading.show("The painted first frame" if painted else "Style")
        self.styles.children = shown

    def _say_where(self) -> None:
        if self._record is not None:
            self.say(f"Kept in {self._record.folder}")

    def _show_beside(self) -> None:
        """Show the result beside the content, or beside another result."""
        record = self._record
        if record is None or record.output is None or record.before is None:
            return
        rival = self._rivals[self.rival.index]
        left = record.before if rival is None else rival.output
        assert left is not None
        alt_left = record.content if rival is None else rival.label
        alt = f"{record.content}, painted in the manner of {record.style}"
        for view in (self.split, self.pair):
            view.rename(
                "before" if rival is None else "the other", "after" if rival is None else "this"
            )
        if record.is_clip:
            fps = record.fps or 1.0
            self.pair.show(left, record.output, fps=fps, alt_before=alt_left, alt_after=alt)
            return
        before, after = (
            load_image(it, limits=OWN_FILES, ignore_alpha=True) for it in (left, record.output)
        )
        if before.shape != after.shape:
            before = resize_image(before, after.shape[1::-1])
        self.split.show(before, after, alt_before=alt_left, alt_after=alt)


def _downloads(record: Record) -> list[Download]:
    """The files of a transfer, each as a button."""
    if record.output is None:
        return []
    kind, media_type = ("clip", "video/mp4") if record.is_clip else ("picture", "image/png")
    files = [(record.output, f"The painted {kind}", media_type)]
    if record.comparison is not None:
        files.append((record.comparison, "Before and after, side by side", "video/mp4"))
    files.append((sidecar_path(record.output), "Its settings", "application/json"))
    return [
        Download(path, label=label, media_type=media_type, main=path == record.output)
        for path, label, media_type in files
    ]


def _comparable(other: Record, record: Record) -> bool:
    """Whether another result may stand beside one: of the same kind and content."""
    return (
        other.folder != record.folder
        and other.output is not None
        and (other.is_clip, other.content) == (record.is_clip, record.content)
        and (not record.is_clip or other.fps == record.fps)
    )


def _rival_words(record: Record) -> str:
    return f"{record.style}, {record.begun}"


def facts_of(transfer: Transfer, report: Result | KeyframeReport) -> list[tuple[str, str]]:
    """How a result was made, as pairs of a name and a value."""
    if isinstance(report, KeyframeReport):
        return keyframe_facts(report)
    facts = [
        ("size", f"{report.size[0]}×{report.size[1]} pixels"),
        ("steps", str(transfer.step_count)),
        ("time", time_words(report.seconds).removeprefix("about ")),
        ("network", report.backbone),
        ("last weights", python_line(report.weights)),
        ("made by AI", "noted in the file and in its settings"),
    ]
    facts[1:1] = _guidance_facts(transfer.request)
    if transfer.clip is not None:
        whole = "" if report.complete else f" of {len(transfer.clip)}"
        facts[1:1] = [("frames", f"{report.frames}{whole}"), *_clip_facts(transfer.request)]
        if report.warping_error is not None and report.frames > 1:
            words = f"{report.warping_error.rmse:.4f} (RMS)"
            after_steps = [name for name, _ in facts].index("steps") + 1
            facts.insert(after_steps, ("warping error along its own flow", words))
    return facts


def _clip_facts(request: Request) -> list[tuple[str, str]]:
    """The settings of a clip alone, where they are not the usual ones."""
    facts = []
    if len(request.offsets) > 1:
        facts.append(("held to frames", f"{', '.join(map(str, request.offsets))} before"))
    if request.passes > 1:
        facts.append(("passes", f"{request.passes}{', as a loop' if request.loop else ''}"))
    return facts


def _guidance_facts(request: Request) -> list[tuple[str, str]]:
    """The weights and masks of a picture, if it has any."""
    facts = []
    if request.more_styles:
        pairs = zip(request.styles, request.style_weights, strict=True)
        words = [f"{style.name} {short_number(weight)}" for style, weight in pairs]
        facts.append(("styles, weights", ", ".join(words)))
    if request.regions:
        facts.append(("masks of styles", ", ".join(mask.path.name for mask in request.regions)))
    if request.keep:
        facts.append(("mask of kept parts", request.keep.path.name))
    return facts
