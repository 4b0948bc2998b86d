"""Reading clips: every picture once, at its time, upright, in its colours; errors with a reason."""

from __future__ import annotations

import os
import struct
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import PIL.Image
import pytest
from clip_files import (
    CORNERS,
    HEIGHT,
    NTSC,
    WIDTH,
    ffmpeg,
    h264,
    make_clip,
    number_of,
    numbered_picture,
    write_at_times,
)

from stylekit.arrays import check_image
from stylekit.errors import MediaError, SettingsError
from stylekit.media import clip_decoding
from stylekit.media.clip_decoding import to_standard_range
from stylekit.media.clips import Clip, PartialClipError, read_clip
from stylekit.settings import MediaLimits


def numbers(clip: Clip) -> list[int]:
    return [number_of(pixels) for pixels in clip.pixels]


def refused(path: Path, **options) -> str:
    """The error message for `path`, without the file's name at its start."""
    with pytest.raises(MediaError) as caught:
        read_clip(path, **options)
    message = str(caught.value)
    assert message.startswith(f"{path.name}: ")
    assert "\n" not in message
    return message.removeprefix(f"{path.name}: ")


# --- times ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("a.mp4", ["-c:v", "libx264", "-pix_fmt", "yuv420p"]),
        ("a.mov", ["-c:v", "prores_ks"]),
        ("a.mkv", ["-c:v", "libx264", "-pix_fmt", "yuv420p"]),
        ("a.webm", ["-c:v", "libvpx-vp9", "-deadline", "realtime", "-cpu-used", 8]),
        ("b.webm", ["-c:v", "libvpx", "-deadline", "realtime"]),
        ("a.avi", ["-c:v", "mpeg4", "-q:v", 2, "-bf", 2]),
        ("b.avi", ["-c:v", "libx264", "-pix_fmt", "yuv420p"]),
        ("a.ts", ["-c:v", "mpeg2video", "-q:v", 2]),
        ("a.gif", []),
    ],
)
def test_29_97_keeps_its_exact_rate_and_every_frame_in_every_format(tmp_path, name, options):
    clip = read_clip(make_clip(tmp_path / name, 45, *options, fps="30000/1001"))
    # A GIF counts time in hundredths of a second: 30 and 29.97 look the same in it.
    assert clip.fps in ({NTSC, 30} if name == "a.gif" else {NTSC})
    assert clip.source_frames == 45
    assert numbers(clip) == list(range(45))


@pytest.mark.parametrize(
    "fps", [Fraction(24000, 1001), Fraction(25), Fraction(60), Fraction(25, 2)]
)
def test_other_rates_are_exact_too(tmp_path, fps):
    clip = read_clip(h264(tmp_path / "a.mp4", 20, fps=fps))
    assert clip.fps == fps
    assert numbers(clip) == list(range(20))


def test_a_clip_of_one_frame(tmp_path):
    clip = read_clip(h264(tmp_path / "a.mp4", 1))
    assert (len(clip), clip.fps) == (1, 25)


def test_a_varying_rate_shows_each_frame_at_its_time(tmp_path):
    # One picture in three at first, then all of them: the claimed rate of 25 loses none.
    beats = [3 * n if n < 10 else n + 20 for n in range(40)]
    clip = read_clip(write_at_times(tmp_path / "a.mp4", [Fraction(beat, 25) for beat in beats]))
    assert clip.fps == 25
    wanted = [max(n for n in range(40) if beats[n] <= slot) for slot in range(60)]
    assert numbers(clip) == wanted


def test_a_wildly_varying_rate_is_resampled_to_within_half_a_frame(tmp_path):
    # 1 s at 2 pictures a second, then 1 s at 25, then one more after a long time.
    times = [Fraction(n, 2) if n < 2 else 1 + Fraction(n - 2, 25) for n in range(27)]
    times.append(Fraction(5))
    clip = read_clip(write_at_times(tmp_path / "a.mp4", times))
    half = 1 / (2 * clip.fps)
    assert (clip.fps, clip.dropped, set(numbers(clip))) == (25, 0, set(range(28)))
    assert len(clip) / clip.fps > 5
    for slot, number in enumerate(numbers(clip)):
        time = slot / clip.fps
        assert times[number] <= time + half
        assert number == 27 or times[number + 1] >= time - half


# --- geometry ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("flags", "turn"),
    [
        (["-display_rotation", 90], lambda p: np.rot90(p, 1)),
        (["-display_rotation", -90], lambda p: np.rot90(p, -1)),
        (["-display_rotation", 180], lambda p: np.rot90(p, 2)),
        (["-display_hflip"], lambda p: p[:, ::-1]),
        (["-display_rotation", 90, "-display_hflip"], None),
    ],
)
def test_a_clip_recorded_sideways_is_turned_upright(tmp_path, flags, turn):
    upright = h264(tmp_path / "upright.mp4", 3)
    ffmpeg(*flags, "-i", upright, "-c", "copy", tmp_path / "turned.mp4")
    shown = read_clip(tmp_path / "turned.mp4").pixels[1]
    if turn is None:
        # ffmpeg's own player is the judge of how the two go together.
        ffmpeg("-i", tmp_path / "turned.mp4", "-frames:v", 1, tmp_path / "judge.png")
        wanted = np.asarray(PIL.Image.open(tmp_path / "judge.png").convert("RGB"))
        assert shown.shape == wanted.shape == (WIDTH, HEIGHT, 3)
        assert corner_colors(shown) == corner_colors(wanted)
    else:
        assert np.array_equal(shown, turn(read_clip(upright).pixels[1]))


def corner_colors(picture: np.ndarray) -> list[str]:
    """Which of the four corners of a numbered picture each corner shows."""
    points = [picture[8, 8], picture[8, -8], picture[-8, 8], picture[-8, -8]]
    return [
        min(CORNERS, key=lambda c: np.abs(point - np.array(CORNERS[c])).sum()) for point in points
    ]


def test_oblong_pixels_become_square(tmp_path):
    wide = read_clip(h264(tmp_path / "wide.mp4", 2, "-aspect", f"{WIDTH * 2}:{HEIGHT}"))
    assert (wide.width, wide.height) == (2 * WIDTH, HEIGHT)
    high = read_clip(h264(tmp_path / "high.mp4", 2, "-aspect", f"{WIDTH}:{HEIGHT * 2}"))
    assert (high.width, high.height) == (WIDTH, 2 * HEIGHT)
    ffmpeg("-display_rotation", 90, "-i", tmp_path / "wide.mp4", "-c", "copy", tmp_path / "t.mp4")
    turned = read_clip(tmp_path / "t.mp4", size=80)
    assert (turned.width, turned.height) == (24, 80)


def test_odd_sizes_stay_as_they_are(tmp_path):
    pictures = [numbered_picture(n, 101, 75) for n in range(4)]
    path = make_clip(tmp_path / "odd.mp4", pictures, "-c:v", "libx264", "-pix_fmt", "yuv444p")
    clip = read_clip(path)
    assert (clip.width, clip.height) == (101, 75)
    assert numbers(clip) == [0, 1, 2, 3]


def test_the_longest_side_becomes_the_size(tmp_path):
    path = h264(tmp_path / "a.mp4", 3)
    for size in (80, 320):
        clip = read_clip(path, size=size)
        assert (clip.width, clip.height) == (size, size * HEIGHT // WIDTH)
        assert numbers(clip) == [0, 1, 2]


def test_interlaced_frames_are_deinterlaced(tmp_path):
    # A bar that runs fast: its two fields, 1/50 s apart, lie in different places.
    fields = []
    for n in range(24):
        picture = np.full((HEIGHT, WIDTH, 3), 40, np.uint8)
        picture[:, 4 * n + 10 : 4 * n + 30] = 220
        fields.append(picture)
    woven = "tinterlace=mode=interleave_top,fieldorder=tff"
    flags = ["-vf", woven, "-flags", "+ildct+ilme"]
    clip = read_clip(h264(tmp_path / "a.mp4", fields, *flags, fps=50))
    assert (clip.fps, len(clip)) == (25, 12)
    for index, frame in enumerate(clip):
        # Combed rows alternate; without combs every row is as its neighbours.
        assert np.abs(frame[1:] - frame[:-1]).max() < 0.1
        bar = np.flatnonzero(frame[HEIGHT // 2, :, 1] > 0.5)
        assert abs(bar.mean() - (8 * index + 20)) < 5


# --- colours -------------------------------------------------------------------------------------

PATCHES = np.array(list(CORNERS.values()), float)


def patch_error(clip: Clip) -> float:
    """The largest error of the four corners' colours, in grey levels."""
    image = clip[len(clip) // 2] * 255
    rows, columns = clip.height // 5, clip.width // 4
    points = [image[y, x] for y in (rows, -rows) for x in (columns, -columns)]
    return float(np.abs(np.array(points) - PATCHES).max())


@pytest.mark.parametrize("matrix", ["bt601", "bt709", "bt2020"])
@pytest.mark.parametrize("spread", ["tv", "pc"])
@pytest.mark.parametrize("layout", ["yuv420p", "yuv444p", "yuv420p10le"])
def test_colours_are_converted_by_the_file_s_own_matrix_and_range(tmp_path, matrix, spread, layout):
    tag = {"bt601": "smpte170m", "bt709": "bt709", "bt2020": "bt2020nc"}[matrix]
    convert = f"scale=out_color_matrix={matrix}:out_range={spread}"
    tags = ["-colorspace", tag, "-color_range", spread, "-crf", 4]
    path = make_clip(tmp_path / "a.mp4", 3, "-vf", convert, "-pix_fmt", layout, *tags)
    for size in (None, 80, 320):
        assert patch_error(read_clip(path, size=size)) <= 4


@pytest.mark.parametrize(("size", "matrix"), [((160, 96), "bt601"), ((160, 720), "bt709")])
def test_without_a_tag_the_matrix_goes_by_the_height(tmp_path, size, matrix):
    # FFV1 in AVI carries no tags at all.
    pictures = [numbered_picture(n, *size) for n in range(2)]
    convert = f"scale=out_color_matrix={matrix}:out_range=tv"
    path = make_clip(tmp_path / "a.avi", pictures, "-vf", convert, "-c:v", "mpeg4", "-q:v", 1)
    assert patch_error(read_clip(path)) <= 5


@pytest.mark.parametrize("matrix", [8, 10, 14])
def test_a_matrix_that_cannot_be_inverted_is_refused(tmp_path, matrix):
    """YCgCo, BT.2020 with constant luminance, and ICtCp (ISO/IEC 23091-2)."""
    tag = f"h264_metadata=matrix_coefficients={matrix}"
    words = refused(h264(tmp_path / "a.mp4", 2, "-bsf:v", tag))
    assert words.startswith("its colours are stored in a way that is not read (")
    assert words.endswith("); save it as H.264 MP4 with BT.709 colours")


@pytest.mark.parametrize("layout", ["gray", "gray10le"])
def test_grey_footage_stays_grey_with_its_full_range(tmp_path, layout):
    picture = np.repeat(np.linspace(0, 255, WIDTH).astype(np.uint8)[None, :, None], HEIGHT, 0)
    picture = np.repeat(picture, 3, axis=2)
    path = make_clip(tmp_path / "a.mkv", [picture] * 2, "-vf", "format=" + layout, "-c:v", "ffv1")
    assert np.abs(read_clip(path)[0] * 255 - picture).max() <= 2


def linear(signal: np.ndarray) -> np.ndarray:
    return np.where(signal <= 0.04045, signal / 12.92, ((signal + 0.055) / 1.055) ** 2.4)


def pq_signal(light: np.ndarray) -> np.ndarray:
    """The inverse PQ EOTF of BT.2100-2, of light relative to 203 cd/m²."""
    m1, m2 = 0.1593017578125, 78.84375
    c1, c2, c3 = 0.8359375, 18.8515625, 18.6875
    power = (light * 203 / 10000) ** m1
    return ((c1 + c2 * power) / (1 + c3 * power)) ** m2


TO_BT2020 = np.array([[0.6274, 0.3293, 0.0433], [0.0691, 0.9195, 0.0114], [0.0164, 0.0880, 0.8956]])


def test_high_dynamic_range_in_pq_comes_back_as_the_srgb_it_was_made_from(tmp_path):
    srgb = numbered_picture(0) / 255.0
    signal = np.rint(65535 * pq_signal(linear(srgb) @ TO_BT2020.T)).astype("<u2")
    tags = ["-colorspace", "bt2020nc", "-color_trc", "smpte2084", "-color_primaries", "bt2020"]
    path = tmp_path / "a.mp4"
    ffmpeg(
        *["-f", "rawvideo", "-pix_fmt", "rgb48le", "-s", f"{WIDTH}x{HEIGHT}", "-i", "-"],
        *["-vf", "scale=out_color_matrix=bt2020:out_range=tv", "-pix_fmt", "yuv420p10le"],
        *[*tags, "-color_range", "tv", "-c:v", "libx264", "-crf", 2, path],
        data=signal.tobytes(),
    )
    for size in (None, 80, 320):
        assert patch_error(read_clip(path, size=size)) <= 5


def test_hlg_keeps_order_and_hue_and_reaches_white():
    # 0.5 is the signal of mid grey cards and skin, 0.75 of a white page, 1.0 of the brightest.
    signal = np.linspace(0, 1, 101)
    ramp = np.rint(65535 * signal).astype(np.uint16)[None, :, None].repeat(3, axis=2)
    grey = to_standard_range(ramp, 18)[0].astype(int)
    assert (np.ptp(grey, axis=1) <= 1).all()
    assert (np.diff(grey[:, 0]) >= 0).all()
    assert grey[0, 0] == 0
    assert 225 <= grey[75, 0] < grey[100, 0] <= 255


# --- a part of a clip ----------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["a.mp4", "a.mkv", "a.avi", "a.ts"])
def test_a_part_is_the_same_as_that_part_of_the_whole(tmp_path, name):
    path = h264(tmp_path / name, 50, "-g", 8)
    whole = read_clip(path)
    for start, frames in ((0.0, 5), (0.6, 10), (1.0, 1), (1.56, None)):
        part = read_clip(path, start=start, frames=frames)
        first = round(start * 25)
        wanted = whole.pixels[first:] if frames is None else whole.pixels[first : first + frames]
        assert len(part) == len(wanted)
        assert all(np.array_equal(a, b) for a, b in zip(part.pixels, wanted, strict=True))
        assert part.start == pytest.approx(start)
        assert part.source_frames == 50


def test_a_part_of_a_long_clip_is_no_larger_than_asked_for(tmp_path):
    path = h264(tmp_path / "a.mp4", 50)
    limits = MediaLimits(clip_frames=10)
    assert len(read_clip(path, start=1.0, frames=10, limits=limits)) == 10
    assert "the limit is 10" in refused(path, start=1.0, frames=11, limits=limits)


def test_a_clip_trimmed_in_a_phone_is_whole(tmp_path):
    # A phone trims by an edit list alone: all frames stay in the file, and its claims too.
    path = h264(tmp_path / "a.mp4", 50, "-g", 10)
    content = bytearray(path.read_bytes())
    entry = content.index(b"elst") + 12
    milliseconds, ticks = struct.unpack_from(">Ii", content, entry)
    assert milliseconds == 2000
    struct.pack_into(">Ii", content, entry, 1000, ticks + 13 * 512)
    path.write_bytes(content)
    assert numbers(read_clip(path)) == list(range(13, 38))


def test_frames_past_the_end_are_left_out(tmp_path):
    assert len(read_clip(h264(tmp_path / "a.mp4", 10), start=0.2, frames=100)) == 5


def test_a_start_past_the_end_says_how_long_the_clip_is(tmp_path):
    path = h264(tmp_path / "a.mp4", 50)
    assert "2.00 seconds long" in refused(path, start=2.0)
    assert len(read_clip(path, start=1.96)) == 1


@pytest.mark.parametrize("options", [{"start": -1.0}, {"start": float("nan")}, {"frames": 0}])
def test_impossible_parts_are_refused(tmp_path, options):
    with pytest.raises(SettingsError, match=next(iter(options))):
        read_clip(h264(tmp_path / "a.mp4", 2), **options)


# --- Clip ----------------------------------------------------------------------------------------


def test_a_clip_is_a_sequence_of_images(tmp_path):
    clip = read_clip(h264(tmp_path / "a.mp4", 10, beep=0.1), size=64)
    assert clip.has_audio
    assert len(list(clip)) == len(clip) == 10
    check_image(clip[3])
    assert np.array_equal(clip[-1], clip[9])
    assert clip.duration == pytest.approx(0.4)
    with pytest.raises(IndexError):
        clip[10]


def test_slices_of_a_clip_keep_its_time(tmp_path):
    clip = read_clip(h264(tmp_path / "a.mp4", 20), start=0.2)
    part = clip[5:9]
    assert numbers(part) == [10, 11, 12, 13]
    assert (part.fps, part.start) == (25, pytest.approx(0.4))
    thinned = clip[::3]
    assert numbers(thinned) == [5, 8, 11, 14, 17]
    assert thinned.fps == Fraction(25, 3)
    for bad in (slice(None, None, -1), slice(5, 5)):
        with pytest.raises(ValueError, match="no frame is left"):
            clip[bad]


@pytest.mark.parametrize(
    "name",
    [
        "with space.mp4",
        'quo\'te "both".mp4',
        "Björk & 猫 чай.mp4",
        "a:b.mp4",
        "-y.mp4",
        "%03d.mp4",
        "no ending",
        "UPPER.MP4",
    ],
)
def test_names_of_all_kinds(tmp_path, name):
    path = h264(tmp_path / "plain.mp4", 2).rename(tmp_path / name)
    assert len(read_clip(path)) == 2
    assert len(read_clip(str(path))) == 2


# --- what is no clip, or a broken one ------------------------------------------------------------


def test_missing(tmp_path):
    assert "no such file" in refused(tmp_path / "gone.mp4")


def test_an_empty_folder(tmp_path):
    folder = tmp_path / "clip.mp4"
    folder.mkdir()
    assert "holds no pictures" in refused(folder)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="only POSIX has pipes with names")
def test_a_pipe_does_not_hang(tmp_path):
    path = tmp_path / "pipe.mp4"
    os.mkfifo(path)
    assert "not an ordinary file" in refused(path)


HTML = b"<!DOCTYPE html><html><body>404</body></html>"


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "empty"),
        (b"Dear reader, this is no clip.\n" * 50, "is text, not a clip"),
        (b"\n" + HTML, "looks like a web page"),
        (b"\xef\xbb\xbf<html>", "looks like a web page"),
        (bytes(range(256)) * 40, "is not a clip that can be read"),
        (b"\0" * 5000, "is not a clip that can be read"),
        (b"RIFF\x24\0\0\0WAVEfmt " + b"\0" * 200, "has no picture track"),
        (b"ID3\x04" + b"\0" * 200, "has no picture track"),
    ],
)
def test_files_that_are_no_clips(tmp_path, content, reason):
    path = tmp_path / "clip.mp4"
    path.write_bytes(content)
    assert reason in refused(path)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "BMP", "TIFF", "AVIF"])
def test_a_picture_named_mp4(tmp_path, kind):
    path = tmp_path / "clip.mp4"
    PIL.Image.new("RGB", (64, 64), "teal").save(path, kind)
    message = refused(path)
    assert f"is a {kind} picture" in message.replace("WebP", "WEBP")
    assert "style it as a picture" in message


@pytest.mark.parametrize(
    "text",
    [
        "ffconcat version 1.0\nfile real.mp4\n",
        "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nreal.mp4\n#EXT-X-ENDLIST\n",
        "<?xml version='1.0'?><MPD><Period/></MPD>",
        "[playlist]\nFile1=real.mp4\n",
    ],
)
def test_playlists_are_not_followed(tmp_path, text):
    h264(tmp_path / "real.mp4", 2)
    path = tmp_path / "list.mp4"
    path.write_text(text)
    assert "is a playlist" in refused(path)


def test_a_playlist_in_disguise_is_not_followed_either(tmp_path):
    h264(tmp_path / "real.mp4", 2)
    path = tmp_path / "list.mp4"
    path.write_text("# a comment first\nffconcat version 1.0\nfile real.mp4\n")
    assert "is text" in refused(path)


def test_an_mp4_without_index_says_that_the_recording_is_unfinished(tmp_path):
    path = h264(tmp_path / "a.mp4", 30, "-movflags", "-faststart")
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    message = refused(path)
    assert "unfinished" in message
    assert "copy it again" in message


def test_sound_only(tmp_path):
    path = h264(tmp_path / "both.mp4", 10, beep=0.1)
    ffmpeg("-i", path, "-vn", "-c", "copy", tmp_path / "sound.mp4")
    assert "has no picture track" in refused(tmp_path / "sound.mp4")


def test_a_cover_picture_is_no_picture_track(tmp_path):
    h264(tmp_path / "both.mp4", 10, beep=0.1)
    PIL.Image.new("RGB", (64, 64)).save(tmp_path / "cover.png")
    inputs = ["-i", tmp_path / "both.mp4", "-i", tmp_path / "cover.png", "-map", "0:a", "-map", 1]
    ffmpeg(*inputs, "-c", "copy", "-disposition:v", "attached_pic", tmp_path / "song.mp4")
    assert "has no picture track" in refused(tmp_path / "song.mp4")


def test_a_picture_track_without_frames(tmp_path):
    path = tmp_path / "a.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = 64, 64, "yuv420p"
        container.start_encoding()
    assert "has no picture track" in refused(path)


def test_a_truncated_mp4_says_how_much_of_it_is_readable(tmp_path):
    whole = h264(tmp_path / "whole.mp4", 50)
    path = tmp_path / "cut.mp4"
    path.write_bytes(whole.read_bytes()[: whole.stat().st_size * 7 // 10])
    message = refused(path)
    with pytest.raises(PartialClipError) as caught:
        read_clip(path)
    readable = caught.value.readable
    assert caught.value.expected == 50
    assert 10 < readable < 50
    assert f"{readable} of 50 frames readable" in message
    assert "allow_partial=True" in message
    part = read_clip(path, allow_partial=True)
    assert part.fps == 25
    assert numbers(part) == list(range(readable))


@pytest.mark.parametrize("name", ["a.mkv", "a.webm", "a.avi", "a.gif"])
def test_other_formats_do_not_hide_that_they_are_cut_off(tmp_path, name):
    codec = ["-c:v", "libvpx"] if name == "a.webm" else []
    whole = make_clip(tmp_path / f"whole-{name}", 50, *codec)
    path = tmp_path / name
    path.write_bytes(whole.read_bytes()[: whole.stat().st_size * 7 // 10])
    assert "frames readable" in refused(path)
    part = read_clip(path, allow_partial=True)
    assert 5 < len(part) < 50
    assert numbers(part) == list(range(len(part)))


def test_the_intact_part_of_a_truncated_clip_needs_no_permission(tmp_path):
    path = h264(tmp_path / "a.mp4", 50)
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 7 // 10])
    assert numbers(read_clip(path, start=0.2, frames=10)) == list(range(5, 15))


def noisy_pictures(count: int) -> list[np.ndarray]:
    """Numbered pictures with noise, so that every frame fills some hundreds of bytes."""
    random = np.random.default_rng(1)
    grain = random.integers(-20, 20, (count, HEIGHT, WIDTH, 3))
    return [np.clip(numbered_picture(n) + grain[n], 0, 255).astype(np.uint8) for n in range(count)]


@pytest.mark.parametrize("junk", [bytes(4096), b"\xff" * 4096, bytes(range(1, 256)) * 16])
def test_damage_in_the_middle_is_found_and_nothing_damaged_is_given(tmp_path, junk):
    path = h264(tmp_path / "a.mp4", noisy_pictures(50), "-g", 250)
    clean = read_clip(path)
    content = bytearray(path.read_bytes())
    middle = len(content) // 2
    content[middle : middle + len(junk)] = junk
    path.write_bytes(content)
    with pytest.raises(PartialClipError, match="damaged near frame") as caught:
        read_clip(path)
    near = caught.value.readable
    assert 12 <= near <= 38
    assert f"damaged near frame {near}, {near} of 50 frames readable" in str(caught.value)
    part = read_clip(path, allow_partial=True)
    assert len(part) == near
    assert all(np.array_equal(a, b) for a, b in zip(part.pixels, clean.pixels, strict=False))


def test_when_nothing_is_readable_no_part_of_it_is_offered(tmp_path):
    path = h264(tmp_path / "a.mp4", noisy_pictures(20))
    content = bytearray(path.read_bytes())
    start = content.index(b"mdat") + 4
    content[start:] = bytes(len(content) - start)
    path.write_bytes(content)
    for allow_partial in (False, True):
        message = refused(path, allow_partial=allow_partial)
        assert "0 of 20 frames readable" in message
        assert "allow_partial" not in message


@pytest.mark.parametrize(
    ("limits", "reason"),
    [
        (MediaLimits(clip_side=100), "the limit is 100 a side"),
        (MediaLimits(clip_frames=9), "the limit is 9"),
        (MediaLimits(clip_bytes=1000), "MB"),
        (MediaLimits(min_side=100), "the least is 100"),
        (MediaLimits(max_aspect=1.5), "1.5 to 1"),
    ],
)
def test_over_the_limits(tmp_path, limits, reason):
    assert reason in refused(h264(tmp_path / "a.mp4", 10), limits=limits)


def test_a_header_that_claims_a_huge_picture_is_refused_before_it_fills_the_memory(tmp_path):
    path = tmp_path / "bomb.gif"
    size = (65535).to_bytes(2, "little") * 2
    header = b"GIF89a" + size + b"\x80\0\0" + b"\0\0\0\xff\xff\xff"
    path.write_bytes(header + b"," + bytes(4) + size + b"\0\x02\x02\x44\x01\0;")
    refused(path)


def test_oblong_pixels_cannot_hide_a_picture_over_the_limits(tmp_path):
    path = h264(tmp_path / "a.mp4", 2, "-vf", "setsar=40")
    assert "is 6400×96 pixels large" in refused(path)


@pytest.mark.parametrize(
    ("name", "options", "has_alpha"),
    [
        ("a.mov", ["-c:v", "prores_ks", "-profile:v", 4444, "-pix_fmt", "yuva444p10le"], True),
        ("b.mov", ["-c:v", "prores_ks", "-profile:v", 4444, "-pix_fmt", "yuv444p10le"], False),
        ("a.webm", ["-c:v", "libvpx-vp9", "-pix_fmt", "yuva420p", "-cpu-used", 8], True),
        ("c.webm", ["-c:v", "libvpx", "-pix_fmt", "yuva420p", "-auto-alt-ref", 0], True),
        ("b.webm", ["-c:v", "libvpx-vp9", "-pix_fmt", "yuv420p", "-cpu-used", 8], False),
    ],
)
def test_transparent_parts_are_laid_on_white(tmp_path, name, options, has_alpha):
    """The left half of the frames is transparent, and black below that."""
    hidden = f"geq=r='r(X,Y)*gt(X,{WIDTH // 2})':g='g(X,Y)*gt(X,{WIDTH // 2})':"
    hidden += f"b='b(X,Y)*gt(X,{WIDTH // 2})':a='255*gt(X,{WIDTH // 2})'"
    clip = read_clip(make_clip(tmp_path / name, 3, "-vf", f"format=gbrap,{hidden}", *options))
    assert len(clip) == 3
    assert clip.has_alpha is has_alpha
    left, right = np.split(check_image(clip[0]), 2, axis=1)
    assert left[:, :-8].mean() == pytest.approx(1.0 if has_alpha else 0.0, abs=0.02)
    # The corners on the right, which are opaque, as they are.
    expected = np.asarray(CORNERS["top right"]) / 255
    assert right[8, -8] == pytest.approx(expected, abs=0.05)


def test_without_a_decoder_of_alpha_no_hidden_colour_is_painted(tmp_path, monkeypatch):
    options = ["-c:v", "libvpx-vp9", "-pix_fmt", "yuva420p", "-cpu-used", 8]
    path = make_clip(tmp_path / "a.webm", 1, *options)
    monkeypatch.setitem(clip_decoding._READS_ALPHA, "vp9", "no-such-decoder")
    assert refused(path).startswith("is transparent in parts, which this PyAV cannot read; ")


def test_an_alpha_channel_that_is_opaque_changes_nothing(tmp_path):
    options = ["-c:v", "ffv1", "-pix_fmt"]
    opaque = read_clip(make_clip(tmp_path / "a.mkv", 1, *options, "bgra"), size=50)
    without = read_clip(make_clip(tmp_path / "b.mkv", 1, *options, "bgr0"), size=50)
    assert not opaque.has_alpha
    assert np.abs(opaque[0] - without[0]).max() <= 1.01 / 255  # rounded once more
