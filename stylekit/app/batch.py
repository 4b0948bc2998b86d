"""A folder of pictures or clips: each is painted, what is finished is skipped, a failure is told.

A result is finished when its file is there and the record of the output folder, `.stylekit.json`,
says that it was made of the same files with the same settings. So the same command, given again,
does what is left. The processes of a cluster (`stylekit.app.cluster`) can share the work.
"""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import hashlib
import json
import logging
import time
from collections import Counter
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .. import __version__
from ..errors import MediaError, SettingsError, StylekitError
from ..media.file_kinds import CLIP_ENDINGS, PICTURE_ENDINGS
from ..media.files import left_out, make_folder, sha256_of, write_text_atomic
from ..media.images import PICTURE_SUFFIXES
from ..media.sequences import Pattern
from ..samples import MaterialKind, materials
from ..settings import Init
from ..video.results import Result
from .clip_files import flow_folder
from .clip_run import video_command
from .messages import TROUBLE, one_line
from .run import StyleFiles, image_command
from .tasks import Outcome

log = logging.getLogger(__name__)

Command = Callable[[argparse.Namespace], tuple[Result, str]]
"""From parsed options to a result, and how to go on if it was interrupted."""

_RECORD = ".stylekit.json"
# What does not change a result, or is told apart from the other options.
_NO_SETTINGS = {
    *("command", "COMMAND", "json", "overwrite", "workers", "scheduler", "output", "run"),
    *("content", "clip", "style", "regions", "keep", "given"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """An input of a folder, with the options of the command for it alone."""

    source: Path
    options: argparse.Namespace

    @property
    def output(self) -> Path:
        """Where its result is written."""
        return Path(self.options.output)


@dataclass(slots=True)
class FolderResult:
    """What became of the files of a folder, for `--json` and the summary.

    `left` counts those to which an interrupted command did not come; `left_out` says why something
    that has the name of an input is none.
    """

    painted: list[Result] = field(default_factory=list)
    skipped: list[Path] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)
    left: int = 0
    left_out: dict[str, str] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """A dictionary of JSON's own types."""
        return {
            "painted": [result.to_json() for result in self.painted],
            "skipped": [str(path) for path in self.skipped],
            "failed": self.failed,
            "left": self.left,
            "left_out": self.left_out,
        }

    def text(self) -> str:
        """The summary: a count of each kind, then a line for each failure."""
        counts = (
            f"{len(self.painted)} painted, {len(self.skipped)} finished before, "
            f"{len(self.failed)} failed"
        )
        if self.left:
            counts += f", {self.left} left"
        lines = [f"failed: {message}" for message in self.failed.values()]
        lines += [f"left out: {message}" for message in self.left_out.values()]
        return "\n".join([counts, *lines])


def _folder(name: str, *kinds: MaterialKind) -> Path | None:
    """The folder of a name; None for a file, and for a built-in name, which comes first."""
    if not name.strip():
        return None
    path = Path(name).expanduser()
    built_in = {known.lower() for kind in kinds for known in materials(kind)}
    return path if path.is_dir() and name.lower() not in built_in else None


def _holds_clips(folder: Path) -> bool:
    """Whether a folder is one of clips, not of the pictures of one clip.

    Raises MediaError if it holds both.
    """
    clips = [path for path in _files(folder) if path.suffix.lower() in CLIP_ENDINGS]
    pictures = [path for path in _files(folder) if path.suffix.lower() in PICTURE_ENDINGS]
    if clips and pictures:
        raise MediaError(
            folder,
            f"holds clips ({clips[0].name}, …) and pictures ({pictures[0].name}, …); give a folder "
            "of clips alone, or the pictures of one clip, such as frames/%04d.png",
        )
    return bool(clips)


def images_command(options: argparse.Namespace) -> tuple[FolderResult | Result, str]:
    """Paint a picture, or the pictures of a folder.

    Parameters
    ----------
    options : the parsed command line

    Returns
    -------
    Result or FolderResult : what was made, or what became of each picture
    str : how to continue if the command was interrupted, otherwise empty

    Raises
    ------
    StylekitError : if the folder, a style, a setting or the output does not serve
    """
    folder = _folder(options.content, MaterialKind.PHOTOGRAPH, MaterialKind.STYLE)
    if folder is None:
        if options.workers or options.scheduler:
            raise SettingsError(
                "--workers" if options.workers else "--scheduler",
                "one picture is painted by one process; give a folder of pictures",
            )
        return image_command(options)
    if options.timelapse:
        raise SettingsError("--timelapse", "is for one picture, not for a folder")
    if options.init not in {member.value for member in Init}:
        raise SettingsError("--init", "for a folder it must be content or noise")
    items = _items(options, folder, PICTURE_ENDINGS, "content")
    return _paint_all(options, items, image_command, PICTURE_ENDINGS)


def videos_command(options: argparse.Namespace) -> tuple[FolderResult | Result, str]:
    """Paint a clip, perhaps by several processes, or the clips of a folder.

    Parameters, result and errors are those of `images_command`.
    """
    folder = _folder(options.clip, MaterialKind.CLIP)
    if folder is None or not _holds_clips(folder):
        if options.workers or options.scheduler:
            return _by_shots(options)
        return video_command(options)
    if options.run:
        raise SettingsError("--run", "is for one clip; each of a folder has its own beside OUT")
    items = _items(options, folder, CLIP_ENDINGS, "clip")
    return _paint_all(options, items, video_command, CLIP_ENDINGS)


def _by_shots(options: argparse.Namespace) -> tuple[Result, str]:
    """Paint one clip by several processes, as `video_command` does."""
    began = time.monotonic()
    item = Item(source=Path(options.clip), options=options)
    with contextlib.closing(_by_processes(options, [item], video_command)) as done:
        ((_, outcome),) = done
    for line in outcome.told:
        log.info("%s", line)
    if outcome.error:
        name, _, rest = outcome.error.partition(": ")
        raise StylekitError(name, rest)
    # The process that wrote the clip knows its own time alone.
    return dataclasses.replace(outcome.value, seconds=time.monotonic() - began), ""


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.is_file() and path.name[0] != ".")


def _items(
    options: argparse.Namespace, folder: Path, endings: Sequence[str], name: str
) -> list[Item]:
    """The inputs in a folder, each with its output; raises StylekitError for what serves none."""
    sources = [path for path in _files(folder) if path.suffix.lower() in endings]
    if not sources:
        kind = "pictures" if name == "content" else "clips"
        message = f"holds no {kind}; their names end in {', '.join(endings)}"
        if no_files := left_out(folder, endings):
            path, reason = next(iter(no_files.items()))
            message = f"holds no {kind}: {path.name} {reason}"
        if name == "content":
            message += "; for clips there is stylekit video"
        raise MediaError(folder, message)
    # `FOLDER/` of a clip's output stands for its pictures.
    out = options.output.parent if Pattern.of(options.output) else options.output
    if out.suffix and not out.is_dir():
        raise MediaError(out, "is a file's name, and the input is a folder; give a folder")
    if out.resolve() == folder.resolve():
        raise MediaError(out, "is the folder of the inputs; give another one for the results")
    # A style that cannot be read would fail for each of them.
    StyleFiles.of(options).read_styles()
    make_folder(out)
    names = [_result_name(path, name) for path in sources]
    counts = Counter(each.lower() for each in names)
    items = []
    for source, short in zip(sources, names, strict=True):
        full = f"{source.name}{Path(short).suffix}"
        output = out / (short if counts[short.lower()] == 1 else full)
        own = argparse.Namespace(**{**vars(options), name: str(source), "output": output})
        items.append(Item(source=source, options=own))
    return items


def _result_name(source: Path, name: str) -> str:
    if name == "clip":
        return f"{source.stem}.mp4"
    suffix = source.suffix.lower()
    return source.name if suffix in PICTURE_SUFFIXES else f"{source.stem}.png"


def _paint_all(
    options: argparse.Namespace, items: Sequence[Item], command: Command, endings: Sequence[str]
) -> tuple[FolderResult, str]:
    """Paint what is not finished."""
    result, advice = FolderResult(), ""
    for path, reason in left_out(items[0].source.parent, endings).items():
        result.left_out[str(path)] = f"{path.name}: {reason}"
        log.warning("left out: %s", result.left_out[str(path)])
    record = _Record(items[0].output.parent / _RECORD)
    settings = _digest_of_settings(options)
    prints = {item.output: _fingerprint(item, settings) for item in items}
    left = []
    for item in items:
        if item.output.exists() and record.holds(item, prints[item.output]):
            result.skipped.append(item.output)
        else:
            left.append(item)
    if result.skipped:
        log.info("%d of %d are finished already", len(result.skipped), len(items))
    outcomes = _by_processes if options.workers or options.scheduler else _one_by_one
    try:
        with contextlib.closing(outcomes(options, left, command)) as done:
            for item, outcome in done:
                for line in outcome.told:
                    log.info("%s", line)
                if outcome.error:
                    result.failed[str(item.source)] = outcome.error
                    log.error("failed: %s", outcome.error)
                    continue
                result.painted.append(outcome.value)
                record.add(item, prints[item.output])
                log.info("%s is finished", outcome.value.output)
    except _InterruptedItem as interrupted:
        advice = str(interrupted)
    except KeyboardInterrupt:
        advice = "interrupted: run the same command again to go on from there"
    ended = len(result.painted) + len(result.skipped) + len(result.failed)
    result.left = len(items) - ended
    return result, advice


class _InterruptedItem(Exception):
    """Ctrl-C while an item was painted; the message says how to go on."""


def _one_by_one(
    _options: argparse.Namespace, items: Sequence[Item], command: Command
) -> Generator[tuple[Item, Outcome]]:
    for number, item in enumerate(items, 1):
        if len(items) > 1:
            log.info("%d of %d: %s", number, len(items), item.source.name)
        try:
            result, advice = command(item.options)
        except TROUBLE as error:
            line = one_line(error)
            if line is None:
                raise
            yield item, Outcome(error=line)
            continue
        if not advice or result.complete:
            yield item, Outcome(value=result)
        if advice:
            raise _InterruptedItem(advice)


def _by_processes(
    options: argparse.Namespace, items: Sequence[Item], command: Command
) -> Generator[tuple[Item, Outcome]]:
    from .cluster import painted_by

    clips = command is video_command
    yield from painted_by(
        [(item, item.options) for item in items],
        clips=clips,
        workers=options.workers,
        scheduler=options.scheduler,
    )


@dataclass(frozen=True, slots=True)
class _Record:
    """Which results in a folder are finished: a hash of what each was made of, by its name."""

    path: Path

    def holds(self, item: Item, fingerprint: str) -> bool:
        return self._read().get(item.output.name) == fingerprint

    def add(self, item: Item, fingerprint: str) -> None:
        told = self._read() | {item.output.name: fingerprint}
        write_text_atomic(self.path, json.dumps(told, indent=1, sort_keys=True) + "\n")

    def _read(self) -> dict[str, str]:
        try:
            return dict(json.loads(self.path.read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError):
            return {}


def _digest_of_settings(options: argparse.Namespace) -> str:
    """A hash of the settings, and of all files but the item itself."""
    files = StyleFiles.of(options)
    settings = {k: v for k, v in vars(options).items() if k not in _NO_SETTINGS}
    told = [
        __version__,
        sorted((name, repr(value)) for name, value in settings.items()),
        [sha256_of(path) for path in files.styles],
        [sha256_of(path) for path in files.masks],
        [[path.name, sha256_of(path)] for path in _named_files(options)],
    ]
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()


def _named_files(options: argparse.Namespace) -> list[Path]:
    """The files that options name by their path: a network's weights, and flow."""
    own_flow = flow_folder(getattr(options, "flow", None))
    flows = sorted(own_flow.glob("*.flo")) if own_flow else []
    weights = Path(options.backbone) if options.backbone else None
    return [path for path in (weights, *flows) if path is not None and path.is_file()]


def _fingerprint(item: Item, settings: str) -> str:
    try:
        return hashlib.sha256(f"{settings}{sha256_of(item.source)}".encode()).hexdigest()
    except OSError:
        return ""  # it is not finished; when its turn comes, painting it tells the reason
