"""The loss curve's notes: rows that arrive whole, changes of weights, frames, words."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np
import pytest

from stylekit.losses import TERMS
from stylekit.settings import Weights
from stylekit.widgets.player.loss_curve import LossCurve


class Page:
    """Stands in for a view: keeps the rows that are sent, and asks again as the real one does."""

    def __init__(self, curve: LossCurve, monkeypatch: pytest.MonkeyPatch) -> None:
        self.curve = curve
        self.rows = np.zeros((0, len(TERMS)), np.float32)
        self.bytes = 0
        monkeypatch.setattr(curve, "send", self.take)

    def take(self, content: dict[str, Any], buffers: list[bytes]) -> None:
        added = np.frombuffer(buffers[0], np.float32).reshape(-1, len(TERMS))
        self.bytes += len(buffers[0])
        assert content["from"] <= len(self.rows)
        self.rows = np.concatenate([self.rows[: content["from"]], added])


def step(number: int) -> dict[str, float]:
    known = {"content": 1.0 / number, "style": 2.0 / number, "tv": number * 1e-3}
    return dict.fromkeys(TERMS, 0.0) | known


def fill(curve: LossCurve, count: int, weights: Weights | None = None) -> None:
    for number in range(len(curve) + 1, len(curve) + count + 1):
        curve.add(step(number), weights=weights or Weights())


def test_every_step_arrives_once_in_4_bytes_a_term(monkeypatch: pytest.MonkeyPatch) -> None:
    curve = LossCurve()
    page = Page(curve, monkeypatch)
    for count in (1, 2, 300, 0, 1000):
        fill(curve, count)
        curve.push()
    assert len(curve) == len(page.rows) == 1303
    assert page.bytes == 1303 * 4 * len(TERMS)
    expected = [[step(number)[term] for term in TERMS] for number in range(1, 1304)]
    np.testing.assert_allclose(page.rows, expected, rtol=1e-6)


def test_a_view_that_asks_gets_everything(monkeypatch: pytest.MonkeyPatch) -> None:
    curve = LossCurve()
    fill(curve, 10)
    curve.push()
    late = Page(curve, monkeypatch)
    curve._handle_custom_msg({"type": "rows?"}, [])
    assert len(late.rows) == 10


def test_at_rest_everything_is_kept_for_pages_without_a_kernel() -> None:
    curve = LossCurve()
    fill(curve, 7)
    curve.push()
    assert curve._rows == b""
    curve.push(keep=True)
    kept = np.frombuffer(curve._rows, np.float32).reshape(-1, len(TERMS))
    np.testing.assert_allclose(kept[:, 0], [1 / number for number in range(1, 8)], rtol=1e-6)


class Clock:
    """Ten seconds go by for each step, or as many as a test says."""

    def __init__(self, seconds: float = 10.0) -> None:
        self.now, self.seconds = 0.0, seconds

    def __call__(self) -> float:
        self.now += self.seconds
        return self.now


def test_a_change_of_weights_is_marked_at_its_first_step() -> None:
    curve = LossCurve(clock=Clock())
    fill(curve, 5)
    fill(curve, 10, Weights(beta=3e4))
    fill(curve, 3, Weights(beta=3e4, gamma=0))
    curve.push()
    assert curve._changes == [[6, 6, "β 1e4 → 3e4"], [16, 16, "γ 400 → off"]]


@pytest.mark.parametrize(("seconds", "steps"), [(10.0, 2), (0.1, 10)])
def test_a_slider_that_is_dragged_makes_one_change(seconds: float, steps: int) -> None:
    """With slow steps from one to the next, with fast ones from one moment to the next."""
    curve = LossCurve(clock=Clock(seconds))
    fill(curve, 5)
    for beta in (2e4, 3e4, 5e4):
        fill(curve, steps, Weights(beta=beta))
    fill(curve, 20, Weights(beta=5e4))
    curve.push()
    assert curve._changes == [[6, 6 + 2 * steps, "β 1e4 → 5e4"]]


def test_a_slider_that_comes_back_has_changed_nothing() -> None:
    curve = LossCurve()
    fill(curve, 5)
    fill(curve, 1, Weights(beta=2e4))
    fill(curve, 5)
    curve.push()
    assert curve._changes == []


def test_the_first_step_of_each_frame_is_marked() -> None:
    curve = LossCurve()
    for frame_index, count in ((0, 4), (1, 2), (3, 1)):
        for _ in range(count):
            curve.add(step(1), weights=Weights(), frame_index=frame_index)
    curve.push()
    assert curve._frames == [[1, 0], [5, 1], [7, 3]]


def test_words_say_what_the_drawing_shows() -> None:
    curve = LossCurve()
    assert curve._alt == "No step has been taken yet."
    fill(curve, 4)
    fill(curve, 1, Weights(beta=0.0))
    curve.push()
    assert curve._alt == (
        "Weighted loss after 5 steps: content 0.2, at first 1; style 0.4, at first 2; "
        "total variation 0.005, at first 0.001. Last change of weights at step 5: β 1e4 → off."
    )
    curve.add(dict.fromkeys(TERMS, 0.0), weights=Weights())
    curve.push()
    assert "all terms off" in curve._alt


def test_another_run_begins_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    curve = LossCurve()
    fill(curve, 4)
    fill(curve, 1, Weights(beta=0.0))
    curve.push(keep=True)
    rounds = curve._round
    curve.clear()
    assert (len(curve), curve._changes, curve._rows) == (0, [], b"")
    assert curve._round == rounds + 1
    page = Page(curve, monkeypatch)
    fill(curve, 2)
    curve.push()
    assert len(page.rows) == 2 and curve._changes == []


def test_a_term_that_is_missing_is_refused() -> None:
    with pytest.raises(KeyError):
        LossCurve().add({"content": 1.0}, weights=Weights())


def test_threads_may_add_and_push_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    curve = LossCurve()
    page = Page(curve, monkeypatch)
    done = threading.Event()

    def push() -> None:
        while not done.is_set():
            curve.push()
            curve._handle_custom_msg({"type": "rows?"}, [])

    pusher = threading.Thread(target=push)
    pusher.start()
    fill(curve, 3000)
    done.set()
    pusher.join()
    curve.push()
    np.testing.assert_allclose(
        page.rows[:, 0], [1 / number for number in range(1, 3001)], rtol=1e-6
    )
