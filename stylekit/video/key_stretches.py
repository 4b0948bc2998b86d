"""The frames between keyframes, painted by patches outward from each keyframe, and stored.

A frame between two keyframes gets a picture from either side first. The run folder keeps both, with
the error of each pixel's patch and how much of it is painted:

    from-000000/manifest.jsonl, from-000000/frames/000003.png, from-000000/errors/000003.npy
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..arrays import Image, from_bytes, to_bytes
from ..media.files import atomic_path, make_folder, sha256_of
from ..settings import PatchSettings
from .by_example import ByExample, Synthesized
from .folder import RunFolder
from .key_blend import blend_keys
from .keyframe import Keyframe
from .keyframe_plan import Picked, Stretch, flows_of
from .links import Links


@dataclass(frozen=True, slots=True)
class PatchPainter:
    """Paints stretches of frames by patches.

    `clip` are the frames, `links` know the flow between them, and `folder` is that of the run.
    """

    clip: Sequence[Image]
    links: Links
    folder: RunFolder
    settings: PatchSettings

    def paint(
        self, stretch: Stretch, keys: Mapping[int, Keyframe]
    ) -> Iterator[tuple[int, tuple[int, ...], Image]]:
        """Each frame of a stretch that the run lacks: its number, its keyframes, its picture.

        Parameters
        ----------
        stretch : The frames.
        keys : The keyframes, by the numbers of their frames.

        Returns
        -------
        An iterator. A frame must be stored before the next one is asked for.
        """
        finished = self.folder.entries()
        left = [index for index in stretch.frames if index not in finished]
        if not left:
            return
        sides = [side for side in (stretch.earlier, stretch.later) if side is not None]
        if len(sides) == 1:
            key = keys[sides[0]]
            for index, before in self._outward(stretch, key.frame_index):
                if index not in finished:
                    previous = self._picture(before, key, self.folder)
                    made = self._method(stretch, key).frame(stretch.shot.index(index), previous)
                    yield index, (key.frame_index,), _rounded(made.image)
            return
        first, second = (self._side(stretch, keys[side]) for side in sides)
        for index in left:
            pair = first.read(index), second.read(index)
            share = (index - sides[0]) / (sides[1] - sides[0])
            yield index, (sides[0], sides[1]), _rounded(blend_keys(*pair, share=share))

    def _side(self, stretch: Stretch, key: Keyframe) -> _Side:
        """Carry one keyframe through the frames between two, as far as that is left to do."""
        side = _Side(RunFolder(self.folder.path / f"from-{key.frame_index:06d}"))
        side.open()
        for index, before in self._outward(stretch, key.frame_index):
            if not side.holds(index):
                previous = self._picture(before, key, side.folder)
                made = self._method(stretch, key).frame(stretch.shot.index(index), previous)
                side.finish(index, made)
        return side

    @staticmethod
    def _outward(stretch: Stretch, key: int) -> Iterator[tuple[int, int]]:
        """The frames in order of their distance from the key, each with the one before it."""
        frames = stretch.frames if key < stretch.frames[0] else stretch.frames[::-1]
        yield from zip(frames, (key, *frames), strict=False)

    @staticmethod
    def _picture(index: int, key: Keyframe, folder: RunFolder) -> Image:
        """The painting of the frame before, as it is stored."""
        return _rounded(key.image) if index == key.frame_index else folder.read_frame(index)

    def _method(self, stretch: Stretch, key: Keyframe) -> ByExample:
        return ByExample(
            Picked(self.clip, stretch.shot),
            dataclasses.replace(key, frame_index=stretch.shot.index(key.frame_index)),
            flows_of(stretch.shot, self.links),
            self.settings,
        )


@dataclass(frozen=True, slots=True)
class _Side:
    """What one of two keyframes makes of the frames between them, in a folder of its own."""

    folder: RunFolder

    def open(self) -> None:
        for name in ("frames", "errors"):
            make_folder(self.folder.path / name)

    def holds(self, index: int) -> bool:
        entry = self.folder.entries().get(index)
        path = self._path(index)
        return entry is not None and path.is_file() and sha256_of(path) == entry["error_sha256"]

    def finish(self, index: int, made: Synthesized) -> None:
        path = self._path(index)
        facts = np.stack([made.error, made.coverage]).astype(np.float32)
        with atomic_path(path) as temporary, temporary.open("wb") as file:
            np.save(file, facts)
        self.folder.finish_frame(index, _rounded(made.image), {"error_sha256": sha256_of(path)})

    def read(self, index: int) -> Synthesized:
        error, coverage = np.load(self._path(index), allow_pickle=False)
        return Synthesized(self.folder.read_frame(index), error, coverage)

    def _path(self, index: int) -> Path:
        return self.folder.path / "errors" / f"{index:06d}.npy"


def _rounded(image: Image) -> Image:
    """As the picture is read back from the run folder."""
    return from_bytes(to_bytes(image))
