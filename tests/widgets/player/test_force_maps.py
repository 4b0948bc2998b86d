"""Who pulls where, live: what is measured, when, and what is said and drawn of it."""

from __future__ import annotations

import dataclasses
import io
import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path

import numpy as np
import PIL.Image
import pytest
from fake_runs import FakeRun
from short_runs import SETTINGS, built_in_clip, built_in_style, changed, share_objectives

from stylekit.explain.pulls import PullMaps, pull_maps
from stylekit.image.stylization import Stylization
from stylekit.losses import TERMS
from stylekit.settings import Weights
from stylekit.video.run import FrameResult, FrameStep, VideoRun
from stylekit.widgets.base.loop import Driver, LoopState
from stylekit.widgets.player import force_maps
from stylekit.widgets.player.force_maps import ForceMaps
from stylekit.widgets.player.force_views import drawn, force_words, reweighted
from stylekit.widgets.player.player import Player
from stylekit.widgets.weights.panel import WeightPanel


@pytest.fixture(autouse=True)
def shared(monkeypatch: pytest.MonkeyPatch) -> None:
    """The network is prepared once for all runs of a style."""
    share_objectives(monkeypatch)


@pytest.fixture
def painting(content, style, settings) -> Stylization:
    return Stylization(content, style, settings)


@pytest.fixture
def player(painting) -> Iterator[Player]:
    """A picture whose steps are taken in the test's own thread."""
    player = Player(painting, panel=WeightPanel(), name="forces", driver=Driver.PUMP)
    yield player
    player.close()


def shown(forces: ForceMaps, term: str) -> np.ndarray:
    """The map that was sent last, `(H, W, 3)`."""
    return np.asarray(PIL.Image.open(io.BytesIO(forces.canvases[term]._picture)))


def visible(forces: ForceMaps) -> list[str]:
    return [term for term, column in forces._columns.items() if column.layout.display != "none"]


def said(forces: ForceMaps) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", forces._words.value)).split())


def step(player: Player, count: int = 1) -> None:
    for _ in range(count):
        player.step_once()
        assert player._loop.pump()  # type: ignore[union-attr]
    assert not player.alerts.widget.value


# When it measures.


def test_nothing_is_measured_until_it_is_asked_for(player, monkeypatch) -> None:
    monkeypatch.setattr(force_maps, "pull_maps", lambda *_, **__: pytest.fail("measured"))
    forces = ForceMaps(player)
    step(player, 2)
    assert forces.maps is None and forces._shown.layout.display == "none"
    assert "an evaluation of the loss for each term" in forces._cost.value


def test_a_tick_shows_the_newest_picture_of_a_run_that_rests(player, painting) -> None:
    forces = ForceMaps(player)
    step(player, 2)
    forces.box.value = True
    assert forces._shown.layout.display is None
    expected = pull_maps(painting.objective, painting.targets, painting.image, Weights())
    for term in ("content", "style"):
        np.testing.assert_array_equal(getattr(forces.maps, term), getattr(expected, term))
        assert getattr(forces.maps, term).any()
    assert visible(forces) == ["content", "style", "edges", "tv"], "a picture has no frame before"
    assert said(forces).startswith("The picture after 2 steps. ")
    assert "Measuring took" in forces._cost.value


def test_before_the_first_step_there_is_the_start(player) -> None:
    forces = ForceMaps(player)
    forces.box.value = True
    assert said(forces).startswith("The picture before the first step. ")
    assert forces.maps is not None and forces.maps.style.any()


@pytest.mark.slow
def test_a_run_that_is_not_made_yet_asks_for_patience(content, style, settings) -> None:
    player = Player(lambda: Stylization(content, style, settings), name="later", driver=Driver.PUMP)
    forces = ForceMaps(player)
    forces.box.value = True
    assert said(forces) == "The maps appear with the first step." and forces.maps is None
    step(player)
    assert said(forces).startswith("The picture after 1 step. ")
    player.close()


@pytest.mark.slow
def test_while_it_runs_maps_come_at_a_pace_and_at_the_end(
    content, style, settings, monkeypatch
) -> None:
    measured: list[np.ndarray] = []

    def noted(objective, targets, image, weights, *, keep_colors):
        measured.append(image)
        return pull_maps(objective, targets, image, weights, keep_colors=keep_colors)

    monkeypatch.setattr(force_maps, "pull_maps", noted)
    monkeypatch.setattr(force_maps, "_PAUSE_RATIO", 0.0)
    short = dataclasses.replace(settings, steps=8, tolerance=0.0)
    painting = Stylization(content, style, short)
    player = Player(painting, name="pace", driver=Driver.INLINE)
    forces = ForceMaps(player)
    # A step takes one second, so that every second of them is measured.
    forces._clock = lambda: float(len(player.records))
    forces.box.value = True
    player.start()
    assert player.state is LoopState.DONE and len(player.records) == 8
    assert len(measured) == 1 + 4
    assert said(forces).startswith("The picture after 8 steps. ")
    np.testing.assert_array_equal(measured[-1], painting.image)
    player.close()


def test_the_last_picture_is_measured_though_it_came_too_early(player, painting) -> None:
    """A run that ends a snapshot after the maps were made."""
    forces = ForceMaps(player)
    step(player)
    forces.box.value = True
    forces._clock = lambda: forces._last
    player.resume()
    assert player._loop.pump()
    assert said(forces).startswith("The picture after 1 step. ")
    player.pause()
    assert said(forces).startswith("The picture after 2 steps. ")
    np.testing.assert_array_equal(forces._measured.image, painting.image)


def test_where_it_rests_maps_follow_the_weights_at_no_cost(player, painting, monkeypatch) -> None:
    forces = ForceMaps(player)
    forces.box.value = True
    step(player)
    monkeypatch.setattr(force_maps, "pull_maps", lambda *_, **__: pytest.fail("measured"))
    moved = Weights(alpha=50.0, beta=20.0, gamma=0.0, edges=0.0)
    player.panel.set(moved)
    expected = pull_maps(painting.objective, painting.targets, painting.image, moved)
    for term in ("content", "style"):
        np.testing.assert_allclose(
            getattr(forces.maps, term), getattr(expected, term), rtol=1e-3, atol=1e-9
        )
    assert said(forces).startswith("The picture after 1 step. Content pulls ")
    monkeypatch.undo()
    player.panel.set(dataclasses.replace(moved, tv=1.0))
    assert visible(forces) == ["content", "style", "tv"] and forces.maps.tv.any()


def test_what_cannot_be_known_from_a_weight_is_measured() -> None:
    pulls = maps(content=1.0, style=2.0)
    half = reweighted(pulls, Weights(), Weights(alpha=0.0, beta=5e3))
    assert half is not None and not half.content.any()
    np.testing.assert_array_equal(half.style, 1.0)
    assert reweighted(pulls, Weights(alpha=0.0), Weights()) is None
    assert reweighted(pulls, Weights(), Weights(layers=(1.0, 2.0))) is None


def test_what_is_closed_measures_no_more(player, monkeypatch) -> None:
    forces = ForceMaps(player)
    forces.box.value = True
    forces.close()
    monkeypatch.setattr(force_maps, "pull_maps", lambda *_, **__: pytest.fail("measured"))
    step(player)


def test_an_error_is_shown_beside_the_maps_and_leaves_the_run_alone(player, monkeypatch) -> None:
    forces = ForceMaps(player)
    forces.box.value = True
    monkeypatch.setattr(force_maps, "pull_maps", lambda *_, **__: 1 / 0)
    step(player)
    assert "ZeroDivisionError" in forces.alerts.widget.value
    assert player.state is LoopState.PAUSED


def test_a_run_without_losses_is_left_alone() -> None:
    player = Player(FakeRun(3), name="fake", driver=Driver.INLINE)
    forces = ForceMaps(player)
    forces.box.value = True
    player.start()
    assert player.state is LoopState.DONE and forces.maps is None
    assert not forces.alerts.widget.value
    player.close()


# What it shows.


def test_maps_have_the_weights_of_the_step_and_one_scale(player) -> None:
    player.panel.set(Weights(alpha=0.0, beta=1e5, edges=0.0, tv=3.0))
    forces = ForceMaps(player)
    forces.box.value = True
    step(player)
    assert visible(forces) == ["content", "style", "tv"]
    assert forces.maps is not None
    assert not forces.maps.content.any() and not shown(forces, "content").any()
    assert "Content does not pull: its weight is 0." in said(forces)
    hardest = max(("style", "tv"), key=lambda term: getattr(forces.maps, term).max())
    other = "tv" if hardest == "style" else "style"
    top = float(np.percentile(getattr(forces.maps, hardest), 99.5))
    assert (shown(forces, hardest)[..., 0] == 255).mean() == pytest.approx(0.005, abs=0.003)
    # The same brightness is the same pull in both.
    for term in (hardest, other):
        pull = getattr(forces.maps, term)
        seen = pull > 1e-4 * top
        expected = 255 * (1 + np.log10(np.minimum(pull[seen] / top, 1)) / 4)
        np.testing.assert_allclose(shown(forces, term)[seen][:, 1], expected, atol=1.01)


@pytest.mark.slow
def test_gammas_map_is_black_exactly_where_the_mask_is(tmp_path: Path) -> None:
    """On a frame of a run, whose mask is 0 where something appears or leaves."""
    run = VideoRun(built_in_clip("drift", frames=2), built_in_style(), tmp_path / "run", SETTINGS)
    player = Player(run, name="clip", driver=Driver.PUMP)
    forces = ForceMaps(player)
    forces.box.value = True
    player.start()
    in_second = False
    while not in_second:
        assert player._loop.pump()  # type: ignore[union-attr]
        in_second = player.records[-1].frame_index == 1
        if not in_second:
            assert "temporal" not in visible(forces), "no frame comes before the first"
    player.pause()
    forces.measure()
    assert run.painting is not None and run.painting.targets.masks.shape[0] == 1
    mask = run.painting.targets.masks.numpy()[0]
    hidden = mask == 0
    assert hidden.any() and not hidden.all()
    picture = shown(forces, "temporal")
    assert not picture[hidden].any()
    assert picture[~hidden].any(axis=1).mean() > 0.9
    assert visible(forces) == ["content", "style", "temporal", "edges", "tv"]
    share = float((forces.maps.temporal > 0).mean())
    assert f"The temporal term pulls at {100 * share:.0f} % of the picture." in said(forces)
    assert said(forces).startswith("Frame 1 after 1 step. ")
    player.close()


@pytest.mark.slow
def test_a_frame_that_was_finished_before_is_passed_over(tmp_path: Path) -> None:
    clip, style = built_in_clip("drift", frames=2), built_in_style()
    quick = changed(steps=1, frame_steps=1)
    for _ in VideoRun(clip, style, tmp_path / "run", quick).frames():
        pass
    player = Player(
        VideoRun(clip, style, tmp_path / "run", quick), name="again", driver=Driver.INLINE
    )
    forces = ForceMaps(player)
    forces.box.value = True
    player.start()
    assert player.state is LoopState.DONE
    assert forces.maps is None and not forces.alerts.widget.value
    player.close()


@pytest.mark.slow
def test_a_finished_frame_is_measured_with_its_own_targets(tmp_path: Path) -> None:
    run = VideoRun(
        built_in_clip("drift", frames=1), built_in_style(), tmp_path / "run", changed(steps=2)
    )
    events = list(run.steps())
    assert [type(event) for event in events] == [FrameStep, FrameStep, FrameResult]
    snapshot = force_maps.snapshot_of(events[-1], run)
    assert snapshot is not None and run.painting is not None
    assert snapshot.targets is run.painting.targets and snapshot.image is events[-1].image


def maps(**pulls: float) -> PullMaps:
    """Pulls that are the same everywhere."""
    zero = dict.fromkeys(TERMS, 0.0)
    return PullMaps(
        **{name: np.full((4, 5), pull, np.float32) for name, pull in (zero | pulls).items()}
    )


def test_words_say_who_pulls_harder_and_where_time_does() -> None:
    assert force_words(maps(content=1.0, style=3.0), Weights()) == (
        "Style pulls 3 times as hard as content."
    )
    held = maps(content=1.0, style=1.0, temporal=4.0)
    held.temporal[:2] = 0
    words = force_words(held, Weights())
    assert "The temporal term pulls 2.8 times as hard as style." in words
    assert "The temporal term pulls at 50 % of the picture." in words
    assert force_words(maps(content=1.0), Weights(beta=0.0)) == (
        "Style does not pull: its weight is 0."
    )


def test_brightness_goes_by_powers_of_ten_and_black_is_nothing_at_all() -> None:
    pull = np.array([[0.0, 1e-9, 1e-4, 0.01, 0.1, 1.0, 7.0]], np.float32)
    grey = drawn(pull, 1.0)[0, :, 0]
    assert grey[[0, 1, 2, 5, 6]].tolist() == [0, 1, 1, 255, 255]
    # 0.01 lies in the middle between two levels, where the last bit of a logarithm decides.
    np.testing.assert_allclose(grey[[3, 4]], [127.5, 191.25], rtol=0, atol=0.501)
    assert not drawn(np.zeros((2, 2), np.float32), 0.0).any()
