"""Pictures of every kind come in as they are meant to be seen, or an error says what to do."""

from __future__ import annotations

import hashlib
import sys
import zlib
from pathlib import Path

import numpy as np
import picture_files as make
import PIL.Image
import pytest
from PIL import ImageCms

from stylekit.arrays import check_image, from_bytes, to_bytes
from stylekit.errors import MediaError, SettingsError
from stylekit.media.images import (
    PICTURE_SUFFIXES,
    fitted_size,
    load_image,
    resize_image,
    save_image,
)
from stylekit.settings import MediaLimits

PIXELS = make.smooth_picture()
PICTURE = PIL.Image.fromarray(PIXELS)
GREY = np.linspace(0, 65535, 48 * 32).astype(np.uint16).reshape(32, 48)


def loaded(folder: Path, data: bytes, name: str = "a.png") -> np.ndarray:
    """What `load_image` makes of a file with these bytes, in 8 bits."""
    (folder / name).write_bytes(data)
    image = check_image(load_image(folder / name))
    return to_bytes(image)


def assert_near(pixels: np.ndarray, wanted: np.ndarray, tolerance: int) -> None:
    assert pixels.shape == wanted.shape
    assert np.abs(pixels.astype(int) - wanted.astype(int)).max() <= tolerance


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
    assert_near(loaded(tmp_path, make.encoded(PICTURE, name, **options)), PIXELS, tolerance)


def test_the_ending_of_the_name_does_not_matter(tmp_path: Path) -> None:
    assert_near(loaded(tmp_path, make.encoded(PICTURE, "PNG"), "picture.jpg"), PIXELS, 0)


@pytest.mark.parametrize("name", ["a b.png", "q\"u'ote.png", "Küche жук 猫.png", "a&b.png"])
def test_names(tmp_path: Path, name: str) -> None:
    save_image(from_bytes(PIXELS), tmp_path / name, provenance=None)
    assert_near(to_bytes(load_image(str(tmp_path / name))), PIXELS, 0)


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
    assert_near(loaded(tmp_path, data), np.dstack([np.rint(GREY / 257)] * 3), 1)


def test_12_bits_are_scaled(tmp_path: Path) -> None:
    row = np.linspace(0, 4095, 48).astype(np.uint16)
    first, second = row[0::2], row[1::2]
    packed = np.stack([first >> 4, (first & 15) << 4 | second >> 8, second & 255], axis=-1)
    packed = np.tile(packed.astype(np.uint8).reshape(1, -1), (32, 1))
    wanted = np.broadcast_to(np.rint(row / 4095 * 255)[None, :, None], (32, 48, 3))
    assert_near(loaded(tmp_path, make.tiff_file(packed, bits=12)), wanted, 1)


def test_grey_and_1_bit(tmp_path: Path) -> None:
    grey = PICTURE.convert("L")
    assert_near(loaded(tmp_path, make.encoded(grey, "PNG")), np.dstack([np.asarray(grey)] * 3), 0)
    black_and_white = np.asarray(grey) > 128
    data = make.encoded(PIL.Image.fromarray(black_and_white), "PNG")
    assert_near(loaded(tmp_path, data), np.dstack([black_and_white * 255] * 3), 0)


def test_palette(tmp_path: Path) -> None:
    palette = PICTURE.quantize(32)
    wanted = np.asarray(palette.convert("RGB"))
    assert_near(loaded(tmp_path, make.encoded(palette, "PNG")), wanted, 0)


@pytest.mark.parametrize("name", ["GIF", "WEBP", "PNG"])
def test_of_an_animation_the_first_frame(tmp_path: Path, name: str) -> None:
    red, blue = (PIL.Image.new("RGB", (32, 24), color) for color in ("red", "blue"))
    options = {"lossless": True} if name == "WEBP" else {}
    data = make.encoded(red, name, save_all=True, append_images=[blue], duration=9, **options)
    assert_near(loaded(tmp_path, data), np.asarray(red), 0)


# Turned, transparent, and in other colours

TURNS = {
    1: lambda a: a,
    2: lambda a: a[:, ::-1],
    3: lambda a: a[::-1, ::-1],
    4: lambda a: a[::-1],
    5: lambda a: a.transpose(1, 0, 2),
    6: lambda a: np.rot90(a, -1),
    7: lambda a: a[::-1, ::-1].transpose(1, 0, 2),
    8: lambda a: np.rot90(a, 1),
}


@pytest.mark.parametrize("orientation", TURNS)
@pytest.mark.parametrize("name", ["PNG", "WEBP", "TIFF"])
def test_exif_orientation(tmp_path: Path, name: str, orientation: int) -> None:
    exif = PIL.Image.Exif()
    exif[0x0112] = orientation
    options = {"lossless": True} if name == "WEBP" else {}
    data = make.encoded(PICTURE, name, exif=exif.tobytes(), **options)
    assert_near(loaded(tmp_path, data), TURNS[orientation](PIXELS), 0)


@pytest.mark.parametrize("name", ["JPEG", "AVIF"])
def test_exif_orientation_of_lossy_formats(tmp_path: Path, name: str) -> None:
    exif = PIL.Image.Exif()
    exif[0x0112] = 6
    data = make.encoded(PICTURE, name, exif=exif.tobytes(), quality=100, subsampling="4:4:4")
    assert_near(loaded(tmp_path, data), TURNS[6](PIXELS), 4)


@pytest.mark.parametrize("exif", [b"Exif\0\0" + bytes(40), b"Exif\0\0MM\0*\xff\xff\xff\xff"])
def test_broken_exif_is_no_reason_to_refuse(tmp_path: Path, exif: bytes) -> None:
    data = make.encoded(PICTURE, "JPEG", exif=exif, quality=100, subsampling=0)
    assert_near(loaded(tmp_path, data), PIXELS, 4)


def test_alpha_lies_over_white(tmp_path: Path) -> None:
    alpha = np.linspace(0, 255, 48).astype(np.uint8)[None, :].repeat(32, axis=0)
    wanted = 255 + (PIXELS.astype(float) - 255) * alpha[..., None] / 255
    data = make.encoded(PIL.Image.fromarray(np.dstack([PIXELS, alpha])), "PNG")
    assert_near(loaded(tmp_path, data), np.rint(wanted), 1)
    grey = PIL.Image.merge("LA", [PICTURE.getchannel(0), PIL.Image.fromarray(alpha)])
    wanted_grey = np.repeat(wanted[..., :1], 3, axis=-1)
    assert_near(loaded(tmp_path, make.encoded(grey, "PNG")), np.rint(wanted_grey), 1)


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
        assert_near(loaded(tmp_path, data), wanted, 0)


def test_a_transparent_colour_in_16_bits_is_no_reason_to_refuse(tmp_path: Path) -> None:
    chunk = make.png_chunk(b"tRNS", b"\xab\xcd" * 3)
    data = make.png_file(np.dstack([GREY] * 3), colors=make.RGB, chunks=chunk)
    assert_near(loaded(tmp_path, data), np.dstack([np.rint(GREY / 257)] * 3), 1)


@pytest.mark.parametrize("name", ["JPEG", "TIFF"])
def test_cmyk(tmp_path: Path, name: str) -> None:
    ink = PIL.Image.new("CMYK", (32, 24), (0, 255, 255, 0))
    red = np.zeros((24, 32, 3))
    red[..., 0] = 255
    assert_near(loaded(tmp_path, make.encoded(ink, name)), red, 2)


@pytest.mark.parametrize("name", ["JPEG", "TIFF"])
def test_an_ink_profile_is_obeyed(tmp_path: Path, name: str) -> None:
    profile = make.inverted_ink_profile()
    for ink, light in [((0, 0, 0, 0), 0), ((255, 255, 255, 255), 255)]:
        picture = PIL.Image.new("CMYK", (32, 24), ink)
        data = make.encoded(picture, name, icc_profile=profile)
        assert_near(loaded(tmp_path, data), np.full((24, 32, 3), light), 3)


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "P"])
def test_a_colour_profile_is_obeyed(tmp_path: Path, mode: str) -> None:
    red = PIL.Image.new("RGB", (32, 24), (200, 20, 20))
    red = red.quantize(2) if mode == "P" else red.convert(mode)
    data = make.encoded(red, "PNG", icc_profile=make.swapped_rgb_profile())
    blue = np.full((24, 32, 3), 20)
    blue[..., 2] = 200
    assert_near(loaded(tmp_path, data), blue, 3)


def test_an_srgb_profile_changes_nothing(tmp_path: Path) -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    data = make.encoded(PICTURE, "PNG", icc_profile=profile)
    assert_near(loaded(tmp_path, data), PIXELS, 1)


@pytest.mark.parametrize("mode", ["L", "LA", "16"])
def test_a_grey_profile_is_obeyed(tmp_path: Path, mode: str) -> None:
    grey = PIL.Image.fromarray(np.full((24, 32), 128 * 257, np.uint16))
    picture = grey if mode == "16" else PIL.Image.new("L", (32, 24), 128).convert(mode)
    data = make.encoded(picture, "PNG", icc_profile=make.linear_grey_profile())
    light = 128 / 255  # IEC 61966-2-1, the transfer function of sRGB
    shown = round(255 * (1.055 * light ** (1 / 2.4) - 0.055))
    assert_near(loaded(tmp_path, data), np.full((24, 32, 3), shown), 2)


@pytest.mark.parametrize(
    "profile",
    [b"no profile at all", make.linear_grey_profile(), make.swapped_rgb_profile()[:300]],
    ids=["nonsense", "of other colours", "cut off"],
)
def test_a_profile_that_does_not_fit_is_ignored(tmp_path: Path, profile: bytes) -> None:
    data = make.encoded(PICTURE, "PNG", icc_profile=profile)
    assert_near(loaded(tmp_path, data), PIXELS, 0)


def test_lab(tmp_path: Path) -> None:
    lab = PIL.Image.merge("LAB", [PIL.Image.new("L", (32, 24), value) for value in (128, 128, 128)])
    pixels = loaded(tmp_path, make.encoded(lab, "TIFF"))
    # CIE L* of 50.2 is a grey of 119 in sRGB.
    assert_near(pixels, np.full((24, 32, 3), 119), 2)


# HEIC


def test_heic(tmp_path: Path) -> None:
    pillow_heif = pytest.importorskip("pillow_heif")
    exif = PIL.Image.Exif()
    exif[0x0112] = 6
    path = tmp_path / "phone.HEIC"
    pillow_heif.from_pillow(PICTURE).save(path, quality=-1, exif=exif.tobytes(), chroma=444)
    assert_near(to_bytes(load_image(path)), TURNS[6](PIXELS), 8)
    with pytest.raises(MediaError, match=r"^phone\.HEIC: has 0\.0 megapixels"):
        load_image(path, limits=MediaLimits(picture_pixels=1000))


HEIC_HEAD = b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic" + bytes(100)


def test_heic_without_its_plug_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    (tmp_path / "phone.heic").write_bytes(HEIC_HEAD)
    with pytest.raises(MediaError, match=r"^phone\.heic: is a HEIC .*stylekit\[heic\].*JPEG"):
        load_image(tmp_path / "phone.heic")


# Bad input

JPEG = make.encoded(PIL.Image.fromarray(make.smooth_picture(200, 150)), "JPEG", quality=95)
PNG = make.encoded(PICTURE, "PNG")
PNG_END = make.png_chunk(b"IEND", b"")


def flipped(data: bytes, place: int) -> bytes:
    return data[:place] + bytes([data[place] ^ 0x55]) + data[place + 1 :]


def text_bomb(chunks: int, letters: int) -> bytes:
    text = b"Comment\0\0" + zlib.compress(bytes(letters))
    return (
        make.png_header(48, 32)
        + make.png_chunk(b"zTXt", text) * chunks
        + PNG[len(make.png_header(48, 32)) :]
    )


BAD_FILES = {
    "empty.jpg": (b"", "the file is empty; copy it again"),
    "page.jpg": (b"\n<!DOCTYPE HTML><html><p>404</p>", "looks like a web page"),
    "page.png": (b"\xef\xbb\xbf<html lang=en>", "looks like a web page"),
    "text.jpg": ("Sehr geehrter жук".encode(), "is text, not a picture"),
    "list.jpg": (b"#EXTM3U\nother.jpg\n", "is text, not a picture"),
    "a.svg": (b'<?xml version="1.0"?>\n<svg xmlns="x"></svg>', "SVG drawing; export it as PNG"),
    "a.pdf": (b"%PDF-1.7\n" + bytes(range(256)), "PDF document"),
    "clip.png": (b"\x00\x00\x00\x20ftypisom" + bytes(200), "is a clip, not a picture"),
    "old.mov": (b"\x00\x00\x10\x00moov" + bytes(200), "is a clip, not a picture"),
    "clip.jpg": (b"\x1aE\xdf\xa3" + bytes(200), "is a clip, not a picture"),
    "clip.avi": (b"RIFF\x00\x00\x00\x00AVI LIST" + bytes(99), "is a clip, not a picture"),
    "a.psd": (b"8BPS\x00\x01" + bytes(99), "Photoshop document.*export it as PNG"),
    "a.jxl": (b"\xff\x0a" + bytes(range(128, 250)), "JPEG XL"),
    "a.zip": (b"PK\x03\x04" + bytes(range(128, 250)), "archive"),
    "noise.jpg": (hashlib.shake_128(b"noise").digest(3000), "is not a picture that can be read"),
    "cut.jpg": (JPEG[: len(JPEG) // 2], "is cut off"),
    "head.jpg": (JPEG[:15], "is cut off|is damaged"),
    "cut.png": (PNG[: len(PNG) // 2], "is cut off"),
    "checksum.png": (flipped(PNG, -20), r"is damaged \(.*checksum"),
    "header.png": (flipped(PNG, 30), "starts like a PNG picture but is damaged"),
    "cut.avif": (make.encoded(PICTURE, "AVIF")[:150], "starts like a AVIF|is cut off"),
    "cut.webp": (make.encoded(PICTURE, "WEBP")[:150], "is damaged|is cut off"),
    "cut.gif": (make.encoded(PICTURE, "GIF")[:900], "is cut off"),
    "cut.tif": (make.encoded(PICTURE, "TIFF")[:900], "is cut off"),
    "100mp.png": (make.png_header(10_000, 10_000) + PNG_END, r"has 100\.0 megapixels.*is 50"),
    "400mp.png": (make.png_header(20_000, 20_000) + PNG_END, "far too many pixels"),
    "huge.png": (make.png_header(2**31 - 1, 2**31 - 1) + PNG_END, "far too many pixels"),
    "hollow.png": (make.png_header(7000, 7000) + PNG_END, "is damaged|is cut off"),
    "chunk.png": (text_bomb(1, 20_000_000), "metadata unpacks to more than is safe"),
    "chunks.png": (text_bomb(70, 1_000_000), "metadata unpacks to more than is safe"),
    "dot.png": (make.png_file(PIXELS[:1, :1], colors=make.RGB), r"is only 1×1 pixels.*least 16"),
    "line.png": (make.png_header(20_000, 4) + PNG_END, r"is only 20000×4 pixels"),
    "strip.png": (make.png_header(20_000, 400) + PNG_END, r"too narrow.*at most 20 times"),
    "float.tif": (make.encoded(PICTURE.convert("F"), "TIFF"), "floating-point.*16-bit PNG"),
    "nan.tif": (make.tiff_file(np.full((32, 48), np.nan, "f"), floats=True), "floating-point"),
    "rgb-float.tif": (
        make.tiff_file(np.ones((32, 48, 3), "f"), floats=True, photometric=2),
        "kind of TIFF that is not read.*16-bit PNG",
    ),
    "whole.tif": (make.encoded(PICTURE.convert("I"), "TIFF"), "32-bit values.*16-bit PNG"),
    "float.pfm": (b"Pf\n48 32\n-1.0\n" + bytes(48 * 32 * 4), "floating-point"),
    "rgb-float.pfm": (b"PF\n48 32\n-1.0\n" + bytes(48 * 32 * 12), "floating-point"),
}


@pytest.mark.parametrize("name", BAD_FILES)
def test_bad_files(tmp_path: Path, name: str) -> None:
    data, words = BAD_FILES[name]
    (tmp_path / name).write_bytes(data)
    with pytest.raises(MediaError) as caught:
        load_image(tmp_path / name)
    assert str(caught.value).startswith(f"{name}: ")
    assert "\n" not in str(caught.value)
    caught.match(words)


def test_a_real_bomb_is_not_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    picture = PIL.Image.new("1", (9000, 9000))
    picture.save(tmp_path / "bomb.png")
    monkeypatch.setattr("PIL.ImageFile.ImageFile.load", lambda self: pytest.fail("was decoded"))
    with pytest.raises(MediaError, match=r"^bomb\.png: has 81\.0 megapixels"):
        load_image(tmp_path / "bomb.png")


def test_a_folder_and_a_missing_file(tmp_path: Path) -> None:
    (tmp_path / "folder.jpg").mkdir()
    with pytest.raises(MediaError, match=r"^folder\.jpg: is a folder"):
        load_image(tmp_path / "folder.jpg")
    with pytest.raises(MediaError, match=r"^missing\.jpg: there is no such file"):
        load_image(tmp_path / "missing.jpg")


def test_limits_are_the_callers(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(PNG)
    small = make.png_file(PIXELS[:4, :4], colors=make.RGB)
    for limits, words in [
        (MediaLimits(picture_pixels=1000), r"has 0\.0 megapixels \(48×32\)"),
        (MediaLimits(picture_bytes=100), "MB large, the limit is"),
        (MediaLimits(min_side=40), "at least 40"),
        (MediaLimits(max_aspect=1.4), r"at most 1\.4 times"),
    ]:
        with pytest.raises(MediaError, match=words):
            load_image(path, limits=limits)
    path.write_bytes(small)
    assert load_image(path, limits=MediaLimits(min_side=1)).shape == (4, 4, 3)


# Sizes


@pytest.mark.parametrize(
    ("source", "size", "wanted"),
    [
        ((400, 300), 200, (200, 150)),
        ((300, 400), 200, (150, 200)),
        ((48, 32), 480, (480, 320)),
        ((1000, 3), 100, (100, 1)),
        ((333, 333), 77, (77, 77)),
    ],
)
def test_fitted_size(source: tuple[int, int], size: int, wanted: tuple[int, int]) -> None:
    assert fitted_size(source, size) == wanted


@pytest.mark.parametrize("size", [20, 48, 100])
def test_size_is_the_longest_side_exactly(tmp_path: Path, size: int) -> None:
    (tmp_path / "a.png").write_bytes(PNG)
    image = check_image(load_image(tmp_path / "a.png", size=size))
    assert image.shape[1::-1] == fitted_size((48, 32), size)
    wanted = resize_image(load_image(tmp_path / "a.png"), size)
    assert np.abs(image - wanted).max() <= 1 / 255


def test_shrinking_averages_areas() -> None:
    image = np.random.default_rng(0).random((32, 48, 3), dtype=np.float32)
    means = image.reshape(8, 4, 12, 4, 3).mean(axis=(1, 3))
    np.testing.assert_allclose(resize_image(image, 12), means, atol=1e-6)


def test_growing_stays_in_range_and_keeps_smooth_pictures() -> None:
    noise = np.random.default_rng(0).integers(0, 2, (16, 16, 3)).astype(np.float32)
    check_image(resize_image(noise, 64))
    image = from_bytes(PIXELS)
    there_and_back = resize_image(resize_image(image, 192), 48)
    assert np.abs(there_and_back - image).max() < 0.02


def test_one_side_may_grow_while_the_other_shrinks() -> None:
    ramp = np.linspace(0, 1, 64, dtype=np.float32)[:, None, None]
    image = np.ascontiguousarray(np.broadcast_to(ramp, (64, 16, 3)))
    stretched = check_image(resize_image(image, (40, 16)))
    assert stretched.shape == (16, 40, 3)
    means = image.reshape(16, 4, 16, 3).mean(axis=1)[:, :1]
    np.testing.assert_allclose(stretched, np.broadcast_to(means, stretched.shape), atol=1e-5)


def test_the_same_size_is_the_same_picture_in_new_memory() -> None:
    image = from_bytes(PIXELS)
    before = image.copy()
    same = resize_image(image, (48, 32))
    np.testing.assert_array_equal(same, image)
    same[:] = 0
    np.testing.assert_array_equal(image, before)


def test_bad_sizes_and_bad_pixels() -> None:
    image = from_bytes(PIXELS)
    for size in (0, -5, (0, 10), (10, -1)):
        with pytest.raises(SettingsError, match=r"^size: must be at least 1 pixel"):
            resize_image(image, size)
    image[3, 4, 0] = np.nan
    with pytest.raises(ValueError, match=r"values must lie in \[0, 1\]"):
        resize_image(image, 20)


# Writing


@pytest.mark.parametrize(
    ("suffix", "tolerance"),
    [
        (".png", 0),
        (".tif", 0),
        (".TIFF", 0),
        (".jpg", 6),
        (".jpeg", 6),
        (".webp", 12),
        (".avif", 6),
    ],
)
def test_saved_pictures_come_back(tmp_path: Path, suffix: str, tolerance: int) -> None:
    path = tmp_path / f"out{suffix}"
    save_image(from_bytes(PIXELS), path, provenance=None)
    assert_near(to_bytes(load_image(path)), PIXELS, tolerance)
    assert list(tmp_path.iterdir()) == [path]


def test_quality_counts(tmp_path: Path) -> None:
    image = np.random.default_rng(0).random((64, 64, 3), dtype=np.float32)
    for suffix in (".jpg", ".webp", ".avif"):
        sizes = []
        for quality in (20, 95):
            save_image(image, tmp_path / f"out{suffix}", provenance=None, quality=quality)
            sizes.append((tmp_path / f"out{suffix}").stat().st_size)
        assert sizes[0] < 0.6 * sizes[1], suffix
    for quality in (0, 101):
        with pytest.raises(SettingsError, match=r"^quality: .* from 1 to 100"):
            save_image(image, tmp_path / "out.jpg", provenance=None, quality=quality)


@pytest.mark.parametrize("suffix", PICTURE_SUFFIXES)
def test_the_same_picture_gives_the_same_bytes(tmp_path: Path, suffix: str) -> None:
    image = np.random.default_rng(0).random((64, 80, 3), dtype=np.float32)
    for name in ("a", "b"):
        save_image(image, tmp_path / f"{name}{suffix}", provenance=None)
    assert (tmp_path / f"a{suffix}").read_bytes() == (tmp_path / f"b{suffix}").read_bytes()


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("out.bmp", r"^out\.bmp: cannot write the ending \.bmp; use one of \.png"),
        ("out", r"^out: cannot write a name without an ending"),
        ("missing/out.png", r"^out\.png: there is no folder"),
        ("folder.png", r"^folder\.png: is a folder"),
    ],
)
def test_where_nothing_can_be_written(tmp_path: Path, name: str, words: str) -> None:
    (tmp_path / "folder.png").mkdir()
    with pytest.raises(MediaError, match=words):
        save_image(from_bytes(PIXELS), tmp_path / name, provenance=None)


def test_a_picture_that_its_format_cannot_hold_keeps_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "out.webp"
    path.write_bytes(b"old")
    too_wide = np.zeros((1, 20_000, 3), np.float32)
    with pytest.raises(MediaError, match=r"^out\.webp: cannot be saved as WEBP .*\.png"):
        save_image(too_wide, path, provenance=None)
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_full_disk_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(PIL.Image.Image, "save", fail)
    with pytest.raises(MediaError, match=r"^out\.png: the disk is full"):
        save_image(from_bytes(PIXELS), tmp_path / "out.png", provenance=None)


def test_pixels_out_of_range_are_not_written(tmp_path: Path) -> None:
    for value in (np.nan, 1.01, -0.01, np.inf):
        image = from_bytes(PIXELS)
        image[0, 0, 0] = value
        with pytest.raises(ValueError, match=r"values must lie in \[0, 1\]"):
            save_image(image, tmp_path / "out.png", provenance=None)
    assert list(tmp_path.iterdir()) == []
