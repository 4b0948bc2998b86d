"""Pictures: files → arrays, arrays → files or bytes for a web page, and changes of size."""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import PIL.Image
from numpy.typing import NDArray
from PIL import PngImagePlugin

from ..arrays import Image, Mask, check_image, check_mask, from_bytes, to_bytes
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
"""The endings that `save_image` accepts."""

_TIFF_XMP_TAG = 700


def load_image(
    path: Path | str, *, size: int | None = None, limits: MediaLimits | None = None
) -> Image:
    """Read a picture: upright, in sRGB, over white; of an animation the first frame.

    Parameters
    ----------
    path : PNG, JPEG, WebP, AVIF, GIF, BMP, TIFF, PPM or, with the extra `heic`, HEIC
    size : the longest side in pixels of the result; None keeps the picture's own
    limits : the sizes that are accepted, `MediaLimits()` if None

    Returns
    -------
    Image : float32 RGB `(H, W, 3)` in [0, 1]

    Raises
    ------
    MediaError : if the file is missing, damaged, not a picture or outside `limits`
    """
    pixels = np.asarray(read_rgb(Path(path), limits or MediaLimits()))
    if size is not None:
        # Still in 8 bits: a picture of 50 megapixels fills 600 MB as float32.
        pixels = _resize(pixels, fitted_size((pixels.shape[1], pixels.shape[0]), size))
    return from_bytes(pixels)


def resize_image(image: Image, size: int | tuple[int, int]) -> Image:
    """Change the size of an image.

    A side that shrinks is averaged over areas. A side that grows is interpolated cubically, and
    the result is clipped to [0, 1].

    Parameters
    ----------
    image : float32 RGB `(H, W, 3)` in [0, 1]
    size : the longest side, or the exact `(width, height)`, in pixels

    Raises
    ------
    SettingsError : for a size below one pixel

    Examples
    --------
    >>> from stylekit.media.images import resize_image
    >>> resize_image(np.zeros((10, 20, 3), np.float32), 8).shape
    (4, 8, 3)
    """
    check_image(image)
    if not isinstance(size, tuple):
        size = fitted_size((image.shape[1], image.shape[0]), size)
    if min(size) < 1:
        raise SettingsError("size", f"must be at least 1 pixel, is {size[0]}×{size[1]}")
    return np.clip(_resize(image, size), 0.0, 1.0, dtype=np.float32)


def resize_mask(mask: Mask, size: tuple[int, int]) -> Mask:
    """Change a mask to a `(width, height)` as `resize_image` changes an image.

    Examples
    --------
    >>> from stylekit.media.images import resize_mask
    >>> resize_mask(np.float32([[0, 1], [1, 1]]), (1, 1)).tolist()
    [[0.75]]
    """
    return np.clip(
        _resize(np.ascontiguousarray(check_mask(mask)), size), 0.0, 1.0, dtype=np.float32
    )


def fitted_size(source: tuple[int, int], size: int) -> tuple[int, int]:
    """The `(width, height)` of a `source` of `(width, height)` whose longest side becomes `size`.

    Raises SettingsError for a `size` below one pixel.

    Examples
    --------
    >>> from stylekit.media.images import fitted_size
    >>> fitted_size((640, 480), 320)
    (320, 240)
    """
    if size < 1:
        raise SettingsError("size", f"must be at least 1 pixel, is {size}")
    longest = max(source)
    width, height = (max(1, round(side * size / longest)) for side in source)
    return width, height


def save_image(
    image: Image, path: Path | str, *, provenance: Provenance | None, quality: int = 95
) -> None:
    """Write an image in the format of the path's ending.

    The file appears complete or not at all, and the same image gives the same bytes.

    Parameters
    ----------
    image : float32 RGB `(H, W, 3)` in [0, 1]
    path : ends in one of `PICTURE_SUFFIXES`
    provenance : written as XMP, which says that the picture was edited by AI; None for frames of
        a run, and for pictures that no network has changed
    quality : of JPEG, WebP and AVIF, from 1 to 100; PNG and TIFF are lossless

    Raises
    ------
    MediaError : if the file cannot be written
    SettingsError : for a `quality` out of range
    """
    check_image(image)
    _check_quality(quality)
    path = check_output(path, PICTURE_SUFFIXES)
    format_name = _FORMATS[path.suffix.lower()]
    options = _save_options(format_name, quality)
    if provenance is not None:
        options |= _xmp_option(format_name, xmp_packet(provenance))
    with atomic_path(path) as temporary:
        try:
            PIL.Image.fromarray(to_bytes(image)).save(temporary, format_name, **options)
        except (OSError, ValueError, KeyError) as error:
            # An error of the system, such as a full disk, is explained by atomic_path.
            if isinstance(error, OSError) and error.errno is not None:
                raise
            raise MediaError(
                path, f"cannot be saved as {format_name} ({error}); save it as .png"
            ) from error


def _resize(pixels: NDArray[Any], size: tuple[int, int]) -> NDArray[Any]:
    """Average a side that shrinks, interpolate one that grows; the type of the pixels stays."""
    height, width = pixels.shape[:2]
    shrunk = (min(size[0], width), min(size[1], height))
    if shrunk != (width, height):
        pixels = cv2.resize(pixels, shrunk, interpolation=cv2.INTER_AREA)
    if shrunk != size:
        pixels = cv2.resize(pixels, size, interpolation=cv2.INTER_CUBIC)
    return pixels


@dataclass(frozen=True, slots=True)
class Preview:
    """An encoded picture and its media type, such as "image/jpeg"."""

    data: bytes
    media_type: str


def encode_preview(
    image: Image | NDArray[np.uint8], *, lossless: bool = False, quality: int = 92
) -> Preview:
    """Encode an image for a web page.

    Unlike `save_image` it writes no provenance, because previews are not kept.

    Parameters
    ----------
    image : `(H, W, 3)`, float32 in [0, 1] or uint8
    lossless : True for PNG, False for JPEG, which is small and takes a millisecond
    quality : of JPEG, from 1 to 100

    Raises
    ------
    ValueError : for another shape or range
    SettingsError : for a `quality` out of range

    Examples
    --------
    >>> from stylekit.media.images import encode_preview
    >>> encode_preview(np.zeros((4, 4, 3), np.float32)).media_type
    'image/jpeg'
    """
    _check_quality(quality)
    if not isinstance(image, np.ndarray) or image.dtype != np.uint8:
        pixels = to_bytes(check_image(np.asanyarray(image)))
    elif image.ndim == 3 and image.shape[2] == 3 and image.size:
        pixels = np.ascontiguousarray(image, np.uint8)
    else:
        raise ValueError(f"image: must have the shape (H, W, 3), has {image.shape}")
    format_name, options = "JPEG", _save_options("JPEG", quality)
    if lossless:
        # The fastest level: previews go to the next window only, so time matters, not size.
        format_name, options = "PNG", {"compress_level": 1}
    buffer = io.BytesIO()
    PIL.Image.fromarray(pixels).save(buffer, format_name, **options)
    return Preview(buffer.getvalue(), f"image/{format_name.lower()}")


def _check_quality(quality: int) -> None:
    if not 1 <= quality <= 100:
        raise SettingsError("quality", f"must be a whole number from 1 to 100, is {quality!r}")


def _save_options(format_name: str, quality: int) -> dict[str, Any]:
    # Full colour resolution: strokes have edges that differ in colour only.
    color = {"quality": quality, "subsampling": "4:4:4"}
    options: dict[str, dict[str, Any]] = {
        "JPEG": color,
        # One thread, so that the bytes do not depend on the machine.
        "AVIF": {**color, "max_threads": 1},
        "WEBP": {"quality": quality},
        "TIFF": {"compression": "tiff_adobe_deflate"},
    }
    return options.get(format_name, {})


def _xmp_option(format_name: str, packet: bytes) -> dict[str, Any]:
    if format_name == "PNG":
        # Pillow ignores `xmp=` for PNG. The chunk's name comes from Adobe's XMP, part 3.
        chunks = PngImagePlugin.PngInfo()
        chunks.add_itxt("XML:com.adobe.xmp", packet.decode())
        return {"pnginfo": chunks}
    if format_name == "TIFF":
        return {"tiffinfo": {_TIFF_XMP_TAG: packet}}
    return {"xmp": packet}
