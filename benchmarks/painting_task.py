"""What every recipe is given to paint, and what it is judged by."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from stylekit.arrays import Image
from stylekit.image.objective import Objective
from stylekit.image.stylization import prepare_objective
from stylekit.image.xla import worth_fusing
from stylekit.losses import Targets
from stylekit.media.images import fitted_size, resize_image
from stylekit.settings import ImageSettings

Array = NDArray[np.float32]

PUBLISHED_LOSS = 1e8
"""The loss of a picture that is still its content, in the order of published codes' on VGG19.

There, mean entries of a Gram matrix about 10⁵ (block4_conv1) give the TensorFlow tutorial, whose
loss is 10⁻²/5 Σ_l mean (G_l − A_l)², more than 10⁷ to start with. The size is not critical, only
that it is large: Adam's epsilon is then negligible, and neither Torch's first step nor L-BFGS-B
depends on it (10⁶ to 10⁹ change the tutorial's loss after 300 steps by 1.4 % at 64 px). On the
embedded VGG16, whose deep activations are hundreds of times smaller, the same formula would give
10⁴, and epsilon would slow the tutorial's first steps down as it does not where it was chosen.
"""


def as_published(settings: ImageSettings) -> ImageSettings:
    """The settings of the loss that other codes minimise too, so that theirs can be compared.

    It has neither edge term nor total variation, the network sees zeros beyond the border, and
    there is one size, which is painted in at most 100 steps.
    """
    weights = replace(settings.weights, edges=0.0, tv=0.0)
    return replace(settings, weights=weights, margin=0, scales=1, steps=100)


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
        size = fitted_size((width, height), settings.size)
        content = resize_image(content, size)
        objective = prepare_objective(style, settings, content=content)
        # As `Stylization` does; everyone paints with the same evaluation.
        if worth_fusing(settings.steps, size):
            objective.fuse_ahead(size)
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
