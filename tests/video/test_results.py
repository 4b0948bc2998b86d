"""The end of a job: what is written, and what is said of it."""

from __future__ import annotations

import dataclasses
import json
import math
from pathlib import Path

import pytest
from shallow import SHALLOW
from short_runs import SETTINGS, built_in_clip, built_in_style, share_objectives

from stylekit.errors import MediaError
from stylekit.image.stylization import Stylization
from stylekit.media.clips import read_clip
from stylekit.media.images import load_image
from stylekit.motion.warping import warping_error
from stylekit.samples import MaterialKind, find_material
from stylekit.settings import ImageSettings, Weights
from stylekit.video.results import finish_clip, finish_image
from stylekit.video.run import VideoRun

pytestmark = pytest.mark.slow

STYLE = find_material("glass", MaterialKind.STYLE)
CUT = 2


@pytest.fixture(autouse=True)
def shared_objectives(monkeypatch):
    share_objectives(monkeypatch)


@pytest.fixture(scope="module")
def spliced():
    """Four frames with a cut in their middle."""
    first, second = built_in_clip("drift", CUT), built_in_clip("passing", 2)
    return dataclasses.replace(first, pixels=first.pixels + second.pixels)


def finish(run, clip, output):
    return finish_clip(run, clip, output, style=STYLE, seconds=1.5)


def finished(painting, path):
    """The report of a picture that was stopped and written to `path`."""
    return finish_image(
        painting,
        path,
        content=find_material("chelsea", MaterialKind.PHOTOGRAPH),
        style=STYLE,
        weights=Weights(),
        seconds=0.2,
        complete=False,
    )


def test_what_lies_across_a_cut_is_not_measured(spliced, tmp_path):
    run = VideoRun(spliced, built_in_style(), tmp_path / "run", SETTINGS)
    frames = list(run.frames())
    report = finish(run, spliced, tmp_path / "out.mp4")
    assert report.cold_frames == [0, CUT]
    for measured, pictures in (
        (report.warping_error, [frame.image for frame in frames]),
        (report.input_warping_error, list(spliced)),
    ):
        pairs = [
            warping_error(
                pictures[index - 1 : index + 1],
                [frames[index].motion.flow.backward_flow],
                [frames[index].motion.mask],
            ).mse
            for index in (1, 3)
        ]
        assert measured.mse == pytest.approx(sum(pairs) / 2)
        assert measured.rmse == pytest.approx(math.sqrt(measured.mse))


def test_a_run_that_has_begun_makes_a_clip_of_what_is_done(tmp_path):
    clip = built_in_clip("drift", 4)
    run = VideoRun(clip, built_in_style(), tmp_path / "run", SETTINGS)
    with pytest.raises(MediaError, match=r"out\.mp4: no frame is finished yet; run again"):
        finish(run, clip, tmp_path / "out.mp4")
    assert not (tmp_path / "out.mp4").exists()
    weights = iter([Weights(), *[Weights(beta=2e4)] * 100])
    frames = run.frames(lambda: next(weights))
    next(frames), next(frames)
    report = finish(run, clip, tmp_path / "out.mp4")
    assert (report.frames, report.complete) == (2, False)
    assert len(read_clip(tmp_path / "out.mp4")) == 2
    assert report.weights == Weights(beta=2e4), "the weights that were used last"
    text = report.text()
    assert "48×36 pixels, 2 frames, 2 s" in text
    assert "root warping error" in text
    sidecar = json.loads(report.sidecar.read_text(encoding="utf-8"))
    assert len(sidecar["frame_table"]) == 2
    assert sidecar["complete"] is False


def test_the_same_frames_make_the_same_files_wherever_they_lie(tmp_path):
    clip = built_in_clip("drift", 2)
    made = []
    for name in ("here", "there"):
        run = VideoRun(clip, built_in_style(), tmp_path / name / "run", SETTINGS)
        for _ in run.frames():
            pass
        report = finish(run, clip, tmp_path / name / "out.mp4")
        made.append((report.output.read_bytes(), report.sidecar.read_bytes()))
    assert made[0] == made[1]
    assert str(tmp_path) not in made[0][1].decode(), "a path of this machine"


def test_a_picture_that_is_stopped_in_its_preview_is_written_in_full_size(tmp_path, content):
    settings = ImageSettings(backbone="vgg16", size=176, scales=1, **SHALLOW)
    painting = Stylization(content, load_image(STYLE), settings)
    assert max(painting.step().image.shape) == 128
    report = finished(painting, tmp_path / "out.png")
    assert report.size == (176, 117)
    written = load_image(tmp_path / "out.png")
    assert written.shape == (117, 176, 3)
    assert report.losses == painting.losses
    assert report.losses == painting.objective.losses(written, painting.targets)


def test_a_picture_is_reported_as_it_was_written(tmp_path, content):
    style = load_image(STYLE)
    painting = Stylization(content, style, SETTINGS.image)
    step = painting.step()
    report = finished(painting, tmp_path / "out.png")
    assert report.losses == step.losses
    written = painting.objective.style_distances(load_image(tmp_path / "out.png"))
    assert report.style_distance == pytest.approx(sum(written.values()))
    assert report.to_json()["complete"] is False
    assert "run" not in report.to_json()
    assert report.sidecar == Path(f"{tmp_path / 'out.png'}.json")
    assert "1 frame, 0 s" in report.text()
