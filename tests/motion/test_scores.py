"""Metrics against their definitions in plain NumPy."""

from __future__ import annotations

import math

import numpy as np
import pytest

from stylekit.arrays import Flow, Image
from stylekit.motion.scores import (
    compare_masks,
    endpoint_error,
    endpoint_error_map,
    fl_all,
    mask_scores,
    trusted_but_wrong,
)
from stylekit.motion.truth import Truth
from stylekit.motion.warping import exact_warping_error, warping_error, warping_error_map

HEIGHT, WIDTH = 12, 15


def random_frames(count: int) -> list[Image]:
    return list(np.random.default_rng(0).random((count, HEIGHT, WIDTH, 3), dtype=np.float32))


def constant_flow(dx: float, dy: float) -> Flow:
    return np.broadcast_to(np.float32([dx, dy]), (HEIGHT, WIDTH, 2)).copy()


def full_mask() -> np.ndarray:
    return np.ones((HEIGHT, WIDTH), np.float32)


def test_equal_frames_at_rest_have_no_error() -> None:
    frame = random_frames(1)[0]
    error = warping_error([frame] * 3, [constant_flow(0, 0)] * 2, [full_mask()] * 2)
    assert error.mse == 0 and error.rmse == 0 and error.pixels == 2 * HEIGHT * WIDTH


def test_a_clip_that_moves_as_its_flow_says_has_no_error() -> None:
    first = random_frames(1)[0]
    second = np.roll(first, 2, axis=1)
    mask = full_mask()
    mask[:, :2] = 0
    assert warping_error([first, second], [constant_flow(-2, 0)], [mask]).mse == 0
    assert warping_error([first, second], [constant_flow(2, 0)], [mask]).mse > 0.05


def test_error_map_is_the_mean_square_over_channels() -> None:
    previous, frame = random_frames(2)
    error = warping_error_map(frame, previous, constant_flow(1, 0))
    expected = ((frame[:, :-1] - previous[:, 1:]) ** 2).mean(axis=2)
    np.testing.assert_allclose(error[:, :-1], expected, atol=1e-6)


def test_warping_error_equals_its_definition() -> None:
    frames = random_frames(4)
    masks = list(np.random.default_rng(1).random((3, HEIGHT, WIDTH), dtype=np.float32))
    pairs = []
    for index, mask in enumerate(masks):
        squared = ((frames[index + 1].astype(float) - frames[index]) ** 2).mean(axis=2)
        pairs.append((mask * squared).sum() / mask.sum())
    error = warping_error(frames, [constant_flow(0, 0)] * 3, masks)
    assert error.mse == pytest.approx(np.mean(pairs), rel=1e-5)
    assert error.rmse == pytest.approx(math.sqrt(np.mean(pairs)), rel=1e-5)
    assert error.pixels == pytest.approx(sum(mask.sum() for mask in masks), rel=1e-5)


def test_error_of_a_known_offset_is_in_units_of_the_picture() -> None:
    dark = np.full((HEIGHT, WIDTH, 3), 0.25, np.float32)
    error = warping_error([dark, dark + np.float32(0.5)], [constant_flow(0, 0)], [full_mask()])
    assert error.rmse == pytest.approx(0.5)


def test_masked_pixels_do_not_count() -> None:
    first, second = random_frames(2)
    mask = full_mask()
    mask[:, 5:] = 0
    changed = second.copy()
    changed[:, 5:] = 1 - changed[:, 5:]
    flows = [constant_flow(0, 0)]
    assert warping_error([first, second], flows, [mask]) == warping_error(
        [first, changed], flows, [mask]
    )


def test_a_cut_does_not_count_and_nothing_to_measure_is_nan() -> None:
    frames = random_frames(3)
    flows = [constant_flow(0, 0)] * 2
    cut = np.zeros((HEIGHT, WIDTH), np.float32)
    with_cut = warping_error(frames, flows, [full_mask(), cut])
    assert with_cut == warping_error(frames[:2], flows[:1], [full_mask()])
    nothing = warping_error(frames[:1], [], [])
    assert math.isnan(nothing.mse) and math.isnan(nothing.rmse) and nothing.pixels == 0


def test_warping_error_reads_iterators_and_refuses_misfits() -> None:
    frames = random_frames(3)
    flows, masks = [constant_flow(0, 0)] * 2, [full_mask()] * 2
    assert warping_error(iter(frames), iter(flows), iter(masks)) == warping_error(
        frames, flows, masks
    )
    with pytest.raises(ValueError, match="one fewer"):
        warping_error(frames, flows[:1], masks)
    with pytest.raises(ValueError, match="at least one"):
        warping_error([], [], [])
    with pytest.raises(ValueError, match="previous"):
        warping_error([frames[0], frames[1][:, :-1]], flows[:1], masks[:1])


def test_exact_error_counts_all_that_is_known_and_visible_and_nothing_else() -> None:
    first = random_frames(1)[0]
    second = np.roll(first, 2, axis=1)
    second[:, 2] = 0.5
    hidden, known = np.zeros((2, HEIGHT, WIDTH), bool)
    hidden[:, :2], known[:] = True, True
    parts = {"disocclusion": hidden, "out_of_frame": hidden, "motion_boundary": ~hidden}
    truth = Truth(flow=constant_flow(-2, 0), known=known, **parts)
    error = exact_warping_error(iter([first, second]), iter([truth]))
    assert error.pixels == HEIGHT * (WIDTH - 2)
    expected = np.sum((0.5 - first[:, 0].astype(float)) ** 2) / 3 / error.pixels
    assert error.mse == pytest.approx(expected, rel=1e-5)
    known[:, 2] = False
    assert exact_warping_error([first, second], [truth]).mse == 0
    with pytest.raises(ValueError, match="one fewer"):
        exact_warping_error([first, second], [truth, truth])


def test_endpoint_error_is_the_length_of_the_difference() -> None:
    flow, truth = constant_flow(3, 4), constant_flow(0, 0)
    np.testing.assert_allclose(endpoint_error_map(flow, truth), 5)
    flow[:, 0] = 0
    assert endpoint_error(flow, truth) == pytest.approx(5 * (WIDTH - 1) / WIDTH)
    first_column = np.zeros((HEIGHT, WIDTH), bool)
    first_column[:, 0] = True
    assert endpoint_error(flow, truth, where=first_column) == 0
    with pytest.raises(ValueError, match="where"):
        endpoint_error(flow, truth, where=np.zeros((HEIGHT, WIDTH), bool))


def test_fl_all_asks_for_both_limits() -> None:
    slow, fast = constant_flow(10, 0), constant_flow(200, 0)
    assert fl_all(slow + np.float32([2.9, 0]), slow) == 0
    assert fl_all(slow + np.float32([3.1, 0]), slow) == 1
    # 3.1 pixels are less than 5 % of 200.
    assert fl_all(fast + np.float32([3.1, 0]), fast) == 0
    assert fl_all(fast + np.float32([10.1, 0]), fast) == 1


def test_trusted_but_wrong_is_a_share_of_the_trusted_area() -> None:
    flow, truth = constant_flow(0, 0), constant_flow(0, 0)
    flow[:, :3, 0] = 1.5
    flow[:, 3:6, 0] = 0.9
    mask = full_mask()
    assert trusted_but_wrong(mask, flow, truth) == pytest.approx(3 / WIDTH)
    mask[:, :3] = 0.5
    assert trusted_but_wrong(mask, flow, truth) == pytest.approx(1.5 / (WIDTH - 1.5))
    mask[:, :3] = 0
    assert trusted_but_wrong(mask, flow, truth) == 0
    assert trusted_but_wrong(np.zeros_like(mask), flow, truth) == 0


def test_mask_scores_count_what_is_near() -> None:
    truth, estimate = np.zeros((2, 9, 9), bool)
    truth[:, 4] = True
    estimate[:, 5] = True
    estimate[0, 0] = True
    near, exact = mask_scores(estimate, truth), mask_scores(estimate, truth, tolerance=0)
    assert near.precision == pytest.approx(9 / 10) and near.recall == 1
    assert near.f1 == pytest.approx(2 * 0.9 / 1.9)
    assert (exact.precision, exact.recall, exact.f1) == (0, 0, 0)


def test_mask_scores_tolerate_a_corner_and_stop_at_the_tolerance() -> None:
    truth, estimate = np.zeros((2, 9, 9), bool)
    truth[4, 4] = True
    estimate[6, 6] = True
    assert mask_scores(estimate, truth, tolerance=2).f1 == 1
    assert mask_scores(estimate, truth, tolerance=1).f1 == 0


def test_mask_scores_of_empty_masks() -> None:
    empty, full = np.zeros((4, 4), bool), np.ones((4, 4), bool)
    assert mask_scores(empty, empty).f1 == 1
    assert mask_scores(empty, full).precision == 1 and mask_scores(empty, full).recall == 0
    assert mask_scores(full, empty).precision == 0 and mask_scores(full, empty).recall == 1


def test_comparison_sorts_every_pixel_once_and_gives_the_scores() -> None:
    random = np.random.default_rng(3)
    estimate, truth = random.random((2, 20, 30)) < 0.05
    for tolerance in (0, 1, 2):
        areas = compare_masks(estimate, truth, tolerance=tolerance)
        count = areas.found.astype(int) + areas.missed + areas.false
        np.testing.assert_array_equal(count, estimate | truth)
        scores = mask_scores(estimate, truth, tolerance=tolerance)
        assert scores.precision == pytest.approx(1 - areas.false.sum() / estimate.sum())
        assert scores.recall == pytest.approx(1 - areas.missed.sum() / truth.sum())


def test_comparison_tells_found_missed_and_false_apart() -> None:
    truth, estimate = np.zeros((2, 5, 12), bool)
    truth[2, [1, 6]] = True
    estimate[2, [2, 10]] = True
    near, exact = compare_masks(estimate, truth), compare_masks(estimate, truth, tolerance=0)
    assert list(np.flatnonzero(near.found[2])) == [1, 2]
    assert list(np.flatnonzero(near.missed[2])) == [6]
    assert list(np.flatnonzero(near.false[2])) == [10]
    assert not exact.found.any()
    np.testing.assert_array_equal(exact.missed, truth)


def test_mask_scores_refuse_numbers_and_misfits() -> None:
    empty = np.zeros((4, 4), bool)
    with pytest.raises(ValueError, match="boolean"):
        mask_scores(empty.astype(np.float32), empty)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"\(H, W\)"):
        mask_scores(empty, np.zeros((4, 5), bool))
    with pytest.raises(ValueError, match="tolerance"):
        mask_scores(empty, empty, tolerance=-1)
