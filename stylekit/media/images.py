"""Pictures: files to arrays and back, and the change of their size."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import PIL.Image
from numpy.typing import NDArray
from PIL import PngImagePlugin

from ..arrays import Image, check_image, from_bytes, to_bytes
from ..errors import MediaError, SettingsError
from ..settings import MediaLimits
from .files import atomic_path, check_output
from .image_reading import read_rgb
from .opencv import cv2
from .provenance import Provenance, xmp_packet

_FORMATS = {
    ".png": "PNG",
    ".jpg": "JPEG",
    ".jpeg": "JPEG",
    ".webp": "WEBP",
    ".avif": "AVIF",
    ".tif": "TIFF",
    ".tiff": "TIFF",
}

PICTURE_SUFFIXES = tuple(_FORMATS)
"""The endings that `save_image` can write."""

_TIFF_XMP_TAG = 700


def load_image(
    path: Path | str, *, size: int | None = None, limits: MediaLimits | None = None
) -> Image:
    """Read a picture as float32 RGB `(H, W, 3)` in [0, 1].

    It is turned upright, converted to sRGB and laid over white; of an animation it is the first
    frame. With `size` its longest side becomes exactly that many pixels, otherwise it keeps its
    own. Reads PNG, JPEG, WebP, AVIF, GIF, BMP, TIFF, PPM and, with the extra `heic`, HEIC.

    Raises MediaError, which says what is wrong and what to do, for a file that is missing,
    damaged, no picture, or outside `limits` (those of `MediaLimits()` unless given).
    """
    pixels = np.asarray(read_rgb(Path(path), limits or MediaLimits()))
    if size is not None:
        # Still in 8 bits: a picture of 50 megapixels fills 600 MB as float32.
        pixels = _resize(pixels, fitted_size((pixels.shape[1], pixels.shape[0]), size))
    return from_bytes(pixels)


def resize_image(image: Image, size: int | tuple[int, int]) -> Image:
    """Change an image's size: to a longest side, or to an exact `(width, height)`, in pixels.

    Takes and gives float32 RGB `(H, W, 3)` in [0, 1]. A side that shrinks is averaged over
    areas, one that grows is interpolated cubically and clipped to [0, 1]. Raises SettingsError
    for a size below one pixel.
    """
    check_image(image)
    if not isinstance(size, tuple):
        size = fitted_size((image.shape[1], image.shape[0]), size)
    if min(size) < 1:
        raise SettingsError("size", f"must be at least 1 pixel, is {size[0]}×{size[1]}")
    return np.clip(_resize(image, size), 0.0, 1.0, dtype=np.float32)


def fitted_size(source: tuple[int, int], size: int) -> tuple[int, int]:
    """The `(width, height)` of a `source` of `(width, height)` whose longest side becomes `size`.

    Raises SettingsError for a `size` below one pixel.
    """
    if size < 1:
        raise SettingsError("size", f"must be at least 1 pixel, is {size}")
    longest = max(source)
    width, height = (max(1, round(side * size / longest)) for side in source)
    return width, height


def save_image(
    image: Image, path: Path | str, *, provenance: Provenance | None, quality: int = 95
) -> None:
    """Write an image, float32 RGB `(H, W, 3)` in [0, 1], in the format of the path's ending.

    `provenance` goes into the file as XMP that says it was made by AI editing; None is for
    frames on their way and for pictures that no network has touched. `quality`, 1 to 100, is
    that of JPEG, WebP and AVIF; PNG and TIFF lose nothing. The file appears whole or not at
    all, and the same image gives the same bytes.

    Raises MediaError where it cannot be written, SettingsError for another quality.
    """
    check_image(image)
    if not 1 <= quality <= 100:
        raise SettingsError("quality", f"must be a whole number from 1 to 100, is {quality!r}")
    path = check_output(path, PICTURE_SUFFIXES)
    format_name = _FORMATS[path.suffix.lower()]
    options = _save_options(format_name, quality)
    if provenance is not None:
        options |= _xmp_option(format_name, xmp_packet(provenance))
    with atomic_path(path) as temporary:
        try:
            PIL.Image.fromarray(to_bytes(image)).save(temporary, format_name, **options)
        except (OSError, ValueError, KeyError) as error:
            # With an error number it is the system that refuses; that is atomic_path's to tell.
            if isinstance(error, OSError) and error.errno is not None:
                raise
            raise MediaError(
                path, f"cannot be saved as {format_name} ({error}); save it as .png"
            ) from error


def _resize(pixels: NDArray[Any], size: tuple[int, int]) -> NDArray[Any]:
    """Resize each side by the method for its direction; the type of the pixels stays."""
    height, width = pixels.shape[:2]
    shrunk = (min(size[0], width), min(size[1], height))
    if shrunk != (width, height):
        pixels = cv2.resize(pixels, shrunk, interpolation=cv2.INTER_AREA)
    if shrunk != size:
        pixels = cv2.resize(pixels, size, interpolation=cv2.INTER_CUBIC)
    return pixels


def _save_options(format_name: str, quality: int) -> dict[str, Any]:
    # Full colour resolution: painted strokes have edges that differ in colour alone.
    if format_name == "JPEG":
        return {"quality": quality, "subsampling": "4:4:4"}
    if format_name == "AVIF":
        # One thread, so that the bytes do not depend on the machine.
        return {"quality": quality, "subsampling": "4:4:4", "max_threads": 1}
    if format_name == "WEBP":
        return {"quality": quality}
    if format_name == "TIFF":
        return {"compression": "tiff_adobe_deflate"}
    return {}


def _xmp_option(format_name: str, packet: bytes) -> dict[str, Any]:
    if format_name == "PNG":
        # Pillow ignores `xmp=` here; the chunk's name is fixed by Adobe's XMP part 3.
        chunks = PngImagePlugin.PngInfo()
        chunks.add_itxt("XML:com.adobe.xmp", packet.decode())
        return {"pnginfo": chunks}
    if format_name == "TIFF":
        return {"tiffinfo": {_TIFF_XMP_TAG: packet}}
    return {"xmp": packet}
