"""Maps of errors: light is small, dark is large, grey with hatching is left out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Colormap, Normalize
from matplotlib.figure import Figure
from numpy.typing import NDArray

from ..arrays import BoolMask, Mask, check_mask
from .areas import draw_hatching
from .grid import Grid, picture_grid
from .style import FAINT, UNTRUSTED, UNTRUSTED_LINES, figure_style

# A scale ends at this percentile of the errors.
_ERROR_PERCENTILE = 99
# A scale spans at least one grey level, so that rounding alone does not fill it.
MIN_BRIGHTNESS = 1 / 255


def plot_warping_error(
    errors: Mapping[str, NDArray[np.float32]],
    mask: Mask,
    *,
    limit: float | None = None,
    title: str = "Warping error",
) -> Figure:
    """Maps of the warping error side by side on one scale, pixels that are not trusted in grey.

    Parameters
    ----------
    errors : results of `warping_error_map` `(H, W)` by name. Their roots are shown, in units of
        brightness.
    mask : `(H, W)`, the reliability; below ½ a pixel is not trusted.
    limit : the end of the scale; 99 % of all trusted pixels lie below it if left out.
    """
    if not errors:
        raise ValueError("errors: give at least one map")
    for name, error in errors.items():
        check_mask(mask, like=error)
        if error.shape != mask.shape:
            raise ValueError(f"{name}: must have the shape {mask.shape}, has {error.shape}")
    trusted = mask >= 0.5
    roots = [np.sqrt(error) for error in errors.values()]
    if limit is None:
        limit = error_limit(roots, [trusted] * len(roots), least=MIN_BRIGHTNESS)
    labels = [f"{name}\n{_masked_root(error, mask):.3f}" for name, error in errors.items()]
    with figure_style():
        grid = picture_grid(
            [""],
            labels,
            shape=mask.shape,
            alt=f"{title}, masked root mean square: {', '.join(labels)}.".replace("\n", " "),
            title=title,
            caption="number: root mean square of the trusted area; hatched grey: not trusted",
            strip=0.95,
        )
        for axes, root in zip(grid.axes[0], roots, strict=True):
            show_error(axes, root, trusted, limit)
        draw_error_scale(grid, 0, 0, limit, label="error")
    return grid.figure


def show_error(axes: Axes, error: NDArray[np.float32], judged: BoolMask, limit: float) -> None:
    """Show `error` `(H, W)` on the scale 0 … `limit`, pixels that are not `judged` hatched."""
    shown = np.ma.masked_where(~judged, error)
    axes.imshow(shown, cmap=_error_colors(), vmin=0, vmax=limit, interpolation="nearest")
    draw_hatching(axes, ~judged, "////", color=UNTRUSTED_LINES)


def error_limit(
    errors: Sequence[NDArray[np.float32]], judged: Sequence[BoolMask], *, least: float
) -> float:
    """The end of a common scale, at least `least`: 99 % of all judged pixels lie below it."""
    values = np.concatenate([error[area] for error, area in zip(errors, judged, strict=True)])
    return max(float(np.percentile(values, _ERROR_PERCENTILE)), least) if values.size else least


def draw_error_scale(
    grid: Grid, first_row: int, last_row: int, limit: float, *, label: str
) -> None:
    """The colour scale of the errors, in the free strip beside the rows."""
    inch = 1 / grid.figure.get_figwidth()
    low = grid.axes[last_row][-1].get_position().y0
    high = grid.axes[first_row][-1].get_position().y1
    axes = grid.figure.add_axes((grid.strip[0] + 0.05 * inch, low, 0.14 * inch, high - low))
    mappable = ScalarMappable(Normalize(0, limit), _error_colors())
    bar = grid.figure.colorbar(mappable, cax=axes, extend="max")
    bar.ax.tick_params(labelsize=8)
    bar.set_label(label, fontsize=8.5, color=FAINT)


def _error_colors() -> Colormap:
    # From light to dark, so that small errors are visible on paper and on a screen.
    return matplotlib.colormaps["magma_r"].with_extremes(bad=UNTRUSTED)


def _masked_root(error: NDArray[np.float32], mask: Mask) -> float:
    area = float(mask.sum(dtype=np.float64))
    return float(np.sqrt((mask * error).sum(dtype=np.float64) / area)) if area else float("nan")
