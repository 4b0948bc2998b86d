"""The page of a class's results: what it shows, what it says of trouble, and what it omits."""

from __future__ import annotations

import json
import re
from fractions import Fraction
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import stylekit as sk
from stylekit.app.cli import main

EVIL = '<script>alert("x")</script>'


def sidecar(**changes: Any) -> dict[str, Any]:
    record = {
        "made_with": "stylekit",
        "version": "0.10.0",
        "content": {"name": "chelsea.jpg", "sha256": "0", "author": "Ann Author"},
        "style": {"name": "swirls.jpg", "sha256": "1"},
        "weights": {"alpha": 1.0, "beta": 1e4, "gamma": 400.0, "edges": 0.6, "tv": 0.0},
        "settings": {},
        "content_kept": 0.314,
        "style_reached": 0.97,
        "fps": None,
        "complete": True,
    }
    return record | changes


def put(path: Path, record: dict[str, Any] | str | None, shade: float = 0.5) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    sk.save(np.full((40, 60, 3), shade, np.float32), path)
    if record is not None:
        text = record if isinstance(record, str) else json.dumps(record)
        path.with_name(f"{path.name}.json").write_text(text, encoding="utf-8")
    return path


class Reader(HTMLParser):
    """Tags, attributes and text of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str, str]] = []
        self.words = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]

    def handle_data(self, data: str) -> None:
        self.words += data


def made(folder: Path, *options: str) -> tuple[Reader, str]:
    page = folder.parent / "page.html"
    assert main(["gallery", str(folder), "-o", str(page), "--overwrite", *options]) == 0
    text = page.read_text(encoding="utf-8")
    return Reader(text), text


@pytest.fixture
def class_folder(tmp_path: Path) -> Path:
    folder = tmp_path / "class"
    put(folder / "maria" / "cat.png", sidecar())
    put(folder / "tom" / "deep" / "cup.jpg", sidecar(content={"name": "coffee.jpg"}), 0.2)
    return folder


def test_a_page_shows_content_style_weights_and_scores(class_folder: Path) -> None:
    reader, _ = made(class_folder)
    assert reader.tags.count("li") == reader.tags.count("img") == 2
    for words in ("chelsea in swirls", "coffee in swirls", "α 1, β 10000, edges 0.6"):
        assert words in reader.words
    assert "31 % kept, 97 % reached" in reader.words and "γ 400" not in reader.words


def test_names_are_shown_only_if_asked(
    class_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _, text = made(class_folder)
    for name in ("maria", "tom", "Ann", "cup.jpg", "cat.png", str(class_folder)):
        assert name not in text
    assert "names not shown" in capsys.readouterr().out
    reader, _ = made(class_folder, "--names")
    assert "maria (photograph: Ann Author)" in reader.words and "tom" in reader.words


def test_a_page_needs_no_other_file(class_folder: Path) -> None:
    reader, text = made(class_folder)
    for tag, name, value in reader.attributes:
        if name in ("src", "href"):
            assert tag == "img" and value.startswith("data:image/jpeg;base64,")
    assert "http:" not in text and "https:" not in text and "url(" not in text
    assert {"script", "link", "iframe", "a"}.isdisjoint(reader.tags)


def test_everything_is_escaped(tmp_path: Path) -> None:
    folder = tmp_path / "class"
    evil = f"{EVIL}.png".replace("/", "∕")
    put(
        folder / "<img src=x onerror=y>" / evil,
        sidecar(
            content={"name": f"{EVIL}.jpg", "author": EVIL},
            style={"name": '"><b>bold'},
            weights={"alpha": EVIL, "beta": "1", "gamma": True, "edges": [2], "tv": 0.5},
            content_kept=EVIL,
            style_reached=float("1e400"),
        ),
    )
    put(folder / EVIL.replace("/", "∕") / "a.png", f'{{"{EVIL}'.replace("\\", ""))
    reader, text = made(folder, "--names", "--title", EVIL)
    assert "script" not in reader.tags and "b" not in reader.tags and "<script" not in text
    assert reader.tags.count("img") == 2
    assert {name for tag, name, _ in reader.attributes if tag == "img"} == {"alt", "loading", "src"}
    assert "tv 0.5" in reader.words and EVIL in reader.words


@pytest.mark.parametrize(
    ("record", "said"),
    [
        (None, "no settings: the .json file beside it is missing"),
        ("{not json", "no settings: is not readable JSON"),
        ("[1, 2]", "no settings: is not a sidecar of stylekit"),
        ("", "no settings: is not readable JSON"),
        ('{"a": 1}', "no settings: the .json file beside it is not of stylekit"),
        ("[" * 100_000, "no settings: is not readable JSON"),
        ('{"made_with": "stylekit"}', ""),
        (
            '{"made_with": "stylekit", "content": 3, "style": [], "styles": "x", "weights": "y", '
            '"weight_changes": 2, "content_kept": "a", "style_reached": null}',
            "",
        ),
        ('{"made_with": "stylekit", "styles": [1, {"name": null}, {"name": "ink.jpg"}]}', ""),
    ],
)
def test_broken_and_missing_sidecars_are_said(
    tmp_path: Path, record: str | None, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    put(tmp_path / "class" / "a.png", record)
    reader, _ = made(tmp_path / "class")
    assert said in reader.words and reader.tags.count("img") == 1
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == (2 if said else 1)
    if said:
        assert lines[0].startswith("a.png: no settings")


def test_a_damaged_picture_is_said_and_the_others_are_shown(class_folder: Path) -> None:
    (class_folder / "eva").mkdir()
    (class_folder / "eva" / "x.png").write_bytes(b"no picture at all")
    (class_folder / "eva" / "y.mp4").write_bytes(b"no clip at all")
    reader, _ = made(class_folder)
    assert reader.tags.count("li") == 4 and reader.tags.count("img") == 2
    assert reader.words.count("the file cannot be read") == 2


def test_clips_are_shown_by_four_frames_and_their_weights_with_gamma(tmp_path: Path) -> None:
    folder = tmp_path / "class"
    folder.mkdir()
    frames = [np.full((32, 48, 3), shade, np.float32) for shade in np.linspace(0, 1, 9)]
    for name in ("a.mp4", "b.gif"):
        sk.media.write_clip(frames, folder / name, fps=Fraction(24))
        changes = [{"weights": {}}, {"weights": {}}]
        record = sidecar(fps="24/1", weight_changes=changes, complete=False)
        (folder / f"{name}.json").write_text(json.dumps(record))
    reader, _ = made(folder)
    assert reader.words.count("clip, frames 0, 3, 5, 8 of 9") == 2
    assert "γ 400" in reader.words and "in the end; they were moved" in reader.words
    assert "not finished: as far as it got" in reader.words


def test_folders_of_runs_and_what_the_studio_keeps_are_left_out(class_folder: Path) -> None:
    run = class_folder / "maria" / "clip.stylekit"
    put(run / "frames" / "0000.png", None)
    (run / "run.json").write_text("{}")
    transfer = class_folder / "tom" / "transfer"
    put(transfer / "result.png", sidecar())
    put(transfer / "content.png", None)
    (transfer / "transfer.json").write_text("{}")
    put(class_folder / ".hidden" / "a.png", None)
    (class_folder / "notes.txt").write_text("words")
    reader, _ = made(class_folder)
    assert reader.tags.count("li") == 3


def test_the_order_does_not_tell_whose_is_whose(tmp_path: Path) -> None:
    for name, folder in (("a", "one"), ("b", "two")):
        for shade, maker in ((0.2, "x"), (0.4, "y")) if name == "a" else ((0.2, "y"), (0.4, "x")):
            put(tmp_path / folder / maker / "r.png", sidecar(), shade)
    pages = [re.findall(r"base64,(\S+)\"", made(tmp_path / folder)[1]) for folder in ("one", "two")]
    assert pages[0] == pages[1] and len(pages[0]) == 2


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nowhere"], "nowhere: is no folder; give the folder with the results"),
        (["empty"], "empty: holds no pictures and no clips; give another folder"),
        (["class", "-o", "page.txt"], "page.txt: cannot write the ending .txt; use one of .html"),
        (["class", "-o", "old.html"], "old.html: is there already; give another name, or"),
        (["class", "-o", "no/page.html"], "page.html: there is no folder no; make it first"),
    ],
)
def test_trouble_is_one_line_and_nothing_is_written(
    class_folder: Path,
    arguments: list[str],
    message: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(class_folder.parent)
    Path("empty").mkdir()
    Path("old.html").write_text("old")
    assert main(["gallery", *arguments]) == 2
    said = capsys.readouterr().err
    assert said.startswith(message) and said.count("\n") == 1
    assert Path("old.html").read_text() == "old" and not Path("gallery.html").exists()
