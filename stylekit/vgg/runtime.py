"""The one place that imports TensorFlow, and the compiled functions that are kept.

`tf` stands for the module `tensorflow`. The module is imported when one of its names is first
used, because the import takes seconds, and a help text or a table of losses does not need it.

Three options are set unless the environment says otherwise. oneDNN is off: for the networks and
sizes of style transfer Eigen's convolutions are faster, and results do not depend on which of
oneDNN's kernels a machine chooses. TensorFlow's memory pool is on: feature maps take tens of
megabytes, and allocating each of them anew costs more time than most operations on them.
Operations run one after the other, each on all cores: in parallel they would be hardly faster, and
sums of float32 would depend on what else the machine does.

Where TensorFlow sees graphics cards (GPUs) it computes on the first, and takes its memory as it is
needed: otherwise one program would take all of it.
"""

from __future__ import annotations

import logging
import os
import sys
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager, suppress
from types import ModuleType
from typing import TYPE_CHECKING, Any

# Compiled functions stay in memory; a picture with a preview needs about six of them.
_MAX_KEPT = 24

log = logging.getLogger(__name__)

_import_lock = threading.RLock()
_loaded: list[ModuleType] = []


def load_tensorflow() -> ModuleType:
    """TensorFlow, imported and set up by the first call; any thread may call it.

    The lines that its C++ code prints about processors and graphics cards are hidden, because a
    user of stylekit cannot act on them. Raises ImportError if TensorFlow is missing or broken.
    """
    with _import_lock:
        if not _loaded:
            # TensorFlow reads these only while it is imported.
            os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")
            os.environ.setdefault("TF_CPU_ALLOCATOR_USE_BFC", "true")
            os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
            with _without_standard_error():
                import tensorflow

                # It is too late if the user's own code has run TensorFlow before.
                with suppress(RuntimeError):
                    tensorflow.config.threading.set_inter_op_parallelism_threads(1)
                    for card in tensorflow.config.list_physical_devices("GPU"):
                        tensorflow.config.experimental.set_memory_growth(card, True)
                tensorflow.constant(0)  # the first tensor starts the search for devices
            _loaded.append(tensorflow)
            if cards := graphics_cards():
                log.info("TensorFlow computes on %s", cards[0])
        return _loaded[0]


def graphics_cards() -> list[str]:
    """The names of the graphics cards that TensorFlow may use, the one that computes first."""
    config = load_tensorflow().config
    return [
        config.experimental.get_device_details(card).get("device_name", card.name)
        for card in config.get_visible_devices("GPU")
    ]


@contextmanager
def _without_standard_error() -> Iterator[None]:
    """Discard what is written to the process's standard error; exceptions are still raised."""
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
    """Stands for the module `tensorflow`, which is imported when one of its names is used."""

    def __getattr__(self, name: str) -> Any:
        return getattr(load_tensorflow(), name)


if TYPE_CHECKING:
    import tensorflow as tf
else:
    tf = _TensorFlow()


class CompiledFunctions:
    """The functions that were last compiled for a network, by key.

    Threads may ask at the same time: one compiles, the others wait.

    Examples
    --------
    >>> functions = CompiledFunctions()
    >>> functions.keep("key", lambda: 1), functions.keep("key", lambda: 2)
    (1, 1)
    """

    def __init__(self) -> None:
        self._kept: OrderedDict[Hashable, Any] = OrderedDict()
        self._lock = threading.Lock()

    def keep(self, key: Hashable, make: Callable[[], Any]) -> Any:
        """What is kept as `key`; if there is nothing, `make()`, which is kept from now on."""
        with self._lock:
            if key not in self._kept:
                self._kept[key] = make()
            self._kept.move_to_end(key)
            if len(self._kept) > _MAX_KEPT:
                self._kept.popitem(last=False)
            return self._kept[key]

    def forget(self, key: Hashable) -> None:
        """Keep nothing as `key` any longer."""
        with self._lock:
            self._kept.pop(key, None)
