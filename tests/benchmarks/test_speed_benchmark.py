"""The arithmetic behind the speed tables, and that they compare what is the same."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from shallow import make_shallow

from stylekit.app.options import make_parser
from stylekit.arrays import Image
from stylekit.image.colors import match_colors
from stylekit.image.objective import Objective
from stylekit.settings import ImageSettings, Weights
from stylekit.vgg.features import FeatureExtractor
from stylekit.vgg.weights import Backbone

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "benchmarks"))

import speed
import speed_cases
import speed_evaluation
from speed_numbers import (
    Spread,
    convolution_gflop,
    first_at_or_below,
    growth_exponent,
    interleave,
    slope,
)

COMMANDS = ("image", "video", "keyframes", "demo", "lab", "course", "gallery", "studio", "doctor")


@pytest.fixture(autouse=True)
def no_products(monkeypatch: pytest.MonkeyPatch) -> None:
    """Large products take seconds, and tests look at no time."""
    monkeypatch.setattr(speed, "matmul_peak", lambda _clock: 100.0)
    monkeypatch.setattr(speed_evaluation, "matmul_peak", lambda _clock: 100.0)


@pytest.fixture(scope="module")
def problem(random_vgg19: Backbone, photographs: list[Image], picture: Callable) -> Any:
    """A small picture on a network of random weights."""
    settings = ImageSettings(size=48, weights=Weights(tv=0.0))
    content, style = picture("coffee"), picture("swirls")
    extractor = FeatureExtractor(
        random_vgg19,
        (*settings.content_layers, *settings.style_layers),
        calibration=photographs,
        pooling=settings.pooling,
    )
    objective = Objective(extractor, style, settings)
    image = match_colors(content, style)
    return speed_evaluation.Problem(image, content, style, settings, objective)


def test_operations_are_those_of_a_direct_convolution() -> None:
    shapes = {"block1_conv1": (3, 4), "block2_conv1": (4, 8), "block2_conv2": (8, 16)}
    kernels = {
        name: (np.zeros((3, 3, *channels)), np.zeros(channels[1]))
        for name, channels in shapes.items()
    }

    # 7 × 6 pixels, then 3 × 3; a product and a sum; there and back; nothing of the third.
    wanted = 2 * 2 * 9 * (7 * 6 * 3 * 4 + 3 * 3 * 4 * 8)
    assert convolution_gflop(kernels, ["block2_conv1", "block1_conv1"], 7, 6) == wanted / 1e9


def test_slope_of_a_line_is_exact() -> None:
    found = slope([1, 2, 4, 5], [7.0, 9.0, 13.0, 15.0])

    assert found.percent == pytest.approx(100 * 2 / 11)
    assert found.error == pytest.approx(0, abs=1e-9)


def test_slope_knows_its_error() -> None:
    found = slope([0, 1, 2], [1.0, 2.0, 4.0])

    # Gradient 3/2, mean 7/3, residuals 1/6, −1/3, 1/6: error √(1/6 / 1 / 2).
    assert found.percent == pytest.approx(100 * 1.5 / (7 / 3))
    assert found.error == pytest.approx(100 * math.sqrt(1 / 12) / (7 / 3))


@pytest.mark.parametrize("values", [[], [1.0, 2.0], [0.0, 0.0, 0.0]])
def test_slope_is_unknown_without_an_error(values: list[float]) -> None:
    assert math.isnan(slope(range(len(values)), values).error)


def test_levels_are_reached_once() -> None:
    values = [8.0, 5.0, 3.0, 6.0, 2.0]

    assert first_at_or_below(values, [9.0, 5.0, 2.5, 1.0]) == [0, 1, 4, None]


def test_growth_is_an_exponent() -> None:
    assert growth_exponent((100, 400), (3, 12)) == pytest.approx(1)
    assert growth_exponent((100, 400), (3, 6)) == pytest.approx(0.5)
    assert math.isnan(growth_exponent((100, 400), (0, 6)))


def test_spread_of_runs() -> None:
    assert Spread.of([float(value) for value in range(10, -1, -1)]) == Spread(5, 0, 1, 9)


def test_rounds_begin_with_another_recipe_each() -> None:
    order: list[str] = []

    def run(name: str) -> str:
        order.append(name)
        return name

    recipes = {name: partial(run, name) for name in "abc"}

    assert interleave(4, recipes) == {name: [name] * 4 for name in "abc"}
    assert "".join(order) == "abc" + "bca" + "cab" + "abc"


@pytest.mark.slow
def test_keras_layers_compute_the_objective(problem: Any) -> None:
    ours, gradient = speed_evaluation.our_evaluation(problem)(problem.image)
    theirs, their_gradient = speed_evaluation.keras_evaluation(problem)(problem.image)

    assert theirs == pytest.approx(ours, rel=speed_evaluation.AGREEMENT)
    distance = np.linalg.norm(their_gradient - gradient)
    assert distance <= 1e-3 * np.linalg.norm(gradient)


@pytest.mark.slow
def test_recipes_that_compute_something_else_are_refused(
    problem: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def other(problem: Any) -> speed_evaluation.Evaluate:
        return lambda image: (1.001 * evaluate(image)[0], image)

    evaluate = speed_evaluation.our_evaluation(problem)
    monkeypatch.setattr(speed_evaluation, "make_problem", lambda settings: problem)
    monkeypatch.setattr(speed_evaluation, "keras_evaluation", other)
    with pytest.raises(RuntimeError, match="Keras layers"):
        speed_evaluation.evaluation_rows(problem.settings, runs=1, torch=None)


def test_looking_at_results_stops_the_watch(monkeypatch: pytest.MonkeyPatch) -> None:
    moments = iter([10.0, 12.0, 17.0, 18.0])
    monkeypatch.setitem(speed_cases.CLOCKS, "wall", lambda: next(moments))
    watch = speed_cases.Stopwatch()
    with watch.paused():
        pass

    assert watch.seconds == 3


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="as Linux counts memory")
def test_peak_memory_is_not_that_of_the_parent() -> None:
    ballast = np.ones(50_000_000)
    child = subprocess.run(
        [sys.executable, "-c", "import speed_cases; print(speed_cases.peak_memory())"],
        cwd=Path(speed_cases.__file__).parent,
        capture_output=True,
        text=True,
        check=True,
    )

    assert 1e6 < int(child.stdout) < ballast.nbytes <= speed_cases.peak_memory()


@pytest.mark.slow
def test_what_a_failing_process_said_is_told() -> None:
    with pytest.raises(RuntimeError, match="no such file"):
        speed_cases.in_fresh_process(
            "command", arguments=["image", "a/b.png", "swirls", "-o", "c.png"]
        )


def run_here(case: str, **facts: Any) -> dict[str, Any]:
    """In place of a process of its own, which takes seconds to import TensorFlow."""
    return speed_cases.CASES[case](**facts)


@pytest.mark.slow
def test_tables_of_evaluations_pictures_and_clips(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    make_shallow(monkeypatch)
    monkeypatch.setattr(speed, "in_fresh_process", run_here)
    monkeypatch.setattr(speed, "find_spec", lambda name: None)
    file = tmp_path / "numbers.json"
    speed.main(["evaluation", "picture", "clip", "--quick", "--size", "32", "--json", str(file)])
    tables = json.loads(file.read_text())["tables"]
    printed = capsys.readouterr().out

    recipes = [row["recipe"] for row in tables["evaluation"]["rows"]]
    assert recipes == ["stylekit", "stylekit, compiled by XLA", "Keras layers"]
    assert all(len(row["seconds"]) == 3 for row in tables["evaluation"]["rows"])
    (picture,) = tables["picture"]["rows"]
    assert picture["start_loss"] > picture["losses"][0] > picture["losses"][-1]
    assert picture["seconds"] == sorted(picture["seconds"])
    (clip,) = tables["clip"]["rows"]
    assert clip["cold"] == [True, False, False]
    assert clip["total"] == pytest.approx(sum(clip["seconds"]), rel=0.1)
    assert "coffee, swirls" in printed and "orbit" in printed


def test_table_of_memory_asks_for_commands_that_there_are(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    peaks = iter([2_000_000_000, 4_500_000_000, 1_000_000_000, 1_000_030_000])
    asked = []

    def parse(case: str, arguments: list[str]) -> dict[str, Any]:
        asked.append(make_parser(dict.fromkeys(COMMANDS, int)).parse_args(arguments))
        peak = next(peaks)
        return {"peak": peak, "end": peak - 1000 * (arguments[0] == "video")}

    monkeypatch.setattr(speed, "in_fresh_process", parse)
    speed.main(["memory", "--quick"])
    printed = capsys.readouterr().out

    assert [options.size for options in asked] == [64, 96, 48, 48]
    assert [options.frames for options in asked[2:]] == [3, 6]
    # The second picture has 9/4 of the first one's pixels, and takes 9/4 of its memory.
    (second,) = (line.split() for line in printed.splitlines() if line.startswith("96×54"))
    assert second[1:] == ["4.50", "868056", "1.00", "868056"]
    assert "+10.0 kB for each frame more" in printed
