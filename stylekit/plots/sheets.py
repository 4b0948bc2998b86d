"""Contact sheets: pictures side by side, and the overview of a run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure

from ..arrays import Flow, Image, Mask
from ..motion.warping import warping_error, warping_error_map
from .error_maps import MIN_BRIGHTNESS, draw_error_scale, error_limit, show_error
from .flows import draw_color_key, flow_to_color, full_color_magnitude
from .grid import Grid, picture_grid, show_picture
from .style import figure_style


def plot_frames(
    rows: Mapping[str, Sequence[Image]],
    *,
    column_labels: Sequence[str] | None = None,
    title: str = "",
    caption: str = "",
) -> Figure:
    """A contact sheet: one row for each entry of `rows`, its name at the left.

    Parameters
    ----------
    rows : pictures `(H, W, 3)` by name, equally many in each row; they may differ in size. The
        first line of a name is bold.
    column_labels : 0, 1, 2 … if left out.
    title, caption : the texts above and below.

    Raises
    ------
    ValueError : if there are no pictures, or rows differ in length.
    """
    counts = {len(row) for row in rows.values()}
    if len(counts) != 1 or 0 in counts:
        raise ValueError("rows: every row needs the same number of pictures, at least one")
    count = counts.pop()
    labels = [str(index) for index in range(count)] if column_labels is None else column_labels
    if len(labels) != count:
        raise ValueError(f"column_labels: give one for each of the {count} columns")
    first_lines = [name.partition("\n")[0] for name in rows]
    with figure_style():
        grid = picture_grid(
            list(rows),
            labels,
            shape=next(iter(rows.values()))[0].shape,
            alt=f"{title or 'Pictures'}: rows {', '.join(first_lines)}.",
            title=title,
            caption=caption,
        )
        for axes_row, pictures in zip(grid.axes, rows.values(), strict=True):
            for axes, picture in zip(axes_row, pictures, strict=True):
                show_picture(axes, picture)
    return grid.figure


def plot_clips(
    clips: Mapping[str, Sequence[Image]],
    *,
    frame_indices: Sequence[int] | None = None,
    title: str = "The same frames",
    caption: str = "",
) -> Figure:
    """A contact sheet for eyes: the same frames of several clips, one row for each clip.

    Parameters
    ----------
    clips : N frames `(H, W, 3)` by name, of the same number, such as the input and two results.
    frame_indices : the columns; the first, the last and up to four between if left out.
    title, caption : the texts above and below.

    Raises
    ------
    ValueError : if there is no frame, clips differ in length, or a frame is not in the clips.
    """
    counts = {len(frames) for frames in clips.values()}
    if len(counts) != 1 or 0 in counts:
        raise ValueError("clips: every clip needs the same number of frames, at least one")
    count = counts.pop()
    chosen = _spread(0, count, 6) if frame_indices is None else list(frame_indices)
    if not chosen or not all(0 <= index < count for index in chosen):
        raise ValueError(f"frame_indices: must lie in 0…{count - 1}, and there must be one")
    return plot_frames(
        {name: [frames[index] for index in chosen] for name, frames in clips.items()},
        column_labels=[f"frame {index}" for index in chosen],
        title=title,
        caption=caption,
    )


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

    Parameters
    ----------
    content, independent, temporal : the N frames `(H, W, 3)` of the input, painted frame by frame,
        and with the temporal method.
    backward_flows, masks : N − 1 of each; number k belongs to frame k + 1.
    backbone : the network that is named in the caption.
    frame_indices : the columns, from 1 on; four spread over the clip if left out.

    Raises
    ------
    ValueError : if lengths differ, or a frame has no predecessor.
    """
    count = len(content)
    chosen = _spread(1, count, 4) if frame_indices is None else list(frame_indices)
    _check_clip(count, independent, temporal, backward_flows, masks, chosen)
    clips = (independent, temporal)
    # The root of an error is in units of brightness.
    errors = [
        [np.sqrt(warping_error_map(clip[i], clip[i - 1], backward_flows[i - 1])) for i in chosen]
        for clip in clips
    ]
    flows, shown_masks = ([each[i - 1] for i in chosen] for each in (backward_flows, masks))
    trusted = [mask >= 0.5 for mask in shown_masks]
    limit = error_limit(errors[0] + errors[1], trusted * 2, least=MIN_BRIGHTNESS)
    motion = max(full_color_magnitude(flow) for flow in flows)
    roots = [warping_error(clip, backward_flows, masks).rmse for clip in clips]
    with figure_style():
        grid = _empty_contact_sheet(content[0].shape, chosen, roots, backbone, title)
        for column, index in enumerate(chosen):
            cells = [row[column] for row in grid.axes]
            for axes, clip in zip(cells, (content, independent, temporal), strict=False):
                show_picture(axes, clip[index])
            show_picture(cells[3], flow_to_color(flows[column], max_magnitude=motion))
            cells[4].imshow(shown_masks[column], cmap="gray", vmin=0, vmax=1)
            for axes, row in zip(cells[5:], errors, strict=True):
                show_error(axes, row[column], trusted[column], limit)
        draw_color_key(grid, 3, motion)
        draw_error_scale(grid, 5, 6, limit, label="error")
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


def _spread(first: int, end: int, most: int) -> list[int]:
    """Up to `most` frames spread evenly from `first` to the last one before `end`."""
    if first >= end:
        return []
    return sorted({round(x) for x in np.linspace(first, end - 1, most)})


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
