"""The address of a server: a port of this machine, and a token that lets a browser in."""

from __future__ import annotations

import errno
import os
import re
import secrets
import socket
from dataclasses import dataclass, field
from typing import Any

from ..errors import SettingsError

# The loopback interface: no other machine can reach it.
HOST = "127.0.0.1"

TOKEN_VARIABLE = "STYLEKIT_TOKEN"
"""The environment variable with the token that a program which starts the server has chosen."""

_TOKEN = re.compile(r"[A-Za-z0-9_-]{16,}")
_BASE = re.compile(r"(/[A-Za-z0-9._~@%-]+)*/")


@dataclass(frozen=True, slots=True)
class Address:
    """A port of this machine and a token, which is new for each start.

    `retries` is how many other ports a server may try if another program takes this one first.
    Many servers may start at once where a class shares a machine. `base` is the path below which
    all pages are.
    """

    port: int
    retries: int = 0
    base: str = "/"
    token: str = field(default_factory=lambda: secrets.token_hex(24))

    def url(self, path: str = "/") -> str:
        """The address of a page, with the token that lets a browser in."""
        return f"http://{HOST}:{self.port}{self.base.rstrip('/')}{path}?token={self.token}"


def choose_address(port: int | None, *, usual: int, base: str = "/") -> Address:
    """Choose the port and the token of a server.

    Parameters
    ----------
    port : the port that the user asked for, or None
    usual : the port to take if the user asked for none; if it is taken, any free port is used
    base : the path below which all pages are, for a proxy that hands on only such a path

    Raises
    ------
    SettingsError : if the requested port is not a valid number or is not available, `base` is no
        path, or the environment holds a token that is too short

    Examples
    --------
    >>> from stylekit.app.address import Address
    >>> Address(8888, token="secret").url("/lab")
    'http://127.0.0.1:8888/lab?token=secret'
    """
    base = base if base.endswith("/") else f"{base}/"
    if not _BASE.fullmatch(base) or {".", ".."} & set(base.split("/")):
        raise SettingsError("--base-url", f"must be a path such as /studio/, is {base!r}")
    more: dict[str, Any] = {"base": base}
    # Taken out, because no program that the server starts needs it.
    if given := os.environ.pop(TOKEN_VARIABLE, ""):
        if not _TOKEN.fullmatch(given):
            words = "must be at least 16 letters, digits, hyphens or underscores"
            raise SettingsError(TOKEN_VARIABLE, words)
        more["token"] = given
    if port is None:
        return Address(usual if _refusal(usual) is None else _free_port(), retries=50, **more)
    if not 1 <= port <= 65535:
        raise SettingsError("--port", f"must be a number from 1 to 65535, is {port}")
    if refusal := _refusal(port):
        raise SettingsError("--port", f"{refusal}; leave the option out to use a free port")
    return Address(port, **more)


def _refusal(port: int) -> str | None:
    """The reason why a server cannot listen at this port, None if it can."""
    with socket.socket() as probe:
        # Servers set this option too, so that a connection that has just ended does not block
        # the port. On Windows it would allow two programs to share a port.
        if os.name != "nt":
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                return f"{port} is taken by another program"
            return f"{port} is not available ({error.strerror})"
    return None


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])
