"""The grid of small pictures: the batch equals single evaluations, and each cell its own run."""

from __future__ import annotations

import dataclasses
from itertools import islice

import numpy as np
import pytest
from short_runs import share_objectives

from stylekit.arrays import Image
from stylekit.errors import SettingsError
from stylekit.explain.what_if import WhatIfGrid
from stylekit.image.batch import BatchObjective
from stylekit.image.objective import Objective, TemporalTarget
from stylekit.image.optimizer import Adam, Bounds
from stylekit.image.stylization import Stylization, prepare_objective
from stylekit.settings import Colors, ImageSettings, Weights

pytestmark = pytest.mark.slow

ROWS, COLUMNS = ("alpha", (0.3, 3.0)), ("beta", (1e3, 1e5))


@pytest.fixture(autouse=True)
def shared(monkeypatch: pytest.MonkeyPatch) -> None:
    """The network is prepared once for all grids of a size."""
    share_objectives(monkeypatch)


@pytest.fixture(scope="module")
def objective(style: Image, settings: ImageSettings) -> Objective:
    return prepare_objective(style, settings)


@pytest.fixture(scope="module")
def compiled(content: Image, style: Image, settings: ImageSettings) -> WhatIfGrid:
    """A grid that others of its size go on from: compiling takes most of their time."""
    grid = WhatIfGrid(content, style, settings, rows=ROWS, columns=COLUMNS, size=48, steps=5)
    next(grid.steps())
    return grid


@pytest.fixture
def grid(compiled: WhatIfGrid) -> WhatIfGrid:
    return compiled.restarted(Weights(), rows=ROWS, columns=COLUMNS)


@pytest.fixture(scope="module")
def target(content: Image) -> TemporalTarget:
    """A shifted picture that is trusted on the left."""
    mask = np.zeros(content.shape[:2], np.float32)
    mask[:, :20] = 1
    return TemporalTarget(np.roll(content, 3, axis=1), mask)


def pictures(content: Image, count: int) -> np.ndarray:
    noise = np.random.default_rng(0).normal(0, 0.1, (count, *content.shape))
    return np.clip(content + noise, 0, 1).astype(np.float32)


def test_a_batch_equals_single_evaluations(content, objective, target) -> None:
    """Losses and gradients of every picture, with all terms and with shares of layers."""
    weights = [
        Weights(),
        Weights(alpha=0.0, beta=3e5, gamma=0.0),
        Weights(alpha=20.0, beta=0.0, gamma=1e5, tv=0.5),
        Weights(layers=(0.5, 2.0)),
    ]
    images, targets = pictures(content, len(weights)), objective.targets(content, [target])
    batch = BatchObjective(objective, targets).evaluate(images, weights)
    for image, own, value, gradient in zip(
        images, weights, batch.values, batch.gradients, strict=True
    ):
        single = objective.evaluate(image, targets, own)
        assert value == pytest.approx(single.value, rel=1e-4)
        largest = np.abs(single.gradient).max()
        np.testing.assert_allclose(gradient, single.gradient, rtol=1e-4, atol=1e-4 * largest)
    assert len({float(value) for value in batch.values}) == len(weights)


def test_another_number_of_pictures_compiles_nothing_anew(content, objective) -> None:
    batch = BatchObjective(objective, objective.targets(content))
    assert not batch.compiled
    for count in (2, 3, 1):
        found = batch.evaluate(pictures(content, count), [Weights()] * count)
        assert found.gradients.shape == (count, *content.shape)
    assert batch._call.experimental_get_tracing_count() == 1


def test_weights_must_fit_the_pictures_and_the_layers(content, objective) -> None:
    batch = BatchObjective(objective, objective.targets(content))
    with pytest.raises(ValueError, match="there are 1 for 2 pictures"):
        batch.evaluate(pictures(content, 2), [Weights()])
    with pytest.raises(SettingsError, match="layers"):
        batch.evaluate(pictures(content, 1), [Weights(layers=(1.0,))])


def test_each_cell_comes_out_as_if_painted_by_itself(grid, content, style, settings) -> None:
    assert [(w.alpha, w.beta) for w in grid.weights] == [
        (0.3, 1e3),
        (0.3, 1e5),
        (3.0, 1e3),
        (3.0, 1e5),
    ]
    for _ in islice(grid.steps(), 3):
        pass
    start = Stylization(content, style, settings)
    for weights, image in zip(grid.weights, grid.images, strict=True):
        alone = Adam(start.image, bounds=Bounds(), rate=0.02)

        def evaluate(x, weights=weights):
            found = start.objective.evaluate(x, start.targets, weights)
            return found.value, found.gradient

        for _ in range(3):
            alone.step(evaluate)
        np.testing.assert_allclose(image, alone.x, atol=2e-3)
    far = np.abs(grid.images[1] - grid.images[2]).mean()
    assert far > 0.004, "weights make a difference"


def test_results_come_as_they_are_and_can_be_left(grid) -> None:
    assert grid.shape == (2, 2) and grid.step_limit == 5
    start = grid.images
    assert grid.estimate() > 0
    np.testing.assert_array_equal(grid.images, start)
    first = list(islice(grid.steps(), 2))
    assert [step.step_index for step in first] == [0, 1]
    assert not np.array_equal(first[0].images, first[1].images), "earlier pictures are kept"
    assert [step.step_index for step in grid.steps()] == [2, 3, 4]
    assert grid.images.min() >= 0 and grid.images.max() <= 1
    assert list(grid.steps()) == [] and grid.estimate() == 0


def test_a_grid_over_other_weights_is_compiled_already(content, style, settings) -> None:
    grid = WhatIfGrid(content, style, settings, rows=ROWS, columns=COLUMNS, size=32, steps=2)
    start, weights = grid.images[0], grid.weights
    list(grid.steps())
    base = Weights(alpha=5.0, tv=0.25)
    other = grid.restarted(base, rows=("beta", (10.0,)), columns=("alpha", (1.0, 2.0, 4.0)))
    assert [(w.alpha, w.beta, w.tv) for w in other.weights] == [
        (1.0, 10.0, 0.25),
        (2.0, 10.0, 0.25),
        (4.0, 10.0, 0.25),
    ]
    np.testing.assert_array_equal(other.images, np.stack([start] * 3))
    assert other.shape == (1, 3) and len(list(other.steps())) == 2
    assert other._objective._call.experimental_get_tracing_count() == 1
    assert grid.weights == weights and not np.array_equal(grid.images[0], start)
    with pytest.raises(SettingsError, match="gamma: without a temporal target"):
        grid.restarted(base, rows=("gamma", (1.0,)), columns=COLUMNS)


def test_more_weight_lowers_its_own_loss(grid, content, style, settings) -> None:
    for _ in grid.steps():
        pass
    start = Stylization(content, style, settings)
    losses = [start.objective.losses(image, start.targets) for image in grid.images]
    assert losses[1].style < losses[0].style and losses[3].style < losses[2].style
    assert losses[2].content < losses[0].content


def test_gamma_holds_a_picture_where_its_mask_is(content, style, settings, target) -> None:
    grid = WhatIfGrid(
        content,
        style,
        settings,
        rows=("gamma", (0.0, 1e6)),
        columns=("alpha", (1.0,)),
        size=48,
        steps=6,
        temporal=[target],
    )
    np.testing.assert_array_equal(grid.images[0], target.warped)
    for _ in grid.steps():
        pass
    apart = np.abs(grid.images - target.warped).mean(axis=3)
    free, held = apart
    assert held[:, :20].mean() < 0.5 * free[:, :20].mean()
    # Beyond the mask's border the receptive fields of the network still feel it a little.
    assert held[:, 32:].mean() > 0.5 * free[:, 32:].mean()


def test_targets_are_made_as_small_as_the_pictures(content, style, settings, target) -> None:
    grid = WhatIfGrid(
        content, style, settings, rows=ROWS, columns=COLUMNS, size=32, temporal=[target]
    )
    assert grid.images.shape[1:3] == (21, 32)


def test_colors_are_kept_if_the_settings_say_so(content, style, settings) -> None:
    kept = dataclasses.replace(settings, colors=Colors.LUMINANCE)
    grid = WhatIfGrid(content, style, kept, rows=ROWS, columns=COLUMNS, size=48, steps=2)
    for _ in grid.steps():
        pass
    for image in grid.images:
        moved = image - content
        np.testing.assert_allclose(moved[..., 0], moved[..., 2], atol=1e-5)
        assert np.abs(moved).max() > 0.01


@pytest.mark.parametrize(
    ("rows", "columns", "message"),
    [
        (("omega", (1,)), COLUMNS, "omega: a grid is over two of alpha, beta, gamma"),
        (("beta", (1,)), COLUMNS, "beta: rows and columns vary the same weight"),
        (("alpha", ()), COLUMNS, "alpha: give at least one value"),
        (("alpha", (-1,)), COLUMNS, "alpha: must be a number from 0"),
        (("gamma", (1,)), COLUMNS, "gamma: without a temporal target it changes nothing"),
        (("alpha", range(10)), ("beta", range(10)), "grid: 100 pictures are too many; 36 at most"),
    ],
)
def test_axes_that_make_no_grid_are_refused(
    content, style, settings, rows, columns, message
) -> None:
    with pytest.raises(SettingsError, match=message):
        WhatIfGrid(content, style, settings, rows=rows, columns=columns, size=32)
