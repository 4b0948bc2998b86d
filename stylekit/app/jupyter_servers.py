"""JupyterLab with the notebooks, and the studio page through Voila, as stylekit runs them.

Needs the extra "notebooks".
"""

from __future__ import annotations

import asyncio
import logging
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from jupyter_server.services.kernels.kernelmanager import AsyncMappingKernelManager
from jupyterlab.labapp import LabApp
from tornado.ioloop import IOLoop
from tornado.iostream import StreamClosedError
from tornado.web import authenticated
from tornado.websocket import WebSocketClosedError
from traitlets import Int
from traitlets.config import Config
from voila.app import Voila
from voila.shutdown_kernel_handler import VoilaShutdownKernelHandler
from voila.tornado.handler import TornadoVoilaHandler

from ..media.owned_folders import OwnedFolder, remove_orphaned_folders
from .address import HOST, Address

# stylekit's own uploads come in chunks of a mebibyte, and the usual limit of 10 MiB is enough for
# them. Ordinary upload widgets send a file as one message, and a larger one is silently dropped.
_SOCKET = {"websocket_max_message_size": 512 * 2**20}

# Without it other users of this machine could read what kernels send, and kernels would warn.
_ENCRYPTION = "auto"

# The kernel of a page that was closed holds up to a gigabyte. It is kept for this long, so that a
# reload or a new tab finds the same page again. The kernel of an open page is kept even when it is
# idle: the user may be looking at a result. One that paints sends pictures, so it is not idle.
CULL_SECONDS = 600
CULL_EVERY_SECONDS = 60

USUAL_VISITORS = 8
"""How many visitors may have a page at once; each kernel takes up to 1 GB while it paints."""

# What a visitor sees for whom there is no place.
_FULL = (
    '<!DOCTYPE html><html lang="en"><meta charset="utf-8"><title>stylekit studio</title>'
    '<p role="alert">This studio has places for {places} and all are taken: come back when '
    "another visitor has closed the page for {minutes} minutes.</p></html>"
)

# The browser loads pictures, fonts and scripts from this server only. Widgets come as modules made
# in the page (blob:), their styles and small pictures as data.
CONTENT_POLICY = (
    "default-src 'self' data: blob:; "
    "script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:; "
    "style-src 'self' 'unsafe-inline' data: blob:; "
    f"connect-src 'self' ws://{HOST}:* ws://localhost:* data: blob:; "
    "frame-ancestors 'self'; object-src 'none'; base-uri 'self'"
)


def serve_lab(folder: Path, address: Address, ready: Callable[[str], None]) -> None:
    """Serve JupyterLab on a folder until Ctrl-C or SIGTERM.

    `ready` is called with the address as soon as it can be opened. The user's own Jupyter settings
    apply, except for the address. Idle kernels are kept: they may hold the results of hours.
    """
    _silence_jupyter()
    # Those of its kernels, which hold files from pages.
    remove_orphaned_folders()
    # Arguments, because they alone take precedence over the user's configuration files. They
    # cannot express a number inside a dictionary, so the socket's limit is a Config.
    server = LabApp.initialize_server(
        [
            f"--ServerApp.ip={HOST}",
            f"--ServerApp.port={address.port}",
            f"--ServerApp.port_retries={address.retries}",
            f"--ServerApp.base_url={address.base}",
            f"--IdentityProvider.token={address.token}",
            f"--ServerApp.root_dir={folder.resolve()}",
            "--ServerApp.open_browser=False",
            # The server is for this machine only and needs a token, so root may run it.
            "--ServerApp.allow_root=True",
            "--ServerApp.log_level=ERROR",
            "--LabApp.log_level=ERROR",
            f"--MappingKernelManager.transport_encryption={_ENCRYPTION}",
        ],
        config=Config(ServerApp={"tornado_settings": _SOCKET}),
    )
    # Jupyter's own handlers would ask for a confirmation, or log a warning.
    _on_end_signal(lambda: server.stop(from_signal=True))
    # The port is open already: a page that is opened before the loop runs waits for a moment.
    ready(replace(address, port=server.port).url("/lab"))
    server.start()


def serve_studio(
    notebook: Path,
    address: Address,
    ready: Callable[[str], None],
    *,
    cull_seconds: float = CULL_SECONDS,
    visitors: int = USUAL_VISITORS,
) -> None:
    """Serve a notebook as a page until Ctrl-C or SIGTERM; each visitor gets a kernel.

    `ready` is called with the address as soon as it can be opened. A visitor is a browser, which a
    cookie tells from others: all its tabs show the same page. A kernel whose page is gone is ended
    when it has painted nothing for `cull_seconds`. If there are `visitors` already, one more is
    told so. The temporary folders of all kernels are removed at the end; if this process is killed,
    by the next one.
    """
    _silence_jupyter()
    folder = OwnedFolder()
    try:
        config = _studio_config(address, folder.path, round(cull_seconds), visitors)
        server = StudioServer(lambda port: ready(replace(address, port=port).url()), config=config)
        server.initialize([str(notebook.resolve())])
        server.start()
    finally:
        folder.remove()


class StudioServer(Voila):
    """Voila that reports the port at which it listens, and ends without a message at Ctrl-C."""

    def __init__(self, ready: Callable[[int], None], **settings: Any) -> None:
        super().__init__(**settings)
        self._ready = ready

    def init_handlers(self) -> list[Any]:
        """Voila's own, but for the page and what it says when it is left."""
        own = {
            TornadoVoilaHandler: VisitorHandler,
            VoilaShutdownKernelHandler: EndKernelHandler,
        }
        return [
            (pattern, own.get(handler, handler), *options)
            for pattern, handler, *options in super().init_handlers()
        ]

    def launch_browser(self) -> None:
        """Called by Voila once it listens; Voila's own method would leave out the token."""
        loop = IOLoop.current()
        _on_end_signal(lambda: loop.add_callback_from_signal(loop.stop))
        self._ready(self.port)


def _studio_config(address: Address, folder: Path, cull_seconds: int, visitors: int) -> Config:
    return Config(
        Voila={
            "ip": HOST,
            "port": address.port,
            "port_retries": address.retries,
            "token": address.token,
            "base_url": address.base,
            "connection_dir_root": str(folder),
            "log_level": "ERROR",
            # The page must not depend on the user's own settings of Voila.
            "config_file_paths": [],
            "tornado_settings": {
                **_SOCKET,
                "headers": {"Content-Security-Policy": CONTENT_POLICY},
            },
        },
        VoilaConfiguration={
            "template": "stylekit",
            "allow_template_override": "NO",
            # The template follows the system's theme, or the visitor's choice.
            "allow_theme_override": "NO",
            "show_tracebacks": True,
            # Voila would also serve the pictures beside the notebook, which the page does not use.
            "file_allowlist": [],
            "multi_kernel_manager_class": f"{__name__}.{VisitorKernels.__name__}",
        },
        VisitorKernels={"places": visitors},
        MappingKernelManager={
            "cull_idle_timeout": cull_seconds,
            "cull_interval": max(1, min(CULL_EVERY_SECONDS, cull_seconds)),
            "transport_encryption": _ENCRYPTION,
        },
    )


@dataclass(slots=True)
class VisitorPage:
    """The page of a visitor: its kernel and its HTML, once there are. `lock` is held meanwhile."""

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    kernel_id: str | None = None
    html: str = ""

    @property
    def is_taken(self) -> bool:
        """Whether the visitor has a kernel, or gets one at this moment."""
        return self.kernel_id is not None or self.lock.locked()


# The page that the current request makes; Voila hands nothing of a request on to a kernel's start.
_page_in_work: ContextVar[VisitorPage | None] = ContextVar("page_in_work", default=None)


class VisitorHandler(TornadoVoilaHandler):
    """Serves the page. A visitor who comes again gets the same one: what it shows is its kernel's.

    Voila alone starts a kernel each time that the page is asked for, so that a reload would lose
    everything.
    """

    @authenticated
    async def get(self, path: str | None = None) -> None:
        """The page; `path` is what follows the address of the page, which leads elsewhere."""
        if path:
            await super().get(path)
            return
        page = self.kernel_manager.page_of(self.current_user.username)
        if page is None:
            self.set_status(503)
            self.write(self.kernel_manager.no_place())
            return
        # A second tab that is opened while the first one loads waits for it.
        async with page.lock:
            if page.html:
                self.set_header("Cache-Control", "no-store")
                self.write(page.html)
                return
            parts: list[str] = []
            context = _page_in_work.set(page)
            try:
                async for part in self.get_generator():
                    parts.append(part)
                    await self._send(part)
            finally:
                _page_in_work.reset(context)
            # A kernel that has ended meanwhile has taken the page with it.
            if page.kernel_id in self.kernel_manager:
                page.html = "".join(parts)

    async def _send(self, part: str) -> None:
        """Send a part of the page, if the browser still waits for it."""
        try:
            self.write(part)
            await self.flush()
        except StreamClosedError:
            # The page is made all the same: the next request is answered with it.
            pass


class EndKernelHandler(VoilaShutdownKernelHandler):
    """Ends a kernel for who gives the token in the address.

    Voila's JavaScript asks for it whenever a page is left, also by a reload, which would lose what
    the page shows. Where a proxy adds the token to each request, nothing else would refuse that.
    """

    @authenticated
    async def post(self, kernel_id: str) -> None:
        """End the kernel, or do nothing."""
        if self.get_query_argument("token", ""):
            await super().post(kernel_id)
        else:
            self.set_status(204)
            self.finish()


class VisitorKernels(AsyncMappingKernelManager):
    """Gives each kernel a working and temporary folder of its own and removes it afterwards.

    So the files of two visitors stay apart, and a kernel that is killed leaves no files behind.
    """

    places = Int(USUAL_VISITORS, help="How many visitors may have a page at once.").tag(config=True)

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self._folders: dict[str, Path] = {}
        self._pages: dict[str, VisitorPage] = {}

    def page_of(self, visitor: str) -> VisitorPage | None:
        """The page of a visitor, empty at first; None if all places are taken by others."""
        self._pages = {name: page for name, page in self._pages.items() if page.is_taken}
        if visitor not in self._pages and len(self._pages) >= self.places:
            return None
        return self._pages.setdefault(visitor, VisitorPage())

    def no_place(self) -> str:
        """What a visitor is told for whom there is no place, as HTML."""
        places = "one visitor" if self.places == 1 else f"{self.places} visitors"
        return _FULL.format(places=places, minutes=max(1, round(self.cull_idle_timeout / 60)))

    def _forget_page(self, kernel_id: str) -> None:
        """Let the visitor whose page has this kernel get a new one."""
        for page in self._pages.values():
            if page.kernel_id == kernel_id:
                page.kernel_id, page.html = None, ""

    # The base class declares that this returns a name, and assigns a coroutine function.
    async def start_kernel(  # type: ignore[override]
        self, *, kernel_id: str | None = None, path: str | None = None, **launch: Any
    ) -> str:
        """Start a kernel in a new folder, not in `path`, the folder of the page's notebook."""
        # Kernels of a server that was killed may have lived longer than it.
        remove_orphaned_folders()
        # Not among the connection files, because Voila removes those before the kernels end.
        folder = Path(tempfile.mkdtemp(prefix="visitor-", dir=Path(self.connection_dir).parent))
        launch["env"] = {
            **launch.get("env", {}),
            **dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(folder)),
        }
        # The page shows the errors of its code. What remains are messages of a kernel that ends.
        launch["stderr"] = subprocess.DEVNULL
        started = await super().start_kernel(kernel_id=kernel_id, cwd=str(folder), **launch)
        self._folders[started] = folder
        if (page := _page_in_work.get()) is not None:
            page.kernel_id = started
        # A kernel that crashed is started again, but empty: nothing that its page shows is left.
        self.add_restart_callback(started, lambda: self._forget_page(started), "restart")
        return started

    def remove_kernel(self, kernel_id: str) -> Any:
        """Forget a kernel that has ended, for whatever reason, and remove its folder."""
        if folder := self._folders.pop(kernel_id, None):
            shutil.rmtree(folder, ignore_errors=True)
        self._forget_page(kernel_id)
        return super().remove_kernel(kernel_id)


def _on_end_signal(stop: Callable[[], None]) -> None:
    """Call `stop` at the first Ctrl-C, SIGTERM or end of the terminal, and ignore later ones."""
    numbers = [signal.SIGINT, signal.SIGTERM]
    hangup = getattr(signal, "SIGHUP", None)  # Windows has none
    # `nohup` asks for the end of the terminal to be ignored.
    if hangup is not None and signal.getsignal(hangup) is not signal.SIG_IGN:
        numbers.append(hangup)

    def handle(*_: object) -> None:
        for number in numbers:
            signal.signal(number, signal.SIG_IGN)
        stop()

    for number in numbers:
        signal.signal(number, handle)


def _silence_jupyter() -> None:
    """Hide messages in this process that concern Jupyter's developers only."""
    # Such as how often connections are pinged, and what in Jupyter is deprecated.
    logging.captureWarnings(True)
    for name in ("tornado", "py.warnings"):
        logging.getLogger(name).setLevel(logging.ERROR)
    logging.getLogger("asyncio").addFilter(concerns_open_page)


def concerns_open_page(record: logging.LogRecord) -> bool:
    """False for the error of a message that was on its way to a page when the page was closed."""
    error = record.exc_info[1] if record.exc_info else None
    return not isinstance(error, WebSocketClosedError | StreamClosedError)
