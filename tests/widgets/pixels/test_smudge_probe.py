"""The smudge probe's panel, without a browser: what it shows is what the engine found."""

from __future__ import annotations

import dataclasses
import re

import numpy as np
import pytest
from short_runs import SETTINGS, built_in_clip, built_in_style, share_objectives

from stylekit.arrays import to_bytes
from stylekit.errors import MediaError, ResumeError
from stylekit.explain.pixel import probe_pixel
from stylekit.explain.stored_run import open_run
from stylekit.explain.trail import age_map
from stylekit.explain.words import explain
from stylekit.scenes import make_scene
from stylekit.video.folder import RunFolder, describe_run
from stylekit.video.run import stylize_video
from stylekit.widgets.pixels.probe import SmudgeProbe
from stylekit.widgets.pixels.views import (
    CROP,
    ProbeView,
    draw_strip,
    draw_view,
    path_marks,
    table_html,
    words_html,
)

pytestmark = pytest.mark.slow

FRAMES = 3
WIDTH, HEIGHT = 48, 36


@pytest.fixture(autouse=True, scope="module")
def shared_objectives():
    with pytest.MonkeyPatch.context() as monkeypatch:
        share_objectives(monkeypatch)
        yield


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """Painted from Python, every eighth frame of a built-in clip."""
    folder = tmp_path_factory.mktemp("painted") / "run"
    clip, style = built_in_clip("drift")[::8], built_in_style()
    stylize_video(clip, style, folder, SETTINGS)
    return open_run(folder, clip=clip, style=style)


@pytest.fixture
def probe(run):
    return SmudgeProbe(run)


def carried(run) -> tuple[int, int]:
    """A pixel of the last frame that came from the first."""
    y, x = np.argwhere(age_map(run, FRAMES - 1) == FRAMES - 1)[0]
    return int(x), int(y)


def text(markup: str) -> str:
    words = re.sub(r"<[^>]+>", " ", markup).replace("\N{NO-BREAK SPACE}", " ")
    return " ".join(words.split())


def test_it_begins_with_the_last_frame_and_an_invitation(probe, run):
    assert (probe.frame.value, probe.frame.max) == (FRAMES - 1, FRAMES - 1)
    assert "Click on a smudge" in probe._words.value
    assert probe.report is None
    assert probe._strip_box.layout.display == "none"
    assert not probe.alerts.widget.value


def test_a_pick_says_what_the_engine_says(probe, run):
    x, y = carried(run)
    probe.pick(x, y)
    assert probe.report == probe_pixel(run, FRAMES - 1, x, y)
    assert text(probe._words.value) == explain(probe.report)
    assert probe.picture._marks == [
        {**mark, "dashed": mark.get("dashed", False)}
        | ({"points": [list(point) for point in mark["points"]]} if "points" in mark else {})
        for mark in path_marks(probe.report)
    ]
    assert probe._strip_box.layout.display is None
    assert probe.strip.serial == 1
    assert not probe._status.value


def test_the_picked_place_is_told_of_in_every_frame_and_the_strip_goes_with_its_reason(probe, run):
    x, y = carried(run)
    probe.pick(x, y)
    probe.frame.value = 0
    assert probe.report == probe_pixel(run, 0, x, y)
    assert "This is the first frame" in probe._words.value
    assert probe._strip_box.layout.display == "none"


def test_a_place_that_is_not_there_is_told_in_the_panel(probe):
    probe.pick(WIDTH, 0)
    assert "x: must be a whole number from 0 to 47" in probe.alerts.widget.value
    assert not probe._status.value
    probe.pick(3, 3)
    assert not probe.alerts.widget.value


def test_truth_may_be_given(run):
    truth = make_scene("passing", frames=FRAMES, size=WIDTH).backward
    probe = SmudgeProbe(run, truth=truth)
    probe.pick(20, 20)
    assert probe.report == probe_pixel(run, FRAMES - 1, 20, 20, truth=truth)


def test_folders_are_opened_and_bad_ones_refused(run, tmp_path):
    with pytest.raises(ResumeError, match="holds no run"):
        SmudgeProbe(tmp_path)
    with pytest.raises((ResumeError, MediaError), match=r"give clip="):
        SmudgeProbe(run.folder.path)
    clip, style = run.clip, run.style
    begun = RunFolder(tmp_path / "begun")
    begun.open(describe_run(clip, style, SETTINGS), frame_count=FRAMES, pixels=1)
    with pytest.raises(ResumeError, match="no frame is finished yet"):
        SmudgeProbe(open_run(begun.path, clip=clip, style=style))


# --- pictures -------------------------------------------------------------------------------------


@pytest.mark.parametrize("view", ProbeView)
def test_every_view_is_drawn_in_every_frame(view, probe, run):
    probe.view.value = view
    for frame_index in range(FRAMES):
        probe.frame.value = frame_index
        assert not probe.alerts.widget.value
        picture = draw_view(run, frame_index, view).picture
        assert (picture.dtype, picture.shape) == (np.uint8, (HEIGHT, WIDTH, 3))
    assert probe.picture.serial == 1 + (view is not ProbeView.RESULT) + FRAMES


def test_result_and_content_are_themselves(run):
    assert np.array_equal(draw_view(run, 1, ProbeView.RESULT).picture, to_bytes(run.image(1)))
    assert np.array_equal(draw_view(run, 1, ProbeView.CONTENT).picture, to_bytes(run.clip[1]))


def test_ages_get_lighter_and_the_key_counts_them(run):
    ages = age_map(run, 2)
    view = draw_view(run, 2, ProbeView.AGE)
    brightness = [view.picture[ages == age].astype(int).sum(axis=-1) for age in range(3)]
    assert all(values.min() == values.max() for values in brightness)
    assert brightness[0][0] < brightness[1][0] < brightness[2][0]
    assert [entry.name for entry in view.key] == ["painted anew", "1 frame:", "2 frames:"]
    assert [entry.share for entry in view.key] == pytest.approx(
        np.bincount(ages.ravel()) / ages.size
    )


def test_the_key_of_the_pulls_has_their_mean_shares(run):
    key = draw_view(run, 1, ProbeView.PULLS).key
    names = [entry.name for entry in key]
    assert names == ["content", "style", "temporal", "edges", "total variation"]
    assert sum(entry.share for entry in key) == pytest.approx(1)
    pulls = run.pulls(1)
    share = pulls.content / sum(pulls.values())
    assert key[0].share == pytest.approx(share.mean(), rel=1e-3)
    assert len(draw_view(run, 0, ProbeView.PULLS).key) == 4, "nothing holds the first in time"


@pytest.mark.parametrize("place", [None, (0, 0), (WIDTH - 1, HEIGHT - 1)])
def test_marks_of_the_strip_are_around_the_pixel(place, run):
    x, y = place or carried(run)
    report = probe_pixel(run, FRAMES - 1, x, y)
    strip = draw_strip(run, report, ProbeView.RESULT)
    assert len(strip.marks) == len(strip.labels) == len(report.path)
    for (frame_index, at_x, at_y), mark in zip(report.path[::-1], strip.marks, strict=True):
        middle = strip.picture[mark["y"] + 1, mark["x"] + 1]
        expected = to_bytes(run.image(frame_index))[round(at_y), round(at_x)]
        np.testing.assert_array_equal(middle, expected)
    assert strip.labels[0].endswith("painted anew")
    assert strip.labels[-1].startswith(f"frame {FRAMES - 1}")


def test_a_long_way_shows_its_last_frames(run):
    report = probe_pixel(run, FRAMES - 1, *carried(run))
    far = dataclasses.replace(report, path=report.path[:1] * 12)
    strip = draw_strip(run, far, ProbeView.CONTENT)
    assert len(strip.labels) == 7
    assert "painted anew" not in strip.labels[0]
    assert strip.picture.shape == (CROP, 7 * CROP + 6 * 2, 3)


# --- words ----------------------------------------------------------------------------------------


def test_the_table_leaves_out_what_is_not_there(run):
    x, y = carried(run)
    told = text(table_html(probe_pixel(run, FRAMES - 1, x, y)))
    assert f"frame {FRAMES - 1}, x {x}, y {y} here 9 × 9 px around" in told
    assert f"carried for, frames {FRAMES - 1} " in told
    assert "true error of the flow, px" in told
    assert "pull of the temporal term" in told
    first = text(table_html(probe_pixel(run, 0, x, y)))
    assert "pull of the temporal term 0.0 % 0.0 %" in first
    assert "carried for, frames 0 0" in first
    assert "reliability" not in first and "–" not in first


def test_numbers_keep_their_units_and_words_are_escaped():
    markup = words_html("wrong by 3.0 px: <c> = 61 %")
    assert "3.0\N{NO-BREAK SPACE}px" in markup and "61\N{NO-BREAK SPACE}%" in markup
    assert "&lt;c&gt;" in markup
