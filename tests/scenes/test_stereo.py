"""The motorcycle pair: its truth explains its pictures, and hides what it should."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from stylekit.motion.flow import warp
from stylekit.scenes import Scene, motorcycle_pair
from stylekit.scenes.stereo import _filled, _is_hidden, _z_buffer

pytest.importorskip("skimage", reason="the motorcycle pair comes with scikit-image")


@pytest.fixture(scope="module")
def pair() -> Scene:
    return motorcycle_pair()


def test_the_true_flow_carries_each_picture_onto_the_other(pair: Scene) -> None:
    for truth, current, previous in (
        (pair.backward[0], pair.frames[1], pair.frames[0]),
        (pair.forward[0], pair.frames[0], pair.frames[1]),
    ):
        off = np.abs(warp(previous, truth.flow) - current).mean(axis=2)
        visible = truth.known & ~truth.disocclusion
        assert off[visible].mean() < 0.03 < np.abs(previous - current).mean()
        mirrored = np.abs(warp(previous, -truth.flow) - current).mean(axis=2)
        assert mirrored[visible].mean() > 3 * off[visible].mean()


def test_what_is_hidden_does_not_look_like_what_hides_it(pair: Scene) -> None:
    truth = pair.backward[0]
    off = np.abs(warp(pair.frames[0], truth.flow) - pair.frames[1]).mean(axis=2)
    hidden = truth.known & truth.disocclusion
    assert 0.02 < hidden.mean() < 0.2
    assert off[hidden].mean() > 3 * off[truth.known & ~truth.disocclusion].mean()


def test_z_buffer_keeps_the_nearer_of_two_that_land_on_one_place() -> None:
    # The nearer point (disparity 4) at column 6 and the farther (1) at column 3 land on 2.
    disparity = np.array([[1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 4.0, 4.0]])
    landed, seen = _z_buffer(disparity, np.ones_like(disparity, bool))
    assert seen[0, 2] == seen[0, 3] == 4 and seen[0, 0] == 1
    assert landed.tolist() == [[True, True, True, True, True, False, False, False]]
    hidden = _is_hidden(disparity, seen)
    assert hidden[0].tolist() == [False, False, False, True, True, False, False, False]


def test_gaps_are_filled_from_behind() -> None:
    nan = np.nan
    filled = _filled(np.array([[nan, 5.0, nan, nan, 2.0, nan], [nan] * 6]))
    assert filled.tolist() == [[5, 5, 2, 2, 2, 2], [0] * 6]


def test_without_scikit_image_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    motorcycle_pair.cache_clear()
    monkeypatch.setitem(sys.modules, "skimage.data", None)
    with pytest.raises(ImportError, match="pip install scikit-image"):
        motorcycle_pair()
