"""What is a new shot, and what is noise or a change of light: decided from frames alone."""

from __future__ import annotations

import numpy as np
import pytest

from stylekit.arrays import Image, from_bytes, to_bytes
from stylekit.errors import SettingsError
from stylekit.media.images import load_image, resize_image
from stylekit.motion.flow import flow_between
from stylekit.motion.light import light_change
from stylekit.motion.masks import consistency_mask
from stylekit.motion.shots import first_picture, is_blank, starts_shot
from stylekit.samples import MaterialKind, find_material
from stylekit.scenes import SCENES, make_scene
from stylekit.settings import shot_numbers

WIDTH, HEIGHT = 96, 60
BLACK = np.zeros((HEIGHT, WIDTH, 3), np.float32)
WHITE = BLACK + 1


def photograph(name: str = "chelsea", pan: int = 0) -> Image:
    """A window of a photograph, `pan` pixels to the right."""
    image = load_image(find_material(name, MaterialKind.PHOTOGRAPH))
    large = resize_image(image, (WIDTH + 24, round((WIDTH + 24) * image.shape[0] / image.shape[1])))
    return np.ascontiguousarray(large[:HEIGHT, pan : pan + WIDTH])


def shown(image: np.ndarray, noise: float = 0.0, seed: int = 0) -> Image:
    """As a clip holds it, in 8 bits, with noise."""
    drawn = np.random.default_rng(seed).normal(0, noise, image.shape) if noise else 0.0
    return from_bytes(to_bytes(np.clip(image + drawn, 0, 1).astype(np.float32)))


def cut(previous: Image, frame: Image) -> bool:
    flow = flow_between(previous, frame)
    mask = consistency_mask(flow.backward_flow, flow.forward_flow)
    return starts_shot(frame, previous, flow.backward_flow, mask, cut_share=0.25)


def changed(previous: Image, frame: Image):
    flow = flow_between(previous, frame)
    mask = consistency_mask(flow.backward_flow, flow.forward_flow)
    return light_change(frame, previous, flow.backward_flow, mask, lambda picture: picture)


@pytest.mark.parametrize("noise", [0.0, 0.02, 0.05])
@pytest.mark.parametrize("name", SCENES)
def test_scenes_have_no_cut_and_no_change_of_light(name: str, noise: float) -> None:
    frames = [
        shown(frame, noise, seed)
        for seed, frame in enumerate(make_scene(name, frames=2, size=WIDTH).frames)
    ]
    assert not cut(*frames)
    assert changed(*frames) is None


@pytest.mark.parametrize(
    ("before", "after", "noise"),
    [
        (photograph("coffee"), photograph("chelsea"), 0.0),
        (photograph("coffee"), photograph("chelsea"), 0.05),
        (0.15 * photograph("coffee"), 0.15 * photograph("chelsea"), 0.0),
        (BLACK, photograph(), 0.0),
        (BLACK, photograph(), 0.05),
        (WHITE, photograph("camera"), 0.0),
    ],
)
def test_cuts_are_found_both_ways(before: Image, after: Image, noise: float) -> None:
    one, other = shown(before, noise, 1), shown(after, noise, 2)
    assert cut(one, other)
    assert cut(other, one)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (photograph(pan=0) * 3 / 7, photograph(pan=2) * 4 / 7),
        (photograph(pan=0) / 7, photograph(pan=2) * 2 / 7),
        (1 - (1 - photograph()) / 2, 1 - (1 - photograph(pan=2)) / 3),
        (photograph("coffee") * 0.9, photograph("coffee", pan=2) * 1.1),
        (
            0.5 * photograph("rocket") + 0.5 * photograph("coffee"),
            0.4 * photograph("rocket") + 0.6 * photograph("coffee"),
        ),
    ],
    ids=["fade", "from dark", "to white", "flicker", "cross-fade"],
)
def test_a_change_of_light_is_no_cut_and_is_followed(before: Image, after: Image) -> None:
    one, other = shown(before), shown(after)
    assert not cut(one, other)
    light = changed(one, other)
    assert light is not None
    follows = light.applied(one).mean(axis=(0, 1))
    np.testing.assert_allclose(follows, other.mean(axis=(0, 1)), atol=0.02)


def test_paint_is_let_go_only_where_something_else_is_shown() -> None:
    half = photograph()
    half[:, : WIDTH // 2] = (
        0.5 * half[:, : WIDTH // 2] + 0.5 * photograph("coffee")[:, : WIDTH // 2]
    )
    still = np.zeros((HEIGHT, WIDTH, 2), np.float32)
    everywhere = np.ones((HEIGHT, WIDTH), np.float32)
    light = light_change(half, photograph(), still, everywhere, lambda picture: picture)
    assert light is not None
    assert light.hold[:, : WIDTH // 3].mean() < 0.6 * light.hold[:, -WIDTH // 3 :].mean()


@pytest.mark.parametrize("level", [0.0, 0.5, 1.0])
def test_plain_frames_with_noise_are_blank_and_one_shot(level: float) -> None:
    one, other = (shown(BLACK + level, 0.05, seed) for seed in (1, 2))
    assert is_blank(one)
    assert not cut(one, other)
    assert cut(one, shown(BLACK + (level + 0.5) % 1.25, 0.05, 3))


def test_the_first_picture_is_not_a_black_frame() -> None:
    picture = photograph()
    assert first_picture([BLACK, picture]) is picture
    assert first_picture([BLACK, WHITE]) is BLACK


@pytest.mark.parametrize("shots", ["", "a", "0,", "-1", "1.5", "3,3", "5,2", "²"])
def test_shots_that_are_no_rising_numbers_are_refused(shots: str) -> None:
    with pytest.raises(SettingsError, match=r"^shots: must"):
        shot_numbers(shots)


def test_shots_are_numbers_or_are_found() -> None:
    assert shot_numbers("auto") is None
    assert shot_numbers("0, 48,97") == shot_numbers("48,97") == (0, 48, 97)
