"""`expression`: a burning sky over a dark fjord and bare trees, in long swaying bands."""

from __future__ import annotations

import numpy as np

from .strokes import Brush, Easel, pick
from .surface import OVERSAMPLE, Array, finish, grid, light, noise, ramp, rgb, smoothstep, unit

SIZE = (512, 640)

_SKY = ["7a1410", "b9240f", "dd4413", "ee6f1c", "f59a2c", "f7c65a", "f4e2a0"]
_FJORD = ["070b18", "0e1a38", "163a63", "24607c", "4b8a8c", "a9b98a", "e9c372"]
_SHORE = ["120c12", "2a1820", "4b2a25", "2f4a3c", "6b6a35", "a97a3a", "d9a860"]
_BARK = ["07060a", "16111c", "2a1b24", "45251f", "1c2c44"]


def paint(width: int, height: int, *, seed: int = 7) -> Array:
    """The picture, float32 RGB `(height, width, 3)` in [0, 1]."""
    rng = np.random.default_rng(seed)
    x, y = grid(width, height)
    u, v = x / width, y / height
    phase, tone = _bands(rng, u, v)
    down, across = np.gradient(phase)
    field = unit(np.stack([down, -across], -1))
    board = rgb("9a6b42") * (1 + 0.10 * noise(rng, u.shape, (3, 60)))[..., None]
    easel = Easel(0.45 * board + 0.45 * tone, rng)
    for brush, spacing, spread in (
        (Brush(length=(110, 220), width=(9, 15), dry=0.10, ragged=0.5, streak=0.06), 11.0, 0.05),
        (Brush(length=(60, 150), width=(4, 8), dry=0.22, ragged=0.5, streak=0.07), 8.5, 0.08),
        (Brush(length=(40, 110), width=(1.5, 3), dry=0.15, taper=0.9, streak=0.05), 9.0, 0.15),
    ):
        places = easel.scatter(spacing)
        colors = pick(tone, places)
        colors = colors * (1 + rng.normal(0, 1.6 * spread, (len(places), 1)))
        colors = _accents(rng, colors + rng.normal(0, 0.35 * spread, colors.shape), spread)
        easel.lay(easel.follow(field, places, brush), np.clip(colors, 0, 1), brush)
    for foot, reach, lean, girth in (
        (0.83, 0.86, -0.10, 19.0),
        (0.955, 0.66, 0.02, 13.0),
        (0.10, 0.40, 0.05, 9.0),
    ):
        root = np.array([foot * width, 1.02 * height]) * OVERSAMPLE
        _branch(easel, rng, root, -np.pi / 2 + lean, reach * 0.50 * height, girth, 0)
    return finish(light(easel.image, easel.relief, strength=1.7), width, height)


def _bands(rng: np.random.Generator, u: Array, v: Array) -> tuple[Array, Array]:
    """A phase, whose contours the brush follows, and the colours: sky, then fjord, then shore."""
    sway = 0.040 * np.sin(5.2 * u + 0.6) + 0.022 * np.sin(11 * u + 2 + 5 * v)
    sway += 0.016 * noise(rng, u.shape, (230, 110), octaves=2)
    sky = v + sway * (0.5 + 1.6 * v)
    bands = 0.5 + 0.30 * np.sin(46 * sky + 1.5 * np.sin(3 * u)) + 0.20 * np.sin(101 * sky + 2 * u)
    glow = np.exp(-(((sky - 0.36) / 0.10) ** 2))
    tone = ramp(_SKY, np.clip(0.10 + 0.55 * bands + 0.38 * glow, 0, 1))
    cool = smoothstep(0.55, 0.95, np.sin(27 * sky + 3.4) + 0.25 * np.sin(8 * u))[..., None]
    tone += 0.80 * cool * (rgb("3f7f8a") - tone)
    phase = sky.copy()

    # The contours of the fjord close round two bays.
    horizon = 0.44 + 0.02 * np.sin(6 * u + 1) + 0.012 * np.sin(15 * u)
    first = np.hypot((u - 0.27) * 1.0, (v - 0.60) * 2.3)
    second = np.hypot((u - 0.70) * 1.1, (v - 0.55) * 3.0)
    winding = np.minimum(first, second * 1.1 + 0.03) + 1.3 * sway
    rings = 0.5 + 0.36 * np.sin(58 * winding) + 0.16 * np.sin(131 * winding + 3 * u)
    water = ramp(_FJORD, np.clip(0.02 + 0.62 * rings - 0.12 * (v - 0.5), 0, 1))
    mirror = np.exp(-((winding / 0.13) ** 2))[..., None]
    water += 0.85 * mirror * (rgb("efa544") - water)
    fjord = v > horizon
    phase[fjord], tone[fjord] = (0.6 * winding)[fjord], water[fjord]
    headland = (v > horizon - 0.035 + 0.05 * u) & (v < horizon + 0.012)
    tone[headland] = rgb("101a36")

    # The shore descends to the left corner.
    path = v + 0.62 * u - 0.05 * np.sin(8 * u) + 1.3 * sway
    shore = path > 1.02
    stripe = 0.5 + 0.32 * np.sin(62 * path) + 0.20 * np.sin(140 * path + 4 * v)
    ground = ramp(_SHORE, np.clip(stripe + 0.1 * noise(rng, u.shape, 90), 0, 1))
    phase[shore], tone[shore] = path[shore], ground[shore]
    edge = np.abs(path - 1.02) < 0.008
    tone[edge] = rgb("0c0a14")
    return phase, np.clip(tone, 0, 1)


def _accents(rng: np.random.Generator, colors: Array, spread: float) -> Array:
    """Give a few strokes the colours of other parts, which unifies the picture."""
    count = len(colors)
    accents = np.stack([rgb(code) for code in ("f3b13c", "d8370f", "2d6f86", "12203f", "8ea06a")])
    chosen = rng.random(count) < 0.9 * spread
    other = accents[rng.integers(len(accents), size=count)]
    return np.where(chosen[:, None], 0.3 * colors + 0.7 * other, colors)


def _branch(
    easel: Easel,
    rng: np.random.Generator,
    root: Array,
    heading: float,
    length: float,
    girth: float,
    depth: int,
) -> None:
    """Paint a branch that bends and forks down to twigs; lengths in pixels of the picture."""
    if girth < 1.0 or length < 9:
        return
    t = np.linspace(0, 1, 15)
    # Branches bend upwards again.
    heading += 0.45 * np.sin(-np.pi / 2 - heading)
    turn = heading + 0.42 * np.sin(2 * np.pi * (t * rng.uniform(0.5, 0.9) + rng.random())) * t
    step = length * OVERSAMPLE / len(t)
    path = root + np.cumsum(np.stack([np.cos(turn), np.sin(turn)], -1) * step, 0)
    path = np.vstack([root[None], path])
    for share, offset in ((1.0, 0.0), (0.45, -0.22), (0.25, 0.25)):
        brush = Brush(
            length=(1, 1), width=(girth * share, girth * share), ragged=0.06, taper=0.15, load=0.10
        )
        shift = np.array([offset * girth * OVERSAMPLE, 0.0])
        color = ramp(_BARK, np.float32(rng.random()) * (0.4 if share == 1.0 else 1.0))
        easel.lay((path + shift)[None].astype(np.float32), color[None], brush)
    forks = 2 if depth else 3
    for fork in range(forks):
        place = path[-3] if fork < 2 else path[rng.integers(9, 12)]
        side = (-1, 1)[fork % 2] * rng.uniform(0.25, 0.75)
        shrink = rng.uniform(0.55, 0.75)
        _branch(easel, rng, place, turn[-1] + side, length * shrink, girth * 0.62, depth + 1)
