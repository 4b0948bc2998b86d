"""The weight panel: snapshots for any thread, presets, limits, and its line of Python."""

from __future__ import annotations

import json
import threading
from dataclasses import replace
from typing import Any

import pytest

from stylekit.errors import SettingsError
from stylekit.settings import ImageSettings, Weights
from stylekit.widgets.base.text import change_words, python_line, short_number
from stylekit.widgets.weights.panel import DEFAULTS, WeightPanel

LAYERS = ImageSettings().style_layers
STRONG = Weights(alpha=0.5, beta=3e5, gamma=0.0, tv=0.01)


def move(panel: WeightPanel, **values: float) -> None:
    """What the page does when a person moves sliders."""
    state = {"values": panel.controls.values | values}
    panel.controls.set_state(json.loads(json.dumps(state)))


def row(panel: WeightPanel, name: str) -> dict[str, Any]:
    return next(row for row in panel.controls._rows if row["name"] == name)


def test_it_starts_with_the_weights_of_the_report_exactly() -> None:
    panel = WeightPanel()
    assert panel.current() == Weights()
    assert panel.controls.values["gamma"] == 400.0
    assert panel.controls._preset == DEFAULTS


def test_a_moved_slider_swaps_the_snapshot_and_nothing_else() -> None:
    panel = WeightPanel()
    before = panel.current()
    move(panel, beta=3.16e4)
    assert panel.current() == Weights(beta=3.16e4)
    assert before == Weights(), "a snapshot changes no more"
    assert panel.controls._preset == ""
    move(panel, alpha=0.0)
    assert panel.current() == Weights(alpha=0.0, beta=3.16e4)


def test_layers_are_those_of_the_settings_until_one_is_moved() -> None:
    panel = WeightPanel()
    move(panel, alpha=2.0)
    assert panel.current().layers == ()
    move(panel, block2_conv1=0.0)
    assert panel.current() == Weights(alpha=2.0, layers=(1.0, 0.0, 1.0, 1.0, 1.0))
    move(panel, block5_conv1=2.51)
    assert panel.current().layers == (1.0, 0.0, 1.0, 1.0, 2.51)
    panel.reset()
    assert panel.current() == Weights()


def test_weights_that_are_set_stay_exact_and_fit_their_sliders() -> None:
    panel = WeightPanel()
    weights = Weights(alpha=1.23456789, beta=3e11, gamma=0.0, tv=2e-7, layers=(5e3, 1, 1, 1, 0))
    panel.set(weights)
    assert panel.current() == weights
    assert (row(panel, "beta")["low"], row(panel, "beta")["high"]) == (1, 12)
    assert row(panel, "tv")["low"] == -7
    assert row(panel, LAYERS[0])["high"] == 4
    assert panel.controls.values["gamma"] == 0.0
    # What is not moved stays exact when something else is.
    move(panel, gamma=10.0)
    assert panel.current().alpha == 1.23456789


# Strength.


@pytest.mark.parametrize("strength", [3.0, 0.316, 2.51])
def test_strength_there_and_back_gives_exactly_the_old_weights(strength: float) -> None:
    weights = Weights(alpha=0.7, beta=1.234567e4, edges=0.3, tv=0.01, layers=(1, 0, 1, 1, 2))
    panel = WeightPanel(weights)
    assert panel.controls.values["strength"] == 1.0
    move(panel, strength=strength)
    assert panel.current() == weights.at_strength(strength)
    assert panel.controls.values["strength"] == strength
    assert panel.controls.values["beta"] == panel.current().beta
    move(panel, strength=1.0)
    assert panel.current() == weights


@pytest.mark.parametrize("strength", [2.0, 3.0, 0.316, 2.51])
def test_other_sliders_can_be_moved_while_there_is_strength(strength: float) -> None:
    """They stay where they are put, and what was not moved comes back exactly."""
    panel = WeightPanel(Weights(beta=3.16e4, edges=0.7))
    move(panel, strength=strength)
    before = panel.current()
    move(panel, alpha=2.0)
    move(panel, block2_conv1=0.5)
    shares = (1.0, 0.5, 1.0, 1.0, 1.0)
    assert panel.current() == replace(before, alpha=2.0, layers=shares)
    assert panel.controls.values["strength"] == strength
    move(panel, edges=5.0)
    assert panel.current() == replace(before, alpha=2.0, edges=5.0, layers=shares)
    move(panel, strength=1.0)
    back = panel.current()
    assert back == Weights(alpha=2.0, beta=3.16e4, edges=back.edges, layers=shares)
    assert back.edges == pytest.approx(5.0 * strength)


def test_style_that_is_moved_while_there_is_strength_counts_from_there() -> None:
    panel = WeightPanel()
    move(panel, strength=2.0)
    move(panel, beta=6e4)
    assert panel.current() == Weights(beta=6e4, edges=0.3)
    move(panel, strength=4.0)
    assert panel.current() == Weights(beta=12e4, edges=0.15)
    # A term that is off stays off at every strength, and comes back with its slider's value.
    move(panel, edges=0.0)
    move(panel, strength=0.5)
    assert panel.current() == Weights(beta=1.5e4, edges=0.0)


@pytest.mark.parametrize("how", ["set", "preset", "reset"])
def test_weights_that_are_chosen_have_strength_one(how: str) -> None:
    panel = WeightPanel(presets={"strong": STRONG})
    move(panel, strength=5.01)
    if how == "set":
        panel.set(STRONG)
    else:
        panel.controls._handle_custom_msg({"type": how, "name": "strong"}, [])
    chosen = Weights() if how == "reset" else STRONG
    assert panel.current() == chosen and panel.controls.values["strength"] == 1.0
    assert panel.controls._preset == (DEFAULTS if how == "reset" else "strong")
    move(panel, strength=2.0)
    assert panel.current() == chosen.at_strength(2.0)


@pytest.mark.parametrize(("strength", "words"), [(0.0, "strength: must"), (200.0, "beta: must")])
def test_a_strength_that_cannot_be_is_refused_in_the_panel(strength: float, words: str) -> None:
    weights = Weights(beta=1e12)
    panel = WeightPanel(weights)
    move(panel, strength=min(strength, 100.0))
    assert panel.current() == weights and panel.controls.values["strength"] == 1.0
    assert words in panel.alerts.widget.value
    move(panel, strength=0.1)
    assert panel.current() == weights.at_strength(0.1) and panel.alerts.widget.value == ""


def test_the_row_of_strength_is_always_on() -> None:
    rows = WeightPanel().controls._rows
    assert rows[0] == row(WeightPanel(), "strength")
    assert [row["name"] for row in rows if row["always"]] == ["strength"]
    assert (rows[0]["low"], rows[0]["high"]) == (-1, 1)


def test_presets_are_chosen_by_name_and_recognised() -> None:
    panel = WeightPanel(presets={"strong": STRONG})
    assert panel.controls._presets == [DEFAULTS, "strong"]
    panel.controls._handle_custom_msg({"type": "preset", "name": "strong"}, [])
    assert panel.current() == STRONG and panel.controls._preset == "strong"
    move(panel, tv=0.0)
    assert panel.controls._preset == ""
    panel.set(Weights())
    assert panel.controls._preset == DEFAULTS


def test_reset_goes_back_to_where_the_panel_began() -> None:
    panel = WeightPanel(STRONG)
    move(panel, alpha=9.0)
    panel.controls._handle_custom_msg({"type": "reset"}, [])
    assert panel.current() == STRONG


def test_whoever_asks_is_told_of_every_change_with_the_weights() -> None:
    panel = WeightPanel(presets={"strong": STRONG})
    heard: list[Weights] = []
    panel.on_change(heard.append)
    move(panel, alpha=2.0)
    panel.set(STRONG)
    panel.reset()
    assert heard == [Weights(alpha=2.0), STRONG, Weights()]


def test_what_a_callback_raises_is_shown_and_others_are_still_told() -> None:
    panel = WeightPanel()
    heard: list[Weights] = []

    def refuse(weights: Weights) -> None:
        raise SettingsError("mood", "not today")

    panel.on_change(refuse)
    move(panel, alpha=2.0)
    assert "mood: not today" in panel.alerts.widget.value
    panel._callbacks[0] = heard.append
    move(panel, alpha=3.0)
    assert heard == [Weights(alpha=3.0)] and panel.alerts.widget.value == ""


@pytest.mark.parametrize("value", [-1.0, None, "much"])
def test_what_no_weight_can_be_is_refused_in_the_panel(value: Any) -> None:
    panel = WeightPanel()
    move(panel, beta=value)
    assert panel.current() == Weights()
    assert "beta: must be a number" in panel.alerts.widget.value
    assert panel.controls.values["beta"] == 1e4
    move(panel, alpha=2.0)
    assert panel.current() == Weights(alpha=2.0) and panel.alerts.widget.value == ""


@pytest.mark.parametrize(
    "make",
    [
        lambda: WeightPanel(Weights(layers=(1.0,))),
        lambda: WeightPanel(presets={"few": Weights(layers=(1.0,) * 4)}),
        lambda: WeightPanel().set(Weights(layers=(1.0,) * 6)),
        lambda: WeightPanel(Weights(layers=(1.0,) * 5), style_layers=LAYERS[:2]),
    ],
)
def test_another_number_of_layers_is_refused(make: Any) -> None:
    with pytest.raises(SettingsError, match=r"^layers: give one weight for each of the [25]"):
        make()


def test_rows_are_those_of_the_layers_that_are_given() -> None:
    panel = WeightPanel(style_layers=("block3_conv3", "other"))
    assert [row["name"] for row in panel.controls._rows if row["fold"]] == ["block3_conv3", "other"]
    move(panel, other=0.5)
    assert panel.current().layers == (1.0, 0.5)


def test_snapshots_are_whole_while_many_threads_move_and_read() -> None:
    """Each snapshot is one that was set, never half of two."""
    panel = WeightPanel()
    allowed = {Weights(alpha=float(n), beta=float(n)) for n in range(1, 40)} | {Weights()}
    seen: set[Weights] = set()
    done = threading.Event()

    def read() -> None:
        while not done.is_set():
            seen.add(panel.current())

    def write(first: int) -> None:
        for number in range(first, 40, 2):
            move(panel, alpha=float(number), beta=float(number), gamma=400.0)

    reader = threading.Thread(target=read)
    writers = [threading.Thread(target=write, args=(first,)) for first in (1, 2)]
    reader.start()
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    done.set()
    reader.join()
    assert seen <= allowed
    assert panel.current() in (Weights(alpha=39.0, beta=39.0), Weights(alpha=38.0, beta=38.0))


EVERY_KIND = [
    Weights(),
    STRONG,
    Weights(alpha=1 / 3, beta=1e12, gamma=5e-324, tv=123456.789),
    Weights(layers=(1.0, 0.5, 0.0, 2e3, 1e-7)),
    Weights(layers=(0.25,)),
]


@pytest.mark.parametrize("weights", EVERY_KIND)
def test_the_line_of_python_makes_these_weights_again(weights: Weights) -> None:
    line = python_line(weights)
    assert eval(line, {"Weights": Weights}) == weights
    assert eval(line, {"Weights": Weights}).to_json() == weights.to_json()


def test_the_panel_shows_that_line() -> None:
    panel = WeightPanel()
    assert panel.controls._line == "Weights(alpha=1, beta=1e4, gamma=400, edges=0.6, tv=0.025)"
    move(panel, tv=0.0316)
    assert panel.controls._line == "Weights(alpha=1, beta=1e4, gamma=400, edges=0.6, tv=0.0316)"


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (0, "0"),
        (1.0, "1"),
        (10, "10"),
        (1e4, "1e4"),
        (1e-4, "1e-4"),
        (0.05, "0.05"),
        (501.0, "501"),
    ],
)
def test_numbers_are_short(value: float, words: str) -> None:
    assert short_number(value) == words


def test_changes_are_told_in_words() -> None:
    assert change_words(Weights(), Weights()) == ""
    changed = Weights(beta=3e4, gamma=0.0, layers=(1, 0, 1, 1, 2.5))
    assert change_words(Weights(), changed) == "β 1e4 → 3e4, γ 400 → off, layers 1, off, 1, 1, 2.5"
    assert change_words(changed, Weights()).endswith("layers as in the settings")
