"""`pointillist`: sails on a river at sundown, dots of pure colour that mix in the eye."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from .strokes import Easel, pick
from .surface import OVERSAMPLE, Array, finish, grid, light, noise, ramp, rgb, smoothstep

SIZE = (640, 480)

_SHIFT = 4
_SKY = ["3f63b5", "6a8fce", "a9b4d8", "f0c7b0", "ffd98a", "ffe9a8", "ffc36b"]
_GRASS = ["12233f", "1d4a3a", "3f7d3a", "86b13f", "d8d64a", "f6e36a"]
_LEAF = ["141a45", "1b3a52", "1f6142", "4f9440", "a5bd45", "f2c94a"]

# Pairs of opposite colours: a dot takes one of a pair, its neighbour the other.
_OPPOSITES = np.array([(0.34, 0.06, -0.36), (0.30, -0.24, 0.02), (0.10, 0.16, -0.34)], np.float32)


def paint(width: int, height: int, *, seed: int = 5) -> Array:
    """The picture, float32 RGB `(height, width, 3)` in [0, 1]."""
    rng = np.random.default_rng(seed)
    motif = _motif(rng, width, height)
    # A dark ground of the opposite hue, which makes the dots stand out.
    shadow = 0.30 * motif + 0.10 * motif[..., ::-1]
    easel = Easel(shadow, rng)
    taken = np.zeros(motif.shape[:2], np.uint8)
    for spacing, radii, strength in (
        (4.2, (4.8, 6.2), 0.50),
        (2.8, (3.2, 4.2), 0.80),
        (2.0, (1.8, 2.6), 1.0),
    ):
        places = easel.scatter(spacing)
        colors = _divided(rng, pick(motif, places), strength)
        _dots(easel, rng, taken, places, colors, radii)
    return finish(light(easel.image, easel.relief, strength=2.4), width, height)


def _divided(rng: np.random.Generator, colors: Array, strength: float) -> Array:
    """Each colour moved towards one of two opposites; the mean of many dots stays the same."""
    count = len(colors)
    axis = _OPPOSITES[rng.integers(len(_OPPOSITES), size=count)]
    side = rng.choice((-1.0, 1.0), count) * rng.uniform(0.35, 1.0, count)
    value = rng.normal(0, 0.07, count)
    moved = colors + (strength * side[:, None]) * axis * 0.75 + value[:, None]
    grey = moved.mean(-1, keepdims=True)
    return np.clip(grey + 1.08 * (moved - grey), 0, 1)


def _dots(
    easel: Easel,
    rng: np.random.Generator,
    taken: NDArray[np.uint8],
    places: Array,
    colors: Array,
    radii: tuple[float, float],
) -> None:
    """Dots where no pixel is `taken` yet: nearly round, with the thickest paint in the middle."""
    wide = rng.uniform(*radii, len(places)) * OVERSAMPLE
    round_ = rng.uniform(0.80, 1.0, len(places))
    turn = rng.uniform(0, 180, len(places))
    scale = 2**_SHIFT
    for place, color, radius, squash, angle in zip(
        places, colors * 255, wide, round_, turn, strict=True
    ):
        column, row, reach = int(place[0]), int(place[1]), int(0.9 * radius)
        window = (
            slice(max(row - reach, 0), row + reach),
            slice(max(column - reach, 0), column + reach),
        )
        if taken[window].any():
            continue
        cv2.circle(taken, (column, row), reach, 1, cv2.FILLED)
        centre = tuple(int(c * scale) for c in place)
        for share, thickness in ((1.0, 90.0), (0.72, 150.0), (0.4, 215.0)):
            axes = (int(radius * share * scale), int(radius * share * squash * scale))
            value = (*color.tolist(), thickness)
            cv2.ellipse(
                easel.pixels, centre, axes, angle, 0, 360, value, cv2.FILLED, cv2.LINE_AA, _SHIFT
            )


def _motif(rng: np.random.Generator, width: int, height: int) -> Array:
    """The landscape that is painted in dots."""
    x, y = grid(width, height)
    u, v = x / width, y / height
    horizon = 0.47
    sun = np.hypot((u - 0.64) * width / height, v - 0.36)
    band = v / horizon + 0.05 * noise(rng, u.shape, (240, 40)) - 0.25 * np.exp(-sun * 3)
    tone = ramp(_SKY, np.clip(band - 0.05, 0, 1))
    tone += (0.35 * np.exp(-((sun / 0.13) ** 2)))[..., None] * rgb("fff0a0")
    tone[sun < 0.055] = rgb("fff6c8")
    hills = v > horizon - 0.06 - 0.025 * np.sin(8 * u + 1) - 0.012 * np.sin(23 * u)
    tone[hills] = ramp(["3a4a8c", "7a6fa8", "c08fa0"], np.clip(0.5 + 2.2 * (u - 0.6), 0, 1))[hills]
    river = v > horizon
    depth = np.clip((v - horizon) / 0.45, 0, 1)
    water = ramp(["ffd28a", "e9b9a6", "8fa9d6", "4d79c0", "2f55a0", "24407f"], depth**0.8)
    ripple = np.sin(150 * v**1.4 + 5 * np.sin(9 * u) + 2 * noise(rng, u.shape, (80, 12)))
    water += 0.10 * ripple[..., None]
    glitter = np.exp(-(((u - 0.64) / (0.035 + 0.13 * depth)) ** 2)) * (0.5 + 0.5 * ripple)
    water += (0.75 * glitter)[..., None] * (rgb("ffdf80") - water)
    tone[river] = water[river]
    for cx, base, size in ((0.36, 0.52, 0.13), (0.78, 0.56, 0.20), (0.49, 0.68, 0.36)):
        _sail(tone, u, v, cx, base, size)
    _bank(rng, tone, u, v)
    for cx, cy, size in ((0.10, 0.27, 0.22), (0.24, 0.40, 0.12), (0.95, 0.36, 0.15)):
        _tree(rng, tone, u, v, cx, cy, size)
    return np.clip(tone, 0, 1)


def _sail(tone: Array, u: Array, v: Array, cx: float, base: float, size: float) -> None:
    """A boat of two sails with its hull and its broken reflection."""
    rise = (base - v) / size
    for sign, reach, color in ((1, 0.36, "fdf3d0"), (-1, 0.24, "e87a3d")):
        side = sign * (u - cx) / size
        sail = (rise > 0.12) & (rise < 1.1) & (side > 0.02) & (side < reach * (1.1 - rise))
        tone[sail] = rgb(color) - 0.25 * (side[sail] / reach)[:, None] * rgb("406080")
        broken = 0.2 * np.sin(v * 260) * (0.6 - rise)
        mirror = (rise < -0.1) & (rise > -0.75) & (side + broken > 0.02)
        mirror &= side + broken < reach * (0.9 + rise)
        tone[mirror] = 0.55 * tone[mirror] + 0.45 * rgb(color)
    hull = (rise < 0.12) & (rise > -0.04) & (np.abs(u - cx) < size * (0.30 + 0.5 * rise))
    tone[hull] = rgb("3a2148")


def _bank(rng: np.random.Generator, tone: Array, u: Array, v: Array) -> None:
    """The near bank: lit grass with long violet shadows of the trees."""
    edge = 0.90 - 0.33 * np.exp(-((u / 0.34) ** 2)) - 0.16 * smoothstep(0.75, 1.0, u)
    edge += 0.006 * np.sin(60 * u)
    bank = v > edge
    shade = 0.62 + 0.14 * noise(rng, u.shape, (50, 14)) - 0.2 * smoothstep(0.1, 0.0, v - edge)
    shadow = np.exp(-(((u - 0.10 - 0.55 * (v - 0.74)) / 0.055) ** 2)) * (v > 0.72)
    shadow += np.exp(-(((u - 0.25 - 0.75 * (v - 0.80)) / 0.03) ** 2)) * (v > 0.76)
    grass = ramp(_GRASS, np.clip(shade - 0.55 * shadow, 0, 1))
    flowers = noise(rng, u.shape, 9, octaves=1) > 1.9
    grass[flowers] = rgb("e2456b")
    tone[bank] = grass[bank]


def _tree(
    rng: np.random.Generator,
    tone: Array,
    u: Array,
    v: Array,
    cx: float,
    cy: float,
    size: float,
) -> None:
    """A trunk and clouds of leaves, gold towards the sun on the right."""
    lean = 0.02 * np.sin(9 * v)
    trunk = (np.abs(u - cx - lean) < 0.055 * size + 0.04 * np.maximum(v - cy - size, 0)) & (v > cy)
    trunk &= v < cy + 2.4 * size + 0.06
    tone[trunk] = rgb("3b2350")
    du, dv = (u - cx) / (0.62 * size), (v - cy) / size
    crown = np.hypot(du, dv) + 0.13 * noise(rng, u.shape, 45)
    toward = 0.42 + 0.30 * du - 0.26 * dv + 0.12 * noise(rng, u.shape, 22)
    leaves = ramp(_LEAF, np.clip(toward, 0, 1))
    inside = crown < 1
    tone[inside] = leaves[inside]
