"""What is kept of compiled functions, and for how long."""

from __future__ import annotations

from threading import Barrier, Thread

import pytest

from stylekit.vgg import compiled
from stylekit.vgg.runtime import CompiledFunctions


def test_what_was_made_is_kept_until_it_is_forgotten() -> None:
    functions = CompiledFunctions()
    first = functions.keep("key", object)
    assert functions.keep("key", object) is first
    assert functions.keep("other", object) is not first
    functions.forget("key")
    functions.forget("key")
    assert functions.keep("key", object) is not first


def test_what_was_used_last_is_kept_longest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiled, "_MAX_KEPT", 2)
    functions = CompiledFunctions()
    old, young = functions.keep("old", object), functions.keep("young", object)
    functions.keep("old", object)
    functions.keep("new", object)
    assert functions.keep("old", object) is old
    assert functions.keep("young", object) is not young


def test_what_cannot_be_made_is_not_kept() -> None:
    functions = CompiledFunctions()
    with pytest.raises(ZeroDivisionError):
        functions.keep("key", lambda: 1 / 0)
    assert functions.keep("key", lambda: 2) == 2


def test_threads_that_ask_together_share_one() -> None:
    functions, together = CompiledFunctions(), Barrier(4)
    made, got = [], []

    def ask() -> None:
        together.wait()
        got.append(functions.keep("key", lambda: made.append(1) or object()))

    threads = [Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 1
    assert len(set(map(id, got))) == 1
