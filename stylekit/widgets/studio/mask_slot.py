"""A slot of the studio for a mask, a grey picture of the user's that has to fit the content."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ...arrays import Image, Mask
from ...image.colors import is_grey, mask_of
from ...image.guidance import check_proportions
from ...media.images import fitted_size, load_image, resize_image, resize_mask
from ...settings import MediaLimits
from .fitted_slot import FittedSlot
from .slots import Source

_THUMBNAIL_SIZE = 96


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class MaskFile:
    """A picture that was checked and can be used as a mask.

    `size` is its (width, height), `preview` an Image of at most 96 pixels.
    """

    path: Path
    size: tuple[int, int]
    preview: Image
    is_grey: bool

    @property
    def line(self) -> str:
        """A description of the file in one line."""
        words = f"{self.path.name}: mask, {self.size[0]}×{self.size[1]} pixels"
        return words if self.is_grey else f"{words}; only the luminance of its colours counts"

    def load(self, size: tuple[int, int], limits: MediaLimits) -> Mask:
        """The mask at a `(width, height)`."""
        return resize_mask(mask_of(load_image(self.path, limits=limits)), size)


def read_mask(path: Path, limits: MediaLimits) -> MaskFile:
    """Read a picture that is to serve as a mask. Raises MediaError if it cannot be used."""
    image = load_image(path, limits=limits)
    size = image.shape[1], image.shape[0]
    return MaskFile(
        path=path,
        size=size,
        preview=resize_image(image, fitted_size(size, _THUMBNAIL_SIZE)),
        is_grey=is_grey(image),
    )


class MaskSlot(FittedSlot[MaskFile]):
    """A place to drop a mask, which must have the proportions of the content.

    `check(mask, path)` raises SettingsError for a mask that serves for no content.
    """

    def __init__(
        self, title: str, *, limits: MediaLimits, check: Callable[[Mask, Path], object]
    ) -> None:
        def read(path: Path) -> MaskFile:
            mask = read_mask(path, limits)
            check(mask.load(mask.size, limits), path)
            return mask

        super().__init__(title, "mask", limits=limits, read=read, check=_check_proportions)


def _check_proportions(mask: MaskFile, content: Source) -> None:
    check_proportions(mask.size[::-1], content.size[::-1], mask.path)
