"""Arrays that are wrong are refused by name; pictures survive the way to 8 bits and back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from stylekit.arrays import check_flow, check_image, check_mask, from_bytes, to_bytes

GOOD_IMAGE = np.full((4, 6, 3), 0.5, np.float32)
GOOD_FLOW = np.full((4, 6, 2), -7.5, np.float32)
GOOD_MASK = np.ones((4, 6), np.float32)


def with_value(array: np.ndarray, value: float) -> np.ndarray:
    changed = array.copy()
    changed.flat[5] = value
    return changed


def test_good_arrays_come_back_themselves() -> None:
    assert check_image(GOOD_IMAGE) is GOOD_IMAGE
    assert check_flow(GOOD_FLOW, like=GOOD_IMAGE) is GOOD_FLOW
    assert check_mask(GOOD_MASK, like=GOOD_FLOW) is GOOD_MASK


@pytest.mark.parametrize("value", [0.0, 1.0])
def test_the_ends_of_the_range_belong_to_it(value: float) -> None:
    assert check_image(with_value(GOOD_IMAGE, value)).flat[5] == value
    assert check_mask(with_value(GOOD_MASK, value)).flat[5] == value


@pytest.mark.parametrize(
    ("check", "array", "words"),
    [
        (check_image, GOOD_IMAGE.astype(np.float64), "must be float32, is float64"),
        (check_image, to_bytes(GOOD_IMAGE), "must be float32, is uint8"),
        (check_image, GOOD_IMAGE[..., :2], r"must have the shape \(H, W, 3\), has \(4, 6, 2\)"),
        (check_image, GOOD_IMAGE[..., 0], r"must have the shape \(H, W, 3\), has \(4, 6\)"),
        (check_image, GOOD_IMAGE[np.newaxis], r"has \(1, 4, 6, 3\)"),
        (check_image, GOOD_IMAGE[:0], r"has \(0, 6, 3\)"),
        (check_image, GOOD_IMAGE * 255, "reach from 127.5 to 127.5; divide 8-bit pictures by 255"),
        (check_image, with_value(GOOD_IMAGE, -0.01), r"must lie in \[0, 1\]"),
        (check_image, with_value(GOOD_IMAGE, np.nan), r"must lie in \[0, 1\]"),
        (check_flow, GOOD_FLOW.astype(np.float64), "must be float32, is float64"),
        (check_flow, GOOD_IMAGE, r"must have the shape \(H, W, 2\)"),
        (check_flow, with_value(GOOD_FLOW, np.inf), "not finite"),
        (check_flow, with_value(GOOD_FLOW, np.nan), "not finite"),
        (check_mask, GOOD_MASK.astype(bool), "must be float32, is bool"),
        (check_mask, GOOD_IMAGE, r"must have the shape \(H, W\)"),
        (check_mask, with_value(GOOD_MASK, 1.001), r"must lie in \[0, 1\]"),
        (check_mask, with_value(GOOD_MASK, np.nan), r"must lie in \[0, 1\]"),
    ],
)
def test_bad_arrays_are_refused_by_name(
    check: Callable[..., Any], array: np.ndarray, words: str
) -> None:
    with pytest.raises(ValueError, match=rf"^frame 7: .*{words}"):
        check(array, "frame 7")


def test_what_is_no_array_is_refused() -> None:
    with pytest.raises(TypeError, match=r"^image: must be a NumPy array .* is list"):
        check_image([[[0.0, 0.0, 0.0]]])  # type: ignore[arg-type]


def test_partners_must_have_one_size() -> None:
    other = np.zeros((6, 4, 3), np.float32)
    with pytest.raises(ValueError, match=r"^image: must be 4×6 pixels as its partner, is 6×4"):
        check_image(GOOD_IMAGE, like=other)
    with pytest.raises(ValueError, match=r"^flow: must be 4×6 pixels as its partner, is 6×4"):
        check_flow(GOOD_FLOW, like=other)
    with pytest.raises(ValueError, match=r"^mask: must be 4×6 pixels as its partner, is 6×4"):
        check_mask(GOOD_MASK, like=other)


def test_all_8_bit_values_survive_the_way_to_float_and_back() -> None:
    values = np.arange(256, dtype=np.uint8).reshape(16, 16, 1).repeat(3, axis=2)
    image = check_image(from_bytes(values))
    np.testing.assert_array_equal(to_bytes(image), values)


def test_bytes_are_the_nearest_and_never_wrap() -> None:
    values = np.float32([-0.2, 0.0, 0.49 / 255, 0.51 / 255, 254.4 / 255, 1.0, 1.3])
    np.testing.assert_array_equal(to_bytes(values), [0, 0, 0, 1, 254, 255, 255])
