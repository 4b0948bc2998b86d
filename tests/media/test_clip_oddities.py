"""Clips with pictures before time 0, and clips that change their size in the middle."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from clip_files import ffmpeg, h264, make_clip, number_of, numbered_picture

from stylekit.errors import MediaError
from stylekit.media.clips import read_clip

EARLY = ["-c", "copy", "-avoid_negative_ts", "disabled", "-output_ts_offset"]


@pytest.mark.parametrize("offset", [-0.2, -0.36, -5])
@pytest.mark.parametrize("reordered", [0, 2])
def test_pictures_before_time_0_of_a_matroska_file_are_read(offset, reordered, tmp_path):
    """As `mkvmerge` and `ffmpeg -ss … -c copy` leave them."""
    clip = h264(tmp_path / "a.mp4", 12, "-bf", reordered, "-g", 4)
    early = tmp_path / "b.mkv"
    ffmpeg("-i", clip, *EARLY, offset, early)
    found = read_clip(early)
    assert [number_of(frame) for frame in found] == list(range(12))
    assert found.fps == 25
    later = read_clip(early, start=0.2, frames=3)
    assert [number_of(frame) for frame in later] == [5, 6, 7]


def joined(path: Path, *parts: Path) -> Path:
    """The packets of several clips, one after the other in the track of the first."""
    with av.open(str(path), "w") as out:
        track, shift, tick = None, 0, Fraction(1, 1000)
        for part in parts:
            with av.open(str(part)) as source:
                stream = source.streams.video[0]
                track = track or out.add_stream_from_template(stream)
                packets = [packet for packet in source.demux(stream) if packet.size]
                first = packets[0].pts * packets[0].time_base
                for packet in packets:
                    time = packet.pts * packet.time_base - first
                    packet.pts = packet.dts = shift + round(time / tick)
                    packet.time_base, packet.duration, packet.stream = tick, 40, track
                    out.mux(packet)
                shift += 40 * len(packets)
    return path


SIZES = [(64, 48), (96, 72), (48, 64)]


@pytest.mark.parametrize(
    ("ending", "codec"),
    [
        (".webm", ["-c:v", "libvpx-vp9", "-cpu-used", 8]),
        (".webm", ["-c:v", "libvpx"]),
        (".mkv", ["-c:v", "libx264", "-bf", 0, "-bsf:v", "h264_mp4toannexb,dump_extra=all"]),
    ],
)
def test_a_clip_that_changes_its_size_keeps_that_of_its_first_picture(ending, codec, tmp_path):
    parts = []
    for index, (width, height) in enumerate(SIZES):
        pictures = [numbered_picture(4 * index + k, width, height) for k in range(4)]
        kind = ".ts" if ending == ".mkv" else ending
        parts.append(make_clip(tmp_path / f"{index}{kind}", pictures, *codec))
    clip = joined(tmp_path / f"all{ending}", *parts)
    try:
        found = read_clip(clip)
    except MediaError as error:
        assert "frames readable" in str(error)
        found = read_clip(clip, allow_partial=True)
        assert 1 <= len(found) <= 12
    else:
        assert len(found) == 12
    assert {frame.shape for frame in found} == {(48, 64, 3)}
    assert [number_of(frame) for frame in found] == list(range(len(found)))
    assert all(np.isfinite(frame).all() for frame in found)
