"""The command line: its options, its help, and its error messages."""

from __future__ import annotations

import dataclasses
import subprocess
import sys

import numpy as np
import PIL.Image
import pytest
from short_runs import stylekit

from stylekit import __version__
from stylekit.app import batch, clip_run
from stylekit.app import run as commands
from stylekit.motion.flow import FlowMethod
from stylekit.motion.masks import MaskMethod
from stylekit.samples import MaterialKind, find_material
from stylekit.settings import (
    Colors,
    ImageSettings,
    Init,
    OptimizerMethod,
    VideoSettings,
    Weights,
    name_of,
)
from stylekit.vgg import runtime
from stylekit.vgg.features import Pooling

IMAGE = ["image", "chelsea", "glass", "-o", "out.png"]
VIDEO = ["video", "drift", "glass", "-o", "out.mp4"]


@pytest.fixture(autouse=True)
def surroundings(tmp_path, monkeypatch):
    """A folder with files and a folder that could be mistaken for a picture or a clip."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder.png").mkdir()
    (tmp_path / "text.mp4").write_text("not a clip\n")
    (tmp_path / "page.jpg").write_text("<!doctype html><html></html>")
    (tmp_path / "empty.png").touch()
    PIL.Image.new("RGB", (40, 30), "red").save(tmp_path / "red.png")
    PIL.Image.new("RGB", (40, 30), "red").save(tmp_path / "red.gif")
    (tmp_path / "picture.mp4").write_bytes((tmp_path / "red.png").read_bytes())
    clip = find_material("drift", MaterialKind.CLIP)
    (tmp_path / "clip.mp4").write_bytes(clip.read_bytes())


# --- refusing -------------------------------------------------------------------------------------

NOT_A_NUMBER = ["nan", "inf", "-inf", "-1", "many", ""]
NOT_A_COUNT = ["0", "-1", "1.5", "nan", "many"]

WRONG_CALLS = [
    # arguments, what the line starts with, what it says
    (["image", "nope.jpg", "glass", "-o", "out.png"], "nope.jpg", "no such file"),
    (["image", "chelsae", "glass", "-o", "out.png"], "chelsae", "neither a file nor built in"),
    (["image", "", "glass", "-o", "out.png"], "(no name)", "neither a file nor built in"),
    (["image", "two\nlines", "glass", "-o", "out.png"], "two lines", "neither"),
    (["image", "page.jpg", "glass", "-o", "out.png"], "page.jpg", "web page"),
    (["image", "empty.png", "glass", "-o", "out.png"], "empty.png", "empty"),
    (["image", "folder.png", "glass", "-o", "out.png"], "folder.png", "folder"),
    (["image", "chelsea", "glas", "-o", "out.png"], "glas", "there are"),
    (["image", "chelsea", "drift", "-o", "out.png"], "drift", "neither a file nor built in"),
    (["image", "chelsea", "page.jpg", "-o", "out.png"], "page.jpg", "web page"),
    (["image", "chelsea", "glass", "-o", "out.gif"], "out.gif", ".png"),
    (["image", "chelsea", "glass", "-o", "out"], "out", "a name without an ending"),
    (["image", "chelsea", "glass", "-o", "nowhere/out.png"], "out.png", "no folder nowhere"),
    (["image", "chelsea", "glass", "-o", "folder.png"], "folder.png", "is a folder"),
    (["image", "https://a.org/b.jpg", "glass", "-o", "a.png"], "b.jpg", "is an address"),
    (["image", "chelsea", "https://a.org/b.jpg", "-o", "a.png"], "b.jpg", "is an address"),
    (["image", "frames/%04d.png", "glass", "-o", "a.png"], "%04d.png", "stylekit video"),
    (["image", "folder.png", "glass", "-o", "a.png"], "folder.png", "stylekit video"),
    (["image", "chelsea", "folder.png", "-o", "a.png"], "folder.png", "is a folder"),
    (["video", "https://a.org/b.mp4", "glass", "-o", "a.mp4"], "b.mp4", "is an address"),
    (["image", "chelsea", "glass", "--keep", "folder.png", "-o", "a.png"], "folder.png", "file in"),
    (["image", "red.png", "glass", "-o", "red.png"], "red.png", "one of the inputs"),
    (["image", "chelsea", "red.png", "-o", "./red.png"], "red.png", "one of the inputs"),
    ([*IMAGE, "--timelapse", "out.avi"], "out.avi", "use one of .mp4, .mov, .gif"),
    ([*IMAGE, "--timelapse", "nowhere/out.gif"], "out.gif", "no folder nowhere"),
    ([*IMAGE, "--timelapse", "out.png"], "out.png", "use one of .mp4, .mov, .gif"),
    (["image", "red.gif", "glass", "-o", "o.png", "--timelapse", "red.gif"], "red.gif", "inputs"),
    ([*IMAGE, "--init", "red.gif", "--timelapse", "red.gif"], "red.gif", "one of the inputs"),
    ([*VIDEO, "--timelapse", "out.gif"], "--timelapse", "unknown"),
    ([*IMAGE, "--init", "garbage"], "--init", "content, noise or the path"),
    ([*IMAGE, "--init", "page.jpg"], "page.jpg", "web page"),
    ([*IMAGE, "--backbone", "none.h5"], "none.h5", "no such weight file"),
    ([*IMAGE, "--backbone", "red.png"], "red.png", "not an HDF5 file"),
    ([*IMAGE, "--optimizer", "sgd"], "--optimizer", "invalid choice"),
    ([*IMAGE, "--pooling", "sum"], "--pooling", "invalid choice"),
    ([*IMAGE, "--stpes", "3"], "--stpes", "unknown"),
    ([*IMAGE, "--step", "3"], "--step", "unknown"),
    ([*IMAGE, "--gamma", "3"], "--gamma", "unknown"),
    ([*IMAGE, "third"], "third", "unknown"),
    ([*IMAGE, ""], "''", "unknown"),
    ([*IMAGE, "--json=yes"], "--json", "ignored"),
    ([*IMAGE, "--seed"], "--seed", "expected one argument"),
    (["image", "chelsea", "glass"], "--output", "is missing"),
    (["image", "chelsea"], "STYLE", "is missing"),
    (["image"], "CONTENT", "is missing"),
    ([], "COMMAND", "is missing"),
    (["paint"], "COMMAND", "invalid choice"),
    (["video", "nope.mp4", "glass", "-o", "out.mp4"], "nope.mp4", "no such file"),
    (["video", "drfit", "glass", "-o", "out.mp4"], "drfit", "there are approach"),
    (["video", "text.mp4", "glass", "-o", "out.mp4"], "text.mp4", ""),
    (["video", "picture.mp4", "glass", "-o", "out.mp4"], "picture.mp4", ""),
    (["video", "drift", "drift", "-o", "out.mp4"], "drift", "neither a file nor built in"),
    (["video", "drift", "clip.mp4", "-o", "out.mp4"], "clip.mp4", ""),
    (["video", "drift", "glass", "-o", "out.avi"], "out.avi", ".mp4"),
    (["video", "drift", "glass", "-o", "out.png"], "out.png", ".mp4"),
    (["video", "clip.mp4", "glass", "-o", "clip.mp4"], "clip.mp4", "one of the inputs"),
    (["video", "drift", "glass", "-o", "nowhere/out.mp4"], "out.mp4", "no folder nowhere"),
    ([*VIDEO, "--start", "99"], "drift.mp4", "past its end"),
    ([*VIDEO, "--flow", "deep"], "--flow", "must be dis, dis-fast"),
    (
        ["video", "clip.mp4", "glass", "-o", "out.mp4", "--flow", "exact"],
        "--flow",
        "built-in clips",
    ),
    ([*VIDEO, "--flow", "exact", "--size", "100"], "--flow", "multiple of 8; use dis"),
    ([*VIDEO, "--init", "red.png"], "--init", "must be content or noise"),
    ([*VIDEO, "--backbone", "none.h5"], "none.h5", "no such weight file"),
    (["video", "drift", "glass"], "--output", "is missing"),
    (["doctor", "now"], "now", "unknown"),
    (["demo", "--size", "3"], "--size", "unknown"),
    (["lab", "--port", "many"], "--port", "invalid int"),
    (["lab", "--port", "0"], "--port", "from 1 to 65535"),
    (["lab", "red.png", "--no-browser"], "red.png", "is a file; give a folder"),
    (["lab", "mine", "yours"], "yours", "unknown"),
    (["studio", "--port=65536"], "--port", "from 1 to 65535"),
    (["studio", "here"], "here", "unknown"),
]
WRONG_CALLS += [
    ([*call, f"--{option}={value}"], f"--{option}", "")
    for call, options in (
        (IMAGE, {"alpha": NOT_A_NUMBER, "beta": NOT_A_NUMBER, "tv": NOT_A_NUMBER}),
        (IMAGE, {"size": [*NOT_A_COUNT, "31", "4097"], "steps": NOT_A_COUNT}),
        (IMAGE, {"scales": [*NOT_A_COUNT, "7"], "seed": ["-1", "4294967296", "x"]}),
        (VIDEO, {"gamma": NOT_A_NUMBER, "start": NOT_A_NUMBER, "size": NOT_A_COUNT}),
        (VIDEO, {"frames": NOT_A_COUNT, "frame-steps": NOT_A_COUNT}),
    )
    for option, values in options.items()
    for value in values
]


@pytest.mark.parametrize(
    ("arguments", "name", "message"),
    WRONG_CALLS,
    ids=[" ".join(arguments).replace("\n", "|") for arguments, _, _ in WRONG_CALLS],
)
def test_a_wrong_call_is_told_in_one_line_before_tensorflow_is_loaded(
    arguments, name, message, capsys, monkeypatch, tmp_path
):
    monkeypatch.setattr(runtime, "load_tensorflow", lambda: pytest.fail("TensorFlow was loaded"))
    before = sorted(tmp_path.rglob("*"))
    outcome = stylekit(capsys, *arguments)
    assert outcome.code == 2
    assert outcome.out == ""
    assert outcome.complaint.startswith(f"{name}: ")
    assert message in outcome.complaint
    assert sorted(tmp_path.rglob("*")) == before, "something was written"


def test_neither_help_nor_a_wrong_call_costs_tensorflow(tmp_path):
    """In a process of its own, because this one has loaded everything already."""
    code = (
        "import sys\n"
        "from stylekit.app.cli import main\n"
        "try:\n    main(['video', '--help'])\nexcept SystemExit:\n    pass\n"
        "assert not {'cv2', 'h5py'} & sys.modules.keys()\n"
        f"assert main({['image', 'nope.jpg', 'glass', '-o', 'out.png']!r}) == 2\n"
        f"assert main({['video', 'text.mp4', 'glass', '-o', 'out.mp4']!r}) == 2\n"
        "heavy = {'tensorflow', 'keras', 'matplotlib', 'moviepy'} & sys.modules.keys()\n"
        "assert not heavy, heavy\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path, timeout=120
    )
    assert done.returncode == 0, done.stderr
    complaints = done.stderr.splitlines()
    assert [line.split(":")[0] for line in complaints] == ["nope.jpg", "text.mp4"]


def test_opencv_without_its_libraries_is_told_in_one_line(capsys, monkeypatch):
    def broken(options):
        raise ImportError("OpenCV cannot start; install libgl1", name="cv2")

    monkeypatch.setattr(batch, "image_command", broken)
    outcome = stylekit(capsys, *IMAGE)
    assert (outcome.code, outcome.complaint) == (2, "OpenCV cannot start; install libgl1")


def test_errors_of_our_own_are_not_hidden(capsys, monkeypatch):
    def broken(options):
        raise ImportError("no module named x", name="x")

    monkeypatch.setattr(batch, "image_command", broken)
    with pytest.raises(ImportError):
        stylekit(capsys, *IMAGE)


# --- teaching -------------------------------------------------------------------------------------


def help_of(capsys, *command) -> str:
    with pytest.raises(SystemExit) as caught:
        stylekit(capsys, *command, "--help")
    assert caught.value.code == 0
    return " ".join(capsys.readouterr().out.split())


def test_help_shows_every_command_and_examples(capsys):
    text = help_of(capsys)
    assert "examples: stylekit image chelsea swirls -o cat.png" in text
    for command in (
        "image",
        "video",
        "keyframes",
        "demo",
        "lab",
        "course",
        "gallery",
        "studio",
        "doctor",
    ):
        assert command in text


PAINTING = [
    "--size",
    "--steps",
    "--alpha",
    "--beta",
    "--tv",
    "--optimizer",
    "--backbone",
    "--pooling",
    "--init",
    "--seed",
]
CLIP = ["--start", "--frames", "--gamma", "--flow", "--run"]


@pytest.mark.parametrize(
    ("command", "options", "settings", "flags"),
    [
        ("image", PAINTING, ImageSettings(), ["--keep-colors", "--json"]),
        (
            "video",
            [*PAINTING, *CLIP, "--frame-steps"],
            VideoSettings().image,
            ["--keep-colors", "--independent", "--json"],
        ),
        ("demo", ["-o"], None, []),
        ("lab", ["FOLDER", "--port"], None, ["--no-browser"]),
        ("studio", ["--port"], None, ["--no-browser"]),
        ("doctor", [], None, ["--json"]),
    ],
)
def test_help_tells_every_default(command, options, settings, flags, capsys):
    text = help_of(capsys, command)
    told = text.count("(default: ")
    assert told >= len(options)
    for option in [*options, *flags]:
        assert option in text
    if settings is not None:
        for name in ("size", "steps", "scales"):
            assert f"(default: {getattr(settings, name)}" in text
        for value in (Weights().alpha, Weights().beta, Weights().tv):
            assert f"(default: {value:g})" in text
        for value in (settings.optimizer.value, name_of(settings.pooling), settings.init.value):
            assert f"(default: {value})" in text


def test_the_version_is_told(capsys):
    with pytest.raises(SystemExit) as caught:
        stylekit(capsys, "--version")
    assert caught.value.code == 0
    assert capsys.readouterr().out == f"stylekit {__version__}\n"


# --- options become settings ----------------------------------------------------------------------


class Reached(Exception):
    """Raised when the painting would begin."""


@pytest.fixture
def settings_of(monkeypatch, capsys):
    """The settings that result from a command line."""

    def begin(*inputs, **more):
        raise Reached(inputs[-1], more.get("init"))

    monkeypatch.setattr(commands, "Stylization", begin)
    monkeypatch.setattr(clip_run, "VideoRun", begin)

    def call(*arguments):
        with pytest.raises(Reached) as caught:
            stylekit(capsys, *arguments)
        return caught.value.args

    return call


def test_defaults_are_those_of_the_settings(settings_of):
    settings, init = settings_of(*IMAGE)
    assert (settings, init) == (ImageSettings(), None)
    assert settings_of(*VIDEO)[0] == VideoSettings()


def test_small_sources_keep_their_size_unless_they_are_tiny(settings_of):
    PIL.Image.new("RGB", (20, 18), "red").save("tiny.png")
    for content, size in (("red.png", 40), ("tiny.png", 32)):
        settings, _ = settings_of("image", content, "glass", "-o", "out.png")
        assert settings.size == size


@pytest.mark.parametrize(
    ("option", "expected"),
    [
        ("--size=64", {"size": 64}),
        ("--steps=7", {"steps": 7}),
        ("--scales=2", {"scales": 2}),
        ("--optimizer=adam", {"optimizer": OptimizerMethod.ADAM}),
        ("--pooling=max", {"pooling": Pooling.MAX}),
        ("--backbone=vgg16", {"backbone": "vgg16"}),
        ("--init=noise", {"init": Init.NOISE}),
        ("--keep-colors", {"colors": Colors.LUMINANCE}),
        ("--colors=content", {"colors": Colors.CONTENT}),
        ("--style-scale=0.5", {"style_scale": 0.5}),
        ("--layer-weights=1,0.5,0,2,1", {"style_layer_weights": (1.0, 0.5, 0.0, 2.0, 1.0)}),
        ("--strength=2", {"weights": Weights(beta=2e4, edges=0.3)}),
        ("--edges=3", {"weights": Weights(edges=3.0)}),
        ("--seed=5", {"seed": 5}),
        ("--alpha=0", {"weights": Weights(alpha=0.0)}),
        ("--beta=3e4", {"weights": Weights(beta=3e4)}),
        ("--tv=2.5", {"weights": Weights(tv=2.5)}),
    ],
)
def test_options_of_pictures_reach_both_commands(option, expected, settings_of):
    assert settings_of(*IMAGE, option)[0] == dataclasses.replace(ImageSettings(), **expected)
    image = dataclasses.replace(VideoSettings().image, **expected)
    assert settings_of(*VIDEO, option)[0] == VideoSettings(image=image)


@pytest.mark.parametrize(
    ("option", "expected"),
    [
        ("--frame-steps=7", {"frame_steps": 7}),
        ("--flow=dis-fast", {"flow": FlowMethod.DIS_FAST}),
        ("--flow=farneback", {"flow": FlowMethod.FARNEBACK}),
        ("--mask=robust", {"mask": MaskMethod.ROBUST}),
        ("--independent", {"independent": True}),
    ],
)
def test_options_of_clips_become_settings(option, expected, settings_of):
    assert settings_of(*VIDEO, option)[0] == dataclasses.replace(VideoSettings(), **expected)


def test_gamma_becomes_a_weight(settings_of):
    assert settings_of(*VIDEO, "--gamma=10")[0].image.weights == Weights(gamma=10.0)


def test_a_picture_may_start_from_a_picture(settings_of):
    settings, init = settings_of(*IMAGE, "--init", "red.png")
    assert settings == ImageSettings()
    assert init.shape == (30, 40, 3)


def test_a_style_that_is_enlarged_or_has_no_texture_is_warned_of(settings_of, caplog):
    def warnings():
        return [r.getMessage() for r in caplog.records if r.levelname == "WARNING"]

    PIL.Image.new("RGB", (40, 40), (9, 90, 200)).save("plain.png")
    settings_of("image", "chelsea", "plain.png", "-o", "out.png")
    assert warnings() == [
        "plain.png: has one colour and no texture, so that nothing but its colour can be painted; "
        "give a style with visible strokes"
    ]
    caplog.clear()
    noise = np.random.default_rng(0).integers(0, 255, (50, 60, 3), np.uint8)
    PIL.Image.fromarray(noise).save("small.png")
    settings_of("image", "chelsea", "small.png", "-o", "out.png", "--size", "100")
    assert warnings() == [
        "small.png: has 60 pixels and is enlarged to 100, which makes its strokes soft; "
        "give a larger picture, or --style-scale 0.6"
    ]
    caplog.clear()
    settings_of("image", "chelsea", "small.png", "-o", "out.png", "--size=100", "--style-scale=.6")
    settings_of("video", "drift", "glass", "-o", "out.mp4")
    assert warnings() == []
