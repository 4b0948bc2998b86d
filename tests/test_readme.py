"""The Python that README and the documents show runs as it stands there."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Any

import pytest

import stylekit as sk

ROOT = Path(__file__).resolve().parent.parent
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def python_blocks(path: Path) -> list[str]:
    return re.findall(r"^```python\n(.*?)^```", path.read_text(encoding="utf-8"), re.M | re.S)


def shrunk(code: str) -> str:
    """The same with a small picture and few steps."""
    for old, new in (
        ("size=256", "size=32"),
        ("steps(60):", "steps(2):"),
        ("steps(weights=", "steps(1, weights="),
    ):
        assert old in code
        code = code.replace(old, new)
    return code


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.stem)
def test_every_name_that_a_document_shows_is_there(path: Path) -> None:
    for block in python_blocks(path):
        for node in ast.walk(ast.parse(block)):
            if isinstance(node, ast.ImportFrom):
                assert node.module and not node.module.startswith("stylekit")
            if isinstance(node, ast.Attribute) and ast.unparse(node).startswith("sk."):
                found: Any = sk
                for name in ast.unparse(node).split(".")[1:]:
                    assert name in dir(found)
                    found = getattr(found, name)


@pytest.mark.slow
def test_readmes_first_python_paints_a_picture(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    exec(shrunk(python_blocks(ROOT / "README.md")[0]), {})
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == [
        "0",
        "1",
        "content",
    ]
    assert max(sk.load("cat.png").shape) == 32
