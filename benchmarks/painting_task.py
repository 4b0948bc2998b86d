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
    def tutorial_factor(self) -> float:
        """What turns stylekit's loss into one of the size of the TensorFlow tutorial's.

        Where an optimiser has an absolute constant, such as Adam's epsilon, it was chosen for the
        author's own loss. Theirs is 10⁻²/5 Σ_l mean (G_l − A_l)² of features as the network gives
        them; at the start, which is the content, its content term is zero. stylekit's features
        are scaled by s_l, hence the s_l⁴.
        """
        raw = self._raw_style_distances()
        return 1e-2 / len(raw) * sum(raw.values()) / self._start_loss

    @cached_property
    def neural_style_factor(self) -> float:
        """The same for neural-style's loss, 10² Σ_l mean (G_l − A_l)², with G divided by N_l too.

        N_l are the layer's filters; so the constants of its optimiser mean what they mean there.
        """
        filters = {
            name: kernel.shape[-1] for name, (kernel, _) in self.objective.backbone.kernels.items()
        }
        raw = self._raw_style_distances()
        own = 1e2 * sum(distance / filters[name] ** 2 for name, distance in raw.items())
        return own / self._start_loss

    @cached_property
    def _start_loss(self) -> float:
        return self.evaluate(self.content)[0]

    def _raw_style_distances(self) -> dict[str, float]:
        scales = self.objective.extractor.scales
        distances = self.objective.style_distances(self.content)
        return {name: distance / scales[name] ** 4 for name, distance in distances.items()}
