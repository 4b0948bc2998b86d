"""`ink`: mountains in mist and bamboo, ink wash and dry brush on warm paper, a red seal."""

from __future__ import annotations

import cv2
import numpy as np

from .strokes import Brush, Easel
from .surface import (
    OVERSAMPLE,
    Array,
    blur,
    curl,
    finish,
    grid,
    noise,
    paper,
    rgb,
    smoothstep,
    unit,
)

SIZE = (480, 640)

_SHEET = rgb("e9dcc0")
_INK = rgb("14110f")
_SEAL = rgb("b3261c")

# Ranges from far to near: height of the skyline, height of its peaks, darkness, hardness of edge.
_RANGES = (
    (0.33, 0.30, 0.48, 120.0),
    (0.47, 0.34, 0.72, 90.0),
    (0.66, 0.30, 0.92, 75.0),
    (0.92, 0.26, 1.05, 60.0),
)


def paint(width: int, height: int, *, seed: int = 26) -> Array:
    """The picture, float32 RGB `(height, width, 3)` in [0, 1]."""
    # A generator for each part, so that a change of one part leaves the others as they are.
    rng, *others = np.random.default_rng(seed).spawn(1 + len(_RANGES))
    x, y = grid(width, height)
    sheet = paper(rng, x.shape, fibres=2600)
    density = _sky(rng, x, y, width, height)
    for range_, other in zip(_RANGES, others, strict=True):
        density = _range(other, x, y, width, height, range_, density)
    density = _pooled(rng, density, sheet)
    brushed = _bamboo(rng, x.shape, width, height)
    density = 1 - (1 - density) * (1 - brushed)
    warmth = _SHEET * (1 + 0.040 * sheet + 0.03 * noise(rng, x.shape, 160))[..., None]
    # Thin ink is brownish, thick ink nearly neutral.
    tint = _INK + (rgb("3c2f28") - _INK) * (1 - density)[..., None]
    canvas = warmth + np.clip(density, 0, 1)[..., None] * (tint - warmth)
    _seal(rng, canvas, width, height)
    return finish(np.clip(canvas, 0, 1), width, height)


def _sky(rng: np.random.Generator, x: Array, y: Array, width: int, height: int) -> Array:
    """A broad wet wash of grey, brushed across, in which the moon is left blank."""
    density = 0.30 * smoothstep(0.42, 0.0, y / height) + 0.06
    density = density * (1 + 0.35 * noise(rng, x.shape, (260, 26), octaves=4))
    sun = np.hypot(x - 0.70 * width, y - 0.13 * height) / (0.062 * width)
    density += 0.16 * np.exp(-((np.maximum(sun, 1) - 1) ** 2) * 2)
    density *= smoothstep(0.96, 1.04, sun)
    return np.clip(density, 0, 1)


def _range(
    rng: np.random.Generator,
    x: Array,
    y: Array,
    width: int,
    height: int,
    range_: tuple[float, float, float, float],
    density: Array,
) -> Array:
    """One range of mountains: a wash that drowns in mist, a dark rim, dry folds."""
    level, rise, dark, fade = range_
    span = x.shape[1]
    profile = noise(rng, (2, span), (0.36 * width, 8.0), octaves=6, gain=0.46)[0]
    peaks = level - rise * (0.26 * profile + 0.20 * np.abs(profile) ** 1.3)
    crest = (peaks * height)[None, :] + 1.5 * noise(rng, x.shape, 12)
    depth = y - crest
    inside = smoothstep(-0.7, 0.7, depth)
    mist = np.exp(-np.maximum(depth, 0) / (fade * height / 480))
    grain = 1 + 0.22 * noise(rng, x.shape, (30, 60), octaves=4)
    wash = dark * (0.72 * mist + 0.06) * grain
    rim = 0.35 * dark * np.exp(-np.maximum(depth, 0) / 2.2)
    folds = _folds(rng, depth, x.shape, dark, inside * (0.25 + mist))
    layer = np.clip(wash + rim, 0, 0.97)
    # A nearer range hides a farther one; the mist at its foot is blank paper.
    behind = density * (1 - inside * (0.55 + 0.45 * smoothstep(0, 40, depth)))
    return 1 - (1 - behind) * (1 - inside * layer) * (1 - folds * inside)


def _folds(
    rng: np.random.Generator, depth: Array, shape: tuple[int, int], dark: float, where: Array
) -> Array:
    """Texture strokes: a split brush, partly dry, drawn down the slopes."""
    relief = noise(rng, shape, 110, octaves=3)
    lean = 1.1 * noise(rng, shape, (120, 260), octaves=2)
    field = unit(2.0 * unit(curl(relief)) * 0.35 + np.stack([lean, np.ones(shape)], -1))
    easel = Easel(np.ones((*shape, 3), np.float32), rng)
    for brush, spacing, strength in (
        (_split_brush(length=(40, 120), width=(11, 22)), 20.0, 0.9),
        (_split_brush(length=(14, 46), width=(4, 9)), 12.0, 1.0),
    ):
        slope = smoothstep(-0.3, 0.8, relief) * 1.3
        places = easel.scatter(spacing, np.clip(where * (0.25 + slope), 0, 1))
        shade = 1 - strength * dark * rng.uniform(0.5, 1.2, len(places))
        colors = np.repeat(np.clip(shade, 0, 1)[:, None], 3, 1).astype(np.float32)
        easel.lay(easel.follow(field, places, brush), colors, brush)
    return 1 - easel.image[..., 0]


def _split_brush(*, length: tuple[float, float], width: tuple[float, float]) -> Brush:
    return Brush(
        length=length, width=width, bristle=1.0, dry=0.32, ragged=0.7, taper=0.8, wobble=0.16
    )


def _pooled(rng: np.random.Generator, density: Array, sheet: Array) -> Array:
    """Ink as the paper absorbs it: it spreads along the fibres and collects in the hollows."""
    soft = 0.75 * density + 0.25 * blur(density, 1.4)
    bleed = noise(rng, density.shape, 14, octaves=4)
    settled = soft * (1 + 0.07 * bleed - 0.07 * sheet * (1 - soft))
    return np.clip(settled, 0, 0.98)


def _bamboo(rng: np.random.Generator, shape: tuple[int, int], width: int, height: int) -> Array:
    """Stalks, one stroke from knot to knot, and leaves that end in a point; density `(H, W)`."""
    easel = Easel(np.ones((*shape, 3), np.float32), rng)
    leaf = Brush(
        length=(1, 1), width=(12, 18), bristle=0.8, ragged=0.22, taper=1.0, streak=0.07, load=0.2
    )
    for foot, lean, wide, shade in (
        (0.03, 0.015, 11.0, 0.62),
        (0.10, 0.06, 22.0, 0.40),
        (0.22, 0.11, 14.0, 0.28),
    ):
        stalk = Brush(
            length=(1, 1),
            width=(wide, wide + 1),
            bristle=0.6,
            ragged=0.07,
            taper=-0.14,
            streak=0.06,
            load=0.45,
            dry=0.06,
        )
        y = 1.04
        while y > 0:
            gap = rng.uniform(0.12, 0.17)
            t = np.linspace(0, 1, 11)
            rise = y - t * gap * 0.96
            px = foot + lean * np.maximum(1.1 - rise, 0) ** 1.4
            path = np.stack([px * width, rise * height], -1)[None].astype(np.float32) * OVERSAMPLE
            easel.lay(path, np.full((1, 3), shade, np.float32), stalk)
            if y < 0.85:
                _leaves(easel, rng, path[0, 0], leaf, int(rng.integers(3, 7)))
            y -= gap
    return 1 - easel.image[..., 0]


def _leaves(easel: Easel, rng: np.random.Generator, knot: Array, brush: Brush, count: int) -> None:
    """A twig at a knot, with leaves that hang from it like the strokes of the character 个."""
    side = rng.choice((-1, 1), p=(0.25, 0.75))
    reach = np.array([side * rng.uniform(18, 70), rng.uniform(-34, 8)]) * OVERSAMPLE
    t = np.linspace(0, 1, 9)[:, None]
    twig = knot + t * reach + np.sin(np.pi * t) * (0, -6)
    thin = Brush(length=(1, 1), width=(1.2, 2.0), ragged=0.1, taper=0.3)
    easel.lay(twig[None].astype(np.float32), np.full((1, 3), 0.2, np.float32), thin)
    for _ in range(count):
        angle = rng.normal(1.15 if side > 0 else 2.0, 0.55)
        length = rng.uniform(46, 96) * OVERSAMPLE
        heading = np.array([np.cos(angle), np.sin(angle)])
        bend = np.array([-heading[1], heading[0]]) * rng.normal(0, 0.10) * length
        root = knot + reach * rng.uniform(0.55, 1.0)
        s = np.linspace(0, 1, 13)[:, None]
        path = root + s * length * heading + (s * s) * bend
        shade = float(np.clip(rng.normal(0.12, 0.12), 0.02, 0.5))
        easel.lay(path[None].astype(np.float32), np.full((1, 3), shade, np.float32), brush)


def _seal(rng: np.random.Generator, canvas: Array, width: int, height: int) -> None:
    """A red seal with invented signs, pressed unevenly; changes `canvas`."""
    side = round(0.085 * width) * OVERSAMPLE
    stamp = np.zeros((side, side), np.uint8)
    cv2.rectangle(stamp, (2, 2), (side - 3, side - 3), 255, cv2.FILLED)
    line = max(1, side // 16)
    for column in (0.27, 0.73):
        for row in (0.27, 0.73):
            centre = np.array([column, row]) * side
            for _ in range(4):
                ends = np.rint(centre + rng.uniform(-0.17, 0.17, (2, 2)) * side)
                ends[1, rng.integers(2)] = ends[0, rng.integers(2)]
                cv2.line(stamp, *(tuple(map(int, end)) for end in ends), 0, line)
    press = np.clip(0.85 + 0.16 * noise(rng, stamp.shape, 7), 0, 1)
    cover = (blur(stamp.astype(np.float32) / 255, 0.35) * press)[..., None]
    top, left = round(0.845 * height) * OVERSAMPLE, round(0.845 * width) * OVERSAMPLE
    window = canvas[top : top + side, left : left + side]
    cover = cover[: window.shape[0], : window.shape[1]]
    window += cover * (_SEAL - window)
