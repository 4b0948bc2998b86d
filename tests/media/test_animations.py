"""Animated pictures: WebP and PNG as clips, clips as GIF and WebP."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import PIL.Image
import pytest
from clip_files import number_of, numbered_picture

from stylekit.errors import MediaError
from stylekit.media.animations import check_animation, gif_delays, rounding_note
from stylekit.media.clips import Clip, describe_clip, read_clip
from stylekit.media.encode import write_clip
from stylekit.media.provenance import Provenance, SourceFile
from stylekit.settings import MediaLimits, Weights

WIDTH, HEIGHT = 60, 36
SOURCE = SourceFile(name="a.png", sha256="0" * 64)
PROVENANCE = Provenance(
    settings={}, weights=Weights(), backbone="vgg16", content=SOURCE, style=SOURCE
)


def animate(path: Path, milliseconds: list[int], *, transparent: bool = False) -> Path:
    """Numbered pictures with these durations; the upper left corner may be transparent red."""
    pictures = []
    for index in range(len(milliseconds)):
        alpha = np.full((HEIGHT, WIDTH, 1), 255, np.uint8)
        pixels = np.dstack([numbered_picture(index, WIDTH, HEIGHT), alpha])
        if transparent:
            pixels[:8, :8] = 255, 0, 0, 0
        pictures.append(PIL.Image.fromarray(pixels))
    more = {".webp": {"lossless": True, "exact": True}, ".gif": {"disposal": 2}}
    pictures[0].save(
        path,
        save_all=True,
        append_images=pictures[1:],
        duration=milliseconds,
        **more.get(path.suffix, {}),
    )
    return path


def numbers(clip: Clip) -> list[int]:
    return [number_of(pixels) for pixels in clip.pixels]


@pytest.mark.parametrize("name", ["a.webp", "a.png", "a.gif"])
def test_varying_delays_lose_no_picture(tmp_path, name):
    path = animate(tmp_path / name, [100, 40, 200, 20], transparent=True)
    clip = read_clip(path)
    # The last picture is shorter than a frame, and is shown for one.
    assert (clip.fps, clip.dropped, numbers(clip)) == (24, 0, [0, 0, 1, 2, 2, 2, 2, 2, 3])
    assert clip.has_alpha
    np.testing.assert_array_equal(clip[0][:8, :8], 1.0)
    assert number_of(read_clip(path, size=40, start=0.24, frames=1).pixels[0]) == 2
    assert describe_clip(path).name == name


def test_delays_that_fit_a_rate_are_exact(tmp_path):
    clip = read_clip(animate(tmp_path / "a.webp", [80, 40, 160, 80]))
    assert (clip.fps, numbers(clip)) == (25, [0, 0, 1, 2, 2, 2, 2, 3, 3])


def test_dropped_pictures_are_counted(tmp_path):
    path = animate(tmp_path / "a.webp", [20, 100, 20, 100, 100])
    clip = read_clip(path, fps=10)
    assert (clip.fps, clip.dropped, clip.keeping_fps) == (10, 2, 50)
    assert set(numbers(clip)) == {1, 3, 4}
    kept = read_clip(path, fps=clip.keeping_fps)
    assert kept.dropped == 0 and set(numbers(kept)) == {0, 1, 2, 3, 4}
    # More than 60 a second are too many, so the average rate is taken.
    fast = read_clip(animate(tmp_path / "b.webp", [11, 11, 200, 200, 200]))
    assert fast.dropped > 0 and fast.keeping_fps == 91


def test_animations_outside_the_limits_or_damaged(tmp_path):
    path = animate(tmp_path / "a.webp", [100] * 4)
    for limits in (
        MediaLimits(clip_frames=3),
        MediaLimits(clip_side=59),
        MediaLimits(clip_bytes=9),
    ):
        with pytest.raises(MediaError, match=r"^a\.webp: .*limit is"):
            read_clip(path, limits=limits)
    path.write_bytes(path.read_bytes()[:-50])
    with pytest.raises(MediaError, match=r"^a\.webp: "):
        read_clip(path)
    animate(tmp_path / "one.png", [100])
    with pytest.raises(MediaError, match=r"^one\.png: is a PNG picture, not a clip"):
        read_clip(tmp_path / "one.png")


def frames(count: int) -> list[np.ndarray]:
    return [numbered_picture(n, WIDTH, HEIGHT) / np.float32(255) for n in range(count)]


def test_frames_of_a_gif_begin_at_their_times_and_share_a_palette(tmp_path):
    path = tmp_path / "a.gif"
    write_clip(iter(frames(12)), path, fps=Fraction(24), provenance=PROVENANCE)
    clip = read_clip(path)
    assert (clip.fps, numbers(clip)) == (24, list(range(12)))
    delays, palettes = [], set()
    with PIL.Image.open(path) as picture:
        assert b"Digital source type" in picture.info["comment"] and picture.info["loop"] == 0
        for index in range(picture.n_frames):
            picture.seek(index)
            delays.append(picture.info["duration"])
            palettes.add(bytes(picture.global_palette.palette))
    assert sum(delays) == 500 and set(delays) == {40, 50}
    assert len(palettes) == 1


def test_a_webp_is_near_the_frames_and_says_how_it_was_made(tmp_path):
    path = tmp_path / "a.webp"
    write_clip(iter(frames(12)), path, fps=Fraction(24), provenance=PROVENANCE)
    clip = read_clip(path)
    assert (clip.fps, numbers(clip)) == (24, list(range(12)))
    assert np.abs(clip[11] - frames(12)[11]).mean() < 0.02
    with PIL.Image.open(path) as picture:
        assert b"compositeWithTrainedAlgorithmicMedia" in picture.info["xmp"]


def test_a_gif_that_would_be_slower_is_said_to_be(tmp_path):
    assert gif_delays(3, Fraction(120)) == [2, 2, 2]
    assert "at 50 in place of 120" in rounding_note(Path("a.gif"), Fraction(120))
    assert "0.03 or 0.04 seconds, 30 a second" in rounding_note(Path("a.gif"), Fraction(30))
    assert rounding_note(Path("a.gif"), Fraction(20)) == ""
    assert rounding_note(Path("a.mp4"), Fraction(120)) == ""


def test_an_animation_that_needs_too_much_memory_is_refused():
    check_animation(Path("a.mp4"), 3000, 1024, 1024)
    for name in ("a.gif", "a.webp"):
        with pytest.raises(MediaError, match=rf"^{name}: 3000 frames .*write \.mp4"):
            check_animation(Path(name), 3000, 1024, 1024)
