"""The pages of a TIFF as its directories tell them, before any decoder reads them.

Adobe's TIFF 6.0 (1992); of BigTIFF the fields are wider.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from ..errors import MediaError

# Tags: the kind of a page (NewSubfileType, and SubfileType of TIFF 5), and inner directories.
_KIND, _OLD_KIND, _INNER = 254, 255, 330
_REDUCED, _MASK, _OLD_REDUCED = 1, 4, 2
# Types of texts and of bytes, which are not made into a number each; and that of two bytes.
_BYTES, _SHORT = {1, 2, 6, 7}, 3

# More numbers than a colour map, or a table of strips, has.
_MAX_NUMBERS = 500_000
# A file of some MB can have a million pages, which lead in a circle.
_MAX_PAGES, _MAX_ENTRIES = 1000, 100_000


@dataclass(frozen=True, slots=True)
class TiffPage:
    """A page: whether it is a smaller copy of another, or a mask, and whether it holds others."""

    is_reduced: bool
    is_mask: bool
    has_inner: bool


def picture_page(path: Path) -> int:
    """The page of a TIFF to read: the first that is no smaller copy and no mask, else the first.

    Raises MediaError if the picture is only inside a page, as in raw photographs, or if a directory
    has a table that would take much memory; 0 for a file that is no TIFF.
    """
    first = None
    with path.open("rb") as file:
        for number, page in enumerate(_pages(path, file)):
            if not page.is_reduced and not page.is_mask:
                return number
            first = first or page
    if first and first.is_reduced and first.has_inner:
        raise MediaError(
            path, "holds a small preview, and its picture where it is not read; export it as PNG"
        )
    return 0


def _pages(path: Path, file: BinaryIO) -> Iterator[TiffPage]:
    order = {b"II": "<", b"MM": ">"}.get(file.read(2), "")
    kind = file.read(2)
    if not order or len(kind) < 2:
        return
    version = struct.unpack(f"{order}H", kind)[0]
    if version == 42:
        counts, entry, pointer = f"{order}H", f"{order}HHI4s", f"{order}I"
    elif version == 43:
        file.seek(8)
        counts, entry, pointer = f"{order}Q", f"{order}HHQ8s", f"{order}Q"
    else:
        return
    end = os.fstat(file.fileno()).st_size
    seen: set[int] = set()
    entries = 0
    while len(seen) < _MAX_PAGES and (place := _read(file, pointer)) is not None:
        (position,) = place
        if not position or position in seen or position >= end:
            return
        seen.add(position)
        file.seek(position)
        count = _read(file, counts)
        if count is None:
            return
        entries += count[0]
        if entries > _MAX_ENTRIES:
            raise MediaError(path, "has a header that is too long to be read; export it again")
        found: dict[int, int] = {}
        for _ in range(count[0]):
            data = file.read(struct.calcsize(entry))
            if len(data) < struct.calcsize(entry):
                return
            fields = struct.unpack(entry, data)
            tag, form, numbers, _ = fields
            if numbers > _MAX_NUMBERS and form not in _BYTES:
                raise MediaError(
                    path,
                    f"has a table of {numbers} numbers in its header; export it again without "
                    "metadata",
                )
            # A SHORT stands in the first of the bytes of the value.
            width = 2 if form == _SHORT else 4
            start = -4 if version == 42 else -8
            value = data[start : start + width or None]
            found.setdefault(tag, int.from_bytes(value, "little" if order == "<" else "big"))
        yield TiffPage(
            is_reduced=bool(found.get(_KIND, 0) & _REDUCED) or found.get(_OLD_KIND) == _OLD_REDUCED,
            is_mask=bool(found.get(_KIND, 0) & _MASK),
            has_inner=_INNER in found,
        )


def _read(file: BinaryIO, form: str) -> tuple[int, ...] | None:
    """The fields at the place where the file is; None at its end."""
    data = file.read(struct.calcsize(form))
    return struct.unpack(form, data) if len(data) == struct.calcsize(form) else None
