"""Curves: their values, at their places, told apart without colour."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.text import Text
from plot_material import texts_of

from stylekit.losses import TERMS
from stylekit.motion.scores import MaskScores, precision_recall
from stylekit.plots import plot_losses, plot_precision_recall


def test_losses_are_told_apart_by_colour_and_line() -> None:
    names = ("content", "style", "temporal", "tv")
    figure = plot_losses({name: [3.0, 2.0, 1.0] for name in names})
    lines = figure.axes[0].get_lines()
    assert [line.get_label() for line in lines] == [TERMS[name].label for name in names]
    # matplotlib calls every dash pattern "--"; the pattern itself is private.
    patterns = {str(line._unscaled_dash_pattern) for line in lines}
    assert len({line.get_color() for line in lines}) == len(patterns) == len(names)
    assert (lines[0].get_color(), lines[0].get_linestyle()) == ("#0072B2", "-")
    assert (lines[1].get_color(), lines[1].get_linestyle()) == ("#D55E00", "--")
    assert figure.axes[0].get_yscale() == "log"


def test_a_scaled_term_keeps_its_colour() -> None:
    figure = plot_losses({"content": [2.0, 1.0], "style × 10⁴": [3.0, 1.0]})
    colors = [line.get_color() for line in figure.axes[0].get_lines()]
    assert colors == [TERMS["content"].color, TERMS["style"].color]


def test_losses_draw_their_values_at_their_steps_and_name_the_zeros() -> None:
    figure = plot_losses({"style": [8.0, 0.0, 2.0], "tv": [0, 0, 0]}, steps=[0, 10, 20])
    (line,) = figure.axes[0].get_lines()
    np.testing.assert_array_equal(line.get_xdata(), [0, 10, 20])
    np.testing.assert_array_equal(line.get_ydata(), [8, np.nan, 2])
    assert any(
        text.get_text() == "zero throughout: total variation" for text in figure.findobj(Text)
    )


def test_the_axes_say_what_other_numbers_are() -> None:
    words = {"xlabel": "frame", "ylabel": "root error"}
    plain = plot_losses({"warped": [0.1, 0.2], "patches": [0.1, 0.1]}, log=False, **words)
    axes = plain.axes[0]
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("frame", "root error")
    assert all(float(place).is_integer() for place in axes.get_xticks())
    assert plot_losses({"warped": [0.1]}, **words).axes[0].get_ylabel() == "root error, logarithmic"


def test_losses_objects_are_read_too() -> None:
    class Row:
        def __init__(self, style: float) -> None:
            self.style = style

        def to_json(self) -> dict[str, float]:
            return {"style": self.style}

    figure = plot_losses([Row(4.0), Row(2.0)], log=False)  # type: ignore[list-item]
    np.testing.assert_array_equal(figure.axes[0].get_lines()[0].get_ydata(), [4, 2])


@pytest.mark.parametrize("history", [{}, {"a": []}, {"a": [1.0], "b": [1.0, 2.0]}, []])
def test_losses_without_values_are_refused(history: object) -> None:
    with pytest.raises(ValueError, match="history"):
        plot_losses(history)  # type: ignore[arg-type]


def test_precision_is_drawn_over_recall_with_its_points() -> None:
    random = np.random.default_rng(0)
    truth = random.random((20, 30)) < 0.2
    curves = {
        name: precision_recall(
            (truth + spread * random.random(truth.shape)).astype(np.float32), truth, tolerance=0
        )
        for name, spread in (("good", 1.1), ("bad", 4.0))
    }
    points = {"bad": MaskScores(precision=0.4, recall=0.5, f1=0.444)}
    figure = plot_precision_recall(curves, points)
    (axes,) = figure.axes
    drawn = [line for line in axes.get_lines() if line.get_zorder() > 0 and line.get_xdata().size]  # type: ignore[union-attr]
    good, bad, point = drawn
    for line, curve in zip((good, bad), curves.values(), strict=True):
        np.testing.assert_array_equal(line.get_xdata(), curve.recall)
        np.testing.assert_array_equal(line.get_ydata(), curve.precision)
    assert (good.get_color(), good.get_linestyle()) == ("#0072B2", "-")
    assert (bad.get_color(), bad.get_linestyle()) == ("#D55E00", "--")
    assert (point.get_xdata(), point.get_ydata(), point.get_color()) == ([0.5], [0.4], "#D55E00")
    assert axes.get_xlim() == axes.get_ylim() == (0, 1)
    assert {"good", "bad\nF1 0.44", "marked: the paper's thresholds"} <= set(texts_of(figure))


def test_lines_of_equal_f1_have_it() -> None:
    figure = plot_precision_recall({}, {"a": MaskScores(precision=1.0, recall=1.0, f1=1.0)})
    faint = [line for line in figure.axes[0].get_lines() if line.get_zorder() == 0]
    assert faint
    for line in faint:
        recall, precision = (np.asarray(data, float) for data in line.get_data())
        f1 = 2 * precision * recall / (precision + recall)
        np.testing.assert_allclose(f1, f1[0])
        assert f"F1 {f1[0]:.1f}" in texts_of(figure)


def test_no_curve_and_no_point_is_refused() -> None:
    with pytest.raises(ValueError, match="curves"):
        plot_precision_recall({})
