"""Metadata that take more memory or time than the picture that they describe."""

from __future__ import annotations

import re
from pathlib import Path
from typing import BinaryIO

import PIL.Image

from ..errors import MediaError

MAX_METADATA = 1_000_000
"""The bytes of XMP or EXIF data that are read: a tree of them takes some fifty times as much."""

# Pillow joins the parts of a GIF's comment in a time that grows with the square of their number,
# and reads that of a PPM byte by byte.
_MAX_COMMENT = 100_000

# How many numbers are in the header, between which there may be comments.
_PPM_NUMBERS = {b"P1": 2, b"P2": 3, b"P3": 3, b"P4": 2, b"P5": 3, b"P6": 3}

# Pillow reads the chunks of a PNG one by one; a picture within the limits has some thousands.
_MAX_CHUNKS = 50_000

_ADVICE = "export it again without metadata"


def check_comments(path: Path) -> None:
    """Raise MediaError if a file's comments, or parts, take long to read.

    These are comments of a GIF before its first picture and in the header of a PPM, and the chunks
    of a PNG. Files of other kinds pass.
    """
    with path.open("rb") as file:
        header = file.read(13)
        if header.startswith(b"\x89PNG"):
            _check_chunks(path, file)
        if header[:2] in _PPM_NUMBERS:
            _check_ppm(path, file, _PPM_NUMBERS[header[:2]])
        if not header.startswith(b"GIF8") or len(header) < 13:
            return
        if header[10] & 0x80:
            file.seek(3 << (header[10] & 7) + 1, 1)
        length = 0
        # An extension is 0x21, its kind, and blocks of up to 255 bytes; an empty one ends it.
        while file.read(1) == b"!":
            is_comment = file.read(1) == b"\xfe"
            skipped = _skip_blocks(file)
            length += skipped if is_comment else 0
            if length > _MAX_COMMENT:
                raise MediaError(
                    path, f"its comment is longer than {_MAX_COMMENT // 1000} kB; {_ADVICE}"
                )


def _check_chunks(path: Path, file: BinaryIO) -> None:
    file.seek(8)
    for _ in range(_MAX_CHUNKS):
        head = file.read(8)
        if len(head) < 8:
            return
        file.seek(int.from_bytes(head[:4]) + 4, 1)
    raise MediaError(path, f"has more than {_MAX_CHUNKS} parts; export it again")


def _check_ppm(path: Path, file: BinaryIO, numbers: int) -> None:
    """Raise MediaError if the numbers of the header come after long comments."""
    file.seek(2)
    text = re.sub(rb"#[^\r\n]*", b" ", file.read(_MAX_COMMENT))
    if len(text.split(maxsplit=numbers)) < numbers:
        raise MediaError(path, f"its comment is longer than {_MAX_COMMENT // 1000} kB; {_ADVICE}")


def _skip_blocks(file: BinaryIO) -> int:
    """Skip the blocks of an extension; how many bytes they have."""
    length = 0
    while size := int.from_bytes(file.read(1)):
        length += len(file.read(size))
    return length


def check_exif(path: Path, picture: PIL.Image.Image) -> None:
    """Raise MediaError if the EXIF data of an opened picture are too large to read."""
    if len(picture.info.get("exif") or b"") > MAX_METADATA:
        raise MediaError(path, f"has EXIF data of more than {MAX_METADATA // 10**6} MB; {_ADVICE}")
