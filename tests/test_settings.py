"""Settings refuse what is wrong by name, and survive the way to JSON and back."""

from __future__ import annotations

import dataclasses
import json
import math
from typing import Any

import pytest

from stylekit.errors import SettingsError
from stylekit.settings import (
    Colors,
    ImageSettings,
    Init,
    MediaLimits,
    NetworkSettings,
    VideoSettings,
    Weights,
    parse_choice,
)

EVERY_KIND = [Weights, ImageSettings, VideoSettings, MediaLimits, NetworkSettings]


def other(default: Any) -> Any:
    """Another choice, or the other truth value, than the default."""
    choices = (False, True) if isinstance(default, bool) else type(default)
    return next(choice for choice in choices if choice is not default)


UNUSUAL_IMAGE = ImageSettings(
    weights=Weights(alpha=2.0, beta=0.5, gamma=0.0, tv=1e-3, layers=(0.0, 3.0)),
    size=100,
    steps=7,
    optimizer=other(ImageSettings().optimizer),
    backbone="folder/my.weights.h5",
    pooling="max",
    init=other(ImageSettings().init),
    content_layers=("block3_conv1", "block4_conv1"),
    style_layers=("block1_conv2", "block2_conv2"),
    style_layer_weights=(1.0, 0.25),
    scales=2,
    tolerance=0.0,
    patience=3,
    colors=other(ImageSettings().colors),
    style_scale=2.0,
    margin=3,
    style_loss="moments",
    seed=2**32 - 1,
)
UNUSUAL_VIDEO = VideoSettings(
    image=UNUSUAL_IMAGE,
    flow="my flow",
    frame_steps=7,
    start=other(VideoSettings().start),
    independent=other(VideoSettings().independent),
    offsets=(1, 2, 4),
    passes=3,
    loop=True,
    shots="0,48,97",
    cut_share=1.0,
    mask="robust",
    motion_boundary=other(VideoSettings().motion_boundary),
    dilate=2,
)

NOT_NUMBERS = [None, "1", [1], True, math.nan, math.inf, 10**400]


def test_the_weights_of_the_report_are_the_defaults() -> None:
    weights = Weights()
    assert (weights.alpha, weights.beta, weights.gamma) == (1.0, 1e4, 4e2)


@pytest.mark.parametrize("settings", [kind() for kind in EVERY_KIND])
def test_the_unusual_settings_below_differ_from_the_defaults(settings: Any) -> None:
    """Or a field that JSON loses would come back by its default, and nobody would see it."""
    unusual = {ImageSettings: UNUSUAL_IMAGE, VideoSettings: UNUSUAL_VIDEO}.get(type(settings))
    for setting in dataclasses.fields(settings) if unusual else ():
        assert getattr(unusual, setting.name) != getattr(settings, setting.name), setting.name


@pytest.mark.parametrize(
    "settings", [*(kind() for kind in EVERY_KIND), UNUSUAL_IMAGE, UNUSUAL_VIDEO]
)
def test_settings_survive_the_way_to_json_and_back(settings: Any) -> None:
    text = json.dumps(settings.to_json())
    again = type(settings).from_json(json.loads(text))
    assert again == settings
    assert hash(again) == hash(settings)


def test_json_may_leave_out_what_is_default_and_write_floats_as_whole_numbers() -> None:
    settings = ImageSettings.from_json({"size": 64, "weights": {"beta": 20}})
    assert settings == ImageSettings(size=64, weights=Weights(beta=20.0))
    assert isinstance(settings.weights.beta, float)


@pytest.mark.parametrize("kind", EVERY_KIND)
def test_unknown_settings_are_refused_and_the_known_ones_listed(kind: Any) -> None:
    known = dataclasses.fields(kind)[0].name
    with pytest.raises(SettingsError, match=rf"^colour: unknown setting; there are {known}"):
        kind.from_json({"colour": 1})


@pytest.mark.parametrize(
    ("kind", "data", "name"),
    [
        (ImageSettings, {"weights": {"omega": 1}}, "omega"),
        (ImageSettings, {"weights": {"beta": -1}}, "beta"),
        (ImageSettings, {"weights": 5}, "weights"),
        (ImageSettings, {"init": "sum"}, "init"),
        (ImageSettings, {"pooling": ["max"]}, "pooling"),
        (ImageSettings, {"optimizer": ["adam"]}, "optimizer"),
        (ImageSettings, {"style_layers": "block1_conv1"}, "style_layers"),
        (ImageSettings, {"style_layers": 3}, "style_layers"),
        (ImageSettings, {"style_layers": [3]}, "style_layers"),
        (ImageSettings, {"style_layer_weights": ["1"] * 5}, "style_layer_weights"),
        (ImageSettings, {"colors": "no"}, "colors"),
        (ImageSettings, {"tolerance": True}, "tolerance"),
        (ImageSettings, {"backbone": None}, "backbone"),
        (ImageSettings, ["size", 64], "ImageSettings"),
        (VideoSettings, {"image": {"size": 1}}, "size"),
        (VideoSettings, {"flow": 3}, "flow"),
        (VideoSettings, {"start": "again"}, "start"),
    ],
)
def test_bad_json_is_refused_by_the_name_of_its_setting(kind: Any, data: Any, name: str) -> None:
    with pytest.raises(SettingsError, match=rf"^{name}: ") as caught:
        kind.from_json(data)
    assert caught.value.name == name


@pytest.mark.parametrize("name", ["alpha", "beta", "gamma", "edges", "tv"])
@pytest.mark.parametrize("value", [*NOT_NUMBERS, -1e-9, -math.inf, 1e39])
def test_bad_weights_are_refused(name: str, value: Any) -> None:
    with pytest.raises(SettingsError, match=rf"^{name}: must be a number from 0 to 1e\+12, is "):
        Weights(**{name: value})


LAYER_NUMBERS = [(number,) for number in (*NOT_NUMBERS, -1e-9, 1e39)]


@pytest.mark.parametrize("layers", [None, 1.0, "11111", {1.0: 2.0}, *LAYER_NUMBERS])
def test_bad_layer_weights_are_refused(layers: Any) -> None:
    with pytest.raises(SettingsError, match=r"^layers: must be a (sequence|number)"):
        Weights(layers=layers)


def test_layer_weights_may_be_a_list_and_are_kept_as_a_tuple() -> None:
    assert Weights(layers=[1.0, 0.0]) == Weights(layers=(1.0, 0.0))  # type: ignore[arg-type]
    assert hash(Weights(layers=[1.0])) == hash(Weights(layers=(1.0,)))  # type: ignore[arg-type]


def test_weights_without_layers_are_written_as_before_there_were_any() -> None:
    written = {"alpha": 1.0, "beta": 1e4, "gamma": 4e2, "edges": 0.6, "tv": 0.025}
    assert Weights().to_json() == written
    assert Weights.from_json(written) == Weights()
    shared = Weights(layers=(1.0, 0.5)).to_json()
    assert shared == written | {"layers": [1.0, 0.5]}
    # How a manifest is read.
    assert Weights(**json.loads(json.dumps(shared))) == Weights(layers=(1.0, 0.5))


def test_strength_moves_style_against_edges_and_nothing_else() -> None:
    weights = Weights(alpha=2.0, beta=1e3, gamma=7.0, edges=0.5, tv=0.1, layers=(1.0, 2.0))
    stronger = dataclasses.replace(weights, beta=4e3, edges=0.125)
    assert weights.at_strength(4) == stronger
    assert weights.at_strength(1) == weights
    assert stronger.at_strength(0.25) == weights
    assert weights.at_strength(0.01).beta == pytest.approx(10)
    assert weights.at_strength(100).edges == pytest.approx(5e-3)


@pytest.mark.parametrize("strength", [0, 0.0, -1, 0.0099, 100.1, 1e3, *NOT_NUMBERS])
def test_bad_strengths_are_refused(strength: Any) -> None:
    with pytest.raises(SettingsError, match=r"^strength: must be a number from 0\.01 to 100, is "):
        Weights().at_strength(strength)


def test_a_strength_that_makes_a_weight_too_large_names_that_weight() -> None:
    with pytest.raises(SettingsError, match=r"^beta: must be a number from 0 to 1e\+12, is "):
        Weights(beta=1e12).at_strength(2)
    with pytest.raises(SettingsError, match=r"^edges: must be a number from 0 to 1e\+12, is "):
        Weights(edges=1e12).at_strength(0.5)


# What `to_json` of version 0.1 wrote, but for settings that are the same today.
OLD_IMAGE = {
    "keep_colors": False,
    "size": 48,
    "steps": 3,
    "scales": 1,
    "weights": {"alpha": 1.0, "beta": 1e4, "gamma": 4e2, "tv": 0.0},
}


@pytest.mark.parametrize("kept", [False, True])
def test_settings_of_version_01_say_how_their_pictures_were_painted(kept: bool) -> None:
    """Without edges and without a margin, neither of which there was."""
    written = {"image": OLD_IMAGE | {"keep_colors": kept}, "frame_steps": 2}
    before = json.dumps(written)
    image = VideoSettings.from_json(written).image
    assert image == ImageSettings(
        size=48,
        steps=3,
        scales=1,
        margin=0,
        colors=Colors.LUMINANCE if kept else Colors.STYLE,
        weights=Weights(edges=0.0, tv=0.0),
    )
    assert image.keep_colors is kept
    assert json.dumps(written) == before, "what is read is not changed"
    # What says so itself is believed.
    own = {"margin": 3, "weights": {"edges": 2.0}}
    image = ImageSettings.from_json(OLD_IMAGE | own)
    assert (image.margin, image.weights.edges) == (3, 2.0)
    assert ImageSettings.from_json({"keep_colors": kept}).weights.edges == 0.0
    with pytest.raises(SettingsError, match=r"^weights: must be a JSON object"):
        ImageSettings.from_json({"keep_colors": kept, "weights": 5})


def test_settings_want_one_weight_for_each_style_layer() -> None:
    with pytest.raises(SettingsError, match=r"^layers: give one weight for each of the 5 style"):
        ImageSettings(weights=Weights(layers=(1.0, 1.0)))


@pytest.mark.parametrize(
    ("kind", "name", "values"),
    [
        (ImageSettings, "size", [31, 4097, 64.0, *NOT_NUMBERS]),
        (ImageSettings, "steps", [0, 100_001, 1.5, *NOT_NUMBERS]),
        (ImageSettings, "scales", [0, 7, *NOT_NUMBERS]),
        (ImageSettings, "tolerance", [-0.1, 1.1, *NOT_NUMBERS]),
        (ImageSettings, "patience", [0, 10_001, *NOT_NUMBERS]),
        (ImageSettings, "seed", [-1, 2**32, 0.5, *NOT_NUMBERS]),
        (ImageSettings, "weights", [None, 1.0, {"alpha": 1.0}]),
        (ImageSettings, "optimizer", ["lbfgs", None, Init.NOISE]),
        (ImageSettings, "pooling", [3, None]),
        (ImageSettings, "style_loss", [3, None]),
        (ImageSettings, "init", ["noise", None]),
        (ImageSettings, "backbone", [None, 16]),
        (ImageSettings, "colors", [1, "style", None]),
        (ImageSettings, "style_scale", [0.0, -1.0, *NOT_NUMBERS]),
        (ImageSettings, "margin", [-1, 65, 1.5, *NOT_NUMBERS]),
        (ImageSettings, "content_layers", [(), ["block4_conv2"], "block4_conv2", (4,)]),
        (ImageSettings, "style_layers", [(), ("block1_conv1", "block1_conv1"), None]),
        (ImageSettings, "style_layer_weights", [(1.0,), (1, 1, 1, 1, -1), ("1",) * 5, [1.0] * 5]),
        (VideoSettings, "image", [None, {}, Weights()]),
        (VideoSettings, "flow", [3, None]),
        (VideoSettings, "start", ["warped", None]),
        (VideoSettings, "mask", [3, None]),
        (VideoSettings, "frame_steps", [0, 100_001, 1.5, *NOT_NUMBERS]),
        (VideoSettings, "independent", [0, "no"]),
        (VideoSettings, "motion_boundary", [1, None]),
        (VideoSettings, "offsets", [None, (), (2,), (1, 1), (1, 4, 2), (1, 2.5), "1,2"]),
        (VideoSettings, "passes", [0, 21, 1.5, *NOT_NUMBERS]),
        (VideoSettings, "loop", [True, 0, "no"]),
        (VideoSettings, "shots", ["", "a", "0,", "3,3", "5,2", 3, None]),
        (VideoSettings, "cut_share", [-0.1, 1.1, *NOT_NUMBERS]),
        (VideoSettings, "dilate", [-1, 17, 1.0, *NOT_NUMBERS]),
        *((MediaLimits, f.name, [0, *NOT_NUMBERS]) for f in dataclasses.fields(MediaLimits)),
    ],
)
def test_every_setting_refuses_bad_values_by_name(kind: Any, name: str, values: list) -> None:
    for value in values:
        with pytest.raises(SettingsError) as caught:
            kind(**{name: value})
        assert caught.value.name == name, value


def test_every_setting_is_held_by_the_test_above() -> None:
    """A new setting without a check, or without its line there, is found here."""
    marks = test_every_setting_refuses_bad_values_by_name.pytestmark  # type: ignore[attr-defined]
    held = {(kind, name) for kind, name, _ in marks[0].args[1]}
    for kind in (ImageSettings, VideoSettings, MediaLimits):
        assert {(kind, f.name) for f in dataclasses.fields(kind)} <= held


def test_settings_cannot_be_changed() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        ImageSettings().size = 64  # type: ignore[misc]


def test_choices_are_read_by_value_and_listed_when_wrong() -> None:
    assert parse_choice("init", Init, "noise") is Init.NOISE
    with pytest.raises(SettingsError, match=r"^init: must be one of content, noise, is 'sum'$"):
        parse_choice("init", Init, "sum")
