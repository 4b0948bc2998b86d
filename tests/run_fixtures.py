"""Fixtures of the tests that paint short runs: `pytest_plugins = ["run_fixtures"]`."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from short_runs import built_in_clip, built_in_style, share_objectives

from stylekit.arrays import Image
from stylekit.media.clips import Clip


@pytest.fixture(scope="module")
def shared_objectives() -> Iterator[None]:
    """Runs in one style share their compiled network."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        share_objectives(monkeypatch)
        yield


@pytest.fixture(scope="module")
def clip(request: pytest.FixtureRequest) -> Clip:
    """The first frames of a built-in clip, `FRAMES` of the test's module."""
    return built_in_clip("drift", request.module.FRAMES)


@pytest.fixture(scope="module")
def glass() -> Image:
    """A built-in style, as large as it is."""
    return built_in_style()
