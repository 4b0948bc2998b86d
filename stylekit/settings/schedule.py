"""How the weights moved during a painting, so that it can be repeated step by step."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from ..errors import SettingsError
from .classes import Weights


@dataclass(frozen=True, slots=True, kw_only=True)
class WeightChange:
    """Weights that hold from one step on: a step of a picture, or of a frame of a clip in a pass.

    Steps and frames are counted from 0, passes from 1.
    """

    weights: Weights
    step_index: int = 0
    frame_index: int = 0
    pass_number: int = 1

    @property
    def place(self) -> tuple[int, int, int]:
        """What rises during the painting; every second pass goes backward through the frames."""
        forward = self.pass_number % 2 == 1
        frame = self.frame_index if forward else -self.frame_index
        return self.pass_number, frame, self.step_index

    def to_json(self) -> dict[str, Any]:
        """JSON's own types; of a first pass without its number."""
        return {
            **({"pass": self.pass_number} if self.pass_number > 1 else {}),
            "frame": self.frame_index,
            "step": self.step_index,
            "weights": self.weights.to_json(),
        }

    @classmethod
    def from_json(cls, data: Any) -> WeightChange:
        """The change that `to_json` wrote. Raises SettingsError for anything else."""
        names = {"pass": 1, "frame": 0, "step": 0}
        if not isinstance(data, dict) or not set(data) <= {*names, "weights"}:
            raise SettingsError("weight_changes", f"must be steps with their weights, is {data!r}")
        numbers = {name: data.get(name, least) for name, least in names.items()}
        for name, number in numbers.items():
            if type(number) is not int or not names[name] <= number < 2**53:
                raise SettingsError("weight_changes", f"{name}: must be a count, is {number!r}")
        return cls(
            weights=Weights.from_json(data.get("weights", {})),
            step_index=numbers["step"],
            frame_index=numbers["frame"],
            pass_number=numbers["pass"],
        )


@dataclass(frozen=True, slots=True)
class WeightSchedule:
    """The weights of each step of a painting: what they were, and where they changed.

    `Stylization.steps` and `VideoRun.steps` take it in the place of weights, and so repeat a
    painting. Before the first change the weights are those of the first, after the last those of
    the last. Raises SettingsError if there is no change.

    Examples
    --------
    >>> from stylekit.settings import WeightChange, WeightSchedule
    >>> light, strong = Weights(beta=1e3), Weights(beta=1e5)
    >>> schedule = WeightSchedule.of(
    ...     [WeightChange(weights=light), WeightChange(weights=strong, step_index=20)]
    ... )
    >>> schedule.at(19).beta, schedule.at(20).beta, schedule.moves
    (1000.0, 100000.0, True)
    """

    changes: tuple[WeightChange, ...]

    def __post_init__(self) -> None:
        if not self.changes:
            raise SettingsError("weight_changes", "must have at least one step with its weights")

    @classmethod
    def of(cls, changes: Iterable[WeightChange]) -> WeightSchedule:
        """The schedule of these changes; those that change nothing are left out."""
        kept: list[WeightChange] = []
        for change in sorted(changes, key=lambda change: change.place):
            if not kept or kept[-1].weights != change.weights:
                kept.append(change)
        return cls(tuple(kept))

    @property
    def moves(self) -> bool:
        """Whether the weights changed at all."""
        return len(self.changes) > 1

    @property
    def last(self) -> Weights:
        """The weights of the last step."""
        return self.changes[-1].weights

    def at(self, step_index: int, *, frame_index: int = 0, pass_number: int = 1) -> Weights:
        """The weights of a step, as it is counted by `WeightChange`."""
        asked = WeightChange(
            weights=self.last,
            step_index=step_index,
            frame_index=frame_index,
            pass_number=pass_number,
        )
        before = [change for change in self.changes if change.place <= asked.place]
        return (before or self.changes)[-1 if before else 0].weights

    def with_weights(self, change: Callable[[Weights], Weights]) -> WeightSchedule:
        """The same steps with other weights: `change(weights)` in the place of each."""
        return WeightSchedule(
            tuple(dataclasses.replace(each, weights=change(each.weights)) for each in self.changes)
        )

    def to_json(self) -> list[dict[str, Any]]:
        """A list of JSON's own types."""
        return [change.to_json() for change in self.changes]

    @classmethod
    def from_json(cls, data: Any) -> WeightSchedule:
        """The schedule that `to_json` wrote. Raises SettingsError for anything else."""
        if not isinstance(data, list):
            raise SettingsError("weight_changes", f"must be a list, is {data!r}")
        return cls.of(map(WeightChange.from_json, data))


WeightsNow = Weights | Callable[[], Weights] | WeightSchedule
"""Weights, a function that is asked for them before each step, or those of an earlier painting."""


def weights_of_step(
    weights: WeightsNow, step_index: int, *, frame_index: int = 0, pass_number: int = 1
) -> Weights:
    """The weights for a step that is about to be taken, as `WeightChange` counts it."""
    if isinstance(weights, WeightSchedule):
        return weights.at(step_index, frame_index=frame_index, pass_number=pass_number)
    return weights() if callable(weights) else weights
