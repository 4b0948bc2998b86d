"""The sizes that a picture is painted at, one after the other, and the most steps at each."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import assert_never

import numpy as np

from ..arrays import Image, Mask, check_image
from ..media.images import fitted_size, resize_image
from ..settings import Colors, ImageSettings, Init
from .colors import match_colors, starting_picture
from .guidance import Guidance

# A preview of a few steps at a small size shows a recognisable picture within seconds, and larger
# sizes start from it. It costs little: a picture of 256 pixels then needs at most three evaluations
# of its size more to reach the same loss. After 15 steps the strokes are there; 40 or 80 steps cost
# more than they save.
_PREVIEW_SIZE = 128
_PREVIEW_STEPS = 15
# A picture of up to this size, 1.6 times the preview's pixels, is nearly as fast as a preview.
_LARGEST_WITHOUT_PREVIEW = 160

# Below this size the deepest layers have too few positions to show what a picture is of.
_SMALLEST_OF_SEVERAL = 64
# Below this they have almost none.
_MIN_STYLE_SIZE = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """A longest side in pixels, and the most optimiser steps that are taken at this size.

    A preview takes all its steps unless nothing lowers the loss: it should be seen soon, not be
    finished.
    """

    size: int
    steps: int
    is_preview: bool = False


def plan_scales(settings: ImageSettings, *, preview: bool = True) -> tuple[Scale, ...]:
    """The scales of a picture from coarse to fine, without those below 64 pixels.

    Parameters
    ----------
    settings : The size, and the number of scales and steps.
    preview
        Whether a picture with a large coarsest scale begins with a preview. A picture that starts
        from another picture needs none.

    Examples
    --------
    >>> [scale.size for scale in plan_scales(ImageSettings(size=512, scales=2))]
    [128, 256, 512]
    """
    sizes = [settings.size // 2**power for power in reversed(range(settings.scales))]
    sizes = [size for size in sizes if size >= _SMALLEST_OF_SEVERAL] or [settings.size]
    scales = [Scale(size=size, steps=settings.steps) for size in sizes]
    if preview and scales[0].size > _LARGEST_WITHOUT_PREVIEW:
        steps = min(_PREVIEW_STEPS, settings.steps)
        scales.insert(0, Scale(size=_PREVIEW_SIZE, steps=steps, is_preview=True))
    return tuple(scales)


def max_steps(scales: tuple[Scale, ...]) -> int:
    """The most steps that all scales take together; a picture may need fewer."""
    return sum(scale.steps for scale in scales)


def without_scales(settings: ImageSettings, steps: int) -> ImageSettings:
    """The settings of a picture that starts from another: one scale, at most `steps` steps."""
    return dataclasses.replace(settings, scales=1, steps=steps, init=Init.CONTENT)


def first_picture(content: Image, guidance: Guidance, settings: ImageSettings) -> Image:
    """What a painting of `content` begins with, in its size."""
    match settings.init:
        case Init.NOISE:
            generator = np.random.default_rng(settings.seed)
            return generator.random(content.shape, dtype=np.float32)
        case Init.CONTENT:
            # The style's colours are half of the way to the painting, and cost nothing.
            return starting_picture(content, guidance, settings.colors)
        case unknown:
            assert_never(unknown)


def with_detail(painting: Image, start: Image) -> Image:
    """A smaller painting in the size of `start`, with the fine detail of `start`.

    The detail is the difference between `start` and a copy of it that was made as small as the
    painting and enlarged again: the finest levels of a Laplacian pyramid. Without it twigs, windows
    and eyes stay as blurred as a smaller painting has them: the content loss hardly sees them, and
    the edge loss leaves fine edges free.

    Parameters
    ----------
    painting : An Image `(h, w, 3)`.
    start : An Image `(H, W, 3)`, what a painting in this size would begin with.

    References
    ----------
    Burt & Adelson 1983, *The Laplacian Pyramid as a Compact Image Code*.
    """
    size, smaller = start.shape[1::-1], painting.shape[1::-1]
    detail = start - resize_image(resize_image(start, smaller), size)
    return np.asarray(np.clip(resize_image(painting, size) + detail, 0, 1), np.float32)


def sized_guidance(
    guidance: Guidance,
    settings: ImageSettings,
    *,
    content: Image | None = None,
    size: int | None = None,
) -> Guidance:
    """The guidance with each style as pictures are compared with it; see `sized_style`."""
    count = len(guidance.styles)
    masks: tuple[Mask | None, ...] = (None,) * count
    if content is not None and settings.colors is not Colors.STYLE:
        masks = guidance.masks((content.shape[1], content.shape[0]))
    styles = tuple(
        sized_style(style, settings, content=content, size=size, mask=mask)
        for style, mask in zip(guidance.styles, masks, strict=True)
    )
    return dataclasses.replace(guidance, styles=styles)


def sized_style(
    style: Image,
    settings: ImageSettings,
    *,
    content: Image | None = None,
    size: int | None = None,
    mask: Mask | None = None,
) -> Image:
    """The style as pictures are compared with it, for pictures of `size` pixels.

    Its longest side is `settings.style_scale` times that of the pictures. Unless `settings.colors`
    are those of the style, it has the colours of `content`.

    Parameters
    ----------
    style, content : Images of any size.
    settings : The size, unless given, and whether colours are kept.
    mask : Where the style is painted, in the size of `content`; only colours from there are taken.
    """
    height, width = check_image(style, "style").shape[:2]
    side = max(_MIN_STYLE_SIZE, round((size or settings.size) * settings.style_scale))
    sized = resize_image(style, fitted_size((width, height), side))
    if settings.colors is Colors.STYLE or content is None:
        return sized
    return match_colors(sized, content, palette_mask=mask)
