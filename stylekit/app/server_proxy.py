"""The studio inside a Jupyter server that several people reach, through jupyter-server-proxy.

That package finds `studio_process` by an entry point of stylekit. It then shows the studio in
JupyterLab's launcher, and starts it for a user when it is first opened.
"""

from __future__ import annotations

import secrets
import sys
from typing import Any

from .address import TOKEN_VARIABLE

NAME = "stylekit-studio"
"""The last part of the studio's path, after that of the user's server."""

# Importing what it needs takes long on a machine on which a class starts at once.
_START_SECONDS = 180
# One user needs no more, and each has a kernel of up to 1 GB.
_BROWSERS = 2


def studio_process() -> dict[str, Any]:
    """What jupyter-server-proxy needs to know: how the studio is started, and how it is asked.

    Every user of the machine can reach the studio's port, so it asks for a token. The proxy, which
    lets in only the user whose server it belongs to, adds it to each request.
    """
    token = secrets.token_hex(24)
    command = [sys.executable, "-m", "stylekit.app.cli", "studio", "--no-browser"]
    command += ["--visitors", str(_BROWSERS)]
    return {
        "command": [*command, "--port", "{port}", "--base-url", f"{{base_url}}{NAME}/"],
        "environment": {TOKEN_VARIABLE: token},
        "request_headers_override": {"Authorization": f"token {token}"},
        "absolute_url": True,
        "timeout": _START_SECONDS,
        "launcher_entry": {"title": "stylekit studio"},
    }
