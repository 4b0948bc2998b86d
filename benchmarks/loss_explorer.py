"""How long the loss explorer takes from a click to the painted maps and numbers, in a browser.

    python benchmarks/loss_explorer.py                   256 px, 40 clicks for each layer
    python benchmarks/loss_explorer.py --size 512 --clicks 20

It drives JupyterLab in the system's Chromium, as the browser tests do. A time runs from the press
of the mouse, or of an arrow key, to the first frame of the page after the maps and the numbers of
the new entry were drawn.
"""

from __future__ import annotations

import argparse
import random
import statistics
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from machine import describe_machine

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from browser import NotebookPage, opened_in_lab, running_chromium, running_lab

if TYPE_CHECKING:
    from playwright.sync_api import Locator

GOAL_MS = 150.0
PANEL = ".stylekit-losses"

# Counts from the event itself, so that the wire between this program and the page is left out.
WATCH = """() => {
    const panel = document.querySelector(".stylekit-losses");
    globalThis.shownAt = [];
    globalThis.askedAt = [];
    for (const kind of ["keydown", "click"]) {
        addEventListener(kind, (event) => askedAt.push(event.timeStamp), true);
    }
    new MutationObserver(() => requestAnimationFrame(() => shownAt.push(performance.now())))
        .observe(panel, { attributeFilter: ["data-shown"] });
}"""


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--size", type=int, default=256, help="longest side (default: 256)")
    parser.add_argument("--clicks", type=int, default=40, help="for each layer (default: 40)")
    options = parser.parse_args()
    print(describe_machine("jupyterlab", "ipykernel", "ipywidgets", "anywidget"))
    cells = [
        "import stylekit as sk",
        'content, style = sk.load("chelsea"), sk.load("swirls")\n'
        f"settings = sk.ImageSettings(size={options.size})\n"
        "sk.LossExplorer(content, style, settings=settings)",
    ]
    with (
        running_lab() as lab,
        running_chromium() as browser,
        # So high that nothing has to be scrolled to be clicked.
        opened_in_lab(browser, lab, cells, height=2600) as notebook,
    ):
        print(f"{options.size} px, Chromium {browser.version}, {options.clicks} clicks each\n")
        notebook.run_all()
        notebook.page.wait_for_selector(f"{PANEL}[data-shown]")
        notebook.page.evaluate(WATCH)
        for line in table(notebook, options.clicks):
            print(line, flush=True)


def table(notebook: NotebookPage, clicks: int) -> Iterator[str]:
    """One line for each layer of the style, one for the content, one for the arrow keys."""
    yield f"{'what is chosen':<28}{'median ms':>10}{'worst ms':>10}   within {GOAL_MS:.0f} ms"
    page = notebook.page
    everything: list[float] = []
    layers = page.locator(f"{PANEL} section").nth(1).get_by_role("radio")
    for layer in layers.all():
        name = str(layer.get_attribute("value")).split("/")[0]
        choose(notebook, layer)
        times = [click(notebook) for _ in range(clicks)]
        everything += times
        yield told(f"entry of {name}", times)
    keys = [press(notebook, key) for key in ("ArrowRight", "ArrowDown") * (clicks // 2)]
    yield told("arrow keys", keys)
    choose(notebook, page.locator(f"{PANEL} input[value='content']"))
    times = [click(notebook) for _ in range(clicks)]
    everything += times
    yield told("filter of the content", times)
    yield ""
    yield told("all clicks", everything)


def choose(notebook: NotebookPage, radio: Locator) -> None:
    """Choose a row of a table, and wait until it is shown."""
    if not radio.is_checked():
        clear(notebook)
        radio.check()
        notebook.page.wait_for_function("() => shownAt.length > 0")


def click(notebook: NotebookPage) -> float:
    """Click a random square of the first picture; gives the milliseconds until it is shown."""
    clear(notebook)
    board = notebook.page.locator(f"{PANEL} .pictures .board").first
    box = board.bounding_box()
    assert box is not None
    place = {"x": box["width"] * random.random(), "y": box["height"] * random.random()}
    board.click(position=place)
    return waited(notebook)


def press(notebook: NotebookPage, key: str) -> float:
    """Move the chosen square by a key."""
    clear(notebook)
    notebook.page.locator(f"{PANEL} .pictures .board").first.press(key)
    return waited(notebook)


def clear(notebook: NotebookPage) -> None:
    """Forget what was measured."""
    notebook.page.evaluate("() => { shownAt.length = askedAt.length = 0; }")


def waited(notebook: NotebookPage) -> float:
    """The milliseconds from the event to the frame that shows its answer."""
    notebook.page.wait_for_function("() => shownAt.length > 0 && askedAt.length > 0")
    return float(notebook.page.evaluate("() => shownAt[0] - askedAt[0]"))


def told(what: str, times: list[float]) -> str:
    """A line of the table."""
    within = sum(time <= GOAL_MS for time in times)
    middle, worst = statistics.median(times), max(times)
    return f"{what:<28}{middle:>10.0f}{worst:>10.0f}   {within} of {len(times)}"


if __name__ == "__main__":
    main()
