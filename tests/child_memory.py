"""How much memory reading a file takes, measured in a process of its own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

# The peak of a process that has just begun is not that of the one that started it, as `getrusage`
# has it on Linux.
_MEASURE = """
import resource, sys
from pathlib import Path

def peak():
    status = Path("/proc/self/status")
    if status.exists():
        lines = dict(line.split(":", 1) for line in status.read_text().splitlines())
        return int(lines["VmHWM"].split()[0]) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

from stylekit.errors import StylekitError
from stylekit.media.clips import describe_clip, read_clip
from stylekit.media.images import load_alpha, load_image
from stylekit.media.provenance import describe_source
before, words = peak(), ""
try:
    {call}(Path(sys.argv[1]))
except StylekitError as error:
    words = str(error)
print((peak() - before) // 10**6, words)
"""


def memory_of(call: str, path: Path) -> tuple[int, str]:
    """The additional memory of `call(path)` in megabytes at its peak, and its error."""
    done = subprocess.run(
        [sys.executable, "-c", _MEASURE.format(call=call), str(path)],
        capture_output=True,
        text=True,
        check=True,
    )
    megabytes, _, words = done.stdout.strip().partition(" ")
    return int(megabytes), words
