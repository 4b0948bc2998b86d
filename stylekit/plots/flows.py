"""Pictures of optical flow and of its error."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import hsv_to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import Circle
from numpy.typing import NDArray

from ..arrays import Flow, Image, check_flow, check_image
from ..motion.scores import endpoint_error, endpoint_error_map
from ..motion.truth import Truth
from .areas import DISOCCLUDED, Area, draw_areas, mask_paper
from .error_maps import draw_error_scale, error_limit, show_error
from .grid import Grid, picture_grid, show_picture
from .style import FAINT, INK, figure_style

# Scales of end-point errors span at least this, in pixels, so that rounding does not fill them.
_MIN_ERROR = 0.1


def flow_to_color(flow: Flow, *, max_magnitude: float | None = None) -> Image:
    """Flow as a picture: the hue shows the direction, the saturation the length.

    White is no motion. As on the Middlebury wheel, right is red, down yellow-green, left cyan and
    up violet: hue = atan2(dy, dx) / 2π of the colour circle, y down; saturation = length /
    `max_magnitude`, at most 1.

    Parameters
    ----------
    flow : `(H, W, 2)`, in pixels.
    max_magnitude : the length of full colour, in pixels; `full_color_magnitude(flow)` if left out.
        Give the same number for pictures that are compared.

    Returns
    -------
    float32 `(H, W, 3)` in [0, 1].

    Examples
    --------
    >>> to_the_right = np.full((1, 1, 2), (2.0, 0.0), np.float32)
    >>> flow_to_color(to_the_right, max_magnitude=2.0).tolist()
    [[[1.0, 0.0, 0.0]]]
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
    """The 99th percentile of the lengths, in pixels, so that single outliers do not count."""
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

    Parameters
    ----------
    flow : `(H, W, 2)`, in pixels.
    max_magnitude : as in `flow_to_color`.
    arrows : their number along the longer side, 0 for none. They are scaled to be readable; the
        caption states the factor.
    """
    check_flow(flow)
    limit = full_color_magnitude(flow) if max_magnitude is None else max_magnitude
    height, width = flow.shape[:2]
    with figure_style():
        grid = picture_grid(
            [""],
            [""],
            shape=flow.shape,
            alt=f"{title}: {width} by {height} pixels, motion up to about {limit:.3g} pixels.",
            title=title,
            caption=_flow_caption(flow, arrows, limit),
            cell=5.5,
            strip=1.3,
        )
        _show_flow(grid.axes[0][0], flow, arrows, limit)
        draw_color_key(grid, 0, limit)
    return grid.figure


def draw_color_key(grid: Grid, row: int, limit: float) -> None:
    """Draw the wheel of `flow_to_color` beside a row of `grid`; its rim means `limit` pixels."""
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
    # Words, so that the key is readable without colour vision.
    for x, y, text in ((0, -1.28, "up"), (0, 1.28, "down"), (-1.2, 0, "left"), (1.2, 0, "right")):
        turn = 90.0 * x / 1.2
        axes.text(x, y, text, ha="center", va="center", fontsize=7, rotation=turn)
    axes.text(0, 1.78, f"rim: {limit:.3g} px", ha="center", va="center", fontsize=7.5)


def plot_flows(
    flows: Mapping[str, Flow],
    *,
    frame: Image | None = None,
    truth: Truth | None = None,
    max_magnitude: float | None = None,
    title: str = "Optical flow",
    arrows: int = 12,
) -> Figure:
    """Flows of one pair of frames side by side on one colour scale, and their errors.

    Parameters
    ----------
    flows : flows `(H, W, 2)` by name.
    frame : `(H, W, 3)`, the picture on whose grid they live; shown first.
    truth : if given, a second row shows the end-point errors on one scale, grey where the truth
        is not known, and the true disocclusion in a copy of `frame`.
    max_magnitude : pixels at full colour; if left out, 99 % of the vectors of every flow are
        shorter.
    arrows : as in `plot_flow`, with the same factor for all.

    Raises
    ------
    ValueError : if there is no flow or sizes differ.
    """
    if not flows:
        raise ValueError("flows: give at least one")
    first = next(iter(flows.values()))
    for name, flow in flows.items():
        check_flow(flow, name, like=first)
    if frame is not None:
        check_image(frame, "frame", like=first)
    limit = max_magnitude
    if limit is None:
        limit = max(full_color_magnitude(flow) for flow in flows.values())
    errors = {}
    if truth is not None:
        for name, flow in flows.items():
            mean = endpoint_error(flow, truth.flow, where=truth.known)
            errors[name] = endpoint_error_map(flow, truth.flow), mean
    names = list(flows)
    parts = [f"{name} off by {errors[name][1]:.2f} pixels" if errors else name for name in names]
    with figure_style():
        grid = picture_grid(
            ["flow", "error"] if truth is not None else [""],
            names if frame is None else ["frame", *names],
            shape=first.shape,
            alt=f"{title}, up to about {limit:.3g} pixels: {', '.join(parts)}.",
            title=title,
            caption=_flow_caption(first, arrows, limit),
            strip=1.2,
            foot=0.22 if truth is not None else 0.0,
        )
        for axes, flow in zip(grid.axes[0][-len(names) :], flows.values(), strict=True):
            _show_flow(axes, flow, arrows, limit)
        draw_color_key(grid, 0, limit)
        if frame is not None:
            show_picture(grid.axes[0][0], frame)
        if truth is not None:
            _draw_errors(grid, errors, truth)
            if frame is not None:
                _draw_disoccluded(grid.axes[1][0], frame, truth)
    return grid.figure


def _draw_errors(
    grid: Grid, errors: Mapping[str, tuple[NDArray[np.float32], float]], truth: Truth
) -> None:
    maps = [error for error, _ in errors.values()]
    limit = error_limit(maps, [truth.known] * len(maps), least=_MIN_ERROR)
    for axes, (error, mean) in zip(grid.axes[1][-len(maps) :], errors.values(), strict=True):
        show_error(axes, error, truth.known, limit)
        axes.set_xlabel(f"EPE {mean:.2f} px", fontsize=9, labelpad=3)
    draw_error_scale(grid, 1, 1, limit, label="end-point error, px")


def _draw_disoccluded(axes: Axes, frame: Image, truth: Truth) -> None:
    hidden = Area("disoccluded", truth.disocclusion & truth.known, DISOCCLUDED)
    draw_areas(axes, mask_paper(frame), [hidden])
    axes.set_xlabel("striped: truly disoccluded", fontsize=9, labelpad=3)


def _show_flow(axes: Axes, flow: Flow, arrows: int, limit: float) -> None:
    axes.imshow(flow_to_color(flow, max_magnitude=limit))
    if arrows > 0 and limit > 0:
        _draw_arrows(axes, flow, arrows, limit)


def _flow_caption(flow: Flow, arrows: int, limit: float) -> str:
    if limit <= 0:
        return "no motion"
    caption = f"full colour at {limit:.3g} px"
    if arrows > 0:
        caption += f"; arrows {_stretch(flow, arrows, limit):.2g} × the motion"
    return caption


def _arrow_spacing(flow: Flow, count: int) -> int:
    return max(1, round(max(flow.shape[:2]) / count))


def _stretch(flow: Flow, count: int, limit: float) -> float:
    """Length of arrows / motion: the longest arrows end near the start of the next one."""
    return 0.9 * _arrow_spacing(flow, count) / limit


def _draw_arrows(axes: Axes, flow: Flow, count: int, limit: float) -> None:
    height, width = flow.shape[:2]
    spacing = _arrow_spacing(flow, count)
    y, x = np.mgrid[spacing // 2 : height : spacing, spacing // 2 : width : spacing]
    vectors = flow[y, x] * _stretch(flow, count, limit)
    in_pixels: dict[str, Any] = {"angles": "xy", "scale_units": "xy", "scale": 1.0}
    look: dict[str, Any] = {"width": 0.018, "headwidth": 3.5, "color": INK, "minlength": 0.4}
    axes.quiver(x, y, vectors[..., 0], vectors[..., 1], units="inches", **in_pixels, **look)
    axes.set(xlim=(-0.5, width - 0.5), ylim=(height - 0.5, -0.5))
