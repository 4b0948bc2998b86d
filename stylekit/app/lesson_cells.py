"""Cells of the lessons: what is an answer, what is a check, and copies without answers.

The lessons are the one source. A cell with the tag `solution` has its answer between the lines
`### BEGIN SOLUTION` and `### END SOLUTION`; a cell with the tag `check` shows a check's result.
These lines and the metadata are those of nbgrader, which need not be installed.
"""

from __future__ import annotations

import copy
import json
import re
from typing import Any

BEGIN, END = "### BEGIN SOLUTION", "### END SOLUTION"
STUB = ("# YOUR CODE HERE", "raise NotImplementedError()")
_SCHEMA = 3

Notebook = dict[str, Any]


def student_bytes(content: bytes) -> bytes:
    """A notebook's file without solutions; any other file, and a notebook without them, as it is.

    Examples
    --------
    >>> student_bytes(b"no notebook")
    b'no notebook'
    """
    notebook = read_notebook(content)
    if notebook is None or not has_solutions(notebook):
        return content
    return write_notebook(without_solutions(notebook)).encode()


def read_notebook(content: bytes) -> Notebook | None:
    """The notebook in a file; None if it holds something else."""
    try:
        found = json.loads(content)
    except ValueError:
        return None
    is_one = isinstance(found, dict) and isinstance(found.get("cells"), list)
    return found if is_one and all(isinstance(cell, dict) for cell in found["cells"]) else None


def has_solutions(notebook: Notebook) -> bool:
    """Whether there are answers to be taken out."""
    return any(_has_tag(cell, "solution") for cell in notebook["cells"])


def write_notebook(notebook: Notebook) -> str:
    """The text of a notebook's file."""
    return json.dumps(notebook, indent=1, ensure_ascii=False) + "\n"


def without_solutions(notebook: Notebook) -> Notebook:
    """A copy in which answers are stubs, and what their checks said is gone."""
    changed = copy.deepcopy(notebook)
    for cell in changed["cells"]:
        if cell.get("cell_type") != "code":
            continue
        if _has_tag(cell, "solution"):
            cell["source"] = _lines(stubbed(_text(cell)))
            cell.get("metadata", {}).pop("jupyter", None)
        if _has_tag(cell, "exercise"):
            cell["outputs"], cell["execution_count"] = [], None
    return changed


def with_grades(notebook: Notebook, name: str) -> Notebook:
    """A copy with nbgrader's metadata, and after each check a cell whose value is its points.

    nbgrader takes the value of a graded cell as its points. A check's own cell shows words, which
    it would take for full marks.
    """
    changed = copy.deepcopy(notebook)
    cells = []
    for number, cell in enumerate(changed["cells"]):
        cells.append(cell)
        metadata = cell.setdefault("metadata", {})
        if _has_tag(cell, "solution"):
            metadata["nbgrader"] = _grading(f"{name}-answer-{number}", solution=True)
        elif _has_tag(cell, "check"):
            metadata["nbgrader"] = _grading(f"{name}-check-{number}", locked=True)
            cells.append(_points(f"{name}-points-{number}"))
    changed["cells"] = cells
    return changed


def stubbed(text: str) -> str:
    """Text in which each solution is replaced by a stub with its indentation.

    Examples
    --------
    >>> print(stubbed("def f():\\n    ### BEGIN SOLUTION\\n    return 1\\n    ### END SOLUTION"))
    def f():
        # YOUR CODE HERE
        raise NotImplementedError()
    """
    pattern = re.compile(
        rf"^(?P<space>[ \t]*){re.escape(BEGIN)}\n.*?^[ \t]*{re.escape(END)}[ \t]*$", re.M | re.S
    )
    return pattern.sub(lambda found: "\n".join(found["space"] + line for line in STUB), text)


def _grading(grade_id: str, **changes: bool) -> dict[str, Any]:
    plain = {"grade": False, "locked": False, "solution": False, "task": False}
    return {**plain, **changes, "grade_id": grade_id, "schema_version": _SCHEMA}


def _points(grade_id: str) -> dict[str, Any]:
    grading = {**_grading(grade_id, grade=True, locked=True), "points": 1, "cell_type": "code"}
    return {
        "cell_type": "code",
        "execution_count": None,
        "id": grade_id[:64],
        "metadata": {"nbgrader": grading, "tags": ["exercise", "points"]},
        "outputs": [],
        "source": ["# One point if the check above says that it is right.\n", "int(bool(checked))"],
    }


def _has_tag(cell: dict[str, Any], tag: str) -> bool:
    return tag in cell.get("metadata", {}).get("tags", ())


def _text(cell: dict[str, Any]) -> str:
    source = cell.get("source", "")
    return source if isinstance(source, str) else "".join(source)


def _lines(text: str) -> list[str]:
    return text.splitlines(keepends=True)
