"""Pictures of every kind are read as they should be seen."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import picture_files as make
import PIL.Image
import pytest
from PIL import ImageCms

from stylekit.arrays import check_image, from_bytes, to_bytes
from stylekit.errors import MediaError
from stylekit.media.images import load_image, save_image
from stylekit.settings import MediaLimits

PIXELS = make.smooth_picture()
PICTURE = PIL.Image.fromarray(PIXELS)
GREY = np.linspace(0, 65535, 48 * 32).astype(np.uint16).reshape(32, 48)


def loaded(folder: Path, data: bytes, name: str = "a.png") -> np.ndarray:
    """The 8-bit pixels that `load_image` reads from a file with these bytes."""
    (folder / name).write_bytes(data)
    image = check_image(load_image(folder / name))
    return to_bytes(image)


# Formats and depths


@pytest.mark.parametrize(
    ("name", "options", "tolerance"),
    [
        ("PNG", {}, 0),
        ("BMP", {}, 0),
        ("PPM", {}, 0),
        ("TIFF", {}, 0),
        ("TIFF", {"compression": "tiff_lzw"}, 0),
        ("WEBP", {"lossless": True}, 0),
        ("JPEG", {"quality": 100, "subsampling": 0}, 4),
        ("AVIF", {"quality": 100, "subsampling": "4:4:4"}, 4),
    ],
)
def test_formats(tmp_path: Path, name: str, options: dict, tolerance: int) -> None:
    make.assert_near(loaded(tmp_path, make.encoded(PICTURE, name, **options)), PIXELS, tolerance)


def test_the_ending_of_the_name_does_not_matter(tmp_path: Path) -> None:
    make.assert_near(loaded(tmp_path, make.encoded(PICTURE, "PNG"), "picture.jpg"), PIXELS, 0)


@pytest.mark.parametrize("name", ["a b.png", "q\"u'ote.png", "Küche жук 猫.png", "a&b.png"])
def test_names(tmp_path: Path, name: str) -> None:
    save_image(from_bytes(PIXELS), tmp_path / name, provenance=None)
    make.assert_near(to_bytes(load_image(str(tmp_path / name))), PIXELS, 0)


@pytest.mark.parametrize(
    "data",
    [
        make.png_file(GREY, colors=make.GREY),
        make.encoded(PIL.Image.fromarray(GREY), "TIFF"),
        make.tiff_file(GREY),
        make.tiff_file(65535 - GREY, photometric=0),
        b"P5 48 32 65535\n" + GREY.astype(">u2").tobytes(),
        make.png_file(np.dstack([GREY] * 3), colors=make.RGB),
        make.tiff_file(np.dstack([GREY] * 3), photometric=2),
        make.png_file(np.dstack([GREY, np.full_like(GREY, 65535)]), colors=make.GREY_ALPHA),
    ],
    ids=["png", "tiff", "tiff plain", "white is zero", "pgm", "png rgb", "tiff rgb", "png alpha"],
)
def test_16_bits_are_scaled(tmp_path: Path, data: bytes) -> None:
    make.assert_near(loaded(tmp_path, data), np.dstack([np.rint(GREY / 257)] * 3), 1)


def test_12_bits_are_scaled(tmp_path: Path) -> None:
    row = np.linspace(0, 4095, 48).astype(np.uint16)
    first, second = row[0::2], row[1::2]
    packed = np.stack([first >> 4, (first & 15) << 4 | second >> 8, second & 255], axis=-1)
    packed = np.tile(packed.astype(np.uint8).reshape(1, -1), (32, 1))
    wanted = np.broadcast_to(np.rint(row / 4095 * 255)[None, :, None], (32, 48, 3))
    make.assert_near(loaded(tmp_path, make.tiff_file(packed, bits=12)), wanted, 1)


def test_grey_and_1_bit(tmp_path: Path) -> None:
    grey = PICTURE.convert("L")
    make.assert_near(
        loaded(tmp_path, make.encoded(grey, "PNG")), np.dstack([np.asarray(grey)] * 3), 0
    )
    black_and_white = np.asarray(grey) > 128
    data = make.encoded(PIL.Image.fromarray(black_and_white), "PNG")
    make.assert_near(loaded(tmp_path, data), np.dstack([black_and_white * 255] * 3), 0)


def test_palette(tmp_path: Path) -> None:
    palette = PICTURE.quantize(32)
    wanted = np.asarray(palette.convert("RGB"))
    make.assert_near(loaded(tmp_path, make.encoded(palette, "PNG")), wanted, 0)


@pytest.mark.parametrize("most", [65535, 255])
def test_palettes_of_a_tiff_in_16_and_in_8_bits(tmp_path: Path, most: int) -> None:
    """Many programs write 8 bits where the format has 16."""
    palette = PICTURE.quantize(256)
    colors = np.asarray(palette.getpalette()).reshape(-1, 3).T * (most // 255)
    data = make.tiff_file(
        np.asarray(palette), photometric=3, more=[(320, 3, colors.ravel().tolist())]
    )
    make.assert_near(loaded(tmp_path, data), np.asarray(palette.convert("RGB")), 0)


INKS = np.dstack([255 - PIXELS, np.zeros_like(PIXELS[..., :1])])


@pytest.mark.parametrize(("pixels", "photometric"), [(PIXELS, 2), (INKS, 5)], ids=["RGB", "CMYK"])
def test_planes_of_8_bits(tmp_path: Path, pixels: np.ndarray, photometric: int) -> None:
    data = make.tiff_file(pixels, photometric=photometric, planes=True)
    make.assert_near(loaded(tmp_path, data), PIXELS, 3)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (make.tiff_file(PIXELS * np.uint16(257), photometric=2, planes=True), "3 channels of 16"),
        (make.tiff_file(INKS * np.uint16(257), photometric=5, planes=True), "4 channels of 16"),
        (
            make.tiff_file(PIXELS[..., :2].copy(), planes=True, more=[(338, 3, [2])]),
            "2 channels of 8",
        ),
        (make.tiff_file(PIXELS[..., 0].copy(), more=[(339, 3, [2])]), "signed"),
        (make.tiff_file(INKS, photometric=5, more=[(332, 3, [2])]), "inks"),
    ],
    ids=["RGB planes", "CMYK planes", "grey and alpha planes", "signed", "inks"],
)
def test_kinds_of_tiff_that_would_be_read_wrongly_are_refused(
    tmp_path: Path, data: bytes, reason: str
) -> None:
    with pytest.raises(MediaError, match=rf"^a\.png: is a TIFF .*{reason}.*export it as"):
        loaded(tmp_path, data)


@pytest.mark.parametrize("name", ["GIF", "WEBP", "PNG"])
def test_of_an_animation_the_first_frame(tmp_path: Path, name: str) -> None:
    red, blue = (PIL.Image.new("RGB", (32, 24), color) for color in ("red", "blue"))
    options = {"lossless": True} if name == "WEBP" else {}
    data = make.encoded(red, name, save_all=True, append_images=[blue], duration=9, **options)
    make.assert_near(loaded(tmp_path, data), np.asarray(red), 0)


# Turned, transparent, and in other colours


@pytest.mark.parametrize("orientation", make.TURNS)
@pytest.mark.parametrize("name", ["PNG", "WEBP", "TIFF"])
def test_exif_orientation(tmp_path: Path, name: str, orientation: int) -> None:
    exif = PIL.Image.Exif()
    exif[0x0112] = orientation
    options = {"lossless": True} if name == "WEBP" else {}
    data = make.encoded(PICTURE, name, exif=exif.tobytes(), **options)
    make.assert_near(loaded(tmp_path, data), make.TURNS[orientation](PIXELS), 0)


@pytest.mark.parametrize("name", ["JPEG", "AVIF"])
def test_exif_orientation_of_lossy_formats(tmp_path: Path, name: str) -> None:
    exif = PIL.Image.Exif()
    exif[0x0112] = 6
    data = make.encoded(PICTURE, name, exif=exif.tobytes(), quality=100, subsampling="4:4:4")
    make.assert_near(loaded(tmp_path, data), make.TURNS[6](PIXELS), 4)


@pytest.mark.parametrize("exif", [b"Exif\0\0" + bytes(40), b"Exif\0\0MM\0*\xff\xff\xff\xff"])
def test_broken_exif_is_no_reason_to_refuse(tmp_path: Path, exif: bytes) -> None:
    data = make.encoded(PICTURE, "JPEG", exif=exif, quality=100, subsampling=0)
    make.assert_near(loaded(tmp_path, data), PIXELS, 4)


def test_alpha_lies_over_white(tmp_path: Path) -> None:
    alpha = np.linspace(0, 255, 48).astype(np.uint8)[None, :].repeat(32, axis=0)
    wanted = 255 + (PIXELS.astype(float) - 255) * alpha[..., None] / 255
    data = make.encoded(PIL.Image.fromarray(np.dstack([PIXELS, alpha])), "PNG")
    make.assert_near(loaded(tmp_path, data), np.rint(wanted), 1)
    grey = PIL.Image.merge("LA", [PICTURE.getchannel(0), PIL.Image.fromarray(alpha)])
    wanted_grey = np.repeat(wanted[..., :1], 3, axis=-1)
    make.assert_near(loaded(tmp_path, make.encoded(grey, "PNG")), np.rint(wanted_grey), 1)


def test_a_transparent_colour_becomes_white(tmp_path: Path) -> None:
    black_left = np.zeros((32, 48), np.uint8)
    black_left[:, 24:] = 128
    wanted = np.dstack([np.where(black_left == 0, 255, 128)] * 3)
    picture = PIL.Image.fromarray(black_left)
    for source, color in [
        (picture, 0),
        (picture.convert("RGB"), (0, 0, 0)),
        (picture.convert("P"), 0),
    ]:
        data = make.encoded(source, "PNG", transparency=color)
        make.assert_near(loaded(tmp_path, data), wanted, 0)


def test_a_transparent_colour_in_16_bits_is_no_reason_to_refuse(tmp_path: Path) -> None:
    chunk = make.png_chunk(b"tRNS", b"\xab\xcd" * 3)
    data = make.png_file(np.dstack([GREY] * 3), colors=make.RGB, chunks=chunk)
    make.assert_near(loaded(tmp_path, data), np.dstack([np.rint(GREY / 257)] * 3), 1)


@pytest.mark.parametrize("name", ["JPEG", "TIFF"])
def test_cmyk(tmp_path: Path, name: str) -> None:
    ink = PIL.Image.new("CMYK", (32, 24), (0, 255, 255, 0))
    red = np.zeros((24, 32, 3))
    red[..., 0] = 255
    make.assert_near(loaded(tmp_path, make.encoded(ink, name)), red, 2)


@pytest.mark.parametrize("name", ["JPEG", "TIFF"])
def test_an_ink_profile_is_obeyed(tmp_path: Path, name: str) -> None:
    profile = make.inverted_ink_profile()
    for ink, light in [((0, 0, 0, 0), 0), ((255, 255, 255, 255), 255)]:
        picture = PIL.Image.new("CMYK", (32, 24), ink)
        data = make.encoded(picture, name, icc_profile=profile)
        make.assert_near(loaded(tmp_path, data), np.full((24, 32, 3), light), 3)


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "P"])
def test_a_colour_profile_is_obeyed(tmp_path: Path, mode: str) -> None:
    red = PIL.Image.new("RGB", (32, 24), (200, 20, 20))
    red = red.quantize(2) if mode == "P" else red.convert(mode)
    data = make.encoded(red, "PNG", icc_profile=make.swapped_rgb_profile())
    blue = np.full((24, 32, 3), 20)
    blue[..., 2] = 200
    make.assert_near(loaded(tmp_path, data), blue, 3)


def test_an_srgb_profile_changes_nothing(tmp_path: Path) -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    data = make.encoded(PICTURE, "PNG", icc_profile=profile)
    make.assert_near(loaded(tmp_path, data), PIXELS, 1)


@pytest.mark.parametrize("mode", ["L", "LA", "16"])
def test_a_grey_profile_is_obeyed(tmp_path: Path, mode: str) -> None:
    grey = PIL.Image.fromarray(np.full((24, 32), 128 * 257, np.uint16))
    picture = grey if mode == "16" else PIL.Image.new("L", (32, 24), 128).convert(mode)
    data = make.encoded(picture, "PNG", icc_profile=make.linear_grey_profile())
    light = 128 / 255  # IEC 61966-2-1, the transfer function of sRGB
    shown = round(255 * (1.055 * light ** (1 / 2.4) - 0.055))
    make.assert_near(loaded(tmp_path, data), np.full((24, 32, 3), shown), 2)


@pytest.mark.parametrize(
    "profile",
    [b"no profile at all", make.linear_grey_profile(), make.swapped_rgb_profile()[:300]],
    ids=["nonsense", "of other colours", "cut off"],
)
def test_a_profile_that_does_not_fit_is_ignored(tmp_path: Path, profile: bytes) -> None:
    data = make.encoded(PICTURE, "PNG", icc_profile=profile)
    make.assert_near(loaded(tmp_path, data), PIXELS, 0)


def test_lab(tmp_path: Path) -> None:
    lab = PIL.Image.merge("LAB", [PIL.Image.new("L", (32, 24), value) for value in (128, 128, 128)])
    pixels = loaded(tmp_path, make.encoded(lab, "TIFF"))
    # CIE L* of 50.2 is a grey of 119 in sRGB.
    make.assert_near(pixels, np.full((24, 32, 3), 119), 2)


# HEIC


def test_heic(tmp_path: Path) -> None:
    pillow_heif = pytest.importorskip("pillow_heif")
    exif = PIL.Image.Exif()
    exif[0x0112] = 6
    path = tmp_path / "phone.HEIC"
    pillow_heif.from_pillow(PICTURE).save(path, quality=-1, exif=exif.tobytes(), chroma=444)
    make.assert_near(to_bytes(load_image(path)), make.TURNS[6](PIXELS), 8)
    with pytest.raises(MediaError, match=r"^phone\.HEIC: has 0\.0 megapixels"):
        load_image(path, limits=MediaLimits(picture_pixels=1000))


HEIC_HEAD = b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic" + bytes(100)


def test_heic_without_its_plug_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    (tmp_path / "phone.heic").write_bytes(HEIC_HEAD)
    with pytest.raises(MediaError, match=r"^phone\.heic: is a HEIC .*stylekit\[heic\].*JPEG"):
        load_image(tmp_path / "phone.heic")
