"""One picture: its targets, its scales and its steps. All state is held by a `Stylization`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache, partial
from typing import assert_never

import numpy as np

from ..arrays import Image, Mask, check_image
from ..losses import Losses, Targets
from ..media.images import fitted_size, load_image, resize_image
from ..samples import MaterialKind, materials
from ..settings import (
    ImageSettings,
    Init,
    OptimizerMethod,
    WeightChange,
    Weights,
    WeightSchedule,
    WeightsNow,
    function_of,
    weights_of_step,
)
from ..vgg.features import POOLINGS, FeatureExtractor, PoolingFunction, stored_activations
from ..vgg.weights import load_backbone
from .colors import parametrization_of
from .guidance import Guidance, Style
from .memory import check_style_loss
from .objective import Objective, TemporalTarget
from .optimizer import LBFGS, Adam, Optimizer
from .scales import first_picture, max_steps, plan_scales, sized_guidance, with_detail
from .scores import Scores, share_left
from .smoothing import smooth_first, without_fringes
from .step import Step
from .xla import worth_fusing

# The size in pixels at which the calibration photographs are measured. It is the same for all
# pictures, because a weight should mean the same at every size.
_CALIBRATION_SIZE = 192
# Named, so that a photograph that is added to the built-in ones changes no weight's meaning.
_CALIBRATION_PHOTOGRAPHS = ("astronaut", "chelsea", "coffee", "rocket")


class Stylization:
    """A picture while it is painted: `content` in the manner of `style`.

    Parameters
    ----------
    content
        An Image of any size. The picture has its proportions, and its longest side has
        `settings.size` pixels.
    style : An Image of any size, a list of Images, or a Guidance.
    settings : The defaults of `ImageSettings` unless given.
    init
        An Image to start from. By default a large picture starts with a few steps at a small size,
        so that something can be seen at once (see `plan_scales`).
    temporal
        What a frame of a clip should agree with, in the size of the picture; only the last scale
        uses it.
    objective : From `prepare_objective`, to share the network and the targets of the style.
    preview : False to start at the first scale of the settings.
    style_weights, regions, keep
        How much each style counts, the mask of each style, and what of the content stays: as in
        `Guidance`. Not used if `style` is one.

    Raises
    ------
    ValueError
        If an array has the wrong shape or range.
    SettingsError, WeightsError
        If a setting or the backbone is not available, or weights or masks do not fit.

    References
    ----------
    Gatys, Ecker & Bethge 2016, *Image Style Transfer Using Convolutional Neural Networks*.

    Examples
    --------
    Weights may change at any step, and `break` only pauses::

        painting = Stylization(load("chelsea"), load("swirls"))
        for step in painting.steps(300, panel.current):
            print(step.weighted_loss)
        painting.image
    """

    def __init__(
        self,
        content: Image,
        style: Style,
        settings: ImageSettings | None = None,
        *,
        init: Image | None = None,
        temporal: Sequence[TemporalTarget] = (),
        objective: Objective | None = None,
        preview: bool = True,
        style_weights: Sequence[float] = (),
        regions: Sequence[Mask] = (),
        keep: Mask | None = None,
    ) -> None:
        self.settings = settings or ImageSettings()
        height, width = check_image(content, "content").shape[:2]
        self.guidance = Guidance.of(style, style_weights, regions, keep)
        self.guidance.check_fit(content)
        shapes = [style.shape for style in self.guidance.styles]
        check_style_loss(self.settings, content.shape, *shapes)
        self.scales = plan_scales(self.settings, preview=preview and init is None)
        self._sizes = [fitted_size((width, height), scale.size) for scale in self.scales]
        self._content = content
        self._init = None if init is None else check_image(init, "init")
        self._temporal = tuple(temporal)
        # A frame of a clip starts from another picture, and more frames of its size follow.
        self._is_warm = self._is_carried = init is not None
        self.objective = objective or prepare_objective(
            self.guidance, self.settings, content=content
        )
        self._evaluations = 0
        self._step_index = 0
        self._weights: Weights | None = None
        self._changes: list[WeightChange] = []
        # Without an objective they wait for the first step: the picture that it starts from can be
        # shown before TensorFlow is loaded.
        self._targets = None if objective is None else self._targets_at(0)
        self._paint_at(0, self._start_at(0), painted=init is not None)

    def __repr__(self) -> str:
        width, height = self.size
        steps = "1 step" if self._step_index == 1 else f"{self._step_index} steps"
        network = self.objective.backbone.label
        return f"<Stylization: {width}×{height} pixels, {steps} taken, network {network}>"

    @property
    def image(self) -> Image:
        """A copy of the picture as it is now, in the size of the current scale."""
        return self.parametrization.image(self._optimizer.x).copy()

    @property
    def size(self) -> tuple[int, int]:
        """The (width, height) of the finished picture."""
        return self._sizes[-1]

    @property
    def targets(self) -> Targets:
        """What the picture is compared with at the current scale."""
        if self._targets is None:
            self._targets = self._targets_at(self._scale_index)
        return self._targets

    @property
    def content(self) -> Image:
        """What is painted, in its own size."""
        return self._content

    @property
    def compared_styles(self) -> Guidance:
        """The styles in the size and colours in which the current scale is compared with them."""
        if self._on_last_scale:
            return self.objective.guidance
        return self._style_at(self.scales[self._scale_index].size)

    @property
    def losses(self) -> Losses:
        """Unweighted losses of the 8-bit picture; style layers have the shares of the last step."""
        return self.measure()[0]

    @property
    def step_limit(self) -> int:
        """The most steps that `steps` takes over all scales; a picture may need fewer."""
        return max_steps(self.scales)

    @property
    def weight_schedule(self) -> WeightSchedule:
        """The weights of the steps so far; before the first those of the settings."""
        return WeightSchedule(
            tuple(self._changes) or (WeightChange(weights=self.settings.weights),)
        )

    @property
    def style_distance(self) -> float:
        """The `style_distance` of the 8-bit picture, by the statistics that the settings choose."""
        return self.measure()[1]

    @property
    def done(self) -> bool:
        """Whether the last scale has taken all its steps, or its loss hardly falls any more."""
        return self._on_last_scale and self._scale_done()

    def measure(self) -> tuple[Losses, float]:
        """`losses` and `style_distance`, in the time of one of them."""
        weights = self._weights or self.settings.weights
        return self.objective.measure(self.image, self.targets, weights)

    @property
    def scores(self) -> Scores:
        """How much of the content the 8-bit picture kept, and how much of the style it reached."""
        return self.scores_of(*self.measure())

    def scores_of(self, losses: Losses, style_distance: float) -> Scores:
        """The scores of a picture of this size with these measures."""
        content = resize_image(self._content, self._sizes[self._scale_index])
        strangers, plain = self.objective.losses_of_nothing(content, self.targets)
        return Scores(share_left(losses.content, strangers), share_left(style_distance, plain))

    def enlarge(self) -> None:
        """Change to full size now, and leave out the steps that are left at smaller sizes."""
        if not self._on_last_scale:
            self._begin_scale(len(self._sizes) - 1, self.image, painted=self._step_index > 0)

    def begin_again(self, image: Image, *, painted: bool, held: float = 0.0) -> None:
        """Start from `image`, in the size of the current scale, with all steps of this scale.

        Parameters
        ----------
        image : An Image.
        painted : False for a picture without strokes.
        held : The factor of the masks of temporal targets, 0 to 1.
        """
        self._targets = self.targets._replace(masks=held * self.targets.masks)
        self._is_carried = False
        self._paint_at(self._scale_index, image, painted=painted)

    def step(self, weights: Weights | None = None) -> Step:
        """One optimiser step with these weights, or with those of the settings.

        If they differ from those of the last step, the optimiser forgets its curvature.
        """
        weights = weights or self.settings.weights
        self._use(weights)
        if not self._changes or self._changes[-1].weights != weights:
            self._changes.append(WeightChange(weights=weights, step_index=self._step_index))
        if self._scale_done() and not self.done:
            self._begin_scale(self._scale_index + 1, self.image, painted=True)
        seen: dict[float, Losses] = {}
        update = self._optimizer.step(lambda x: self._evaluate(x, weights, seen))
        # A step that did not move evaluated only points that it then rejected.
        if update.value in seen:
            self._painted = seen[update.value]
        self._evaluations += update.evaluations
        self._stuck = not update.moved
        self._values.append(update.value)
        self._scale_steps += 1
        self._step_index += 1
        # XLA compiles for full size while a smaller size is painted. Otherwise the next step would
        # have to wait for it.
        begins_small = self._step_index == 1 and len(self.scales) > 1
        if begins_small and worth_fusing(self.scales[-1].steps, self.size):
            self.objective.fuse_ahead(self.size, temporal=len(self._temporal))
        return Step(
            step_index=self._step_index - 1,
            scale_index=self._scale_index,
            image=self.image,
            value=update.value,
            painted=self._painted,
            weights=weights,
            evaluations=self._evaluations,
            measure=partial(self.objective.losses, targets=self.targets, weights=weights),
        )

    def steps(self, count: int | None = None, weights: WeightsNow | None = None) -> Iterator[Step]:
        """Steps until the picture is done, or `count` of them; `break` only pauses.

        A picture that was done because its loss hardly fell goes on when the weights change. One
        that has taken all steps of its settings does not: the limit counts all calls together.

        Parameters
        ----------
        count : The most steps; None for all up to the limit of the settings.
        weights
            Weights, a function without arguments that is called before each step, or the
            `weight_schedule` of an earlier painting.

        Returns
        -------
        An iterator over a `Step` for each step.
        """
        taken = 0
        while count is None or taken < count:
            now = weights_of_step(weights or self.settings.weights, self._step_index)
            now = now or self.settings.weights
            self._use(now)
            if self.done:
                return
            yield self.step(now)
            taken += 1

    def _use(self, weights: Weights) -> None:
        """When the weights change, forget what was learned about the loss under the old ones."""
        if self._weights != weights:
            self._weights = weights
            self._optimizer.reset()
            self._values.clear()
            self._stuck = False

    def _start_at(self, scale_index: int) -> Image:
        """What a painting that had this scale alone would begin with."""
        size = self._sizes[scale_index]
        if self._init is not None:
            return resize_image(self._init, size)
        # The style in full size, because a smaller one is paler.
        return first_picture(resize_image(self._content, size), self.guidance, self.settings)

    def _begin_scale(self, scale_index: int, image: Image, *, painted: bool) -> None:
        # The slow part comes first: if it is interrupted, the last scale stays as it was.
        self._targets = self._targets_at(scale_index)
        if self._init is not None or self.settings.init is not Init.NOISE:
            image = with_detail(image, self._start_at(scale_index))
        self._paint_at(scale_index, image, painted=painted)

    def _targets_at(self, scale_index: int) -> Targets:
        finest = scale_index == len(self._sizes) - 1
        return self.objective.targets(
            resize_image(self._content, self._sizes[scale_index]),
            self._temporal if finest else (),
            once=not self._is_warm,
            # At a smaller size the painting is smaller too: its large strokes come first.
            style=None if finest else self._style_at(self.scales[scale_index].size),
        )

    def _paint_at(self, scale_index: int, image: Image, *, painted: bool) -> None:
        size = self._sizes[scale_index]
        self.parametrization = parametrization_of(
            resize_image(self._content, size), self.objective.guidance, self.settings.colors
        )
        self._optimizer = self._new_optimizer(resize_image(image, size), painted=painted)
        self._scale_index = scale_index
        self._scale_steps = 0
        self._stuck = False
        self._values: list[float] = []

    def _style_at(self, size: int) -> Guidance:
        return sized_guidance(self.guidance, self.settings, content=self._content, size=size)

    def _new_optimizer(self, image: Image, *, painted: bool) -> Optimizer:
        variables, bounds = self.parametrization.variables(image), self.parametrization.bounds
        match self.settings.optimizer:
            case OptimizerMethod.ADAM:
                return Adam(variables, bounds=bounds)
            case OptimizerMethod.LBFGS:
                if self.settings.init is Init.NOISE:
                    # From noise, which is all fine changes, `smooth_first` ends at a higher loss:
                    # by a fifth to a third after 50 steps.
                    return LBFGS(variables, bounds=bounds, painted=painted)
                # Large areas of a frame that was carried along are right: it lacks fine detail.
                guess = without_fringes if self._is_carried else smooth_first
                return LBFGS(variables, bounds=bounds, painted=painted, precondition=guess)
            case unknown:
                assert_never(unknown)

    def _evaluate(
        self, x: np.ndarray, weights: Weights, seen: dict[float, Losses]
    ) -> tuple[float, np.ndarray]:
        evaluation = self.objective.evaluate(self.parametrization.image(x), self.targets, weights)
        seen[evaluation.value] = evaluation.losses
        return evaluation.value, self.parametrization.pull_back(evaluation.gradient)

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
    style: Style, settings: ImageSettings, *, content: Image | None = None
) -> Objective:
    """The network and the targets of `style`, to be shared by pictures of one size.

    Unless `settings.colors` are those of the style, it first takes on the colours of `content`.

    Parameters
    ----------
    style : An Image of any size, a list of Images, or a Guidance.
    content : An Image of any size, which is used for its colours only.
    settings : The backbone, the layers and the size.
    """
    sized = sized_guidance(Guidance.of(style), settings, content=content)
    return Objective(extractor_of(settings), sized, settings)


def stylize_image(
    content: Image,
    style: Style,
    settings: ImageSettings | None = None,
    *,
    style_weights: Sequence[float] = (),
    regions: Sequence[Mask] = (),
    keep: Mask | None = None,
) -> Stylization:
    """Paint `content` in the manner of `style`, up to the end.

    Parameters
    ----------
    content, style, settings, style_weights, regions, keep : As in `Stylization`.

    Returns
    -------
    The finished `Stylization`; its `image` is the picture.

    Examples
    --------
    ::

        save(stylize_image(load("chelsea"), load("swirls")).image, "cat.png")
    """
    stylization = Stylization(
        content, style, settings, style_weights=style_weights, regions=regions, keep=keep
    )
    for _ in stylization.steps():
        pass
    return stylization


def extractor_of(settings: ImageSettings) -> FeatureExtractor:
    """The network, its layers, pooling and margin, that `settings` choose; it is shared."""
    return _extractor(
        settings.backbone,
        (*settings.content_layers, *settings.style_layers),
        # The function, not its name: a name may come to mean another one.
        function_of("pooling", POOLINGS, settings.pooling),
        settings.margin,
    )


@lru_cache(maxsize=2)
def _extractor(
    choice: str, layers: tuple[str, ...], pooling: PoolingFunction, margin: int = 0
) -> FeatureExtractor:
    backbone = load_backbone(choice)
    calibration = stored_activations(backbone, pooling) or calibration_photographs()
    return FeatureExtractor(
        backbone, layers, calibration=calibration, pooling=pooling, margin=margin
    )


def calibration_photographs() -> list[Image]:
    """The built-in photographs, at the size at which every network is calibrated on them."""
    files = materials(MaterialKind.PHOTOGRAPH)
    return [load_image(files[name], size=_CALIBRATION_SIZE) for name in _CALIBRATION_PHOTOGRAPHS]
