"""A clip, painted frame after frame: flow, mask, start, temporal loss, and a run folder."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Generator, Iterator, Sequence
from pathlib import Path
from typing import Any, assert_never

import numpy as np

from ..arrays import Image, Mask, from_bytes, to_bytes
from ..errors import SettingsError
from ..image.guidance import Guidance, Style
from ..image.objective import Objective
from ..image.scales import sized_guidance, without_scales
from ..image.stylization import Stylization, prepare_objective
from ..image.xla import worth_fusing
from ..motion.flow import FLOWS, FlowMethod, FlowPair
from ..motion.infill import Motion
from ..motion.masks import MASKS, reliable_share
from ..motion.shots import first_picture
from ..settings import Init, Start, VideoSettings, WeightSchedule, WeightsNow, function_of
from ..vgg.features import POOLINGS
from ..vgg.statistics import STYLE_LOSSES, check_takes_masks
from ..vgg.weights import load_backbone
from .earlier import Earlier, LostDetail, earlier_frames, temporal_targets, warm_start
from .folder import RunFolder, describe_run
from .frames import FrameResult, FrameStep
from .goals import FramePainting, find_reference, model_frame, schedule_of
from .links import Links
from .passes import StoredPasses, is_forward, later_frames, order_of, start_again
from .still_parts import StillParts


class VideoRun:
    """A clip while it is painted in a run folder; it can be interrupted and resumed at any time.

    Frame i starts from the stylised frame i−1, warped along the backward flow. Where the flow is
    unreliable the start is filled with texture of the shot's first frame (`transfer_texture`).
    The temporal loss keeps frame i close to the warped frame.

    Differs from the paper in three points. The paper fills the start with the content. The start
    is warped halfway between linear and cubic interpolation. A later frame stops as soon as its
    loss without the temporal term is as low as that of its reference, even before its first step,
    because a frame that goes on drifts away from the one before.

    The reference is the first frame of the shot, with the content loss and the style loss in the
    measure of the frame's own content. It counts only for weights that ask for about the same. When
    they move, the frame goes on without a goal from the next step, held less to the frame before,
    until its loss hardly falls any more. Then it is the reference of the frames after it (see
    `stylekit.video.goals`).

    Parameters
    ----------
    clip : Images of one size, which are painted in this size whatever `settings.image.size` is.
    style : An Image of any size, a list of Images, or a Guidance.
    out : The run folder. Frames that are finished there are not painted again.
    settings : The defaults of `VideoSettings` unless given.
    flows : `flows[i]` between frames i and i+1 in place of estimates, for scenes with exact flow
        and for your own (`read_flows`). A run whose flows differ cannot be continued with them.
    style_weights, regions, keep
        As in `Stylization`. The masks are still pictures, which hold for all frames: they do not
        follow what moves. Kept parts are the frame's own content.
    only
        The frames to paint, one whole shot or several (see `stylekit.video.parts`); all unless
        given.

    Raises
    ------
    ResumeError
        If the folder holds another run.
    SettingsError
        If a setting names no row of its table, or asks for exact flow and `flows` is missing; if
        weights or masks do not fit.

    References
    ----------
    Ruder et al. 2016, §4.1 and §4.2.

    Examples
    --------
    ::

        run = VideoRun(load("drift"), load("glass"), Path("drift-run"))
        for frame in run.frames():
            print(frame.frame_index, frame.style_distance)
    """

    def __init__(
        self,
        clip: Sequence[Image],
        style: Style,
        out: Path | str,
        settings: VideoSettings | None = None,
        *,
        flows: Sequence[FlowPair] | None = None,
        style_weights: Sequence[float] = (),
        regions: Sequence[Mask] = (),
        keep: Mask | None = None,
        only: range | None = None,
    ) -> None:
        self.settings = settings or VideoSettings()
        function_of("flow", FLOWS, self.settings.flow)
        function_of("mask", MASKS, self.settings.mask)
        function_of("pooling", POOLINGS, self.settings.image.pooling)
        function_of("style_loss", STYLE_LOSSES, self.settings.image.style_loss)
        if self.settings.flow == FlowMethod.EXACT and flows is None:
            raise SettingsError("flow", "the exact flow is known for scenes alone; give flows")
        if self.settings.flow == FlowMethod.FILES and flows is None:
            raise SettingsError("flow", "read the flow with read_flows, and give it as flows")
        self.clip = clip
        self._frames = range(len(clip)) if only is None else only
        self.folder = RunFolder(Path(out))
        self.guidance = Guidance.of(style, style_weights, regions, keep)
        self.guidance.check_fit(clip[0])
        if self.guidance.has_masks:
            check_takes_masks(self.settings.image.style_loss)
        self._links = Links(clip, self.folder, self.settings, flows)
        self._palette: Guidance | None = None
        self._objective: Objective | None = None
        self._painting: Stylization | None = None
        height, width = clip[0].shape[:2]
        # Frames, their flow and their masks are of one size: that of the clip.
        image = dataclasses.replace(self.settings.image, size=max(height, width))
        self.settings = dataclasses.replace(self.settings, image=image)
        # It depends on the whole clip, not on what is left: a resumed run must decide the same.
        later = later_frames(self.settings, len(clip))
        self._size = width, height
        self._parts = StillParts(self.guidance, self._size)
        self._pays_to_fuse = worth_fusing(later * self.settings.frame_steps, self._size)
        # What `auto` finds may have changed since the run was begun.
        self._network = self.folder.network(self.settings.image.backbone)
        self.backbone = load_backbone(self._network)
        self._description = describe_run(
            clip, self.guidance, self.settings, flows=flows, network=self._network
        )
        self._links.check_loop()
        self.folder.open(
            self._description,
            frame_count=len(self._frames),
            pixels=height * width,
            older=len(self.settings.offsets) - 1,
            passes=self.settings.passes,
        )
        self._stored = StoredPasses(self.folder, self.settings.passes)
        self._stored.open()
        self._entries = self._stored.entries[0]
        self._lost = LostDetail(self._entries, clip, self._stored.folders[0])

    def __repr__(self) -> str:
        width, height = self._size
        finished = f"{len(self.finished_entries())} of {len(self.clip)} frames finished"
        return f"<VideoRun: {width}×{height} pixels, {finished}, network {self.backbone.label}>"

    @property
    def painting(self) -> Stylization | None:
        """The frame that is painted now, or was painted last; None before the first."""
        return self._painting

    def reload(self) -> None:
        """Read from the folder which frames are finished, after an interrupt at any moment.

        It may have come when a frame was stored, but not yet known here.
        """
        self._stored.reload()

    @property
    def is_complete(self) -> bool:
        """Whether all frames are finished, in all passes."""
        return self._stored.complete_count == len(self._frames)

    def finished_entries(self) -> list[dict[str, Any]]:
        """The manifest's entries of the finished frames, up to the first frame that is missing.

        Each is of the last pass in which its frame is finished.
        """
        return self._stored.newest()

    @property
    def weight_schedule(self) -> WeightSchedule:
        """The weights of each step of the finished frames; of none those of the settings."""
        entries = [each for found in self._stored.entries for each in found.values()]
        return schedule_of(entries, self.settings.image.weights)

    def frames(self, weights: WeightsNow | None = None) -> Iterator[FrameResult]:
        """The frames of the last pass, stored ones first, each when it is finished; `break` pauses.

        Parameters
        ----------
        weights
            Weights, a function without arguments that is called before each step, or the
            `weight_schedule` of an earlier run; those of the settings unless given.
        """
        for event in self.steps(weights):
            if isinstance(event, FrameResult) and event.pass_number == self.settings.passes:
                yield event

    def steps(self, weights: WeightsNow | None = None) -> Iterator[FrameStep | FrameResult]:
        """Every step, and each frame when it is finished in a pass; `weights` as in `frames`.

        Raises ResumeError if another process paints in the folder.
        """
        weights = weights or self.settings.image.weights
        with self.folder.held(self._description):
            for frame_index, motions in self._links.ahead(self._frames):
                if frame_index in self._entries:
                    yield self._restore(frame_index, motions)
                else:
                    yield (yield from self._paint(frame_index, motions, weights))
            for number in range(2, self.settings.passes + 1):
                for frame_index in order_of(number, self._frames):
                    yield (yield from self._paint_again(number, frame_index, weights))

    def shots(self, frame_count: int) -> list[int]:
        """The first frames of the shots among the first `frame_count` frames of the clip."""
        return self._links.shots(frame_count)

    def stored_frames(self) -> Iterator[Image]:
        """The pictures of the finished frames, up to the first frame that is missing."""
        yield from map(self._stored.read, self.finished_entries())

    def stored_frame(self, frame_index: int) -> Image:
        """The picture of a frame that is one of `finished_entries`."""
        return self._stored.read(self.finished_entries()[frame_index])

    def motion(self, frame_index: int) -> Motion:
        """The motion to frame `frame_index` from the one before, computed once and stored.

        After a flash it is that from the frame before the flash.
        """
        return self._links.motion(frame_index)

    def _paint(
        self, frame_index: int, motions: list[Motion | None], weights: WeightsNow
    ) -> Generator[FrameStep, None, FrameResult]:
        motion, cold = motions[0], self._is_cold(motions)
        earlier = self._earlier(frame_index, motions)
        start = self._start(frame_index, earlier) if earlier else None
        reference = None
        if motion is not None and not cold:
            reference = find_reference(self._entries, motion.source)
        frame = self._begin(frame_index, 1, earlier, start, reference, cold=cold)
        for step in frame.paint(weights):
            yield FrameStep(frame_index, step)
        facts = {
            **frame.facts(),
            "cold": cold,
            "source": motion.source if motion and not cold else None,
            "reliable_share": reliable_share(motion.mask) if motion else None,
        }
        if len(self.settings.offsets) > 1:
            facts["older"] = [each.motion.source for each in earlier[1:] if each]
        image = from_bytes(to_bytes(frame.image))
        entry = self._stored.finish(1, frame_index, image, facts)
        return self._result(entry, image, motion, earlier)

    def _paint_again(
        self, number: int, frame_index: int, weights: WeightsNow
    ) -> Generator[FrameStep, None, FrameResult]:
        """A frame in a later pass; one without a frame beside it stays as it is."""
        stored, first = self._stored, self._entries[frame_index]
        motion = self._links.beside(frame_index, forward=is_forward(number))
        neighbours: list[Earlier | None] = []
        if motion is not None:
            # At the seam of a loop this pass has not come to the other frame yet.
            is_behind = (motion.source < frame_index) is is_forward(number)
            beside = stored.entries[number - (1 if is_behind else 2)][motion.source]
            neighbours = self._seen(frame_index, [motion], lambda _: stored.read(beside))
        entry = stored.entries[number - 1].get(frame_index)
        if entry is not None:
            return self._result(entry, stored.read(entry), motion, neighbours, resumed=True)
        before = stored.entries[number - 2][frame_index]
        image = stored.read(before)
        facts = {**before, "steps": 0, "evaluations": 0}
        if neighbours and neighbours[0]:
            start = start_again(neighbours[0], self._parts, image)
            reference = find_reference(self._entries, frame_index)
            frame = self._begin(frame_index, number, neighbours, start, reference, cold=False)
            for step in frame.paint(weights):
                yield FrameStep(frame_index, step, number)
            facts = {**frame.facts(), "held_to": neighbours[0].motion.source}
            facts |= {name: first[name] for name in ("cold", "source", "reliable_share")}
            image = from_bytes(to_bytes(frame.image))
        for name in ("frame_index", "sha256"):
            facts.pop(name, None)
        entry = stored.finish(number, frame_index, image, facts)
        return self._result(entry, image, motion, neighbours)

    def _begin(
        self,
        frame_index: int,
        pass_number: int,
        earlier: list[Earlier | None],
        init: Image | None,
        reference: int | None,
        *,
        cold: bool,
    ) -> FramePainting:
        """A frame's painting at its start, or at `init` if it is given."""
        count = len(self.settings.offsets)
        if self._objective is None:
            self._objective = prepare_objective(
                self.guidance,
                dataclasses.replace(self.settings.image, backbone=self._network),
                content=first_picture(self.clip),
            )
            if self._pays_to_fuse:
                self._objective.fuse_ahead(self._size, temporal=count)
        settings = self.settings.image
        content = self.clip[frame_index]
        # Cold frames too have masks of zeros, where they can use what XLA compiles for the others.
        held = temporal_targets([*earlier, *[None] * (count - len(earlier))], self._parts, content)
        if not earlier:
            # Every cold frame has its own noise, as in Ruder's random start.
            settings = dataclasses.replace(settings, seed=(settings.seed + frame_index) % 2**32)
        else:
            # More than `frame_steps` only if the weights move.
            settings = without_scales(settings, max(settings.steps, self.settings.frame_steps))
            if self.settings.start is Start.RANDOM:
                settings = dataclasses.replace(settings, init=Init.NOISE)
        self._painting = Stylization(
            content,
            self.guidance,
            settings,
            init=init,
            temporal=held if earlier or self._pays_to_fuse else [],
            objective=self._objective,
        )
        return FramePainting(
            self._painting,
            content,
            None if reference is None else self._entries[reference],
            cold=cold,
            frame_steps=self.settings.frame_steps,
            frame_index=frame_index,
            pass_number=pass_number,
        )

    def _is_cold(self, motions: list[Motion | None]) -> bool:
        return motions[0] is None or motions[0].is_cut or self.settings.independent

    def _earlier(self, frame_index: int, motions: list[Motion | None]) -> list[Earlier | None]:
        """The frames that a frame goes on from; none for a cold one."""
        read = self._stored.folders[0].read_frame
        return [] if self._is_cold(motions) else self._seen(frame_index, motions, read)

    def _seen(
        self,
        frame_index: int,
        motions: Sequence[Motion | None],
        image_of: Callable[[int], Image],
    ) -> list[Earlier | None]:
        if self._palette is None:
            self._palette = sized_guidance(
                self.guidance, self.settings.image, content=first_picture(self.clip)
            )
        return earlier_frames(
            frame_index, motions, image_of, self.clip, self._palette, self.settings, self._lost
        )

    def _start(self, frame_index: int, earlier: list[Earlier | None]) -> Image:
        """Where a later frame starts (Ruder, §4.1)."""
        content, nearest = self.clip[frame_index], earlier[0]
        assert nearest is not None
        match self.settings.start:
            case Start.PREVIOUS:
                return nearest.image
            case Start.RANDOM:
                generator = np.random.default_rng(self.settings.image.seed + frame_index)
                return generator.random(content.shape, dtype=np.float32)
            case Start.WARPED:
                model = model_frame(self._entries, nearest.motion.source)
                painted = self._stored.folders[0].read_frame(model)
                return warm_start(earlier, self._parts, content, self.clip[model], painted)
            case unknown:
                assert_never(unknown)

    def _restore(self, frame_index: int, motions: list[Motion | None]) -> FrameResult:
        entry = self._entries[frame_index]
        earlier = self._earlier(frame_index, motions[:1])
        return self._result(entry, self._stored.read(entry), motions[0], earlier, resumed=True)

    def _result(
        self,
        entry: dict[str, Any],
        image: Image,
        motion: Motion | None,
        earlier: list[Earlier | None],
        *,
        resumed: bool = False,
    ) -> FrameResult:
        return FrameResult.of_entry(
            entry,
            content=self.clip[entry["frame_index"]],
            image=image,
            motion=motion,
            warped=earlier[0].warped if earlier and earlier[0] else None,
            resumed=resumed,
        )


def stylize_video(
    clip: Sequence[Image],
    style: Style,
    out: Path | str,
    settings: VideoSettings | None = None,
    *,
    style_weights: Sequence[float] = (),
    regions: Sequence[Mask] = (),
    keep: Mask | None = None,
) -> VideoRun:
    """Paint `clip` in the manner of `style`, up to the end.

    Parameters
    ----------
    clip, style, out, settings, style_weights, regions, keep
        As in `VideoRun`; the masks hold for all frames.

    Returns
    -------
    The finished run; `stored_frames` reads its frames.

    Examples
    --------
    ::

        run = stylize_video(load("drift"), load("glass"), Path("drift-run"))
    """
    run = VideoRun(
        clip, style, out, settings, style_weights=style_weights, regions=regions, keep=keep
    )
    for _ in run.frames():
        pass
    return run
