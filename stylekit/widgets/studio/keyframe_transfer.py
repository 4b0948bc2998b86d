"""A transfer of the studio that follows a first frame which the user has painted."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from ...arrays import Image
from ...media.clips import describe_clip
from ...media.images import load_image, resize_image
from ...media.provenance import KeyframeSource, Provenance, describe_source
from ...settings import KeyMethod
from ...vgg.weights import load_backbone
from ...video.few_shot_network import LOSS_BACKBONE
from ...video.keyframe_results import KeyframeReport, finish_keyframes
from ...video.keyframe_run import KeyframeRun
from ..base.run_progress import time_words
from .request import Request
from .transfer import Network, Transfer, TransferResult


class KeyframeTransfer(Transfer):
    """A clip that is painted from its first frame. A folder that holds its run goes on with it."""

    @property
    def keys(self) -> KeyframeRun:
        """The run."""
        assert isinstance(self.source, KeyframeRun)
        return self.source

    @property
    def has_result(self) -> bool:
        """Whether there is a frame to keep, or a network that can paint all of them."""
        if not isinstance(self.source, KeyframeRun):
            return False
        return self._has_learned or bool(self.source.finished_entries())

    @property
    def is_complete(self) -> bool:
        """Whether all frames are painted, and the network has learned for as long as it should."""
        return self.keys.is_complete

    def open(self, network: Network) -> KeyframeRun:
        """The run before its first step. It needs no prepared network."""
        request = self.request
        assert request.painting is not None
        self.clip = clip = self._read_clip()
        painting = load_image(request.painting.path, limits=request.limits)
        fitted = resize_image(painting, (clip.width, clip.height))
        self.source = KeyframeRun(clip, {0: fitted}, self.folder / "run", request.key_settings)
        return self.source

    def note(self, event: Any) -> Image | None:
        """Take what the run yields; returns the picture so far, None if there is no new one."""
        self.step_count += hasattr(event, "losses")
        image: Image | None = getattr(event, "image", None)
        return image

    def finish(self, *, complete: bool) -> TransferResult:
        """Write the result; what a network has learned so far paints all frames."""
        run, clip = self.keys, self.clip
        assert clip is not None
        if not complete and self._has_learned:
            for _ in run.frames(train=False):
                pass
        report = finish_keyframes(
            run,
            clip,
            self.folder / f"{self.stem}.mp4",
            content=describe_clip(self.request.content.path, self.request.limits),
            keyframes=self._keyframes(),
            weights=None,
            backbone=self._backbone,
            seconds=time.monotonic() - self._begun,
        )
        return self._with_content(report, clip)

    @property
    def _has_learned(self) -> bool:
        network = self.keys.network
        return network is not None and network.step_count > 0

    @property
    def _backbone(self) -> str | None:
        """The label of the network that had a part in it; patches need none."""
        by_network = self.keys.settings.method is KeyMethod.NETWORK
        return load_backbone(LOSS_BACKBONE).label if by_network else None

    @property
    def _after_words(self) -> str:
        return "after" if self._backbone is None else super()._after_words

    def _keyframes(self) -> tuple[KeyframeSource, ...]:
        assert self.request.painting is not None
        painting = describe_source(self.request.painting.path)
        return (KeyframeSource(frame_index=0, painting=painting),)

    def _provenance(self, result: TransferResult) -> Provenance:
        return Provenance(
            settings=result.report.settings.to_json(),
            weights=None,
            backbone=self._backbone,
            content=describe_source(self.request.content.path),
            keyframes=self._keyframes(),
        )


def transfer_of(request: Request, folder: Path, *, init: Path | None = None) -> Transfer:
    """The transfer that a request asks for; see `Transfer`."""
    if request.painting is not None:
        return KeyframeTransfer(request, folder)
    return Transfer(request, folder, init=init)


def keyframe_facts(report: KeyframeReport) -> list[tuple[str, str]]:
    """How a clip was made from its painted first frame, as pairs of a name and a value."""
    by_network = report.settings.method is KeyMethod.NETWORK
    facts = [
        ("size", f"{report.size[0]}×{report.size[1]} pixels"),
        ("frames", str(report.frames)),
        ("painted by", "a network" if by_network else "patches"),
        *([("steps of learning", str(report.trained))] if by_network else []),
        ("time", time_words(report.seconds).removeprefix("about ")),
    ]
    if report.frames > 1:
        error = f"{report.warping_error.rmse:.4f} (RMS)"
        facts.append(("warping error along its own flow", error))
    if by_network:
        facts.append(("made by AI", "noted in the file and in its settings"))
    return facts
