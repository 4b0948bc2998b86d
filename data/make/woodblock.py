"""`woodblock`: waves below a snow mountain, carved lines in Prussian blue on buff paper."""

from __future__ import annotations

import numpy as np

from .surface import OVERSAMPLE, Array, blur, finish, grid, noise, paper, rgb, smoothstep

SIZE = (640, 480)

_PAPER = rgb("ead9b0")
_KEY = rgb("14224a")
_BLUES = tuple(rgb(code) for code in ("f3ead0", "a9c3c4", "5f93ad", "2a5c92", "173a70"))
_SUN = rgb("c8452c")

# Waves from far to near: mean height, crests over the width, phase, size of the crests.
_WAVES = (
    (0.55, 4.3, 0.15, 0.045),
    (0.64, 2.8, 0.55, 0.085),
    (0.77, 2.0, 0.05, 0.130),
    (0.92, 1.5, 0.62, 0.165),
    (1.10, 1.2, 0.18, 0.170),
)


def paint(width: int, height: int, *, seed: int = 4) -> Array:
    """The picture, float32 RGB `(height, width, 3)` in [0, 1]."""
    rng = np.random.default_rng(seed)
    blocks = _Blocks(rng, width, height)
    blocks.sky()
    blocks.mountain()
    for wave in _WAVES:
        blocks.wave(*wave)
    return finish(_print(rng, blocks.colors, blocks.key), width, height)


class _Blocks:
    """The carved blocks: `colors` `(H, W, 3)` of all colour blocks, `key` `(H, W)` of the lines."""

    def __init__(self, rng: np.random.Generator, width: int, height: int) -> None:
        """`width` and `height` are those of the finished picture."""
        self._rng, self._width, self._height = rng, width, height
        x, y = grid(width, height)
        # A hand-carved block has no exactly straight lines.
        self._x = x + 2.2 * noise(rng, x.shape, 60)
        self._y = y + 2.2 * noise(rng, y.shape, 60)
        self.colors = np.broadcast_to(_PAPER, (*x.shape, 3)).copy()
        self.key = np.zeros_like(x)

    def sky(self) -> None:
        """A shaded band at the top (bokashi), a red sun and clouds drawn by their contour lines."""
        x, y, height = self._x, self._y, self._height
        v = y / height
        self._ink(_BLUES[3], 0.95 * smoothstep(0.24, -0.02, v + 0.02 * np.sin(x / 40)))
        self._ink(rgb("d9906a"), 0.65 * smoothstep(0.34, 0.58, v))
        sun = np.hypot(x - 0.235 * self._width, y - 0.27 * height) - 0.085 * height
        self._ink(_SUN, smoothstep(0.5, -0.5, sun))
        cloud = noise(self._rng, x.shape, (230, 55), octaves=2) - 2.2 * np.abs(v - 0.27)
        self._ink(rgb("f2e6c6"), smoothstep(0.28, 0.34, cloud) * 0.92)
        slope = np.hypot(*np.gradient(cloud)) * OVERSAMPLE + 1e-4
        swell = np.clip((cloud - 0.3) * 2.2, 0.25, 1)
        for level in np.arange(0.31, 2.6, 0.30):
            self.key += _line((cloud - level) / slope, 3.0 * swell) * (cloud > 0.2)
        wind = _stripes(y + 11 * np.sin(x / 61) + 5 * np.sin(x / 27), 11.0, 2.0)
        broken = smoothstep(-0.1, 0.5, noise(self._rng, x.shape, (90, 12)))
        self.key += 0.75 * wind * broken * smoothstep(0.3, 0.1, cloud) * smoothstep(0, 3, sun)

    def mountain(self) -> None:
        """A cone with snow; the forest below is lines that run down its slope."""
        x, y, height = self._x, self._y, self._height
        side = np.abs(x - 0.66 * self._width) / self._width
        crest = 0.17 + 1.05 * side ** (0.78 + 0.25 * side) - 0.02 * np.exp(-side * 60)
        depth = y - height * crest
        inside = smoothstep(-0.5, 0.5, depth)
        teeth = np.abs(((x / self._width * 21) % 1) * 2 - 1)
        ragged = height * (0.085 + 0.05 * teeth + 0.02 * np.sin(x / 9))
        snow = smoothstep(0.5, -0.5, depth - ragged)
        self._ink(_BLUES[3], inside)
        self._ink(_BLUES[2], inside * smoothstep(0.1, 0.5, y / height - 0.2))
        self._ink(_BLUES[0], inside * snow)
        flank = x + np.sign(x - 0.66 * self._width) * -0.35 * depth
        lines = _stripes(flank, 10.0, 1.3 + 2.6 * np.clip(depth / height / 0.3, 0, 1))
        self.key *= 1 - inside
        self.key += inside * lines * (1 - 0.75 * snow)
        self.key += inside * (_line(depth, 3.4) + _line(depth - ragged, 2.2))

    def wave(self, level: float, crests: float, phase: float, size: float) -> None:
        """One breaking wave: a leaning crest with claws, and bands below that follow the crest."""
        x, y, height = self._x, self._y, self._height
        near = size / 0.12
        steep = np.clip((level * height - y) / (size * height) + 0.3, -0.6, 1.6)
        turns = (x + 0.625 * size * height * steep) / self._width * crests + phase
        peak = np.abs(((turns % 1) * 2) - 1)
        crest = height * (level + size * (0.55 - 1.45 * peak**2.2))
        claws = 9 * near * np.abs(np.sin(x / (7 * near) + 2 * np.sin(x / 19))) * peak**3
        claws += 4 * near * np.abs(np.sin(x / (2.9 * near) + y / 9)) * peak**2
        depth = y - crest + claws
        inside = smoothstep(-0.5, 0.5, depth)
        warp = 4 * near * noise(self._rng, x.shape, 45, octaves=2)
        deep = depth + warp * smoothstep(0, 20, depth) - 0.35 * claws
        foam_edge = (6 + 26 * peak**2) * near
        foam = smoothstep(0.6, -0.6, deep - foam_edge - 4 * np.sin(x / (4.2 * near)) * near)
        self._water(inside, turns, peak, deep, near, foam_edge)
        self._ink(_BLUES[0], inside * foam)
        swell = np.clip(1.0 + 0.8 * np.sin(turns * 2 * np.pi + deep / 25), 0.5, 1.8)
        lines = _stripes(deep, 7.5 + 5.0 * near, swell * (1.3 + 1.1 * near))
        beads = _line(np.hypot((x % 13) - 6.5, (deep % 14) - 7), 4.2) * foam
        self.key *= 1 - inside
        self.key += inside * np.clip(lines * (1 - 0.8 * foam) + 0.7 * beads, 0, 1)
        self.key += _line(depth, 2.2 + 2.2 * near)
        self.key += 0.9 * inside * _line(deep - foam_edge, 2.2)

    def _water(
        self, inside: Array, turns: Array, peak: Array, deep: Array, near: float, foam_edge: Array
    ) -> None:
        """Blues that darken with `deep`, and light stripes that make the wave look hollow."""
        self._ink(_BLUES[1], inside)
        for color, start in zip(_BLUES[2:], (13, 34, 68), strict=True):
            ragged = start * near * (0.45 + 0.9 * peak)
            ragged += 3 * np.sin(self._x / (5 * near) + deep / 5)
            self._ink(color, inside * smoothstep(-0.6, 0.6, deep - ragged))
        tongue = np.sin(turns * 2 * np.pi * 5 + deep / (15 * near))
        tongue += 0.3 * np.sin(deep / (6 * near))
        rising = smoothstep(0.35, 0.55, tongue) * smoothstep(0, 5, deep - foam_edge)
        self._ink(_BLUES[1], inside * rising * smoothstep(110 * near, 40 * near, deep))

    def _ink(self, color: Array, cover: Array) -> None:
        self.colors += cover[..., None] * (color - self.colors)


def _line(distance: Array, thickness: Array | float) -> Array:
    """Ink of a carved line: 1 where `distance` (pixels) is below half the thickness."""
    return smoothstep(0.45, -0.45, np.abs(distance) - np.asarray(thickness) / 2)


def _stripes(depth: Array, period: float, thickness: Array | float) -> Array:
    """Parallel lines every `period` pixels of `depth`."""
    return _line((depth + period / 2) % period - period / 2, thickness)


def _print(rng: np.random.Generator, colors: Array, key: Array) -> Array:
    """Print the blocks: colours slightly displaced, with the grain of the wood and the paper."""
    shape = key.shape
    _, y = grid(shape[1] // OVERSAMPLE, shape[0] // OVERSAMPLE)
    grain = np.sin(1.1 * (y + 7 * noise(rng, shape, (320, 70))) + noise(rng, shape, (90, 3)))
    grain = 0.8 * grain + 0.6 * noise(rng, shape, (120, 2.0), octaves=2)
    speckle = noise(rng, shape, 2.2, octaves=1)
    density = 0.90 + 0.085 * grain + 0.05 * speckle
    down, across = round(1.2 * OVERSAMPLE), round(1.6 * OVERSAMPLE)
    shifted = np.pad(colors, ((down, 0), (0, across), (0, 0)), "edge")[: shape[0], across:]
    printed = _PAPER + (shifted - _PAPER) * np.clip(density, 0.3, 1)[..., None]
    ink = np.clip(key, 0, 1) * np.clip(0.95 + 0.10 * grain - 0.12 * (speckle > 1.5), 0, 1)
    printed += ink[..., None] * (_KEY - printed)
    sheet = paper(rng, shape)
    return np.clip(printed * (1 + 0.028 * blur(sheet, 0.3))[..., None], 0, 1)
