"""The translator panel: what its fields say is translated, taken and balanced; errors are shown."""

from __future__ import annotations

import re
from html import unescape

import numpy as np
import pytest

from stylekit.arrays import Image
from stylekit.errors import SettingsError
from stylekit.explain.pulls import balance
from stylekit.image.objective import Objective
from stylekit.image.stylization import prepare_objective
from stylekit.media.images import resize_image
from stylekit.settings import ImageSettings, Weights
from stylekit.translate.published import D2L, JOHNSON, REPORT, RUDER, TENSORFLOW
from stylekit.widgets.weights.panel import WeightPanel
from stylekit.widgets.weights.translator import WeightTranslator


class Holder:
    """Weights that were set, newest last."""

    def __init__(self) -> None:
        self.kept = [Weights()]

    def current(self) -> Weights:
        return self.kept[-1]

    def set(self, weights: Weights) -> None:
        self.kept.append(weights)


@pytest.fixture(scope="module")
def settings(whole_settings: ImageSettings) -> ImageSettings:
    """Codes and the panel share the layers of the defaults."""
    return whole_settings


@pytest.fixture(scope="module")
def objective(style: Image, settings: ImageSettings) -> Objective:
    return prepare_objective(style, settings)


@pytest.fixture
def holder() -> Holder:
    return Holder()


@pytest.fixture
def panel(holder, content, style, settings, objective) -> WeightTranslator:
    return WeightTranslator(holder, content, style, settings, objective=objective)


def text(panel: WeightTranslator) -> str:
    """All that the panel says, without markup."""
    said = " ".join(child.value for child in panel.children if hasattr(child, "value"))
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", said)).split())


def field(panel: WeightTranslator, label: str):
    """The field of that label."""
    return next(child for child in panel.children[1].children if child.description == label)


def test_it_starts_with_the_default_weights_of_a_code_translated(panel, content, style) -> None:
    assert panel.translation.convention is JOHNSON
    assert panel.translation.theirs == JOHNSON.weights
    said = text(panel)
    assert JOHNSON.source in said
    assert all(note in said for note in panel.translation.notes)
    assert re.search(r"These weights, at the present picture: Style pulls", said)


def test_choosing_a_code_fills_in_its_weights(panel) -> None:
    panel.choose(RUDER)
    assert field(panel, "γ temporal").value == RUDER.weights.gamma
    assert panel.translation.theirs == RUDER.weights
    assert RUDER.source in text(panel)


def test_a_field_is_translated_as_it_is_changed(panel) -> None:
    before = panel.translation.weights
    field(panel, "β style").value = 10 * JOHNSON.weights.beta
    assert panel.translation.weights.beta == pytest.approx(10 * before.beta)


def test_taking_gives_the_panel_the_exact_weights_or_one_beta(panel, holder) -> None:
    panel.take_button.click()
    assert holder.current() == panel.translation.exact
    assert holder.current().layers
    panel.children[4].children[0].value = False
    panel.take_button.click()
    assert holder.current() == panel.translation.weights
    assert not panel.take_button.disabled


def test_where_one_beta_says_it_all_there_are_no_layers_to_ask_for(panel, holder) -> None:
    panel.choose(REPORT)
    assert panel.children[4].children[0].disabled
    panel.take_button.click()
    assert holder.current() == Weights()
    panel.choose(D2L)
    assert not panel.children[4].children[0].disabled


def test_balance_makes_the_panels_weights_even_at_the_picture_of_now(
    holder, content, style, settings, objective
) -> None:
    now = np.clip(content + np.random.default_rng(0).normal(0, 0.1, content.shape), 0, 1)
    now = now.astype(np.float32)
    panel = WeightTranslator(
        holder, content, style, settings, image=lambda: now, objective=objective
    )
    holder.set(Weights(beta=1e8, gamma=0.0))
    panel.measure_button.click()
    assert re.search(r"The weights of the panel.*Style pulls \S+ times", text(panel))
    panel.balance_button.click()
    found = balance(objective, objective.targets(content), now, holder.current())
    assert found.pulls.style == pytest.approx(found.pulls.content, rel=1e-3)
    assert "Style pulls about as hard as content." in text(panel)


def test_a_picture_of_a_coarser_scale_is_measured_too(
    holder, content, style, settings, objective
) -> None:
    small = resize_image(style, (24, 16))
    panel = WeightTranslator(
        holder, content, style, settings, image=lambda: small, objective=objective
    )
    assert panel.measure().pulls.style > 0


def test_the_bare_content_is_refused_in_words(holder, content, style, settings, objective) -> None:
    panel = WeightTranslator(
        holder, content, style, settings, image=lambda: content, objective=objective
    )
    panel.balance_button.click()
    assert len(holder.kept) == 1
    assert "paint a few steps first" in text(panel)
    assert not panel.balance_button.disabled
    with pytest.raises(SettingsError, match="content"):
        panel.balance()


def test_a_weight_that_is_none_is_refused_in_words_and_not_taken(panel, holder) -> None:
    field(panel, "β style").value = -1.0
    assert "beta: must be a number from 0" in text(panel)
    # The old numbers would be wrong beside the new field.
    assert JOHNSON.source not in text(panel)
    panel.take_button.click()
    assert len(holder.kept) == 1
    field(panel, "β style").value = 3.0
    assert "must be" not in text(panel)
    assert JOHNSON.source in text(panel)


def test_a_weight_panel_takes_them(content, style, settings, objective) -> None:
    giver = WeightPanel()
    panel = WeightTranslator(giver, content, style, settings, objective=objective)
    panel.choose(TENSORFLOW)
    panel.take_button.click()
    assert giver.current() == panel.translation.exact
    assert "Something went wrong" not in text(panel)


def test_pictures_of_any_size_are_measured_at_the_size_that_is_painted(
    holder, picture, style, settings, objective
) -> None:
    large = picture("chelsea", size=96)
    panel = WeightTranslator(holder, large, style, settings, objective=objective)
    small = WeightTranslator(
        holder, resize_image(large, (48, 32)), style, settings, objective=objective
    )
    assert panel.translation.weights == small.translation.weights
