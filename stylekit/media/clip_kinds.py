"""What a file that is no readable clip really is, and what to do about it."""

from __future__ import annotations

from pathlib import Path

from ..errors import MediaError

# Containers that hold a clip by themselves. Playlists and the like are left out on purpose:
# they name other files, and reading them would read whatever they name.
READABLE_FORMATS = "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,gif,mpegts,mpeg"

_USE_CLIP = "give an MP4, MOV, WebM, MKV, AVI or GIF clip"

_PLAYLISTS = (b"ffconcat", b"#extm3u", b"[playlist]", b"<?xml", b"<mpd", b"<smil", b"<asx")

# (offset, bytes there, kind): files that some demuxer might take for a clip of one frame.
_PICTURES = (
    (0, b"\xff\xd8\xff", "JPEG"),
    (0, b"\x89PNG", "PNG"),
    (8, b"WEBP", "WebP"),
    (0, b"BM", "BMP"),
    (0, b"II*\x00", "TIFF"),
    (0, b"MM\x00*", "TIFF"),
    (4, b"ftypavif", "AVIF"),
    (4, b"ftypheic", "HEIC"),
    (4, b"ftypheix", "HEIC"),
    (4, b"ftypmif1", "HEIC"),
)
_SOUNDS = (
    (0, b"ID3"),
    (0, b"\xff\xfb"),
    (0, b"\xff\xf3"),
    (0, b"\xff\xf1"),
    (0, b"fLaC"),
    (0, b"OggS"),
    (8, b"WAVE"),
    (4, b"ftypM4A "),
)
# Boxes that an MP4 or MOV file may start with (ISO/IEC 14496-12).
_MP4_STARTS = (b"ftyp", b"mdat", b"wide", b"free", b"skip", b"moov", b"pnot")


def refuse_other_kinds(path: Path) -> None:
    """Raise MediaError if the first bytes of `path` are those of a file that is no clip."""
    with path.open("rb") as file:
        head = file.read(2048)
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    for offset, start, kind in ((0, b"<!doctype html", ""), (0, b"<html", ""), *_PICTURES):
        found = head.startswith(start, offset) if kind else text.startswith(start)
        if found and kind:
            raise MediaError(path, f"is a {kind} picture, not a clip; style it as a picture")
        if found:
            raise MediaError(
                path, "looks like a web page, not a clip; save the clip itself from that page"
            )
    if text.startswith(_PLAYLISTS):
        raise MediaError(
            path, "is a playlist that names other files; give one of those files instead"
        )
    if any(head.startswith(start, offset) for offset, start in _SOUNDS):
        raise MediaError(path, f"has no picture track, it is a sound file; {_USE_CLIP}")


def explain_unopened(path: Path) -> MediaError:
    """The error to raise for a file that no demuxer in READABLE_FORMATS takes."""
    with path.open("rb") as file:
        head = file.read(2048)
    if head[4:8] in _MP4_STARTS:
        if b"moov" not in _box_names(path):
            return MediaError(
                path,
                "the recording or download is unfinished, its index is missing; copy it again",
            )
        return MediaError(path, "its index is damaged; copy it again")
    if _is_text(head):
        return MediaError(path, f"is text, not a clip; {_USE_CLIP}")
    return MediaError(path, f"is not a clip that can be read, or it is damaged; {_USE_CLIP}")


def _box_names(path: Path) -> set[bytes]:
    """The names of the outermost boxes of an MP4 file, as far as they can be followed."""
    names: set[bytes] = set()
    end = path.stat().st_size
    with path.open("rb") as file:
        position = 0
        while position + 8 <= end and len(names) < 64:
            file.seek(position)
            header = file.read(16)
            size = int.from_bytes(header[:4])
            if size == 1:
                size = int.from_bytes(header[8:16])
            names.add(header[4:8])
            if size < 8:
                break
            position += size
    return names


def _is_text(head: bytes) -> bool:
    text = head.decode("utf-8", errors="ignore")
    printable = all(letter.isprintable() or letter.isspace() for letter in text)
    # A letter of several bytes may be cut at the end of what was read.
    return printable and len(head) - len(text.encode()) <= 3
