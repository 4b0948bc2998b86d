"""Clips side by side: each at its position, at the right time, under its title."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from clip_files import NTSC, h264, number_of, numbered_picture

from stylekit.arrays import from_bytes
from stylekit.errors import MediaError
from stylekit.media.clips import read_clip
from stylekit.media.compare import write_comparison, write_slow_motion

BAR = 40


def panels(path: Path, count: int) -> list[list[np.ndarray]]:
    """Each frame of a comparison, cut into its `count` panels of equal width, without titles."""
    return [np.array_split(pixels[BAR:], count, axis=1) for pixels in read_clip(path).pixels]


@pytest.fixture
def left(tmp_path) -> Path:
    return h264(tmp_path / "left.mp4", 12, fps="30000/1001", beep=0.1)


@pytest.fixture
def right(tmp_path) -> Path:
    pictures = [255 - numbered_picture(index) for index in range(10)]
    return h264(tmp_path / "right.mp4", pictures, fps="30000/1001")


def test_each_clip_is_in_its_place_at_its_time(tmp_path, left, right):
    output = tmp_path / "both.mp4"
    write_comparison([left, right], ["left", "right"], output, comment="note")
    clip = read_clip(output)
    # As long as the shorter, with the first one's rate and sound; 160×96 enlarged threefold.
    assert (len(clip), clip.fps, clip.has_audio) == (10, NTSC, True)
    assert (clip.width, clip.height) == (2 * 480 + 4, 3 * 96 + BAR)
    for index, (first, second) in enumerate(panels(output, 2)):
        assert number_of(first) == index
        assert number_of(255 - second) == index


def test_clips_of_other_rates_are_shown_at_the_same_times(tmp_path, left):
    slow = h264(tmp_path / "slow.mp4", 3, fps=10)
    output = tmp_path / "both.mp4"
    write_comparison([left, slow], ["29.97", "10"], output, height=96)
    shown = [number_of(second) for _, second in panels(output, 2)]
    middles = [(Fraction(index) + Fraction(1, 2)) / NTSC for index in range(len(shown))]
    assert shown == [int(time * 10) for time in middles]
    assert len(shown) == 8


def test_titles_stand_in_the_bar_above_and_fit(tmp_path, right):
    output = tmp_path / "both.mp4"
    titles = ["short", "a title that is far too long for the narrow panel that it belongs to"]
    write_comparison([right, right], titles, output)
    bar = read_clip(output).pixels[0][: BAR - 2].astype(int)
    lit = np.flatnonzero((bar.min(axis=2) > 120).any(axis=0))
    half = bar.shape[1] // 2
    for side, begin in ((lit[lit < half], 0), (lit[lit >= half], half)):
        assert side.size > 10
        assert side.min() - begin >= 6
        assert begin + half - side.max() >= 6


def test_a_clip_that_stands_upright_keeps_its_shape(tmp_path, right):
    pictures = [numbered_picture(index, 96, 160) for index in range(3)]
    tall = h264(tmp_path / "tall.mp4", pictures, fps="30000/1001")
    write_comparison([tall, right], ["tall", "wide"], tmp_path / "both.mp4", height=160)
    clip = read_clip(tmp_path / "both.mp4")
    assert clip.height == 160 + BAR
    assert clip.width == pytest.approx(96 + 4 + 160 * 160 / 96, abs=2)
    assert number_of(clip.pixels[2][BAR:, :96]) == 2


def test_it_repeats_byte_for_byte_and_in_silence(tmp_path, left, right, capfd):
    for name in ("a.mp4", "b.mp4"):
        write_comparison([left, right], ["one", ""], tmp_path / name)
    assert (tmp_path / "a.mp4").read_bytes() == (tmp_path / "b.mp4").read_bytes()
    assert capfd.readouterr() == ("", "")


def test_what_cannot_be_compared_is_refused(tmp_path, left):
    output = tmp_path / "both.mp4"
    with pytest.raises(ValueError, match="1 clips and 2 titles"):
        write_comparison([left], ["a", "b"], output)
    with pytest.raises(ValueError, match="0 clips and 0 titles"):
        write_comparison([], [], output)
    with pytest.raises(MediaError, match=r"^gone\.mp4: "):
        write_comparison([left, tmp_path / "gone.mp4"], ["a", "b"], output)
    assert not output.exists()


def test_slow_motion_shows_every_frame_once_for_longer(tmp_path):
    frames = [from_bytes(numbered_picture(index)) for index in range(5)]
    output = tmp_path / "slow.mp4"
    clips = {"one": frames, "other": [1 - frame for frame in frames[:4]]}
    write_slow_motion(clips, output, fps=NTSC, speed=Fraction(1, 4))
    clip = read_clip(output)
    assert (len(clip), clip.fps, clip.has_audio) == (4, NTSC / 4, False)
    for index, (first, second) in enumerate(panels(output, 2)):
        assert number_of(first) == number_of(255 - second) == index


def test_slow_motion_refuses_no_frames_and_other_speeds(tmp_path):
    frames = [from_bytes(numbered_picture(0))]
    for clips in ({}, {"a": []}):
        with pytest.raises(ValueError, match=r"^clips: "):
            write_slow_motion(clips, tmp_path / "slow.mp4", fps=NTSC)
    for speed in (Fraction(0), Fraction(2)):
        with pytest.raises(ValueError, match=r"^speed: "):
            write_slow_motion({"a": frames}, tmp_path / "slow.mp4", fps=NTSC, speed=speed)
