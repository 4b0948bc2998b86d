"""Choices with several implementations: a row of a table, or a function of one's own, is enough."""

from __future__ import annotations

import dataclasses
import functools
import json
from enum import StrEnum

import numpy as np
import pytest
from short_runs import SETTINGS, built_in_clip, stylekit

from stylekit.errors import SettingsError
from stylekit.image.stylization import Stylization
from stylekit.motion.flow import FLOWS, FlowEstimator, FlowMethod, estimate_flow, flow_between
from stylekit.motion.masks import MASKS, MaskMethod, MaskRow, mask_of
from stylekit.settings import ImageSettings, VideoSettings, Weights, function_of, label_of, name_of
from stylekit.vgg.features import POOLINGS, FeatureExtractor, Pooling, PoolingRow
from stylekit.vgg.runtime import tf
from stylekit.vgg.statistics import STYLE_LOSSES, StyleLoss
from stylekit.video.run import VideoRun
from stylekit.widgets.masks.explorer import MaskExplorer

pytest_plugins = ["run_fixtures"]

FRAMES = 2
ENUMS = [
    (FlowMethod, FLOWS),
    (MaskMethod, MASKS),
    (Pooling, POOLINGS),
    (StyleLoss, STYLE_LOSSES),
]


def to_the_right(source, target):
    """Everything moves by a pixel."""
    return np.full((*source.shape[:2], 2), (1, 0), np.float32)


@pytest.fixture
def toy_flow(monkeypatch):
    monkeypatch.setitem(FLOWS, "toy", FlowEstimator("Toy", to_the_right, help="moves 1 px, 100 %"))


def left_half(backward, forward, current, previous, /, *, boundary, dilate):
    """Nothing is trusted to the right of the middle."""
    mask = np.ones(current.shape[:2], np.float32)
    mask[:, mask.shape[1] // 2 :] = 0
    return mask


def corners(x):
    """Of each square of four, the one on the upper left."""
    return x[:, : x.shape[1] // 2 * 2 : 2, : x.shape[2] // 2 * 2 : 2]


def settings_in(folder):
    return json.loads((folder / "run.json").read_text())["settings"]


# --- the tables -----------------------------------------------------------------------------------


@pytest.mark.parametrize(("names", "table"), ENUMS)
def test_every_name_for_editors_has_a_row(names: type[StrEnum], table) -> None:
    assert [name.value for name in names] == list(table)
    labels = [row.label for row in table.values()]
    assert len(set(labels)) == len(labels) and all(labels)


def test_a_choice_is_a_name_or_a_function() -> None:
    assert function_of("flow", FLOWS, "dis") is function_of("flow", FLOWS, FlowMethod.DIS)
    assert function_of("flow", FLOWS, to_the_right) is to_the_right
    message = r"^flow: must be one of dis, dis-fast, .*, or a function, is 'deep'$"
    with pytest.raises(SettingsError, match=message):
        function_of("flow", FLOWS, "deep")


def test_files_and_people_get_names() -> None:
    assert (name_of("dis"), name_of(FlowMethod.DIS)) == ("dis", "dis")
    assert name_of(to_the_right) == f"{__name__}.to_the_right"
    assert name_of(functools.partial(to_the_right)) == "functools.partial"
    assert label_of(FLOWS, FlowMethod.FARNEBACK) == "Farnebäck"
    assert label_of(FLOWS, to_the_right) == name_of(to_the_right)


def test_settings_with_a_function_are_written_with_its_name_and_read_back() -> None:
    image = ImageSettings(pooling=corners)
    settings = VideoSettings(image=image, flow=to_the_right, mask=left_half)
    written = json.loads(json.dumps(settings.to_json()))
    names = name_of(to_the_right), name_of(left_half), name_of(corners)
    assert (written["flow"], written["mask"], written["image"]["pooling"]) == names
    again = VideoSettings.from_json(written)
    assert (again.flow, again.mask, again.image.pooling) == names
    assert VideoSettings(flow=FlowMethod.DIS_FAST).to_json()["flow"] == "dis-fast"
    assert VideoSettings(flow=FlowMethod.DIS) == VideoSettings(flow="dis") == VideoSettings()


# --- flow -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["toy", to_the_right])
def test_a_flow_is_added_by_a_row_or_given_as_a_function(toy_flow, method) -> None:
    clip = built_in_clip("drift", FRAMES)
    flow = estimate_flow(clip[0], clip[1], method=method)
    assert np.array_equal(flow, to_the_right(clip[0], clip[1]))
    assert np.array_equal(flow_between(clip[0], clip[1], method=method).backward_flow, flow)


@pytest.mark.parametrize(
    ("result", "error"),
    [
        (np.zeros((4, 4, 2), np.float32), ValueError),
        (np.zeros((16, 16, 2)), ValueError),
        (np.full((16, 16, 2), np.nan, np.float32), ValueError),
        (None, TypeError),
    ],
)
def test_what_a_function_returns_is_checked(result, error) -> None:
    frame = np.zeros((16, 16, 3), np.float32)
    with pytest.raises(error, match=r"^flow of test_choices\..*<lambda>: "):
        estimate_flow(frame, frame, method=lambda source, target: result)


def test_a_flow_without_a_row_is_refused_before_work(clip, glass, tmp_path) -> None:
    with pytest.raises(SettingsError, match=r"^flow: must be one of dis, "):
        estimate_flow(clip[0], clip[1], method="deep")
    settings = dataclasses.replace(SETTINGS, flow="deep")
    with pytest.raises(SettingsError, match=r"^flow: must be one of dis, .* is 'deep'$"):
        VideoRun(clip, glass, tmp_path / "run", settings)
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(("method", "name"), [("toy", "toy"), (to_the_right, None)])
def test_a_clip_is_painted_with_a_flow_of_ones_own(toy_flow, method, name, clip, glass, tmp_path):
    run = VideoRun(clip, glass, tmp_path / "run", dataclasses.replace(SETTINGS, flow=method))
    frames = list(run.frames())
    assert np.array_equal(frames[1].motion.flow.forward_flow, to_the_right(clip[0], clip[1]))
    assert settings_in(tmp_path / "run")["flow"] == (name or name_of(to_the_right))


@pytest.mark.slow
def test_the_command_line_takes_a_flow_that_has_a_row(toy_flow, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit):
        stylekit(capsys, "video", "--help")
    text = " ".join(capsys.readouterr().out.split())
    assert "|exact|toy: " in text and "toy moves 1 px, 100 %; or a folder" in text
    sizes = ("--size=48", "--steps=2", "--frame-steps=2", f"--frames={FRAMES}", "--backbone=vgg16")
    call = ("video", "drift", "glass", "-o", "out.mp4", "--run", "run", *sizes)
    assert stylekit(capsys, *call, "--flow", "toy").code == 0
    assert settings_in(tmp_path / "run")["flow"] == "toy"
    sidecar = json.loads((tmp_path / "out.mp4.json").read_text())
    assert sidecar["settings"]["flow"] == "toy"


def test_the_mask_explorer_offers_a_flow_that_has_a_row(toy_flow) -> None:
    explorer = MaskExplorer({"mine": built_in_clip("drift", FRAMES)}, size=48)
    assert ("Toy", "toy") in explorer.method.options
    explorer.method.value = "toy"
    assert explorer.mask.shape == (36, 48)


# --- masks and pooling ----------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["toy", left_half])
def test_a_mask_is_added_by_a_row_or_given_as_a_function(method, clip, monkeypatch) -> None:
    monkeypatch.setitem(MASKS, "toy", MaskRow("Toy", left_half))
    flow = flow_between(clip[0], clip[1])
    mask = mask_of(flow, clip[1], clip[0], VideoSettings(mask=method))
    assert mask.mean() == 0.5


def test_what_a_mask_function_returns_is_checked(clip) -> None:
    flow = flow_between(clip[0], clip[1])
    settings = VideoSettings(mask=lambda *both, boundary, dilate: np.ones((2, 2), np.float32))
    with pytest.raises(ValueError, match=r"^mask of .*: must be 48×36 pixels"):
        mask_of(flow, clip[1], clip[0], settings)


def test_masks_and_poolings_without_a_row_are_refused_before_work(clip, glass, tmp_path) -> None:
    image = dataclasses.replace(SETTINGS.image, pooling="sum")
    for settings, message in (
        (dataclasses.replace(SETTINGS, mask="none"), r"^mask: must be one of paper, robust, "),
        (dataclasses.replace(SETTINGS, image=image), r"^pooling: must be one of max, average, "),
    ):
        with pytest.raises(SettingsError, match=message):
            VideoRun(clip, glass, tmp_path / "run", settings)
    with pytest.raises(SettingsError, match=r"^pooling: .* is 'sum'$"):
        Stylization(clip[0], glass, image)
    assert not (tmp_path / "run").exists()


def test_a_pooling_is_added_by_a_row_or_given_as_a_function(vgg16, clip, monkeypatch) -> None:
    monkeypatch.setitem(POOLINGS, "toy", PoolingRow("toy", corners))
    found = [
        FeatureExtractor(vgg16, ["block2_conv1"], calibration=[clip[0]], pooling=pooling)(
            tf.constant(clip[1])
        )["block2_conv1"].numpy()
        for pooling in ("toy", corners, "max")
    ]
    assert found[0].shape == (1, 18, 24, 128)
    assert np.array_equal(found[0], found[1])
    assert not np.array_equal(found[0], found[2])


def test_a_picture_is_painted_with_a_pooling_of_ones_own(clip, glass) -> None:
    settings = dataclasses.replace(SETTINGS.image, steps=2, pooling=corners)
    before, after = Stylization(clip[0], glass, settings).steps(2, Weights())
    assert after.value < before.value


def test_the_command_line_offers_masks_and_poolings_that_have_a_row(capsys, monkeypatch) -> None:
    monkeypatch.setitem(MASKS, "left", MaskRow("left", left_half))
    monkeypatch.setitem(POOLINGS, "corners", PoolingRow("corners", corners))
    with pytest.raises(SystemExit):
        stylekit(capsys, "video", "--help")
    text = " ".join(capsys.readouterr().out.split())
    assert "paper|robust|left: robust doubts more of the flow (default: paper)" in text
    assert "max|average|corners: average gives smoother strokes (default: average)" in text
