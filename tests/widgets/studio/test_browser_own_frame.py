"""The studio in a real browser: a clip whose first frame the user paints, from start to file."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import PIL.Image
import PIL.ImageOps
import pytest
from axe import grave_faults
from browser import NotebookPage, opened, write_notebook
from served import SERVE_NOTEBOOK, served

from stylekit.media.clips import read_clip

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator, Page

pytest_plugins = ["browser_fixtures"]

STUDIO = """\
from stylekit.widgets.studio.studio import Studio
Studio(sizes=(64,), steps=(2,), backbone="vgg16")"""


@pytest.fixture
def page(chromium: Browser, tmp_path: Path) -> Iterator[Page]:
    """The page that `stylekit studio` serves."""
    pytest.importorskip("voila", reason="voila is not installed")
    root = tmp_path / "standalone"
    root.mkdir()
    notebook = write_notebook(root, [STUDIO])
    with (
        served(["-c", SERVE_NOTEBOOK, str(notebook), "600"], root) as server,
        opened(chromium, server.url) as opened_page,
    ):
        page: NotebookPage = opened_page
        page.page.locator(".stylekit-studio").wait_for()
        yield page.page
        assert page.errors == []
        assert page.foreign_requests() == []


def button(page: Page, name: str) -> Locator:
    return page.get_by_role("button", name=name, exact=True)


def fetch(page: Page, name: str, path: Path) -> Path:
    with page.expect_download() as fetched:
        page.get_by_role("button", name=re.compile(rf"^Download .*{re.escape(name)} \(")).click()
    path.write_bytes(Path(fetched.value.path()).read_bytes())
    return path


def learns(page: Page) -> None:
    words = "The network is learning"
    page.locator(".stylekit-player [role=status]", has_text=words).wait_for()
    page.get_by_role("img", name=re.compile("as the network paints it after")).wait_for()


def test_a_painted_first_frame_becomes_a_clip(page: Page, tmp_path: Path) -> None:
    tick = page.get_by_role("checkbox", name="I paint the first frame myself")
    assert not tick.is_visible()
    page.get_by_role("radio", name="orbit ▶", exact=True).check(force=True)
    content = page.get_by_role("group", name="Content", exact=True)
    content.locator(".mark.good").wait_for()
    tick.press("Space")
    page.get_by_text("First paint the first frame, and choose your painting.").wait_for()
    assert not page.get_by_role("group", name="Style", exact=True).is_visible()
    page.get_by_role("spinbutton", name="Frames").fill("3")
    frame = fetch(page, "orbit-frame-0.png", tmp_path / "frame.png")
    with PIL.Image.open(frame) as picture:
        assert (picture.format, picture.size) == ("PNG", (64, 48))
        PIL.ImageOps.invert(picture.convert("RGB")).save(tmp_path / "mine.png")
        picture.resize((64, 64)).save(tmp_path / "square.png")

    slot = page.get_by_role("group", name="Your painting", exact=True)
    slot.locator("input[type=file]").set_input_files(tmp_path / "square.png")
    slot.get_by_text("square.png: has 64×64 pixels, other proportions").wait_for()
    slot.locator("input[type=file]").set_input_files(tmp_path / "mine.png")
    slot.locator(".mark.good").wait_for()
    page.get_by_label("Painted by").select_option("a network that learns your painting")
    page.get_by_text("Ready: the network learns for 4 minutes").wait_for()
    assert grave_faults(page, scope=".stylekit-studio") == []

    button(page, "Transfer").click()
    learns(page)
    assert grave_faults(page, scope=".stylekit-studio") == []
    page.reload()
    learns(page)
    button(page, "Paint now").click()
    page.get_by_role("heading", name="Stopped: the result so far").wait_for()
    page.locator(".stylekit-pair[data-ready]").wait_for()
    clip = fetch(page, "orbit-mine.mp4", tmp_path / "painted.mp4")
    assert (len(read_clip(clip)), read_clip(clip).width) == (3, 64)
    sidecar = json.loads(fetch(page, ".json", tmp_path / "made.json").read_text(encoding="utf-8"))
    assert sidecar["keyframes"][0]["painting"]["name"] == "mine.png"
    assert grave_faults(page, scope=".stylekit-studio") == []
    button(page, "New transfer").click()
    page.get_by_role("radio", name="orbit – mine ▶ (not finished)").wait_for(state="attached")
