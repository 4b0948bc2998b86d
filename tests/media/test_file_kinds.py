"""The error for a bad picture has its name, what is wrong with it and what to do."""

from __future__ import annotations

import hashlib
import zlib
from pathlib import Path

import numpy as np
import picture_files as make
import PIL.Image
import pytest

from stylekit.errors import MediaError
from stylekit.media.file_kinds import refuse_other_kinds
from stylekit.media.images import load_image
from stylekit.settings import MediaLimits

PIXELS = make.smooth_picture()
PICTURE = PIL.Image.fromarray(PIXELS)
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
    "cut.avif": (make.encoded(PICTURE, "AVIF")[:150], "starts like an AVIF|is cut off"),
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


def test_an_ogg_clip_is_no_sound_file(tmp_path: Path) -> None:
    path = tmp_path / "a.ogv"
    path.write_bytes(b"OggS\x00\x02" + bytes(22) + b"\x80theora\x03\x02\x01" + bytes(40))
    with pytest.raises(MediaError, match=r"^a\.ogv: is an Ogg clip, which is not read; save it"):
        refuse_other_kinds(path)
