"""SplitView: what it sends to the page; the page itself is in test_browser_transfer.py."""

from __future__ import annotations

import io

import numpy as np
import PIL.Image
import pytest

from stylekit.arrays import Image, to_bytes
from stylekit.widgets.player.split_view import SplitView


def test_both_pictures_travel_with_their_words(content: Image) -> None:
    view = SplitView(name_before="photograph", name_after="painting")
    view.show(content, 1 - content, alt_before="A cat", alt_after="Its negative", lossless=True)
    state = view.get_state()
    for key, image in (("_before", content), ("_after", 1 - content)):
        with PIL.Image.open(io.BytesIO(state[key])) as picture:
            np.testing.assert_array_equal(np.asarray(picture), to_bytes(image))
    assert state["_media_type"] == "image/png"
    assert (state["_name_before"], state["_name_after"]) == ("photograph", "painting")
    assert (state["_alt_before"], state["_alt_after"]) == ("A cat", "Its negative")


def test_each_pair_has_a_number(content: Image) -> None:
    view = SplitView()
    assert view.get_state()["_serial"] == 0
    for number in (1, 2):
        view.show(content, content, alt_before="A cat", alt_after="The same cat")
        assert view.get_state()["_serial"] == number


def test_pictures_of_two_sizes_are_refused_and_the_old_pair_stays(content: Image) -> None:
    view = SplitView()
    view.show(content, content, alt_before="A cat", alt_after="The same cat")
    before = view.get_state()
    with pytest.raises(ValueError, match="after: must be 48×32 pixels as before, is 47×32"):
        view.show(content, content[:, :-1], alt_before="A cat", alt_after="Most of it")
    assert view.get_state() == before
