"""Pictures of optical flow and of where it can be trusted."""

from __future__ import annotations

import math

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import hsv_to_rgb, to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import Circle, Patch
from numpy.typing import NDArray

from ..arrays import BoolMask, Flow, Image, check_flow, check_image
from ..occlusion import (
    SUNDARAM,
    Thresholds,
    consistency_mask,
    disocclusion,
    motion_boundary,
    out_of_frame,
    reliable_share,
)
from .canvas import BLUE, FAINT, INK, ORANGE, YELLOW, house_style, new_figure

# ITU-R BT.601, as OpenCV's grey.
_LUMINANCE = np.array([0.299, 0.587, 0.114], np.float32)


def flow_to_color(flow: Flow, *, max_magnitude: float | None = None) -> Image:
    """Flow `(H, W, 2)` as a picture `(H, W, 3)`: hue = direction, saturation = length.

    White rests. As on the Middlebury wheel, right is red, down yellow-green, left cyan and up
    violet: hue = atan2(dy, dx) / 2π of the colour circle, y down; saturation = length over
    `max_magnitude` (pixels), at most 1. Left out, it is `full_color_magnitude(flow)`; give
    one number to compare pictures.
    """
    check_flow(flow)
    if max_magnitude is None:
        max_magnitude = full_color_magnitude(flow)
    length = np.hypot(flow[..., 0], flow[..., 1])
    hue = np.mod(np.arctan2(flow[..., 1], flow[..., 0]) / (2 * math.pi), 1.0)
    saturation = np.clip(length / max(max_magnitude, 1e-9), 0.0, 1.0)
    value = np.ones_like(hue)
    return np.asarray(hsv_to_rgb(np.stack([hue, saturation, value], axis=-1)), np.float32)


def full_color_magnitude(flow: Flow) -> float:
    """The length in pixels that 99 % of the vectors keep below: single wild ones don't count."""
    length = np.hypot(flow[..., 0], flow[..., 1])
    return float(np.percentile(length, 99)) or float(length.max())


def plot_flow(
    flow: Flow,
    *,
    title: str = "Optical flow",
    max_magnitude: float | None = None,
    arrows: int = 16,
) -> Figure:
    """Colour-coded flow with a sparse field of arrows and the colour key; y points down.

    `arrows` is their number along the longer side (0: none). They are drawn longer or shorter
    than the motion so that they can be read; the line below says by how much.
    """
    check_flow(flow)
    limit = full_color_magnitude(flow) if max_magnitude is None else max_magnitude
    height, width = flow.shape[:2]
    scale = 5.2 / max(width, height)
    with house_style():
        figure = new_figure(
            width * scale + 1.6,
            height * scale + 0.85,
            alt=f"{title}: {width} by {height} pixels, motion up to about {limit:.3g} pixels.",
        )
        figure.set_layout_engine("constrained")
        picture, key = figure.subplots(1, 2, width_ratios=[width * scale, 1.2])
        picture.imshow(flow_to_color(flow, max_magnitude=limit))
        picture.set_title(title, loc="left", fontweight="bold")
        picture.set_xticks([])
        picture.set_yticks([])
        note = "no motion"
        if limit > 0:
            note = f"full colour at {limit:.3g} px"
            if arrows > 0:
                note += f"; arrows {_draw_arrows(picture, flow, arrows, limit):.2g} × the motion"
        picture.set_xlabel(note, fontsize=9, color=FAINT)
        draw_color_key(key, limit)
    return figure


def draw_color_key(axes: Axes, limit: float) -> None:
    """Draw the colour wheel of `flow_to_color` into `axes`; its rim is `limit` pixels."""
    side = 121
    place = np.linspace(-1, 1, side, dtype=np.float32)
    wheel = np.stack(np.meshgrid(place, place), axis=-1)
    pixels = flow_to_color(wheel, max_magnitude=1.0)
    inside = np.hypot(wheel[..., 0], wheel[..., 1]) <= 1
    axes.imshow(np.dstack([pixels, inside]), extent=(-1, 1, 1, -1))
    axes.add_patch(Circle((0, 0), 1, fill=False, edgecolor=FAINT, linewidth=0.7))
    axes.set(xlim=(-1.6, 1.6), ylim=(2.0, -1.6))
    axes.set_axis_off()
    # Named, so that the key can be read without telling its colours apart.
    for x, y, text in ((0, -1.28, "up"), (0, 1.28, "down"), (-1.2, 0, "left"), (1.2, 0, "right")):
        turn = 90.0 * x / 1.2
        axes.text(x, y, text, ha="center", va="center", fontsize=7, rotation=turn)
    axes.text(0, 1.78, f"rim: {limit:.3g} px", ha="center", va="center", fontsize=7.5)


def plot_mask(
    frame: Image,
    flow: Flow,
    reverse: Flow,
    *,
    thresholds: Thresholds = SUNDARAM,
    title: str = "Where the flow is not trusted",
) -> Figure:
    """The grey `frame` with what the mask rejects: disocclusion, motion boundary, out of frame.

    `flow` lives on the frame's grid, `reverse` on the other's, as in `consistency_mask`. Each
    kind has a colour, a hatching, and its share of the area in the legend. A pixel counts
    once: out of frame before disocclusion before boundary.
    """
    check_image(frame)
    check_flow(flow, like=frame)
    outside = out_of_frame(flow)
    hidden = disocclusion(flow, reverse, thresholds=thresholds)
    boundary = motion_boundary(flow, thresholds=thresholds) & ~hidden & ~outside
    share = reliable_share(consistency_mask(flow, reverse, thresholds=thresholds))
    kinds = (
        ("disocclusion", hidden, BLUE, "////"),
        ("motion boundary", boundary, ORANGE, "...."),
        ("out of frame", outside, YELLOW, "\\\\\\\\"),
    )
    height, width = frame.shape[:2]
    scale = 5.8 / max(width, height)
    parts = [f"{name} {100 * area.mean():.1f} %" for name, area, _, _ in kinds]
    with house_style():
        figure = new_figure(
            max(width * scale, 5.2) + 0.3,
            height * scale + 1.0,
            alt=f"{title}: {', '.join(parts)}; trusted {100 * share:.1f} % of the area.",
        )
        figure.set_layout_engine("constrained")
        axes = figure.add_subplot()
        axes.imshow(_paint(frame, [(area, color) for _, area, color, _ in kinds]))
        for _, area, _, hatch in kinds:
            draw_hatching(axes, area, hatch)
        axes.set_title(title, loc="left", fontweight="bold")
        axes.set_title(f"trusted {100 * share:.1f} %", loc="right", fontsize=10)
        axes.set_xticks([])
        axes.set_yticks([])
        patches = [
            Patch(facecolor=color, edgecolor=INK, hatch=hatch, label=part)
            for part, (_, _, color, hatch) in zip(parts, kinds, strict=True)
        ]
        figure.legend(
            handles=patches,
            loc="outside lower center",
            ncols=3,
            frameon=False,
            fontsize=9,
            handlelength=2.4,
            handleheight=1.3,
            columnspacing=1.4,
        )
    return figure


def draw_hatching(axes: Axes, area: BoolMask, hatch: str) -> None:
    """Hatch the pixels of `area` in axes that show a picture of its size."""
    if area.any() and min(area.shape) > 1:
        axes.contourf(area, levels=[0.5, 1.5], colors="none", hatches=[hatch])


def _paint(frame: Image, areas: list[tuple[BoolMask, str]]) -> NDArray[np.float32]:
    # Paler than the frame itself, so that colours and hatching stand out in dark places too.
    grey = 0.35 + 0.6 * (frame @ _LUMINANCE)
    painted = np.repeat(grey[..., None], 3, axis=2)
    for area, color in areas:
        painted[area] = 0.15 * painted[area] + 0.85 * np.array(to_rgb(color), np.float32)
    return np.asarray(painted, np.float32)


def _draw_arrows(axes: Axes, flow: Flow, count: int, limit: float) -> float:
    """Draw arrows from the middle of even cells; returns how much longer than the motion."""
    height, width = flow.shape[:2]
    spacing = max(1, round(max(height, width) / count))
    y, x = np.mgrid[spacing // 2 : height : spacing, spacing // 2 : width : spacing]
    vectors = flow[y, x]
    # The longest just about reach the next arrow's tail.
    stretch = 0.9 * spacing / limit
    axes.quiver(
        x,
        y,
        vectors[..., 0] * stretch,
        vectors[..., 1] * stretch,
        angles="xy",
        scale_units="xy",
        scale=1.0,
        units="width",
        width=0.0035,
        headwidth=3.5,
        color=INK,
        minlength=0.4,
    )
    axes.set(xlim=(-0.5, width - 0.5), ylim=(height - 0.5, -0.5))
    return stretch
