"""The player with a run from keyframes in a real browser: learning, stopped, painted, gone on."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from axe import grave_faults
from browser import Lab, NotebookPage, opened_in_lab

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytest_plugins = ["browser_fixtures"]

# A network that learns for as long as the test likes, of a clip as small as it can be.
PLAYER = f"""\
import sys, tempfile
sys.path.insert(0, {str(Path(__file__).parents[2])!r})
from short_runs import shot
import stylekit as sk

clip = list(shot(frames=3))
tiny = sk.settings.NetworkSettings(
    width=4, blocks=1, batch=2, patch=16, steps=10**6, seconds=1e6
)
by_network = sk.KeyframeSettings(method=sk.settings.KeyMethod.NETWORK, network=tiny)
folder = tempfile.mkdtemp()
player = sk.Player(lambda: sk.KeyframeRun(clip, {{0: 1 - clip[0]}}, folder, by_network))
player"""


@pytest.fixture(scope="module")
def notebook(lab: Lab, chromium) -> Iterator[NotebookPage]:
    with ExitStack() as stack:
        page = stack.enter_context(opened_in_lab(chromium, lab, [PLAYER]))
        page.run_all()
        yield page
        assert page.errors == []
        assert page.foreign_requests() == []


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).press("Enter")


def says(page: Page, words: str) -> str:
    found = page.locator(".stylekit-player [role=status]", has_text=re.compile(words))
    found.wait_for()
    return str(found.inner_text())


def picture(page: Page, words: str) -> None:
    page.get_by_role("img", name=re.compile(words)).wait_for()


def test_a_network_is_watched_stopped_told_to_paint_and_goes_on(notebook: NotebookPage) -> None:
    page = notebook.page
    assert not page.get_by_role("button", name="Paint now").is_visible()
    press(page, "Start")
    says(page, "The network is learning")
    picture(page, "Frame 1, as the network paints it after")
    page.get_by_role("listitem").filter(has_text="strokes (VGG)").wait_for()
    page.get_by_role("row", name=re.compile("colours")).wait_for()
    page.get_by_role("slider", name="Watch frame").press("End")
    picture(page, "Frame 2, as the network paints it after")
    assert grave_faults(page, scope=".stylekit-player") == []

    press(page, "Stop")
    says(page, "Stopped after")
    press(page, "Paint now")
    assert re.search(r"and 3 frames\.$", says(page, "Done after"))
    picture(page, "Frame 2, finished")
    learned = int(notebook.python("print(player.source.network.step_count, end='')"))
    press(page, "Start again")
    says(page, "The network is learning")
    press(page, "Stop")
    says(page, "Stopped after")
    assert int(notebook.python("print(player.source.network.step_count, end='')")) > learned
