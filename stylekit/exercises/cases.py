"""Programs with a published mistake, to be found from what they paint: `broken`."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import lru_cache

import numpy as np

from ..arrays import Image
from ..errors import SettingsError
from ..losses import TERMS
from ..motion.warping import exact_warping_error
from ..plots import plot_flow, plot_frames, plot_time_strip
from ..plots.style import Figure
from ..scenes import Scene
from .answers import AnswerError, call
from .painting import Bug, Painted, paint, scene_of
from .result import CheckResult

# Where each mistake shows, for a guess that is wrong.
_WHERE = {
    Bug.DEAD_GRADIENT: "If the gradient of the temporal term were dead, that term would pull "
    "nowhere: look at the forces.",
    Bug.REVERSED_FLOW: "If the flow were reversed, the arrows would lead to where things go, and "
    "not to where they come from: look at the flow, and at what was carried along.",
    Bug.OCCLUSIONS_TRUSTED: "If occlusions were trusted, the mask would be white beside the edges "
    "where something comes into sight: look at the mask.",
    Bug.BOUNDARIES_TRUSTED: "If motion boundaries were trusted, the mask would have no thin lines "
    "around what moves: look at the mask.",
    Bug.UNNORMALISED: "If the Gram matrix were not normalised, the style would pull so hard that "
    "no other term counts: look at the forces and the numbers.",
    Bug.UNBOUNDED: "If the optimiser had no bounds, the picture in the file would not have the "
    "loss that the program prints: look at the numbers.",
}

_FOUND = {
    Bug.DEAD_GRADIENT: "the temporal loss is computed and added, but its gradient is zero: the "
    "warped frame was compared outside of the graph. The clip is that of γ = 0.",
    Bug.REVERSED_FLOW: "the forward flow is used where the backward flow is needed: paint is "
    "fetched from the wrong side, and edges are drawn twice.",
    Bug.OCCLUSIONS_TRUSTED: "the mask leaves out motion boundaries only. What comes into sight is "
    "held to what covered it, and carries its edge along.",
    Bug.BOUNDARIES_TRUSTED: "the mask leaves out occlusions only. With the exact flow of this "
    "scene that does no harm. Estimated flow is blurred at these edges, and there paint would "
    "stick to the wrong side.",
    Bug.UNNORMALISED: "the Gram matrix is a sum over positions. The style picture has more of them "
    "than the frame, so the frame is driven to stronger features than it can have, and β counts "
    "thousands of times.",
    Bug.UNBOUNDED: "values below 0 and above 1 lower the loss in the program, and are cut off in "
    "the file.",
}


def broken(number: int) -> BrokenCase:
    """A program with one of six published mistakes, and what it paints; which one is to be found.

    It paints three small frames of a scene with exact motion, and the same by correct code beside
    it, in some seconds. Of the cases 0 to 5 each has another mistake, and so have 6 to 11, and so
    on.

    Parameters
    ----------
    number : which case, at least 0: the same number is the same case for everybody.

    Raises
    ------
    SettingsError : if it is no whole number from 0 on.

    Examples
    --------
    ::

        case = sk.broken(7)
        case.plot_mask()
        case.check("reversed flow")
    """
    if isinstance(number, bool) or not isinstance(number, int) or number < 0:
        raise SettingsError("number", f"must be a whole number from 0 on, is {number!r}")
    return BrokenCase(number)


def bug_of(number: int) -> Bug:
    """The mistake of a case: of six cases from a multiple of 6 on, each has another one."""
    block, place = divmod(number, len(Bug))

    # A digest shuffles them in the same way on every machine, and neighbours tell nothing.
    def rank(bug: Bug) -> bytes:
        return hashlib.sha256(f"block {block}: {bug}".encode()).digest()

    return sorted(Bug, key=rank)[place]


@lru_cache(maxsize=8)
def _painted(seed: int, bug: Bug | None) -> Painted:
    return paint(scene_of(seed), bug)


class BrokenCase:
    """A case of `broken`: figures and numbers of a program with a mistake, and of correct code.

    `check` takes a guess. `plot_painted`, `plot_flow`, `plot_mask`, `plot_forces`, `plot_strip`
    and `numbers` show what there is to see.
    """

    def __init__(self, number: int) -> None:
        self.number = number
        # Six cases share a scene, and with it what correct code paints.
        seed = number // len(Bug)
        self._scene: Scene = scene_of(seed)
        self._correct, self._broken = _painted(seed, None), _painted(seed, bug_of(number))

    def __repr__(self) -> str:
        views = "plot_painted, plot_flow, plot_mask, plot_forces, plot_strip, numbers"
        return f"Case {self.number}: look at {views}; then check(...) one of {_names()}."

    def plot_painted(self) -> Figure:
        """The frames: the scene, painted by correct code, and painted by this program."""
        return plot_frames(
            {
                "scene": self._scene.frames,
                "correct code": self._correct.images,
                "this program": self._broken.images,
            },
            column_labels=[f"frame {index}" for index in range(len(self._scene.frames))],
        )

    def plot_flow(self) -> Figure:
        """The flow along which the program fetches paint for the last frame."""
        return plot_flow(
            self._broken.flows[-1],
            title="The flow along which the last frame fetches its paint",
            arrows=10,
        )

    def plot_mask(self) -> Figure:
        """Masks of the last frame, white where the past is trusted, and what was carried along."""
        rows = {"correct code": self._correct, "this program": self._broken}
        return plot_frames(
            {
                name: [self._scene.frames[-1], _grey(of.masks[-1]), of.warped[-1]]
                for name, of in rows.items()
            },
            column_labels=["last frame", "mask", "frame before, carried along"],
        )

    def plot_forces(self) -> Figure:
        """How hard each term pulls at each pixel of the last frame, on one scale for each term."""
        names = ("content", "style", "temporal")
        rows = {"correct code": self._correct.forces, "this program": self._broken.forces}
        top = {name: np.percentile(self._correct.forces[name], 98) for name in names}
        return plot_frames(
            {
                title: [_grey(np.clip(forces[name] / top[name], 0, 1)) for name in names]
                for title, forces in rows.items()
            },
            column_labels=list(names),
            caption="white: as hard as where the correct code pulls hardest",
        )

    def plot_strip(self) -> Figure:
        """One row of pixels through time."""
        return plot_time_strip(
            {
                "scene": self._scene.frames,
                "correct code": self._correct.images,
                "this program": self._broken.images,
            }
        )

    @property
    def numbers(self) -> CaseNumbers:
        """Losses and shares, of correct code and of this program."""
        return CaseNumbers(self._scene, self._correct, self._broken)

    def check(self, guess: str | Callable[[], str]) -> CheckResult:
        """Whether `guess`, a name or a function that returns it, is the mistake of this program."""
        names = {str(bug).casefold(): bug for bug in Bug}
        try:
            name = call(guess, ()) if callable(guess) else guess
        except AnswerError as error:
            return self._result(*error.finding)
        asked = names.get(name.strip().casefold()) if isinstance(name, str) else None
        if asked is None:
            return self._result("no such name", f"name one of {_names()}; {name!r} is none.")
        if asked is bug_of(self.number):
            return self._result("right", _FOUND[asked], right=True)
        return self._result("another mistake", f"it is another mistake. {_WHERE[asked]}")

    def _result(self, diagnosis: str, words: str, *, right: bool = False) -> CheckResult:
        return CheckResult(exercise="broken", right=right, diagnosis=diagnosis, words=words)


class CaseNumbers:
    """A table of two columns, correct code and a program with a mistake, that shows itself."""

    def __init__(self, scene: Scene, correct: Painted, broken: Painted) -> None:
        columns = [_column(scene, painted) for painted in (correct, broken)]
        self.rows = {name: tuple(column[name] for column in columns) for name in columns[0]}

    def __repr__(self) -> str:
        lines = [f"{'last frame':46}{'correct code':>14}{'this program':>14}"]
        lines += [f"{name:46}{one:>14.4g}{two:>14.4g}" for name, (one, two) in self.rows.items()]
        return "\n".join(lines)


def _column(scene: Scene, painted: Painted) -> dict[str, float]:
    forces = painted.forces.shares()
    return {
        "loss that the program prints": painted.reported,
        "the same of the picture in the file": painted.stored,
        "temporal loss of the picture, × 10⁶": 1e6 * painted.losses.temporal,
        "content loss of the picture, × 10³": 1e3 * painted.losses.content,
        **{
            f"{TERMS[name].label}: share of all pulls, %": 100 * forces[name]
            for name in ("content", "style", "temporal")
        },
        "mask: trusted, % of the frame": 100 * float(painted.masks[-1].mean()),
        "root warping error along the exact motion": exact_warping_error(
            painted.images, scene.backward
        ).rmse,
    }


def _names() -> str:
    return ", ".join(f'"{bug}"' for bug in Bug)


def _grey(values: np.ndarray) -> Image:
    return np.repeat(values.astype(np.float32)[..., None], 3, axis=2)
