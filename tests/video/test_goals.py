"""When a frame is finished: constant weights, weights that move in a clip, and its own goal."""

from __future__ import annotations

import dataclasses

import pytest
from short_runs import changed, finished

from stylekit.image.stylization import stylize_image
from stylekit.losses import Losses
from stylekit.settings import ImageSettings, Start, Weights
from stylekit.video.goals import find_reference, goal_of
from stylekit.video.run import VideoRun

pytest_plugins = ["run_fixtures"]
pytestmark = pytest.mark.usefixtures("shared_objectives")

FRAMES = 4
MOVE = 1
# Enough steps that the loss hardly falls any more at this size.
SETTINGS = changed(steps=40, frame_steps=12)
SHARES = (1.0, 0.1)


def moving(run, after, *, at=MOVE, steps=0):
    """Weights that become `after` when frame `at` has taken `steps` steps."""
    asked = 0

    def weights():
        nonlocal asked
        finished_frames = len(run.finished_entries())
        asked += finished_frames == at
        return after if finished_frames > at or asked > steps else Weights()

    return weights


@pytest.mark.parametrize(
    ("after", "steps", "start"),
    [
        (Weights(beta=1e2), 0, Start.WARPED),
        (Weights(beta=1e6), 0, Start.WARPED),
        (Weights(layers=SHARES), 0, Start.WARPED),
        # While the frame is painted: from noise it needs more than a step to its old goal.
        (Weights(beta=1e2), 1, Start.RANDOM),
    ],
)
def test_moved_weights_are_obeyed_by_the_second_frame(after, steps, start, clip, glass, tmp_path):
    run = VideoRun(clip[:3], glass, tmp_path / "run", dataclasses.replace(SETTINGS, start=start))
    weights = moving(run, after, steps=steps)
    # A later frame that starts from noise tells nothing.
    second = list(run.frames(weights))[MOVE + (start is Start.WARPED)]
    assert [entry["reference"] for entry in run.finished_entries()] == [True, True, False]
    picture = dataclasses.replace(SETTINGS.image, weights=after)
    fresh = stylize_image(second.content, glass, picture).losses
    # Both are finished by one rule, from two sides, so each term is about as low.
    assert second.losses.content < 1.25 * fresh.content
    assert second.losses.style < 1.25 * fresh.style


def test_constant_and_nearly_constant_weights_make_no_reference(clip, glass, tmp_path):
    for factor in (1.0, 1.1):
        run = VideoRun(clip, glass, tmp_path / str(factor), SETTINGS)
        list(run.frames(moving(run, Weights(beta=1e4 * factor))))
        entries = run.finished_entries()
        assert [entry["reference"] for entry in entries] == [True, False, False, False]
        assert all(entry["steps"] <= SETTINGS.frame_steps for entry in entries[1:])


def test_weights_that_move_to_the_end_of_a_frame_make_no_reference(clip, glass, tmp_path):
    run = VideoRun(clip[:3], glass, tmp_path / "run", SETTINGS)
    asked = 0

    def weights():
        nonlocal asked
        asked += 1
        # A slider that is dragged up to the end of the second frame, and then rests.
        return Weights(beta=1e3 + (asked if len(run.finished_entries()) < 2 else 0.0))

    steps = [frame.steps for frame in run.frames(weights)]
    assert [entry["reference"] for entry in run.finished_entries()] == [False, False, True]
    assert max(steps) <= SETTINGS.image.steps


def test_a_run_with_moved_weights_goes_on_to_the_same_bytes(clip, glass, tmp_path):
    after = Weights(beta=1e6)
    whole = VideoRun(clip, glass, tmp_path / "whole", SETTINGS)
    list(whole.frames(moving(whole, after)))
    broken = VideoRun(clip, glass, tmp_path / "broken", SETTINGS)
    for frame in broken.frames(moving(broken, after)):
        if frame.frame_index == MOVE:
            break
    again = VideoRun(clip, glass, tmp_path / "broken", SETTINGS)
    list(again.frames(moving(again, after)))
    assert finished(tmp_path / "broken") == finished(tmp_path / "whole")


def test_a_goal_is_in_the_measure_of_the_frame():
    reference = {
        "losses": {"content": 3.0, "style": 5.0, "edges": 7.0},
        "losses_of_nothing": {"content": 1.0, "style": 10.0},
        "weights": {"beta": 2.0},
    }
    goal = goal_of(reference, (2.0, 5.0))
    assert dict(goal.losses) == dict(Losses(content=6.0, style=2.5, edges=7.0))
    assert goal.weights.beta == 2.0


def test_style_shares_that_the_settings_have_too_are_the_same_weights():
    reference = {"losses": Losses().to_json(), "weights": {}}
    goal = goal_of(reference, (1.0, 1.0))
    settings = ImageSettings()
    assert goal.is_for(Weights(layers=(1.0,) * 5), settings)
    assert not goal.is_for(Weights(layers=(1.0, 1.0, 1.0, 1.0, 0.9)), settings)
    assert goal.is_for(Weights(gamma=0.0), settings), "the temporal loss has no goal"


def test_references_are_looked_for_in_the_shot():
    cold, unsettled = {"cold": True, "reference": True}, {"cold": True, "reference": False}
    later, moved = {"cold": False, "reference": False}, {"cold": False, "reference": True}
    assert find_reference(dict(enumerate([cold, moved, later])), 2) == 1
    assert find_reference(dict(enumerate([cold, unsettled, later])), 2) is None
    assert find_reference({0: {"cold": True}}, 0) == 0
    after_flash = later | {"source": 0}
    assert find_reference({0: cold, 1: cold, 2: after_flash}, 2) == 0
