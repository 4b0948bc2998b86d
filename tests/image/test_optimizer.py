"""Optimisers: inside the bounds always, at known solutions, and no slower than SciPy's."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import scipy.optimize
from shallow import SHALLOW

from stylekit.arrays import Image
from stylekit.image.colors import match_colors
from stylekit.image.optimizer import LBFGS, Adam, Bounds, Evaluate, Optimizer
from stylekit.image.stylization import prepare_objective
from stylekit.settings import ImageSettings

UNBOUNDED = Bounds(-1e6, 1e6)


class Counted:
    """An objective that remembers what it was asked and what it answered."""

    def __init__(self, function: Callable[[np.ndarray], tuple[float, np.ndarray]]) -> None:
        self.function = function
        self.points: list[np.ndarray] = []
        self.values: list[float] = []

    def __call__(self, x: np.ndarray) -> tuple[float, np.ndarray]:
        value, gradient = self.function(x)
        self.points.append(x.copy())
        self.values.append(value)
        return value, gradient.astype(np.float32)

    def evaluations_to(self, goal: float) -> float:
        """How many evaluations it took until one was as good as `goal`."""
        reached = [index for index, value in enumerate(self.values, 1) if value <= goal]
        return reached[0] if reached else np.inf


def rosenbrock(x: np.ndarray) -> tuple[float, np.ndarray]:
    x = x.astype(np.float64)
    return scipy.optimize.rosen(x), scipy.optimize.rosen_der(x)


def quadratic(size: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray, Evaluate]:
    """½ xᵀ A x − bᵀ x with mixed variables, its least squares form (R, r) and its evaluation."""
    generator = np.random.default_rng(seed)
    root = generator.standard_normal((size, size)) + 2 * np.eye(size)
    right = root @ generator.uniform(-0.7, 1.7, size)  # a third of the solution is out of [0, 1]

    def evaluate(x: np.ndarray) -> tuple[float, np.ndarray]:
        rest = root @ x.astype(np.float64) - right
        return 0.5 * float(rest @ rest), (root.T @ rest).astype(np.float32)

    return root, right, evaluate


def run(optimizer: Optimizer, evaluate: Evaluate, steps: int) -> list[float]:
    """Up to `steps` steps, fewer where nothing moves any more, and the loss after each."""
    values = []
    for _ in range(steps):
        update = optimizer.step(evaluate)
        if not update.moved:
            break
        values.append(update.value)
    return values


# Bounds.


def test_bounds_clip_by_number_and_by_array() -> None:
    x = np.float32([[-1, 0.5], [2, 0.2]])
    np.testing.assert_array_equal(Bounds().clip(x), np.float32([[0, 0.5], [1, 0.2]]))
    lower = np.float32([[0.1, 0.6], [0.1, 0.1]])
    clipped = Bounds(lower, 1.5).clip(x)
    np.testing.assert_array_equal(clipped, np.float32([[0.1, 0.6], [1.5, 0.2]]))
    assert clipped.dtype == np.float32


@pytest.mark.parametrize("kind", [LBFGS, Adam])
def test_every_point_that_is_asked_for_is_inside_the_bounds(kind: type) -> None:
    """Of a function that pulls far out of them, from a start that is outside too."""
    generator = np.random.default_rng(0)
    pull = generator.standard_normal(50)
    lower = np.float32(generator.uniform(-1, 0, 50))
    upper = np.float32(generator.uniform(0, 1, 50))
    counted = Counted(
        lambda x: (float(100 * pull @ x + np.sin(5 * x).sum()), 100 * pull + 5 * np.cos(5 * x))
    )
    optimizer = kind(np.full(50, 3, np.float32), bounds=Bounds(lower, upper))
    run(optimizer, counted, 30)
    assert len(counted.points) >= 3
    for point in [*counted.points, optimizer.x]:
        assert point.dtype == np.float32
        assert (point >= lower).all() and (point <= upper).all()
    np.testing.assert_array_equal(optimizer.x[pull > 0.1], lower[pull > 0.1])
    np.testing.assert_array_equal(optimizer.x[pull < -0.1], upper[pull < -0.1])


@pytest.mark.parametrize("kind", [LBFGS, Adam])
def test_the_start_is_not_changed(kind: type) -> None:
    start = np.full(30, 0.5, np.float32)
    _, _, evaluate = quadratic(30)
    optimizer = kind(start, bounds=Bounds())
    run(optimizer, evaluate, 5)
    np.testing.assert_array_equal(start, 0.5)
    assert not np.array_equal(optimizer.x, start)


# L-BFGS.


@pytest.mark.parametrize("seed", range(4))
def test_lbfgs_solves_a_quadratic_in_bounds(seed: int) -> None:
    root, right, evaluate = quadratic(60, seed)
    solution = scipy.optimize.lsq_linear(root, right, bounds=(0, 1), tol=1e-12).x
    at_bounds = (solution < 1e-6) | (solution > 1 - 1e-6)
    assert 10 < at_bounds.sum() < 50
    optimizer = LBFGS(np.full(60, 0.5, np.float32), bounds=Bounds())
    run(optimizer, evaluate, 400)
    best, start = (evaluate(np.float32(x))[0] for x in (solution, np.full(60, 0.5)))
    assert evaluate(optimizer.x)[0] - best < 1e-5 * (start - best)
    np.testing.assert_allclose(optimizer.x, solution, atol=0.02)


def test_lbfgs_solves_a_separable_quadratic_exactly() -> None:
    centre = np.linspace(-1, 2, 40, dtype=np.float32)
    scale = np.logspace(0, 3, 40, dtype=np.float32)
    optimizer = LBFGS(np.full(40, 0.5, np.float32), bounds=Bounds())
    run(
        optimizer,
        lambda x: (float((scale * (x - centre) ** 2).sum()), 2 * scale * (x - centre)),
        200,
    )
    np.testing.assert_allclose(optimizer.x, np.clip(centre, 0, 1), atol=5e-3)


@pytest.mark.parametrize("size", [2, 10])
def test_lbfgs_goes_down_rosenbrocks_valley(size: int) -> None:
    optimizer = LBFGS(np.full(size, -1.2, np.float32), bounds=UNBOUNDED)
    run(optimizer, rosenbrock, 300)
    np.testing.assert_allclose(optimizer.x, 1.0, atol=0.01)


def test_lbfgs_finds_rosenbrocks_solution_at_a_bound() -> None:
    """With x ≤ ½ the solution is (½, ¼): along the valley to the bound."""
    optimizer = LBFGS(
        np.float32([-1.2, 1]), bounds=Bounds(np.float32([-2, -2]), np.float32([0.5, 2]))
    )
    run(optimizer, rosenbrock, 200)
    np.testing.assert_allclose(optimizer.x, [0.5, 0.25], atol=1e-3)


def test_lbfgs_never_goes_up_and_tells_the_loss_where_it_stands() -> None:
    counted = Counted(rosenbrock)
    optimizer = LBFGS(np.full(10, -1.2, np.float32), bounds=UNBOUNDED)
    before, evaluations = np.inf, 0
    for _ in range(50):
        update = optimizer.step(counted)
        evaluations += update.evaluations
        assert evaluations == len(counted.values)
        assert update.value == rosenbrock(optimizer.x)[0]
        assert update.value < before or not update.moved
        before = update.value


def test_lbfgs_says_when_it_cannot_go_on() -> None:
    start = np.float32([0.25, 0, 1])
    optimizer = LBFGS(start, bounds=Bounds())
    # At a minimum inside, held at the lower bound, and held at the upper.
    update = optimizer.step(
        lambda x: (float((x[0] - 0.25) ** 2 + x[1] - x[2]), np.float32([2 * (x[0] - 0.25), 1, -1]))
    )
    assert (update.moved, update.evaluations, update.value) == (False, 1, -1.0)
    np.testing.assert_array_equal(optimizer.x, start)


def test_lbfgs_forgets_what_it_knew_of_another_loss() -> None:
    """After `reset` it is as if it had been made where it stands, on a painted picture."""
    _, _, first = quadratic(30, 0)
    _, _, second = quadratic(30, 1)
    optimizer = LBFGS(np.full(30, 0.5, np.float32), bounds=Bounds())
    run(optimizer, first, 5)
    fresh = LBFGS(optimizer.x, bounds=Bounds(), painted=True)
    optimizer.reset()
    assert run(optimizer, second, 10) == run(fresh, second, 10)
    np.testing.assert_array_equal(optimizer.x, fresh.x)


def test_memory_makes_lbfgs_quick() -> None:
    """One pair knows less of an ill-conditioned valley than twenty."""
    scale = np.logspace(0, 4, 100, dtype=np.float32)
    counts = []
    for memory in (1, 20):
        counted = Counted(lambda x: (0.5 * float((scale * x**2).sum()), scale * x))
        run(LBFGS(np.ones(100, np.float32), bounds=UNBOUNDED, memory=memory), counted, 400)
        counts.append(counted.evaluations_to(1e-3))
    assert counts[1] < 0.7 * counts[0]


def test_a_loss_that_is_no_number_is_stepped_around() -> None:
    def evaluate(x: np.ndarray) -> tuple[float, np.ndarray]:
        if (x > 0.52).any():
            return np.nan, np.full_like(x, np.nan)
        return float(((x - 0.515) ** 2).sum()), 2 * (x - np.float32(0.515))

    optimizer = LBFGS(np.full(5, 0.5, np.float32), bounds=Bounds())
    for _ in range(30):
        optimizer.step(evaluate)
    np.testing.assert_allclose(optimizer.x, 0.515, atol=1e-3)


@pytest.mark.parametrize(("painted", "move"), [(False, 0.03), (True, 0.002)])
def test_the_first_move_is_of_known_size(painted: bool, move: float) -> None:
    """In pixel units, whatever the scale of the loss."""
    gradient = np.random.default_rng(0).standard_normal(1000).astype(np.float32)
    for slope in (1e-4 * gradient, gradient, 1e4 * gradient):
        optimizer = LBFGS(np.zeros(1000, np.float32), bounds=UNBOUNDED, painted=painted)
        optimizer.step(lambda x, slope=slope: (float(slope @ x), slope))
        assert np.abs(optimizer.x).mean() == pytest.approx(move, rel=1e-3)
        assert (np.sign(optimizer.x) == -np.sign(gradient)).all()


# Adam.


def test_adam_comes_down_a_quadratic_in_bounds() -> None:
    root, right, evaluate = quadratic(60)
    solution = scipy.optimize.lsq_linear(root, right, bounds=(0, 1)).x
    optimizer = Adam(np.full(60, 0.5, np.float32), bounds=Bounds())
    values = run(optimizer, evaluate, 500)
    best = evaluate(np.float32(solution))[0]
    assert evaluate(optimizer.x)[0] - best < 0.02 * (values[0] - best)


def test_adams_first_step_is_its_rate_against_the_sign_of_the_gradient() -> None:
    """Algorithm 1 after the correction of both means, at a rate that has begun to fall."""
    gradient = np.float32([3, -1e-3, 0])
    optimizer = Adam(np.full(3, 0.5, np.float32), bounds=Bounds(), rate=0.1, half_life=1)
    update = optimizer.step(lambda x: (1.0, gradient))
    rate = 0.1 / 2**0.5
    np.testing.assert_allclose(optimizer.x, [0.5 - rate, 0.5 + rate, 0.5], rtol=1e-5)
    assert (update.value, update.evaluations, update.moved) == (1.0, 1, True)


def test_adam_follows_its_equations_and_forgets_on_reset() -> None:
    def evaluate(x: np.ndarray) -> tuple[float, np.ndarray]:
        return float((x**2).sum()), 2 * x

    def by_hand(x: float, count: int) -> list[float]:
        mean, square, path = 0.0, 0.0, []
        for step in range(1, count + 1):
            mean, square = 0.9 * mean + 0.1 * 2 * x, 0.99 * square + 0.01 * 4 * x * x
            rate = 0.08 / (1 + step / 50) ** 0.5
            x -= rate * (mean / (1 - 0.9**step)) / (square / (1 - 0.99**step)) ** 0.5
            path.append(x)
        return path

    optimizer = Adam(np.float32([0.9]), bounds=Bounds())
    path = []
    for _ in range(5):
        optimizer.step(evaluate)
        path.append(float(optimizer.x[0]))
    assert path == pytest.approx(by_hand(0.9, 5), rel=1e-5)
    optimizer.reset()
    optimizer.step(evaluate)
    assert float(optimizer.x[0]) == pytest.approx(by_hand(path[-1], 1)[0], rel=1e-5)


def test_adam_says_when_it_cannot_go_on() -> None:
    optimizer = Adam(np.zeros(3, np.float32), bounds=Bounds())
    assert not optimizer.step(lambda x: (0.0, np.ones(3, np.float32))).moved


# On what it is for.


@pytest.mark.slow
def test_lbfgs_needs_no_more_evaluations_than_scipys(picture: Callable[..., Image]) -> None:
    """At most a tenth more to the losses that SciPy's L-BFGS-B has, with the same memory.

    The median over two pairs of pictures and three losses each: either path is chaotic, and a
    rounding elsewhere moves a single count by a few evaluations.
    """
    ratios = []
    for names in (("chelsea", "swirls"), ("coffee", "glass")):
        content, style = (picture(name, size=64) for name in names)
        start = match_colors(content, style)
        evaluate = style_transfer(content, style)
        theirs, ours = Counted(evaluate), Counted(evaluate)
        scipy_minimum(theirs, start, evaluations=60)
        optimizer = LBFGS(start, bounds=Bounds(), memory=20)
        while len(ours.values) < 90 and optimizer.step(ours).value > min(theirs.values):
            pass
        assert theirs.values[0] == ours.values[0]  # the same start
        for spent in (30, 45, 60):
            ratios.append(ours.evaluations_to(min(theirs.values[:spent])) / spent)
    assert np.median(ratios) <= 1.1, ratios


def style_transfer(content: Image, style: Image) -> Evaluate:
    """The loss that pictures are painted by, with the default weights, of shallow layers."""
    settings = ImageSettings(backbone="vgg16", size=max(content.shape), **SHALLOW)
    objective = prepare_objective(style, settings)
    targets = objective.targets(content)

    def evaluate(x: np.ndarray) -> tuple[float, np.ndarray]:
        found = objective.evaluate(x, targets, settings.weights)
        return found.value, found.gradient

    return evaluate


def scipy_minimum(counted: Counted, start: Image, *, evaluations: int) -> None:
    """SciPy's L-BFGS-B until it has spent its evaluations, with nothing else to stop it."""

    class Spent(Exception):
        pass

    def evaluate(x: np.ndarray) -> tuple[float, np.ndarray]:
        if len(counted.values) == evaluations:
            raise Spent
        value, gradient = counted(np.clip(x, 0, 1).astype(np.float32).reshape(start.shape))
        return value, gradient.astype(np.float64).ravel()

    options = {"maxcor": 20, "ftol": 0, "gtol": 0, "maxiter": 10**6, "maxfun": 10**6}
    with pytest.raises(Spent):
        scipy.optimize.minimize(
            evaluate,
            start.astype(np.float64).ravel(),
            jac=True,
            method="L-BFGS-B",
            bounds=[(0, 1)] * start.size,
            options=options,
        )
