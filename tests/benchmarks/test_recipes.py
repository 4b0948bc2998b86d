"""The recipes that stylekit is measured against: what was published, and nothing weaker."""

from __future__ import annotations

import dataclasses
import sys
import threading
from itertools import islice, pairwise
from pathlib import Path

import numpy as np
import pytest
import scipy.optimize
from shallow import SHALLOW

from stylekit.arrays import Image
from stylekit.image.objective import Objective
from stylekit.settings import ImageSettings, Weights
from stylekit.vgg.features import FeatureExtractor, Pooling
from stylekit.vgg.weights import Backbone

sys.path.append(str(Path(__file__).resolve().parents[2] / "benchmarks"))

import recipes
from painting_task import PUBLISHED_LOSS, Task, as_published
from recipes import RECIPES, AveragedAdam, FixedStepLBFGS, Recipe, geometric_scales
from tutorial import Tutorial

from stylekit.vgg.runtime import tf

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def task(content: Image, style: Image, settings: ImageSettings) -> Task:
    return Task.prepare(content, style, as_published(settings))


@pytest.fixture(scope="module")
def whole_task(content: Image, style: Image, whole_settings: ImageSettings) -> Task:
    """On all layers and with less style: else a recipe without line search, Johnson's, diverges."""
    milder = dataclasses.replace(whole_settings, weights=Weights(beta=1e3))
    return Task.prepare(content, style, as_published(milder))


@pytest.fixture(scope="module")
def painting(task: Task) -> Tutorial:
    return Tutorial(task)


@pytest.fixture
def noise(task: Task) -> Image:
    return np.random.default_rng(0).random(task.content.shape, dtype=np.float32)


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda recipe: recipe.slug)
def test_recipe_lowers_the_loss_and_gives_pictures(recipe: Recipe, whole_task: Task) -> None:
    task = whole_task
    painting = recipe.paint(task)
    *_, last = steps = list(islice(painting, 30))
    painting.close()
    assert steps[0].evaluations == 0
    assert all(b.evaluations > a.evaluations for a, b in pairwise(steps))
    assert task.loss(last.image) < 0.6 * task.loss(steps[0].image)
    for step in steps:
        assert step.image.shape == task.content.shape
        assert step.image.dtype == np.float32
        assert step.image.min() >= 0
        assert step.image.max() <= 1


@pytest.mark.parametrize("recipe", RECIPES[:-1], ids=lambda recipe: recipe.slug)
def test_published_recipes_start_from_the_content(recipe: Recipe, task: Task) -> None:
    painting = recipe.paint(task)
    np.testing.assert_allclose(next(painting).image, task.content, atol=1e-6)
    painting.close()


def test_published_loss_at_the_start(task: Task) -> None:
    loss, _ = task.evaluate(task.content)
    assert loss * task.published_factor == pytest.approx(PUBLISHED_LOSS)


def assert_same_loss_and_gradient(painting: Tutorial, task: Task, image: Image) -> None:
    expected, gradient = task.evaluate(image)
    variable = tf.Variable(image[None])
    with tf.GradientTape() as tape:
        loss = painting.loss(variable)
    assert float(loss) == pytest.approx(task.published_factor * expected, rel=1e-4)
    found = tape.gradient(loss, variable).numpy()[0] / task.published_factor
    np.testing.assert_allclose(found, gradient, atol=1e-3 * np.abs(gradient).max())


def test_tutorial_has_the_loss_of_stylekit(painting: Tutorial, task: Task, noise: Image) -> None:
    for image in (task.content, noise):
        assert_same_loss_and_gradient(painting, task, image)


def test_tutorial_has_the_settings_of_stylekit(
    content: Image, style: Image, noise: Image, vgg16: Backbone
) -> None:
    weights = Weights(alpha=3.0, beta=2e3, edges=0.0, tv=0.0, layers=(0.5, 2.0))
    settings = ImageSettings(
        backbone="vgg16", size=48, pooling=Pooling.MAX, weights=weights, **SHALLOW
    )
    layers = (*settings.content_layers, *settings.style_layers)
    extractor = FeatureExtractor(vgg16, layers, calibration=[content], pooling=Pooling.MAX)
    objective = Objective(extractor, style, settings)
    task = Task(content, style, settings, objective, objective.targets(content))
    assert_same_loss_and_gradient(Tutorial(task), task, noise)


def test_tutorial_takes_adams_first_step_and_clips(painting: Tutorial, task: Task) -> None:
    painting.step()
    _, gradient = task.evaluate(task.content)
    # Adam's first step is the rate, against the gradient's sign, where epsilon is negligible.
    expected = np.clip(task.content - 0.02 * np.sign(gradient), 0, 1)
    clear = np.abs(gradient) > 1e-2 * np.abs(gradient).max()
    np.testing.assert_allclose(painting.image.numpy()[0][clear], expected[clear], atol=1e-4)


def test_torch_lbfgs_first_step_is_no_longer_than_one_in_sum() -> None:
    steep, flat = np.full(4, 5.0, np.float32), np.full(4, 0.05, np.float32)
    for gradient, length in ((steep, 1 / 20), (flat, 1.0)):
        optimizer = FixedStepLBFGS(np.zeros(4, np.float32))
        optimizer.step(gradient)
        np.testing.assert_allclose(optimizer.x, -length * gradient)


def test_torch_lbfgs_solves_a_quadratic() -> None:
    generator = np.random.default_rng(1)
    root = generator.standard_normal((12, 12))
    hessian = (root @ root.T / 12 + np.eye(12)).astype(np.float32)
    solution = generator.standard_normal(12).astype(np.float32)
    optimizer = FixedStepLBFGS(np.zeros(12, np.float32))
    for _ in range(40):
        optimizer.step(hessian @ (optimizer.x - solution))
    np.testing.assert_allclose(optimizer.x, solution, atol=1e-3)


def test_torch_lbfgs_second_step_is_the_secant_step() -> None:
    # In one dimension the quasi-Newton step of a parabola ends at its minimum.
    optimizer = FixedStepLBFGS(np.zeros(1, np.float32))
    for _ in range(2):
        optimizer.step(8 * (optimizer.x - 3))
    np.testing.assert_allclose(optimizer.x, [3.0], rtol=1e-5)


def test_scipy_runs_step_by_step_as_it_does_alone(task: Task) -> None:
    values = []

    def evaluate(x: np.ndarray) -> tuple[float, np.ndarray]:
        value, gradient = task.evaluate(x.reshape(task.content.shape).astype(np.float32))
        values.append(task.published_factor * value)
        return values[-1], task.published_factor * gradient.astype(np.float64).ravel()

    start = task.content.astype(np.float64).ravel()
    box = scipy.optimize.Bounds(0, 1)
    options = {"maxfun": 6}
    scipy.optimize.minimize(
        evaluate, start, jac=True, method="L-BFGS-B", bounds=box, options=options
    )
    painting = recipes.scipy_lbfgsb(task)
    found = [task.evaluate(step.image)[0] for step in islice(painting, 1, 7)]
    painting.close()
    expected = np.minimum.accumulate(values[:6]) / task.published_factor
    np.testing.assert_allclose(found, expected, rtol=1e-3)


def test_a_minimiser_that_converges_ends_the_points() -> None:
    def minimise(evaluate: object) -> None:
        scipy.optimize.minimize(evaluate, np.ones(3), jac=True, method="L-BFGS-B")

    *_, last = recipes._best_points(minimise, lambda x: (float(x @ x), 2 * x))
    np.testing.assert_allclose(last, 0, atol=1e-6)


def test_a_closed_scipy_recipe_leaves_no_thread(task: Task) -> None:
    before = threading.active_count()
    painting = recipes.scipy_lbfgsb(task)
    next(painting)
    next(painting)
    assert threading.active_count() == before + 1
    painting.close()
    assert threading.active_count() == before


def test_scales_grow_by_the_root_of_two() -> None:
    assert geometric_scales(128, 512) == [128, 181, 256, 362, 512]
    assert geometric_scales(100, 256) == [128, 181, 256]
    assert geometric_scales(128, 181) == [128, 181]
    assert geometric_scales(64, 64) == [64]


def test_multi_scale_counts_small_pictures_by_their_pixels(task: Task) -> None:
    steps = list(recipes.multi_scale_adam(task, smallest=34, first_steps=4, later_steps=3))
    shares = np.diff([step.evaluations for step in steps])
    np.testing.assert_allclose(shares, [0.5] * 4 + [1] * 3, atol=0.03)
    assert {step.image.shape for step in steps} == {task.content.shape}
    losses = [task.loss(step.image) for step in steps]
    assert losses[-1] < losses[4] < losses[0]


def test_averaged_adam_moves_by_its_rate_and_stays_inside() -> None:
    adam = AveragedAdam(np.array([[[0.5, 0.5, 0.005]]], np.float32))
    adam.step(np.array([[[7.0, -1e3, 2.0]]], np.float32))
    np.testing.assert_allclose(adam.x, [[[0.48, 0.52, 0.0]]], atol=1e-6)


def test_average_forgets_by_one_in_a_hundred() -> None:
    adam = AveragedAdam(np.full((2, 2, 3), 0.5, np.float32))
    iterates = [adam.x]
    for _ in range(5):
        adam.step(np.ones((2, 2, 3), np.float32))
        iterates.append(adam.x)
    weights = 0.99 ** np.arange(5, -1, -1)
    expected = np.average(iterates, axis=0, weights=weights)
    np.testing.assert_allclose(adam.average, expected, rtol=1e-5)


def test_a_larger_scale_starts_from_the_average_and_keeps_the_moments() -> None:
    adam = AveragedAdam(np.full((4, 6, 3), 0.5, np.float32))
    for _ in range(3):
        adam.step(np.ones((4, 6, 3), np.float32))
    larger = adam.resized((8, 12))
    np.testing.assert_allclose(larger.x, adam.average[0, 0, 0], rtol=1e-5)
    start = larger.x
    # With moments forgotten, the first step against a new sign would be the full rate back.
    larger.step(-np.ones((8, 12, 3), np.float32))
    assert (larger.x < start).all()
