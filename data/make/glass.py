"""`glass`: a rising sun over a river in stained glass, panes set along rays and rings in lead."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from .surface import OVERSAMPLE, Array, blur, finish, grid, noise, ramp, rgb, smoothstep

SIZE = (576, 576)

_LEAD = 1.9  # half the width of a lead came, in pixels

# The colours of glass for the panes of each region.
_GLASSES = (
    ["f7b500", "ffd93b", "fff2a0", "ff9a1f"],  # sun
    ["ff7a00", "e8380d", "ffb52e", "c4122f", "ffd24a"],  # rays
    ["0a2a9b", "1248d6", "1f7ae0", "4fb3f0", "5a1ea8"],  # sky
    ["0b5d2a", "178a3a", "56b52c", "0a6b5c", "a8cf2a"],  # hills
    ["063d8f", "0a74b8", "12b5c4", "7fe0e0", "0d2f7a"],  # river
    ["b3123a", "e0245e", "ff6fa0", "8a1fa0", "ffd0de"],  # flowers
    ["6d0f1f", "a51a22", "0b4f2e", "1a2a7a", "d98a00"],  # border
)


def paint(width: int, height: int, *, seed: int = 3) -> Array:
    """The picture, float32 RGB `(height, width, 3)` in [0, 1]."""
    rng = np.random.default_rng(seed)
    x, y = grid(width, height)
    u, v = x / width, y / height
    u = u + 0.0035 * noise(rng, x.shape, 70)
    v = v + 0.0035 * noise(rng, x.shape, 70)
    panes = _panes(*_design(u, v))
    away = _distance_from_lead(panes)
    color = _cut(rng, panes)
    color = _glow(rng, color, panes, away, x, y)
    canvas = _lead(rng, color, away)
    return finish(canvas, width, height)


def _design(u: Array, v: Array) -> tuple[NDArray[np.int32], Array, Array]:
    """The design: each pixel's region (an index into `_GLASSES`) and two coordinates within it.

    A new pane begins where the whole part of a coordinate changes: rays and rings around the sun,
    rows along the hills, scales along the river, petals around the middle of a flower.
    """
    du, dv = u - 0.5, v - 0.43
    radius, turn = np.hypot(du, dv), np.arctan2(dv, du) / (2 * np.pi)
    region = np.full(u.shape, 2, np.int32)
    ring = radius * 15 + 0.35 * np.sin(2 * np.pi * 8 * turn) * smoothstep(0.2, 0.4, radius)
    sectors = np.where(radius < 0.42, 32, 64)
    along, across = np.floor(ring) + 50, turn * sectors + 0.5 * (np.floor(ring) % 2) + 100
    zigzag = np.abs(((turn * 16) % 1) * 2 - 1)
    parts = [
        (1, radius < 0.25 + 0.15 * zigzag, radius * 13.5 + 20 - zigzag * 1.1, turn * 32 + 100),
        (0, radius < 0.135, radius / 0.045, turn * np.where(radius < 0.045, 1, 12) + 100),
    ]
    hill = v - 0.66 - 0.06 * np.sin(7 * u + 0.5) + 0.045 * np.cos(13 * u)
    course = np.floor(hill * 17)
    parts.append((3, hill > 0, course + 9, u * 11 + 0.5 * (course % 2) + 1.3 * hill * 4 + 20))
    bank = u - 0.5 - 0.13 * np.sin(9 * v - 1.2)
    reach = 0.05 + 0.46 * np.maximum(v - 0.66, 0)
    flow = v * 17 + 0.8 * np.sin(bank / reach * 3)
    lane = bank / reach * np.where(v < 0.8, 1.0, 1.6) + 0.5 * (np.floor(flow) % 2)
    parts.append((4, (hill > 0.015) & (np.abs(bank) < reach), flow + 3, lane + 20))
    for cx, cy, size, petals in ((0.17, 0.82, 0.105, 8), (0.84, 0.79, 0.115, 9)):
        fu, fv = u - cx, v - cy
        away, leaf = np.hypot(fu, fv), np.arctan2(fv, fu) / (2 * np.pi) * petals
        edge = size * (0.72 + 0.28 * np.abs(np.cos(np.pi * leaf)) ** 0.6)
        parts.append((5, away < edge, np.floor(away / size * 1.7), leaf + 60.5))
        parts.append((0, away < 0.30 * size, np.zeros_like(u), np.zeros_like(u)))
    frame = np.minimum(np.minimum(u, 1 - u), np.minimum(v, 1 - v))
    parts.append((6, frame < 0.055, np.floor(u * 14 + 0.5) + 40, np.floor(v * 14 + 0.5)))
    for index, where, first, second in parts:
        region = np.where(where, np.int32(index), region)
        along, across = np.where(where, first, along), np.where(where, second, across)
    return region, along, across


def _panes(region: NDArray[np.int32], along: Array, across: Array) -> NDArray[np.int32]:
    """A number for every pane; modulo `len(_GLASSES)` it is the pane's region."""
    cells = (np.floor(along).astype(np.int32) * 997 + np.floor(across).astype(np.int32)) * 16
    _, cells = np.unique(cells + region, return_inverse=True)
    named = (cells.reshape(region.shape) * len(_GLASSES) + region).astype(np.int32)
    panes, count = np.zeros_like(named), 0
    # Areas of equal coordinates may be separate; each becomes a pane of its own.
    for number in np.unique(named):
        left, top, wide, high = cv2.boundingRect((named == number).astype(np.uint8))
        window = (slice(top, top + high), slice(left, left + wide))
        here = (named[window] == number).astype(np.uint8)
        pieces, labels = cv2.connectedComponents(here, connectivity=4)
        new = (count + labels) * len(_GLASSES) + number % len(_GLASSES)
        panes[window] = np.where(here > 0, new, panes[window])
        count += pieces
    return _without_slivers(panes)


def _without_slivers(panes: NDArray[np.int32]) -> NDArray[np.int32]:
    """Add areas that are too small for a pane to the nearest pane."""
    numbers, sizes = np.unique(panes, return_counts=True)
    sliver = np.isin(panes, numbers[sizes < 55 * OVERSAMPLE**2])
    if not sliver.any():
        return panes
    _, owner = cv2.distanceTransformWithLabels(
        sliver.astype(np.uint8), cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL
    )
    keys = np.zeros(owner.max() + 1, np.int32)
    keys[owner[~sliver]] = panes[~sliver]
    return keys[owner]


def _distance_from_lead(panes: NDArray[np.int32]) -> Array:
    """The distance in pixels from the nearest border between two panes."""
    seam = np.zeros(panes.shape, np.uint8)
    seam[:, 1:] |= (panes[:, 1:] != panes[:, :-1]).astype(np.uint8)
    seam[1:] |= (panes[1:] != panes[:-1]).astype(np.uint8)
    away = cv2.distanceTransform(1 - seam, cv2.DIST_L2, 5)
    return blur(away, 0.9) / OVERSAMPLE


def _cut(rng: np.random.Generator, panes: NDArray[np.int32]) -> Array:
    """Give every pane a colour between two of its region's glasses, `(H, W, 3)`."""
    numbers, where = np.unique(panes, return_inverse=True)
    colors = np.empty((len(numbers), 3), np.float32)
    for index, number in enumerate(numbers):
        glasses = _GLASSES[number % len(_GLASSES)]
        color = rgb(glasses[rng.integers(len(glasses))])
        other = rgb(glasses[rng.integers(len(glasses))])
        colors[index] = color + 0.3 * rng.random() * (other - color)
    return np.clip(colors, 0, 1)[where.reshape(panes.shape)]


def _glow(
    rng: np.random.Generator,
    color: Array,
    panes: NDArray[np.int32],
    away: Array,
    x: Array,
    y: Array,
) -> Array:
    """Daylight through uneven glass: brighter in the middle of each pane, and streaked."""
    numbers, where = np.unique(panes, return_inverse=True)
    grain = rng.uniform(0, np.pi, len(numbers)).astype(np.float32)[where.reshape(panes.shape)]
    warp = 3.0 * noise(rng, x.shape, 30)
    across = np.cos(grain) * x + np.sin(grain) * y + warp
    streaks = 0.5 * np.sin(across * 1.05) + 0.5 * np.sin(across * 0.43 + 2)
    gain = 0.72 + 0.48 * smoothstep(1.5, 11, away) + 0.13 * streaks
    gain += 0.10 * noise(rng, x.shape, 9) + 0.12 * noise(rng, x.shape, 120)
    lit = color * np.clip(gain, 0.15, 1.6)[..., None]
    lit += (np.maximum(gain - 1.05, 0) * 0.9)[..., None]
    hatched = (rng.random(len(numbers)) < 0.22)[where.reshape(panes.shape)]
    lines = smoothstep(0.2, 0.7, np.sin((np.sin(grain) * x - np.cos(grain) * y + warp) * 1.5))
    lit *= 1 - (0.55 * hatched * lines * smoothstep(12, 3, away))[..., None]
    bubbles = noise(rng, x.shape, 5, octaves=1) > 2.5
    lit += 0.25 * blur(bubbles.astype(np.float32), 0.6)[..., None]
    return np.clip(lit, 0, 1)


def _lead(rng: np.random.Generator, color: Array, away: Array) -> Array:
    """Round strips of lead over the borders, lit from the upper left, with a glow around them."""
    half = _LEAD * (1 + 0.16 * noise(rng, away.shape, 25))
    came = smoothstep(0.5, -0.5, away - half)
    bulge = np.sqrt(np.clip(1 - (away / half) ** 2, 0, 1))
    down, across = np.gradient(blur(bulge, 0.5))
    gloss = np.clip(-(down + across) * 1.4, 0, 1)[..., None]
    metal = ramp(["07070a", "2a2b30"], np.clip(0.4 + 0.25 * noise(rng, away.shape, 6), 0, 1))
    metal = metal + 0.35 * gloss
    glass = color + 0.22 * blur(color, 7) * (1 - color)
    return glass * (1 - came[..., None]) + metal * came[..., None] + 0.06 * blur(color, 4)
