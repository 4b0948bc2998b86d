"""The kernel's half of the waiting pictures; what they draw is held in a browser."""

from __future__ import annotations

import re

import pytest
import traitlets

from stylekit.widgets.studio.waiting import Waiting, WaitingPicture


@pytest.mark.parametrize("picture", WaitingPicture)
def test_a_picture_is_had_by_name(picture: WaitingPicture) -> None:
    assert Waiting(picture).name is picture


def test_a_seed_fixes_the_choice_and_all_drawings_come_up() -> None:
    chosen = [Waiting(seed=seed).name for seed in range(30)]
    assert chosen == [Waiting(seed=seed).name for seed in range(30)]
    assert set(chosen) == set(WaitingPicture)


def test_without_a_seed_the_choice_is_random() -> None:
    assert len({Waiting().name for _ in range(60)}) > 1


@pytest.mark.parametrize("seed", [-1, 2**32])
def test_a_seed_that_the_page_cannot_use_is_refused(seed: int) -> None:
    with pytest.raises(ValueError, match=str(seed)):
        Waiting(seed=seed)


def test_something_that_is_no_picture_is_refused() -> None:
    with pytest.raises(ValueError, match="fireworks"):
        Waiting("fireworks")  # type: ignore[arg-type]


@pytest.mark.parametrize("text", ["a", "stylekit", "Frame 12 of 40", "A" * 16])
def test_words_of_letters_and_digits_are_taken(text: str) -> None:
    assert Waiting(text=text).text == text


@pytest.mark.parametrize("text", ["", " ", " a", "a  b", "a\n", "für", "<b>", "A" * 17])
def test_words_that_cannot_be_drawn_are_refused(text: str) -> None:
    waiting = Waiting(text="before")
    with pytest.raises(traitlets.TraitError, match="text must be"):
        waiting.text = text
    assert waiting.text == "before"
    with pytest.raises(traitlets.TraitError, match="text must be"):
        Waiting(text=text)


def test_nothing_is_loaded_from_elsewhere() -> None:
    assert not re.search(r"https?:|\bimport\b|\bfetch\b|@import|url\(", str(Waiting._esm))
