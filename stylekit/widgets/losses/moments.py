"""What a loss explorer can look at: a picture at one moment, and all that its loss depends on."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from ...arrays import Flow, Image, check_image
from ...errors import SettingsError
from ...explain.pixel import verdict_at
from ...explain.stored_run import StoredRun
from ...explain.words import explain_trust
from ...image.guidance import Guidance, Style
from ...image.objective import Objective
from ...image.stylization import Stylization
from ...losses import Targets
from ...media.images import fitted_size, resize_image
from ...motion.flow import warp
from ...settings import ImageSettings, Weights
from ..player.snapshots import Snapshot


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Earlier:
    """A painted frame that the picture is held to, and how it was fetched.

    `flow` leads from each pixel of the picture back to it, None if it is not known any more.
    `judged(x, y)` says what decided about the mask at a pixel.
    """

    name: str
    image: Image
    flow: Flow | None
    judged: Callable[[int, int], str] | None = None

    def fetched(self) -> Image | None:
        """The frame along the flow, before anything else is done to it."""
        return None if self.flow is None else warp(self.image, self.flow)


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Moment:
    """A picture, what its loss is computed from, and the earlier frames that it is held to.

    `earlier` has an item for each temporal target, None where there is nothing to be held to.
    """

    title: str
    image: Image
    content: Image
    objective: Objective
    targets: Targets
    weights: Weights
    styles: Guidance
    earlier: tuple[Earlier | None, ...] = ()


def moment_of(snapshot: Snapshot, event: Any = None, source: Any = None) -> Moment:
    """A painting at the moment of `snapshot`, after `event` of the run `source`."""
    painting = snapshot.painting
    return Moment(
        title=snapshot.title,
        image=snapshot.image,
        content=resize_image(painting.content, snapshot.image.shape[1::-1]),
        objective=snapshot.objective,
        targets=snapshot.targets,
        weights=snapshot.weights,
        styles=painting.compared_styles,
        earlier=_held_by(snapshot, event, source),
    )


def _held_by(snapshot: Snapshot, event: Any, source: Any) -> tuple[Earlier | None, ...]:
    """The earlier frames of a clip that is being painted; the flow is known to the nearest."""
    warped, masks = snapshot.targets.warped.numpy(), snapshot.targets.masks.numpy()
    found: list[Earlier | None] = [
        Earlier(name=f"earlier frame {place + 1}", image=picture, flow=None) if mask.any() else None
        for place, (picture, mask) in enumerate(zip(warped, masks, strict=True))
    ]
    is_first_pass = getattr(event, "pass_number", 1) == 1 and hasattr(source, "motion")
    if found and found[0] and is_first_pass:
        motion = source.motion(event.frame_index)
        found[0] = Earlier(
            name=f"frame {motion.source}",
            image=source.stored_frame(motion.source),
            flow=motion.flow.backward_flow,
        )
    return tuple(found)


def moment_of_frame(run: StoredRun, frame_index: int) -> Moment:
    """A finished frame of a run."""
    motions = run.held_to(frame_index)
    first_pass = not run.is_cold(frame_index) and run.is_in_first_pass(frame_index)
    earlier: list[Earlier | None] = [None] * len(motions)
    for place, motion in enumerate(motions):
        if motion is not None:
            earlier[place] = Earlier(
                name=f"frame {motion.source}",
                image=run.image(motion.source),
                flow=motion.flow.backward_flow,
                judged=_judge(run, frame_index) if place == 0 and first_pass else None,
            )
    return Moment(
        title=f"Frame {frame_index}, finished",
        image=run.image(frame_index),
        content=run.clip[frame_index],
        objective=run.objective,
        targets=run.targets(frame_index),
        weights=run.weights(frame_index),
        styles=run.objective.guidance,
        earlier=tuple(earlier),
    )


def _judge(run: StoredRun, frame_index: int) -> Callable[[int, int], str]:
    return lambda x, y: explain_trust(verdict_at(run.motion(frame_index), x, y))


def painting_of(
    content: Image, style: Style, settings: ImageSettings | None, size: int | None
) -> Stylization:
    """A painting that is not begun, for its targets alone; `size` in place of the settings' own."""
    settings = settings or ImageSettings()
    alone = dataclasses.replace(settings, scales=1, size=size or settings.size)
    return Stylization(content, style, alone, preview=False)


def check_picture(picture: Image, content: Image) -> Image:
    """Return `picture` if it is an Image with the proportions of `content`."""
    check_image(picture, "picture")
    size = picture.shape[1::-1]
    height, width = check_image(content, "content").shape[:2]
    fitted = fitted_size((width, height), max(size))
    if size != fitted:
        raise SettingsError(
            "picture",
            f"has {size[0]}×{size[1]} pixels, the content at this size {fitted[0]}×{fitted[1]}; "
            "give a painting of this content",
        )
    return np.asarray(picture)
