"""Metadata that take more memory or time than the picture that they describe."""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO

import PIL.Image

from ..errors import MediaError

MAX_METADATA = 1_000_000
"""The bytes of XMP or EXIF data that are read: a tree of them takes some fifty times as much."""

# Pillow joins the parts of a GIF's comment in a time that grows with the square of their number.
_MAX_COMMENT = 100_000

_ADVICE = "export it again without metadata"


def check_comments(path: Path) -> None:
    """Raise MediaError if the comments of a GIF before its first picture are too long to read.

    Files of other kinds pass.
    """
    with path.open("rb") as file:
        header = file.read(13)
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
