"""Damaged files are read or refused, and nothing else; `run.py` looks for more of them."""

from __future__ import annotations

import random
import sys
from pathlib import Path

import pytest
from mutations import mutate
from run import Reader, fuzz

pytestmark = pytest.mark.slow


def test_damaged_files_are_read_or_refused() -> None:
    # As many as take 20 seconds on a slow machine. The patience is for one that is busy, too.
    tally = fuzz(seed=20, count=400, patience=60.0)
    assert tally.failures == []
    assert tally.ok > 100 and tally.refused > 100


@pytest.mark.parametrize(
    ("action", "found"),
    [
        ("os.abort()", "the process ended with -6"),
        ("sys.exit(3)", "the process ended with 3"),
        ("time.sleep(99)", "took more than 2 seconds"),
        ("x = b'a' * 800_000_000; print('ok', flush=True)", "took more than 600 MB"),
        ("x = b'a' * 800_000_000; time.sleep(99)", "took more than 600 MB"),
        ("print('ok', flush=True)", None),
    ],
)
@pytest.mark.skipif(sys.platform != "linux", reason="the memory is measured as Linux tells it")
def test_what_goes_wrong_is_found(tmp_path: Path, action: str, found: str | None) -> None:
    """In the second file, because the first has to wait for the imports."""
    script = tmp_path / "reader.py"
    lines = ("import os, sys, time", "input(); print('ok', flush=True)", f"input(); {action}")
    script.write_text("\n".join((*lines, "input()")))
    reader = Reader(patience=2.0 if action == "time.sleep(99)" else 60.0, script=script)
    try:
        assert reader.read(Path("first")) == "ok"
        answer = reader.read(Path("second"))
        if found is None:
            assert answer == "ok"
        else:
            assert answer == f"failed: {found}"
    finally:
        reader.close()


def test_the_same_seed_makes_the_same_damage() -> None:
    data = bytes(range(256)) * 4
    first, again, other = (mutate(data, random.Random(seed)) for seed in (1, 1, 2))
    assert first == again != other
    assert mutate(b"", random.Random(1)) == b""
