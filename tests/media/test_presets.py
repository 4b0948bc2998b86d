"""The settings of an earlier result are read from its sidecar, or refused in one line."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest

from stylekit import __version__
from stylekit.errors import MediaError
from stylekit.media.presets import load_preset
from stylekit.media.provenance import Provenance, SourceFile, write_sidecar
from stylekit.settings import Colors, ImageSettings, Init, Start, VideoSettings, Weights

PICTURE = ImageSettings(
    size=96,
    colors=Colors.CONTENT,
    style_scale=0.7,
    style_layers=("block1_conv1", "block2_conv1"),
    style_layer_weights=(1.0, 0.5),
    margin=3,
    tolerance=0.02,
    init=Init.NOISE,
    seed=4,
)
CLIP = VideoSettings(image=PICTURE, frame_steps=5, start=Start.PREVIOUS, dilate=2, flow="farneback")
LAST = Weights(beta=3e3, gamma=7.0, layers=(0.25, 1.0))


def sidecar(path: Path, settings: ImageSettings | VideoSettings) -> Path:
    source = SourceFile(name="a.jpg", sha256="0" * 64)
    provenance = Provenance(
        settings=settings.to_json(), weights=LAST, backbone="vgg16", content=source, style=source
    )
    return write_sidecar(path, provenance)


def test_all_settings_come_back_with_the_weights_of_the_last_step(tmp_path: Path) -> None:
    """From the sidecar, and from the result beside it."""
    painted = dataclasses.replace(PICTURE, weights=LAST)
    for result, settings, expected in (
        (tmp_path / "cat.png", PICTURE, painted),
        (tmp_path / "cat.mp4", CLIP, dataclasses.replace(CLIP, image=painted)),
    ):
        assert load_preset(sidecar(result, settings)) == load_preset(str(result)) == expected


def test_a_file_of_version_0_1_is_read_as_its_settings_are(tmp_path: Path) -> None:
    """Which know from `keep_colors` what the weights that it lacks were then."""
    path = sidecar(tmp_path / "old.png", ImageSettings())
    record = json.loads(path.read_text())
    old = record["settings"]
    for name in ("colors", "style_scale", "margin", "scales"):
        old.pop(name)
    old |= {"keep_colors": True, "scales": 1}
    weights = {"alpha": 1.0, "beta": 5e3, "gamma": 4e2, "tv": 0.0}
    path.write_text(json.dumps(record | {"version": "0.1.0", "weights": weights}))
    found = load_preset(path)
    assert found == ImageSettings.from_json(old | {"weights": weights})
    assert isinstance(found, ImageSettings)
    assert (found.colors, found.scales, found.weights.beta) == (Colors.LUMINANCE, 1, 5e3)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"made_with": "other"}, "is not a sidecar of stylekit; give"),
        ({"settings": [1]}, "is not a sidecar of stylekit; give"),
        ({"version": None}, "does not say which version wrote it"),
        ({"version": "99.0.0"}, f"was written by stylekit 99.0.0, and this is {__version__}; up"),
        ({"weights": None}, "the setting weights: must be a JSON object"),
        ({"weights": {"beta": float("nan")}}, "the setting beta: must be a number"),
        ({"settings": {"size": 3}}, "the setting size: must be a whole number from 32 to 4096"),
        ({"settings": {"colours": 3}}, "the setting colours: unknown setting"),
        ({"settings": {"init": [[]]}}, "the setting init: must be one of content, noise"),
        ({"settings": {"image": 3}}, "the setting image: must be a JSON object"),
        (
            {"settings": {"image": PICTURE.to_json(), "dilate": 99}},
            "the setting dilate: must be a whole number",
        ),
    ],
)
def test_what_is_no_preset_is_refused(tmp_path: Path, changes: dict[str, Any], words: str) -> None:
    path = sidecar(tmp_path / "cat.png", PICTURE)
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))
    with pytest.raises(MediaError) as caught:
        load_preset(tmp_path / "cat.png")
    assert str(caught.value).startswith(f"cat.png.json: {words}")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("none.png", "none.png: there is no such file"),
        ("none.json", "none.json: there is no such file"),
        ("bare.png", "bare.png: needs its sidecar bare.png.json beside it: there is no such file"),
        ("cut.json", "cut.json: is not readable JSON"),
        ("deep.json", "deep.json: is not readable JSON"),
        ("bytes.json", "bytes.json: is not readable JSON"),
        ("list.json", "list.json: is not a sidecar of stylekit"),
        ("", ".: is a folder"),
    ],
)
def test_files_that_are_missing_or_damaged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("bare.png").write_bytes(b"picture")
    Path("cut.json").write_text('{"made_with": "style')
    Path("deep.json").write_text("[" * 200_000)
    Path("bytes.json").write_bytes(b"\xff\xfe")
    Path("list.json").write_text("[1]")
    with pytest.raises(MediaError) as caught:
        load_preset(name)
    assert str(caught.value).startswith(message)
    assert "\n" not in str(caught.value)


def test_a_mark_of_the_encoding_at_the_beginning_does_no_harm(tmp_path: Path) -> None:
    path = sidecar(tmp_path / "a.png", PICTURE)
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert load_preset(path) == dataclasses.replace(PICTURE, weights=LAST)
