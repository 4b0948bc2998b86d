"""From which painted frames of a clip each of the others is painted, and in what order.

A painting is carried outward from its frame, to the next painted frame or to the end of the shot.
A frame between two painted ones gets a picture from each side, and both are blended.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import overload

from ..arrays import Image
from ..errors import SettingsError
from ..motion.flow import FlowPair
from .links import Links

# The bytes of a pixel's flow, both ways, and the most bytes of all flow that is needed at once.
_FLOW_BYTES, _MOST_FLOW = 16, 2_000_000_000


@dataclass(frozen=True, slots=True)
class Stretch:
    """Neighbouring frames of a shot that are painted from the same keyframes.

    `frames` are in the order of time. `earlier` and `later` are the keyframes before and after
    them; one of them is None at the beginning and at the end of a shot. `shot` holds all frames of
    the shot, without flashes. A flash is a stretch of its own, with a `shot` of the nearest
    keyframe and itself.
    """

    frames: tuple[int, ...]
    earlier: int | None
    later: int | None
    shot: tuple[int, ...]


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


def check_distance(stretches: Sequence[Stretch], pixels: int) -> None:
    """Check that no frame is too far from its keyframe.

    By patches a frame needs the flow of all frames up to its keyframe, in memory.

    Parameters
    ----------
    stretches : The plan.
    pixels : Those of a frame.

    Raises
    ------
    SettingsError
        If the flow would take more than 2 GB.
    """
    most = _MOST_FLOW // (_FLOW_BYTES * pixels)
    for stretch in stretches:
        for key, frame in (
            (stretch.earlier, stretch.frames[-1]),
            (stretch.later, stretch.frames[0]),
        ):
            if key is not None and abs(frame - key) > most:
                raise SettingsError(
                    "key",
                    f"frame {frame} is {abs(frame - key)} frames from keyframe {key}, and at this "
                    f"size at most {most} fit into memory; give one between them, a smaller size, "
                    "or the method network",
                )


def plan_keyframes(
    shots: Sequence[int], flashes: set[int], frame_count: int, keys: Sequence[int]
) -> list[Stretch]:
    """Plan how paintings are carried through a clip, in the order of time.

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

    Examples
    --------
    >>> for stretch in plan_keyframes([0, 4], set(), 6, [1, 4]):
    ...     print(stretch.frames, stretch.earlier, stretch.later)
    (0,) None 1
    (2, 3) 1 None
    (5,) 4 None
    """
    stretches: list[Stretch] = []
    for first, after in pairwise([*shots, frame_count]):
        shot = tuple(index for index in range(first, after) if index not in flashes)
        own = [key for key in keys if key in shot]
        if not own:
            raise SettingsError(
                "key",
                f"no frame of the shot from frame {first} to {after - 1} is painted; give one, or "
                "choose the method network, which needs none",
            )
        for earlier, later in pairwise([None, *own, None]):
            frames = tuple(
                index
                for index in shot
                if (earlier is None or index > earlier) and (later is None or index < later)
            )
            if frames:
                stretches.append(Stretch(frames, earlier, later, shot))
        for flash in sorted(flashes.intersection(range(first, after)).difference(keys)):
            key = min(own, key=lambda key: abs(key - flash))
            earlier, later = (key, None) if key < flash else (None, key)
            stretches.append(Stretch((flash,), earlier, later, tuple(sorted((key, flash)))))
    return stretches
