"""Makers of picture files, byte by byte, where Pillow would not write such a file."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms

GREY, RGB, GREY_ALPHA, RGBA = 0, 2, 4, 6  # PNG's colour types

# What makes a picture `(H, W, C)` upright, by the orientation in its EXIF data.
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


def smooth_picture(width: int = 48, height: int = 32) -> NDArray[np.uint8]:
    """RGB in which every corner has another colour, so that no turn goes unseen."""
    x = np.linspace(0.0, 1.0, width)[None, :]
    y = np.linspace(0.0, 1.0, height)[:, None]
    channels = np.broadcast_arrays(x, y, (1.0 - x) * (1.0 - 0.5 * y))
    return np.rint(255.0 * np.stack(channels, axis=-1)).astype(np.uint8)


def assert_near(pixels: NDArray, wanted: NDArray, tolerance: int) -> None:
    """Hold that 8-bit pixels have the wanted shape and differ by `tolerance` at most."""
    assert pixels.shape == wanted.shape
    assert np.abs(pixels.astype(int) - wanted.astype(int)).max() <= tolerance


def png_chunk(name: bytes, data: bytes) -> bytes:
    checksum = zlib.crc32(name + data)
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", checksum)


def png_header(width: int, height: int, *, depth: int = 8, colors: int = RGB) -> bytes:
    facts = struct.pack(">IIBBBBB", width, height, depth, colors, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + png_chunk(b"IHDR", facts)


def png_file(pixels: NDArray, *, colors: int, chunks: bytes = b"") -> bytes:
    """A PNG of 8 or 16 bits, as the type of `pixels` `(H, W)` or `(H, W, C)` says."""
    height, width = pixels.shape[:2]
    depth = 8 * pixels.dtype.itemsize
    rows = pixels.astype(pixels.dtype.newbyteorder(">")).reshape(height, -1)
    data = b"".join(b"\x00" + row.tobytes() for row in rows)
    header = png_header(width, height, depth=depth, colors=colors)
    return header + chunks + png_chunk(b"IDAT", zlib.compress(data)) + png_chunk(b"IEND", b"")


def tiff_file(
    pixels: NDArray,
    *,
    bits: int | None = None,
    photometric: int = 1,
    floats: bool = False,
    planes: bool = False,
    more: Sequence[tuple[int, int, list[int]]] = (),
) -> bytes:
    """An uncompressed little-endian TIFF of one strip; 12-bit `pixels` are packed bytes.

    With `planes` its channels stand one after the other. `more` are entries (tag, type, values).
    """
    height, width, *rest = pixels.shape
    channels = rest[0] if rest else 1
    depth = bits or 8 * pixels.dtype.itemsize
    if bits == 12:
        width = width * 2 // 3
    strips = channels if planes else 1
    data = (np.moveaxis(pixels, -1, 0) if planes else pixels).tobytes()
    entries = [
        (256, 3, [width]),
        (257, 3, [height]),
        (258, 3, [depth] * channels),
        (259, 3, [1]),
        (262, 3, [photometric]),
        (273, 4, [len(data) // strips * strip for strip in range(strips)]),
        (277, 3, [channels]),
        (278, 3, [height]),
        (279, 4, [len(data) // strips] * strips),
        (284, 3, [2 if planes else 1]),
        (339, 3, [3 if floats else 1] * channels),
    ]
    return _tiff_layout(sorted({entry[0]: entry for entry in [*entries, *more]}.values()), data)


def _tiff_layout(entries: list[tuple[int, int, list[int]]], data: bytes) -> bytes:
    behind = 8 + 2 + 12 * len(entries) + 4
    formats = [f"<{len(values)}{'H' if kind == 3 else 'I'}" for _, kind, values in entries]
    # Values of up to four bytes stand in the directory itself.
    long = sum(size for size in map(struct.calcsize, formats) if size > 4)
    directory, lists = struct.pack("<H", len(entries)), b""
    for (tag, kind, values), form in zip(entries, formats, strict=True):
        offsets = [behind + long + value for value in values]
        packed = struct.pack(form, *(offsets if tag == 273 else values)).ljust(4, b"\0")
        directory += struct.pack("<HHI", tag, kind, len(values))
        if len(packed) > 4:
            directory += struct.pack("<I", behind + len(lists))
            lists += packed
        else:
            directory += packed
    return b"II*\x00" + struct.pack("<I", 8) + directory + bytes(4) + lists + data


def icc_profile(space: bytes, tags: Sequence[tuple[bytes, bytes]], *, pcs: bytes) -> bytes:
    """A minimal ICC profile (version 2.4) of a `space` such as b"GRAY"."""
    tags = [*tags, (b"wtpt", b"XYZ " + bytes(4) + struct.pack(">3i", 63190, 65536, 54061))]
    start = 128 + 4 + 12 * len(tags)
    table, body = struct.pack(">I", len(tags)), b""
    for name, data in tags:
        data += bytes(-len(data) % 4)
        table += struct.pack(">4sII", name, start + len(body), len(data))
        body += data
    size = start + len(body)
    header = struct.pack(">I4sI4s4s4s", size, bytes(4), 0x02400000, b"prtr", space, pcs)
    header += bytes(12) + b"acsp" + bytes(28) + struct.pack(">3i", 63190, 65536, 54061)
    return header + bytes(128 - len(header)) + table + body


def linear_grey_profile() -> bytes:
    """Grey in which the numbers are light itself: half of 255 is much lighter than sRGB's."""
    curve = b"curv" + bytes(4) + struct.pack(">I", 0)
    return icc_profile(b"GRAY", [(b"kTRC", curve)], pcs=b"XYZ ")


def inverted_ink_profile() -> bytes:
    """CMYK whose paper is black and whose full inks are white, to see that it is obeyed."""
    ramp = bytes(range(256))
    corners = b"".join(
        bytes([255 if node == 15 else 0, 128, 128])
        for node in range(16)  # a grid of two points a side
    )
    matrix = struct.pack(">9i", 65536, 0, 0, 0, 65536, 0, 0, 0, 65536)
    table = b"mft1" + bytes(4) + bytes([4, 3, 2, 0]) + matrix + ramp * 4 + corners + ramp * 3
    return icc_profile(b"CMYK", [(b"A2B0", table)], pcs=b"Lab ")


def swapped_rgb_profile() -> bytes:
    """sRGB with the primaries of red and blue exchanged."""
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    return profile.replace(b"rXYZ", b"????").replace(b"bXYZ", b"rXYZ").replace(b"????", b"bXYZ")


def encoded(picture: Image.Image, format_name: str, **options: object) -> bytes:
    """The bytes of a picture in a format."""
    buffer = io.BytesIO()
    picture.save(buffer, format_name, **options)
    return buffer.getvalue()


def iptc_segment(records: dict[int, list[bytes]]) -> bytes:
    """A JPEG's APP13 segment with IPTC records of the application (record 2)."""
    data = b"".join(
        struct.pack(">BBBH", 0x1C, 2, number, len(value)) + value
        for number, values in records.items()
        for value in values
    )
    data += bytes(len(data) % 2)
    resource = b"8BIM\x04\x04\x00\x00" + struct.pack(">I", len(data)) + data
    segment = b"Photoshop 3.0\x00" + resource
    return b"\xff\xed" + struct.pack(">H", len(segment) + 2) + segment


def jpeg_with(picture: Image.Image, segment: bytes) -> bytes:
    """A JPEG with one more segment, right after its first bytes."""
    data = encoded(picture, "JPEG")
    return data[:2] + segment + data[2:]
