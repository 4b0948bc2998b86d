"""Install stylekit in an environment of its own (.venv) and start it.

    python3 start.py demo     install, then style a built-in clip: results in stylekit-demo/
    python3 start.py studio   install with Jupyter, then open the studio: paint and tune in a page
    python3 start.py lab      the same, then open the notebooks, copied to stylekit-notebooks/
    python3 start.py test     install with everything that the tests need, then run them
                              (test --quick: only tests without a browser or a whole painting)

Needs Python 3.11, 3.12 or 3.13, and nothing else. Arguments after the first are passed on.
"""

# Before the oldest Python that is needed, it still says so.
from __future__ import annotations

import hashlib
import os
import platform
import signal
import subprocess
import sys
import venv
from collections.abc import Callable
from pathlib import Path
from types import FrameType

ROOT = Path(__file__).resolve().parent
ENVIRONMENT = ROOT / ".venv"
# That this script has made the environment, and what it has installed there. An environment of an
# earlier version has the second alone.
MADE, INSTALLED = STAMPS = ENVIRONMENT / "made-by-start.txt", ENVIRONMENT / "installed.txt"
# What the package is made from, beside pyproject.toml.
SOURCES = ("stylekit", "data", "notebooks")
OLDEST, NEWEST = (3, 11), (3, 13)
# Two processes, because most tests use only one core, and each process needs up to 4 GB. The tests
# of a file run in one process, because they share what is slow to make. Files keep their order,
# because tests/conftest.py puts the longest first.
IN_PARALLEL = ("-n", "2", "--dist", "loadfile", "--no-loadscope-reorder")
QUICK = "--quick"


def main() -> int:
    """Install, then run what the first argument asks for."""
    tasks = {
        "demo": ".",
        "studio": ".[notebooks]",
        "lab": ".[notebooks]",
        "test": "-e.[test,credentials,heic]",
    }
    if len(sys.argv) < 2 or sys.argv[1] not in tasks:
        print(__doc__)
        return 2
    if not OLDEST <= sys.version_info[:2] <= NEWEST:
        print(
            f"Python {sys.version.split()[0]}: stylekit needs 3.11, 3.12 or 3.13", file=sys.stderr
        )
        return 2
    if sys.platform == "darwin" and platform.machine() == "x86_64":
        print(
            "TensorFlow has no release for Macs with Intel processors since 2.16, and stylekit "
            "needs 2.18: use another computer; on a Mac with Apple's processor use a Python for it",
            file=sys.stderr,
        )
        return 2
    python = make_environment()
    install(python, tasks[sys.argv[1]])
    replace_opencv_if_needed(python)
    if sys.argv[1] == "test":
        arguments = sys.argv[2:]
        if arguments in ([], [QUICK]):
            arguments += IN_PARALLEL
        return run([python, "-m", "pytest", *arguments], folder=ROOT)
    # The script, because `python -m` would import the package from the current folder.
    return run([str(Path(python).with_name("stylekit")), *sys.argv[1:]])


def run(command: list[str], folder: Path | None = None) -> int:
    """Run a command and return its exit code. What asks this program to end asks the command.

    Ctrl-C reaches it anyway. Either way its end is waited for: it may have a result to write.
    """
    asked: list[int] = []
    on_end_signal(lambda number, _frame: asked.append(number))
    process = subprocess.Popen(command, cwd=folder)
    on_end_signal(lambda number, _frame: process.send_signal(number))
    for number in asked:
        process.send_signal(number)
    while True:
        try:
            return process.wait()
        except KeyboardInterrupt:
            continue


def on_end_signal(handler: Callable[[int, FrameType | None], object]) -> None:
    """Handle a polite kill and the end of the terminal, where the system has them."""
    for name in ("SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)  # Windows has no SIGHUP
        # `nohup` asks for it to be ignored.
        if number is not None and signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, handler)


def make_environment() -> str:
    """The Python of .venv; the environment is made if it is missing or of another version.

    An environment, or a link to one, that this script did not make is left as it is.
    """
    if ENVIRONMENT.is_symlink() or (ENVIRONMENT.exists() and not any(map(Path.exists, STAMPS))):
        sys.exit(
            f"{ENVIRONMENT}: was not made by start.py, which would change it; move it away or "
            "delete it"
        )
    python = ENVIRONMENT / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    # Without pip it was not finished.
    version = f"import pip, sys; sys.exit(sys.version_info[:2] != {sys.version_info[:2]})"
    quiet = {"stderr": subprocess.DEVNULL}
    if not python.exists() or subprocess.call([python, "-c", version], **quiet) != 0:
        print(f"making {ENVIRONMENT}", flush=True)
        # Noted before the slow part, so that one that was broken off is known as this script's.
        venv.create(ENVIRONMENT, clear=True)
        MADE.write_text("This environment was made by stylekit's start.py.\n")
        try:
            venv.create(ENVIRONMENT, with_pip=True)
        except subprocess.CalledProcessError:
            # Debian installs this part of Python separately.
            sys.exit("venv: Python's venv module is incomplete; install python3-venv")
    return str(python)


def install(python: str, what: str) -> None:
    """Install stylekit from this folder with all it needs, about 2.7 GB on disk.

    What is installed already, from the same files, is left as it is: pip takes half a minute to
    find that nothing is to be done, and needs the network to build the package.
    """
    if is_installed(what):
        return
    print("installing stylekit and what it needs (a few minutes the first time)", flush=True)
    pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", what]
    # Whatever it leaves, it is not what was noted before.
    INSTALLED.write_text("")
    if subprocess.call(pip, cwd=ROOT) != 0:
        sys.exit("pip: the installation failed; its own message above says why")
    INSTALLED.write_text(f"{what} {sources_hash(what)}")


def is_installed(what: str) -> bool:
    """Whether this, or something that includes it, was installed from the files as they are."""
    if not INSTALLED.exists():
        return False
    found, _, sources = INSTALLED.read_text().partition(" ")
    enough = found == what or (found, what) == (".[notebooks]", ".")
    return enough and sources == sources_hash(found)


def sources_hash(what: str) -> str:
    """The SHA-256 of what an installation is made from; an editable one follows changes itself."""
    total = hashlib.sha256((ROOT / "pyproject.toml").read_bytes())
    if not what.startswith("-e"):
        files = (path for name in SOURCES for path in (ROOT / name).rglob("*") if path.is_file())
        for name, path in sorted((path.relative_to(ROOT).as_posix(), path) for path in files):
            # Neither what Python has compiled nor what an editor keeps.
            if "/__pycache__/" not in name and "/." not in name:
                total.update(f"{name}\n".encode() + hashlib.sha256(path.read_bytes()).digest())
    return total.hexdigest()


def replace_opencv_if_needed(python: str) -> None:
    """Install OpenCV's headless wheel if the ordinary one cannot start without libGL."""
    probe = subprocess.run([python, "-c", "import cv2"], capture_output=True, text=True)
    if probe.returncode == 0 or "cannot open shared object file" not in probe.stderr:
        return
    print("libGL is missing: replacing opencv-python by opencv-python-headless", flush=True)
    version = subprocess.run(
        [python, "-c", "from importlib.metadata import version; print(version('opencv-python'))"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
    pip = [python, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    subprocess.check_call([*pip, "uninstall", "--yes", "opencv-python"])
    subprocess.check_call([*pip, "install", f"opencv-python-headless=={version}"])


def program() -> int:
    """Run `main`; what asks it to end while it installs ends pip, too, which would go on alone."""
    on_end_signal(signal.default_int_handler)
    try:
        return main()
    except KeyboardInterrupt:
        print("interrupted: not finished; run the same command again", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(program())
