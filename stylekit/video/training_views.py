"""Inputs with errors like those of flow, from which a network learns to mend them.

At a keyframe the carried painting would be the painting itself, and the network would learn to
copy. So it is deformed as wrong flow deforms it, and parts of it are taken away as parts come into
sight.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..arrays import Flow, Image, Mask
from ..motion.flow import Interpolation, warp
from ..settings import NetworkSettings
from .carried_key import fill_from
from .few_shot_network import STRIDE, Patches
from .keyframe import Keyframe
from .network_guides import Guides

Array = NDArray[np.float32]

# Errors of good flow, in pixels, and the distances over which they change.
_SMALL_ERRORS = ((0.5, 8.0), (0.7, 40.0))
# Where a place is taken for another that looks the same: errors in pixels, and their distance.
_LARGE_ERROR, _LARGE_DISTANCE = 8.0, 20.0
# The distances over which holes change from one to the next, and the shares of the picture that
# holes and large errors take; each picture draws its own up to these.
_HOLE_DISTANCES = (12.0, 30.0)
_MOST_HOLES, _MOST_WRONG = 0.5, 0.1
# The widest strip along a border that is taken for new, as a share of the side.
_STRIP = 0.3
# The pictures with holes that are filled before the first step.
_FILLINGS = 8
# The noise of the frame, and the change of its light.
_NOISE, _LIGHT = 0.01, 0.03


@dataclass(frozen=True, slots=True, eq=False)
class PaintedFrame:
    """A keyframe for training: `frame`, `blobs` and `painting` `(H, W, 3)`, and `mask` `(H, W)`, 1
    where it counts. `fillings` are paintings with holes that were filled from elsewhere, and the
    holes `(H, W)`."""

    frame: Image
    blobs: Image
    painting: Image
    mask: Mask
    fillings: tuple[tuple[Image, Mask], ...]


def painted_frame(
    frame: Image, blobs: Image, key: Keyframe, random: np.random.Generator
) -> PaintedFrame:
    """A keyframe with fillings of random holes, by the patches that fill what comes into sight."""
    shape = frame.shape[:2]
    mask = np.ones(shape, np.float32) if key.mask is None else key.mask
    fillings = []
    for _ in range(_FILLINGS):
        share = random.random() * _MOST_HOLES
        holes = _spots(shape, float(random.choice(_HOLE_DISTANCES)), share, random)
        holes = np.maximum(holes, _strip(shape, random))
        holes = np.maximum(holes, 1 - mask)
        # The best patch for a hole would be the painting there.
        filled = fill_from(key, frame, frame, (holes == 0).astype(np.float32), hidden=holes > 0)
        fillings.append((filled, holes))
    return PaintedFrame(frame, blobs, key.image, mask, tuple(fillings))


def draw_patches(
    painted: PaintedFrame, settings: NetworkSettings, random: np.random.Generator
) -> Patches:
    """Random patches of a keyframe with new errors; the middle of each lies where it counts.

    If the picture is smaller than a patch, patches are as large as it allows.
    """
    height, width = painted.mask.shape
    side = patch_side((width, height), settings)
    guides, counts = _view(painted, random)
    inputs, base = guides.inputs(settings), guides.base(settings)
    weights = painted.mask * counts if settings.carried else painted.mask
    rows, columns = np.nonzero(weights if weights.any() else painted.mask)
    chosen = random.integers(len(rows), size=settings.batch)
    top = np.clip(rows[chosen] - side // 2, 0, height - side)
    left = np.clip(columns[chosen] - side // 2, 0, width - side)

    def cut(picture: Array) -> Array:
        return np.stack(
            [picture[y : y + side, x : x + side] for y, x in zip(top, left, strict=True)]
        )

    return Patches(
        inputs=cut(inputs),
        bases=cut(base),
        targets=cut(painted.painting),
        weights=cut(weights[..., np.newaxis]),
    )


def patch_side(size: tuple[int, int], settings: NetworkSettings) -> int:
    """The side of patches of pictures of this (width, height)."""
    return min(settings.patch, *(side // STRIDE * STRIDE for side in size))


def _view(painted: PaintedFrame, random: np.random.Generator) -> tuple[Guides, Mask]:
    """The guides of a keyframe with errors like those of flow, and where its painting counts."""
    height, width = shape = painted.mask.shape
    strength = random.random()
    errors = np.zeros((*shape, 2), np.float32)
    for pixels, distance in _SMALL_ERRORS:
        errors += np.float32(strength * pixels) * _noise(shape, distance, 2, random)
    wrong = _spots(shape, _LARGE_DISTANCE, random.random() * _MOST_WRONG, random)
    large = np.float32(_LARGE_ERROR * random.random()) * _noise(shape, _LARGE_DISTANCE, 2, random)
    moved = _warped(_warped(painted.painting, errors), wrong[..., np.newaxis] * large - errors)
    filled, holes = painted.fillings[random.integers(len(painted.fillings))]
    carried = moved + holes[..., np.newaxis] * (filled - moved)
    light = 1 + _LIGHT * random.standard_normal(3)
    noise = _NOISE * random.standard_normal((height, width, 3))
    frame = np.clip(painted.frame * light + noise, 0, 1).astype(np.float32)
    guides = Guides(frame, painted.blobs, carried, painted.mask * (1 - holes))
    # In a hole nobody knows what the painting should look like. What is laid there is painted
    # already, and the mean of all that it could be, which the network would learn, is a blur.
    return guides, np.asarray(holes == 0, np.float32)


def _warped(image: Image, flow: Flow) -> Image:
    return warp(image, flow, interpolation=Interpolation.CUBIC)


def _noise(
    shape: tuple[int, int], distance: float, channels: int, random: np.random.Generator
) -> Array:
    """Smooth noise of variance 1 that changes over about `distance` pixels, `(H, W, channels)`."""
    columns, rows = (_hats(side, distance) for side in shape[::-1])
    coarse = random.standard_normal((rows.shape[1], columns.shape[1], channels))
    return np.einsum("yi,ijc,xj->yxc", rows, coarse, columns, optimize=True).astype(np.float32)


def _hats(side: int, distance: float) -> NDArray[np.float64]:
    """Gaussians about points at this distance; the squares at each place have the sum 1."""
    points = np.arange(-1, int(side / distance) + 3) * distance
    weights = np.exp(-np.square((np.arange(side)[:, np.newaxis] - points) / (0.7 * distance)))
    return np.asarray(weights / np.sqrt(np.square(weights).sum(axis=1, keepdims=True)))


def _spots(
    shape: tuple[int, int], distance: float, share: float, random: np.random.Generator
) -> Mask:
    """1 on about this share of the picture, in spots, with borders of a pixel or two."""
    noise = _noise(shape, distance, 1, random)[..., 0]
    level = np.quantile(noise[::4, ::4], 1 - share)
    return np.clip((noise - level) * np.float32(distance / 2), 0, 1)


def _strip(shape: tuple[int, int], random: np.random.Generator) -> Mask:
    """1 along one border of the picture, or along none."""
    strip = np.zeros(shape, np.float32)
    border = int(random.integers(8))
    if border < 4:
        turned = np.rot90(strip, border)
        turned[: int(turned.shape[0] * _STRIP * random.random())] = 1
    return strip
