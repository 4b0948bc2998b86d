"""Which styles a picture is painted in, how much of each and where, and what stays as it is."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

import numpy as np

from ..arrays import Image, Mask, check_image, check_mask, to_bytes
from ..errors import SettingsError
from ..media.images import resize_mask

# A mask may have other proportions than the picture by this much, as after rounding of its sides.
_MAX_STRETCH = 0.02


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """A part of a picture, and the style that it is painted in.

    The style is the mean of `styles` with `shares`, which add up to 1. `weight` is the factor of
    the part in the style loss. `mask` is in the size of the picture; None for the whole picture.
    """

    styles: tuple[Image, ...]
    shares: tuple[float, ...]
    weight: float
    mask: Mask | None


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Guidance:
    """The styles of a picture, with their weights and regions, and what of the content is kept.

    Without regions the styles are blended: what the picture is compared with is the mean of their
    statistics, with their weights. With regions each style belongs to its own, and its weight is a
    factor of the style loss there, where the mean of all weights counts as 1.

    Parameters
    ----------
    styles : Images of any size, at least one.
    weights : A number for each style, at least 0, not all 0; equal weights unless given.
    regions
        A mask `(H, W)` for each style, of any size in the proportions of the content: 1 where the
        picture has this style, 0 where it has not, anything between at soft edges. Where they add
        up to more than 1 they are divided by the sum; where to less, the rest has no style.
    keep : A mask, 1 where the picture stays exactly the content.

    Raises
    ------
    SettingsError
        For another number of weights or regions than of styles, and for weights that are no numbers
        or all 0.
    TypeError, ValueError
        If a style is no Image, or a mask is none.

    References
    ----------
    Gatys et al. 2017, *Controlling Perceptual Factors in Neural Style Transfer*, §4, whose guidance
    channels are the square roots of these masks.
    """

    styles: tuple[Image, ...]
    weights: tuple[float, ...] = field(default=())
    regions: tuple[Mask, ...] = field(default=())
    keep: Mask | None = None

    def __post_init__(self) -> None:
        if not self.styles:
            raise SettingsError("style", "give at least one picture")
        for index, style in enumerate(self.styles):
            check_image(style, "style" if len(self.styles) == 1 else f"style {index + 1}")
        check_counts(len(self.styles), self.weights, len(self.regions))
        for index, mask in enumerate(self.regions):
            check_mask(mask, f"region {index + 1}")
        if self.keep is not None:
            check_mask(self.keep, "keep")

    @classmethod
    def of(
        cls,
        style: Style,
        weights: Sequence[float] = (),
        regions: Sequence[Mask] = (),
        keep: Mask | None = None,
    ) -> Guidance:
        """The guidance of one style or several; a Guidance is returned as it is.

        Parameters
        ----------
        style : An Image, or a list of Images.
        weights, regions, keep : As in the class.

        Examples
        --------
        >>> white = np.ones((4, 4, 3), np.float32)
        >>> Guidance.of([white, 0.5 * white], weights=(3, 1)).shares
        (0.75, 0.25)
        """
        if isinstance(style, Guidance):
            return style
        styles = tuple(style) if isinstance(style, list | tuple) else (style,)
        return cls(styles=styles, weights=tuple(weights), regions=tuple(regions), keep=keep)

    @property
    def shares(self) -> tuple[float, ...]:
        """The weights, divided by their sum."""
        weights = self.weights or (1.0,) * len(self.styles)
        return tuple(weight / sum(weights) for weight in weights)

    @property
    def counting(self) -> tuple[Image, ...]:
        """The styles whose weight is not 0."""
        return tuple(s for s, share in zip(self.styles, self.shares, strict=True) if share > 0)

    @property
    def has_masks(self) -> bool:
        """Whether a part of the picture is treated differently from another."""
        return bool(self.regions) or self.keep is not None

    def check_fit(self, content: Image) -> None:
        """Raise SettingsError for a mask that has other proportions than `content`, or no use."""
        for index, mask in enumerate(self.regions):
            check_region(mask, content, f"region {index + 1}")
        if self.keep is not None:
            check_keep(self.keep, content, "keep")

    def kept(self, size: tuple[int, int]) -> Mask | None:
        """How much of the content each pixel keeps, at a `(width, height)`, in 8-bit steps.

        So a pixel that is white in a file is exactly 1, whatever the arithmetic of a resize.
        """
        if self.keep is None:
            return None
        return (np.rint(resize_mask(self.keep, size) * 255) / 255).astype(np.float32)

    def masks(self, size: tuple[int, int]) -> tuple[Mask | None, ...]:
        """Where each style is painted, at a `(width, height)`: not where the content is kept."""
        kept = self.kept(size)
        free = None if kept is None else 1 - kept
        if not self.regions:
            return (free,) * len(self.styles)
        masks = [resize_mask(mask, size) for mask in self.regions]
        total = np.maximum(np.sum(masks, axis=0), 1.0)
        if free is not None:
            masks = [mask * free for mask in masks]
        return tuple((mask / total).astype(np.float32) for mask in masks)

    def parts(self, size: tuple[int, int]) -> tuple[Part, ...]:
        """The parts of a picture of `(width, height)`: one for each region, or all of it."""
        masks = self.masks(size)
        if not self.regions:
            return (Part(self.styles, self.shares, 1.0, masks[0]),)
        count = len(self.styles)
        return tuple(
            Part((style,), (1.0,), share * count, mask)
            for style, share, mask in zip(self.styles, self.shares, masks, strict=True)
        )


Style: TypeAlias = "Image | Sequence[Image] | Guidance"
"""One style, several styles, or styles with weights and masks."""


def check_counts(styles: int, weights: Sequence[float], regions: int) -> None:
    """Raise SettingsError unless weights and regions suit the number of styles; 0 of them do."""
    pictures = "1 style" if styles == 1 else f"{styles} styles"
    if weights and len(weights) != styles:
        raise SettingsError(
            "style_weights", f"give one number for each of the {pictures}, not {len(weights)}"
        )
    if any(not math.isfinite(weight) or weight < 0 for weight in weights):
        raise SettingsError("style_weights", "must be numbers of at least 0")
    if weights and not sum(weights):
        raise SettingsError("style_weights", "are all 0; give at least one style a weight")
    if regions and regions != styles:
        raise SettingsError("regions", f"give one mask for each of the {pictures}, not {regions}")


def check_region(mask: Mask, content: Image, name: str | Path) -> None:
    """Raise SettingsError for a mask that does not fit `content`, or is black everywhere."""
    check_proportions(mask.shape, content.shape, name)
    check_not_black(mask, name)


def check_keep(mask: Mask, content: Image, name: str | Path) -> None:
    """Raise SettingsError for a mask that does not fit `content`, or is white everywhere."""
    check_proportions(mask.shape, content.shape, name)
    check_not_white(mask, name)


def check_not_black(mask: Mask, name: str | Path) -> None:
    """Raise SettingsError for the mask of a style that is black everywhere."""
    if not to_bytes(mask).any():
        raise SettingsError(name, "is black everywhere; paint white where the style should be")


def check_not_white(mask: Mask, name: str | Path) -> None:
    """Raise SettingsError for the mask of what is kept that is white everywhere."""
    if to_bytes(mask).min() == 255:
        raise SettingsError(
            name, "is white everywhere, so that nothing can be painted; leave a part of it black"
        )


def check_proportions(mask: tuple[int, ...], content: tuple[int, ...], name: str | Path) -> None:
    """Raise SettingsError unless the shapes `(H, W, …)` of a mask and a content agree."""
    (high, wide), (height, width) = mask[:2], content[:2]
    stretch = (wide * height) / (high * width)
    # Sides are whole pixels: half a pixel of a small mask, or of a small picture, which may be a
    # frame in a smaller size than its clip, may be more than the limit.
    rounding = sum(0.5 / side for side in (high, wide, height, width))
    if abs(math.log(stretch)) > math.log1p(_MAX_STRETCH) + rounding:
        raise SettingsError(
            name,
            f"has {wide}×{high} pixels, other proportions than the picture ({width}×{height}); "
            "make the mask from the picture itself",
        )
