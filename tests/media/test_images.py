"""Pictures are resized, and are written completely or not at all."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import picture_files as make
import PIL.Image
import pytest

from stylekit.arrays import check_image, from_bytes, to_bytes
from stylekit.errors import MediaError, SettingsError
from stylekit.media.images import (
    PICTURE_SUFFIXES,
    fitted_size,
    load_image,
    resize_image,
    save_image,
)

PIXELS = make.smooth_picture()
PNG = make.encoded(PIL.Image.fromarray(PIXELS), "PNG")

# Sizes


@pytest.mark.parametrize(
    ("source", "size", "wanted"),
    [
        ((400, 300), 200, (200, 150)),
        ((300, 400), 200, (150, 200)),
        ((48, 32), 480, (480, 320)),
        ((1000, 3), 100, (100, 1)),
        ((333, 333), 77, (77, 77)),
    ],
)
def test_fitted_size(source: tuple[int, int], size: int, wanted: tuple[int, int]) -> None:
    assert fitted_size(source, size) == wanted


@pytest.mark.parametrize("size", [20, 48, 100])
def test_size_is_the_longest_side_exactly(tmp_path: Path, size: int) -> None:
    (tmp_path / "a.png").write_bytes(PNG)
    image = check_image(load_image(tmp_path / "a.png", size=size))
    assert image.shape[1::-1] == fitted_size((48, 32), size)
    wanted = resize_image(load_image(tmp_path / "a.png"), size)
    assert np.abs(image - wanted).max() <= 1 / 255


def test_shrinking_averages_areas() -> None:
    image = np.random.default_rng(0).random((32, 48, 3), dtype=np.float32)
    means = image.reshape(8, 4, 12, 4, 3).mean(axis=(1, 3))
    np.testing.assert_allclose(resize_image(image, 12), means, atol=1e-6)


def test_growing_stays_in_range_and_keeps_smooth_pictures() -> None:
    noise = np.random.default_rng(0).integers(0, 2, (16, 16, 3)).astype(np.float32)
    check_image(resize_image(noise, 64))
    image = from_bytes(PIXELS)
    there_and_back = resize_image(resize_image(image, 192), 48)
    assert np.abs(there_and_back - image).max() < 0.02


def test_one_side_may_grow_while_the_other_shrinks() -> None:
    ramp = np.linspace(0, 1, 64, dtype=np.float32)[:, None, None]
    image = np.ascontiguousarray(np.broadcast_to(ramp, (64, 16, 3)))
    stretched = check_image(resize_image(image, (40, 16)))
    assert stretched.shape == (16, 40, 3)
    means = image.reshape(16, 4, 16, 3).mean(axis=1)[:, :1]
    np.testing.assert_allclose(stretched, np.broadcast_to(means, stretched.shape), atol=1e-5)


def test_the_same_size_is_the_same_picture_in_new_memory() -> None:
    image = from_bytes(PIXELS)
    before = image.copy()
    same = resize_image(image, (48, 32))
    np.testing.assert_array_equal(same, image)
    same[:] = 0
    np.testing.assert_array_equal(image, before)


def test_bad_sizes_and_bad_pixels() -> None:
    image = from_bytes(PIXELS)
    for size in (0, -5, (0, 10), (10, -1)):
        with pytest.raises(SettingsError, match=r"^size: must be at least 1 pixel"):
            resize_image(image, size)
    image[3, 4, 0] = np.nan
    with pytest.raises(ValueError, match=r"values must lie in \[0, 1\]"):
        resize_image(image, 20)


# Writing


@pytest.mark.parametrize(
    ("suffix", "tolerance"),
    [
        (".png", 0),
        (".tif", 0),
        (".TIFF", 0),
        (".jpg", 6),
        (".jpeg", 6),
        (".webp", 12),
        (".avif", 6),
    ],
)
def test_saved_pictures_come_back(tmp_path: Path, suffix: str, tolerance: int) -> None:
    path = tmp_path / f"out{suffix}"
    save_image(from_bytes(PIXELS), path, provenance=None)
    make.assert_near(to_bytes(load_image(path)), PIXELS, tolerance)
    assert list(tmp_path.iterdir()) == [path]


def test_quality_counts(tmp_path: Path) -> None:
    image = np.random.default_rng(0).random((64, 64, 3), dtype=np.float32)
    for suffix in (".jpg", ".webp", ".avif"):
        sizes = []
        for quality in (20, 95):
            save_image(image, tmp_path / f"out{suffix}", provenance=None, quality=quality)
            sizes.append((tmp_path / f"out{suffix}").stat().st_size)
        assert sizes[0] < 0.6 * sizes[1], suffix
    for quality in (0, 101):
        with pytest.raises(SettingsError, match=r"^quality: .* from 1 to 100"):
            save_image(image, tmp_path / "out.jpg", provenance=None, quality=quality)


@pytest.mark.parametrize("suffix", PICTURE_SUFFIXES)
def test_the_same_picture_gives_the_same_bytes(tmp_path: Path, suffix: str) -> None:
    image = np.random.default_rng(0).random((64, 80, 3), dtype=np.float32)
    for name in ("a", "b"):
        save_image(image, tmp_path / f"{name}{suffix}", provenance=None)
    assert (tmp_path / f"a{suffix}").read_bytes() == (tmp_path / f"b{suffix}").read_bytes()


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("out.bmp", r"^out\.bmp: cannot write the ending \.bmp; use one of \.png"),
        ("out", r"^out: cannot write a name without an ending"),
        ("missing/out.png", r"^out\.png: there is no folder"),
        ("folder.png", r"^folder\.png: is a folder"),
    ],
)
def test_where_nothing_can_be_written(tmp_path: Path, name: str, words: str) -> None:
    (tmp_path / "folder.png").mkdir()
    with pytest.raises(MediaError, match=words):
        save_image(from_bytes(PIXELS), tmp_path / name, provenance=None)


def test_a_picture_that_its_format_cannot_hold_keeps_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "out.webp"
    path.write_bytes(b"old")
    too_wide = np.zeros((1, 20_000, 3), np.float32)
    with pytest.raises(MediaError, match=r"^out\.webp: cannot be saved as WEBP .*\.png"):
        save_image(too_wide, path, provenance=None)
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_full_disk_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(PIL.Image.Image, "save", fail)
    with pytest.raises(MediaError, match=r"^out\.png: the disk is full"):
        save_image(from_bytes(PIXELS), tmp_path / "out.png", provenance=None)


def test_pixels_out_of_range_are_not_written(tmp_path: Path) -> None:
    for value in (np.nan, 1.01, -0.01, np.inf):
        image = from_bytes(PIXELS)
        image[0, 0, 0] = value
        with pytest.raises(ValueError, match=r"values must lie in \[0, 1\]"):
            save_image(image, tmp_path / "out.png", provenance=None)
    assert list(tmp_path.iterdir()) == []
