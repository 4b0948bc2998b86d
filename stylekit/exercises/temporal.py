"""The check of the temporal loss, and of its gradient."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..vgg.runtime import tf
from .answers import (
    AnswerError,
    Array,
    Exercise,
    Inputs,
    Mistake,
    call,
    check_answer,
    numbers_of,
)
from .result import CheckResult, Finding, as_panel


def check_temporal_loss(student: Callable[..., Any], *, seed: int | None = None) -> CheckResult:
    """Check `temporal_loss(image, warped, mask)`, and its gradient.

    L = 1/D Σ_k c_k (x_k − ω_k)², with D = H·W·3 values (Ruder et al. 2016, eq. 6, without the
    unit of stylekit). Its gradient is ∂L/∂x_k = 2 c_k (x_k − ω_k) / D.

    Parameters
    ----------
    student : takes two pictures `(H, W, 3)` and a mask `(H, W)` in [0, 1] and returns one number.
        TensorFlow differentiates a function of tensors; one in NumPy may return a tuple of the
        number and its gradient `(H, W, 3)`, and without that its gradient is not checked.
    seed : of the random inputs; others each time unless given.

    Examples
    --------
    >>> check_temporal_loss(lambda x, w, c: np.mean(c[..., None] * (x - w) ** 2)).right
    True
    >>> check_temporal_loss(lambda x, w, c: np.mean((x - w) ** 2)).diagnosis
    'no mask'
    """
    random = np.random.default_rng(seed)
    start = int(random.integers(2**32))
    gradients: list[Finding] = []

    def value_alone(*inputs: Any) -> Any:
        answer = student(*inputs)
        return answer[0] if isinstance(answer, tuple) and len(answer) == 2 else answer

    result = check_answer(_TEMPORAL, value_alone if callable(student) else student, start)
    if not result.right:
        return result
    inputs = _temporal_inputs(np.random.default_rng(start), 0)
    wanted = _gradient(*inputs)
    try:
        found = _gradient_of(student, inputs)
    except AnswerError as error:
        gradients.append(error.finding)
        found = None
    if found is not None:
        gradients += _judge_gradient(found, wanted, inputs)
    if not gradients:
        return result
    panels = {"gradient as it should be": as_panel(wanted)}
    if found is not None and found.shape == wanted.shape:
        panels = {"gradient of your function": as_panel(found), **panels}
    return CheckResult(
        exercise=_TEMPORAL.name,
        right=False,
        diagnosis=gradients[0][0],
        words=gradients[0][1],
        panels=panels,
    )


def _gradient_of(student: Callable[..., Any], inputs: Inputs) -> Array | None:
    """What the function says of its gradient; None for a function of NumPy alone."""
    try:
        answer = student(*(array.copy() for array in inputs))
    # It works with tensors only: `check_answer` has called it with them already.
    except Exception:
        answer = None
    if isinstance(answer, tuple):
        return numbers_of(answer[1]).astype(np.float64)
    if answer is not None and not tf.is_tensor(answer):
        return None
    image, warped, mask = (tf.constant(array) for array in inputs)
    with tf.GradientTape() as tape:
        tape.watch(image)
        value = call(lambda: student(image, warped, mask), ())
    gradient = tape.gradient(value, image) if tf.is_tensor(value) else None
    return np.zeros(inputs[0].shape) if gradient is None else numbers_of(gradient)


def _judge_gradient(found: Array, wanted: Array, inputs: Inputs) -> list[Finding]:
    image, warped, _mask = inputs
    if found.shape != wanted.shape:
        return [
            (
                "wrong gradient",
                f"the value is right, but the gradient has the shape {found.shape}; there is one "
                f"for each value of the image: {wanted.shape}.",
            )
        ]
    tolerance = 64 * float(np.finfo(np.float32).eps) * float(np.abs(wanted).max())

    def near(other: Array) -> bool:
        return bool((np.abs(found - other) <= tolerance).all())

    if near(wanted):
        return []
    if not found.any():
        return [
            (
                "dead gradient",
                "the value is right, but its gradient is zero everywhere: no step of the optimiser "
                "would move a pixel because of it. Somewhere the way from the image to the loss is "
                "cut.",
            )
        ]
    if near(-wanted):
        return [
            (
                "wrong sign",
                "the value is right, but the gradient points the other way: the optimiser would "
                "drive the image away from the warped frame.",
            )
        ]
    if near(wanted / 2):
        return [("wrong gradient", "the value is right, but the gradient is half of what it is.")]
    if near(2 * (image - warped) / image.size):
        return [("wrong gradient", "the value is right, but the gradient does not see the mask.")]
    return [
        (
            "wrong gradient",
            "the value is right, but the gradient is that of another function: is every part of "
            "the image part of the graph?",
        )
    ]


def _temporal_inputs(random: np.random.Generator, number: int) -> Inputs:
    height, width = ((6, 9), (8, 5), (5, 7))[number]
    images = random.uniform(0, 1, (2, height, width, 3)).astype(np.float32)
    mask = random.uniform(0, 1, (height, width)).astype(np.float32)
    mask[0], mask[-1] = 0, 1
    return images[0], images[1], mask


def _weighted(image: Array, warped: Array, mask: Array) -> Array:
    return np.asarray(mask[..., None] * (image - warped) ** 2)


def _gradient(image: Array, warped: Array, mask: Array) -> Array:
    return np.asarray(2 * mask[..., None] * (image - warped) / image.size)


_TEMPORAL = Exercise(
    name="temporal",
    function="temporal_loss",
    inputs=_temporal_inputs,
    solve=lambda x, w, c: np.mean(_weighted(x, w, c)),
    size=lambda x, w, c: float(np.mean(c[..., None] * (np.abs(x) + np.abs(w)) ** 2)),
    terms=lambda x, _w, _c: x.size + 4,
    result="one number must come out",
    titles=("image", "warped", "mask"),
    mistakes=(
        Mistake(
            "no mask",
            "the mask is not used: what has just come into sight would be held to a past that it "
            "does not have.",
            lambda x, w, c: np.mean((x - w) ** 2),
        ),
        Mistake(
            "mask inverted",
            "the mask is turned round: 1 means that the flow can be trusted.",
            lambda x, w, c: np.mean(_weighted(x, w, 1 - c)),
        ),
        Mistake(
            "mask squared",
            "the mask is inside of the square, so it counts twice.",
            lambda x, w, c: np.mean((c[..., None] * (x - w)) ** 2),
        ),
        Mistake(
            "mask on a number",
            "the mask is multiplied into a number that is a mean already: it no longer says where "
            "the frame is held. It must act at each pixel, before the mean.",
            lambda x, w, c: np.mean(c) * np.mean((x - w) ** 2),
        ),
        Mistake(
            "mask on a number",
            "the mask is multiplied into a number that is a mean already: it no longer says where "
            "the frame is held. It must act at each pixel, before the mean.",
            lambda x, w, c: c * np.mean((x - w) ** 2),
        ),
        Mistake(
            "divided by the mask",
            "the sum is divided by the sum of the mask. Here D is the number of all values, so "
            "that a frame of which little is known is held by little.",
            lambda x, w, c: _weighted(x, w, c).sum() / (3 * c.sum()),
        ),
        Mistake(
            "divided by the mask",
            "the sum is divided by the sum of the mask. Here D is the number of all values, so "
            "that a frame of which little is known is held by little.",
            lambda x, w, c: _weighted(x, w, c).sum() / c.sum(),
        ),
        Mistake(
            "sum",
            "the squares are summed, and not divided by their number D.",
            lambda x, w, c: _weighted(x, w, c).sum(),
        ),
        Mistake(
            "pixels only",
            "the sum is divided by the number of pixels; D counts three values for each.",
            lambda x, w, c: _weighted(x, w, c).sum() / c.size,
        ),
        Mistake(
            "half",
            "the mean is right, but half of it comes out.",
            lambda x, w, c: np.mean(_weighted(x, w, c)) / 2,
        ),
        Mistake(
            "absolute",
            "the absolute differences are averaged, not their squares.",
            lambda x, w, c: np.mean(c[..., None] * np.abs(x - w)),
        ),
        Mistake(
            "no square",
            "differences of both signs are averaged as they are: they cancel each other.",
            lambda x, w, c: np.mean(c[..., None] * (x - w)),
        ),
        Mistake(
            "root",
            "a root is taken in the end; the loss is the mean square itself.",
            lambda x, w, c: np.sqrt(np.mean(_weighted(x, w, c))),
        ),
        Mistake(
            "wrong sign",
            "the number is negative: the smaller it is, the farther the image is from the warped "
            "frame.",
            lambda x, w, c: -np.mean(_weighted(x, w, c)),
        ),
        Mistake(
            "plus",
            "the two pictures are added where they should be subtracted.",
            lambda x, w, c: np.mean(c[..., None] * (x + w) ** 2),
        ),
        Mistake(
            "not one number",
            "there is a number for each value: the mean is missing.",
            _weighted,
        ),
        Mistake(
            "not one number",
            "there is a number for each pixel: the mean over the pixels is missing.",
            lambda x, w, c: _weighted(x, w, c).mean(axis=2),
        ),
    ),
)
