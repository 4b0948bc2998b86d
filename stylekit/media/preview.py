"""Pictures as the bytes that a web page shows."""

from __future__ import annotations

import io
from dataclasses import dataclass

import numpy as np
import PIL.Image
from numpy.typing import NDArray

from ..arrays import Image, check_image, to_bytes
from ..errors import SettingsError


@dataclass(frozen=True, slots=True)
class Preview:
    """An encoded picture and its media type, such as "image/jpeg"."""

    data: bytes
    media_type: str


def encode_preview(
    image: Image | NDArray[np.uint8], *, lossless: bool = False, quality: int = 92
) -> Preview:
    """`image` as JPEG, which is small and takes a millisecond, or with `lossless` as PNG.

    `image` is `(H, W, 3)`, float32 in [0, 1] or, for pictures that are drawn in 8 bits, uint8.
    `quality`, 1 to 100, is the JPEG's. Unlike `save_image` it writes no provenance: what it gives
    is looked at and thrown away.

    Raises ValueError for another shape or range, SettingsError for another quality.
    """
    if not 1 <= quality <= 100:
        raise SettingsError("quality", f"must be a whole number from 1 to 100, is {quality!r}")
    pixels = _pixels(image)
    buffer = io.BytesIO()
    if lossless:
        # The fastest level: for bytes that go no farther than to the next window, time counts.
        PIL.Image.fromarray(pixels).save(buffer, "PNG", compress_level=1)
        return Preview(buffer.getvalue(), "image/png")
    # Full colour resolution: painted strokes have edges that differ in colour alone.
    PIL.Image.fromarray(pixels).save(buffer, "JPEG", quality=quality, subsampling="4:4:4")
    return Preview(buffer.getvalue(), "image/jpeg")


def _pixels(image: Image | NDArray[np.uint8]) -> NDArray[np.uint8]:
    if not isinstance(image, np.ndarray) or image.dtype != np.uint8:
        return to_bytes(check_image(np.asanyarray(image)))
    if image.ndim != 3 or image.shape[2] != 3 or 0 in image.shape:
        raise ValueError(f"image: must have the shape (H, W, 3), has {image.shape}")
    return np.ascontiguousarray(image, np.uint8)
