"""TensorFlow is loaded when it is first used, without a word on standard error."""

from __future__ import annotations

import os
import sys
from types import SimpleNamespace

import pytest

from stylekit.vgg import runtime
from stylekit.vgg.runtime import load_tensorflow


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


def test_what_tensorflow_prints_about_graphics_cards_is_not_seen(capfd, monkeypatch, unloaded):
    threads = SimpleNamespace(set_inter_op_parallelism_threads=lambda count: None)
    chatter = SimpleNamespace(
        config=SimpleNamespace(threading=threads),
        constant=lambda value: os.write(2, b"could not find a graphics card\n"),
    )
    monkeypatch.setitem(sys.modules, "tensorflow", chatter)
    load_tensorflow()
    assert capfd.readouterr().err == ""


def test_only_one_thread_loads_it(monkeypatch, unloaded):
    tf = runtime.tf
    assert tf.add_n is load_tensorflow().add_n
