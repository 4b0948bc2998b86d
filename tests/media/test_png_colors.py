"""cICP, gAMA and cHRM of a PNG, against values computed from their definitions one by one."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

import numpy as np
import PIL.Image
import pytest
from PIL import ImageCms

from stylekit.errors import MediaError
from stylekit.media.clips import read_clip
from stylekit.media.images import load_image
from stylekit.settings import MediaLimits

ANY = MediaLimits(min_side=1)
RGB, GREY, PALETTE, RGBA = 2, 0, 3, 6
LINEAR = (b"gAMA", struct.pack(">I", 100_000))
P3 = (b"cICP", bytes([12, 13, 0, 1]))
SRGB = (b"sRGB", b"\0")
SRGB_PLACES = (31270, 32900, 64000, 33000, 30000, 60000, 15000, 6000)
P3_PLACES = (31270, 32900, 68000, 32000, 26500, 69000, 15000, 6000)


def chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def write(path: Path, pixels: np.ndarray, *chunks: tuple[bytes, bytes], kind: int = RGB) -> Path:
    depth = 8 * pixels.dtype.itemsize
    rows = b"".join(b"\0" + row.astype(row.dtype.newbyteorder(">")).tobytes() for row in pixels)
    head = struct.pack(">IIBBBBB", *pixels.shape[1::-1], depth, kind, 0, 0, 0)
    every = [(b"IHDR", head), *chunks, (b"IDAT", zlib.compress(rows)), (b"IEND", b"")]
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(chunk(*each) for each in every))
    return path


def srgb(light: float) -> float:
    """IEC 61966-2-1, as a stored value from 0 to 255."""
    light = min(max(light, 0.0), 1.0)
    return 255 * (12.92 * light if light <= 0.0031308 else 1.055 * light ** (1 / 2.4) - 0.055)


def light_of(value: float) -> float:
    return value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4


def read(path: Path) -> np.ndarray:
    return 255 * load_image(path, limits=ANY)


def ramp(dtype: type = np.uint8) -> np.ndarray:
    """All 256 values of each channel, in other orders, `(16, 16, 3)`."""
    values = np.arange(256).reshape(16, 16)
    pixels = np.stack([values, values[::-1], values.T], axis=-1)
    return (pixels * (np.iinfo(dtype).max // 255)).astype(dtype)


@pytest.mark.parametrize("gamma", [100_000, 55_556, 30_000])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_gamma_is_applied(gamma, dtype, tmp_path):
    pixels = ramp(dtype)
    path = write(tmp_path / "a.png", pixels, (b"gAMA", struct.pack(">I", gamma)))
    wanted = np.vectorize(lambda v: srgb((v / np.iinfo(dtype).max) ** (1e5 / gamma)))(pixels)
    np.testing.assert_allclose(read(path), wanted, atol=0.51)


def test_dark_colours_of_16_bits_keep_their_steps(tmp_path):
    """In linear light the first 8 of the bits have 13 levels below a quarter of white."""
    values = np.arange(0, 1280, 5, dtype=np.uint16).reshape(16, 16)
    path = write(tmp_path / "a.png", np.repeat(values[..., None], 3, axis=2), LINEAR)
    wanted = np.vectorize(lambda v: srgb(v / 65535))(values)
    np.testing.assert_allclose(read(path)[..., 1], wanted, atol=0.51)
    grey = write(tmp_path / "b.png", values, LINEAR, kind=GREY)
    np.testing.assert_allclose(read(grey)[..., 1], wanted, atol=0.51)


@pytest.mark.parametrize("gamma", [45_455, 45_000, 0])
def test_the_usual_gamma_and_none_change_nothing(gamma, tmp_path):
    path = write(tmp_path / "a.png", ramp(), (b"gAMA", struct.pack(">I", gamma)))
    np.testing.assert_allclose(read(path), ramp(), atol=1e-3)


@pytest.mark.parametrize(
    "chunks", [[P3], [(b"cHRM", struct.pack(">8I", *P3_PLACES))], [P3, SRGB, LINEAR]]
)
def test_the_colours_of_display_p3_are_those_of_its_definition(chunks, tmp_path):
    """Its matrix to linear sRGB, from Apple's definition (SMPTE EG 432-1 with D65)."""
    matrix = [
        [1.2249401763, -0.2249401763, 0.0],
        [-0.0420569547, 1.0420569547, 0.0],
        [-0.0196375546, -0.0786360456, 1.0982736001],
    ]
    pixels = ramp()
    path = write(tmp_path / "a.png", pixels, *chunks)
    light = np.vectorize(light_of)(pixels / 255) @ np.array(matrix).T
    np.testing.assert_allclose(read(path), np.vectorize(srgb)(light), atol=0.52)


def test_another_white_becomes_the_white_of_srgb(tmp_path):
    warm = (34567, 35850, *SRGB_PLACES[2:])  # D50
    white = np.full((16, 16, 3), 255, np.uint8)
    path = write(tmp_path / "a.png", white, (b"cHRM", struct.pack(">8I", *warm)))
    np.testing.assert_allclose(read(path), 255, atol=0.51)


def test_the_places_of_srgb_itself_change_nothing(tmp_path):
    rounded = (31300, 32900, 64000, 33000, 30000, 60000, 15000, 6000)
    for places in (SRGB_PLACES, rounded, (0,) * 8, (2**31,) * 8):
        path = write(tmp_path / "a.png", ramp(), (b"cHRM", struct.pack(">8I", *places)))
        if places[2] in (0, 2**31):
            assert np.isfinite(read(path)).all()
        else:
            np.testing.assert_allclose(read(path), ramp(), atol=1e-3)


def test_the_order_in_which_chunks_count(tmp_path):
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    icc = (b"iCCP", b"x\0\0" + zlib.compress(profile))
    for chunks in ([icc, LINEAR], [SRGB, LINEAR], [(b"cICP", bytes([1, 13, 0, 1])), LINEAR]):
        path = write(tmp_path / "a.png", ramp(), *chunks)
        np.testing.assert_allclose(read(path), ramp(), atol=1.01)
    linear = write(tmp_path / "a.png", ramp(), LINEAR)
    coded = write(tmp_path / "b.png", ramp(), (b"cICP", bytes([1, 8, 0, 1])), icc)
    np.testing.assert_allclose(read(coded), read(linear), atol=1e-3)


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ((9, 16, 0, 1), "PQ, for HDR"),
        ((9, 18, 0, 1), "HLG, for HDR"),
        ((1, 13, 0, 0), "cICP 1, 13, 0, 0"),
        ((1, 13, 1, 1), "cICP 1, 13, 1, 1"),
        ((2, 13, 0, 1), "cICP 2, 13, 0, 1"),
    ],
)
def test_what_srgb_cannot_show_is_refused_in_a_line(code, said, tmp_path):
    path = write(tmp_path / "a.png", ramp(), (b"cICP", bytes(code)))
    with pytest.raises(MediaError) as caught:
        read(path)
    assert str(caught.value) == (
        f"a.png: has colours coded as {said}, which is not read; export it as an sRGB PNG"
    )


def test_video_curves_are_those_of_h273(tmp_path):
    path = write(tmp_path / "a.png", ramp(), (b"cICP", bytes([1, 1, 0, 1])))

    def light(value: float) -> float:
        return value / 4.5 if value < 4.5 * 0.018 else ((value + 0.099) / 1.099) ** (1 / 0.45)

    wanted = np.vectorize(lambda v: srgb(light(v / 255)))(ramp())
    np.testing.assert_allclose(read(path), wanted, atol=0.51)


def test_palettes_transparency_and_turned_pictures_too(tmp_path):
    colors = np.arange(48, dtype=np.uint8).reshape(16, 3) * 5
    indices = np.tile(np.arange(16, dtype=np.uint8), (16, 1))
    path = write(tmp_path / "a.png", indices, LINEAR, (b"PLTE", colors.tobytes()), kind=PALETTE)
    wanted = np.vectorize(lambda v: srgb(v / 255))(colors)
    np.testing.assert_allclose(read(path)[3], wanted, atol=0.51)

    clear = np.concatenate([ramp(), np.full((16, 16, 1), 255, np.uint8)], axis=2)
    clear[0, :, 3] = 0
    exif = PIL.Image.Exif()
    exif[0x0112] = 6
    data = (b"eXIf", exif.tobytes().removeprefix(b"Exif\0\0"))
    path = write(tmp_path / "b.png", clear, LINEAR, data, kind=RGBA)
    shown = np.vectorize(lambda v: srgb(v / 255))(ramp())
    shown[0] = 255
    np.testing.assert_allclose(read(path), np.rot90(shown, -1), atol=0.51)


def test_an_animation_has_the_same_colours_as_a_clip(tmp_path):
    frames = [PIL.Image.fromarray(np.full((16, 16, 3), v, np.uint8)) for v in (20, 120)]
    plain = tmp_path / "plain.png"
    frames[0].save(plain, save_all=True, append_images=frames[1:], duration=100)
    data = plain.read_bytes()
    # After the signature and the 25 bytes of IHDR.
    path = tmp_path / "linear.png"
    path.write_bytes(data[:33] + chunk(*LINEAR) + data[33:])
    clip = read_clip(path)
    values = [255 * float(frame.mean()) for frame in clip]
    np.testing.assert_allclose(values, [srgb(20 / 255), srgb(120 / 255)], atol=0.51)
