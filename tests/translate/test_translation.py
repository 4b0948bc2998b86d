"""Translated weights pull as the published losses do; balanced ones pull alike.

Every published loss is written out again below from its code, on the raw network.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import numpy as np
import pytest

from stylekit.arrays import Image
from stylekit.explain.pulls import balance
from stylekit.explain.words import compared, explain_balance, two_digits
from stylekit.image.objective import Objective, Targets, TemporalTarget
from stylekit.losses import TERMS
from stylekit.media.images import resize_image
from stylekit.settings import ImageSettings, Weights
from stylekit.translate.published import (
    CROWSON,
    D2L,
    JOHNSON,
    KERAS,
    NEURAL_STYLE_TF,
    PUBLISHED_CODES,
    REPORT,
    RIDGE,
    RUDER,
    TENSORFLOW,
    Gradient,
    PublishedCode,
    wasserstein_gradient,
)
from stylekit.translate.translation import Translator
from stylekit.vgg.features import FeatureExtractor
from stylekit.vgg.runtime import tf
from stylekit.vgg.weights import Backbone

MEAN = np.array([123.68, 116.779, 103.939], np.float32)
TORCH_STD = np.array([0.229, 0.224, 0.225], np.float32)
STYLE = tuple(f"block{block}_conv1" for block in range(1, 6))


@pytest.fixture(scope="module")
def settings(whole_settings: ImageSettings) -> ImageSettings:
    """Published codes compare layers of all depths."""
    return whole_settings


@pytest.fixture(scope="module")
def extractor(vgg16: Backbone, photographs: list[Image], settings: ImageSettings):
    layers = (*settings.content_layers, *settings.style_layers)
    return FeatureExtractor(vgg16, layers, calibration=photographs, pooling=settings.pooling)


@pytest.fixture(scope="module")
def same_shape(content: Image, style: Image) -> Image:
    return resize_image(style, (content.shape[1], content.shape[0]))


@pytest.fixture(scope="module")
def objective(extractor: FeatureExtractor, same_shape: Image, settings: ImageSettings) -> Objective:
    return Objective(extractor, same_shape, settings)


@pytest.fixture(scope="module")
def image(content: Image, same_shape: Image) -> Image:
    """Neither content nor style."""
    noise = np.random.default_rng(1).normal(0.0, 0.05, content.shape)
    return np.clip(0.6 * content + 0.4 * same_shape + noise, 0, 1).astype(np.float32)


@pytest.fixture(scope="module")
def temporal(content: Image) -> TemporalTarget:
    generator = np.random.default_rng(2)
    warped = generator.random(content.shape, np.float32)
    return TemporalTarget(warped, generator.random(content.shape[:2], np.float32))


@pytest.fixture(scope="module")
def targets(objective: Objective, content: Image, temporal: TemporalTarget) -> Targets:
    return objective.targets(content, [temporal])


@pytest.fixture(scope="module")
def translator(extractor, content: Image, same_shape: Image, settings: ImageSettings) -> Translator:
    return Translator(extractor, content, same_shape, settings)


# --- the published losses, written out again ------------------------------------------------


def raw_features(backbone: Backbone, image: tf.Tensor) -> dict[str, tf.Tensor]:
    """Activations as Caffe's networks have them, with average pooling: `(M, N)` by layer."""
    x, block, found = image[None] * 255.0 - MEAN, "1", {}
    for name, (kernel, bias) in backbone.kernels.items():
        if name[5] != block:
            x, block = tf.nn.avg_pool2d(x, 2, 2, "VALID"), name[5]
        x = tf.nn.relu(tf.nn.conv2d(x, kernel, 1, "SAME") + bias)
        found[name] = tf.reshape(x, (-1, x.shape[3]))
    return found


def un_normalised(f: tf.Tensor) -> tf.Tensor:
    return tf.matmul(f, f, transpose_a=True)


def mean_content(f: tf.Tensor, p: tf.Tensor) -> tf.Tensor:
    return tf.reduce_mean((f - p) ** 2)


def half_content(f: tf.Tensor, p: tf.Tensor) -> tf.Tensor:
    positions, filters = f.shape
    return tf.reduce_sum((f - p) ** 2) / (2.0 * filters**0.5 * positions**0.5)


def sum_content(f: tf.Tensor, p: tf.Tensor) -> tf.Tensor:
    return tf.reduce_sum((f - p) ** 2)


def johnson_style(f: tf.Tensor, a: tf.Tensor) -> tf.Tensor:
    f, a = un_normalised(f) / tf.size(f, tf.float32), un_normalised(a) / tf.size(a, tf.float32)
    return tf.reduce_mean((f - a) ** 2)


def neural_style_tf_style(f: tf.Tensor, a: tf.Tensor) -> tf.Tensor:
    positions, filters = f.shape
    error = tf.reduce_sum((un_normalised(f) - un_normalised(a)) ** 2)
    return error / (4.0 * filters**2 * positions**2) * 0.2 / 5.0


def tutorial_style(f: tf.Tensor, a: tf.Tensor) -> tf.Tensor:
    f, a = un_normalised(f) / f.shape[0], un_normalised(a) / a.shape[0]
    return tf.reduce_mean((f - a) ** 2) / 5.0


def keras_style(f: tf.Tensor, a: tf.Tensor, *, pixels: int = 48 * 32) -> tf.Tensor:
    error = tf.reduce_sum((un_normalised(f) - un_normalised(a)) ** 2)
    return error / (4.0 * 3**2 * pixels**2) / 5.0


def ten_johnson_styles(f: tf.Tensor, a: tf.Tensor) -> tf.Tensor:
    return 10.0 * johnson_style(f, a)


PUBLISHED = {
    JOHNSON.name: (mean_content, johnson_style),
    RUDER.name: (mean_content, johnson_style),
    NEURAL_STYLE_TF.name: (half_content, neural_style_tf_style),
    TENSORFLOW.name: (mean_content, tutorial_style),
    KERAS.name: (sum_content, keras_style),
    D2L.name: (mean_content, ten_johnson_styles),
}


def gradient_of(loss: Callable[[tf.Tensor], tf.Tensor], image: Image) -> Gradient:
    x = tf.constant(image)
    with tf.GradientTape() as tape:
        tape.watch(x)
        value = loss(x)
    return tape.gradient(value, x).numpy().astype(np.float64)


def published_gradients(
    convention: PublishedCode,
    backbone: Backbone,
    image: Image,
    content: Image,
    style: Image,
    unit: float = 1.0,
) -> tuple[Gradient, Gradient]:
    """Of the weighted content and the weighted style term, with respect to the Image."""
    content_term, style_term = PUBLISHED[convention.name]
    p, a = raw_features(backbone, content), raw_features(backbone, style)

    def content_of(x: tf.Tensor) -> tf.Tensor:
        f = raw_features(backbone, x)["block4_conv2"]
        return convention.weights.alpha * content_term(unit * f, unit * p["block4_conv2"])

    def style_of(x: tf.Tensor) -> tf.Tensor:
        f = raw_features(backbone, x)
        terms = [style_term(unit * f[name], unit * a[name]) for name in STYLE]
        return convention.weights.beta * tf.add_n(terms)

    return gradient_of(content_of, image), gradient_of(style_of, image)


def ours(
    objective: Objective, targets: Targets, image: Image, weights: Weights, term: str
) -> Gradient:
    """The gradient of one weighted term of stylekit's."""
    others = {row.weight: 0.0 for row in TERMS.values() if row.weight != term}
    alone = dataclasses.replace(weights, **others)
    return objective.evaluate(image, targets, alone).gradient.astype(np.float64)


def error(theirs: Gradient, common: float, own: Gradient) -> float:
    return float(np.linalg.norm(theirs - common * own) / np.linalg.norm(theirs))


def common_factor(theirs: Gradient, own: Gradient) -> float:
    return float((theirs * own).sum() / (own * own).sum())


# --- translation ----------------------------------------------------------------------------


@pytest.mark.parametrize("convention", [c for c in PUBLISHED_CODES if c.name in PUBLISHED])
@pytest.mark.slow
def test_content_and_style_pull_as_in_the_published_code(
    convention, vgg16, objective, targets, translator, image, content, same_shape
) -> None:
    # On a network that is torchvision's as it is assumed to be: smaller by its unit of pixels.
    unit = 1 / (255 * float(np.prod(TORCH_STD)) ** (1 / 3)) if convention is D2L else 1.0
    by_content, by_style = published_gradients(convention, vgg16, image, content, same_shape, unit)
    exact = translator.translate(convention, convention.weights).exact
    own_content = ours(objective, targets, image, exact, "alpha")
    common = common_factor(by_content, own_content)
    assert exact.alpha == 1.0
    assert error(by_content, common, own_content) < 1e-3
    assert error(by_style, common, ours(objective, targets, image, exact, "beta")) < 1e-3


@pytest.mark.slow
def test_a_style_of_another_size_has_gram_matrices_of_its_own_size(
    extractor, settings, vgg16, image, content, style
) -> None:
    assert style.shape != content.shape
    translator = Translator(extractor, content, style, settings)
    objective = Objective(extractor, style, settings)
    targets = objective.targets(content)
    by_content, by_style = published_gradients(JOHNSON, vgg16, image, content, style)
    exact = translator.translate(JOHNSON, JOHNSON.weights).exact
    common = common_factor(by_content, ours(objective, targets, image, exact, "alpha"))
    assert error(by_style, common, ours(objective, targets, image, exact, "beta")) < 1e-3


@pytest.mark.parametrize("convention", [RUDER, NEURAL_STYLE_TF])
@pytest.mark.slow
def test_the_temporal_term_pulls_as_the_equation(
    convention, vgg16, objective, targets, translator, image, content, same_shape, temporal
) -> None:
    by_content, _ = published_gradients(convention, vgg16, image, content, same_shape)
    mask = temporal.mask[..., None]
    by_time = gradient_of(
        lambda x: (
            convention.weights.gamma
            * tf.reduce_mean(mask * (255.0 * x - 255.0 * temporal.warped) ** 2)
        ),
        image,
    )
    exact = translator.translate(convention, convention.weights).exact
    common = common_factor(by_content, ours(objective, targets, image, exact, "alpha"))
    assert error(by_time, common, ours(objective, targets, image, exact, "gamma")) < 1e-3


def test_the_reports_weights_are_stylekits_own(translator: Translator) -> None:
    theirs = Weights(alpha=2.0, beta=3e4, gamma=100.0, tv=5.0)
    translation = translator.translate(REPORT, theirs)
    assert translation.weights == Weights(alpha=1.0, beta=15e3, gamma=50.0, edges=0.3, tv=2.5)
    assert translation.exact == translation.weights


def test_every_code_is_a_preset(translator: Translator) -> None:
    presets = translator.presets()
    assert list(presets) == [convention.name for convention in PUBLISHED_CODES]
    assert presets[REPORT.name] == Weights()
    assert presets[KERAS.name] == translator.translate(KERAS, KERAS.weights).exact


def test_the_single_beta_is_the_best_one(objective, content, translator) -> None:
    translation = translator.translate(JOHNSON, JOHNSON.weights)
    contributions = np.array(list(objective.style_distances(content).values()))
    exact = translation.exact.beta * np.array(translation.exact.layers) * contributions

    def miss(beta: float) -> float:
        return float(np.sum((beta * contributions - exact) ** 2))

    assert translation.weights.layers == ()
    best = translation.weights.beta
    assert miss(best) < min(miss(0.95 * best), miss(1.05 * best))


def test_the_single_beta_counts_the_layer_weights_of_the_settings(
    extractor, content, same_shape, settings, translator
) -> None:
    shares = (0.0, 0.0, 4.0, 0.0, 0.0)
    only_third = dataclasses.replace(settings, style_layer_weights=shares)
    single = Translator(extractor, content, same_shape, only_third).translate(
        JOHNSON, JOHNSON.weights
    )
    exact = translator.translate(JOHNSON, JOHNSON.weights).exact
    # One layer alone is met exactly.
    assert single.weights.beta * 4.0 == pytest.approx(exact.beta * exact.layers[2], rel=1e-5)


def test_without_content_beta_is_kept(translator: Translator) -> None:
    with_content = translator.translate(RUDER, RUDER.weights).weights
    theirs = dataclasses.replace(RUDER.weights, alpha=0.0)
    weights = translator.translate(RUDER, theirs).weights
    assert (weights.alpha, weights.beta) == (0.0, pytest.approx(theirs.beta))
    assert weights.gamma / weights.beta == pytest.approx(
        with_content.gamma / with_content.beta, rel=1e-5
    )
    alone = translator.translate(RUDER, Weights(alpha=0.0, beta=0.0, gamma=2.0)).weights
    assert alone.gamma == pytest.approx(2.0 * (255 / 0.065) ** 2, rel=1e-5)


def test_notes_name_what_does_not_carry_over(translator, extractor, content, style, settings):
    def notes(convention: PublishedCode, theirs: Weights | None = None) -> str:
        return " ".join(translator.translate(convention, theirs or convention.weights).notes)

    assert "One β cannot" in notes(JOHNSON)
    assert "maximum" in notes(JOHNSON)
    assert "VGG-19" in notes(JOHNSON)
    assert "block5_conv2" in notes(KERAS)
    assert "block4_conv4, which vgg16 does not have" in notes(D2L)
    assert "before the ReLU" in notes(NEURAL_STYLE_TF)
    assert "Wasserstein" in notes(CROWSON)
    assert "no temporal term" in notes(JOHNSON, Weights(gamma=5.0))
    assert "total variation" in notes(TENSORFLOW)
    # What has no weight, or is as here, is not spoken of.
    assert "total variation" not in notes(TENSORFLOW, Weights(tv=0.0))
    assert "Its total variation" not in notes(REPORT)
    assert "One β" not in notes(REPORT)
    assert "maximum" not in notes(NEURAL_STYLE_TF)
    assert "shape" not in notes(KERAS)
    other_shape = Translator(extractor, content, style, settings)
    assert "shape" in " ".join(other_shape.translate(KERAS, KERAS.weights).notes)


def test_equal_pictures_leave_no_term_to_match(extractor, content, settings) -> None:
    """Nothing is divided by zero where content is style, and where nothing varies."""
    same = Translator(extractor, content, content, settings).translate(JOHNSON, JOHNSON.weights)
    assert np.isfinite(same.weights.beta)
    flat = np.full_like(content, 0.5)
    assert (
        Translator(extractor, flat, content, settings).translate(KERAS, Weights()).weights.tv == 0
    )


# --- total variation ------------------------------------------------------------------------


def tutorial_variation(x: tf.Tensor) -> tf.Tensor:
    return tf.image.total_variation(x)


def keras_variation(x: tf.Tensor) -> tf.Tensor:
    x = 255.0 * x
    a = (x[:-1, :-1] - x[1:, :-1]) ** 2
    b = (x[:-1, :-1] - x[:-1, 1:]) ** 2
    return tf.reduce_sum((a + b) ** 1.25)


def johnson_variation(x: tf.Tensor) -> tf.Tensor:
    x = 255.0 * x
    a, b = x[:-1, :-1] - x[:-1, 1:], x[:-1, :-1] - x[1:, :-1]
    return tf.reduce_sum(a**2 + b**2) / 2


def neural_style_tf_variation(x: tf.Tensor) -> tf.Tensor:
    down, across = 255.0 * (x[1:] - x[:-1]), 255.0 * (x[:, 1:] - x[:, :-1])
    return 2 * (
        tf.nn.l2_loss(down) / tf.size(down, tf.float32)
        + tf.nn.l2_loss(across) / tf.size(across, tf.float32)
    )


def d2l_variation(x: tf.Tensor) -> tf.Tensor:
    x = x / TORCH_STD
    return 0.5 * (
        tf.reduce_mean(tf.abs(x[1:] - x[:-1])) + tf.reduce_mean(tf.abs(x[:, 1:] - x[:, :-1]))
    )


VARIATIONS = {
    JOHNSON.name: johnson_variation,
    NEURAL_STYLE_TF.name: neural_style_tf_variation,
    TENSORFLOW.name: tutorial_variation,
    KERAS.name: keras_variation,
    D2L.name: d2l_variation,
}


@pytest.mark.parametrize("convention", [c for c in PUBLISHED_CODES if c.name in VARIATIONS])
def test_the_gradient_of_total_variation_is_right(convention: PublishedCode, image: Image) -> None:
    theirs = gradient_of(VARIATIONS[convention.name], image)
    assert error(theirs, 1.0, convention.variation(image)) < 1e-3


def test_total_variation_carries_over(objective, targets, translator, image, content) -> None:
    """Exactly where it is stylekit's own, and with the same strength at the content picture where
    it is another one."""
    alone = Weights(alpha=0.0, beta=0.0, gamma=0.0, edges=0.0, tv=1.0)
    own = ours(objective, targets, image, translator.translate(REPORT, alone).weights, "tv")
    assert error(REPORT.variation(image), 1.0, own) < 1e-3
    for convention in (JOHNSON, NEURAL_STYLE_TF, TENSORFLOW, KERAS):
        translated = translator.translate(convention, alone).weights
        own = ours(objective, targets, content, translated, "tv")
        theirs = np.linalg.norm(convention.variation(content))
        assert np.linalg.norm(own) == pytest.approx(theirs, rel=1e-3)


def test_a_strip_one_pixel_wide_has_a_variation() -> None:
    strip = np.random.default_rng(0).random((40, 1, 3)).astype(np.float32)
    for convention in PUBLISHED_CODES:
        gradient = convention.variation(strip)
        assert gradient.shape == strip.shape
        assert np.isfinite(gradient).all()


# --- a style term without Gram matrices -----------------------------------------------------


def wasserstein_loss(features: Gradient, target: Gradient) -> float:
    """From the definition, with eigenvalues of a product that is not symmetric."""

    def moments(f: Gradient) -> tuple[Gradient, Gradient]:
        covariance = np.cov(f, rowvar=False, bias=True) + RIDGE * np.eye(f.shape[1])
        return f.mean(axis=0), covariance

    (mean, covariance), (other_mean, other) = moments(features), moments(target)
    # tr (S^½ Σ S^½)^½ is the sum of the roots of the eigenvalues of S Σ.
    roots = np.sqrt(np.linalg.eigvals(other @ covariance).real).sum()
    distance = ((mean - other_mean) ** 2).sum() + np.trace(covariance + other) - 2 * roots
    return float(distance / features.shape[1])


def test_the_wasserstein_gradient_matches_finite_differences() -> None:
    generator = np.random.default_rng(0)
    features, target = generator.random((12, 4)), generator.random((20, 4)) ** 2
    gradient = wasserstein_gradient(features, target)
    step = 1e-6
    for index in np.ndindex(features.shape):
        up, down = features.copy(), features.copy()
        up[index] += step
        down[index] -= step
        slope = (wasserstein_loss(up, target) - wasserstein_loss(down, target)) / (2 * step)
        assert gradient[index] == pytest.approx(slope, rel=1e-4, abs=1e-7)


def test_a_style_without_gram_matrices_pulls_each_layer_as_hard(
    translator, extractor, content, same_shape
) -> None:
    exact = translator.translate(CROWSON, CROWSON.weights).exact
    unit = CROWSON.activation_unit
    ours_of, theirs_of = [], []
    raw = raw_features(extractor.backbone, tf.constant(content))
    raw_style = raw_features(extractor.backbone, tf.constant(same_shape))
    scaled, scaled_style = extractor(tf.constant(content)), extractor(tf.constant(same_shape))
    for name, share, layer in zip(STYLE, CROWSON.style_shares, exact.layers, strict=True):
        f = tf.reshape(scaled[name], raw[name].shape)
        a = tf.reshape(scaled_style[name], raw_style[name].shape)
        own = gradient_of(lambda x, a=a: 5 * tutorial_style(x, a), f.numpy())
        theirs = wasserstein_gradient(
            unit * raw[name].numpy().astype(float), unit * raw_style[name].numpy().astype(float)
        )
        # By the same step of the picture: raw features are a multiple of the scaled ones.
        ratio = float(tf.norm(raw[name]) / tf.norm(f))
        ours_of.append(exact.beta * layer * np.linalg.norm(own))
        theirs_of.append(share * unit * ratio * np.linalg.norm(theirs))
    ratios = np.array(ours_of) / theirs_of
    np.testing.assert_allclose(ratios, ratios[0], rtol=1e-3)


# --- balance --------------------------------------------------------------------------------


def test_pulls_are_the_root_mean_squares_of_the_gradients(objective, targets, image) -> None:
    weights = Weights(alpha=2.0, beta=1e3, gamma=10.0, tv=0.5)
    found = balance(objective, targets, image, weights)
    for term, row in TERMS.items():
        gradient = ours(objective, targets, image, weights, row.weight)
        expected = np.sqrt(np.mean(np.sum(gradient**2, axis=2)))
        assert found.pulls[term] == pytest.approx(expected, rel=1e-4)


def test_balanced_weights_make_content_and_style_pull_alike(objective, targets, image) -> None:
    start = Weights(alpha=4.0, beta=1e7, gamma=8.0, tv=2.0)
    weights = balance(objective, targets, image, start).balanced
    assert weights is not None
    assert (weights.alpha, weights.gamma, weights.tv) == (1.0, 2.0, 0.5)
    after = balance(objective, targets, image, weights)
    assert after.pulls.style == pytest.approx(after.pulls.content, rel=1e-4)
    assert explain_balance(after)[0] == "Style pulls about as hard as content."


def test_layer_weights_count_in_the_balance(objective, targets, image) -> None:
    weights = Weights(layers=(0.0, 0.0, 0.0, 0.0, 2.0))
    balanced = balance(objective, targets, image, weights).balanced
    assert balanced is not None
    assert balanced.layers == weights.layers
    assert balanced.beta != pytest.approx(
        balance(objective, targets, image, Weights()).balanced.beta
    )


def test_the_bare_content_cannot_be_balanced(objective, targets, content) -> None:
    found = balance(objective, targets, content, Weights())
    assert found.balanced is None
    assert (
        explain_balance(found)[0]
        == "The picture is still the content, which has nothing to pull at yet."
    )
    moved_by_rounding = np.clip(content + np.float32(0.4 / 255), 0, 1)
    assert balance(objective, targets, moved_by_rounding, Weights()).balanced is None


def test_terms_without_weight_are_said_to_pull_at_nothing(objective, targets, image) -> None:
    def words(**weights: float) -> tuple[str, ...]:
        return explain_balance(balance(objective, targets, image, Weights(**weights)))

    alone = {"gamma": 0.0, "edges": 0.0, "tv": 0.0}
    assert words(alpha=0.0, **alone) == ("Nothing holds the content: its weight is 0.",)
    assert words(beta=0.0, **alone) == ("Nothing pulls towards the style: its weight is 0.",)
    assert any("temporal term" in said for said in words(gamma=4e2))
    assert any("total variation" in said.lower() for said in words(tv=1.0, gamma=0.0))


def test_with_colors_kept_the_pull_is_along_luminance(objective, targets, image) -> None:
    found = balance(objective, targets, image, Weights(gamma=0.0), keep_colors=True)
    gradient = ours(objective, targets, image, Weights(gamma=0.0), "beta")
    expected = np.sqrt(np.mean(gradient.sum(axis=2) ** 2))
    assert found.pulls.style == pytest.approx(expected, rel=1e-4)


def test_ratios_are_said_in_words() -> None:
    def said(first: str, second: str, *pulls: float) -> str:
        return compared(first, second, dict(zip((first, second), pulls, strict=True)))

    assert said("style", "content", 40.4, 1.0) == "Style pulls 40 times as hard as content."
    assert said("style", "content", 1.0, 3.14) == "Content pulls 3.1 times as hard as style."
    assert said("style", "content", 1.24, 1.0) == "Style pulls about as hard as content."
    assert said("tv", "style", 1.3, 1.0) == "Total variation pulls 1.3 times as hard as style."
    long = said("temporal", "style", 12_345.0, 1.0)
    assert long == "The temporal term pulls 12,000 times as hard as style."


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (1.26, "1.3"),
        (99.6, "100"),
        (9.96, "10"),
        (0.0123, "0.012"),
        (3e8, "3·10⁸"),
        (-4.14e-5, "−4.1·10⁻⁵"),
        (0, "0"),
    ],
)
def test_numbers_have_two_digits(value: float, said: str) -> None:
    assert two_digits(value) == said
