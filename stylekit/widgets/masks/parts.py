"""The parts of a mask of one pair of frames, recomputed only as far as a knob touches them."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeVar

import numpy as np

from ...arrays import BoolMask, Mask
from ...motion.masks import (
    SUNDARAM,
    Thresholds,
    consistency_mask,
    disocclusion,
    motion_boundary,
    out_of_frame,
)
from ...motion.truth import Truth
from .sources import MotionPair

T = TypeVar("T")


class Latest:
    """Keeps the last result of each name: a slider moves to and fro, but one step at a time."""

    def __init__(self) -> None:
        self._kept: dict[str, tuple[Hashable, Any]] = {}

    def get(self, name: str, key: Hashable, make: Callable[[], T]) -> T:
        """What `make` gives; the last is given again as long as `key` stays the same."""
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

    `faded` is what smoothing alone brings below one half.
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


class MaskParts:
    """The tests of one pair of frames, and the parts of the mask that a choice of knobs makes."""

    def __init__(self, pair: MotionPair) -> None:
        self.pair = pair
        self.flow, self.reverse = pair.flows.backward_flow, pair.flows.forward_flow
        self._latest = Latest()

    @property
    def truth(self) -> Truth:
        """What is true of the pair. Raises ValueError where nobody knows."""
        if self.pair.truth is None:
            raise ValueError("truth: nobody knows it for this clip")
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
        """The parts of the mask that a choice makes."""
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

    def _areas(self, choice: MaskChoice) -> MaskAreas:
        hidden = grown(self.disocclusion(choice.thresholds), choice.dilate) & ~self.outside
        none = np.zeros_like(hidden)
        edges = self.boundary(choice.thresholds) if choice.boundary else none
        edges = edges & ~hidden & ~self.outside
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
    """`area` widened by `radius` pixels to every side, corners included."""
    height, width = area.shape
    padded = np.pad(area, radius)
    steps = range(2 * radius + 1)
    wide = np.logical_or.reduce([padded[:, step : step + width] for step in steps])
    return np.asarray(
        np.logical_or.reduce([wide[step : step + height] for step in steps]), np.bool_
    )
