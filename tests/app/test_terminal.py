"""The system's refusals in one line: terminals that lack letters, names, memory."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from pathlib import Path

import pytest
from short_runs import stylekit

from stylekit.app import batch
from stylekit.app.terminal import print_any_text, system_trouble

LONG = "n" * 300
CALL = ["image", "chelsea", "glass", "-o", "out.png"]


@pytest.mark.parametrize("encoding", ["ascii", "cp1251", "latin-1", "utf-8"])
def test_any_text_is_printed_on_any_terminal(monkeypatch, encoding):
    data = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(data, encoding))
    print_any_text()
    print("猫.png: 48×32 pixels, β…", flush=True)
    text = data.getvalue().decode(encoding)
    assert text.endswith(("pixels, β…\n", "pixels, \\u03b2...\n", "pixels, \\u03b2…\n"))
    assert "48×32" in text or "48x32" in text


def test_help_is_printed_on_a_terminal_without_its_letters(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "stylekit.app.cli", "image", "--help"],
        env=os.environ | {"PYTHONIOENCODING": "ascii"},
        capture_output=True,
        cwd=tmp_path,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    assert b"W,W,..." in done.stdout


@pytest.mark.parametrize(
    "call",
    [
        ["image", LONG, "glass", "-o", "out.png"],
        ["image", "chelsea", LONG, "-o", "out.png"],
        *([*CALL, f"--{name}", LONG] for name in ("init", "preset", "keep", "regions", "backbone")),
        [*CALL, "--timelapse", f"{LONG}.gif"],
        ["image", "chelsea", "glass", "-o", f"{LONG}/out.png"],
        ["image", "chelsea", "glass", "-o", f"{LONG}.png"],
        ["video", LONG, "glass", "-o", "out.mp4"],
        ["video", f"{LONG}/%d.png", "glass", "-o", "out.mp4"],
        ["video", "drift", "glass", "-o", "out.mp4", "--flow", LONG],
        ["video", "drift", "glass", "-o", f"{LONG}/%d.png"],
        ["video", "drift", "glass", "-o", f"{LONG}/"],
        ["demo", "-o", LONG],
        ["lab", LONG, "--no-browser"],
    ],
    ids=lambda call: " ".join(call).replace(LONG, "LONG"),
)
def test_a_name_that_the_system_refuses_is_told_in_one_line(capsys, monkeypatch, tmp_path, call):
    monkeypatch.chdir(tmp_path)
    outcome = stylekit(capsys, *call)
    assert (outcome.code, outcome.out) == (2, "")
    assert LONG in outcome.complaint or "out.png" in outcome.complaint


@pytest.mark.parametrize(
    "error", [MemoryError(), type("ResourceExhaustedError", (RuntimeError,), {})("OOM")]
)
def test_too_little_memory_is_told_in_one_line(capsys, monkeypatch, tmp_path, error):
    def fail(options):
        raise error

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(batch, "image_command", fail)
    outcome = stylekit(capsys, *CALL)
    assert outcome.code == 2
    assert outcome.complaint.startswith("memory: there is not enough for this; use a smaller")


def test_other_errors_are_not_hidden():
    assert system_trouble(RuntimeError("a fault of ours")) is None
    assert system_trouble(OSError("a fault of ours")) is None
    assert system_trouble(OSError(5, "Input/output error", "/a/b.png")) == (
        "b.png: Input/output error; check the name, the folder and its permissions"
    )


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="Linux alone tells its memory")
def test_a_limit_of_addresses_is_seen_before_painting(tmp_path):
    code = (
        "import resource, sys\n"
        "resource.setrlimit(resource.RLIMIT_AS, (3 * 10**9, resource.RLIM_INFINITY))\n"
        "from stylekit.app.cli import main\n"
        "sys.exit(main(['image', 'chelsea', 'glass', '-o', 'out.png', '--size', '1600']))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path, timeout=300
    )
    assert done.returncode == 2, done.stderr
    assert done.stderr.splitlines()[-1].startswith("--size: 1600 needs about")


@pytest.mark.skipif(sys.platform == "win32", reason="needs a limit of the size of files")
def test_a_notebook_that_a_full_disk_cuts_off_is_copied_again_later(tmp_path):
    code = (
        "import resource, sys\n"
        "from stylekit.app.cli import main\n"
        "from stylekit.app.notebooks import copy_notebooks\n"
        "from pathlib import Path\n"
        "from stylekit.errors import StylekitError\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (9000, resource.RLIM_INFINITY))\n"
        "try:\n    copy_notebooks(Path('mine'))\n"
        "except StylekitError as error:\n    print(error)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY,) * 2)\n"
        "print(copy_notebooks(Path('mine')).kept)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path, timeout=120
    )
    assert done.returncode == 0, done.stderr
    refused, kept = done.stdout.splitlines()
    assert ".ipynb: the file grows larger than this system allows" in refused
    assert kept == "[]", "a copy was taken for one that the user has changed"
