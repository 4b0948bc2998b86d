"""Clips as pictures: a folder, or numbered files that a printf pattern such as %04d.png names."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..arrays import Image, to_bytes
from ..errors import MediaError
from ..samples import MaterialKind, find_material, materials
from ..settings import MediaLimits
from .clip_layout import check_size
from .file_kinds import PICTURE_ENDINGS
from .files import check_output, make_folder, sha256_of, temporary_folder
from .image_reading import read_alpha, upright_size
from .images import PICTURE_SUFFIXES, load_image, save_image
from .provenance import Provenance, SourceFile, clean_text, read_tags, sidecar_path

USUAL_FPS = Fraction(24)
"""The frame rate of pictures, unless another one is given."""

_NUMBER = re.compile(r"%(?:0(\d))?d")
_OUTPUT_NAMES = "%06d.png"


@dataclass(frozen=True)
class Pattern:
    """File names with a number: `prefix`, the number with at least `digits` digits, `suffix`."""

    folder: Path
    prefix: str
    digits: int
    suffix: str

    @classmethod
    def of(cls, path: Path) -> Pattern | None:
        """The pattern that a path is; None for the name of a file or folder."""
        found = list(_NUMBER.finditer(path.name))
        if len(found) != 1 or path.exists():
            return None
        number = found[0]
        prefix, suffix = path.name[: number.start()], path.name[number.end() :]
        return cls(path.parent, prefix, int(number[1] or 1), suffix)

    def file(self, number: int) -> Path:
        """The file with a number."""
        return self.folder / f"{self.prefix}{number:0{self.digits}d}{self.suffix}"

    def numbers(self) -> list[int]:
        """The numbers of the files that exist, rising."""
        if not self.folder.is_dir():
            return []
        name = re.compile(f"{re.escape(self.prefix)}([0-9]+){re.escape(self.suffix)}")
        found = [name.fullmatch(file.name) for file in self.folder.iterdir()]
        numbers = {int(match[1]) for match in found if match}
        return sorted(number for number in numbers if self.file(number).is_file())


def is_sequence(path: Path | str) -> bool:
    """Whether a path is a folder or a printf pattern, not a file.

    Examples
    --------
    >>> from stylekit.media.sequences import is_sequence
    >>> is_sequence("frames/%04d.png"), is_sequence("frames/0001.png")
    (True, False)
    """
    path = Path(path)
    return path.is_dir() or Pattern.of(path) is not None


def find_clip(name_or_path: str | Path, kinds: Iterable[MaterialKind]) -> Path:
    """The path of a file, a folder or a pattern, or of built-in material of these kinds by name.

    A file comes before a built-in name, and that before a folder. Raises MediaError as
    `find_material` does.
    """
    kinds = tuple(kinds)
    names = {name.lower() for kind in kinds for name in materials(kind)}
    path = Path(name_or_path).expanduser()
    if str(name_or_path).strip() and str(name_or_path).lower() not in names and is_sequence(path):
        return path
    return find_material(name_or_path, kinds)


def sequence_files(path: Path) -> list[Path]:
    """The pictures of a folder in natural order, or those of a pattern from its first number on.

    Raises MediaError if there is none, or if a number of a pattern is missing.
    """
    pattern = Pattern.of(path)
    if pattern is not None:
        numbers = pattern.numbers()
        if not numbers:
            raise MediaError(path, "there is no such picture; check the folder and the pattern")
        for wanted, number in enumerate(numbers, numbers[0]):
            if number != wanted:
                raise MediaError(
                    pattern.file(wanted),
                    f"is missing between {pattern.file(wanted - 1).name} and "
                    f"{pattern.file(number).name}; add it, or number the pictures without gaps",
                )
        return [pattern.file(number) for number in numbers]
    files = [
        file
        for file in path.iterdir()
        if file.suffix.lower() in PICTURE_ENDINGS
        and not file.name.startswith(".")
        and file.is_file()
    ]
    if not files:
        raise MediaError(path, "holds no pictures; give a folder of pictures, or a clip")
    return sorted(files, key=lambda file: _natural(file.name))


def _natural(name: str) -> tuple[list[tuple[int, str]], str]:
    """A key that sorts `2.png` before `10.png`; equal ones by the name as it is."""
    parts = re.split(r"([0-9]+)", name.lower())
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in parts], name


@dataclass(frozen=True)
class PictureSequence:
    """The pictures of a folder or pattern as a clip: the times of all, and each when it is read."""

    files: tuple[Path, ...]
    times: tuple[Fraction, ...]
    end: Fraction
    size: tuple[int, int]
    limits: MediaLimits

    @classmethod
    def of(cls, path: Path, fps: Fraction, limits: MediaLimits) -> PictureSequence:
        """Find the pictures and check their sizes, without decoding them.

        Raises MediaError if one is no picture, outside `limits`, or of another size than the first.
        """
        files = sequence_files(path)
        size = upright_size(files[0], limits)
        check_size(files[0], *size, limits)
        for file in files[1:]:
            other = upright_size(file, limits)
            if other != size:
                raise MediaError(
                    file,
                    f"is {other[0]}×{other[1]} pixels large, {files[0].name} before it is "
                    f"{size[0]}×{size[1]}; all pictures of a clip must have one size",
                )
        times = tuple(index / fps for index in range(len(files)))
        return cls(tuple(files), times, len(files) / fps, size, limits)

    def read(self, index: int, size: int | None) -> tuple[NDArray[np.uint8], bool]:
        """A picture over white, uint8 `(H, W, 3)`, and whether it is transparent in parts."""
        file = self.files[index]
        pixels = to_bytes(load_image(file, size=size, limits=self.limits))
        return pixels, read_alpha(file, self.limits) is not None


def describe_sequence(path: Path) -> SourceFile:
    """Name and hash of all pictures of a folder or pattern; what the first says of its origin.

    The hash is the SHA-256 of the lines `SHA-256 of the file, two spaces, name, line feed`, in the
    order of the pictures, as `sha256sum` prints them.
    """
    files = sequence_files(path)
    lines = "".join(f"{sha256_of(file)}  {file.name}\n" for file in files)
    digest = hashlib.sha256(lines.encode(errors="surrogateescape")).hexdigest()
    return SourceFile(name=clean_text(path.name), sha256=digest, **read_tags(files[0]))


def output_path(text: str) -> Path:
    """The path of an output: for `FOLDER/` a pattern in this folder.

    Examples
    --------
    >>> from stylekit.media.sequences import output_path
    >>> output_path("painted/").as_posix(), output_path("painted.mp4").as_posix()
    ('painted/%06d.png', 'painted.mp4')
    """
    is_folder = text.endswith(("/", os.sep))
    return Path(text) / _OUTPUT_NAMES if is_folder else Path(text)


def existing_files(path: Path) -> list[Path]:
    """The files that an output at `path` would replace: one, or those of its pattern."""
    pattern = Pattern.of(path)
    if pattern is not None:
        return [pattern.file(number) for number in pattern.numbers()]
    # A link to nowhere would be replaced too.
    return [path] if os.path.lexists(path) else []


def check_sequence_output(path: Path | str) -> Pattern:
    """Check that pictures may be written to a pattern; its own folder need not exist.

    Raises MediaError if that is not so, or if there are pictures of such names already, unless a
    sidecar shows that they are an earlier result, which may be replaced.
    """
    path = Path(path)
    pattern = Pattern.of(path)
    if pattern is None:
        raise MediaError(path, "must have one number such as %04d in its name")
    folder = path.parent
    if folder.exists() and not folder.is_dir():
        raise MediaError(folder, "is a file; give the name of a folder")
    # A folder that does not exist yet will be made, if that above it can be written.
    check_output(path if folder.exists() else folder.parent / path.name, PICTURE_SUFFIXES)
    existing = existing_files(path)
    if existing and not sidecar_path(path).is_file():
        raise MediaError(
            existing[0],
            "is there already, and is no earlier result of stylekit; remove such pictures, or give "
            "another folder",
        )
    return pattern


def write_sequence(
    frames: Iterable[Image], path: Path | str, *, provenance: Provenance | None
) -> int:
    """Write each frame as a picture, numbered from 0; returns how many there are.

    All pictures are written to a hidden folder first, and get their names when the last is
    complete; pictures of an earlier result that are left over are removed then.

    Raises MediaError as `check_sequence_output` does, or if there is no frame.
    """
    path = Path(path)
    pattern = check_sequence_output(path)
    make_folder(pattern.folder)
    # In the same folder, so that the pictures can be renamed and need no second space.
    with temporary_folder(pattern.folder) as unfinished:
        hidden = Pattern(unfinished, pattern.prefix, pattern.digits, pattern.suffix)
        count, shape = 0, None
        for count, frame in enumerate(frames, 1):
            if shape not in (None, frame.shape):
                raise ValueError(f"frame: must have the shape {shape}, has {frame.shape}")
            shape = frame.shape
            save_image(frame, hidden.file(count - 1), provenance=provenance)
        if count == 0:
            raise MediaError(path, "there is no frame to write; give at least one")
        for number in range(count):
            hidden.file(number).replace(pattern.file(number))
        for number in pattern.numbers():
            if number >= count:
                pattern.file(number).unlink()
    return count
