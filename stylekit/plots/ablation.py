"""The figure that separates the errors of the flow from those of the loss."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from ..arrays import Image
from ..explain.ablation import AblationRow, FlowAblation
from ..motion.flow import FLOWS
from ..motion.warping import warping_error_map
from ..settings import label_of
from .areas import NOT_TRUSTED, WRONG, Area, draw_areas, pale_paper
from .error_maps import MIN_BRIGHTNESS, draw_error_scale, error_limit, show_error
from .grid import Grid, draw_legend_below, picture_grid, show_picture
from .masks import trusted_but_wrong_area
from .style import OUTLINE, figure_style

# The detail shows this share of the frame's width and height.
_CROP_SHARE = 0.3
# Inches: the smallest height at which a row's numbers fit beside it, and the usual longer side.
_MIN_HEIGHT, _CELL = 1.55, 2.3

Window = tuple[slice, slice]


def plot_flow_ablation(
    ablation: FlowAblation,
    *,
    frame_index: int | None = None,
    title: str = "The same clip and style with different flow",
) -> Figure:
    """A row for each flow method: frame, detail, errors of the mask, and flicker.

    The detail is taken where the methods' frames differ most. The third picture shows what the
    mask does not trust, and what it trusts although the flow is wrong by over a pixel. The fourth
    shows the root warping error along the exact flow on a common scale, grey where the frame
    before does not show the pixel. The numbers beside a row are means over the clip.

    Parameters
    ----------
    ablation : the result of `ablate_flow`.
    frame_index : the frame that is shown, from 1 on; the last if left out.

    Raises
    ------
    ValueError : if there are no rows, or the frame has no predecessor.
    """
    scene, rows = ablation.scene, ablation.rows
    index = len(scene.frames) - 1 if frame_index is None else frame_index
    if not rows:
        raise ValueError("ablation: has no rows")
    if not 1 <= index < len(scene.frames):
        raise ValueError(f"frame_index: must lie in 1…{len(scene.frames) - 1}, is {index}")
    frames = [row.frames[index] for row in rows]
    truth = scene.backward[index - 1]
    visible = truth.known & ~truth.disocclusion
    errors = [
        np.sqrt(warping_error_map(row.frames[index], row.frames[index - 1], truth.flow))
        for row in rows
    ]
    limit = error_limit(errors, [visible] * len(rows), least=MIN_BRIGHTNESS)
    window = _differing_window(frames)
    with figure_style():
        grid = _ablation_grid(ablation, index, title)
        for axes, row, error in zip(grid.axes, rows, errors, strict=True):
            show_picture(axes[0], row.frames[index])
            _draw_box(axes[0], window)
            show_picture(axes[1], row.frames[index][window])
            areas = _mask_areas(ablation, row, index)
            draw_areas(axes[2], pale_paper(scene.frames[index]), areas)
            show_error(axes[3], error, visible, limit)
        draw_legend_below(grid, [area.patch() for area in areas])
        draw_error_scale(grid, 0, len(rows) - 1, limit, label="root warping error")
    return grid.figure


def _ablation_grid(ablation: FlowAblation, index: int, title: str) -> Grid:
    shape = ablation.scene.frames[0].shape
    errors = (
        f"{label_of(FLOWS, row.method)} {_permille(row.warping_error.rmse)}"
        for row in ablation.rows
    )
    return picture_grid(
        [_row_label(row) for row in ablation.rows],
        [f"frame {index}", "detail, enlarged", "mask", "error along the exact flow"],
        shape=shape,
        alt=f"{title}: root warping error along the exact flow: {', '.join(errors)}.",
        title=title,
        caption=f"Scene {ablation.scene.name}, style {ablation.style_name}, backbone "
        f"{ablation.backbone}. Numbers: means over the clip; the scene's own warping error is "
        f"{_permille(ablation.floor.rmse)}.\n"
        "Errors are hatched where the frame before does not show the pixel.",
        cell=max(_CELL, _MIN_HEIGHT * max(1.0, shape[1] / shape[0])),
        strip=0.95,
        foot=0.36,
    )


def _row_label(row: AblationRow) -> str:
    return f"""{label_of(FLOWS, row.method)}
end-point error {row.endpoint_error:.2f} px
mask F1 {row.union_f1:.2f}
trusted {100 * row.reliable:.1f} %,
wrong of it {100 * row.trusted_but_wrong:.1f} %
warping error {_permille(row.warping_error.rmse)}
where flow deceives {_permille(row.smudge.rmse)}
sharpness {100 * row.sharpness:.0f} %
style distance {row.style_distance:.3g}"""


def _permille(error: float) -> str:
    return f"{1000 * error:.1f} ‰" if np.isfinite(error) else "–"


def _mask_areas(ablation: FlowAblation, row: AblationRow, index: int) -> list[Area]:
    flow = ablation.scene.flow_pair(index - 1, method=row.method).backward_flow
    mask = row.masks[index - 1]
    wrong = trusted_but_wrong_area(flow, ablation.scene.backward[index - 1], mask)
    return [
        Area("not trusted", mask < 0.5, NOT_TRUSTED),
        Area("trusted, but the flow is wrong", wrong, WRONG),
    ]


def _differing_window(frames: Sequence[Image]) -> Window:
    """The part of the frame in which the variance between the pictures is largest."""
    height, width = frames[0].shape[:2]
    tall, wide = max(1, round(_CROP_SHARE * height)), max(1, round(_CROP_SHARE * width))
    variance = np.var(np.stack(frames), axis=0, dtype=np.float64).sum(axis=2)
    # The sums over all windows at once, from a table of sums up to each pixel (summed areas).
    corner = np.pad(variance, ((1, 0), (1, 0))).cumsum(axis=0).cumsum(axis=1)
    rows = corner[tall:] - corner[:-tall]
    sums = rows[:, wide:] - rows[:, :-wide]
    top, left = np.unravel_index(int(np.argmax(sums)), sums.shape)
    return slice(int(top), int(top) + tall), slice(int(left), int(left) + wide)


def _draw_box(axes: Axes, window: Window) -> None:
    rows, columns = window
    corner = (columns.start - 0.5, rows.start - 0.5)
    size = (columns.stop - columns.start, rows.stop - rows.start)
    for color, width in OUTLINE:
        axes.add_patch(Rectangle(corner, *size, fill=False, edgecolor=color, linewidth=width))
