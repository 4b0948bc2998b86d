"""Pairs of neighbouring frames for a mask explorer, with their flow and their true motion."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType

from ...arrays import Image
from ...errors import SettingsError
from ...media.images import resize_image
from ...motion.flow import FLOWS, FlowMethod, FlowPair, flow_between
from ...motion.truth import Truth
from ...scenes import SCENES, Scene, make_scene, motorcycle_pair

# Enough to see a scene move; each further frame makes the user wait when the scene is chosen.
SCENE_FRAMES = 8

# Scenes and flows that are kept, so that going back to one takes no time.
_KEPT_SCENES, _KEPT_PAIRS = 4, 12


@dataclass(frozen=True, eq=False)
class MotionPair:
    """Two neighbouring frames and the flow between them; `truth` is None if it is not known.

    `flow` is on the grid of `frame` and leads to `previous`, `reverse` the other way: the
    arguments of `consistency_mask`.
    """

    previous: Image
    frame: Image
    flows: FlowPair
    truth: Truth | None


@dataclass(frozen=True)
class MotionSource:
    """Some frames: `pair(index, method)` is frame `index` with the one before it.

    `methods` are names in `stylekit.motion.flow.FLOWS`.
    """

    frame_count: int
    methods: tuple[str, ...]
    pair: Callable[[int, str], MotionPair]


class MotionSources:
    """Sources by name: all scenes, the motorcycle pair if scikit-image is installed, and clips.

    Scenes are rendered at their first use, `size` pixels wide; frames of clips get `size` as their
    longest side. Raises SettingsError for a clip with fewer than two frames.
    """

    def __init__(self, clips: Mapping[str, Sequence[Image]], *, size: int) -> None:
        for name, frames in clips.items():
            if len(frames) < 2:
                raise SettingsError(name, f"needs at least two frames, has {len(frames)}")
        self._clips = MappingProxyType(dict(clips))
        self._size = size
        self._scene = lru_cache(_KEPT_SCENES)(self._make_scene)
        self._pair = lru_cache(_KEPT_PAIRS)(self._make_pair)

    @property
    def names(self) -> tuple[str, ...]:
        """The caller's clips first, then the scenes."""
        real = ("motorcycle",) if importlib.util.find_spec("skimage") else ()
        return tuple(dict.fromkeys((*self._clips, *SCENES, *real)))

    def __getitem__(self, name: str) -> MotionSource:
        """The source of that name."""
        own = name in self._clips
        return MotionSource(
            frame_count=len(self._clips[name] if own else self._scene(name).frames),
            methods=tuple(
                name
                for name in FLOWS
                if name != FlowMethod.FILES and not (own and name == FlowMethod.EXACT)
            ),
            pair=lambda index, method: self._pair(name, index, method),
        )

    def _make_scene(self, name: str) -> Scene:
        if name == "motorcycle":
            return motorcycle_pair()
        return make_scene(name, frames=SCENE_FRAMES, size=self._size)

    def _make_pair(self, name: str, index: int, method: str) -> MotionPair:
        if name in self._clips:
            frames = self._clips[name]
            previous, frame = (resize_image(frames[i], self._size) for i in (index - 1, index))
            return MotionPair(previous, frame, flow_between(previous, frame, method=method), None)
        scene = self._scene(name)
        return MotionPair(
            previous=scene.frames[index - 1],
            frame=scene.frames[index],
            flows=scene.flow_pair(index - 1, method=method),
            truth=scene.backward[index - 1],
        )
