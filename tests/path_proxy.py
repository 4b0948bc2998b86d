"""A proxy that hands on the requests below one path, as a web server in front of many programs."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress


@contextmanager
def path_proxy(port: int, base: str) -> Iterator[int]:
    """A port of this machine at which `base` is that of the server at `port`, and all else is not.

    Requests are handed on as they are, also the name of the host, which is that of the proxy.
    """
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def accept() -> None:
            with suppress(OSError):
                while True:
                    client, _ = listener.accept()
                    threading.Thread(target=_serve, args=(client, port, base), daemon=True).start()

        threading.Thread(target=accept, daemon=True).start()
        yield listener.getsockname()[1]


def _serve(client: socket.socket, port: int, base: str) -> None:
    with client, suppress(OSError):
        begin = client.recv(1 << 16)
        path = begin.split(b" ")[1].decode() if begin.count(b" ") > 1 else ""
        if not path.startswith(base):
            client.sendall(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
            return
        with socket.create_connection(("127.0.0.1", port)) as server:
            server.sendall(begin)
            back = threading.Thread(target=_pump, args=(server, client), daemon=True)
            back.start()
            _pump(client, server)
            back.join()


def _pump(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(1 << 16):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
