"""What a picture says of its own making: date, author, copyright and description, no more."""

from __future__ import annotations

import contextlib
import re
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path

import PIL.Image
from PIL import ExifTags, IptcImagePlugin
from PIL.ImageFile import ImageFile
from PIL.PngImagePlugin import PngImageFile

from .image_reading import open_picture

TAGS = ("date", "author", "copyright", "description")
"""The names of what is read. Nothing else is, above all no GPS position."""

_LONGEST = 2000  # letters; JPEG has room for 64 KB of XMP

_DC = "{http://purl.org/dc/elements/1.1/}"
_XMP = "{http://ns.adobe.com/xap/1.0/}"
_PHOTOSHOP = "{http://ns.adobe.com/photoshop/1.0/}"
_RDF_LI = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}li"
_XMP_NAMES = {
    "date": (f"{_PHOTOSHOP}DateCreated", f"{_XMP}CreateDate"),
    "author": (f"{_DC}creator",),
    "copyright": (f"{_DC}rights",),
    "description": (f"{_DC}description",),
}
_TIFF_XMP_TAG = 700

# Record 2 of IPTC's Information Interchange Model 4.2.
_IPTC_NUMBERS = {"date": (2, 55), "author": (2, 80), "copyright": (2, 116), "description": (2, 120)}

# The keywords of PNG's specification, section 11.3.3.2.
_PNG_KEYWORDS = {
    "date": "Creation Time",
    "author": "Author",
    "copyright": "Copyright",
    "description": "Description",
}


def read_tags(path: Path) -> dict[str, str]:
    """The `TAGS` that a picture carries, from XMP, EXIF, IPTC or PNG text, in this order.

    A date is given as ISO 8601 where it can be understood. A file that is no picture, or whose
    metadata is broken, has none.
    """
    tags: dict[str, str] = {}
    # Metadata is a courtesy: nothing in it may keep a picture from being styled.
    with contextlib.suppress(Exception), open_picture(path, None) as picture:
        for read in (_read_xmp, _read_exif, _read_iptc, _read_png_text):
            with contextlib.suppress(Exception):
                tags = read(picture) | tags
    return clean_tags(tags)


def clean_tags(tags: Mapping[str, str]) -> dict[str, str]:
    """Those of `TAGS` that are in `tags` and say something, as single lines, dates as ISO 8601."""
    cleaned = {name: clean_text(tags.get(name) or "") for name in TAGS}
    cleaned["date"] = _to_iso_date(cleaned["date"])
    return {name: text for name, text in cleaned.items() if text}


def clean_text(text: str) -> str:
    """`text` as one line that every file can hold: no control characters, no half letters."""
    whole = text.encode("utf-8", errors="replace").decode()
    printable = "".join(letter if letter.isprintable() else " " for letter in whole)
    return " ".join(printable.split())[:_LONGEST]


def _read_xmp(picture: PIL.Image.Image) -> dict[str, str]:
    packet = picture.info.get("xmp") or getattr(picture, "tag_v2", {}).get(_TIFF_XMP_TAG)
    # A packet needs no entities of its own; they would only serve to blow it up.
    if not packet or b"<!" in packet:
        return {}
    root = ElementTree.fromstring(packet.strip(b"\x00").decode("utf-8", errors="replace"))
    found: dict[str, str] = {}
    for tag, names in _XMP_NAMES.items():
        for name in names:
            if text := "; ".join(_xmp_values(root, name)):
                found.setdefault(tag, text)
    return found


def _xmp_values(root: ElementTree.Element, name: str) -> Iterator[str]:
    """The values of a property, which XMP may write as an attribute, a text or a list."""
    for parent in root.iter():
        if name in parent.attrib:
            yield parent.attrib[name]
    for element in root.iter(name):
        items = list(element.iter(_RDF_LI)) or [element]
        # Of a text in many languages, the first is the default one; authors form a list.
        for item in items if name == f"{_DC}creator" else items[:1]:
            if item.text and item.text.strip():
                yield item.text.strip()


def _read_exif(picture: PIL.Image.Image) -> dict[str, str]:
    exif = picture.getexif()
    shot = exif.get_ifd(ExifTags.IFD.Exif)
    taken = str(shot.get(ExifTags.Base.DateTimeOriginal) or exif.get(ExifTags.Base.DateTime) or "")
    zone = str(shot.get(ExifTags.Base.OffsetTimeOriginal) or "")
    found = {
        "date": taken + zone if re.fullmatch(r"[+-]\d\d:\d\d", zone) else taken,
        "author": exif.get(ExifTags.Base.Artist),
        "copyright": exif.get(ExifTags.Base.Copyright),
        "description": exif.get(ExifTags.Base.ImageDescription),
    }
    texts = {tag: value for tag, value in found.items() if isinstance(value, str) and value}
    return {tag: _from_latin(text) for tag, text in texts.items()}


def _from_latin(text: str) -> str:
    """Undo Pillow's reading of EXIF text as Latin-1, where it is UTF-8 as most programs write."""
    with contextlib.suppress(UnicodeError):
        return text.encode("latin-1").decode("utf-8")
    return text


def _read_iptc(picture: PIL.Image.Image) -> dict[str, str]:
    iptc = IptcImagePlugin.getiptcinfo(picture) if isinstance(picture, ImageFile) else None
    found = {}
    for tag, number in _IPTC_NUMBERS.items():
        value = (iptc or {}).get(number)
        parts = value if isinstance(value, list) else [value]
        found[tag] = "; ".join(_from_latin(part.decode("latin-1")) for part in parts if part)
    return {tag: text for tag, text in found.items() if text}


def _read_png_text(picture: PIL.Image.Image) -> dict[str, str]:
    # `.text` decodes the picture, because text may also stand after the pixels.
    text = picture.text if isinstance(picture, PngImageFile) else {}
    return {tag: str(text[word]) for tag, word in _PNG_KEYWORDS.items() if word in text}


def _to_iso_date(text: str) -> str:
    """`text` as ISO 8601 if it is a date of EXIF or IPTC; empty for a date that never was."""
    for pattern in ("%Y:%m:%d %H:%M:%S", "%Y:%m:%d %H:%M:%S%z", "%Y%m%d"):
        with contextlib.suppress(ValueError):
            date = datetime.strptime(text, pattern)
            return date.date().isoformat() if pattern == "%Y%m%d" else date.isoformat()
    return "" if re.match(r"[0: ]+$", text) else text
