"""What the documents name exists: files, modules, functions, links and images."""

from __future__ import annotations

import importlib
import re
from pathlib import Path

import pytest

import stylekit
from stylekit.app.options import _COMMANDS

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "stylekit"
DOCUMENTS = sorted(
    [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "data").rglob("*.md")]
)

DOTTED_NAME = re.compile(r"(?<![\w./-])stylekit(?:\.[A-Za-z_]\w*)+")
SHORT_NAME = re.compile(r"(?<![\w.])sk\.([A-Za-z_][\w.]*\w|[A-Za-z_])")
IMPORT = re.compile(r"from (stylekit[\w.]*) import (\([^)]*\)|[^\n]*)")
# A file that a reader may open, and a folder of the project in code style.
FILE = re.compile(r"(?<![\w./-])\.?[\w-][\w./-]*\.(?:py|pyi|js|css|md|ipynb|toml|yml)(?!\w)")
FOLDER = re.compile(r"`((?:stylekit|tests|docs|data|notebooks|benchmarks|\.ci)/[\w./-]*)`")
# Examples of code, which may name files that a reader is to write.
CODE = re.compile(r"^```.*?^```", re.M | re.S)
# What a reader types, in code.
TASK = re.compile(r"start\.py ([a-z]+)")
COMMAND = re.compile(r"(?:`|^ {4,})(?:\.venv/bin/)?stylekit ([a-z]+)", re.M)
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")

every_document = pytest.mark.parametrize(
    "path", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix()
)


def names_of(text: str) -> set[str]:
    """All dotted names of stylekit in `text`; `sk.Image` and imports are written out in full."""
    names = set(DOTTED_NAME.findall(text))
    names |= {f"stylekit.{name}" for name in SHORT_NAME.findall(text)}
    for module, imported in IMPORT.findall(text):
        for part in imported.split("#")[0].strip("()").split(","):
            if words := part.split():
                names.add(f"{module}.{words[0]}")
    return names


def exists(name: str) -> bool:
    """Whether `name` is a module of stylekit, or something inside of one."""
    parts = name.split(".")
    found: object = stylekit
    for index, part in enumerate(parts[1:], start=2):
        if not hasattr(found, part):
            try:
                importlib.import_module(".".join(parts[:index]))
            except ModuleNotFoundError:
                return False
        found = getattr(found, part)
    return True


def missing_files(text: str, folder: Path) -> list[str]:
    """Files and folders that `text`, a document in `folder`, names and that do not exist.

    They are given from the top, from the package, or from the document's own folder.
    """
    text = CODE.sub("", text)
    named = {*FILE.findall(text), *FOLDER.findall(text)}
    bases = (ROOT, PACKAGE, ROOT / "notebooks", folder)
    return sorted(name for name in named if not any((base / name).exists() for base in bases))


def broken_links(text: str, folder: Path) -> list[str]:
    """Relative links and images of `text`, a document in `folder`, that lead nowhere."""
    targets = {target.split("#")[0] for target in LINK.findall(text)}
    return sorted(
        target
        for target in targets
        if target and not re.match(r"[a-z]+:", target) and not (folder / target).exists()
    )


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("See `stylekit.vgg.features.MEAN_ACTIVATION`.", []),
        ("See `stylekit.vgg.features.MEAN`.", ["stylekit.vgg.features.MEAN"]),
        ("See `stylekit.settings.Weights.alpha` and stylekit.losses.", []),
        ("::: stylekit.gone", ["stylekit.gone"]),
        ("from stylekit.errors import MediaError, Gone", ["stylekit.errors.Gone"]),
        ("from stylekit.errors import (\n    Gone,\n)", ["stylekit.errors.Gone"]),
        ("`sk.errors.Gone` of `sk.errors`", ["stylekit.errors.Gone"]),
        ("pip install 'stylekit[heic]'", []),
    ],
)
def test_a_wrong_name_is_found(text: str, wrong: list[str]) -> None:
    assert [name for name in sorted(names_of(text)) if not exists(name)] == wrong


def test_docstrings_and_comments_name_what_exists() -> None:
    wrong = {
        f"{path.relative_to(PACKAGE)}: {name}"
        for path in PACKAGE.rglob("*.py")
        for name in set(DOTTED_NAME.findall(path.read_text(encoding="utf-8")))
        if not exists(name)
    }
    assert wrong == set()


def test_a_wrong_file_and_a_broken_link_are_found() -> None:
    text = "`stylekit/occlusion.py`, `motion/masks.py`, `stylekit/motion/`, `stylekit/gone/`"
    assert missing_files(text, ROOT) == ["stylekit/gone/", "stylekit/occlusion.py"]
    assert missing_files("```python\nopen('new.py')\n```\nold.py", ROOT) == ["old.py"]
    text = "![a](docs/images/demo.png) [b](docs/gone.md#part) [c](https://example.org) [d](#part)"
    assert broken_links(text, ROOT) == ["docs/gone.md"]


@every_document
def test_every_name_in_a_document_exists(path: Path) -> None:
    names = names_of(path.read_text(encoding="utf-8"))
    assert [name for name in sorted(names) if not exists(name)] == []


@every_document
def test_every_file_in_a_document_exists(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert missing_files(text, path.parent) == []
    assert broken_links(text, path.parent) == []


def test_the_reference_has_every_module_at_the_top() -> None:
    pages = (ROOT / "docs" / "reference").glob("*.md")
    text = "".join(path.read_text(encoding="utf-8") for path in pages)
    shown = set(re.findall(r"^::: stylekit\.(\w+)", text, re.M))
    there = {path.parent.name for path in PACKAGE.glob("*/__init__.py")}
    there |= {path.stem for path in PACKAGE.glob("*.py") if path.stem != "__init__"}
    assert shown == there


def test_the_page_of_the_names_of_stylekit_has_them_all() -> None:
    page = (ROOT / "docs" / "reference" / "stylekit.md").read_text(encoding="utf-8")
    assert [name for name in dir(stylekit) if f"`{name}`" not in page] == []


@every_document
def test_commands_that_are_named_exist(path: Path) -> None:
    if path.name == "CHANGELOG.md":
        pytest.skip("it names commands of its time")
    text = path.read_text(encoding="utf-8")
    tasks = TASK.findall((ROOT / "start.py").read_text(encoding="utf-8").split('"""')[1])
    assert {"demo", "studio", "lab", "test"} == set(tasks)
    assert set(TASK.findall(text)) <= set(tasks)
    assert set(COMMAND.findall(text)) <= _COMMANDS.keys()


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("`stylekit paint`, and stylekit says", ["paint"]),
        ("    .venv/bin/stylekit image a b", ["image"]),
        ("    stylekit video a b", ["video"]),
    ],
)
def test_commands_are_found(text: str, names: list[str]) -> None:
    assert COMMAND.findall(text) == names
