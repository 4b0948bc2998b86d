"""The studio in a real browser: whole transfers by pointer and by keyboard, in Lab and in Voila."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator
from contextlib import ExitStack
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import PIL.Image
import pytest
from axe import grave_faults
from browser import Lab, NotebookPage, opened, opened_in_lab, write_notebook
from served import SERVE_NOTEBOOK, served
from shallow import IN_PYTHON

from stylekit.media.clips import read_clip
from stylekit.media.encode import write_clip
from stylekit.media.images import save_image
from stylekit.scenes import make_scene

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator, Page

pytest_plugins = ["browser_fixtures"]

# Steps are slow until somebody pulls harder towards the style, so that there is time to pause.
STUDIO = (
    IN_PYTHON
    + """\
import time
if "studio" in globals():
    studio.close()
from stylekit.image.stylization import Stylization
from stylekit.widgets.studio.studio import Studio

quick = globals().get("quick", Stylization.step)

def slow(painting, weights=None):
    if weights is None or weights.beta < 1e6:
        time.sleep(0.2)
    return quick(painting, weights)

Stylization.step = slow
studio = Studio(sizes=(64,), steps=(60,), backbone="vgg16")
studio"""
)
PLACES = ("notebook", "standalone")


@pytest.fixture(scope="module")
def lab_page(lab: Lab, chromium: Browser) -> Iterator[NotebookPage]:
    """One studio in Lab for all tests here; its network is loaded once."""
    with ExitStack() as stack:
        opened = stack.enter_context(opened_in_lab(chromium, lab, [STUDIO]))
        opened.run_all()
        yield opened
        assert opened.errors == []
        assert opened.foreign_requests() == []


@pytest.fixture
def notebook(lab_page: NotebookPage) -> NotebookPage:
    """The studio in Lab, where files are chosen: a new one where a test before has failed."""
    if not is_at_rest(lab_page.page):
        lab_page.run_all()
        lab_page.page.locator(".stylekit-studio").wait_for()
    return lab_page


@pytest.fixture
def untouched(notebook: NotebookPage) -> NotebookPage:
    """The studio in Lab before anything is chosen: a new one if a test before has chosen."""
    chosen = notebook.page.locator(".stylekit-studio .mark:is(.good, .bad)")
    if chosen.count():
        notebook.run_all()
        chosen.first.wait_for(state="detached")
    return notebook


@pytest.fixture(scope="module")
def voila_page(
    chromium: Browser, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[NotebookPage]:
    """The same studio as the page that `stylekit studio` serves."""
    pytest.importorskip("voila", reason="voila is not installed")
    root = tmp_path_factory.mktemp("standalone")
    notebook = write_notebook(root, [STUDIO])
    with (
        served(["-c", SERVE_NOTEBOOK, str(notebook), "600"], root) as server,
        opened(chromium, server.url) as page,
    ):
        page.page.locator(".stylekit-studio").wait_for()
        yield page
        assert page.errors == []
        assert page.foreign_requests() == []


@pytest.fixture
def standalone(voila_page: NotebookPage) -> NotebookPage:
    """The page that `stylekit studio` serves, where files are chosen: a new one after a failure.

    Each visitor has a kernel of their own.
    """
    if not is_at_rest(voila_page.page):
        voila_page.page.context.clear_cookies()
        voila_page.page.reload()
        voila_page.page.locator(".stylekit-studio").wait_for()
    return voila_page


@pytest.fixture(params=PLACES)
def page(request: pytest.FixtureRequest) -> Page:
    """The studio's page in Lab, and standing alone."""
    return request.getfixturevalue(request.param).page


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three frames of 96×72 pixels, as somebody's own file."""
    path = tmp_path_factory.mktemp("clips") / "mine.mp4"
    write_clip(make_scene("pan", frames=3, size=96).frames, path, fps=Fraction(25))
    return path


@pytest.fixture(scope="module")
def picture(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """80×60 pixels of stripes."""
    path = tmp_path_factory.mktemp("pictures") / "stripes.png"
    stripes = np.zeros((60, 80, 3), np.float32)
    stripes[:, ::16] = stripes[::12] = (0.9, 0.7, 0.2)
    save_image(stripes, path, provenance=None)
    return path


def button(page: Page, name: str) -> Locator:
    return page.get_by_role("button", name=name, exact=True)


def slot(page: Page, title: str) -> Locator:
    return page.get_by_role("group", name=title, exact=True)


def upload(page: Page, title: str, path: Path) -> None:
    slot(page, title).locator("input[type=file]").set_input_files(path)


def is_green(page: Page, title: str) -> None:
    slot(page, title).locator(".mark.good").wait_for()


def stands_at(page: Page, heading: str) -> None:
    """The page has changed, and is read on from this heading."""
    page.wait_for_function(
        "(words) => document.activeElement?.matches('h2') "
        "&& document.activeElement.textContent === words",
        arg=heading,
    )


def steps_are_taken(page: Page) -> None:
    page.locator(".stylekit-player .facts", has_text=re.compile(r"step\s*[1-9]")).wait_for()


def download(page: Page, ending: str) -> bytes:
    with page.expect_download() as fetched:
        page.get_by_role("button", name=re.compile(rf"^Download .*{re.escape(ending)} \(")).click()
    return Path(fetched.value.path()).read_bytes()


def is_at_rest(page: Page) -> bool:
    """Whether the page stands where files are chosen."""
    return page.get_by_role("heading", name="Choose what to paint, and a style").is_visible()


def start_over(page: Page) -> None:
    button(page, "New transfer").click()
    stands_at(page, "Choose what to paint, and a style")


def test_a_wrong_file_turns_the_slot_red_with_its_reason(
    untouched: NotebookPage, tmp_path: Path
) -> None:
    page = untouched.page
    wrong = tmp_path / "saved.png"
    wrong.write_text("<!DOCTYPE html><html><body>no picture</body></html>")
    upload(page, "Style", wrong)
    slot(page, "Style").get_by_text("saved.png: looks like a web page").wait_for()
    assert slot(page, "Style").get_attribute("data-state") == "refused"
    assert slot(page, "Style").locator(".mark.bad").inner_text() == "✗"
    assert button(page, "Transfer").get_attribute("aria-disabled") == "true"
    page.get_by_text("First choose a content and a style.").wait_for()


def test_a_reload_finds_the_painting_as_it_goes_on_and_its_result(
    standalone: NotebookPage, picture: Path
) -> None:
    page = standalone.page
    upload(page, "Content", picture)
    is_green(page, "Content")
    page.get_by_role("radio", name="swirls", exact=True).check(force=True)
    is_green(page, "Style")
    button(page, "Transfer").click()
    steps_are_taken(page)
    page.reload()
    steps_are_taken(page)
    # Steps are counted before the canvas of the new page has drawn its first picture.
    painted = page.locator(".studio-live canvas[data-painted]").first
    painted.wait_for()
    assert int(painted.get_attribute("data-painted")) > 1
    button(page, "Cancel, keep the result so far").click()
    stopped = "Stopped: the result so far"
    page.get_by_role("heading", name=stopped).wait_for()
    page.reload()
    page.get_by_role("heading", name=stopped).wait_for()
    page.locator(".stylekit-split[data-painted]").wait_for()
    assert len(download(page, ".png")) > 1000
    button(page, "New transfer").click()
    # It stands among the earlier results now, opens there, and is deleted at the second press.
    earlier = page.get_by_role("radio", name="stripes – swirls (not finished)")
    earlier.check(force=True)
    page.get_by_role("heading", name="Not finished").wait_for()
    page.get_by_role("button", name=re.compile("^Delete")).first.click()
    page.get_by_role("button", name=re.compile("^Delete for good")).click()
    page.get_by_role("heading", name="Choose what to paint, and a style").wait_for()
    assert not earlier.is_visible()


def pause_tune_and_resume(page: Page) -> None:
    """Pull harder towards the style, in the middle of it."""
    steps_are_taken(page)
    button(page, "Pause").click()
    page.locator(".stylekit-player [role=status]", has_text="Paused after").wait_for()
    assert grave_faults(page, scope=".stylekit-studio") == []
    slider = page.get_by_role("slider", name="β style")
    if not slider.is_visible():
        page.get_by_role("button", name="Weights").click()
    # Other jobs may have left it where they pulled it.
    slider.press("Home")
    slider.press("End")
    slider.press("ArrowLeft")
    button(page, "Resume").click()


def test_a_picture_is_uploaded_painted_tuned_compared_and_downloaded(
    page: Page, picture: Path
) -> None:
    upload(page, "Content", picture)
    is_green(page, "Content")
    page.get_by_role("radio", name="swirls", exact=True).check(force=True)
    is_green(page, "Style")
    page.get_by_text("at most on this machine").wait_for()
    button(page, "Transfer").click()
    stands_at(page, "Painting")
    # Widgets are drawn one after the other: it may come after the heading.
    page.locator(".stylekit-waiting").wait_for()
    pause_tune_and_resume(page)
    stands_at(page, "Done")
    page.locator(".stylekit-split[data-painted]").wait_for()
    page.get_by_role("slider", name="Divider").press("ArrowLeft")
    assert grave_faults(page, scope=".stylekit-studio") == []
    with PIL.Image.open(io.BytesIO(download(page, ".png"))) as painted:
        assert (painted.format, painted.size) == ("PNG", (64, 48))
        # It says by itself how it came about.
        assert "rainedAlgorithmicMedia" in str(painted.info)
    assert json.loads(download(page, ".json"))["weights"]["beta"] > 1e6
    start_over(page)
    is_green(page, "Content")
    is_green(page, "Style")


def test_an_error_in_a_step_is_said_and_the_page_goes_on(notebook: NotebookPage) -> None:
    page = notebook.page
    page.get_by_role("radio", name="coffee", exact=True).check(force=True)
    page.get_by_role("radio", name="mosaic", exact=True).check(force=True)
    page.get_by_text("at most on this machine").wait_for()
    notebook.python(
        "import threading\n"
        "from stylekit.image.stylization import Stylization\n"
        "right = Stylization.step\n"
        "def wrong(painting, weights=None):\n"
        # Trial steps of a choice before may still be under way: they are not what fails here.
        "    if threading.current_thread().name == 'stylekit-network':\n"
        "        return right(painting, weights)\n"
        "    raise RuntimeError('no <paint> left')\n"
        "Stylization.step = wrong"
    )
    button(page, "Transfer").click()
    page.get_by_role("alert").filter(has_text="no <paint> left").wait_for()
    notebook.python("Stylization.step = right")
    stands_at(page, "Choose what to paint, and a style")
    button(page, "Transfer").click()
    steps_are_taken(page)
    assert page.get_by_role("alert").count() == 0
    button(page, "Cancel, keep the result so far").click()
    stands_at(page, "Stopped: the result so far")
    start_over(page)


def test_styles_are_added_and_a_wrong_mask_is_told(notebook: NotebookPage, picture: Path) -> None:
    page = notebook.page
    page.get_by_role("radio", name="coffee", exact=True).check(force=True)
    page.get_by_role("radio", name="mosaic", exact=True).check(force=True)
    page.get_by_role("button", name="More for pictures").press("Enter")
    button(page, "Add a style").press("Enter")
    page.locator(".studio-more").get_by_role("radio", name="glass", exact=True).check(force=True)
    page.get_by_role("slider", name="Second style: glass").press("ArrowLeft")
    page.get_by_text("0.9 (47%)").wait_for()
    # Its proportions are not those of the content.
    upload(page, "Where the style is painted", picture)
    told = slot(page, "Where the style is painted").get_by_text("stripes.png: has 80×60 pixels")
    told.wait_for()
    assert grave_faults(page, scope=".stylekit-studio") == []
    button(page, "Remove the mask: Where the style is painted").press("Enter")
    page.get_by_text("at most on this machine").wait_for()
    button(page, "Remove the last style").press("Enter")
    page.wait_for_function("() => document.activeElement?.textContent === 'Several styles'")
    page.get_by_role("button", name="More for pictures").press("Enter")


def test_settings_of_a_clip_are_explained_and_wrong_ones_are_told(notebook: NotebookPage) -> None:
    page = notebook.page
    page.get_by_role("radio", name="swirls", exact=True).check(force=True)
    page.get_by_role("radio", name="coffee", exact=True).check(force=True)
    fold = page.get_by_role("button", name="More for clips")
    assert fold.count() == 0
    page.get_by_role("radio", name="passing ▶", exact=True).check(force=True)
    page.get_by_role("spinbutton", name="Frames").fill("24")
    fold.press("Enter")
    older = page.get_by_role("textbox", name="Older frames", description=re.compile("1,2,4,8"))
    older.fill("2,4")
    older.press("Tab")
    page.locator(".studio-go", has_text="Older frames: must rise, each number once").wait_for()
    older.fill("1,2")
    page.get_by_role("spinbutton", name="Passes").fill("2")
    page.get_by_role("checkbox", name="Loop").press("Space")
    page.get_by_role(
        "button", name="More for clips: frames 1, 2 before, 2 passes, a loop"
    ).wait_for()
    assert grave_faults(page, scope=".stylekit-studio") == []
    page.get_by_text("at most on this machine").wait_for()
    button(page, "Transfer").click()
    page.get_by_role("alert").filter(has_text="loop: the first frame does not go on").wait_for()
    stands_at(page, "Choose what to paint, and a style")
    page.get_by_role("checkbox", name="Loop").press("Space")
    older.fill("1")
    page.get_by_role("spinbutton", name="Passes").fill("1")
    fold.press("Enter")


FOCUSED_WORDS = """() => {
    const focused = document.activeElement;
    return focused.closest("label")?.textContent || focused.textContent || "";
}"""
FOCUSED_GROUP = """() => {
    const focused = document.activeElement;
    return focused.closest("fieldset")?.querySelector("legend")?.textContent || "";
}"""


def tab_to(page: Page, wanted: str, script: str = FOCUSED_WORDS) -> None:
    """Press Tab until what has the focus has these words."""
    for _ in range(60):
        page.keyboard.press("Tab")
        if wanted in page.evaluate(script):
            return
    raise AssertionError(f"Tab never came to {wanted!r}")


def arrow_to(page: Page, title: str, name: str) -> None:
    """Choose a built-in picture of this slot with Tab and the arrow keys, whichever is chosen."""
    tab_to(page, f"Or take a built-in {title.lower()}", FOCUSED_GROUP)
    for _ in range(20):
        page.keyboard.press("ArrowRight")
        if name in page.evaluate(FOCUSED_WORDS):
            break
    slot(page, title).get_by_text(name).first.wait_for()
    is_green(page, title)


def test_a_whole_job_is_done_by_the_keyboard_alone(notebook: NotebookPage) -> None:
    page = notebook.page
    page.locator(".stylekit-studio h2:visible").first.focus()
    arrow_to(page, "Content", "rocket")
    arrow_to(page, "Style", "ink")
    page.get_by_text("at most on this machine").wait_for()
    tab_to(page, "Transfer")
    page.keyboard.press("Enter")
    stands_at(page, "Painting")
    steps_are_taken(page)
    tab_to(page, "Pause")
    page.keyboard.press("Enter")
    page.locator(".stylekit-player [role=status]", has_text="Paused after").wait_for()
    tab_to(page, "Cancel")
    page.keyboard.press("Enter")
    stands_at(page, "Stopped: the result so far")
    tab_to(page, "Download rocket-ink.png")
    with page.expect_download():
        page.keyboard.press("Enter")
    page.locator(".stylekit-studio h2:visible").first.focus()
    tab_to(page, "New transfer")
    page.keyboard.press("Enter")
    stands_at(page, "Choose what to paint, and a style")


def test_a_clip_is_uploaded_painted_tuned_watched_and_downloaded(
    page: Page, clip: Path, tmp_path: Path
) -> None:
    upload(page, "Content", clip)
    # The frames are counted once it is decoded; till then the slot may be green of the one before.
    slot(page, "Content").get_by_text(re.compile("mine.mp4.*3 frames")).first.wait_for()
    is_green(page, "Content")
    page.get_by_role("radio", name="woodblock", exact=True).check(force=True)
    page.get_by_text("at most on this machine").wait_for()
    button(page, "Transfer").click()
    stands_at(page, "Painting")
    pause_tune_and_resume(page)
    stands_at(page, "Done")
    page.locator(".stylekit-pair[data-ready]").wait_for()
    page.get_by_text("frame 1 of 3").wait_for()
    assert grave_faults(page, scope=".stylekit-studio") == []
    page.get_by_role("radio", name="3", exact=True).check(force=True)
    page.get_by_text("Frame 3, painted").wait_for()
    page.get_by_role("img", name=re.compile("Flow from frame 3 back")).wait_for()
    page.get_by_role("img", name=re.compile("not trusted")).wait_for()
    painted = tmp_path / "painted.mp4"
    painted.write_bytes(download(page, "mine-woodblock.mp4"))
    assert (len(read_clip(painted)), read_clip(painted).width) == (3, 64)
    painted.write_bytes(download(page, "side-by-side.mp4"))
    assert len(read_clip(painted)) == 3
    assert json.loads(download(page, ".json"))["frames"] == 3
    start_over(page)
