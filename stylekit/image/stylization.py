"""One picture: its targets, its scales, its steps. All state lives in a `Stylization`."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property, lru_cache
from typing import assert_never

import numpy as np

from ..arrays import Image, check_image
from ..losses import Losses, Targets
from ..media.images import fitted_size, load_image, resize_image
from ..samples import MaterialKind, materials
from ..settings import ImageSettings, Init, OptimizerMethod, Weights, function_of
from ..vgg.features import POOLINGS, FeatureExtractor, PoolingFunction
from ..vgg.weights import load_backbone
from .colors import match_colors
from .objective import Objective, TemporalTarget
from .optimizer import LBFGS, Adam, Optimizer
from .parametrization import parametrization_of
from .scales import max_steps, plan_scales
from .xla import worth_fusing

WeightsNow = Weights | Callable[[], Weights]
"""Weights, or where to look them up before each step."""

# The size that calibration photographs are measured at. A constant: were it the picture's
# size, the weights would mean something else at every size.
_CALIBRATION_SIZE = 192


class Step:
    """What one optimiser step left behind.

    `value` is the weighted loss that the optimiser saw, `painted` its terms, both of the
    picture before rounding; `losses`, computed when first read, are those of the 8-bit picture.
    `image` has the size of scale `scale_index`, which counts from the preview if there is one.
    """

    def __init__(
        self,
        *,
        step_index: int,
        scale_index: int,
        image: Image,
        value: float,
        painted: Losses,
        weights: Weights,
        evaluations: int,
        measure: Callable[[Image], Losses],
    ) -> None:
        self.step_index = step_index
        self.scale_index = scale_index
        self.image = image
        self.value = value
        self.painted = painted
        self.weights = weights
        self.evaluations = evaluations
        self._measure = measure

    @cached_property
    def losses(self) -> Losses:
        """Unweighted losses of the 8-bit picture."""
        return self._measure(self.image)

    @property
    def weighted_loss(self) -> float:
        """The weighted loss of the 8-bit picture."""
        return self.losses.total(self.weights)


class Stylization:
    """A picture being painted: `content` in the manner of `style` (Gatys et al. 2016).

    `content` and `style` are Images of any size; the picture is painted with the longest side
    of `settings.size`, over `settings.scales` sizes. It starts from `init` (an Image) if given;
    else, if it is large, from a few steps at a small size, to be seen at once (`plan_scales`),
    unless `preview` is False. `temporal` targets and their masks have the size of the picture,
    and count there alone. `objective`, from
    `prepare_objective`, spares building the network and the style's targets again.

    Raises ValueError for arrays of the wrong shape or range, SettingsError and WeightsError for
    settings and backbones that cannot be had.
    """

    def __init__(
        self,
        content: Image,
        style: Image,
        settings: ImageSettings | None = None,
        *,
        init: Image | None = None,
        temporal: Sequence[TemporalTarget] = (),
        objective: Objective | None = None,
        preview: bool = True,
    ) -> None:
        self.settings = settings or ImageSettings()
        height, width = check_image(content, "content").shape[:2]
        self.scales = plan_scales(self.settings, preview=preview and init is None)
        self._sizes = [fitted_size((width, height), scale.size) for scale in self.scales]
        self._content = content
        self._temporal = tuple(temporal)
        # Frames of a clip start warm, one after the other.
        self._is_warm = init is not None
        self.objective = objective or prepare_objective(style, self.settings, content=content)
        self._evaluations = 0
        self._step_index = 0
        self._weights: Weights | None = None
        self._begin_scale(0, self._first_image(style, init), painted=init is not None)

    def __repr__(self) -> str:
        width, height = self.size
        steps = "1 step" if self._step_index == 1 else f"{self._step_index} steps"
        network = self.objective.backbone.label
        return f"<Stylization: {width}×{height} pixels, {steps} taken, network {network}>"

    @property
    def image(self) -> Image:
        """The picture as it is now, at the size of the scale that is painted now; a copy."""
        return self._parametrization.image(self._optimizer.x).copy()

    @property
    def size(self) -> tuple[int, int]:
        """The (width, height) of the picture on its last scale."""
        return self._sizes[-1]

    @property
    def targets(self) -> Targets:
        """What the picture is compared with, on the scale that is painted now."""
        return self._targets

    @property
    def losses(self) -> Losses:
        """Unweighted losses of the 8-bit picture, its style layers shared as in the last step."""
        return self.measure()[0]

    @property
    def step_limit(self) -> int:
        """The most steps that `steps` takes over all scales; a picture may be done sooner."""
        return max_steps(self.scales)

    @property
    def style_distance(self) -> float:
        """Σ_l 1/(N_l² M_l²) Σ_ij (G_ij − A_ij)² of the 8-bit picture, without layer weights."""
        return self.measure()[1]

    @property
    def done(self) -> bool:
        """Whether the last scale has used up its steps or changes too little to go on."""
        return self._on_last_scale and self._scale_done()

    def measure(self) -> tuple[Losses, float]:
        """`losses` and `style_distance`, in the time that one of them takes."""
        weights = self._weights or self.settings.weights
        return self.objective.measure(self.image, self._targets, weights)

    def enlarge(self) -> None:
        """Go on at full size from here, whatever smaller sizes have left, as for a file."""
        if not self._on_last_scale:
            self._begin_scale(len(self._sizes) - 1, self.image, painted=self._step_index > 0)

    def step(self, weights: Weights | None = None) -> Step:
        """One optimiser step with these weights, or with those of the settings.

        When they differ from those of the step before, the optimiser forgets its curvature.
        """
        weights = weights or self.settings.weights
        self._use(weights)
        if self._scale_done() and not self.done:
            self._begin_scale(self._scale_index + 1, self.image, painted=True)
        seen: dict[float, Losses] = {}
        update = self._optimizer.step(lambda x: self._evaluate(x, weights, seen))
        # A step that did not move has looked at points that it left again.
        if update.value in seen:
            self._painted = seen[update.value]
        self._evaluations += update.evaluations
        self._stuck = not update.moved
        self._values.append(update.value)
        self._scale_steps += 1
        self._step_index += 1
        if self._step_index == 1:
            self._fuse_ahead()
        return Step(
            step_index=self._step_index - 1,
            scale_index=self._scale_index,
            image=self.image,
            value=update.value,
            painted=self._painted,
            weights=weights,
            evaluations=self._evaluations,
            measure=self._measurer(weights),
        )

    def steps(self, count: int | None = None, weights: WeightsNow | None = None) -> Iterator[Step]:
        """Steps until the picture is done, or `count` of them; a break only pauses.

        New weights wake up a picture that changed too little to go on under the old ones.
        """
        taken = 0
        while count is None or taken < count:
            now = (weights() if callable(weights) else weights) or self.settings.weights
            self._use(now)
            if self.done:
                return
            yield self.step(now)
            taken += 1

    def _use(self, weights: Weights) -> None:
        """Forget, when the weights change, what was learned of the loss under the old ones."""
        if self._weights != weights:
            self._weights = weights
            self._optimizer.reset()
            self._values.clear()
            self._stuck = False

    def _fuse_ahead(self) -> None:
        """Let XLA compile for full size, if that pays, during the preview; its first step is out.

        Without a preview there is nothing to do meanwhile but to wait.
        """
        scale = self.scales[-1]
        if self.scales[0].is_preview and worth_fusing(scale.steps, self.size):
            self.objective.fuse_ahead(self.size, temporal=len(self._temporal))

    def _first_image(self, style: Image, init: Image | None) -> Image:
        size = self._sizes[0]
        if init is not None:
            return resize_image(check_image(init, "init"), size)
        match self.settings.init:
            case Init.NOISE:
                generator = np.random.default_rng(self.settings.seed)
                return generator.random((size[1], size[0], 3), dtype=np.float32)
            case Init.CONTENT:
                content = resize_image(self._content, size)
                # Half of the way to a painting is its palette, and this half costs nothing.
                return content if self.settings.keep_colors else match_colors(content, style)
            case unknown:
                assert_never(unknown)

    def _begin_scale(self, scale_index: int, image: Image, *, painted: bool) -> None:
        size = self._sizes[scale_index]
        content = resize_image(self._content, size)
        finest = scale_index == len(self._sizes) - 1
        # First what takes long: who interrupts it keeps the scale before, whole.
        self._targets: Targets = self.objective.targets(
            content, self._temporal if finest else (), once=not self._is_warm
        )
        self._parametrization = parametrization_of(content, keep_colors=self.settings.keep_colors)
        self._optimizer = self._new_optimizer(resize_image(image, size), painted=painted)
        self._scale_index = scale_index
        self._scale_steps = 0
        self._stuck = False
        self._values: list[float] = []

    def _new_optimizer(self, image: Image, *, painted: bool) -> Optimizer:
        variables, bounds = self._parametrization.variables(image), self._parametrization.bounds
        match self.settings.optimizer:
            case OptimizerMethod.ADAM:
                return Adam(variables, bounds=bounds)
            case OptimizerMethod.LBFGS:
                return LBFGS(variables, bounds=bounds, painted=painted)
            case unknown:
                assert_never(unknown)

    def _evaluate(
        self, x: np.ndarray, weights: Weights, seen: dict[float, Losses]
    ) -> tuple[float, np.ndarray]:
        evaluation = self.objective.evaluate(self._parametrization.image(x), self._targets, weights)
        seen[evaluation.value] = evaluation.losses
        return evaluation.value, self._parametrization.pull_back(evaluation.gradient)

    def _measurer(self, weights: Weights) -> Callable[[Image], Losses]:
        targets = self._targets
        return lambda image: self.objective.losses(image, targets, weights)

    @property
    def _on_last_scale(self) -> bool:
        return self._scale_index == len(self._sizes) - 1

    def _scale_done(self) -> bool:
        scale = self.scales[self._scale_index]
        if self._stuck or self._scale_steps >= scale.steps:
            return True
        if scale.is_preview or len(self._values) <= self.settings.patience:
            return False
        before, now = self._values[-1 - self.settings.patience], self._values[-1]
        return before - now < self.settings.tolerance * abs(before)


def prepare_objective(
    style: Image, settings: ImageSettings, *, content: Image | None = None
) -> Objective:
    """The network and the targets of `style`, to be shared by pictures of one size.

    With `settings.keep_colors` the style takes on the colours of `content` first, so that the
    network asks for its strokes in a palette that the picture may have.
    """
    height, width = check_image(style, "style").shape[:2]
    sized = resize_image(style, fitted_size((width, height), settings.size))
    if settings.keep_colors and content is not None:
        sized = match_colors(sized, content)
    return Objective(_extractor_of(settings), sized, settings)


def stylize_image(
    content: Image, style: Image, settings: ImageSettings | None = None
) -> Stylization:
    """`content` painted to the end in the manner of `style`; the picture is its `.image`."""
    stylization = Stylization(content, style, settings)
    for _ in stylization.steps():
        pass
    return stylization


def style_distance(image: Image, style: Image, settings: ImageSettings | None = None) -> float:
    """How far the picture `image` is from the manner of `style`, 0 for the style picture itself.

    Σ_l mean (G_l − A_l)², with G_l and A_l the Gram matrices of `image`, as the 8-bit picture of a
    file, and of `style` at style layer l. Every layer counts the same, whatever the weights.

    Parameters
    ----------
    image, style
        Images of any size; `style` is brought to the longest side of `image`.
    settings
        The network, its pooling and its style layers; the other settings do not matter.

    Returns
    -------
    float
        Comparable between pictures of one size, measured against one style on one network.

    Raises
    ------
    ValueError
        `image` or `style` is no Image.
    SettingsError, WeightsError
        There is no such layer, pooling or network.
    """
    settings = settings or ImageSettings()
    height, width = check_image(image).shape[:2]
    resized = resize_image(check_image(style, "style"), max(height, width))
    objective = Objective(_extractor_of(settings), resized, settings)
    return sum(objective.style_distances(image).values())


def _extractor_of(settings: ImageSettings) -> FeatureExtractor:
    return _extractor(
        settings.backbone,
        (*settings.content_layers, *settings.style_layers),
        # The function, not its name: a name may come to mean another one.
        function_of("pooling", POOLINGS, settings.pooling),
    )


@lru_cache(maxsize=2)
def _extractor(choice: str, layers: tuple[str, ...], pooling: PoolingFunction) -> FeatureExtractor:
    photographs = [
        load_image(path, size=_CALIBRATION_SIZE)
        for path in materials(MaterialKind.PHOTOGRAPH).values()
    ]
    return FeatureExtractor(load_backbone(choice), layers, calibration=photographs, pooling=pooling)


def without_scales(settings: ImageSettings, steps: int) -> ImageSettings:
    """The settings for a picture that starts near its end: one scale, at most `steps`."""
    return dataclasses.replace(settings, scales=1, steps=steps)
