"""The notebooks of stylekit, and their copies in a folder of the user.

Copies have the exercises without their solutions; `stylekit course` writes both.
A copy that the user has changed is never overwritten. A copy counts as unchanged as long as its
bytes are those that were copied, so running a notebook, which stores new outputs, changes it too.
The SHA-256 of each copy is kept in a file beside the copies.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from ..errors import StylekitError
from ..media.files import atomic_path, write_text_atomic
from .lesson_cells import student_bytes

RECORD = ".stylekit-notebooks.json"


@dataclass(slots=True)
class Copies:
    """Names of the notebooks by what was done; `kept` are those that the user has changed."""

    folder: Path
    new: list[str] = field(default_factory=list)
    updated: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
    same: list[str] = field(default_factory=list)

    def lines(self) -> Iterator[str]:
        """Lines for the user; none if all copies were up to date."""
        if self.new:
            yield f"copied to {self.folder}: {', '.join(self.new)}"
        if self.updated:
            yield f"replaced, because you had not changed them: {', '.join(self.updated)}"
        if self.kept:
            yield (
                f"kept, because you have changed them: {', '.join(self.kept)} "
                "(to get an original again, rename your copy)"
            )


def notebooks_folder() -> Path:
    """The folder of the originals: in an installed package, or beside it in a checkout."""
    package = Path(__file__).resolve().parent.parent
    installed = package / "notebooks"
    return installed if installed.is_dir() else package.parent / "notebooks"


def studio_notebook() -> Path:
    """The notebook of the studio page. Raises StylekitError if it is missing."""
    path = notebooks_folder() / "studio.ipynb"
    if not path.is_file():
        raise StylekitError(path, "is missing; install stylekit again")
    return path


def copy_notebooks(folder: Path) -> Copies:
    """Copy the notebooks, and the files that they use, into a folder.

    Parameters
    ----------
    folder : made if it does not exist

    Returns
    -------
    Copies : what was done with each file

    Raises
    ------
    StylekitError : if the folder cannot be written to
    """
    source, copies = notebooks_folder(), Copies(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if folder.samefile(source):
            return copies
        record = _read_record(folder / RECORD)
        for name, original in _files(source):
            copy, content = folder / name, student_bytes(original.read_bytes())
            digest = hashlib.sha256(content).hexdigest()
            group = _group(copies, copy, digest, record.get(name))
            group.append(name)
            if group is copies.kept:
                continue
            if group is not copies.same:
                copy.parent.mkdir(parents=True, exist_ok=True)
                # A copy that a full disk cuts off would look as if the user had changed it.
                with atomic_path(copy) as temporary:
                    temporary.write_bytes(content)
            record[name] = digest
        write_text_atomic(folder / RECORD, json.dumps(record, indent=1))
    except OSError as error:
        reason = "is a file; give a folder" if folder.is_file() else error.strerror
        raise StylekitError(folder, f"cannot take the notebooks: {reason}") from error
    return copies


def _group(copies: Copies, copy: Path, digest: str, recorded: str | None) -> list[str]:
    """The list of `copies` for a file; `digest` is of its original, `recorded` of the last copy."""
    if not copy.exists():
        return copies.new
    found = hashlib.sha256(copy.read_bytes()).hexdigest()
    if found == digest:
        return copies.same
    return copies.updated if found == recorded else copies.kept


def _files(source: Path) -> Iterator[tuple[str, Path]]:
    """Name and path of each file except hidden ones, such as Jupyter's checkpoints."""
    for path in sorted(source.rglob("*")):
        inner = path.relative_to(source)
        if path.is_file() and not any(part.startswith((".", "__")) for part in inner.parts):
            yield inner.as_posix(), path


def _read_record(path: Path) -> dict[str, str]:
    """The SHA-256 of earlier copies; empty if damaged, so that every changed copy is kept."""
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return record if isinstance(record, dict) else {}
