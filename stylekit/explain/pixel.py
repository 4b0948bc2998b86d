"""The measurements at one pixel of a finished run, and in its surroundings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

import numpy as np
from numpy.typing import NDArray

from ..motion.scores import WRONG_PIXELS, endpoint_error_map
from ..motion.truth import Truth
from .pulls import Shares
from .stored_run import JudgedMotion, StoredRun, check_whole
from .trail import ages_of, path_of

RADIUS = 4


class Verdict(Enum):
    """What decided about a pixel's reliability c, in the order of the tests.

    `NEIGHBOUR`: no test fired, but c is below 1, because the mask is smoothed and may be dilated.
    The last three tell why a cold frame has no c.
    """

    OUT_OF_FRAME = "out of frame"
    DISOCCLUDED = "disoccluded"
    MOTION_BOUNDARY = "motion boundary"
    DOUBTFUL = "doubtful"
    NEIGHBOUR = "smoothed by a neighbour"
    TRUSTED = "trusted"
    FIRST_FRAME = "first frame"
    CUT = "first frame after a cut"
    APART = "painted by itself"


class TrueVerdict(Enum):
    """The truth about a pixel in the frame before: out of frame, hidden by something nearer,
    beside a layer that moves differently, or plainly visible."""

    OUT_OF_FRAME = "out of frame"
    HIDDEN = "hidden before"
    BOUNDARY = "motion boundary"
    VISIBLE = "visible before"


@dataclass(frozen=True, slots=True, kw_only=True)
class Readings:
    """The measurements at a pixel, or their means over a window; None if there is no value.

    - `flow`: (dx, dy) back to the frame before, in pixels, x to the right and y down
    - `round_trip`: the distance |w̃ + ŵ| after backward and forward flow, in pixels
    - `trust`: the reliability c, 0…1
    - `age`: for how many frames the pixel has been carried
    - `shares`: of content, style, temporal term and total variation in the gradient
    - `flow_error`: the end-point error of the flow, in pixels, if the truth is known

    A cold frame has no flow, no round trip and no c.
    """

    flow: tuple[float, float] | None
    round_trip: float | None
    trust: float | None
    age: float
    shares: Shares
    flow_error: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PixelExplanation:
    """Why a pixel looks as it does: see `probe_pixel`, and `explain` for it in words.

    - `x`, `y`: pixels from the left and from the top of frame `frame_index`, from 0 on
    - `here`: measured at the pixel itself; `around`: over the (2 · `radius` + 1)² pixels around it
      that lie inside the frame
    - `path`: (frame_index, x, y) of the pixel and of the points it was carried from, newest first;
      the last one was painted anew

    The others are None if the truth is not known:

    - `true_verdict`: the truth about the pixel
    - `unnoticed_errors`: the number of steps of the path in which the flow was wrong by over a
      pixel and no test fired at the nearest pixel
    - `unnoticed_hidden`: the number of steps in which the pixel came from a point where something
      else was in front, and no test fired
    """

    frame_index: int
    x: int
    y: int
    radius: int
    verdict: Verdict
    here: Readings
    around: Readings
    path: tuple[tuple[int, float, float], ...]
    true_verdict: TrueVerdict | None
    unnoticed_errors: int | None
    unnoticed_hidden: int | None

    @property
    def age(self) -> int:
        """For how many frames the pixel has been carried, 0 if it was painted anew in this one."""
        return len(self.path) - 1


def probe_pixel(
    run: StoredRun,
    frame_index: int,
    x: int,
    y: int,
    *,
    truth: Sequence[Truth] | None = None,
    radius: int = RADIUS,
) -> PixelExplanation:
    """Why the pixel (`x`, `y`) of a finished frame looks as it does.

    The first probe of a run loads TensorFlow, the first probe of a frame takes a few evaluations
    of the loss, later ones take milliseconds.

    Parameters
    ----------
    run : see `open_run`.
    frame_index, x, y : the frame, and pixels from the left and from the top, all from 0 on.
    truth : `truth[i − 1]` on the grid of frame i, as `Scene.backward`; found for built-in clips.
    radius : of the window of `around`, in pixels.

    Raises
    ------
    SettingsError : for a frame or a pixel that does not exist.
    ResumeError, WeightsError : as `StoredRun`.
    """
    run.check_frame(frame_index)
    height, width = run.clip[frame_index].shape[:2]
    x, y = check_whole("x", x, width), check_whole("y", y, height)
    check_whole("radius", radius, max(height, width))
    cold = run.is_cold(frame_index)
    truth = run.truth if truth is None else truth
    path = path_of(run, frame_index, x, y)
    errors, hidden = (None, None) if truth is None else _unnoticed(run, truth, path)
    true_verdict = None
    if cold:
        verdict = Verdict.APART if run.settings.independent else Verdict.CUT
        verdict = verdict if frame_index else Verdict.FIRST_FRAME
    else:
        verdict = verdict_at(run.motion(frame_index), x, y)
        if truth is not None:
            true_verdict = true_verdict_at(truth[frame_index - 1], x, y)
    return PixelExplanation(
        frame_index=frame_index,
        x=x,
        y=y,
        radius=radius,
        verdict=verdict,
        here=_readings(run, frame_index, truth, (x, y), 0),
        around=_readings(run, frame_index, truth, (x, y), radius),
        path=path,
        true_verdict=true_verdict,
        unnoticed_errors=errors,
        unnoticed_hidden=hidden,
    )


def verdict_at(motion: JudgedMotion, x: int, y: int) -> Verdict:
    """The test that decided about c at a pixel, in the order of `consistency_mask`."""
    for fired, verdict in (
        (motion.outside, Verdict.OUT_OF_FRAME),
        (motion.hidden, Verdict.DISOCCLUDED),
        (motion.boundary, Verdict.MOTION_BOUNDARY),
        (motion.doubted, Verdict.DOUBTFUL),
        (motion.mask < 1, Verdict.NEIGHBOUR),
    ):
        if fired[y, x]:
            return verdict
    return Verdict.TRUSTED


def true_verdict_at(truth: Truth, x: int, y: int) -> TrueVerdict | None:
    """The truth about a pixel; None if it is not known."""
    if not truth.known[y, x]:
        return None
    for holds, verdict in (
        (truth.out_of_frame, TrueVerdict.OUT_OF_FRAME),
        (truth.disocclusion, TrueVerdict.HIDDEN),
        (truth.motion_boundary, TrueVerdict.BOUNDARY),
    ):
        if holds[y, x]:
            return verdict
    return TrueVerdict.VISIBLE


def _readings(
    run: StoredRun,
    frame_index: int,
    truth: Sequence[Truth] | None,
    place: tuple[int, int],
    radius: int,
) -> Readings:
    height, width = run.clip[frame_index].shape[:2]
    left, top = (max(0, middle - radius) for middle in place)
    right, bottom = min(width, place[0] + radius + 1), min(height, place[1] + radius + 1)
    window = np.s_[top:bottom, left:right]
    columns, rows = np.meshgrid(np.arange(left, right), np.arange(top, bottom))
    ages = ages_of(run, frame_index, np.stack([columns.ravel(), rows.ravel()], axis=-1))
    flow = round_trip = trust = flow_error = None
    if not run.is_cold(frame_index):
        motion = run.motion(frame_index)
        vectors = motion.flow.backward_flow[window]
        flow = (float(vectors[..., 0].mean()), float(vectors[..., 1].mean()))
        round_trip = _mean(motion.round_trip[window])
        trust = float(motion.mask[window].mean())
        if truth is not None:
            true = truth[frame_index - 1]
            error = endpoint_error_map(vectors, true.flow[window])
            flow_error = _mean(np.where(true.known[window], error, np.nan))
    return Readings(
        flow=flow,
        round_trip=round_trip,
        trust=trust,
        age=float(ages.mean()),
        shares=run.pulls(frame_index).shares(window),
        flow_error=flow_error,
    )


def _unnoticed(
    run: StoredRun, truth: Sequence[Truth], path: Sequence[tuple[int, float, float]]
) -> tuple[int, int]:
    """The number of steps of a path with wrong flow, and with a hidden pixel, that no test noticed.

    The nearest pixel counts, because interpolated between two layers, flow belongs to neither.
    """
    errors = hidden = 0
    for frame_index, x, y in path[:-1]:
        pixel = round(y), round(x)
        motion, true = run.motion(frame_index), truth[frame_index - 1]
        tests = motion.outside, motion.hidden, motion.boundary, motion.doubted
        if any(test[pixel] for test in tests) or not true.known[pixel]:
            continue
        error = np.hypot(*(motion.flow.backward_flow[pixel] - true.flow[pixel]))
        errors += bool(error > WRONG_PIXELS)
        hidden += bool(true.disocclusion[pixel])
    return errors, hidden


def _mean(values: NDArray[np.floating]) -> float | None:
    """The mean of the finite values; None if there are none."""
    known = values[np.isfinite(values)]
    return float(known.mean()) if known.size else None
