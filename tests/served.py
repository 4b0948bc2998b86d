"""stylekit's own servers for tests: started as a user starts them, and always ended."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

# Only a failure waits as long as this; a machine that does other things may need much of it.
START_SECONDS = 180.0
END_SECONDS = 60.0

# A page of any notebook, which the command has no option for.
SERVE_NOTEBOOK = """\
import sys
from pathlib import Path
from stylekit.app.address import choose_address
from stylekit.app.serve import prepare_jupyter
prepare_jupyter()
from stylekit.app.jupyter_servers import serve_studio
serve_studio(
    Path(sys.argv[1]), choose_address(None, usual=8866), lambda url: print(url, flush=True),
    cull_seconds=float(sys.argv[2]), visitors=int((sys.argv[3:] or ["100"])[0]),
)
"""


@dataclass
class Served:
    """A server that is running: where, what it said, and its temporary folder."""

    process: subprocess.Popen[str]
    url: str
    lines: list[str]
    temporary: Path
    log: Path
    seconds: float = 0.0
    complaints: str = ""
    code: int | None = None
    _reader: threading.Thread | None = field(default=None, repr=False)

    def at(self, path: str) -> str:
        """The address of another page of the server, with the token."""
        root, token = self.url.split("?")
        return f"{root.split('/lab')[0].rstrip('/')}{path}?{token}"

    def end(self, sign: int = signal.SIGINT) -> int:
        """End it as a Ctrl-C or a polite kill does; the exit code."""
        if self.code is None:
            self.process.send_signal(sign)
            self.code = self.process.wait(END_SECONDS)
            self.complaints = self.log.read_text(encoding="utf-8")
            if self._reader is not None:
                self._reader.join(END_SECONDS)
        return self.code


@contextmanager
def served(
    arguments: Sequence[str], root: Path, environment: dict[str, str] | None = None
) -> Iterator[Served]:
    """`python ARGUMENTS` in its own surroundings, from when it prints its address to the end."""
    temporary = root / "temporary"
    temporary.mkdir(exist_ok=True)
    own = {
        "JUPYTER_CONFIG_DIR": str(root / "config"),
        "JUPYTER_DATA_DIR": str(root / "data"),
        "JUPYTER_RUNTIME_DIR": str(root / "runtime"),
        "IPYTHONDIR": str(root / "ipython"),
        "TMPDIR": str(temporary),
        **(environment or {}),
    }
    log = root / "log"
    began = time.monotonic()
    with log.open("w") as errors:
        process = subprocess.Popen(
            [sys.executable, *arguments],
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            cwd=root,
            env={**os.environ, **own},
        )
    server = Served(process, "", [], temporary, log)
    listening = threading.Event()

    def read() -> None:
        assert process.stdout is not None
        for line in process.stdout:
            server.lines.append(line.rstrip("\n"))
            if "http://" in line and not server.url:
                server.url = line.split()[-1]
                server.seconds = time.monotonic() - began
                listening.set()
        listening.set()

    server._reader = threading.Thread(target=read, daemon=True)
    server._reader.start()
    try:
        listening.wait(START_SECONDS)
        assert server.url, f"it did not start: {server.lines} {log.read_text()[-2000:]}"
        yield server
    finally:
        try:
            server.end()
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if process.stdout is not None:
            process.stdout.close()
