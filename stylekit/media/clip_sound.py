"""The sound of a clip's file, cut to the span of a picture and put into another file."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from contextlib import ExitStack
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Self

import av
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.container import InputContainer, OutputContainer
from av.filter import Graph
from av.packet import Packet

from ..errors import MediaError
from ..settings import MediaLimits
from .clip_layout import open_clip, read_layout

# What players expect in an MP4; other sound is coded anew.
_COPIED = ("aac", "mp3", "mp3float", "ac3", "eac3", "alac")
# How many packets before the start come along. MP3 borrows bits from up to nine earlier ones.
_AHEAD = 2
_MP3_AHEAD = 10
_AAC_RATES = (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000)
_AAC_FRAME = 1024
_BIT_RATE = 192_000

# The source has been read as a clip before, within its user's limits; its sound needs none.
_NO_LIMITS = MediaLimits(clip_side=2**20, clip_bytes=2**50, min_side=1, max_aspect=2.0**20)


class SoundTrack:
    """Packets of sound that follow a picture which is written frame by frame; use it in a `with`.

    `source` is the clip with the sound, `start` the time of the first written picture in it, in
    seconds from its own first picture. Sound that an MP4 can hold is copied without coding it
    anew; then a few packets before the start come along, because decoders need them to begin
    cleanly, and players leave them out (the file's edit list says so). Other sound becomes AAC.

    A source without sound gives none. Raises MediaError if the source cannot be read.
    """

    def __init__(self, source: Path, start: float, target: OutputContainer) -> None:
        self._source = source
        layout = read_layout(source, _NO_LIMITS)
        self._origin = layout.times[0] + Fraction(start).limit_denominator(1_000_000)
        self._files = ExitStack()
        self._packets: Iterator[Packet] = iter(())
        self._waiting: Packet | None = None
        if not layout.has_audio:
            return
        container, _ = self._files.enter_context(open_clip(source, _NO_LIMITS))
        stream = container.streams.audio[0]
        if _can_copy(stream):
            self._out = target.add_stream_from_template(stream)
            self._packets = self._copied(container, stream)
        else:
            rate = stream.rate if stream.rate in _AAC_RATES else _AAC_RATES[-1]
            layout_name = "mono" if stream.channels == 1 else "stereo"
            options = {"flags": "+bitexact"}
            self._out = target.add_stream("aac", rate=rate, options=options, layout=layout_name)
            self._out.bit_rate = _BIT_RATE
            self._packets = self._coded(container, stream)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._files.close()

    def packets_until(self, end: Fraction, *, cut: bool = False) -> Iterator[Packet]:
        """The next packets that end by `end` seconds; with `cut` also the one across it, cut."""
        while (packet := self._next()) is not None:
            assert packet.pts is not None
            left = end - packet.pts * packet.time_base
            duration = (packet.duration or 0) * packet.time_base
            if duration > left or left <= 0:
                if not cut or left <= 0:
                    self._waiting = packet
                    return
                packet.duration = round(left / packet.time_base)
            yield packet

    def _next(self) -> Packet | None:
        packet, self._waiting = self._waiting, None
        if packet is not None:
            return packet
        try:
            return next(self._packets, None)
        except av.FFmpegError as error:
            raise MediaError(
                self._source, "its sound is damaged; write the clip without audio_from"
            ) from error

    def _copied(self, container: InputContainer, stream: AudioStream) -> Iterator[Packet]:
        """Packets of the source from those around the start on, moved to their new time."""
        is_mp3 = stream.codec_context.name.startswith("mp3")
        before: deque[Packet] = deque(maxlen=_MP3_AHEAD if is_mp3 else _AHEAD)
        shift = round(self._origin / stream.time_base) if stream.time_base else 0
        for packet in container.demux(stream):
            if packet.pts is None or packet.size == 0:
                continue
            packet.pts -= shift
            packet.dts = packet.pts
            packet.stream = self._out
            before.append(packet)
            if packet.pts >= 0:
                yield from before
                before.clear()

    def _coded(self, container: InputContainer, stream: AudioStream) -> Iterator[Packet]:
        """The source's sound from the start on as AAC."""
        graph = self._graph(stream)
        for frame in container.decode(stream):
            if isinstance(frame, AudioFrame):
                graph.push(frame)
                yield from self._encoded(graph)
        graph.push(None)
        yield from self._encoded(graph)
        yield from self._out.encode(None)

    def _graph(self, stream: AudioStream) -> Graph:
        context = self._out.codec_context
        graph = Graph()
        graph.link_nodes(
            graph.add_abuffer(template=stream),
            graph.add("atrim", f"start={float(self._origin):.6f}"),
            graph.add("asetpts", f"PTS-{float(self._origin):.6f}/TB"),
            graph.add("aresample", f"{context.sample_rate}:async=1"),
            graph.add(
                "aformat",
                f"sample_fmts=fltp:sample_rates={context.sample_rate}"
                f":channel_layouts={context.layout.name}",
            ),
            graph.add("asetnsamples", f"n={_AAC_FRAME}:p=0"),
            graph.add("abuffersink"),
        ).configure()
        return graph

    def _encoded(self, graph: Graph) -> Iterator[Packet]:
        while True:
            try:
                frame = graph.pull()
            except (BlockingIOError, av.EOFError):
                return
            assert isinstance(frame, AudioFrame)
            yield from self._out.encode(frame)


def _can_copy(stream: AudioStream) -> bool:
    context = stream.codec_context
    # AAC of a broadcast lacks the header that an MP4 needs.
    return context.name in _COPIED and (context.name != "aac" or bool(context.extradata))
