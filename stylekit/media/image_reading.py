"""Any picture file → an 8-bit sRGB picture, and its alpha: the checks and the conversions."""

from __future__ import annotations

import contextlib
import io
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import PIL.Image
from PIL import (
    ExifTags,
    ImageCms,
    ImagePalette,
    PngImagePlugin,
    TiffImagePlugin,
    UnidentifiedImageError,
)

from ..errors import MediaError
from ..settings import MediaLimits
from .file_kinds import explain_unread_picture, is_heif, read_head
from .files import check_input, limit_names
from .metadata_limits import check_comments, check_exif
from .opencv import cv2
from .png_colors import png_colors
from .tiff_pages import picture_page

# Pillow's own limit is one for all threads.
_pillow_lock = threading.Lock()

# Pillow knows dozens more formats, and decoders of rare formats are attacked with crafted files.
FORMATS = ("PNG", "JPEG", "WEBP", "AVIF", "GIF", "BMP", "TIFF", "PPM")

_WIDE_GREY = ("I", "I;16", "I;16B", "I;16L", "I;16N")
# TIFF 6.0, section 8, and sections 16 and 19 for the last two.
_TIFF_BITS, _TIFF_COMPRESSION, _TIFF_PHOTOMETRIC, _TIFF_CHANNELS = 258, 259, 262, 277
_TIFF_PLANES, _TIFF_COLOR_MAP, _TIFF_INKS, _TIFF_NUMBERS = 284, 320, 332, 339
_TIFF_WHITE_IS_ZERO, _TIFF_UNCOMPRESSED, _TIFF_IN_PLANES = 0, 1, 2
_TIFF_OTHER_INKS, _TIFF_SIGNED = 2, 2
_PNG_DEPTH_BYTE = 24  # in the header of PNG's specification, section 11.2.1

# EXIF 2.32, tag 0x0112: the operation that makes the stored picture upright.
_UPRIGHT = {
    2: PIL.Image.Transpose.FLIP_LEFT_RIGHT,
    3: PIL.Image.Transpose.ROTATE_180,
    4: PIL.Image.Transpose.FLIP_TOP_BOTTOM,
    5: PIL.Image.Transpose.TRANSPOSE,
    6: PIL.Image.Transpose.ROTATE_270,
    7: PIL.Image.Transpose.TRANSVERSE,
    8: PIL.Image.Transpose.ROTATE_90,
}


def read_rgb(path: Path, limits: MediaLimits, *, ignore_alpha: bool = False) -> PIL.Image.Image:
    """Read a picture as it should be seen: upright, 8-bit sRGB, alpha over white.

    16-bit pictures are scaled, not clipped; ICC profiles and CMYK are converted to sRGB; of an
    animation the first frame is read.

    Parameters
    ----------
    path : the file
    limits : the sizes that are accepted
    ignore_alpha : True for the colours that the file holds, also where it is transparent

    Raises
    ------
    MediaError : if the file is missing, damaged, not a picture or outside `limits`
    """
    with open_picture(path, limits) as picture:
        _decode(path, picture)
        alpha = None if ignore_alpha else _upright_alpha(path, picture)
        # No conversion of the colours should look at a transparent colour.
        picture.info.pop("transparency", None)
        colors = _to_8_bit_srgb(_turn_upright(_with_known_colors(path, picture)))
        return colors if alpha is None else _on_white(colors, alpha)


def _with_known_colors(path: Path, picture: PIL.Image.Image) -> PIL.Image.Image:
    """A PNG whose chunks say other colours than sRGB, or than those of its profile, as sRGB."""
    if picture.format != "PNG":
        return picture
    profile = picture.info.get("icc_profile")
    colors, by_profile = png_colors(path, has_profile=bool(profile))
    if not by_profile:
        picture.info.pop("icc_profile", None)
    if colors is None:
        return picture
    grey = picture.mode in ("1", "L", "LA", *_WIDE_GREY)
    pixels = np.asarray(picture if picture.mode in _WIDE_GREY else _plain(picture, grey=grey))
    if picture.mode in _WIDE_GREY:
        pixels = pixels.astype(np.uint16)
    elif not grey and picture.mode != "P" and read_head(path)[_PNG_DEPTH_BYTE] == 16:
        # Pillow keeps the first 8 of the 16 bits, too few for dark colours of another curve.
        wide = cv2.imdecode(np.fromfile(path, np.uint8), cv2.IMREAD_UNCHANGED)
        if wide is not None and np.array_equal(wide[..., 2::-1] // 256, pixels):
            pixels = np.ascontiguousarray(wide[..., 2::-1])
    converted = PIL.Image.fromarray(colors.to_srgb(pixels))
    # What makes it upright.
    converted.info = dict(picture.info)
    return converted


def _plain(picture: PIL.Image.Image, *, grey: bool) -> PIL.Image.Image:
    return picture.convert("L" if grey else "RGB")


def read_shown_frame(picture: PIL.Image.Image) -> tuple[PIL.Image.Image, bool]:
    """The frame that an opened animation shows now, over white, and if it is transparent in parts.

    Its colours are converted to sRGB as those of a picture are.
    """
    profile = picture.info.get("icc_profile")
    layers = picture.convert("RGBA")
    alpha = layers.getchannel("A")
    plain = layers.convert("RGB")
    known = None
    if isinstance(picture, PngImagePlugin.PngImageFile):
        known, by_profile = png_colors(Path(str(picture.filename)), has_profile=bool(profile))
        profile = profile if by_profile else None
    colors = (
        PIL.Image.fromarray(known.to_srgb(np.asarray(plain))) if known else _to_srgb(plain, profile)
    )
    opaque = alpha.getextrema() == (255, 255)
    return (colors if opaque else _on_white(colors, alpha)), not opaque


def upright_size(path: Path, limits: MediaLimits) -> tuple[int, int]:
    """The (width, height) of a picture once it is upright; it is opened but not decoded.

    Raises MediaError as `read_rgb` does, but for damage of the pixels.
    """
    with open_picture(path, limits) as picture:
        _check_mode(path, picture)
        # These four of the operations of EXIF exchange the sides.
        turned = _upright_turn(picture) in [_UPRIGHT[number] for number in (5, 6, 7, 8)]
        return picture.size[::-1] if turned else picture.size


def _on_white(colors: PIL.Image.Image, alpha: PIL.Image.Image) -> PIL.Image.Image:
    return PIL.Image.composite(colors, PIL.Image.new("RGB", colors.size, "white"), alpha)


def read_alpha(path: Path, limits: MediaLimits) -> PIL.Image.Image | None:
    """Read the alpha of a picture, upright, as 8-bit grey; None if it is opaque everywhere.

    A picture without alpha is opened but, unless it is HEIC, not decoded. Parameters and errors are
    those of `read_rgb`.
    """
    with open_picture(path, limits) as picture:
        if not picture.has_transparency_data:
            return None
        _decode(path, picture)
        alpha = _upright_alpha(path, picture)
        return None if alpha is None or alpha.getextrema() == (255, 255) else alpha


@contextmanager
def open_picture(path: Path, limits: MediaLimits | None) -> Iterator[PIL.Image.Image]:
    """Open a picture file and check its size; only HEIC is decoded at once.

    Raises MediaError if the file is missing, too large, damaged or not a picture, also when the
    body of the `with` finds the damage. With `limits` None the size is not checked.
    """
    check_input(path, max_bytes=limits.picture_bytes if limits else None)
    with warnings.catch_warnings():
        # Pillow warns of large sizes, which are checked here, and of unusual metadata.
        warnings.simplefilter("ignore")
        try:
            with _open(path, limits) as picture:
                yield picture
        except MediaError:
            raise
        except UnidentifiedImageError:
            raise explain_unread_picture(path) from None
        except Exception as error:
            # For damaged files Pillow's readers raise errors of many types.
            raise MediaError(path, _explain_failure(error)) from error


def _open(path: Path, limits: MediaLimits | None) -> PIL.Image.Image:
    check_comments(path)
    page = picture_page(path)
    try:
        picture = _open_by_pillow(path, FORMATS, limits)
    except UnidentifiedImageError:
        if is_heif(read_head(path)):
            return _open_heif(path, limits)
        raise
    try:
        if page:
            picture.seek(page)
        _check_size(path, picture.size, limits)
        check_exif(path, picture)
    except MediaError:
        picture.close()
        raise
    return picture


def _open_by_pillow(
    path: Path, formats: tuple[str, ...], limits: MediaLimits | None
) -> PIL.Image.Image:
    """Open a picture; Pillow, which has a limit of its own, allows what `limits` do."""
    with _pillow_lock:
        usual = PIL.Image.MAX_IMAGE_PIXELS
        if limits is None:
            PIL.Image.MAX_IMAGE_PIXELS = None
        elif usual is not None:
            PIL.Image.MAX_IMAGE_PIXELS = max(usual, limits.picture_pixels)
        try:
            return PIL.Image.open(path, formats=formats)
        finally:
            PIL.Image.MAX_IMAGE_PIXELS = usual


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
    # The decoder has turned the picture upright already.
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
            f"{limits.picture_pixels / 1e6:g}; make it smaller, or raise the limit with "
            "{picture_pixels}",
            settings=limit_names("picture_pixels"),
        )
    if min(size) < limits.min_side:
        raise MediaError(
            path,
            f"is only {width}×{height} pixels; both sides must have at least {limits.min_side}; "
            "give a larger one, or lower the limit with {min_side}",
            settings=limit_names("min_side"),
        )
    if max(size) > limits.max_aspect * min(size):
        raise MediaError(
            path,
            f"is too narrow, {width}×{height} pixels; the longer side may be at most "
            f"{limits.max_aspect:g} times the shorter: cut it to a part, or raise the limit with "
            "{max_aspect}",
            settings=limit_names("max_aspect"),
        )


def _decode(path: Path, picture: PIL.Image.Image) -> None:
    """Decode the pixels of an opened picture; raises MediaError if they cannot be used."""
    if picture.format == "PNG":
        _check_png(path)
    _check_mode(path, picture)
    if isinstance(picture, TiffImagePlugin.TiffImageFile):
        _mend_palette(picture)
    picture.load()


def _check_png(path: Path) -> None:
    """Raise an error if a checksum of a PNG is wrong; decoding ignores most of them."""
    with _open_by_pillow(path, ("PNG",), None) as picture:
        picture.verify()


def _check_mode(path: Path, picture: PIL.Image.Image) -> None:
    # Pillow scales the values of a PPM with more than 8 bits to 16 bits, in mode "I" too.
    wide = picture.mode == "I" and picture.format != "PPM"
    if wide or picture.mode == "F":
        kind = "32-bit" if wide else "floating-point"
        raise MediaError(
            path, f"holds {kind} values, which have no fixed white; export it as a 16-bit PNG"
        )
    if isinstance(picture, TiffImagePlugin.TiffImageFile):
        _check_tiff(path, picture)


def _check_tiff(path: Path, picture: TiffImagePlugin.TiffImageFile) -> None:
    """Raise MediaError for kinds of TIFF that Pillow opens but reads wrongly."""
    tags = picture.tag_v2
    bits, channels = _values(tags.get(_TIFF_BITS, 1)), tags.get(_TIFF_CHANNELS, 1)
    planes = channels > 1 and tags.get(_TIFF_PLANES) == _TIFF_IN_PLANES
    uncompressed = tags.get(_TIFF_COMPRESSION, _TIFF_UNCOMPRESSED) == _TIFF_UNCOMPRESSED
    kind = ""
    if planes and (channels == 2 or (uncompressed and set(bits) != {8})):
        kind = f"with its {channels} channels of {max(bits)} bits one after the other (planar)"
    elif _TIFF_SIGNED in _values(tags.get(_TIFF_NUMBERS, 1)):
        kind = "with signed values"
    elif tags.get(_TIFF_INKS) == _TIFF_OTHER_INKS:
        kind = "with other inks than CMYK"
    if kind:
        raise MediaError(
            path, f"is a TIFF {kind}, which is not read; export it as an 8- or 16-bit PNG"
        )


def _values(tag: Any) -> tuple[int, ...]:
    """The values of a TIFF's tag, which Pillow gives as a number if it is one."""
    return tag if isinstance(tag, tuple) else (tag,)


def _mend_palette(picture: TiffImagePlugin.TiffImageFile) -> None:
    """Many programs write the 16-bit colours of a TIFF's palette in 8 bits."""
    values = picture.tag_v2.get(_TIFF_COLOR_MAP)
    if picture.mode == "P" and values and max(values) < 256:
        picture.palette = ImagePalette.raw("RGB;L", bytes(values))


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
    method = _upright_turn(picture)
    return picture if method is None else picture.transpose(method)


def _upright_turn(picture: PIL.Image.Image) -> PIL.Image.Transpose | None:
    orientation = None
    # A picture with damaged EXIF data can still be used.
    with contextlib.suppress(Exception):
        orientation = picture.getexif().get(ExifTags.Base.Orientation)
    return _UPRIGHT.get(orientation) if isinstance(orientation, int) else None


def _upright_alpha(path: Path, picture: PIL.Image.Image) -> PIL.Image.Image | None:
    """The alpha of a decoded picture as 8-bit grey, turned as the picture has to be."""
    if not picture.has_transparency_data:
        return None
    depth = _png_key_depth(path, picture)
    if depth != 8:
        alpha = _alpha_of_key(path, picture, depth)
    elif "A" in picture.getbands():
        alpha = picture.getchannel("A")
    else:
        alpha = picture.convert("RGBA").getchannel("A")
    method = _upright_turn(picture)
    return alpha if alpha is None or method is None else alpha.transpose(method)


def _png_key_depth(path: Path, picture: PIL.Image.Image) -> int:
    """The bits of a channel if the picture is a PNG with a transparent colour, otherwise 8."""
    if picture.format != "PNG" or picture.mode == "P" or "transparency" not in picture.info:
        return 8
    return read_head(path)[_PNG_DEPTH_BYTE]


def _alpha_of_key(path: Path, picture: PIL.Image.Image, depth: int) -> PIL.Image.Image | None:
    """The alpha of a PNG's transparent colour, which Pillow compares with values of 8 bits.

    None if OpenCV, which reads 16 bits of colour, does not find the picture that Pillow finds.
    """
    key = np.atleast_1d(picture.info["transparency"])
    pixels = np.asarray(picture)
    if picture.mode == "RGB":
        wide = cv2.imdecode(np.fromfile(path, np.uint8), cv2.IMREAD_UNCHANGED)
        # Pillow keeps the first 8 of the 16 bits; OpenCV's order is BGR.
        if wide is None or not np.array_equal(wide[..., 2::-1] // 256, pixels):
            return None
        pixels = wide[..., 2::-1]
    elif picture.mode == "L":
        # Grey of 2 or 4 bits: Pillow has scaled the pixels, but not the transparent colour.
        key = key * (255 // (2**depth - 1))
    opaque = (pixels.reshape(*pixels.shape[:2], -1) != key).any(axis=-1)
    return PIL.Image.fromarray(np.where(opaque, np.uint8(255), np.uint8(0)))


def _to_8_bit_srgb(picture: PIL.Image.Image) -> PIL.Image.Image:
    """The colours of a picture of any mode, without its alpha."""
    profile = picture.info.get("icc_profile")
    picture = _to_8_bits(picture)
    if picture.mode in ("1", "LA", "La"):
        picture = picture.convert("L")
    elif picture.mode not in ("L", "RGB", "CMYK", "LAB"):
        picture = picture.convert("RGB")
    return _to_srgb(picture, profile)


def _to_8_bits(picture: PIL.Image.Image) -> PIL.Image.Image:
    """Scale 16-bit grey to 8 bits; Pillow's own conversion would clip it at 255."""
    if picture.mode not in _WIDE_GREY:
        return picture
    highest, inverted = 65535, False
    if isinstance(picture, TiffImagePlugin.TiffImageFile):
        highest = 2 ** _values(picture.tag_v2.get(_TIFF_BITS, 16))[0] - 1
        inverted = picture.tag_v2.get(_TIFF_PHOTOMETRIC) == _TIFF_WHITE_IS_ZERO
    values = np.asarray(picture).astype(np.float32) * np.float32(255.0 / highest)
    grey = np.clip(np.rint(values), 0, 255).astype(np.uint8)
    return PIL.Image.fromarray(255 - grey if inverted else grey)


def _to_srgb(picture: PIL.Image.Image, profile: bytes | None) -> PIL.Image.Image:
    srgb = ImageCms.createProfile("sRGB")
    if picture.mode == "LAB":
        profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
    if profile:
        # As in browsers, a damaged profile, or one for other colours, is ignored.
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
    # Pillow would copy the pixels even without a conversion: 200 MB for 50 megapixels.
    return picture if picture.mode == "RGB" else picture.convert("RGB")
