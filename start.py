"""Set stylekit up in an environment of its own (.venv) and start it.

    python3 start.py demo     install, then style a built-in clip: results in stylekit-demo/
    python3 start.py studio   install with Jupyter, then open the studio: paint and tune in a page
    python3 start.py lab      the same, then open the notebooks, copied to stylekit-notebooks/
    python3 start.py test     install with everything the tests need, then run them
                              (test --quick: those alone that need no browser and no whole painting)

Needs a stock Python 3.11, 3.12 or 3.13 and nothing else. Arguments after the first are passed on.
"""

import os
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent
ENVIRONMENT = ROOT / ".venv"
OLDEST, NEWEST = (3, 11), (3, 13)
# Much of what tests wait for keeps one core busy at most. A file's tests share what is
# slow to make; more than two processes, of 4 GB each, would fill a laptop's memory. Files keep
# their order, in which tests/conftest.py puts the longest first.
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
    python = make_environment()
    install(python, tasks[sys.argv[1]])
    replace_opencv_if_needed(python)
    if sys.argv[1] == "test":
        arguments = sys.argv[2:]
        if arguments in ([], [QUICK]):
            arguments += IN_PARALLEL
        return run([python, "-m", "pytest", *arguments], folder=ROOT)
    # The script, not -m, which would take the package in the current folder.
    return run([str(Path(python).with_name("stylekit")), *sys.argv[1:]])


def run(command: list[str], folder: Path | None = None) -> int:
    """The exit code of a command; at a Ctrl-C, which it gets too, its own words are waited for."""
    process = subprocess.Popen(command, cwd=folder)
    while True:
        try:
            return process.wait()
        except KeyboardInterrupt:
            continue


def make_environment() -> str:
    """The Python of .venv, which is made if it is not there or is another Python's."""
    python = ENVIRONMENT / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    version = f"import sys; sys.exit(sys.version_info[:2] != {sys.version_info[:2]})"
    if not python.exists() or subprocess.call([python, "-c", version]) != 0:
        print(f"making {ENVIRONMENT}", flush=True)
        try:
            venv.create(ENVIRONMENT, with_pip=True, clear=True)
        except subprocess.CalledProcessError:
            # Debian splits this part off Python.
            sys.exit("venv: Python's venv module is incomplete; install python3-venv")
    return str(python)


def install(python: str, what: str) -> None:
    """Install stylekit from this folder with all it needs, about 2.7 GB on disk."""
    print("installing stylekit and what it needs (a few minutes the first time)", flush=True)
    pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", what]
    if subprocess.call(pip, cwd=ROOT) != 0:
        sys.exit("pip: the installation failed; its own message above says why")


def replace_opencv_if_needed(python: str) -> None:
    """Without the system's libGL the ordinary OpenCV cannot start; its headless wheel can."""
    probe = subprocess.run([python, "-c", "import cv2"], capture_output=True, text=True)
    if probe.returncode == 0 or "cannot open shared object file" not in probe.stderr:
        return
    print("libGL is missing: taking opencv-python-headless in place of opencv-python", flush=True)
    version = subprocess.run(
        [python, "-c", "from importlib.metadata import version; print(version('opencv-python'))"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
    pip = [python, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    subprocess.check_call([*pip, "uninstall", "--yes", "opencv-python"])
    subprocess.check_call([*pip, "install", f"opencv-python-headless=={version}"])


if __name__ == "__main__":
    sys.exit(main())
