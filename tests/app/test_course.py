"""The lessons' exercises: solutions pass, students' copies fail with hints and never crash."""

from __future__ import annotations

import ast
import json
from pathlib import Path
from typing import Any

import nbformat
import pytest

import stylekit as sk
from stylekit.app.cli import main
from stylekit.app.course import RELEASE, SOURCE
from stylekit.app.lesson_cells import BEGIN, END, STUB, stubbed, student_bytes
from stylekit.app.notebooks import copy_notebooks, notebooks_folder

LESSONS = [
    f"{name}.ipynb"
    for name in (
        "00_first_steps",
        "01_single_picture",
        "02_live_weights",
        "03_flow_and_disocclusion",
        "04_video",
        "05_keyframes",
    )
]
every_lesson = pytest.mark.parametrize("name", LESSONS)


def cells_of(content: bytes, *tags: str) -> list[dict[str, Any]]:
    cells = json.loads(content)["cells"]
    return [cell for cell in cells if {*tags} <= {*cell["metadata"].get("tags", ())}]


def text_of(cell: dict[str, Any]) -> str:
    return "".join(cell["source"])


def original(name: str) -> bytes:
    return (notebooks_folder() / name).read_bytes()


def run_exercises(content: bytes) -> list[sk.exercises.CheckResult]:
    """Run the cells of the exercises alone, and return what their checks say."""
    # Lessons import NumPy before, or in an exercise.
    import numpy as np

    scope: dict[str, Any] = {"sk": sk, "np": np}
    results = []
    for cell in cells_of(content, "exercise"):
        if cell["cell_type"] == "code":
            exec(text_of(cell), scope)
            if "check" in cell["metadata"]["tags"]:
                results.append(scope["checked"])
    return results


@every_lesson
def test_each_lesson_closes_with_goals_and_two_to_five_exercises(name: str) -> None:
    cells = json.loads(original(name))["cells"]
    first = next(i for i, cell in enumerate(cells) if "tags" in cell["metadata"])
    assert text_of(cells[first]).startswith("## What you can do now, and exercises")
    assert all("exercise" in cell["metadata"].get("tags", ()) for cell in cells[first:])
    count = sum(text_of(cell).count("### Exercise ") for cell in cells[first:])
    assert 2 <= count <= 5
    checks = cells_of(original(name), "check")
    assert checks and all(text_of(cell).rstrip().endswith("\nchecked") for cell in checks)
    hinted = "".join(text_of(cell) for cell in cells[first:] if cell["cell_type"] == "markdown")
    assert "sk.exercises.hint(" in hinted


@pytest.mark.slow
@every_lesson
def test_solutions_pass(name: str) -> None:
    for result in run_exercises(original(name)):
        assert result, result.words


@pytest.mark.slow
@every_lesson
def test_students_copies_fail_with_hints_and_never_crash(name: str) -> None:
    for result in run_exercises(student_bytes(original(name))):
        assert not result and result.diagnosis == "not written"
        assert "sk.exercises.hint(" in repr(result) and "Not yet" in result._repr_html_()


@every_lesson
def test_nothing_of_a_solution_is_left_in_a_students_copy(name: str) -> None:
    copy = student_bytes(original(name))
    text = copy.decode()
    assert BEGIN not in text and END not in text
    for before, after in zip(
        cells_of(original(name), "solution"), cells_of(copy, "solution"), strict=True
    ):
        lines = text_of(before).splitlines()
        begin, end = (
            next(i for i, line in enumerate(lines) if mark in line) for mark in (BEGIN, END)
        )
        for line in lines[begin + 1 : end]:
            assert line.strip() not in text, line
        assert STUB[1] in text_of(after) and "jupyter" not in after["metadata"]
        ast.parse(text_of(after))
    for cell in cells_of(copy, "exercise"):
        assert not cell.get("outputs") and cell.get("execution_count") is None
    # The rest of the lesson is as it was, with its pictures.
    kept, lesson = (json.loads(each)["cells"] for each in (copy, original(name)))
    for before, after in zip(lesson, kept, strict=True):
        if "tags" not in before["metadata"]:
            assert before == after
        assert before["id"] == after["id"]


@every_lesson
def test_hidden_and_marked_solutions_are_the_only_ones(name: str) -> None:
    solutions = cells_of(original(name), "solution", "exercise")
    assert solutions
    for cell in solutions:
        assert text_of(cell).count(BEGIN) == text_of(cell).count(END) == 1
        assert cell["metadata"]["jupyter"] == {"source_hidden": True}
    others = [cell for cell in json.loads(original(name))["cells"] if cell not in solutions]
    assert not any(BEGIN in text_of(cell) for cell in others)


def test_the_course_is_laid_out_and_marked_as_nbgrader_expects(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["course", str(tmp_path / "course")]) == 0
    said = capsys.readouterr().out
    assert "release: 6 notebooks for students" in said and "keep this folder to yourself" in said
    ids: list[str] = []
    for name in LESSONS:
        stem = Path(name).stem
        for kind in (SOURCE, RELEASE):
            path = tmp_path / "course" / kind / stem / name
            notebook = nbformat.read(path, as_version=4)
            nbformat.validate(notebook)
            grading = [
                cell.metadata.nbgrader for cell in notebook.cells if "nbgrader" in cell.metadata
            ]
            points = [each for each in grading if each.grade]
            assert points and all(each.points == 1 and each.locked for each in points)
            assert any(each.solution and not each.locked for each in grading)
            names = [each.grade_id for each in grading]
            assert len(set(names)) == len(names)
            ids += names if kind == SOURCE else []
        source = (tmp_path / "course" / SOURCE / stem / name).read_bytes()
        release = (tmp_path / "course" / RELEASE / stem / name).read_bytes()
        assert BEGIN in source.decode() and BEGIN not in release.decode()
        assert [text_of(cell).splitlines()[-1] for cell in cells_of(release, "points")] == [
            "int(bool(checked))"
        ] * len(cells_of(release, "check"))
    assert len(set(ids)) == len(ids)


def test_a_course_is_not_replaced_unless_it_is_asked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "course"
    assert main(["course", str(folder)]) == 0
    path = folder / RELEASE / "04_video" / "04_video.ipynb"
    path.write_text("mine")
    capsys.readouterr()
    assert main(["course", str(folder)]) == 2
    said = capsys.readouterr().err
    assert "is there already; give another folder, or --overwrite" in said and said.count("\n") == 1
    assert path.read_text() == "mine"
    assert main(["course", str(folder), "--overwrite"]) == 0
    assert path.read_text() != "mine"
    (tmp_path / "file").write_text("words")
    assert main(["course", str(tmp_path / "file")]) == 2
    assert capsys.readouterr().err.startswith("file: cannot take the course: is a file")


def test_the_lab_opens_students_copies(tmp_path: Path) -> None:
    copies = copy_notebooks(tmp_path)
    assert set(LESSONS) < {*copies.new}
    for name in LESSONS:
        assert (tmp_path / name).read_bytes() == student_bytes(original(name))
    assert copy_notebooks(tmp_path).same == copies.new


@pytest.mark.parametrize(
    "content", [b"", b"words", b"[1]", b"{}", b'{"cells": 3}', b'{"cells": [3]}', b"\xff\xfe"]
)
def test_what_is_no_notebook_is_copied_as_it_is(content: bytes) -> None:
    assert student_bytes(content) == content


def test_a_stub_keeps_the_lines_around_it() -> None:
    text = f"import x\n\ndef f(a):\n    b = a\n    {BEGIN}\n    return b\n    {END}\n\ng = 1\n"
    wanted = f"import x\n\ndef f(a):\n    b = a\n    {STUB[0]}\n    {STUB[1]}\n\ng = 1\n"
    assert stubbed(text) == wanted
    assert stubbed(text + text) == wanted + wanted
