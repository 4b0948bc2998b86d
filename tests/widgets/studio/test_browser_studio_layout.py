"""The studio's layout in a real browser, its link, and what stands beside a result."""

from __future__ import annotations

import re
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from axe import grave_faults
from boxes import check_together
from browser import opened, write_notebook
from served import SERVE_NOTEBOOK, Served, served
from shallow import IN_PYTHON

from stylekit.media.encode import write_clip
from stylekit.scenes import make_scene

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytest_plugins = ["browser_fixtures"]

# Steps are slow enough to look at.
STUDIO = (
    IN_PYTHON
    + """\
import time
from stylekit.image.stylization import Stylization
from stylekit.widgets.studio.studio import Studio

quick = Stylization.step

def slow(painting, weights=None):
    time.sleep(0.1)
    return quick(painting, weights)

Stylization.step = slow
studio = Studio(sizes=(64, 128), steps=(40,), backbone="vgg16")
studio"""
)
LINK = "#content=chelsea&style=glass&size=64&steps=7&beta=2e4&gamma=9e99&token=abc&file=/etc/passwd"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The studio as the page that `stylekit studio` serves."""
    pytest.importorskip("voila", reason="voila is not installed")
    root = tmp_path_factory.mktemp("standalone")
    notebook = write_notebook(root, [STUDIO])
    with served(["-c", SERVE_NOTEBOOK, str(notebook), "600"], root) as running:
        yield running


@pytest.fixture(scope="module")
def page(chromium: Browser, server: Served) -> Iterator[Page]:
    """The page in a window of 1280×800 pixels, opened with a link."""
    with opened(chromium, server.url + LINK, width=1280, height=800) as notebook:
        notebook.page.locator(".stylekit-studio").wait_for()
        yield notebook.page
        assert notebook.errors == []
        assert notebook.foreign_requests() == []


def button(page: Page, name: str | re.Pattern[str]):  # type: ignore[no-untyped-def]
    return page.get_by_role("button", name=name, exact=isinstance(name, str))


def test_a_link_sets_what_the_page_offers_and_says_calmly_what_not(page: Page) -> None:
    page.get_by_text("Left out of the link").wait_for()
    said = page.get_by_text("Left out of the link").inner_text()
    assert said.endswith("does not offer it: token, file, steps, gamma.")
    # After a reload the page is as it was left, so the link counts once.
    assert "#" not in page.url
    for name in ("chelsea", "glass"):
        assert page.get_by_role("radio", name=name, exact=True).is_checked()
    assert page.get_by_label("Size").evaluate("(all) => all.selectedIndex") == 0
    button(page, re.compile("The same as a command")).press("Enter")
    command = page.get_by_label("as a command").first
    command.wait_for()
    page.wait_for_function(
        "(field) => field.value.includes('--beta 2e4')", arg=command.element_handle()
    )
    link = page.get_by_label("as a link").first.input_value()
    assert "#content=chelsea&style=glass&size=64&steps=40&" in link
    assert "beta=2e4" in link and "gamma=400" in link and "token" not in link
    assert grave_faults(page, scope=".stylekit-studio") == []


def test_the_button_is_near_in_a_narrow_window(page: Page) -> None:
    page.set_viewport_size({"width": 700, "height": 900})
    page.evaluate("() => scrollTo(0, 0)")
    page.wait_for_timeout(300)
    box = button(page, "Transfer").bounding_box()
    page.set_viewport_size({"width": 1280, "height": 800})
    assert box is not None and box["y"] + box["height"] <= 900 and box["height"] >= 44


def test_picture_curve_and_sliders_are_seen_at_once_and_then_the_result(page: Page) -> None:
    # A square picture is the highest that most photographs are.
    page.get_by_role("radio", name="astronaut", exact=True).check(force=True)
    page.locator(".stylekit-upload .mark.good").nth(1).wait_for()
    page.locator(".studio-go", has_text="Ready").wait_for()
    button(page, "Transfer").click()
    page.get_by_role("heading", name="Painting").wait_for()
    page.locator(".stylekit-curve canvas[data-steps]").wait_for()
    page.locator(".stylekit-history .look").wait_for()
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        page.wait_for_timeout(300)
        check_together(page)
    button(page, "Pause").click()
    page.locator(".stylekit-player [role=status]", has_text="Paused after").wait_for()
    assert grave_faults(page, scope=".stylekit-studio") == []
    button(page, "Cancel, keep the result so far").click()
    page.get_by_role("heading", name="Stopped: the result so far").wait_for()
    page.get_by_role("img", name="The style: glass").wait_for()
    mains = page.locator(".stylekit-studio button.main:visible")
    assert [words.split(" (")[0] for words in mains.all_inner_texts()] == [
        "Download astronaut-glass.png"
    ]
    assert "--beta 2e4" in page.get_by_label("as a command").last.input_value()
    assert grave_faults(page, scope=".stylekit-studio") == []
    page.emulate_media(color_scheme="light")
    button(page, "New transfer").click()


def test_a_painted_clip_fills_the_width(page: Page, tmp_path: Path) -> None:
    clip = tmp_path / "mine.mp4"
    write_clip(make_scene("pan", frames=2, size=96).frames, clip, fps=Fraction(25))
    content = page.get_by_role("group", name="Content", exact=True)
    content.locator("input[type=file]").set_input_files(clip)
    content.get_by_text(re.compile("mine.mp4.*2 frames")).first.wait_for()
    page.locator(".studio-go", has_text="Ready").wait_for()
    button(page, "Transfer").click()
    page.get_by_role("heading", name="Done").wait_for()
    page.locator(".stylekit-pair[data-ready]").wait_for()
    page.set_viewport_size({"width": 1280, "height": 800})
    widths = page.locator(".stylekit-pair video").evaluate_all(
        "(all) => all.map((each) => each.getBoundingClientRect().width)"
    )
    whole = page.locator(".stylekit-pair").evaluate("(all) => all.clientWidth")
    assert min(widths) >= 500 and sum(widths) >= 0.9 * whole
