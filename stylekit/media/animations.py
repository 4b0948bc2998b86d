"""Animated pictures: WebP and PNG are read, GIF and WebP are written."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import PIL.Image
from numpy.typing import NDArray

from ..arrays import Image, check_image, from_bytes, to_bytes
from ..errors import MediaError
from ..settings import MediaLimits
from .clip_layout import check_size
from .file_kinds import read_head
from .files import atomic_path, check_input, limit_names
from .frame_store import FrameStore
from .image_reading import open_picture, read_shown_frame
from .images import fitted_size, resize_image

ANIMATION_SUFFIXES: tuple[str, ...] = (".gif", ".webp")
"""The endings that `write_animation` writes."""

# Browsers show a frame of at most 10 milliseconds for 100.
_SHORTEST, _INSTEAD = Fraction(10, 1000), Fraction(100, 1000)

# In hundredths of a second. Browsers slow down GIFs whose frames are shorter.
_SHORTEST_IN_GIF = 2

# Pillow has all frames of an animation in memory while it writes it.
_MAX_BYTES = 1_000_000_000

# One colour fewer than a GIF can have: Pillow marks with it the pixels that stay as they are.
_COLORS = 255
# From how many frames the colours are taken, and from how many pixels of a row and column of each.
_SAMPLES = 16
_SAMPLE_SIDE = 128

_WEBP: dict[str, Any] = {"quality": 95, "method": 4}


@dataclass(frozen=True)
class Animation:
    """An opened animation as a clip: the times of all pictures, and each when it is read.

    A picture that is shown for at most 10 milliseconds counts as one of 100, as in browsers.
    """

    picture: PIL.Image.Image
    numbers: tuple[int, ...]
    times: tuple[Fraction, ...]
    end: Fraction
    size: tuple[int, int]

    @classmethod
    @contextmanager
    def open(cls, path: Path, limits: MediaLimits) -> Iterator[Animation]:
        """Open an animation. Raises MediaError if it is damaged or outside `limits`."""
        check_input(path, max_bytes=limits.clip_bytes, limit="clip_bytes")
        # The sides of a clip are checked below; its file may be larger than that of a picture.
        with open_picture(path, None) as picture:
            check_size(path, *picture.size, limits)
            # A PNG may have a picture for programs that show no animation.
            first = 1 if getattr(picture, "default_image", False) else 0
            numbers = tuple(range(first, getattr(picture, "n_frames", 1)))
            if len(numbers) > limits.clip_frames:
                raise MediaError(
                    path,
                    f"has {len(numbers)} frames, the limit is {limits.clip_frames}; make it "
                    "shorter, or raise the limit with {clip_frames}",
                    settings=limit_names("clip_frames"),
                )
            times = [Fraction(0)]
            for number in numbers:
                picture.seek(number)
                picture.load()
                times.append(times[-1] + _shown_for(picture.info.get("duration", 0)))
            yield cls(picture, numbers, tuple(times[:-1]), times[-1], picture.size)

    def read(self, index: int, size: int | None) -> tuple[NDArray[np.uint8], bool]:
        """A picture over white, uint8 `(H, W, 3)`, and whether it is transparent in parts."""
        self.picture.seek(self.numbers[index])
        shown, transparent = read_shown_frame(self.picture)
        pixels = np.asarray(shown)
        if size is not None:
            pixels = to_bytes(resize_image(from_bytes(pixels), fitted_size(self.size, size)))
        return pixels, transparent


def is_animation(path: Path) -> bool:
    """Whether a file is a WebP or PNG with more than one frame; raises MediaError if damaged."""
    head = read_head(path)
    if not head.startswith(b"\x89PNG") and head[8:12] != b"WEBP":
        return False
    with open_picture(path, None) as picture:
        return bool(getattr(picture, "is_animated", False))


def _shown_for(milliseconds: float) -> Fraction:
    """A duration of Pillow in seconds."""
    seconds = Fraction(milliseconds).limit_denominator(10_000) / 1000
    return seconds if seconds > _SHORTEST else _INSTEAD


def write_animation(
    frames: Iterable[Image],
    path: Path,
    *,
    fps: Fraction,
    comment: str = "",
    xmp: bytes | None = None,
) -> None:
    """Write frames as an animated GIF or WebP, which is repeated without end.

    Each frame begins at its own time, rounded to what the format counts in: hundredths of a second
    in a GIF, milliseconds in WebP; the rounding does not add up. A GIF has no more than 50 frames a
    second, because browsers slow down others; more are shown slower, one each 0.02 seconds.

    Parameters
    ----------
    frames : float32 RGB, each `(H, W, 3)` in [0, 1], all of one size
    path : ends in .gif or .webp
    fps : frames a second
    comment : metadata of a GIF
    xmp : metadata of a WebP

    Raises
    ------
    MediaError : if there is no frame, if the frames need too much memory, or if the file cannot be
        written
    ValueError : for a frame of another size than the first
    """
    store = FrameStore(path)
    shape: tuple[int, ...] | None = None
    for frame in frames:
        check_image(frame, "frame")
        if shape not in (None, frame.shape):
            raise ValueError(f"frame: must have the shape {shape} as the first, has {frame.shape}")
        shape = frame.shape
        store.add(to_bytes(frame))
    if shape is None:
        raise MediaError(path, "there is no frame to write; give at least one")
    check_animation(path, len(store), shape[1], shape[0])
    kept = store.frames(len(store))
    if path.suffix.lower() == ".gif":
        write_gif(kept.__getitem__, len(kept), path, gif_delays(len(kept), fps), comment)
    else:
        _write_webp(kept, path, _delays(len(kept), 1000 / fps), xmp)


def check_animation(path: Path, count: int, width: int, height: int) -> None:
    """Raise MediaError if `count` frames are too many for an animation; other files are not."""
    # A frame of a GIF is kept as numbers of colours.
    each = width * height * (1 if path.suffix.lower() == ".gif" else 3)
    if path.suffix.lower() in ANIMATION_SUFFIXES and count * each > _MAX_BYTES:
        raise MediaError(
            path,
            f"{count} frames of {width}×{height} pixels are more than an animation should hold; "
            "write .mp4, or fewer or smaller frames",
        )


def gif_delays(count: int, fps: Fraction) -> list[int]:
    """For how many hundredths of a second each of `count` frames of a GIF is shown.

    Examples
    --------
    >>> from stylekit.media.animations import gif_delays
    >>> gif_delays(6, Fraction(24)), gif_delays(2, Fraction(60))
    ([4, 4, 4, 5, 4, 4], [2, 2])
    """
    return _delays(count, max(100 / fps, Fraction(_SHORTEST_IN_GIF)))


def rounding_note(path: Path, fps: Fraction) -> str:
    """How the rounding of a GIF changes the times of its frames; empty if it does not.

    Examples
    --------
    >>> from stylekit.media.animations import rounding_note
    >>> rounding_note(Path("a.gif"), Fraction(60))
    'a GIF has at most 50 frames a second: it is shown slower, at 50 in place of 60 a second'
    >>> rounding_note(Path("a.gif"), Fraction(25)), rounding_note(Path("a.webp"), Fraction(60))
    ('', '')
    """
    exact = 100 / fps
    if path.suffix.lower() != ".gif" or (exact.denominator == 1 and exact >= _SHORTEST_IN_GIF):
        return ""
    if exact < _SHORTEST_IN_GIF:
        return (
            f"a GIF has at most {100 // _SHORTEST_IN_GIF} frames a second: it is shown slower, "
            f"at {100 // _SHORTEST_IN_GIF} in place of {float(fps):.4g} a second"
        )
    low = int(exact)
    return (
        f"a GIF counts in hundredths of a second: its frames are shown for {low / 100:.2f} or "
        f"{(low + 1) / 100:.2f} seconds, {float(fps):.4g} a second on average"
    )


def _delays(count: int, each: Fraction) -> list[int]:
    """Whole durations of `count` frames that last `each`, so that each begins at its time."""
    starts = [round(index * each) for index in range(count + 1)]
    return [max(1, after - before) for before, after in itertools.pairwise(starts)]


def write_gif(
    frame: Callable[[int], NDArray[np.uint8]],
    count: int,
    path: Path,
    delays: Sequence[int],
    comment: str,
) -> None:
    """Write a GIF with one palette of 255 colours for all frames; they are dithered.

    Parameters
    ----------
    frame, count : `frame(index)` is one of `count` frames, uint8 `(H, W, 3)`
    path : where to write
    delays : for how many hundredths of a second each frame is shown
    comment : metadata
    """
    palette = _palette(frame, count)
    shown = (
        PIL.Image.fromarray(frame(index)).quantize(
            palette=palette, dither=PIL.Image.Dither.FLOYDSTEINBERG
        )
        for index in range(count)
    )
    with atomic_path(path) as temporary:
        next(shown).save(
            temporary,
            "GIF",
            save_all=True,
            append_images=shown,
            duration=[10 * delay for delay in delays],
            loop=0,
            comment=comment.encode(),
        )


def _palette(frame: Callable[[int], NDArray[np.uint8]], count: int) -> PIL.Image.Image:
    """One palette for all frames, because colours that change with each would flicker."""
    places = np.linspace(count - 1, 0, min(_SAMPLES, count)).round().astype(int)
    pixels = [_sample(frame(int(place))) for place in places]
    # A picture of one row; where a pixel is does not matter.
    row = PIL.Image.fromarray(np.concatenate(pixels)[np.newaxis])
    return row.quantize(_COLORS, method=PIL.Image.Quantize.MEDIANCUT)


def _sample(frame: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Some pixels `(N, 3)` of a frame, spread evenly."""
    rows, columns = (max(1, side // _SAMPLE_SIDE) for side in frame.shape[:2])
    return frame[::rows, ::columns].reshape(-1, 3)


def _write_webp(
    frames: Sequence[NDArray[np.uint8]], path: Path, delays: Sequence[int], xmp: bytes | None
) -> None:
    first, *others = (PIL.Image.fromarray(frame) for frame in frames)
    with atomic_path(path) as temporary:
        first.save(
            temporary,
            "WEBP",
            save_all=True,
            append_images=others,
            duration=list(delays),
            loop=0,
            **_WEBP,
            **({"xmp": xmp} if xmp else {}),
        )
