"""Clips as pictures: folders and numbered files, read and written."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path

import numpy as np
import PIL.Image
import pytest
from clip_files import number_of, numbered_picture

from stylekit.errors import MediaError, SettingsError
from stylekit.media.clips import Clip, describe_clip, read_clip
from stylekit.media.encode import write_clip
from stylekit.media.loading import load
from stylekit.media.provenance import Provenance, SourceFile, sidecar_path
from stylekit.media.sequences import find_clip
from stylekit.samples import MaterialKind
from stylekit.settings import MediaLimits, Weights

WIDTH, HEIGHT = 60, 36
SOURCE = SourceFile(name="a.png", sha256="0" * 64)
PROVENANCE = Provenance(
    settings={}, weights=Weights(), backbone="vgg16", content=SOURCE, style=SOURCE
)


def put(folder: Path, names: list[str], *, start: int = 0) -> Path:
    """Numbered pictures under these names."""
    folder.mkdir(exist_ok=True)
    for index, name in enumerate(names, start):
        PIL.Image.fromarray(numbered_picture(index, WIDTH, HEIGHT)).save(folder / name)
    return folder


def numbers(clip: Clip) -> list[int]:
    return [number_of(pixels) for pixels in clip.pixels]


def refused(path: Path, **options) -> str:
    with pytest.raises(MediaError) as caught:
        read_clip(path, **options)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_a_folder_is_read_in_natural_order(tmp_path):
    folder = put(tmp_path / "frames", ["a2.png", "a10.png", "B1.BMP", "c.tif"])
    (folder / "notes.txt").write_text("no picture")
    (folder / ".a3.png").write_text("hidden")
    clip = read_clip(folder, size=30)
    assert numbers(clip) == [0, 1, 2, 3]
    assert (clip.fps, clip.width, clip.height) == (24, 30, 18)
    assert not (clip.has_alpha or clip.dropped or clip.has_audio)
    part = read_clip(folder, start=1 / 24, frames=2, fps=29.97)
    assert numbers(part) == [1, 2] and part.fps == Fraction("29.97")
    assert numbers(load(folder)) == numbers(load(str(folder), size=30)) == [0, 1, 2, 3]


def test_a_pattern_begins_with_its_lowest_number_and_has_no_gap(tmp_path):
    folder = put(tmp_path / "f", [f"x{n:03d}.png" for n in (998, 999, 1000, 1001)])
    put(folder, ["x0998.png", "y0.png"])  # of another pattern
    assert numbers(read_clip(folder / "x%03d.png")) == [0, 1, 2, 3]
    (folder / "x1000.png").unlink()
    message = refused(folder / "x%03d.png")
    assert message.startswith("x1000.png: is missing between x999.png and x1001.png")
    assert refused(folder / "z%d.png").startswith("z%d.png: there is no such picture")


def test_the_first_picture_of_another_size_is_named(tmp_path):
    folder = put(tmp_path / "f", ["1.png", "2.png", "3.png"])
    exif = PIL.Image.Exif()
    exif[0x0112] = 6  # upright it is as wide as the others
    turned = numbered_picture(1, WIDTH, HEIGHT).transpose(1, 0, 2)[:, ::-1]
    PIL.Image.fromarray(np.rot90(numbered_picture(1, WIDTH, HEIGHT)).copy()).save(
        folder / "2.png", exif=exif
    )
    assert turned.shape == (WIDTH, HEIGHT, 3)
    assert numbers(read_clip(folder)) == [0, 1, 2]
    PIL.Image.new("RGB", (WIDTH, HEIGHT + 1)).save(folder / "3.png")
    assert refused(folder).startswith(f"3.png: is {WIDTH}×{HEIGHT + 1} pixels large, 1.png before")


def test_limits_are_checked_before_decoding(tmp_path):
    folder = put(tmp_path / "f", ["1.png", "2.png", "3.png"])
    whole = (folder / "2.png").read_bytes()
    (folder / "2.png").write_bytes(whole[:-40])  # would be found only when it is decoded
    assert "the limit is 2" in refused(folder, limits=MediaLimits(clip_frames=2))
    assert "the limit is 50 a side" in refused(folder, limits=MediaLimits(clip_side=50))
    assert refused(folder).startswith("2.png: ")
    (folder / "2.png").write_text("no picture")
    assert refused(folder).startswith("2.png: is text")
    with pytest.raises(SettingsError, match=r"^fps: must be above 0"):
        read_clip(folder, fps=0)


def test_transparent_pictures_are_laid_on_white(tmp_path):
    folder = put(tmp_path / "f", ["1.png"])
    PIL.Image.new("RGBA", (WIDTH, HEIGHT), (9, 9, 9, 0)).save(folder / "2.png")
    clip = read_clip(folder)
    assert clip.has_alpha and not read_clip(folder, frames=1).has_alpha
    assert clip[1].min() == 1.0


def test_names_of_built_in_clips_come_before_folders(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    put(tmp_path / "drift", ["1.png"])
    assert find_clip("drift", [MaterialKind.CLIP]).suffix == ".mp4"
    assert find_clip("./drift", [MaterialKind.CLIP]) == Path("drift")


def test_the_hash_is_that_of_all_pictures(tmp_path):
    folder = put(tmp_path / "f", ["1.png", "2.png"])
    before = describe_clip(folder)
    assert before.name == "f" and before == describe_clip(folder)
    put(folder, ["2.png"], start=7)
    assert describe_clip(folder).sha256 != before.sha256


def frames(count: int) -> list[np.ndarray]:
    return [numbered_picture(n, WIDTH, HEIGHT) / np.float32(255) for n in range(count)]


@pytest.mark.parametrize("ending", ["png", "jpg", "webp"])
def test_each_frame_is_a_picture_that_says_how_it_was_made(tmp_path, ending):
    pattern = tmp_path / "out" / f"p%02d.{ending}"
    write_clip(iter(frames(3)), pattern, fps=Fraction(24), provenance=PROVENANCE)
    assert sorted(path.name for path in pattern.parent.iterdir()) == [
        f"p0{number}.{ending}" for number in range(3)
    ]
    assert numbers(read_clip(pattern)) == [0, 1, 2]
    with PIL.Image.open(pattern.parent / f"p02.{ending}") as picture:
        assert b"compositeWithTrainedAlgorithmicMedia" in bytes(str(picture.info), "utf-8")


def test_only_an_earlier_result_is_replaced_and_completely(tmp_path):
    pattern = tmp_path / "out" / "%d.png"
    write_clip(frames(3), pattern, fps=Fraction(24))
    with pytest.raises(MediaError, match=r"^0\.png: is there already"):
        write_clip(frames(2), pattern, fps=Fraction(24))
    assert numbers(read_clip(pattern)) == [0, 1, 2]
    sidecar_path(pattern).write_text(json.dumps({}))
    (pattern.parent / "mine.png").write_bytes(b"something else")
    write_clip(frames(2)[::-1], pattern, fps=Fraction(24))
    assert numbers(read_clip(pattern)) == [1, 0]
    names = sorted(path.name for path in pattern.parent.iterdir())
    assert names == ["%d.png.json", "0.png", "1.png", "mine.png"]


def test_pictures_get_their_names_when_all_are_complete(tmp_path):
    def broken():
        yield from frames(2)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_clip(broken(), tmp_path / "out" / "%d.png", fps=Fraction(24))
    assert list((tmp_path / "out").iterdir()) == []


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("no/such/%d.png", r"^%d\.png: there is no folder"),
        ("%d.mp4", r"^%d\.mp4: cannot write the ending \.mp4"),
        ("out", r"^out: names no format; .* or out/ for a picture"),
    ],
)
def test_outputs_that_cannot_be(tmp_path, name, reason):
    with pytest.raises(MediaError, match=reason):
        write_clip(frames(1), tmp_path / name, fps=Fraction(24))
