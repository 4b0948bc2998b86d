"""A real browser on a real notebook, for tests: JupyterLab or Voila, a kernel, and Chromium.

Tests take the fixtures of `browser_fixtures`. Servers listen on localhost alone, in a fresh folder
without anybody's settings, and Chromium can resolve no name but localhost; what it asks for is kept
in `NotebookPage.requests`.

Nothing here is for one widget alone.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import urlsplit

import nbformat
import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

T = TypeVar("T")

FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-proxy-server",
    # No name is resolved, so that nothing works here that would fail offline.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
)
CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
# Only a failure waits as long as this; a machine that does other things may need much of it.
START_SECONDS = 180.0
PAGE_MS = 120_000.0

_LAB_SETTINGS = {
    "apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},
    "docmanager-extension/plugin": {"autosave": False},
    # Outputs stay in the page when they are scrolled out of sight.
    "notebook-extension/tracker": {"windowingMode": "none"},
}
_NOTEBOOK = "jupyterapp.shell.currentWidget"
_KERNEL_CONNECTED = (
    f"() => globalThis.jupyterapp?.shell?.currentWidget?.sessionContext?.session?.kernel"
    f"?.connectionStatus === 'connected' && {_NOTEBOOK}.context.isReady"
)
_RUN_CODE = """async (code) => {
    const kernel = jupyterapp.shell.currentWidget.sessionContext.session.kernel;
    const future = kernel.requestExecute({ code, store_history: false });
    let text = "", error = "";
    future.onIOPub = ({ content }) => {
        if (content.name === "stdout") text += content.text;
        if (content.traceback) error = content.ename + ": " + content.evalue;
    };
    await future.done;
    return [text, error];
}"""


# How often a notebook is asked to run before it is given up.
_RUNS = 3


@dataclass
class NotebookPage:
    """A notebook that is open in the browser; `requests` are the addresses it asked for."""

    page: Page
    requests: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def run_all(self) -> None:
        """Run all cells to the end. Fails with the message of a cell that raised."""
        for _ in range(_RUNS):
            done = self.page.evaluate("() => jupyterapp.commands.execute('notebook:run-all-cells')")
            errors = self.cell_errors()
            if done or errors:
                break
            # On a busy machine Lab may say that a kernel is ready before it takes cells.
            self.page.wait_for_timeout(2_000)
        assert done, errors

    def cell_errors(self) -> list[str]:
        """What cells printed as errors."""
        return self.page.locator(
            "[data-mime-type*='application/vnd.jupyter.error']"
        ).all_inner_texts()

    def python(self, code: str) -> str:
        """Run `code` in the notebook's kernel, outside of its cells; gives what it printed."""
        text, error = self.page.evaluate(_RUN_CODE, code)
        assert not error, error
        return str(text)

    def wait_for_python(self, code: str, printed: str) -> None:
        """Run `code` until it prints `printed`: what the page sends may reach the kernel later."""
        end = time.monotonic() + PAGE_MS / 1000
        while (said := self.python(code)) != printed:
            assert time.monotonic() < end, said
            time.sleep(0.05)

    def foreign_requests(self) -> list[str]:
        """Addresses asked for that are not this machine's own, those inside the page left out."""
        inside = ("data:", "blob:", "about:", "devtools:")
        local = ("127.0.0.1", "localhost")
        return [
            url
            for url in self.requests
            if not url.startswith(inside) and urlsplit(url).hostname not in local
        ]


@dataclass(frozen=True)
class Lab:
    """A JupyterLab that is running: its address, its token, and the folder it shows."""

    url: str
    token: str
    folder: Path
    settings: Path

    def write(self, cells: Sequence[str], *, dark: bool = False) -> str:
        """Store a notebook with these code cells and say whether Lab is dark; gives its address."""
        name = write_notebook(self.folder, cells).name
        theme = {"theme": "JupyterLab Dark" if dark else "JupyterLab Light"}
        _write_settings(self.settings, {**_LAB_SETTINGS, "apputils-extension/themes": theme})
        return f"{self.url}doc/tree/{name}?token={self.token}"


def find_chromium() -> str:
    """The system's Chromium; skips the test, with the reason, where there is none."""
    pytest.importorskip("playwright", reason="playwright is not installed", exc_type=ImportError)
    for name in CHROMIUM_NAMES:
        if path := shutil.which(name):
            return path
    pytest.skip(f"no Chromium found ({', '.join(CHROMIUM_NAMES)}): install the system's")


def write_notebook(folder: Path, cells: Sequence[str]) -> Path:
    """A new notebook in `folder` with these code cells."""
    notebook = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(cell) for cell in cells],
        metadata={"kernelspec": {"name": "python3", "display_name": "Python 3"}},
    )
    path = folder / f"test-{secrets.token_hex(4)}.ipynb"
    nbformat.write(notebook, path)
    return path


@contextmanager
def running_lab() -> Iterator[Lab]:
    """JupyterLab in a fresh folder, on a free port, until the end of the block."""
    pytest.importorskip("jupyterlab", reason="jupyterlab is not installed")
    with ExitStack() as stack:
        root = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="stylekit-lab-")))
        folder, runtime, settings = root / "notebooks", root / "runtime", root / "settings"
        folder.mkdir()
        token = secrets.token_hex(16)
        command = [
            *(sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root"),
            "--expose-app-in-browser",
            "--ServerApp.ip=127.0.0.1",
            "--ServerApp.port=0",
            f"--IdentityProvider.token={token}",
            f"--ServerApp.root_dir={folder}",
            f"--LabApp.user_settings_dir={settings}",
            f"--LabApp.workspaces_dir={root / 'workspaces'}",
        ]
        server = stack.enter_context(_running(command, root))
        # Where the server writes which port it took, as soon as it listens.
        info = _wait(server, root, lambda: next(iter(runtime.glob("jpserver-*.json")), None))
        url = json.loads(_wait(server, root, lambda: info.read_text(encoding="utf-8")))["url"]
        _wait(server, root, lambda: _answers(f"{url}api/status?token={token}"))
        yield Lab(url, token, folder, settings)


@contextmanager
def running_voila(cells: Sequence[str], *, dark: bool = False) -> Iterator[str]:
    """Voila on a notebook with these cells; gives its address."""
    pytest.importorskip("voila", reason="voila is not installed")
    with tempfile.TemporaryDirectory(prefix="stylekit-voila-") as folder:
        notebook = write_notebook(Path(folder), cells)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        command = [
            *(sys.executable, "-m", "voila", str(notebook), "--no-browser", "--show_tracebacks=1"),
            "--Voila.ip=127.0.0.1",
            f"--port={port}",
            f"--theme={'dark' if dark else 'light'}",
        ]
        url = f"http://127.0.0.1:{port}/"
        with _running(command, Path(folder)) as server:
            _wait(server, Path(folder), lambda: _answers(f"{url}voila/static/"))
            yield url


@contextmanager
def running_chromium() -> Iterator[Browser]:
    """The system's Chromium with a fresh profile, until the end of the block."""
    executable = find_chromium()
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=list(FLAGS))
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def opened(
    browser: Browser, url: str, *, width: int = 1280, height: int = 900
) -> Iterator[NotebookPage]:
    """`url` in a new window, whose requests and errors are kept."""
    context = browser.new_context(
        viewport={"width": width, "height": height}, service_workers="block"
    )
    try:
        page = context.new_page()
        page.set_default_timeout(PAGE_MS)
        opened_page = NotebookPage(page)
        context.on("request", lambda request: opened_page.requests.append(request.url))
        page.on("websocket", lambda socket: opened_page.requests.append(socket.url))
        page.on("pageerror", lambda error: opened_page.errors.append(str(error)))
        page.goto(url)
        yield opened_page
    finally:
        context.close()


@contextmanager
def opened_in_lab(
    browser: Browser,
    lab: Lab,
    cells: Sequence[str],
    *,
    width: int = 1280,
    height: int = 900,
    dark: bool = False,
) -> Iterator[NotebookPage]:
    """A notebook with these cells, open in Lab, its kernel connected; no cell has run yet."""
    url = lab.write(cells, dark=dark)
    with opened(browser, url, width=width, height=height) as notebook:
        notebook.page.wait_for_function(_KERNEL_CONNECTED)
        try:
            yield notebook
        finally:
            notebook.page.evaluate(f"() => {_NOTEBOOK}.sessionContext.shutdown()")


@contextmanager
def _running(command: Sequence[str], root: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A server in its own surroundings, whose output goes to `root`/log; stopped in the end."""
    own = {
        "JUPYTER_CONFIG_DIR": str(root / "config"),
        "JUPYTER_DATA_DIR": str(root / "data"),
        "JUPYTER_RUNTIME_DIR": str(root / "runtime"),
        "IPYTHONDIR": str(root / "ipython"),
        "JUPYTER_PREFER_ENV_PATH": "1",
    }
    with (root / "log").open("wb") as log:
        server = subprocess.Popen(
            command, stdout=log, stderr=subprocess.STDOUT, cwd=root, env={**os.environ, **own}
        )
        try:
            yield server
        finally:
            server.terminate()
            try:
                server.wait(timeout=15)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()


def _wait(server: subprocess.Popen[bytes], root: Path, ready: Callable[[], T | None]) -> T:
    """What `ready` gives as soon as it gives something."""
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end and server.poll() is None:
        if found := ready():
            return found
        time.sleep(0.1)
    log = (root / "log").read_text(encoding="utf-8", errors="replace")
    raise AssertionError(f"the server did not start:\n{log[-2000:]}")


def _answers(url: str) -> bool:
    """Whether a server says anything at `url`, if only that it has no such page."""
    # Tests set a proxy that refuses everything; this is not for it.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        opener.open(url, timeout=5).close()
    except urllib.error.HTTPError as error:
        error.close()
    except OSError:
        return False
    return True


def _write_settings(folder: Path, settings: dict[str, dict[str, object]]) -> None:
    for plugin, values in settings.items():
        path = folder / "@jupyterlab" / f"{plugin}.jupyterlab-settings"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(values), encoding="utf-8")
