"""Results that get their names when they are complete, and the record of what a run has written."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from .files import (
    flush_folder,
    make_folder,
    refusals_explained,
    remove_unfinished,
    sha256_of,
    temporary_folder,
    write_text_atomic,
)
from .provenance import clean_text, sidecar_path
from .sequences import Pattern, existing_files


@dataclass(frozen=True, slots=True)
class WrittenFiles:
    """The files that a run has written, by their SHA-256; it may replace them unasked.

    The text file `record` has a line for each, as `sha256sum` prints it. A file that somebody has
    changed since is not among them.
    """

    record: Path

    def note(self, *files: Path) -> None:
        """Add files, before they get their names. Raises MediaError if that cannot be written."""
        known = self._hashes()
        added = {sha256_of(file): file.name for file in files}
        lines = [
            f"{sha256}  {clean_text(name)}\n"
            for sha256, name in added.items()
            if sha256 not in known
        ]
        if lines:
            write_text_atomic(self.record, "".join([*self._lines(), *lines]))

    def holds(self, *files: Path) -> bool:
        """Whether all of these files are among them, unchanged."""
        known = self._hashes()
        return all(file.is_file() and sha256_of(file) in known for file in files)

    def _hashes(self) -> set[str]:
        return {line.split("  ")[0] for line in self._lines()}

    def _lines(self) -> list[str]:
        try:
            return self.record.read_text(encoding="utf-8").splitlines(keepends=True)
        except (OSError, ValueError):
            return []


def occupied(output: Path) -> list[Path]:
    """The files that a result at `output` would replace: it, or its pictures, and its sidecar."""
    sidecar = sidecar_path(output)
    return [*existing_files(output), *([sidecar] if sidecar.exists() else [])]


@contextmanager
def complete_result(output: Path, written: WrittenFiles | None = None) -> Iterator[Path]:
    """A path with the name of `output` in a hidden folder, for a result and its sidecar.

    The body writes a file, or numbered pictures, and a sidecar. When they are complete they replace
    those at `output`, the sidecar last: so no sidecar is beside another result than its own. If the
    body raises, everything stays as it was.

    Parameters
    ----------
    output : the path of the result; its folder is made if it is missing
    written : notes the files before they replace others

    Raises
    ------
    MediaError : if the system refuses to write
    """
    # It may have been removed while the result was made.
    folder = make_folder(output.parent)
    remove_unfinished(folder)
    with temporary_folder(folder) as hidden, refusals_explained(output):
        yield hidden / output.name
        results = existing_files(hidden / output.name)
        sidecar = sidecar_path(hidden / output.name)
        files = [*results, *([sidecar] if sidecar.exists() else [])]
        if written is not None:
            written.note(*files)
        sidecar_path(output).unlink(missing_ok=True)
        names = {file.name for file in results}
        left = [file for file in existing_files(output) if file.name not in names]
        for file in files:
            file.replace(folder / file.name)
        if Pattern.of(output) is not None:
            for file in left:
                file.unlink()
    with contextlib.suppress(OSError):
        flush_folder(folder)
