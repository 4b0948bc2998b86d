"""`stylekit lab` and `stylekit studio`: start a server, say where it is, and open a browser."""

from __future__ import annotations

import importlib.util
import os
import threading
import webbrowser
from collections.abc import Callable
from pathlib import Path

from ..errors import StylekitError
from ..media.files import FOLDER_VARIABLE, make_folder, results_folder
from .address import choose_address
from .notebooks import copy_notebooks, studio_notebook

# Jupyter's and Voila's own ports, so that bookmarks stay valid.
LAB_PORT = 8888
STUDIO_PORT = 8866

Say = Callable[[str], None]


def lab_command(folder: Path, *, port: int | None, browser: bool, say: Say) -> None:
    """Copy the notebooks to a folder and serve JupyterLab there until Ctrl-C."""
    _require("jupyterlab", "voila")
    address = choose_address(port, usual=LAB_PORT)
    for line in copy_notebooks(folder).lines():
        say(line)
    prepare_jupyter()
    from .jupyter_servers import serve_lab

    serve_lab(folder, address, _announce("JupyterLab", browser, say))
    say("JupyterLab has ended")


def studio_command(folder: Path | None, *, port: int | None, browser: bool, say: Say) -> None:
    """Serve the studio page until Ctrl-C; its results are kept in a folder.

    Raises StylekitError if something is not installed, or the folder cannot be made.
    """
    _require("voila", "jupyterlab")
    # Kernels read it from their environment.
    kept = make_folder(folder or results_folder()).resolve()
    os.environ[FOLDER_VARIABLE] = str(kept)
    address = choose_address(port, usual=STUDIO_PORT)
    notebook = studio_notebook()
    prepare_jupyter()
    from .jupyter_servers import serve_studio

    serve_studio(notebook, address, _announce("the studio", browser, say))
    say(f"the studio has ended; results are kept in {kept}, temporary files are gone")


def prepare_jupyter() -> None:
    """Let Jupyter find the folder `jupyter`, in this process and in those that it starts.

    The folder holds the studio's page template and JupyterLab's settings: no news, no look for
    updates. The user's own settings come first. Kernels run in the Python in which stylekit is
    installed, even if the user has registered another one.
    """
    folder = str(Path(__file__).with_name("jupyter"))
    for name in ("JUPYTER_PATH", "JUPYTER_CONFIG_PATH"):
        os.environ[name] = os.pathsep.join(filter(None, [folder, os.environ.get(name, "")]))
    os.environ["JUPYTER_PREFER_ENV_PATH"] = "1"


def _require(*packages: str) -> None:
    for package in packages:
        if importlib.util.find_spec(package) is None:
            raise StylekitError(
                package, "not installed; install it: pip install 'stylekit[notebooks]'"
            )


def _announce(what: str, browser: bool, say: Say) -> Callable[[str], None]:
    def announce(url: str) -> None:
        say(f"{what} is at {url}")
        say("press Ctrl-C in this window to end it")
        if browser:
            # In a thread, because a browser in a terminal returns only when it is closed. Not
            # through a temporary file, which the browsers of many desktops may not open.
            threading.Thread(target=webbrowser.open, args=(url,), daemon=True).start()

    return announce
