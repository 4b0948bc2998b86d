"""Small flows, clips and scenes for the tests of figures, and what is drawn in a figure."""

from __future__ import annotations

import math

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.text import Text

from stylekit.arrays import Flow, Image
from stylekit.explain.ablation import AblationRow, FlowAblation
from stylekit.motion.flow import FlowMethod
from stylekit.motion.masks import consistency_mask
from stylekit.motion.truth import Truth
from stylekit.motion.warping import WarpingError
from stylekit.plots import plot_warping_error
from stylekit.scenes import make_scene

HEIGHT, WIDTH = 24, 36


def constant_flow(dx: float, dy: float, *, height: int = HEIGHT, width: int = WIDTH) -> Flow:
    return np.broadcast_to(np.float32([dx, dy]), (height, width, 2)).copy()


def random_clip(
    count: int, seed: int = 0, *, height: int = HEIGHT, width: int = WIDTH
) -> list[Image]:
    return list(np.random.default_rng(seed).random((count, height, width, 3), dtype=np.float32))


def hidden_square() -> tuple[Flow, Flow]:
    backward, forward = constant_flow(0, 0), constant_flow(0, 0)
    forward[6:14, 8:16, 0] = 5
    backward[6:14, 13:21, 0] = -5
    return backward, forward


def square_truth() -> Truth:
    """What is true of `hidden_square`'s backward flow, were it exact, with a corner not known."""
    backward, _ = hidden_square()
    hidden, boundary, outside, known = np.zeros((4, HEIGHT, WIDTH), bool)
    hidden[3:11, 13:21] = True
    boundary[6:14, 13:21] = True
    boundary[7:13, 14:20] = False
    outside[:, -1] = True
    known[:] = True
    known[-3:, :4] = False
    return Truth(
        flow=backward,
        disocclusion=hidden | outside,
        out_of_frame=outside,
        motion_boundary=boundary,
        known=known,
    )


def picture_axes(figure: Figure) -> list[Axes]:
    return [axes for axes in figure.axes if axes.images and axes.axison]


def legend_texts(figure: Figure) -> list[str]:
    return [text.get_text() for text in figure.legends[0].get_texts()]


def texts_of(figure: Figure) -> list[str]:
    return [text.get_text() for text in figure.findobj(Text) if text.get_text()]


def shown(axes: Axes) -> np.ndarray:
    """The picture or the map that axes show."""
    array = axes.images[0].get_array()
    assert array is not None
    return array


def warping_errors() -> Figure:
    error = np.random.default_rng(0).random((HEIGHT, WIDTH)).astype(np.float32) ** 2
    mask = np.ones((HEIGHT, WIDTH), np.float32)
    mask[:5] = 0
    return plot_warping_error({"one": error, "other": 0.01 * error}, mask)


def ablation() -> FlowAblation:
    """Three methods on a small scene whose later frames differ in one small square alone."""
    scene = make_scene("crossing", frames=3, size=96)
    still = tuple(WarpingError(mse=error**2, rmse=error, pixels=9.0) for error in (0.031, 0.02))
    rows = []
    for number, method in enumerate((FlowMethod.FARNEBACK, FlowMethod.DIS, FlowMethod.EXACT)):
        frames = [frame.copy() for frame in scene.frames]
        for frame in frames[1:]:
            frame[20:26, 40:48] = number / 2
        rows.append(
            AblationRow(
                method=method,
                endpoint_error=0.7,
                union_f1=0.21,
                reliable=0.82,
                trusted_but_wrong=0.183,
                warping_error=still[0],
                smudge=WarpingError(mse=math.nan, rmse=math.nan, pixels=0.0),
                error_deceived=0.2,
                error_doubted=0.5,
                sharpness=0.9,
                style_distance=0.0123,
                evaluations=220,
                frames=tuple(frames),
                masks=tuple(
                    consistency_mask(flow.backward_flow, flow.forward_flow)
                    for flow in (scene.flow_pair(index, method=method) for index in range(2))
                ),
            )
        )
    return FlowAblation(
        scene=scene, style_name="Starry night", backbone="VGG16", floor=still[1], rows=tuple(rows)
    )
