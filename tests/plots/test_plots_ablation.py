"""The figure of the flow ablation: what differs is shown, where it differs, on one scale."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from plot_material import ablation, picture_axes, shown, texts_of

from stylekit.motion.flow import FlowMethod
from stylekit.motion.scores import endpoint_error_map
from stylekit.motion.warping import warping_error_map
from stylekit.plots import plot_flow_ablation


def test_rows_show_their_frame_and_the_detail_in_which_they_differ() -> None:
    given = ablation()
    axes = picture_axes(plot_flow_ablation(given))
    height, width = (round(0.3 * side) for side in given.scene.frames[0].shape[:2])
    for number, row in enumerate(given.rows):
        np.testing.assert_array_equal(shown(axes[4 * number]), row.frames[2])
        box = axes[4 * number].patches[0]
        left, top = (round(value + 0.5) for value in box.get_xy())  # type: ignore[attr-defined]
        # The fake frames differ in a square at (40, 20) alone.
        assert left <= 40 and left + width >= 48 and top <= 20 and top + height >= 26
        detail = row.frames[2][top : top + height, left : left + width]
        np.testing.assert_array_equal(shown(axes[4 * number + 1]), detail)


def test_errors_follow_the_exact_flow_on_one_scale_where_it_is_visible() -> None:
    given = ablation()
    axes = picture_axes(plot_flow_ablation(given, frame_index=1))
    maps = axes[3:12:4]
    truth = given.scene.backward[0]
    assert len({each.images[0].get_clim() for each in maps}) == 1
    for each, row in zip(maps, given.rows, strict=True):
        array = shown(each)
        expected = np.sqrt(warping_error_map(row.frames[1], row.frames[0], truth.flow))
        np.testing.assert_array_equal(np.ma.getmaskarray(array), truth.disocclusion)
        np.testing.assert_allclose(array[~truth.disocclusion], expected[~truth.disocclusion])


def test_masks_mark_what_their_own_flow_deceives() -> None:
    given = ablation()
    axes = picture_axes(plot_flow_ablation(given))
    for number, row in enumerate(given.rows):
        picture = shown(axes[4 * number + 2])
        marked = picture[..., 0] - picture[..., 2] > 0.5
        flow = given.scene.flow_pair(1, method=row.method).backward_flow
        wrong = endpoint_error_map(flow, given.scene.backward_flow[1]) > 1
        np.testing.assert_array_equal(marked, wrong & (row.masks[1] >= 0.5))
        assert marked.any() == (row.method != FlowMethod.EXACT)


def test_labels_hold_the_numbers_and_no_nan() -> None:
    texts = " ".join(texts_of(plot_flow_ablation(ablation())))
    for part in (
        "Farnebäck",
        "exact end-point error",
        "end-point error 0.70 px",
        "mask F1 0.21",
        "trusted 82.0 %",
        "wrong of it 18.3 %",
        "warping error 31.0 ‰",
        "where flow deceives –",
        "sharpness 90 %",
        "style distance 0.0123",
        "backbone VGG16",
    ):
        assert part in texts
    assert "nan" not in texts


def test_frames_without_a_predecessor_are_refused() -> None:
    given = ablation()
    for index in (0, 3):
        with pytest.raises(ValueError, match="frame_index"):
            plot_flow_ablation(given, frame_index=index)
    with pytest.raises(ValueError, match="rows"):
        plot_flow_ablation(dataclasses.replace(given, rows=()))
