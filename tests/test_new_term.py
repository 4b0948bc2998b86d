"""A new term of the loss, or a new flow method, needs one row of a table: the rest follows."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What the program `toy_term.py` found, after it had added the term and the flow."""
    program, folder = Path(__file__).with_name("toy_term.py"), tmp_path_factory.mktemp("toy")
    done = subprocess.run(
        [sys.executable, str(program), str(folder)], capture_output=True, text=True, timeout=600
    )
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout.splitlines()[-1]))


def test_the_term_is_part_of_the_loss_and_its_gradient(found) -> None:
    assert found["gradient is right"]
    assert found["loss"] > 0
    assert found["total"] == 6.0


def test_the_term_is_an_option_with_help(found) -> None:
    text = " ".join(found["help"].split())
    assert "--toy TOY weight of the greyness loss (default: 0)" in text


def test_the_term_is_a_row_of_the_weight_panel(found) -> None:
    row = next(row for row in found["rows"] if row["name"] == "toy")
    assert (row["sign"], row["label"]) == ("τ", "greyness")
    assert (row["words"], row["start"]) == ("asks for a grey picture", 2.0)
    assert (row["low"], row["high"]) == (-1, 3)
    assert found["line"] == "Weights(alpha=1, beta=1e4, gamma=400, edges=0.6, tv=0.025, toy=3)"


@pytest.mark.parametrize("place", ["curve", "table"])
def test_the_term_is_a_curve_and_a_row_of_the_table_of_losses(found, place) -> None:
    expected = {"name": "toy", "label": "greyness", "color": "#999999", "dash": [1, 1]}
    assert found[place][-1] == expected
    assert "greyness " in found["curve in words"]
    assert "Last change of weights at step 2: τ 3 → 5." in found["curve in words"]


def test_the_term_has_a_map_of_forces(found) -> None:
    assert found["map"] > 0 and found["map without weight"] == 0
    assert found["map is shown"] and "τ greyness" in found["map title"]


def test_the_term_is_compared_and_varied(found) -> None:
    assert found["balance"] > 0
    assert found["balanced"] == 1.5  # in proportion to alpha, which was 2 and is 1
    assert any("reyness" in sentence for sentence in found["balance in words"])
    assert found["what-if"] == [0, 0, 5, 5]
    assert found["what-if around"] == 2.0


@pytest.mark.parametrize("kind", ["image", "video"])
def test_the_term_is_in_the_results_and_sidecars_of_the_command_line(found, kind) -> None:
    assert found[kind]["weights"]["toy"] == 3.0
    assert found[kind]["losses"]["toy"] > 0
    sidecar = found[f"{kind} sidecar"]
    assert sidecar["weights"]["toy"] == 3.0
    losses = sidecar["losses"] if kind == "image" else sidecar["frame_table"][-1]["losses"]
    assert losses["toy"] > 0


def test_the_term_is_stored_with_a_run(found) -> None:
    settings = found["run"]["settings"]
    assert settings["image"]["weights"]["toy"] == 3.0
    assert found["manifest"]["weights"]["toy"] == 3.0
    assert found["manifest"]["losses"]["toy"] > 0


def test_the_flow_is_a_choice_everywhere(found) -> None:
    text = " ".join(found["help"].split())
    assert "|exact|toy: " in text and "toy stands still; or a folder" in text
    assert ["Toy", "toy"] in found["flows"]
    assert found["run"]["settings"]["flow"] == "toy"
