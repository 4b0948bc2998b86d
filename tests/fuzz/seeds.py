"""Small files of every kind that is read, from which damaged ones are made."""

from __future__ import annotations

import io
import json
from pathlib import Path

import numpy as np
import picture_files as make
import PIL.Image
from clip_files import make_clip, numbered_picture

from stylekit import __version__
from stylekit.settings import ImageSettings, Weights

WIDTH, HEIGHT, FRAMES = 48, 32, 4

_CLIPS = {
    "h264.mp4": ("-c:v", "libx264", "-pix_fmt", "yuv420p"),
    "hevc.mp4": ("-c:v", "libx265", "-x265-params", "log-level=none"),
    "fragments.mp4": ("-c:v", "libx264", "-movflags", "frag_keyframe+empty_moov", "-g", 2),
    "prores.mov": ("-c:v", "prores_ks", "-profile:v", 4444, "-pix_fmt", "yuva444p10le"),
    "vp9-alpha.webm": ("-c:v", "libvpx-vp9", "-pix_fmt", "yuva420p", "-cpu-used", 8),
    "vp8.webm": ("-c:v", "libvpx"),
    "ffv1.mkv": ("-c:v", "ffv1"),
    "png.avi": ("-c:v", "png"),
    "mjpeg.avi": ("-c:v", "mjpeg"),
    "mpeg4.avi": ("-c:v", "mpeg4", "-bf", 2),
    "mpeg2.ts": ("-c:v", "mpeg2video"),
    "mpeg1.mpg": ("-c:v", "mpeg1video"),
    "clip.gif": ("-vf", "format=rgb24"),
}


def write_seeds(folder: Path) -> list[Path]:
    """Write all seeds to a folder; their paths, sorted."""
    for name, data in _pictures().items():
        (folder / name).write_bytes(data)
    pictures = [numbered_picture(index, WIDTH, HEIGHT) for index in range(FRAMES)]
    for name, options in _CLIPS.items():
        make_clip(folder / name, pictures, *options)
    record = {
        "made_with": "stylekit",
        "version": __version__,
        "weights": Weights().to_json(),
        "settings": ImageSettings().to_json(),
    }
    (folder / "sidecar.json").write_text(json.dumps(record))
    return sorted(folder.iterdir())


def _pictures() -> dict[str, bytes]:
    pixels = make.smooth_picture(WIDTH, HEIGHT)
    rgb = PIL.Image.fromarray(pixels)
    rgba = rgb.copy()
    rgba.putalpha(rgb.getchannel("R"))
    exif = PIL.Image.Exif()
    exif[274], exif[315] = 6, "Zoë"
    packet = b"<x:xmpmeta xmlns:x='a'><b/></x:xmpmeta>"
    tags = {"exif": exif, "icc_profile": make.swapped_rgb_profile()}
    more = {"save_all": True, "append_images": [rgba.rotate(180)], "duration": 40}
    seeds = {
        "a.png": make.encoded(rgba, "PNG", **tags),
        "palette.png": make.encoded(rgb.quantize(16), "PNG", transparency=3),
        "deep.png": make.png_file(pixels * np.uint16(257), colors=make.RGB),
        "animated.png": make.encoded(rgba, "PNG", **more),
        "a.jpg": make.encoded(rgb, "JPEG", **tags),
        "inks.jpg": make.encoded(rgb.convert("CMYK"), "JPEG"),
        "progressive.jpg": make.encoded(rgb, "JPEG", progressive=True),
        "iptc.jpg": make.jpeg_with(rgb, make.iptc_segment({80: [b"A"], 120: [b"B"]})),
        "a.webp": make.encoded(rgba, "WEBP", **tags, xmp=packet),
        "animated.webp": make.encoded(rgba, "WEBP", **more),
        "a.avif": make.encoded(rgba, "AVIF", **tags),
        "a.gif": make.encoded(rgba, "GIF", comment=b"hello", **more),
        "a.bmp": make.encoded(rgb, "BMP"),
        "a.tif": make.encoded(rgba, "TIFF", compression="tiff_lzw", exif=exif),
        "grey.tif": make.tiff_file(np.asarray(rgb.convert("I;16"))),
        "planes.tif": make.tiff_file(pixels, photometric=2, planes=True),
        "fax.tif": make.encoded(rgb.convert("1"), "TIFF", compression="group4"),
        "a.ppm": make.encoded(rgb, "PPM"),
    }
    try:
        import pillow_heif
    except ImportError:
        return seeds
    data = io.BytesIO()
    pillow_heif.from_pillow(rgba).save(data)
    return seeds | {"a.heic": data.getvalue()}
