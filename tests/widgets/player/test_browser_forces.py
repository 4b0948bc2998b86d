"""Force maps and the what-if grid in a real browser: maps on request, a click takes weights."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest
from browser import Lab, NotebookPage, opened_in_lab
from shallow import IN_PYTHON

if TYPE_CHECKING:
    from playwright.sync_api import Locator

pytest_plugins = ["browser_fixtures"]

CELLS = [
    IN_PYTHON
    + """\
import ipywidgets
from stylekit.samples import MaterialKind, materials
from stylekit.media.images import load_image
from stylekit.settings import ImageSettings
from stylekit.widgets.player.force_maps import ForceMaps
from stylekit.widgets.player.player import Player
from stylekit.widgets.weights.panel import WeightPanel
from stylekit.widgets.weights.what_if import WhatIf

content = load_image(materials(MaterialKind.PHOTOGRAPH)["chelsea"], size=64)
style = load_image(materials(MaterialKind.STYLE)["swirls"], size=64)
settings = ImageSettings(size=64, steps=8, backbone="vgg16")

def painting():
    from stylekit.image.stylization import Stylization
    return Stylization(content, style, settings)""",
    """\
panel = WeightPanel()
player = Player(painting, panel=panel)
forces = ForceMaps(player)
ipywidgets.VBox([player, forces])""",
    """\
grid = WhatIf(content, style, settings, panel=panel, size=32, steps=3)
grid""",
]
GREYS = """(canvas) => {
    const data = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
    return [canvas.width, canvas.height, Math.max(...data.filter((_, i) => i % 4 === 0))];
}"""


@pytest.fixture(scope="module")
def notebook(lab: Lab, chromium) -> Iterator[NotebookPage]:
    with ExitStack() as stack:
        page = stack.enter_context(opened_in_lab(chromium, lab, CELLS))
        page.run_all()
        yield page


def cell(notebook: NotebookPage, index: int) -> Locator:
    return notebook.page.locator(".jp-Cell").nth(index)


def test_the_maps_appear_when_they_are_asked_for(notebook: NotebookPage) -> None:
    place = cell(notebook, 1)
    place.get_by_role("button", name="One step", exact=True).press("Enter")
    place.locator("[role=status]", has_text="Paused after 1 step.").wait_for()
    assert place.locator(".stylekit-force-words").count() == 0
    place.get_by_role("checkbox", name="Show who pulls where").press("Space")
    words = place.locator(".stylekit-force-words")
    words.wait_for()
    assert re.match(r"The picture after 1 step\. \w+ pulls .* as hard as \w+\.", words.inner_text())
    for term in ("content", "style"):
        label = f"canvas[aria-label*='where the {term} term pulls'][data-painted]"
        place.locator(label).wait_for()
        width, height, brightest = place.locator(label).evaluate(GREYS)
        assert (width, height) == (64, 43) and brightest > 0
    assert place.get_by_text("temporal: ").count() == 0
    assert "one scale for all maps" in place.locator(".stylekit-force-key").inner_text()

    place.get_by_role("button", name="Resume", exact=True).press("Enter")
    place.locator(".stylekit-force-words", has_text="after 8 steps").wait_for()
    assert place.get_by_role("alert").count() == 0


def test_a_click_on_a_picture_of_the_grid_takes_its_weights(notebook: NotebookPage) -> None:
    place = cell(notebook, 2)
    plan = place.get_by_text(re.compile(r"9 pictures of 32 pixels, 3 steps, (about|under) \d+ "))
    plan.wait_for()
    assert "α 0.1, 1, 10; β 333, 1e4, 3e5" in plan.inner_text()
    assert place.locator("table").is_hidden()
    place.get_by_role("button", name="Start", exact=True).press("Enter")
    place.get_by_text("Done. Click on a picture").wait_for()
    # The last pictures are decoded before they are shown.
    serial = notebook.python("print(grid.cells._serial, end='')")
    place.locator(f".stylekit-what-if[data-painted='{serial}']").wait_for()
    takes = place.get_by_role("button", name=re.compile("^take "))
    assert takes.count() == 9
    pressed = place.locator("button[aria-pressed='true']")
    assert pressed.get_attribute("aria-label") == "take alpha=1, beta=1e4", "the panel's own"
    pictures = takes.locator("canvas").evaluate_all("(all) => all.map((c) => c.toDataURL())")
    assert len(set(pictures)) == 9

    place.get_by_role("button", name="take alpha=0.1, beta=3e5").press("Enter")
    place.locator("[aria-label='take alpha=0.1, beta=3e5'][aria-pressed='true']").wait_for()
    assert pressed.count() == 1
    line = cell(notebook, 1).get_by_label("as Python")
    assert line.input_value() == "Weights(alpha=0.1, beta=3e5, gamma=400, edges=0.6, tv=0.025)"
    assert notebook.python("print(panel.current().beta)") == "300000.0\n"
    # The next grid is around these.
    place.get_by_text("α 0.01, 0.1, 1; β 1e4, 3e5, 9e6").wait_for()

    place.get_by_label("Columns").select_option(label="α content")
    place.get_by_role("button", name="Start again", exact=True).click()
    alert = place.get_by_role("alert")
    alert.wait_for()
    assert "rows and columns vary the same weight" in alert.inner_text()
    assert notebook.foreign_requests() == [] and notebook.errors == []
