"""The kind of a file by its first bytes, and what to do with a file that cannot be read."""

from __future__ import annotations

from pathlib import Path

from ..errors import MediaError

PICTURE_ENDINGS = (
    *(".png", ".apng", ".jpg", ".jpeg", ".jfif", ".webp", ".avif", ".gif", ".bmp", ".tif", ".tiff"),
    *(".ppm", ".pgm", ".pbm", ".pnm", ".heic", ".heif"),
)
"""The endings of pictures that are read, of an animation the first frame.

Only a folder of pictures and the pages go by them; elsewhere the first bytes of a file decide.
"""

CLIP_ENDINGS = (
    *(".mp4", ".mov", ".m4v", ".3gp", ".webm", ".mkv", ".avi", ".mpg", ".mpeg", ".vob"),
    *(".ts", ".mts", ".m2ts"),
)
"""The endings of files that are taken for clips."""

_USE_PICTURE = "give a PNG, JPEG, WebP, AVIF, GIF, BMP, TIFF or PPM file"
_USE_CLIP = "give an MP4, MOV, WebM, MKV, AVI or GIF clip"

# Brands of ISO files (ISO/IEC 14496-12, `ftyp`) that contain HEIC pictures.
_HEIF_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"}
# The boxes with which an MP4 or MOV file may start.
_MP4_BOXES = (b"ftyp", b"mdat", b"wide", b"free", b"skip", b"moov", b"pnot")

_CLIP_STARTS = (b"\x1aE\xdf\xa3", b"\x00\x00\x01\xba", b"FLV\x01", b"OggS", b"0&\xb2u\x8ef\xcf\x11")
_ARCHIVE_STARTS = (b"PK\x03\x04", b"\x1f\x8b", b"Rar!", b"7z\xbc\xaf")
_TIFF_STARTS = (b"II*\x00", b"MM\x00*", b"II+\x00", b"MM\x00+")
_PAGE_STARTS = (b"<!doctype html", b"<html", b"<head", b"<body")
_PLAYLIST_STARTS = (b"ffconcat", b"#extm3u", b"[playlist]", b"<?xml", b"<mpd", b"<smil", b"<asx")

# Kinds of picture that are not read on purpose: they are rare, and decoders of rare formats are
# often attacked with crafted files.
_REFUSED_PICTURES = {
    b"8BPS": "a Photoshop document",
    b"\xff\x0a": "a JPEG XL picture",
    b"\x00\x00\x00\x0cJXL ": "a JPEG XL picture",
    b"\x00\x00\x00\x0cjP  ": "a JPEG 2000 picture",
    b"v/1\x01": "an OpenEXR picture",
    b"#?RADIANCE": "a Radiance HDR picture",
    b"\x00\x00\x01\x00": "an icon",
    b"PF\n": "a floating-point PFM picture",
    b"%PDF": "a PDF document",
    b"%!PS": "a PostScript document",
}
_READABLE_PICTURES = {
    b"\x89PNG": "PNG",
    b"\xff\xd8": "JPEG",
    b"GIF8": "GIF",
    b"BM": "BMP",
    b"RIFF": "WebP",
    b"ftypavi": "AVIF",
}

# (offset, bytes at it, kind): pictures that FFmpeg could read as a clip of one frame.
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


def read_head(path: Path) -> bytes:
    """The first bytes of a file, enough to recognise its kind."""
    with path.open("rb") as file:
        return file.read(2048)


def is_heif(head: bytes) -> bool:
    """Whether these first bytes are those of a HEIC picture."""
    return head[4:8] == b"ftyp" and head[8:12] in _HEIF_BRANDS


def is_program_stream(head: bytes) -> bool:
    """Whether these first bytes are those of an MPEG program stream (.mpg, .vob)."""
    return head.startswith(b"\x00\x00\x01\xba")


def explain_unread_picture(path: Path) -> MediaError:
    """The error to raise for a file that no picture reader recognises."""
    head = read_head(path)
    start = _markup(head)
    if start.startswith(_PAGE_STARTS):
        advice = "looks like a web page, not a picture; save the picture itself from that page"
    elif start.startswith(b"<") and b"<svg" in start:
        advice = "is an SVG drawing; export it as PNG"
    elif is_clip(head):
        advice = "is a clip, not a picture; save one of its frames as PNG, or style it as a clip"
    elif head.startswith(_ARCHIVE_STARTS):
        advice = "is an archive or a document, not a picture; unpack or export it first"
    elif kind := _kind_of(head, _REFUSED_PICTURES):
        advice = f"is {kind}, which is not read; export it as PNG or JPEG"
    elif head.startswith(_TIFF_STARTS):
        advice = (
            "is a kind of TIFF that is not read (floating point, unusual layout, or damaged); "
            "export it as an 8- or 16-bit PNG"
        )
    # The name of an ISO file's kind comes after four bytes of length.
    elif kind := _kind_of(head, _READABLE_PICTURES) or _kind_of(head[4:], _READABLE_PICTURES):
        article = "an" if kind == "AVIF" else "a"
        advice = f"starts like {article} {kind} picture but is damaged; copy or download it again"
    elif _is_text(head):
        advice = f"is text, not a picture; {_USE_PICTURE}"
    else:
        advice = f"is not a picture that can be read; {_USE_PICTURE}"
    return MediaError(path, advice)


def refuse_other_kinds(path: Path) -> None:
    """Raise MediaError if the first bytes of `path` are those of a file that is not a clip."""
    head = read_head(path)
    start = _markup(head)
    for offset, mark, kind in _PICTURES:
        if head.startswith(mark, offset):
            raise MediaError(path, f"is a {kind} picture, not a clip; style it as a picture")
    if start.startswith(_PAGE_STARTS):
        raise MediaError(
            path, "looks like a web page, not a clip; save the clip itself from that page"
        )
    if start.startswith(_PLAYLIST_STARTS):
        raise MediaError(
            path, "is a playlist that names other files; give one of those files instead"
        )
    if head.startswith(b"OggS") and b"\x80theora" in head:
        raise MediaError(path, "is an Ogg clip, which is not read; save it as H.264 MP4")
    if any(head.startswith(mark, offset) for offset, mark in _SOUNDS):
        raise MediaError(path, f"has no picture track, it is a sound file; {_USE_CLIP}")


def explain_unread_clip(path: Path) -> MediaError:
    """The error to raise for a file that FFmpeg does not recognise as a clip."""
    head = read_head(path)
    if head[4:8] in _MP4_BOXES:
        if b"moov" in _box_names(path):
            return MediaError(path, "its index is damaged; copy it again")
        return MediaError(
            path, "the recording or download is unfinished, its index is missing; copy it again"
        )
    if _is_text(head):
        return MediaError(path, f"is text, not a clip; {_USE_CLIP}")
    return MediaError(path, f"is not a clip that can be read, or it is damaged; {_USE_CLIP}")


def _markup(head: bytes) -> bytes:
    """The first bytes in small letters, without a byte order mark and leading spaces."""
    return head.removeprefix(b"\xef\xbb\xbf").lstrip().lower()


def _kind_of(head: bytes, kinds: dict[bytes, str]) -> str | None:
    return next((kind for start, kind in kinds.items() if head.startswith(start)), None)


def is_clip(head: bytes) -> bool:
    """Whether a file with these first bytes is a clip. An animated picture is not a clip."""
    return not is_heif(head) and (
        (head[4:8] == b"ftyp" and head[8:12] not in {b"avif", b"avis"})
        or head[4:8] in {b"moov", b"mdat", b"wide"}
        or (head.startswith(b"RIFF") and head[8:12] == b"AVI ")
        or head.startswith(_CLIP_STARTS)
    )


def _is_text(head: bytes) -> bool:
    text = head.decode("utf-8", errors="ignore")
    printable = all(letter.isprintable() or letter.isspace() for letter in text)
    # The last letter may be cut, because only the first bytes of the file were read.
    return printable and len(head) - len(text.encode()) <= 3


def _box_names(path: Path) -> set[bytes]:
    """The names of the outermost boxes of an MP4 file, up to the first damaged one."""
    names: set[bytes] = set()
    end = path.stat().st_size
    with path.open("rb") as file:
        position = 0
        while position + 8 <= end and len(names) < 64:
            file.seek(position)
            header = file.read(16)
            names.add(header[4:8])
            size = int.from_bytes(header[:4])
            if size == 1:
                size = int.from_bytes(header[8:16])
            if size < 8:
                break
            position += size
    return names
