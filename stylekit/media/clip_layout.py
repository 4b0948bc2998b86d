"""What a clip's file contains, found by reading its packets without decoding a picture."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
from av.container import InputContainer
from av.packet import Packet
from av.stream import Disposition
from av.video.stream import VideoStream

from ..errors import MediaError
from ..settings import MediaLimits
from .clip_codecs import check_codec, decoders_for_opening, sound_track, unread_sound
from .file_kinds import explain_unread_clip, refuse_other_kinds
from .files import check_input, limit_names
from .mp4_index import check_index

THREADS = 4
"""Threads of a decoder. Fixed, because with more threads damage is found later."""

# Containers that hold a clip by themselves. Playlists and the like are left out on purpose: FFmpeg
# would read whatever files they name.
_FORMATS = "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,gif,mpegts,mpeg"

# More than any clip within the limit in bytes has; a crafted file could otherwise fill the memory.
_MAX_PACKETS = 1_000_000

# H.264 and H.265 store a picture at most this many places before its turn.
_REORDERED = 16

# For these n the rate n·1000/1001 is common (NTSC).
_NTSC = (24, 30, 48, 60, 120)
_USUAL = tuple(map(Fraction, (24, 25, 30, 48, 50, 60)))
# Half the relative distance between 29.97 and 30, so that a measured rate is near one of them.
_SNAP = Fraction(1, 2002)

# The highest rate that a clip gets so that pictures at irregular times are kept.
_HIGHEST_KEEPING = Fraction(60)
# The lowest rate that is chosen: a picture in a quarter of an hour.
_LOWEST = Fraction(1, 1001)

_FALLBACK = Fraction(25)
_HIGHEST = Fraction(1000)

HIGHEST_FPS = int(_HIGHEST)
"""The highest frame rate, for reading and writing."""

# The names that containers use for tags, in the order of preference.
_TAG_NAMES = {
    "date": ("com.apple.quicktime.creationdate", "creation_time", "date"),
    "author": ("artist", "author", "com.apple.quicktime.author"),
    "copyright": ("copyright", "com.apple.quicktime.copyright"),
    "description": ("description", "title", "com.apple.quicktime.description"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ClipLayout:
    """The times of the pictures of a clip.

    Attributes
    ----------
    fps : the constant frame rate that the clip is given; its frames fill `slots`
    times : of all pictures found, rising, in seconds; picture k is shown from `times[k]` on
    slots : the number of frames at `fps`
    by_order : True if only counting matches times to decoded pictures (AVI, Matroska before time 0)
    keyframes : pairs (time, decoding tick) at which decoding can start
    expected : the number of pictures that the file claims, if it holds fewer, else None
    whole : False if the file is cut off or damaged, and does not say how much is missing
    has_audio : whether the file has sound that can be read
    unread_sound : how its sound is coded if that is not read, else empty
    """

    fps: Fraction
    times: tuple[Fraction, ...]
    slots: int
    by_order: bool
    keyframes: tuple[tuple[Fraction, int], ...]
    expected: int | None
    whole: bool
    has_audio: bool
    unread_sound: str = ""

    @classmethod
    def of_pictures(
        cls,
        times: Sequence[Fraction],
        end: Fraction,
        *,
        fps: Fraction | None,
        most: int,
        declared: Iterable[Fraction | None] = (),
    ) -> ClipLayout:
        """The layout of pictures that are all there; parameters are those of `constant_rate`."""
        fps = fps or constant_rate(times, end, declared, most=most)
        return cls(
            fps=fps,
            times=tuple(times),
            slots=_slot_count(times, end, fps),
            by_order=False,
            keyframes=(),
            expected=None,
            whole=True,
            has_audio=False,
        )

    def dropped(self, first: int, last: int) -> int:
        """How many pictures between slots `first` and `last` are not shown.

        Of several in one slot only the last is.
        """
        slots = [self.slot(time) for time in self.times]
        return sum(a == b and first <= a < last for a, b in itertools.pairwise(slots))

    def slot(self, time: Fraction) -> int:
        """The slot of a picture at `time`, in seconds."""
        return slot_of(time - self.times[0], self.fps)

    def end_slot(self, count: int) -> int:
        """The slot after those that the first `count` pictures fill."""
        if count < len(self.times):
            return self.slot(self.times[count])
        return self.slot(self.times[-1]) + 1


@contextmanager
def open_clip(path: Path, limits: MediaLimits) -> Iterator[tuple[InputContainer, VideoStream]]:
    """Open a clip and find its picture track; no other file is read.

    Raises MediaError if the file is missing, too large, not a clip, or without pictures.
    """
    check_input(path, max_bytes=limits.clip_bytes, limit="clip_bytes")
    refuse_other_kinds(path)
    check_index(path)
    options = {
        "protocol_whitelist": "file",
        "format_whitelist": _FORMATS,
        "codec_whitelist": decoders_for_opening(path),
    }
    try:
        # Without the prefix a name such as "a:b.mp4" would be a network address.
        container = av.open(f"file:{path}", options=options, metadata_errors="replace")
    except (av.FFmpegError, ValueError) as error:
        raise explain_unread_clip(path) from error
    with container:
        yield container, _picture_track(path, container, limits)


def read_layout(path: Path, limits: MediaLimits, fps: Fraction | None = None) -> ClipLayout:
    """Read the times of all pictures of a clip; `fps` None chooses a frame rate.

    Raises MediaError as `open_clip` does.
    """
    with open_clip(path, limits) as (container, stream):
        packets = _Packets(path, container, stream)
        # A GIF declares no rate, and FFmpeg's guess is misled by hundredths of a second.
        is_gif = container.format.name == "gif"
        declared = () if is_gif else (stream.average_rate, stream.guessed_rate)
        fps = fps or constant_rate(
            packets.settled_times(), packets.end, declared, most=limits.clip_frames
        )
        expected = _expected_pictures(container, stream, packets, fps)
        whole = expected is None and not packets.cut_off
        # The last picture of a file that is cut off is incomplete; only MP4 marks it.
        is_marked = whole or container.format.name.startswith("mov")
        return ClipLayout(
            fps=fps,
            times=tuple(packets.times if is_marked else packets.times[:-1] or packets.times),
            slots=_slot_count(packets.times, packets.end, fps),
            by_order=packets.by_order,
            keyframes=tuple(packets.keyframes),
            expected=expected,
            whole=whole,
            has_audio=sound_track(container) is not None,
            unread_sound=unread_sound(container),
        )


def read_clip_tags(path: Path | str, *, limits: MediaLimits | None = None) -> dict[str, str]:
    """The date, author, copyright and description of a clip, as far as it has them.

    Raises MediaError if the clip cannot be opened.
    """
    with open_clip(Path(path), limits or MediaLimits()) as (container, _):
        found = {name.lower(): text for name, text in container.metadata.items()}
    texts = {
        tag: next((found[name] for name in names if found.get(name)), "")
        for tag, names in _TAG_NAMES.items()
    }
    return {tag: text for tag, text in texts.items() if text}


def _picture_track(path: Path, container: InputContainer, limits: MediaLimits) -> VideoStream:
    # FFmpeg also lists the cover picture of a sound file as a video stream.
    streams = [s for s in container.streams.video if not s.disposition & Disposition.attached_pic]
    if not streams:
        raise MediaError(path, "has no picture track; give a clip with pictures, not only sound")
    stream = streams[0]
    context = stream.codec_context
    check_codec(path, context)
    if context.width and context.height:  # of a GIF they may be unknown until it is decoded
        check_size(path, context.width, context.height, limits)
    context.options = {"max_pixels": str(limits.clip_side**2)}
    context.thread_type, context.thread_count = "AUTO", THREADS
    return stream


def check_size(path: Path, width: int, height: int, limits: MediaLimits) -> None:
    """Raise MediaError if a clip's picture is larger, smaller or narrower than the limits."""
    shape = f"is {width}×{height} pixels large"
    if max(width, height) > limits.clip_side:
        raise MediaError(
            path,
            f"{shape}, the limit is {limits.clip_side} a side; "
            "make it smaller, or raise the limit with {clip_side}",
            settings=limit_names("clip_side"),
        )
    if min(width, height) < limits.min_side:
        raise MediaError(
            path,
            f"{shape}, the least is {limits.min_side} a side; give a larger one, or lower the "
            "limit with {min_side}",
            settings=limit_names("min_side"),
        )
    if max(width, height) > limits.max_aspect * min(width, height):
        raise MediaError(
            path,
            f"{shape}, the narrowest shape is {limits.max_aspect:g} to 1; crop it first, or raise "
            "the limit with {max_aspect}",
            settings=limit_names("max_aspect"),
        )


def constant_rate(
    times: Sequence[Fraction],
    end: Fraction,
    declared: Iterable[Fraction | None],
    *,
    most: int = MediaLimits().clip_frames,
) -> Fraction:
    """Choose the constant frame rate of a clip.

    Candidates are, in this order, the usual rate nearest to the measured one (29.97 becomes
    30000/1001, however the file rounds it), the declared rates, the whole rate nearest to the
    measured one if times are irregular, and the measured rate. The first that gives each picture a
    slot of its own, and leaves no slot empty, is right. If none does, the frame rate varies. Then
    the choice is the first that loses no picture and repeats each at most once, on average. If
    there is none, it is the rate at which all times are exact, or else the lowest usual one that
    loses no picture, up to 60 a second and `most` frames. Otherwise it is the average rate, or a
    higher one that makes no more than `most` frames, and pictures are dropped.

    Parameters
    ----------
    times : of the pictures, rising, in seconds
    end : the time at which the last picture ends
    declared : the rates that the file claims, the most trusted first
    most : the most frames that repeated pictures may make of a clip

    Examples
    --------
    >>> from stylekit.media.clip_layout import constant_rate
    >>> times = [Fraction(round(1001 * index / 30), 1000) for index in range(60)]
    >>> constant_rate(times, Fraction(2), [])
    Fraction(30000, 1001)
    """
    claims = [rate for rate in declared if rate is not None and 0 < rate <= _HIGHEST]
    if len(times) < 2 or times[-1] <= times[0]:
        return claims[0] if claims else _FALLBACK
    measured = min((len(times) - 1) / (times[-1] - times[0]), _HIGHEST)
    usual = _usual_rate(measured)
    rates = ([usual] if usual else []) + claims
    gaps = {after - before for before, after in itertools.pairwise(times)}
    if len(gaps) > 1:
        # A whole rate in rounded times looks like another one, above all in a short clip.
        rates.append(Fraction(max(1, round(measured))))
    rates.append(measured.limit_denominator(1001))
    slots = {rate: [slot_of(time - times[0], rate) for time in times] for rate in rates}
    for rate in rates:
        if slots[rate] == list(range(len(times))):
            return rate
    for rate in rates:
        loses_none = all(a < b for a, b in itertools.pairwise(slots[rate]))
        if loses_none and slots[rate][-1] < 2 * len(times):
            return rate
    keeping = keeping_rate(times) or _HIGHEST
    is_exact = all(((time - times[0]) * keeping).denominator == 1 for time in times)
    for rate in (
        [keeping] if is_exact and keeping <= _HIGHEST_KEEPING else sorted({*_USUAL, keeping})
    ):
        if rate <= _HIGHEST_KEEPING and _slot_count(times, end, rate) <= most:
            own = [slot_of(time - times[0], rate) for time in times]
            if all(a < b for a, b in itertools.pairwise(own)):
                return rate
    average = min(len(times) / (end - times[0]), _HIGHEST)
    # After a long gap the average would drop nearly all of them.
    fitting = min((most - 1) / (end - times[0]), keeping, _HIGHEST_KEEPING)
    if fitting > average:
        average = Fraction(math.floor(fitting)) if fitting >= 1 else fitting
    rate = _usual_rate(average) or average.limit_denominator(1001)
    return rate if rate > 0 else _LOWEST


def keeping_rate(times: Sequence[Fraction]) -> Fraction | None:
    """The rate at which the two pictures that are closest together just have a slot each.

    None if there are no two pictures at different times.
    """
    gaps = [after - before for before, after in itertools.pairwise(times) if after > before]
    return 1 / min(gaps) if gaps else None


def _slot_count(times: Sequence[Fraction], end: Fraction, fps: Fraction) -> int:
    """The slots up to the end; also a short last picture has one."""
    return max(slot_of(times[-1] - times[0], fps) + 1, slot_of(end - times[0], fps))


def slot_of(time: Fraction, rate: Fraction) -> int:
    """The slot, counted from 0, whose time `slot / rate` is nearest to `time` (seconds)."""
    return math.floor(time * rate + Fraction(1, 2))


def _usual_rate(measured: Fraction) -> Fraction | None:
    whole = Fraction(round(measured))
    rates = [whole, *(Fraction(n * 1000, 1001) for n in _NTSC)]
    nearest = min(rates, key=lambda rate: abs(rate - measured))
    return nearest if nearest > 0 and abs(nearest / measured - 1) <= _SNAP else None


class _Packets:
    """All packets, read once: the times of the pictures, and whether the file ends early."""

    def __init__(self, path: Path, container: InputContainer, stream: VideoStream) -> None:
        self._path = path
        self.by_order = container.format.name == "avi"
        self.count = 0
        self.cut_off = False
        self.last_end = Fraction(0)
        self.tick = stream.time_base or Fraction(1)
        self.keyframes: list[tuple[Fraction, int]] = []
        self._spans: list[tuple[Fraction, Fraction]] = []
        # Of a picture before time 0 FFmpeg tells no time if it is in a Matroska file.
        self._is_matroska = container.format.name.startswith("matroska")
        self._untimed: list[Fraction] = []
        self._byte_end = 0
        try:
            for packet in container.demux():
                self._take(packet, packet.stream_index == stream.index)
        except av.FFmpegError:
            self.cut_off = True
        if self._untimed:
            self._time_the_first(self._untimed, stream.average_rate)
        if not self._spans:
            raise MediaError(path, "has no picture track with a frame in it; copy it again")
        self.times, self.end = self._settle()
        self.cut_off |= container.format.name == "gif" and _gif_ends_early(path, self._byte_end)
        self.claimed = stream.frames

    def _take(self, packet: Packet[Any], is_picture: bool) -> None:
        ticks = packet.dts if self.by_order or packet.pts is None else packet.pts
        if ticks is None and packet.size and is_picture:
            if self._is_matroska:
                self._untimed.append((packet.duration or 0) * packet.time_base)
            return
        if packet.size == 0 or ticks is None:
            return
        time = ticks * packet.time_base
        end = time + (packet.duration or 0) * packet.time_base
        self.last_end = max(self.last_end, end)
        self._byte_end = max(self._byte_end, (packet.pos or 0) + packet.size)
        if not is_picture:
            return
        self.count += 1
        if self.count > _MAX_PACKETS:
            raise MediaError(self._path, f"holds more than {_MAX_PACKETS} frames; cut it shorter")
        self.cut_off |= packet.is_corrupt
        if packet.is_keyframe:
            self.keyframes.append((time, packet.dts if packet.dts is not None else ticks))
        if not packet.is_discard:
            self._spans.append((time, end))

    def _time_the_first(self, durations: list[Fraction], rate: Fraction | None) -> None:
        """Give pictures before time 0 the times before the first that is known."""
        step = max(durations) or (1 / rate if rate else 1 / _FALLBACK)
        after = min(self._spans)[0] if self._spans else step * len(durations)
        first = after - step * len(durations)
        ends = [first + step * index for index in range(len(durations) + 1)]
        self._spans += itertools.pairwise(ends)
        self.count += len(durations)
        self.last_end = max(self.last_end, after)
        self.keyframes.insert(0, (first, 0))
        self.by_order = True  # of one picture alone it is not known which time it has

    def _settle(self) -> tuple[list[Fraction], Fraction]:
        """The times of all pictures that can be decoded, rising, and the end of the last."""
        # Pictures before the first keyframe refer to missing pictures and cannot be decoded.
        opening = self.keyframes[0][0] if self.keyframes else min(self._spans)[0]
        spans = sorted(s for s in self._spans if s[0] >= opening) or sorted(self._spans)
        times = [time for time, _ in spans]
        end = max(end for _, end in spans)
        if end <= times[-1]:
            # The last picture has no duration; it is shown as long as the others on average.
            mean = (times[-1] - times[0]) / max(1, len(times) - 1)
            end = times[-1] + (mean or Fraction(1, 25))
        return times, end

    def settled_times(self) -> list[Fraction]:
        """The times without the last ones of a cut file, among which pictures are missing."""
        may_be_cut = self.cut_off or self.count < self.claimed
        return self.times[:-_REORDERED] if may_be_cut else self.times


def _expected_pictures(
    container: InputContainer, stream: VideoStream, packets: _Packets, fps: Fraction
) -> int | None:
    """The number of pictures that the file claims to hold, if it holds fewer."""
    name = container.format.name
    if name == "avi":
        # Its count includes pictures that were dropped while recording, but so do the times.
        found = slot_of(packets.end - packets.times[0], fps)
        return stream.frames if packets.cut_off and stream.frames > found else None
    if name.startswith("matroska") and container.duration:
        claimed = Fraction(container.duration, av.time_base)
        ends_early = claimed - packets.last_end > 2 / fps + Fraction(1, 20)
        return slot_of(claimed - packets.times[0], fps) if ends_early else None
    if packets.count >= stream.frames or not stream.duration:
        return None
    # A clip that was trimmed on a phone holds fewer pictures than it claims, but all of its time.
    claimed = stream.duration * packets.tick
    if packets.end - packets.times[0] >= claimed - 1 / fps:
        return None
    return stream.frames


def _gif_ends_early(path: Path, byte_end: int) -> bool:
    """Whether a GIF lacks its trailer, or reading it ended long before the trailer."""
    size = path.stat().st_size
    with path.open("rb") as file:
        file.seek(max(0, size - 64))
        tail = file.read().rstrip(b"\x00")
    return not tail.endswith(b";") or size - byte_end > 4096
