"""Decoded pictures → upright 8-bit RGB of the wanted size, in the right colours."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import cast

import av
import numpy as np
from av.buffer import Buffer
from av.filter import Graph
from av.video.frame import VideoFrame
from numpy.typing import NDArray

from .clip_color import HDR_TRANSFERS, to_standard_range
from .images import fitted_size

_EXACT = "accurate_rnd+full_chroma_int+full_chroma_inp"

# Of AVColorSpace (ISO/IEC 23091-2): the file does not say how colours became Y, Cb and Cr.
_UNSPECIFIED = 2
# From this height on, players take such a file for high definition, which is ITU-R BT.709.
_HD_HEIGHT = 720


class PictureConverter:
    """Turns the frames of one picture track into upright RGB of one size.

    What it does, in this order: deinterlace (where a frame says it is interlaced), scale (the
    sample aspect ratio included), convert to RGB by the frame's own matrix and range, compress
    high dynamic range, rotate and mirror as the file's display matrix asks.

    `size` is the longest side in pixels, None keeps the size as shown. `transfer` is the
    track's transfer characteristic (AVColorTransferCharacteristic).
    """

    def __init__(self, *, size: int | None, sample_aspect: Fraction | None, transfer: int) -> None:
        self._size = size
        self._aspect = sample_aspect if sample_aspect and sample_aspect > 0 else Fraction(1)
        self._transfer = transfer
        self._graph: Graph | None = None
        self._graph_key: tuple[object, ...] = ()
        self._interlaced = False
        self._turn = Turn()
        self.shown_size: tuple[int, int] | None = None

    def convert(self, frame: VideoFrame, tag: int) -> Iterator[tuple[int, NDArray[np.uint8]]]:
        """Take a frame; give the pictures that are ready, each with the tag of its frame."""
        if self.shown_size is None:
            self._turn = Turn.of(frame)
            self.shown_size = self._turn.size(_square_pixels(frame, self._aspect))
        self._interlaced |= bool(frame.interlaced_frame)
        key = (frame.width, frame.height, frame.format.name, frame.colorspace, self._interlaced)
        if key != self._graph_key:
            yield from self.flush()
            self._graph, self._graph_key = self._build(frame), key
        # The tag travels through the deinterlacer, which is one frame late, as the frame's time.
        frame.pts, frame.time_base = tag, Fraction(1)
        assert self._graph is not None
        self._graph.push(frame)
        yield from self._pull()

    def flush(self) -> Iterator[tuple[int, NDArray[np.uint8]]]:
        """Give the pictures that the deinterlacer still holds."""
        if self._graph is not None:
            self._graph.push(None)
            yield from self._pull()
            self._graph, self._graph_key = None, ()

    def _build(self, frame: VideoFrame) -> Graph:
        assert self.shown_size is not None
        shown = self.shown_size
        width, height = self._turn.size(fitted_size(shown, self._size) if self._size else shown)
        grows = width > frame.width or height > frame.height
        scale = f"{width}:{height}:flags={'bicubic' if grows else 'area'}+{_EXACT}:out_range=full"
        if frame.colorspace == _UNSPECIFIED and frame.height >= _HD_HEIGHT:
            scale += ":in_color_matrix=bt709"
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
        steps.append(graph.add("scale", scale))
        # Planar, because FFmpeg 8 swaps colours when it averages areas into packed 16 bits.
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
            else:
                pixels = decoded.astype(np.uint8, copy=False)
            assert frame.pts is not None and frame.time_base is not None
            yield round(frame.pts * frame.time_base), self._turn.apply(pixels)


class Turn:
    """One of the eight ways to lay down a picture: swap its axes, then mirror rows and columns."""

    def __init__(self, swap: bool = False, rows: int = 1, columns: int = 1) -> None:
        self.swap, self.rows, self.columns = swap, rows, columns

    @classmethod
    def of(cls, frame: VideoFrame) -> Turn:
        """The turn that a frame's display matrix asks for, to the nearest quarter.

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
        """The (width, height) after the turn of what is `size` before it, and the reverse."""
        return (size[1], size[0]) if self.swap else size

    def apply(self, pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Turn pixels `(H, W, 3)`; the result owns its memory."""
        turned = pixels.transpose(1, 0, 2) if self.swap else pixels
        return np.ascontiguousarray(turned[:: self.rows, :: self.columns])


def _square_pixels(frame: VideoFrame, aspect: Fraction) -> tuple[int, int]:
    """The (width, height) of a frame once its pixels are square: the shorter side grows."""
    if aspect >= 1:
        return max(1, round(frame.width * aspect)), frame.height
    return frame.width, max(1, round(frame.height / aspect))
