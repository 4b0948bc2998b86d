"""The layers of a scene: photographs cut to a shape, each moved by a similarity transform.

Points are complex numbers x + iy, x to the right and y down, with pixel centres at whole numbers.
So a similarity transform is z ↦ a z + b, with the scale |a| and the angle arg a, clockwise on the
screen.
"""

from __future__ import annotations

import math
from dataclasses import KW_ONLY, dataclass
from typing import NamedTuple, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ..arrays import BoolMask, Image

Points: TypeAlias = NDArray[np.complex128]

# A frame of width `size` reaches from −½ to size − ½, because pixel centres are whole numbers.
HALF_PIXEL = complex(0.5, 0.5)


class Similarity(NamedTuple):
    """z ↦ a z + b."""

    a: complex
    b: complex

    def __call__(self, points: Points) -> Points:
        return self.a * points + self.b

    @property
    def inverse(self) -> Similarity:
        """The transform that undoes this one."""
        return Similarity(1 / self.a, -self.b / self.a)

    def after(self, first: Similarity) -> Similarity:
        """This transform applied to the result of `first`."""
        return Similarity(self.a * first.a, self.a * first.b + self.b)


class Shape(Protocol):
    """Where a layer is opaque, in pixels of its photograph."""

    def contains(self, points: Points) -> BoolMask:
        """True for each point, of an array of any shape, that belongs to the layer."""
        ...


@dataclass(frozen=True)
class Everywhere:
    """No edge: the photograph is mirrored beyond its border."""

    def contains(self, points: Points) -> BoolMask:
        return np.ones(points.shape, bool)


@dataclass(frozen=True)
class Disc:
    """A filled circle."""

    center: complex
    radius: float

    def contains(self, points: Points) -> BoolMask:
        d = points - self.center
        return d.real**2 + d.imag**2 <= self.radius**2


@dataclass(frozen=True)
class Bars:
    """Vertical bars of `width` pixels, one every `spacing` pixels, the first at x = 0."""

    width: float
    spacing: float

    def contains(self, points: Points) -> BoolMask:
        return np.mod(points.real, self.spacing) < self.width


@dataclass(frozen=True)
class Polygon:
    """The inside of a closed line through `corners`, by the even-odd rule."""

    corners: tuple[tuple[float, float], ...]

    def contains(self, points: Points) -> BoolMask:
        corners = np.array(self.corners, np.float32)
        (left, top), (right, bottom) = corners.min(axis=0), corners.max(axis=0)
        x, y = points.real.astype(np.float32), points.imag.astype(np.float32)
        inside = (x >= left) & (x <= right) & (y >= top) & (y <= bottom)
        # Sorted by y, the points whose rays can cross an edge lie in one slice.
        order = np.argsort(y[inside])
        x, y = x[inside][order], y[inside][order]
        # Inside, a ray to the right crosses the outline an odd number of times.
        odd = np.zeros(x.shape, bool)
        for (x0, y0), (x1, y1) in zip(corners, np.roll(corners, -1, axis=0), strict=True):
            if y0 != y1:
                beside = slice(*np.searchsorted(y, (min(y0, y1), max(y0, y1))))
                odd[beside] ^= x[beside] < x0 + (y[beside] - y0) * ((x1 - x0) / (y1 - y0))
        enclosed = np.empty_like(odd)
        enclosed[order] = odd
        inside[inside] = enclosed
        return inside


@dataclass(frozen=True)
class Trajectory:
    """Where a photograph lies in the frame and how it moves; lengths in widths of the frame.

    - Start: its pixel `pivot` is at the point `at`; it has the width `width` and is turned by
      `angle` degrees.
    - Each frame: it moves by `velocity`, turns by `spin` degrees clockwise and grows by the factor
      exp(`zoom`).
    - In addition it moves, without turning, along a circle of the given `radius`, once in `period`
      frames, starting at `phase` degrees.
    - If `swing` is finite, `velocity`, `spin` and `zoom` swing back and forth like a pendulum with
      a period of `swing` frames, so that the photograph stays in clips of any length.
    """

    at: complex
    width: float
    pivot: complex
    _: KW_ONLY
    angle: float = 0.0
    velocity: complex = 0j
    spin: float = 0.0
    zoom: float = 0.0
    radius: float = 0.0
    period: float = 24.0
    phase: float = 0.0
    swing: float = math.inf

    def placement(self, time: float, *, size: float, photograph_width: int) -> Similarity:
        """Pixels of the photograph → pixels of a frame `size` wide, at `time` in frames."""
        progress = time
        if math.isfinite(self.swing):
            turn = math.tau / self.swing
            progress = math.sin(turn * time) / turn
        width = self.width * math.exp(self.zoom * progress)
        a = width * _turned(self.angle + self.spin * progress) * (size / photograph_width)
        circle = _turned(360 * time / self.period + self.phase) - _turned(self.phase)
        where = self.at + self.velocity * progress + self.radius * circle
        return Similarity(a, where * size - HALF_PIXEL - a * self.pivot)


def _turned(degrees: float) -> complex:
    angle = math.radians(degrees)
    return complex(math.cos(angle), math.sin(angle))


@dataclass(frozen=True, kw_only=True, eq=False)
class Layer:
    """One photograph, cut to a shape and moved. `feather` is the softness of its edge in pixels."""

    photograph: Image
    shape: Shape
    trajectory: Trajectory
    feather: float = 1.0

    def placement(self, time: float, size: int) -> Similarity:
        """Pixels of the photograph → pixels of a frame `size` wide, at `time` in frames."""
        return self.trajectory.placement(time, size=size, photograph_width=self.photograph.shape[1])
