"""What a clip's file holds, found by reading its packets without decoding a picture."""

from __future__ import annotations

from collections.abc import Iterator
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
from .clip_kinds import READABLE_FORMATS, explain_unopened, refuse_other_kinds
from .clip_timing import constant_rate, slot_of
from .files import check_input

THREADS = 4
"""Threads of a decoder. Fixed, because damage is found later the more there are."""

# Far more than any clip that fits the limit in bytes needs; keeps a crafted file out of memory.
_MAX_PACKETS = 1_000_000

# H.264 and H.265 let a picture be stored at most this many places before its turn.
_REORDERED = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class ClipLayout:
    """Where the pictures of a clip lie in time.

    `times` are those of all pictures found, in seconds, rising; picture k of a whole clip is
    shown from `times[k]` on. `by_order` says that the file's times cannot be matched to decoded
    pictures except by counting (AVI). `keyframes` are pairs (time, decoding tick) where decoding
    can start. `expected` is the number of pictures that the file claims, if it is known to hold
    fewer; `whole` is False if it is cut off or damaged without saying how much is lost.
    """

    fps: Fraction
    times: tuple[Fraction, ...]
    slots: int
    by_order: bool
    keyframes: tuple[tuple[Fraction, int], ...]
    expected: int | None
    whole: bool
    has_audio: bool

    def slot(self, time: Fraction) -> int:
        """The slot of the constant-rate clip that a picture at `time` (seconds) falls on."""
        return slot_of(time - self.times[0], self.fps)

    def end_slot(self, count: int) -> int:
        """The slot after those that the first `count` pictures fill."""
        if count < len(self.times):
            return self.slot(self.times[count])
        return self.slot(self.times[-1]) + 1


@contextmanager
def open_clip(path: Path, limits: MediaLimits) -> Iterator[tuple[InputContainer, VideoStream]]:
    """Open a clip for reading and find its picture track; nothing but this one file is read.

    Raises MediaError for what is missing, too large, no clip, or without pictures.
    """
    check_input(path, max_bytes=limits.clip_bytes)
    refuse_other_kinds(path)
    options = {"protocol_whitelist": "file", "format_whitelist": READABLE_FORMATS}
    try:
        # The prefix keeps a name such as "a:b.mp4" from being taken for a network address.
        container = av.open(f"file:{path}", options=options, metadata_errors="replace")
    except (av.FFmpegError, ValueError) as error:
        raise explain_unopened(path) from error
    with container:
        yield container, _picture_track(path, container, limits)


def read_layout(path: Path, limits: MediaLimits) -> ClipLayout:
    """Read the times of all pictures of a clip. Raises MediaError as `open_clip` does."""
    with open_clip(path, limits) as (container, stream):
        packets = _Packets(path, container, stream)
        declared = (stream.average_rate, stream.guessed_rate)
        fps = constant_rate(packets.settled_times(), packets.end, declared)
        expected = _expected_pictures(container, stream, packets, fps)
        whole = expected is None and not packets.cut_off
        # Where a file is cut off its last picture is cut too; only MP4 says so by itself.
        is_marked = whole or container.format.name.startswith("mov")
        return ClipLayout(
            fps=fps,
            times=tuple(packets.times if is_marked else packets.times[:-1] or packets.times),
            slots=max(1, slot_of(packets.end - packets.times[0], fps)),
            by_order=packets.by_order,
            keyframes=tuple(packets.keyframes),
            expected=expected,
            whole=whole,
            has_audio=bool(container.streams.audio),
        )


def _picture_track(path: Path, container: InputContainer, limits: MediaLimits) -> VideoStream:
    # A cover picture in a sound file is a video stream too.
    streams = [s for s in container.streams.video if not s.disposition & Disposition.attached_pic]
    if not streams:
        raise MediaError(path, "has no picture track; give a clip with pictures, not only sound")
    stream = streams[0]
    context = stream.codec_context
    if context is None:
        raise MediaError(
            path, "its pictures are coded in a way that cannot be read here; save it as H.264 MP4"
        )
    if context.width and context.height:  # a GIF may keep them to itself until it is decoded
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
            "make it smaller, or raise clip_side in MediaLimits",
        )
    if min(width, height) < limits.min_side:
        raise MediaError(path, f"{shape}, the least is {limits.min_side} a side; give a larger one")
    if max(width, height) > limits.max_aspect * min(width, height):
        raise MediaError(
            path, f"{shape}, the narrowest shape is {limits.max_aspect:g} to 1; crop it first"
        )


class _Packets:
    """One sweep over all packets: the times of the pictures, and whether the file ends early."""

    def __init__(self, path: Path, container: InputContainer, stream: VideoStream) -> None:
        self._path = path
        self.by_order = container.format.name == "avi"
        self.count = 0
        self.cut_off = False
        self.last_end = Fraction(0)
        self.tick = stream.time_base or Fraction(1)
        self.keyframes: list[tuple[Fraction, int]] = []
        self._spans: list[tuple[Fraction, Fraction]] = []
        self._byte_end = 0
        try:
            for packet in container.demux():
                self._take(packet, packet.stream_index == stream.index)
        except av.FFmpegError:
            self.cut_off = True
        if not self._spans:
            raise MediaError(path, "has no picture track with a frame in it; copy it again")
        self.times, self.end = self._settle()
        self.cut_off |= container.format.name == "gif" and _gif_ends_early(path, self._byte_end)
        self.claimed = stream.frames

    def _take(self, packet: Packet[Any], is_picture: bool) -> None:
        ticks = packet.dts if self.by_order or packet.pts is None else packet.pts
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

    def _settle(self) -> tuple[list[Fraction], Fraction]:
        """The times of all pictures that can be decoded, rising, and the end of the last."""
        # Pictures before the first keyframe lack what they are built upon; nothing decodes them.
        opening = self.keyframes[0][0] if self.keyframes else min(self._spans)[0]
        spans = sorted(s for s in self._spans if s[0] >= opening) or sorted(self._spans)
        times = [time for time, _ in spans]
        end = max(end for _, end in spans)
        if end <= times[-1]:
            # No duration is given for the last picture: it is shown as long as the others.
            mean = (times[-1] - times[0]) / max(1, len(times) - 1)
            end = times[-1] + (mean or Fraction(1, 25))
        return times, end

    def settled_times(self) -> list[Fraction]:
        """The times without gaps from a cut: pictures are stored ahead of their turn."""
        may_be_cut = self.cut_off or self.count < self.claimed
        return self.times[:-_REORDERED] if may_be_cut else self.times


def _expected_pictures(
    container: InputContainer, stream: VideoStream, packets: _Packets, fps: Fraction
) -> int | None:
    """The number of pictures that the file claims to hold, if it holds fewer."""
    name = container.format.name
    if name == "avi":
        # Its count includes pictures that were dropped while recording, but time runs on there.
        found = slot_of(packets.end - packets.times[0], fps)
        return stream.frames if packets.cut_off and stream.frames > found else None
    if name.startswith("matroska") and container.duration:
        claimed = Fraction(container.duration, av.time_base)
        ends_early = claimed - packets.last_end > 2 / fps + Fraction(1, 20)
        return slot_of(claimed - packets.times[0], fps) if ends_early else None
    if packets.count >= stream.frames or not stream.duration:
        return None
    # A clip that was trimmed in a phone holds fewer than it claims too, but not for less time.
    claimed = stream.duration * packets.tick
    if packets.end - packets.times[0] >= claimed - 1 / fps:
        return None
    return stream.frames


def _gif_ends_early(path: Path, byte_end: int) -> bool:
    """Whether a GIF lacks its trailer, or its reader gave up long before it."""
    size = path.stat().st_size
    with path.open("rb") as file:
        file.seek(max(0, size - 64))
        tail = file.read().rstrip(b"\x00")
    return not tail.endswith(b";") or size - byte_end > 4096
