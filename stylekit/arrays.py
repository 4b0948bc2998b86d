"""Names for the arrays that stylekit uses, and checks of their shape, type and range.

Units and conventions:

- `Image`: float32 RGB in [0, 1], shape `(H, W, 3)`. Only files hold uint8.
- `Flow`: float32 `(H, W, 2)` in pixels, channel 0 is dx (to the right), channel 1 is dy (down).
  It has the grid of the frame that it starts from: `source(p) ≈ target(p + flow(p))`.
- `Mask`: float32 `(H, W)` in [0, 1], 1 = reliable.
- `BoolMask`: bool `(H, W)`; for disocclusion and motion boundary True means "do not trust".
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Image: TypeAlias = NDArray[np.float32]
Flow: TypeAlias = NDArray[np.float32]
Mask: TypeAlias = NDArray[np.float32]
BoolMask: TypeAlias = NDArray[np.bool_]

LUMINANCE = np.array([0.299, 0.587, 0.114], np.float32)
"""The share of red, green and blue in luminance (ITU-R BT.601)."""


def check_image(image: Image, name: str = "image", *, like: NDArray | None = None) -> Image:
    """Return `image` unchanged if it is an Image.

    Parameters
    ----------
    image : Should be float32 RGB `(H, W, 3)` in [0, 1].
    name : What the error message calls it.
    like : An array of the height and width that the image should have.

    Raises
    ------
    TypeError, ValueError
        If it is no such image; the message says what to do.

    Examples
    --------
    >>> check_image(np.zeros((2, 3, 3), np.float32)).shape
    (2, 3, 3)
    """
    _check_array(image, name, dtype=np.float32, channels=3)
    low, high = float(image.min()), float(image.max())
    if not (low >= 0.0 and high <= 1.0):
        raise ValueError(
            f"{name}: values must lie in [0, 1], these reach from {low:.4g} to {high:.4g}; "
            "divide 8-bit pictures by 255"
        )
    _check_same_size(image, name, like)
    return image


def check_flow(flow: Flow, name: str = "flow", *, like: NDArray | None = None) -> Flow:
    """Return `flow` if it is finite float32 `(H, W, 2)`, in the size of `like` if given."""
    _check_array(flow, name, dtype=np.float32, channels=2)
    if not np.isfinite(flow).all():
        raise ValueError(f"{name}: holds values that are not finite")
    _check_same_size(flow, name, like)
    return flow


def check_mask(mask: Mask, name: str = "mask", *, like: NDArray | None = None) -> Mask:
    """Return `mask` if it is float32 `(H, W)` in [0, 1], in the size of `like` if given."""
    _check_array(mask, name, dtype=np.float32, channels=None)
    if not (float(mask.min()) >= 0.0 and float(mask.max()) <= 1.0):
        raise ValueError(f"{name}: values must lie in [0, 1]")
    _check_same_size(mask, name, like)
    return mask


def to_bytes(image: Image) -> NDArray[np.uint8]:
    """The 8-bit picture that a file holds: `round(255 x)`, clipped to 0…255.

    Examples
    --------
    >>> to_bytes(np.float32([0, 0.5, 1])).tolist()
    [0, 128, 255]
    """
    return np.clip(np.rint(image * np.float32(255.0)), 0, 255).astype(np.uint8)


def from_bytes(pixels: NDArray[np.uint8]) -> Image:
    """The inverse of `to_bytes`: float32 in [0, 1]."""
    return pixels.astype(np.float32) / np.float32(255.0)


def _check_array(
    array: NDArray, name: str, *, dtype: type[np.generic], channels: int | None
) -> None:
    wanted = "(H, W)" if channels is None else f"(H, W, {channels})"
    if not isinstance(array, np.ndarray):
        raise TypeError(f"{name}: must be a NumPy array {wanted}, is {type(array).__name__}")
    right_shape = (
        array.ndim == 2 if channels is None else array.ndim == 3 and array.shape[2] == channels
    )
    if not right_shape or 0 in array.shape:
        raise ValueError(f"{name}: must have the shape {wanted}, has {array.shape}")
    if array.dtype != dtype:
        raise ValueError(f"{name}: must be {np.dtype(dtype).name}, is {array.dtype.name}")


def _check_same_size(array: NDArray, name: str, like: NDArray | None) -> None:
    if like is not None and array.shape[:2] != like.shape[:2]:
        raise ValueError(
            f"{name}: must be {like.shape[1]}×{like.shape[0]} pixels as its partner, "
            f"is {array.shape[1]}×{array.shape[0]}"
        )
