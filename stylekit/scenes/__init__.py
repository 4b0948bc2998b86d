"""Moving scenes of layered photographs, with exact flow, disocclusion and motion boundaries.

>>> scene = make_scene("crossing", frames=2, size=64)
>>> scene.frames[0].shape, scene.backward_flow[0].shape
((48, 64, 3), (48, 64, 2))
"""

from ..motion.truth import Truth
from .layers import Bars, Disc, Everywhere, Layer, Polygon, Shape, Similarity, Trajectory
from .library import CLIP_SCENES, SCENES
from .scene import Scene, make_scene, render_scene, scene_of_clip
from .stereo import motorcycle_pair

__all__ = [
    "CLIP_SCENES",
    "SCENES",
    "Bars",
    "Disc",
    "Everywhere",
    "Layer",
    "Polygon",
    "Scene",
    "Shape",
    "Similarity",
    "Trajectory",
    "Truth",
    "make_scene",
    "motorcycle_pair",
    "render_scene",
    "scene_of_clip",
]
