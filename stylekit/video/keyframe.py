"""A painted frame of a clip, from which the other frames are painted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from ..arrays import Image, Mask
from ..errors import SettingsError
from ..image.guidance import Guidance
from ..settings import ImageSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class Keyframe:
    """One frame of a clip with its painting.

    `frame_index` counts from 0. `image` is the painting, float32 RGB `(H, W, 3)` in [0, 1] in the
    size of the clip. `mask` is float32 `(H, W)` in [0, 1], 1 where the painting counts: what lies
    outside is not taken from it. None if all of it counts.
    """

    frame_index: int
    image: Image
    mask: Mask | None = None

    def shown(self, frame: Image) -> Image:
        """The painting, with the frame of the clip where it does not count."""
        if self.mask is None:
            return self.image
        share = self.mask[:, :, np.newaxis]
        return share * self.image + (1 - share) * frame


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class StyledFrame:
    """One frame of a clip that is to be painted by optimisation, and is a keyframe then.

    `guidance` holds the style or styles, `settings` say how it is painted; its size is that of the
    clip. `frame_index` and `mask` are those of a `Keyframe`.
    """

    frame_index: int
    guidance: Guidance
    settings: ImageSettings
    mask: Mask | None = None

    def painted(self, image: Image) -> Keyframe:
        """The keyframe with its painting."""
        return Keyframe(frame_index=self.frame_index, image=image, mask=self.mask)


def check_keyframes(keys: Sequence[Keyframe | StyledFrame], clip: Sequence[Image]) -> None:
    """Check that keyframes fit a clip, in the order of their frames.

    Raises
    ------
    SettingsError
        If there is none, two are of one frame, a frame is not in the clip, or a size differs.
    """
    if not keys:
        raise SettingsError("key", "give at least one painted frame")
    numbers = [key.frame_index for key in keys]
    for earlier, later in pairwise(numbers):
        if later == earlier:
            raise SettingsError("key", f"frame {later} is given twice; give one painting of it")
        if later < earlier:
            raise SettingsError("key", "give the keyframes in the order of the clip")
    for key in keys:
        if not 0 <= key.frame_index < len(clip):
            raise SettingsError(
                "key",
                f"the clip has frames 0 to {len(clip) - 1}, there is no frame {key.frame_index}",
            )
        for array in (key.image if isinstance(key, Keyframe) else None, key.mask):
            if array is not None and array.shape[:2] != clip[0].shape[:2]:
                height, width = array.shape[:2]
                rows, columns = clip[0].shape[:2]
                raise SettingsError(
                    "key",
                    f"of frame {key.frame_index} has {width}×{height} pixels, the clip has "
                    f"{columns}×{rows}; resize it first",
                )
