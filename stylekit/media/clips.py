"""Clips: a file → frames, upright, at a constant rate and the wanted size."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from fractions import Fraction
from pathlib import Path
from typing import Protocol, overload

import av
import numpy as np
from numpy.typing import NDArray

from ..arrays import Image, from_bytes
from ..errors import MediaError, SettingsError
from ..settings import MediaLimits
from .animations import Animation, is_animation
from .clip_decoding import Decoder, PictureConverter
from .clip_layout import (
    HIGHEST_FPS,
    ClipLayout,
    check_size,
    keeping_rate,
    open_clip,
    read_clip_tags,
    read_layout,
    slot_of,
)
from .files import check_input, limit_names
from .frame_store import FrameStore
from .provenance import SourceFile, describe_source
from .sequences import USUAL_FPS, PictureSequence, describe_sequence, is_sequence


class PartialClipError(MediaError):
    """A clip is cut off or damaged, but the frames before the damage can be read.

    `readable` of `expected` frames are intact, counted from the file's start. `expected` is None
    if the file does not say how many frames it should hold.
    """

    def __init__(self, path: Path, message: str, *, readable: int, expected: int | None) -> None:
        self.readable = readable
        self.expected = expected
        super().__init__(path, message, settings={"allow_partial": "allow_partial=True"})


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Clip(Sequence[Image]):
    """The frames of a clip: a sequence of float32 RGB images `(H, W, 3)` in [0, 1], of one size.

    The frames are kept as 8-bit pictures, those of a long clip in a temporary file (`FrameStore`).
    Each is read and converted when it is asked for, so use them one by one. Several threads may
    read at once. A slice is a clip too; its step must be positive, and divides the frame rate.

    Attributes
    ----------
    path : of the file
    pixels : the frames as uint8 `(H, W, 3)`
    fps : frames a second, exact
    has_audio : whether the file has sound that can be read
    unread_sound : how its sound is coded if that is not read, else empty
    start : the time of the first frame in the file, in seconds from the file's first picture
    source_frames : the number of frames of the whole file at this rate
    has_alpha : whether a frame that was read is transparent in parts, which are laid on white
    dropped : how many pictures of the file are not among the frames, because they are shown for
        less time than a frame
    source_dropped : the same for the whole file
    keeping_fps : the lowest whole frame rate that drops none
    limits : those that the file was read with; they hold as long as it is used
    """

    path: Path
    pixels: Sequence[NDArray[np.uint8]]
    fps: Fraction
    has_audio: bool = False
    start: float = 0.0
    source_frames: int = 0
    has_alpha: bool = False
    dropped: int = 0
    source_dropped: int = 0
    keeping_fps: int = 0
    limits: MediaLimits = field(default_factory=MediaLimits)
    unread_sound: str = ""

    @property
    def width(self) -> int:
        """The width of every frame, in pixels."""
        return int(self.pixels[0].shape[1])

    @property
    def height(self) -> int:
        """The height of every frame, in pixels."""
        return int(self.pixels[0].shape[0])

    @property
    def duration(self) -> float:
        """The duration in seconds."""
        return float(len(self) / self.fps)

    def __len__(self) -> int:
        return len(self.pixels)

    @overload
    def __getitem__(self, index: int) -> Image: ...

    @overload
    def __getitem__(self, index: slice) -> Clip: ...

    def __getitem__(self, index: int | slice) -> Image | Clip:
        if not isinstance(index, slice):
            return from_bytes(self.pixels[index])
        first, _, step = index.indices(len(self))
        pixels = self.pixels[index]
        if step < 1 or not pixels:
            raise ValueError(f"a clip cannot be cut to {index}: no frame is left, or backwards")
        return replace(
            self,
            pixels=pixels,
            fps=self.fps / step,
            start=self.start + float(first / self.fps),
        )


def read_clip(
    path: Path | str,
    *,
    size: int | None = None,
    start: float = 0.0,
    frames: int | None = None,
    limits: MediaLimits | None = None,
    allow_partial: bool = False,
    fps: Fraction | float | None = None,
) -> Clip:
    """Read a clip, or a part of it: a file, a folder of pictures, or numbered pictures.

    Rotation, mirroring and sample aspect ratio are applied, interlaced frames are deinterlaced,
    colours are converted by the file's own matrix and range, and high dynamic range (PQ, HLG) is
    compressed to sRGB. Transparent parts are laid on white. No other file that the clip names is
    read.

    A clip with a constant frame rate keeps each frame and its exact rate, such as 30000/1001 for
    29.97. A clip with a varying rate gets a constant one (`constant_rate`), and each of its
    pictures is shown from the nearest frame on, so times are right to half a frame. At most 60
    frames a second are made so that no picture is dropped; `Clip.dropped` counts those that are.

    Pictures in a folder are frames in natural order (`2.png` before `10.png`); its other files are
    left out. A printf pattern such as `frames/%04d.png` names numbered pictures, from the lowest
    number that exists, without gaps. Each is read as `load_image` does, and all have one size.

    Parameters
    ----------
    path : an MP4, MOV, WebM, MKV, AVI, GIF or MPEG file, an animated WebP or PNG, a folder of
        pictures, or a pattern
    size : the longest side of the frames in pixels; None keeps their own
    start : where to begin, in seconds
    frames : the largest number of frames; None reads to the end
    limits : the sizes that are accepted, `MediaLimits()` if None
    allow_partial : end the clip before the first damaged frame, instead of raising an error; not
        for animated WebP and PNG, and pictures
    fps : the frame rate, above 0 and at most 1000; None for the clip's own, of pictures 24. Frames
        are repeated or dropped so that a clip lasts as long as before; pictures are one each.

    Returns
    -------
    Clip : the frames

    Raises
    ------
    MediaError : if the file is missing, damaged, not a clip, outside `limits` or shorter than
        `start`, if pictures differ in size or a number is missing, or if the temporary folder has
        no space for the frames
    PartialClipError : if requested frames are cut off or damaged
    SettingsError : for a negative `start`, `frames` below 1, or `fps` out of range

    Examples
    --------
    >>> clip = sk.load("drift", size=64)[:4]
    >>> len(clip), clip.fps, clip[0].shape
    (4, Fraction(24, 1), (48, 64, 3))
    """
    path = Path(path)
    limits = limits or MediaLimits()
    if not 0 <= start < math.inf:
        raise SettingsError("start", f"must be at least 0 seconds, is {start!r}")
    if frames is not None and frames < 1:
        raise SettingsError("frames", f"must be at least 1, is {frames!r}")
    rate = None if fps is None else _checked_rate(fps)
    if is_sequence(path):
        sequence = PictureSequence.of(path, rate or USUAL_FPS, limits)
        return _read_pictures(path, sequence, size, start, frames, limits, rate or USUAL_FPS)
    if is_animation(check_input(path)):
        with Animation.open(path, limits) as animation:
            return _read_pictures(path, animation, size, start, frames, limits, rate)
    layout = read_layout(path, limits, rate)
    wanted = _wanted_slots(path, layout, start, frames, limits)
    pixels, readable, has_alpha = _read_pixels(path, layout, wanted, size, limits)
    is_short = len(pixels) < wanted[1] - wanted[0] or (frames is None and not layout.whole)
    if is_short and not (pixels and allow_partial):
        raise _partial_error(path, layout, readable)
    return _clip(path, layout, wanted, pixels, has_alpha, limits)


def _checked_rate(fps: Fraction | float) -> Fraction:
    if not 0 < fps <= HIGHEST_FPS:
        raise SettingsError("fps", f"must be above 0 and at most {HIGHEST_FPS}, is {fps}")
    # 29.97, but not the nearest number that a float can be.
    return fps if isinstance(fps, Fraction) else Fraction(fps).limit_denominator(1001)


def _clip(
    path: Path,
    layout: ClipLayout,
    wanted: tuple[int, int],
    pixels: Sequence[NDArray[np.uint8]],
    has_alpha: bool,
    limits: MediaLimits,
) -> Clip:
    return Clip(
        path=path,
        pixels=pixels,
        fps=layout.fps,
        has_audio=layout.has_audio,
        start=float(wanted[0] / layout.fps),
        source_frames=layout.slots,
        has_alpha=has_alpha,
        dropped=layout.dropped(wanted[0], wanted[0] + len(pixels)),
        source_dropped=layout.dropped(0, layout.slots),
        keeping_fps=math.ceil(keeping_rate(layout.times) or layout.fps),
        limits=limits,
        unread_sound=layout.unread_sound,
    )


class _Pictures(Protocol):
    """Pictures that can be read one by one, and the times at which they are shown."""

    @property
    def times(self) -> tuple[Fraction, ...]: ...

    @property
    def end(self) -> Fraction: ...

    def read(self, index: int, size: int | None) -> tuple[NDArray[np.uint8], bool]: ...


def _read_pictures(
    path: Path,
    source: _Pictures,
    size: int | None,
    start: float,
    frames: int | None,
    limits: MediaLimits,
    rate: Fraction | None,
) -> Clip:
    layout = ClipLayout.of_pictures(source.times, source.end, fps=rate, most=limits.clip_frames)
    wanted = _wanted_slots(path, layout, start, frames, limits)
    slots = [layout.slot(time) for time in layout.times]
    shown = Counter(bisect_right(slots, slot) - 1 for slot in range(*wanted))
    store, has_alpha = FrameStore(path, len(shown)), False
    for index in sorted(shown):
        pixels, transparent = source.read(index, size)
        has_alpha |= transparent
        store.add(pixels, shown[index])
    return _clip(path, layout, wanted, store.frames(len(store)), has_alpha, limits)


def describe_clip(path: Path, limits: MediaLimits | None = None) -> SourceFile:
    """Name, hash and metadata of a clip, for provenance.

    `limits` are those that it was read with. Raises MediaError if it cannot be read.
    """
    if is_sequence(path):
        return describe_sequence(path)
    is_film = not is_animation(path)
    return describe_source(path, tags=read_clip_tags(path, limits=limits) if is_film else None)


def _wanted_slots(
    path: Path, layout: ClipLayout, start: float, frames: int | None, limits: MediaLimits
) -> tuple[int, int]:
    """The first slot to read and the one after the last."""
    first = slot_of(Fraction(start), layout.fps)
    # The missing frames of a clip that is cut off count too.
    slots = max(layout.slots, layout.expected or 0)
    if first >= slots:
        raise MediaError(
            path,
            f"is only {float(slots / layout.fps):.2f} seconds long, start at {start:g} seconds "
            "is past its end; choose an earlier start",
        )
    count = slots - first if frames is None else min(frames, slots - first)
    if count > limits.clip_frames:
        raise MediaError(
            path,
            f"{count} frames are asked for, the limit is {limits.clip_frames}; read a part of it "
            "with {start} and {frames}, or raise the limit with {clip_frames}",
            settings={"start": "start", "frames": "frames", **limit_names("clip_frames")},
        )
    return first, first + count


def _read_pixels(
    path: Path,
    layout: ClipLayout,
    wanted: tuple[int, int],
    size: int | None,
    limits: MediaLimits,
) -> tuple[Sequence[NDArray[np.uint8]], int, bool]:
    """The intact pictures of the wanted slots, the number of intact ones in the file, and whether
    one is transparent in parts.
    """
    first, last = wanted
    with open_clip(path, limits) as (container, stream), _explained(path):
        decoder = Decoder(path, container, stream, layout)
        converter = PictureConverter(
            size=size,
            sample_aspect=stream.sample_aspect_ratio,
            transfer=stream.codec_context.color_trc,
        )
        filler = _SlotFiller(first, last, FrameStore(path, last - first))
        for slot, frame in decoder.frames(first):
            if slot >= last:
                break
            for ready_slot, pixels in converter.convert(frame, slot):
                filler.put(ready_slot, pixels)
            assert converter.shown_size is not None
            check_size(path, *converter.shown_size, limits)
        else:
            if decoder.damaged or not layout.whole:
                last = min(last, layout.end_slot(decoder.readable))
        for ready_slot, pixels in converter.flush():
            filler.put(ready_slot, pixels)
        return filler.finish(last), decoder.readable, converter.found_alpha


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    """Damaged packets are dealt with by the decoder; what is left is of the conversion."""
    try:
        yield
    except av.FFmpegError as error:
        raise MediaError(
            path,
            f"its colours are stored in a way that is not read ({error.strerror}); "
            "save it as H.264 MP4 with BT.709 colours",
        ) from error


class _SlotFiller:
    """Fills the slots of a constant rate: each picture is shown until the next one comes."""

    def __init__(self, first: int, last: int, store: FrameStore) -> None:
        self._first, self._last, self._store = first, last, store
        self._current: NDArray[np.uint8] | None = None

    def put(self, slot: int, pixels: NDArray[np.uint8]) -> None:
        """Show a picture from `slot` on; the one before is shown until there."""
        self._fill_to(slot)
        self._current = pixels

    def finish(self, last: int) -> Sequence[NDArray[np.uint8]]:
        """All pictures before slot `last`."""
        self._fill_to(last)
        return self._store.frames(max(0, last - self._first))

    def _fill_to(self, slot: int) -> None:
        missing = min(slot, self._last) - self._first - len(self._store)
        if self._current is not None and missing > 0:
            self._store.add(self._current, missing)


def _partial_error(path: Path, layout: ClipLayout, readable: int) -> PartialClipError:
    expected = layout.expected or (len(layout.times) if layout.whole else None)
    counts = f"{readable} of {expected}" if expected else f"only {readable}"
    what = f"damaged near frame {readable}" if layout.whole else "cut off or damaged"
    advice = "copy it again"
    if readable:
        advice += ", or use the frames before with {allow_partial}"
    return PartialClipError(
        path,
        f"{what}, {counts} frames readable; {advice}",
        readable=readable,
        expected=expected,
    )
