"""When a later frame of a clip is finished: its goal, and what is done when the weights move.

A frame of a shot that was painted until its loss hardly fell is a reference. The goal of a later
frame i is the loss of its reference r, each term in the measure of the frame's own content:

    Σ_t w_t L_t(r) N_t(i) / N_t(r)

w are the weights of now. N_content is the content loss of unrelated photographs, N_style the style
loss of the content itself (see `stylekit.image.scores`); the other terms have N = 1. Temporal terms
do not count.

Losses that were reached under other weights say nothing about what can be reached under those of
now. Then the frame has no goal: it becomes the next reference. The temporal loss, which holds it to
a picture that was made under other weights, counts less in it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ..arrays import Image
from ..image.colors import starting_picture
from ..image.scores import share_left
from ..image.step import Step
from ..image.stylization import Stylization
from ..losses import TERMS, Losses, weight_of, without_masks
from ..settings import (
    ImageSettings,
    WeightChange,
    Weights,
    WeightSchedule,
    WeightsNow,
    weights_of_step,
)

# Weights that differ by up to this factor count as the same. At a minimum, the excess of the old
# picture over the new minimum grows with the square of the change: it is small for small changes.
# So a slider that is dragged, or weights that rise slowly, make few references.
_SAME_WEIGHTS = 1.25

# The share of the temporal loss in a frame whose weights have moved. All of it would keep a frame
# that should show more of the photograph from changing at all.
_HELD = 0.1

# A frame starts from the recoloured content if its loss is lower than this multiple of the carried
# frame's: without strokes, a loss falls faster in the first steps.
_LEAD = 2.0

_NOTHING, _CHANGES = "losses_of_nothing", "weight_changes"


@dataclass(frozen=True, slots=True)
class Goal:
    """The losses that a frame should reach, and the weights under which they were reached.

    Examples
    --------
    >>> goal = Goal(Losses(content=1.0), Weights(beta=1e4))
    >>> settings = ImageSettings()
    >>> [goal.is_for(Weights(beta=beta), settings) for beta in (1.2e4, 1e2, 0.0)]
    [True, False, False]
    """

    losses: Losses
    weights: Weights

    def is_for(self, weights: Weights, settings: ImageSettings) -> bool:
        """Whether `weights` ask for about the same as those that the goal was reached under.

        The shares of the style layers must be equal: the style loss is summed with them.
        """
        if _shares(self.weights, settings) != _shares(weights, settings):
            return False
        before, now = without_masks(self.weights), without_masks(weights)
        pairs = [sorted((weight_of(t, before), weight_of(t, now))) for t in TERMS.values()]
        return all(larger <= _SAME_WEIGHTS * smaller for smaller, larger in pairs)


def find_reference(entries: Mapping[int, dict[str, Any]], source: int) -> int | None:
    """The last reference in a shot, from a frame on back; None if the shot has none.

    Parameters
    ----------
    entries : The manifest's entries of the frames before.
    source : The frame to begin with: the one that the frame which asks continues.
    """
    found: int | None = source
    while found is not None:
        entry = entries[found]
        # Manifests of earlier versions do not say it; their references were the cold frames.
        if entry.get("reference", entry["cold"]):
            return found
        # Not simply the frame before: after a flash a shot goes on from before it.
        found = None if entry["cold"] else entry.get("source", found - 1)
    return None


def model_frame(entries: Mapping[int, dict[str, Any]], source: int) -> int:
    """The frame whose paint is the model for what follows `source`: texture, and fine detail.

    That is the last reference, painted under about the weights of now, or else the shot's first
    frame. Parameters are those of `find_reference`.
    """
    reference = find_reference(entries, source)
    if reference is not None:
        return reference
    first = source
    while not entries[first]["cold"]:
        first = entries[first].get("source", first - 1)
    return first


def goal_of(reference: Mapping[str, Any], nothing: tuple[float, float]) -> Goal:
    """The goal of a frame with these `losses_of_nothing`, from the entry of its reference."""
    # An entry of an earlier version may lack a term.
    losses = dict(Losses(**reference["losses"]))
    before = reference.get(_NOTHING, {})
    for name, here in zip(("content", "style"), nothing, strict=True):
        there = before.get(name, here)
        if there > 0:
            losses[name] *= here / there
    return Goal(Losses(**losses), Weights.from_json(reference["weights"]))


class FramePainting:
    """A frame of a clip while it is painted to its end, under weights that may move.

    A frame with a goal is finished when it reaches it, or after `frame_steps` steps. One without is
    finished by the rule of pictures: when its loss hardly falls any more, or after the steps of a
    picture. If the weights have then stayed the same for `patience` steps, it is a reference.

    Parameters
    ----------
    painting : The frame at its start. A later frame has one scale.
    content : What the frame shows, in the size of the painting.
    reference : The manifest's entry of its reference; None if there is none.
    cold : Whether it starts a shot.
    frame_steps : The most steps of a frame with a goal.
    frame_index, pass_number : Which frame it is, counted from 0, in which pass, counted from 1.
    """

    def __init__(
        self,
        painting: Stylization,
        content: Image,
        reference: Mapping[str, Any] | None,
        *,
        cold: bool,
        frame_steps: int,
        frame_index: int = 0,
        pass_number: int = 1,
    ) -> None:
        self._painting, self._content, self._frame_steps = painting, content, frame_steps
        self._frame_index, self._pass_number = frame_index, pass_number
        self._weights = painting.settings.weights
        self._changes: list[WeightChange] = []
        self._steps = self._evaluations = 0
        # What a later frame should agree with; `_aim_anew` may change the painting's.
        self._held = None if cold else painting.targets
        self._free = cold
        self._free_steps = self._steps_since_move = 0
        self._nothing: tuple[float, float] | None = None
        self._goal: Goal | None = None
        if reference is not None:
            self._nothing = self._losses_of_nothing()
            self._goal = goal_of(reference, self._nothing)

    @property
    def image(self) -> Image:
        """The picture as it is now."""
        return self._painting.image

    def paint(self, weights: WeightsNow) -> Iterator[Step]:
        """Its steps until it is finished; `weights` as in `Stylization.steps`."""
        painting = self._painting
        now = self._weights = self._now(weights)
        self._changes = [self._change(now, 0)]
        # A frame of a still shot is as good before its first step, and must stay as it is.
        if self._asks_for_the_same(now) and self._is_reached(self._losses_of(painting.image, now)):
            return
        while True:
            if not self._free and not self._asks_for_the_same(now):
                self._aim_anew(now)
            step = next(painting.steps(1, now), None)
            if step is None:
                return
            self._count(step)
            yield step
            if self._is_reached(step.painted):
                return
            now = self._now(weights)

    def _change(self, weights: Weights, step_index: int) -> WeightChange:
        return WeightChange(
            weights=weights,
            step_index=step_index,
            frame_index=self._frame_index,
            pass_number=self._pass_number,
        )

    def _now(self, weights: WeightsNow) -> Weights:
        return weights_of_step(
            weights, self._steps, frame_index=self._frame_index, pass_number=self._pass_number
        )

    def facts(self) -> dict[str, Any]:
        """What the manifest says of the finished frame and its 8-bit picture."""
        painting = self._painting
        losses, style_distance = painting.objective.measure(
            painting.image, self._held or painting.targets, self._weights
        )
        strangers, plain = self._nothing or self._losses_of_nothing()
        settled = self._steps_since_move >= min(painting.settings.patience, self._free_steps)
        moved = self._changes
        return {
            "losses": losses.to_json(),
            "style_distance": style_distance,
            "content_kept": share_left(losses.content, strangers),
            "style_reached": share_left(style_distance, plain),
            _NOTHING: {"content": strangers, "style": plain},
            "reference": self._free and settled,
            "weights": self._weights.to_json(),
            **({_CHANGES: [each.to_json() for each in moved]} if len(moved) > 1 else {}),
            "steps": self._steps,
            "evaluations": self._evaluations,
        }

    def _asks_for_the_same(self, weights: Weights) -> bool:
        return self._goal is not None and self._goal.is_for(weights, self._painting.settings)

    def _is_reached(self, losses: Losses) -> bool:
        """Whether the frame needs no more steps under the weights of the last one."""
        if self._free or self._goal is None:
            return False
        spent = self._steps >= self._frame_steps
        return spent or losses.as_good_as(self._goal.losses, self._weights)

    def _count(self, step: Step) -> None:
        moved = step.weights != self._weights
        if moved:
            self._changes.append(self._change(step.weights, step.step_index))
        self._steps_since_move = 1 if moved else self._steps_since_move + 1
        self._free_steps += self._free
        self._weights = step.weights
        self._steps, self._evaluations = step.step_index + 1, step.evaluations

    def _aim_anew(self, weights: Weights) -> None:
        """Go on without a goal, under weights that ask for something else.

        If the loss of the recoloured content is about as low, the frame starts from there, held to
        nothing, like that of a new shot: more photograph is sooner reached from the photograph.
        """
        painting, alone = self._painting, without_masks(weights)
        fresh = starting_picture(self._content, painting.guidance, painting.settings.colors)
        carried, recoloured = (
            self._losses_of(start, weights).total(alone) for start in (painting.image, fresh)
        )
        if recoloured < _LEAD * carried:
            painting.begin_again(fresh, painted=False)
        else:
            painting.begin_again(painting.image, painted=True, held=_HELD)
        self._free = True

    def _losses_of(self, image: Image, weights: Weights) -> Losses:
        return self._painting.objective.losses(image, self._painting.targets, weights)

    def _losses_of_nothing(self) -> tuple[float, float]:
        targets = self._painting.targets
        return self._painting.objective.losses_of_nothing(self._content, targets)


def schedule_of(entries: Iterable[Mapping[str, Any]], otherwise: Weights) -> WeightSchedule:
    """The weights of all steps, from the manifest's entries of all passes; `otherwise` if none."""
    changes: list[WeightChange] = []
    for entry in entries:
        frame_index, pass_number = entry["frame_index"], entry.get("pass", 1)
        changes += [WeightChange.from_json(told) for told in entry.get(_CHANGES, ())] or [
            WeightChange(
                weights=Weights.from_json(entry["weights"]),
                frame_index=frame_index,
                pass_number=pass_number,
            )
        ]
    return WeightSchedule.of(changes or [WeightChange(weights=otherwise)])


def _shares(weights: Weights, settings: ImageSettings) -> tuple[float, ...]:
    equal = (1.0,) * len(settings.style_layers)
    return weights.layers or settings.style_layer_weights or equal
