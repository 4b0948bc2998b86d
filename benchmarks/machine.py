"""What a benchmark ran on, in a line: numbers mean little without it."""

from __future__ import annotations

import os
import platform
import time
from importlib.metadata import version
from pathlib import Path

import numpy as np

# Large enough that the product, not the memory, sets the time.
_PRODUCT_SIDE, _PRODUCTS = 2048, 8

CLOCKS = {"wall": time.perf_counter, "processor": time.process_time}
"""Seconds that pass, and seconds that the cores work for this process, all of them added up.

The second hardly depends on what else a machine does.
"""


def describe_machine(*packages: str) -> str:
    """Processor, cores, memory, Python and the versions of these packages."""
    gigabytes = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 1e9
    versions = [f"{package} {version(package)}" for package in packages]
    parts = [_processor(), f"{os.cpu_count()} cores", f"{gigabytes:.0f} GB"]
    return ", ".join([*parts, f"Python {platform.python_version()}", *versions])


def matmul_peak(clock: str = "wall") -> float:
    """GFLOP/s of NumPy's float32 matrix product at its best, on all cores; by one of `CLOCKS`.

    The best of several, because whatever else the machine does can only slow them. A product of
    two n×n matrices takes 2 n³ operations.
    """
    generator = np.random.default_rng(0)
    shape = (_PRODUCT_SIDE, _PRODUCT_SIDE)
    a, b = (generator.random(shape, dtype=np.float32) for _ in range(2))
    product = a @ b  # starts the threads
    now, seconds = CLOCKS[clock], []
    for _ in range(_PRODUCTS):
        start = now()
        np.matmul(a, b, out=product)
        seconds.append(now() - start)
    return 2 * _PRODUCT_SIDE**3 / min(seconds) / 1e9


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        return next(line.partition(": ")[2] for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()
