"""What the tests of the studio share: a folder of its own for the results of each test."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def kept_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the studios of a test keep their results."""
    folder = tmp_path / "kept"
    monkeypatch.setenv("STYLEKIT_FOLDER", str(folder))
    return folder
