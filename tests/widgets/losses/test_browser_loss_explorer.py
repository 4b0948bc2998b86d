"""The loss explorer in a real browser: a click and the arrow keys lead to maps and numbers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from axe import grave_faults
from browser import Lab, NotebookPage, opened_in_lab
from shallow import IN_PYTHON

if TYPE_CHECKING:
    from playwright.sync_api import Locator

pytest_plugins = ["browser_fixtures"]

CELLS = [
    IN_PYTHON
    + """\
import stylekit as sk
content, style = sk.load("chelsea", size=64), sk.load("swirls", size=64)
settings = sk.ImageSettings(size=64, steps=8, backbone="vgg16")
explorer = sk.LossExplorer(content, style, settings=settings)
explorer""",
    """\
player = sk.Player(lambda: sk.Stylization(content, style, settings))
live = sk.LossExplorer(player)
display(player, live)""",
]
PANEL = ".stylekit-losses"
DRAWN = """(canvases) => canvases.map((canvas) => canvas.toDataURL())"""
OUTLINE = """(element) => {
    const { outlineStyle, outlineWidth } = getComputedStyle(element);
    return [outlineStyle, parseFloat(outlineWidth)];
}"""


@pytest.fixture(scope="module")
def notebook(lab: Lab, chromium) -> Iterator[NotebookPage]:
    """Dark and narrow, where least has room."""
    with opened_in_lab(chromium, lab, CELLS, width=700, dark=True) as page:
        page.run_all()
        page.page.locator(f"{PANEL}[data-shown]").first.wait_for()
        yield page
        assert page.foreign_requests() == [] and page.errors == []


@pytest.fixture
def panel(notebook: NotebookPage) -> Locator:
    """The explorer of two pictures, as it was at first: the style's most expensive entry."""
    notebook.python("explorer.choose('style'); explorer._ask({'type': 'cell', 'x': 0, 'y': 0})")
    panel = notebook.page.locator(PANEL).first
    panel.locator("input[value='style']:checked").wait_for()
    wait_until_shown(notebook, panel)
    return panel


def wait_until_shown(notebook: NotebookPage, panel: Locator) -> None:
    serial = notebook.python("print(explorer.page.serial, end='')")
    panel.page.locator(f"{PANEL}[data-shown='{serial}']").first.wait_for()


def chosen(notebook: NotebookPage) -> list[int]:
    """i and j, as the kernel has them."""
    code = "import json; v = explorer.views['style']; print(json.dumps([v.row, v.column]))"
    return list(json.loads(notebook.python(code)))


def cell(notebook: NotebookPage) -> str:
    return notebook.python("print(explorer.page._detail['cell'], end='')")


def maps(panel: Locator) -> list[str]:
    return list(panel.locator(".product canvas").evaluate_all(DRAWN))


def test_a_click_leads_to_two_maps_and_their_product(notebook, panel):
    before = maps(panel)
    board = panel.locator(".pictures .board").nth(1)
    box = board.bounding_box()
    board.click(position={"x": box["width"] * 9.5 / 32, "y": box["height"] * 4.5 / 32})
    notebook.wait_for_python("print(explorer.page._detail['cell'], end='')", "[9, 4]")
    wait_until_shown(notebook, panel)
    i, j = chosen(notebook)
    assert panel.get_by_role("heading", name=f"Filters {i} and {j}, and their product").count() == 1
    trail = panel.get_by_role("list", name="From the loss to what is chosen")
    assert trail.get_by_role("listitem").last.inner_text().startswith(f"G{i},{j}")
    assert len(maps(panel)) == 8 and maps(panel) != before
    told = panel.get_by_role("region", name="The numbers").inner_text()
    entry = notebook.python(
        "e = explorer.views['style'].entry\n"
        "from stylekit.explain.words import significant\n"
        "print(significant(e.picture.value, 4), significant(e.wanted, 4),"
        " significant(e.weighted, 4))"
    )
    for number in entry.split():
        assert f"= {number}" in told
    # The pictures differ as they should: the numbers are not those of one matrix.
    drawn = panel.locator(".pictures canvas").evaluate_all(DRAWN)
    assert len(set(drawn)) == 3


def test_the_arrow_keys_move_the_entry_and_the_position(notebook, panel):
    page = notebook.page
    board = panel.locator(".pictures .board").first
    board.focus()
    for key in ("ArrowRight", "ArrowRight", "ArrowDown"):
        page.keyboard.press(key)
    notebook.wait_for_python("print(explorer.page._detail['cell'], end='')", "[2, 1]")
    style, width = board.evaluate(OUTLINE)
    assert style == "solid" and width >= 2
    i, j = chosen(notebook)
    assert board.get_attribute("aria-label") == f"G, of the picture. filter {i} with filter {j}"
    page.keyboard.press("Shift+ArrowDown")
    notebook.wait_for_python("print(explorer.page._detail['cell'], end='')", "[2, 11]")
    page.keyboard.press("Home")
    notebook.wait_for_python("print(explorer.page._detail['cell'], end='')", "[0, 11]")
    wait_until_shown(notebook, panel)
    i, j = chosen(notebook)
    said = panel.get_by_role("status").inner_text()
    assert said.startswith(f"Filter {i} with filter {j}: ")

    product = panel.locator(".product").first.locator(".board").last
    before = notebook.python("print(*explorer.page._detail['rows'][0]['place'])").split()
    product.focus()
    x, y = map(int, before)
    page.keyboard.press("ArrowRight" if x == 0 else "ArrowLeft")
    wanted = f"at column {x + 1 if x == 0 else x - 1}, row {y} of the maps: "
    panel.locator(".row-said", has_text=wanted).wait_for()
    # What is not clicked stays: the entry, and the focus.
    assert chosen(notebook) == [i, j]
    assert product.evaluate("(board) => board === document.activeElement")


def test_terms_and_layers_are_radio_buttons(notebook, panel):
    page = notebook.page
    layers = panel.get_by_role("region", name="Style: how features").get_by_role("radio")
    assert layers.count() == 2
    here = layers.locator("xpath=self::*[@value]").evaluate_all(
        "(all) => all.findIndex((radio) => radio.checked)"
    )
    layers.nth(here).focus()
    page.keyboard.press("ArrowUp" if here else "ArrowDown")
    name = layers.nth(1 - here).get_attribute("value").split("/")[0]
    panel.get_by_role("heading", name=f"The Gram matrices of {name}").wait_for()
    # The rows keep their elements, so that the next key goes on from here.
    assert layers.nth(1 - here).evaluate("(radio) => radio === document.activeElement")

    panel.locator("input[value='style']").focus()
    page.keyboard.press("ArrowUp")
    panel.get_by_role("heading", name="Content: what is seen where").wait_for()
    panel.get_by_role("heading", name="The filters of block2_conv1").wait_for()
    assert panel.locator(".pictures canvas").count() == 3
    assert panel.locator(".product canvas").count() == 4
    page.get_by_label("Filters by their loss").select_option(index=1)
    notebook.wait_for_python("print(explorer.views['content']._page, end='')", "1")


def test_it_fits_and_keeps_nobody_out(notebook, panel):
    for term in ("style", "content"):
        notebook.python(f"explorer.choose({term!r})")
        wait_until_shown(notebook, panel)
        wide = panel.evaluate("(panel) => [panel.scrollWidth, panel.clientWidth]")
        assert wide[0] <= wide[1]
        for table in panel.locator(".scroll").all():
            wide = table.evaluate("(table) => [table.scrollWidth, table.clientWidth]")
            assert wide[0] <= wide[1]
        assert grave_faults(notebook.page, scope=PANEL) == []


def test_it_follows_a_player(notebook):
    page = notebook.page
    live = page.locator(PANEL).nth(1)
    live.get_by_text("The numbers appear with the first step of the painting.").wait_for()
    assert live.get_by_role("radio").count() == 0
    page.get_by_role("button", name="One step", exact=True).press("Enter")
    live.get_by_text("The picture after 1 step", exact=True).wait_for()
    box = live.get_by_label("follow the painting")
    assert box.is_checked()
    box.press("Space")
    notebook.wait_for_python("print(live._follows, end='')", "False")
    page.get_by_role("button", name="Resume", exact=True).press("Enter")
    page.locator("[role=status]", has_text="Done").first.wait_for()
    assert live.get_by_text("The picture after 1 step", exact=True).count() == 1
    box.press("Space")
    live.get_by_text("The picture after 8 steps", exact=True).wait_for()
    assert page.get_by_role("alert").count() == 0
