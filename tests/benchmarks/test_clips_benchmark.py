"""The benchmark of clips: its measures, and what it writes."""

from __future__ import annotations

import json
import math
import sys
from pathlib import Path

import numpy as np
import pytest
from shallow import make_shallow

from stylekit.errors import ResumeError
from stylekit.media.clips import read_clip
from stylekit.media.images import load_image

sys.path.append(str(Path(__file__).resolve().parents[2] / "benchmarks"))

import clips


def test_correlation_is_of_what_is_left_without_strokes() -> None:
    random = np.random.default_rng(0)
    plain = np.full((40, 40, 3), 0.5, np.float32)
    plain[:, 20:] = 0.7
    strokes = 0.2 * (-1.0) ** np.arange(40, dtype=np.float32)[:, None, None]
    assert clips.blurred_correlation(plain + strokes, plain) > 0.99
    assert clips.blurred_correlation(1 - plain, plain) == pytest.approx(-1)
    noise = random.random((40, 40, 3), dtype=np.float32)
    assert abs(clips.blurred_correlation(noise, plain)) < 0.5
    assert math.isnan(clips.blurred_correlation(np.zeros_like(plain), plain))


def test_an_unfinished_folder_is_refused(tmp_path: Path) -> None:
    case = clips.Case.load("tripod", "glass", 32, 2)
    with pytest.raises(ResumeError, match="must hold 2 finished frames, holds 0"):
        clips.measure(case, clips.RunFolder(tmp_path), clips.ImageSettings(backbone="vgg16"))


@pytest.mark.slow
def test_it_writes_a_table_a_sheet_and_a_slow_clip(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    make_shallow(monkeypatch)
    command = "clips.py --clips tripod --size 48 --frames 3 --steps 3 --backbone vgg16"
    out, sheet, slow = tmp_path / "new", tmp_path / "sheet.png", tmp_path / "slow.mp4"
    monkeypatch.setattr(sys, "argv", [*command.split(), "--out", str(out)])
    clips.main()
    first = json.loads((out / "clips.json").read_text())["tripod-glass"]
    assert list(first) == ["input", "frame by frame", "temporal"]
    painted = first["temporal"]
    assert all(value is not None and math.isfinite(value) for value in painted.values())
    assert first["input"]["exact"] < painted["exact"] < first["frame by frame"]["exact"]
    assert painted["ratio"] == pytest.approx(painted["exact"] / first["frame by frame"]["exact"])
    assert first["input"]["sharpness"] == first["input"]["sharpness_moving"] == 1
    # Again, from the folder, and beside itself as if another version had painted it.
    files = ["--out", str(out), "--against", str(out), "--sheet", str(sheet), "--slow", str(slow)]
    monkeypatch.setattr(sys, "argv", [*command.split(), *files])
    capsys.readouterr()
    clips.main()
    again = json.loads((out / "clips.json").read_text())["tripod-glass"]
    assert again["temporal"] == painted | {"seconds": None} == again["new"]
    assert "temporal" in capsys.readouterr().out
    assert load_image(sheet).shape[1] > 3 * 48
    slowed = read_clip(slow)
    assert (len(slowed), slowed.fps) == (3, clips.SCENE_RATE / 4)
