"""Functions of tensors in compiled form: what is kept, shared, and compiled ahead by XLA.

TensorFlow compiles a function for the shapes of its arguments. Compiling takes as long as a few
calls, or, by XLA, some seconds. XLA fuses the operations between the convolutions, which takes
about a sixth off an evaluation of the loss.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from threading import Thread
from typing import Any, cast

from ..vgg.runtime import CompiledFunctions, tf

log = logging.getLogger(__name__)

# XLA compiles for some three seconds, as much as it saves on so many pixels times evaluations.
# Then it runs what it has compiled once, which takes as long as some evaluations.
_WORK_WORTH_FUSING = 4_000_000
_EVALUATIONS_TO_TRY_OUT = 6
# It also keeps half as much again in memory: 6 GB for a picture of 1280×720, 4 GB without it.
_PIXELS_TO_FUSE_AT_MOST = 700_000


def worth_fusing(evaluations: int, size: tuple[int, int]) -> bool:
    """Whether compiling by XLA saves time, at a fair price in memory.

    Parameters
    ----------
    evaluations : How often the loss will be evaluated.
    size : The (width, height) of the picture in pixels.

    Examples
    --------
    >>> worth_fusing(100, (256, 192)), worth_fusing(100, (128, 96))
    (True, False)
    """
    pixels = size[0] * size[1]
    saves_time = (evaluations - _EVALUATIONS_TO_TRY_OUT) * pixels > _WORK_WORTH_FUSING
    return saves_time and pixels <= _PIXELS_TO_FUSE_AT_MOST


class Compiler:
    """Calls functions in compiled form, and keeps these in `shared`, for other compilers too.

    A compiled function is kept by its name and a `case`, which tells apart all that the function
    must be compiled anew for, such as the shapes of its arguments. `trace_count` counts the
    functions that this compiler has compiled itself.
    """

    def __init__(self, shared: CompiledFunctions) -> None:
        self.trace_count = 0
        self._shared = shared
        self._plain: dict[Hashable, Callable] = {}
        self._fused: dict[Hashable, Future[Callable]] = {}

    def call(self, function: Callable, case: Hashable, *arguments: Any) -> Any:
        """The value of `function`, compiled by XLA if `fuse_ahead` was called for this case."""
        key = (function.__name__, case)
        if key in self._fused:
            return self._fused[key].result()(*arguments)
        if key not in self._plain:
            self._plain[key] = self._shared.keep(key, lambda: self._compile(function, arguments))
        return self._plain[key](*arguments)

    def fuse_ahead(
        self, function: Callable, case: Hashable, arguments: Callable[[], tuple]
    ) -> None:
        """Have XLA compile `function` in another thread; the first `call` of this case waits.

        `arguments` makes arguments to compile and try it with. Without XLA the function is
        compiled as usual.
        """
        key = (function.__name__, case)
        compiling: Future[Callable] = Future()
        # Only compilers that were asked for XLA use it: if the others did too, their results would
        # depend on what was painted before.
        self._fused[key] = self._shared.keep((*key, "fused"), lambda: compiling)
        if self._fused[key] is compiling:
            # No daemon thread: on Ctrl-C, Python must not end in the middle of XLA.
            Thread(target=self._fuse, args=(function, key, arguments, compiling)).start()

    def _fuse(
        self,
        function: Callable,
        key: tuple[str, Hashable],
        make_arguments: Callable[[], tuple],
        compiling: Future[Callable],
    ) -> None:
        try:
            arguments = make_arguments()
            try:
                fused = self._compile(function, arguments, fused=True)
                fused(*arguments)  # XLA compiles at the first call
            except tf.errors.OpError as error:
                log.info("XLA cannot be used (%s); going on without it", error.__class__.__name__)
                fused = self._compile(function, arguments)
        # Any other error must reach the thread that waits, or it would wait for ever.
        except BaseException as error:
            self._shared.forget((*key, "fused"))
            compiling.set_exception(error)
        else:
            compiling.set_result(fused)

    def _compile(self, function: Callable, arguments: tuple, *, fused: bool = False) -> Callable:
        self.trace_count += 1
        traced = tf.function(function, autograph=False, jit_compile=fused or None)
        return cast(Callable, traced.get_concrete_function(*arguments))
