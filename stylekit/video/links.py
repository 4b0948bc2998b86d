"""Which frame each frame of a clip continues, and the motion between both."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

from ..arrays import Image, Mask
from ..errors import SettingsError
from ..image.colors import starting_picture
from ..image.guidance import Guidance
from ..motion.flow import FlowPair, flow_between
from ..motion.infill import Motion
from ..motion.light import LightChange, light_change
from ..motion.long_flow import flow_over
from ..motion.masks import mask_of
from ..motion.shots import LONGEST_FLASH, starts_shot
from ..settings import VideoSettings, shot_numbers
from .folder import RunFolder


class Links:
    """For each frame the one that it continues, decided from the clip and the settings alone.

    Usually that is the frame before. A frame that this one does not explain starts a new shot,
    unless a frame just before a flash explains it: then it continues that frame, so that the look
    of the shot comes back. A resumed run decides the same, because it reads the same flow.

    Parameters
    ----------
    clip, settings, flows : As in `VideoRun`.
    folder : Where flow and masks are stored.

    Raises
    ------
    SettingsError
        If the shots that the settings name are not in the clip.
    """

    def __init__(
        self,
        clip: Sequence[Image],
        folder: RunFolder,
        settings: VideoSettings,
        flows: Sequence[FlowPair] | None,
    ) -> None:
        self._clip = clip
        self._folder = folder
        self._settings = settings
        self._flows = flows
        self._given = shot_numbers(settings.shots)
        if self._given and self._given[-1] >= len(clip):
            raise SettingsError(
                "shots",
                f"the clip has frames 0 to {len(clip) - 1}, there is no frame {self._given[-1]}",
            )
        self._breaks_at: dict[int, bool] = {}
        self._sources: dict[int, int | None] = {0: None}

    def motion(self, frame_index: int) -> Motion:
        """The motion to a frame from the one that it continues, or from the one before at a cut."""
        source = self.source(frame_index)
        flow, mask = self._between(frame_index - 1 if source is None else source, frame_index)
        return Motion(flow, mask, source is None, frame_index - 1 if source is None else source)

    def source(self, frame_index: int) -> int | None:
        """The frame that a frame continues; None if it starts a shot, or is a flash."""
        if frame_index not in self._sources:
            self._sources[frame_index] = self._find_source(frame_index)
        return self._sources[frame_index]

    def earlier(self, frame_index: int) -> list[Motion | None]:
        """The motions to a frame from those that the offsets of the settings name, nearest first.

        Offsets count the frames of a shot, without flashes. None for a frame before the shot, and
        all are None for a frame that continues none.
        """
        way = [frame_index]
        while (
            len(way) <= self._settings.offsets[-1] and (source := self.source(way[-1])) is not None
        ):
            way.append(source)
        return [
            self._motion_over(way[: offset + 1]) if offset < len(way) else None
            for offset in self._settings.offsets
        ]

    def ahead(self, frames: range) -> Iterator[tuple[int, list[Motion | None]]]:
        """Each of these frames, and the motions to it: from the one before, then from older ones.

        Those to the next frame are estimated while one is painted. Frame 0 has no motion.
        """
        with ThreadPoolExecutor(1) as estimator:
            coming = None
            for frame_index in frames:
                motions = coming.result() if coming else self._to(frame_index)
                if frame_index + 1 in frames:
                    coming = estimator.submit(self._to, frame_index + 1)
                yield frame_index, motions

    def _to(self, frame_index: int) -> list[Motion | None]:
        if frame_index == 0:
            return [None]
        return [self.motion(frame_index), *self.earlier(frame_index)[1:]]

    def _motion_over(self, way: Sequence[int]) -> Motion:
        """The motion along frames, each of which continues the one after it in `way`."""
        frame_index, source = way[0], way[-1]
        if len(way) == 2:
            return self.motion(frame_index)
        stored = self._folder.read_flow(frame_index, source)
        if stored is None:
            current, previous = self._clip[frame_index], self._clip[source]
            pairs = [self.motion(index).flow for index in reversed(way[:-1])]
            flow = flow_over(pairs, previous, current)
            # What comes into sight again lies beside a motion boundary at first.
            settings = dataclasses.replace(self._settings, motion_boundary=False)
            mask = mask_of(flow, current, previous, settings)
            stored = self._folder.write_flow(frame_index, flow, mask, source)
        return Motion(*stored, is_cut=False, source=source)

    def check_loop(self) -> None:
        """Raise SettingsError if the clip is to be a loop, and is none."""
        if self._settings.loop and (len(self._clip) < 2 or self._is_new(len(self._clip) - 1, 0)):
            raise SettingsError(
                "loop",
                "the first frame does not go on from the last one; leave it out, or cut the clip "
                "where it closes",
            )

    def beside(self, frame_index: int, *, forward: bool) -> Motion | None:
        """The motion to a frame from the one that it continues, or from the one that continues it.

        In a loop the last frame is followed by the first. None if there is no such frame.
        """
        count = len(self._clip)
        if forward:
            if self.source(frame_index) is not None:
                return self.motion(frame_index)
            return self._seam() if frame_index == 0 and self._settings.loop else None
        after = range(frame_index + 1, min(frame_index + 2 + LONGEST_FLASH, count))
        follower = next((index for index in after if self.source(index) == frame_index), None)
        if follower is not None:
            return self._reversed(self.motion(follower), follower)
        last = frame_index == count - 1
        return self._reversed(self._seam(), 0) if last and self._settings.loop else None

    def _seam(self) -> Motion:
        last = len(self._clip) - 1
        return Motion(*self._between(last, 0), is_cut=False, source=last)

    def _reversed(self, motion: Motion, frame_index: int) -> Motion:
        return reversed_motion(self._clip, motion, frame_index, self._settings)

    def shots(self, frame_count: int) -> list[int]:
        """The first frames of the shots among the first frames of the clip; a flash is no shot."""
        cold = [index for index in range(frame_count) if self.source(index) is None]
        flashes = set() if self._given else self.flashes(frame_count)
        return [index for index in cold if index not in flashes]

    def flashes(self, frame_count: int) -> set[int]:
        """The flashes among the first frames of the clip: a later frame continues the one before.

        Of a flash of several frames all of them.
        """
        sources = {index: self.source(index) for index in range(frame_count)}
        return {
            between
            for index, source in sources.items()
            if source is not None
            for between in range(source + 1, index)
        }

    def pair(self, source: int, frame_index: int) -> FlowPair:
        """The flow between two frames, computed once and stored, whatever their distance."""
        return self._between(source, frame_index)[0]

    def _find_source(self, frame_index: int) -> int | None:
        if self._given and frame_index in self._given:
            return None
        found = self._explaining(frame_index)
        if not self._given:
            return found
        first = max(number for number in self._given if number < frame_index)
        return found if found is not None and found >= first else frame_index - 1

    def _explaining(self, frame_index: int) -> int | None:
        """The frame before, or that before a flash, whichever explains this frame."""
        if not self._breaks(frame_index):
            return frame_index - 1
        if self._flows is not None:
            return None  # only the flow between neighbours is known
        for source in range(frame_index - 2, max(-1, frame_index - 2 - LONGEST_FLASH), -1):
            # A flash begins with a change too; without one the frame before it was tried already.
            if self._breaks(source + 1) and not self._is_new(source, frame_index):
                return source
        return None

    def _breaks(self, frame_index: int) -> bool:
        """Whether the frame before does not explain this one."""
        if frame_index not in self._breaks_at:
            self._breaks_at[frame_index] = self._is_new(frame_index - 1, frame_index)
        return self._breaks_at[frame_index]

    def _is_new(self, source: int, frame_index: int) -> bool:
        # Before a run begins, whether the clip is a loop is asked without a folder.
        find = self._between if source < frame_index else self._estimate
        flow, mask = find(source, frame_index)
        return starts_shot(
            self._clip[frame_index],
            self._clip[source],
            flow.backward_flow,
            mask,
            cut_share=self._settings.cut_share,
        )

    def _between(self, source: int, frame_index: int) -> tuple[FlowPair, Mask]:
        """The flow between two frames and its mask, computed once and stored."""
        stored = self._folder.read_flow(frame_index, source)
        if stored is not None:
            return stored
        flow, mask = self._estimate(source, frame_index)
        return self._folder.write_flow(frame_index, flow, mask, source)

    def _estimate(self, source: int, frame_index: int) -> tuple[FlowPair, Mask]:
        current, previous = self._clip[frame_index], self._clip[source]
        if self._flows is None:
            flow = flow_between(previous, current, method=self._settings.flow)
        elif source < frame_index:
            flow = self._flows[frame_index - 1]
        else:
            # The flow at the seam of a loop is not among those that are given.
            flow = flow_between(previous, current)
        return flow, mask_of(flow, current, previous, self._settings)


def reversed_motion(
    clip: Sequence[Image], motion: Motion, frame_index: int, settings: VideoSettings
) -> Motion:
    """The motion against the time: from `frame_index` to the source of `motion`, which leads to it.

    Its mask is of the flow on the grid of that source.
    """
    flow = FlowPair(motion.flow.backward_flow, motion.flow.forward_flow)
    mask = mask_of(flow, clip[motion.source], clip[frame_index], settings)
    return Motion(flow, mask, is_cut=False, source=frame_index)


def light_of(
    clip: Sequence[Image],
    frame_index: int,
    motion: Motion,
    palette: Guidance,
    settings: VideoSettings,
) -> LightChange | None:
    """How the light of a frame differs from that of the frame it continues, None if it does not.

    `palette` holds the style in the size of the clip.
    """
    return light_change(
        clip[frame_index],
        clip[motion.source],
        motion.flow.backward_flow,
        motion.mask,
        lambda frame: starting_picture(frame, palette, settings.image.colors),
    )
