"""One loss and its gradient: stylekit's, without and with XLA, plain Keras layers, and PyTorch."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from machine import CLOCKS, matmul_peak
from speed_numbers import Spread, convolution_gflop, interleave

from stylekit.arrays import Image
from stylekit.image.colors import match_colors
from stylekit.image.objective import Objective
from stylekit.image.stylization import prepare_objective
from stylekit.media.images import load_image, resize_image
from stylekit.samples import MaterialKind, find_material
from stylekit.settings import ImageSettings, Weights, name_of
from stylekit.vgg.features import Pooling
from stylekit.vgg.runtime import tf
from stylekit.vgg.weights import Backbone

CONTENT, STYLE = "coffee", "swirls"
OURS = "stylekit"
# What it uses where much is evaluated.
FUSED = "stylekit, compiled by XLA"

# Recipes whose losses differ by more than this, relative, do not compute the same.
AGREEMENT = 1e-4

# ImageNet's mean colour on the scale 0 to 255, which VGG's weights were trained to have subtracted.
_MEAN_RGB = (123.68, 116.779, 103.939)
_WARM_UPS = 2

Evaluate = Callable[[Image], tuple[float, np.ndarray]]


@dataclass(frozen=True, slots=True, eq=False)
class Problem:
    """A picture to be evaluated, and what it is held against. Pictures are Images."""

    image: Image
    content: Image
    style: Image
    settings: ImageSettings
    objective: Objective

    @property
    def weights(self) -> Weights:
        """Of the loss."""
        return self.settings.weights

    @property
    def backbone(self) -> Backbone:
        """The network."""
        return self.objective.backbone

    @property
    def layers(self) -> tuple[str, ...]:
        """Whose features are needed."""
        return (*self.settings.content_layers, *self.settings.style_layers)

    @property
    def used(self) -> list[str]:
        """The convolutions up to the deepest of `layers`."""
        names = list(self.backbone.kernels)
        return names[: max(names.index(name) for name in self.layers) + 1]


def make_problem(settings: ImageSettings) -> Problem:
    """A photograph of 4:3, `settings.size` pixels long, at the start of its painting.

    There neither content nor style term is zero. The edge term is zero there, and total variation,
    which the other recipes have not, has no weight.
    """
    settings = replace(settings, weights=replace(settings.weights, tv=0.0))
    photograph = load_image(find_material(CONTENT, MaterialKind.PHOTOGRAPH))
    height, width = photograph.shape[:2]
    margin = (width - 4 * height // 3) // 2
    content = resize_image(
        photograph[:, margin : width - margin], (settings.size, 3 * settings.size // 4)
    )
    # At its size already, so that every recipe has the same style.
    style = load_image(find_material(STYLE, MaterialKind.STYLE), size=settings.size)
    objective = prepare_objective(style, settings)
    return Problem(match_colors(content, style), content, style, settings, objective)


def evaluation_rows(
    settings: ImageSettings, *, runs: int, torch: Path | None, clock: str = "wall"
) -> list[dict[str, Any]]:
    """Every recipe, interleaved: a row for each, as plain numbers. `clock` is one of `CLOCKS`.

    Raises RuntimeError if their losses disagree.
    """
    problem = make_problem(settings)
    height, width = problem.image.shape[:2]
    gflop = convolution_gflop(problem.backbone.kernels, problem.layers, height, width)
    with _recipes(problem, torch, clock) as recipes:
        losses = {
            name: [recipe()[1] for _ in range(_WARM_UPS)][-1] for name, recipe in recipes.items()
        }
        before = matmul_peak(clock)
        seconds = {
            name: [taken for taken, _ in results]
            for name, results in interleave(runs, recipes).items()
        }
        peaks = (before, matmul_peak(clock))
    rows = []
    for name, taken in seconds.items():
        spread = Spread.of(taken)
        off = abs(losses[name] / losses[OURS] - 1)
        if not off <= AGREEMENT:
            raise RuntimeError(f"{name}: its loss is {losses[name]:g}, ours {losses[OURS]:g}")
        rows.append(
            {
                "backbone": problem.backbone.label,
                "width": width,
                "height": height,
                "gflop": gflop,
                "recipe": name,
                "seconds": taken,
                "median": spread.median,
                "best": spread.best,
                "p10": spread.low,
                "p90": spread.high,
                # Against the faster of the two, which makes the share the smaller.
                "share": gflop / spread.median / max(peaks),
                # Of one round each: what slows a machine for a while slows both.
                "ratio": float(np.median(np.divide(taken, seconds[OURS]))),
                "loss_off": off,
                "peaks": peaks,
            }
        )
    return rows


@contextmanager
def _recipes(
    problem: Problem, torch: Path | None, clock: str
) -> Iterator[dict[str, Callable[[], tuple[float, float]]]]:
    """Recipes by name, each giving the seconds and the loss of one evaluation."""
    recipes = {
        OURS: _timed(our_evaluation(problem), problem.image, clock),
        FUSED: _timed(our_evaluation(_fused(problem)), problem.image, clock),
        "Keras layers": _timed(keras_evaluation(problem), problem.image, clock),
    }
    if torch is None:
        yield recipes
        return
    with _torch_process(problem, torch, clock) as (version, evaluate):
        for layout in ("contiguous", "channels-last"):
            recipes[f"PyTorch {version}, {layout}"] = partial(evaluate, layout)
        yield recipes


def _timed(evaluate: Evaluate, image: Image, clock: str) -> Callable[[], tuple[float, float]]:
    now = CLOCKS[clock]

    def run() -> tuple[float, float]:
        start = now()
        loss, _ = evaluate(image)
        return now() - start, loss

    return run


def _fused(problem: Problem) -> Problem:
    """The same, its evaluation compiled by XLA."""
    objective = Objective(problem.objective.extractor, problem.style, problem.settings)
    objective.fuse_ahead((problem.image.shape[1], problem.image.shape[0]))
    return replace(problem, objective=objective)


def our_evaluation(problem: Problem) -> Evaluate:
    """Loss and gradient as the engine computes them."""
    targets = problem.objective.targets(problem.content)

    def evaluate(image: Image) -> tuple[float, np.ndarray]:
        result = problem.objective.evaluate(image, targets, problem.weights)
        return result.value, result.gradient

    return evaluate


def keras_evaluation(problem: Problem) -> Evaluate:
    """Loss and gradient with nothing but Keras's layers and a gradient tape, compiled."""
    model = _keras_model(problem, problem.image.shape)
    content = {name: model(problem.content[None])[name] for name in problem.settings.content_layers}
    style_model = _keras_model(problem, problem.style.shape)
    style = style_model(problem.style[None])
    grams = {name: _gram(style[name]) for name in problem.settings.style_layers}
    beta = _calibrated_beta(problem)

    @tf.function
    def differentiate(image: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        with tf.GradientTape() as tape:
            tape.watch(image)
            features = model(image[tf.newaxis])
            content_loss = tf.add_n(
                [tf.reduce_mean((features[name] - target) ** 2) for name, target in content.items()]
            )
            style_loss = tf.add_n(
                [
                    tf.reduce_mean((_gram(features[name]) - gram) ** 2)
                    for name, gram in grams.items()
                ]
            )
            loss = problem.weights.alpha * content_loss + beta * style_loss
        return loss, tape.gradient(loss, image)

    def evaluate(image: Image) -> tuple[float, np.ndarray]:
        loss, gradient = differentiate(tf.constant(image))
        return float(loss), gradient.numpy()

    return evaluate


def _calibrated_beta(problem: Problem) -> float:
    """β times the calibration of the style, which others have not."""
    (style,) = problem.objective.targets(problem.content).style
    return problem.weights.beta * float(style.weight)


def _keras_model(problem: Problem, shape: tuple[int, ...]) -> tf.keras.Model:
    """Scaled features by layer, of a batch of one picture of this shape."""
    layers = tf.keras.layers
    pools = {"average": layers.AveragePooling2D, "max": layers.MaxPooling2D}
    pool = pools[name_of(problem.settings.pooling)]
    inputs = tf.keras.Input(shape, batch_size=1)
    x = layers.Rescaling(255.0, offset=[-mean for mean in _MEAN_RGB])(inputs)
    outputs = {}
    block = problem.used[0].partition("_")[0]
    for name in problem.used:
        if (here := name.partition("_")[0]) != block:
            x = pool(2)(x)
            block = here
        kernel, bias = problem.backbone.kernels[name]
        convolution = layers.Conv2D(
            kernel.shape[-1], kernel.shape[0], padding="same", activation="relu", trainable=False
        )
        x = convolution(x)
        convolution.set_weights([kernel, bias])
        if name in problem.layers:
            outputs[name] = layers.Rescaling(problem.objective.extractor.scales[name])(x)
    return tf.keras.Model(inputs, outputs)


def _gram(features: tf.Tensor) -> tf.Tensor:
    flat = tf.reshape(features, (-1, features.shape[-1]))
    return tf.matmul(flat, flat, transpose_a=True) / tf.cast(tf.shape(flat)[0], tf.float32)


@contextmanager
def _torch_process(
    problem: Problem, python: Path, clock: str
) -> Iterator[tuple[str, Callable[[str], tuple[float, float]]]]:
    """PyTorch's version, and a function from a memory layout to seconds and loss."""
    script = Path(__file__).with_name("speed_torch.py")
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "problem.npz"
        _write_for_torch(problem, file)
        process = subprocess.Popen(
            [os.fspath(python), os.fspath(script), os.fspath(file)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        with process:
            assert process.stdin is not None and process.stdout is not None
            asked, answers = process.stdin, process.stdout

            def answer() -> dict[str, Any]:
                line = answers.readline()
                if not line:
                    raise RuntimeError(f"{python} ended; it needs torch and numpy, see above")
                return json.loads(line)

            def evaluate(layout: str) -> tuple[float, float]:
                print(layout, file=asked, flush=True)
                result = answer()
                return result[clock], result["loss"]

            # Without the part that tells builds for graphics cards apart.
            yield answer()["version"].partition("+")[0], evaluate


def _write_for_torch(problem: Problem, file: Path) -> None:
    facts = {
        "used": problem.used,
        "scales": {name: problem.objective.extractor.scales[name] for name in problem.layers},
        "content_layers": problem.settings.content_layers,
        "style_layers": problem.settings.style_layers,
        "alpha": problem.weights.alpha,
        "beta": _calibrated_beta(problem),
        "mean_rgb": _MEAN_RGB,
        "average": problem.settings.pooling == Pooling.AVERAGE,
    }
    arrays: dict[str, Any] = {
        "image": problem.image,
        "content": problem.content,
        "style": problem.style,
    }
    for name in problem.used:
        arrays[f"kernel/{name}"], arrays[f"bias/{name}"] = problem.backbone.kernels[name]
    np.savez(file, facts=np.array(json.dumps(facts)), **arrays)
