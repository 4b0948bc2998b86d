"""The demo, made tiny: its files, its table, and that it resumes after an interruption."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
from short_runs import SETTINGS, SIZE, share_objectives, stylekit

from stylekit.app import demo
from stylekit.media.clips import read_clip
from stylekit.media.images import load_image
from stylekit.samples import MaterialKind, find_material

pytestmark = pytest.mark.slow

FRAMES = 3  # of the 24 of a built-in clip, every eighth
# The demo's own, before these tests make it tiny.
EVERY, SHEET_FRAMES = demo._EVERY, demo._SHEET_FRAMES
FOLDER = "folder of mine"


@pytest.fixture(autouse=True)
def tiny(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(demo, "_SETTINGS", SETTINGS)
    monkeypatch.setattr(demo, "_EVERY", 8)
    monkeypatch.setattr(demo, "_SHEET_FRAMES", (1, 2))
    monkeypatch.setattr(demo, "STYLE", "glass")
    share_objectives(monkeypatch)


def test_the_demo_writes_what_it_promises_and_resumes(capsys):
    outcome = stylekit(capsys, "demo", "-o", FOLDER)
    assert outcome.code == 0
    folder = Path(FOLDER)
    for name in ("independent.mp4", "temporal.mp4"):
        assert len(read_clip(folder / name)) == FRAMES
        assert (folder / f"{name}.json").is_file()
    comparison = read_clip(folder / "comparison.mp4")
    assert comparison.width >= 3 * SIZE, "the input and both results are side by side"
    height, width = load_image(folder / "contact_sheet.png").shape[:2]
    assert min(height, width) > 200

    table = (folder / "table.txt").read_text()
    assert table in outcome.out
    rows = {line[:16].strip(): line[16:].split() for line in table.splitlines()}
    steady, apart = rows["temporal method"], rows["frame by frame"]
    assert all(float(cell) >= 0 for row in (steady, apart) for cell in row)
    assert len(steady) == len(apart) == 3
    assert float(rows["input clip"][0]) > 0
    assert "backbone vgg16" in table
    assert outcome.out.splitlines()[-1].startswith("done in ")

    clips = [(folder / name).read_bytes() for name in ("independent.mp4", "temporal.mp4")]
    again = stylekit(capsys, "demo", "-o", FOLDER)
    assert again.code == 0
    assert again.err.count("stored before") == 2 * FRAMES
    assert clips == [(folder / name).read_bytes() for name in ("independent.mp4", "temporal.mp4")]


def test_another_demo_in_the_folder_is_refused(capsys, monkeypatch):
    monkeypatch.setattr(demo, "paint", lambda run: pytest.fail("it went on"))
    with pytest.raises(pytest.fail.Exception):
        stylekit(capsys, "demo", "-o", FOLDER)
    monkeypatch.setattr(demo, "_SETTINGS", dataclasses.replace(SETTINGS, frame_steps=9))
    outcome = stylekit(capsys, "demo", "-o", FOLDER)
    assert outcome.code == 2
    assert outcome.complaint.startswith("independent: holds a run with other settings: ")


def test_a_folder_that_cannot_be_is_refused(capsys):
    Path(FOLDER).write_text("a file")
    outcome = stylekit(capsys, "demo", "-o", FOLDER)
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.complaint == f"{FOLDER}: is a file; give the name of a folder"


def test_an_interrupted_demo_says_what_to_do(capsys, monkeypatch):
    def interrupt(run):
        raise KeyboardInterrupt

    monkeypatch.setattr(demo, "paint", interrupt)
    outcome = stylekit(capsys, "demo", "-o", FOLDER)
    assert outcome.code == 130
    assert outcome.complaint == "interrupted: not finished; run the same command again"


def test_the_sheet_shows_frames_that_the_clip_has():
    clip = read_clip(find_material(demo.CLIP, MaterialKind.CLIP))[::EVERY]
    assert 0 < min(SHEET_FRAMES) <= max(SHEET_FRAMES) < len(clip)
