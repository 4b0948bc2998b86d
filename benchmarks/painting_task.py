"""What every recipe is given to paint, and what it is judged by."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from stylekit.arrays import Image
from stylekit.media.images import fitted_size, resize_image
from stylekit.objective import Objective, Targets
from stylekit.settings import ImageSettings
from stylekit.stylization import prepare_objective

Array = NDArray[np.float32]

PUBLISHED_LOSS = 1e8
"""The loss of a picture that is still its content, in the order of the TensorFlow tutorial's.

On Keras's VGG19 the tutorial's Gram matrices have entries about 10⁵ on average in block4_conv1.
Those of content and style differ by as much, and the loss begins at
10⁻²/5 · mean (G − A)² > 10⁷. The size is not critical, only that it is large: from there on Adam's
epsilon is negligible, and neither Torch's first step nor L-BFGS-B depend on it. The tutorial's own
formula on the embedded VGG16, whose deep activations are hundreds of times smaller, would give a
loss of 10⁴; epsilon would then slow the tutorial down as it does not where it was chosen.
"""


class Painted(NamedTuple):
    """The picture, an Image of the task's size as it would be written, after so many evaluations.

    An evaluation of a smaller picture counts by its share of the pixels.
    """

    evaluations: float
    image: Image


@dataclass(frozen=True, eq=False)
class Task:
    """One picture to paint, `content` in the manner of `style`, and the loss that is compared.

    `content` has the size of the picture already; `style` is as large as its file.
    """

    content: Image
    style: Image
    settings: ImageSettings
    objective: Objective
    targets: Targets

    @classmethod
    def prepare(cls, content: Image, style: Image, settings: ImageSettings) -> Self:
        """The task for pictures of any size, its functions compiled."""
        height, width = content.shape[:2]
        content = resize_image(content, fitted_size((width, height), settings.size))
        objective = prepare_objective(style, settings, content=content)
        task = cls(content, style, settings, objective, objective.targets(content))
        task.evaluate(content)
        task.loss(content)
        return task

    def at(self, size: int) -> Task:
        """The same pictures, content and style, with a longest side of `size`."""
        if size == self.settings.size:
            return self
        return Task.prepare(self.content, self.style, replace(self.settings, size=size))

    def evaluate(self, image: Image) -> tuple[float, Array]:
        """stylekit's weighted loss of `image` as it is, bounded or not, and its gradient."""
        found = self.objective.evaluate(image, self.targets, self.settings.weights)
        return found.value, found.gradient

    def loss(self, image: Image) -> float:
        """stylekit's weighted loss of the 8-bit picture: what recipes are compared by."""
        weights = self.settings.weights
        return self.objective.losses(image, self.targets, weights).total(weights)

    @cached_property
    def published_factor(self) -> float:
        """What gives stylekit's loss the size that losses have in published codes.

        Optimisers have absolute constants, such as Adam's epsilon, which authors chose for the
        losses of an unscaled VGG19.
        """
        return PUBLISHED_LOSS / self.evaluate(self.content)[0]
