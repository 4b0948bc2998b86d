"""The page of the gallery is what its command writes, and its pictures say who painted them."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import PIL.Image
import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "benchmarks"))

import gallery

SIZE = 512
RECORD = json.loads((gallery.IMAGES / gallery.RECORD).read_text(encoding="utf-8"))


def test_the_page_is_that_of_the_pictures_that_are_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    styles, rows = gallery.of_styles(SIZE), gallery.ways(SIZE // 2)
    names = [picture.name for picture in (*styles, *(p for row in rows for p in row.pictures))]
    assert sorted(names) == sorted(RECORD)
    assert all((gallery.IMAGES / f"{name}.jpg").is_file() for name in names)
    # The photographs and styles, which the page shows too, are written again.
    monkeypatch.setattr(gallery, "IMAGES", tmp_path)
    text = (gallery.DOCS / "gallery.md").read_text(encoding="utf-8")
    assert gallery.page(styles, rows, SIZE, RECORD) == text


def test_what_today_s_versions_painted_says_so_itself() -> None:
    for name, facts in RECORD.items():
        # Older versions of the gallery's command wrote nothing into the files.
        if tuple(int(part) for part in facts["version"].split(".")) >= (0, 10, 0):
            with PIL.Image.open(gallery.IMAGES / f"{name}.jpg") as picture:
                packet = picture.info["xmp"].decode()
            assert f"stylekit {facts['version']}" in packet
            assert "compositeWithTrainedAlgorithmicMedia" in packet


def test_a_command_has_its_options() -> None:
    last = gallery.ways(SIZE)[0].pictures[-1]
    assert (last.name, last.words) == ("strength-3", "chelsea swirls --strength 5")
    assert last.settings.weights.beta == pytest.approx(5e4)
