"""`stylekit course`: notebooks for students, and the same with solutions, made from the lessons.

The folders are named as nbgrader names them, which need not be installed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from ..errors import MediaError, StylekitError
from ..media.files import write_text_atomic
from .lesson_cells import (
    has_solutions,
    read_notebook,
    with_grades,
    without_solutions,
    write_notebook,
)
from .notebooks import notebooks_folder

SOURCE, RELEASE = "source", "release"


def course_command(folder: Path, *, overwrite: bool, say: Callable[[str], None]) -> None:
    """Write the lessons with exercises into two folders below `folder`.

    `release` has what students get, `source` the same with solutions; each lesson has a folder of
    its own there, as nbgrader expects.

    Raises
    ------
    MediaError : if a notebook is there already, unless `overwrite`; nothing is written then.
    """
    lessons = {path.stem: read_notebook(path.read_bytes()) for path in _lessons()}
    plan = {}
    for name, lesson in lessons.items():
        if lesson is None:
            raise StylekitError(f"{name}.ipynb", "is damaged; install stylekit again")
        graded = with_grades(lesson, name)
        for kind, notebook in ((SOURCE, graded), (RELEASE, without_solutions(graded))):
            plan[folder / kind / name / f"{name}.ipynb"] = notebook
    there = [path for path in plan if path.exists()]
    if there and not overwrite:
        raise MediaError(
            there[0],
            "is there already; give another folder, or {overwrite}",
            settings={"overwrite": "overwrite=True"},
        )
    try:
        for path, notebook in plan.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            write_text_atomic(path, write_notebook(notebook))
    except OSError as error:
        reason = "is a file; give a folder" if folder.is_file() else error.strerror
        raise StylekitError(folder, f"cannot take the course: {reason}") from error
    say(f"{folder / RELEASE}: {len(lessons)} notebooks for students, without solutions")
    say(f"{folder / SOURCE}: the same with solutions; keep this folder to yourself")


def _lessons() -> Iterator[Path]:
    """The lessons that have exercises."""
    for path in sorted(notebooks_folder().glob("*.ipynb")):
        notebook = read_notebook(path.read_bytes())
        if notebook is None or has_solutions(notebook):
            yield path
