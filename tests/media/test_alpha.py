"""The alpha channel of pictures is read, resized and written."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

import numpy as np
import picture_files as make
import PIL.Image
import pytest

import stylekit as sk
from stylekit.arrays import check_mask, from_bytes, to_bytes
from stylekit.errors import MediaError, SettingsError
from stylekit.media.images import PICTURE_SUFFIXES, holds_alpha, load_alpha, load_image, save_image
from stylekit.settings import MediaLimits

PIXELS = make.smooth_picture()
# Transparent on the left, opaque on the right, and no symmetry that would hide a wrong turn.
ALPHA = np.clip(np.linspace(-100, 355, 48)[None] - np.arange(32)[:, None], 0, 255).astype(np.uint8)
assert (ALPHA == 0).any() and (ALPHA == 255).any()
RGBA = PIL.Image.fromarray(np.dstack([PIXELS, ALPHA]))
GREY = RGBA.getchannel("R")
LA = PIL.Image.merge("LA", [GREY, RGBA.getchannel("A")])
WIDE = np.linspace(0, 65535, 48 * 32).astype(np.uint16).reshape(32, 48)


def read(folder: Path, data: bytes) -> np.ndarray | None:
    """The 8-bit alpha of a file with these bytes."""
    (folder / "a.png").write_bytes(data)
    alpha = load_alpha(folder / "a.png")
    return None if alpha is None else to_bytes(check_mask(alpha))


# Reading


@pytest.mark.parametrize(
    ("picture", "name", "options"),
    [
        (RGBA, "PNG", {}),
        (LA, "PNG", {}),
        (RGBA, "WEBP", {}),
        (RGBA, "WEBP", {"lossless": True}),
        (RGBA, "TIFF", {}),
        (LA, "TIFF", {}),
        (RGBA, "AVIF", {"quality": 100}),
    ],
)
def test_alpha_of_every_format(
    tmp_path: Path, picture: PIL.Image.Image, name: str, options: dict
) -> None:
    found = read(tmp_path, make.encoded(picture, name, **options))
    assert found is not None
    # AVIF is lossy, if only a little; in what the others hold nothing is lost.
    make.assert_near(found, ALPHA, 2 if name == "AVIF" else 0)


def test_alpha_of_16_bits_is_scaled(tmp_path: Path) -> None:
    for colors, channels in ((make.RGBA, 3), (make.GREY_ALPHA, 1)):
        data = make.png_file(np.dstack([WIDE] * channels + [WIDE]), colors=colors)
        found = read(tmp_path, data)
        assert found is not None
        make.assert_near(found, np.rint(WIDE / 257), 1)


def test_alpha_of_palettes(tmp_path: Path) -> None:
    palette = PIL.Image.fromarray(PIXELS).quantize(4)
    indices = np.asarray(palette)
    assert set(np.unique(indices)) == {0, 1, 2, 3}
    for transparency, table in ((2, [255, 255, 0, 255]), (bytes([0, 90, 200]), [0, 90, 200, 255])):
        found = read(tmp_path, make.encoded(palette, "PNG", transparency=transparency))
        assert found is not None
        make.assert_near(found, np.array(table)[indices], 0)
    found = read(tmp_path, make.encoded(palette, "GIF", transparency=2))
    assert found is not None
    # A GIF's writer may store the palette in another order.
    make.assert_near(found, np.where(indices == 2, 0, 255), 0)


def colour_key(*values: int) -> bytes:
    return make.png_chunk(b"tRNS", np.array(values, ">u2").tobytes())


@pytest.mark.parametrize("key", [1000, 200, 0])
@pytest.mark.parametrize("channels", [1, 3])
def test_a_transparent_colour_of_16_bits_is_compared_in_16_bits(
    tmp_path: Path, channels: int, key: int
) -> None:
    """Its neighbours have the same first 8 bits and stay opaque; order and place count."""
    grey = np.full((20, 24), key + 1, np.uint16)
    grey[5:, :7] = key
    pixels = np.dstack([grey, grey + 300, grey + 7]) if channels == 3 else grey
    values = (key, key + 300, key + 7)[:channels]
    colors = make.RGB if channels == 3 else make.GREY
    found = read(tmp_path, make.png_file(pixels, colors=colors, chunks=colour_key(*values)))
    assert found is not None
    make.assert_near(found, np.where(grey == key, 0, 255), 0)
    shown = to_bytes(load_image(tmp_path / "a.png"))
    assert (shown[grey == key] == 255).all() and (shown[grey != key] < 10).all()


@pytest.mark.parametrize("depth", [1, 2, 4])
def test_a_transparent_grey_of_few_bits(tmp_path: Path, depth: int) -> None:
    """Bytes of 0b01…, a picture of alternating columns for every depth."""
    packed = np.full((20, 8), {1: 0b01010101, 2: 0b00010001, 4: 0b00000001}[depth], np.uint8)
    width = 64 // depth
    rows = b"".join(b"\x00" + row.tobytes() for row in packed)
    data = make.png_header(width, 20, depth=depth, colors=make.GREY) + colour_key(1)
    data += make.png_chunk(b"IDAT", zlib.compress(rows)) + make.png_chunk(b"IEND", b"")
    (tmp_path / "a.png").write_bytes(data)
    alpha = load_alpha(tmp_path / "a.png", limits=MediaLimits(min_side=1))
    assert alpha is not None
    np.testing.assert_array_equal(alpha, np.tile([1.0, 0.0], (20, width // 2)))


@pytest.mark.parametrize("orientation", make.TURNS)
def test_alpha_is_turned_as_the_picture_is(tmp_path: Path, orientation: int) -> None:
    exif = PIL.Image.Exif()
    exif[0x0112] = orientation
    key_at = np.where(ALPHA == 0, 1, 0).astype(np.uint16)
    exif_chunk = make.png_chunk(b"eXIf", exif.tobytes().removeprefix(b"Exif\0\0"))
    for data, alpha in (
        (make.encoded(RGBA, "PNG", exif=exif.tobytes()), ALPHA),
        (make.encoded(RGBA, "WEBP", exif=exif.tobytes()), ALPHA),
        (
            make.png_file(key_at, colors=make.GREY, chunks=exif_chunk + colour_key(1)),
            np.where(ALPHA == 0, 0, 255),
        ),
    ):
        found = read(tmp_path, data)
        assert found is not None
        make.assert_near(found, make.TURNS[orientation](alpha[..., None])[..., 0], 0)


def test_what_is_opaque_has_no_alpha(tmp_path: Path) -> None:
    opaque = PIL.Image.fromarray(PIXELS)
    for data in (
        make.encoded(opaque, "PNG"),
        make.encoded(opaque, "JPEG"),
        make.encoded(opaque.convert("RGBA"), "PNG"),
        make.encoded(opaque.convert("RGBA"), "WEBP"),
        make.encoded(opaque.quantize(16), "PNG", transparency=bytes([255] * 16)),
        make.png_file(np.dstack([WIDE] * 3), colors=make.RGB, chunks=colour_key(1, 2, 3)),
    ):
        assert read(tmp_path, data) is None
    assert load_alpha("chelsea", size=16) is None


@pytest.mark.parametrize("name", ["PNG", "WEBP", "GIF"])
def test_of_an_animation_the_alpha_of_the_first_frame(tmp_path: Path, name: str) -> None:
    clear, solid = (PIL.Image.new("RGBA", (32, 24), (255, 0, 0, a)) for a in (0, 255))
    clear.paste((255, 0, 0, 255), (0, 0, 16, 24))
    for first, second, wanted in ((clear, solid, clear), (solid, clear, None)):
        options = {"save_all": True, "append_images": [second], "duration": 9, "disposal": 2}
        if name == "WEBP":
            options["lossless"] = True
        found = read(tmp_path, make.encoded(first, name, **options))
        if wanted is None:
            assert found is None
        else:
            assert found is not None
            make.assert_near(found, np.asarray(wanted)[..., 3], 0)


@pytest.mark.parametrize("colors", [make.GREY, make.RGB])
def test_an_animation_with_a_transparent_colour_of_16_bits(tmp_path: Path, colors: int) -> None:
    """Its first picture, which need not be a frame, never gets the alpha of a frame."""
    still = np.dstack([WIDE] * 3) if colors == make.RGB else WIDE
    key = colour_key(*[int(WIDE[0, 0])] * (3 if colors == make.RGB else 1))
    control = make.png_chunk(b"acTL", struct.pack(">II", 1, 0))
    data = make.png_file(still, colors=colors, chunks=control + key)
    frame = make.png_file(still[::-1], colors=colors).split(b"IDAT")[1][:-16]
    facts = struct.pack(">IIIIIHHBB", 0, 48, 32, 0, 0, 1, 10, 0, 0)
    data = data[:-12] + make.png_chunk(b"fcTL", facts)
    data += make.png_chunk(b"fdAT", struct.pack(">I", 1) + frame) + make.png_chunk(b"IEND", b"")
    found = read(tmp_path, data)
    shown = to_bytes(load_image(tmp_path / "a.png"))
    assert shown[-1, -1].min() == 255 and shown[0, 5].max() < 5
    if found is not None:
        make.assert_near(found, np.where(np.equal(WIDE, WIDE[0, 0]), 0, 255), 0)


def test_alpha_fits_its_picture_at_every_size(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(make.encoded(RGBA, "PNG"))
    for size in (7, 20, 48, 100):
        alpha = load_alpha(tmp_path / "a.png", size=size)
        assert alpha is not None
        image = load_image(tmp_path / "a.png", size=size)
        check_mask(alpha, like=image)
        # Where all pixels that a cubic kernel sees are transparent, or opaque, the result is so.
        assert (alpha[:, : round(0.1 * alpha.shape[1])] == 0).all()
        assert alpha[0, -1] == 1
    with pytest.raises(SettingsError, match=r"^size: must be at least 1"):
        load_alpha(tmp_path / "a.png", size=0)


def test_hidden_colours_are_seen_only_when_asked_for(tmp_path: Path) -> None:
    hidden = np.where(ALPHA[..., None] == 0, np.uint8([255, 0, 255]), PIXELS)
    for name in ("PNG", "TIFF"):
        data = make.encoded(PIL.Image.fromarray(np.dstack([hidden, ALPHA])), name)
        (tmp_path / "a.png").write_bytes(data)
        seen = to_bytes(load_image(tmp_path / "a.png"))
        assert (seen[ALPHA == 0] == 255).all()
        stored = to_bytes(load_image(tmp_path / "a.png", ignore_alpha=True))
        make.assert_near(stored, hidden, 0)


def test_files_that_have_no_alpha_to_read(tmp_path: Path) -> None:
    (tmp_path / "text.png").write_text("no picture")
    (tmp_path / "cut.png").write_bytes(make.encoded(RGBA, "PNG")[:-40])
    (tmp_path / "small.png").write_bytes(make.encoded(RGBA.resize((8, 8)), "PNG"))
    for name, message in (
        ("text.png", "is text"),
        ("cut.png", "is cut off|is damaged"),
        ("small.png", "is only 8×8 pixels"),
        ("none.png", "no such file"),
    ):
        with pytest.raises(MediaError, match=f"^{name}: ({message})"):
            load_alpha(tmp_path / name)


# Writing


def test_which_formats_hold_it() -> None:
    held = {suffix for suffix in PICTURE_SUFFIXES if holds_alpha(suffix.join(["a", ""]))}
    assert held == {".png", ".webp", ".avif", ".tif", ".tiff"}
    assert holds_alpha("A.PNG") and not holds_alpha("a.bmp") and not holds_alpha("a")


@pytest.mark.parametrize(
    ("suffix", "tolerance"), [(".png", 0), (".webp", 12), (".avif", 6), (".tif", 0)]
)
def test_written_alpha_comes_back_and_colours_stay(
    tmp_path: Path, suffix: str, tolerance: int
) -> None:
    # Spots with soft edges, which a lossy codec would spread.
    noise = np.random.default_rng(0).random((64, 96), dtype=np.float32)
    alpha = np.where(noise < 0.7, 0, noise).astype(np.float32)
    alpha[:, 48:] = np.linspace(0, 1, 48, dtype=np.float32)
    image = from_bytes(make.smooth_picture(96, 64))
    path = tmp_path / f"a{suffix}"
    for quality in (20, 95):
        save_image(image, path, provenance=None, quality=quality, alpha=alpha)
        found = load_alpha(path)
        assert found is not None
        np.testing.assert_array_equal(to_bytes(found), to_bytes(alpha))
    stored = to_bytes(load_image(path, ignore_alpha=True))
    make.assert_near(stored, make.smooth_picture(96, 64), tolerance)


def test_the_same_alpha_gives_the_same_bytes(tmp_path: Path) -> None:
    alpha = from_bytes(ALPHA)
    for suffix in (".png", ".webp", ".avif", ".tif"):
        for name in ("a", "b"):
            sk.save(from_bytes(PIXELS), tmp_path / f"{name}{suffix}", alpha=alpha)
        assert (tmp_path / f"a{suffix}").read_bytes() == (tmp_path / f"b{suffix}").read_bytes()


@pytest.mark.parametrize(
    ("alpha", "message"),
    [
        (np.ones((16, 48), np.float32), r"^alpha: must be 48×32 pixels as its partner, is 48×16"),
        (np.ones((32, 48, 1), np.float32), r"^alpha: must have the shape \(H, W\)"),
        (ALPHA, "^alpha: must be float32, is uint8"),
        (np.full((32, 48), 1.5, np.float32), r"^alpha: values must lie in \[0, 1\]"),
        (np.full((32, 48), np.nan, np.float32), r"^alpha: values must lie in \[0, 1\]"),
    ],
)
def test_alpha_that_does_not_fit(tmp_path: Path, alpha: np.ndarray, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        sk.save(from_bytes(PIXELS), tmp_path / "a.png", alpha=alpha)
    assert not list(tmp_path.iterdir())


def test_a_format_that_cannot_hold_alpha_is_refused(tmp_path: Path) -> None:
    with pytest.raises(MediaError, match=r"^a\.jpg: JPEG holds no transparency; .*\.png or \.webp"):
        sk.save(from_bytes(PIXELS), tmp_path / "a.jpg", alpha=from_bytes(ALPHA))
    assert not list(tmp_path.iterdir())
