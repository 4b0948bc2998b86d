"""Decoding: the packets of a clip → upright 8-bit RGB frames of the wanted size."""

from __future__ import annotations

from bisect import bisect_left
from collections import deque
from collections.abc import Iterator, Mapping
from fractions import Fraction
from pathlib import Path
from typing import cast

import av
import numpy as np
from av.buffer import Buffer
from av.container import InputContainer
from av.filter import Graph
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame
from av.video.stream import VideoStream
from numpy.typing import NDArray

from ..errors import MediaError
from .clip_layout import THREADS, ClipLayout
from .images import fitted_size

# Codecs with packets that show no picture, so that a gap in time does not mean a loss.
_HIDDEN_PACKETS = ("vp8", "libvpx", "mpeg4")
# Formats that seek exactly to a keyframe. Others are decoded from their start.
_SEEKABLE = ("mov", "matroska")
# A decoder works on several packets at once, so it reports damage up to this many packets later.
_LATE = THREADS + 2

_READS_ALPHA = {"vp8": "libvpx", "vp9": "libvpx-vp9"}

_EXACT = "accurate_rnd+full_chroma_int+full_chroma_inp"

# AVColorSpace (ISO/IEC 23091-2) of a file that does not say how colours became Y, Cb and Cr.
_UNSPECIFIED = 2
# From this height on, players assume ITU-R BT.709 for such a file, as for high definition.
_HD_HEIGHT = 720

_PQ, _HLG = 16, 18

HDR_TRANSFERS = (_PQ, _HLG)
"""The transfer characteristics (ISO/IEC 23091-2) that `to_standard_range` knows: PQ and HLG."""

# The light of a white page, cd/m² (ITU-R BT.2408, 203 is "HDR reference white").
_REFERENCE_WHITE = 203.0
# Light up to this share of the reference white is kept; stronger light is compressed towards 1.
_KNEE = 0.75

# Linear light, BT.2020 primaries to BT.709 primaries (ITU-R BT.2087, section 4).
_TO_BT709 = np.array(
    [
        [1.660491, -0.587641, -0.072850],
        [-0.124550, 1.132900, -0.008349],
        [-0.018151, -0.100579, 1.118730],
    ],
    np.float32,
)


class Decoder:
    """Decodes one part of a clip.

    Afterwards `readable` is the number of intact pictures, counted from the file's start.
    `damaged` is True if decoding ended at a damaged picture. Then pictures from `readable` on must
    not be used, because damage is reported late.
    """

    def __init__(
        self, path: Path, container: InputContainer, stream: VideoStream, layout: ClipLayout
    ) -> None:
        self._container, self._stream, self._layout = container, stream, layout
        self._codec = _codec_with_alpha(path, stream)
        self._recent: deque[Fraction] = deque(maxlen=_LATE)
        self._sent = 0
        self.readable = 0
        self.damaged = False

    def frames(self, first: int) -> Iterator[tuple[int, VideoFrame]]:
        """Yield (slot, frame) in order, from slot `first` on, up to the first damaged picture.

        Earlier pictures come too if decoding needs them.
        """
        layout = self._layout
        started = layout.by_order
        for frame in self._intact(first):
            index = self.readable if layout.by_order else self._index(frame)
            if index >= len(layout.times):
                return
            # Between interlaced frames one picture is missing: the other field of the frame.
            gap = index - self.readable - int(frame.interlaced_frame)
            if started and gap > 0 and self._codec.name not in _HIDDEN_PACKETS:
                self.damaged = True
                return
            started = True
            self.readable = index + 1
            yield layout.slot(layout.times[index]), frame

    def _seek(self, first: int) -> None:
        if self._container.format.name.startswith(_SEEKABLE) and not self._layout.by_order:
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
        """Frames up to the first damaged one, and those that the decoder still holds then."""
        try:
            self._seek(first)
            for packet in self._container.demux(self._stream):
                if packet.is_corrupt:
                    self.damaged = True
                    break
                if packet.pts is not None:
                    self._recent.append(packet.pts * packet.time_base)
                self._sent += 1
                for frame in self._codec.decode(packet):
                    if frame.is_corrupt:
                        raise av.InvalidDataError(0, "a frame was concealed")
                    yield frame
            else:
                return
            yield from self._codec.decode(None)
        except av.FFmpegError:
            self.damaged = True
            self.readable = min(self.readable, self._first_doubtful())

    def _first_doubtful(self) -> int:
        if self._layout.by_order or not self._recent:
            return max(0, self._sent - 2 * _LATE)
        return bisect_left(self._layout.times, min(self._recent))


def _codec_with_alpha(path: Path, stream: VideoStream) -> VideoCodecContext:
    """The decoder of a track; that of a WebM with alpha is libvpx, the only one that finds it.

    WebM keeps the alpha of VP8 and VP9 beside the pictures, where FFmpeg's decoders do not look.
    Raises MediaError where there is no libvpx, because hidden colours would be painted.
    """
    own = stream.codec_context
    wanted = _READS_ALPHA.get(own.name)
    if wanted is None or stream.metadata.get("alpha_mode") != "1":
        return own
    try:
        codec = cast(VideoCodecContext, VideoCodecContext.create(wanted, "r"))
    except ValueError as error:
        raise MediaError(
            path,
            "is transparent in parts, which this PyAV cannot read; install PyAV from PyPI: "
            "pip install av",
        ) from error
    codec.options = dict(own.options)
    codec.thread_count = THREADS
    return codec


class PictureConverter:
    """Turns the frames of one picture track into upright RGB pictures of one size.

    The steps, in this order: deinterlace frames that say they are interlaced; lay transparent parts
    on white; scale, including the sample aspect ratio; convert to RGB by the frame's own matrix and
    range; compress high dynamic range; rotate and mirror as the file's display matrix asks.

    Afterwards `found_alpha` is True if a picture was transparent in parts.

    Parameters
    ----------
    size : the longest side in pixels; None keeps the size as shown
    sample_aspect : width by height of a pixel
    transfer : the track's transfer characteristic (AVColorTransferCharacteristic)
    """

    def __init__(self, *, size: int | None, sample_aspect: Fraction | None, transfer: int) -> None:
        self._size = size
        self._aspect = sample_aspect if sample_aspect and sample_aspect > 0 else Fraction(1)
        self._transfer = transfer
        self._graph: Graph | None = None
        self._graph_key: tuple[object, ...] = ()
        self._interlaced = False
        self._has_alpha = False
        self.found_alpha = False
        self._turn = Turn()
        self.shown_size: tuple[int, int] | None = None

    def convert(self, frame: VideoFrame, tag: int) -> Iterator[tuple[int, NDArray[np.uint8]]]:
        """Add a frame and yield the pictures that are ready, each with the tag of its frame."""
        if self.shown_size is None:
            self._turn = Turn.of(frame)
            self.shown_size = self._turn.size(_square_pixels(frame, self._aspect))
        self._interlaced |= bool(frame.interlaced_frame)
        key = (frame.width, frame.height, frame.format.name, frame.colorspace, self._interlaced)
        if key != self._graph_key:
            yield from self.flush()
            self._graph, self._graph_key = self._build(frame), key
        # The deinterlacer is one frame late, so the tag travels with the frame, as its time.
        frame.pts, frame.time_base = tag, Fraction(1)
        assert self._graph is not None
        self._graph.push(frame)
        yield from self._pull()

    def flush(self) -> Iterator[tuple[int, NDArray[np.uint8]]]:
        """Yield the pictures that the deinterlacer still holds."""
        if self._graph is not None:
            self._graph.push(None)
            yield from self._pull()
            self._graph, self._graph_key = None, ()

    def _build(self, frame: VideoFrame) -> Graph:
        assert self.shown_size is not None
        shown = self.shown_size
        width, height = self._turn.size(fitted_size(shown, self._size) if self._size else shown)
        grows = width > frame.width or height > frame.height
        scale = f"{width}:{height}:flags={'bicubic' if grows else 'area'}+{_EXACT}"
        matrix = ":out_range=full"
        if frame.colorspace == _UNSPECIFIED and frame.height >= _HD_HEIGHT:
            matrix += ":in_color_matrix=bt709"
        self._has_alpha = not self._is_hdr and any(c.is_alpha for c in frame.format.components)
        graph = Graph()
        steps = [
            graph.add_buffer(
                width=frame.width,
                height=frame.height,
                format=frame.format,
                time_base=Fraction(1),
            )
        ]
        if self._interlaced:
            steps.append(graph.add("bwdif", "mode=send_frame:deint=interlaced"))
        if self._has_alpha:
            # Black where it is transparent, so that no hidden colour gets into the average.
            steps += [
                graph.add("scale", f"flags={_EXACT}{matrix}"),
                graph.add("format", "gbrap"),
                graph.add("premultiply", "inplace=1"),
                graph.add("scale", scale),
                graph.add("format", "rgba"),
            ]
        else:
            # Planar, because FFmpeg 8 swaps colours when it averages into packed 16-bit pixels.
            steps.append(graph.add("scale", scale + matrix))
            steps.append(graph.add("format", "gbrp16le" if self._is_hdr else "rgb24"))
        steps.append(graph.add("buffersink"))
        graph.link_nodes(*steps).configure()
        return graph

    @property
    def _is_hdr(self) -> bool:
        return self._transfer in HDR_TRANSFERS

    def _pull(self) -> Iterator[tuple[int, NDArray[np.uint8]]]:
        assert self._graph is not None
        while True:
            try:
                frame = self._graph.vpull()
            except (BlockingIOError, av.EOFError):
                return
            decoded = frame.to_ndarray()
            if self._is_hdr:
                pixels = to_standard_range(decoded.astype(np.uint16, copy=False), self._transfer)
            elif self._has_alpha:
                uncovered = 255 - decoded[..., 3:]
                self.found_alpha |= bool(uncovered.any())
                # Both are rounded, so together they may be one more than white.
                colors = decoded[..., :3].astype(np.uint8, copy=False)
                pixels = colors + np.minimum(uncovered, 255 - colors).astype(np.uint8)
            else:
                pixels = decoded.astype(np.uint8, copy=False)
            assert frame.pts is not None and frame.time_base is not None
            yield round(frame.pts * frame.time_base), self._turn.apply(pixels)


class Turn:
    """One of the eight orientations of a picture: swap its axes, then mirror rows and columns."""

    def __init__(self, swap: bool = False, rows: int = 1, columns: int = 1) -> None:
        self.swap, self.rows, self.columns = swap, rows, columns

    @classmethod
    def of(cls, frame: VideoFrame) -> Turn:
        """The orientation that a frame's display matrix asks for, to the nearest quarter turn.

        The matrix (ISO/IEC 14496-12, 6.2.2) holds a, b, u, c, d, v, x, y, w as 32-bit fixed
        point numbers and sends (p, q) to (a p + c q, b p + d q).
        """
        data = cast(Mapping[str, Buffer], frame.side_data).get("DISPLAYMATRIX")
        if data is None:
            return cls()
        a, b, _, c, d = np.frombuffer(bytes(data), dtype=np.int32)[:5].tolist()
        if abs(a) + abs(d) >= abs(b) + abs(c):
            return cls(False, -1 if d < 0 else 1, -1 if a < 0 else 1)
        return cls(True, -1 if b < 0 else 1, -1 if c < 0 else 1)

    def size(self, size: tuple[int, int]) -> tuple[int, int]:
        """The (width, height) after the turn of a picture of `size` before it, and the reverse."""
        return (size[1], size[0]) if self.swap else size

    def apply(self, pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Turn pixels `(H, W, 3)`; the result owns its memory."""
        turned = pixels.transpose(1, 0, 2) if self.swap else pixels
        return np.ascontiguousarray(turned[:: self.rows, :: self.columns])


def _square_pixels(frame: VideoFrame, aspect: Fraction) -> tuple[int, int]:
    """The (width, height) of a frame whose pixels are made square by enlarging one side."""
    if aspect >= 1:
        return max(1, round(frame.width * aspect)), frame.height
    return frame.width, max(1, round(frame.height / aspect))


def to_standard_range(pixels: NDArray[np.uint16], transfer: int) -> NDArray[np.uint8]:
    """Convert high dynamic range to sRGB.

    Light below ¾ of the reference white keeps its strength and hue. Brighter light is compressed
    smoothly, by the same factor in all channels, so that the brightest reaches white.

    Parameters
    ----------
    pixels : BT.2020 RGB `(H, W, 3)`, uint16 over the full range
    transfer : PQ or HLG, one of `HDR_TRANSFERS`

    References
    ----------
    ITU-R BT.2100-2, Tables 4 and 5; ITU-R BT.2087, section 4
    """
    signal = pixels.astype(np.float32) / np.float32(65535.0)
    light = _pq_light(signal) if transfer == _PQ else _hlg_light(signal)
    light = np.maximum(light @ _TO_BT709.T, 0.0)
    strongest = light.max(axis=2, keepdims=True)
    over = np.maximum(strongest - _KNEE, 0.0) / (1.0 - _KNEE)
    compressed = np.where(over > 0.0, _KNEE + (1.0 - _KNEE) * over / (1.0 + over), strongest)
    light *= compressed / np.maximum(strongest, 1e-6)
    return np.rint(255.0 * np.clip(_srgb_signal(light), 0.0, 1.0)).astype(np.uint8)


def _pq_light(signal: NDArray[np.float32]) -> NDArray[np.float32]:
    """Light relative to reference white, by the PQ EOTF (ITU-R BT.2100-2, Table 4)."""
    m1, m2 = 2610 / 16384, 2523 / 4096 * 128
    c1, c2, c3 = 3424 / 4096, 2413 / 4096 * 32, 2392 / 4096 * 32
    power = signal ** np.float32(1 / m2)
    light = (np.maximum(power - c1, 0.0) / (c2 - c3 * power)) ** np.float32(1 / m1)
    return np.asarray(light * (10_000.0 / _REFERENCE_WHITE), np.float32)


def _hlg_light(signal: NDArray[np.float32]) -> NDArray[np.float32]:
    """Light relative to reference white on a screen of 1000 cd/m² (BT.2100-2, Table 5)."""
    a, b, c = 0.17883277, 0.28466892, 0.55991073
    scene = np.where(signal <= 0.5, signal**2 / 3.0, (np.exp((signal - c) / a) + b) / 12.0)
    luma = scene @ np.array([0.2627, 0.6780, 0.0593], np.float32)
    screen = 1000.0 * np.maximum(luma, 1e-6)[..., None] ** 0.2 * scene
    return np.asarray(screen / _REFERENCE_WHITE, np.float32)


def _srgb_signal(light: NDArray[np.float32]) -> NDArray[np.float32]:
    """The signal for linear light in [0, 1]: IEC 61966-2-1."""
    bright = 1.055 * np.maximum(light, 0.0031308) ** (1 / 2.4) - 0.055
    return np.asarray(np.where(light <= 0.0031308, 12.92 * light, bright), np.float32)
