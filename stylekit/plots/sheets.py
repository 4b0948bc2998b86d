"""Sheets of pictures: frames beside one another, their warping errors, and the demo's overview."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Colormap, Normalize
from matplotlib.figure import Figure
from numpy.typing import NDArray

from ..arrays import Flow, Image, Mask, check_mask
from ..metrics import warping_error, warping_error_map
from .canvas import FAINT, UNTRUSTED, UNTRUSTED_LINES, Grid, house_style, picture_grid
from .motion import draw_color_key, draw_hatching, flow_to_color, full_color_magnitude

# Errors are shown as their root, in brightness, and up to the value that 99 % stay below.
_ERROR_PERCENTILE = 99
_LEAST_LIMIT = 1 / 255


def plot_frames(
    rows: Mapping[str, Sequence[Image]],
    *,
    column_labels: Sequence[str] | None = None,
    title: str = "",
    caption: str = "",
) -> Figure:
    """A contact sheet: one row for each entry of `rows`, its name at the left.

    Every row holds the same number of pictures `(H, W, 3)`; they may differ in size. A name's
    first line is bold. `column_labels` are numbers 0, 1, 2 … if left out.
    Raises ValueError if there are no pictures or rows differ in length.
    """
    counts = {len(row) for row in rows.values()}
    if len(counts) != 1 or 0 in counts:
        raise ValueError("rows: every row needs the same number of pictures, at least one")
    count = counts.pop()
    labels = [str(index) for index in range(count)] if column_labels is None else column_labels
    if len(labels) != count:
        raise ValueError(f"column_labels: give one for each of the {count} columns")
    with house_style():
        grid = picture_grid(
            list(rows),
            labels,
            shape=next(iter(rows.values()))[0].shape,
            alt=f"{title or 'Pictures'}: rows {', '.join(_first_line(name) for name in rows)}.",
            title=title,
            caption=caption,
        )
        for axes_row, pictures in zip(grid.axes, rows.values(), strict=True):
            for axes, picture in zip(axes_row, pictures, strict=True):
                _show(axes, picture)
    return grid.figure


def plot_warping_error(
    errors: Mapping[str, NDArray[np.float32]],
    mask: Mask,
    *,
    limit: float | None = None,
    title: str = "Warping error",
) -> Figure:
    """Maps of `warping_error_map` side by side on one scale, what is not trusted in grey.

    `errors` maps a name to a map of squared errors `(H, W)`, as it comes; its root is shown, in
    units of brightness. The scale ends at `limit`, or at what 99 % of the trusted pixels of
    all maps stay below.
    """
    if not errors:
        raise ValueError("errors: give at least one map")
    for name, error in errors.items():
        check_mask(mask, like=error)
        if error.shape != mask.shape:
            raise ValueError(f"{name}: must have the shape {mask.shape}, has {error.shape}")
    limit = _error_limit(list(errors.values()), [mask] * len(errors)) if limit is None else limit
    labels = [f"{name}\n{_masked_root(error, mask):.3f}" for name, error in errors.items()]
    with house_style():
        grid = picture_grid(
            [""],
            labels,
            shape=mask.shape,
            alt=f"{title}, masked root mean square: {', '.join(labels)}.".replace("\n", " "),
            title=title,
            caption="number: root mean square of the trusted area; hatched grey: not trusted",
            strip=0.95,
        )
        for axes, error in zip(grid.axes[0], errors.values(), strict=True):
            _show_error(axes, error, mask, limit)
        _draw_scale(grid, 0, 0, limit)
    return grid.figure


def plot_contact_sheet(
    content: Sequence[Image],
    independent: Sequence[Image],
    temporal: Sequence[Image],
    backward_flows: Sequence[Flow],
    masks: Sequence[Mask],
    *,
    backbone: str,
    frame_indices: Sequence[int] | None = None,
    title: str = "Frame by frame against the temporal method",
) -> Figure:
    """One page that explains a run: input, both results, flow, mask, and both warping errors.

    `content`, `independent` and `temporal` are the N frames of the input and of its two
    stylisations, each `(H, W, 3)`; `backward_flows[k]` and `masks[k]` belong to frame k+1.
    `frame_indices` are the columns, each at least 1; four spread over the clip if left out.
    Both rows of errors share one scale. `backbone` is named in the caption.
    Raises ValueError if lengths differ or a frame has no predecessor.
    """
    count = len(content)
    chosen = _spread(count) if frame_indices is None else list(frame_indices)
    _check_clip(count, independent, temporal, backward_flows, masks, chosen)
    clips = (independent, temporal)
    errors = [
        [warping_error_map(clip[i], clip[i - 1], backward_flows[i - 1]) for i in chosen]
        for clip in clips
    ]
    flows, shown_masks = ([each[i - 1] for i in chosen] for each in (backward_flows, masks))
    limit = _error_limit(errors[0] + errors[1], shown_masks * 2)
    motion = max(full_color_magnitude(flow) for flow in flows)
    roots = [warping_error(clip, backward_flows, masks).rmse for clip in clips]
    with house_style():
        grid = _empty_contact_sheet(content[0].shape, chosen, roots, backbone, title)
        for column, index in enumerate(chosen):
            cells = [row[column] for row in grid.axes]
            for axes, clip in zip(cells, (content, independent, temporal), strict=False):
                _show(axes, clip[index])
            _show(cells[3], flow_to_color(flows[column], max_magnitude=motion))
            cells[4].imshow(shown_masks[column], cmap="gray", vmin=0, vmax=1)
            for axes, row in zip(cells[5:], errors, strict=True):
                _show_error(axes, row[column], shown_masks[column], limit)
        draw_color_key(grid, 3, motion)
        _draw_scale(grid, 5, 6, limit)
    return grid.figure


def _empty_contact_sheet(
    shape: tuple[int, ...],
    chosen: Sequence[int],
    roots: Sequence[float],
    backbone: str,
    title: str,
) -> Grid:
    return picture_grid(
        [
            "input",
            "frame by frame",
            "temporal",
            "flow\nto the frame before",
            "mask\nwhite: trusted",
            f"error\nframe by frame\n{roots[0]:.3f} over the clip",
            f"error\ntemporal\n{roots[1]:.3f} over the clip",
        ],
        [f"frame {index}" for index in chosen],
        shape=shape,
        alt=f"{title}: root warping error {roots[0]:.3f} frame by frame, {roots[1]:.3f} with "
        "the temporal method.",
        title=title,
        caption=f"Backbone: {backbone}. Error: root of the squared difference from the frame\n"
        "before, warped along the input's flow; one scale for both rows; hatched: not trusted.",
        strip=0.95,
    )


def _spread(count: int) -> list[int]:
    return sorted({round(x) for x in np.linspace(1, count - 1, 4)}) if count > 1 else []


def _check_clip(
    count: int,
    independent: Sequence[Image],
    temporal: Sequence[Image],
    backward_flows: Sequence[Flow],
    masks: Sequence[Mask],
    chosen: Sequence[int],
) -> None:
    if not (len(independent) == len(temporal) == count):
        raise ValueError("content, independent and temporal: need the same number of frames")
    if not (len(backward_flows) == len(masks) == count - 1):
        raise ValueError("backward_flows and masks: give one fewer of each than frames")
    if not chosen or not all(1 <= index < count for index in chosen):
        raise ValueError(f"frame_indices: must lie in 1…{count - 1}, and there must be one")


def _first_line(name: str) -> str:
    return name.partition("\n")[0]


def _show(axes: Axes, picture: Image) -> None:
    axes.imshow(np.clip(picture, 0.0, 1.0))


def _error_colors() -> Colormap:
    # Light is good, dark is bad: small errors stay visible on paper and on a screen.
    return matplotlib.colormaps["magma_r"].with_extremes(bad=UNTRUSTED)


def _show_error(axes: Axes, error: NDArray[np.float32], mask: Mask, limit: float) -> None:
    untrusted = mask < 0.5
    root = np.ma.masked_where(untrusted, np.sqrt(error))
    axes.imshow(root, cmap=_error_colors(), vmin=0, vmax=limit, interpolation="nearest")
    draw_hatching(axes, untrusted, "////", color=UNTRUSTED_LINES)


def _error_limit(errors: Sequence[NDArray[np.float32]], masks: Sequence[Mask]) -> float:
    trusted = [error[mask >= 0.5] for error, mask in zip(errors, masks, strict=True)]
    values = np.concatenate(trusted)
    if not values.size:
        return _LEAST_LIMIT
    # One grey level at least: rounding alone should not fill the scale.
    return max(float(np.sqrt(np.percentile(values, _ERROR_PERCENTILE))), _LEAST_LIMIT)


def _masked_root(error: NDArray[np.float32], mask: Mask) -> float:
    area = float(mask.sum(dtype=np.float64))
    return float(np.sqrt((mask * error).sum(dtype=np.float64) / area)) if area else float("nan")


def _draw_scale(grid: Grid, first_row: int, last_row: int, limit: float) -> None:
    """The colour scale of the errors, in the free strip beside the rows."""
    left, width = grid.strip
    low = grid.axes[last_row][-1].get_position().y0
    high = grid.axes[first_row][-1].get_position().y1
    axes = grid.figure.add_axes((left + 0.05 * width, low, 0.16 * width, high - low))
    mappable = ScalarMappable(Normalize(0, limit), _error_colors())
    bar = grid.figure.colorbar(mappable, cax=axes, extend="max")
    bar.ax.tick_params(labelsize=8)
    bar.set_label("error", fontsize=8.5, color=FAINT)
