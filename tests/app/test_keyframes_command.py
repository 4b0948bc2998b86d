"""`stylekit keyframes` from the call to the files and the JSON."""

from __future__ import annotations

import json

import numpy as np
import pytest
from shallow import make_shallow
from short_runs import SIZE, built_in_clip, share_objectives, stylekit

from stylekit.media.clips import read_clip
from stylekit.media.images import load_image, save_image

pytestmark = pytest.mark.slow

FEW = ["--frames", 4, "--size", SIZE, "--iterations", 1, "--sweeps", 1, "--json"]


@pytest.fixture(autouse=True)
def surroundings(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    make_shallow(monkeypatch)
    share_objectives(monkeypatch)


@pytest.fixture
def painted(tmp_path):
    """Frame 0 of the clip, painted over, at twice its size."""
    frame = built_in_clip("drift", 1, size=2 * SIZE)[0]
    image = np.ascontiguousarray(1 - frame)
    image[10:16, 20:70] = [0.9, 0.1, 0.1]
    save_image(image, tmp_path / "painted.png", provenance=None)
    return "painted.png"


def keyframes(capsys, *options):
    return stylekit(capsys, "keyframes", "drift", *options)


def test_a_clip_is_painted_from_one_frame_and_says_so(capsys, painted, tmp_path):
    called = keyframes(capsys, "--key", f"0={painted}", "-o", "out.mp4", *FEW)
    assert called.code == 0, called.err
    told = called.json
    assert (told["frames"], told["keys"], told["method"]) == (4, [0], "patch")
    assert told["complete"] is True
    assert len(read_clip(tmp_path / "out.mp4")) == 4
    sidecar = json.loads((tmp_path / "out.mp4.json").read_text())
    (key,) = sidecar["keyframes"]
    assert (key["frame"], key["painting"]["name"]) == (0, painted)
    # A painting by hand and patches: no trained network has a part in it.
    assert "backbone" not in sidecar and "TrainedAlgorithmic" not in json.dumps(sidecar)
    again = keyframes(capsys, "--key", f"0={painted}", "-o", "out.mp4", *FEW)
    assert again.code == 0 and again.json["warping_error"] == told["warping_error"]


def test_a_style_is_painted_first(capsys, tmp_path):
    steps = ["--steps", 3, "--backbone", "vgg16"]
    called = keyframes(capsys, "--key", "0=glass", "-o", "out.mp4", *FEW, *steps)
    assert called.code == 0, called.err
    sidecar = json.loads((tmp_path / "out.mp4.json").read_text())
    assert sidecar["keyframes"][0]["style"]["name"] == "glass.jpg"
    assert "vgg16" in sidecar["backbone"] and sidecar["weights"]["beta"] == 1e4


def test_the_network_paints_too(capsys, painted):
    short = ["--method", "network", "--train-steps", 2]
    called = keyframes(capsys, "--key", f"0={painted}", "-o", "out.mp4", *FEW, *short)
    assert called.code == 0, called.err
    assert (called.json["method"], called.json["trained"]) == ("network", 2)


def test_a_frame_is_written_to_be_painted_over(capsys, tmp_path):
    called = keyframes(capsys, "--write-frame", "2=frame.png", "--size", SIZE)
    assert called.code == 0 and "--key 2=" in called.out
    np.testing.assert_allclose(
        load_image(tmp_path / "frame.png"), built_in_clip("drift", 3)[2], atol=1 / 255
    )
    assert keyframes(capsys, "--write-frame", "2=frame.png").code == 2


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ([], "--key: is missing"),
        (["--key", "painted.png"], "--key: must be the number of a frame"),
        (["--key", "x=painted.png"], "--key: must be the number of a frame"),
        (["--key", "4=painted.png"], "--key: the clip has frames 0 to 3, there is no frame 4"),
        (["--key", "0=painted.png", "--key", "0=glass"], "--key: frame 0 is given twice"),
        (["--key", "0=nothing.png"], "nothing.png: no such file"),
        (["--key", "0=tall.png"], "tall.png: has 40×60 pixels, the frames have"),
        (["--key", "0=painted.png", "--mask", "1=white.png"], "--mask: of frame 1 needs --key 1"),
        (["--key", "0=painted.png", "--mask", "0=tall.png"], "tall.png: has 40×60 pixels"),
        (["--key", "0=painted.png", "--mask", "0=black.png"], "black.png: is black"),
        (
            ["--key", "0=painted.png", "--shots", "2", "--method", "patch"],
            "--key: no frame of the shot from frame 2",
        ),
        (["--key", "0=painted.png", "--method", "warp"], "--method: invalid choice"),
        (["--key", "0=painted.png", "-o", "painted.png"], "painted.png: "),
    ],
)
def test_what_does_not_fit_is_refused_in_one_line(capsys, painted, tmp_path, options, words):
    save_image(np.full((60, 40, 3), 0.5, np.float32), tmp_path / "tall.png", provenance=None)
    for name, value in (("white", 1), ("black", 0)):
        mask = np.full_like(built_in_clip("drift", 1)[0], value)
        save_image(mask, tmp_path / f"{name}.png", provenance=None)
    output = [] if "-o" in options else ["-o", "out.mp4"]
    called = keyframes(capsys, *options, *output, *FEW)
    assert called.code == 2
    assert called.complaint.startswith(words)
    assert not list(tmp_path.glob("out*"))


def test_a_wrong_shape_says_how_to_give_a_style(capsys, tmp_path):
    save_image(np.full((60, 40, 3), 0.5, np.float32), tmp_path / "tall.png", provenance=None)
    called = keyframes(capsys, "--key", "0=tall.png", "-o", "out.mp4", *FEW)
    assert called.complaint.endswith("write --key 0=style:tall.png")


def test_a_result_is_no_preset(capsys, painted):
    keyframes(capsys, "--key", f"0={painted}", "-o", "out.mp4", *FEW)
    called = stylekit(capsys, "video", "drift", "glass", "-o", "b.mp4", "--preset", "out.mp4")
    assert called.code == 2 and "painted from keyframes" in called.complaint
