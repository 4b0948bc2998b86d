"""What a run of a clip yields: its steps, and its frames when they are finished."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..arrays import Image
from ..image.scores import Scores
from ..image.step import Step
from ..losses import Losses
from ..motion.infill import Motion
from ..settings import Weights


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class FrameResult:
    """A finished frame and all that it was made from.

    `image` is the stored 8-bit picture; `losses` and `style_distance` belong to it. `warped` is
    the stylised previous frame, warped along the flow of `motion`, in the light of this frame; both
    are None if there is no frame before. `cold` is True for a frame that did not start from one
    before: the first frame, one after a cut, and a flash. `resumed` is True for a frame that was
    stored by an earlier run. In a pass after the first, `motion` and `warped` are of the frame that
    this one was held to, which comes after it in every second pass.
    """

    frame_index: int
    content: Image
    image: Image
    losses: Losses
    style_distance: float
    scores: Scores
    weights: Weights
    motion: Motion | None
    warped: Image | None
    cold: bool
    resumed: bool
    steps: int
    evaluations: int
    pass_number: int = 1

    @classmethod
    def of_entry(
        cls,
        entry: Mapping[str, Any],
        *,
        content: Image,
        image: Image,
        motion: Motion | None,
        warped: Image | None,
        resumed: bool,
    ) -> FrameResult:
        """The frame of an entry of the manifest; the other arguments are its fields."""
        return cls(
            frame_index=entry["frame_index"],
            content=content,
            image=image,
            losses=Losses(**entry["losses"]),
            style_distance=entry["style_distance"],
            scores=Scores(entry["content_kept"], entry["style_reached"]),
            weights=Weights.from_json(entry["weights"]),
            motion=motion,
            warped=warped,
            cold=entry["cold"],
            resumed=resumed,
            steps=entry["steps"],
            evaluations=entry["evaluations"],
            pass_number=entry.get("pass", 1),
        )


@dataclass(frozen=True, slots=True, eq=False)
class FrameStep:
    """One optimiser step on a frame, in a pass that is counted from 1."""

    frame_index: int
    step: Step
    pass_number: int = 1
