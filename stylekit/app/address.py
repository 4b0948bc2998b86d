"""The address of a server: a port of this machine, and a token that lets a browser in."""

from __future__ import annotations

import errno
import os
import secrets
import socket
from dataclasses import dataclass, field

from ..errors import SettingsError

# The loopback interface: no other machine can reach it.
HOST = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Address:
    """A port of this machine and a token, which is new for each start.

    `retries` is how many other ports a server may try if another program takes this one first.
    Many servers may start at once where a class shares a machine.
    """

    port: int
    retries: int = 0
    token: str = field(default_factory=lambda: secrets.token_hex(24))

    def url(self, path: str = "/") -> str:
        """The address of a page, with the token that lets a browser in."""
        return f"http://{HOST}:{self.port}{path}?token={self.token}"


def choose_address(port: int | None, *, usual: int) -> Address:
    """Choose the port of a server.

    Parameters
    ----------
    port : the port that the user asked for, or None
    usual : the port to take if the user asked for none; if it is taken, any free port is used

    Raises
    ------
    SettingsError : if the requested port is not a valid number or is not available

    Examples
    --------
    >>> from stylekit.app.address import Address
    >>> Address(8888, token="secret").url("/lab")
    'http://127.0.0.1:8888/lab?token=secret'
    """
    if port is None:
        return Address(usual if _refusal(usual) is None else _free_port(), retries=50)
    if not 1 <= port <= 65535:
        raise SettingsError("--port", f"must be a number from 1 to 65535, is {port}")
    if refusal := _refusal(port):
        raise SettingsError("--port", f"{refusal}; leave the option out to use a free port")
    return Address(port)


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
