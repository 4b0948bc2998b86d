"""The size of the index of an MP4 or MOV file, found before FFmpeg builds it in memory.

Tables of a few bytes can claim millions of samples: FFmpeg makes an entry of 24 bytes for each, and
a file of 2 kB would fill gigabytes.
"""

from __future__ import annotations

import itertools
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from ..errors import MediaError

# More than any clip within the limit in bytes has, over all tracks and boxes.
_MAX_SAMPLES = 2_000_000
_MAX_BOXES = 1_000_000
# FFmpeg reads boxes to this depth.
_MAX_DEPTH = 10

# Boxes of ISO/IEC 14496-12 that hold other boxes, as far as tables of samples are below them.
_HOLDERS = {b"moov", b"trak", b"mdia", b"minf", b"stbl", b"moof", b"traf"}
# Tables that matter, and how many of their bytes do.
_TABLES = dict.fromkeys((b"hdlr", b"stts", b"stsz", b"stz2", b"stco", b"co64", b"trun"), 16)
_TABLES |= {b"stsc": 8 + 12 * _MAX_SAMPLES}

# FFmpeg joins up to this many samples of uncompressed sound in one entry.
_JOINED = 1024


def check_index(path: Path) -> None:
    """Raise MediaError if the index of a clip claims more samples than a clip can have.

    A file of another format has no such index, and passes.
    """
    claimed = 0
    track: dict[bytes, bytes] = {}
    with path.open("rb") as file:
        for number, (name, content) in enumerate(_boxes(file, 0, path.stat().st_size)):
            if name == b"cmov":
                raise MediaError(path, "its index is compressed; save it anew as H.264 MP4")
            if name == b"trun":
                claimed += _number(content, 4)
            elif name == b"trak":
                claimed += _samples(track)
                track = {}
            elif name == b"hdlr":
                # QuickTime has a second one, of another kind.
                track[name] = track.get(name, b"") + content[8:12]
            elif content and name in track:
                raise MediaError(path, "its index is damaged; copy it again")
            elif content:
                track[name] = content
            if claimed + _samples(track) > _MAX_SAMPLES or number > _MAX_BOXES:
                raise MediaError(
                    path, f"its index claims more than {_MAX_SAMPLES} frames; save it anew"
                )


def _boxes(file: BinaryIO, begin: int, end: int, depth: int = 0) -> Iterator[tuple[bytes, bytes]]:
    """The names of all boxes between two places of a file, and the contents of tables."""
    while begin + 8 <= end and depth <= _MAX_DEPTH:
        file.seek(begin)
        header = file.read(16)
        size, name = int.from_bytes(header[:4]), header[4:8]
        start = begin + 8
        if size == 1:
            size, start = int.from_bytes(header[8:16]), begin + 16
        # A size of 0 means up to the end; a box that is too large ends there, too.
        close = min(begin + size, end) if size else end
        if close < start:
            return
        file.seek(start)
        yield name, file.read(min(close - start, _TABLES.get(name, 0)))
        if name in _HOLDERS:
            yield from _boxes(file, start, close, depth + 1)
        begin = close


def _samples(track: dict[bytes, bytes]) -> int:
    """How many entries the tables of a track make; those of a fragment are counted by `trun`."""
    times = track.get(b"stts", b"")
    kinds = track.get(b"hdlr", b"")
    is_sound = b"soun" in kinds and not any(k in kinds for k in (b"vide", b"subp", b"clcp"))
    # Of sound that is not compressed each sample lasts one tick.
    if is_sound and _number(times, 4) == 1 and _number(times, 12) == 1:
        return _joined_samples(track)
    return _number(track.get(b"stsz", b""), 8) + _number(track.get(b"stz2", b""), 8)


def _joined_samples(track: dict[bytes, bytes]) -> int:
    """The entries of uncompressed sound: in each chunk, one for 1024 samples."""
    chunks = _number(track.get(b"stco", track.get(b"co64", b"")), 4)
    rows = track.get(b"stsc", b"")[8:]
    runs = [run[:2] for run in struct.iter_unpack(">III", rows[: len(rows) // 12 * 12])]
    firsts = [first for first, _ in runs[1:]] + [chunks + 1]
    return sum(
        max(0, after - first) * -(-samples // _JOINED)
        for (first, samples), after in itertools.zip_longest(runs, firsts[: len(runs)])
    )


def _number(table: bytes, place: int) -> int:
    return int.from_bytes(table[place : place + 4])
