"""The colours of a PNG as its chunks describe them: cICP, gAMA and cHRM.

The order in which they count is that of the specification (W3C, Portable Network Graphics, third
edition, 2025, section 4.3): cICP, iCCP, sRGB, then gAMA and cHRM. Profiles (iCCP) are converted
elsewhere. The numbers of cICP are those of ITU-T H.273.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..errors import MediaError

Curve = Callable[[NDArray[np.float64]], NDArray[np.float64]]
"""From values in [0, 1], as they are stored, to light in [0, 1]."""

# More chunks than stand before the pixels of any picture.
_MAX_CHUNKS = 1000
# Of libpng: with a smaller difference from 1/2.2 a picture is taken to be sRGB.
_GAMMA_TOLERANCE = 0.05
# In cHRM: a hundred-thousandth is the last digit; programs round to four.
_PLACE_TOLERANCE = 0.0015

_D65 = (0.3127, 0.3290)
_SRGB_PLACES = (0.64, 0.33, 0.30, 0.60, 0.15, 0.06)
# x and y of red, green and blue, and of white, by H.273's number.
_PLACES = {
    1: (*_SRGB_PLACES, *_D65),
    5: (0.64, 0.33, 0.29, 0.60, 0.15, 0.06, *_D65),
    6: (0.63, 0.34, 0.31, 0.595, 0.155, 0.07, *_D65),
    7: (0.63, 0.34, 0.31, 0.595, 0.155, 0.07, *_D65),
    9: (0.708, 0.292, 0.17, 0.797, 0.131, 0.046, *_D65),
    11: (0.68, 0.32, 0.265, 0.69, 0.15, 0.06, 0.314, 0.351),
    12: (0.68, 0.32, 0.265, 0.69, 0.15, 0.06, *_D65),
}
_HDR = {16: "PQ", 18: "HLG"}
# Bradford's matrix, with which colours are adapted to another white.
_BRADFORD = np.array(
    [[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]]
)
# Rows that are converted at a time, so that a large picture takes little memory.
_ROWS = 64


def _srgb_to_light(values: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)


def _light_to_srgb(light: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.where(light <= 0.0031308, light * 12.92, 1.055 * light ** (1 / 2.4) - 0.055)


def _bt709_to_light(values: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.where(values < 0.081, values / 4.5, ((values + 0.099) / 1.099) ** (1 / 0.45))


def _power(exponent: float) -> Curve:
    return lambda values: values**exponent


_CURVES: dict[int, Curve] = {
    **dict.fromkeys((1, 6, 14, 15), _bt709_to_light),
    4: _power(2.2),
    5: _power(2.8),
    8: _power(1.0),
    13: _srgb_to_light,
}


@dataclass(frozen=True, slots=True)
class PngColors:
    """How stored values become light, and the matrix from its colours to those of sRGB."""

    curve: Curve
    matrix: NDArray[np.float64] | None

    def to_srgb(self, pixels: NDArray[np.uint8] | NDArray[np.uint16]) -> NDArray[np.uint8]:
        """The colours `(H, W, 3)`, or grey `(H, W)`, as 8-bit sRGB; others than sRGB's are cut."""
        highest = np.iinfo(pixels.dtype).max
        light = self.curve(np.arange(highest + 1) / highest)
        result = np.empty(pixels.shape, np.uint8)
        for top in range(0, len(pixels), _ROWS):
            part = light[pixels[top : top + _ROWS]]
            if self.matrix is not None and part.ndim == 3:
                part = part @ self.matrix.T
            srgb = _light_to_srgb(np.clip(part, 0, 1))
            result[top : top + _ROWS] = np.rint(255 * srgb).astype(np.uint8)
        return result


def png_colors(path: Path, *, has_profile: bool) -> tuple[PngColors | None, bool]:
    """How the colours of a PNG are to be read.

    Parameters
    ----------
    path : the file
    has_profile : whether it has a colour profile that can be read

    Returns
    -------
    PngColors | None : None for sRGB, or where the profile says it
    bool : whether the profile counts

    Raises
    ------
    MediaError : for colours that sRGB cannot show, such as those of HDR
    """
    chunks = _chunks(path)
    code = chunks.get(b"cICP", b"")
    if len(code) == 4:
        return _of_code(path, code), False
    if has_profile:
        return None, True
    if b"sRGB" in chunks:
        return None, False
    return _of_gamma(chunks.get(b"gAMA", b""), chunks.get(b"cHRM", b"")), False


def _of_code(path: Path, code: bytes) -> PngColors | None:
    places, curve, matrix, is_full = code
    kind = _HDR.get(curve)
    if kind or curve not in _CURVES or places not in _PLACES or matrix or is_full != 1:
        what = f"{kind}, for HDR" if kind else f"cICP {', '.join(map(str, code))}"
        raise MediaError(
            path, f"has colours coded as {what}, which is not read; export it as an sRGB PNG"
        )
    if (places, curve) == (1, 13):
        return None
    return PngColors(_CURVES[curve], _matrix(_PLACES[places]) if places != 1 else None)


def _of_gamma(gamma: bytes, places: bytes) -> PngColors | None:
    curve: Curve = _srgb_to_light
    exponent = struct.unpack(">I", gamma)[0] / 100_000 if len(gamma) == 4 else 0.0
    is_usual = exponent == 0 or abs(exponent * 2.2 - 1) <= _GAMMA_TOLERANCE
    if not is_usual:
        curve = _power(1 / exponent)
    matrix = None
    if len(places) == 32:
        x, y, *colors = (value / 100_000 for value in struct.unpack(">8I", places))
        given = (*colors, x, y)
        wanted = (*_SRGB_PLACES, *_D65)
        if max(abs(a - b) for a, b in zip(given, wanted, strict=True)) > _PLACE_TOLERANCE:
            matrix = _matrix(given)
    return None if is_usual and matrix is None else PngColors(curve, matrix)


def _matrix(places: tuple[float, ...]) -> NDArray[np.float64] | None:
    """From light of these colours to that of sRGB's, adapted to its white; None if impossible."""
    own = _to_xyz(places)
    srgb = _to_xyz((*_SRGB_PLACES, *_D65))
    if own is None or srgb is None:
        return None
    before, after = (_BRADFORD @ _white(*white) for white in (places[6:8], _D65))
    adapted = np.linalg.inv(_BRADFORD) @ np.diag(after / before) @ _BRADFORD
    return np.asarray(np.linalg.inv(srgb) @ adapted @ own)


def _to_xyz(places: tuple[float, ...]) -> NDArray[np.float64] | None:
    if min(places[1::2]) <= 0:
        return None
    columns = np.stack([_white(*places[i : i + 2]) for i in (0, 2, 4)], axis=1)
    if abs(np.linalg.det(columns)) < 1e-6:
        return None
    return np.asarray(columns * np.linalg.solve(columns, _white(*places[6:8])))


def _white(x: float, y: float) -> NDArray[np.float64]:
    """X, Y and Z of a chromaticity, with Y = 1."""
    return np.array([x / y, 1.0, (1 - x - y) / y])


def _chunks(path: Path) -> dict[bytes, bytes]:
    """The short chunks before the pixels, by their names; the first of each."""
    found: dict[bytes, bytes] = {}
    with path.open("rb") as file:
        file.seek(8)
        for _ in range(_MAX_CHUNKS):
            head = file.read(8)
            length, name = int.from_bytes(head[:4]), head[4:]
            if len(head) < 8 or name == b"IDAT":
                break
            data = file.read(min(length, 32))
            found.setdefault(name, data if length <= 32 else b"")
            file.seek(length - len(data) + 4, 1)
    return found
