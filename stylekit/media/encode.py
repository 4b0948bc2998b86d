"""Clips: frames to a file that plays everywhere, with an exact rate and the source's sound."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager, nullcontext
from fractions import Fraction
from pathlib import Path

import av
from av.container import OutputContainer
from av.filter import Graph
from av.video.format import VideoFormat
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from ..arrays import Image, check_image, to_bytes
from ..errors import MediaError, SettingsError
from .clip_sound import SoundTrack
from .files import atomic_path, check_output

CLIP_SUFFIXES = (".mp4", ".mov")
"""The endings that `write_clip` can write; both hold the same H.264 and sound."""

# The number of threads is fixed because x264's result depends on it.
_X264 = {"crf": "17", "preset": "medium", "threads": "4", "flags": "+bitexact"}
_CONTAINER = {"movflags": "+faststart", "fflags": "+bitexact"}

# AVColorSpace, AVColorPrimaries and AVColorTransferCharacteristic of ITU-R BT.709, and limited
# range (ISO/IEC 23091-2): what players take H.264 for when they do not look.
_BT709 = 1
_LIMITED = 1

_HIGHEST_FPS = 1000


def write_clip(
    frames: Iterable[Image],
    path: Path | str,
    *,
    fps: Fraction,
    audio_from: Path | None = None,
    audio_start: float = 0.0,
    comment: str = "",
    title: str = "",
) -> None:
    """Write frames, float32 RGB `(H, W, 3)` in [0, 1], as a clip; see `clip_writer`."""
    with clip_writer(
        path,
        fps=fps,
        audio_from=audio_from,
        audio_start=audio_start,
        comment=comment,
        title=title,
    ) as writer:
        for frame in frames:
            writer.add(frame)


@contextmanager
def clip_writer(
    path: Path | str,
    *,
    fps: Fraction,
    audio_from: Path | None = None,
    audio_start: float = 0.0,
    comment: str = "",
    title: str = "",
) -> Iterator[ClipWriter]:
    """A writer for a clip whose frames come one by one; it needs memory for a few only.

    The file is H.264 (4:2:0, ITU-R BT.709) in MP4 or MOV, made for fast start. It appears whole
    when the `with` ends; if its body raises, `path` is left as it was. 4:2:0 needs even sides:
    an odd one is padded by one pixel that repeats the last column or row. The same frames give
    the same bytes.

    `fps` is kept exactly. `audio_from` is a clip whose sound is added from `audio_start` seconds
    of its picture on, as long as the new picture lasts: copied where an MP4 can hold it, as AAC
    otherwise; a clip without sound adds none. `comment` and `title` become metadata.

    Raises MediaError where the file cannot be written, the sound cannot be read or no frame
    came, SettingsError for an `fps` that is not above 0 and at most 1000.
    """
    if not 0 < fps <= _HIGHEST_FPS:
        raise SettingsError("fps", f"must be above 0 and at most {_HIGHEST_FPS}, is {fps}")
    path = check_output(path, CLIP_SUFFIXES)
    with atomic_path(path) as temporary:
        # The prefix keeps a name such as "a:b.mp4" from being taken for a network address.
        target = av.open(f"file:{temporary}", "w", container_options=_CONTAINER)
        with target as container:
            container.metadata.update(
                {key: text for key, text in (("title", title), ("comment", comment)) if text}
            )
            writer = ClipWriter(path, container, Fraction(fps))
            sound = SoundTrack(audio_from, audio_start, container) if audio_from else None
            with sound or nullcontext():
                writer.sound = sound
                yield writer
                writer.finish()


class ClipWriter:
    """Takes the frames of a clip; made by `clip_writer`."""

    def __init__(self, path: Path, container: OutputContainer, fps: Fraction) -> None:
        self._path, self._container, self._fps = path, container, fps
        self._stream = _add_picture_track(path, container, fps)
        self._graph: Graph | None = None
        self._shape: tuple[int, ...] = ()
        self.sound: SoundTrack | None = None
        self.count = 0

    def add(self, frame: Image) -> None:
        """Append a frame, float32 RGB `(H, W, 3)` in [0, 1].

        Raises ValueError for a frame of another size than the first.
        """
        check_image(frame, "frame")
        if self._graph is None:
            self._graph = self._start(frame.shape)
        if frame.shape != self._shape:
            raise ValueError(
                f"frame: must be {self._shape[1]}×{self._shape[0]} pixels as the first, "
                f"is {frame.shape[1]}×{frame.shape[0]}"
            )
        picture = VideoFrame.from_ndarray(to_bytes(frame), format="rgb24")
        picture.pts, picture.time_base = self.count, 1 / self._fps
        self._graph.push(picture)
        self._encode(self._graph.vpull())
        self.count += 1
        self._add_sound(cut=False)

    def finish(self) -> None:
        """Write what is still held back. Raises MediaError if no frame came."""
        if self.count == 0:
            raise MediaError(self._path, "there is no frame to write; give at least one")
        self._encode(None)
        self._add_sound(cut=True)

    def _start(self, shape: tuple[int, ...]) -> Graph:
        """Fix the size, and make the way from RGB to the encoder's colours."""
        self._shape = shape
        height, width = shape[0], shape[1]
        even_width, even_height = width + width % 2, height + height % 2
        self._stream.width, self._stream.height = even_width, even_height
        graph = Graph()
        graph.link_nodes(
            graph.add_buffer(
                width=width, height=height, format=VideoFormat("rgb24"), time_base=1 / self._fps
            ),
            graph.add("pad", f"{even_width}:{even_height}"),
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

    def _encode(self, picture: VideoFrame | None) -> None:
        self._container.mux(self._stream.encode(picture))

    def _add_sound(self, *, cut: bool) -> None:
        if self.sound is not None:
            for packet in self.sound.packets_until(self.count / self._fps, cut=cut):
                self._container.mux(packet)


def _add_picture_track(path: Path, container: OutputContainer, fps: Fraction) -> VideoStream:
    try:
        stream = container.add_stream("libx264", rate=fps, options=dict(_X264))
    except ValueError as error:
        raise MediaError(
            path, "this PyAV has no H.264 encoder; install the one of PyPI: pip install av"
        ) from error
    stream.pix_fmt = "yuv420p"
    context = stream.codec_context
    context.time_base = 1 / fps
    context.colorspace = context.color_primaries = context.color_trc = _BT709
    context.color_range = _LIMITED
    return stream
