"""Metadata that would fill the memory, or take hours, are left out or refused."""

from __future__ import annotations

import struct
import sys
import zlib
from pathlib import Path

import picture_files as make
import PIL.Image
import pytest
from child_memory import memory_of

from stylekit.errors import MediaError
from stylekit.media.images import load_image
from stylekit.media.provenance import describe_source, read_sidecar

PICTURE = PIL.Image.fromarray(make.smooth_picture())


def webp_with(xmp: bytes) -> bytes:
    return make.encoded(PICTURE, "WEBP", xmp=xmp)


def exif_of(tag: int, kind: int, size: int, data: bytes) -> bytes:
    """EXIF data of one tag, whose value stands behind the directory."""
    entry = struct.pack("<HHII", tag, kind, len(data) // size, 26)
    return b"II*\0\x08\0\0\0" + struct.pack("<H", 1) + entry + bytes(4) + data


def png_with(name: bytes, data: bytes) -> bytes:
    png = make.encoded(PICTURE, "PNG")
    return png[:33] + make.png_chunk(name, data) + png[33:]


PACKET = b"<x:xmpmeta xmlns:x='adobe:ns:meta/'>%s</x:xmpmeta>"
TREE = PACKET % (b"<a/>" * 3_000_000)
LAUGHS = b"<!DOCTYPE l [<!ENTITY a 'haha'>" + b"".join(
    b"<!ENTITY %c '%s'>" % (98 + step, b"&%c;" % (97 + step) * 10) for step in range(9)
)


@pytest.mark.skipif(sys.platform == "win32", reason="measures memory as POSIX does")
@pytest.mark.parametrize(
    "data",
    [
        webp_with(TREE),
        png_with(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + TREE),
        webp_with(PACKET % (b"<a>" * 140_000 + b"</a>" * 140_000)),
        webp_with(LAUGHS + b"]>" + PACKET % b"&j;"),
        png_with(b"eXIf", exif_of(270, 2, 1, b"a b " * 3_000_000)),
        png_with(b"eXIf", exif_of(274, 4, 4, bytes(12_000_000))),
        png_with(b"zTXt", b"Author\0\0" + zlib.compress(bytes(30_000_000), 1)),
    ],
    ids=["WebP", "PNG", "deep", "entities", "EXIF text", "EXIF numbers", "zTXt"],
)
def test_metadata_take_little_memory(tmp_path: Path, data: bytes) -> None:
    """The first took 700 MB, for twelve."""
    (tmp_path / "a").write_bytes(data)
    both = "(lambda path: (describe_source(path), load_image(path)))"
    megabytes, _ = memory_of(both, tmp_path / "a")
    assert megabytes < 120


def test_a_large_packet_is_left_out(tmp_path: Path) -> None:
    author = b"<dc:creator xmlns:dc='http://purl.org/dc/elements/1.1/'>A</dc:creator>"
    words = b"<a/>" * 300_000 + author
    (tmp_path / "a").write_bytes(webp_with(PACKET % words))
    assert describe_source(tmp_path / "a").author is None
    (tmp_path / "a").write_bytes(webp_with(PACKET % words[1_000_000:]))
    assert describe_source(tmp_path / "a").author == "A"


def test_a_long_comment_of_a_gif_is_refused_at_once(tmp_path: Path) -> None:
    """Pillow needs minutes for four megabytes, and hours for fifty."""
    gif = make.encoded(PICTURE, "GIF")
    begin = 13 + (3 << (gif[10] & 7) + 1)
    for blocks, words in ((300, None), (100_000, "its comment is longer than 100 kB")):
        comment = b"!\xfe" + (b"\xff" + b"a" * 255) * blocks + b"\0"
        (tmp_path / "a.gif").write_bytes(gif[:begin] + comment + gif[begin:])
        if words is None:
            assert load_image(tmp_path / "a.gif").shape == (32, 48, 3)
        else:
            with pytest.raises(MediaError, match=f"^a.gif: {words}; export it again"):
                load_image(tmp_path / "a.gif")


def test_large_exif_data_are_refused_because_they_may_turn_the_picture(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(png_with(b"eXIf", exif_of(270, 2, 1, bytes(1_100_000))))
    with pytest.raises(MediaError, match=r"^a\.png: has EXIF data of more than 1 MB; export it"):
        load_image(tmp_path / "a.png")


def test_a_large_sidecar_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.png.json").write_bytes(b"[" + b"{}," * 11_000_000)
    with pytest.raises(MediaError, match=r"^a\.png\.json: is too large for a sidecar"):
        read_sidecar(tmp_path / "a.png")


PPM = make.encoded(PICTURE, "PPM")


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("a.png", png_with(b"teSt", b"") + b"", None),
        (
            "a.png",
            png_with(b"teSt", b"").replace(
                make.png_chunk(b"teSt", b""), make.png_chunk(b"teSt", b"") * 60_000
            ),
            "has more than 50000 parts",
        ),
        ("a.ppm", PPM.replace(b"P6\n", b"P6\n#" + b"a" * 200_000 + b"\n"), "its comment is longer"),
        (
            "a.ppm",
            PPM.replace(b"\n255", b"\n" + b"#a\n" * 60_000 + b"255"),
            "its comment is longer",
        ),
        ("a.ppm", PPM.replace(b"P6\n", b"P6\n# GIMP\n"), None),
        ("a.pbm", b"P4\n64 48\n" + b" " * 384, None),
    ],
)
def test_many_parts_and_long_comments_are_refused_before_they_are_read(
    name, data, message, tmp_path
):
    (tmp_path / name).write_bytes(data)
    if message is None:
        assert load_image(tmp_path / name).ndim == 3
        return
    with pytest.raises(MediaError, match=rf"{name}: {message}"):
        load_image(tmp_path / name)
