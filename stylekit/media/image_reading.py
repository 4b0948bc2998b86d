"""From any picture file to a plain 8-bit sRGB picture: the checks, and every conversion."""

from __future__ import annotations

import contextlib
import io
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import PIL.Image
from PIL import ExifTags, ImageCms, TiffImagePlugin, UnidentifiedImageError

from ..errors import MediaError
from ..settings import MediaLimits
from .files import check_input
from .image_kinds import explain_unread, is_heif, read_head

# A list, because Pillow knows dozens more formats, each a way in for crafted files.
FORMATS = ("PNG", "JPEG", "WEBP", "AVIF", "GIF", "BMP", "TIFF", "PPM")

_WIDE_GREY = ("I;16", "I;16B", "I;16L", "I;16N")
_TIFF_BITS, _TIFF_PHOTOMETRIC, _TIFF_WHITE_IS_ZERO = 258, 262, 0

# EXIF 2.32, tag 0x0112: what to do with the stored picture to see it upright.
_UPRIGHT = {
    2: PIL.Image.Transpose.FLIP_LEFT_RIGHT,
    3: PIL.Image.Transpose.ROTATE_180,
    4: PIL.Image.Transpose.FLIP_TOP_BOTTOM,
    5: PIL.Image.Transpose.TRANSPOSE,
    6: PIL.Image.Transpose.ROTATE_270,
    7: PIL.Image.Transpose.TRANSVERSE,
    8: PIL.Image.Transpose.ROTATE_90,
}


def read_rgb(path: Path, limits: MediaLimits) -> PIL.Image.Image:
    """The picture of a file as it is meant to be seen: upright, 8-bit sRGB, alpha over white.

    Of an animation it is the first frame. 16-bit pictures are scaled, not clipped; ICC profiles
    and CMYK are converted to sRGB. Raises MediaError, with what to do, for anything else.
    """
    with open_picture(path, limits) as picture:
        if picture.format == "PNG":
            _check_png(path)
        _check_mode(path, picture)
        picture.load()
        return _over_white(_turn_upright(picture))


@contextmanager
def open_picture(path: Path, limits: MediaLimits | None) -> Iterator[PIL.Image.Image]:
    """A picture file, opened and its size checked, but (HEIC apart) not yet decoded.

    Raises MediaError for a file that is missing, too large, damaged or no picture; also where
    the body meets the damage. With `limits` None the size is not checked.
    """
    check_input(path, max_bytes=limits.picture_bytes if limits else None)
    with warnings.catch_warnings():
        # Pillow warns of what is checked here (size) or does not matter (odd metadata).
        warnings.simplefilter("ignore")
        try:
            with _open(path, limits) as picture:
                yield picture
        except MediaError:
            raise
        except UnidentifiedImageError:
            raise explain_unread(path) from None
        except Exception as error:
            # Damaged files make Pillow's readers raise nearly anything, from OSError to KeyError.
            raise MediaError(path, _explain_failure(error)) from error


def _open(path: Path, limits: MediaLimits | None) -> PIL.Image.Image:
    try:
        picture = PIL.Image.open(path, formats=FORMATS)
    except UnidentifiedImageError:
        if is_heif(read_head(path)):
            return _open_heif(path, limits)
        raise
    try:
        _check_size(path, picture.size, limits)
    except MediaError:
        picture.close()
        raise
    return picture


def _open_heif(path: Path, limits: MediaLimits | None) -> PIL.Image.Image:
    try:
        import pillow_heif
    except ImportError:
        raise MediaError(
            path,
            "is a HEIC picture; install the plug-in for it (pip install 'stylekit[heic]'), "
            "or export it as JPEG",
        ) from None
    heif = pillow_heif.open_heif(path)
    _check_size(path, heif.size, limits)
    picture: PIL.Image.Image = heif.to_pillow()
    for name in ("exif", "xmp", "icc_profile"):
        if heif.info.get(name):
            picture.info[name] = heif.info[name]
    # The decoder has turned the picture already; EXIF only repeats how the camera was held.
    picture.getexif().pop(ExifTags.Base.Orientation, None)
    return picture


def _check_size(path: Path, size: tuple[int, int], limits: MediaLimits | None) -> None:
    if limits is None:
        return
    width, height = size
    if width * height > limits.picture_pixels:
        raise MediaError(
            path,
            f"has {width * height / 1e6:.1f} megapixels ({width}×{height}), the limit is "
            f"{limits.picture_pixels / 1e6:g}; make it smaller, or raise picture_pixels",
        )
    if min(size) < limits.min_side:
        raise MediaError(
            path,
            f"is only {width}×{height} pixels; both sides must have at least {limits.min_side}",
        )
    if max(size) > limits.max_aspect * min(size):
        raise MediaError(
            path,
            f"is too narrow, {width}×{height} pixels; the longer side may be at most "
            f"{limits.max_aspect:g} times the shorter: cut it to a part",
        )


def _check_png(path: Path) -> None:
    """Raise if a checksum of a PNG is wrong: Pillow decodes on over most of them."""
    with PIL.Image.open(path, formats=("PNG",)) as picture:
        picture.verify()


def _check_mode(path: Path, picture: PIL.Image.Image) -> None:
    # Of a PPM, Pillow scales what is wider than 8 bits to 16 itself; its "I" holds no more.
    wide = picture.mode == "I" and picture.format != "PPM"
    if wide or picture.mode == "F":
        kind = "32-bit" if wide else "floating-point"
        raise MediaError(
            path, f"holds {kind} values, which have no fixed white; export it as a 16-bit PNG"
        )


def _explain_failure(error: Exception) -> str:
    reason = " ".join(str(error).split()) or type(error).__name__
    if isinstance(error, PIL.Image.DecompressionBombError):
        return "has far too many pixels to be read; make it smaller"
    if isinstance(error, MemoryError):
        return "needs more memory than there is; make it smaller"
    if "text chunk" in reason or "Decompressed data too large" in reason:
        return "its metadata unpacks to more than is safe; export it again without metadata"
    if "truncated" in reason.lower():
        return "is cut off, its end is missing; copy or download it again"
    return f"is damaged ({reason}); copy or download it again"


def _turn_upright(picture: PIL.Image.Image) -> PIL.Image.Image:
    orientation = None
    # Broken EXIF data is no reason to refuse a picture.
    with contextlib.suppress(Exception):
        orientation = picture.getexif().get(ExifTags.Base.Orientation)
    method = _UPRIGHT.get(orientation) if isinstance(orientation, int) else None
    return picture if method is None else picture.transpose(method)


def _over_white(picture: PIL.Image.Image) -> PIL.Image.Image:
    """An 8-bit sRGB picture without alpha, from a picture of any mode."""
    profile = picture.info.get("icc_profile")
    picture = _to_8_bits(picture)
    _drop_wide_transparency(picture)
    alpha = None
    if picture.has_transparency_data:
        alpha = picture.convert("RGBA").getchannel("A")
    if picture.mode in ("1", "LA", "La"):
        picture = picture.convert("L")
    elif picture.mode not in ("L", "RGB", "CMYK", "LAB"):
        picture = picture.convert("RGB")
    picture = _to_srgb(picture, profile)
    if alpha is None:
        return picture
    white = PIL.Image.new("RGB", picture.size, "white")
    return PIL.Image.composite(picture, white, alpha)


def _drop_wide_transparency(picture: PIL.Image.Image) -> None:
    """Forget a PNG's transparent colour of 16 bits: Pillow would take it modulo 256."""
    color = picture.info.get("transparency")
    if isinstance(color, tuple) and max(color) > 255:
        del picture.info["transparency"]


def _to_8_bits(picture: PIL.Image.Image) -> PIL.Image.Image:
    """Grey of 16 bits scaled to 8, because Pillow's own conversion clips it at 255."""
    if picture.mode == "I" or picture.mode in _WIDE_GREY:
        highest = 65535
        inverted = False
        if isinstance(picture, TiffImagePlugin.TiffImageFile):
            bits = picture.tag_v2.get(_TIFF_BITS, (16,))
            highest = 2 ** (bits[0] if isinstance(bits, tuple) else bits) - 1
            inverted = picture.tag_v2.get(_TIFF_PHOTOMETRIC) == _TIFF_WHITE_IS_ZERO
        values = np.asarray(picture).astype(np.float32) * np.float32(255.0 / highest)
        grey = np.clip(np.rint(values), 0, 255).astype(np.uint8)
        return PIL.Image.fromarray(255 - grey if inverted else grey)
    return picture


def _to_srgb(picture: PIL.Image.Image, profile: bytes | None) -> PIL.Image.Image:
    srgb = ImageCms.createProfile("sRGB")
    if picture.mode == "LAB":
        profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
    if profile:
        # A broken profile, or one for other colours, is ignored as browsers do.
        with contextlib.suppress(ImageCms.PyCMSError, OSError):
            converted = ImageCms.profileToProfile(
                picture,
                ImageCms.ImageCmsProfile(io.BytesIO(profile)),
                srgb,
                renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC,
                outputMode="RGB",
                flags=ImageCms.Flags.BLACKPOINTCOMPENSATION,
            )
            if converted is not None:
                return converted
    # Pillow would copy even where there is nothing to convert: 200 MB for 50 megapixels.
    return picture if picture.mode == "RGB" else picture.convert("RGB")
