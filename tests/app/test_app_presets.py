"""`--preset`: an earlier result gives the defaults, and what is given wins over it."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest
from shallow import make_shallow
from short_runs import share_objectives, stylekit

from stylekit.app import clip_run
from stylekit.app import run as commands
from stylekit.media.provenance import Provenance, SourceFile, sidecar_path, write_sidecar
from stylekit.settings import (
    Colors,
    ImageSettings,
    Init,
    OptimizerMethod,
    Start,
    VideoSettings,
    Weights,
)

IMAGE = ["image", "chelsea", "glass", "-o", "out.png"]
VIDEO = ["video", "drift", "glass", "-o", "out.mp4"]

# No setting has its default, and some have no option.
PICTURE = ImageSettings(
    weights=Weights(alpha=2.0, beta=3e3, gamma=7.0, edges=0.5, tv=0.25),
    size=600,
    steps=9,
    scales=2,
    optimizer=OptimizerMethod.ADAM,
    backbone="vgg16",
    pooling="max",
    init=Init.NOISE,
    colors=Colors.CONTENT,
    style_scale=0.7,
    seed=4,
    style_layers=("block1_conv1", "block2_conv1"),
    style_layer_weights=(1.0, 0.5),
    margin=3,
    tolerance=0.02,
    patience=7,
)
CLIP = VideoSettings(
    image=PICTURE,
    frame_steps=5,
    flow="farneback",
    mask="robust",
    independent=True,
    start=Start.PREVIOUS,
    shots="0,2",
    cut_share=0.1,
    dilate=2,
)


class Reached(Exception):
    """Raised when the painting would begin."""


def write(name: str, settings: ImageSettings | VideoSettings, weights: Weights) -> None:
    """A sidecar, without the result."""
    source = SourceFile(name="a.jpg", sha256="0" * 64)
    provenance = Provenance(
        settings=settings.to_json(), weights=weights, backbone="", content=source, style=source
    )
    write_sidecar(Path(name), provenance)


@pytest.fixture(autouse=True)
def surroundings(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write("old.png", PICTURE, PICTURE.weights)
    write("old.mp4", CLIP, PICTURE.weights)


@pytest.fixture
def settings_of(monkeypatch, capsys):
    """The settings with which a command line would paint."""

    def begin(*inputs, **more):
        raise Reached(inputs[-1])

    monkeypatch.setattr(commands, "Stylization", begin)
    monkeypatch.setattr(clip_run, "VideoRun", begin)

    def call(*arguments):
        with pytest.raises(Reached) as caught:
            stylekit(capsys, *arguments)
        return caught.value.args[0]

    return call


def test_every_setting_comes_through(settings_of):
    assert settings_of(*IMAGE, "--preset", "old.png") == PICTURE
    assert settings_of(*IMAGE, "--preset", "old.png.json") == PICTURE
    assert settings_of(*VIDEO, "--preset", "old.mp4") == CLIP


def test_a_clip_gives_a_picture_its_part_and_the_reverse(settings_of):
    assert settings_of(*IMAGE, "--preset", "old.mp4") == PICTURE
    assert settings_of(*VIDEO, "--preset", "old.png") == VideoSettings(image=PICTURE)


@pytest.mark.parametrize(
    ("options", "changes"),
    [
        # Each of these is the default, but not what the preset has.
        (["--size=384", "--steps=50"], {"size": 384, "steps": 50}),
        (["--optimizer=lbfgs"], {"optimizer": OptimizerMethod.LBFGS}),
        (["--pooling=average"], {"pooling": "average"}),
        (["--init=content", "--seed=0"], {"init": Init.CONTENT, "seed": 0}),
        (["--colors=style"], {"colors": Colors.STYLE}),
        (["--layer-weights=1,1"], {"style_layer_weights": (1.0, 1.0)}),
        (["--keep-colors"], {"colors": Colors.LUMINANCE}),
        (
            ["--beta=1e4", "--tv=0"],
            {"weights": dataclasses.replace(PICTURE.weights, beta=1e4, tv=0.0)},
        ),
        (
            ["--strength=2"],
            {"weights": dataclasses.replace(PICTURE.weights, beta=6e3, edges=0.25)},
        ),
        (
            ["--beta=1e4", "--strength=2"],
            {"weights": dataclasses.replace(PICTURE.weights, beta=2e4, edges=0.25)},
        ),
    ],
)
def test_what_is_given_wins_wherever_it_stands(settings_of, options, changes):
    expected = dataclasses.replace(PICTURE, **changes)
    assert settings_of(*IMAGE, "--preset", "old.png", *options) == expected
    assert settings_of(*IMAGE, *options, "--preset", "old.png") == expected


def test_the_options_of_clips_win_too(settings_of):
    given = ["--frame-steps=22", "--flow=dis", "--mask=paper", "--no-independent", "--gamma=400"]
    weights = dataclasses.replace(PICTURE.weights, gamma=400.0)
    assert settings_of(*VIDEO, "--preset", "old.mp4", *given) == dataclasses.replace(
        CLIP,
        image=dataclasses.replace(PICTURE, weights=weights),
        frame_steps=22,
        flow="dis",
        mask="paper",
        independent=False,
    )


def test_layer_weights_that_a_panel_moved_come_through_and_can_be_overruled(settings_of):
    write("moved.png", PICTURE, dataclasses.replace(PICTURE.weights, layers=(0.25, 2.0)))
    found = settings_of(*IMAGE, "--preset", "moved.png")
    assert (found.style_layer_weights, found.weights.layers) == ((0.25, 2.0), ())
    found = settings_of(*IMAGE, "--preset", "moved.png", "--layer-weights=1,0.5")
    assert (found.style_layer_weights, found.weights.layers) == ((1.0, 0.5), ())


@pytest.mark.parametrize("call", [IMAGE, VIDEO], ids=["image", "video"])
def test_a_bad_preset_is_refused_in_one_line(capsys, call):
    Path("cut.png.json").write_text("{")
    Path("cut.png").write_bytes(b"picture")
    for name, start in (
        ("none.png", "none.png: there is no such file"),
        ("cut.png", "cut.png.json: is not"),
    ):
        outcome = stylekit(capsys, *call, "--preset", name)
        assert outcome.code == 2
        assert outcome.complaint.startswith(start)


@pytest.mark.slow
def test_a_picture_is_painted_again_from_its_own_sidecar(capsys, monkeypatch):
    make_shallow(monkeypatch)
    share_objectives(monkeypatch)
    call = ["image", "chelsea", "glass", "--json"]
    options = ["--size=48", "--steps=3", "--backbone=vgg16", "--strength=0.5", "--colors=content"]
    assert stylekit(capsys, *call, *options, "-o", "first.png").code == 0
    assert stylekit(capsys, *call, "--preset", "first.png", "-o", "again.png").code == 0
    first, again = (json.loads(sidecar_path(n).read_text()) for n in ("first.png", "again.png"))
    assert first.pop("output") != again.pop("output")
    assert first == again
    assert Path("first.png").read_bytes() == Path("again.png").read_bytes()
