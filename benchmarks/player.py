"""How fast the player answers in a browser, in JupyterLab and in Voila.

    python benchmarks/player.py                     all rows
    python benchmarks/player.py --moves 5 --seconds 3

Steps are fake, so that what is measured is the way from a slider to a worker and back to a
painted picture; the last row paints in earnest. Times are taken in the page: from the event to
the first frame of the page after the canvas was painted.
"""

from __future__ import annotations

import argparse
import statistics
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from machine import describe_machine

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from browser import opened, opened_in_lab, running_chromium, running_lab, running_voila

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

SIZE = 512
STEP_SECONDS, FAST_SECONDS = 0.2, 0.02
FAST, SLOW, REAL = range(3)

CELL = f"""\
import sys
sys.path.insert(0, {sys.path[0]!r})
from fake_runs import FakeRun
from IPython.display import display
from stylekit.samples import MaterialKind, materials
from stylekit.media.images import load_image
from stylekit.widgets.player.player import Player
from stylekit.widgets.weights.panel import WeightPanel
panel = WeightPanel()
paint = load_image(materials(MaterialKind.STYLE)["swirls"], size={SIZE})
display(Player(FakeRun(10**6, seconds={FAST_SECONDS}, image=paint), name="fast"))
slow = FakeRun(10**6, seconds={STEP_SECONDS}, image=paint)
display(Player(slow, name="slow", panel=panel))"""
EARNEST = """\
from stylekit.settings import ImageSettings
from stylekit.image.stylization import Stylization
content = load_image(materials(MaterialKind.PHOTOGRAPH)["chelsea"])
style = load_image(materials(MaterialKind.STYLE)["swirls"])
painting = Stylization(content, style, ImageSettings(size=256, backbone="vgg16"))
display(Player(painting, name="real"))"""

# Notes for each player when its canvas was painted, and how red; when its status said "Paused";
# and when a key was pressed last. Times are the page's own.
WATCH = """() => {
    globalThis.players = [...document.querySelectorAll(".stylekit-player")].map((controls, at) => {
        const canvas = document.querySelectorAll(".stylekit-picture canvas")[at];
        const seen = { frames: [], reds: [], pausedAt: 0, pressedAt: 0 };
        let waiting = false;
        new MutationObserver(() => {
            if (waiting) return;
            waiting = true;
            requestAnimationFrame(() => {
                waiting = false;
                const middle = [canvas.width >> 1, canvas.height >> 1, 8, 8];
                const { data } = canvas.getContext("2d").getImageData(...middle);
                let red = 0;
                for (let at = 0; at < data.length; at += 4) red += data[at] / (data.length / 4);
                seen.frames.push(performance.now());
                seen.reds.push(red);
            });
        }).observe(canvas, { attributeFilter: ["data-painted"] });
        new MutationObserver(() => {
            if (controls.dataset.state !== "paused") seen.pausedAt = 0;
            else seen.pausedAt ||= performance.now();
        }).observe(controls, { attributeFilter: ["data-state"] });
        return seen;
    });
    addEventListener("keydown", (event) => {
        for (const seen of players) seen.pressedAt = event.timeStamp;
    }, true);
}"""
# Milliseconds from the last key to the first picture whose red has changed by one step of a slider.
CHANGED = """([at, before]) => {
    const { frames, reds, pressedAt } = players[at];
    const first = reds.findIndex((red, n) => frames[n] > pressedAt && red - before > 1.5);
    return first >= 0 && frames[first] - pressedAt;
}"""


@dataclass(frozen=True)
class Row:
    """One line of the table."""

    what: str
    value: str
    goal: str


def main() -> None:
    """Print a table for each place."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--moves", type=int, default=10, help="of the slider (default: 10)")
    parser.add_argument("--seconds", type=float, default=5.0, help="of painting (default: 5)")
    options = parser.parse_args()
    print(describe_machine("jupyterlab", "voila", "ipykernel", "anywidget"))
    places: dict[str, Callable[[Browser], Iterator[Page]]] = {"Lab": in_lab, "Voila": in_voila}
    with running_chromium() as browser:
        print(f"{SIZE} px, Chromium {browser.version}, fake steps of {STEP_SECONDS} s")
        for name, place in places.items():
            with contextmanager(place)(browser) as page:
                rows = measure(page, moves=options.moves, seconds=options.seconds)
                print(f"\n{name}")
                for row in rows:
                    print(f"  {row.what:<46}{row.value:<34}{row.goal}")


def in_lab(browser: Browser) -> Iterator[Page]:
    """A notebook in JupyterLab whose cells have run."""
    with running_lab() as lab, opened_in_lab(browser, lab, [CELL, EARNEST]) as notebook:
        notebook.run_all()
        yield notebook.page


def in_voila(browser: Browser) -> Iterator[Page]:
    """The same as a page of Voila."""
    with running_voila([CELL, EARNEST]) as url, opened(browser, url) as notebook:
        yield notebook.page


def measure(page: Page, *, moves: int, seconds: float) -> list[Row]:
    """All rows of one place."""
    page.locator(".stylekit-player").nth(REAL).wait_for(timeout=180_000)
    page.locator(".stylekit-picture canvas[data-painted]").nth(REAL).wait_for()
    page.evaluate(WATCH)
    rate = frames_per_second(page, seconds)
    answers = answer_times(page, moves)
    pauses = pause_times(page, max(3, moves // 2))
    first = first_change(page)
    limit = f"{STEP_SECONDS * 1000:.0f} + 300 ms"
    return [
        Row(f"painted frames, steps of {FAST_SECONDS} s", f"{rate:.1f} a second", "at least 25"),
        Row("slider to first picture with the weight", spread(answers), f"at most {limit}"),
        Row("pause pressed to state shown", spread([shown for shown, _ in pauses]), ""),
        Row("pause pressed to last picture", spread([last for _, last in pauses]), "one step"),
        Row("start to first change, 256 px in earnest", f"{first:.0f} ms", "under 3000 ms"),
    ]


def spread(milliseconds: list[float]) -> str:
    """Median and worst."""
    return f"median {statistics.median(milliseconds):.0f}, worst {max(milliseconds):.0f} ms"


def press(page: Page, at: int, name: str) -> None:
    """Press a button of one of the players by its key."""
    place = page.locator(".stylekit-player").nth(at)
    place.get_by_role("button", name=name, exact=True).press("Enter")


def frames_per_second(page: Page, seconds: float) -> float:
    """Frames of the page in which the canvas had a new picture, while steps are fast."""
    press(page, FAST, "Start")
    page.wait_for_timeout(1000)
    times = "() => players[0].frames.length"
    before, begun = page.evaluate(times), page.evaluate("() => performance.now()")
    page.wait_for_timeout(1000 * seconds)
    painted = page.evaluate(times) - before
    passed = page.evaluate("() => performance.now()") - begun
    press(page, FAST, "Stop")
    page.wait_for_timeout(500)
    return 1000 * painted / passed


def answer_times(page: Page, moves: int) -> list[float]:
    """From an arrow key on the slider to the first picture that was made with its weight."""
    press(page, SLOW, "Start")
    page.wait_for_function(f"() => players[{SLOW}].frames.length > 2")
    slider = page.get_by_role("slider", name="β style")
    found = []
    for move in range(moves):
        # At another moment of a step each time.
        page.wait_for_timeout(1000 + 1000 * STEP_SECONDS * move / moves)
        before = page.evaluate(f"() => players[{SLOW}].reds.at(-1)")
        slider.press("ArrowRight")
        answer = page.wait_for_function(CHANGED, arg=[SLOW, before])
        found.append(float(answer.json_value()))
    return found


def pause_times(page: Page, times: int) -> list[tuple[float, float]]:
    """From the key on Pause to its state, and to the last picture that came after it (or 0)."""
    found = []
    for _ in range(times):
        press(page, SLOW, "Pause")
        page.wait_for_timeout(3000 * STEP_SECONDS + 500)
        found.append(
            tuple(
                page.evaluate(f"""() => {{
                    const {{ pressedAt, pausedAt, frames }} = players[{SLOW}];
                    return [pausedAt - pressedAt, Math.max(0, frames.at(-1) - pressedAt)];
                }}""")
            )
        )
        press(page, SLOW, "Resume")
        page.wait_for_timeout(1370 * STEP_SECONDS + 500)
    press(page, SLOW, "Stop")
    return found


def first_change(page: Page) -> float:
    """From the key on Start to the first picture of a run whose network is loaded."""
    page.wait_for_timeout(1000)
    press(page, REAL, "Start")
    changed = page.wait_for_function(f"""() => {{
        const {{ pressedAt, frames }} = players[{REAL}];
        const first = frames.find((time) => time > pressedAt);
        return first && first - pressedAt;
    }}""")
    press(page, REAL, "Stop")
    return float(changed.json_value())


if __name__ == "__main__":
    main()
