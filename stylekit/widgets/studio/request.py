"""What a user of the studio asks for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ...arrays import Image
from ...image.guidance import Guidance
from ...image.memory import check_memory
from ...image.scales import plan_scales
from ...media.images import fitted_size, load_image, resize_image
from ...settings import (
    ImageSettings,
    KeyframeSettings,
    KeyMethod,
    MediaLimits,
    NetworkSettings,
    VideoSettings,
    Weights,
)
from ...video.passes import later_frames
from ..base.text import counted
from .mask_slot import MaskFile
from .recipe import Recipe
from .slots import Source

# The time alone limits how long a network learns.
_MOST_STEPS = 10**6


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What a user asks for. `frames` is the number of frames of a clip, from the first one on.

    The fields from `more_styles` on are for pictures, and those of `Guidance`. `offsets`, `passes`
    and `loop` are for clips, and those of `VideoSettings`. A clip whose first frame the user paints
    has that `painting` and no `style`; `method` and `learn_seconds` say how the others follow.
    """

    content: Source
    style: Source | None
    size: int
    steps: int
    frames: int
    backbone: str
    limits: MediaLimits
    offsets: tuple[int, ...] = (1,)
    passes: int = 1
    loop: bool = False
    painting: Source | None = None
    method: KeyMethod = KeyMethod.AUTO
    learn_seconds: float = NetworkSettings().seconds
    more_styles: tuple[Source, ...] = ()
    style_weights: tuple[float, ...] = ()
    regions: tuple[MaskFile, ...] = ()
    keep: MaskFile | None = None

    @property
    def styles(self) -> tuple[Source, ...]:
        """All styles."""
        return () if self.style is None else (self.style, *self.more_styles)

    @property
    def sources(self) -> tuple[Source, ...]:
        """The content, and all styles or the painting of the first frame."""
        painting = () if self.painting is None else (self.painting,)
        return self.content, *self.styles, *painting

    @property
    def style_words(self) -> str:
        """The names of all styles, or that of the painting."""
        *others, last = (source.name for source in self.sources[1:])
        return f"{', '.join(others)} and {last}" if others else last

    @property
    def image_settings(self) -> ImageSettings:
        """The settings of a picture, or of the first frame of a clip."""
        return ImageSettings(size=self.size, steps=self.steps, backbone=self.backbone)

    @property
    def video_settings(self) -> VideoSettings:
        """The settings of a clip."""
        frame_steps = min(VideoSettings().frame_steps, self.steps)
        return VideoSettings(
            image=self.image_settings,
            frame_steps=frame_steps,
            offsets=self.offsets,
            passes=self.passes,
            loop=self.loop,
        )

    @property
    def max_steps(self) -> int:
        """The most steps at full size; those of smaller scales take hardly any time."""
        return self.steps + self._later_steps

    @property
    def full_steps(self) -> float:
        """The most steps, where one at a smaller scale counts by its share of the pixels."""
        scales = plan_scales(self.image_settings)
        first = sum(scale.steps * (scale.size / self.size) ** 2 for scale in scales)
        return first + self._later_steps

    @property
    def _later_steps(self) -> int:
        if not self.content.is_clip:
            return 0
        settings = self.video_settings
        return settings.frame_steps * later_frames(settings, self.frames)

    @property
    def shape(self) -> tuple[int, int]:
        """The (width, height) of the result."""
        return fitted_size(self.content.size, self.size)

    @property
    def step_key(self) -> tuple[object, ...]:
        """What the duration of a step depends on, and what is compiled."""
        masks = len(self.regions), self.keep is not None
        return tuple(style.path for style in self.styles), masks, self.size, self.shape

    @property
    def style_key(self) -> tuple[object, ...]:
        """What the losses for its styles depend on."""
        # Pictures of one size share the losses, unless there are masks, which have their shape.
        shape = self.shape if self.regions or self.keep else None
        return self.step_key[0], self.style_weights, self.regions, self.keep, self.size, shape

    @property
    def words(self) -> str:
        """The request in one line."""
        frames = f"{self.frames} frames of " if self.content.is_clip else ""
        width, height = self.shape
        how = "in the manner of" if self.painting is None else "after the painted first frame"
        names = f"{self.content.name} {how} {self.style_words}"
        passes = f", {self.passes} passes" if self.passes > 1 else ""
        return f"{frames}{names}, {width}×{height} pixels{passes}"

    def recipe(self, weights: Weights) -> Recipe | None:
        """What it is painted from under these weights; None for what follows a painted frame."""
        if self.painting is not None:
            return None
        return Recipe(
            content=self.content.path,
            styles=tuple(style.path for style in self.styles),
            size=self.size,
            steps=self.steps,
            weights=weights,
            frames=self.frames if self.content.is_clip else None,
            style_weights=self.style_weights,
            regions=tuple(mask.path for mask in self.regions),
            keep=self.keep.path if self.keep else None,
            offsets=self.offsets,
            passes=self.passes,
            loop=self.loop,
        )

    @property
    def key_settings(self) -> KeyframeSettings:
        """The settings of a clip whose first frame is painted."""
        network = NetworkSettings(seconds=self.learn_seconds, steps=_MOST_STEPS)
        return KeyframeSettings(method=self.method, network=network)

    @property
    def ready_words(self) -> str:
        """What will be done with the painting."""
        if self.method is not KeyMethod.NETWORK:
            return "Ready."
        minutes = counted(round(self.learn_seconds / 60), "minute")
        return f"Ready: the network learns for {minutes}, or until you let it paint."

    def check_memory(self, sizes: Sequence[int]) -> None:
        """Raise SettingsError if there is not the memory for it; names one of `sizes` that fits."""
        if self.painting is not None:
            return  # nothing is optimised
        check_memory(
            self.image_settings,
            self.content.size[::-1],
            *(style.size[::-1] for style in self.styles),
            masks=len(self.regions) + (self.keep is not None),
            later_steps=self._later_steps,
            sizes=sizes,
            name="size",
        )

    def load(self, source: Source) -> Image:
        """The picture of `source` at the size of the result."""
        return resize_image(self.whole(source), fitted_size(source.size, self.size))

    def whole(self, source: Source) -> Image:
        """The picture of `source` in its own size, so that the commands paint the same from it."""
        return load_image(source.path, limits=self.limits)

    def guidance(self) -> Guidance:
        """The styles with their weights, and masks at the size of the result."""
        return Guidance(
            styles=tuple(self.whole(style) for style in self.styles),
            weights=self.style_weights,
            regions=tuple(mask.load(self.shape, self.limits) for mask in self.regions),
            keep=self.keep.load(self.shape, self.limits) if self.keep else None,
        )
