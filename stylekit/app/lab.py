"""JupyterLab on a folder of notebooks."""

from __future__ import annotations

import signal
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from jupyterlab.labapp import LabApp
from traitlets.config import Config

from .address import HOST, WEBSOCKET_BYTES, Address
from .server_log import ENDS, quiet_jupyter

# Arguments know no numbers in a dictionary.
_CONFIG = Config(ServerApp={"tornado_settings": {"websocket_max_message_size": WEBSOCKET_BYTES}})


def serve_lab(folder: Path, address: Address, ready: Callable[[str], None]) -> None:
    """Serve a folder until Ctrl-C or a polite kill. `ready` gets the address once it can be opened.

    The user's own Jupyter settings hold, except for where it listens. Kernels are not culled: what
    somebody computed in a notebook is theirs until they end it.
    """
    quiet_jupyter()
    # Arguments, not a configuration object: they alone outrank the user's configuration files.
    server = LabApp.initialize_server(
        [
            f"--ServerApp.ip={HOST}",
            f"--ServerApp.port={address.port}",
            f"--ServerApp.port_retries={address.retries}",
            f"--IdentityProvider.token={address.token}",
            f"--ServerApp.root_dir={folder.resolve()}",
            "--ServerApp.open_browser=False",
            # On this machine alone and with a token, root is no more at risk than elsewhere.
            "--ServerApp.allow_root=True",
            "--ServerApp.log_level=ERROR",
            "--LabApp.log_level=ERROR",
            # Other users of this machine could listen in to what kernels say; and kernels complain.
            "--MappingKernelManager.transport_encryption=auto",
        ],
        config=_CONFIG,
    )

    # Jupyter's own handlers ask back, or log an alarm; a Ctrl-C here is plain enough.
    def stop(*_: object) -> None:
        for sign in ENDS:
            signal.signal(sign, signal.SIG_IGN)
        server.stop(from_signal=True)

    for sign in ENDS:
        signal.signal(sign, stop)
    # It listens already: who opens the page before the loop runs waits a moment.
    ready(replace(address, port=server.port).url("/lab"))
    server.start()
