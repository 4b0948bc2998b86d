"""Where a server is reached: a port of this machine, and a token that only its starter knows.

And how much it takes in one message.
"""

from __future__ import annotations

import errno
import os
import secrets
import socket
from dataclasses import dataclass, field

from ..errors import SettingsError

# The loopback interface: no other machine can reach it.
HOST = "127.0.0.1"

# stylekit's uploads come in chunks of a mebibyte and need no more than the usual 10 MiB. Ordinary
# upload widgets send a file in one message, and a larger one is dropped without a word.
WEBSOCKET_BYTES = 512 * 2**20


@dataclass(frozen=True, slots=True)
class Address:
    """A port of this machine and a token, new for each start.

    `retries` is how many other ports a server may try if this one was taken in the meantime: many
    may start at once where a class shares a machine.
    """

    port: int
    retries: int = 0
    token: str = field(default_factory=lambda: secrets.token_hex(24))

    def url(self, path: str = "/") -> str:
        """The address of a page, with the token that lets a browser in."""
        return f"http://{HOST}:{self.port}{path}?token={self.token}"


def choose_address(port: int | None, *, usual: int) -> Address:
    """The port that was asked for; without one the usual port, or any other if that is taken.

    Raises SettingsError if the port that was asked for is none or cannot be had.
    """
    if port is None:
        return Address(usual if _refusal(usual) is None else _free_port(), retries=50)
    if not 1 <= port <= 65535:
        raise SettingsError("--port", f"must be a number from 1 to 65535, is {port}")
    if refusal := _refusal(port):
        raise SettingsError("--port", f"{refusal}; leave it out and a free one is taken")
    return Address(port)


def _refusal(port: int) -> str | None:
    """Why nothing can listen at this port, None if something can."""
    with socket.socket() as probe:
        # As servers do it: connections that have just ended are no hindrance. On Windows the
        # option means something else: that a port in use may be shared.
        if os.name != "nt":
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                return f"{port} is taken by another program"
            return f"{port} cannot be had ({error.strerror})"
    return None


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port
