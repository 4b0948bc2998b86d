"""The examples in docstrings do what they say."""

from __future__ import annotations

import doctest
import importlib
import pkgutil

import numpy as np
import pytest

import stylekit

MODULES = sorted(
    found.name
    for found in pkgutil.walk_packages(stylekit.__path__, "stylekit.")
    # Its examples are commands, and starting its main module runs one.
    if not found.name.startswith("stylekit.app")
)


@pytest.mark.slow
@pytest.mark.parametrize("name", MODULES)
def test_examples_are_true(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    module = importlib.import_module(name)
    finder = doctest.DocTestFinder(exclude_empty=True)
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE)
    for example in finder.find(module, name, extraglobs={"np": np, "sk": stylekit}):
        runner.run(example)
    assert runner.summarize(verbose=False).failed == 0, capsys.readouterr().out


def test_there_are_examples() -> None:
    finder = doctest.DocTestFinder(exclude_empty=True)
    found = [
        example
        for name in MODULES
        for test in finder.find(importlib.import_module(name), name)
        for example in test.examples
    ]
    assert len(found) > 50
