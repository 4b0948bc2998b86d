"""Numba, which compiles the inner loops of `patch_kernels`; imported when a loop is first needed.

A search over patches is a loop with a condition in it, at each pixel another one. NumPy and OpenCV
would evaluate every candidate to its end, and write what they gather to memory each time. XLA has
no early end of a loop for single pixels, compiles anew for each size of picture, and gathers
slowly on a processor. Numba compiles the loop itself: one processor's code for all sizes, kept on
disk for the next start.

The compiled functions let go of Python's lock, so that the threads of `in_parts` use all cores.
Numba's own `prange` is not used: which library runs its threads differs from system to system, one
of them ends the process if two threads call it at once, and another one if the process forks.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import Any, TypeVar, cast

import numba

F = TypeVar("F", bound=Callable[..., Any])


def compiled(function: F) -> F:
    """`function`, compiled when it is first called.

    The code is kept beside the source, or in the user's cache folder. Where neither can be written
    each process compiles anew, which takes a few seconds.
    """
    # Sums may be computed in another order than written: on one machine always in the same.
    options: dict[str, Any] = {
        "nogil": True,
        "error_model": "numpy",
        "fastmath": {"contract", "reassoc"},
    }
    try:
        return cast(F, numba.njit(**options, cache=True)(function))
    except RuntimeError:  # Numba finds no folder for its cache.
        return cast(F, numba.njit(**options)(function))


def available_cores() -> int:
    """The number of processor cores that this process may use, at least 1."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def in_parts(work: Callable[[int, int], None], length: int, threads: int) -> None:
    """Call `work(start, stop)` for as many parts of `range(length)` as there are threads.

    `work` must give the same result however the range is divided.
    """
    bounds = [length * part // threads for part in range(threads + 1)]
    spans = [(a, b) for a, b in pairwise(bounds) if b > a]
    if len(spans) <= 1:
        for span in spans:
            work(*span)
        return
    with ThreadPoolExecutor(len(spans)) as pool:
        for done in [pool.submit(work, *span) for span in spans]:
            done.result()
