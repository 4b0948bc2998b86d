"""Masks from files: white is all, black is nothing."""

from __future__ import annotations

import logging
from pathlib import Path

from ..arrays import Mask
from ..media.images import load_image
from ..settings import MediaLimits
from .colors import is_grey, mask_of

log = logging.getLogger(__name__)


def load_mask(path: Path, limits: MediaLimits | None = None) -> Mask:
    """Read a mask, float32 `(H, W)` in [0, 1]: the luminance of a picture of any size.

    A warning says so if the picture has colours. `limits` are those of `load_image`.

    Raises
    ------
    MediaError
        If it cannot be read.
    """
    image = load_image(path, limits=limits)
    if not is_grey(image):
        log.warning("%s: has colours; as a mask only its luminance counts", path.name)
    return mask_of(image)
