"""Flow between frames with others between them."""

from __future__ import annotations

import numpy as np
import pytest

from stylekit.media.images import load_image, resize_image
from stylekit.motion.flow import FlowPair, estimate_flow, flow_between, refine_flow
from stylekit.motion.long_flow import compose_flow, flow_over
from stylekit.samples import MaterialKind, find_material
from stylekit.scenes import make_scene

HEIGHT, WIDTH = 48, 64


def photograph(shift: int = 0) -> np.ndarray:
    """A part of a photograph; more of its right side with a `shift`."""
    image = load_image(find_material("chelsea", MaterialKind.PHOTOGRAPH))
    return np.ascontiguousarray(resize_image(image, (160, HEIGHT))[:, shift : shift + WIDTH])


def test_exact_flow_composes_to_the_exact_flow_over_all_frames() -> None:
    steps = make_scene("zoom_rotation", frames=4, size=WIDTH)
    whole = make_scene("zoom_rotation", frames=2, size=WIDTH, stride=3)
    composed = compose_flow([steps.flow_pair(index) for index in range(3)])
    for found, truth in (
        (composed.backward_flow, whole.backward[0]),
        (composed.forward_flow, whole.forward[0]),
    ):
        error = np.linalg.norm(found - truth.flow, axis=-1)
        # Beside an edge linear interpolation mixes both layers.
        assert np.median(error[~truth.disocclusion]) < 1e-3


def test_what_was_covered_in_between_is_found_again() -> None:
    first, middle, last = (photograph() for _ in range(3))
    middle[12:36, 20:44] = (1.0, 0.2, 0.1)
    pairs = [flow_between(first, middle), flow_between(middle, last)]
    covered = np.s_[16:32, 24:40]
    found = flow_over(pairs, first, last)
    assert np.abs(found.backward_flow[covered]).max() < 0.5
    assert np.abs(found.forward_flow[covered]).max() < 0.5


def test_flow_that_is_too_fast_for_an_estimate_follows_its_composition() -> None:
    shift = 32
    first, last = photograph(), photograph(shift)
    step = np.zeros((HEIGHT, WIDTH, 2), np.float32)
    step[..., 0] = shift / 4
    pairs = [FlowPair(-step, step)] * 4
    seen = np.s_[8:-8, 4 : WIDTH - shift - 4]

    def error(flow: np.ndarray) -> float:
        return float(np.abs(flow[seen] - (shift, 0)).mean())

    assert error(estimate_flow(last, first)) > 4
    assert error(flow_over(pairs, first, last).backward_flow) < 0.5
    assert error(refine_flow(last, first, 4 * step)) < 0.5


def test_a_start_of_another_size_is_refused() -> None:
    with pytest.raises(ValueError, match="source"):
        refine_flow(photograph(), photograph(), np.zeros((8, 8, 2), np.float32))
