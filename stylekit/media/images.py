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
from ..samples import find_material
from ..settings import MediaLimits
from .files import atomic_path, check_output
from .image_reading import read_alpha, read_rgb
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

# With these the alpha is lossless, and no encoder changes colours that cannot be seen.
_ALPHA_OPTIONS: dict[str, dict[str, Any]] = {
    "WEBP": {"exact": True},
    "AVIF": {"advanced": {"alpha:lossless": "1"}},
}


def load_image(
    path: Path | str,
    *,
    size: int | None = None,
    limits: MediaLimits | None = None,
    ignore_alpha: bool = False,
) -> Image:
    """Read a picture: upright, in sRGB, over white; of an animation the first frame.

    Parameters
    ----------
    path : PNG, JPEG, WebP, AVIF, GIF, BMP, TIFF, PPM or, with the extra `heic`, HEIC
    size : the longest side in pixels of the result; None keeps the picture's own
    limits : the sizes that are accepted, `MediaLimits()` if None
    ignore_alpha : True for the colours that the file holds, also where it is transparent, in place
        of those over white

    Returns
    -------
    Image : float32 RGB `(H, W, 3)` in [0, 1]

    Raises
    ------
    MediaError : if the file is missing, damaged, not a picture or outside `limits`
    """
    picture = read_rgb(Path(path), limits or MediaLimits(), ignore_alpha=ignore_alpha)
    return _from_picture(picture, size)


def load_alpha(
    path: Path | str, *, size: int | None = None, limits: MediaLimits | None = None
) -> Mask | None:
    """Read the alpha channel of a picture, upright; of an animation that of the first frame.

    Parameters
    ----------
    path : a file, or the name of a built-in picture
    size, limits : as those of `load_image`, which gives a picture of the same height and width

    Returns
    -------
    Mask or None : float32 `(H, W)` in [0, 1], 0 = transparent, 1 = opaque; None if the picture is
        opaque everywhere

    Raises
    ------
    MediaError : if the file is missing, damaged, not a picture or outside `limits`

    Examples
    --------
    ::

        alpha = load_alpha("logo.png", size=512)
        save_image(painting.image, "painted.png", provenance=None, alpha=alpha)
    """
    alpha = read_alpha(find_material(path), limits or MediaLimits())
    return None if alpha is None else _from_picture(alpha, size)


def _from_picture(picture: PIL.Image.Image, size: int | None) -> NDArray[np.float32]:
    pixels = np.asarray(picture)
    if size is not None:
        # Still in 8 bits: a picture of 50 megapixels fills 600 MB as float32.
        pixels = _resize(pixels, fitted_size(picture.size, size))
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
    image: Image,
    path: Path | str,
    *,
    provenance: Provenance | None,
    quality: int = 95,
    alpha: Mask | None = None,
) -> None:
    """Write an image in the format of the path's ending.

    The file appears complete or not at all, and the same image gives the same bytes.

    Parameters
    ----------
    image : float32 RGB `(H, W, 3)` in [0, 1]
    path : ends in one of `PICTURE_SUFFIXES`
    provenance : written as XMP, which says that the picture was edited by AI; None for frames of
        a run, and for pictures that no network has changed
    quality : of JPEG, WebP and AVIF, from 1 to 100; PNG and TIFF are lossless, and so is `alpha`
    alpha : float32 `(H, W)` in [0, 1], 0 = transparent, 1 = opaque; the colours are kept as they
        are, also where it is 0; None for a picture without an alpha channel

    Raises
    ------
    MediaError : if the file cannot be written, or its format holds no `alpha`
    SettingsError : for a `quality` out of range
    ValueError, TypeError : if `image` or `alpha` has another shape, type or range
    """
    check_image(image)
    _check_quality(quality)
    path = check_output(path, PICTURE_SUFFIXES)
    format_name = _FORMATS[path.suffix.lower()]
    options = _save_options(format_name, quality)
    pixels = to_bytes(image)
    if alpha is not None:
        check_mask(alpha, "alpha", like=image)
        if not holds_alpha(path):
            raise MediaError(path, f"{format_name} holds no transparency; save it as .png or .webp")
        pixels = np.dstack([pixels, to_bytes(alpha)])
        options |= _ALPHA_OPTIONS.get(format_name, {})
    if provenance is not None:
        options |= _xmp_option(format_name, xmp_packet(provenance))
    with atomic_path(path) as temporary:
        try:
            PIL.Image.fromarray(pixels).save(temporary, format_name, **options)
        except (OSError, ValueError, KeyError) as error:
            # An error of the system, such as a full disk, is explained by atomic_path.
            if isinstance(error, OSError) and error.errno is not None:
                raise
            raise MediaError(
                path, f"cannot be saved as {format_name} ({error}); save it as .png"
            ) from error


def holds_alpha(path: Path | str) -> bool:
    """Whether `save_image` can write an alpha channel to a file with this ending.

    Examples
    --------
    >>> from stylekit.media.images import holds_alpha
    >>> holds_alpha("cat.png"), holds_alpha("cat.jpg")
    (True, False)
    """
    return _FORMATS.get(Path(path).suffix.lower(), "JPEG") != "JPEG"


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
