"""A painting whose weights moved is repeated from its sidecar, byte for byte."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from shallow import SHALLOW, make_shallow
from short_runs import share_objectives, stylekit

from stylekit import load_weight_schedule
from stylekit.errors import MediaError
from stylekit.image.stylization import Stylization
from stylekit.media.clips import read_clip
from stylekit.media.images import load_image
from stylekit.samples import MaterialKind, find_material
from stylekit.settings import (
    ImageSettings,
    VideoSettings,
    WeightChange,
    Weights,
    WeightSchedule,
)
from stylekit.video.results import finish_clip, finish_image
from stylekit.video.run import VideoRun

pytestmark = pytest.mark.slow

PHOTOGRAPH = find_material("chelsea", MaterialKind.PHOTOGRAPH)
STYLE = find_material("glass", MaterialKind.STYLE)
CLIP = find_material("drift", MaterialKind.CLIP)
FRAMES = 3
# Of a panel, whose sliders for layers are among them.
MOVED = (
    Weights(beta=1e3),
    Weights(beta=3e5),
    Weights(beta=3e5, layers=(1.0, 0.5)),
    Weights(alpha=0.0, beta=1e4, tv=0.5),
)
IMAGE = ImageSettings(size=48, steps=9, scales=2, backbone="vgg16", **SHALLOW)


@pytest.fixture(autouse=True)
def surroundings(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    make_shallow(monkeypatch)
    share_objectives(monkeypatch)


def panel(every: int) -> Callable[[], Weights]:
    """Weights that move after every so many times that they are asked for."""

    def moves() -> Iterator[Weights]:
        for weights in MOVED:
            yield from [weights] * every
        while True:
            yield MOVED[-1]

    return moves().__next__


def record(name: str) -> dict:
    return json.loads(Path(f"{name}.json").read_text())


def told_alike(first: str, again: str) -> bool:
    """Whether two sidecars say the same, but for the names, and the weights before they moved."""
    told = [record(first), record(again)]
    for sidecar in told:
        sidecar.pop("output")
        settings = sidecar["settings"]
        settings.get("image", settings).pop("weights")
    return told[0] == told[1]


def paint_picture(settings: ImageSettings, weights, name: str = "first.png") -> Stylization:
    painting = Stylization(load_image(PHOTOGRAPH), load_image(STYLE), settings)
    for _ in painting.steps(weights=weights):
        pass
    last = painting.weight_schedule.last
    finish_image(painting, Path(name), content=PHOTOGRAPH, style=STYLE, weights=last, seconds=0.0)
    return painting


def test_a_picture_is_repeated_with_the_weights_of_each_step(capsys):
    layers = ("block1_conv1", "block2_conv1")
    settings = dataclasses.replace(IMAGE, style_layers=layers, style_layer_weights=(2.0, 1.0))
    paint_picture(settings, panel(2))
    changes = record("first.png")["weight_changes"]
    assert [change["step"] for change in changes] == [0, 2, 4, 6]
    assert [Weights.from_json(change["weights"]) for change in changes] == list(MOVED)
    call = ["image", "chelsea", "glass", "--preset", "first.png", "--json"]
    assert stylekit(capsys, *call, "-o", "again.png").code == 0
    assert Path("again.png").read_bytes() == Path("first.png").read_bytes()
    assert told_alike("first.png", "again.png")
    # In Python, too.
    paint_picture(settings, load_weight_schedule("first.png"), "python.png")
    assert Path("python.png").read_bytes() == Path("first.png").read_bytes()
    # The last weights alone give another picture.
    paint_picture(settings, MOVED[-1], "last.png")
    assert Path("last.png").read_bytes() != Path("first.png").read_bytes()


def test_options_beside_the_preset_hold_for_all_steps(capsys):
    paint_picture(IMAGE, panel(2))
    call = ["image", "chelsea", "glass", "--preset", "first.png", "--json"]
    # As large as that of the last step: given is given.
    assert stylekit(capsys, *call, "-o", "a.png", "--beta", "1e4").code == 0
    told = [change["weights"] for change in record("a.png")["weight_changes"]]
    assert {weights["beta"] for weights in told} == {1e4}
    assert [weights["alpha"] for weights in told] == [1.0, 1.0, 0.0]
    assert stylekit(capsys, *call, "-o", "b.png", "--strength", "2").code == 0
    told = [change["weights"] for change in record("b.png")["weight_changes"]]
    assert [weights["beta"] for weights in told] == [2e3, 6e5, 6e5, 2e4]
    assert stylekit(capsys, *call, "-o", "c.png", "--layer-weights", "1,3").code == 0
    told = [change["weights"] for change in record("c.png")["weight_changes"]]
    assert not any("layers" in weights for weights in told)


@pytest.mark.parametrize("passes", [1, 2])
def test_a_clip_is_repeated_with_the_weights_of_each_step(capsys, passes):
    settings = VideoSettings(image=IMAGE, frame_steps=4, passes=passes)
    clip = read_clip(CLIP, size=48, frames=FRAMES)
    run = VideoRun(clip, load_image(STYLE), "first.run", settings)
    for _ in run.frames(panel(9)):
        pass
    finish_clip(run, clip, Path("first.mp4"), style=STYLE, seconds=0.0)
    changes = record("first.mp4")["weight_changes"]
    assert len(changes) == len(MOVED)
    assert len({change["frame"] for change in changes}) > 1, "they moved in several frames"
    assert any(change["step"] for change in changes), "and within a frame"

    call = ["video", "drift", "glass", "--frames", FRAMES, "--json"]
    outcome = stylekit(capsys, *call, "--preset", "first.mp4", "-o", "again.mp4")
    assert outcome.code == 0
    assert Path("again.mp4").read_bytes() == Path("first.mp4").read_bytes()
    assert told_alike("first.mp4", "again.mp4")
    # With the last weights alone it is another clip, and has a run of its own.
    bare = [
        f"--{name}={value:g}" for name, value in MOVED[-1].to_json().items() if name != "layers"
    ]
    other = stylekit(capsys, *call, "--preset", "first.mp4", *bare, "-o", "again.mp4")
    assert (other.code, other.complaint[:27]) == (2, "again.mp4: is there already")


def test_a_resumed_clip_has_the_weights_of_all_its_frames():
    settings = VideoSettings(image=IMAGE, frame_steps=2)
    clip = read_clip(CLIP, size=48, frames=2)
    for weights in MOVED[:2]:
        run = VideoRun(clip, load_image(STYLE), "run", settings)
        for frame in run.frames(weights):
            if not frame.resumed:
                break
    assert run.weight_schedule == WeightSchedule.of(
        [
            WeightChange(weights=weights, frame_index=index)
            for index, weights in enumerate(MOVED[:2])
        ]
    )


def test_a_sidecar_of_before_has_the_weights_of_its_last_step():
    paint_picture(IMAGE, MOVED[0])
    told = record("first.png")
    del told["weight_changes"]
    Path("first.png.json").write_text(json.dumps(told))
    assert load_weight_schedule("first.png").changes == (WeightChange(weights=MOVED[0]),)


@pytest.mark.parametrize(
    "damage",
    [
        {},
        [],
        [{"step": -1}],
        [{"step": 1.5}],
        [{"steps": 1}],
        [{"weights": {"beta": -1}}],
        [{"weights": {"layers": [1, 2, 3]}}],
        [{"step": 0, "pass": 0}],
        "none",
    ],
)
def test_damaged_weights_of_steps_are_told_in_one_line(capsys, damage):
    told = {
        "made_with": "stylekit",
        "version": "0.8.0",
        "settings": IMAGE.to_json(),
        "weights": MOVED[0].to_json(),
        "weight_changes": damage,
    }
    Path("a.png.json").write_text(json.dumps(told))
    with pytest.raises(MediaError, match=r"^a.png.json: the setting "):
        load_weight_schedule("a.png.json")
    outcome = stylekit(capsys, "image", "chelsea", "glass", "-o", "b.png", "--preset", "a.png.json")
    assert outcome.code == 2
    assert outcome.complaint.startswith("a.png.json: the setting ")
