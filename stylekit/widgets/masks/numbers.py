"""The numbers and curves of a mask explorer, without any widget."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ...arrays import BoolMask
from ...motion.masks import Thresholds, boundary_excess, consistency_excess, reliable_share
from ...motion.scores import (
    MaskScores,
    PrecisionRecall,
    endpoint_error,
    mask_scores,
    precision_recall,
    trusted_but_wrong,
)
from ...motion.warping import warping_error_map
from .parts import Latest, MaskChoice, MaskParts


@dataclass(frozen=True, slots=True, kw_only=True)
class ExplorerScores:
    """The numbers of one mask; what needs the truth is None without it.

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
    """Precision against recall of one test over its offset, and where the chosen offset stands."""

    curve: PrecisionRecall
    offset: float
    point: MaskScores


class MaskNumbers:
    """Judges the mask that a choice of knobs makes, and its two tests at every offset."""

    def __init__(self, parts: MaskParts) -> None:
        self.parts = parts
        self._latest = Latest()

    def scores(self, choice: MaskChoice) -> ExplorerScores:
        """The numbers of the mask that a choice makes."""
        areas, truth = self.parts.areas(choice), self.parts.pair.truth
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
        edges = self.parts.boundary(choice.thresholds) & truth.known
        union = hidden | edges if choice.boundary else hidden
        return replace(
            scores,
            endpoint_error=self._endpoint_error,
            trusted_but_wrong=trusted_but_wrong(
                areas.mask * truth.known, self.parts.flow, truth.flow
            ),
            disocclusion=mask_scores(hidden, truth.disocclusion & truth.known),
            boundary=mask_scores(edges, truth.motion_boundary & truth.known),
            union=mask_scores(union, self.parts.true_union),
        )

    def curves(self, thresholds: Thresholds) -> dict[str, OffsetCurve]:
        """Precision and recall of each test, without dilation, as its offset goes through all.

        Raises ValueError where the truth is not known.
        """
        known = self.parts.truth.known
        hidden = (self.parts.disocclusion(thresholds) | self.parts.outside) & known
        edges = self.parts.boundary(thresholds) & known
        return {
            "disocclusion": OffsetCurve(
                curve=self._disocclusion_curve(thresholds.consistency_ratio),
                offset=thresholds.consistency_offset,
                point=mask_scores(hidden, self.parts.truth.disocclusion & known),
            ),
            "motion boundary": OffsetCurve(
                curve=self._boundary_curve(thresholds.boundary_ratio),
                offset=thresholds.boundary_offset,
                point=mask_scores(edges, self.parts.truth.motion_boundary & known),
            ),
        }

    def _disocclusion_curve(self, ratio: float) -> PrecisionRecall:
        def make() -> PrecisionRecall:
            excess = consistency_excess(
                self.parts.flow, self.parts.reverse, thresholds=Thresholds(consistency_ratio=ratio)
            )
            return self._curve(excess, self.parts.truth.disocclusion, self.parts.outside)

        return self._latest.get("disocclusion curve", ratio, make)

    def _boundary_curve(self, ratio: float) -> PrecisionRecall:
        def make() -> PrecisionRecall:
            excess = boundary_excess(self.parts.flow, thresholds=Thresholds(boundary_ratio=ratio))
            return self._curve(excess, self.parts.truth.motion_boundary, None)

        return self._latest.get("boundary curve", ratio, make)

    def _curve(
        self, excess: NDArray[np.float32], true: BoolMask, always: BoolMask | None
    ) -> PrecisionRecall:
        known = self.parts.truth.known
        return precision_recall(
            np.where(known, excess, np.float32(-np.inf)),
            true & known,
            always=None if always is None else always & known,
        )

    @cached_property
    def _squared_warping_error(self) -> NDArray[np.float32]:
        return warping_error_map(self.parts.pair.frame, self.parts.pair.previous, self.parts.flow)

    @cached_property
    def _endpoint_error(self) -> float:
        truth = self.parts.truth
        return endpoint_error(self.parts.flow, truth.flow, where=truth.known)
