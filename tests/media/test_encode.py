"""Writing clips: exact rate and count, right colours, synchronous sound, complete files or none."""

from __future__ import annotations

import weakref
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from clip_files import HEIGHT, NTSC, WIDTH, h264, make_clip, number_of, numbered_picture

from stylekit.arrays import from_bytes
from stylekit.errors import MediaError, SettingsError
from stylekit.media.clips import read_clip
from stylekit.media.encode import write_clip
from stylekit.media.opencv import cv2

COLORS = np.array(
    [
        [[255, 0, 0], [0, 255, 0], [0, 0, 255], [255, 255, 255]],
        [[0, 0, 0], [128, 128, 128], [200, 60, 120], [30, 180, 220]],
    ],
    np.uint8,
)


def numbered(count: int) -> list[np.ndarray]:
    return [from_bytes(numbered_picture(index)) for index in range(count)]


def sound_of(path: Path) -> tuple[np.ndarray, int, Fraction]:
    """The sound of a clip as a player hears it, its sample rate, and when it begins (seconds)."""
    with av.open(str(path)) as container:
        frames = list(container.decode(audio=0))
    first = frames[0]
    samples = np.concatenate([f.to_ndarray().astype(float) for f in frames], axis=1)
    return samples[0] / np.abs(samples).max(), first.sample_rate, first.pts * first.time_base


def beep_time(path: Path) -> float:
    """When the tone begins, in seconds."""
    samples, rate, begin = sound_of(path)
    return float(begin) + float(np.flatnonzero(np.abs(samples) > 0.3)[0]) / rate


# --- the picture ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "fps", [NTSC, Fraction(24000, 1001), Fraction(25), Fraction(25, 3), Fraction(60)]
)
def test_rate_and_count_are_exact(tmp_path, fps):
    write_clip(numbered(31), tmp_path / "a.mp4", fps=fps)
    clip = read_clip(tmp_path / "a.mp4")
    assert clip.fps == fps
    assert [number_of(pixels) for pixels in clip.pixels] == list(range(31))
    with av.open(str(tmp_path / "a.mp4")) as container:
        stream = container.streams.video[0]
        assert (stream.frames, stream.average_rate, stream.start_time) == (31, fps, 0)
        assert stream.duration * stream.time_base == 31 / fps


@pytest.mark.parametrize("side", [32, 180])
def test_colours_read_back_in_pyav_and_opencv(tmp_path, side):
    # Both a small picture and a high definition one, for readers that guess by the height.
    picture = COLORS.repeat(side * 2, axis=0).repeat(side, axis=1)
    write_clip([from_bytes(picture)] * 3, tmp_path / "a.mp4", fps=Fraction(25))
    ours = read_clip(tmp_path / "a.mp4").pixels[1].astype(int)
    theirs = cv2.VideoCapture(str(tmp_path / "a.mp4")).read()[1][:, :, ::-1].astype(int)
    middle = (slice(side, None, side * 2), slice(side // 2, None, side))
    for shown in (ours, theirs):
        assert np.abs(shown[middle] - COLORS).max() <= 3


def test_photographs_stay_close(tmp_path):
    random = np.random.default_rng(0)
    rough = cv2.GaussianBlur(random.random((HEIGHT, WIDTH, 3)).astype(np.float32), (0, 0), 2)
    picture = np.clip((rough - 0.5) * 4 + 0.5, 0, 1, dtype=np.float32)
    write_clip([picture] * 3, tmp_path / "a.mp4", fps=Fraction(25))
    error = read_clip(tmp_path / "a.mp4")[1] - picture
    # The smaller half of the error is what halving the colours' resolution costs anyway.
    assert np.sqrt((error**2).mean()) < 0.03


def test_odd_sides_are_padded_by_repeating_the_edge(tmp_path):
    picture = np.full((75, 101, 3), 0.2, np.float32)
    picture[-1], picture[:, -1] = 0.8, 0.8
    write_clip([picture] * 2, tmp_path / "a.mp4", fps=Fraction(25))
    clip = read_clip(tmp_path / "a.mp4")
    assert (clip.width, clip.height) == (102, 76)
    assert np.abs(clip[0][:75, :101] - picture).max() < 0.06
    assert np.abs(clip[0][-1] - 0.8).max() < 0.06
    assert np.abs(clip[0][:, -1] - 0.8).max() < 0.06


def test_the_same_frames_give_the_same_bytes(tmp_path):
    source = h264(tmp_path / "source.mp4", 10, beep=0.1)
    for name in ("a.mp4", "b.mp4"):
        write_clip(
            numbered(10), tmp_path / name, fps=NTSC, audio_from=source, comment="x", title="y"
        )
    assert (tmp_path / "a.mp4").read_bytes() == (tmp_path / "b.mp4").read_bytes()


def test_it_streams(tmp_path):
    alive: list[weakref.ref] = []
    most = 0

    def frames():
        nonlocal most
        for index in range(60):
            frame = from_bytes(numbered_picture(index))
            alive.append(weakref.ref(frame))
            yield frame
            del frame
            most = max(most, sum(ref() is not None for ref in alive))

    write_clip(frames(), tmp_path / "a.mp4", fps=Fraction(25))
    assert most <= 2


@pytest.mark.parametrize("name", ["a.mp4", "a.mov", "a:b & “猫”.mp4"])
def test_comment_and_title_are_in_the_file(tmp_path, name):
    write_clip(
        numbered(2), tmp_path / name, fps=Fraction(25), comment="Edited; ü 猫", title="A title"
    )
    with av.open(f"file:{tmp_path / name}") as container:
        assert container.metadata["comment"] == "Edited; ü 猫"
        assert container.metadata["title"] == "A title"


def test_the_index_is_at_the_front(tmp_path):
    write_clip(numbered(2), tmp_path / "a.mp4", fps=Fraction(25))
    content = (tmp_path / "a.mp4").read_bytes()
    assert content.index(b"moov") < content.index(b"mdat")


# --- sound ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "codec", "kept"),
    [
        ("a.mp4", "aac", "aac"),
        ("a.mkv", "aac", "aac"),
        ("a.mp4", "libmp3lame", "mp3"),
        ("a.mp4", "ac3", "ac3"),
        ("a.mov", "pcm_s16le", "aac"),
        ("a.mkv", "libopus", "aac"),
        ("a.ts", "aac", "aac"),
    ],
)
def test_sound_stays_in_step(tmp_path, name, codec, kept):
    source = h264(tmp_path / name, 60, "-c:a", codec, fps="30000/1001", beep=1.2)
    with av.open(str(source)) as container:
        picture = container.streams.video[0]
        # A broadcast's clock does not begin at 0.
        heard = beep_time(source) - float((picture.start_time or 0) * picture.time_base)
    for start, frames in ((0.0, 60), (0.9, 20)):
        part = read_clip(source, start=start, frames=frames)
        output = tmp_path / "out.mp4"
        write_clip(part, output, fps=part.fps, audio_from=source, audio_start=part.start)
        assert beep_time(output) == pytest.approx(heard - part.start, abs=0.004)
        with av.open(str(output)) as container:
            sound, picture = container.streams.audio[0], container.streams.video[0]
            assert sound.codec_context.name.startswith(kept)
            assert picture.start_time == 0
            length = sound.duration * sound.time_base
            assert float(length) == pytest.approx(frames / NTSC, abs=0.03)


def test_copied_sound_is_not_coded_again(tmp_path):
    source = h264(tmp_path / "source.mp4", 30, beep=0.5)
    write_clip(numbered(30), tmp_path / "a.mp4", fps=Fraction(25), audio_from=source)

    def packets(path: Path) -> list[bytes]:
        with av.open(str(path)) as container:
            return [bytes(p) for p in container.demux(audio=0) if p.size]

    ours, theirs = packets(tmp_path / "a.mp4"), packets(source)
    assert len(theirs) - 2 <= len(ours) <= len(theirs)
    assert ours == theirs[: len(ours)]


def test_sound_that_begins_late_still_begins_late(tmp_path):
    source = tmp_path / "late.mkv"
    make_clip(source, 50, "-c:a", "aac", "-af", "asetpts=PTS+0.4/TB", beep=0.5)
    assert beep_time(source) == pytest.approx(0.9, abs=0.03)
    write_clip(numbered(50), tmp_path / "a.mp4", fps=Fraction(25), audio_from=source)
    assert beep_time(tmp_path / "a.mp4") == pytest.approx(0.9, abs=0.03)


def test_a_longer_picture_ends_in_silence_and_a_silent_source_adds_no_sound(tmp_path):
    source = h264(tmp_path / "source.mp4", 10, beep=0.1)
    write_clip(numbered(50), tmp_path / "a.mp4", fps=Fraction(25), audio_from=source)
    assert len(read_clip(tmp_path / "a.mp4")) == 50
    silent = h264(tmp_path / "silent.mp4", 10)
    write_clip(numbered(5), tmp_path / "b.mp4", fps=Fraction(25), audio_from=silent)
    assert not read_clip(tmp_path / "b.mp4").has_audio


def test_sound_from_a_missing_file_is_refused_before_any_frame_is_made(tmp_path):
    def frames():
        raise AssertionError("a frame was asked for")
        yield

    with pytest.raises(MediaError, match=r"^gone\.mp4: "):
        write_clip(frames(), tmp_path / "a.mp4", fps=Fraction(25), audio_from=tmp_path / "gone.mp4")
    assert list(tmp_path.iterdir()) == []


# --- whole or not at all -------------------------------------------------------------------------


def test_what_fails_in_the_middle_leaves_the_old_file(tmp_path):
    path = tmp_path / "a.mp4"
    path.write_bytes(b"old")

    def frames():
        yield numbered(1)[0]
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_clip(frames(), path, fps=Fraction(25))
    assert [p.name for p in tmp_path.iterdir()] == ["a.mp4"]
    assert path.read_bytes() == b"old"


def test_no_frame_is_an_error(tmp_path):
    with pytest.raises(MediaError, match=r"^a\.mp4: there is no frame"):
        write_clip([], tmp_path / "a.mp4", fps=Fraction(25))
    assert list(tmp_path.iterdir()) == []


def test_frames_of_another_size_or_range_are_refused(tmp_path):
    first = numbered(1)[0]
    with pytest.raises(ValueError, match="must be 160×96 pixels"):
        write_clip([first, first[:-2]], tmp_path / "a.mp4", fps=Fraction(25))
    with pytest.raises(ValueError, match="divide 8-bit pictures"):
        write_clip([first * 255], tmp_path / "a.mp4", fps=Fraction(25))
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_is_told_as_such(tmp_path):
    resource = pytest.importorskip("resource")
    random = np.random.default_rng(0)
    frames = [random.random((HEIGHT, WIDTH, 3)).astype(np.float32) for _ in range(12)]
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, limits[1]))
    try:
        with pytest.raises(MediaError, match=r"^a\.mp4: .*smaller size"):
            write_clip(frames, tmp_path / "a.mp4", fps=Fraction(25))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert list(tmp_path.iterdir()) == []


def test_other_endings_name_what_can_be_written(tmp_path):
    with pytest.raises(MediaError, match=r"^a\.webm: .*\.mp4"):
        write_clip(numbered(1), tmp_path / "a.webm", fps=Fraction(25))
    with pytest.raises(MediaError, match="there is no folder"):
        write_clip(numbered(1), tmp_path / "gone" / "a.mp4", fps=Fraction(25))


@pytest.mark.parametrize("fps", [Fraction(0), Fraction(-25), Fraction(1001)])
def test_impossible_rates_are_refused(tmp_path, fps):
    with pytest.raises(SettingsError, match="fps"):
        write_clip(numbered(1), tmp_path / "a.mp4", fps=fps)
