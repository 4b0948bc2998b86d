"""A word of the user's → a picture or a clip, and a picture → a file."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from ..arrays import Image, Mask
from ..samples import MaterialKind
from ..settings import ImageSettings, check_number, tunables
from .clips import Clip, read_clip
from .file_kinds import CLIP_ENDINGS, is_clip, read_head
from .files import check_absent, check_input
from .images import load_image, save_image
from .sequences import find_clip, is_sequence


def load(name_or_path: str | Path, size: int | None = None) -> Image | Clip:
    """Read a picture or a clip: built-in material by its name, or a file by its path.

    A clip's frames are read when they are asked for; `clip[0]` is the first. A folder of pictures,
    or a pattern such as "frames/%04d.png", is a clip of 24 frames a second. A GIF, or another
    animated picture, is read as a picture. Code that needs one of the two kinds calls
    `stylekit.media.load_image` or `stylekit.media.read_clip`, which also have more options.

    Parameters
    ----------
    name_or_path
        "chelsea", "swirls" or "drift", for example (`stylekit doctor` lists all names), or a path.
        A file that exists comes before a built-in name, and that before a folder.
    size
        The longest side in pixels, 1 to 4096; the picture or clip keeps its own size without it.

    Returns
    -------
    Image or Clip
        A picture as float32 RGB `(H, W, 3)` in [0, 1], a clip as a sequence of such pictures.

    Raises
    ------
    MediaError
        The file is missing, damaged, or neither a picture nor a clip, or the name is unknown; the
        message starts with the name.
    SettingsError
        `size` is out of range.

    Examples
    --------
    >>> import stylekit as sk
    >>> sk.load("chelsea", size=48).shape
    (32, 48, 3)
    >>> len(sk.load("drift", size=48))
    24
    """
    if size is not None:
        # Smaller than a painting may be: to look at a picture is no reason to enlarge it.
        known = dataclasses.replace(tunables(ImageSettings)["size"], low=1)
        check_number("size", size, known, whole=True)
    path = find_clip(name_or_path, tuple(MaterialKind))
    if is_sequence(path):
        return read_clip(path, size=size)
    check_input(path)
    if path.suffix.lower() in CLIP_ENDINGS or is_clip(read_head(path)):
        return read_clip(path, size=size)
    return load_image(path, size=size)


def save(
    image: Image, path: str | Path, *, alpha: Mask | None = None, overwrite: bool = True
) -> None:
    """Write a picture in the format that the path's ending names, as `.png` or `.jpg`.

    The file says nothing of how the picture was made. To record that, pass `provenance` to
    `stylekit.media.save_image`; the command line and the Studio always do.

    Parameters
    ----------
    image
        Float32 RGB `(H, W, 3)` in [0, 1].
    path
        Where to write. The folder must exist.
    alpha
        Float32 `(H, W)` in [0, 1], 0 = transparent, 1 = opaque, as `load_alpha` reads it; the whole
        picture is opaque without it. JPEG cannot hold it.
    overwrite
        Whether a file that is already there is replaced, as by a cell that is executed again.

    Raises
    ------
    MediaError
        The file cannot be written, is there already and is not to be replaced, or its ending names
        no format that can be written, or none that holds `alpha`.
    ValueError, TypeError
        `image` or `alpha` has another shape, type or range.
    """
    path = Path(path).expanduser()
    if not overwrite:
        check_absent(path)
    save_image(image, path, provenance=None, alpha=alpha)
