"""What the network sees of each frame: the frame, the blobs, and the painting carried to it.

Where no keyframe fits, patches of a keyframe are laid (`stylekit.motion.infill`). If each frame
were filled by itself, the fill would flicker. So a few frames, the anchors, are filled first, and
carried to the frames around them as keyframes are; only what no anchor shows is filled in each
frame.
"""

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
from .carried_key import Carried, FlowBetween, Track, carry, fill_from
from .keyframe import Keyframe
from .steady_input import steady_frame

# There is an anchor in every so many frames, and at the last one.
_ANCHOR_DISTANCE = 24
# Patches reach to where a painting fits entirely: borders are blends of two paintings.
_KNOWN = 0.99
# The guides of a clip that need more bytes wait in a temporary file.
_BYTES_IN_MEMORY = 100_000_000
# Channels of what is kept: the frame, the blobs, the painting carried from keyframes, where it
# fits, its score, the painting below it, and where that fits.
_FRAME, _BLOBS, _IMAGE, _BELOW = slice(3), slice(3, 6), slice(6, 9), slice(9, 12)
_FITS, _SCORE, _BELOW_FITS = 12, 13, 14
_KEPT = 15


@dataclass(frozen=True, slots=True, eq=False)
class Guides:
    """What is known of one frame, pictures `(H, W, 3)` and a mask `(H, W)`.

    `carried` is the painting that is carried to it, with patches in what is new; `fits` is 1 where
    it comes from a keyframe.
    """

    frame: Image
    blobs: Image
    carried: Image
    fits: Mask

    def inputs(self, settings: NetworkSettings) -> NDArray[np.float32]:
        """The channels that the network sees, `(H, W, channels)`."""
        channels = [self.frame]
        if settings.blobs:
            channels.append(self.blobs)
        if settings.carried:
            channels += [self.carried, self.fits[..., np.newaxis]]
        return np.concatenate(channels, axis=2)

    def base(self, settings: NetworkSettings) -> Image:
        """What the network adds to: the carried painting, or without one the frame."""
        return self.carried if settings.carried else self.frame


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
        self._kept = _zeros((len(clip), height, width, _KEPT))
        self._steady: set[int] = set()
        self._blobs = Blobs((width, height), seed=settings.seed)
        self._blob_count = 0
        self._tracks: dict[tuple[int, int], Track] = {}
        self._anchors: dict[int, Keyframe] = {}
        self._anchor_tracks: dict[tuple[int, int], Track] = {}
        self._filled: set[int] = set()

    @property
    def frame_count(self) -> int:
        """The number of frames of the clip."""
        return len(self._clip)

    def guides(self, frame_index: int) -> Guides:
        """The guides of a frame. The first time they take as long as those of all frames between it
        and those that are known."""
        blobs = self.blobs(frame_index)
        if self._settings.carried:
            self._carry_keys(frame_index)
            if frame_index not in self._filled:
                for anchor in self._anchors_around(frame_index):
                    self._make_anchor(anchor)
                    self._carry_anchor(anchor, frame_index)
                self._fill(frame_index)
        kept = self._kept[frame_index]
        fits = from_bytes(kept[..., _FITS])
        above, below = from_bytes(kept[..., _IMAGE]), from_bytes(kept[..., _BELOW])
        carried = below + fits[..., np.newaxis] * (above - below)
        return Guides(self.steady(frame_index), blobs, carried, fits)

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
        while self._blob_count <= frame_index:
            if self._blob_count:
                self._blobs.advance(self._flow_between(self._blob_count - 1))
            self._kept[self._blob_count, ..., _BLOBS] = to_bytes(self._blobs.image())
            self._blob_count += 1
        return from_bytes(self._kept[frame_index, ..., _BLOBS])

    def _carry_keys(self, frame_index: int) -> None:
        """Carry all keyframes to a frame, and to those between."""
        for number, key in enumerate(self._keys):
            for direction in (-1, 1):
                if (number, direction) not in self._tracks:
                    track = self._track(key.frame_index, direction)
                    self._tracks[number, direction] = track
                    self._merge(number, track)
                track = self._tracks[number, direction]
                while (frame_index - track.frame_index) * direction > 0:
                    track.advance()
                    self._merge(number, track)

    def _track(self, start: int, direction: int) -> Track:
        return Track(self.steady, start, direction, self._flow_between)

    def _carried(self, key: Keyframe, track: Track) -> Carried:
        here, there = self.steady(track.frame_index), self.steady(key.frame_index)
        return carry(key, here, there, track.flow)

    def _merge(self, number: int, track: Track) -> None:
        """Take from a keyframe what fits better than what is there of others."""
        frame_index = track.frame_index
        found = self._carried(self._keys[number], track)
        score = to_bytes(self._score(number, frame_index, found.fits))
        kept = self._kept[frame_index]
        better = score > kept[..., _SCORE]
        kept[better, _IMAGE] = to_bytes(found.image)[better]
        kept[better, _FITS] = to_bytes(found.fits)[better]
        kept[better, _SCORE] = score[better]

    def _score(self, number: int, frame_index: int, fits: Mask) -> Mask:
        """How well a keyframe fits at each pixel, less the further it is away in time.

        Halfway between two keyframes both are equally near. There the colour of blobs decides, so
        that not the whole picture changes from one painting to the other in one frame.
        """
        distance = abs(frame_index - self._keys[number].frame_index) / len(self._clip)
        chance = self.blobs(frame_index).mean(axis=2) - np.float32(0.5)
        side = 1 if number % 2 else -1
        return np.clip(fits * (0.6 - 0.5 * distance + 0.2 * side * chance), 0, 1)

    def _anchors_around(self, frame_index: int) -> list[int]:
        """The anchors from which a frame is filled, those nearer to keyframes first."""
        last = self.frame_count - 1
        before = frame_index // _ANCHOR_DISTANCE * _ANCHOR_DISTANCE
        around = {before, min(before + _ANCHOR_DISTANCE, last)} - {frame_index}
        return sorted(filter(self._is_anchor, around), key=self._from_keys)

    def _from_keys(self, frame_index: int) -> tuple[int, int]:
        return min(abs(frame_index - key.frame_index) for key in self._keys), frame_index

    def _make_anchor(self, anchor: int) -> None:
        """Fill an anchor, after those that are nearer to a keyframe."""
        if anchor in self._anchors:
            return
        # From the nearest keyframe outwards, in a loop: a long clip has many anchors.
        key = min((key.frame_index for key in self._keys), key=lambda own: abs(own - anchor))
        step = 1 if anchor > key else -1
        way = [frame for frame in range(key, anchor + step, step) if self._is_anchor(frame)]
        for before, following in zip([None, *way], way, strict=False):
            if following in self._anchors:
                continue
            self._carry_keys(following)
            if before is not None:
                self._carry_anchor(before, following)
            self._fill(following)
            kept = self._kept[following]
            fits = from_bytes(kept[..., _FITS])[..., np.newaxis]
            image = fits * from_bytes(kept[..., _IMAGE])
            image += (1 - fits) * from_bytes(kept[..., _BELOW])
            self._anchors[following] = Keyframe(frame_index=following, image=image)

    def _is_anchor(self, frame_index: int) -> bool:
        """A keyframe is none: it is carried anyway."""
        at_place = frame_index % _ANCHOR_DISTANCE == 0 or frame_index == self.frame_count - 1
        return at_place and all(frame_index != key.frame_index for key in self._keys)

    def _carry_anchor(self, anchor: int, frame_index: int) -> None:
        """Lay the filled picture of an anchor below what comes from keyframes, up to a frame."""
        direction = 1 if frame_index > anchor else -1
        place = (anchor, direction)
        if place not in self._anchor_tracks:
            self._anchor_tracks[place] = self._track(anchor, direction)
        track = self._anchor_tracks[place]
        while (frame_index - track.frame_index) * direction > 0:
            track.advance()
            if track.frame_index in self._filled:
                continue
            found = self._carried(self._anchors[anchor], track)
            kept = self._kept[track.frame_index]
            fits = to_bytes(found.fits)
            better = fits > kept[..., _BELOW_FITS]
            kept[better, _BELOW] = to_bytes(found.image)[better]
            kept[better, _BELOW_FITS] = fits[better]

    def _fill(self, frame_index: int) -> None:
        """Lay patches of the nearest keyframe where neither a keyframe nor an anchor fits."""
        if frame_index in self._filled:
            return
        kept = self._kept[frame_index]
        below_fits = from_bytes(kept[..., _BELOW_FITS])
        known = np.maximum(from_bytes(kept[..., _FITS]), below_fits)
        key = min(self._keys, key=lambda key: abs(key.frame_index - frame_index))
        sure = (known > _KNOWN).astype(np.float32)
        key_frame = self.steady(key.frame_index)
        fill = fill_from(key, key_frame, self.steady(frame_index), sure)
        fits = below_fits[..., np.newaxis]
        kept[..., _BELOW] = to_bytes(fits * from_bytes(kept[..., _BELOW]) + (1 - fits) * fill)
        self._filled.add(frame_index)


def _zeros(shape: tuple[int, ...]) -> NDArray[np.uint8]:
    """In memory, or in a temporary file, which is removed with the array."""
    if np.prod(shape, dtype=np.int64) <= _BYTES_IN_MEMORY:
        return np.zeros(shape, np.uint8)
    file: Any = tempfile.TemporaryFile(prefix="stylekit-")  # noqa: SIM115
    return np.memmap(file, np.uint8, "w+", shape=shape)
