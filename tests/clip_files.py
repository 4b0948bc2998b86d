"""Clips made at run time, whose pictures say which way is up and which frame they are."""

from __future__ import annotations

import subprocess
from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path

import av
import imageio_ffmpeg
import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]

WIDTH, HEIGHT = 160, 96
NTSC = Fraction(30000, 1001)

CORNERS = {
    "top left": (200, 40, 40),
    "top right": (40, 180, 60),
    "bottom left": (50, 60, 200),
    "bottom right": (128, 128, 128),
}
_BITS = 8


def numbered_picture(index: int, width: int = WIDTH, height: int = HEIGHT) -> Pixels:
    """Four coloured corners, and `index` in white and black blocks across the middle."""
    picture = np.zeros((height, width, 3), np.uint8)
    colors = list(CORNERS.values())
    picture[: height // 2, : width // 2], picture[: height // 2, width // 2 :] = colors[:2]
    picture[height // 2 :, : width // 2], picture[height // 2 :, width // 2 :] = colors[2:]
    rows = slice(round(height * 0.4), round(height * 0.6))
    for bit in range(_BITS):
        columns = slice(round(width * (bit + 1) / 10), round(width * (bit + 2) / 10))
        picture[rows, columns] = 255 * (index >> bit & 1)
    return picture


def number_of(image: NDArray) -> int:
    """The `index` in a picture, upright and of any size, in [0, 1] or in 8 bits."""
    height, width = image.shape[:2]
    middle = image[height // 2] / (255.0 if image.dtype == np.uint8 else 1.0)
    bits = [middle[round(width * (bit + 1.5) / 10)].mean() > 0.5 for bit in range(_BITS)]
    return sum(1 << bit for bit, is_set in enumerate(bits) if is_set)


def ffmpeg(*arguments: object, data: bytes | None = None) -> None:
    """Run the ffmpeg that imageio-ffmpeg ships."""
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-y", "-loglevel", "error"]
    subprocess.run([*command, *map(str, arguments)], input=data, check=True)


def make_clip(
    path: Path,
    pictures: Iterable[Pixels] | int = 10,
    *options: object,
    fps: object = 25,
    beep: float | None = None,
) -> Path:
    """Write `pictures` (or that many numbered ones) as a clip, coded as `options` tell ffmpeg.

    With `beep` it has sound, silent but for a tone of 0.1 s that begins then (seconds).
    """
    if isinstance(pictures, int):
        pictures = [numbered_picture(index) for index in range(pictures)]
    pictures = list(pictures)
    height, width = pictures[0].shape[:2]
    inputs = ["-f", "rawvideo", "-pix_fmt", "rgb24", "-s", f"{width}x{height}", "-r", fps]
    inputs += ["-i", "-"]
    if beep is not None:
        seconds = float(len(pictures) / Fraction(str(fps)))
        tone = f"if(between(t,{beep},{beep + 0.1}),sin(2*PI*1000*t),0)"
        inputs += ["-f", "lavfi", "-i", f"aevalsrc='{tone}':s=44100:d={seconds}"]
    matrix = ["-vf", "scale=out_color_matrix=bt709:out_range=tv", "-colorspace", "bt709"]
    coded = options if "-vf" in options else [*matrix, *options]
    ffmpeg(*inputs, *coded, path, data=np.stack(pictures).tobytes())
    return path


def write_at_times(path: Path, times: Iterable[Fraction]) -> Path:
    """Write numbered pictures as H.264, each to be shown from its own time (seconds) on."""
    tick = Fraction(1, 90000)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25, options={"crf": "12", "threads": "1"})
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        stream.time_base = stream.codec_context.time_base = tick
        for index, time in enumerate(times):
            frame = av.VideoFrame.from_ndarray(numbered_picture(index), format="rgb24")
            frame.pts, frame.time_base = round(time / tick), tick
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def h264(path: Path, pictures: Iterable[Pixels] | int = 10, *options: object, **more) -> Path:
    """`make_clip` with H.264 as phones and cameras write it, the index at the front."""
    coded = ["-c:v", "libx264", "-pix_fmt", "yuv420p", "-crf", 12, "-movflags", "+faststart"]
    return make_clip(path, pictures, *coded, *options, **more)
