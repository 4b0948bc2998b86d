"""A clip painted by a few lines of code, in which one published mistake can be made.

The code is that of the method, without all that makes it quick or robust: each frame starts from
the one before, carried along the exact flow of a scene, and takes a few steps.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

import numpy as np

from ..arrays import Flow, Image, Mask
from ..explain.pulls import PullMaps, pull_maps
from ..image.colors import starting_picture
from ..image.guidance import Guidance
from ..image.objective import Objective, TemporalTarget
from ..image.optimizer import LBFGS, Bounds
from ..image.smoothing import smooth_first
from ..image.stylization import prepare_objective
from ..losses import Losses, gram_matrix, without_masks
from ..media.images import load_image
from ..motion.flow import FlowPair, warp
from ..motion.masks import consistency_mask, motion_boundary
from ..samples import find_material
from ..scenes import Scene, make_scene
from ..settings import ImageSettings, Weights

SIZE, FRAMES, STRIDE = 64, 3, 2
_SCENE, _STYLE = "crossing", "glass"
_FIRST_STEPS, _LATER_STEPS = 14, 7
_WEIGHTS = Weights(gamma=1600, edges=0)


class Bug(StrEnum):
    """The published mistakes, as a student names them."""

    DEAD_GRADIENT = "dead gradient"
    REVERSED_FLOW = "reversed flow"
    OCCLUSIONS_TRUSTED = "occlusions trusted"
    BOUNDARIES_TRUSTED = "motion boundaries trusted"
    UNNORMALISED = "Gram matrix not normalised"
    UNBOUNDED = "unbounded optimiser"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Painted:
    """What a program painted, and what it worked with.

    The lists `flows`, `masks` and `warped` have an entry for each frame but the first. `reported`
    is the weighted loss of the last frame as the program says it, `stored` that of the picture in
    the file; `losses` are the terms of that picture, measured by correct code. `forces` are the
    pulls at the last frame as the program computes them; `outside` is the share of
    its values that were below 0 or above 1 before they were stored.
    """

    images: tuple[Image, ...]
    flows: tuple[Flow, ...]
    masks: tuple[Mask, ...]
    warped: tuple[Image, ...]
    reported: float
    stored: float
    losses: Losses
    forces: PullMaps
    outside: float


def scene_of(seed: int) -> Scene:
    """The scene that is painted: a cup moves in front of a cat; `seed` chooses the moment."""
    return make_scene(_SCENE, frames=FRAMES, size=SIZE, stride=STRIDE, first=4 + seed % 5)


def paint(scene: Scene, bug: Bug | None) -> Painted:
    """Paint a scene; with `bug` by a program that has this mistake."""
    style = load_image(find_material(_STYLE))
    settings = ImageSettings(size=SIZE, weights=_WEIGHTS, scales=1, backbone="vgg16")
    correct = objective = prepare_objective(style, settings, content=scene.frames[0])
    if bug is Bug.UNNORMALISED:
        settings = replace(settings, style_loss=_gram_sum)
        objective = prepare_objective(style, settings, content=scene.frames[0])
    bounds = Bounds(-np.inf, np.inf) if bug is Bug.UNBOUNDED else Bounds()
    # A gradient that is cut off moves nothing, as if γ were 0; the loss is added all the same.
    weights = without_masks(_WEIGHTS) if bug is Bug.DEAD_GRADIENT else _WEIGHTS

    images: list[Image] = []
    flows: list[Flow] = []
    masks: list[Mask] = []
    carried: list[Image] = []
    for number, content in enumerate(scene.frames):
        start = starting_picture(content, Guidance.of(style), settings.colors)
        # The first frame has no past. A term that trusts nothing says so, and spares compiling the
        # loss a second time without it.
        temporal = [TemporalTarget(start, np.zeros(start.shape[:2], np.float32))]
        if number:
            pair = _flow(scene, number - 1, bug)
            mask = _mask(pair, bug)
            warped = warp(images[-1], pair.backward_flow)
            flows.append(pair.backward_flow)
            masks.append(mask)
            carried.append(warped)
            temporal = [TemporalTarget(warped, mask)]
            start = mask[..., None] * warped + (1 - mask[..., None]) * start
        targets = objective.targets(content, temporal)
        optimizer = LBFGS(start, bounds=bounds, painted=number > 0, precondition=smooth_first)

        def evaluate(x: Any, targets: Any = targets) -> tuple[float, Any]:
            found = objective.evaluate(x, targets, weights)
            return found.value, found.gradient

        for _ in range(_LATER_STEPS if number else _FIRST_STEPS):
            optimizer.step(evaluate)
        images.append(np.clip(optimizer.x, 0, 1))
    right = correct.targets(scene.frames[-1], temporal)
    return Painted(
        images=tuple(images),
        flows=tuple(flows),
        masks=tuple(masks),
        warped=tuple(carried),
        reported=_value(objective, optimizer.x, targets),
        stored=_value(objective, images[-1], targets),
        losses=correct.losses(images[-1], right, _WEIGHTS),
        forces=pull_maps(objective, targets, images[-1], weights),
        outside=float(np.mean((optimizer.x < 0) | (optimizer.x > 1))),
    )


def _value(objective: Objective, image: Any, targets: Any) -> float:
    """The weighted loss that a program prints, with all terms."""
    return objective.evaluate(image, targets, _WEIGHTS).value


def _gram_sum(features: Any, mask: Any, positions: int) -> Any:
    """Sums of products, which nobody divided by the number of positions."""
    count = features.shape[1] * features.shape[2]
    return gram_matrix(features, mask, positions) * float(count)


def _flow(scene: Scene, index: int, bug: Bug | None) -> FlowPair:
    pair = scene.flow_pair(index)
    if bug is Bug.REVERSED_FLOW:
        return FlowPair(pair.backward_flow, pair.forward_flow)
    return pair


def _mask(pair: FlowPair, bug: Bug | None) -> Mask:
    flow, reverse = pair.backward_flow, pair.forward_flow
    if bug is Bug.OCCLUSIONS_TRUSTED:
        return (~motion_boundary(flow)).astype(np.float32)
    return consistency_mask(flow, reverse, smooth=0, boundary=bug is not Bug.BOUNDARIES_TRUSTED)
