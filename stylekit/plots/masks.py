"""Pictures of where flow can be trusted, by the tests and in truth."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.figure import Figure

from ..arrays import BoolMask, Flow, Image, Mask, check_flow, check_image, check_mask
from ..motion.masks import (
    SUNDARAM,
    Thresholds,
    consistency_mask,
    motion_boundary,
    out_of_frame,
    reliable_share,
)
from ..motion.scores import (
    WRONG_PIXELS,
    MotionScores,
    compare_masks,
    endpoint_error_map,
    motion_scores,
)
from ..motion.truth import Truth
from .areas import (
    BOUNDARY,
    DISOCCLUDED,
    FADING,
    FALSE,
    FOUND,
    MISSED,
    NOT_TRUSTED,
    OUTSIDE,
    PAPER,
    UNKNOWN,
    WRONG,
    Area,
    draw_areas,
    legend_patch,
    mask_paper,
    pale_paper,
)
from .grid import Grid, draw_legend, picture_grid, write_picture_title
from .style import figure_style

# The height of four lines of scores, in inches.
_TABLE_HEIGHT = 0.85


def plot_mask(
    frame: Image,
    flow: Flow,
    reverse: Flow,
    *,
    thresholds: Thresholds = SUNDARAM,
    smooth: float = 0.8,
    boundary: bool = True,
    dilate: int = 0,
    title: str = "Where the flow is not trusted",
) -> Figure:
    """The grey `frame` with what the mask rejects: disocclusion, motion boundary, out of frame.

    The colour is strong where the mask is low. The legend shows each kind with its share of the
    area. A pixel counts once: as out of frame, else as disoccluded, else as boundary. Pixels that
    are below one half only because of the smoothing are black.

    Parameters
    ----------
    frame : `(H, W, 3)` in [0, 1].
    flow, reverse, thresholds, smooth, boundary, dilate : as in `consistency_mask`; `flow` lives on
        the grid of `frame`.
    """
    check_image(frame)
    check_flow(flow, like=frame)
    mask = consistency_mask(
        flow, reverse, thresholds=thresholds, smooth=smooth, boundary=boundary, dilate=dilate
    )
    areas = _estimated(flow, reverse, thresholds, boundary=boundary, dilate=dilate)
    if smooth:
        tested = np.any([area.pixels for area in areas], axis=0)
        areas.append(Area("edge by smoothing", (mask < 0.5) & ~tested, FADING))
    trusted = f"trusted {100 * reliable_share(mask):.1f} %"
    parts = [f"{area.name} {100 * area.pixels.mean():.1f} %" for area in areas]
    with figure_style():
        grid = picture_grid(
            [""],
            [""],
            shape=frame.shape,
            alt=f"{title}: {', '.join(parts)}; {trusted} of the area.",
            title=title,
            cell=5.5,
            strip=2.4,
        )
        draw_areas(grid.axes[0][0], mask_paper(frame), areas, strength=1 - mask)
        patches = [area.patch(part) for area, part in zip(areas, parts, strict=True)]
        draw_legend(grid, [*patches, legend_patch(PAPER, trusted)])
    return grid.figure


def plot_truth(
    frame: Image,
    flow: Flow,
    reverse: Flow,
    truth: Truth,
    *,
    thresholds: Thresholds = SUNDARAM,
    tolerance: int = 1,
    mask: Mask | None = None,
    title: str = "Mask against truth",
) -> Figure:
    """The result of the tests compared with the truth, and where trust is misplaced.

    Four pictures on the grey `frame`: the true kinds of pixels; the estimated ones; their unions
    compared by `compare_masks`; the pixels that `mask` does not trust, and those that it trusts
    although their flow is wrong by more than a pixel. A table shows the scores of `motion_scores`.

    Parameters
    ----------
    frame : `(H, W, 3)` in [0, 1], on whose grid `flow` lives.
    flow, reverse, truth, thresholds, tolerance, mask : as in `motion_scores`.
    """
    check_image(frame)
    check_flow(flow, like=frame)
    if mask is None:
        mask = consistency_mask(flow, reverse, thresholds=thresholds)
    check_mask(mask, like=frame)
    scores = motion_scores(
        flow, reverse, truth, thresholds=thresholds, mask=mask, tolerance=tolerance
    )
    known = truth.known
    true = _kinds(
        truth.disocclusion & known, truth.motion_boundary & known, truth.out_of_frame & known
    )
    estimated = _estimated(flow, reverse, thresholds, boundary=True, dilate=0)
    compared = _compared(true, estimated, known, tolerance)
    wrong_share = f"trusted but wrong\n({100 * scores.trusted_but_wrong:.1f} % of the trusted)"
    trust = [
        Area("not trusted", mask < 0.5, NOT_TRUSTED),
        Area(wrong_share, trusted_but_wrong_area(flow, truth, mask), WRONG),
    ]
    unknown = [] if known.all() else [Area("truth not known", ~known, UNKNOWN)]
    with figure_style():
        grid = _truth_grid(frame.shape, scores, title)
        for axes, paper, areas, name in (
            (grid.axes[0][0], mask_paper, true, "truth"),
            (grid.axes[0][1], mask_paper, estimated, "estimate"),
            (grid.axes[1][0], pale_paper, [*compared, *unknown], "estimate against truth"),
            (grid.axes[1][1], pale_paper, [*trust, *unknown], "trust"),
        ):
            draw_areas(axes, paper(frame), areas)
            write_picture_title(axes, name)
        draw_legend(grid, [area.patch() for area in true])
        draw_legend(grid, [area.patch() for area in (*compared, *trust, *unknown)], row=1)
        _write_scores(grid, scores, tolerance)
    return grid.figure


def _compared(
    true: list[Area], estimated: list[Area], known: BoolMask, tolerance: int
) -> list[Area]:
    areas = compare_masks(
        np.any([area.pixels for area in estimated], axis=0) & known,
        np.any([area.pixels for area in true], axis=0),
        tolerance=tolerance,
    )
    return [
        Area("found", areas.found, FOUND),
        Area("missed", areas.missed, MISSED),
        Area("false alarm", areas.false, FALSE),
    ]


def trusted_but_wrong_area(flow: Flow, truth: Truth, mask: Mask) -> BoolMask:
    """True where `mask` is at least ½ although `flow` is known to be off by over a pixel."""
    wrong = endpoint_error_map(flow, truth.flow) > WRONG_PIXELS
    return np.asarray(wrong & truth.known & (mask >= 0.5), np.bool_)


def _truth_grid(shape: tuple[int, ...], scores: MotionScores, title: str) -> Grid:
    return picture_grid(
        ["", ""],
        ["truth", "estimate"],
        shape=shape,
        alt=f"{title}: disocclusion and motion boundary found with precision "
        f"{scores.union.precision:.2f} and recall {scores.union.recall:.2f}; "
        f"{100 * scores.trusted_but_wrong:.1f} % of what is trusted is wrong.",
        title=title,
        caption=f"End-point error {scores.endpoint_error:.2f} px. Trusted: "
        f"{100 * scores.reliable:.1f} %; wrong is flow off by more than {WRONG_PIXELS:.0f} px.",
        cell=3.1,
        strip=2.3,
        foot=_TABLE_HEIGHT,
        row_gap=0.3,
    )


def _write_scores(grid: Grid, scores: MotionScores, tolerance: int) -> None:
    rows = {
        "disocclusion, out of frame": scores.disocclusion,
        "motion boundary": scores.boundary,
        "union": scores.union,
    }
    heading = f"within {tolerance} px"
    lines = [f"{heading:27} precision  recall    F1"]
    lines += [
        f"{name:27} {score.precision:9.2f}  {score.recall:6.2f}  {score.f1:4.2f}"
        for name, score in rows.items()
    ]
    place = grid.axes[0][0].get_position().x0, grid.foot[0] + 0.45 * grid.foot[1]
    look: dict[str, Any] = {"family": "DejaVu Sans Mono", "fontsize": 8.5, "linespacing": 1.35}
    grid.figure.text(*place, "\n".join(lines), va="center", **look)


def _estimated(
    flow: Flow, reverse: Flow, thresholds: Thresholds, *, boundary: bool, dilate: int
) -> list[Area]:
    outside = out_of_frame(flow)
    # Taken from the mask itself, so that the dilation is the same.
    binary = consistency_mask(
        flow, reverse, thresholds=thresholds, smooth=0, boundary=False, dilate=dilate
    )
    hidden = (binary == 0) & ~outside
    edges = motion_boundary(flow, thresholds=thresholds) if boundary else None
    return _kinds(hidden, edges, outside)


def _kinds(hidden: BoolMask, edges: BoolMask | None, outside: BoolMask) -> list[Area]:
    areas = [Area("disocclusion", hidden & ~outside, DISOCCLUDED)]
    if edges is not None:
        areas.append(Area("motion boundary", edges & ~hidden & ~outside, BOUNDARY))
    return [*areas, Area("out of frame", outside, OUTSIDE)]
