"""Taking turns, stopping, and what is said of it; pictures and times are made up."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Generator
from pathlib import Path

import numpy as np
import pytest
from shallow import make_shallow

from stylekit.arrays import Image
from stylekit.media.images import load_image

sys.path.append(str(Path(__file__).resolve().parents[2] / "benchmarks"))

import loss_race
from lanes import LIMIT, SHARE, Curve, Lane, Point, Result, race
from loss_race_plot import plot_loss_race
from painting_task import Painted


class Clock:
    """Time that passes only when somebody says so."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class Brightness:
    """A judge for whom the mean of a picture is its loss, and who takes long to find it."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock

    def loss(self, image: Image) -> float:
        self.clock.now += 1000.0
        return float(image.mean())


def painting(clock: Clock, losses: list[float], seconds: float) -> Generator[Painted]:
    """After a long set-up, a picture of each loss; each takes so many seconds."""
    clock.now += 500.0
    for evaluations, loss in enumerate(losses):
        if evaluations:
            clock.now += seconds
        yield Painted(evaluations, np.full((2, 2, 3), loss, np.float32))


@pytest.fixture
def clock() -> Clock:
    return Clock()


def lane(clock: Clock, losses: list[float], seconds: float = 1.0, **options: object) -> Lane:
    return Lane("lane", painting(clock, losses, seconds), Brightness(clock), clock=clock, **options)


FALLING = [1 - 0.05 * step for step in range(20)]


def test_reached_is_the_first_point_at_or_below() -> None:
    points = [Point(1, 1.0, 3.0), Point(2, 2.0, 2.0), Point(3, 3.0, 2.5), Point(4, 4.0, 1.0)]
    curve = Curve("a", points)
    assert curve.reached(2.0) is points[1]
    assert curve.reached(1.9) is points[3]
    assert curve.reached(0.9) is None


def test_only_a_recipe_s_own_steps_are_timed(clock: Clock) -> None:
    mine = lane(clock, FALLING, seconds=2.0)
    mine.run(6.0)
    assert [point.seconds for point in mine.points] == [0, 2, 4, 6]
    assert [point.evaluations for point in mine.points] == [0, 1, 2, 3]
    assert mine.curve().pace == (2.0, 2.0, 2.0)


def test_marks_are_looked_at_and_end_the_lane(clock: Clock) -> None:
    mine = lane(clock, FALLING, look_every=4, marks=(3, 9))
    mine.run(math.inf)
    assert mine.ended
    assert [point.evaluations for point in mine.points] == [0, 3, 4, 8, 9]


def test_a_lane_stops_at_its_goal_and_where_nothing_is_left(clock: Clock) -> None:
    at_goal, at_end = lane(clock, FALLING), lane(clock, FALLING[:3])
    at_goal.run(math.inf, goal=0.701)
    at_end.run(math.inf)
    assert [len(at_goal.points), len(at_end.points)] == [7, 3]
    assert at_goal.ended
    assert at_end.ended


def test_the_picture_at_a_goal_is_that_of_the_point(clock: Clock) -> None:
    mine = lane(clock, FALLING)
    mine.run(5.0)
    assert mine.picture_at(0.851)[0, 0, 0] == round(255 * 0.85)
    assert mine.picture_at(0.1) is None


def test_a_missing_package_is_said_and_ends_the_lane(clock: Clock) -> None:
    def needing() -> Generator[Painted]:
        raise ModuleNotFoundError("no", name="scipy")
        yield

    mine = Lane("lane", needing(), Brightness(clock), clock=clock)
    mine.run(math.inf)
    assert mine.ended
    assert mine.curve().note == "needs scipy, which is not installed"
    assert mine.curve().reached(math.inf) is None


def test_the_leader_s_losses_are_the_goals(clock: Clock) -> None:
    leader = lane(clock, FALLING, seconds=10.0, look_every=5, marks=(3, 12))
    assert race(leader, [], (3, 12)) == pytest.approx((0.85, 0.4))


def test_the_others_stop_at_the_last_goal_or_at_a_share_of_the_leader_s_time(clock: Clock) -> None:
    leader = lane(clock, FALLING, seconds=10.0, marks=(3, 12))
    quick, slow = lane(clock, FALLING, seconds=2.8), lane(clock, [1.0] * 99, seconds=3.0)
    race(leader, [quick, slow], (3, 12))
    assert leader.seconds == 120
    assert quick.points[-1].loss == pytest.approx(0.4)
    assert quick.points[-2].loss > 0.4
    assert slow.seconds == LIMIT * leader.seconds
    assert slow.ended


def test_the_others_keep_behind_while_the_leader_is_on_its_way(clock: Clock) -> None:
    order: list[tuple[str, float]] = []

    class Watched(Lane):
        def _look(self, image: Image) -> None:
            super()._look(image)
            order.append((self.name, self.seconds))

    leader, other = (
        Watched(name, painting(clock, [1.0] * 40, 10.0), Brightness(clock), clock=clock, **options)
        for name, options in (("leader", {"marks": (3, 12)}), ("other", {}))
    )
    race(leader, [other], (3, 12))
    led = 0.0
    for name, seconds in order[: order.index(("leader", 120.0))]:
        if name == "leader":
            led = seconds
        else:
            assert seconds <= SHARE * led + 10.0


@pytest.fixture
def result() -> Result:
    names = [recipe.name for recipe in loss_race.RECIPES]
    ends = {"TensorFlow tutorial": 100.0, "stylekit": 10.0}
    curves = []
    for name in names:
        end = ends.get(name, 40.0)
        points = [Point(0, 0.0, 1.0), Point(end, end / 2, 0.5), Point(2 * end, end, 0.2)]
        curves.append(Curve(name, points, (0.4, 0.5, 0.6)))
    curves[1] = Curve(names[1], [Point(0, 0.0, 1.0), Point(30, 60.0, 0.3)], (1.0, 2.0, 3.0))
    curves[2] = Curve(names[2], [], note="needs scipy, which is not installed")
    return Result("cat in oil", (30, 20), (30, 100), (0.5, 0.2), curves)


def test_a_result_comes_back_from_json(result: Result) -> None:
    again = Result.from_json(json.loads(json.dumps(result.to_json())))
    assert again.to_json()["curves"][0] == result.to_json()["curves"][0]
    assert again.goals == result.goals
    assert again.curves[0].reached(0.2) == result.curves[0].points[2]


def test_the_table_gives_ratios_to_stylekit(result: Result) -> None:
    rows = {line[:27].strip(): line[27:].split() for line in loss_race.table(result).splitlines()}
    assert rows["TensorFlow tutorial"] == (
        ["0.500", "0.400–0.600", "100", "10.0", "50.0", "10.0", "200", "10.0", "100.0", "10.0"]
    )
    # Not at the second goal: no evaluations, and seconds as a lower bound.
    assert rows["Johnson, Ruder: L-BFGS"][-3:] == ["–", ">60", ">6.0"]
    assert rows["SciPy: L-BFGS-B"] == ["needs", "scipy,", "which", "is", "not", "installed"]
    assert rows["stylekit"][3:6:2] == ["1.0", "1.0"]


def test_the_summary_takes_medians_and_counts(result: Result) -> None:
    rows = {
        line[:27].strip(): line[27:].split() for line in loss_race.summary([result]).splitlines()
    }
    assert rows["TensorFlow tutorial"][:2] == ["10.00", "10.00"]
    assert rows["Johnson, Ruder: L-BFGS"][5:] == ["–", "–", "0", "of", "1"]


def test_the_plot_has_a_panel_for_each_pair_and_a_line_for_each_way(result: Result) -> None:
    figure = plot_loss_race([result, result, result, result])
    panels = [axes for axes in figure.axes if axes.get_title(loc="left")]
    assert [axes.get_title(loc="left") for axes in panels] == ["cat in oil, 30×20"] * 4
    drawn = [line for line in panels[0].get_lines() if len(line.get_xdata()) == 2]
    assert list(drawn[0].get_xdata()) == [50.0, 100.0]
    assert "stylekit on cat in oil ends at 0.2 after 10 seconds" in figure.get_label()


@pytest.mark.slow
def test_the_benchmark_runs_and_redraws(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    make_shallow(monkeypatch)
    shared = ["loss_race.py", "--out", str(tmp_path)]
    command = [*shared, "--size", "32", "--pairs", "1", "--steps", "4"]
    monkeypatch.setattr(sys, "argv", command)
    loss_race.main()
    printed = capsys.readouterr().out
    assert "chelsea in swirls, 32×21 px" in printed
    assert "embedded" in printed
    assert load_image(tmp_path / "chelsea-swirls-tutorial.png").shape == (21, 32, 3)
    drawn = (tmp_path / "loss_race.png").read_bytes()
    monkeypatch.setattr(sys, "argv", [*shared, "--plot-only"])
    loss_race.main()
    assert capsys.readouterr().out.split() == printed.split()
    assert (tmp_path / "loss_race.png").read_bytes() == drawn
