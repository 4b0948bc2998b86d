"""The player's layout in a real browser: picture, curve and sliders together, at every width; the
history, the run before, zoom and the full screen.

One notebook serves all tests; the window and the theme are changed in it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from axe import grave_faults
from boxes import check_together
from browser import Lab, NotebookPage, opened_in_lab

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator, Page

pytest_plugins = ["browser_fixtures"]

SIZES = ((1280, 900), (1366, 768), (700, 900))
TOUCH_PX = 44
COUNT = 80

IMPORTS = f"""\
import sys
sys.path.insert(0, {str(Path(__file__).parents[2])!r})
from fake_runs import FakeRun
from stylekit.widgets.player.player import Player
from stylekit.widgets.weights.panel import WeightPanel"""
# A square picture is the highest that most photographs are; it is redder the larger β is.
RUN = f"""\
panel = WeightPanel()
player = Player(lambda: FakeRun({COUNT}, seconds=0.01, size=96), panel=panel)
player"""

RED = """(canvas) => canvas.getContext("2d").getImageData(
    canvas.width >> 1, canvas.height >> 1, 1, 1).data[0]"""
DARK = """(theme) => jupyterapp.commands.execute("apputils:change-theme", { theme })"""
TO_THE_TOP = """() => document.querySelector(".stylekit-player-page")
    .closest(".jp-OutputArea-output").scrollIntoView({ block: "start" })"""
SMALL = """(least) => [...document.querySelector(".stylekit-player-page")
    .querySelectorAll("button, input, summary")]
    .filter((each) => each.offsetParent !== null && each.type !== "checkbox")
    .map((each) => [each.textContent || each.id, each.getBoundingClientRect().height])
    .filter(([, height]) => height < least - 0.5)"""


@pytest.fixture(scope="module")
def notebook(lab: Lab, chromium: Browser) -> Iterator[NotebookPage]:
    """A player whose first run is done."""
    with ExitStack() as stack:
        opened = stack.enter_context(opened_in_lab(chromium, lab, [IMPORTS, RUN]))
        opened.run_all()
        run(opened.page, "Start")
        yield opened
        assert opened.errors == []
        assert opened.foreign_requests() == []


@pytest.fixture
def page(notebook: NotebookPage) -> Iterator[Page]:
    """The page, which is looked at from the newest step again after a test."""
    yield notebook.page
    notebook.page.set_viewport_size({"width": 1280, "height": 900})
    now = button(notebook.page, "Back to the newest step")
    if now.get_attribute("aria-disabled") == "false":
        now.click()


def button(page: Page, name: str) -> Locator:
    return page.get_by_role("button", name=name, exact=True)


def run(page: Page, name: str) -> None:
    """Press Start, and wait until all steps are taken and drawn."""
    status = page.locator(".stylekit-player [role=status]")
    # Until the kernel answers it still says what was so after the run before.
    status.first.evaluate(
        """(element) => {
            window.said = false;
            new MutationObserver(() => { window.said = true; })
                .observe(element, {childList: true, characterData: true, subtree: true});
        }"""
    )
    button(page, name).click()
    page.wait_for_function("window.said")
    status.filter(has_text=f"Done after {COUNT} steps").wait_for()
    page.locator(f".stylekit-curve canvas[data-steps='{COUNT}']").wait_for()


@pytest.mark.parametrize("theme", ["JupyterLab Light", "JupyterLab Dark"])
@pytest.mark.parametrize(("width", "height"), SIZES)
def test_picture_curve_and_sliders_are_seen_at_once(
    page: Page, width: int, height: int, theme: str
) -> None:
    page.evaluate(DARK, theme)
    page.set_viewport_size({"width": width, "height": height})
    page.wait_for_timeout(300)
    page.evaluate(TO_THE_TOP)
    check_together(page)
    assert grave_faults(page, scope=".stylekit-player-page") == []


def test_the_layout_follows_the_width_of_the_player_not_of_the_window(page: Page) -> None:
    page.set_viewport_size({"width": 1366, "height": 900})
    beside = "() => { const [p, c] = ['.stylekit-frame', '.stylekit-weights'].map((n) =>" + (
        " document.querySelector(n).getBoundingClientRect()); return c.top < p.bottom; }"
    )
    assert page.evaluate(beside)
    place = page.locator(".stylekit-player-page")
    place.evaluate("(all) => (all.style.width = '480px')")
    assert not page.evaluate(beside)
    place.evaluate("(all) => (all.style.width = '')")


def test_what_a_finger_presses_is_large_enough(page: Page) -> None:
    page.set_viewport_size({"width": 700, "height": 900})
    page.wait_for_timeout(300)
    assert page.evaluate(SMALL, TOUCH_PX) == []


def test_one_drags_back_through_what_was_painted(notebook: NotebookPage, page: Page) -> None:
    slider = page.get_by_role("slider", name="History")
    assert slider.get_attribute("aria-valuetext") == f"now, step {COUNT} of {COUNT}"
    slider.press("Home")
    page.get_by_text(f"step 1 of {COUNT}").wait_for()
    page.get_by_role("img", name="The picture after 1 step", exact=True).wait_for()
    notebook.wait_for_python("print(player.curve.viewed)", "1\n")
    slider.press("ArrowRight")
    kept = notebook.python("print(player.looking_back.pictures.steps[1])").strip()
    page.get_by_text(f"step {kept} of {COUNT}").wait_for()
    button(page, "Back to the newest step").press("Enter")
    page.get_by_role("img", name=f"The picture after {COUNT} steps", exact=True).wait_for()
    assert slider.get_attribute("aria-valuetext") == f"now, step {COUNT} of {COUNT}"


def test_a_picture_is_enlarged_and_moved_by_keys(page: Page) -> None:
    canvas = page.locator(".stylekit-live .stylekit-picture canvas")
    before = canvas.bounding_box()
    frame = page.locator(".stylekit-live .stylekit-frame").first
    button(page, "Zoom in").first.press("Enter")
    button(page, "Zoom in").first.press("Enter")
    page.get_by_text("200 %").wait_for()
    after = canvas.bounding_box()
    assert before is not None and after is not None
    assert after["width"] == pytest.approx(2 * before["width"], abs=2)
    # What was in the middle is there still, and arrow keys move it.
    top = frame.evaluate("(all) => all.scrollTop")
    assert top == pytest.approx(before["height"] / 2, abs=2)
    assert grave_faults(page, scope=".stylekit-player-page") == []
    frame.press("ArrowDown")
    assert frame.evaluate("(all) => all.scrollTop") > top
    frame.press("0")
    page.get_by_text("100 %").first.wait_for()
    now = canvas.bounding_box()
    assert now is not None and (now["width"], now["height"]) == (before["width"], before["height"])


@pytest.mark.parametrize("allowed", [True, False])
def test_escape_leaves_the_full_screen(page: Page, allowed: bool) -> None:
    """Also where the page may not have it, as in a frame of another page."""
    root = page.locator(".stylekit-live .stylekit-picture")
    if not allowed:
        root.evaluate("(all) => (all.requestFullscreen = () => Promise.reject(new Error('no')))")
    press = root.get_by_role("button", name="Full screen", exact=True)
    press.press("Enter")
    leave = root.get_by_role("button", name="Leave full screen")
    leave.wait_for()
    page.wait_for_function(
        "() => document.querySelector('.stylekit-picture').getBoundingClientRect().width"
        " >= innerWidth - 1"
    )
    picture = root.locator(".stylekit-frame").bounding_box()
    window = page.evaluate("() => [innerWidth, innerHeight]")
    assert picture is not None and picture["height"] > 0.8 * window[1]
    page.keyboard.press("Escape")
    press.wait_for()
    assert root.bounding_box()["width"] < window[0]  # type: ignore[index]


def test_two_runs_are_compared(notebook: NotebookPage, page: Page) -> None:
    compare = button(page, "Compare with the run before")
    assert not compare.is_visible()
    notebook.python("from stylekit.settings import Weights; panel.set(Weights(beta=1e6))")
    run(page, "Start again")
    compare.press("Enter")
    split = page.locator(".stylekit-live .stylekit-split[data-painted]")
    split.wait_for()
    page.get_by_text("β 1e4 → 1e6").first.wait_for()
    alt = split.locator("img").evaluate_all("(all) => all.map((each) => each.alt)")
    assert alt == [
        f"run before: the run before, after {COUNT} steps",
        f"this run: this run, after {COUNT} steps",
    ]
    assert grave_faults(page, scope=".stylekit-player-page") == []
    button(page, "Stop comparing").press("Enter")
    split.wait_for(state="hidden")
    # A cell that is executed again has the run before, too.
    again = "again = Player(lambda: FakeRun(5)); again.start(); again.wait(20)"
    notebook.python(again)
    notebook.wait_for_python("print(again.looking_back.slider._offered)", "True\n")
