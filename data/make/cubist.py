"""`cubist`: a guitar, a bottle and a newspaper broken into facets of ochre, grey and umber."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from .strokes import Brush, Easel, pick
from .surface import OVERSAMPLE, Array, finish, light, noise, ramp, rgb

SIZE = (512, 640)

_EARTH = ["17120e", "3b2a1d", "6b4a2a", "98703a", "b8945a", "d6bd88", "efe2bd"]
_STONE = ["14171a", "30373b", "59646a", "8a9292", "b4b5a6", "d8d3bd", "efe7d0"]
_RUST = ["140c0a", "3d1a12", "6f3219", "9c5527", "c28548", "dcb981", "f1e3c0"]
_MOSS = ["12150f", "2b3323", "4d583a", "78805a", "a7a67c", "cfc89c", "ece3c0"]

# Facets share a few headings (radians), which unify the picture.
_HEADINGS = (0.30, 1.05, 1.72, 2.62)

Polygon = NDArray[np.float32]


def paint(width: int, height: int, *, seed: int = 2) -> Array:
    """The picture, float32 RGB `(height, width, 3)` in [0, 1]."""
    rng = np.random.default_rng(seed)
    shape = (height * OVERSAMPLE, width * OVERSAMPLE)
    life, wood = _still_life(shape)
    facets = _split(rng, width, height)
    tone = np.zeros((*shape, 3), np.float32)
    field = np.zeros((*shape, 2), np.float32)
    for facet in facets:
        _fill_facet(rng, facet, life, wood, tone, field)

    easel = Easel(tone, rng)
    for brush, spacing, spread in (
        (Brush(length=(16, 30), width=(6, 9), taper=0.2, streak=0.035), 7.0, 0.035),
        (Brush(length=(8, 17), width=(3, 5), taper=0.3, streak=0.045), 5.5, 0.06),
    ):
        places = easel.scatter(spacing)
        colors = pick(tone, places) + rng.normal(0, spread, (len(places), 1))
        paths = easel.follow(field, places, brush)
        easel.lay(paths, np.clip(colors, 0, 1), brush)
    _contours(easel, rng, facets)
    _drawing(easel, rng, shape)
    canvas = 0.5 + 0.05 * noise(rng, shape, 1.6, octaves=1) + 0.5 * easel.relief
    return finish(light(easel.image, canvas, strength=2.4), width, height)


def _still_life(shape: tuple[int, int]) -> tuple[Array, Array]:
    """The motif as light and shade in [0, 1] before it is split, and a mask of its wooden parts."""
    rows, columns = shape
    y, x = np.mgrid[:rows, :columns].astype(np.float32)
    u, v = x / columns, y / rows
    tone = 0.60 - 0.34 * u + 0.16 * np.cos(5 * v + 2 * u)
    table = v > 0.70 - 0.10 * u
    tone[table] = (0.26 + 0.5 * (v - 0.6))[table]
    _newspaper(tone, u, v)
    bottle = ((np.abs(u - 0.73) < 0.085) & (v > 0.34) & (v < 0.75)) | (
        (np.abs(u - 0.73) < 0.035) & (v > 0.16) & (v < 0.36)
    )
    tone[bottle] = (0.10 + 0.9 * np.abs(u - 0.76) / 0.12 * 0.5)[bottle]
    du, dv = u - 0.40, (v - 0.55) * rows / columns
    cosine, sine = np.cos(0.42), np.sin(0.42)
    s, t = cosine * du - sine * dv, sine * du + cosine * dv
    body = (np.hypot(s / 0.235, (t - 0.16) / 0.20) < 1) | (
        np.hypot(s / 0.18, (t + 0.13) / 0.17) < 1
    )
    tone[body] = (0.70 + 0.9 * s - 0.35 * t)[body]
    neck = (np.abs(s) < 0.034) & (t < -0.10) & (t > -0.66)
    tone[neck] = (0.16 + 0.10 * (np.sin(t * 120) > 0.6))[neck]
    tone[np.hypot(s, t + 0.01) < 0.072] = 0.04
    strings = (np.abs(s) < 0.03) & (np.sin(s * 900) > 0.55) & (t < 0.22) & (t > -0.6)
    tone[strings] = 0.9
    wood = (table | body | neck).astype(np.float32)
    return np.clip(tone, 0, 1), wood


def _newspaper(tone: Array, u: Array, v: Array) -> None:
    s, t = u + 0.25 * v, v - 0.25 * u
    sheet = (s > 0.18) & (s < 0.50) & (t > 0.62) & (t < 0.86)
    tone[sheet] = 0.92
    print_lines = sheet & (np.sin(t * 260) > 0.2) & (np.sin(s * 170 + 9 * np.sin(t * 41)) > -0.5)
    tone[print_lines] = 0.25


def _split(rng: np.random.Generator, width: int, height: int) -> list[Polygon]:
    """Split the sheet repeatedly in two, most finely in the middle. Canvas coordinates."""
    sheet = np.array([(0, 0), (width, 0), (width, height), (0, height)], np.float32)
    open_polygons, facets = [sheet * OVERSAMPLE], []
    middle = np.array([width, height], np.float32) * OVERSAMPLE / 2
    while open_polygons:
        polygon = open_polygons.pop()
        area = cv2.contourArea(polygon) / OVERSAMPLE**2
        distance = np.abs(polygon.mean(0) - middle).max() / middle.max()
        if area < (330 + 1900 * distance**1.5) * rng.uniform(0.5, 2.4):
            facets.append(polygon)
            continue
        heading = rng.choice(_HEADINGS) + rng.normal(0, 0.10)
        normal = np.array([-np.sin(heading), np.cos(heading)], np.float32)
        corners = polygon @ normal
        cut = corners.min() + np.ptp(corners) * rng.uniform(0.3, 0.7)
        open_polygons += [_clip(polygon, normal, cut), _clip(polygon, -normal, -cut)]
    return facets


def _clip(polygon: Polygon, normal: Array, cut: float) -> Polygon:
    """The part of a convex `polygon` where `p · normal ≥ cut`."""
    kept: list[Array] = []
    for here, ahead in zip(polygon, np.roll(polygon, -1, 0), strict=True):
        a, b = here @ normal - cut, ahead @ normal - cut
        if a >= 0:
            kept.append(here)
        if a * b < 0:
            kept.append(here + (ahead - here) * a / (a - b))
    return np.array(kept, np.float32)


def _fill_facet(
    rng: np.random.Generator, facet: Polygon, life: Array, wood: Array, tone: Array, field: Array
) -> None:
    """Show the motif from a position and angle of the facet's own, shaded from one edge."""
    left, top, wide, high = cv2.boundingRect(facet.astype(np.int32))
    window = (slice(top, top + high + 1), slice(left, left + wide + 1))
    rows, columns = tone[window].shape[:2]
    mask = np.zeros((rows, columns), np.uint8)
    cv2.fillConvexPoly(mask, np.rint(facet - (left, top)).astype(np.int32), 1)
    inside = mask > 0
    y, x = np.mgrid[top : top + rows, left : left + columns].astype(np.float32)
    centre = facet.mean(0)
    turn, zoom = rng.normal(0, 0.10), rng.uniform(0.8, 1.15)
    shift = rng.normal(0, 6 * OVERSAMPLE, 2)
    dx, dy = x - centre[0], y - centre[1]
    cosine, sine = np.cos(turn) * zoom, np.sin(turn) * zoom
    there = np.stack([cosine * dx - sine * dy, sine * dx + cosine * dy], -1) + centre + shift
    seen = cv2.remap(
        life, there.astype(np.float32), None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT
    )
    heading = rng.choice(_HEADINGS) + rng.normal(0, 0.08) + np.pi * rng.integers(2)
    across = -np.sin(heading) * dx + np.cos(heading) * dy
    span = across[inside]
    depth = (across - span.min()) / (np.ptp(span) + 1)
    # Dark along one edge and light along the other, as if each plane were tilted differently.
    tip = 0.85 * (depth - 0.45) - 0.25 * np.exp(-depth * 5)
    shade = np.clip(0.80 * seen + 0.10 + rng.normal(0, 0.05) + tip, 0, 1)
    warm = 0.20 + 0.6 * float(wood[int(centre[1]) % len(wood), int(centre[0]) % wood.shape[1]])
    chances = (0.65 * warm, 0.35 * warm, 0.75 * (1 - warm), 0.25 * (1 - warm))
    palette = (_EARTH, _RUST, _STONE, _MOSS)[rng.choice(4, p=chances)]
    tone[window][inside] = ramp(palette, shade)[inside]
    field[window][inside] = (np.cos(heading), np.sin(heading))


def _contours(easel: Easel, rng: np.random.Generator, facets: list[Polygon]) -> None:
    """Draw most edges of the facets by hand, with varied strength: most dark, a few light."""
    for facet in facets:
        for here, ahead in zip(facet, np.roll(facet, -1, 0), strict=True):
            length = np.linalg.norm(ahead - here) / OVERSAMPLE
            if length < 10 or rng.random() < 0.45:
                continue
            dark = length > 70 or rng.random() < 0.90
            weight = rng.uniform(0.8, 2.9) if dark else rng.uniform(0.8, 1.5)
            brush = Brush(
                length=(1, 1), width=(weight, weight + 0.8), streak=0.03, ragged=0.15, taper=0.75
            )
            t = np.linspace(-0.03, 1.03, 9, dtype=np.float32)[:, None]
            bow = rng.normal(0, 0.012) * np.sin(np.pi * t) * (ahead - here)[::-1] * (1, -1)
            path = here + t * (ahead - here) + bow
            color = rgb("120d0a") if dark else rgb("f1e6c6")
            easel.lay(path[None].astype(np.float32), color[None], brush)


def _drawing(easel: Easel, rng: np.random.Generator, shape: tuple[int, int]) -> None:
    """Arcs of the guitar and of the bottle's rim, drawn in charcoal over the facets."""
    brush = Brush(length=(1, 1), width=(2.4, 4.2), streak=0.03, ragged=0.1, taper=0.8)
    rows, columns = shape
    arcs = (  # centre, radii, turn, from, to
        (0.33, 0.66, 0.22, 0.15, 0.42, 0.2, 3.4),
        (0.36, 0.64, 0.19, 0.13, 0.42, 3.6, 5.4),
        (0.46, 0.46, 0.17, 0.12, 0.42, 2.6, 4.6),
        (0.48, 0.47, 0.15, 0.12, 0.42, 5.2, 7.2),
        (0.40, 0.545, 0.075, 0.058, 0.0, 0.3, 5.6),
        (0.73, 0.17, 0.045, 0.016, 0.0, 0.0, 6.3),
        (0.73, 0.37, 0.09, 0.05, 0.0, 3.3, 6.1),
        (0.22, 0.24, 0.13, 0.10, 0.3, 1.0, 3.0),
        (0.80, 0.84, 0.15, 0.09, -0.4, 3.4, 5.6),
    )
    for cx, cy, a, b, turn, start, end in arcs:
        t = np.linspace(start, end, 40) + rng.normal(0, 0.03)
        s, r = a * columns * np.cos(t), b * rows * np.sin(t)
        x = cx * columns + np.cos(turn) * s - np.sin(turn) * r
        y = cy * rows + np.sin(turn) * s + np.cos(turn) * r
        path = np.stack([x, y], -1).astype(np.float32)
        easel.lay(path[None], rgb("0e0b09")[None], brush)
