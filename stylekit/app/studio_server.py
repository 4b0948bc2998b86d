"""A notebook as a page of its own, through Voila: the studio."""

from __future__ import annotations

import signal
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from tornado.ioloop import IOLoop
from traitlets.config import Config
from voila.app import Voila

from .address import HOST, WEBSOCKET_BYTES, Address
from .server_log import ENDS, quiet_jupyter

TEMPLATE = "stylekit"

# A page that goes away without a word (a browser that crashed) leaves a kernel of about a gigabyte
# behind. Pages that are open count as in use, however quiet: somebody may be looking at a result.
# After ten minutes nobody waits for a reload to find the old page again.
CULL_SECONDS = 600
CULL_EVERY_SECONDS = 60

# Nothing but this server: a browser refuses what a picture, a font or a script would ask elsewhere.
# Widgets come as modules made in the page (blob:), their styles and small pictures as data.
CONTENT_POLICY = (
    "default-src 'self' data: blob:; "
    "script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:; "
    "style-src 'self' 'unsafe-inline' data: blob:; "
    f"connect-src 'self' ws://{HOST}:* ws://localhost:* data: blob:; "
    "frame-ancestors 'self'; object-src 'none'; base-uri 'self'"
)


class StudioServer(Voila):
    """Voila that tells at which port it listens, and ends without a word at Ctrl-C."""

    def __init__(self, ready: Callable[[int], None], **settings: Any) -> None:
        super().__init__(**settings)
        self._ready = ready

    def launch_browser(self) -> None:
        """Called by Voila once it listens; its own way would forget the token."""
        loop = IOLoop.current()

        def end(*_: object) -> None:
            for sign in ENDS:
                signal.signal(sign, signal.SIG_IGN)
            loop.add_callback_from_signal(loop.stop)

        for sign in ENDS:
            signal.signal(sign, end)
        self._ready(self.port)


def serve_studio(
    notebook: Path,
    address: Address,
    ready: Callable[[str], None],
    *,
    cull_seconds: float = CULL_SECONDS,
) -> None:
    """Serve a notebook as a page until Ctrl-C or a polite kill; each visitor has a kernel.

    `ready` gets the address once it can be opened. `cull_seconds` is how long a kernel is kept
    whose page is gone. All that kernels leave in their temporary folders is removed in the end.
    """
    quiet_jupyter()
    with tempfile.TemporaryDirectory(prefix="stylekit-", ignore_cleanup_errors=True) as folder:
        config = _config(address, Path(folder), round(cull_seconds))
        server = StudioServer(lambda port: ready(replace(address, port=port).url()), config=config)
        server.initialize([str(notebook.resolve())])
        server.start()


def _config(address: Address, folder: Path, cull_seconds: int) -> Config:
    return Config(
        Voila={
            "ip": HOST,
            "port": address.port,
            "port_retries": address.retries,
            "token": address.token,
            "connection_dir_root": str(folder),
            "log_level": "ERROR",
            # The page is the same everywhere, whatever the user's own Voila is set to.
            "config_file_paths": [],
            "tornado_settings": {
                "websocket_max_message_size": WEBSOCKET_BYTES,
                "headers": {"Content-Security-Policy": CONTENT_POLICY},
            },
        },
        VoilaConfiguration={
            "template": TEMPLATE,
            "allow_template_override": "NO",
            # The template follows the system, or the visitor's choice.
            "allow_theme_override": "NO",
            "show_tracebacks": True,
            # Voila offers the pictures beside the notebook; nobody needs them.
            "file_allowlist": [],
            "multi_kernel_manager_class": "stylekit.app.visitors.VisitorKernels",
        },
        MappingKernelManager={
            "cull_idle_timeout": cull_seconds,
            "cull_interval": max(1, min(CULL_EVERY_SECONDS, cull_seconds)),
            # Other users of this machine could listen in to what kernels say; and kernels complain.
            "transport_encryption": "auto",
        },
    )
