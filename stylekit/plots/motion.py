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
from .canvas import BLUE, FAINT, INK, ORANGE, YELLOW, Grid, house_style, picture_grid

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
    caption = "no motion"
    if limit > 0:
        caption = f"full colour at {limit:.3g} px"
        if arrows > 0:
            caption += f"; arrows {_stretch(flow, arrows, limit):.2g} × the motion"
    with house_style():
        grid = picture_grid(
            [""],
            [""],
            shape=flow.shape,
            alt=f"{title}: {width} by {height} pixels, motion up to about {limit:.3g} pixels.",
            title=title,
            caption=caption,
            cell=5.5,
            strip=1.3,
        )
        axes = grid.axes[0][0]
        axes.imshow(flow_to_color(flow, max_magnitude=limit))
        if arrows > 0 and limit > 0:
            _draw_arrows(axes, flow, arrows, limit)
        draw_color_key(grid, 0, limit)
    return grid.figure


def draw_color_key(grid: Grid, row: int, limit: float) -> None:
    """Draw the wheel of `flow_to_color` beside a row of `grid`; its rim is `limit` pixels."""
    left, width = grid.strip
    row_box = grid.axes[row][-1].get_position()
    height = 1.15 * width * grid.figure.get_figwidth() / grid.figure.get_figheight()
    axes = grid.figure.add_axes((left, (row_box.y0 + row_box.y1 - height) / 2, width, height))
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
    parts = [f"{name} {100 * area.mean():.1f} %" for name, area, _, _ in kinds]
    trusted = f"trusted {100 * share:.1f} %"
    with house_style():
        grid = picture_grid(
            [""],
            [""],
            shape=frame.shape,
            alt=f"{title}: {', '.join(parts)}; {trusted} of the area.",
            title=title,
            cell=5.5,
            strip=2.3,
        )
        axes = grid.axes[0][0]
        axes.imshow(_paint(frame, [(area, color) for _, area, color, _ in kinds]))
        for _, area, _, hatch in kinds:
            draw_hatching(axes, area, hatch)
        patches = [
            Patch(facecolor=color, edgecolor=INK, hatch=hatch, label=part)
            for part, (_, _, color, hatch) in zip(parts, kinds, strict=True)
        ]
        patches.append(Patch(facecolor="#d0d0d0", edgecolor=INK, label=trusted))
        _draw_legend(grid, patches)
    return grid.figure


def _draw_legend(grid: Grid, patches: list[Patch]) -> None:
    box = grid.axes[0][-1].get_position()
    grid.figure.legend(
        handles=patches,
        loc="center left",
        bbox_to_anchor=(grid.strip[0] + 0.015, (box.y0 + box.y1) / 2),
        borderaxespad=0,
        frameon=False,
        fontsize=9,
        handlelength=2.4,
        handleheight=1.5,
        labelspacing=0.9,
    )


def draw_hatching(axes: Axes, area: BoolMask, hatch: str, *, color: str = INK) -> None:
    """Hatch the pixels of `area` in axes that show a picture of its size."""
    if area.any() and min(area.shape) > 1:
        drawn = axes.contourf(area, levels=[0.5, 1.5], colors="none", hatches=[hatch])
        drawn.set(edgecolor=color, linewidth=0)


def _paint(frame: Image, areas: list[tuple[BoolMask, str]]) -> NDArray[np.float32]:
    # Paler than the frame itself, so that colours and hatching stand out in dark places too.
    grey = 0.35 + 0.6 * (frame @ _LUMINANCE)
    painted = np.repeat(grey[..., None], 3, axis=2)
    for area, color in areas:
        painted[area] = 0.15 * painted[area] + 0.85 * np.array(to_rgb(color), np.float32)
    return np.asarray(painted, np.float32)


def _arrow_spacing(flow: Flow, count: int) -> int:
    return max(1, round(max(flow.shape[:2]) / count))


def _stretch(flow: Flow, count: int, limit: float) -> float:
    """How much longer than the motion arrows are: the longest just reach the next one's tail."""
    return 0.9 * _arrow_spacing(flow, count) / limit


def _draw_arrows(axes: Axes, flow: Flow, count: int, limit: float) -> None:
    height, width = flow.shape[:2]
    spacing = _arrow_spacing(flow, count)
    y, x = np.mgrid[spacing // 2 : height : spacing, spacing // 2 : width : spacing]
    vectors = flow[y, x] * _stretch(flow, count, limit)
    axes.quiver(
        x,
        y,
        vectors[..., 0],
        vectors[..., 1],
        angles="xy",
        scale_units="xy",
        scale=1.0,
        units="inches",
        width=0.018,
        headwidth=3.5,
        color=INK,
        minlength=0.4,
    )
    axes.set(xlim=(-0.5, width - 0.5), ylim=(height - 0.5, -0.5))
