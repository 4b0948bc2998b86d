"""`stylekit lab` and `stylekit studio`: start a server, say where it is, and open a browser."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Callable
from pathlib import Path

from ..errors import SettingsError, StylekitError
from ..media.files import FOLDER_VARIABLE, UPLOADS_VARIABLE, make_folder, results_folder
from .address import TOKEN_VARIABLE, choose_address
from .notebooks import copy_notebooks, studio_notebook
from .open_page import Opener, page_opener

# Jupyter's and Voila's own ports, so that bookmarks stay valid.
LAB_PORT = 8888
STUDIO_PORT = 8866

Say = Callable[[str], None]


def lab_command(
    folder: Path, *, port: int | None, base: str = "/", browser: bool, say: Say
) -> None:
    """Copy the notebooks to a folder and serve JupyterLab there until Ctrl-C."""
    _require("jupyterlab", "voila")
    secret = bool(os.environ.get(TOKEN_VARIABLE))
    address = choose_address(port, usual=LAB_PORT, base=base)
    for line in copy_notebooks(folder).lines():
        say(line)
    prepare_jupyter()
    from .jupyter_servers import serve_lab

    with page_opener(folder) as opener:
        serve_lab(
            folder, address, _announce("JupyterLab", opener if browser else None, secret, say)
        )
    say("JupyterLab has ended")


def studio_command(
    folder: Path | None,
    *,
    port: int | None,
    base: str = "/",
    visitors: int | None = None,
    upload_gb: float | None = None,
    browser: bool,
    say: Say,
) -> None:
    """Serve the studio page until Ctrl-C; its results are kept in a folder.

    Raises StylekitError if something is not installed, or the folder cannot be made.

    Parameters
    ----------
    folder : where results are kept; the `results_folder` if None
    port, base : of the address, see `choose_address`
    visitors : how many may have a page at once; `USUAL_VISITORS` if None
    upload_gb : how many GB of files are taken from the page of each visitor in all
    browser : whether one is opened
    say : is called with each line for the user
    """
    _require("voila", "jupyterlab")
    if visitors is not None and visitors < 1:
        raise SettingsError("--visitors", f"must be at least 1, is {visitors}")
    if upload_gb is not None:
        if not 0 < upload_gb < 1e6:
            raise SettingsError("--upload-gb", f"must be a number above 0, is {upload_gb:g}")
        os.environ[UPLOADS_VARIABLE] = f"{upload_gb:g}"
    # Kernels read it from their environment.
    kept = make_folder(folder or results_folder()).resolve()
    os.environ[FOLDER_VARIABLE] = str(kept)
    secret = bool(os.environ.get(TOKEN_VARIABLE))
    address = choose_address(port, usual=STUDIO_PORT, base=base)
    notebook = studio_notebook()
    prepare_jupyter()
    from .jupyter_servers import USUAL_VISITORS, serve_studio

    with page_opener(kept) as opener:
        announce = _announce("the studio", opener if browser else None, secret, say)
        serve_studio(notebook, address, announce, visitors=visitors or USUAL_VISITORS)
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


def _announce(what: str, opener: Opener | None, secret: bool, say: Say) -> Callable[[str], None]:
    def announce(url: str) -> None:
        # Who has chosen the token knows it, and what is said here may be kept in a log.
        say(f"{what} is at {url.split('?')[0] if secret else url}")
        say("press Ctrl-C in this window to end it")
        if opener is not None and not opener(url):
            say("no browser was opened: no file can be kept from other users here")

    return announce
