"""The mask explorer and its canvas in a real browser: pixels change, no request leaves.

One notebook serves all tests.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from browser import Lab, NotebookPage, opened_in_lab

pytest_plugins = ["browser_fixtures"]

CELLS = [
    "from stylekit.widgets import MaskExplorer",
    "explorer = MaskExplorer(size=256)\nexplorer",
]
CANVAS = ".stylekit-mask-explorer canvas"
# Enough to tell two pictures apart, and small enough to carry out of the page.
PIXELS = """(canvas) => {
    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    let sum = 0;
    for (let at = 0; at < data.length; at++) sum = (sum * 31 + data[at]) | 0;
    return [canvas.width, canvas.height, sum];
}"""
SETTLED = """(expected) => {
    const canvases = [...document.querySelectorAll(".stylekit-mask-explorer canvas")];
    const isPainted = (canvas) => Number(canvas.dataset.painted) >= expected;
    return canvases.length === 2 && canvases.every(isPainted);
}"""
# All that a test may leave behind: other or more pictures, thresholds, an error, no kernel.
SAID = """() => [...document.querySelectorAll(
    ".stylekit-mask-explorer :is(canvas, .stylekit-code, [role=alert], .gone)"
)].map((part) => part.ariaLabel || part.textContent)"""


@pytest.fixture(scope="module")
def first_run(lab: Lab, chromium) -> Iterator[tuple[NotebookPage, list[str]]]:
    """The notebook of all tests here, and what its explorer says at first."""
    with ExitStack() as stack:
        page = stack.enter_context(opened_in_lab(chromium, lab, CELLS))
        run(page)
        yield page, page.page.evaluate(SAID)
        assert len(page.requests) > 20
        assert any(url.startswith("ws://") for url in page.requests)
        assert page.foreign_requests() == []
        assert page.errors == []


@pytest.fixture
def notebook(first_run: tuple[NotebookPage, list[str]]) -> NotebookPage:
    """The notebook, its explorer as it is at first: a new one if a test has left it otherwise."""
    page, said = first_run
    page.page.set_viewport_size({"width": 1280, "height": 900})
    if page.page.evaluate(SAID) != said:
        run(page)
    return page


def run(notebook: NotebookPage) -> None:
    """Run all cells, and wait until the explorer is all drawn."""
    notebook.run_all()
    notebook.page.locator(".stylekit-code").wait_for()
    pictures(notebook)


def pictures(notebook: NotebookPage) -> list[list[int]]:
    """What both canvases show, once they show what the kernel has sent last."""
    serial = int(notebook.python("print(explorer.picture.serial)"))
    notebook.page.wait_for_function(SETTLED, arg=serial)
    return [canvas.evaluate(PIXELS) for canvas in notebook.page.locator(CANVAS).all()]


def words(notebook: NotebookPage, name: str) -> str:
    return notebook.page.locator(f".stylekit-{name}").first.inner_text()


def test_a_threshold_moved_by_keyboard_changes_overlay_and_scores_and_reset_brings_them_back(
    notebook: NotebookPage,
) -> None:
    page = notebook.page
    paper, scores, line = pictures(notebook), words(notebook, "found"), words(notebook, "code")
    assert paper[0][:2] == paper[1][:2] == [256, 192]
    assert "consistency_offset=0.5," in line
    slider = page.locator(".widget-slider", has_text="disocclusion offset")
    slider.locator(".noUi-handle").focus()
    for _ in range(8):
        page.keyboard.press("ArrowLeft")
    page.locator(".stylekit-code", has_text="consistency_offset=0.0792").wait_for()
    moved = pictures(notebook)
    assert moved[0] != paper[0] and moved[1] != paper[1]
    assert words(notebook, "found") != scores
    page.get_by_role("button", name="Reset").click()
    page.locator(".stylekit-code", has_text="consistency_offset=0.5,").wait_for()
    assert pictures(notebook) == paper
    assert words(notebook, "found") == scores and words(notebook, "code") == line


def test_a_slider_shows_the_papers_value_and_not_a_step_beside_it(notebook: NotebookPage) -> None:
    slider = notebook.page.locator(".widget-slider", has_text="disocclusion offset")
    assert float(slider.locator(".widget-readout").inner_text()) == 0.5
    assert "consistency_offset=0.5," in notebook.python("print(explorer.choice)")


def test_the_page_says_what_it_shows(notebook: NotebookPage) -> None:
    canvas = notebook.page.locator(CANVAS).first
    assert canvas.get_attribute("role") == "img"
    label = canvas.get_attribute("aria-label") or ""
    assert "disocclusion" in label and "%" in label
    curves = notebook.page.get_by_role("img", name="Precision against recall")
    curves.wait_for()
    assert curves.locator("circle").count() == 2


@pytest.mark.parametrize("width", [1280, 700])
def test_nothing_is_cut_off(notebook: NotebookPage, width: int) -> None:
    notebook.page.set_viewport_size({"width": width, "height": 900})
    root = notebook.page.locator(".stylekit-mask-explorer")
    # Lab lays out its panels a moment after the window has changed.
    notebook.page.wait_for_function(
        "([root, width]) => root.getBoundingClientRect().right <= width",
        arg=[root.element_handle(), width],
    )
    # Boxes that scroll sideways, and labels that are shortened with dots.
    cut = root.evaluate(
        """(root) => [root, ...root.querySelectorAll(".widget-box, label, .widget-html-content")]
            .filter((part) => part.scrollWidth > part.clientWidth + 1)
            .map((part) => part.className + ": " + part.textContent.slice(0, 60))"""
    )
    assert cut == []
    box = notebook.page.locator(CANVAS).first.bounding_box()
    assert box is not None and box["width"] > 220
    assert box["height"] == pytest.approx(box["width"] * 192 / 256, abs=1)


def test_the_view_of_the_truth(notebook: NotebookPage) -> None:
    before = pictures(notebook)
    show = notebook.page.locator(".widget-dropdown", has_text="show").locator("select")
    show.select_option("true, missed, false")
    notebook.page.get_by_text("false alarm").wait_for()
    assert pictures(notebook)[0] != before[0]
    show.select_option("mask")
    notebook.page.get_by_text("edge by smoothing").wait_for()


def test_an_error_is_shown_in_the_panel(notebook: NotebookPage) -> None:
    page = notebook.page
    notebook.python(
        "import stylekit.scenes.scene as module\n"
        "kept, module.flow_between = module.flow_between, None"
    )
    flow = page.locator(".widget-dropdown", has_text="flow").locator("select")
    alert = page.get_by_role("alert")
    try:
        flow.select_option("DIS, fast")
        alert.wait_for()
        assert "unexpected error" in alert.inner_text()
    finally:
        notebook.python("module.flow_between = kept")
    flow.select_option("DIS")
    alert.wait_for(state="detached")


def test_pixels_are_picked_by_mouse_and_keyboard(notebook: NotebookPage) -> None:
    notebook.python(
        "import numpy as np\n"
        "from stylekit.widgets.base.picture_canvas import PictureCanvas\n"
        "from IPython.display import display\n"
        "canvas, picks = PictureCanvas(width=320), []\n"
        "canvas.on_pick(lambda x, y: picks.append((x, y)))\n"
        "canvas.show(np.zeros((24, 32, 3), np.uint8), alt='Black', "
        "marks=[{'kind': 'path', 'points': [(0, 0), (9, 9)]}])\n"
        "explorer.children = (*explorer.children, canvas)"
    )
    page = notebook.page
    canvas = page.get_by_role("application", name="Black")
    canvas.and_(page.locator("[data-painted='1']")).wait_for()
    page.wait_for_function(
        "(canvas) => getComputedStyle(canvas).imageRendering === 'pixelated'",
        arg=canvas.element_handle(),
    )
    canvas.click(position={"x": 55, "y": 101})
    for key in ("ArrowRight", "Shift+ArrowRight", "ArrowUp", "Shift+ArrowDown", "Enter"):
        page.keyboard.press(key)
    page.get_by_text("Picked x 16, y 19.").wait_for()
    page.keyboard.press("Shift+ArrowDown")  # as far as the picture goes
    page.keyboard.press("Enter")
    page.get_by_text("Picked x 16, y 23.").wait_for()
    notebook.wait_for_python("print(picks)", "[(5, 10), (16, 19), (16, 23)]\n")
    notebook.python("explorer.children = explorer.children[:-1]")


def test_only_the_newest_picture_is_decoded(notebook: NotebookPage) -> None:
    before = notebook.python("print(explorer.picture.serial)")
    notebook.page.evaluate(
        """() => {
            const decode = globalThis.createImageBitmap;
            globalThis.decoded = 0;
            globalThis.createImageBitmap = async (blob) => {
                decoded += 1;
                await new Promise((resolve) => setTimeout(resolve, 300));
                return decode(blob);
            };
            globalThis.restore = () => { globalThis.createImageBitmap = decode; };
        }"""
    )
    try:
        notebook.python(
            "import numpy as np\n"
            "picture = np.zeros((192, 256, 3), np.uint8)\n"
            "for number in range(20):\n"
            "    explorer.picture.show(picture + number, alt='A grey picture')"
        )
        last = int(before) + 20
        notebook.page.wait_for_selector(f"{CANVAS}[data-painted='{last}']")
    finally:
        decoded = notebook.page.evaluate("() => { restore(); return decoded; }")
    pixel = "(canvas) => [...canvas.getContext('2d').getImageData(9, 9, 1, 1).data]"
    assert notebook.page.locator(CANVAS).first.evaluate(pixel) == [19, 19, 19, 255]
    assert decoded <= 3
    notebook.wait_for_python("print(explorer.picture.painted)", f"{last}\n")


def test_a_kernel_that_is_gone_is_told_in_words(notebook: NotebookPage) -> None:
    """The server then starts a new kernel, in which a test that comes after it runs the cells."""
    os.kill(int(notebook.python("import os; print(os.getpid())")), signal.SIGKILL)
    gone = notebook.page.locator(".stylekit-picture .gone:visible").first
    gone.wait_for()
    assert "kernel" in gone.inner_text()
    # Lab tells it too, over the page, and the pictures have asked a kernel that was not there.
    notebook.page.get_by_role("dialog").get_by_role("button", name="Ok").click()
    while "Cannot send" in notebook.errors:
        notebook.errors.remove("Cannot send")
