"""Scores: 1 for the content itself, 0 for a stranger, and never measured against itself."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from stylekit.arrays import Image
from stylekit.image.scores import Scores, share_left, strangers_to
from stylekit.image.stylization import Stylization, prepare_objective
from stylekit.media.images import load_image, resize_image
from stylekit.samples import MaterialKind, materials
from stylekit.settings import Colors, ImageSettings


@pytest.mark.parametrize("size", [(48, 32), (20, 60), (64, 64)])
def test_strangers_have_the_contents_size_and_are_not_distorted(size: tuple[int, int]) -> None:
    content = np.random.default_rng(0).random((size[1], size[0], 3), np.float32)
    strangers = strangers_to(content)
    assert list(strangers) == list(materials(MaterialKind.PHOTOGRAPH))
    assert {image.shape for image in strangers.values()} == {content.shape}


@pytest.mark.parametrize("name", list(materials(MaterialKind.PHOTOGRAPH)))
@pytest.mark.parametrize("size", [40, 200])
def test_a_content_is_never_its_own_stranger(name: str, size: int) -> None:
    content = load_image(materials(MaterialKind.PHOTOGRAPH)[name], size=size)
    strangers = strangers_to(content)
    assert set(strangers) == set(materials(MaterialKind.PHOTOGRAPH)) - {name}
    assert len(strangers) >= 4


def test_the_scale_has_its_ends(content: Image, style: Image, settings: ImageSettings) -> None:
    same = dataclasses.replace(settings, colors=Colors.LUMINANCE)
    painting = Stylization(content, style, same, init=resize_image(content, (48, 32)))
    assert painting.scores.content_kept == pytest.approx(1, abs=0.01)
    # Of the content itself no style is reached; the style here has the content's colours.
    assert painting.scores.style_reached == pytest.approx(0, abs=0.05)
    strangers = [
        Stylization(content, style, settings, init=stranger).scores.content_kept
        for stranger in strangers_to(resize_image(content, (48, 32))).values()
    ]
    assert np.mean(strangers) == pytest.approx(0, abs=0.02)


def test_a_frame_is_scored_without_another_pass_through_the_network(
    content: Image, style: Image, settings: ImageSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is known of its content since its targets were made is what would be measured."""
    objective = prepare_objective(style, settings, content=content)
    small = resize_image(content, (48, 32))
    measured = objective.losses_of_nothing(small, objective.targets(small, once=True))
    targets = objective.targets(small)
    monkeypatch.setattr(objective, "_features", lambda *_, **__: pytest.fail("another pass"))
    assert objective.losses_of_nothing(small, targets) == pytest.approx(measured, rel=1e-4)


@pytest.mark.slow
def test_painting_reaches_the_style(content: Image, style: Image, settings: ImageSettings) -> None:
    painting = Stylization(content, style, dataclasses.replace(settings, steps=30))
    before = painting.scores
    for _ in painting.steps():
        pass
    after = painting.scores
    assert before.style_reached < after.style_reached <= 1
    assert after.content_kept < 1


def test_words_and_ends() -> None:
    assert Scores(0.5, 1.0).text == "content 50 % kept, style 100 % reached"
    assert share_left(3.0, 2.0) == -0.5
    # The content has the style's statistics, up to rounding.
    odd = Scores(share_left(0.0, 1.0), share_left(3e-3, 4e-13))
    assert odd.text == "content 100 % kept, style not reached: the content itself is nearer to it"
    assert odd.facts == [("content kept", "100 %"), ("style reached", "none")]
    assert Scores(-9.0, -9.0).text == "content -900 % kept, style -900 % reached"
