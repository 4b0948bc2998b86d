"""The ablation: one clip, several flows, judged along the exact motion."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import short_runs

from stylekit.explain.ablation import FlowAblation, ablate_flow
from stylekit.motion.flow import FlowMethod
from stylekit.motion.scores import endpoint_error_map
from stylekit.motion.warping import warping_error, warping_error_map
from stylekit.scenes import make_scene

pytestmark = pytest.mark.slow

SCENE = make_scene("pan", frames=3, size=64)
METHODS = (FlowMethod.FARNEBACK, FlowMethod.EXACT)


@pytest.fixture(scope="module")
def ablation(tmp_path_factory: pytest.TempPathFactory) -> FlowAblation:
    with pytest.MonkeyPatch.context() as patch:
        short_runs.share_objectives(patch)
        return ablate_flow(
            SCENE,
            short_runs.built_in_style(),
            tmp_path_factory.mktemp("ablation"),
            short_runs.SETTINGS,
            methods=METHODS,
            style_name="glass",
        )


def test_each_method_has_a_row_of_its_own(ablation: FlowAblation) -> None:
    farneback, exact = ablation.rows
    assert (farneback.method, exact.method) == METHODS
    assert exact.endpoint_error == 0 and exact.trusted_but_wrong == 0 and exact.union_f1 > 0.9
    assert farneback.endpoint_error > 0.1 and farneback.trusted_but_wrong > 0
    for row in ablation.rows:
        assert len(row.frames) == 3 and len(row.masks) == 2 and row.evaluations > 0
    # The first frame has no flow, so the methods part only afterwards.
    assert np.array_equal(farneback.frames[0], exact.frames[0])
    assert not np.array_equal(farneback.frames[2], exact.frames[2])


def test_errors_are_taken_along_the_exact_flow_where_it_is_visible(
    ablation: FlowAblation,
) -> None:
    visible = [(~truth.disocclusion).astype(np.float32) for truth in SCENE.backward]
    for row in ablation.rows:
        expected = warping_error(row.frames, SCENE.backward_flow, visible)
        assert row.warping_error == expected and row.warping_error.rmse > 0
    floor = warping_error(SCENE.frames, SCENE.backward_flow, visible)
    assert ablation.floor == floor
    # Unlike each method's own mask, the area is the same for all.
    assert ablation.rows[0].smudge.pixels == ablation.rows[1].smudge.pixels > 0


def test_the_deceived_area_is_trusted_wrong_and_visible(ablation: FlowAblation) -> None:
    pixels = 0
    for index, truth in enumerate(SCENE.backward):
        flow = SCENE.flow_pair(index, method=FlowMethod.FARNEBACK).backward_flow
        wrong = endpoint_error_map(flow, truth.flow) > 1
        trusted = ablation.rows[0].masks[index] > 0.5
        pixels += np.count_nonzero(wrong & trusted & ~truth.disocclusion)
    assert ablation.rows[0].smudge.pixels == pixels


def test_the_error_is_shared_out_by_what_the_method_made_of_a_pixel(
    ablation: FlowAblation,
) -> None:
    farneback, exact = ablation.rows
    assert exact.error_deceived == 0 < farneback.error_deceived < 1
    total = doubted = 0.0
    for index, truth in enumerate(SCENE.backward):
        error = warping_error_map(farneback.frames[index + 1], farneback.frames[index], truth.flow)
        error = error.astype(np.float64) * ~truth.disocclusion
        total += error.sum()
        doubted += error[farneback.masks[index] <= 0.5].sum()
    assert farneback.error_doubted == pytest.approx(doubted / total)


def test_the_table_holds_every_row(ablation: FlowAblation) -> None:
    header, rule, *rows = ablation.table().splitlines()
    assert [row.split(" | ")[0] for row in rows] == ["| farneback", "| exact"]
    assert len({line.count("|") for line in (header, rule, *rows)}) == 1
    assert "nan" not in ablation.table()
    assert repr(ablation) == ablation._repr_markdown_() == ablation.table()
    nowhere = replace(ablation.rows[0], smudge=warping_error(SCENE.frames[:1], [], []))
    assert "| – |" in replace(ablation, rows=(nowhere,)).table()


def test_finished_runs_are_not_painted_again(tmp_path: Path, ablation: FlowAblation) -> None:
    with pytest.MonkeyPatch.context() as patch:
        short_runs.share_objectives(patch)
        first, second = (
            ablate_flow(
                SCENE,
                short_runs.built_in_style(),
                tmp_path,
                short_runs.SETTINGS,
                methods=(FlowMethod.EXACT,),
            )
            for _ in range(2)
        )
    assert all(map(np.array_equal, first.rows[0].frames, second.rows[0].frames))
    assert np.array_equal(first.rows[0].frames[2], ablation.rows[1].frames[2])
