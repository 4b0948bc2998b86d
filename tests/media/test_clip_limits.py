"""Files that would fill the memory while they are opened, and codes that are not read."""

from __future__ import annotations

import logging
import struct
import sys
import zlib
from fractions import Fraction
from pathlib import Path

import av
import pytest
from child_memory import memory_of
from clip_files import h264, make_clip
from picture_files import GREY, png_chunk, png_header

from stylekit.app.clip_files import tell_changes
from stylekit.errors import MediaError
from stylekit.media.clips import read_clip
from stylekit.media.encode import write_clip

needs_posix = pytest.mark.skipif(sys.platform == "win32", reason="measures memory as POSIX does")


def refused(path: Path) -> str:
    with pytest.raises(MediaError) as caught:
        read_clip(path)
    return str(caught.value)


def large_png(side: int) -> bytes:
    """A grey PNG of `side` × `side` zeros, which takes little space."""
    pack = zlib.compressobj(1)
    data = b"".join(pack.compress(bytes(side + 1)) for _ in range(side)) + pack.flush()
    header = png_header(side, side, colors=GREY)
    return header + png_chunk(b"IDAT", data) + png_chunk(b"IEND", b"")


@needs_posix
@pytest.mark.parametrize("name", ["a.avi", "a.mov"])
def test_no_picture_is_decoded_before_its_size_is_known(tmp_path, name):
    """Six tracks of one PNG each: decoded, they take 1.5 GB."""
    path, picture, side = tmp_path / name, large_png(16_000), 16_000
    with av.open(str(path), "w") as container:
        streams = [container.add_stream("png", rate=25) for _ in range(6)]
        for stream in streams:
            stream.width = stream.height = side
            stream.pix_fmt = "gray"
        for stream in streams:
            packet = av.Packet(picture)
            packet.stream, packet.time_base = stream, Fraction(1, 25)
            packet.pts = packet.dts = 0
            packet.is_keyframe = True
            container.mux(packet)
    assert path.stat().st_size < 10_000_000
    megabytes, words = memory_of("read_clip", path)
    assert words.startswith(f"{name}: is 16000×16000 pixels large, the limit is 4096")
    assert megabytes < 100


def box(name: bytes, *parts: bytes) -> bytes:
    content = b"".join(parts)
    return struct.pack(">I", 8 + len(content)) + name + content


def table(name: bytes, *numbers: int) -> bytes:
    return box(name, bytes(4), struct.pack(f">{len(numbers)}I", *numbers))


def mp4_of(*boxes: bytes) -> bytes:
    return box(b"ftyp", b"isom", bytes(4), b"isom") + box(b"mdat", bytes(99)) + b"".join(boxes)


def claiming_track(samples: int, sizes: bytes) -> bytes:
    entry = struct.pack(">6xH16xHHIIIH32xHh", 1, 64, 64, 0x480000, 0x480000, 0, 1, 24, -1)
    tables = box(
        b"stbl",
        box(b"stsd", bytes(4), struct.pack(">I", 1), box(b"jpeg", entry)),
        table(b"stts", 1, samples, 1),
        table(b"stsc", 1, 1, samples, 1),
        sizes,
        table(b"stco", 1, 40),
    )
    kind = box(b"hdlr", bytes(8), b"vide", bytes(13))
    return box(b"trak", box(b"mdia", kind, box(b"minf", tables)))


def claiming_fragments(samples: int) -> bytes:
    """A fragment in which each picture has the size and duration of the one before."""
    run = box(b"trun", bytes(4), struct.pack(">I", samples))
    return box(b"moof", box(b"traf", table(b"tfhd", 1), run))


MILLIONS = 20_000_000


@needs_posix
@pytest.mark.parametrize(
    "boxes",
    [
        [box(b"moov", claiming_track(MILLIONS, table(b"stsz", 1, MILLIONS)))],
        [box(b"moov", claiming_track(MILLIONS, table(b"stz2", 4, MILLIONS)))],
        [
            box(
                b"moov",
                *[claiming_track(900_000, table(b"stsz", 1, 900_000)) for _ in range(9)],
            )
        ],
        [
            box(b"moov", claiming_track(1, table(b"stsz", 1, 1))),
            claiming_fragments(MILLIONS),
        ],
        [
            box(
                b"moov",
                claiming_track(1, table(b"stsz", 1, 1) + table(b"stsz", 1, MILLIONS)),
            )
        ],
    ],
    ids=["stsz", "stz2", "tracks", "fragment", "twice"],
)
def test_an_index_that_claims_millions_of_pictures_is_refused(tmp_path, boxes):
    path = tmp_path / "a.mp4"
    path.write_bytes(mp4_of(*boxes))
    megabytes, words = memory_of("read_clip", path)
    assert words.startswith("a.mp4: its index ")
    assert megabytes < 20


@needs_posix
def test_a_compressed_index_is_not_unpacked(tmp_path):
    path = tmp_path / "a.mov"
    index = box(b"moov", box(b"free", bytes(100_000_000)))
    packed = struct.pack(">I", len(index)) + zlib.compress(index, 1)
    parts = box(b"dcom", b"zlib"), box(b"cmvd", packed)
    path.write_bytes(mp4_of(box(b"moov", box(b"cmov", *parts))))
    megabytes, words = memory_of("read_clip", path)
    assert words == "a.mov: its index is compressed; save it anew as H.264 MP4"
    assert megabytes < 20


def test_boxes_in_boxes_without_end_are_damage(tmp_path):
    data = b""
    for _ in range(5000):
        data = box(b"moov", data)
    (tmp_path / "a.mp4").write_bytes(mp4_of(data))
    assert "copy it again" in refused(tmp_path / "a.mp4") or "no picture" in refused(
        tmp_path / "a.mp4"
    )


def test_a_minute_of_uncompressed_sound_is_no_reason_to_refuse(tmp_path):
    """Its index counts single samples, of which FFmpeg joins a thousand in one entry."""
    path = h264(tmp_path / "a.mov", 60, "-c:a", "pcm_s16le", beep=1.0, fps=1)
    samples = 44_100 * 60
    assert struct.pack(">I", samples) in path.read_bytes()
    assert read_clip(path, size=32, frames=1).has_audio


@pytest.mark.parametrize(
    ("name", "code"), [("a.avi", "cinepak"), ("a.mov", "jpeg2000"), ("a.mkv", "magicyuv")]
)
def test_rare_codes_are_not_decoded(tmp_path, name, code):
    words = refused(make_clip(tmp_path / name, 2, "-c:v", code))
    assert words == f"{name}: its pictures are coded as {code}, which is not read; " + (
        "save it as H.264 MP4"
    )


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("a.mov", ["png"]),
        ("a.mov", ["qtrle"]),
        ("a.mov", ["dnxhd", "-profile:v", "dnxhr_sq", "-pix_fmt", "yuv422p", "-s", "256x160"]),
        ("a.avi", ["huffyuv"]),
        ("a.avi", ["mjpeg"]),
        ("a.avi", ["rawvideo", "-pix_fmt", "yuv420p"]),
        ("a.mkv", ["ffv1"]),
        ("a.mp4", ["libx265", "-x265-params", "log-level=none"]),
        ("a.mp4", ["libaom-av1", "-cpu-used", 8]),
        ("a.mpg", ["mpeg1video"]),
        ("a.mpg", ["mpeg2video", "-bf", 2]),
        ("a.3gp", ["h263", "-s", "176x144"]),
    ],
    ids=lambda value: value[0] if isinstance(value, list) else value,
)
def test_codes_of_cameras_editors_and_pages_are_read(tmp_path, name, options):
    assert len(read_clip(make_clip(tmp_path / name, 10, "-c:v", *options))) == 10


def test_sound_in_a_code_that_is_not_read_is_left_out_and_said(tmp_path, caplog):
    clip = read_clip(h264(tmp_path / "a.avi", 10, "-c:a", "wmav2", beep=0.1))
    assert not clip.has_audio
    assert clip.unread_sound == "wmav2"
    write_clip(clip, tmp_path / "b.mp4", fps=clip.fps, audio_from=clip.path)
    assert not read_clip(tmp_path / "b.mp4").has_audio
    with caplog.at_level(logging.INFO):
        tell_changes(clip, tmp_path / "b.mp4")
    assert caplog.messages == [
        "a.avi: its sound is left out, because it is coded as wmav2, which is not read; "
        "save it with AAC sound to keep it"
    ]
