"""The sizes that a picture is painted at, one after the other, and the most steps at each."""

from __future__ import annotations

from dataclasses import dataclass

from ..settings import ImageSettings

# Whatever is asked, something can be recognised within seconds: a few steps at a size where they
# are quick, which larger sizes go on from. They cost little: with them a picture of 256 pixels
# comes to a loss with up to three evaluations more, counted by their pixels, than without. After 15
# steps the strokes are there; 40 or 80 cost more than they saved.
_PREVIEW_SIZE = 128
_PREVIEW_STEPS = 15
# A picture up to this size, 1.6 times the preview's pixels, is there nearly as soon by itself.
_LARGEST_WITHOUT_PREVIEW = 160

# Under so many pixels a network sees nothing.
_MIN_SIZE = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """A longest side in pixels, and the most optimiser steps that are taken there.

    The preview uses up its steps, unless nothing lowers the loss: it is there to be seen soon,
    not to be finished.
    """

    size: int
    steps: int
    is_preview: bool = False


def plan_scales(settings: ImageSettings, *, preview: bool = True) -> tuple[Scale, ...]:
    """The scales of a picture, coarse to fine; those under 32 pixels are left out.

    A picture whose coarsest scale is large begins with a preview, unless `preview` is False, as
    for a picture that starts from another one, which is a preview already.
    """
    sizes = [settings.size // 2**power for power in reversed(range(settings.scales))]
    scales = [Scale(size=size, steps=settings.steps) for size in sizes if size >= _MIN_SIZE]
    if preview and scales[0].size > _LARGEST_WITHOUT_PREVIEW:
        steps = min(_PREVIEW_STEPS, settings.steps)
        scales.insert(0, Scale(size=_PREVIEW_SIZE, steps=steps, is_preview=True))
    return tuple(scales)


def max_steps(scales: tuple[Scale, ...]) -> int:
    """The most steps that all scales take together; a picture may be done sooner."""
    return sum(scale.steps for scale in scales)
