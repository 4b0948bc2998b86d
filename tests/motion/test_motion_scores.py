"""Scores of flow and masks against a scene's truth, and the curve of a threshold."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from stylekit.motion.flow import FlowMethod
from stylekit.motion.masks import (
    SUNDARAM,
    Thresholds,
    boundary_excess,
    consistency_error,
    consistency_excess,
    consistency_mask,
    disocclusion,
    motion_boundary,
    out_of_frame,
)
from stylekit.motion.scores import (
    endpoint_error,
    mask_scores,
    motion_scores,
    precision_recall,
    trusted_but_wrong,
)
from stylekit.scenes import Scene, make_scene


@pytest.fixture(scope="module")
def crossing() -> Scene:
    return make_scene("crossing", frames=2, size=192)


def test_exact_flow_is_perfect_and_its_masks_nearly(crossing: Scene) -> None:
    flow = crossing.flow_pair(0)
    scores = motion_scores(flow.backward_flow, flow.forward_flow, crossing.backward[0])
    assert scores.endpoint_error == 0 and scores.fl_all == 0 and scores.trusted_but_wrong == 0
    assert scores.union.f1 >= 0.98


def test_the_papers_thresholds_miss_slow_things_in_a_fast_pan_and_not_before_a_still_ground() -> (
    None
):
    scores = {}
    for name in ("tripod", "parallax"):
        scene = make_scene(name, frames=2, size=512)
        flow = scene.flow_pair(0)
        backward, forward = flow.backward_flow, flow.forward_flow
        scores[name] = motion_scores(backward, forward, scene.backward[0])
        hidden = scene.disocclusion[0] & ~scene.out_of_frame[0]
        found = disocclusion(backward, forward)[hidden].mean()
        # Two pixels of parallax: 2² < 0.01 (16² + 18²) + 0.5, and (2/2)² < 0.01 · 16² + 0.002.
        assert found > 0.9 if name == "tripod" else found == 0
    assert scores["tripod"].union.f1 > 0.99
    assert scores["parallax"].boundary.f1 == 0


def test_scores_are_those_of_their_definitions(crossing: Scene) -> None:
    flow = crossing.flow_pair(0, method=FlowMethod.DIS_FAST)
    backward, forward = flow.backward_flow, flow.forward_flow
    truth = crossing.backward[0]
    thresholds = Thresholds(consistency_offset=0.2, boundary_offset=0.01)
    scores = motion_scores(backward, forward, truth, thresholds=thresholds)
    hidden = disocclusion(backward, forward, thresholds=thresholds) | out_of_frame(backward)
    boundary = motion_boundary(backward, thresholds=thresholds)
    mask = consistency_mask(backward, forward, thresholds=thresholds)
    assert scores.endpoint_error == endpoint_error(backward, truth.flow) > 0
    assert scores.disocclusion == mask_scores(hidden, truth.disocclusion)
    assert scores.boundary == mask_scores(boundary, truth.motion_boundary)
    assert scores.union == mask_scores(
        hidden | boundary, truth.disocclusion | truth.motion_boundary
    )
    assert scores.trusted_but_wrong == trusted_but_wrong(mask, backward, truth.flow) > 0
    own = np.ones_like(mask)
    assert motion_scores(backward, forward, truth, mask=own).reliable == 1


def test_what_is_not_known_counts_nowhere(crossing: Scene) -> None:
    truth = crossing.backward[0]
    known = np.zeros_like(truth.known)
    known[:, :96] = True
    wrong = truth.flow.copy()
    wrong[:, 96:] += 50
    half = replace(truth, known=known)
    scores = motion_scores(wrong, crossing.forward_flow[0], half)
    assert scores.endpoint_error == 0 and scores.trusted_but_wrong == 0
    assert motion_scores(wrong, crossing.forward_flow[0], truth).endpoint_error > 20


def test_excess_is_what_the_tests_compare_with_their_offsets(crossing: Scene) -> None:
    flow = crossing.flow_pair(0, method=FlowMethod.DIS)
    backward, forward = flow.backward_flow, flow.forward_flow
    excess = consistency_excess(backward, forward)
    found = excess >= SUNDARAM.consistency_offset
    assert np.mean(found != disocclusion(backward, forward)) < 1e-4
    assert np.isneginf(excess[out_of_frame(backward)]).all()
    strong = boundary_excess(backward) > SUNDARAM.boundary_offset
    assert np.mean(strong != motion_boundary(backward)) < 1e-4


def test_the_way_there_and_back_of_opposite_flows_leads_home() -> None:
    there = np.full((8, 10, 2), (2.0, -1.0), np.float32)
    assert consistency_error(there, -there).max() == 0
    np.testing.assert_allclose(consistency_error(there, there), 2 * np.sqrt(5), rtol=1e-6)


@pytest.mark.parametrize("tolerance", [0, 1, 2])
def test_every_point_of_the_curve_is_the_score_at_its_threshold(
    crossing: Scene, tolerance: int
) -> None:
    flow = crossing.flow_pair(0, method=FlowMethod.DIS_FAST)
    excess = consistency_excess(flow.backward_flow, flow.forward_flow)
    outside = out_of_frame(flow.backward_flow)
    truth = crossing.backward[0].disocclusion
    curve = precision_recall(excess, truth, tolerance=tolerance, always=outside)
    assert len(curve.thresholds) > 50 and (np.diff(curve.thresholds) > 0).all()
    for point in range(0, len(curve.thresholds), 40):
        estimate = (excess >= curve.thresholds[point]) | outside
        scores = mask_scores(estimate, truth, tolerance=tolerance)
        assert curve.precision[point] == pytest.approx(scores.precision)
        assert curve.recall[point] == pytest.approx(scores.recall)


def test_a_curve_of_nothing_to_find_has_full_recall(crossing: Scene) -> None:
    excess = np.random.default_rng(0).random((9, 12), dtype=np.float32)
    curve = precision_recall(excess, np.zeros((9, 12), bool))
    assert (curve.recall == 1).all() and (curve.precision == 0).all()
