"""Is the flow or the loss to blame? The same clip and style, painted with several flows.

The exact flow of a scene is the control: flicker and smudges that are left with it come from the
loss. Whatever an estimated flow adds comes from the flow.
"""

from __future__ import annotations

import dataclasses
import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..arrays import BoolMask, Image, Mask
from ..image.detail import sharpness
from ..motion.flow import FlowFunction, FlowMethod
from ..motion.infill import Motion
from ..motion.scores import WRONG_PIXELS, MotionScores, endpoint_error_map, motion_scores
from ..motion.truth import Truth
from ..motion.warping import (
    WarpingError,
    exact_warping_error,
    warping_error,
    warping_error_map,
)
from ..scenes import Scene
from ..settings import NameOrFunction, VideoSettings, name_of
from ..video.frames import FrameResult
from ..video.run import VideoRun

# With more reliability than this a pixel follows the frame before rather than being painted anew.
_TRUSTED = 0.5

METHODS = (FlowMethod.FARNEBACK, FlowMethod.DIS, FlowMethod.EXACT)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class AblationRow:
    """One flow method's flow, mask and clip.

    - `endpoint_error` in pixels, `union_f1`, `reliable` and `trusted_but_wrong` in [0, 1]: means
      over the pairs of `stylekit.motion.scores.motion_scores`.
    - `warping_error`: of the stylised clip along the exact flow, over all pixels that are truly
      visible in both frames. It measures the flicker independently of the method's own mask.
    - `smudge`: the same over the pixels where any of the compared methods trusts a flow that is
      wrong by more than a pixel. All rows share this area; errors are NaN if it is empty.
    - `error_deceived`, `error_doubted`: the shares of the squared error, 0…1, on pixels that this
      method trusts although their flow is wrong, and on pixels that it does not trust, so that
      they are painted anew. The rest is on pixels that are trusted and right.
    - `sharpness`: the mean squared Laplacian of the later frames, divided by that of the first.
      Repeated warping and smudges lower it.
    - `style_distance`: the mean over the frames; `evaluations`: the sum.
    - `frames`: the N stylised frames; `masks`: the N − 1 masks that were used.
    """

    method: NameOrFunction
    endpoint_error: float
    union_f1: float
    reliable: float
    trusted_but_wrong: float
    warping_error: WarpingError
    smudge: WarpingError
    error_deceived: float
    error_doubted: float
    sharpness: float
    style_distance: float
    evaluations: int
    frames: tuple[Image, ...]
    masks: tuple[Mask, ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class FlowAblation:
    """The rows of `ablate_flow`, and `floor`, the warping error of the unpainted scene."""

    scene: Scene
    style_name: str
    backbone: str
    floor: WarpingError
    rows: tuple[AblationRow, ...]

    def __repr__(self) -> str:
        return self.table()

    def _repr_markdown_(self) -> str:
        """What notebooks show."""
        return self.table()

    def table(self) -> str:
        """The numbers as a Markdown table, root warping errors in thousandths of the range."""
        head = (
            "| flow | end-point error, px | union F1 | reliable % | trusted but wrong % "
            "| warping error ‰ | where flow deceives ‰ | of the error: deceived % | doubted % "
            "| sharpness % | style distance |"
        )
        rows = [
            f"| {name_of(row.method)} | {row.endpoint_error:.2f} | {row.union_f1:.2f} "
            f"| {100 * row.reliable:.1f} | {100 * row.trusted_but_wrong:.2f} "
            f"| {1000 * row.warping_error.rmse:.1f} | {_permille(row.smudge.rmse)} "
            f"| {100 * row.error_deceived:.0f} | {100 * row.error_doubted:.0f} "
            f"| {100 * row.sharpness:.0f} | {row.style_distance:.3g} |"
            for row in self.rows
        ]
        return "\n".join([head, "|---" * 11 + "|", *rows])


def ablate_flow(
    scene: Scene,
    style: Image,
    out: str | Path,
    settings: VideoSettings | None = None,
    *,
    methods: Sequence[str | FlowFunction] = METHODS,
    style_name: str = "style",
) -> FlowAblation:
    """Paint `scene` once with each flow method, all else equal, and compare with its exact motion.

    Parameters
    ----------
    scene, style : the clip with its truth, and a picture `(H, W, 3)`.
    out : each method gets a run folder in this one; finished frames are not painted again.
    settings : of all runs, except for `flow`.
    methods : names in `FLOWS`, or functions `(source, target) -> flow`.
    style_name : the name of the style in figures.

    Raises
    ------
    ResumeError : if a folder in `out` holds another run.
    """
    settings = settings or VideoSettings()
    exact = [scene.flow_pair(index) for index in range(len(scene.backward))]
    runs = {}
    for method in methods:
        # Some file systems forbid characters such as those of `<lambda>`.
        folder = Path(out) / re.sub(r"[^\w.-]", "_", name_of(method))
        flows = exact if method == FlowMethod.EXACT else None
        own = dataclasses.replace(settings, flow=method)
        run = VideoRun(scene.frames, style, folder, own, flows=flows)
        # Every second pass goes against the time.
        runs[method] = run, sorted(run.frames(), key=lambda result: result.frame_index)
    motions = {
        method: [run.motion(index) for index in range(1, len(scene.frames))]
        for method, (run, _) in runs.items()
    }
    deceived = _deceived(scene, list(motions.values()))
    return FlowAblation(
        scene=scene,
        style_name=style_name,
        backbone=next(iter(runs.values()))[0].backbone.label,
        floor=exact_warping_error(scene.frames, scene.backward),
        rows=tuple(
            _row(scene, method, results, motions[method], deceived)
            for method, (_, results) in runs.items()
        ),
    )


def _row(
    scene: Scene,
    method: NameOrFunction,
    results: list[FrameResult],
    motions: list[Motion],
    deceived: list[BoolMask],
) -> AblationRow:
    frames = tuple(result.image for result in results)
    scores = [
        motion_scores(motion.flow.backward_flow, motion.flow.forward_flow, truth, mask=motion.mask)
        for motion, truth in zip(motions, scene.backward, strict=True)
    ]

    def mean(measure: Callable[[MotionScores], float]) -> float:
        return float(np.mean([measure(score) for score in scores]))

    deceived_share, doubted_share = _error_shares(scene, frames, motions)
    return AblationRow(
        method=method,
        endpoint_error=mean(lambda score: score.endpoint_error),
        union_f1=mean(lambda score: score.union.f1),
        reliable=mean(lambda score: score.reliable),
        trusted_but_wrong=mean(lambda score: score.trusted_but_wrong),
        warping_error=exact_warping_error(frames, scene.backward),
        smudge=warping_error(
            frames, scene.backward_flow, [area.astype(np.float32) for area in deceived]
        ),
        error_deceived=deceived_share,
        error_doubted=doubted_share,
        sharpness=float(np.mean([sharpness(frame) for frame in frames[1:]]) / sharpness(frames[0])),
        style_distance=float(np.mean([result.style_distance for result in results])),
        evaluations=sum(result.evaluations for result in results),
        frames=frames,
        masks=tuple(motion.mask for motion in motions),
    )


def _error_shares(
    scene: Scene, frames: Sequence[Image], motions: Sequence[Motion]
) -> tuple[float, float]:
    """The shares of the squared error along the exact flow on deceived and on doubted pixels."""
    total = deceived = doubted = 0.0
    for index, (truth, motion) in enumerate(zip(scene.backward, motions, strict=True)):
        error = warping_error_map(frames[index + 1], frames[index], truth.flow)
        error = np.where(truth.visible, error, np.float32(0.0)).astype(np.float64)
        trusted = motion.mask > _TRUSTED
        total += error.sum()
        deceived += error[trusted & _is_wrong(motion, truth)].sum()
        doubted += error[~trusted].sum()
    return (deceived / total, doubted / total) if total > 0 else (0.0, 0.0)


def _is_wrong(motion: Motion, truth: Truth) -> BoolMask:
    error = endpoint_error_map(motion.flow.backward_flow, truth.flow)
    return np.asarray(error > WRONG_PIXELS, np.bool_)


def _deceived(scene: Scene, motions: Sequence[Sequence[Motion]]) -> list[BoolMask]:
    """Visible pixels that any of the methods trusts although their flow is wrong."""
    areas = []
    for truth, *together in zip(scene.backward, *motions, strict=True):
        wrong = [(motion.mask > _TRUSTED) & _is_wrong(motion, truth) for motion in together]
        areas.append(np.asarray(np.any(wrong, axis=0) & truth.visible, np.bool_))
    return areas


def _permille(error: float) -> str:
    return "–" if math.isnan(error) else f"{1000 * error:.1f}"
