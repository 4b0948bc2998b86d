"""High dynamic range, as phones record it, to the range of an ordinary screen."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_PQ, _HLG = 16, 18

HDR_TRANSFERS = (_PQ, _HLG)
"""The transfer characteristics (ISO/IEC 23091-2) that `to_standard_range` knows: PQ and HLG."""

# The light of a white page, cd/m² (ITU-R BT.2408, 203 is "HDR reference white").
_REFERENCE_WHITE = 203.0
# Up to here, relative to that white, light stays as it is; above, it is compressed towards 1.
_KNEE = 0.75

# Linear light, BT.2020 primaries to BT.709 primaries (ITU-R BT.2087, section 4).
_TO_BT709 = np.array(
    [
        [1.660491, -0.587641, -0.072850],
        [-0.124550, 1.132900, -0.008349],
        [-0.018151, -0.100579, 1.118730],
    ],
    np.float32,
)


def to_standard_range(pixels: NDArray[np.uint16], transfer: int) -> NDArray[np.uint8]:
    """Convert BT.2020 RGB `(H, W, 3)`, uint16 over the full range, coded as PQ or HLG, to sRGB.

    Light below ¾ of a white page keeps its strength and hue; brighter light is compressed
    smoothly, by the same factor in all channels, so that the brightest just reaches white.
    """
    signal = pixels.astype(np.float32) / np.float32(65535.0)
    light = _pq_light(signal) if transfer == _PQ else _hlg_light(signal)
    light = np.maximum(light @ _TO_BT709.T, 0.0)
    strongest = light.max(axis=2, keepdims=True)
    over = np.maximum(strongest - _KNEE, 0.0) / (1.0 - _KNEE)
    compressed = np.where(over > 0.0, _KNEE + (1.0 - _KNEE) * over / (1.0 + over), strongest)
    light *= compressed / np.maximum(strongest, 1e-6)
    return np.rint(255.0 * np.clip(_srgb_signal(light), 0.0, 1.0)).astype(np.uint8)


def _pq_light(signal: NDArray[np.float32]) -> NDArray[np.float32]:
    """Light relative to reference white: the PQ EOTF, ITU-R BT.2100-2, Table 4."""
    m1, m2 = 2610 / 16384, 2523 / 4096 * 128
    c1, c2, c3 = 3424 / 4096, 2413 / 4096 * 32, 2392 / 4096 * 32
    power = signal ** np.float32(1 / m2)
    light = (np.maximum(power - c1, 0.0) / (c2 - c3 * power)) ** np.float32(1 / m1)
    return np.asarray(light * (10_000.0 / _REFERENCE_WHITE), np.float32)


def _hlg_light(signal: NDArray[np.float32]) -> NDArray[np.float32]:
    """Light relative to reference white on a screen of 1000 cd/m²: BT.2100-2, Table 5."""
    a, b, c = 0.17883277, 0.28466892, 0.55991073
    scene = np.where(signal <= 0.5, signal**2 / 3.0, (np.exp((signal - c) / a) + b) / 12.0)
    luma = scene @ np.array([0.2627, 0.6780, 0.0593], np.float32)
    screen = 1000.0 * np.maximum(luma, 1e-6)[..., None] ** 0.2 * scene
    return np.asarray(screen / _REFERENCE_WHITE, np.float32)


def _srgb_signal(light: NDArray[np.float32]) -> NDArray[np.float32]:
    """The signal for linear light in [0, 1]: IEC 61966-2-1."""
    bright = 1.055 * np.maximum(light, 0.0031308) ** (1 / 2.4) - 0.055
    return np.asarray(np.where(light <= 0.0031308, 12.92 * light, bright), np.float32)
