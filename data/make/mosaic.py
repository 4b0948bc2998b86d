"""`mosaic`: two fish circling in a whirl of water, tesserae in rows along the contours, gold."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from .surface import OVERSAMPLE, Array, blur, finish, grid, light, noise, ramp, rgb, smoothstep

SIZE = (544, 544)

_PITCH = 11.0  # from one row of tesserae to the next, pixels

_SHIFT = 4  # cv2 takes positions in 1/2**shift of a pixel

_GOLD = ["7a4d0c", "b47a17", "d9a32b", "f0c24e", "ffe08a"]
_WATER = ["06263f", "0a4668", "0f6f8c", "1f9aa3", "6cc7bd", "d8efe0"]
_FISH = (
    ["6d120e", "a8200f", "d8431a", "f07a26", "ffc35a", "fff0d0"],
    ["1a1230", "3a1f5c", "6a2f86", "b04a9a", "e88ab0", "ffe4da"],
)

_Part = tuple[NDArray[np.bool_], Array, Array]  # where, depth, colour


def paint(width: int, height: int, *, seed: int = 8) -> Array:
    """The picture, float32 RGB `(height, width, 3)` in [0, 1]."""
    rng = np.random.default_rng(seed)
    x, y = grid(width, height)
    scale = 2 / min(width, height)
    u, v = (x - width / 2) * scale, (y - height / 2) * scale
    region, depth, color = _design(rng, u, v, scale)
    floor = _Floor(rng, depth, color)
    for number in range(int(region.max()) + 1):
        floor.fill(region == number)
    image = floor.pixels[..., :3].astype(np.float32) / 255
    relief = floor.pixels[..., 3].astype(np.float32) / 255
    rough = relief + 0.10 * relief * noise(rng, x.shape, 3.0, octaves=2)
    image = image * (0.55 + 0.45 * smoothstep(0.0, 0.5, blur(relief, 0.8)))[..., None]
    return finish(light(image, rough, strength=2.6, sigma=0.5), width, height)


def _design(
    rng: np.random.Generator, u: Array, v: Array, scale: float
) -> tuple[NDArray[np.int32], Array, Array]:
    """Each pixel's region, its depth in pixels (rows run along equal depth) and its colour."""
    radius, angle = np.hypot(u, v), np.arctan2(v, u)
    disc = 0.86
    region = np.zeros(u.shape, np.int32)
    # Outside the basin: rings of gold, and a red and white pattern at the rim.
    depth = (radius - disc) / scale
    glitter = 0.55 + 0.16 * noise(rng, u.shape, 60) + 0.12 * np.sin(16 * angle)
    color = ramp(_GOLD, np.clip(glitter, 0, 1))
    star = np.abs(((angle / (2 * np.pi) * 20) % 1) * 2 - 1) * 0.16 + 0.98
    blue = ramp(["0d2b57", "1d4f8c", "3f7fb0"], np.clip(glitter, 0, 1))
    color[radius > star] = blue[radius > star]
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


def _fish(u: Array, v: Array, turn: float, palette: list[str]) -> list[_Part]:
    """A fish bent along an arc around the middle: fins, body, head and eye, from back to front."""
    radius, angle = np.hypot(u, v), np.arctan2(v, u)
    along = ((angle - turn + np.pi) % (2 * np.pi) - np.pi) / 1.12  # head at +1, tail at −1
    across = radius - 0.49
    profile = 0.205 * np.clip(1 - along**2, 0, 1) ** 0.62 * (1 + 0.28 * along)
    tail_reach = np.clip(-along - 0.74, 0, 1)
    notch = 0.60 * tail_reach + 0.045
    tail = (
        (along < -0.74) & (along > -1.30 + 0.6 * (0.2 - np.abs(across))) & (np.abs(across) < notch)
    )
    fin_top = (
        (across > 0)
        & (np.abs(along - 0.05) < 0.48)
        & (
            across
            < profile + 0.10 * np.clip(np.cos((along - 0.05) / 0.48 * np.pi / 2), 0, 1) ** 0.7
        )
    )
    fin_low = (
        (across < 0)
        & (np.abs(along - 0.30) < 0.22)
        & (-across < profile + 0.10 * np.cos((along - 0.30) / 0.22 * np.pi / 2))
    )
    rays = 0.45 + 0.30 * np.sin(along * 46 + across * 25)
    fins = (tail | fin_top | fin_low) & (radius > 0.06)
    return [
        (fins, across + 0.35 * along, ramp(palette, np.clip(rays, 0, 1))),
        *_body(along, across, profile, palette),
    ]


def _body(along: Array, across: Array, profile: Array, palette: list[str]) -> list[_Part]:
    """Body, head and eye of a fish in its own coordinates; `profile` is half its thickness."""
    body = (np.abs(across) < profile) & (np.abs(along) < 1)
    scales = np.sin(along * 30 + np.pi * (np.floor(across * 26) % 2)) * 0.16
    back = np.clip(0.46 - 1.55 * across / 0.205 * 0.30 + scales, 0.05, 0.98)
    head = body & (along > 0.56 + 0.10 * np.cos(across / 0.2 * np.pi))
    eye = np.hypot((along - 0.76) * 0.55, across - 0.045)
    white = np.broadcast_to(rgb("fff6df"), (*along.shape, 3))
    black = np.broadcast_to(rgb("0b0a10"), (*along.shape, 3))
    return [
        (body, profile - np.abs(across), ramp(palette, back)),
        (head, profile - np.abs(across), ramp(palette, np.clip(back + 0.22, 0, 1))),
        (eye < 0.046, 0.046 - eye, white),
        (eye < 0.022, 0.022 - eye, black),
    ]


class _Floor:
    """Fresh mortar and the tesserae set in it; `pixels` holds RGB and the height of the stone."""

    def __init__(self, rng: np.random.Generator, depth: Array, color: Array) -> None:
        """Rows run along equal `depth` `(H, W)`, stones are chosen after `color` `(H, W, 3)`."""
        self._rng = rng
        self._depth, self._color = depth, color
        down, across = np.gradient(blur(depth, 0.8))
        self._heading = np.arctan2(-across, down)
        self._taken = np.zeros(depth.shape, np.uint8)
        mortar = rgb("3a3029") * (1 + 0.16 * noise(rng, depth.shape, 2.0))[..., None]
        self.pixels = np.zeros((*depth.shape, 4), np.uint8)
        self.pixels[..., :3] = np.clip(mortar * 255, 0, 255)

    def fill(self, inside: NDArray[np.bool_]) -> None:
        """Fill one region: rows of stones first, then smaller and smaller stones in the gaps."""
        if not inside.any():
            return
        margin = cv2.distanceTransform(inside.astype(np.uint8), cv2.DIST_L2, 5) / OVERSAMPLE
        reach = self._depth[inside] / _PITCH
        for level in np.arange(np.floor(reach.min()) + 0.5, reach.max() + 0.5):
            row = (inside & (self._depth > level * _PITCH)).astype(np.uint8)
            lines, _ = cv2.findContours(row, cv2.RETR_LIST, cv2.CHAIN_APPROX_NONE)
            for line in lines:
                # Try every quarter of a stone: the next one is set as soon as there is space.
                self._set(line[:: round(_PITCH * OVERSAMPLE / 4), 0], _PITCH, margin)
        for side in (0.72 * _PITCH, 0.5 * _PITCH):
            gaps = np.argwhere(inside & (self._taken == 0))
            tried = self._rng.permutation(len(gaps))[: len(gaps) // round(side * side * 0.8)]
            self._set(gaps[tried, ::-1], side, margin)

    def _set(self, places: NDArray[np.int32], side: float, margin: Array) -> None:
        """Set a stone of `side` pixels at each of `places` (column, row) that has enough space."""
        for column, row in places.tolist():
            if margin[row, column] > 0.2 * side and not self._taken[row, column]:
                self._set_stone(column, row, side)

    def _set_stone(self, column: int, row: int, side: float) -> None:
        """Set one stone: an irregular quadrangle, a little lighter or darker, higher or lower."""
        rng = self._rng
        turn = self._heading[row, column] + rng.normal(0, 0.05)
        half = side * OVERSAMPLE / 2 * np.array([rng.uniform(0.82, 1.0), rng.uniform(0.80, 0.90)])
        corners = np.array([(-1, -1), (1, -1), (1, 1), (-1, 1)]) * half
        corners *= 1 + rng.normal(0, 0.05, corners.shape)
        cosine, sine = np.cos(turn), np.sin(turn)
        corners = corners @ np.array([(cosine, sine), (-sine, cosine)])
        place = np.array([column, row])
        left, top = np.maximum(np.floor((corners + place).min(0)).astype(int), 0)
        right, bottom = np.ceil((corners + place).max(0)).astype(int) + 1
        taken = self._taken[top:bottom, left:right]
        stone = np.zeros(taken.shape, np.uint8)
        cv2.fillConvexPoly(stone, np.rint(corners + place - (left, top)).astype(np.int32), 1)
        if (taken & stone).sum() > 0.10 * stone.sum():
            return
        taken |= stone
        shade = float(np.clip(rng.normal(0, 0.10), -0.25, 0.25))
        color = self._color[row, column] * (1 + shade) + rng.normal(0, 0.025, 3)
        for share, height in ((0.96, 120.0), (0.74, 190 + 40 * shade)):
            outline = np.rint((corners * share + place) * 2**_SHIFT).astype(np.int32)
            value = (*(np.clip(color, 0, 1) * 255).tolist(), height)
            cv2.fillConvexPoly(self.pixels, outline, value, cv2.LINE_AA, _SHIFT)
