"""The result of a transfer: before and after, the frames of a clip, facts, and downloads."""

from __future__ import annotations

from pathlib import Path

import ipywidgets

from ..base.download import Download
from ..base.run_progress import time_words
from ..base.text import python_line, short_number
from ..base.widget import set_visible
from ..player.clip_pair import ClipPair
from ..player.split_view import SplitView
from .frames import FrameStrip
from .parts import Heading, facts_html
from .transfer import Request, Transfer, TransferResult

_PICTURE_WIDTH, _PICTURE_HEIGHT = 640, 560
_CLIP_WIDTH = 320


class Results(ipywidgets.VBox):
    """Shows a result. Any thread may call `show`, which waits for files."""

    def __init__(self) -> None:
        self.split = SplitView(width=_PICTURE_WIDTH)
        self.pair = ClipPair(width=_CLIP_WIDTH)
        self.frames = FrameStrip()
        self.facts = ipywidgets.HTML()
        self.note = ipywidgets.HTML()
        self.downloads = ipywidgets.VBox()
        self._frame_part = ipywidgets.VBox([Heading("Frame by frame", level=3), self.frames])
        side = ipywidgets.VBox(
            [
                Heading("Take it with you", level=3),
                self.downloads,
                self.note,
                Heading("How it was made", level=3),
                self.facts,
            ]
        ).add_class("studio-side")
        views = ipywidgets.VBox([self.split, self.pair]).add_class("studio-views")
        super().__init__(
            [ipywidgets.Box([views, side]).add_class("studio-columns"), self._frame_part]
        )

    def show(self, transfer: Transfer, result: TransferResult) -> None:
        """Replace what is shown."""
        report, content = result.report, transfer.request.content.name
        style = transfer.request.style_words
        alt_before, alt_after = content, f"{content}, painted in the manner of {style}"
        is_clip = result.before_clip is not None
        set_visible(self.split, not is_clip)
        set_visible(self.pair, is_clip)
        set_visible(self._frame_part, is_clip)
        self.facts.value = facts_html(_facts(transfer, result))
        kind, media_type = ("clip", "video/mp4") if is_clip else ("picture", "image/png")
        self.downloads.children = [
            Download(report.output, label=f"The painted {kind}", media_type=media_type),
            Download(report.sidecar, label="Its settings", media_type="application/json"),
        ]
        self.note.value = ""
        if result.before_clip is None:
            height, width = result.after.shape[:2]
            # A picture in portrait format must fit into the height of a window.
            self.split.width = min(_PICTURE_WIDTH, round(_PICTURE_HEIGHT * width / height))
            self.split.show(result.before, result.after, alt_before=alt_before, alt_after=alt_after)
            return
        assert transfer.clip is not None
        self.pair.show(
            result.before_clip,
            report.output,
            fps=transfer.clip.fps,
            alt_before=alt_before,
            alt_after=alt_after,
        )
        self.frames.show(transfer.run, transfer.clip)
        self.note.value = '<p class="studio-caption">The side-by-side clip is being written …</p>'

    def add_comparison(self, path: Path) -> None:
        """Add the download of the clip that shows before and after."""
        self.note.value = ""
        both = Download(path, label="Before and after, side by side", media_type="video/mp4")
        self.downloads.children = [*self.downloads.children[:1], both, *self.downloads.children[1:]]


def _facts(transfer: Transfer, result: TransferResult) -> list[tuple[str, str]]:
    report = result.report
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
