"""`swirls`: a moonlit lake under a turning sky, thick strokes along a field of vortices."""

from __future__ import annotations

import numpy as np

from .strokes import Brush, Easel, pick
from .surface import Array, curl, finish, grid, light, noise, ramp, rgb, unit

SIZE = (640, 480)

_SKY = [
    "060a24",
    "0d1c55",
    "17358c",
    "2459b8",
    "4b8bd0",
    "8fbfdc",
    "e3e0a8",
    "f4c93f",
    "fbe27a",
    "fff8cf",
]
_WATER = ["050b22", "0a1f4d", "12407c", "2c6ba0", "74a9b8", "e8d98a", "fff3b0"]
_HILL = ["04060f", "0b1838", "15325c", "24566b", "4f8060", "b5b458"]

# Centre (x, y), radius, spin; fractions of the picture's width, y of its height.
_VORTICES = (
    (0.40, 0.27, 0.15, 1.0),
    (0.62, 0.40, 0.085, -1.0),
    (0.16, 0.45, 0.08, -0.9),
    (0.93, 0.50, 0.07, 0.8),
)
# Stars and, first, the moon: centre, radius of the halo, brightness.
_LIGHTS = (
    (0.83, 0.17, 0.115, 1.15),
    (0.07, 0.12, 0.052, 0.95),
    (0.22, 0.16, 0.038, 0.85),
    (0.60, 0.09, 0.050, 0.95),
    (0.70, 0.30, 0.030, 0.8),
    (0.30, 0.47, 0.034, 0.8),
    (0.49, 0.49, 0.026, 0.75),
    (0.04, 0.36, 0.036, 0.85),
    (0.95, 0.38, 0.032, 0.8),
)


def paint(width: int, height: int, *, seed: int = 1) -> Array:
    """The picture, float32 RGB `(height, width, 3)` in [0, 1]."""
    rng = np.random.default_rng(seed)
    x, y = grid(width, height)
    u, v = x / width, y / height
    sky_field, sky_tone = _sky(rng, u, v * height / width, height / width)
    shore = 0.66 + 0.025 * np.sin(9 * u + 1) + 0.03 * np.sin(4 * u)
    ridge = shore - 0.055 - 0.045 * np.sin(7.3 * u + 0.6) - 0.03 * np.sin(17 * u)
    field, tone = sky_field, ramp(_SKY, sky_tone)
    hill = v > ridge
    field[hill] = unit(_hill_field(rng, u, v, ridge))[hill]
    tone[hill] = ramp(_HILL, _hill_tone(rng, u, v, ridge))[hill]
    water = v > shore
    field[water] = _water_field(u, v)[water]
    tone[water] = ramp(_WATER, _water_tone(rng, u, v))[water]

    easel = Easel(0.55 * tone + 0.1 * rgb("2a1a10"), rng)
    passes = (
        (Brush(length=(60, 115), width=(14, 20)), 12.0, 0.5),
        (Brush(length=(36, 80), width=(8, 12)), 9.0, 1.0),
        (Brush(length=(22, 52), width=(4, 7), taper=0.8), 9.5, 1.0),
    )
    for brush, spacing, contrast in passes:
        _cover(easel, rng, field, tone, brush, spacing, contrast)
    _poplars(easel, rng, width, height)
    return finish(light(easel.image, easel.relief, strength=2.6), width, height)


def _sky(rng: np.random.Generator, u: Array, v: Array, bottom: float) -> tuple[Array, Array]:
    """The sky's field and its tone in [0, 1]; `v` is in widths here so that circles are round."""
    field = np.stack([np.ones_like(u), 0.35 * np.cos(7 * u + 1)], -1)
    field += 0.35 * unit(curl(noise(rng, u.shape, 190, octaves=1)))
    tone = 0.33 + 0.07 * noise(rng, u.shape, 70) + 0.10 * np.sin(26 * (v - 0.06 * np.sin(7 * u)))
    for cx, cy, radius, spin in _VORTICES:
        dx, dy = u - cx, v - cy * bottom
        distance = np.hypot(dx, dy)
        weight = np.exp(-((distance / radius) ** 2) * 0.9)[..., None]
        whirl = spin * np.stack([-dy, dx], -1) / (distance[..., None] + 1e-6)
        inward = -0.25 * np.stack([dx, dy], -1) / (distance[..., None] + 1e-6)
        field = field * (1 - weight) + 1.8 * weight * (whirl + inward)
        arms = np.sin(2 * np.arctan2(dy, dx) * spin + 11 * np.log(distance / radius + 0.12))
        tone += weight[..., 0] * (0.10 + 0.24 * arms)
    for cx, cy, radius, brightness in _LIGHTS:
        dx, dy = u - cx, v - cy * bottom
        distance = np.hypot(dx, dy) / radius
        weight = np.exp(-(distance**4) * 0.5)[..., None]
        rings = np.stack([-dy, dx], -1) / (distance[..., None] * radius + 1e-6)
        field = field * (1 - weight) + 2 * weight * rings
        glow = brightness * (1 - 0.42 * distance + 0.09 * np.cos(9 * distance))
        tone = np.where(distance < 1.9, np.maximum(tone, glow), tone)
    return unit(field), np.clip(tone, 0.02, 1)


def _hill_field(rng: np.random.Generator, u: Array, v: Array, ridge: Array) -> Array:
    slope = np.gradient(ridge, axis=1) * ridge.shape[1]
    field = np.stack([np.ones_like(u), slope * 0.9 + 0.5 * np.sin(30 * u + 40 * v)], -1)
    return field + 0.4 * curl(noise(rng, u.shape, 40, octaves=1)) * 10


def _hill_tone(rng: np.random.Generator, u: Array, v: Array, ridge: Array) -> Array:
    bands = np.sin((v - ridge) * 110 + 5 * np.sin(6 * u))
    return np.clip(0.34 + 0.22 * bands + 0.10 * noise(rng, u.shape, 25), 0, 1)


def _water_field(u: Array, v: Array) -> Array:
    return unit(np.stack([np.ones_like(u), 0.30 * np.sin(34 * u + 30 * v)], -1))


def _water_tone(rng: np.random.Generator, u: Array, v: Array) -> Array:
    ripples = 0.13 * np.sin(95 * v**1.3 + 3 * np.sin(11 * u)) + 0.07 * noise(rng, u.shape, (60, 9))
    tone = 0.30 + ripples
    for cx, _, radius, brightness in _LIGHTS[:5]:
        column = np.exp(-(((u - cx) / (0.55 * radius * (0.7 + v))) ** 2))
        tone += 0.62 * brightness * column * (0.45 + 0.55 * np.sin(120 * v + 9 * u) ** 2)
    return np.clip(tone, 0, 1)


def _cover(
    easel: Easel,
    rng: np.random.Generator,
    field: Array,
    tone: Array,
    brush: Brush,
    spacing: float,
    contrast: float,
) -> None:
    places = easel.scatter(spacing)
    colors = pick(tone, places)
    # Dark, middle and light strokes side by side. Light colours are only darkened, because white
    # strokes would hide the yellow moon.
    step = rng.choice((-0.42, 0.0, 0.34), len(places), p=(0.27, 0.48, 0.25))
    shade = (contrast * step + rng.normal(0, 0.09, len(places)))[:, None]
    colors = colors * (1 + shade * np.where(shade > 0, 1.15 - colors.max(-1, keepdims=True), 1))
    colors += (
        np.maximum(shade, 0) * 0.35 * (rgb("bcd8ea") - colors) * (colors[:, 2:] > colors[:, :1])
    )
    colors += rng.normal(0, 0.03, colors.shape)
    warm = rng.random(len(places)) < 0.025
    colors[warm] = 0.5 * colors[warm] + 0.5 * rgb("c9a13b")
    easel.lay(easel.follow(field, places, brush), np.clip(colors, 0, 1), brush)


def _poplars(easel: Easel, rng: np.random.Generator, width: int, height: int) -> None:
    """Dark trees on the near bank, like flames: strokes that rise and meet in a tip."""
    brush = Brush(length=(30, 60), width=(3, 6), taper=0.9, streak=0.06)
    palette = ["03060c", "0a1a1c", "15352a", "2f5a33", "6b6a2b", "3a1f16"]
    for centre, spread, top in ((0.115, 0.036, 0.30), (0.185, 0.028, 0.47), (0.06, 0.022, 0.56)):
        count = int(260 * spread / 0.03 * height / 480)
        rise = np.sort(rng.uniform(0, 1, count))
        reach = spread * (1 - rise) ** 0.6 * (0.75 + 0.25 * np.sin(9 * rise))
        offset = rng.uniform(-1, 1, count)
        x = (centre + reach * offset) * width
        y = (1.03 - (1.03 - top) * rise) * height
        t = np.linspace(-0.5, 0.5, 13)[None]
        lean = (-offset * 0.30 + 0.2 * np.sin(14 * rise))[:, None]
        length = rng.uniform(*brush.length, count)[:, None]
        px = x[:, None] + lean * t * length + 2.5 * np.sin(7 * t + 9 * rise[:, None])
        paths = np.stack([px, y[:, None] - t * length], -1).astype(np.float32) * 2
        shade = 0.35 + 0.28 * offset + rng.normal(0, 0.16, count)
        easel.lay(paths, ramp(palette, np.clip(shade, 0, 1)), brush)
