"""Moving scenes of real photographs in layers, with exact flow, disocclusion and boundaries.

>>> scene = sk.make_scene("crossing", frames=8, size=256)
>>> scene.frames[0].shape, scene.backward_flow[0].shape
((192, 256, 3), (192, 256, 2))
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
