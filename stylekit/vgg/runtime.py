"""The one place that imports TensorFlow, and the functions that it has compiled.

`tf` stands for the module `tensorflow`, which is imported when one of its names is first used: it
takes seconds, and reading a table of losses or printing a help text does not need it.

oneDNN is switched off unless the environment says otherwise: on the networks and sizes of
style transfer Eigen's convolutions are faster, and results then do not depend on which of oneDNN's
kernels a machine picks. TensorFlow's own memory pool is switched on: feature maps are tens of
megabytes, and asking the system for each anew costs more than most operations on them. Operations
run one after the other, each on all cores: side by side they would be hardly faster, and their
sums of float32 would depend on what else the machine does.
"""

from __future__ import annotations

import os
import sys
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager, suppress
from types import ModuleType
from typing import TYPE_CHECKING, Any

# Each stays in memory; a picture with a preview has about six of them.
_MAX_KEPT = 24

_import_lock = threading.RLock()
_loaded: list[ModuleType] = []


def load_tensorflow() -> ModuleType:
    """TensorFlow, imported and set up by the first call; any thread may call it.

    The lines that its C++ code prints about processors and graphics cards are not shown: nobody
    who uses stylekit could act on them. Raises ImportError where TensorFlow is missing or broken.
    """
    with _import_lock:
        if not _loaded:
            # Read by TensorFlow when it is imported, not later.
            os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")
            os.environ.setdefault("TF_CPU_ALLOCATOR_USE_BFC", "true")
            os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
            with _without_standard_error():
                import tensorflow

                # Too late where someone has used TensorFlow before, who has it as they set it up.
                with suppress(RuntimeError):
                    tensorflow.config.threading.set_inter_op_parallelism_threads(1)
                tensorflow.constant(0)  # the first tensor makes it look for devices
            _loaded.append(tensorflow)
        return _loaded[0]


@contextmanager
def _without_standard_error() -> Iterator[None]:
    """Send what is written to the process's standard error nowhere; Python's errors still raise."""
    try:
        kept = os.dup(2)
    except OSError:  # a process without standard error, such as pythonw on Windows
        yield
        return
    if sys.stderr is not None:
        sys.stderr.flush()
    sink = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(sink, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(sink)


class _TensorFlow:
    """Stands for the module `tensorflow`, which is loaded when one of its names is used."""

    def __getattr__(self, name: str) -> Any:
        return getattr(load_tensorflow(), name)


if TYPE_CHECKING:
    import tensorflow as tf
else:
    tf = _TensorFlow()


class CompiledFunctions:
    """The last functions that were compiled for a network, by what they were compiled for.

    Threads may ask at the same time: one compiles, the others wait.
    """

    def __init__(self) -> None:
        self._kept: OrderedDict[Hashable, Any] = OrderedDict()
        self._lock = threading.Lock()

    def keep(self, key: Hashable, make: Callable[[], Any]) -> Any:
        """What is kept as `key`, or what `make` gives, to be kept from now on."""
        with self._lock:
            if key not in self._kept:
                self._kept[key] = make()
            self._kept.move_to_end(key)
            if len(self._kept) > _MAX_KEPT:
                self._kept.popitem(last=False)
            return self._kept[key]

    def forget(self, key: Hashable) -> None:
        """Keep nothing as `key`."""
        with self._lock:
            self._kept.pop(key, None)
