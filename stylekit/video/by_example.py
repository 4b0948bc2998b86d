"""Stylizing video by example: one frame is painted, and patches of it paint the others."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..arrays import Image, Mask, check_image
from ..motion.flow import FlowPair
from ..settings import PatchSettings
from .guides import Correspondence, carried, correspondence, look_of
from .keyframe import Keyframe, check_keyframes
from .patch_match import Texture, over, synthesize

Flows = Callable[[int], FlowPair] | Sequence[FlowPair]


@dataclass(frozen=True, slots=True, eq=False)
class Synthesized:
    """A painted frame, and what is known of it.

    - `image` `(H, W, 3)` in [0, 1].
    - `error` float32 `(H, W)`, at least 0: the mean squared difference of the guides over the patch
      that each pixel is taken from, more where the keyframe does not show what the frame shows.
    - `coverage` `(H, W)` in [0, 1]: where the frame is painted; elsewhere it is as in the clip.
    """

    image: Image
    error: NDArray[np.float32]
    coverage: Mask


class ByExample:
    """One keyframe's painting carried to the other frames of its shot."""

    def __init__(
        self,
        clip: Sequence[Image],
        key: Keyframe,
        flows: Flows,
        settings: PatchSettings | None = None,
        *,
        threads: int | None = None,
    ) -> None:
        check_keyframes([key], clip)
        self._clip, self._key = clip, key
        self._flow = flows if callable(flows) else flows.__getitem__
        self._settings = settings or PatchSettings()
        self._threads = threads
        self._key_frame = clip[key.frame_index]
        mask = np.ones(key.image.shape[:2], np.float32) if key.mask is None else key.mask
        coverage = mask[..., np.newaxis]
        self._paint = np.concatenate([coverage * check_image(key.image, "key"), coverage], axis=2)
        self._shown = over(self._paint, self._key_frame)
        self._key_look = self._look(self._key_frame)

    def frame(self, frame_index: int, previous: Image | None) -> Synthesized:
        """Paint one frame."""
        if frame_index == self._key.frame_index:
            mask = self._paint[..., 3]
            image = self._key.image if self._key.mask is None else self._shown
            return Synthesized(image, np.zeros_like(mask), mask)
        from .compiled import available_cores

        frame = self._clip[frame_index]
        warped, trust = self._carried(frame_index, previous)
        texture = Texture(
            paint=self._paint,
            shown=self._shown,
            key_look=self._key_look,
            look=self._look(frame),
            frame=frame,
            carried=warped,
            carried_trust=trust,
        )
        field = synthesize(
            texture,
            self.correspondence(frame_index),
            self._settings,
            seed=(self._settings.seed << 30) + (frame_index << 16),
            threads=self._threads or available_cores(),
        )
        return Synthesized(
            over(field.paint, frame), field.error, np.clip(field.paint[..., 3], 0, 1)
        )

    def correspondence(self, frame_index: int) -> Correspondence:
        """Where the pixels of a frame are in the keyframe."""
        first, last = sorted((frame_index, self._key.frame_index))
        return correspondence(
            [self._flow(index) for index in range(first, last)],
            self._key_frame,
            self._clip[frame_index],
            after=frame_index > self._key.frame_index,
        )

    def _carried(self, frame_index: int, previous: Image | None) -> tuple[Image, Mask]:
        """The neighbouring frame's painting along the flow, and where that can be trusted."""
        if previous is None:
            blank = np.zeros_like(self._key.image)
            return blank, blank[..., 0]
        check_image(previous, "previous", like=self._key_frame)
        if frame_index > self._key.frame_index:
            pair = self._flow(frame_index - 1)
            return carried(previous, pair.backward_flow, pair.forward_flow)
        pair = self._flow(frame_index)
        return carried(previous, pair.forward_flow, pair.backward_flow)

    def _look(self, frame: Image) -> NDArray[np.float32]:
        return look_of(frame, self._settings.color, self._settings.edges)
