"""Scenes: frames with the exact truth about their motion."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ..arrays import BoolMask, Flow, Image
from ..errors import SettingsError
from ..media.clips import Clip
from ..motion.flow import FlowFunction, FlowMethod, FlowPair, flow_between
from ..motion.truth import Truth
from ..samples import MaterialKind, materials
from .layers import Layer
from .library import CLIP_SCENES, SCENES
from .painting import add_noise, expose, prepare
from .truth import top_layer, truth_between

# Frames a second of the built-in clips, each of which is a scene from time 0 on.
_CLIP_RATE = 24
# At widths that are multiples of this, a height of three quarters is an even number.
_CLIP_SIZE_STEP = 8


@dataclass(frozen=True, eq=False)
class Scene:
    """Frames with the exact truth about their motion.

    - `layers[i]`: int `(H, W)`, the number of the layer on top in frame i, 0 the farthest
    - `forward[i]`: the truth about frame i → i + 1, on the grid of frame i
    - `backward[i]`: the truth about frame i + 1 → i, on the grid of frame i + 1

    Properties without a direction are the backward ones, as in the masks of Ruder et al. 2016.
    """

    name: str
    frames: tuple[Image, ...]
    layers: tuple[NDArray[np.int32], ...]
    forward: tuple[Truth, ...]
    backward: tuple[Truth, ...]

    @cached_property
    def forward_flow(self) -> tuple[Flow, ...]:
        """Flow of frame i → i + 1, on the grid of frame i."""
        return tuple(truth.flow for truth in self.forward)

    @cached_property
    def backward_flow(self) -> tuple[Flow, ...]:
        """Flow of frame i + 1 → i, on the grid of frame i + 1."""
        return tuple(truth.flow for truth in self.backward)

    @cached_property
    def disocclusion(self) -> tuple[BoolMask, ...]:
        """Pixels of frame i + 1 that frame i does not show, also because they were out of frame."""
        return tuple(truth.disocclusion for truth in self.backward)

    @cached_property
    def out_of_frame(self) -> tuple[BoolMask, ...]:
        """Pixels of frame i + 1 that were out of frame in frame i."""
        return tuple(truth.out_of_frame for truth in self.backward)

    @cached_property
    def motion_boundary(self) -> tuple[BoolMask, ...]:
        """Pixels of frame i + 1 with a neighbour that moves with another layer."""
        return tuple(truth.motion_boundary for truth in self.backward)

    def flow_pair(self, index: int, *, method: str | FlowFunction = FlowMethod.EXACT) -> FlowPair:
        """The flow between frames `index` and `index` + 1 both ways: exact, or an estimate."""
        if method == FlowMethod.EXACT:
            return FlowPair(self.forward_flow[index], self.backward_flow[index])
        return flow_between(self.frames[index], self.frames[index + 1], method=method)


def make_scene(
    name: str,
    *,
    frames: int = 24,
    size: int = 256,
    seed: int = 0,
    noise: float = 0.0,
    motion_blur: float = 0.0,
    stride: int = 1,
    first: int = 0,
) -> Scene:
    """One of `SCENES` with the exact truth about its motion.

    Motion is measured in widths of the frame, so a scene of another size shows the same picture.

    Parameters
    ----------
    name : one of `SCENES`.
    seed : varies the places and directions of the test scenes. For the scenes of `CLIP_SCENES`
        it changes only the noise.
    frames, size, noise, motion_blur, stride, first : as in `render_scene`.

    Raises
    ------
    SettingsError : for an unknown name or a value out of range.

    Examples
    --------
    >>> scene = make_scene("pan", frames=2, size=64)
    >>> len(scene.frames), len(scene.backward_flow)
    (2, 1)
    """
    _check_whole("seed", seed, 0, 2**32 - 1)
    if name not in SCENES:
        raise SettingsError("scene", f"must be one of {', '.join(SCENES)}, is {name!r}")
    layers = SCENES[name](np.random.default_rng(seed))
    return render_scene(
        layers,
        name=name,
        frames=frames,
        size=size,
        seed=seed,
        noise=noise,
        motion_blur=motion_blur,
        stride=stride,
        first=first,
    )


def scene_of_clip(clip: Sequence[Image]) -> Scene | None:
    """The scene of a built-in clip, with the truth about exactly the frames that were read.

    A clip read from a later start, or sliced with a step, gets the scene of these frames. None for
    every other clip, and for a built-in one whose width is not a multiple of 8 or whose frames are
    not evenly spaced, because no scene has exactly its pixels.
    """
    if not isinstance(clip, Clip) or clip.path.stem not in CLIP_SCENES:
        return None
    built_in = materials(MaterialKind.CLIP).get(clip.path.stem)
    stride = _CLIP_RATE / clip.fps
    if built_in is None or clip.path.resolve() != built_in.resolve() or stride.denominator != 1:
        return None
    if clip.width % _CLIP_SIZE_STEP or 4 * clip.height != 3 * clip.width:
        return None
    return make_scene(
        clip.path.stem,
        frames=len(clip),
        size=clip.width,
        stride=stride.numerator,
        first=round(clip.start * _CLIP_RATE),
    )


def render_scene(
    layers: Sequence[Layer],
    *,
    frames: int,
    size: int,
    name: str = "own",
    seed: int = 0,
    noise: float = 0.0,
    motion_blur: float = 0.0,
    stride: int = 1,
    first: int = 0,
) -> Scene:
    """A scene of your own layers; noise and motion blur do not change its truth.

    Parameters
    ----------
    layers : the farthest first.
    frames : the number of frames, 1 to 3000.
    size : the width in pixels, 16 to 4096. The height is three quarters of it, rounded to even.
    noise : standard deviation, 0…1, of Gaussian noise on values in [0, 1], drawn from `seed`.
    motion_blur : the share of a frame's time, 0…1, in which the shutter is open.
    stride, first : frame i shows the time `first` + i · `stride`, in frames.

    Raises
    ------
    SettingsError : for a value out of range.
    """
    _check_whole("frames", frames, 1, 3000)
    _check_whole("size", size, 16, 4096)
    _check_share("noise", noise)
    _check_share("motion_blur", motion_blur)
    _check_whole("stride", stride, 1, 3000)
    _check_whole("first", first, 0, 3000)
    height = 2 * round(size * 3 / 8)
    grid = np.arange(size) + 1j * np.arange(height)[:, None]
    times = range(first, first + frames * stride, stride)
    # From time 0 on, so that a frame does not depend on the first one that is read.
    scaled = [prepare(layer, size, times[-1] + 1) for layer in layers]
    random = np.random.default_rng(seed)
    placed = [[layer.placement(time, size) for layer in layers] for time in times]
    tops = [top_layer(layers, placements, grid) for placements in placed]
    pairs = range(frames - 1)
    return Scene(
        name=name,
        frames=tuple(
            add_noise(expose(scaled, time, grid, size, motion_blur), noise, random)
            for time in times
        ),
        layers=tuple(tops),
        forward=tuple(
            truth_between(layers, tops[i], placed[i], placed[i + 1], grid) for i in pairs
        ),
        backward=tuple(
            truth_between(layers, tops[i + 1], placed[i + 1], placed[i], grid) for i in pairs
        ),
    )


def _check_whole(name: str, value: int, low: int, high: int) -> None:
    if not (isinstance(value, int) and low <= value <= high):
        raise SettingsError(name, f"must be a whole number from {low} to {high}, is {value!r}")


def _check_share(name: str, value: float) -> None:
    if not 0 <= value <= 1:
        raise SettingsError(name, f"must be from 0 to 1, is {value!r}")
