"""Recipes painting the same picture in turns, so that a machine's noise hits all alike."""

from __future__ import annotations

import dataclasses
import math
import time
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol, Self

import numpy as np
from numpy.typing import NDArray
from painting_task import Painted

from stylekit.arrays import Image, to_bytes

# Seconds of a turn: long enough that caches and clocks settle, short against what is compared.
TURN = 6.0
# While the leader is on its way the others keep to this share of its time: they are about so
# much faster, and so all of them run for as long as it does.
SHARE = 0.25
# Whoever has not reached the last goal after this share of the leader's time is given up: what
# counts is whether stylekit was there first.
LIMIT = 0.3


class Point(NamedTuple):
    """What a recipe had reached: evaluations and seconds so far, loss of the 8-bit picture."""

    evaluations: float
    seconds: float
    loss: float


@dataclass(frozen=True, slots=True)
class Curve:
    """A recipe's way: its points, and its seconds an evaluation (10th, 50th, 90th percentile).

    `note` says why there is no way, and is empty otherwise.
    """

    name: str
    points: list[Point]
    pace: tuple[float, float, float] = (0.0, 0.0, 0.0)
    note: str = ""

    def reached(self, goal: float) -> Point | None:
        """The first measured point whose loss is at or below `goal`."""
        return next((point for point in self.points if point.loss <= goal), None)


@dataclass(frozen=True, slots=True)
class Result:
    """All recipes' ways on one pair, and the two goals: the leader's losses after `marks` steps."""

    pair: str
    size: tuple[int, int]
    marks: tuple[int, int]
    goals: tuple[float, float]
    curves: list[Curve] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        """JSON's own types, which `from_json` reads back."""
        return dataclasses.asdict(self)

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Self:
        """The result that `to_json` wrote."""
        curves = [
            Curve(
                curve["name"],
                [Point(*point) for point in curve["points"]],
                tuple(curve["pace"]),
                curve["note"],
            )
            for curve in data["curves"]
        ]
        pairs = {name: tuple(data[name]) for name in ("size", "marks", "goals")}
        return cls(pair=data["pair"], curves=curves, **pairs)


class Judge(Protocol):
    """What a lane asks of a task."""

    def loss(self, image: Image) -> float:
        """The loss of the 8-bit picture."""
        ...


class Lane:
    """One recipe on its way. Only its own steps are timed: neither its set-up nor the judging.

    The loss is looked at every `look_every` steps and after those in `marks`; pictures are kept
    in 8 bits, because the first goal is known only later. Without a judge every loss is NaN.
    """

    def __init__(
        self,
        name: str,
        painting: Generator[Painted],
        judge: Judge | None = None,
        *,
        look_every: int = 1,
        marks: Sequence[int] = (),
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self.name = name
        self._painting, self._judge, self._clock = painting, judge, clock
        self._look_every, self._marks = look_every, marks
        self._last_step = max(marks, default=None)
        self._steps, self._evaluations = 0, 0.0
        self._paces: list[float] = []
        self._note = ""
        self.seconds = 0.0
        self.ended = False
        self.points: list[Point] = []
        self.pictures: list[NDArray[np.uint8]] = []
        self._start()

    def run(self, until: float, *, goal: float | None = None) -> None:
        """Go on until so many seconds are spent, the loss is at `goal`, or nothing is left."""
        while not self.ended and self.seconds < until:
            if goal is not None and self.curve().reached(goal):
                self.close()
                return
            start = self._clock()
            painted = next(self._painting, None)
            spent = self._clock() - start
            if painted is None:
                self.close()
                return
            self._count(painted, spent)

    def close(self) -> None:
        """End here, wherever it is."""
        self.ended = True
        self._painting.close()

    def curve(self) -> Curve:
        """Its way so far."""
        paces = self._paces or [0.0]
        low, middle, high = (float(np.percentile(paces, share)) for share in (10, 50, 90))
        return Curve(self.name, self.points, (low, middle, high), self._note)

    def picture_at(self, goal: float) -> NDArray[np.uint8] | None:
        """The 8-bit picture of the first measured point at or below `goal`."""
        found = self.curve().reached(goal)
        return None if found is None else self.pictures[self.points.index(found)]

    def index_at(self, seconds: float) -> int:
        """Of the last point, and so the last picture, that was there after so many seconds."""
        return max(i for i, point in enumerate(self.points) if point.seconds <= seconds)

    def _start(self) -> None:
        try:
            self._look(next(self._painting).image)
        except ModuleNotFoundError as error:
            self._note = f"needs {error.name}, which is not installed"
            self.ended = True

    def _count(self, painted: Painted, spent: float) -> None:
        self.seconds += spent
        self._steps += 1
        if painted.evaluations > self._evaluations:
            self._paces.append(spent / (painted.evaluations - self._evaluations))
        self._evaluations = painted.evaluations
        if self._steps % self._look_every == 0 or self._steps in self._marks:
            self._look(painted.image)
        if self._steps == self._last_step:
            self.close()

    def _look(self, image: Image) -> None:
        loss = math.nan if self._judge is None else self._judge.loss(image)
        self.points.append(Point(self._evaluations, self.seconds, loss))
        self.pictures.append(to_bytes(image))


def race(leader: Lane, others: Sequence[Lane], marks: tuple[int, int]) -> tuple[float, float]:
    """Run all lanes in turns; returns the two goals, the leader's losses after `marks` steps.

    The leader takes all of its steps. Each of the others stops at the leader's last loss, or when
    it has taken `LIMIT` of the leader's time.
    """
    while not leader.ended:
        leader.run(leader.seconds + TURN)
        for lane in others:
            lane.run(SHARE * leader.seconds)
    losses = {round(point.evaluations): point.loss for point in leader.points}
    goals = losses[marks[0]], losses[marks[1]]
    limit = LIMIT * leader.seconds
    while running := [lane for lane in others if not lane.ended and lane.seconds < limit]:
        for lane in running:
            lane.run(min(lane.seconds + TURN, limit), goal=goals[1])
    for lane in others:
        lane.close()
    return goals
