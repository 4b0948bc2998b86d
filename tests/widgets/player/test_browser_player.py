"""The player in a real browser: buttons, sliders, pictures, errors, and cells that run again.

One notebook serves the tests with fake runs; each makes its own player in it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from browser import Lab, NotebookPage, opened, opened_in_lab, running_voila
from fake_runs import red_of
from shallow import IN_PYTHON

from stylekit.settings import Weights

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

pytest_plugins = ["browser_fixtures"]

IMPORTS = f"""\
import sys, threading
sys.path.insert(0, {str(Path(__file__).parents[2])!r})
from fake_runs import FakeRun, FakeClip
from stylekit.settings import Weights
from stylekit.widgets.base.loop import Driver
from stylekit.widgets.player.player import Player
from stylekit.widgets.weights.panel import WeightPanel"""
RUN = """\
panel = WeightPanel()
run = FakeRun(150, seconds=0.02, size=64)
player = Player(run, panel=panel)
player"""
CLIP = """\
clip = Player(FakeClip(3, steps=4, seconds=0.01), name="clip", driver=Driver.PUMP)
clip"""
BROKEN = """\
broken = Player(lambda: FakeRun(9, seconds=0.01, fail_at=2), name="broken")
broken"""
AGAIN = """\
again = Player(FakeRun(10**6, seconds=0.005, size=64), name="again")
again"""
REAL = (
    IN_PYTHON
    + """\
from stylekit.samples import MaterialKind, materials
from stylekit.media.images import load_image
from stylekit.settings import ImageSettings

def painting():
    from stylekit.image.stylization import Stylization
    content = load_image(materials(MaterialKind.PHOTOGRAPH)["chelsea"], size=64)
    style = load_image(materials(MaterialKind.STYLE)["swirls"], size=64)
    return Stylization(content, style, ImageSettings(size=64, steps=8, backbone="vgg16"))

real_panel = WeightPanel()
real = Player(painting, panel=real_panel, name="real")
real"""
)

LOOPS = "print([t.name for t in threading.enumerate()].count('stylekit-loop'))"
MIDDLE = """(canvas) => [...canvas.getContext("2d").getImageData(
    canvas.width >> 1, canvas.height >> 1, 1, 1).data]"""


@pytest.fixture(scope="module")
def notebook(lab: Lab, chromium) -> Iterator[NotebookPage]:
    """All cells but the one that needs the network, run once."""
    with ExitStack() as stack:
        cells = [IMPORTS, RUN, CLIP, BROKEN, AGAIN, "late.curve if 'late' in globals() else None"]
        page = stack.enter_context(opened_in_lab(chromium, lab, cells))
        page.run_all()
        yield page


def cell(page: Page, index: int) -> Locator:
    """What the cell of this index shows."""
    return page.locator(".jp-Cell").nth(index)


def button(place: Page | Locator, name: str) -> Locator:
    return place.get_by_role("button", name=name, exact=True)


def status(place: Page | Locator) -> Locator:
    return place.locator(".stylekit-player [role=status]")


def says(place: Page | Locator, words: str) -> str:
    """The status, as soon as it matches `words`."""
    found = status(place).filter(has_text=re.compile(words))
    found.wait_for()
    return found.inner_text()


def steps_of(words: str) -> int:
    found = re.search(r"after (\d+) step", words)
    assert found, words
    return int(found[1])


def pause(place: Page | Locator) -> int:
    """Pause, and wait until the step that was under way is counted; gives the steps."""
    button(place, "Pause").press("Enter")
    says(place, "Paused")
    before = -1
    while before != (before := steps_of(status(place).inner_text())):
        status(place).page.wait_for_timeout(300)
    return before


def line_says(place: Page | Locator, words: str) -> Locator:
    """The line of Python, as soon as it holds `words`."""
    line = place.get_by_label("as Python")
    line.page.wait_for_function(
        "([field, words]) => field.value.includes(words)", arg=[line.element_handle(), words]
    )
    return line


def run_again(place: Locator) -> None:
    place.locator(".jp-InputArea-editor").click()
    place.page.keyboard.press("Control+Enter")


def walk(place: Page | Locator) -> None:
    """Start → pause → one step of a slider → resume → done, by the keyboard alone."""
    button(place, "Start").press("Enter")
    place.locator(".stylekit-picture canvas[data-painted]").wait_for()
    says(place, "Painting")
    place.locator(".facts", has_text=re.compile(r"step\s*[1-9]\d")).wait_for()
    paused = pause(place)
    assert 10 <= paused < 150
    slider = place.get_by_role("slider", name="β style")
    assert slider.get_attribute("aria-valuetext") == "10000"
    slider.press("ArrowRight")
    line_says(place, "beta=12600")
    button(place, "Resume").press("Enter")
    assert steps_of(says(place, "Done")) == 150
    changes = place.locator(".stylekit-curve details")
    changes.locator("summary").press("Enter")
    # The very next step obeys.
    assert changes.locator("li").all_inner_texts() == [f"step {paused + 1}: β 1e4 → 12600"]
    place.locator(".stylekit-curve canvas[data-steps='150']").wait_for()


def test_a_run_is_started_paused_tuned_and_finished_in_lab(notebook: NotebookPage) -> None:
    place = cell(notebook.page, 1)
    # What is shown is not moved by that, as a slider of ipywidgets would be.
    assert notebook.python("print(panel.current() == Weights())") == "True\n"
    walk(place)
    used = "[w.beta for w in run.used] == [r.weights.beta for r in player.records]"
    assert notebook.python(f"print({used})") == "True\n"
    red = 255 * red_of(Weights(beta=12600))
    canvas = place.locator(".stylekit-picture canvas")
    assert canvas.evaluate(MIDDLE)[0] == pytest.approx(red, abs=12)
    assert notebook.foreign_requests() == [] and notebook.errors == []


def test_a_view_that_comes_late_has_the_whole_curve(notebook: NotebookPage) -> None:
    notebook.python("late = Player(FakeRun(60), name='late'); late.start(); late.wait(20)")
    place = cell(notebook.page, 5)
    run_again(place)
    place.locator(".stylekit-curve canvas[data-steps='60']").wait_for()
    label = place.locator(".stylekit-curve canvas").get_attribute("aria-label")
    assert label is not None and label.startswith("Weighted loss after 60 steps: content")


@pytest.fixture(scope="module")
def standalone(chromium) -> Iterator[NotebookPage]:
    """A run and one that fails, as a page of Voila."""
    with (
        running_voila([IMPORTS, RUN, BROKEN]) as url,
        opened(chromium, url) as page,
    ):
        yield page


def test_a_run_is_started_paused_tuned_and_finished_in_voila(standalone: NotebookPage) -> None:
    walk(cell(standalone.page, 1))
    assert standalone.errors == []


def test_sliders_and_boxes_have_names_and_values_for_those_who_do_not_see_them(
    notebook: NotebookPage,
) -> None:
    place = cell(notebook.page, 1)
    for name in ("α content", "β style", "γ temporal", "tv total variation"):
        slider = place.get_by_role("slider", name=name)
        amount = place.locator(f"output[for='{slider.get_attribute('id')}']").inner_text()
        assert slider.get_attribute("aria-valuetext") == amount
    box = place.get_by_role("checkbox", name="γ temporal off")
    box.press("Space")
    line_says(place, "gamma=0")
    assert place.get_by_role("slider", name="γ temporal").is_disabled()
    box.press("Space")
    line_says(place, "gamma=400")


def test_layers_are_folded_away_and_presets_and_copies_are_at_hand(notebook: NotebookPage) -> None:
    page, place = notebook.page, cell(notebook.page, 1)
    layer = place.get_by_role("slider", name="block3_conv1")
    assert not layer.is_visible()
    place.locator(".stylekit-weights summary").press("Enter")
    layer.press("ArrowLeft")
    line = line_says(place, "layers=(1, 1, 0.794, 1, 1)")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    button(place, "Copy").press("Enter")
    place.get_by_text("copied").wait_for()
    assert page.evaluate("() => navigator.clipboard.readText()") == line.input_value()
    place.get_by_label("preset").select_option("the defaults")
    line_says(place, "Weights(alpha=1, beta=1e4, gamma=400, edges=0.6, tv=0.025)")
    assert notebook.python("print(panel.current() == Weights())") == "True\n"


def test_the_ticks_of_the_page_drive_a_clip(notebook: NotebookPage) -> None:
    place = cell(notebook.page, 2)
    button(place, "One step").press("Enter")
    # It pauses a moment before the page hears of the step.
    assert steps_of(says(place, "Paused after 1 step")) == 1
    button(place, "Resume").press("Enter")
    assert steps_of(says(place, "Done")) == 12
    assert "3 of 3" in place.locator(".stylekit-player .facts").inner_text()
    # A picture is decoded before it is shown.
    place.get_by_role("img", name="Frame 2, finished", exact=True).wait_for()
    assert notebook.python(LOOPS) == "0\n"


def test_an_error_in_a_step_shows_in_the_page(notebook: NotebookPage) -> None:
    place = cell(notebook.page, 3)
    button(place, "Start").press("Enter")
    says(place, "Ended by an error after 2 steps")
    alert = place.get_by_role("alert")
    assert "step 2 cannot be <painted>" in alert.inner_text()
    assert "Traceback" not in alert.inner_text(), "the traceback is folded"
    button(place, "Start again").press("Enter")
    says(place, "Ended by an error after 2 steps")


def test_an_error_in_a_step_shows_in_voila(standalone: NotebookPage) -> None:
    place = cell(standalone.page, 2)
    button(place, "Start").press("Enter")
    says(place, "Ended by an error after 2 steps")
    assert "step 2 cannot be <painted>" in place.get_by_role("alert").inner_text()


def test_a_cell_that_is_run_again_leaves_one_loop(notebook: NotebookPage) -> None:
    place = cell(notebook.page, 4)
    for _ in range(3):
        button(place, "Start").press("Enter")
        says(place, "Painting")
        assert notebook.python(LOOPS) == "1\n"
        before = notebook.python("print(id(again))")
        run_again(place)
        says(place, "Ready")
        assert notebook.python("print(id(again))") != before
        assert notebook.python(LOOPS) == "0\n"


def test_a_picture_is_painted(open_notebook: Callable[..., NotebookPage]) -> None:
    """The real thing: the network is loaded by the worker, while the page answers."""
    opened = open_notebook([IMPORTS, REAL])
    place = cell(opened.page, 1)
    button(place, "Start").press("Enter")
    says(place, "Preparing")
    place.get_by_role("slider", name="α content").press("ArrowRight")
    says(place, "Done after")
    weights = opened.python("print({r.weights.alpha for r in real.records}, real.state.value)")
    assert weights == "{1.26} done\n"
    assert place.locator(".stylekit-picture canvas").evaluate("(c) => [c.width, c.height]") == [
        64,
        43,
    ]
    # What a reader without a kernel sees.
    bundle = opened.python("print('image/png' in real._repr_mimebundle_())")
    assert bundle == "True\n"
    assert opened.foreign_requests() == []
