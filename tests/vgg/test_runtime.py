"""TensorFlow is loaded when it is first used, and what it has compiled is kept for a while."""

from __future__ import annotations

import os
import sys
from threading import Barrier, Thread
from types import SimpleNamespace

import pytest

from stylekit.vgg import runtime
from stylekit.vgg.runtime import CompiledFunctions, graphics_cards, load_tensorflow


@pytest.fixture
def unloaded(monkeypatch):
    """As in a process that has not loaded TensorFlow yet."""
    monkeypatch.setattr(runtime, "_loaded", [])


def test_errors_are_seen_after_tensorflow_was_loaded(capfd, unloaded):
    assert load_tensorflow().__name__ == "tensorflow"
    print("seen", file=sys.stderr)
    os.write(2, b"seen too\n")
    assert capfd.readouterr().err == "seen\nseen too\n"


def test_errors_are_seen_where_tensorflow_cannot_be_loaded(capfd, monkeypatch, unloaded):
    monkeypatch.setitem(sys.modules, "tensorflow", None)
    with pytest.raises(ImportError):
        load_tensorflow()
    os.write(2, b"seen\n")
    assert capfd.readouterr().err == "seen\n"


class FakeTensorFlow:
    """TensorFlow as it is on a machine with these graphics cards."""

    def __init__(self, *names: str) -> None:
        cards = [SimpleNamespace(name=f"GPU:{i}", details=name) for i, name in enumerate(names)]
        self.growing: list[str] = []
        self.config = SimpleNamespace(
            threading=SimpleNamespace(set_inter_op_parallelism_threads=lambda count: None),
            list_physical_devices=lambda kind: cards if kind == "GPU" else [],
            get_visible_devices=lambda kind: cards if kind == "GPU" else [],
            experimental=SimpleNamespace(
                set_memory_growth=lambda card, grow: grow and self.growing.append(card.name),
                get_device_details=lambda card: (
                    {"device_name": card.details} if card.details else {}
                ),
            ),
        )

    def constant(self, value: int) -> None:
        os.write(2, b"could not find a graphics card\n")


def test_what_tensorflow_prints_about_graphics_cards_is_not_seen(capfd, monkeypatch, unloaded):
    monkeypatch.setitem(sys.modules, "tensorflow", FakeTensorFlow())
    load_tensorflow()
    assert capfd.readouterr().err == ""


def test_a_graphics_card_is_said_and_its_memory_taken_as_needed(caplog, monkeypatch, unloaded):
    fake = FakeTensorFlow("Fast Card 9", "")
    monkeypatch.setitem(sys.modules, "tensorflow", fake)
    with caplog.at_level("INFO", logger="stylekit"):
        load_tensorflow()
    assert "TensorFlow computes on Fast Card 9" in caplog.text
    assert graphics_cards() == ["Fast Card 9", "GPU:1"]
    assert fake.growing == ["GPU:0", "GPU:1"]


def test_only_one_thread_loads_it(monkeypatch, unloaded):
    tf = runtime.tf
    assert tf.add_n is load_tensorflow().add_n


def test_what_was_made_is_kept_until_it_is_forgotten() -> None:
    functions = CompiledFunctions()
    first = functions.keep("key", object)
    assert functions.keep("key", object) is first
    assert functions.keep("other", object) is not first
    functions.forget("key")
    functions.forget("key")
    assert functions.keep("key", object) is not first


def test_what_was_used_last_is_kept_longest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runtime, "_MAX_KEPT", 2)
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
