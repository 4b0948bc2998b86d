"""Pictures for judges: at which times they are kept, and what is written beside them."""

from __future__ import annotations

import json
import sys
from collections.abc import Generator
from pathlib import Path

import numpy as np
import pytest
from shallow import make_shallow

from stylekit.media.images import load_image
from stylekit.settings import ImageSettings

sys.path.append(str(Path(__file__).resolve().parents[2] / "benchmarks"))

import look_race
from lanes import Lane
from painting_task import Painted
from recipes import RECIPES

BY_SLUG = {recipe.slug: recipe for recipe in RECIPES}


class Clock:
    """Time that passes only when somebody paints."""

    now = 0.0

    def __call__(self) -> float:
        return self.now

    def painting(self, steps: int, seconds: float) -> Generator[Painted]:
        for step in range(steps):
            self.now += seconds
            yield Painted(step, np.full((2, 2, 3), step / 255, np.float32))


def test_the_others_paint_twice_as_long_and_a_picture_is_there_once_its_step_is_done() -> None:
    clock = Clock()
    ours = Lane("ours", clock.painting(11, 2.0), clock=clock)
    long, short = (Lane("other", clock.painting(n, 3.0), clock=clock) for n in (999, 3))
    look_race.paint_in_turns(ours, [long, short])
    assert ours.seconds == 20.0
    assert 40.0 <= long.seconds <= 43.0
    # Three seconds a step: one is done after 5 seconds, 13 after 40.
    found = [long.pictures[long.index_at(share * 20)][0, 0, 0] for share in look_race.MARKS]
    assert found == [1, 3, 6, 13]
    # It has ended, and its last picture stays.
    assert short.seconds == 6.0
    assert short.index_at(40.0) == 2


@pytest.mark.slow
def test_it_writes_pictures_times_and_what_to_judge(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_shallow(monkeypatch)
    command = "look_race.py --pair chelsea glass --size 32 --steps 3 --backbone vgg16"
    monkeypatch.setattr(sys, "argv", [*command.split(), "--out", str(tmp_path)])
    look_race.main()
    data = json.loads((tmp_path / "times.json").read_text())
    assert data["loss"] == "shared"  # the embedded network's deep activations are small
    (pair,) = data["pairs"]
    assert pair["pair"] == "chelsea-glass"
    assert pair["size"] == [32, 21]
    assert [entry["slug"] for entry in pair["recipes"]] == (
        ["stylekit", "tutorial", "johnson", "scipy"]
    )
    ours, *others = pair["recipes"]
    assert ours["pictures"][-1]["seconds"] == pair["seconds"] > 0
    assert ours["settings"]["weights"]["edges"] > 0
    for entry in others:
        assert entry["settings"]["weights"]["edges"] == 0
        assert [picture["after"] for picture in entry["pictures"]] == ["T/4", "T/2", "T", "2T"]
        for share, picture in zip(look_race.MARKS, entry["pictures"], strict=True):
            assert picture["seconds"] <= share * pair["seconds"]
            assert load_image(tmp_path / picture["file"]).shape == (21, 32, 3)
    header, *rows = (tmp_path / "pairs.tsv").read_text().splitlines()
    assert header.split("\t") == ["content", "style", "left", "right"]
    assert rows
    for row in rows:
        content, style, left, right = row.split("\t")
        assert left == "chelsea-glass-stylekit-1T.png" != right
        assert all((tmp_path / name).is_file() for name in (content, style, left, right))
    assert (tmp_path / "chelsea-glass-sheet.png").is_file()


def test_a_recipe_that_has_ended_is_judged_once() -> None:
    pictures = [
        {"file": f"{number}.png", "evaluations": evaluations}
        for number, evaluations in enumerate((3, 5, 5, 5))
    ]
    missing = {"pictures": []}
    entry = {"pair": "a-b", "recipes": [{"pictures": [{"file": "T.png"}]}, missing]}
    assert look_race.to_judge(entry) == []
    entry["recipes"].append({"pictures": pictures})
    assert [row[2:] for row in look_race.to_judge(entry)] == (
        [("T.png", "0.png"), ("T.png", "1.png")]
    )


@pytest.mark.slow
def test_published_recipes_minimise_their_own_losses() -> None:
    pair = look_race.Pair.load("chelsea", "glass")
    settings = ImageSettings(size=32, backbone="vgg16")
    tutorial, johnson = (
        look_race.settings_for(BY_SLUG[slug], pair, settings, "published")
        for slug in ("tutorial", "johnson")
    )
    assert (tutorial.content_layers, johnson.content_layers) == (
        ("block5_conv2",),
        ("block4_conv2",),
    )
    assert tutorial.pooling == johnson.pooling == "max"
    assert tutorial.weights.tv == 0 < johnson.weights.tv
    for found in (tutorial, johnson):
        assert len(found.weights.layers) == 5
        assert found.weights.edges == found.margin == 0
        assert found.weights.beta != settings.weights.beta
    assert look_race.settings_for(BY_SLUG["scipy"], pair, settings, "published") == (
        look_race.as_published(settings)
    )


def test_pairs_with_the_same_names_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    command = "look_race.py --pair chelsea glass --pair chelsea glass"
    monkeypatch.setattr(sys, "argv", [*command.split(), "--out", str(tmp_path / "new")])
    with pytest.raises(SystemExit):
        look_race.main()
    assert "--pair: two pairs have the same file names" in capsys.readouterr().err
    assert not (tmp_path / "new").exists()
