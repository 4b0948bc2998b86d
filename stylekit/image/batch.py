"""The losses of several pictures of one content and style, in one call of the network."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..losses import Targets
from ..settings import Weights
from ..vgg.runtime import tf
from .objective import Objective


@dataclass(frozen=True, slots=True, eq=False)
class BatchEvaluation:
    """The weighted losses `(K,)` of K pictures, and their gradients `(K, H, W, 3)`."""

    values: NDArray[np.float32]
    gradients: NDArray[np.float32]


class BatchObjective:
    """The loss of `objective` for K pictures with the same `targets`, each with its own weights.

    It maps the equations of `Objective` over the first axis, so that each convolution runs once
    for all pictures. It is compiled once, for any K.

    On two cores nine pictures of 96×64 take 0.46 s, and 0.52 s one after the other: the
    convolutions keep both cores busy in either case. With oneDNN it would be 0.9 and 1.4 s.
    """

    def __init__(self, objective: Objective, targets: Targets) -> None:
        self._objective, self._targets = objective, targets
        self.compiled = False  # the first call compiles, which takes seconds
        height, width = targets.warped.shape[1:3]
        count = len(objective.term_weights(Weights()))
        self._call = tf.function(
            self._mapped,
            autograph=False,
            input_signature=[
                tf.TensorSpec((None, height, width, 3), tf.float32),
                tf.TensorSpec((None, count), tf.float32),
            ],
        )

    def evaluate(self, images: NDArray[np.float32], weights: Sequence[Weights]) -> BatchEvaluation:
        """The losses and gradients of K pictures.

        Parameters
        ----------
        images : `(K, H, W, 3)` in [0, 1].
        weights : K weights, one for each picture.

        Raises
        ------
        ValueError
            Unless there are as many weights as images.
        SettingsError
            For weights of another number of layers.
        """
        if len(images) != len(weights):
            raise ValueError(f"weights: there are {len(weights)} for {len(images)} pictures")
        table = np.array([self._objective.term_weights(own) for own in weights], np.float32)
        values, gradients = self._call(tf.constant(images), tf.constant(table))
        self.compiled = True
        return BatchEvaluation(values.numpy(), gradients.numpy())

    def _mapped(self, images: tf.Tensor, weights: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        return tf.vectorized_map(
            lambda own: self._objective.differentiate(own[0], self._targets, own[1])[:2],
            (images, weights),
            # Otherwise an operation without a batched form would become a loop, without a warning.
            fallback_to_while_loop=False,
        )
