"""Built-in photographs, style pictures and clips, and how they are found by name.

A file in `data/photographs`, `data/styles` or `data/clips` is built-in material. Its name is that
of the file without the ending; nothing else must be registered.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable
from enum import Enum
from pathlib import Path

from .errors import MediaError

PICTURE_SUFFIXES = (".jpg", ".png")
CLIP_SUFFIXES = (".mp4",)

# `Path` makes one slash of the two of an address. A single letter is a drive of Windows.
_ADDRESS = re.compile(r"[a-z][a-z0-9+.-]+:/|data:", re.IGNORECASE)
_NUMBER = re.compile(r"%(0\d)?d")


class MaterialKind(Enum):
    """A kind of built-in material. The value is the name of its folder in `data/`."""

    PHOTOGRAPH = "photographs"
    STYLE = "styles"
    CLIP = "clips"

    @property
    def folder(self) -> Path:
        """The folder of the files of this kind."""
        return data_folder() / self.value

    @property
    def suffixes(self) -> tuple[str, ...]:
        """The endings of the files of this kind."""
        return CLIP_SUFFIXES if self is MaterialKind.CLIP else PICTURE_SUFFIXES


def data_folder() -> Path:
    """The folder `data/`: inside an installed package, beside the package in a checkout."""
    package = Path(__file__).resolve().parent
    installed = package / "data"
    return installed if installed.is_dir() else package.parent / "data"


def materials(kind: MaterialKind) -> dict[str, Path]:
    """The files of one kind of built-in material by name, sorted by name.

    Examples
    --------
    >>> "chelsea" in materials(MaterialKind.PHOTOGRAPH)
    True
    """
    folder = kind.folder
    if not folder.is_dir():
        return {}
    files = (path for path in folder.iterdir() if path.suffix in kind.suffixes)
    return {path.stem: path for path in sorted(files, key=lambda path: path.stem)}


def find_material(
    name_or_path: str | Path, kinds: MaterialKind | Iterable[MaterialKind] = tuple(MaterialKind)
) -> Path:
    """The file of a path, or of the name of built-in material.

    Parameters
    ----------
    name_or_path : A path is tried first, then a built-in name, in capital or small letters.
    kinds : The kinds of material to search. If two kinds share a name, the first kind is taken.

    Raises
    ------
    MediaError
        If there is no such file; the message lists the built-in names, and says which of them is
        meant if one is nearly the same.

    Examples
    --------
    >>> find_material("Chelsea", MaterialKind.PHOTOGRAPH).stem
    'chelsea'
    """
    path = _expand(name_or_path)
    if _is(path, Path.is_file):
        return path
    found: dict[str, Path] = {}
    kinds = (kinds,) if isinstance(kinds, MaterialKind) else tuple(kinds)
    for kind in kinds:
        for name, file in materials(kind).items():
            found.setdefault(name.lower(), file)
    wanted = str(name_or_path)
    if wanted.lower() in found:
        return found[wanted.lower()]
    if advice := explain_no_file(path) if wanted else "":
        raise MediaError(path, advice)
    if wanted and _is(path, Path.exists):
        raise MediaError(path, "is not an ordinary file; give the name of a file")
    names = ", ".join(sorted(found)) or "none"
    if isinstance(name_or_path, Path) or _looks_like_a_path(name_or_path):
        raise MediaError(path, f"no such file; check the name and the folder (built in: {names})")
    raise MediaError(
        wanted or "(no name)",
        f"neither a file nor built in{_elsewhere(wanted, kinds)}; there are {names}"
        + _similar(wanted, found),
    )


def _elsewhere(wanted: str, kinds: Iterable[MaterialKind]) -> str:
    """That a name is one of another kind of material, which is not asked for here."""
    for kind in MaterialKind:
        if kind not in kinds and wanted.lower() in (name.lower() for name in materials(kind)):
            asked = " or ".join(each.value.removesuffix("s") for each in kinds)
            return f" as a {asked}: it is the name of a {kind.value.removesuffix('s')}"
    return ""


def _similar(wanted: str, names: Iterable[str]) -> str:
    close = difflib.get_close_matches(wanted.lower(), names, n=1)
    return f"; did you mean {close[0]}?" if close else ""


def explain_no_file(path: Path) -> str:
    """What to do about a path that is no file, but an address, a folder or a pattern; else empty.

    Examples
    --------
    >>> from stylekit.samples import explain_no_file
    >>> explain_no_file(Path("https://example.org/cat.jpg"))
    'is an address, and nothing is downloaded; save it as a file first, and give that'
    >>> explain_no_file(Path("cat.jpg"))
    ''
    """
    if _is(path, Path.is_dir):
        return (
            "is a folder; give the name of a file in it. Only a clip may be a folder of pictures "
            "(stylekit video)"
        )
    if _is(path, Path.exists):
        return ""
    if _ADDRESS.match(path.as_posix()):
        return "is an address, and nothing is downloaded; save it as a file first, and give that"
    if _NUMBER.search(path.name):
        return (
            "stands for numbered pictures; give the name of one of them. Only a clip may be a "
            "pattern (stylekit video)"
        )
    if set(path.name) & set("*?"):
        return (
            "there is no file of that name, and * and ? stand for nothing here; give one file, or "
            "for a clip its folder"
        )
    return ""


def _looks_like_a_path(text: str) -> bool:
    return "/" in text or "\\" in text or Path(text).suffix[1:].isalnum()


def _expand(name_or_path: str | Path) -> Path:
    try:
        return Path(name_or_path).expanduser()
    except RuntimeError:  # "~name" of an unknown user
        return Path(name_or_path)


def _is(path: Path, question: Callable[[Path], bool]) -> bool:
    """`question(path)`, and False for a path that this system does not allow."""
    try:
        return question(path)
    except (OSError, ValueError):
        return False
