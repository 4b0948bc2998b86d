"""The masks against files of the checker published with Ruder et al. 2016.

The files are for checking only and do not come with the project: without them, these skip.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from stylekit.media.opencv import cv2
from stylekit.motion.flow import FlowMethod, estimate_flow, read_flo
from stylekit.motion.masks import consistency_mask

ORACLE = Path(__file__).parents[3] / "shared" / "oracles" / "marple8"

pytestmark = pytest.mark.skipif(
    not ORACLE.is_dir(), reason="the published checker's files are not beside the repository"
)


def grey_levels(name: str) -> np.ndarray:
    pixels = cv2.imread(str(ORACLE / name), cv2.IMREAD_UNCHANGED)
    assert pixels is not None and pixels.dtype == np.uint8 and pixels.ndim == 2
    return pixels.astype(np.int64)


def share_within_one_level(flow_name: str, reverse_name: str, mask_name: str) -> float:
    mask = consistency_mask(read_flo(ORACLE / flow_name), read_flo(ORACLE / reverse_name))
    written = np.floor(mask * np.float32(255)).astype(np.int64)
    return float((np.abs(written - grey_levels(mask_name)) <= 1).mean())


@pytest.mark.parametrize(
    ("flow", "reverse", "mask"),
    [
        ("forward_1_2.flo", "backward_2_1.flo", "reliable_1_2.pgm"),
        ("backward_2_1.flo", "forward_1_2.flo", "reliable_2_1.pgm"),
    ],
)
def test_masks_agree_with_the_published_files(flow: str, reverse: str, mask: str) -> None:
    # The published checker has flow that ends exactly in the last row or column out of frame.
    assert share_within_one_level(flow, reverse, mask) >= 0.9998


def test_swapped_flows_would_be_noticed() -> None:
    swapped = share_within_one_level("backward_2_1.flo", "forward_1_2.flo", "reliable_1_2.pgm")
    assert swapped < 0.95


def test_estimated_flow_agrees_with_deepflow_in_direction() -> None:
    first, second = (
        cv2.imread(str(ORACLE / f"marple8_0{index}.ppm"))[..., ::-1].astype(np.float32) / 255
        for index in (1, 2)
    )
    deep = read_flo(ORACLE / "forward_1_2.flo")
    error = np.linalg.norm(estimate_flow(first, second, method=FlowMethod.DIS) - deep, axis=2)
    assert np.median(error) < 0.5 * np.median(np.linalg.norm(deep, axis=2))
