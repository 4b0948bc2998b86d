"""The masks that a clip can be painted with, as a table."""

from __future__ import annotations

from enum import StrEnum
from typing import Protocol

from ..arrays import Flow, Image, Mask
from ..settings import Implementation
from .masks import consistency_mask
from .robust import robust_mask


class MaskMethod(StrEnum):
    """Names of rows of `MASKS`: the paper's two tests, or also whether flow explains the frames."""

    PAPER = "paper"
    ROBUST = "robust"


class MaskFunction(Protocol):
    """The reliability of `backward`, the flow from `current` to `previous`: float32 `(H, W)`.

    `forward` is the flow the other way. With `boundary` motion boundaries are not trusted either;
    `dilate` grows what is disoccluded by so many pixels.
    """

    def __call__(
        self,
        backward: Flow,
        forward: Flow,
        current: Image,
        previous: Image,
        /,
        *,
        boundary: bool,
        dilate: int,
    ) -> Mask:
        """The mask, 1 = reliable."""
        ...


def _paper_mask(
    backward: Flow,
    forward: Flow,
    current: Image,
    previous: Image,
    /,
    *,
    boundary: bool,
    dilate: int,
) -> Mask:
    return consistency_mask(backward, forward, boundary=boundary, dilate=dilate)


MaskRow = Implementation[MaskFunction]
"""A row of `MASKS`."""

MASKS: dict[str, MaskRow] = {
    "paper": MaskRow("the paper's", _paper_mask),
    "robust": MaskRow("robust", robust_mask, help="doubts more of the flow"),
}
"""Every mask by its name in settings, files and on the command line."""
