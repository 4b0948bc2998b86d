"""`stylekit lab` and `stylekit studio`: what is said, and a browser that opens."""

from __future__ import annotations

import importlib.util
import os
import threading
import webbrowser
from collections.abc import Callable
from pathlib import Path

from ..errors import StylekitError
from .address import choose_address
from .notebooks import copy_notebooks, studio_notebook

# Jupyter's and Voila's own, so that bookmarks keep their meaning.
LAB_PORT = 8888
STUDIO_PORT = 8866

Say = Callable[[str], None]


def lab_command(folder: Path, *, port: int | None, browser: bool, say: Say) -> None:
    """Copy the notebooks to a folder and serve JupyterLab there until Ctrl-C."""
    _require("jupyterlab")
    address = choose_address(port, usual=LAB_PORT)
    for line in copy_notebooks(folder).lines():
        say(line)
    prepare_jupyter()
    from .lab import serve_lab

    serve_lab(folder, address, _announce("JupyterLab", browser, say))
    say("JupyterLab has ended")


def studio_command(*, port: int | None, browser: bool, say: Say) -> None:
    """Serve the studio page until Ctrl-C."""
    _require("voila")
    address = choose_address(port, usual=STUDIO_PORT)
    notebook = studio_notebook()
    prepare_jupyter()
    from .studio_server import serve_studio

    serve_studio(notebook, address, _announce("the studio", browser, say))
    say("the studio has ended, and its temporary files are gone")


def prepare_jupyter() -> None:
    """Let Jupyter, in this process and those it starts, find what lies in the folder `jupyter`.

    That is the studio's page template, and JupyterLab's settings where the user has none: no news,
    no look for updates. And kernels run in the Python that stylekit is installed in, whatever the
    user once registered.
    """
    folder = str(Path(__file__).with_name("jupyter"))
    for name in ("JUPYTER_PATH", "JUPYTER_CONFIG_PATH"):
        os.environ[name] = os.pathsep.join(filter(None, [folder, os.environ.get(name, "")]))
    os.environ["JUPYTER_PREFER_ENV_PATH"] = "1"


def _require(package: str) -> None:
    if importlib.util.find_spec(package) is None:
        raise StylekitError(package, "not installed; install it: pip install 'stylekit[notebooks]'")


def _announce(what: str, browser: bool, say: Say) -> Callable[[str], None]:
    def announce(url: str) -> None:
        say(f"{what} is at {url}")
        say("Ctrl-C in this window ends it")
        if browser:
            # Browsers in a terminal return when they are closed. The address is given as it is:
            # many desktops' browsers may not open a temporary file that would lead to it.
            threading.Thread(target=webbrowser.open, args=(url,), daemon=True).start()

    return announce
