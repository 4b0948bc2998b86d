"""What an output says about its making: that it was edited by AI, with what, and from what."""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

from .. import __version__
from ..errors import MediaError
from ..settings import Weights
from .files import check_input, sha256_of, write_text_atomic
from .image_metadata import clean_tags, clean_text, read_tags

DIGITAL_SOURCE_TYPE = (
    "http://cv.iptc.org/newscodes/digitalsourcetype/compositeWithTrainedAlgorithmicMedia"
)
"""IPTC's word for a picture or clip that a trained network has edited (Digital Source Type)."""

_STATEMENT = "Made by AI editing: neural style transfer"


@dataclass(frozen=True, kw_only=True)
class SourceFile:
    """An input: its name without folders, its SHA-256, and what it says of its own making."""

    name: str
    sha256: str
    date: str | None = None
    author: str | None = None
    copyright: str | None = None
    description: str | None = None

    def to_json(self) -> dict[str, str]:
        """The fields that say something, as JSON's own types."""
        return {name: text for name, text in dataclasses.asdict(self).items() if text is not None}


@dataclass(frozen=True, kw_only=True)
class Provenance:
    """Everything that an output's bytes depend on, in JSON's own types where it is a `dict`."""

    settings: dict[str, Any]
    weights: Weights
    backbone: str
    content: SourceFile
    style: SourceFile
    version: str = field(default=__version__)

    def to_json(self) -> dict[str, Any]:
        """A dictionary of JSON's own types: the base of the sidecar."""
        return {
            "statement": _STATEMENT,
            "digital_source_type": DIGITAL_SOURCE_TYPE,
            "made_with": "stylekit",
            "version": self.version,
            "backbone": self.backbone,
            "weights": self.weights.to_json(),
            "settings": self.settings,
            "content": self.content.to_json(),
            "style": self.style.to_json(),
        }


def describe_source(path: Path | str, *, tags: Mapping[str, str] | None = None) -> SourceFile:
    """The name and SHA-256 of an input, and its date, author, copyright and description.

    They are read from a picture's EXIF, XMP, IPTC or PNG text; for a clip, whoever opened it
    gives them as `tags` of these names. Nothing else is carried over, above all no GPS
    position. Raises MediaError if the file is missing, empty or cannot be opened.
    """
    path = check_input(path)
    found = read_tags(path) if tags is None else clean_tags(tags)
    return SourceFile(name=clean_text(path.name), sha256=sha256_of(path), **found)


def xmp_packet(provenance: Provenance) -> bytes:
    """The XMP packet (ISO 16684-1) of a picture: the IPTC digital source type, and from what.

    The content's author, copyright, description and date become the picture's own.
    """
    content = provenance.content
    properties = [
        _xmp_text("Iptc4xmpExt:DigitalSourceType", DIGITAL_SOURCE_TYPE),
        _xmp_text("Iptc4xmpExt:AISystemUsed", "stylekit, neural style transfer"),
        _xmp_text(
            "Iptc4xmpExt:AISystemVersionUsed", f"{provenance.version}, {provenance.backbone}"
        ),
        _xmp_text("xmp:CreatorTool", f"stylekit {provenance.version}"),
        _xmp_text("photoshop:Instructions", comment(provenance)),
        _xmp_list("dc:creator", "Seq", content.author),
        _xmp_list("dc:rights", "Alt", content.copyright),
        _xmp_list("dc:description", "Alt", content.description),
        _xmp_text("photoshop:DateCreated", content.date if _is_iso_date(content.date) else None),
    ]
    body = "\n".join(f"   {line}" for line in properties if line)
    # The packet's id is the one that the standard prescribes for every packet.
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
    """One line that says the same to people, for the comment tag of a clip."""
    content, style = provenance.content, provenance.style
    return clean_text(
        f"{_STATEMENT} with stylekit {provenance.version} ({provenance.backbone}). "
        f"Content: {content.name} (SHA-256 {content.sha256}). "
        f"Style: {style.name} (SHA-256 {style.sha256}). "
        f"Digital source type: {DIGITAL_SOURCE_TYPE}"
    )


def sidecar_path(output: Path | str) -> Path:
    """Where the sidecar of an output lies: beside it, `out.png` → `out.png.json`."""
    output = Path(output)
    return output.with_name(f"{output.name}.json")


def write_sidecar(
    output: Path | str, provenance: Provenance, extra: Mapping[str, Any] | None = None
) -> Path:
    """Write the sidecar of an output and return its path.

    It is JSON in UTF-8 with sorted keys: the provenance and, beside it, `extra`. It holds no
    time of writing, so the same run gives the same bytes. Raises MediaError where it cannot be
    written, ValueError for an `extra` that hides a key of the provenance.
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
    """What the sidecar of an output says. Raises MediaError if it is missing or damaged."""
    path = check_input(sidecar_path(output))
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise MediaError(path, f"is no readable JSON ({error}); style the input again") from error
    if not isinstance(record, dict):
        raise MediaError(path, "is no sidecar of stylekit; style the input again")
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
    """Whether XMP allows this as a date (ISO 8601 as in W3C's note on date formats)."""
    time = r"T\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)?"
    return text is not None and bool(re.fullmatch(rf"\d{{4}}(-\d\d(-\d\d({time})?)?)?", text))
