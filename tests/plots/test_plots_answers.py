"""Arrays side by side: each panel shows its array, its shape and its range."""

from __future__ import annotations

import io

import numpy as np
import PIL.Image
import pytest

from stylekit.plots import encode_png, plot_answers


def test_each_panel_shows_its_array_with_its_shape_and_range() -> None:
    table = np.arange(6.0).reshape(2, 3)
    picture = np.full((4, 5, 3), 0.25)
    figure = plot_answers({"one": table, "two": picture, "three": -picture})
    shown = [axes.images[0].get_array() for axes in figure.axes]
    np.testing.assert_array_equal(shown[0], table)
    np.testing.assert_array_equal(shown[1], picture)
    # What is no picture in [0, 1] is shown by its mean.
    np.testing.assert_array_equal(shown[2], -picture.mean(axis=2))
    assert [axes.get_title() for axes in figure.axes] == ["one", "two", "three"]
    assert [axes.get_xlabel() for axes in figure.axes] == [
        "2 × 3,  0 to 5",
        "4 × 5",
        "4 × 5,  -0.25 to -0.25",
    ]
    assert figure.get_label() == "one, two, three, side by side."


def test_more_than_four_panels_take_a_second_row() -> None:
    panels = {str(number): np.zeros((3, 3)) for number in range(6)}
    boxes = [axes.get_position() for axes in plot_answers(panels).axes]
    assert len({round(box.y0, 3) for box in boxes}) == 2
    assert all(0 <= box.x0 < box.x1 <= 1 and 0 <= box.y0 < box.y1 <= 1 for box in boxes)


def test_a_figure_is_encoded_as_png() -> None:
    data = encode_png(plot_answers({"one": np.eye(3)}))
    assert PIL.Image.open(io.BytesIO(data)).format == "PNG"


@pytest.mark.parametrize(
    ("panels", "message"),
    [({}, "panels: give at least one"), ({"a": np.zeros(3)}, r"a: must be \(h, w\) or")],
)
def test_what_cannot_be_shown_is_refused(panels: dict, message: str) -> None:
    with pytest.raises(ValueError, match=f"^{message}"):
        plot_answers(panels)
