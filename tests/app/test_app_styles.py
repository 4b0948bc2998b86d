"""Several styles, regions and kept parts of the command line: the sidecars and the refusals."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest
from shallow import make_shallow
from short_runs import share_objectives, stylekit

from stylekit.arrays import to_bytes
from stylekit.explain.stored_run import open_run
from stylekit.media.images import load_image, save_image
from stylekit.settings import ImageSettings

SMALL = ["--size", "32", "--steps", "2", "--scales", "1", "--backbone", "vgg16", "--json"]
BLEND = ["image", "chelsea", "swirls", "glass", "-o", "out.png", *SMALL]
CLIP_BLEND = ["video", "drift", "swirls", "glass", "-o", "out.mp4", *SMALL]


@pytest.fixture(autouse=True)
def surroundings(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    make_shallow(monkeypatch)
    share_objectives(monkeypatch)


def write_mask(name: str, values: np.ndarray) -> str:
    save_image(np.repeat(values[..., np.newaxis], 3, axis=2), name, provenance=None)
    return name


@pytest.fixture
def masks() -> dict[str, str]:
    """Masks by name, 45×30 in the proportions of chelsea, and some that do not serve."""
    left = np.zeros((30, 45), np.float32)
    left[:, :20] = 1
    found = {"left": left, "right": 1 - left, "black": 0 * left, "white": 0 * left + 1}
    found["square"] = left[:, :30]
    return {name: write_mask(f"{name}.png", values) for name, values in found.items()}


@pytest.fixture
def frame_masks(masks) -> dict[str, str]:
    """The same in the proportions of drift, 4:3."""
    left = np.zeros((30, 40), np.float32)
    left[:, :20] = 1
    found = {"left": left, "right": 1 - left, "black": 0 * left, "white": 0 * left + 1}
    return masks | {name: write_mask(f"{name}.png", values) for name, values in found.items()}


def sidecar() -> dict:
    return json.loads(Path("out.png.json").read_text("utf-8"))


@pytest.mark.slow
def test_the_sidecar_lists_styles_weights_and_masks(capsys, masks):
    made = stylekit(
        capsys,
        *[*BLEND, "--style-weights", "2,1", "--keep", masks["right"]],
        *["--regions", masks["left"], masks["white"]],
    )
    assert made.code == 0, made.err
    found = sidecar()
    assert "style" not in found
    assert [style["name"] for style in found["styles"]] == ["swirls.jpg", "glass.jpg"]
    assert found["style_weights"] == [2.0, 1.0]
    assert [mask["name"] for mask in found["regions"]] == ["left.png", "white.png"]
    digest = hashlib.sha256(Path("right.png").read_bytes()).hexdigest()
    assert found["keep"] == {"name": "right.png", "sha256": digest}
    content = load_image(Path("right.png"), size=32)[..., 0] == 1
    plain = stylekit(capsys, "image", "chelsea", "swirls", "-o", "plain.png", *SMALL)
    assert plain.code == 0
    kept, free = load_image("out.png"), load_image("plain.png")
    assert np.abs(kept - free)[content].mean() > 0.02
    # It says so too where people look.
    assert b"swirls.jpg" in Path("out.png").read_bytes()
    assert b"glass.jpg" in Path("out.png").read_bytes()


@pytest.mark.slow
def test_the_sidecar_of_a_clip_and_its_run_name_all_files(capsys, frame_masks):
    made = stylekit(
        capsys,
        *[*CLIP_BLEND, "--frames", "2", "--frame-steps", "1", "--style-weights", "2,1"],
        *["--keep", frame_masks["right"], "--regions", frame_masks["left"], frame_masks["white"]],
    )
    assert made.code == 0, made.err
    found = json.loads(Path("out.mp4.json").read_text("utf-8"))
    assert "style" not in found
    assert [style["name"] for style in found["styles"]] == ["swirls.jpg", "glass.jpg"]
    assert found["style_weights"] == [2.0, 1.0]
    assert [mask["name"] for mask in found["regions"]] == ["left.png", "white.png"]
    assert found["keep"]["name"] == "right.png"
    # The folder alone is enough to open the run again.
    opened = open_run(made.json["run"])
    assert len(opened.guidance.styles) == len(opened.guidance.regions) == 2
    kept = opened.guidance.kept((32, 24)) == 1
    assert kept.any()
    for index in range(2):
        np.testing.assert_array_equal(opened.image(index)[kept], opened.clip[index][kept])


@pytest.mark.slow
def test_a_coloured_mask_counts_by_its_luminance_and_is_mentioned(capsys, caplog, masks):
    red = np.zeros((30, 45, 3), np.float32)
    red[:, :20] = (1, 0, 0)
    save_image(red, "red.png", provenance=None)
    made = stylekit(
        capsys, "image", "chelsea", "swirls", "-o", "out.png", "--keep", "red.png", *SMALL
    )
    assert made.code == 0
    assert "red.png: has colours; as a mask only its luminance counts" in caplog.text
    assert sidecar()["style"]["name"] == "swirls.jpg"
    assert to_bytes(load_image("out.png")).std() > 0


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--style-weights", "1"], "--style-weights: give one number for each of the 2 styles"),
        (["--style-weights", "0,0"], "--style-weights: are all 0"),
        (["--style-weights", "1,x"], "--style-weights: must be numbers with commas"),
        (["--regions", "left"], "--regions: give one mask for each of the 2 styles, not 1"),
        (["--regions", "left", "black"], "black.png: is black everywhere"),
        (["--regions", "left", "square"], "square.png: has 30×30 pixels, other proportions"),
        (["--keep", "white"], "white.png: is white everywhere"),
        (["--keep", "nowhere"], "nowhere: there is no such file"),
        (["--keep", "left", "--style-loss", "sliced"], "--style-loss: sliced counts every part"),
    ],
)
@pytest.mark.parametrize("call", [BLEND, CLIP_BLEND])
def test_what_cannot_be_meant_is_refused_before_any_work(
    capsys, call, options, words, monkeypatch, request
):
    monkeypatch.setattr("stylekit.app.run.Stylization", None)
    monkeypatch.setattr("stylekit.app.clip_run.VideoRun", None)
    masks = request.getfixturevalue("masks" if call is BLEND else "frame_masks")
    refused = stylekit(capsys, *call, *(masks.get(word, word) for word in options))
    assert refused.code != 0
    assert refused.complaint.startswith(words)
    assert not list(Path().glob("out.*"))


@pytest.mark.parametrize(
    ("options", "name"),
    [(["--beta", "0"], "--beta"), (["--layer-weights", "0"], "--layer-weights")],
)
def test_that_no_style_is_asked_for_is_said(options, name, capsys, caplog):
    layers = len(ImageSettings().style_layers)
    options = [options[0], ",".join([options[1]] * (layers if "layer" in name else 1))]
    call = ["image", "chelsea", "swirls", "-o", "out.png", *SMALL]
    assert stylekit(capsys, *call, *options).code == 0
    words = f"{name}: is 0, so that nothing of the style is painted; give a larger one"
    assert caplog.messages.count(words) == 1
    assert stylekit(capsys, *call, "--overwrite").code == 0
    assert caplog.messages.count(words) == 1
