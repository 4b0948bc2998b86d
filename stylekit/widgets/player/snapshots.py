"""A picture while it is painted, and all that its loss depends on, for panels beside a player."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ...arrays import Image
from ...image.objective import Objective
from ...image.stylization import Stylization
from ...losses import Targets
from ...settings import Weights
from ..base.run_progress import image_of, title_of
from .player import Player


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Snapshot:
    """A picture that is being painted, and all that its loss and its pulls depend on."""

    image: Image
    objective: Objective
    targets: Targets
    weights: Weights
    keep_colors: bool
    title: str
    painting: Stylization


def snapshot_of(event: Any, source: Any) -> Snapshot | None:
    """What can be measured at an event of a run; None if its targets are gone."""
    # A clip has the painting of its frame; a frame that an earlier run finished has none.
    painting = getattr(source, "painting", source)
    if not hasattr(painting, "targets") or getattr(event, "resumed", False):
        return None
    weights = getattr(event, "step", event).weights
    return snapshot(painting, image_of(event), weights, title_of(event))


def first_snapshot(player: Player) -> Snapshot | None:
    """The start of a picture that is already prepared; None if nothing is."""
    source: Any = player.source
    if not hasattr(source, "targets"):
        return None
    weights = player.panel.current() if player.panel else source.settings.weights
    return snapshot(source, source.image, weights, "The picture before the first step")


def snapshot(painting: Stylization, image: Image, weights: Weights, title: str) -> Snapshot:
    """A picture of a painting at its present scale."""
    return Snapshot(
        image=image,
        objective=painting.objective,
        targets=painting.targets,
        weights=weights,
        keep_colors=painting.settings.keep_colors,
        title=title,
        painting=painting,
    )
