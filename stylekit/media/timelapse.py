"""Time-lapses: a picture while it is painted, as a short clip or an animated GIF."""

from __future__ import annotations

import itertools
from fractions import Fraction
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from ..arrays import Image, check_image, from_bytes, to_bytes
from ..errors import MediaError, SettingsError
from .animations import write_gif
from .encode import FILM_SUFFIXES, write_clip
from .files import check_absent, check_output
from .images import resize_image

TIMELAPSE_SUFFIXES = (*FILM_SUFFIXES, ".gif")
"""The endings that `TimeLapse.save` accepts."""

# Times are in hundredths of a second, as a GIF has them. With the hold at the end the longest
# time-lapse takes 200 · 4 + 150, less than ten seconds. Browsers slow down GIFs that are faster.
_MAX_FRAMES = 200
_DELAYS = (4, 10)
_WHOLE = 800
_HOLD = 150

_MAX_BYTES = 250_000_000


class HasImage(Protocol):
    """A step of a painting, or the painting itself."""

    @property
    def image(self) -> Image:
        """The picture as it is now."""
        ...


class TimeLapse:
    """The pictures of a painting's steps, from which a short clip or a GIF is made.

    While it paints, at most `limit` pictures are kept in memory, as 8-bit pictures of together at
    most 250 MB. When there are more, every second is forgotten, and from then on only every second
    step is kept; so they are always evenly spaced. The newest picture is always kept.

    Parameters
    ----------
    limit : the most frames, 2 to 200

    Raises
    ------
    SettingsError : for a `limit` out of range

    Examples
    --------
    ::

        lapse = TimeLapse()
        for step in painting.steps():
            lapse.add(step)
        lapse.save("cat.gif")
    """

    def __init__(self, limit: int = _MAX_FRAMES) -> None:
        if not 2 <= limit <= _MAX_FRAMES:
            raise SettingsError(
                "limit", f"must be a whole number from 2 to {_MAX_FRAMES}, is {limit!r}"
            )
        self._limit = limit
        self._kept: list[NDArray[np.uint8]] = []
        self._stride = 1
        self._count = 0
        self._newest: NDArray[np.uint8] | None = None

    def __len__(self) -> int:
        return len(self._frames())

    def add(self, picture: Image | HasImage) -> None:
        """Add the picture after a step.

        Parameters
        ----------
        picture : an Image, float32 RGB `(H, W, 3)` in [0, 1], or a step, which has one as `image`

        Raises
        ------
        TypeError, ValueError : if it is no Image
        """
        image = picture if isinstance(picture, np.ndarray) else picture.image
        self._newest = to_bytes(check_image(image))
        if self._count % self._stride == 0:
            self._kept.append(self._newest)
        self._count += 1
        # The newest may be one more than those that are evenly spaced.
        while len(self._kept) > 1 and (
            len(self) > self._limit or sum(frame.nbytes for frame in self._kept) > _MAX_BYTES
        ):
            self._kept = self._kept[::2]
            self._stride *= 2

    def save(
        self,
        path: Path | str,
        *,
        size: tuple[int, int] | None = None,
        comment: str = "",
        overwrite: bool = True,
    ) -> None:
        """Write the time-lapse, which takes at most ten seconds and holds its end for 1.5.

        All frames have the size of the finished picture: smaller ones are enlarged smoothly. Each
        is shown for 0.04 to 0.1 seconds, the longer the fewer there are. A GIF has one palette of
        255 colours, which are dithered, and is repeated without end.

        Parameters
        ----------
        path : ends in .gif, or in .mp4 or .mov, whose sides are padded to even ones
        size : (width, height) of the frames; None for that of the newest picture
        comment : metadata
        overwrite : whether a file that is already there is replaced

        Raises
        ------
        MediaError : if no picture was added, or the file cannot be written
        """
        path = check_output(path, TIMELAPSE_SUFFIXES)
        if not overwrite:
            check_absent(path)
        frames = self._frames()
        if not frames:
            raise MediaError(path, "there is no picture to write; add at least one")
        height, width = frames[-1].shape[:2]
        size = size or (width, height)
        delay = min(max(_WHOLE // len(frames), _DELAYS[0]), _DELAYS[1])
        if path.suffix.lower() == ".gif":
            write_gif(
                lambda index: to_bytes(_resized(frames[index], size)),
                len(frames),
                path,
                [delay] * (len(frames) - 1) + [_HOLD],
                comment,
            )
            return
        held = itertools.repeat(frames[-1], round(_HOLD / delay) - 1)
        write_clip(
            (_resized(frame, size) for frame in itertools.chain(frames, held)),
            path,
            fps=Fraction(100, delay),
            comment=comment,
        )

    def _frames(self) -> list[NDArray[np.uint8]]:
        """The frames that are kept, and the newest, unless it is among them."""
        if self._newest is None or self._kept[-1] is self._newest:
            return self._kept
        return [*self._kept, self._newest]


def _resized(frame: NDArray[np.uint8], size: tuple[int, int]) -> Image:
    return resize_image(from_bytes(frame), size)
