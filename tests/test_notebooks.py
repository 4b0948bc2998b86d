"""How the lessons are written. That they run is seen by nbval, which executes them."""

from __future__ import annotations

import ast
import json
import sys
from pathlib import Path
from typing import Any

import pytest

NOTEBOOKS = sorted((Path(__file__).resolve().parent.parent / "notebooks").glob("*.ipynb"))

MOST_LINES_OF_A_CELL, MOST_LINES_OF_A_FUNCTION = 10, 5

every_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


def code_cells(path: Path) -> list[dict[str, Any]]:
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return [cell for cell in cells if cell["cell_type"] == "code"]


def trees(path: Path) -> list[ast.Module]:
    return [ast.parse("".join(cell["source"])) for cell in code_cells(path)]


def test_there_are_lessons() -> None:
    assert len(NOTEBOOKS) >= 6


@every_notebook
def test_stylekit_is_imported_once_and_as_a_whole(path: Path) -> None:
    imports = [
        ast.unparse(node)
        for tree in trees(path)
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
    ]
    assert imports.count("import stylekit as sk") == 1
    imports.remove("import stylekit as sk")
    modules = [line.split()[1].split(".")[0] for line in imports]
    strange = set(modules) - sys.stdlib_module_names - {"numpy", "ipywidgets"}
    assert not strange
    assert len(set(imports)) == len(imports)


@every_notebook
def test_every_name_of_stylekit_is_one_that_the_tab_key_shows(path: Path) -> None:
    import stylekit as sk

    for tree in trees(path):
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
                assert node.value.id != "sk" or node.attr in dir(sk), node.attr


@every_notebook
def test_cells_are_short_and_define_no_long_function(path: Path) -> None:
    for cell, tree in zip(code_cells(path), trees(path), strict=True):
        lines = [line for line in "".join(cell["source"]).splitlines() if line.strip()]
        assert len(lines) <= MOST_LINES_OF_A_CELL, lines[0]
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                assert (node.end_lineno or 0) - node.lineno < MOST_LINES_OF_A_FUNCTION, node.name


@every_notebook
def test_cells_were_run_in_order_and_wrote_nothing_to_standard_error(path: Path) -> None:
    """Standard error is a red box, which a reader takes for something that went wrong."""
    cells = code_cells(path)
    assert [cell["execution_count"] for cell in cells] == list(range(1, len(cells) + 1))
    for cell in cells:
        for output in cell["outputs"]:
            assert output["output_type"] != "error" and output.get("name") != "stderr"
