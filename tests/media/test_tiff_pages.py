"""Which page of a TIFF is read, and headers that would take memory or time."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import PIL.Image
import pytest
from PIL import TiffImagePlugin

from stylekit.errors import MediaError
from stylekit.media.images import load_alpha, load_image
from stylekit.media.tiff_pages import picture_page

RED = np.full((64, 96, 3), (200, 30, 30), np.uint8)
SMALL = np.full((32, 48, 3), (30, 30, 200), np.uint8)


def write(path: Path, *pages: tuple[np.ndarray, dict[int, int]]) -> Path:
    """A TIFF of several pages, each with tags of its own."""
    with path.open("w+b") as stream:
        file = TiffImagePlugin.AppendingTiffWriter(stream, True)
        for pixels, tags in pages:
            told = TiffImagePlugin.ImageFileDirectory_v2()
            for tag, value in tags.items():
                told[tag] = value
            PIL.Image.fromarray(pixels).save(file, format="TIFF", tiffinfo=told)
            file.newFrame()
        # At its end it reads the stream once more; Python 3.13 tells of errors there.
        del file
    return path


@pytest.mark.parametrize(
    ("first", "page"),
    [
        ({254: 1}, 1),
        ({255: 2}, 1),  # of TIFF 5
        ({254: 4}, 1),  # a mask
        ({254: 0}, 0),
        ({254: 2}, 0),  # a page of several
        ({}, 0),
    ],
)
def test_a_thumbnail_before_the_picture_is_not_read(first, page, tmp_path):
    path = write(tmp_path / "a.tif", (SMALL, first), (RED, {254: 0}))
    assert picture_page(path) == page
    wanted = (RED, SMALL)[page == 0]
    np.testing.assert_array_equal(load_image(path), wanted.astype(np.float32) / 255)
    assert load_alpha(path) is None


def test_a_thumbnail_alone_is_read_and_that_of_a_raw_photograph_refused(tmp_path):
    assert picture_page(write(tmp_path / "a.tif", (SMALL, {254: 1}))) == 0
    data = directory([(254, 4, 1, 1), (256, 4, 1, 48), (330, 4, 1, 8)])
    (tmp_path / "b.tif").write_bytes(data)
    with pytest.raises(MediaError, match=r"b\.tif: holds a small preview"):
        load_image(tmp_path / "b.tif")


def directory(entries: list[tuple[int, int, int, int]], after: int = 0) -> bytes:
    body = b"".join(struct.pack("<HHII", *entry) for entry in entries)
    head = b"II*\0" + struct.pack("<IH", 8, len(entries))
    return head + body + struct.pack("<I", after)


def test_both_orders_of_bytes_and_wide_files(tmp_path):
    big_endian = b"MM\0*" + struct.pack(">IH", 8, 1) + struct.pack(">HHII", 254, 4, 1, 1)
    big_endian += struct.pack(">I", 26) + struct.pack(">H", 0) + bytes(4)
    (tmp_path / "a.tif").write_bytes(big_endian)
    assert picture_page(tmp_path / "a.tif") == 1
    wide = b"II+\0" + struct.pack("<HHQQ", 8, 0, 16, 1) + struct.pack("<HHQQ", 254, 4, 1, 1)
    wide += struct.pack("<Q", 52) + struct.pack("<Q", 0) + bytes(8)
    (tmp_path / "b.tif").write_bytes(wide)
    assert picture_page(tmp_path / "b.tif") == 1


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (directory([(65000, 4, 6_000_000, 8)]), "has a table of 6000000 numbers"),
        (directory([(273, 16, 2**31, 8)]), "has a table of 2147483648 numbers"),
        (b"II+\0" + struct.pack("<HHQQ", 8, 0, 16, 2**40), "has a header that is too long"),
    ],
)
def test_a_header_that_takes_memory_is_refused_before_it_is_read(data, message, tmp_path):
    (tmp_path / "a.tif").write_bytes(data)
    with pytest.raises(MediaError, match=rf"a\.tif: {message}"):
        load_image(tmp_path / "a.tif")


def test_pages_in_a_circle_and_broken_headers_end(tmp_path):
    for data in (
        directory([(254, 4, 1, 1)], after=8),
        directory([(254, 4, 1, 1)], after=2**31),
        directory([(254, 4, 1, 1)])[:-3],
        b"II",
        b"II*\0",
    ):
        (tmp_path / "a.tif").write_bytes(data)
        assert picture_page(tmp_path / "a.tif") == 0


def test_a_long_text_of_the_user_is_no_reason_to_refuse(tmp_path):
    PIL.Image.fromarray(RED).save(tmp_path / "a.tif", tiffinfo={270: "x" * 600_000})
    assert load_image(tmp_path / "a.tif").shape == (64, 96, 3)
