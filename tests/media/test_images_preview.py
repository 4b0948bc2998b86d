"""Pictures as bytes for a web page: the right pixels, fast, and errors for anything else."""

from __future__ import annotations

import io

import numpy as np
import PIL.Image
import pytest

from stylekit.arrays import Image, to_bytes
from stylekit.errors import SettingsError
from stylekit.media.images import Preview, encode_preview


def decoded(preview: Preview) -> np.ndarray:
    with PIL.Image.open(io.BytesIO(preview.data)) as picture:
        assert picture.get_format_mimetype() == preview.media_type
        return np.asarray(picture.convert("RGB"))


def test_lossless_gives_every_pixel_back(content: Image) -> None:
    preview = encode_preview(content, lossless=True)
    assert preview.media_type == "image/png"
    np.testing.assert_array_equal(decoded(preview), to_bytes(content))


def test_jpeg_is_near_and_small(picture) -> None:
    photograph = picture("chelsea", size=256)
    preview = encode_preview(photograph)
    assert preview.media_type == "image/jpeg"
    error = np.abs(decoded(preview).astype(int) - to_bytes(photograph).astype(int)).mean()
    assert error < 2
    assert len(preview.data) < len(encode_preview(photograph, lossless=True).data) / 3


def test_a_single_red_pixel_keeps_its_colour() -> None:
    """JPEG may halve the resolution of colour; here it must not, for thin coloured lines."""
    pixels = np.full((16, 16, 3), 128, np.uint8)
    pixels[8, 8] = 255, 0, 0
    red, _, blue = decoded(encode_preview(pixels))[8, 8].astype(int)
    assert red - blue > 150


def test_eight_bits_and_floats_give_the_same_bytes(content: Image) -> None:
    assert encode_preview(to_bytes(content)) == encode_preview(content)


@pytest.mark.parametrize(
    "image",
    [
        np.zeros((4, 4), np.uint8),
        np.zeros((4, 4, 4), np.uint8),
        np.zeros((0, 4, 3), np.uint8),
        np.zeros((4, 4, 3), np.float64),
        np.full((4, 4, 3), 2.0, np.float32),
    ],
)
def test_what_is_no_picture_is_refused(image: np.ndarray) -> None:
    with pytest.raises(ValueError, match="image"):
        encode_preview(image)


@pytest.mark.parametrize("quality", [0, 101])
def test_quality_has_limits(content: Image, quality: int) -> None:
    with pytest.raises(SettingsError, match="quality"):
        encode_preview(content, quality=quality)
