"""The layers of each scene: the test scenes, and the scenes that are built-in clips.

Lengths are in widths of the frame, so 0.01 is 2.56 pixels in a scene of 256 pixels. In all scenes
but `parallax` two layers move differently enough for the thresholds of Sundaram et al. 2010 to
detect their boundary, and no layer turns or grows fast enough to be mistaken for a boundary itself.
So the other scenes cannot tell how good these thresholds are.
"""

from __future__ import annotations

import cmath
import math
from collections.abc import Callable
from functools import lru_cache
from types import MappingProxyType
from typing import TypeAlias

import numpy as np

from ..arrays import Image
from ..media.images import load_image
from ..samples import MaterialKind, materials
from . import cutouts
from .layers import Bars, Disc, Everywhere, Layer, Polygon, Shape, Trajectory

Recipe: TypeAlias = Callable[[np.random.Generator], tuple[Layer, ...]]

MIDDLE = complex(0.5, 0.375)


@lru_cache(maxsize=8)
def _photograph(name: str) -> Image:
    # Not by find_material, which prefers a user's own file of that name.
    image = load_image(materials(MaterialKind.PHOTOGRAPH)[name])
    image.flags.writeable = False  # all scenes share it
    return image


def _layer(
    name: str, trajectory: Trajectory, shape: Shape | None = None, feather: float = 1.0
) -> Layer:
    shape = shape or Everywhere()
    return Layer(photograph=_photograph(name), shape=shape, trajectory=trajectory, feather=feather)


def _hexagon(center: complex, radius: float) -> Polygon:
    corners = (center + cmath.rect(radius, corner * math.pi / 3) for corner in range(6))
    return Polygon(tuple((corner.real, corner.imag) for corner in corners))


def _heading(speed: float, degrees: float, random: np.random.Generator) -> complex:
    """A velocity in this direction ± 15°, in degrees clockwise from "to the right"."""
    return cmath.rect(speed, math.radians(degrees + random.uniform(-15, 15)))


def _near(at: complex, random: np.random.Generator) -> complex:
    """A random place at most 0.05 widths from `at` in x and y, off the pixel grid."""
    return at + complex(*random.uniform(-0.05, 0.05, 2))


def _radius(speed: float) -> float:
    """Of a circle in 24 frames with an arc of `speed` pixels a frame at a width of 512 pixels."""
    return speed / 512 * 24 / math.tau


def _pan(random: np.random.Generator) -> tuple[Layer, ...]:
    """A background slides to the left and a disc to the right."""
    back = Trajectory(_near(MIDDLE, random), 1.6, 300 + 200j, velocity=_heading(0.008, 180, random))
    front = Trajectory(
        _near(0.35 + 0.35j, random), 0.95, 225 + 110j, velocity=_heading(0.007, 10, random)
    )
    return _layer("coffee", back), _layer("astronaut", front, Disc(225 + 110j, 105))


def _zoom_rotation(random: np.random.Generator) -> tuple[Layer, ...]:
    """The background comes nearer and turns, a hexagon turns the other way and shrinks."""
    back = Trajectory(_near(MIDDLE, random), 1.3, 230 + 140j, zoom=0.012, spin=0.5, swing=96)
    front = Trajectory(
        _near(0.55 + 0.4j, random),
        0.9,
        225 + 390j,
        angle=random.uniform(0, 360),
        spin=-1.3,
        zoom=-0.008,
        swing=96,
    )
    return _layer("chelsea", back), _layer("astronaut", front, _hexagon(225 + 390j, 120))


def _fast(random: np.random.Generator) -> tuple[Layer, ...]:
    """Both layers circle: the background at 16 pixels a frame (size 512), a disc at half of it."""
    phase = random.uniform(0, 360)
    back = Trajectory(MIDDLE, 1.7, 225 + 150j, radius=_radius(16), phase=phase)
    front = Trajectory(MIDDLE, 1.1, 285 + 205j, radius=_radius(8), phase=phase + 180)
    return _layer("chelsea", back), _layer("coffee", front, Disc(285 + 205j, 110))


def _bars(random: np.random.Generator) -> tuple[Layer, ...]:
    """Bars of three pixels (size 256) move over a slowly sliding background."""
    angle = random.uniform(10, 35)
    back = Trajectory(_near(MIDDLE, random), 1.5, 225 + 150j, velocity=_heading(0.003, 90, random))
    front = Trajectory(
        _near(MIDDLE, random),
        1.6,
        300 + 200j,
        angle=angle,
        velocity=cmath.rect(0.011, math.radians(angle)),
    )
    return _layer("chelsea", back), _layer("coffee", front, Bars(width=4.5, spacing=42))


def _subtle(random: np.random.Generator) -> tuple[Layer, ...]:
    """Everything moves by less than a pixel a frame (size 256)."""
    back = Trajectory(
        _near(MIDDLE, random), 1.3, 300 + 200j, velocity=_heading(0.0008, 200, random)
    )
    front = Trajectory(
        _near(0.5 + 0.4j, random), 0.95, 225 + 110j, velocity=_heading(0.0028, 20, random)
    )
    return _layer("coffee", back), _layer("astronaut", front, Disc(225 + 110j, 115))


def _crossing(random: np.random.Generator) -> tuple[Layer, ...]:
    """Two cut-outs meet, and the nearer one hides the other for a while."""
    back = Trajectory(_near(MIDDLE, random), 1.5, 320 + 240j, velocity=_heading(0.002, 0, random))
    far = Trajectory(
        _near(0.25 + 0.32j, random), 0.8, 225 + 140j, velocity=_heading(0.016, 10, random), swing=96
    )
    near = Trajectory(
        _near(0.78 + 0.42j, random),
        0.75,
        285 + 205j,
        angle=random.uniform(-20, 20),
        velocity=_heading(0.018, 180, random),
        spin=0.6,
        swing=96,
    )
    return (
        _layer("rocket", back),
        _layer("chelsea", far, Disc(225 + 140j, 125)),
        _layer("coffee", near, _hexagon(285 + 205j, 165)),
    )


def _tripod(random: np.random.Generator) -> tuple[Layer, ...]:
    """The camera stands still, and a disc circles slowly: 2 pixels a frame (size 512)."""
    back = Trajectory(_near(MIDDLE, random), 1.4, 225 + 150j)
    front = Trajectory(
        _near(0.45 + 0.35j, random),
        0.9,
        285 + 205j,
        radius=_radius(2),
        phase=random.uniform(0, 360),
    )
    return _layer("chelsea", back), _layer("coffee", front, Disc(285 + 205j, 110))


def _parallax(random: np.random.Generator) -> tuple[Layer, ...]:
    """A fast pan on a circle: 16 pixels a frame (size 512), 18 for a disc that is nearer."""
    phase = random.uniform(0, 360)
    back = Trajectory(MIDDLE, 1.8, 300 + 200j, radius=_radius(16), phase=phase)
    front = Trajectory(MIDDLE, 0.95, 225 + 110j, radius=_radius(18), phase=phase)
    return _layer("coffee", back), _layer("astronaut", front, Disc(225 + 110j, 105))


def _drift(random: np.random.Generator) -> tuple[Layer, ...]:
    """The camera passes an astronaut before a launch pad; the nearer layer moves more."""
    back = Trajectory(0.82 + 0.36j, 1.9, 320 + 240j, velocity=-0.008 + 0.001j, swing=120)
    front = Trajectory(0.27 + 0.76j, 0.8, 240 + 470j, velocity=0.01 - 0.001j, spin=0.08, swing=120)
    return (
        _layer("rocket", back),
        _layer("astronaut", front, Polygon(cutouts.ASTRONAUT), feather=1.5),
    )


def _orbit(random: np.random.Generator) -> tuple[Layer, ...]:
    """A table turns; a cup of coffee, nearer to the camera, turns more slowly."""
    back = Trajectory(0.5 + 0.38j, 1.46, 280 + 205j, angle=-12, spin=1.25, swing=120)
    front = Trajectory(0.5 + 0.38j, 1.5, 280 + 205j, angle=-8, spin=0.8, swing=120)
    return _layer("coffee", back), _layer("coffee", front, Polygon(cutouts.CUP), feather=1.5)


def _approach(random: np.random.Generator) -> tuple[Layer, ...]:
    """The camera approaches a cat, whose head grows faster than the background."""
    back = Trajectory(0.52 + 0.43j, 1.17, 235 + 175j, zoom=0.008, swing=120)
    front = Trajectory(0.52 + 0.43j, 1.19, 235 + 175j, zoom=0.017, spin=0.2, swing=120)
    return _layer("chelsea", back), _layer("chelsea", front, Polygon(cutouts.CAT), feather=6)


def _passing(random: np.random.Generator) -> tuple[Layer, ...]:
    """A cup of coffee moves past a cat."""
    back = Trajectory(0.5 + 0.345j, 1.2, 225 + 140j, velocity=0.004 + 0.001j, swing=120)
    front = Trajectory(0.85 + 0.5j, 0.8, 285 + 205j, velocity=-0.018 + 0.001j, spin=-0.5, swing=120)
    return _layer("chelsea", back), _layer("coffee", front, Polygon(cutouts.CUP), feather=1.5)


_CLIPS: dict[str, Recipe] = {
    "approach": _approach,
    "drift": _drift,
    "orbit": _orbit,
    "passing": _passing,
}

# The scenes whose first 24 frames, 320 pixels wide, are the built-in clips of the same names.
CLIP_SCENES = tuple(_CLIPS)

SCENES: MappingProxyType[str, Recipe] = MappingProxyType(
    {
        "pan": _pan,
        "zoom_rotation": _zoom_rotation,
        "fast": _fast,
        "bars": _bars,
        "subtle": _subtle,
        "crossing": _crossing,
        "tripod": _tripod,
        "parallax": _parallax,
        **_CLIPS,
    }
)
