"""Pictures of numbers as bytes: which byte a number becomes, and where it lies."""

from __future__ import annotations

import numpy as np

from stylekit.widgets.losses.sheets import Sheets, averaged


def sheet(sheets: Sheets, name: str) -> np.ndarray:
    """What the page reads of a picture: `(h, w)`, or `(h, w, 3)` of a coloured one."""
    plan = sheets.plan[name]
    shape = (plan["height"], plan["width"], *([3] if plan["kind"] == "color" else []))
    start = plan["start"]
    found = np.frombuffer(sheets.pixels, np.uint8)[start : start + int(np.prod(shape))]
    return found.reshape(shape)


def test_each_picture_is_where_its_plan_says() -> None:
    sheets = Sheets()
    sheets.add_light("map", np.float32([[0, 0.25, 1, 9]]), top=1.0)
    sheets.add_light("root", np.float32([[0, 0.25], [1, 0.01]]), top=1.0, root=True)
    sheets.add_signed("apart", np.float32([[-4, -1, 0, 1, 4]]), top=4.0)
    sheets.add_color("picture", np.float32([[[0, 0.5, 1], [1, 0, 0]]]))
    assert sheet(sheets, "map").tolist() == [[0, 64, 255, 255]]
    assert sheet(sheets, "root").tolist() == [[0, 128], [255, 26]]
    assert sheet(sheets, "apart").tolist() == [[1, 64, 128, 192, 255]]
    assert sheet(sheets, "picture").tolist() == [[[0, 128, 255], [255, 0, 0]]]
    assert len(sheets.pixels) == 4 + 4 + 5 + 6


def test_nothing_is_dark_and_not_an_error() -> None:
    sheets = Sheets()
    sheets.add_light("dead", np.zeros((2, 2), np.float32), top=0.0, root=True)
    sheets.add_signed("alike", np.zeros((2, 2), np.float32), top=0.0)
    assert not sheet(sheets, "dead").any() and (sheet(sheets, "alike") == 128).all()


def test_large_maps_are_averaged_until_they_can_be_seen() -> None:
    values = np.arange(12, dtype=np.float32).reshape(3, 4)
    assert averaged(values, 2).tolist() == [[2.5, 4.5], [8.5, 10.5]]
    sheets = Sheets()
    sheets.add_light("map", np.ones((700, 1000), np.float32), top=1.0)
    assert sheet(sheets, "map").shape == (175, 250) and (sheet(sheets, "map") == 255).all()
