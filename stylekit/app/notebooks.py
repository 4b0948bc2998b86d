"""The notebooks of stylekit, and copies of them in a folder of the user's.

What the user changed is never written over. A copy counts as unchanged while its bytes are those
that were copied, so a notebook of which only the outputs are new is the user's too. The SHA-256 of
each copy is kept beside the copies.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from ..errors import StylekitError

RECORD = ".stylekit-notebooks.json"


@dataclass(slots=True)
class Copies:
    """What became of each notebook, by name; `kept` are those that the user had changed."""

    folder: Path
    new: list[str] = field(default_factory=list)
    updated: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
    same: list[str] = field(default_factory=list)

    def lines(self) -> Iterator[str]:
        """What there is to say about it, in whole lines."""
        if self.new:
            yield f"copied to {self.folder}: {', '.join(self.new)}"
        if self.updated:
            yield f"replaced by newer ones, as you had not changed them: {', '.join(self.updated)}"
        if self.kept:
            yield (
                f"kept, as you have changed them: {', '.join(self.kept)} "
                "(rename one to have the original again)"
            )


def notebooks_folder() -> Path:
    """The originals: in the package where a wheel was installed, beside it in a checkout."""
    package = Path(__file__).resolve().parent.parent
    installed = package / "notebooks"
    return installed if installed.is_dir() else package.parent / "notebooks"


def studio_notebook() -> Path:
    """The notebook that is the studio page. Raises StylekitError if it is missing."""
    path = notebooks_folder() / "studio.ipynb"
    if not path.is_file():
        raise StylekitError(path, "is missing; install stylekit again")
    return path


def copy_notebooks(folder: Path) -> Copies:
    """Copy the notebooks, and what lies with them, into a folder, which is made if need be.

    Raises StylekitError if the folder cannot be written to.
    """
    source, copies = notebooks_folder(), Copies(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if folder.samefile(source):
            return copies
        record = _read_record(folder / RECORD)
        for name, original in _files(source):
            copy, content = folder / name, original.read_bytes()
            digest = hashlib.sha256(content).hexdigest()
            fate = _fate(copies, copy, digest, record.get(name))
            fate.append(name)
            if fate is copies.kept:
                continue
            if fate is not copies.same:
                copy.parent.mkdir(parents=True, exist_ok=True)
                copy.write_bytes(content)
            record[name] = digest
        (folder / RECORD).write_text(json.dumps(record, indent=1), encoding="utf-8")
    except OSError as error:
        reason = "is a file; give a folder" if folder.is_file() else error.strerror
        raise StylekitError(folder, f"cannot take the notebooks: {reason}") from error
    return copies


def _fate(copies: Copies, copy: Path, digest: str, recorded: str | None) -> list[str]:
    """To which list a notebook belongs: `digest` is the original's, `recorded` the last copy's."""
    if not copy.exists():
        return copies.new
    found = hashlib.sha256(copy.read_bytes()).hexdigest()
    if found == digest:
        return copies.same
    return copies.updated if found == recorded else copies.kept


def _files(source: Path) -> Iterator[tuple[str, Path]]:
    """Name and path of each file; hidden ones, such as Jupyter's checkpoints, are left out."""
    for path in sorted(source.rglob("*")):
        inner = path.relative_to(source)
        if path.is_file() and not any(part.startswith((".", "__")) for part in inner.parts):
            yield inner.as_posix(), path


def _read_record(path: Path) -> dict[str, str]:
    """What was copied before; nothing if the record is damaged, so that all changes are kept."""
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return record if isinstance(record, dict) else {}
