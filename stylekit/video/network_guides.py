"""What the network sees of each frame: the frame, the blobs, and the painting carried to it."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..arrays import Image, Mask, from_bytes, to_bytes
from ..settings import NetworkSettings
from .blobs import Blobs
from .carried_key import Carried, FlowBetween, Track, carry
from .keyframe import Keyframe
from .steady_input import steady_frame

# The guides of a clip that need more bytes wait in a temporary file.
_BYTES_IN_MEMORY = 100_000_000
# Channels of what is kept: the frame, the blobs, the carried painting, its masks, and its score.
_FRAME, _BLOBS, _IMAGE, _ALIKE, _CONSISTENT, _SCORE = slice(3), slice(3, 6), slice(6, 9), 9, 10, 11
_KEPT = 12


@dataclass(frozen=True, slots=True, eq=False)
class Guides:
    """What is known of one frame: `frame` and `blobs` `(H, W, 3)`, and the carried painting."""

    frame: Image
    blobs: Image
    carried: Carried

    def inputs(self, settings: NetworkSettings) -> NDArray[np.float32]:
        """What the network sees, `(H, W, channels)`."""
        return stacked(
            self.frame, self.blobs, self.carried.image, self.carried.alike,
            self.carried.consistent, settings,
        )  # fmt: skip

    def base(self, settings: NetworkSettings) -> Image:
        """What the network adds its painting to."""
        return base_of(self.frame, self.carried.image, self.carried.alike, settings)


def stacked(
    frame: Image,
    blobs: Image,
    carried: Image,
    alike: Mask,
    consistent: Mask,
    settings: NetworkSettings,
) -> NDArray[np.float32]:
    """The channels of the network's input, `(H, W, channels)`: of the carried painting only what
    fits, so that the network learns nothing from what does not."""
    fits = alike[..., np.newaxis]
    channels = [frame]
    if settings.blobs:
        channels.append(blobs)
    if settings.carried:
        channels += [carried * fits, fits, consistent[..., np.newaxis]]
    return np.concatenate(channels, axis=2)


def base_of(frame: Image, carried: Image, alike: Mask, settings: NetworkSettings) -> Image:
    """The carried painting where it fits, and the frame elsewhere, `(H, W, 3)`."""
    if not settings.carried:
        return frame
    fits = alike[..., np.newaxis]
    return fits * carried + (1 - fits) * frame


class GuideMaker:
    """Makes the guides of each frame when they are first asked for, and keeps them in 8 bits.

    Of several keyframes each pixel takes that which fits best, the nearer in time if both fit.

    Parameters
    ----------
    clip, keys : The frames, and those that are painted.
    flow_between : `flow_between(i)` is the flow between frames i and i + 1; it is asked often.
    settings : Which guides there are, and `steady`.
    """

    def __init__(
        self,
        clip: Sequence[Image],
        keys: Sequence[Keyframe],
        flow_between: FlowBetween,
        settings: NetworkSettings,
    ) -> None:
        self._clip, self._keys, self._settings = clip, tuple(keys), settings
        self._flow_between = flow_between
        height, width = clip[0].shape[:2]
        shape = (len(clip), height, width, _KEPT)
        self._kept = _zeros(shape)
        self._steady: set[int] = set()
        self._blobs = Blobs((width, height), seed=settings.seed)
        self._blob_count = 0
        self._tracks: dict[tuple[int, int], Track] = {}

    @property
    def frame_count(self) -> int:
        """The number of frames of the clip."""
        return len(self._clip)

    def guides(self, frame_index: int) -> Guides:
        """The guides of a frame. The first time they take as long as those of all frames between it
        and those that are known."""
        self._advance_blobs(frame_index)
        if self._settings.carried:
            for number in range(len(self._keys)):
                self._carry(number, frame_index)
        kept = self._kept[frame_index]
        return Guides(
            frame=self.steady(frame_index),
            blobs=from_bytes(kept[..., _BLOBS]),
            carried=Carried(
                image=from_bytes(kept[..., _IMAGE]),
                alike=from_bytes(kept[..., _ALIKE]),
                consistent=from_bytes(kept[..., _CONSISTENT]),
            ),
        )

    def steady(self, frame_index: int) -> Image:
        """The frame after the bilateral filter."""
        if frame_index not in self._steady:
            frame = steady_frame(
                self._clip, frame_index, self._flow_between, reach=self._settings.steady
            )
            self._kept[frame_index, ..., _FRAME] = to_bytes(frame)
            self._steady.add(frame_index)
        return from_bytes(self._kept[frame_index, ..., _FRAME])

    def blobs(self, frame_index: int) -> Image:
        """The blobs of a frame."""
        self._advance_blobs(frame_index)
        return from_bytes(self._kept[frame_index, ..., _BLOBS])

    def _advance_blobs(self, frame_index: int) -> None:
        while self._blob_count <= frame_index:
            if self._blob_count:
                self._blobs.advance(self._flow_between(self._blob_count - 1))
            self._kept[self._blob_count, ..., _BLOBS] = to_bytes(self._blobs.image())
            self._blob_count += 1

    def _carry(self, number: int, frame_index: int) -> None:
        """Carry a keyframe to a frame, and to those between them."""
        start = self._keys[number].frame_index
        for direction in (-1, 1):
            if (number, direction) not in self._tracks:
                track = Track(self.steady, start, direction, self._flow_between)
                self._tracks[number, direction] = track
                self._merge(number, track)
            track = self._tracks[number, direction]
            while (frame_index - track.frame_index) * direction > 0:
                track.advance()
                self._merge(number, track)

    def _merge(self, number: int, track: Track) -> None:
        """Take from a keyframe what fits better than what is there of others."""
        key, frame_index = self._keys[number], track.frame_index
        found = carry(key, self.steady(frame_index), self.steady(key.frame_index), track.flow)
        self._advance_blobs(frame_index)
        kept = self._kept[frame_index]
        score = to_bytes(self._score(number, frame_index, found, kept[..., _BLOBS]))
        better = score > kept[..., _SCORE]
        kept[better, _IMAGE] = to_bytes(found.image)[better]
        kept[better, _ALIKE] = to_bytes(found.alike)[better]
        kept[better, _CONSISTENT] = to_bytes(found.consistent)[better]
        kept[better, _SCORE] = score[better]

    def _score(
        self, number: int, frame_index: int, carried: Carried, blobs: NDArray[np.uint8]
    ) -> Mask:
        """How well a keyframe fits at each pixel, less the further it is away in time.

        Halfway between two keyframes both are equally near. There the colour of blobs decides, so
        that not the whole picture changes from one painting to the other in one frame.
        """
        distance = abs(frame_index - self._keys[number].frame_index) / len(self._clip)
        chance = from_bytes(blobs).mean(axis=2) - np.float32(0.5)
        side = 1 if number % 2 else -1
        nearness = 0.6 - 0.5 * distance + 0.2 * side * chance
        fit = 0.25 * carried.alike + 0.75 * carried.consistent
        return np.asarray(np.clip(fit * nearness, 0, 1), np.float32)


def _zeros(shape: tuple[int, ...]) -> NDArray[np.uint8]:
    """In memory, or in a temporary file, which is removed with the array."""
    if np.prod(shape, dtype=np.int64) <= _BYTES_IN_MEMORY:
        return np.zeros(shape, np.uint8)
    file: Any = tempfile.TemporaryFile(prefix="stylekit-")  # noqa: SIM115
    return np.memmap(file, np.uint8, "w+", shape=shape)
