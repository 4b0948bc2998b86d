"""`stylekit gallery`: one page of all results in a folder, from their files and sidecars."""

from __future__ import annotations

import base64
import hashlib
import math
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..arrays import Image
from ..errors import MediaError, StylekitError
from ..losses import TERMS
from ..media.clips import read_clip
from ..media.encode import CLIP_SUFFIXES, FILM_SUFFIXES
from ..media.files import check_absent, check_output, write_text_atomic
from ..media.images import PICTURE_SUFFIXES, encode_preview, load_image
from ..media.provenance import clean_text, read_record
from .gallery_page import Card, page

THUMBNAIL = 480
"""The longest side of a picture on the page, in pixels."""

MOST = 400
"""The most results on a page: with about 50 kB each it stays below 30 MB."""

_QUALITY = 85
_FRAMES = 4
# What a run, and a transfer of the studio, keep beside their results.
_RUN, _TRANSFER = "run.json", "transfer.json"
_PICTURES = frozenset({*PICTURE_SUFFIXES, ".jpeg"})
_ENDINGS = _PICTURES | set(CLIP_SUFFIXES)


def gallery_command(
    folder: Path,
    output: Path,
    *,
    names: bool,
    title: str = "Gallery",
    overwrite: bool = False,
    say: Callable[[str], None],
) -> None:
    """Write a page of all results in a folder and the folders inside it.

    Parameters
    ----------
    folder : with pictures and clips, and their sidecars beside them
    output : the page, .html
    names : show who made each result: the folder in `folder`, and the author in the sidecar
    title : what stands above
    overwrite : replace a page that is there already
    say : is called with each line for the user: what was left out, and where the page is

    Raises
    ------
    StylekitError : if there is no such folder, no result in it, or the page cannot be written
    """
    if not folder.is_dir():
        raise StylekitError(folder, "is no folder; give the folder with the results")
    check_output(output, (".html",))
    if not overwrite:
        check_absent(output)
    found = sorted(find_results(folder), key=lambda path: path.as_posix())
    if not found:
        raise StylekitError(folder, "holds no pictures and no clips; give another folder")
    for path in found[MOST:]:
        say(f"{path.relative_to(folder)}: left out, a page has room for {MOST} results")
    cards = []
    for path in found[:MOST]:
        result = read_result(path)
        for problem in result.problems:
            say(f"{path.relative_to(folder)}: {problem}")
        cards.append(result.card(_maker(path, folder, result.record) if names else ""))
    # In the order of folders the page would tell whose neighbour is whose.
    if not names:
        cards.sort(key=lambda card: (card.content, card.style, card.digest))
    write_text_atomic(output, page(clean_text(title), cards))
    count = "1 result" if len(cards) == 1 else f"{len(cards)} results"
    size = output.stat().st_size / 1e6
    say(f"{output}: {count}, {size:.1f} MB, names {'shown' if names else 'not shown'}")


def find_results(folder: Path) -> Iterator[Path]:
    """Pictures and clips, and patterns of numbered pictures that have a sidecar.

    Left out are hidden files, the folders of runs, and what the studio keeps beside a result.
    """
    for place, inner, files in os.walk(folder):
        inner[:] = sorted(name for name in inner if not name.startswith("."))
        here = Path(place)
        if _RUN in files:
            inner.clear()
            continue
        patterns = [name for name in files if "%" in name and name.endswith(".json")]
        if patterns:
            yield from (here / name.removesuffix(".json") for name in patterns)
            continue
        for name in files:
            path = here / name
            if name.startswith(".") or path.suffix.lower() not in _ENDINGS:
                continue
            if _TRANSFER in files and f"{name}.json" not in files:
                continue
            yield path


@dataclass(frozen=True, kw_only=True)
class Result:
    """A result: its picture for the page, its sidecar, and what could not be read."""

    path: Path
    thumbnail: bytes
    shown: str
    record: Mapping[str, Any]
    problems: tuple[str, ...]

    def card(self, maker: str) -> Card:
        """What the page says of it."""
        record = self.record
        styles = record.get("styles")
        style_files = styles if isinstance(styles, list) else [record.get("style")]
        content = _name(record.get("content"))
        return Card(
            picture=base64.b64encode(self.thumbnail).decode("ascii"),
            shown=self.shown,
            content=content,
            style=" and ".join(filter(None, map(_name, style_files))),
            weights=_weights(record),
            moved=_moved(record),
            kept=_percent(record.get("content_kept")),
            reached=_percent(record.get("style_reached")),
            complete=record.get("complete") is not False,
            maker=maker,
            problems=self.problems,
            digest=hashlib.sha256(self.thumbnail).hexdigest(),
        )


def read_result(path: Path) -> Result:
    """Read a result; what is missing or broken is said in its `problems`."""
    problems = []
    thumbnail, shown = b"", ""
    try:
        thumbnail, shown = _thumbnail(path)
    except (StylekitError, OSError, ValueError) as error:
        problems.append(f"the file cannot be read: {_reason(error)}")
    record: Mapping[str, Any] = {}
    sidecar = path.with_name(f"{path.name}.json")
    try:
        if not sidecar.is_file():
            raise MediaError(sidecar, "no settings: the .json file beside it is missing")
        found = read_record(sidecar)
        if found.get("made_with") != "stylekit":
            raise MediaError(sidecar, "no settings: the .json file beside it is not of stylekit")
        record = found
    except (StylekitError, OSError, ValueError) as error:
        reason = _reason(error)
        problems.append(reason if reason.startswith("no settings") else f"no settings: {reason}")
    return Result(
        path=path, thumbnail=thumbnail, shown=shown, record=record, problems=tuple(problems)
    )


def _thumbnail(path: Path) -> tuple[bytes, str]:
    """A JPEG of a picture, or of four frames of a clip; and what it shows."""
    suffix = path.suffix.lower()
    if "%" in path.name or suffix in FILM_SUFFIXES or suffix == ".gif":
        clip = read_clip(path, size=THUMBNAIL // 2)
        last = len(clip) - 1
        chosen = sorted({round(share * last / (_FRAMES - 1)) for share in range(_FRAMES)})
        frames = [clip[index] for index in chosen]
        numbers = ", ".join(str(index) for index in chosen)
        if len(frames) == _FRAMES:
            frames = [np.concatenate(half, axis=1) for half in (frames[:2], frames[2:])]
        sheet = np.concatenate(frames, axis=0 if len(chosen) == _FRAMES else 1)
        return _encode(sheet), f"clip, frames {numbers} of {len(clip)}"
    return _encode(load_image(path, size=THUMBNAIL)), "picture"


def _encode(image: Image) -> bytes:
    return encode_preview(image, quality=_QUALITY).data


def _reason(error: Exception) -> str:
    message = error.message if isinstance(error, StylekitError) else str(error)
    return clean_text(message)[:300]


def _maker(path: Path, folder: Path, record: Mapping[str, Any]) -> str:
    """The folder inside `folder`, or the file's name; and the author that the content names."""
    inner = path.relative_to(folder).parts
    maker = clean_text(inner[0] if len(inner) > 1 else path.stem)
    content = record.get("content")
    author = content.get("author") if isinstance(content, Mapping) else None
    return f"{maker} (photograph: {clean_text(author)})" if isinstance(author, str) else maker


def _name(source: object) -> str:
    """The name of an input without its ending."""
    name = source.get("name") if isinstance(source, Mapping) else None
    return clean_text(name).rsplit(".", 1)[0][:80] if isinstance(name, str) else ""


def _weights(record: Mapping[str, Any]) -> str:
    """The weights that are not zero, with their symbols."""
    weights = record.get("weights")
    if not isinstance(weights, Mapping):
        return ""
    # Of a picture the weights that need a frame before it say nothing.
    is_clip = record.get("fps") is not None
    parts = []
    for term in TERMS.values():
        value = weights.get(term.weight)
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if is_number and value and (is_clip or not term.needs_mask):
            parts.append(f"{term.symbol} {value:g}")
    return ", ".join(parts)


def _moved(record: Mapping[str, Any]) -> bool:
    changes = record.get("weight_changes")
    return isinstance(changes, list) and len(changes) > 1


def _percent(value: object) -> str:
    if not isinstance(value, int | float) or isinstance(value, bool) or not math.isfinite(value):
        return ""
    return f"{100 * value:.0f} %"
