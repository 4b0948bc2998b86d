"""Where a clip keeps its decoded pictures: a short one in memory, a long one in a temporary file.

Memory then does not grow with a clip's length: of a long one it holds the picture in use alone.
"""

from __future__ import annotations

import tempfile
import threading
import weakref
from collections.abc import Sequence
from pathlib import Path
from typing import Any, overload

import numpy as np
from numpy.typing import NDArray

from ..errors import MediaError

MAX_BYTES_IN_MEMORY = 16_000_000
"""Above this a clip's pictures move to a file.

Little beside the gigabyte that painting takes, and enough for a hundred frames of 256 pixels:
what people try things out with needs no disk.
"""


class FrameStore:
    """Takes the pictures of the clip `path` in order, then gives its frames as a sequence.

    Pictures are uint8 `(H, W, 3)`, all of one size. One that is shown for several frames is kept
    once.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._pictures: list[NDArray[np.uint8]] = []
        self._file: _PictureFile | None = None
        # The number of the picture that each frame shows.
        self._shown: list[int] = []
        self._count = 0

    def __len__(self) -> int:
        return len(self._shown)

    def add(self, pixels: NDArray[np.uint8], times: int = 1) -> None:
        """Append a picture that `times` frames, at least one, show.

        Raises MediaError, with what to do, if it must go to the temporary file and cannot.
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
        """The first `count` frames, a tuple if they are in memory."""
        shown = tuple(self._shown[:count])
        if self._file is not None:
            return _StoredFrames(self._file, shown)
        return tuple(self._pictures[number] for number in shown)

    def _move_to_file(self) -> None:
        self._file = _PictureFile(self._path, self._pictures[0].shape)
        for picture in self._pictures:
            self._file.write(picture)
        self._pictures.clear()


class _StoredFrames(Sequence[NDArray[np.uint8]]):
    """Frames in a file, read anew each time that they are asked for; slices share the file."""

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
        # Another process cannot have the file: it gets the pictures themselves.
        return tuple, (list(self),)


class _PictureFile:
    """Pictures of one shape in a file without a name, gone with the last reference to it.

    Any number of threads may read at once. Raises MediaError where the system refuses.
    """

    def __init__(self, path: Path, shape: tuple[int, ...]) -> None:
        self._path, self._shape = path, shape
        self._bytes = int(np.prod(shape))
        # Two threads must not come between each other's seek and read. os.pread would need no
        # lock, but Windows has none.
        self._lock = threading.Lock()
        try:
            # Unbuffered: pictures are larger than any buffer, and a full disk is seen at once.
            self._file = tempfile.TemporaryFile(prefix="stylekit-", buffering=0)  # noqa: SIM115
        except OSError as error:
            raise self._refused(error) from error
        weakref.finalize(self, self._file.close)

    def write(self, pixels: NDArray[np.uint8]) -> None:
        """Append a picture."""
        assert pixels.shape == self._shape
        left = np.ascontiguousarray(pixels).data.cast("B")
        try:
            # One call may write a part only, for instance the last that a disk had room for.
            while left:
                left = left[self._file.write(left) :]
        except OSError as error:
            raise self._refused(error) from error

    def read(self, number: int) -> NDArray[np.uint8]:
        """Picture `number`, counted from 0, as an array of its own."""
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
        # Python knows no folder if it found none where it may write.
        folder = f"folder {tempfile.tempdir}" if tempfile.tempdir else "folder"
        return MediaError(
            self._path,
            f"its frames cannot be kept in the temporary {folder} ({error.strerror}); free some "
            "space there, name another folder in the environment variable TMPDIR, or read fewer "
            "or smaller frames",
        )
