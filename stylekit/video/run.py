"""A clip, frame by frame: flow, mask, warm start, temporal loss, and a folder to resume from."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Generator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, assert_never

import numpy as np

from ..arrays import Image, check_image, from_bytes, to_bytes
from ..errors import SettingsError
from ..image.objective import Objective, TemporalTarget
from ..image.stylization import Step, Stylization, WeightsNow, prepare_objective, without_scales
from ..image.xla import worth_fusing
from ..losses import Losses
from ..motion.flow import FLOWS, FlowMethod, FlowPair, Interpolation, flow_between, warp
from ..motion.infill import Motion, carried_picture, transfer_texture
from ..motion.masks import MASKS, mask_of, reliable_share
from ..settings import Start, VideoSettings, Weights, function_of
from ..vgg.features import POOLINGS
from ..vgg.weights import load_backbone
from .folder import RunFolder, describe_run


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class FrameResult:
    """A finished frame and all that it was made from.

    `image` is the stored 8-bit picture, `losses` and `style_distance` are its. `motion` and
    `warped`, the stylised previous frame carried along the flow, are None where no frame comes
    before. `cold` frames started anew: the first, and those after a cut. `resumed` frames were
    finished before.
    """

    frame_index: int
    content: Image
    image: Image
    losses: Losses
    style_distance: float
    weights: Weights
    motion: Motion | None
    warped: Image | None
    cold: bool
    resumed: bool
    steps: int
    evaluations: int


@dataclass(frozen=True, slots=True, eq=False)
class FrameStep:
    """One optimiser step on a frame that is not finished yet."""

    frame_index: int
    step: Step


class VideoRun:
    """A clip being painted in a folder, after Ruder et al. 2016, §4.1 and §4.2.

    Frame i starts from the stylised frame i−1 warped along the backward flow, filled with
    texture of the shot's first frame where that cannot be trusted (`transfer_texture`), and the
    temporal loss holds it there. `clip` is a sequence of Images of one size, which is painted at
    that size whatever `settings.image.size` says, `style` an Image.
    `out` is the run folder: what is finished there is not painted again. `flows`, if given, are
    used in place of estimates (`flows[i]` between frames i and i+1), for scenes whose exact flow
    is known.

    Differs from the paper: the fill, for which the paper takes the content; the start, warped
    halfway between linear and cubic; and later frames stop as soon as they are as good as the
    first frame of their shot, by all terms but the temporal one, before the first step if need
    be, because a frame that goes on past that level drifts away from the one before.

    Raises ResumeError if the folder holds another run, and SettingsError if the settings name an
    implementation that there is not, or ask for exact flow and none is given.
    """

    def __init__(
        self,
        clip: Sequence[Image],
        style: Image,
        out: Path | str,
        settings: VideoSettings | None = None,
        *,
        flows: Sequence[FlowPair] | None = None,
    ) -> None:
        self.settings = settings or VideoSettings()
        function_of("flow", FLOWS, self.settings.flow)
        function_of("mask", MASKS, self.settings.mask)
        function_of("pooling", POOLINGS, self.settings.image.pooling)
        if self.settings.flow == FlowMethod.EXACT and flows is None:
            raise SettingsError("flow", "the exact flow is known for scenes alone; give flows")
        self.clip = clip
        self.folder = RunFolder(Path(out))
        self._style = check_image(style, "style")
        self._flows = flows
        self._objective: Objective | None = None
        self._painting: Stylization | None = None
        height, width = clip[0].shape[:2]
        # Frames, their flow and their masks are of one size: that of the clip.
        image = dataclasses.replace(self.settings.image, size=max(height, width))
        self.settings = dataclasses.replace(self.settings, image=image)
        # Asked of the run alone: it must be the same however often the run is resumed.
        later = 0 if self.settings.independent else len(clip) - 1
        self._size = width, height
        self._pays_to_fuse = worth_fusing(later * self.settings.frame_steps, self._size)
        self.backbone = load_backbone(self.settings.image.backbone)
        description = describe_run(clip, style, self.settings, exact_flow=flows is not None)
        self.folder.open(description, frame_count=len(clip), pixels=height * width)
        self._entries = self.folder.entries()

    def __repr__(self) -> str:
        width, height = self._size
        finished = f"{len(self.finished_entries())} of {len(self.clip)} frames finished"
        return f"<VideoRun: {width}×{height} pixels, {finished}, network {self.backbone.label}>"

    @property
    def painting(self) -> Stylization | None:
        """The frame that is being painted, or was last; None before the first."""
        return self._painting

    def finished_entries(self) -> list[dict[str, Any]]:
        """What the manifest says of the finished frames, from the first to the first missing."""
        indices = itertools.takewhile(self._entries.__contains__, itertools.count())
        return [self._entries[index] for index in indices]

    def frames(self, weights: WeightsNow | None = None) -> Iterator[FrameResult]:
        """Each frame as it is finished, stored ones first; a break pauses between frames."""
        for event in self.steps(weights):
            if isinstance(event, FrameResult):
                yield event

    def steps(self, weights: WeightsNow | None = None) -> Iterator[FrameStep | FrameResult]:
        """Every optimiser step, and each frame when it is finished.

        Weights may be a callable, looked up before each step.
        """
        previous: Image | None = None
        for frame_index, motion in enumerate(self._motions()):
            if frame_index in self._entries:
                result = self._restore(frame_index, previous, motion)
            else:
                result = yield from self._paint(frame_index, previous, motion, weights)
            previous = result.image
            yield result

    def _motions(self) -> Iterator[Motion | None]:
        """The motion of each frame; the next one's is estimated while one is painted."""
        with ThreadPoolExecutor(1) as ahead:
            coming = None
            for frame_index in range(len(self.clip)):
                motion = coming.result() if coming else None
                if frame_index + 1 < len(self.clip):
                    coming = ahead.submit(self.motion, frame_index + 1)
                yield motion

    def stored_frames(self) -> Iterator[Image]:
        """The finished frames from the first on, up to the first that is missing."""
        for entry in self.finished_entries():
            yield self.folder.read_frame(entry["frame_index"])

    def motion(self, frame_index: int) -> Motion:
        """The motion from frame `frame_index` − 1 to `frame_index`, computed once and stored."""
        stored = self.folder.read_flow(frame_index)
        if stored is None:
            settings = self.settings
            if self._flows is not None:
                flow = self._flows[frame_index - 1]
            else:
                flow = flow_between(
                    self.clip[frame_index - 1], self.clip[frame_index], method=settings.flow
                )
            current, previous = self.clip[frame_index], self.clip[frame_index - 1]
            mask = mask_of(flow, current, previous, settings)
            stored = self.folder.write_flow(frame_index, flow, mask)
        flow, mask = stored
        return Motion(flow, mask, reliable_share(mask) < self.settings.cut_share)

    def _paint(
        self,
        frame_index: int,
        previous: Image | None,
        motion: Motion | None,
        weights: WeightsNow | None,
    ) -> Generator[FrameStep, None, FrameResult]:
        if self._objective is None:
            self._objective = prepare_objective(
                self._style, self.settings.image, content=self.clip[0]
            )
            if self._pays_to_fuse:
                self._objective.fuse_ahead(self._size, temporal=1)
        cold = self._is_cold(motion)
        painting, warped = self._begin(frame_index, previous, motion)
        self._painting = painting
        goal = None if cold else self._losses(self._shot_start(frame_index))
        now = weights() if callable(weights) else weights or self.settings.image.weights
        steps = evaluations = 0
        # What stands still is as good as it was before its first step, and must not be touched.
        if goal is None or not painting.losses.as_good_as(goal, now):
            for step in painting.steps(weights=weights):
                yield FrameStep(frame_index, step)
                now, steps, evaluations = step.weights, step.step_index + 1, step.evaluations
                if goal and step.painted.as_good_as(goal, now):
                    break
        image = from_bytes(to_bytes(painting.image))
        losses, style_distance = painting.measure()
        facts = {
            "losses": losses.to_json(),
            "style_distance": style_distance,
            "weights": now.to_json(),
            "cold": cold,
            "reliable_share": reliable_share(motion.mask) if motion else None,
            "steps": steps,
            "evaluations": evaluations,
        }
        self._entries[frame_index] = self.folder.finish_frame(frame_index, image, facts)
        return self._result(frame_index, image, motion, warped)

    def _begin(
        self, frame_index: int, previous: Image | None, motion: Motion | None
    ) -> tuple[Stylization, Image | None]:
        """A frame's painting at its start, and the warped frame that it is held to."""
        settings = self.settings.image
        content = self.clip[frame_index]
        if self._is_cold(motion):
            # Every cold frame has noise of its own, as in Ruder's random start.
            settings = dataclasses.replace(settings, seed=(settings.seed + frame_index) % 2**32)
            # Held to nothing, it is evaluated by what XLA compiles for the later frames.
            held = [TemporalTarget(content, np.zeros_like(content[:, :, 0]))]
            painting = Stylization(
                content,
                self._style,
                settings,
                temporal=held if self._pays_to_fuse else (),
                objective=self._objective,
            )
            return painting, None
        assert motion is not None and previous is not None
        warped = self._warped(previous, motion)
        settings = without_scales(settings, self.settings.frame_steps)
        painting = Stylization(
            content,
            self._style,
            settings,
            init=self._start(frame_index, previous, motion),
            temporal=[TemporalTarget(warped, motion.mask)],
            objective=self._objective,
        )
        return painting, warped

    def _is_cold(self, motion: Motion | None) -> bool:
        return motion is None or motion.is_cut or self.settings.independent

    def _warped(self, previous: Image, motion: Motion) -> Image:
        return warp(previous, motion.flow.backward_flow, interpolation=Interpolation.LINEAR)

    def _start(self, frame_index: int, previous: Image, motion: Motion) -> Image:
        """Where a later frame starts (Ruder, §4.1)."""
        settings = self.settings
        match settings.start:
            case Start.PREVIOUS:
                return previous
            case Start.RANDOM:
                generator = np.random.default_rng(settings.image.seed + frame_index)
                return generator.random(previous.shape, dtype=np.float32)
            case Start.WARPED:
                return self._carried(frame_index, previous, motion)
            case unknown:
                assert_never(unknown)

    def _carried(self, frame_index: int, previous: Image, motion: Motion) -> Image:
        """The previous frame warped here, with texture of the shot's first where in doubt."""
        first = self._shot_start(frame_index)
        fresh = transfer_texture(
            self.clip[frame_index], motion.mask, self.clip[first], self.folder.read_frame(first)
        )
        return carried_picture(previous, motion, fresh)

    def _shot_start(self, frame_index: int) -> int:
        """The frame that began the shot that a frame belongs to."""
        return next(i for i in range(frame_index - 1, -1, -1) if self._entries[i]["cold"])

    def _losses(self, frame_index: int) -> Losses:
        return Losses(**self._entries[frame_index]["losses"])

    def _restore(
        self, frame_index: int, previous: Image | None, motion: Motion | None
    ) -> FrameResult:
        warped = None
        if not self._is_cold(motion):
            assert motion is not None and previous is not None
            warped = self._warped(previous, motion)
        image = self.folder.read_frame(frame_index)
        return self._result(frame_index, image, motion, warped, resumed=True)

    def _result(
        self,
        frame_index: int,
        image: Image,
        motion: Motion | None,
        warped: Image | None,
        *,
        resumed: bool = False,
    ) -> FrameResult:
        entry = self._entries[frame_index]
        return FrameResult(
            frame_index=frame_index,
            content=self.clip[frame_index],
            image=image,
            losses=self._losses(frame_index),
            style_distance=entry["style_distance"],
            weights=Weights.from_json(entry["weights"]),
            motion=motion,
            warped=warped,
            cold=entry["cold"],
            resumed=resumed,
            steps=entry["steps"],
            evaluations=entry["evaluations"],
        )


def stylize_video(
    clip: Sequence[Image], style: Image, out: Path | str, settings: VideoSettings | None = None
) -> VideoRun:
    """`clip` painted to the end in the run folder `out`; see `VideoRun.stored_frames`."""
    run = VideoRun(clip, style, out, settings)
    for _ in run.frames():
        pass
    return run
