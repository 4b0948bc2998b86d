"""Several passes over a clip (Ruder et al. 2016, §4.4).

The first pass paints the frames in the order of time. Every other one goes the opposite way to the
one before it, and takes each frame up again, nearer to the frame that it has just painted. So what
comes into sight late in a clip, or lies at the seam of a loop, is taken into account on both sides.

The pictures of the last pass are in `frames/` of the run folder. Those of an earlier pass p are in
`pass-p/frames/`, with a manifest of their own.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import numpy as np

from ..arrays import Image
from ..media.files import make_folder
from ..settings import VideoSettings
from .earlier import Earlier
from .folder import RunFolder
from .still_parts import StillParts

# δ: how much of the warped neighbour a frame takes where the flow can be trusted.
_BLEND = np.float32(0.5)


def is_forward(number: int) -> bool:
    """Whether a pass, counted from 1, follows the time."""
    return number % 2 == 1


def order_of(number: int, frames: range) -> Iterator[int]:
    """The frames in the order of a pass."""
    return iter(frames) if is_forward(number) else reversed(frames)


def start_again(neighbour: Earlier, parts: StillParts, before: Image) -> Image:
    """Where a frame starts in a later pass: δ c ∘ ω(neighbour) + (1 − δ c) ∘ `before`.

    `before` is the frame after the pass before, c the reliability of the flow, δ = ½.
    """
    mask, _ = parts.start_masks(neighbour.motion.flow, neighbour.motion.mask)
    return (1 - _BLEND) * before + _BLEND * neighbour.laid_over(before, mask)


def later_frames(settings: VideoSettings, frame_count: int) -> int:
    """How many frames start from others, over all passes, if the clip has no cuts."""
    first = 0 if settings.independent else frame_count - 1
    return first + (settings.passes - 1) * frame_count


class StoredPasses:
    """The finished frames of each pass in a run folder.

    `entries[p − 1]` are the manifest's entries of pass p by frame, `folders[p − 1]` is its folder.
    """

    def __init__(self, folder: RunFolder, count: int) -> None:
        earlier = [RunFolder(folder.path / f"pass-{number}") for number in range(1, count)]
        self.folders = [*earlier, folder]
        self.entries: list[dict[int, dict[str, Any]]] = [{} for _ in self.folders]

    def open(self) -> None:
        """Make the folders of the earlier passes, and read all manifests."""
        for folder in self.folders[:-1]:
            make_folder(folder.path)
            make_folder(folder.path / "frames")
        self.reload()

    def reload(self) -> None:
        """Read from the folders which frames are finished."""
        for entries, folder in zip(self.entries, self.folders, strict=True):
            entries.clear()
            entries.update(folder.entries())

    def finish(
        self, number: int, frame_index: int, image: Image, facts: dict[str, Any]
    ) -> dict[str, Any]:
        """Store a frame of a pass, and return its entry; it names the pass if there are several."""
        told = {**facts, "pass": number} if len(self.folders) > 1 else facts
        entry = self.folders[number - 1].finish_frame(frame_index, image, told)
        self.entries[number - 1][frame_index] = entry
        return entry

    def newest(self) -> list[dict[str, Any]]:
        """The entry of each frame in the last pass that has it, up to one that none has."""
        newest: dict[int, dict[str, Any]] = {}
        for entries in self.entries:
            newest |= entries
        indices = itertools.takewhile(newest.__contains__, itertools.count())
        return [newest[index] for index in indices]

    def read(self, entry: dict[str, Any]) -> Image:
        """The picture of an entry."""
        return self.folders[entry.get("pass", 1) - 1].read_frame(entry["frame_index"])

    @property
    def complete_count(self) -> int:
        """How many frames are finished in the last pass."""
        return len(self.entries[-1])
