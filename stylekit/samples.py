"""Built-in photographs, style pictures and clips, and how a user's word becomes a file.

Nothing is registered anywhere: a file put into `data/photographs`, `data/styles` or `data/clips`
is built-in material under its name without the ending.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from enum import Enum
from pathlib import Path

from .errors import MediaError

PICTURE_SUFFIXES = (".jpg", ".png")
CLIP_SUFFIXES = (".mp4",)


class MaterialKind(Enum):
    """What built-in material is for. The value is the name of its folder in `data/`."""

    PHOTOGRAPH = "photographs"
    STYLE = "styles"
    CLIP = "clips"

    @property
    def folder(self) -> Path:
        """Where the files of this kind lie."""
        return data_folder() / self.value

    @property
    def suffixes(self) -> tuple[str, ...]:
        """The endings that files of this kind have."""
        return CLIP_SUFFIXES if self is MaterialKind.CLIP else PICTURE_SUFFIXES


def data_folder() -> Path:
    """The folder `data/`: in the package where a wheel was installed, beside it in a checkout."""
    package = Path(__file__).resolve().parent
    installed = package / "data"
    return installed if installed.is_dir() else package.parent / "data"


def materials(kind: MaterialKind) -> dict[str, Path]:
    """The built-in material of one kind: name → file, sorted by name."""
    folder = kind.folder
    if not folder.is_dir():
        return {}
    files = (path for path in folder.iterdir() if path.suffix in kind.suffixes)
    return {path.stem: path for path in sorted(files, key=lambda path: path.stem)}


def find_material(
    name_or_path: str | Path, kinds: MaterialKind | Iterable[MaterialKind] = tuple(MaterialKind)
) -> Path:
    """The file that a user means by a path or by the name of built-in material of these kinds.

    A file that exists comes first, then a built-in name, without regard to case. Where two kinds
    share a name, the kind that is given first wins.

    Raises MediaError that lists the built-in names, or, for what looks like a path, says that
    there is no such file.
    """
    path = _expand(name_or_path)
    if _is(path, Path.is_file):
        return path
    found: dict[str, Path] = {}
    for kind in (kinds,) if isinstance(kinds, MaterialKind) else kinds:
        for name, file in materials(kind).items():
            found.setdefault(name.lower(), file)
    wanted = str(name_or_path)
    if wanted.lower() in found:
        return found[wanted.lower()]
    if wanted and _is(path, Path.exists):
        kind_of_thing = "a folder" if _is(path, Path.is_dir) else "not an ordinary file"
        raise MediaError(path, f"is {kind_of_thing}; give the name of a file")
    names = ", ".join(sorted(found)) or "none"
    if isinstance(name_or_path, Path) or _looks_like_a_path(name_or_path):
        raise MediaError(path, f"no such file; check the name and the folder (built in: {names})")
    raise MediaError(wanted or "(no name)", f"neither a file nor built in; there are {names}")


def _looks_like_a_path(text: str) -> bool:
    return "/" in text or "\\" in text or Path(text).suffix[1:].isalnum()


def _expand(name_or_path: str | Path) -> Path:
    try:
        return Path(name_or_path).expanduser()
    except RuntimeError:  # "~somebody", who is no user here
        return Path(name_or_path)


def _is(path: Path, question: Callable[[Path], bool]) -> bool:
    """`question(path)`, and False for what cannot be a name on this system."""
    try:
        return question(path)
    except (OSError, ValueError):
        return False
