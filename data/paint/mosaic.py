"""`mosaic`: two fish circling in a whirl of water, tesserae set in rows along the contours, gold."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from .surface import OVERSAMPLE, Array, blur, finish, grid, light, noise, ramp, rgb, smoothstep

SIZE = (544, 544)

_PITCH = 8.5  # from one row of tesserae to the next, pixels

_GOLD = ["7a4d0c", "b47a17", "d9a32b", "f0c24e", "ffe08a"]
_WATER = ["06263f", "0a4668", "0f6f8c", "1f9aa3", "6cc7bd", "d8efe0"]
_FISH = (
    ["6d120e", "a8200f", "d8431a", "f07a26", "ffc35a", "fff0d0"],
    ["1a1230", "3a1f5c", "6a2f86", "b04a9a", "e88ab0", "ffe4da"],
)


def paint(width: int, height: int, *, seed: int = 8) -> Array:
    """The picture, float32 RGB `(height, width, 3)` in [0, 1]."""
    rng = np.random.default_rng(seed)
    x, y = grid(width, height)
    scale = 2 / min(width, height)
    u, v = (x - width / 2) * scale, (y - height / 2) * scale
    region, depth, color = _design(rng, u, v, scale)
    shape = x.shape
    mortar = rgb("3a3029") * (1 + 0.16 * noise(rng, shape, 2.0))[..., None]
    floor = np.zeros((*shape, 4), np.uint8)
    floor[..., :3] = np.clip(mortar * 255, 0, 255)
    taken = np.zeros(shape, np.uint8)
    for number in range(int(region.max()) + 1):
        _set_region(rng, floor, taken, region == number, depth, color)
    image = floor[..., :3].astype(np.float32) / 255
    relief = floor[..., 3].astype(np.float32) / 255
    rough = relief + 0.10 * relief * noise(rng, shape, 3.0, octaves=2)
    image = image * (0.55 + 0.45 * smoothstep(0.0, 0.5, blur(relief, 0.8)))[..., None]
    return finish(light(image, rough, strength=2.6, sigma=0.5), width, height)


def _design(
    rng: np.random.Generator, u: Array, v: Array, scale: float
) -> tuple[NDArray[np.int32], Array, Array]:
    """Each place's region, its depth in pixels (rows run along equal depth) and its colour."""
    radius, angle = np.hypot(u, v), np.arctan2(v, u)
    disc = 0.86
    region = np.zeros(u.shape, np.int32)
    # Outside the basin: gold ground set in rings about it, a red and white braid at its rim.
    depth = (radius - disc) / scale
    glitter = 0.55 + 0.16 * noise(rng, u.shape, 60) + 0.12 * np.sin(16 * angle)
    color = ramp(_GOLD, np.clip(glitter, 0, 1))
    star = np.abs(((angle / (2 * np.pi) * 20) % 1) * 2 - 1) * 0.16 + 0.98
    color[radius > star] = ramp(["0d2b57", "1d4f8c", "3f7fb0"], np.clip(glitter, 0, 1))[
        radius > star
    ]
    # Inside: a spiral of waves.
    water = radius < disc
    spiral = radius * 9 - angle * 3 / (2 * np.pi) * 2
    depth = np.where(water, (disc - radius) / scale + 7 * np.sin(3 * angle + 7 * radius), depth)
    waves = 0.40 + 0.33 * np.sin(spiral * 2 * np.pi / 2) + 0.07 * noise(rng, u.shape, 40)
    color[water] = ramp(_WATER, np.clip(waves, 0, 1))[water]
    region[water] = 1
    rim = np.abs(radius - disc) < 0.055
    braid = np.sin(22 * angle + np.pi * (radius > disc))
    color[rim] = np.where((braid > 0)[..., None], rgb("8e1b16"), rgb("f3e3bf"))[rim]
    region[rim] = 2
    for turn, palette in zip((0.35, 0.35 + np.pi), _FISH, strict=True):
        parts = _fish(u, v, turn, palette)
        for inside, fish_depth, fish_color in parts:
            region[inside] = region.max() + 1
            depth = np.where(inside, fish_depth / scale, depth)
            color[inside] = fish_color[inside]
    return region, depth, color


def _fish(
    u: Array, v: Array, turn: float, palette: list[str]
) -> list[tuple[NDArray[np.bool_], Array, Array]]:
    """A fish bent along an arc about the middle: fins, body, gills and eye, back to front."""
    radius, angle = np.hypot(u, v), np.arctan2(v, u)
    along = ((angle - turn + np.pi) % (2 * np.pi) - np.pi) / 1.12  # head at +1, tail at −1
    across = radius - 0.49
    profile = 0.205 * np.clip(1 - along**2, 0, 1) ** 0.62 * (1 + 0.28 * along)
    tail_reach = np.clip(-along - 0.74, 0, 1)
    notch = 0.60 * tail_reach + 0.045
    tail = (along < -0.74) & (along > -1.30 + 0.6 * (0.2 - np.abs(across))) & (
        np.abs(across) < notch
    )
    fin_top = (across > 0) & (np.abs(along - 0.05) < 0.48) & (
        across < profile + 0.10 * np.clip(np.cos((along - 0.05) / 0.48 * np.pi / 2), 0, 1) ** 0.7
    )
    fin_low = (across < 0) & (np.abs(along - 0.30) < 0.22) & (
        -across < profile + 0.10 * np.cos((along - 0.30) / 0.22 * np.pi / 2)
    )
    rays = 0.45 + 0.30 * np.sin(along * 46 + across * 25)
    fins = (tail | fin_top | fin_low) & (radius > 0.06)
    body = (np.abs(across) < profile) & (np.abs(along) < 1)
    scales = np.sin(along * 30 + np.pi * (np.floor(across * 26) % 2)) * 0.16
    back = np.clip(0.46 - 1.55 * across / 0.205 * 0.30 + scales, 0.05, 0.98)
    head = body & (along > 0.56 + 0.10 * np.cos(across / 0.2 * np.pi))
    eye = np.hypot((along - 0.76) * 0.55, across - 0.045)
    white = np.broadcast_to(rgb("fff6df"), (*u.shape, 3))
    black = np.broadcast_to(rgb("0b0a10"), (*u.shape, 3))
    return [
        (fins, across + 0.35 * along, ramp(palette, np.clip(rays, 0, 1))),
        (body, profile - np.abs(across), ramp(palette, back)),
        (head, profile - np.abs(across), ramp(palette, np.clip(back + 0.22, 0, 1))),
        (eye < 0.046, 0.046 - eye, white),
        (eye < 0.022, 0.022 - eye, black),
    ]


def _set_region(
    rng: np.random.Generator,
    floor: NDArray[np.uint8],
    taken: NDArray[np.uint8],
    inside: NDArray[np.bool_],
    depth: Array,
    color: Array,
) -> None:
    """Fill one region with rows of tesserae, then its gaps with chips."""
    if not inside.any():
        return
    margin = cv2.distanceTransform(inside.astype(np.uint8), cv2.DIST_L2, 5) / OVERSAMPLE
    reach = depth[inside]
    down, across = np.gradient(blur(depth, 0.8))
    heading = np.arctan2(-across, down)  # along the row
    for size, least in ((_PITCH, 0.42), (0.72 * _PITCH, 0.36), (0.5 * _PITCH, 0.34)):
        for level in np.arange(np.floor(reach.min() / _PITCH) + 0.5, reach.max() / _PITCH + 0.5):
            row = inside & (depth > level * _PITCH)
            lines, _ = cv2.findContours(
                row.astype(np.uint8), cv2.RETR_LIST, cv2.CHAIN_APPROX_NONE
            )
            for line in lines:
                _set_row(rng, floor, taken, line[:, 0], size, least, margin, heading, color)
        # What the rows left open is filled without order.
        if size < _PITCH:
            gaps = np.argwhere(inside & (taken == 0))
            picked = gaps[rng.permutation(len(gaps))[: len(gaps) // round(size * size * 0.8)]]
            _set_row(rng, floor, taken, picked[:, ::-1], 0, least, margin, heading, color, size)


def _set_row(
    rng: np.random.Generator,
    floor: NDArray[np.uint8],
    taken: NDArray[np.uint8],
    line: NDArray[np.int32],
    stride: float,
    least: float,
    margin: Array,
    heading: Array,
    color: Array,
    size: float | None = None,
) -> None:
    """Lay tesserae at even steps along a line of pixels wherever there is room for one."""
    side = size or stride
    step = max(1, round(stride * OVERSAMPLE * 0.25)) if stride else 1
    for column, row in line[::step]:
        if margin[row, column] < least * side * 0.55 or taken[row, column]:
            continue
        _set_tile(rng, floor, taken, (int(column), int(row)), side, heading, color)


def _set_tile(
    rng: np.random.Generator,
    floor: NDArray[np.uint8],
    taken: NDArray[np.uint8],
    place: tuple[int, int],
    side: float,
    heading: Array,
    color: Array,
) -> None:
    """One tessera: a quadrangle that no two cuts make alike, tilted a little in its bed."""
    column, row = place
    turn = heading[row, column] + rng.normal(0, 0.05)
    half = side * OVERSAMPLE / 2 * np.array([rng.uniform(0.82, 1.0), rng.uniform(0.80, 0.90)])
    corners = np.array([(-1, -1), (1, -1), (1, 1), (-1, 1)]) * half
    corners *= 1 + rng.normal(0, 0.05, corners.shape)
    cosine, sine = np.cos(turn), np.sin(turn)
    quad = corners @ np.array([(cosine, sine), (-sine, cosine)]) + place
    left, top, wide, high = cv2.boundingRect(quad.astype(np.int32))
    left, top = max(left, 0), max(top, 0)
    window = (slice(top, top + high + 2), slice(left, left + wide + 2))
    stamp = np.zeros(taken[window].shape, np.uint8)
    cv2.fillConvexPoly(stamp, np.rint(quad - (left, top)).astype(np.int32), 1)
    if not stamp.any() or (taken[window] * stamp).sum() > 0.10 * stamp.sum():
        return
    taken[window] |= stamp
    shade = float(np.clip(rng.normal(0, 0.10), -0.25, 0.25))
    paint_ = np.clip(color[row, column] * (1 + shade) + rng.normal(0, 0.025, 3), 0, 1) * 255
    for share, thickness in ((0.96, 120.0), (0.74, 190 + 40 * shade)):
        inner = (quad - place) * share + place
        cv2.fillConvexPoly(
            floor, np.rint(inner * 16).astype(np.int32), (*paint_.tolist(), thickness), cv2.LINE_AA, 4
        )
