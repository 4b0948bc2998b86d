"""What people paint pictures with today, written from the published descriptions.

Every recipe paints the same `Task` and is an iterator: it first yields its start, when all is
prepared, then a `Painted` after each evaluation of loss and gradient. Whoever calls `next` holds
the clock, so nothing here measures time.
"""

from __future__ import annotations

import math
import queue
import threading
from collections import deque
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, replace
from itertools import count, takewhile

import numpy as np
from numpy.typing import NDArray
from painting_task import Array, Painted, Task
from tutorial import tutorial

from stylekit.arrays import Image
from stylekit.image.stylization import Stylization
from stylekit.media.images import resize_image
from stylekit.media.opencv import cv2


def stylekit_defaults(task: Task) -> Generator[Painted]:
    """stylekit as it is installed: the default settings, but without a rule to stop by."""
    settings = replace(task.settings, steps=100_000, tolerance=0.0)
    run = Stylization(task.content, task.style, settings, objective=task.objective)
    # Compiled before the clock runs, as for all; the task itself knows full size alone.
    task.objective.evaluate(run.image, run.targets, settings.weights)
    evaluations, before = 0.0, 0
    yield Painted(0, resize_image(run.image, run.size))
    for step in run.steps():
        evaluations += (step.evaluations - before) * step.image.size / task.content.size
        before = step.evaluations
        yield Painted(evaluations, resize_image(step.image, run.size))


def neural_style(task: Task) -> Generator[Painted]:
    """Johnson's neural-style and Ruder's artistic-videos: Torch's L-BFGS without a line search.

    Their pixels run from 0 to 255 and are not bounded; `-init image` starts from the content.
    """
    factor = task.published_factor
    optimizer = FixedStepLBFGS(255 * task.content)
    yield Painted(0, task.content)
    for evaluations in count(1):
        value, gradient = task.evaluate(optimizer.x / np.float32(255))
        if not np.isfinite(value):
            return
        optimizer.step(np.float32(factor / 255) * gradient)
        yield Painted(evaluations, np.clip(optimizer.x / np.float32(255), 0, 1))


class FixedStepLBFGS:
    """L-BFGS as `optim.lbfgs` of Torch 7 runs it when it is given no line search.

    The first step is −g min(1, 1/‖g‖₁), every later one the full quasi-Newton step; `memory`
    pairs of a product above 10⁻¹⁰ are kept, and H₀ = s·y / y·y of the latest of them.
    """

    def __init__(self, x: Array, *, memory: int = 100) -> None:
        self.x = x
        self._pairs: deque[tuple[Array, Array, float]] = deque(maxlen=memory)
        self._scale = 1.0
        self._before: tuple[Array, Array] | None = None

    def step(self, gradient: Array) -> None:
        """Move `x`, whose gradient this is."""
        if self._before is None:
            move = -gradient * np.float32(min(1.0, 1.0 / float(np.abs(gradient).sum())))
        else:
            self._remember(gradient)
            move = self._direction(gradient)
        self._before = move, gradient
        self.x = self.x + move

    def _remember(self, gradient: Array) -> None:
        assert self._before is not None
        move, previous = self._before
        change = gradient - previous
        product = float(np.vdot(move, change))
        if product > 1e-10:
            self._pairs.append((move, change, product))
            self._scale = product / float(np.vdot(change, change))

    def _direction(self, gradient: Array) -> Array:
        direction = -gradient
        shares = []
        for move, change, product in reversed(self._pairs):
            shares.append(float(np.vdot(move, direction)) / product)
            direction -= np.float32(shares[-1]) * change
        direction *= np.float32(self._scale)
        for (move, change, product), share in zip(self._pairs, reversed(shares), strict=True):
            direction += np.float32(share - float(np.vdot(change, direction)) / product) * move
        return direction


def scipy_lbfgsb(task: Task) -> Generator[Painted]:
    """SciPy's L-BFGS-B (Byrd et al. 1995; Zhu et al. 1997) with its defaults, pixels in [0, 1].

    The loss has the published size, because one of the defaults is a gradient of 10⁻⁵ to stop
    at. The picture is the best so far, which the iterate always is but inside a line search.
    Raises ModuleNotFoundError where SciPy is not installed.
    """
    from scipy.optimize import minimize

    factor, shape = task.published_factor, task.content.shape

    def minimize_with(objective: Callable) -> None:
        start = task.content.astype(np.float64).ravel()
        bounds = np.zeros_like(start), np.ones_like(start)
        minimize(objective, start, jac=True, method="L-BFGS-B", bounds=np.transpose(bounds))

    def evaluate(x: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        value, gradient = task.evaluate(x.reshape(shape).astype(np.float32))
        return factor * value, factor * gradient.astype(np.float64).ravel()

    for evaluations, x in enumerate(_best_points(minimize_with, evaluate)):
        yield Painted(evaluations, task.content if x is None else _image(x, shape))


class _Stop(Exception):
    """Ends a minimisation that nobody waits for any more."""


def _best_points(minimize_with: Callable, evaluate: Callable) -> Iterator[NDArray | None]:
    """None, then after each evaluation of `minimize_with(evaluate)` the best point so far.

    A minimiser that calls back cannot be paused, so it runs in a thread that waits its turn. It
    hands over where it asks for the next evaluation, so that its own arithmetic, too, falls into
    the turn of whoever waits for it.
    """
    turns: queue.SimpleQueue[bool] = queue.SimpleQueue()
    points: queue.SimpleQueue[tuple[NDArray | None, bool]] = queue.SimpleQueue()
    best: tuple[float, NDArray | None] = (math.inf, None)

    def in_turn(x: NDArray) -> tuple:
        nonlocal best
        points.put((best[1], False))
        if not turns.get():
            raise _Stop
        found = evaluate(x)
        if found[0] < best[0]:
            best = found[0], x.copy()
        return found

    def run() -> None:
        try:
            minimize_with(in_turn)
        except _Stop:
            return
        finally:
            points.put((best[1], True))

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    try:
        ended = False
        while not ended:
            point, ended = points.get()
            yield point
            turns.put(True)
    finally:
        turns.put(False)
        thread.join()


def _image(x: NDArray, shape: tuple[int, ...]) -> Image:
    return np.clip(x.reshape(shape), 0, 1).astype(np.float32)


def multi_scale_adam(
    task: Task, *, smallest: int = 128, first_steps: int = 1000, later_steps: int = 500
) -> Generator[Painted]:
    """Crowson's style-transfer-pytorch: Adam from coarse to fine, and the mean of its iterates.

    Longest sides grow by √2 from `smallest` to the picture's; 1000 steps on the first, 500 on
    each later one. Content and style have the size of the scale. A scale starts from the mean of
    the scale before, with Adam's moments resized. Differs from there in what all recipes share:
    the loss, with neither her layer weights nor her total variation.
    """
    size = task.settings.size
    tasks = [task.at(scale) for scale in geometric_scales(min(smallest, size), size)]
    pixels = task.content.size
    adam = AveragedAdam(tasks[0].content)
    evaluations = 0.0
    yield Painted(0, _written(adam, task))
    for scale_index, scaled in enumerate(tasks):
        if scale_index:
            adam = adam.resized(scaled.content.shape[:2])
        for _ in range(later_steps if scale_index else first_steps):
            adam.step(scaled.evaluate(adam.x)[1] * np.float32(task.published_factor))
            evaluations += scaled.content.size / pixels
            yield Painted(evaluations, _written(adam, task))


def geometric_scales(smallest: int, largest: int) -> list[int]:
    """Longest sides from at least `smallest` up to `largest`, each √2 times the one before."""
    sizes = (round(largest / 2 ** (halving / 2)) for halving in count())
    return list(takewhile(lambda size: size >= smallest, sizes))[::-1]


def _written(adam: AveragedAdam, task: Task) -> Image:
    height, width = task.content.shape[:2]
    return resize_image(np.clip(adam.average, 0, 1), (width, height))


class AveragedAdam:
    """Adam (Kingma & Ba 2015) clipped into [0, 1], and the moving average of its iterates.

    Step 0.02, decay (0.9, 0.99), and 0.99 for the average, which is corrected for its start from
    zero as Adam's moments are, and counts the start as its first iterate.
    """

    def __init__(self, x: Image) -> None:
        self.x = x
        self._count = 0
        self._mean, self._square = np.zeros_like(x), np.zeros_like(x)
        self._averaged = 1
        self._sum = np.float32(0.01) * x

    @property
    def average(self) -> Image:
        """The mean of the iterates, the latest counting most."""
        return self._sum / np.float32(1 - 0.99**self._averaged)

    def step(self, gradient: Array) -> None:
        """Move `x`, whose gradient this is."""
        self._count += 1
        self._mean = np.float32(0.9) * self._mean + np.float32(0.1) * gradient
        self._square = np.float32(0.99) * self._square + np.float32(0.01) * gradient**2
        spread = np.sqrt(self._square / np.float32(1 - 0.99**self._count)) + np.float32(1e-8)
        rate = np.float32(0.02 / (1 - 0.9**self._count))
        self.x = np.clip(self.x - rate * self._mean / spread, 0, 1)
        self._averaged += 1
        self._sum = np.float32(0.99) * self._sum + np.float32(0.01) * self.x

    def resized(self, shape: tuple[int, int]) -> AveragedAdam:
        """The average as a start at (height, width) `shape`, and the moments there."""
        size = shape[1], shape[0]
        larger = AveragedAdam(resize_image(np.clip(self.average, 0, 1), size))
        larger._count = self._count
        mean = cv2.resize(self._mean, size, interpolation=cv2.INTER_CUBIC)
        square = cv2.resize(self._square, size, interpolation=cv2.INTER_LINEAR)
        larger._mean, larger._square = np.asarray(mean), np.maximum(square, 0)
        return larger


@dataclass(frozen=True, slots=True)
class Recipe:
    """A recipe: its name in tables and in files, and how many steps pass between looks at it."""

    name: str
    slug: str
    paint: Callable[[Task], Generator[Painted]]
    look_every: int = 1


TUTORIAL = Recipe("TensorFlow tutorial", "tutorial", tutorial, look_every=10)
STYLEKIT = Recipe("stylekit", "stylekit", stylekit_defaults)
# A look costs a third of an evaluation, so those with many steps are looked at less often.
RECIPES = (
    TUTORIAL,
    Recipe("Johnson, Ruder: L-BFGS", "johnson", neural_style, look_every=2),
    Recipe("SciPy: L-BFGS-B", "scipy", scipy_lbfgsb, look_every=2),
    Recipe("Crowson: multi-scale Adam", "crowson", multi_scale_adam, look_every=10),
    STYLEKIT,
)
