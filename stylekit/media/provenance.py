"""Provenance: what an input says about its origin, and what an output says about its making."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import re
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import PIL.Image
from PIL import ExifTags, IptcImagePlugin
from PIL.ImageFile import ImageFile
from PIL.PngImagePlugin import PngImageFile

from .. import __version__
from ..errors import MediaError
from ..settings import Weights
from .files import check_input, sha256_of, write_text_atomic
from .image_reading import open_picture
from .metadata_limits import MAX_METADATA

DIGITAL_SOURCE_TYPE = (
    "http://cv.iptc.org/newscodes/digitalsourcetype/compositeWithTrainedAlgorithmicMedia"
)
"""IPTC's Digital Source Type of a picture or clip that a trained network has edited."""

_STATEMENT = "Made by AI editing: neural style transfer"

_COMPOSITE = "http://cv.iptc.org/newscodes/digitalsourcetype/composite"
_COMPOSITE_STATEMENT = "Painted after painted frames by patch synthesis, without a trained network"

TAGS = ("date", "author", "copyright", "description")
"""The metadata that is read. Nothing else is, in particular no GPS position."""

_MAX_LETTERS = 2000  # a JPEG has room for 64 KB of XMP
# Of a longer text the rest is not looked at: one of a clip may fill the whole file.
_MAX_RAW_LETTERS = 100_000

# A sidecar of a clip has about 2 kB for each frame; JSON takes up to thirty times its size.
_MAX_SIDECAR = 30_000_000

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


@dataclass(frozen=True, kw_only=True)
class SourceFile:
    """An input: its name without folders, its SHA-256, and what its metadata says."""

    name: str
    sha256: str
    date: str | None = None
    author: str | None = None
    copyright: str | None = None
    description: str | None = None

    def to_json(self) -> dict[str, str]:
        """The fields that are not None."""
        return {name: text for name, text in dataclasses.asdict(self).items() if text is not None}


@dataclass(frozen=True, kw_only=True)
class KeyframeSource:
    """A painted frame of a clip: the file of its painting, or else the style of its painting.

    `mask` says where it counts.
    """

    frame_index: int
    painting: SourceFile | None = None
    style: SourceFile | None = None
    mask: SourceFile | None = None

    def to_json(self) -> dict[str, Any]:
        """What there is of it, as JSON's own types."""
        files = {"painting": self.painting, "style": self.style, "mask": self.mask}
        told = {name: file.to_json() for name, file in files.items() if file}
        return {"frame": self.frame_index, **told}


@dataclass(frozen=True, kw_only=True)
class Provenance:
    """Everything on which the bytes of an output depend; `settings` can be written as JSON.

    `more_styles` are the styles after the first; `style_weights` has a number for each style.
    `regions` are the masks of the styles, and `keep` that of what is kept, if there are any. A clip
    that is painted from `keyframes` has no style of its own. It has no `weights` if all keyframes
    were painted elsewhere, and no `backbone` if no trained network had a part in it.
    """

    settings: dict[str, Any]
    weights: Weights | None
    backbone: str | None
    content: SourceFile
    style: SourceFile | None = None
    keyframes: tuple[KeyframeSource, ...] = ()
    version: str = field(default=__version__)
    more_styles: tuple[SourceFile, ...] = ()
    style_weights: tuple[float, ...] = ()
    regions: tuple[SourceFile, ...] = ()
    keep: SourceFile | None = None

    def to_json(self) -> dict[str, Any]:
        """The content of the sidecar, which can be written as JSON."""
        network = {
            **({} if self.backbone is None else {"backbone": self.backbone}),
            **({} if self.weights is None else {"weights": self.weights.to_json()}),
        }
        return {
            "statement": self.statement,
            "digital_source_type": self.digital_source_type,
            "made_with": "stylekit",
            "version": self.version,
            **network,
            "settings": self.settings,
            "content": self.content.to_json(),
            **self._styles_to_json(),
        }

    @property
    def statement(self) -> str:
        """What has painted it, in words."""
        return _COMPOSITE_STATEMENT if self.backbone is None else _STATEMENT

    @property
    def digital_source_type(self) -> str:
        """IPTC's Digital Source Type of it."""
        return _COMPOSITE if self.backbone is None else DIGITAL_SOURCE_TYPE

    @property
    def sources(self) -> tuple[SourceFile, ...]:
        """The styles, and the paintings and styles of keyframes."""
        styles = (self.style, *self.more_styles) if self.style else ()
        of_keys = (key.painting or key.style for key in self.keyframes)
        return (*styles, *filter(None, of_keys))

    def _styles_to_json(self) -> dict[str, Any]:
        styles: dict[str, Any] = {}
        if self.keyframes:
            styles["keyframes"] = [key.to_json() for key in self.keyframes]
        if self.style:
            styles["style"] = self.style.to_json()
        if self.style and self.more_styles:
            every = (self.style, *self.more_styles)
            styles = {"styles": [style.to_json() for style in every]}
            styles["style_weights"] = list(self.style_weights) or [1.0] * len(every)
        if self.regions:
            styles["regions"] = [mask.to_json() for mask in self.regions]
        if self.keep:
            styles["keep"] = self.keep.to_json()
        return styles


def describe_source(path: Path | str, *, tags: Mapping[str, str] | None = None) -> SourceFile:
    """Describe an input by its name, its SHA-256 and its metadata.

    Nothing but date, author, copyright and description is kept, in particular no GPS position.

    Parameters
    ----------
    path : the input
    tags : metadata by the names in `TAGS`; None reads them from a picture's XMP, EXIF, IPTC or
        PNG text

    Raises
    ------
    MediaError : if the file is missing, empty or cannot be opened
    """
    path = check_input(path)
    found = read_tags(path) if tags is None else clean_tags(tags)
    return SourceFile(name=clean_text(path.name), sha256=sha256_of(path), **found)


def xmp_packet(provenance: Provenance) -> bytes:
    """The XMP packet (ISO 16684-1) of a picture, with the IPTC digital source type.

    The author, copyright, description and date of the content become those of the picture.
    """
    content = provenance.content
    properties = [
        _xmp_text("Iptc4xmpExt:DigitalSourceType", provenance.digital_source_type),
        *_xmp_of_network(provenance),
        _xmp_text("xmp:CreatorTool", f"stylekit {provenance.version}"),
        _xmp_text("photoshop:Instructions", comment(provenance)),
        _xmp_list("dc:creator", "Seq", content.author),
        _xmp_list("dc:rights", "Alt", content.copyright),
        _xmp_list("dc:description", "Alt", content.description),
        _xmp_text("photoshop:DateCreated", content.date if _is_iso_date(content.date) else None),
    ]
    body = "\n".join(f"   {line}" for line in properties if line)
    # The standard prescribes this id for every packet.
    return f"""<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/">
 <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
  <rdf:Description rdf:about=""
    xmlns:dc="http://purl.org/dc/elements/1.1/"
    xmlns:xmp="http://ns.adobe.com/xap/1.0/"
    xmlns:photoshop="http://ns.adobe.com/photoshop/1.0/"
    xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/">
{body}
  </rdf:Description>
 </rdf:RDF>
</x:xmpmeta>
<?xpacket end="r"?>""".encode()


def comment(provenance: Provenance) -> str:
    """The provenance as one line of text, for the comment tag of a clip."""
    content = provenance.content
    sources = "; ".join(f"{file.name} (SHA-256 {file.sha256})" for file in provenance.sources)
    network = f" ({provenance.backbone})" if provenance.backbone else ""
    return clean_text(
        f"{provenance.statement} with stylekit {provenance.version}{network}. "
        f"Content: {content.name} (SHA-256 {content.sha256}). "
        f"{'Keyframes' if provenance.keyframes else 'Style'}: {sources}. "
        f"Digital source type: {provenance.digital_source_type}"
    )


def _xmp_of_network(provenance: Provenance) -> list[str]:
    """The properties of IPTC that name an AI system; none without a trained network."""
    if provenance.backbone is None:
        return []
    version = f"{provenance.version}, {provenance.backbone}"
    return [
        _xmp_text("Iptc4xmpExt:AISystemUsed", "stylekit, neural style transfer"),
        _xmp_text("Iptc4xmpExt:AISystemVersionUsed", version),
    ]


def sidecar_path(output: Path | str) -> Path:
    """The path of an output's sidecar, a JSON file beside it.

    Examples
    --------
    >>> from stylekit.media.provenance import sidecar_path
    >>> sidecar_path("out.png").name
    'out.png.json'
    """
    output = Path(output)
    return output.with_name(f"{output.name}.json")


def write_sidecar(
    output: Path | str, provenance: Provenance, extra: Mapping[str, Any] | None = None
) -> Path:
    """Write the sidecar of an output.

    The sidecar holds no time of writing, so the same run gives the same bytes.

    Parameters
    ----------
    output : the picture or clip
    provenance, extra : what the sidecar says

    Returns
    -------
    Path : of the sidecar

    Raises
    ------
    MediaError : if it cannot be written
    ValueError : if `extra` contains a key of the provenance
    """
    record = provenance.to_json() | {"output": clean_text(Path(output).name)}
    if hidden := sorted(record.keys() & (extra or {}).keys()):
        raise ValueError(f"extra: {', '.join(hidden)} are the provenance's own keys")
    path = sidecar_path(output)
    text = json.dumps(
        record | dict(extra or {}), ensure_ascii=False, indent=2, sort_keys=True, allow_nan=False
    )
    write_text_atomic(path, text + "\n")
    return path


def read_sidecar(output: Path | str) -> dict[str, Any]:
    """Read the sidecar of an output. Raises MediaError if it is missing or damaged."""
    return read_record(check_input(sidecar_path(output)))


def read_record(path: Path) -> dict[str, Any]:
    """Read the sidecar at `path`. Raises MediaError if it is damaged."""
    if path.stat().st_size > _MAX_SIDECAR:
        raise MediaError(path, "is too large for a sidecar of stylekit; style the input again")
    try:
        # Some editors of Windows begin a file with a mark of its encoding.
        record = json.loads(path.read_text(encoding="utf-8-sig"))
    # Brackets that are nested too deeply are a RecursionError.
    except (ValueError, RecursionError) as error:
        raise MediaError(path, f"is not readable JSON ({error}); style the input again") from error
    if not isinstance(record, dict):
        raise MediaError(path, "is not a sidecar of stylekit; style the input again")
    return record


def _xmp_text(name: str, text: str | None) -> str:
    return f"<{name}>{escape(text)}</{name}>" if text else ""


def _xmp_list(name: str, kind: str, text: str | None) -> str:
    if not text:
        return ""
    language = ' xml:lang="x-default"' if kind == "Alt" else ""
    item = f"<rdf:li{language}>{escape(text)}</rdf:li>"
    return f"<{name}><rdf:{kind}>{item}</rdf:{kind}></{name}>"


def _is_iso_date(text: str | None) -> bool:
    """Whether XMP allows this as a date (ISO 8601, restricted by W3C's note on date formats)."""
    time = r"T\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)?"
    return text is not None and bool(re.fullmatch(rf"\d{{4}}(-\d\d(-\d\d({time})?)?)?", text))


def read_tags(path: Path) -> dict[str, str]:
    """The `TAGS` of a picture, from XMP, EXIF, IPTC or PNG text; the first that has one counts.

    Empty for a file that is not a picture, or whose metadata is damaged.
    """
    tags: dict[str, str] = {}
    # Metadata is optional: an error in it must not prevent a picture from being styled.
    with contextlib.suppress(Exception), open_picture(path, None) as picture:
        for read in (_read_xmp, _read_exif, _read_iptc, _read_png_text):
            with contextlib.suppress(Exception):
                tags = read(picture) | tags
    return clean_tags(tags)


def clean_tags(tags: Mapping[str, str]) -> dict[str, str]:
    """The `TAGS` that `tags` has and that are not empty: single lines, dates as ISO 8601."""
    cleaned = {name: clean_text(tags.get(name) or "") for name in TAGS}
    cleaned["date"] = _to_iso_date(cleaned["date"])
    return {name: text for name, text in cleaned.items() if text}


def clean_text(text: str) -> str:
    """`text` as one line without control characters and incomplete letters.

    Examples
    --------
    >>> from stylekit.media.provenance import clean_text
    >>> clean_text(" two\\n lines ")
    'two lines'
    """
    whole = text[:_MAX_RAW_LETTERS].encode("utf-8", errors="replace").decode()
    printable = "".join(letter if letter.isprintable() else " " for letter in whole)
    return " ".join(printable.split())[:_MAX_LETTERS]


def _read_xmp(picture: PIL.Image.Image) -> dict[str, str]:
    packet = picture.info.get("xmp") or getattr(picture, "tag_v2", {}).get(_TIFF_XMP_TAG)
    # Entities, which a packet does not need, could make a small packet expand to gigabytes.
    if not packet or len(packet) > MAX_METADATA or b"<!" in packet:
        return {}
    root = ElementTree.fromstring(packet.strip(b"\x00").decode("utf-8", errors="replace"))
    found: dict[str, str] = {}
    for tag, names in _XMP_NAMES.items():
        for name in names:
            if text := "; ".join(_xmp_values(root, name)):
                found.setdefault(tag, text)
    return found


def _xmp_values(root: ElementTree.Element, name: str) -> Iterator[str]:
    """The values of a property, which XMP stores as an attribute, a text or a list."""
    for parent in root.iter():
        if name in parent.attrib:
            yield parent.attrib[name]
    for element in root.iter(name):
        items = list(element.iter(_RDF_LI)) or [element]
        # Authors form a list. Of a text in many languages, the first is the default.
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
    """Text that Pillow read as Latin-1 but that is UTF-8, which most programs write."""
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
    # `.text` decodes the picture, because text may also follow the pixels.
    text = picture.text if isinstance(picture, PngImageFile) else {}
    return {tag: str(text[word]) for tag, word in _PNG_KEYWORDS.items() if word in text}


def _to_iso_date(text: str) -> str:
    """`text` as ISO 8601 if it is a date of EXIF or IPTC; empty for a date of zeros."""
    for pattern in ("%Y:%m:%d %H:%M:%S", "%Y:%m:%d %H:%M:%S%z", "%Y%m%d"):
        with contextlib.suppress(ValueError):
            date = datetime.strptime(text, pattern)
            return date.date().isoformat() if pattern == "%Y%m%d" else date.isoformat()
    return "" if re.match(r"[0: ]+$", text) else text
