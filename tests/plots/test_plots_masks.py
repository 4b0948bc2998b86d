"""Pictures of masks: each kind in its look, as the mask that is used, and against the truth."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from matplotlib.colors import to_rgb
from plot_material import (
    HEIGHT,
    WIDTH,
    hidden_square,
    legend_texts,
    picture_axes,
    random_clip,
    shown,
    square_truth,
    texts_of,
)

from stylekit.motion.masks import (
    Thresholds,
    consistency_mask,
    disocclusion,
    motion_boundary,
    out_of_frame,
)
from stylekit.motion.scores import compare_masks, motion_scores
from stylekit.plots import plot_mask, plot_truth
from stylekit.plots.areas import (
    BOUNDARY,
    DISOCCLUDED,
    FALSE,
    FOUND,
    MISSED,
    NOT_TRUSTED,
    OUTSIDE,
    WRONG,
    Look,
)

BLACK = np.zeros((HEIGHT, WIDTH, 3), np.float32)


def painted_in(picture: np.ndarray, look: Look, paper: float) -> np.ndarray:
    """Where a black picture on `paper` is painted in full strength."""
    color = 0.9 * np.array(to_rgb(look.color)) + 0.1 * paper
    return np.asarray(np.abs(picture - color).max(axis=2) < 1e-3)


@pytest.mark.parametrize(
    "together",
    [(DISOCCLUDED, BOUNDARY, OUTSIDE), (FOUND, MISSED, FALSE), (NOT_TRUSTED, WRONG)],
)
def test_looks_are_told_apart_without_colour(together: tuple[Look, ...]) -> None:
    for one, other in itertools.combinations(together, 2):
        assert one.hatch != other.hatch
        # What is thin shows no hatching: brightness must do.
        tones = [np.dot(to_rgb(look.color), [0.299, 0.587, 0.114]) for look in (one, other)]
        assert abs(tones[0] - tones[1]) > 0.08


def test_mask_legend_holds_the_measured_shares() -> None:
    backward, forward = hidden_square()
    backward[0, :, 1] = -1  # what enters from above
    texts = legend_texts(plot_mask(random_clip(1)[0], backward, forward))
    hidden = 100 * disocclusion(backward, forward).mean()
    outside = 100 * out_of_frame(backward).mean()
    trusted = 100 * consistency_mask(backward, forward).mean()
    assert texts[0] == f"disocclusion {hidden:.1f} %" and hidden > 0
    assert texts[2] == f"out of frame {outside:.1f} %" and outside > 0
    assert texts[-1] == f"trusted {trusted:.1f} %"


def test_mask_paints_each_kind_in_its_colour() -> None:
    backward, forward = hidden_square()
    figure = plot_mask(np.zeros((HEIGHT, WIDTH, 3), np.float32), backward, forward)
    painted = shown(picture_axes(figure)[0])
    hidden = disocclusion(backward, forward)
    assert len(np.unique(painted[hidden], axis=0)) == 1
    np.testing.assert_allclose(
        painted[hidden][0], 0.9 * np.array(to_rgb("#0072B2")) + 0.1 * 0.42, rtol=1e-5
    )
    # The picture itself has no colour.
    assert np.ptp(painted[3, 3]) == 0


def test_mask_is_painted_as_strongly_as_it_weighs() -> None:
    backward, forward = hidden_square()
    for smooth in (0.0, 1.5):
        figure = plot_mask(BLACK, backward, forward, smooth=smooth)
        mask = consistency_mask(backward, forward, smooth=smooth)
        edge = motion_boundary(backward) & ~disocclusion(backward, forward)
        edge &= ~out_of_frame(backward)
        paint = shown(picture_axes(figure)[0])[edge]
        strength = 0.9 * (1 - mask[edge])[:, None]
        expected = (1 - strength) * 0.42 + strength * np.array(to_rgb(BOUNDARY.color))
        np.testing.assert_allclose(paint, expected, atol=1e-5)


def test_mask_shows_the_mask_of_its_knobs() -> None:
    backward, forward = hidden_square()

    def texts(**knobs: object) -> str:
        return " ".join(legend_texts(plot_mask(BLACK, backward, forward, **knobs)))  # type: ignore[arg-type]

    assert "motion boundary" in texts() and "edge by smoothing" in texts()
    assert "motion boundary" not in texts(boundary=False)
    assert "edge" not in texts(smooth=0.0)
    for knobs in ({"dilate": 2}, {"boundary": False}, {"smooth": 0.0}):
        share = 100 * consistency_mask(backward, forward, **knobs).mean()  # type: ignore[arg-type]
        assert texts(**knobs).endswith(f"trusted {share:.1f} %")
    grown = consistency_mask(backward, forward, smooth=0, boundary=False, dilate=2) == 0
    hidden = 100 * (grown & ~out_of_frame(backward)).mean()
    assert texts(dilate=2).startswith(f"disocclusion {hidden:.1f} %")


def test_truth_panel_prints_the_scores() -> None:
    backward, forward = hidden_square()
    truth, loose = square_truth(), Thresholds(boundary_offset=50.0)
    texts = texts_of(plot_truth(BLACK, backward, forward, truth, thresholds=loose, tolerance=2))
    scores = motion_scores(backward, forward, truth, thresholds=loose, tolerance=2)
    table = next(text for text in texts if "precision" in text).splitlines()
    assert table[0].startswith("within 2 px")
    for line, score in zip(
        table[1:], (scores.disocclusion, scores.boundary, scores.union), strict=True
    ):
        numbers = [float(word) for word in line.split()[-3:]]
        assert numbers == pytest.approx([score.precision, score.recall, score.f1], abs=0.005)
    assert scores.union != scores.boundary and scores.union.f1 < 1


def test_truth_panel_paints_found_missed_and_false() -> None:
    backward, forward = hidden_square()
    truth = square_truth()
    axes = picture_axes(plot_truth(BLACK, backward, forward, truth, tolerance=0))
    estimate = disocclusion(backward, forward) | motion_boundary(backward) | out_of_frame(backward)
    true = truth.disocclusion | truth.motion_boundary
    areas = compare_masks(estimate & truth.known, true & truth.known, tolerance=0)
    compared = shown(axes[2])
    for pixels, look in ((areas.found, FOUND), (areas.missed, MISSED), (areas.false, FALSE)):
        assert pixels.any()
        np.testing.assert_array_equal(painted_in(compared, look, 0.74), pixels)


def test_truth_panel_marks_what_is_trusted_but_wrong() -> None:
    backward, forward = hidden_square()
    truth = square_truth()
    wrong = backward.copy()
    wrong[2:5, 2:30, 1] += 1.5
    wrong[:, :5, 0] += 0.5
    wrong[-2:, 1, 0] += 9
    mask = np.ones((HEIGHT, WIDTH), np.float32)
    mask[2, :] = 0.2
    figure = plot_truth(BLACK, wrong, forward, truth, mask=mask)
    trust = shown(picture_axes(figure)[3])
    expected = np.zeros((HEIGHT, WIDTH), bool)
    expected[3:5, 2:30] = True
    np.testing.assert_array_equal(painted_in(trust, WRONG, 0.74), expected)
    np.testing.assert_array_equal(painted_in(trust, NOT_TRUSTED, 0.74), mask < 0.5)
    share = 100 * motion_scores(wrong, forward, truth, mask=mask).trusted_but_wrong
    assert share > 0 and any(f"({share:.1f} % of the trusted)" in text for text in texts_of(figure))
