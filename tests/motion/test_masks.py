"""Masks: each test of the papers, their order at borders, and the long-term share-out."""

from __future__ import annotations

import numpy as np
import pytest

from stylekit.arrays import Flow, Image
from stylekit.errors import SettingsError
from stylekit.motion.flow import FlowMethod, FlowPair
from stylekit.motion.masks import (
    SUNDARAM,
    Thresholds,
    consistency_mask,
    disocclusion,
    doubtful,
    flow_doubt,
    long_term_masks,
    motion_boundary,
    out_of_frame,
    reliable_share,
    robust_mask,
    trust_map,
)
from stylekit.scenes import Scene, make_scene

HEIGHT, WIDTH = 40, 50


def constant_flow(dx: float, dy: float) -> Flow:
    return np.broadcast_to(np.float32([dx, dy]), (HEIGHT, WIDTH, 2)).copy()


def uncovering(size: int = 6) -> tuple[Flow, Flow]:
    """A square of 12 pixels that moves right by `size` before a resting ground.

    Returns the backward flow on the later grid and the forward flow on the earlier one.
    """
    backward, forward = constant_flow(0, 0), constant_flow(0, 0)
    forward[14:26, 15:27, 0] = size
    backward[14:26, 15 + size : 27 + size, 0] = -size
    return backward, forward


def test_thresholds_are_the_papers() -> None:
    assert (
        Thresholds(
            consistency_ratio=0.01,
            consistency_offset=0.5,
            boundary_ratio=0.01,
            boundary_offset=0.002,
        )
        == SUNDARAM
    )
    with pytest.raises(SettingsError, match="boundary_ratio"):
        Thresholds(boundary_ratio=-0.1)


@pytest.mark.parametrize(
    ("dx", "dy", "columns", "rows"),
    [(0, 0, set(), set()), (2, 0, {-1, -2}, set()), (-0.5, 0, {0}, set()), (0, 0.01, set(), {-1})],
)
def test_out_of_frame_is_what_lies_beyond_the_centres_of_border_pixels(
    dx: float, dy: float, columns: set[int], rows: set[int]
) -> None:
    expected = np.zeros((HEIGHT, WIDTH), bool)
    expected[:, list(columns)] = True
    expected[list(rows), :] = True
    np.testing.assert_array_equal(out_of_frame(constant_flow(dx, dy)), expected)


def test_flow_that_leads_to_the_border_is_inside_whatever_its_rounding() -> None:
    flow = np.zeros((3, 1001, 2), np.float32)
    x = np.arange(1001)
    for target in (0, 1000):
        # Beside 1/3 no product is exact in float32, and neither is the sum.
        flow[..., 0] = (np.float32(target) - x) * np.float32(1 / 3) * np.float32(3)
        assert not out_of_frame(flow).any()
        flow[..., 0] += np.sign(target - 500) * 0.001
        assert out_of_frame(flow).all()


def test_opposite_flows_are_consistent() -> None:
    flow = constant_flow(3.5, -2.25)
    assert not disocclusion(flow, -flow).any()


def test_disocclusion_compares_with_the_threshold_of_the_paper() -> None:
    # ŵ = (4, 0) and w̃ = (−4 + e, 0) err by e; the limit is 0.01 (16 + (4 − e)²) + 0.5.
    for error, expected in ((0.86, False), (0.88, True)):
        limit = 0.01 * (16 + (4 - error) ** 2) + 0.5
        assert (error**2 >= limit) is expected
        found = disocclusion(constant_flow(4, 0), constant_flow(error - 4, 0))
        assert found[5, 5] == expected


def test_disocclusion_finds_exactly_what_was_uncovered() -> None:
    backward, forward = uncovering(6)
    expected = np.zeros((HEIGHT, WIDTH), bool)
    expected[14:26, 15:21] = True
    np.testing.assert_array_equal(disocclusion(backward, forward), expected)


def test_swapped_flows_find_what_was_covered_instead() -> None:
    backward, forward = uncovering(6)
    expected = np.zeros((HEIGHT, WIDTH), bool)
    expected[14:26, 27:33] = True
    np.testing.assert_array_equal(disocclusion(forward, backward), expected)


def test_disocclusion_leaves_what_is_out_of_frame_alone() -> None:
    flow = constant_flow(10, 0)
    found = disocclusion(flow, flow)
    np.testing.assert_array_equal(found, ~out_of_frame(flow))


def test_motion_boundary_is_two_pixels_wide_at_a_step() -> None:
    flow = constant_flow(0, 0)
    flow[:, 20:, 1] = 3
    expected = np.zeros((HEIGHT, WIDTH), bool)
    expected[:, 19:21] = True
    np.testing.assert_array_equal(motion_boundary(flow), expected)


@pytest.mark.parametrize("component", [0, 1])
@pytest.mark.parametrize("axis", [0, 1])
def test_motion_boundary_compares_the_gradient_with_the_threshold(
    component: int, axis: int
) -> None:
    # Around motion 0 a slope s passes the limit where s² > 0.01 (s p)² + 0.002.
    place = np.arange(HEIGHT if axis == 0 else WIDTH, dtype=np.float32) - 10
    for slope, expected in ((0.044, False), (0.046, True)):
        flow = constant_flow(0, 0)
        ramp = slope * place
        flow[..., component] = ramp[:, None] if axis == 0 else ramp
        assert motion_boundary(flow)[10, 10] == expected


def test_fast_motion_is_allowed_steeper_slopes() -> None:
    flow = constant_flow(0, 0)
    flow[..., 0] += 0.1 * np.arange(WIDTH, dtype=np.float32)
    slow, fast = motion_boundary(flow), motion_boundary(flow + np.float32([20, 0]))
    assert slow[:, 1:5].all() and not fast.any()


def test_mask_is_one_inside_and_zero_out_of_frame() -> None:
    flow = constant_flow(5, 0)
    mask = consistency_mask(flow, -flow)
    assert mask.dtype == np.float32 and mask.shape == (HEIGHT, WIDTH)
    np.testing.assert_allclose(mask[:-4, : WIDTH - 6 - 3], 1, atol=1e-6)
    # The smoothing reaches two pixels, and the border is mirrored.
    assert not mask[:, -3:].any()


def test_binary_mask_is_the_union_of_the_three_tests() -> None:
    backward, forward = uncovering()
    mask = consistency_mask(backward, forward, smooth=0)
    union = disocclusion(backward, forward) | motion_boundary(backward) | out_of_frame(backward)
    np.testing.assert_array_equal(mask, np.where(union, 0, 1).astype(np.float32))


def test_motion_boundaries_can_be_trusted() -> None:
    backward, forward = uncovering()
    mask = consistency_mask(backward, forward, smooth=0, boundary=False)
    union = disocclusion(backward, forward) | out_of_frame(backward)
    np.testing.assert_array_equal(mask == 0, union)


def test_smoothing_spreads_disocclusion_outward_but_keeps_a_boundary_thin() -> None:
    backward, forward = uncovering()
    mask = consistency_mask(backward, forward, boundary=False)
    uncovered = disocclusion(backward, forward)
    assert not mask[uncovered].any()
    beside = mask[20, 14]
    # Half the weight lies on −1 and half on 1 a pixel off; a 0 there would leave about .7.
    assert 0.2 < beside < 0.6
    flow = constant_flow(0, 0)
    flow[:, 20:, 1] = 3
    boundary = consistency_mask(
        flow, constant_flow(0, 0), thresholds=Thresholds(consistency_offset=9)
    )
    assert 0.1 < boundary[10, 19] < 0.6
    assert boundary[10, 17] > 0.9


def test_dilation_widens_disocclusion_on_every_side() -> None:
    backward, forward = uncovering()
    mask = consistency_mask(backward, forward, smooth=0, boundary=False, dilate=2)
    assert not mask[12:28, 13:23].any()
    assert mask[11, 13:23].all() and mask[12:28, 12].all() and mask[12:28, 23].all()


def test_wrong_knobs_are_refused_by_name() -> None:
    flow = constant_flow(0, 0)
    with pytest.raises(SettingsError, match="smooth"):
        consistency_mask(flow, flow, smooth=-1)
    with pytest.raises(SettingsError, match="dilate"):
        consistency_mask(flow, flow, dilate=-1)
    with pytest.raises(ValueError, match="reverse"):
        consistency_mask(flow, flow[:-1])


def test_long_term_masks_share_binary_pixels_out_to_the_nearest_frame() -> None:
    near = np.float32([[1, 0, 0, 0]])
    middle = np.float32([[1, 1, 0, 0]])
    far = np.float32([[1, 1, 1, 0]])
    reduced = long_term_masks([near, middle, far])
    np.testing.assert_array_equal(reduced[0], near)
    np.testing.assert_array_equal(reduced[1], [[0, 1, 0, 0]])
    np.testing.assert_array_equal(reduced[2], [[0, 0, 1, 0]])


def test_long_term_masks_subtract_the_original_soft_masks() -> None:
    masks = [np.float32([[c]]) for c in (0.3, 0.5, 0.7)]
    near, middle, far = (float(mask[0, 0]) for mask in long_term_masks(masks))
    assert near == pytest.approx(0.3)
    assert middle == pytest.approx(0.5 - 0.3)
    # Subtracting the reduced masks instead would leave 0.7 − 0.3 − 0.2 = 0.2.
    assert far == pytest.approx(max(0.7 - 0.3 - 0.5, 0))


def test_long_term_masks_leave_their_arguments_and_refuse_misfits() -> None:
    masks = [np.full((3, 4), 0.5, np.float32) for _ in range(2)]
    reduced = long_term_masks(masks)
    reduced[0][:] = 0
    assert (masks[0] == 0.5).all() and (masks[1] == 0.5).all()
    with pytest.raises(ValueError, match="at least one"):
        long_term_masks([])
    with pytest.raises(ValueError, match=r"masks\[1\]"):
        long_term_masks([masks[0], masks[1][:2]])


def test_reliable_share_is_the_mean() -> None:
    assert reliable_share(np.float32([[1, 0], [0.5, 0.5]])) == 0.5


# The doubt of a pixel against which nothing speaks is the cube of this.
FLOOR = 0.03


def plain(value: float) -> Image:
    return np.full((HEIGHT, WIDTH, 3), value, np.float32)


@pytest.fixture(scope="module")
def crossing() -> tuple[Scene, FlowPair]:
    scene = make_scene("crossing", frames=2, size=256)
    return scene, scene.flow_pair(0, method=FlowMethod.DIS)


def test_doubt_is_least_where_flow_leads_home_and_explains_the_frame() -> None:
    flow = constant_flow(3, -2)
    doubt = flow_doubt(flow, -flow, plain(0.5), plain(0.5))
    np.testing.assert_allclose(doubt, FLOOR**3, rtol=1e-4)


def test_doubt_grows_with_the_way_there_and_back_in_pixels() -> None:
    doubt = flow_doubt(constant_flow(4, 0), constant_flow(-1, 0), plain(0.5), plain(0.5))
    np.testing.assert_allclose(doubt, (3 + FLOOR) * FLOOR**2, rtol=1e-4)


def test_doubt_grows_within_four_pixels_of_a_jump_by_its_height() -> None:
    flow = constant_flow(0, 0)
    flow[:, 20:] = 3, 4
    doubt = flow_doubt(flow, constant_flow(0, 0), plain(0.5), plain(0.5))
    # To the right of the jump the flow does not lead home either.
    np.testing.assert_allclose(doubt[:, :16], FLOOR**3, rtol=1e-4)
    np.testing.assert_allclose(doubt[:, 16:20], (5 + FLOOR) * FLOOR**2, rtol=1e-4)
    np.testing.assert_allclose(doubt[:, 20:24], (5 + FLOOR) ** 2 * FLOOR, rtol=1e-4)
    np.testing.assert_allclose(doubt[:, 24:], (5 + FLOOR) * FLOOR**2, rtol=1e-4)


def test_doubt_takes_the_residual_of_the_whole_picture_as_normal() -> None:
    still = constant_flow(0, 0)
    current = plain(0.5)
    current[..., 1] = 0.6
    current[5, 5, 2] = 0.9
    doubt = flow_doubt(still, still, current, plain(0.5)) / np.float32(FLOOR**2) - FLOOR
    np.testing.assert_allclose(doubt[20:, 20:], 0.1 / (0.1 + 1 / 255), rtol=1e-3)
    # The largest channel counts, and is smoothed by a Gaussian of one pixel: 1 / 2π at its centre.
    peak = 0.1 + (0.4 - 0.1) / (2 * np.pi)
    assert doubt[5, 5] == pytest.approx(peak / (0.1 + 1 / 255), rel=0.03)
    assert doubt.max() == doubt[5, 5]


@pytest.mark.parametrize("smooth", [0.0, 0.8])
@pytest.mark.parametrize("budget", [0.01, 0.05])
def test_robust_mask_spends_its_budget_and_no_more(
    crossing: tuple[Scene, FlowPair], smooth: float, budget: float
) -> None:
    scene, pair = crossing
    flows = pair.backward_flow, pair.forward_flow
    paper = consistency_mask(*flows, smooth=smooth)
    mask = robust_mask(
        *flows, scene.frames[1], scene.frames[0], smooth=smooth, budget=budget, limit=0.0
    )
    assert (mask <= paper).all()
    assert 0.98 * budget <= reliable_share(paper) - reliable_share(mask) <= budget


def test_doubtful_pixels_are_the_most_doubted_of_those_that_pass(
    crossing: tuple[Scene, FlowPair],
) -> None:
    scene, pair = crossing
    everything = pair.backward_flow, pair.forward_flow, scene.frames[1], scene.frames[0]
    passed = consistency_mask(*everything[:2], smooth=0) == 1
    doubt = flow_doubt(*everything)
    found = doubtful(trust_map(*everything[:2]), doubt, smooth=0)
    assert found.any() and not (found & ~passed).any()
    assert doubt[found].min() >= doubt[passed & ~found].max()
    np.testing.assert_array_equal(robust_mask(*everything, smooth=0) == 1, passed & ~found)


def test_robust_mask_leaves_what_is_below_the_limit(crossing: tuple[Scene, FlowPair]) -> None:
    scene, pair = crossing
    everything = pair.backward_flow, pair.forward_flow, scene.frames[1], scene.frames[0]
    passed = consistency_mask(*everything[:2], smooth=0) == 1
    doubt = flow_doubt(*everything)
    expected = passed & (doubt > 0.7)
    assert expected.any()
    found = doubtful(trust_map(*everything[:2]), doubt, limit=0.7, budget=1.0)
    np.testing.assert_array_equal(found, expected)


def test_robust_mask_is_the_papers_without_doubt_or_budget(
    crossing: tuple[Scene, FlowPair],
) -> None:
    still = constant_flow(0, 0)
    np.testing.assert_array_equal(
        robust_mask(still, still, plain(0.5), plain(0.5)), consistency_mask(still, still)
    )
    scene, pair = crossing
    flows = pair.backward_flow, pair.forward_flow
    frames = scene.frames[1], scene.frames[0]
    for knobs in ({"boundary": False}, {"dilate": 1}, {"thresholds": Thresholds(boundary_ratio=1)}):
        np.testing.assert_array_equal(
            robust_mask(*flows, *frames, budget=0.0, **knobs),  # type: ignore[arg-type]
            consistency_mask(*flows, **knobs),  # type: ignore[arg-type]
        )


@pytest.mark.parametrize("name", ["pan", "fast", "crossing", "drift", "passing"])
def test_robust_mask_halves_what_is_trusted_but_wrong(name: str) -> None:
    scene = make_scene(name, frames=2, size=256, seed=7)
    pair = scene.flow_pair(0, method=FlowMethod.DIS)
    flows = pair.backward_flow, pair.forward_flow
    wrong = np.linalg.norm(flows[0] - scene.backward_flow[0], axis=2) > 1
    paper, robust = (
        consistency_mask(*flows),
        robust_mask(*flows, scene.frames[1], scene.frames[0]),
    )
    shares = [float((mask * wrong).sum() / mask.sum()) for mask in (paper, robust)]
    assert shares[0] > 0 and shares[1] < 0.5 * shares[0]


def test_wrong_knobs_and_frames_of_the_robust_mask_are_refused_by_name() -> None:
    flow, picture = constant_flow(0, 0), plain(0.5)
    for name, value in (("budget", 1.5), ("limit", -1), ("smooth", -1), ("dilate", -1)):
        with pytest.raises(SettingsError, match=name):
            robust_mask(flow, flow, picture, picture, **{name: value})  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="previous"):
        robust_mask(flow, flow, picture, picture[:-1])
