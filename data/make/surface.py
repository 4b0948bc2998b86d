"""What the painters share: noise, palettes, paper and light from the side.

Painters work on arrays twice as wide and high as the picture (`OVERSAMPLE`), in the picture's own
units: compositions are in fractions of the picture, brushes and lines in pixels of the finished
picture. A larger picture is a larger canvas under the same brush. Images are float32 RGB in [0, 1].
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

OVERSAMPLE = 2

Array = NDArray[np.float32]


def grid(width: int, height: int) -> tuple[Array, Array]:
    """Coordinates of a canvas, two `(2H, 2W)` arrays in the finished picture's pixels."""
    y, x = np.mgrid[: height * OVERSAMPLE, : width * OVERSAMPLE].astype(np.float32)
    return (x + 0.5) / OVERSAMPLE, (y + 0.5) / OVERSAMPLE


def noise(
    rng: np.random.Generator,
    shape: tuple[int, int],
    period: float | tuple[float, float],
    *,
    octaves: int = 3,
    gain: float = 0.5,
) -> Array:
    """Smooth noise of zero mean and unit deviation, `shape` = canvas (rows, columns).

    `period` is the size of its largest features in the finished picture's pixels, or
    (across, down) for stretched ones; each octave halves it and multiplies the height by `gain`.
    """
    across, down = period if isinstance(period, tuple) else (period, period)
    total = np.zeros(shape, np.float32)
    for octave in range(octaves):
        cell = OVERSAMPLE / 2**octave
        rows = max(2, round(shape[0] / max(1.0, down * cell)) + 2)
        columns = max(2, round(shape[1] / max(1.0, across * cell)) + 2)
        knots = rng.standard_normal((rows, columns)).astype(np.float32)
        layer = cv2.resize(knots, (shape[1], shape[0]), interpolation=cv2.INTER_CUBIC)
        total += np.float32(gain**octave) * layer
    return (total - total.mean()) / (total.std() + np.float32(1e-6))


def curl(potential: Array) -> Array:
    """The divergence-free field `(∂ψ/∂y, −∂ψ/∂x)` of a potential ψ, `(H, W, 2)`.

    It runs along the contour lines of ψ, so strokes that follow it form swirls.
    """
    down, across = np.gradient(potential)
    return np.stack([down, -across], axis=-1).astype(np.float32)


def unit(field: Array) -> Array:
    """`field` `(…, 2)` with every vector scaled to length one."""
    return field / (np.linalg.norm(field, axis=-1, keepdims=True) + np.float32(1e-9))


def smoothstep(low: float, high: float, value: Array) -> Array:
    """0 below `low`, 1 above `high` and a smooth cubic between them."""
    t = np.clip((value - low) / (high - low), 0, 1)
    return t * t * (3 - 2 * t)


def rgb(code: str) -> Array:
    """The colour of a code such as "1a2f6b", float32 `(3,)`."""
    return np.array([int(code[i : i + 2], 16) for i in (0, 2, 4)], np.float32) / 255


def ramp(codes: Sequence[str], position: Array) -> Array:
    """Colours along a palette of evenly spaced `codes`; `position` in [0, 1] gains an axis of 3."""
    palette = np.stack([rgb(code) for code in codes])
    knots = np.linspace(0, 1, len(codes))
    channels = [np.interp(position, knots, palette[:, channel]) for channel in range(3)]
    return np.stack(channels, axis=-1).astype(np.float32)


def blur(image: Array, sigma: float) -> Array:
    """`image` under a Gaussian of `sigma` pixels of the finished picture."""
    return cv2.GaussianBlur(image, (0, 0), sigma * OVERSAMPLE, borderType=cv2.BORDER_REFLECT)


def light(image: Array, relief: Array, *, strength: float, sigma: float = 0.4) -> Array:
    """`image` with paint of thickness `relief` `(H, W)` lit by a low lamp from the upper left.

    The slope towards the lamp brightens, the slope away darkens; a fraction of it is added as the
    gloss of wet paint, so that ridges show on dark colours too.
    """
    smooth = blur(relief, sigma)
    down, across = np.gradient(smooth)
    slope = np.tanh(-(across + down) * strength)[..., None]
    lit = image * (1 + 0.45 * slope) + 0.10 * np.maximum(slope, 0)
    return np.clip(lit, 0, 1).astype(np.float32)


def paper(rng: np.random.Generator, shape: tuple[int, int], *, fibres: int = 900) -> Array:
    """The thickness of a handmade sheet: tooth and short bent fibres, mean 0, deviation about 1."""
    sheet = noise(rng, shape, 3.0, octaves=2) + 0.6 * noise(rng, shape, 40.0)
    lines = np.zeros(shape, np.uint8)
    count = int(fibres * shape[0] * shape[1] / (1280 * 960))
    for _ in range(count):
        start = rng.uniform((0, 0), (shape[1], shape[0]))
        heading = rng.uniform(0, 2 * np.pi) + np.cumsum(rng.normal(0, 0.22, 12))
        step = rng.uniform(1.5, 4.5)
        path = start + np.cumsum(np.stack([np.cos(heading), np.sin(heading)], -1) * step, 0)
        cv2.polylines(
            lines, [np.int32(path * 8)], False, int(rng.integers(90, 255)), 1, cv2.LINE_AA, 3
        )
    sheet += 1.6 * lines.astype(np.float32) / 255
    return (sheet - sheet.mean()) / sheet.std()


def finish(canvas: Array, width: int, height: int) -> Array:
    """The canvas averaged down to the finished `(height, width, 3)`, stretched to use 0 to 1.

    Half a per cent of the values at either end is clipped. Every style then uses the full range
    from black to white, so no style has less contrast than the others.
    """
    small = cv2.resize(canvas, (width, height), interpolation=cv2.INTER_AREA)
    low, high = np.percentile(small, (0.5, 99.5))
    return np.clip((small - low) / (high - low), 0, 1).astype(np.float32)


def to_bytes(picture: Array) -> NDArray[np.uint8]:
    """The 8-bit picture `(H, W, 3)` of float32 RGB in [0, 1]."""
    return np.clip(np.rint(picture * 255), 0, 255).astype(np.uint8)
