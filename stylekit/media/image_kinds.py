"""What a file that is no readable picture really is, and what to do about it."""

from __future__ import annotations

from pathlib import Path

from ..errors import MediaError

_READ_INSTEAD = "PNG, JPEG, WebP, AVIF, GIF, BMP, TIFF or PPM"

# Container brands of ISO files (ISO/IEC 14496-12, `ftyp`) that hold HEIC pictures.
_HEIF_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"}

_CLIP_STARTS = (b"\x1aE\xdf\xa3", b"\x00\x00\x01\xba", b"FLV\x01", b"OggS", b"0&\xb2u\x8ef\xcf\x11")
_ARCHIVE_STARTS = (b"PK\x03\x04", b"\x1f\x8b", b"Rar!", b"7z\xbc\xaf")

# Kinds of picture that are left out on purpose: each is rare and a way in for crafted files.
_OTHER_PICTURES = {
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

_TIFF_STARTS = (b"II*\x00", b"MM\x00*", b"II+\x00", b"MM\x00+")
_READABLE_STARTS = {
    b"\x89PNG": "PNG",
    b"\xff\xd8": "JPEG",
    b"GIF8": "GIF",
    b"BM": "BMP",
    b"RIFF": "WebP",
    b"ftypavi": "AVIF",
}


def read_head(path: Path) -> bytes:
    """The first bytes of a file, enough to tell its kind."""
    with path.open("rb") as file:
        return file.read(2048)


def is_heif(head: bytes) -> bool:
    """Whether these first bytes are those of a HEIC picture."""
    return head[4:8] == b"ftyp" and head[8:12] in _HEIF_BRANDS


def is_clip(head: bytes) -> bool:
    """Whether these first bytes are those of a clip; an animated picture is none."""
    return not is_heif(head) and (
        (head[4:8] == b"ftyp" and head[8:12] not in {b"avif", b"avis"})
        or head[4:8] in {b"moov", b"mdat", b"wide"}
        or (head.startswith(b"RIFF") and head[8:12] == b"AVI ")
        or head.startswith(_CLIP_STARTS)
    )


def explain_unread(path: Path) -> MediaError:
    """The error to raise for a file that no picture reader recognises."""
    head = read_head(path)
    return MediaError(path, _explain_markup(head) or _explain_binary(head) or _explain_rest(head))


def _explain_markup(head: bytes) -> str | None:
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    if start.startswith((b"<!doctype html", b"<html", b"<head", b"<body")):
        return "looks like a web page, not a picture; save the picture itself from that page"
    if start.startswith(b"<") and b"<svg" in start:
        return "is an SVG drawing; export it as PNG"
    return None


def _explain_binary(head: bytes) -> str | None:
    if is_clip(head):
        return "is a clip, not a picture; save one of its frames as PNG, or style it as a clip"
    if head.startswith(_ARCHIVE_STARTS):
        return "is an archive or a document, not a picture; unpack or export it first"
    for start, kind in _OTHER_PICTURES.items():
        if head.startswith(start):
            return f"is {kind}, which is not read; export it as PNG or JPEG"
    if head.startswith(_TIFF_STARTS):
        return (
            "is a kind of TIFF that is not read (floating point, unusual layout, or damaged); "
            "export it as an 8- or 16-bit PNG"
        )
    return None


def _explain_rest(head: bytes) -> str:
    for start, kind in _READABLE_STARTS.items():
        # The name of an ISO file's kind comes after four bytes of length.
        if head.startswith(start) or head[4:].startswith(start):
            return f"starts like a {kind} picture but is damaged; copy or download it again"
    if _is_text(head):
        return f"is text, not a picture; give a {_READ_INSTEAD} file"
    return f"is not a picture that can be read; give a {_READ_INSTEAD} file"


def _is_text(head: bytes) -> bool:
    # A cut through a letter of several bytes at the very end is no sign of a binary file.
    text = head.decode("utf-8", errors="ignore")
    printable = all(letter.isprintable() or letter.isspace() for letter in text)
    return printable and len(head) - len(text.encode()) <= 3
