"""Calling a student's function, and finding which known mistake its answer is that of.

A mistake is found by trying it: what would it give for these inputs? The inputs are random, so an
answer that agrees with a mistake on three of them is that mistake, and no constant passes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..vgg.runtime import tf
from .result import CheckResult, Finding, as_panel

Array = NDArray[Any]
Inputs = tuple[Array, ...]

TRIALS = 3
"""How many random inputs, of different shapes, each answer is tried with."""


BORDER: Finding = (
    "border",
    "inside it is right. Where the flow leads out of the picture, the nearest pixel of the border "
    "is to be read; here something else is.",
)


@dataclass(frozen=True, slots=True)
class Mistake:
    """A known mistake: its name, how it is said, and what it gives for the inputs."""

    name: str
    words: str
    compute: Callable[..., Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Exercise:
    """A function to write.

    - `name`: as `hint` takes it; `function`: what the student's function is called
    - `inputs`: random inputs, from a generator and the number of the trial
    - `solve`: the right answer in float64; `size`: the same from the absolute values, in which
      rounding errors are measured; `terms`: how many products one number is the sum of
    - `mistakes`: what is tried if the answer is wrong
    - `result`: what must come out, in words
    - `judged`: where the answer counts, of the answer's shape; None for everywhere
    - `factors`: numbers by which an answer may be too large, with their names
    - `titles`: of the inputs in the picture
    - `outside`: `(H, W)`, where a flow leads out of the picture; None if there is none
    - `shown`: inputs on which the picture shows the answer; the first random ones unless given
    - `boolean`: whether the answer is True or False at each pixel
    - `whole`: whether the answer is numbers of something, which must be of a type of integers
    """

    name: str
    function: str
    inputs: Callable[[np.random.Generator, int], Inputs]
    solve: Callable[..., Any]
    size: Callable[..., float]
    terms: Callable[..., int]
    mistakes: Sequence[Mistake]
    result: str
    judged: Callable[..., Array] | None = None
    factors: Callable[..., dict[str, float]] | None = None
    titles: tuple[str, ...] = ()
    outside: Callable[..., Array] | None = None
    shown: Callable[[], Inputs] | None = None
    boolean: bool = False
    whole: bool = False


@dataclass(frozen=True, slots=True)
class Trial:
    """One call: the inputs, the right answer, the student's, and the largest rounding error."""

    inputs: Inputs
    wanted: Array
    found: Array
    tolerance: float
    judged: Array | None

    def agrees(self, other: Any) -> bool:
        """Whether the student's answer is `other`, up to rounding."""
        other = np.asarray(other, np.float64)
        if other.shape != self.found.shape:
            return False
        near = np.abs(self.found - other) <= self.tolerance
        return bool(np.all(near if self.judged is None else near | ~self.judged))


class AnswerError(Exception):
    """The call itself went wrong; `finding` says how."""

    def __init__(self, *finding: str) -> None:
        super().__init__(finding[1])
        self.finding: Finding = (finding[0], finding[1])


def check_answer(exercise: Exercise, student: Callable[..., Any], seed: int | None) -> CheckResult:
    """Try a student's function, and say what was found."""
    random = np.random.default_rng(seed)
    trials = []
    try:
        if not callable(student):
            raise AnswerError(
                "not a function",
                f"{exercise.function} is a {type(student).__name__}, not a function: give its name "
                "without calling it.",
            )
        for number in range(TRIALS):
            trials.append(_try(exercise, student, exercise.inputs(random, number)))
    except AnswerError as error:
        return CheckResult(
            exercise=exercise.name,
            right=False,
            diagnosis=error.finding[0],
            words=error.finding[1],
        )
    diagnosis, words = _diagnose(exercise, trials)
    right = diagnosis == "right"
    return CheckResult(
        exercise=exercise.name,
        right=right,
        diagnosis=diagnosis,
        words=words,
        panels={} if right else _panels(exercise, student, trials[0]),
    )


def call(student: Callable[..., Any], inputs: Inputs) -> Any:
    """The answer for arrays; or for tensors, if the function works with these only.

    Raises AnswerError if the function raises, returns nothing, or changes what it was given.
    """
    given = tuple(array.copy() for array in inputs)
    try:
        answer = student(*given)
    except NotImplementedError:
        raise AnswerError("not written", "the function is not written yet.") from None
    # Whatever a student's code raises is the student's to read, and must not end the notebook.
    except Exception as error:
        try:
            answer = student(*(tf.constant(array) for array in inputs))
        except Exception:
            raise AnswerError("raises", _said(error)) from None
    for number, (before, after) in enumerate(zip(inputs, given, strict=True), start=1):
        if before.shape != after.shape or not np.array_equal(before, after):
            raise AnswerError(
                "changes its input",
                f"the function changes what it was given: its argument {number} is another array "
                "after the call. Whoever calls it still needs that; work on new arrays, for "
                "example without += and without assigning into a slice.",
            )
    if answer is None:
        raise AnswerError("returns nothing", "the function returns None: is there a return?")
    return answer


def numbers_of(answer: Any) -> Array:
    """The answer as an array of float64 or bool. Raises AnswerError if it is none."""
    try:
        array = np.asarray(answer)
    except Exception as error:
        raise AnswerError(
            "not numbers", f"what comes out is no array: {type(error).__name__}."
        ) from None
    if array.dtype.kind not in "fiub":
        raise AnswerError(
            "not numbers",
            f"what comes out is {type(answer).__name__} of type {array.dtype}, not real numbers.",
        )
    if not np.isfinite(array).all():
        raise AnswerError(
            "not finite",
            "there are NaN or infinite numbers in the answer: is there a division by "
            "zero, or a root of a negative number?",
        )
    return array


def _said(error: Exception) -> str:
    text = " ".join(str(error).split())[:300]
    lines, trace = "", error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename != __file__:
            lines = f" (line {trace.tb_lineno} of {trace.tb_frame.f_code.co_name})"
            break
        trace = trace.tb_next
    return f"the function raises {type(error).__name__}{lines}: {text.rstrip('.')}."


def _try(exercise: Exercise, student: Callable[..., Any], inputs: Inputs) -> Trial:
    found = numbers_of(call(student, inputs))
    doubles = tuple(array.astype(np.float64) for array in inputs)
    wanted = np.asarray(exercise.solve(*doubles))
    if finding := _wrong_type(exercise, found, wanted.shape):
        raise AnswerError(*finding)
    # Each of n products and sums in float32 is off by at most half a unit in the last place; the
    # factor leaves room for other orders of the operations.
    rounding = 8.0 * exercise.terms(*doubles) * float(np.finfo(np.float32).eps)
    return Trial(
        inputs=doubles,
        wanted=wanted.astype(np.float64),
        found=found.astype(np.float64),
        tolerance=rounding * exercise.size(*doubles),
        judged=None if exercise.judged is None else exercise.judged(*doubles),
    )


def _wrong_type(exercise: Exercise, found: Array, shape: tuple[int, ...]) -> Finding | None:
    kind, is_type = found.dtype.kind, f"the answer has the type {found.dtype}"
    if exercise.boolean:
        if found.shape != shape or kind == "b":
            return None
        return (
            "wrong type",
            f"{is_type}. It must be True or False at each pixel: a "
            "comparison such as a > b gives that, and ~ turns it round.",
        )
    if exercise.whole:
        # Fractions are no numbers of anything: what they are is found by the mistakes.
        if kind != "f" or not np.array_equal(found, np.rint(found)):
            return None
        return (
            "wrong type",
            f"{is_type}, with which no array can be indexed. Numbers of things are integers: "
            "np.argmin gives them, and np.zeros(n, int) has room for them.",
        )
    if kind not in "iub":
        return None
    return (
        "wrong type",
        f"{is_type}: its fractions are lost. Where does an array "
        "of whole numbers come from, or a comparison?",
    )


def _diagnose(exercise: Exercise, trials: Sequence[Trial]) -> Finding:
    if all(trial.agrees(trial.wanted) for trial in trials):
        return "right", f"{exercise.function} gives what it should, on {len(trials)} random inputs."
    for mistake in exercise.mistakes:
        if all(trial.agrees(mistake.compute(*trial.inputs)) for trial in trials):
            return mistake.name, mistake.words
    first = trials[0]
    if any(trial.found.shape != trial.wanted.shape for trial in trials):
        given = ", ".join(str(array.shape) for array in first.inputs)
        return (
            "wrong shape",
            f"the answer has the shape {first.found.shape}. For inputs of the shape {given} "
            f"{exercise.result}: {first.wanted.shape or 'a single number'}.",
        )
    return _by_numbers(exercise, trials)


def _by_numbers(exercise: Exercise, trials: Sequence[Trial]) -> Finding:
    if all(float(np.ptp(trial.found)) == 0 for trial in trials) and trials[0].wanted.size > 1:
        return "constant", "all numbers of the answer are the same, whatever the input is."
    if len({trial.found.tobytes() for trial in trials}) == 1:
        return "constant", "the answer does not depend on the input."
    ratios = [_ratio(trial) for trial in trials]
    if all(ratio is not None for ratio in ratios):
        return _factor(exercise, trials, [ratio for ratio in ratios if ratio is not None])
    first = trials[0]
    if not first.wanted.shape:
        return (
            "other numbers",
            f"for the first input {float(first.found):.4g} comes out and not "
            f"{float(first.wanted):.4g}. No mistake that is known here gives this number.",
        )
    if exercise.outside and all(_only_outside(exercise.outside, trial) for trial in trials):
        return BORDER
    wrong = np.abs(first.found - first.wanted) > first.tolerance
    if first.judged is not None:
        wrong &= first.judged
    place = tuple(int(index) for index in np.argwhere(wrong)[0]) if wrong.any() else ()
    return (
        "other numbers",
        f"{100 * wrong.mean():.0f} % of the numbers are wrong, the first at {place}. No mistake "
        "that is known here gives these numbers; the picture shows where they are.",
    )


def _only_outside(outside: Callable[..., Array], trial: Trial) -> bool:
    wrong = np.abs(trial.found - trial.wanted) > trial.tolerance
    return not wrong[~outside(*trial.inputs)].any()


def _ratio(trial: Trial) -> float | None:
    """The one number by which the whole answer is too large, or None."""
    squares = float((trial.wanted**2).sum())
    if trial.judged is not None or squares == 0:
        return None
    ratio = float((trial.found * trial.wanted).sum()) / squares
    near = np.abs(trial.found - ratio * trial.wanted) <= trial.tolerance * max(1.0, abs(ratio))
    return ratio if ratio and near.all() else None


def _factor(exercise: Exercise, trials: Sequence[Trial], ratios: Sequence[float]) -> Finding:
    known = [exercise.factors(*trial.inputs) if exercise.factors else {} for trial in trials]
    for name in known[0]:
        if all(
            np.isclose(ratio, names[name], rtol=1e-4)
            for ratio, names in zip(ratios, known, strict=True)
        ):
            return "wrong factor", f"every number is {name} times what it should be."
    if np.allclose(ratios, ratios[0], rtol=1e-4):
        if np.isclose(ratios[0], -1, rtol=1e-4):
            return "wrong sign", "every number has the wrong sign."
        return "wrong factor", f"every number is {ratios[0]:.4g} times what it should be."
    return (
        "wrong factor",
        "every number is too large or too small by one factor, which depends on the input: by what "
        "is divided, and by what should be?",
    )


def _panels(exercise: Exercise, student: Callable[..., Any], trial: Trial) -> dict[str, Array]:
    """Inputs, the answer, and where it is wrong, if it is more than one number."""
    if not trial.wanted.shape:
        return {}
    if exercise.shown is not None:
        # An answer to random inputs may be one that these inputs have none for.
        with suppress(AnswerError):
            trial = _try(exercise, student, exercise.shown())
    if trial.found.ndim not in (2, 3):
        return {}
    panels = {
        title: as_panel(array)
        for title, array in zip(exercise.titles, trial.inputs, strict=False)
        if title
    }
    panels["your answer"] = as_panel(trial.found)
    if trial.found.shape == trial.wanted.shape:
        difference = np.abs(trial.found - trial.wanted)
        if trial.judged is not None:
            difference = np.where(trial.judged, difference, 0)
        panels["as it should be"] = as_panel(trial.wanted)
        panels["difference"] = as_panel(difference)
    return panels
