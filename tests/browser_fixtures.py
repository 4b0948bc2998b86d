"""Fixtures for tests in a browser. A test module says `pytest_plugins = ["browser_fixtures"]`.

They are apart from `browser`, which test modules import from: pytest wants to be the first to
import a plug-in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest
from browser import (
    Lab,
    NotebookPage,
    find_chromium,
    opened,
    opened_in_lab,
    running_chromium,
    running_lab,
    running_voila,
)

if TYPE_CHECKING:
    from playwright.sync_api import Browser


@pytest.fixture(scope="session")
def lab() -> Iterator[Lab]:
    """One JupyterLab for all tests of a run."""
    find_chromium()
    with running_lab() as server:
        yield server


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """One Chromium for a module: while Playwright is open, no other test could use asyncio."""
    with running_chromium() as browser:
        yield browser


@pytest.fixture
def open_notebook(lab: Lab, chromium: Browser) -> Iterator[Callable[..., NotebookPage]]:
    """`open_notebook(cells, width=1280, height=900, dark=False)`: opened in Lab and all run."""
    with ExitStack() as stack:

        def open_one(cells: Sequence[str], **window: int) -> NotebookPage:
            notebook = stack.enter_context(opened_in_lab(chromium, lab, cells, **window))
            notebook.run_all()
            return notebook

        yield open_one


@pytest.fixture
def open_voila(chromium: Browser) -> Iterator[Callable[..., NotebookPage]]:
    """`open_voila(cells, width=1280, height=900, dark=False)`: the same as a page of Voila."""
    with ExitStack() as stack:

        def open_one(cells: Sequence[str], *, dark: bool = False, **window: int) -> NotebookPage:
            url = stack.enter_context(running_voila(cells, dark=dark))
            return stack.enter_context(opened(chromium, url, **window))

        yield open_one
