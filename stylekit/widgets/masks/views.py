"""The pictures of a mask explorer, without any widget: all uint8 `(H, W, 3)`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from ...arrays import BoolMask, to_bytes
from ...motion.flow import warp
from ...motion.masks import reliable_share
from ...motion.scores import compare_masks
from ...plots.areas import (
    BOUNDARY,
    DISOCCLUDED,
    FADING,
    FALSE,
    FOUND,
    MISSED,
    NOT_TRUSTED,
    OUTSIDE,
    UNKNOWN,
    Look,
    mask_paper,
    pale_paper,
)
from ..base.hatching import Pixels, blended, composed, covered
from .parts import MaskChoice, MaskParts


@dataclass(frozen=True, slots=True)
class KeyEntry:
    """One line of a picture's key: what an area is called, its look, its share of the picture."""

    name: str
    look: Look
    share: float


@dataclass(frozen=True, eq=False)
class View:
    """A picture, and its key."""

    picture: Pixels
    key: tuple[KeyEntry, ...]


@dataclass(frozen=True, eq=False)
class Sheet:
    """A paper, and what it looks like where it is painted all over in each of some looks."""

    paper: Pixels
    painted: Mapping[Look, Pixels]

    @classmethod
    def of(cls, paper: Pixels, looks: Iterable[Look]) -> Sheet:
        """The sheet on `paper` for these looks."""
        return cls(paper, {look: covered(paper, look) for look in looks})

    def view(self, named: Mapping[str, tuple[BoolMask, Look]]) -> View:
        """The paper with these areas painted, the last on top."""
        layers = [(area, self.painted[look]) for area, look in named.values()]
        key = (KeyEntry(name, look, float(area.mean())) for name, (area, look) in named.items())
        return View(composed(self.paper, layers), tuple(key))


class MaskPictures:
    """Draws the parts of a mask; each method takes a choice of the knobs."""

    def __init__(self, parts: MaskParts) -> None:
        self.parts = parts

    def overlay(self, choice: MaskChoice) -> View:
        """The grey frame with the parts of the mask painted and hatched."""
        areas = self.parts.areas(choice)
        named = {
            "disocclusion": (areas.hidden, DISOCCLUDED),
            "motion boundary": (areas.boundary, BOUNDARY),
            "out of frame": (areas.outside, OUTSIDE),
            "edge by smoothing": (areas.faded, FADING),
        }
        return self._mask_sheet.view(named)

    def comparison(self, choice: MaskChoice) -> View:
        """The pale frame with what the tests find, miss and claim falsely, within a pixel.

        Raises ValueError where the truth is not known.
        """
        known = self.parts.truth.known
        compared = compare_masks(self.parts.areas(choice).rejected & known, self.parts.true_union)
        named = {
            "found": (compared.found, FOUND),
            "missed": (compared.missed, MISSED),
            "false alarm": (compared.false, FALSE),
        }
        if not known.all():
            named["truth not known"] = (~known, UNKNOWN)
        return self._pale_sheet.view(named)

    def warped(self, choice: MaskChoice) -> View:
        """The previous frame brought here by the flow; hatched grey where it is not trusted."""
        mask = self.parts.areas(choice).mask
        entry = KeyEntry("not trusted", NOT_TRUSTED, 1 - reliable_share(mask))
        return View(blended(self._not_trusted, self._warped, mask), (entry,))

    @cached_property
    def _mask_sheet(self) -> Sheet:
        looks = (FADING, DISOCCLUDED, BOUNDARY, OUTSIDE)
        return Sheet.of(to_bytes(mask_paper(self.parts.pair.frame)), looks)

    @cached_property
    def _pale_sheet(self) -> Sheet:
        looks = (FOUND, MISSED, FALSE, UNKNOWN)
        return Sheet.of(to_bytes(pale_paper(self.parts.pair.frame)), looks)

    @cached_property
    def _warped(self) -> Pixels:
        return to_bytes(warp(self.parts.pair.previous, self.parts.flow))

    @cached_property
    def _not_trusted(self) -> Pixels:
        return covered(self._mask_sheet.paper, NOT_TRUSTED)
