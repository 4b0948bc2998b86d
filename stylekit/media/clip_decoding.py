"""The pictures of one part of a clip, in order, up to the first that is damaged."""

from __future__ import annotations

from bisect import bisect_left
from collections import deque
from collections.abc import Iterator
from fractions import Fraction

import av
from av.container import InputContainer
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from .clip_layout import THREADS, ClipLayout

# Their files hold packets that show nothing by themselves, so a gap in time is no loss.
_HIDDEN_PACKETS = ("vp8", "mpeg4")
# Only these seek exactly to a keyframe; others are decoded from their start.
_SEEKABLE = ("mov", "matroska")
# A decoder says that a packet is damaged up to so many packets later: it works on several at
# once, and conceals what it can.
_LATE = THREADS + 2


class Decoder:
    """Decodes one part of a clip; afterwards `readable` says how far that went.

    `readable` counts the intact pictures from the file's start. `damaged` is True if decoding
    ended at a damaged picture; then the last ones given may be damaged too, and those from
    `readable` on must not be used.
    """

    def __init__(self, container: InputContainer, stream: VideoStream, layout: ClipLayout) -> None:
        self._container, self._stream, self._layout = container, stream, layout
        self._recent: deque[Fraction] = deque(maxlen=_LATE)
        self._sent = 0
        self.readable = 0
        self.damaged = False

    def frames(self, first: int) -> Iterator[tuple[int, VideoFrame]]:
        """Give (slot, frame) of the constant-rate clip, in order, from slot `first` on.

        Pictures before `first` come too, as many as decoding needs. Ends quietly at the end of
        the clip or at the first damaged picture.
        """
        layout = self._layout
        started = layout.by_order
        for frame in self._intact(first):
            index = self.readable if layout.by_order else self._index(frame)
            if index >= len(layout.times):
                return
            # One picture missing among interlaced ones is the other field of the same frame.
            gap = index - self.readable - int(frame.interlaced_frame)
            if started and gap > 0 and self._stream.codec_context.name not in _HIDDEN_PACKETS:
                self.damaged = True
                return
            started = True
            self.readable = index + 1
            yield layout.slot(layout.times[index]), frame

    def _seek(self, first: int) -> None:
        if self._container.format.name.startswith(_SEEKABLE):
            keys = [
                tick for time, tick in self._layout.keyframes if self._layout.slot(time) <= first
            ]
            if len(keys) > 1:
                self._container.seek(keys[-1], stream=self._stream)

    def _index(self, frame: VideoFrame) -> int:
        """Which picture of the file a frame is."""
        if frame.pts is None or self._stream.time_base is None:
            return self.readable
        return bisect_left(self._layout.times, frame.pts * self._stream.time_base)

    def _intact(self, first: int) -> Iterator[VideoFrame]:
        """Frames up to the first damaged one; also those that the decoder still held then."""
        try:
            self._seek(first)
            for packet in self._container.demux(self._stream):
                if packet.is_corrupt:
                    self.damaged = True
                    break
                if packet.pts is not None:
                    self._recent.append(packet.pts * packet.time_base)
                self._sent += 1
                for frame in packet.decode():
                    if frame.is_corrupt:
                        raise av.InvalidDataError(0, "a frame was concealed")
                    yield frame
            else:
                return
            yield from self._stream.codec_context.decode(None)
        except av.FFmpegError:
            self.damaged = True
            self.readable = min(self.readable, self._first_doubtful())

    def _first_doubtful(self) -> int:
        if self._layout.by_order or not self._recent:
            return max(0, self._sent - 2 * _LATE)
        return bisect_left(self._layout.times, min(self._recent))
