"""The earlier frames that a frame of a clip goes on from, and is held to.

The long-term loss (Ruder et al. 2016, §4.3) holds frame i to frames i−j for several offsets j:

    L_long = Σ_j 1/D Σ_k c_long^(i−j,i)_k (u x_k − u ω^(i−j→i)_k)²
    c_long^(i−j,i) = max(c^(i−j,i) − Σ_{k<j} c^(i−k,i), 0)

u is `stylekit.losses.PIXEL_UNIT`. So at each pixel the nearest frame that shows it counts. With the
frame before alone this is the short-term loss.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..arrays import Image, Mask
from ..image.colors import starting_picture
from ..image.guidance import Guidance
from ..image.objective import TemporalTarget
from ..motion.fine_detail import detail_change, lost_detail, moving, restore_detail
from ..motion.flow import Interpolation, warp
from ..motion.infill import Motion, carried_picture, transfer_texture
from ..motion.light import LightChange
from ..motion.long_flow import looks_the_same
from ..motion.masks import long_term_masks
from ..settings import VideoSettings
from .folder import RunFolder
from .goals import model_frame
from .links import light_of
from .still_parts import StillParts


@dataclass(frozen=True, eq=False)
class Earlier:
    """An earlier painted frame, seen from the frame that is painted now.

    `motion` leads to this frame, `light` is the change of light up to it, None if there is none.
    This frame may start as the earlier one where `start_mask` is 1: where the flow is trusted, and
    for an older frame also where both look the same, a better guess than a patch of texture.
    `boost` is how much fine detail the earlier frame has lost, see `LostDetail`; `change` is the
    fine detail of this frame in place of that of the earlier one, see `detail_change`.
    """

    motion: Motion
    start_mask: Mask
    image: Image
    light: LightChange | None
    boost: float
    change: NDArray[np.float32]

    @cached_property
    def warped(self) -> Image:
        """The earlier frame on the grid and in the light of this one."""
        flow = self.motion.flow.backward_flow
        warped = warp(self.image, flow, interpolation=Interpolation.LINEAR)
        warped = restore_detail(warped, self.image, flow, self.motion.mask, boost=self.boost)
        warped = self._with_own_detail(warped, self.motion.mask)
        return warped if self.light is None else self.light.applied(warped)

    def laid_over(self, fresh: Image, mask: Mask) -> Image:
        """Where a frame starts: as the earlier one where `mask` is 1, as `fresh` where it is 0."""
        carried = carried_picture(self.image, dataclasses.replace(self.motion, mask=mask), fresh)
        flow = self.motion.flow.backward_flow
        carried = restore_detail(carried, self.image, flow, mask, boost=self.boost)
        carried = self._with_own_detail(carried, mask)
        return carried if self.light is None else self.light.applied(carried, self.motion.mask)

    def _with_own_detail(self, picture: Image, mask: Mask) -> Image:
        more = mask[:, :, np.newaxis] * self.change
        return np.asarray(np.clip(picture + more, 0.0, 1.0), np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class LostDetail:
    """How much fine detail painted frames have lost since the reference of their shot.

    `entries` are the manifest's entries of the first pass, `folder` is its folder.
    """

    entries: Mapping[int, dict[str, Any]]
    clip: Sequence[Image]
    folder: RunFolder

    def __call__(self, motion: Motion, image: Image) -> float:
        """The `boost` for the frame that a motion begins at, painted as `image`.

        It is that of what moves (see `lost_detail`): before a still background the whole frame
        would be as sharp as ever, while a thing that is warped again and again goes soft.
        """
        model = model_frame(self.entries, motion.source)
        pictures = self.folder.read_frame(model), image, self.clip[model], self.clip[motion.source]
        begun = self.folder.read_flow(model + 1, model)
        if begun is None:  # the last frame of the clip
            return lost_detail(*pictures)
        areas = moving(begun[0].forward_flow), moving(motion.flow.forward_flow)
        return lost_detail(*pictures, areas if all(area.any() for area in areas) else None)


def earlier_frames(
    frame_index: int,
    motions: Sequence[Motion | None],
    image_of: Callable[[int], Image],
    clip: Sequence[Image],
    palette: Guidance,
    settings: VideoSettings,
    lost: LostDetail,
) -> list[Earlier | None]:
    """The earlier frames of these motions, the nearest first; None where there is none.

    Parameters
    ----------
    frame_index, motions : The frame that is painted, and the motions to it (`Links.earlier`).
    image_of : The painted frame of an index.
    clip, palette, settings : As in `light_of`.
    lost : How much fine detail the earlier frames have lost.
    """

    def start(index: int) -> Image:
        return starting_picture(clip[index], palette, settings.image.colors)

    now = start(frame_index)
    found: list[Earlier | None] = []
    for place, motion in enumerate(motions):
        if motion is None:
            found.append(None)
            continue
        mask = motion.mask
        if place:
            flow = motion.flow.backward_flow
            same = looks_the_same(clip[frame_index], clip[motion.source], flow)
            mask = np.maximum(mask, same)
        light = light_of(clip, frame_index, motion, palette, settings)
        image = image_of(motion.source)
        change = detail_change(now, start(motion.source), motion.flow.backward_flow)
        found.append(Earlier(motion, mask, image, light, lost(motion, image), change))
    return found


def temporal_targets(
    earlier: Sequence[Earlier | None], parts: StillParts, content: Image
) -> list[TemporalTarget]:
    """What a frame that shows `content` is held to: a target for each of `earlier`.

    Where there is none the mask is zero, so that all frames have the same number of targets.
    """
    blank = TemporalTarget(content, np.zeros_like(content[:, :, 0]))
    motions = [each.motion for each in earlier if each]
    masks = [parts.temporal_mask(motion.flow, motion.mask) for motion in motions]
    left = iter(long_term_masks(masks) if masks else [])
    # The light lowers a mask last: what a cross-fade has released no older frame may hold.
    return [_target(each, next(left)) if each else blank for each in earlier]


def warm_start(
    earlier: Sequence[Earlier | None],
    parts: StillParts,
    content: Image,
    source_content: Image,
    source_painting: Image,
) -> Image:
    """Where a frame starts that shows `content`: at each pixel as the nearest frame that shows it.

    What no earlier frame shows starts with texture from `source_painting`, as in
    `transfer_texture`.
    """
    starts = [
        (each, *parts.start_masks(each.motion.flow, each.start_mask)) for each in earlier if each
    ]
    known = np.maximum.reduce([known for _, _, known in starts])
    start = transfer_texture(content, known, source_content, source_painting, parts=parts.masks)
    for each, carried, _ in reversed(starts):
        start = each.laid_over(start, carried)
    return start


def _target(earlier: Earlier, mask: Mask) -> TemporalTarget:
    light = earlier.light
    return TemporalTarget(earlier.warped, mask if light is None else mask * light.hold)
