"""A process that reads files whose names come on its standard input, and says how it went.

It is started by `run.py`, which watches its memory and its time. For each file it answers with one
line: `ok`, `refused` or `failed`, and what was said.
"""

from __future__ import annotations

import sys
import traceback
import warnings
from collections.abc import Callable
from pathlib import Path

from stylekit.errors import StylekitError
from stylekit.media.clips import describe_clip, read_clip
from stylekit.media.images import load_alpha, load_image
from stylekit.media.presets import load_preset
from stylekit.media.provenance import describe_source

_AS_CLIP = {".mp4", ".mov", ".webm", ".mkv", ".avi", ".ts", ".mpg", ".gif", ".webp", ".png"}


def read(path: Path) -> str:
    """Read a file in every way in which one with its ending may be read."""
    readers: list[Callable[[Path], object]]
    if path.suffix == ".json":
        readers = [load_preset]
    else:
        readers = [load_image, load_alpha, describe_source]
        if path.suffix in _AS_CLIP:
            readers += [read_clip, lambda path: read_clip(path, allow_partial=True), describe_clip]
    answer = "refused"
    for reader in readers:
        try:
            reader(path)
            # Of any file something can be said.
            if reader not in (describe_clip, describe_source):
                answer = "ok"
        except StylekitError as error:
            words = str(error)
            if "\n" in words or not words.startswith(f"{path.name}: "):
                return f"failed the message {words!r}"
        except BaseException as error:
            where = traceback.extract_tb(error.__traceback__)[-1]
            return f"failed {reader} {type(error).__name__} {error} at {where}".replace("\n", " ")
    return answer


def main() -> None:
    # Pillow and FFmpeg warn of damage on their own; the answers have a pipe to themselves.
    warnings.simplefilter("ignore")
    for line in sys.stdin:
        print(read(Path(line.rstrip("\n"))), flush=True)


if __name__ == "__main__":
    main()
