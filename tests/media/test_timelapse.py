"""A time-lapse: what it keeps, and what is read back from its file."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import PIL.Image
import pytest

from stylekit.arrays import Image
from stylekit.errors import MediaError, SettingsError
from stylekit.media import timelapse
from stylekit.media.clips import read_clip
from stylekit.media.timelapse import TimeLapse

# An 8-bit value is coded in a clip as a value of limited range, and H.264 rounds that again.
CODING = 4 / 255


def grey(value: float, size: tuple[int, int] = (48, 34)) -> Image:
    return np.full((size[1], size[0], 3), value / 255, np.float32)


def lapse_of(count: int, limit: int = 200, size: tuple[int, int] = (48, 34)) -> TimeLapse:
    """Of pictures that have the number of their step as their value."""
    lapse = TimeLapse(limit)
    for step in range(count):
        lapse.add(grey(step, size))
    return lapse


def read_gif(path: Path) -> tuple[list[Image], list[int]]:
    """The frames of a GIF, and for how many milliseconds each is shown."""
    frames, times = [], []
    with PIL.Image.open(path) as picture:
        assert picture.info["loop"] == 0
        for index in range(picture.n_frames):
            picture.seek(index)
            frames.append(np.asarray(picture.convert("RGB"), np.float32) / np.float32(255))
            times.append(picture.info["duration"])
    return frames, times


def test_a_clip_has_a_frame_for_each_step_and_holds_the_end(tmp_path: Path) -> None:
    lapse_of(100).save(tmp_path / "a.mp4", comment="by AI")
    clip = read_clip(tmp_path / "a.mp4")
    # 100 frames of 0.08 s; the last is shown 1.5 s long in all.
    assert (len(clip), clip.fps) == (100 + 18, Fraction(100, 8))
    assert (clip.width, clip.height) == (48, 34)
    values = [float(frame.mean()) for frame in clip]
    assert values[:100] == pytest.approx([step / 255 for step in range(100)], abs=CODING)
    assert values[100:] == pytest.approx([99 / 255] * 18, abs=CODING)


def test_a_gif_has_a_frame_for_each_step_and_holds_the_end(tmp_path: Path) -> None:
    lapse_of(100).save(tmp_path / "a.GIF", comment="by AI")
    frames, times = read_gif(tmp_path / "a.GIF")
    assert times == [80] * 99 + [1500]
    assert {frame.shape for frame in frames} == {(34, 48, 3)}
    # The palette is made of 16 of the frames, at most 99 / 15 apart: half of that is the way to
    # the next, and dithering mixes both sides.
    values = [float(frame.mean()) for frame in frames]
    assert values == pytest.approx([step / 255 for step in range(100)], abs=99 / 30 / 255)
    np.testing.assert_allclose(frames[-1], grey(99), atol=1e-6)
    assert b"by AI" in (tmp_path / "a.GIF").read_bytes()


@pytest.mark.parametrize("ending", [".mp4", ".gif"])
def test_small_pictures_are_enlarged_smoothly(tmp_path: Path, ending: str) -> None:
    small, large = grey(0, (4, 3)), grey(0, (40, 30))
    small[:, 2:] = large[:, 20:] = 200 / 255
    lapse = TimeLapse()
    lapse.add(small)
    lapse.add(SimpleNamespace(image=large))
    path = tmp_path / f"a{ending}"
    lapse.save(path)
    first, last = (read_gif(path)[0] if ending == ".gif" else list(read_clip(path)))[:2]
    assert first.shape == last.shape == (30, 40, 3)
    np.testing.assert_allclose(last, large, atol=2 * CODING)
    steps = [float(np.abs(np.diff(frame[15, :, 1])).max()) for frame in (first, last)]
    assert steps[0] < 0.5 * steps[1]


def test_the_size_may_be_given_and_an_odd_one_is_padded_in_a_clip(tmp_path: Path) -> None:
    lapse = lapse_of(2, size=(20, 16))
    lapse.save(tmp_path / "a.gif", size=(45, 33))
    lapse.save(tmp_path / "a.mp4", size=(45, 33))
    assert read_gif(tmp_path / "a.gif")[0][0].shape == (33, 45, 3)
    assert read_clip(tmp_path / "a.mp4")[0].shape == (34, 46, 3)


@pytest.mark.parametrize("count", [3, 10, 11, 12, 57, 200])
def test_few_frames_are_kept_evenly_with_the_first_and_the_newest(
    tmp_path: Path, count: int
) -> None:
    lapse = TimeLapse(10)
    for step in range(count):
        # The number of the step in two digits, too far apart for coding to change one.
        digits = 16 * np.float32([step // 16, step % 16, 0]) / 255
        lapse.add(np.broadcast_to(digits, (16, 16, 3)))
        assert len(lapse) <= 10
    lapse.save(tmp_path / "a.mp4")
    digits = [np.rint(frame.mean((0, 1)) * 255 / 16) for frame in read_clip(tmp_path / "a.mp4")]
    steps = [int(16 * high + low) for high, low, _ in digits[: len(lapse)]]
    assert len(steps) >= min(count, 5)
    assert (steps[0], steps[-1]) == (0, count - 1)
    *gaps, last = np.diff(steps)
    assert len(set(gaps)) == 1 and last <= gaps[0]


def test_large_pictures_are_kept_in_bounded_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timelapse, "_MAX_BYTES", 5 * grey(0).size)
    lapse = TimeLapse()
    lengths = []
    for step in range(40):
        lapse.add(grey(step))
        lengths.append(len(lapse))
    # Five in the budget, and the newest.
    assert max(lengths) == 6 and lengths[-1] >= 3


def test_the_longest_takes_ten_seconds(tmp_path: Path) -> None:
    lapse_of(250, size=(16, 16)).save(tmp_path / "a.gif")
    times = read_gif(tmp_path / "a.gif")[1]
    assert 4000 < sum(times) <= 10_000


def test_what_cannot_be_a_time_lapse_is_refused(tmp_path: Path) -> None:
    for limit in (1, 201):
        with pytest.raises(SettingsError, match=r"^limit: must be a whole number from 2 to 200"):
            TimeLapse(limit)
    lapse = TimeLapse()
    with pytest.raises(MediaError, match=r"^a\.gif: there is no picture to write"):
        lapse.save(tmp_path / "a.gif")
    with pytest.raises(ValueError, match=r"^image: values must lie in \[0, 1\]"):
        lapse.add(grey(600))
    lapse.add(grey(3))
    with pytest.raises(MediaError, match=r"^a\.png: cannot write the ending \.png"):
        lapse.save(tmp_path / "a.png")
    assert list(tmp_path.iterdir()) == []
