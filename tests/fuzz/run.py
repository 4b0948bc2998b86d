"""Read damaged files: `python tests/fuzz/run.py --seconds 60 --seed 1 --keep failed`.

Each is made from a small file of a kind that is read. It may be read, or refused with one line that
begins with its name. Everything else is a failure: a crash, another exception, more than 8 seconds
or more than 600 MB for one file. What failed is kept in the folder `--keep`, and the exit code is
then 1.
"""

from __future__ import annotations

import argparse
import contextlib
import math
import os
import queue
import random
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

_HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(_HERE), str(_HERE.parent), str(_HERE.parent.parent)]

from mutations import mutate  # noqa: E402
from seeds import write_seeds  # noqa: E402

SECONDS_FOR_ONE = 8.0
BYTES_FOR_ONE = 600_000_000
# The first file has to wait for the imports.
_SECONDS_TO_BEGIN = 60.0


@dataclass
class Tally:
    """How many files were read and refused, and what failed."""

    ok: int = 0
    refused: int = 0
    failures: list[str] = field(default_factory=list)


class Reader:
    """A process that reads files, started anew when it died, hung, or grew.

    `patience` is how many seconds one file may take.
    """

    def __init__(
        self, *, patience: float = SECONDS_FOR_ONE, script: Path = _HERE / "reader.py"
    ) -> None:
        self._patience, self._script = patience, script
        self._process: subprocess.Popen[str] | None = None
        self._has_read = False
        self._answers: queue.SimpleQueue[str] = queue.SimpleQueue()

    def read(self, path: Path) -> str:
        """What the reader says of a file, or how it failed."""
        process = self._process or self._start()
        seconds = self._patience + (0.0 if self._has_read else _SECONDS_TO_BEGIN)
        assert process.stdin is not None
        before, end = _peak(process.pid), time.monotonic() + seconds
        process.stdin.write(f"{path}\n")
        process.stdin.flush()
        answer = None
        while answer is None and time.monotonic() < end:
            with contextlib.suppress(queue.Empty):
                answer = self._answers.get(timeout=0.1)
            if _peak(process.pid) - before > BYTES_FOR_ONE:
                self.close()
                return f"failed: took more than {BYTES_FOR_ONE // 10**6} MB"
        if answer is None:
            self.close()
            return f"failed: took more than {self._patience:g} seconds"
        if not answer:
            code = process.wait()
            self.close()
            return f"failed: the process ended with {code}"
        self._has_read = True
        return answer.rstrip("\n")

    def close(self) -> None:
        """End the process."""
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            self._process = None

    def _start(self) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-u", str(self._script)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            encoding="utf-8",
            env={**os.environ, "PYTHONPATH": str(_HERE.parent.parent)},
        )
        self._process, self._answers, self._has_read = process, queue.SimpleQueue(), False
        threading.Thread(target=self._listen, args=(process, self._answers), daemon=True).start()
        return process

    def _listen(self, process: subprocess.Popen[str], answers: queue.SimpleQueue[str]) -> None:
        assert process.stdout is not None
        for line in process.stdout:
            answers.put(line)
        answers.put("")


def _peak(pid: int) -> int:
    """The most memory that a process has had, in bytes; 0 where the system does not tell."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM")), 0)


def fuzz(
    *,
    seed: int,
    seconds: float = math.inf,
    count: float = math.inf,
    keep: Path | None = None,
    patience: float = SECONDS_FOR_ONE,
) -> Tally:
    """Read `count` damaged files, or as many as are possible in `seconds`.

    The same seed makes the same files, in the same order. Those that fail are copied to `keep`.
    """
    tally, chance = Tally(), random.Random(seed)
    with tempfile.TemporaryDirectory() as folder:
        seeds = write_seeds(_folder(folder, "seeds"))
        work, reader = _folder(folder, "work"), Reader(patience=patience)
        try:
            for path in seeds:
                answer = reader.read(path)
                if answer != "ok":
                    tally.failures.append(f"the undamaged {path.name}: {answer}")
            end, number = time.monotonic() + seconds, 0
            while time.monotonic() < end and number < count:
                path = chance.choice(seeds)
                damaged = work / f"{seed}-{number}-{path.name}"
                damaged.write_bytes(mutate(path.read_bytes(), chance))
                answer = reader.read(damaged)
                number += 1
                tally.ok += answer == "ok"
                tally.refused += answer == "refused"
                if answer.startswith("failed"):
                    tally.failures.append(f"{damaged.name}: {answer}")
                    if keep is not None:
                        keep.mkdir(parents=True, exist_ok=True)
                        (keep / damaged.name).write_bytes(damaged.read_bytes())
                damaged.unlink()
        finally:
            reader.close()
    return tally


def _folder(parent: str, name: str) -> Path:
    folder = Path(parent) / name
    folder.mkdir()
    return folder


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=60.0, help="how long (60)")
    parser.add_argument("--seed", type=int, default=0, help="which damage (0)")
    parser.add_argument("--keep", type=Path, help="a folder for the files that failed")
    options = parser.parse_args()
    tally = fuzz(seconds=options.seconds, seed=options.seed, keep=options.keep)
    print(f"{tally.ok} read, {tally.refused} refused, {len(tally.failures)} failed")
    for failure in tally.failures:
        print(failure)
    return 1 if tally.failures else 0


if __name__ == "__main__":
    sys.exit(main())
