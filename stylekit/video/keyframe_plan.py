"""From which painted frames of a clip each of the others is painted, and in what order.

A painting is carried outward from its frame, to the next painted frame or to the end of the shot.
A frame between two painted ones gets a picture from each side, and both are blended.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import overload

from ..arrays import Image
from ..errors import SettingsError
from ..motion.flow import FlowPair
from .links import Links


@dataclass(frozen=True, slots=True)
class Chain:
    """Frames to which one painting is carried, nearest first.

    `shot` holds all frames of the shot in the order of time, without flashes. `frames` are some of
    them; each is painted with the help of the one before it, the first with that of `key`. A flash
    is a chain of its own, with a `shot` of the key and itself.
    """

    key: int
    frames: tuple[int, ...]
    shot: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """What is carried where: `chains` in the order of work, and the frames `between` two keys."""

    chains: tuple[Chain, ...]
    between: dict[int, tuple[int, int]]


class Picked(Sequence[Image]):
    """Some frames of a clip, read when they are asked for.

    Parameters
    ----------
    clip, frames : a clip, and the numbers of the frames that these are
    """

    def __init__(self, clip: Sequence[Image], frames: Sequence[int]) -> None:
        self._clip, self._frames = clip, tuple(frames)

    def __len__(self) -> int:
        return len(self._frames)

    @overload
    def __getitem__(self, index: int) -> Image: ...

    @overload
    def __getitem__(self, index: slice) -> Picked: ...

    def __getitem__(self, index: int | slice) -> Image | Picked:
        found = self._frames[index]
        return Picked(self._clip, found) if isinstance(found, tuple) else self._clip[found]


def flows_of(frames: Sequence[int], links: Links) -> Callable[[int], FlowPair]:
    """A function that gives the flow between frames `i` and `i + 1` of a shot of `frames`."""
    return lambda index: links.pair(frames[index], frames[index + 1])


def plan_keyframes(
    shots: Sequence[int], flashes: set[int], frame_count: int, keys: Sequence[int]
) -> Plan:
    """Plan how paintings are carried through a clip.

    Parameters
    ----------
    shots : The first frame of each shot; the first is 0.
    flashes : Frames within shots that their neighbours do not explain.
    frame_count : The number of frames.
    keys : The painted frames, in the order of time.

    Raises
    ------
    SettingsError
        If a shot has no painted frame.
    """
    chains: list[Chain] = []
    between: dict[int, tuple[int, int]] = {}
    for first, after in pairwise([*shots, frame_count]):
        shot = tuple(index for index in range(first, after) if index not in flashes)
        own = [key for key in keys if key in shot]
        if not own:
            raise SettingsError(
                "key",
                f"no frame of the shot from frame {first} to {after - 1} is painted; give one, or "
                "choose the method network, which needs none",
            )
        chains += _chains_of(shot, own)
        for earlier, later in pairwise(own):
            between |= {index: (earlier, later) for index in shot if earlier < index < later}
        for flash in range(first, after):
            if flash in flashes and flash not in keys:
                nearest = min(own, key=lambda key: abs(key - flash))
                pair = tuple(sorted((nearest, flash)))
                chains.append(Chain(nearest, (flash,), pair))
    return Plan(tuple(chains), between)


def _chains_of(shot: tuple[int, ...], keys: list[int]) -> Iterator[Chain]:
    # A painting ends where the next one is, on either side.
    before, after = [-1, *keys[:-1]], [*keys[1:], shot[-1] + 1]
    for key, least, most in zip(keys, before, after, strict=True):
        forward = tuple(index for index in shot if key < index < most)
        backward = tuple(index for index in reversed(shot) if least < index < key)
        for frames in (forward, backward):
            if frames:
                yield Chain(key, frames, shot)
