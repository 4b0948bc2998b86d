"""The folder of the user in which the studio keeps its transfers until the user deletes them.

Each transfer has a folder of its own there: the result, what it was made from, and a record in
JSON. The folder is written while the transfer runs, so that it can go on after the end of the
kernel or of the machine.
"""

from __future__ import annotations

import functools
import json
import re
import shutil
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from ...arrays import Image
from ...errors import MediaError, StylekitError
from ...media.files import make_folder, results_folder, write_text_atomic
from ...media.images import load_image, resize_image, save_image
from ...settings import KeyMethod, MediaLimits, Weights
from ..base.private_files import KEPT_FREE_BYTES, safe_name
from .mask_slot import MaskFile, read_mask
from .recipe import Recipe
from .request import Request
from .slots import Source, read_picture, read_source
from .transfer import OWN_FILES

_RECORD, _LOCK, _INPUTS = "transfer.json", ".lock", "made-from"
_SO_FAR, _THUMBNAIL = "so-far.png", "thumbnail.png"
_THUMBNAIL_SIZE = 96
# A record of another format is left alone, and not shown.
_FORMAT = 1
# Of a name; the folder's begins with the time, and files in it have longer names.
_MAX_STEM_BYTES = 80


class State(StrEnum):
    """How far a transfer has come. One that is `PAINTING` but not in use was interrupted."""

    PAINTING = "painting"
    STOPPED = "stopped"
    DONE = "done"


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """What is known of a transfer that is kept in `folder`.

    `title` says what was painted. `facts` are pairs of a name and a value. `output` is the result,
    `before` the content in its size, each None if there is none yet; `fps` belongs to clips.
    """

    folder: Path
    state: State
    title: str
    content: str
    style: str
    weights: Weights
    facts: tuple[tuple[str, str], ...] = ()
    output: Path | None = None
    before: Path | None = None
    comparison: Path | None = None
    fps: float | None = None
    request: dict[str, Any] = field(default_factory=dict)

    @property
    def is_clip(self) -> bool:
        """Whether a clip is painted."""
        return bool(self.request.get("is_clip"))

    @property
    def begun(self) -> str:
        """When it began, in local time."""
        return f"{self.folder.name[:10]} {self.folder.name[11:19].replace('.', ':')}"

    @property
    def label(self) -> str:
        """A few words for the picture in a strip."""
        words = f"{self.content} – {self.style}{' ▶' if self.is_clip else ''}"
        return words if self.state is State.DONE else f"{words} (not finished)"

    @property
    def so_far(self) -> Path | None:
        """The picture as far as it has come: the result of a picture, or the last stored step."""
        if self.output is not None and not self.is_clip:
            return self.output
        path = self.folder / _SO_FAR
        return path if path.is_file() else None

    @property
    def style_files(self) -> tuple[Path, ...]:
        """The copies of the styles, or of the painting of the first frame, that are still there."""
        names = [*self.request.get("styles", ()), self.request.get("painting")]
        return tuple(path for name in names if (path := _inside(self.folder, name)) is not None)

    @property
    def recipe(self) -> Recipe | None:
        """What it was painted from, under its last weights.

        None if a file is gone, or for what followed a painted frame.
        """
        made, inside = self.request, functools.partial(_inside, self.folder)
        content, keep = inside(made.get("content")), inside(made.get("keep"))
        styles = tuple(filter(None, map(inside, made.get("styles", ()))))
        if content is None or not styles or made.get("painting"):
            return None
        return Recipe(
            content=content,
            styles=styles,
            size=made["size"],
            steps=made["steps"],
            weights=self.weights,
            frames=made["frames"] if self.is_clip else None,
            style_weights=tuple(made["style_weights"]),
            regions=tuple(filter(None, map(inside, made["regions"]))),
            keep=keep,
            offsets=tuple(made["offsets"]),
            passes=made["passes"],
            loop=made["loop"],
        )

    def thumbnail(self) -> Image:
        """A small view of it. Raises MediaError if the file is gone or damaged."""
        return load_image(self.folder / _THUMBNAIL, limits=OWN_FILES)


class Shelf:
    """The transfers in a folder of the user's; any thread may use it.

    Parameters
    ----------
    folder
        Where they are kept, made if it is missing; by default the `results_folder`.

    Raises
    ------
    MediaError
        If the folder cannot be made.
    """

    def __init__(self, folder: Path | str | None = None) -> None:
        self.folder = make_folder(folder or results_folder())
        self._held: dict[Path, FileLock] = {}
        # What `begin` has made, until something is stored there that may be worth keeping.
        self._empty: set[Path] = set()
        self._lock = threading.Lock()

    def begin(self, request: Request, weights: Weights) -> Path:
        """Make a folder for a transfer, and copy what it is made from; this process holds it.

        Raises MediaError if it cannot be written, or the disk is nearly full.
        """
        self._check_room()
        names = "-".join(source.name for source in request.sources)
        stem = safe_name(f"{names}.x")[:-2].encode()[:_MAX_STEM_BYTES].decode("utf-8", "ignore")
        folder = self._new_folder(f"{time.strftime('%Y-%m-%d_%H.%M.%S')}_{stem}")
        self._empty.add(folder)
        try:
            self._hold(folder)
            written = _copied(request, folder)
            self._write_thumbnail(folder, request.content.preview)
            data = {
                "state": State.PAINTING,
                "title": request.words,
                "content": request.content.name,
                "style": request.style_words,
                "weights": weights.to_json(),
                "request": written,
            }
            _write(folder, data)
        except OSError as error:
            self.delete(folder)
            raise MediaError(folder, f"cannot be written ({error.strerror})") from error
        except StylekitError:
            self.delete(folder)
            raise
        return folder

    def resume(self, folder: Path) -> None:
        """Hold the folder of a transfer that goes on.

        Raises MediaError if another page or program paints it.
        """
        self._hold(folder)
        _write(folder, {**_read(folder), "state": State.PAINTING})

    def remember(self, folder: Path, picture: Image, weights: Weights) -> None:
        """Store how far the picture has come."""
        save_image(picture, folder / _SO_FAR, provenance=None)
        self._empty.discard(folder)
        self._write_thumbnail(folder, picture)
        _write(folder, {**_read(folder), "weights": weights.to_json()})

    def finish(
        self,
        folder: Path,
        shown: Image,
        *,
        state: State,
        weights: Weights,
        facts: Sequence[tuple[str, str]],
        output: Path,
        before: Path,
        fps: float | None = None,
    ) -> Record:
        """Store what has come of a transfer: fields of `Record`, and a picture of it."""
        self._empty.discard(folder)
        self._write_thumbnail(folder, shown)
        (folder / _SO_FAR).unlink(missing_ok=True)
        made = {
            "state": state,
            "weights": weights.to_json(),
            "facts": facts,
            "output": output.name,
            "before": before.name,
            "fps": fps,
        }
        _write(folder, {**_read(folder), **made})
        return read_record(folder)

    def add_comparison(self, folder: Path, comparison: Path) -> None:
        """Store that the clip of before and after is there."""
        _write(folder, {**_read(folder), "comparison": comparison.name})

    def give_up(self, folder: Path) -> None:
        """Release the folder of a transfer that has made nothing; remove it if it is a new one."""
        if folder in self._empty:
            self.delete(folder)
        else:
            self.release(folder)

    def release(self, folder: Path) -> None:
        """Let others use the folder of a transfer that has ended."""
        with self._lock:
            held = self._held.pop(folder, None)
        if held is not None:
            held.release()

    def records(self) -> list[Record]:
        """The transfers that can be shown, the newest first; without those in work elsewhere."""
        found = []
        for folder in sorted(self.folder.iterdir(), reverse=True):
            try:
                record = read_record(folder)
            except (OSError, ValueError, LookupError, TypeError, StylekitError):
                continue  # not a transfer, or one of another version
            if record.state is not State.PAINTING or self._is_free(folder):
                found.append(record)
        return found

    def delete(self, folder: Path) -> None:
        """Remove a transfer with all its files. Raises MediaError if another page paints it."""
        self._hold(folder)
        self.release(folder)
        self._empty.discard(folder)
        shutil.rmtree(folder, ignore_errors=True)

    def _check_room(self) -> None:
        """Raise MediaError if the disk is nearly full: others need the rest of it."""
        if shutil.disk_usage(make_folder(self.folder)).free < KEPT_FREE_BYTES:
            words = "the disk is nearly full; free some space, or delete earlier results"
            raise MediaError(self.folder, words)

    def _new_folder(self, name: str) -> Path:
        """A new folder that no other user can enter."""
        make_folder(self.folder)
        for number in range(1, 1000):
            folder = self.folder / (name if number == 1 else f"{name}_{number}")
            try:
                folder.mkdir(mode=0o700)
            except FileExistsError:
                continue
            except OSError as error:
                raise MediaError(folder, f"cannot be made ({error.strerror})") from error
            return folder
        raise MediaError(self.folder, "has too many results of this second; try again")

    def _hold(self, folder: Path) -> None:
        """Keep other processes from painting in a folder; the system ends it with this process."""
        with self._lock:
            if folder in self._held:
                return
            lock = FileLock(folder / _LOCK)
            try:
                lock.acquire(timeout=0)
            except Timeout:
                raise MediaError(folder, "is being painted in another page") from None
            self._held[folder] = lock

    def _is_free(self, folder: Path) -> bool:
        with self._lock:
            if folder in self._held:
                return False
        lock = FileLock(folder / _LOCK)
        try:
            lock.acquire(timeout=0)
        except (Timeout, OSError):
            return False
        lock.release()
        return True

    def _write_thumbnail(self, folder: Path, picture: Image) -> None:
        save_image(resize_image(picture, _THUMBNAIL_SIZE), folder / _THUMBNAIL, provenance=None)


def read_record(folder: Path) -> Record:
    """The record of a folder. Raises an exception of many kinds if it holds none."""
    data = _read(folder)
    return Record(
        folder=folder,
        state=State(data["state"]),
        title=data["title"],
        content=data["content"],
        style=data["style"],
        weights=Weights.from_json(data["weights"]),
        facts=tuple((str(name), str(value)) for name, value in data.get("facts", ())),
        output=_inside(folder, data.get("output")),
        before=_inside(folder, data.get("before")),
        comparison=_inside(folder, data.get("comparison")),
        fps=data.get("fps"),
        request=data["request"],
    )


def request_of(record: Record, limits: MediaLimits) -> Request:
    """The request of a transfer, with the files that are kept beside its result.

    Raises MediaError or another StylekitError if a file is gone or damaged.
    """
    data, folder = dict(record.request), record.folder
    is_clip = data.pop("is_clip")

    def path(name: str) -> Path:
        found = _inside(folder, name)
        if found is None:
            raise MediaError(folder, "what it was made from is gone; choose the files again")
        return found

    read = read_source if is_clip else read_picture
    # Records of older versions name no painting.
    painting = data.pop("painting", None)
    styles = [read_picture(path(name), limits) for name in data.pop("styles")]
    return Request(
        content=read(path(data.pop("content")), limits),
        style=styles[0] if styles else None,
        painting=read_picture(path(painting), limits) if painting else None,
        method=KeyMethod(data.pop("method", KeyMethod.AUTO.value)),
        more_styles=tuple(styles[1:]),
        regions=tuple(read_mask(path(name), limits) for name in data.pop("regions")),
        keep=read_mask(path(keep), limits) if (keep := data.pop("keep")) else None,
        limits=limits,
        style_weights=tuple(data.pop("style_weights")),
        offsets=tuple(data.pop("offsets")),
        **data,
    )


def _copied(request: Request, folder: Path) -> dict[str, Any]:
    """Copy the files of a request into a folder; what `request_of` reads."""

    def copy(sources: Sequence[Source | MaskFile], role: str) -> list[str]:
        names = []
        for number, source in enumerate(sources, 1):
            # A folder each: two files may have the same name.
            place = folder / _INPUTS / f"{role}-{number}"
            place.mkdir(parents=True)
            shutil.copyfile(source.path, place / source.path.name)
            names.append((place / source.path.name).relative_to(folder).as_posix())
        return names

    return {
        "is_clip": request.content.is_clip,
        "content": copy([request.content], "content")[0],
        "styles": copy(request.styles, "style"),
        "painting": copy([request.painting], "painting")[0] if request.painting else None,
        "method": request.method.value,
        "learn_seconds": request.learn_seconds,
        "regions": copy(request.regions, "region"),
        "keep": copy([request.keep], "keep")[0] if request.keep else None,
        "style_weights": list(request.style_weights),
        "size": request.size,
        "steps": request.steps,
        "frames": request.frames,
        "backbone": request.backbone,
        "offsets": list(request.offsets),
        "passes": request.passes,
        "loop": request.loop,
    }


def _read(folder: Path) -> dict[str, Any]:
    data = json.loads((folder / _RECORD).read_text(encoding="utf-8"))
    if data["format"] != _FORMAT:
        raise ValueError(f"{folder}: is of another format")
    return dict(data)


def _write(folder: Path, data: dict[str, Any]) -> None:
    text = json.dumps({"format": _FORMAT, **data}, indent=1, ensure_ascii=False)
    write_text_atomic(folder / _RECORD, text)


def _inside(folder: Path, name: str | None) -> Path | None:
    """The file of this name in a folder; None if there is none, or if it leads elsewhere."""
    if not name or re.search(r"(^|/)\.\.(/|$)|^/|\\", name):
        return None
    path = folder / name
    return path if path.is_file() else None
