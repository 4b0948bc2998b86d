"""What does not fit into memory is refused beforehand, with the size that does."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

import pytest
from short_runs import stylekit

from stylekit.errors import SettingsError
from stylekit.image import memory
from stylekit.image.memory import available_memory, check_memory, needed_memory
from stylekit.settings import ImageSettings

CONTENT, STYLE = (3000, 4000, 3), (600, 800, 3)


def free(monkeypatch: pytest.MonkeyPatch, size: float | None) -> None:
    monkeypatch.setattr(memory, "available_memory", lambda: size)


@pytest.mark.parametrize("size", [4096, 2048, 1111])
def test_the_size_that_is_named_fits(size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = ImageSettings(size=size)
    left = 0.8 * needed_memory(settings, CONTENT, STYLE)
    free(monkeypatch, left)
    with pytest.raises(SettingsError) as caught:
        check_memory(settings, CONTENT, STYLE)
    words = re.fullmatch(
        rf"--size: {size} needs about (\S+) GB of memory, (\S+) GB are free; use --size (\d+)",
        str(caught.value),
    )
    assert words is not None
    assert float(words[1]) == pytest.approx(left / 0.8e9, abs=0.06)
    assert float(words[2]) == pytest.approx(left / 1e9, abs=0.06)
    named = int(words[3])
    assert named < size
    check_memory(dataclasses.replace(settings, size=named), CONTENT, STYLE)
    if named + 50 < size:
        with pytest.raises(SettingsError):
            check_memory(dataclasses.replace(settings, size=named + 50), CONTENT, STYLE)


def test_of_sizes_that_are_offered_the_largest_that_fits_is_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    settings = ImageSettings(size=2048)
    free(monkeypatch, needed_memory(dataclasses.replace(settings, size=500), CONTENT, STYLE))
    offered = {"sizes": (256, 512, 384, 2048), "name": "size"}
    with pytest.raises(SettingsError, match=r"^size: 2048 needs .* free; use size 384$"):
        check_memory(settings, CONTENT, STYLE, **offered)
    free(monkeypatch, 1e6)
    with pytest.raises(SettingsError, match=r"free; close other programs$"):
        check_memory(settings, CONTENT, STYLE, **offered)


def test_if_no_size_fits_none_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    free(monkeypatch, 1e6)
    with pytest.raises(SettingsError, match=r"are free; close other programs$"):
        check_memory(ImageSettings(), CONTENT, STYLE)


def test_where_nothing_is_known_nothing_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    free(monkeypatch, None)
    check_memory(ImageSettings(size=4096), CONTENT, STYLE)


def test_no_allowed_size_needs_more_than_six_gigabytes() -> None:
    """Square ones too, which are the largest, after many steps."""
    for size in range(64, 4097, 64):
        assert needed_memory(ImageSettings(size=size), (500, 500), (500, 500)) < 6e9


def test_large_strokes_and_large_files_count() -> None:
    plain = needed_memory(ImageSettings(), CONTENT, STYLE)
    assert needed_memory(ImageSettings(style_scale=10), CONTENT, STYLE) > plain + 1e8
    assert needed_memory(ImageSettings(), (8000, 6000), STYLE) > plain + 4e8


def test_several_styles_and_masks_count() -> None:
    plain = needed_memory(ImageSettings(), CONTENT, STYLE)
    large = (3000, 4000, 3)
    assert needed_memory(ImageSettings(), CONTENT, STYLE, large) > plain + 1e8
    assert needed_memory(ImageSettings(), CONTENT, STYLE, masks=2) > plain + 8 * 3000 * 4000


def test_a_frame_of_a_long_clip_counts_as_compiled_by_xla() -> None:
    settings = ImageSettings(size=200)
    frame = needed_memory(settings, CONTENT, STYLE)
    assert needed_memory(settings, CONTENT, STYLE, later_steps=5) == frame
    assert needed_memory(settings, CONTENT, STYLE, later_steps=1000) > 1.05 * frame


def test_the_limits_of_control_groups_count(tmp_path: Path) -> None:
    """Of both versions; what is cached can be given back."""
    for name, text in {
        "memory.max": "1000\n",
        "memory.current": "700\n",
        "memory.stat": "anon 600\ninactive_file 50\ntotal_inactive_file 20\n",
        "memory.limit_in_bytes": "900\n",
        "memory.usage_in_bytes": "700\n",
    }.items():
        (tmp_path / name).write_text(text, encoding="ascii")
    assert [memory._left(tmp_path, *names) for names in memory._LIMITS] == [350, 220]
    (tmp_path / "memory.max").write_text("max\n", encoding="ascii")
    assert memory._left(tmp_path, *memory._LIMITS[0]) is None
    assert memory._left(tmp_path / "missing", *memory._LIMITS[0]) is None


def test_the_free_memory_of_this_machine_is_plausible() -> None:
    found = available_memory()
    assert found is None or 1e7 < found < 1e14


@pytest.mark.parametrize(
    ("command", "content", "suffix"), [("image", "chelsea", ".png"), ("video", "drift", ".mp4")]
)
def test_the_command_line_refuses_in_one_line(
    command: str,
    content: str,
    suffix: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    free(monkeypatch, 2.5e9)
    output = tmp_path / f"large{suffix}"
    done = stylekit(capsys, command, content, "swirls", "-o", output, "--size", 4096)
    assert done.code != 0
    assert re.search(
        r"--size: 4096 needs about \S+ GB of memory, 2\.5 GB are free; use --size \d+", done.err
    )
    assert not output.exists()
