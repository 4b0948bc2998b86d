"""start.py: what it says and what it would run. Nothing is installed here."""

from __future__ import annotations

import ast
import importlib.util
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture
def start(monkeypatch, tmp_path):
    """The script as a module, with an environment elsewhere and every program replaced."""
    spec = importlib.util.spec_from_file_location("start", ROOT / "start.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module.ENVIRONMENT = tmp_path / ".venv"
    module.MADE, module.INSTALLED = module.STAMPS = [
        module.ENVIRONMENT / path.name for path in module.STAMPS
    ]
    module.calls = []

    def call(command, *_, **__):
        module.calls.append([str(part) for part in command])
        return 0

    fake = SimpleNamespace(
        call=call,
        check_call=call,
        DEVNULL=subprocess.DEVNULL,
        run=lambda *_, **__: SimpleNamespace(returncode=0, stdout="", stderr=""),
        CalledProcessError=subprocess.CalledProcessError,
    )
    monkeypatch.setattr(module, "subprocess", fake)
    monkeypatch.setattr(module, "run", call)
    monkeypatch.setattr(module, "venv", SimpleNamespace(create=lambda *_, **__: None))
    module.ENVIRONMENT.mkdir()
    module.MADE.touch()
    return module


@pytest.mark.parametrize("arguments", [[], ["help"], ["--help"]])
def test_it_explains_itself(arguments, start, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["start.py", *arguments])
    assert start.main() == 2
    out = capsys.readouterr().out
    for task in ("demo", "studio", "lab", "test"):
        assert f"start.py {task} " in out
    assert not start.calls


def test_an_unfit_python_is_told(start, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["start.py", "demo"])
    monkeypatch.setattr(start, "OLDEST", (3, 99))
    monkeypatch.setattr(start, "NEWEST", (3, 99))
    assert start.main() == 2
    assert "stylekit needs 3.11, 3.12 or 3.13" in capsys.readouterr().err
    assert not start.calls


def test_a_mac_without_tensorflow_is_told(start, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["start.py", "demo"])
    monkeypatch.setattr(sys, "platform", "darwin")
    monkeypatch.setattr(start.platform, "machine", lambda: "x86_64")
    assert start.main() == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "Macs with Intel processors" in line
    assert not start.calls


def test_the_range_of_pythons_is_that_of_the_package(start):
    text = (ROOT / "pyproject.toml").read_text()
    assert start.OLDEST == (3, 11)
    assert f'requires-python = ">={start.OLDEST[0]}.{start.OLDEST[1]}' in text
    assert f"Python :: {start.NEWEST[0]}.{start.NEWEST[1]}" in text


@pytest.mark.parametrize(
    ("task", "what", "command"),
    [
        ("demo", ".", ["stylekit", "demo"]),
        ("studio", ".[notebooks]", ["stylekit", "studio"]),
        ("lab", ".[notebooks]", ["stylekit", "lab"]),
        ("test", "-e.[test,credentials,heic]", ["python", "-m", "pytest"]),
    ],
)
def test_it_installs_and_passes_arguments_on(task, what, command, start, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["start.py", task, "-x", "a b"])
    assert start.main() == 0
    install, run = start.calls
    assert install[1:3] == ["-m", "pip"] and install[-1] == what
    assert [Path(run[0]).stem, *run[1:]] == [*command, "-x", "a b"]
    assert Path(run[0]).parent == Path(install[0]).parent
    assert Path(run[0]).is_relative_to(start.ENVIRONMENT)


@pytest.mark.parametrize("asked", [[], ["--quick"]])
def test_all_tests_and_the_quick_ones_run_two_files_at_a_time(asked, start, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["start.py", "test", *asked])
    assert start.main() == 0
    in_parallel = ["-n", "2", "--dist", "loadfile", "--no-loadscope-reorder"]
    assert start.calls[1][3:] == [*asked, *in_parallel]


def test_an_editable_installation_is_made_once_for_each_pyproject(start, monkeypatch):
    for what, installs in (
        ("-e.[test]", 1),
        ("-e.[test]", 1),
        (".", 2),
        (".", 2),
        ("-e.[test]", 3),
    ):
        start.install("python", what)
        assert len(start.calls) == installs
    monkeypatch.setattr(start, "ROOT", start.ENVIRONMENT)
    (start.ENVIRONMENT / "pyproject.toml").write_text("another")
    start.install("python", "-e.[test]")
    assert len(start.calls) == 4


def test_a_second_start_needs_no_network(start, monkeypatch, tmp_path):
    """Pip would download what it builds the package with."""
    for name in start.SOURCES:
        (tmp_path / "sources" / name).mkdir(parents=True)
    source = tmp_path / "sources" / "stylekit" / "a.py"
    source.write_text("1")
    (tmp_path / "sources" / "pyproject.toml").write_text("[project]")
    monkeypatch.setattr(start, "ROOT", tmp_path / "sources")
    start.install("python", ".[notebooks]")
    (source.parent / "__pycache__").mkdir()
    (source.parent / "__pycache__" / "a.pyc").write_bytes(b"compiled")
    start.subprocess.call = lambda *_, **__: pytest.fail("pip was called")
    for what in (".[notebooks]", "."):
        start.install("python", what)
    source.write_text("2")
    with pytest.raises(pytest.fail.Exception):
        start.install("python", ".")


def test_an_installation_that_failed_is_tried_again(start):
    start.install("python", ".")
    start.subprocess.call = lambda *_, **__: 1
    with pytest.raises(SystemExit):
        start.install("python", ".[notebooks]")
    with pytest.raises(SystemExit):
        start.install("python", ".")


def test_a_failed_installation_ends_it(start, monkeypatch):
    start.subprocess.call = lambda *_, **__: 1
    with pytest.raises(SystemExit, match="pip: the installation failed"):
        start.install("python", ".")


def test_a_python_without_venv_is_told(start, monkeypatch):
    def fail(*_, with_pip=False, **__):
        if with_pip:
            raise subprocess.CalledProcessError(1, "ensurepip")

    start.MADE.unlink()
    start.ENVIRONMENT.rmdir()
    monkeypatch.setattr(
        start.venv,
        "create",
        lambda *_, **more: (start.ENVIRONMENT.mkdir(exist_ok=True), fail(**more)),
    )
    # When that is mended, the rest is made: what was left behind is known as its own.
    for _ in range(2):
        with pytest.raises(SystemExit, match="install python3-venv"):
            start.make_environment()


def test_an_environment_of_this_python_is_used_again(start, monkeypatch):
    python = start.ENVIRONMENT / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    python.parent.mkdir()
    python.touch()
    monkeypatch.setattr(start.venv, "create", lambda *_, **__: pytest.fail("made anew"))
    assert start.make_environment() == str(python)
    start.subprocess.call = lambda *_, **__: 1  # another Python's
    with pytest.raises(pytest.fail.Exception):
        start.make_environment()


def test_an_environment_that_it_did_not_make_is_left_as_it_is(start, monkeypatch, tmp_path):
    monkeypatch.setattr(start.venv, "create", lambda *_, **__: pytest.fail("emptied"))
    start.MADE.unlink()
    (start.ENVIRONMENT / "mine.txt").write_text("mine")
    with pytest.raises(SystemExit, match=r"\.venv: was not made by start\.py.*delete it"):
        start.make_environment()
    # What earlier versions made is known by what they have noted.
    start.INSTALLED.touch()
    with pytest.raises(pytest.fail.Exception):
        start.make_environment()
    start.ENVIRONMENT.rename(tmp_path / "elsewhere")
    start.ENVIRONMENT.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(SystemExit, match="was not made by"):
        start.make_environment()
    assert (tmp_path / "elsewhere" / "mine.txt").read_text() == "mine"
    assert start.calls == []


@pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="needs signals of POSIX")
@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP"])
def test_what_ends_it_ends_its_command_which_writes_its_result(name, tmp_path):
    """The script waits until the command has written what it has."""
    number = getattr(signal, name)
    child = (
        "import pathlib, signal, sys, time\n"
        f"signal.signal({int(number)}, signal.default_int_handler)\n"
        "pathlib.Path('ready').touch()\n"
        "try:\n    time.sleep(60)\n"
        "except KeyboardInterrupt:\n"
        "    time.sleep(0.5); pathlib.Path('result').touch(); sys.exit(130)\n"
    )
    code = (
        # Programs started in the background may have been told to ignore it.
        f"import signal; signal.signal({int(number)}, signal.SIG_DFL); "
        f"import sys; sys.path.insert(0, {str(ROOT)!r}); import start; "
        f"sys.exit(start.run([sys.executable, '-c', {child!r}]))"
    )
    with subprocess.Popen([sys.executable, "-c", code], cwd=tmp_path) as process:
        end = time.monotonic() + 60
        while not (tmp_path / "ready").exists() and time.monotonic() < end:
            time.sleep(0.05)
        process.send_signal(number)
        assert process.wait(60) == 130
    assert (tmp_path / "result").exists()


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_what_ends_it_while_it_installs_is_told_in_a_line(name, tmp_path):
    number = getattr(signal, name, None)
    if number is None:
        pytest.skip(f"this system has no {name}")
    installing = "import pathlib, time; pathlib.Path('ready').touch(); time.sleep(60)"
    code = (
        "import signal, subprocess, sys; signal.signal(signal.SIGINT, signal.default_int_handler); "
        f"signal.signal({int(number)}, signal.SIG_DFL) if {name!r} != 'SIGINT' else None; "
        f"sys.path.insert(0, {str(ROOT)!r}); import start; "
        f"start.main = lambda: subprocess.call([sys.executable, '-c', {installing!r}]); "
        "sys.exit(start.program())"
    )
    command = [sys.executable, "-c", code]
    with subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE, text=True) as process:
        end = time.monotonic() + 60
        while not (tmp_path / "ready").exists() and time.monotonic() < end:
            time.sleep(0.05)
        process.send_signal(number)
        # The end of its standard error is also that of the program that it had started.
        _, err = process.communicate(timeout=50)
    assert process.returncode == 130
    assert err == "interrupted: not finished; run the same command again\n"


def test_an_older_python_can_read_it_as_far_as_its_message(start):
    """Types such as `Path | None` would be an error there, if they were evaluated."""
    ast.parse((ROOT / "start.py").read_text(), feature_version=(3, 8))
    assert all(isinstance(kind, str) for kind in start.run.__annotations__.values())


@pytest.mark.parametrize(
    ("returncode", "stderr", "replaced"),
    [
        (0, "", False),
        (1, "ImportError: libGL.so.1: cannot open shared object file", True),
        (1, "ImportError: numpy is broken", False),
    ],
)
def test_opencv_is_replaced_only_where_libgl_is_missing(returncode, stderr, replaced, start):
    def run(command, **_):
        if "import cv2" in command[-1]:
            return SimpleNamespace(returncode=returncode, stdout="", stderr=stderr)
        return SimpleNamespace(returncode=0, stdout="5.0.1\n", stderr="")

    start.subprocess.run = run
    start.replace_opencv_if_needed("python")
    tails = [call[-1] for call in start.calls]
    assert tails == (["opencv-python", "opencv-python-headless==5.0.1"] if replaced else [])
