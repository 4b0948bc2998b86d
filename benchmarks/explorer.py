"""How long the mask explorer takes from a moved slider to the painted picture, in a browser.

    python benchmarks/explorer.py                   512 px, 30 moves of each threshold
    python benchmarks/explorer.py --size 256 --moves 10

It drives JupyterLab in the system's Chromium, as the browser tests do. A time runs from the key
press that moves a slider to the first frame of the page after the canvas was painted.
"""

from __future__ import annotations

import argparse
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
DRAG_SECONDS = 3.0

# Counts from the event itself, so that the wire between this program and the page is left out.
WATCH = """() => {
    const canvas = document.querySelector(".stylekit-mask-explorer canvas");
    globalThis.paintedAt = [];
    globalThis.pressedAt = [];
    addEventListener("keydown", (event) => pressedAt.push(event.timeStamp), true);
    new MutationObserver(() => requestAnimationFrame(() => paintedAt.push(performance.now())))
        .observe(canvas, { attributeFilter: ["data-painted"] });
}"""


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--size", type=int, default=512, help="longest side (default: 512)")
    parser.add_argument("--moves", type=int, default=30, help="of each slider (default: 30)")
    options = parser.parse_args()
    print(describe_machine("jupyterlab", "ipykernel", "ipywidgets", "anywidget"))
    cells = [
        "from stylekit.widgets import MaskExplorer",
        f"explorer = MaskExplorer(size={options.size})\nexplorer",
    ]
    with (
        running_lab() as lab,
        running_chromium() as browser,
        opened_in_lab(browser, lab, cells) as notebook,
    ):
        print(f"{options.size} px, Chromium {browser.version}, {options.moves} moves each\n")
        notebook.run_all()
        notebook.page.wait_for_selector(".stylekit-mask-explorer canvas[data-painted]")
        notebook.page.evaluate(WATCH)
        for line in table(notebook, options.moves):
            print(line, flush=True)


def table(notebook: NotebookPage, moves: int) -> Iterator[str]:
    """One line for each slider, then one for dragging all the time."""
    yield f"{'slider':<24}{'median ms':>10}{'worst ms':>10}   within {GOAL_MS:.0f} ms"
    sliders = notebook.page.locator(".stylekit-mask-explorer .widget-slider")
    for slider in sliders.all()[1:]:  # the first chooses the frame, whose flow must be estimated
        label = slider.locator("label").inner_text()
        handle = slider.locator(".noUi-handle")
        handle.focus()
        times = [_move(notebook, "ArrowRight" if i % 4 < 2 else "ArrowLeft") for i in range(moves)]
        yield f"{label:<24}{statistics.median(times):>10.0f}{max(times):>10.0f}   {_verdict(times)}"
    frames, delay = _drag(notebook, sliders.nth(2).locator(".noUi-handle"))
    yield ""
    yield f"dragged at 60 events/s: {frames:.1f} pictures/s, last {delay:.0f} ms after the end"


def _move(notebook: NotebookPage, key: str) -> float:
    notebook.page.evaluate("() => { paintedAt.length = pressedAt.length = 0; }")
    notebook.page.keyboard.press(key)
    notebook.page.wait_for_function("() => paintedAt.length > 0")
    return float(notebook.page.evaluate("() => paintedAt[0] - pressedAt[0]"))


def _drag(notebook: NotebookPage, handle: Locator) -> tuple[float, float]:
    """Pictures painted a second while the slider moves all the time, and the lag at the end."""
    page = notebook.page
    handle.focus()
    page.evaluate("() => { paintedAt.length = pressedAt.length = 0; }")
    steps = int(DRAG_SECONDS * 60)
    for step in range(steps):
        page.keyboard.press("ArrowRight" if step % 40 < 20 else "ArrowLeft")
        page.wait_for_timeout(1000 / 60)
    page.wait_for_timeout(1000)
    painted, first, last, end = page.evaluate(
        "() => [paintedAt.length, pressedAt[0], pressedAt.at(-1), paintedAt.at(-1)]"
    )
    return 1000 * painted / (last - first), end - last


def _verdict(times: list[float]) -> str:
    return f"{sum(time <= GOAL_MS for time in times)} of {len(times)}"


if __name__ == "__main__":
    main()
