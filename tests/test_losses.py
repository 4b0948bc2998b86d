"""Losses: each equals its equation in NumPy's double precision, and so does its gradient."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from stylekit.losses import (
    EDGE_POOLINGS,
    EDGE_UNIT,
    PIXEL_UNIT,
    STEP_UNIT,
    TERMS,
    EdgeTarget,
    Losses,
    content_loss,
    edge_loss,
    edge_maps,
    edge_targets,
    gram_matrix,
    style_calibration,
    style_loss,
    temporal_loss,
    total_variation_loss,
)
from stylekit.settings import Weights
from stylekit.vgg.runtime import tf

HEIGHT, WIDTH = 6, 9


def random_array(seed: int, *shape: int) -> np.ndarray:
    return np.random.default_rng(seed).random(shape, np.float32)


def feature_maps(seed: int) -> dict[str, np.ndarray]:
    """Two layers of different size, as between two poolings."""
    return {"one": random_array(seed, 1, 6, 8, 5), "two": random_array(seed + 100, 1, 3, 4, 7)}


def numpy_gram(features: np.ndarray) -> np.ndarray:
    flat = features.reshape(-1, features.shape[-1]).astype(np.float64)
    return flat.T @ flat / len(flat)


def assert_gradient(
    loss: Callable[[tf.Tensor], tf.Tensor], x: np.ndarray, *, step: float, rel: float
) -> np.ndarray:
    """Hold the gradient to central differences, entry by entry, and return it."""
    point = tf.constant(x)
    with tf.GradientTape() as tape:
        tape.watch(point)
        value = loss(point)
    gradient = tape.gradient(value, point).numpy()
    differences = np.zeros_like(x)
    for index in np.ndindex(x.shape):
        move = np.zeros_like(x)
        move[index] = step
        ahead, behind = loss(tf.constant(x + move)), loss(tf.constant(x - move))
        differences[index] = (float(ahead) - float(behind)) / (2 * step)
    np.testing.assert_allclose(gradient, differences, rtol=rel, atol=rel * np.abs(gradient).max())
    return gradient


def test_content_loss_is_the_sum_over_layers_of_the_mean_square() -> None:
    features, targets = feature_maps(0), feature_maps(1)
    expected = sum(
        ((features[name].astype(np.float64) - targets[name]) ** 2).mean() for name in features
    )
    assert float(content_loss(features, targets)) == pytest.approx(expected, rel=1e-5)
    assert float(content_loss(features, features)) == 0.0


def test_layers_without_a_target_do_not_count() -> None:
    features, targets = feature_maps(0), feature_maps(1)
    one = float(content_loss(features, {"one": targets["one"]}))
    two = float(content_loss(features, {"two": targets["two"]}))
    assert one + two == pytest.approx(float(content_loss(features, targets)), rel=1e-6)
    assert one > 0 and two > 0


def test_gram_matrix_by_hand() -> None:
    """Two filters at two positions: (1, 2) and (3, 5)."""
    features = tf.constant([[[[1.0, 2.0], [3.0, 5.0]]]])
    np.testing.assert_allclose(gram_matrix(features), [[5.0, 8.5], [8.5, 14.5]])


def test_the_calibration_of_a_style_makes_large_grams_count_less() -> None:
    gram = {"layer": np.full((3, 3), 0.004, np.float32)}
    large = {"layer": 4 * gram["layer"]}
    factor = style_calibration([gram], [1.0])
    # The mean square is 16 times as large.
    assert style_calibration([large], [1.0]) == pytest.approx(factor / 16**0.25, rel=1e-5)
    assert factor > style_calibration([gram, large], [0.5, 0.5]) > factor / 16**0.25
    assert style_calibration([gram, large], [1.0, 0.0]) == pytest.approx(factor)
    assert style_calibration([{"layer": np.zeros((3, 3), np.float32)}], [1.0]) == 10
    assert style_calibration([{"layer": np.full((3, 3), 9, np.float32)}], [1.0]) == 0.1


def test_gram_matrix_forgets_where_and_how_large() -> None:
    features = random_array(0, 1, 6, 8, 5)
    gram = gram_matrix(features).numpy()
    np.testing.assert_allclose(gram, numpy_gram(features), rtol=1e-5)
    shuffled = np.random.default_rng(1).permutation(features.reshape(48, 5)).reshape(1, 8, 6, 5)
    np.testing.assert_allclose(gram_matrix(shuffled), gram, rtol=1e-5)
    np.testing.assert_allclose(gram_matrix(np.tile(features, (1, 2, 3, 1))), gram, rtol=1e-5)


def test_style_loss_is_the_reports_equation() -> None:
    """Σ_l 1/(N² M²) Σ_ij (G − A)² with the un-normalised G, where both have one size."""
    features, targets = feature_maps(0), feature_maps(1)
    expected = 0.0
    for name in features:
        filters = features[name].shape[-1]
        positions = features[name].size // filters
        difference = positions * (numpy_gram(features[name]) - numpy_gram(targets[name]))
        expected += (difference**2).sum() / (filters**2 * positions**2)
    grams = {name: gram_matrix(target) for name, target in targets.items()}
    assert float(style_loss(features, grams)) == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize("weights", [(1.0, 1.0), (0.0, 1.0), (2.5, 0.5)])
def test_style_layers_count_by_their_weights(weights: tuple[float, float]) -> None:
    features, targets = feature_maps(0), feature_maps(1)
    grams = {name: gram_matrix(target) for name, target in targets.items()}
    alone = [float(style_loss(features, {name: gram})) for name, gram in grams.items()]
    expected = sum(weight * loss for weight, loss in zip(weights, alone, strict=True))
    assert float(style_loss(features, grams, weights)) == pytest.approx(expected, rel=1e-5)
    if weights == (1.0, 1.0):
        assert float(style_loss(features, grams)) == float(style_loss(features, grams, weights))


def test_one_weight_too_few_is_an_error() -> None:
    features = feature_maps(0)
    grams = {name: gram_matrix(target) for name, target in features.items()}
    with pytest.raises(ValueError, match="shorter"):
        style_loss(features, grams, (1.0,))


def test_temporal_loss_is_the_masked_mean_square_over_all_pixels() -> None:
    image, warped = random_array(0, HEIGHT, WIDTH, 3), random_array(1, HEIGHT, WIDTH, 3)
    mask = random_array(2, HEIGHT, WIDTH)
    squares = mask[..., None] * (PIXEL_UNIT * (image.astype(np.float64) - warped)) ** 2
    expected = squares.sum() / (HEIGHT * WIDTH * 3)
    assert float(temporal_loss(image, warped, mask)) == pytest.approx(expected, rel=1e-5)


def test_temporal_gradient_is_exactly_zero_where_the_mask_is_zero_and_nowhere_else() -> None:
    image, warped = random_array(0, HEIGHT, WIDTH, 3), random_array(1, HEIGHT, WIDTH, 3)
    mask = (random_array(2, HEIGHT, WIDTH) > 0.5).astype(np.float32)
    gradient = assert_gradient(
        lambda x: temporal_loss(x, warped, mask),
        image,
        step=0.5,  # exact for a square, and far above the noise of float32
        rel=1e-4,
    )
    assert 0 < mask.sum() < mask.size
    assert (gradient[mask == 0] == 0).all()
    assert (gradient[mask == 1] != 0).all()


def nearly_lengths(steps: np.ndarray) -> np.ndarray:
    return np.sqrt((steps**2).sum(-1) + STEP_UNIT**2) - STEP_UNIT


def mean_step(image: np.ndarray, rows: int, columns: int) -> float:
    """S(rows, columns) of the equation, by the pixels of which both ends lie in the picture."""
    height, width = image.shape[:2]
    pairs = [
        (image[y, x], image[y + rows, x + columns])
        for y in range(height)
        for x in range(width)
        if y + rows < height and 0 <= x + columns < width
    ]
    steps = np.array([end - start for start, end in pairs]).reshape(-1, 3)
    return float(nearly_lengths(steps).sum()) / max(1, len(pairs))


@pytest.mark.parametrize("shape", [(HEIGHT, WIDTH, 3), (1, 5, 3), (5, 1, 3), (1, 1, 3)])
def test_total_variation_is_a_mean_over_four_directions(shape: tuple[int, int, int]) -> None:
    """Also of a line and of a pixel, which have no step in some directions."""
    image = random_array(0, *shape).astype(np.float64)
    straight = mean_step(image, 1, 0) + mean_step(image, 0, 1)
    slanted = mean_step(image, 1, 1) + mean_step(image, 1, -1)
    expected = (straight + slanted / 2**0.5) / (1 + 2**0.5)
    found = float(total_variation_loss(tf.constant(image, tf.float32)))
    assert found == pytest.approx(expected, rel=1e-5)


def test_total_variation_by_hand() -> None:
    """A ramp of slope 0.25 across in all colours: all steps are 0.25 √3, but none go down."""
    expected = (3 / 16 + STEP_UNIT**2) ** 0.5 - STEP_UNIT
    ramp = np.tile(np.float32([0, 0.25, 0.5, 0.75])[None, :, None], (3, 1, 3))
    assert float(total_variation_loss(ramp)) == pytest.approx(expected, rel=1e-5)
    assert float(total_variation_loss(ramp.transpose(1, 0, 2))) == pytest.approx(expected, rel=1e-5)
    assert float(total_variation_loss(np.full((3, 4, 3), 0.3, np.float32))) == 0.0


def test_an_edge_costs_about_the_same_in_every_direction() -> None:
    """Else a slanted line is cheaper as stairs: 1.41 times as dear with upright and level steps."""
    y, x = np.mgrid[-64:65, -64:65].astype(np.float64)
    costs = []
    for degrees in (0.0, 22.5, 45.0, 90.0, 135.0):
        angle = np.deg2rad(degrees)
        ramp = np.clip((x * np.cos(angle) + y * np.sin(angle)) / 16 + 0.5, 0, 1)
        # Of a disc, so that every edge has the same length.
        disc = np.where(np.hypot(x, y) < 56, ramp, 0.5)
        costs.append(float(total_variation_loss(np.float32(disc)[:, :, None].repeat(3, 2))))
    assert max(costs) < 1.1 * min(costs)


def grey(luminance: np.ndarray) -> np.ndarray:
    return np.repeat(np.float32(luminance)[..., None], 3, axis=2)


def own_edges(luminance: np.ndarray) -> tuple[EdgeTarget, ...]:
    return edge_targets(tf.constant(grey(luminance)))


def test_edges_by_hand() -> None:
    """Squares of 2 × 2 pixels have the means 1, ½, 0 and 0; those of 4 × 4, cut off by the border,
    ⅔, ½, ⅓ and 0.

    Their neighbours lie two and four pixels to either side; beyond the border is what is at it.
    """
    step = np.float32([[1, 1, 0, 0]] * 2)
    two, four, _ = (own.edges.numpy()[0, :, :, 0].tolist() for own in own_edges(step))
    assert two == [[-1.0, 0.0, 1.0, 0.5]] * 2
    np.testing.assert_allclose(four, [[-2 / 3, -1 / 3, 0, 2 / 3]] * 2, rtol=1e-5, atol=1e-6)
    # Pure red has a luminance of 0.299; the squares of R − Y = 0.701 and B − Y = −0.299 count 0.15.
    red = step[..., None] * np.float32([1, 0, 0])
    whole = float(edge_loss(grey(0 * step), own_edges(step)))
    expected = 0.701**2 + 0.15 * (0.701**2 + 0.299**2)
    assert float(edge_loss(red, own_edges(step))) == pytest.approx(expected * whole)


def means_around(values: np.ndarray, radius: int) -> np.ndarray:
    """The mean over the positions that are at most `radius` rows and columns away."""
    around = np.zeros_like(values)
    for y, x in np.ndindex(*values.shape):
        top, left = max(0, y - radius), max(0, x - radius)
        around[y, x] = values[top : y + radius + 1, left : x + radius + 1].mean()
    return around


def test_an_edge_at_the_border_counts_by_how_strong_it_is() -> None:
    corner = np.zeros((16, 16), np.float32)
    corner[:2, :2] = 1
    expected = 0.0
    radii = (2, 5, 10)
    for weight, own, r in zip(EDGE_POOLINGS.values(), own_edges(corner), radii, strict=True):
        E = own.edges.numpy()[0, :, :, 0].astype(np.float64)
        assert E[0, 0] < 0
        e = means_around(E**2, r)
        expected += weight * (e / (e + e.mean() + EDGE_UNIT) * E**2).mean()
    found = float(edge_loss(grey(0 * corner), own_edges(corner)))
    assert found == pytest.approx(expected, rel=1e-4)


def test_strokes_are_free_where_the_photograph_is_plain() -> None:
    """The same stripes cost far less in a sky than on a tower."""
    photograph = np.zeros((32, 64), np.float32)
    photograph[:, 48:] = np.arange(16) // 4 % 2
    stripes = np.zeros_like(photograph)
    stripes[:, ::4] = 0.2
    sky, tower = stripes.copy(), stripes.copy()
    sky[:, 32:], tower[:, :48] = 0, 0
    costs = [float(edge_loss(grey(photograph + s), own_edges(photograph))) for s in (sky, tower)]
    assert costs[0] < 0.1 * costs[1]
    assert float(edge_loss(grey(stripes), own_edges(0 * photograph))) == 0


def test_strokes_are_free_in_a_picture_that_is_plain_everywhere() -> None:
    """Waves of half a level are no edges, though the picture has no stronger ones."""
    waves = np.tile(np.sin(np.arange(64) * (np.pi / 8)), (32, 1))
    stripes = 0.2 * (np.arange(64) % 4 == 0)
    faint, strong = (
        float(edge_loss(grey(0.5 + size * waves + stripes), own_edges(0.5 + size * waves)))
        for size in (0.002, 0.1)
    )
    assert faint < 0.1 * strong


def test_edges_do_not_depend_on_where_their_squares_lie() -> None:
    """A picture that is moved by a pixel has the same edges, moved by a pixel."""
    image = np.zeros((64, 65, 3), np.float32)
    image[24:40, 24:41] = random_array(0, 16, 17, 3)
    for here, moved in zip(edge_maps(image[:, 1:]), edge_maps(image[:, :-1]), strict=True):
        np.testing.assert_allclose(here[:, :, :-1], moved[:, :, 1:], atol=1e-5)


def test_a_picture_has_its_own_edges_and_a_lighter_one_too() -> None:
    image = 0.5 * random_array(0, HEIGHT, WIDTH, 3)
    own = edge_targets(tf.constant(image))
    against_nothing = float(edge_loss(0 * image, own))
    assert float(edge_loss(image, own)) < 1e-10 * against_nothing
    assert float(edge_loss(image + np.float32(0.5), own)) < 1e-10 * against_nothing
    assert float(edge_loss(2 * image, own)) == pytest.approx(against_nothing, rel=1e-4)


def test_the_gradient_of_edges_meets_finite_differences_up_to_the_border() -> None:
    edges = edge_targets(tf.constant(random_array(1, HEIGHT, WIDTH, 3)))
    # As one graph, because every pixel of three pooled sizes is differenced.
    loss = tf.function(lambda x: edge_loss(x, edges))
    gradient = assert_gradient(loss, random_array(0, HEIGHT, WIDTH, 3), step=0.5, rel=1e-4)
    frame = np.ones((HEIGHT, WIDTH), bool)
    frame[1:-1, 1:-1] = False
    assert (gradient[frame] != 0).all()


@pytest.mark.parametrize("name", ["content", "style", "tv"])
def test_gradients_meet_finite_differences(name: str) -> None:
    """Squares are differenced exactly with any step; the style term is of fourth order, and total
    variation has bends."""
    targets = {"one": random_array(1, 1, 3, 4, 2)}
    grams = {"one": gram_matrix(targets["one"])}
    if name == "content":
        x = random_array(0, 1, 3, 4, 2)
        assert_gradient(lambda x: content_loss({"one": x}, targets), x, step=0.5, rel=1e-4)
    elif name == "style":
        x = random_array(0, 1, 3, 4, 2)
        assert_gradient(lambda x: style_loss({"one": x}, grams), x, step=0.02, rel=5e-3)
    else:
        assert_gradient(total_variation_loss, random_array(0, 3, 4, 3), step=0.01, rel=5e-3)


def test_the_total_is_the_weighted_sum() -> None:
    losses = Losses(content=2.0, style=3.0, temporal=5.0, edges=9.0, tv=7.0)
    weights = Weights(alpha=10, beta=100, gamma=1000, edges=1e5, tv=1e4)
    assert losses.total(weights) == 975320.0
    nothing = {term.weight: 0.0 for term in TERMS.values()}
    for name, term in TERMS.items():
        assert losses.total(Weights(**nothing | {term.weight: 1.0})) == losses[name]


def test_the_summands_of_the_total_are_told_by_term() -> None:
    losses = Losses(content=2.0, style=3.0, temporal=5.0, tv=7.0)
    summands = losses.weighted(Weights(alpha=10, beta=100, gamma=1000, tv=1e4))
    assert summands == {
        "content": 20.0,
        "style": 300.0,
        "temporal": 5000.0,
        "edges": 0.0,
        "tv": 70000.0,
    }


def test_losses_as_json_make_losses_again() -> None:
    losses = Losses(content=2.0, style=3.0, temporal=5.0, tv=7.0)
    assert Losses(**losses.to_json()) == losses


def test_as_good_is_of_all_terms_but_time_and_but_for_rounding() -> None:
    goal, weights = Losses(content=1.0, style=2.0), Weights(alpha=1, beta=1, gamma=1)
    assert Losses(content=2.0, style=1.0, temporal=9.0).as_good_as(goal, weights)
    assert Losses(content=1.0, style=2.0 + 1e-5).as_good_as(goal, weights)
    assert not Losses(content=1.0, style=2.01).as_good_as(goal, weights)
