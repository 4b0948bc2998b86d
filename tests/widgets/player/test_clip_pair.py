"""ClipPair: what it accepts, which file it gives; the players are in test_browser_transfer.py."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from stylekit.errors import MediaError, SettingsError
from stylekit.widgets.player.clip_pair import ClipPair


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    first, second = tmp_path / "content.mp4", tmp_path / "stylized.mp4"
    first.write_bytes(b"the first")
    second.write_bytes(b"the second")
    return first, second


def wanted(pair: ClipPair, file: str) -> list[tuple[dict[str, Any], bytes]]:
    """What a page gets that asks for the start of `file`."""
    answers: list[tuple[dict[str, Any], bytes]] = []
    pair.send = lambda content, buffers=(b"",): answers.append((content, buffers[0]))
    message = {"type": "want", "token": "one", "file": file, "offset": 0, "stamp": None}
    pair._handle_custom_msg(message, [])
    return answers


def test_each_clip_goes_where_it_is_asked_for(files: tuple[Path, Path]) -> None:
    pair = ClipPair()
    pair.show(*files, fps=Fraction(30000, 1001), alt_before="A harbour", alt_after="Painted")
    assert [data for _, data in wanted(pair, "before")] == [b"the first"]
    assert [data for _, data in wanted(pair, "after")] == [b"the second"]
    assert pair.get_state()["_fps"] == pytest.approx(29.97003)


def test_no_other_file_can_be_asked_for(files: tuple[Path, Path]) -> None:
    pair = ClipPair()
    pair.show(*files, fps=25, alt_before="", alt_after="")
    assert wanted(pair, str(files[0])) == []
    assert wanted(pair, "../content.mp4") == []


def test_a_clip_that_went_away_is_said_in_words(files: tuple[Path, Path]) -> None:
    pair = ClipPair()
    pair.show(*files, fps=25, alt_before="", alt_after="")
    files[1].unlink()
    [(answer, _)] = wanted(pair, "after")
    assert answer["type"] == "gone" and answer["words"].startswith("stylized.mp4:")


def test_what_cannot_be_shown_leaves_the_old_pair(files: tuple[Path, Path]) -> None:
    pair = ClipPair()
    pair.show(*files, fps=25, alt_before="", alt_after="")
    with pytest.raises(MediaError, match=r"^none\.mp4:"):
        pair.show(files[0], files[0].with_name("none.mp4"), fps=25, alt_before="", alt_after="")
    with pytest.raises(SettingsError, match=r"^fps: must be above 0, is 0"):
        pair.show(files[1], files[0], fps=0, alt_before="", alt_after="")
    assert pair.get_state()["_serial"] == 1
    assert [data for _, data in wanted(pair, "before")] == [b"the first"]
