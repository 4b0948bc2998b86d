"""What a choice of knobs makes of a pair of frames: the areas of the mask, scores and curves.

Everything is kept as long as the knobs that it depends on stay where they are.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from ...arrays import BoolMask, Mask
from ...motion.masks import (
    SUNDARAM,
    Thresholds,
    boundary_excess,
    consistency_excess,
    consistency_mask,
    disocclusion,
    motion_boundary,
    out_of_frame,
    reliable_share,
)
from ...motion.scores import (
    MaskScores,
    PrecisionRecall,
    endpoint_error,
    mask_scores,
    precision_recall,
    trusted_but_wrong,
)
from ...motion.truth import Truth
from ...motion.warping import warping_error_map
from .sources import MotionPair

T = TypeVar("T")


class Latest:
    """Keeps the last result of each name: a slider that is dragged changes one of them."""

    def __init__(self) -> None:
        self._kept: dict[str, tuple[Hashable, Any]] = {}

    def get(self, name: str, key: Hashable, make: Callable[[], T]) -> T:
        """The result of `make`; the last one again as long as `key` stays the same."""
        kept = self._kept.get(name)
        if kept is None or kept[0] != key:
            kept = self._kept[name] = (key, make())
        value: T = kept[1]
        return value


@dataclass(frozen=True, slots=True, kw_only=True)
class MaskChoice:
    """The knobs of `consistency_mask`; the defaults are the paper's."""

    thresholds: Thresholds = SUNDARAM
    smooth: float = 0.8
    boundary: bool = True
    dilate: int = 0


@dataclass(frozen=True, eq=False)
class MaskAreas:
    """What a choice rejects. A pixel is in one area only; `mask` is the reliability c.

    `faded` is what the smoothing alone brings below one half.
    """

    hidden: BoolMask
    boundary: BoolMask
    outside: BoolMask
    faded: BoolMask
    mask: Mask

    @property
    def rejected(self) -> BoolMask:
        """What the tests find, without the smoothing."""
        return self.hidden | self.boundary | self.outside


@dataclass(frozen=True, slots=True, kw_only=True)
class ExplorerScores:
    """The numbers of one mask; those that need the truth are None without it.

    `warping_error` is the root of the masked mean squared warping error, in [0, 1]. The scores are
    those of the areas that are shown, dilation included; all tolerate one pixel.
    """

    reliable: float
    warping_error: float
    endpoint_error: float | None = None
    trusted_but_wrong: float | None = None
    disocclusion: MaskScores | None = None
    boundary: MaskScores | None = None
    union: MaskScores | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OffsetCurve:
    """Precision against recall of one test at every offset; `point` is at the chosen `offset`."""

    curve: PrecisionRecall
    offset: float
    point: MaskScores


class MaskAnalysis:
    """The tests of one pair of frames, and the areas, scores and curves that a choice gives."""

    def __init__(self, pair: MotionPair) -> None:
        self.pair = pair
        self.flow, self.reverse = pair.flows.backward_flow, pair.flows.forward_flow
        self._latest = Latest()

    @property
    def truth(self) -> Truth:
        """The true motion of the pair. Raises ValueError where it is not known."""
        if self.pair.truth is None:
            raise ValueError("truth: not known for this clip; choose a scene")
        return self.pair.truth

    @cached_property
    def outside(self) -> BoolMask:
        """Where the flow leaves the frame."""
        return out_of_frame(self.flow)

    @cached_property
    def true_union(self) -> BoolMask:
        """What a perfect mask rejects, as far as the truth is known."""
        truth = self.truth
        return np.asarray((truth.disocclusion | truth.motion_boundary) & truth.known, np.bool_)

    def areas(self, choice: MaskChoice) -> MaskAreas:
        """The areas of the mask that a choice makes."""
        return self._latest.get("areas", choice, lambda: self._areas(choice))

    def disocclusion(self, thresholds: Thresholds) -> BoolMask:
        """The disocclusion test alone, without dilation."""
        key = (thresholds.consistency_ratio, thresholds.consistency_offset)
        return self._latest.get(
            "disocclusion",
            key,
            lambda: disocclusion(self.flow, self.reverse, thresholds=thresholds),
        )

    def boundary(self, thresholds: Thresholds) -> BoolMask:
        """The motion boundary test alone."""
        key = (thresholds.boundary_ratio, thresholds.boundary_offset)
        return self._latest.get(
            "boundary", key, lambda: motion_boundary(self.flow, thresholds=thresholds)
        )

    def scores(self, choice: MaskChoice) -> ExplorerScores:
        """The numbers of the mask that a choice makes."""
        areas, truth = self.areas(choice), self.pair.truth
        trust = float(areas.mask.sum(dtype=np.float64))
        squared = float((areas.mask * self._squared_warping_error).sum(dtype=np.float64))
        scores = ExplorerScores(
            reliable=reliable_share(areas.mask),
            warping_error=(squared / trust) ** 0.5 if trust > 0 else float("nan"),
        )
        if truth is None:
            return scores
        hidden = (areas.hidden | areas.outside) & truth.known
        # Both tests may find a pixel, though the picture paints it once.
        edges = self.boundary(choice.thresholds) & truth.known
        union = hidden | edges if choice.boundary else hidden
        trusted = areas.mask * truth.known
        return replace(
            scores,
            endpoint_error=self._endpoint_error,
            trusted_but_wrong=trusted_but_wrong(trusted, self.flow, truth.flow),
            disocclusion=mask_scores(hidden, truth.disocclusion & truth.known),
            boundary=mask_scores(edges, truth.motion_boundary & truth.known),
            union=mask_scores(union, self.true_union),
        )

    def curves(self, thresholds: Thresholds) -> dict[str, OffsetCurve]:
        """Precision and recall of each test, without dilation, at every offset.

        Raises ValueError where the truth is not known.
        """
        known = self.truth.known
        hidden, edges = self.truth.disocclusion & known, self.truth.motion_boundary & known

        def hidden_curve() -> PrecisionRecall:
            excess = consistency_excess(self.flow, self.reverse, thresholds=thresholds)
            excess = np.where(known, excess, np.float32(-np.inf))
            return precision_recall(excess, hidden, always=self.outside & known)

        def edge_curve() -> PrecisionRecall:
            excess = boundary_excess(self.flow, thresholds=thresholds)
            return precision_recall(np.where(known, excess, np.float32(-np.inf)), edges)

        found = (self.disocclusion(thresholds) | self.outside) & known
        ratios = thresholds.consistency_ratio, thresholds.boundary_ratio
        return {
            "disocclusion": OffsetCurve(
                curve=self._latest.get("disocclusion curve", ratios[0], hidden_curve),
                offset=thresholds.consistency_offset,
                point=mask_scores(found, hidden),
            ),
            "motion boundary": OffsetCurve(
                curve=self._latest.get("boundary curve", ratios[1], edge_curve),
                offset=thresholds.boundary_offset,
                point=mask_scores(self.boundary(thresholds) & known, edges),
            ),
        }

    @cached_property
    def _squared_warping_error(self) -> NDArray[np.float32]:
        return warping_error_map(self.pair.frame, self.pair.previous, self.flow)

    @cached_property
    def _endpoint_error(self) -> float:
        return endpoint_error(self.flow, self.truth.flow, where=self.truth.known)

    def _areas(self, choice: MaskChoice) -> MaskAreas:
        hidden = grown(self.disocclusion(choice.thresholds), choice.dilate) & ~self.outside
        edges = np.zeros_like(hidden)
        if choice.boundary:
            edges = self.boundary(choice.thresholds) & ~hidden & ~self.outside
        mask = consistency_mask(
            self.flow,
            self.reverse,
            thresholds=choice.thresholds,
            smooth=choice.smooth,
            boundary=choice.boundary,
            dilate=choice.dilate,
        )
        faded = (mask < 0.5) & ~hidden & ~edges & ~self.outside
        return MaskAreas(hidden, edges, self.outside, faded, mask)


def grown(area: BoolMask, radius: int) -> BoolMask:
    """`area` widened by `radius` pixels to every side, corners included.

    >>> grown(np.array([[True, False, False]]), 1)
    array([[ True,  True, False]])
    """
    height, width = area.shape
    padded = np.pad(area, radius)
    steps = range(2 * radius + 1)
    wide = np.logical_or.reduce([padded[:, step : step + width] for step in steps])
    return np.asarray(
        np.logical_or.reduce([wide[step : step + height] for step in steps]), np.bool_
    )
