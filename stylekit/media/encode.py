"""Writing clips: frames and sound → an H.264 file with an exact frame rate, or pictures."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from fractions import Fraction
from pathlib import Path

import av
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.container import InputContainer, OutputContainer
from av.filter import Graph
from av.packet import Packet
from av.video.format import VideoFormat
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from ..arrays import Image, check_image, to_bytes
from ..errors import MediaError, SettingsError
from ..settings import MediaLimits
from .animations import ANIMATION_SUFFIXES, write_animation
from .clip_codecs import sound_track
from .clip_layout import HIGHEST_FPS, open_clip, read_layout
from .files import atomic_path, check_absent, check_output
from .provenance import Provenance, xmp_packet
from .provenance import comment as describe
from .sequences import Pattern, check_sequence_output, existing_files, write_sequence

FILM_SUFFIXES: tuple[str, ...] = (".mp4", ".mov")
"""The endings of clips with sound; both hold the same H.264 pictures."""

CLIP_SUFFIXES = (*FILM_SUFFIXES, *ANIMATION_SUFFIXES)
"""The endings that `write_clip` accepts, besides patterns of numbered pictures."""

# The number of threads is fixed because x264's result depends on it.
_X264 = {"crf": "17", "preset": "medium", "threads": "4", "flags": "+bitexact"}
_CONTAINER = {"movflags": "+faststart", "fflags": "+bitexact"}

# AVColorSpace, AVColorPrimaries and AVColorTransferCharacteristic of ITU-R BT.709, and limited
# range (ISO/IEC 23091-2). Players that ignore a file's colour tags assume these values.
_BT709 = 1
_LIMITED = 1

# Formats that players expect in an MP4. Other sound is encoded again, as AAC.
_COPIED = ("aac", "mp3", "mp3float", "ac3", "eac3", "alac")
# How many packets before the start are copied too. MP3 uses bits of up to nine earlier packets.
_AHEAD = 2
_MP3_AHEAD = 10
_AAC_RATES = (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000)
_AAC_FRAME = 1024
_BIT_RATE = 192_000

# The user's limits were checked when the source was read as a clip.
_NO_LIMITS = MediaLimits(clip_side=2**20, clip_bytes=2**50, min_side=1, max_aspect=2.0**20)


class SoundError(MediaError):
    """The sound of a clip is damaged; without it the clip can be written."""


def write_clip(
    frames: Iterable[Image],
    path: Path | str,
    *,
    fps: Fraction,
    audio_from: Path | None = None,
    audio_start: float = 0.0,
    comment: str = "",
    title: str = "",
    provenance: Provenance | None = None,
    overwrite: bool = True,
) -> None:
    """Write a clip; its frames are taken one by one, so a generator needs little memory.

    An .mp4 or .mov is H.264 (4:2:0, ITU-R BT.709) with its index first (fast start). 4:2:0 needs
    even sides: an odd side is padded by one pixel that repeats the last column or row. A .gif has
    one palette for all frames, a .webp is an animation of quality 95, and a path with a printf
    pattern such as `frames/%04d.png` is a picture for each frame, numbered from 0. What is written
    appears complete or not at all. The same frames give the same bytes.

    Parameters
    ----------
    frames : float32 RGB, each `(H, W, 3)` in [0, 1], all of one size
    path : ends in .mp4, .mov, .gif or .webp, or is a pattern for pictures
    fps : frames a second, above 0 and at most 1000; kept exactly in .mp4 and .mov, rounded to whole
        milliseconds in .webp and to hundredths of a second in .gif (`write_animation`)
    audio_from : a clip whose sound is added: copied if an MP4 can hold it, otherwise as AAC; only
        .mp4 and .mov hold sound
    audio_start : the time of the first frame in `audio_from`, in seconds
    comment, title : metadata of .mp4 and .mov; a .gif holds the comment
    provenance : says in the file that it was edited by AI; a comment in .mp4, .mov and .gif unless
        another one is given, XMP in .webp and pictures
    overwrite : whether a file, or numbered pictures with a sidecar, may be replaced

    Raises
    ------
    MediaError : if the file cannot be written or there is no frame
    SoundError : if the sound is damaged
    SettingsError : for an `fps` out of range
    ValueError : for a frame of another size than the first
    """
    if not 0 < fps <= HIGHEST_FPS:
        raise SettingsError("fps", f"must be above 0 and at most {HIGHEST_FPS}, is {fps}")
    fps = Fraction(fps)
    path = check_clip_output(path)
    if not overwrite:
        for file in existing_files(path):
            check_absent(file)
    if provenance is not None:
        comment = comment or describe(provenance)
    if Pattern.of(path) is not None:
        write_sequence(frames, path, provenance=provenance)
    elif path.suffix.lower() in ANIMATION_SUFFIXES:
        xmp = None if provenance is None else xmp_packet(provenance)
        write_animation(frames, path, fps=fps, comment=comment, xmp=xmp)
    else:
        _write_film(frames, path, fps, audio_from, audio_start, comment, title)


def check_clip_output(path: Path | str) -> Path:
    """Check that `write_clip` may write a file or numbered pictures at `path`.

    Raises MediaError as `check_output` and `check_sequence_output` do.
    """
    path = Path(path)
    if Pattern.of(path) is not None:
        check_sequence_output(path)
        return path
    if path.name and (path.is_dir() or not path.suffix):
        raise MediaError(
            path,
            f"names no format; use one of {', '.join(CLIP_SUFFIXES)}, or {path.name}/ for a "
            "picture of each frame",
        )
    return check_output(path, CLIP_SUFFIXES)


def holds_sound(path: Path) -> bool:
    """Whether a clip that is written at `path` may have sound; it is padded to even sides too."""
    return Pattern.of(path) is None and path.suffix.lower() in FILM_SUFFIXES


def _write_film(
    frames: Iterable[Image],
    path: Path,
    fps: Fraction,
    audio_from: Path | None,
    audio_start: float,
    comment: str,
    title: str,
) -> None:
    with (
        atomic_path(path) as temporary,
        # Without the prefix a name such as "a:b.mp4" would be a network address.
        av.open(f"file:{temporary}", "w", container_options=_CONTAINER) as container,
        ExitStack() as sources,
    ):
        tags = (("title", title), ("comment", comment))
        container.metadata.update({name: text for name, text in tags if text})
        stream = _add_picture_track(path, container, fps)
        sound = _Sound(audio_from, audio_start, container, sources) if audio_from else None
        count = 0
        for count, picture in enumerate(_pictures(frames, stream, fps), 1):
            container.mux(stream.encode(picture))
            if sound:
                container.mux(list(sound.packets_until(count / fps)))
        if count == 0:
            raise MediaError(path, "there is no frame to write; give at least one")
        container.mux(stream.encode(None))
        if sound:
            container.mux(list(sound.packets_until(count / fps, cut=True)))


def _pictures(frames: Iterable[Image], stream: VideoStream, fps: Fraction) -> Iterator[VideoFrame]:
    """The frames in the size and the colours of the encoder; the first fixes the size."""
    graph, shape = None, (0, 0, 3)
    for index, frame in enumerate(frames):
        check_image(frame, "frame")
        if graph is None:
            shape = frame.shape
            graph = _picture_graph(stream, shape, fps)
        if frame.shape != shape:
            raise ValueError(
                f"frame: must be {shape[1]}×{shape[0]} pixels as the first, "
                f"is {frame.shape[1]}×{frame.shape[0]}"
            )
        picture = VideoFrame.from_ndarray(to_bytes(frame), format="rgb24")
        picture.pts, picture.time_base = index, 1 / fps
        graph.push(picture)
        yield graph.vpull()


def _picture_graph(stream: VideoStream, shape: tuple[int, ...], fps: Fraction) -> Graph:
    height, width = shape[:2]
    stream.width, stream.height = width + width % 2, height + height % 2
    graph = Graph()
    graph.link_nodes(
        graph.add_buffer(
            width=width, height=height, format=VideoFormat("rgb24"), time_base=1 / fps
        ),
        graph.add("pad", f"{stream.width}:{stream.height}"),
        graph.add("fillborders", f"right={width % 2}:bottom={height % 2}:mode=smear"),
        graph.add(
            "scale",
            "out_color_matrix=bt709:out_range=limited"
            ":flags=area+accurate_rnd+full_chroma_int+full_chroma_inp",
        ),
        graph.add("format", "yuv420p"),
        graph.add("buffersink"),
    ).configure()
    return graph


def _add_picture_track(path: Path, container: OutputContainer, fps: Fraction) -> VideoStream:
    try:
        stream = container.add_stream("libx264", rate=fps, options=dict(_X264))
    except ValueError as error:
        raise MediaError(
            path, "this PyAV has no H.264 encoder; install PyAV from PyPI: pip install av"
        ) from error
    stream.pix_fmt = "yuv420p"
    context = stream.codec_context
    context.time_base = 1 / fps
    context.colorspace = context.color_primaries = context.color_trc = _BT709
    context.color_range = _LIMITED
    return stream


class _Sound:
    """The sound of `source`, for a picture that is written to `target` frame by frame.

    `start` is the time of the first written frame in the source, in seconds from the source's own
    first picture. Sound that an MP4 can hold is copied. A few packets before the start are copied
    too, because decoders need them to begin without errors; the file's edit list tells players to
    leave them out. Other sound becomes AAC. `files` closes the source.
    """

    def __init__(
        self, source: Path, start: float, target: OutputContainer, files: ExitStack
    ) -> None:
        self._source = source
        layout = read_layout(source, _NO_LIMITS)
        self._origin = layout.times[0] + Fraction(start).limit_denominator(1_000_000)
        self._packets: Iterator[Packet] = iter(())
        self._waiting: Packet | None = None
        if not layout.has_audio:
            return
        container, _ = files.enter_context(open_clip(source, _NO_LIMITS))
        stream = sound_track(container)
        assert stream is not None
        context = stream.codec_context
        # Broadcast AAC (ADTS) lacks the header that an MP4 needs.
        if context.name in _COPIED and (context.name != "aac" or context.extradata):
            self._out = target.add_stream_from_template(stream)
            self._packets = self._copied(container, stream)
        else:
            rate = stream.rate if stream.rate in _AAC_RATES else _AAC_RATES[-1]
            layout_name = "mono" if stream.channels == 1 else "stereo"
            options = {"flags": "+bitexact"}
            self._out = target.add_stream("aac", rate=rate, options=options, layout=layout_name)
            self._out.bit_rate = _BIT_RATE
            self._packets = self._coded(container, stream)

    def packets_until(self, end: Fraction, *, cut: bool = False) -> Iterator[Packet]:
        """The next packets that end by `end` seconds; `cut` adds the one across it, shortened."""
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
            raise SoundError(
                self._source, "its sound is damaged; write the clip without audio_from"
            ) from error

    def _copied(self, container: InputContainer, stream: AudioStream) -> Iterator[Packet]:
        """Packets of the source, from shortly before the start on, moved to their new time."""
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
        """The source's sound from the start on, encoded as AAC."""
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
