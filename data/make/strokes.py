"""Bristled strokes: bundles of hair-thin lines that follow a field, with a thickness of paint."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from .surface import OVERSAMPLE, Array, unit

_SHIFT = 4  # cv2 takes positions in 1/2**shift of a pixel


@dataclass(frozen=True, slots=True, kw_only=True)
class Brush:
    """One size of brush; lengths and widths are (least, most) pixels of the finished picture."""

    length: tuple[float, float]
    width: tuple[float, float]
    bristle: float = 1.1  # spacing of the hairs in pixels
    streak: float = 0.05  # deviation of a hair's brightness from its stroke's
    ragged: float = 0.25  # share of the length over which hairs start and end unevenly
    taper: float = 0.6  # 0 keeps the width, 1 runs out to a point
    dry: float = 0.0  # share of hairs that carry no paint
    load: float = 0.0  # gain of brightness from the left edge to the right: paint of two tones
    wobble: float = 0.0  # deviation of the heading from the field, radians


class Easel:
    """A canvas under paint: `pixels` holds RGB and, as fourth channel, how thick the paint lies."""

    def __init__(self, ground: Array, rng: np.random.Generator) -> None:
        """`ground` is the toned canvas, float32 RGB in [0, 1], at `OVERSAMPLE` resolution."""
        self._rng = rng
        self.pixels = np.zeros((*ground.shape[:2], 4), np.uint8)
        self.pixels[..., :3] = np.rint(np.clip(ground, 0, 1) * 255)
        self.pixels[..., 3] = 100

    @property
    def image(self) -> Array:
        """The colours, float32 RGB in [0, 1]."""
        return self.pixels[..., :3].astype(np.float32) / 255

    @property
    def relief(self) -> Array:
        """The thickness of the paint, float32 in [0, 1]."""
        return self.pixels[..., 3].astype(np.float32) / 255

    def scatter(self, spacing: float, where: Array | None = None) -> Array:
        """Shuffled places about `spacing` pixels apart, `(N, 2)` canvas coordinates.

        A jittered grid covers evenly; `where` `(H, W)` in [0, 1] is the chance to keep a place.
        """
        rows, columns = self.pixels.shape[:2]
        step = spacing * OVERSAMPLE
        y, x = np.mgrid[step / 2 : rows : step, step / 2 : columns : step]
        places = np.stack([x.ravel(), y.ravel()], -1)
        places += self._rng.uniform(-0.6 * step, 0.6 * step, places.shape)
        places = np.clip(places, 0, (columns - 1, rows - 1)).astype(np.float32)
        if where is not None:
            chance = pick(where, places)
            places = places[self._rng.random(len(places)) < chance]
        return self._rng.permutation(places)

    def follow(self, field: Array, places: Array, brush: Brush) -> Array:
        """Paths `(N, T, 2)` centred on `places` that run along `field` `(H, W, 2)`."""
        count = len(places)
        points = max(4, round(brush.length[1] / 3.0)) | 1
        length = self._rng.uniform(*brush.length, count) * OVERSAMPLE
        step = (length / (points - 1)).astype(np.float32)[:, None]
        turn = self._rng.normal(0, brush.wobble + 1e-9, count).astype(np.float32)
        paths = np.empty((count, points, 2), np.float32)
        middle = points // 2
        paths[:, middle] = places
        for sign in (1, -1):
            heading = sign * _turned(unit(pick(field, places)), turn)
            for offset in range(1, middle + 1):
                here = paths[:, middle + sign * (offset - 1)]
                ahead = _turned(unit(pick(field, here)), turn)
                # The sign of a field along contours may change from one pixel to the next.
                ahead *= np.where((ahead * heading).sum(-1, keepdims=True) < 0, -1, 1)
                heading = ahead
                paths[:, middle + sign * offset] = here + heading * step
        return paths

    def lay(self, paths: Array, colors: Array, brush: Brush) -> None:
        """Lay one stroke of `brush` on every path `(N, T, 2)` in its color `(N, 3)`, in order."""
        ahead = unit(np.gradient(paths, axis=1))
        normals = np.stack([-ahead[..., 1], ahead[..., 0]], -1)
        along = np.linspace(0, 1, paths.shape[1], dtype=np.float32)
        profile = 1 - brush.taper * np.abs(2 * along - 1) ** 2.5
        widths = self._rng.uniform(*brush.width, len(paths)) * OVERSAMPLE
        for path, normal, color, width in zip(paths, normals, colors, widths, strict=True):
            self._stroke(path, normal * profile[:, None] * width, color, width, brush)

    def _stroke(self, path: Array, across: Array, color: Array, width: float, brush: Brush) -> None:
        rng, points = self._rng, len(path)
        hairs = max(1, round(width / (brush.bristle * OVERSAMPLE)))
        places = (np.arange(hairs) + 0.5) / hairs - 0.5
        thickness = max(1, round(width / hairs * 1.25))
        streaks = rng.normal(0, brush.streak, hairs) + brush.load * places
        # The brush pushes paint to both edges of a stroke; it is thin in the middle.
        heights = np.clip(0.35 + 0.9 * np.abs(places) + rng.normal(0, 0.16, hairs), 0.05, 1)
        starts = rng.uniform(0, brush.ragged, hairs) * (points - 1) / 2
        ends = points - rng.uniform(0, brush.ragged, hairs) * (points - 1)
        for hair in rng.permutation(hairs):
            if brush.dry and rng.random() < brush.dry:
                continue
            part = slice(int(starts[hair]), max(int(starts[hair]) + 2, round(ends[hair])))
            line = (path[part] + across[part] * places[hair]) * 2**_SHIFT
            shade = np.clip(color + streaks[hair], 0, 1) * 255
            value = (*shade.tolist(), float(heights[hair] * 255))
            cv2.polylines(
                self.pixels, [line.astype(np.int32)], False, value, thickness, cv2.LINE_AA, _SHIFT
            )


def pick(values: Array, places: Array) -> Array:
    """`values` `(H, W, …)` at the pixels nearest to `places` `(N, 2)`, held at the border."""
    columns = np.clip(places[:, 0], 0, values.shape[1] - 1).astype(np.intp)
    rows = np.clip(places[:, 1], 0, values.shape[0] - 1).astype(np.intp)
    return values[rows, columns]


def _turned(vectors: Array, angles: Array) -> Array:
    cosine, sine = np.cos(angles), np.sin(angles)
    x, y = vectors[:, 0], vectors[:, 1]
    return np.stack([cosine * x - sine * y, sine * x + cosine * y], -1)
