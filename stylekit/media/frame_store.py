"""The memory of a clip: a short clip stays in memory, a long one goes to a temporary file.

So the memory in use does not grow with the length of a clip.
"""

from __future__ import annotations

import logging
import re
import shutil
import tempfile
import threading
import weakref
from collections.abc import Sequence
from pathlib import Path
from typing import Any, overload

import numpy as np
from numpy.typing import NDArray

from ..errors import MediaError

log = logging.getLogger(__name__)

MAX_BYTES_IN_MEMORY = 16_000_000
"""The pictures of a clip that needs more bytes are moved to a file.

The value is small beside the gigabyte that painting takes, and enough for about 80 frames of 256
pixels, so short trials do not use the disk.
"""

_ADVICE = (
    "free some space there, name another folder in the environment variable TMPDIR, or read fewer "
    "or smaller frames"
)


class FrameStore:
    """Collects the pictures of a clip in order; `frames` then returns its frames as a sequence.

    Pictures are uint8 `(H, W, 3)`, all of one size. A picture that several frames show is stored
    once. `path`, the clip's file, is named in errors. `expected` is the most pictures that will
    come, 0 if that is not known: before the first is moved to a file, their space is checked.
    """

    def __init__(self, path: Path, expected: int = 0) -> None:
        self._path, self._expected = path, expected
        self._pictures: list[NDArray[np.uint8]] = []
        self._file: _PictureFile | None = None
        # The number of the picture that each frame shows.
        self._shown: list[int] = []
        self._count = 0

    def __len__(self) -> int:
        return len(self._shown)

    def add(self, pixels: NDArray[np.uint8], times: int = 1) -> None:
        """Append a picture that is shown by `times` frames, at least one.

        Raises MediaError if the temporary file cannot be written.
        """
        if self._file is None:
            self._pictures.append(pixels)
            if len(self._pictures) * pixels.nbytes > MAX_BYTES_IN_MEMORY:
                self._move_to_file()
        else:
            self._file.write(pixels)
        self._shown += [self._count] * times
        self._count += 1

    def frames(self, count: int) -> Sequence[NDArray[np.uint8]]:
        """The first `count` frames; a tuple if they are in memory."""
        shown = tuple(self._shown[:count])
        if self._file is not None:
            return _StoredFrames(self._file, shown)
        return tuple(self._pictures[number] for number in shown)

    def _move_to_file(self) -> None:
        check_space(self._path, self._expected * self._pictures[0].nbytes)
        self._file = _PictureFile(self._path, self._pictures[0].shape)
        for picture in self._pictures:
            self._file.write(picture)
        self._pictures.clear()


def check_space(path: Path, needed: int) -> None:
    """Raise MediaError if the temporary folder has not the space for the frames of the clip `path`.

    One line says so if that folder is memory, which painting needs too.

    Parameters
    ----------
    path : the file of the clip, which is named
    needed : bytes
    """
    try:
        folder = Path(tempfile.gettempdir())
        free = shutil.disk_usage(folder).free
    except OSError:
        return  # the file itself will be refused, with the reason
    if free < needed:
        raise MediaError(
            path,
            f"its frames need {needed / 1e6:.0f} MB in the temporary folder {folder}, which has "
            f"{free / 1e6:.0f} MB left; {_ADVICE}",
        )
    if needed and is_memory(folder):
        log.info(
            "%s: %.0f MB of frames are kept in %s, which is memory on this machine; the "
            "environment variable TMPDIR can name a folder on a disk",
            path.name,
            needed / 1e6,
            folder,
        )


def is_memory(folder: Path) -> bool:
    """Whether the files of a folder are kept in memory; False where the system does not tell."""
    try:
        mounts = Path("/proc/self/mounts").read_text(encoding="utf-8", errors="replace")
        place = folder.resolve()
    except OSError:
        return False
    kinds = {}
    for line in mounts.splitlines():
        _, mounted, kind, *_ = line.split(" ")
        # The file writes spaces and backslashes as octal numbers.
        mounted = re.sub(r"\\([0-7]{3})", lambda found: chr(int(found[1], 8)), mounted)
        if place.is_relative_to(mounted):
            # Of several at one place the last is the one that is seen.
            kinds[len(Path(mounted).parts)] = kind
    return kinds.get(max(kinds, default=0)) in ("tmpfs", "ramfs")


class _StoredFrames(Sequence[NDArray[np.uint8]]):
    """Frames in a file, read each time that they are asked for; slices share the file."""

    def __init__(self, file: _PictureFile, shown: tuple[int, ...]) -> None:
        self._file, self._shown = file, shown

    def __len__(self) -> int:
        return len(self._shown)

    @overload
    def __getitem__(self, index: int) -> NDArray[np.uint8]: ...

    @overload
    def __getitem__(self, index: slice) -> Sequence[NDArray[np.uint8]]: ...

    def __getitem__(self, index: int | slice) -> NDArray[np.uint8] | Sequence[NDArray[np.uint8]]:
        if isinstance(index, slice):
            return _StoredFrames(self._file, self._shown[index])
        return self._file.read(self._shown[index])

    def __reduce__(self) -> tuple[Any, ...]:
        # The file has no name by which another process could open it, so copy the pictures.
        return tuple, (list(self),)


class _PictureFile:
    """Pictures of one shape in a temporary file, which is removed with its last reference.

    Several threads may read at once. Raises MediaError if the system refuses to read or write.
    """

    def __init__(self, path: Path, shape: tuple[int, ...]) -> None:
        self._path, self._shape = path, shape
        self._bytes = int(np.prod(shape))
        # For seek and read together. os.pread would need no lock, but Windows does not have it.
        self._lock = threading.Lock()
        try:
            # Unbuffered, because pictures are large, and so that a full disk is noticed at once.
            self._file = tempfile.TemporaryFile(prefix="stylekit-", buffering=0)  # noqa: SIM115
        except OSError as error:
            raise self._refused(error) from error
        weakref.finalize(self, self._file.close)

    def write(self, pixels: NDArray[np.uint8]) -> None:
        """Append a picture."""
        assert pixels.shape == self._shape
        left = np.ascontiguousarray(pixels).data.cast("B")
        try:
            # One call may write only a part, for example if the disk is almost full.
            while left:
                left = left[self._file.write(left) :]
        except OSError as error:
            raise self._refused(error) from error

    def read(self, number: int) -> NDArray[np.uint8]:
        """Picture `number`, counted from 0, as a new array."""
        pixels = np.empty(self._shape, np.uint8)
        left = pixels.data.cast("B")
        with self._lock:
            self._file.seek(number * self._bytes)
            while left:
                count = self._file.readinto(left)
                if not count:
                    raise MediaError(self._path, "its temporary file was cut off; read it again")
                left = left[count:]
        return pixels

    def _refused(self, error: OSError) -> MediaError:
        # `tempdir` is None if Python has found no folder that it may write to.
        folder = f"folder {tempfile.tempdir}" if tempfile.tempdir else "folder"
        return MediaError(
            self._path,
            f"its frames cannot be kept in the temporary {folder} ({error.strerror}); {_ADVICE}",
        )
