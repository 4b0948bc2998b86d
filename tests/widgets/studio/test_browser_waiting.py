"""What the waiting pictures draw, and when they do not, in a real browser.

Most tests need no kernel: the module is loaded into an empty page, where the picture's clock is
`window.T`, and the page's own timers and refreshes go on only when a test says so.
"""

from __future__ import annotations

import string
from base64 import b64decode
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from browser import NotebookPage
from numpy.typing import NDArray
from PIL import Image

import stylekit
from stylekit.widgets.base.modules import bundle
from stylekit.widgets.studio.waiting import Waiting, WaitingPicture

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytest_plugins = ["browser_fixtures"]

# The module that draws, without the widget around it.
(STAGE,) = Path(stylekit.__file__).parent.rglob("waiting_stage.js")
PICTURES = [picture.value for picture in WaitingPicture]
# The clock rests, and its letters are not at home.
RESTING_MS = 5 * 1400 + 1000
SETTLED_MS = 900

BODY = "<div id=above></div><div id=place></div><input id=field>"
LOAD = """async (texts) => {
    for (const [name, text] of Object.entries(texts)) {
        const url = URL.createObjectURL(new Blob([text], { type: "text/javascript" }));
        globalThis[name] = await import(url);
    }
}"""
START = """([picture, options, time]) => {
    const canvas = document.createElement("canvas");
    canvas.className = "stylekit-waiting";
    document.getElementById("place").replaceChildren(canvas);
    globalThis.T = 0;
    globalThis.running = waiting.start(canvas, picture, { now: () => T, seed: 7, ...options });
    globalThis.T = time;
}"""


@dataclass
class Drawing:
    """One picture in an empty page; its clock stands still unless a test sets it."""

    page: Page

    def start(self, picture: str, *, time: float = RESTING_MS, **options: Any) -> None:
        """Draw `picture`, as it is `time` milliseconds after its start."""
        self.page.evaluate(START, [picture, options, time])
        self.page.wait_for_function("() => running.frames() > 0")
        self.settle()

    def settle(self) -> None:
        """Wait until the picture has followed the pointer and the clock."""
        self.look()
        self.page.clock.run_for(SETTLED_MS)

    def look(self) -> None:
        """Wait until the page's observers have seen what is new: they go by real refreshes."""
        self.page.wait_for_timeout(80)

    def set_time(self, time: float) -> None:
        """Set the clock, and wait until it was looked at."""
        self.page.evaluate("time => { T = time; }", time)
        self.settle()

    def point(self, x: float, y: float) -> None:
        """Move the pointer to where the canvas is `x`, `y`, as shares of its width and height."""
        box = self.box()
        self.page.mouse.move(box["x"] + x * box["width"], box["y"] + y * box["height"])

    def box(self) -> dict[str, float]:
        """Where the canvas is, in pixels of the window."""
        box = self.page.locator("canvas").bounding_box()
        assert box
        return dict(box)

    def frames(self) -> int:
        """How often it was drawn."""
        return int(self.page.evaluate("() => running.frames()"))

    def frames_in(self, milliseconds: float) -> int:
        """How often it is drawn meanwhile."""
        before = self.frames()
        self.page.clock.run_for(milliseconds)
        return self.frames() - before

    def picture(self) -> str:
        """The picture as it is: a lossless file, as a data address."""
        return str(self.page.evaluate("() => document.querySelector('canvas').toDataURL()"))

    def pixels(self) -> NDArray[np.int64]:
        """`(height, width, 4)`: red, green, blue and opacity from 0 to 255."""
        _, data = self.picture().split(",")
        with Image.open(BytesIO(b64decode(data))) as image:
            return np.array(image.convert("RGBA")).astype(np.int64)

    def ink(self) -> NDArray[np.bool_]:
        """`(height, width)`: where something is drawn."""
        return np.asarray(self.pixels()[..., 3] > 127)


@pytest.fixture
def open_page(chromium: Browser) -> Iterator[Callable[..., Drawing]]:
    """`open_page(reduced_motion="reduce", …)`: a page with the module in it, nothing drawn yet."""
    with ExitStack() as stack:

        def open_one(**window: Any) -> Drawing:
            window = {"viewport": {"width": 700, "height": 800}} | window
            page = stack.enter_context(chromium.new_context(**window)).new_page()
            page.clock.install()
            page.set_content(f"<style>{Waiting()._css} body {{ color: #222 }}</style>{BODY}")
            page.evaluate(LOAD, {"waiting": bundle(STAGE), "view": Waiting._esm})
            page.clock.pause_at(datetime.now() + timedelta(hours=1))
            return Drawing(page)

        yield open_one


@pytest.fixture
def drawing(open_page: Callable[..., Drawing]) -> Drawing:
    """A page for a picture, 640 by 256 pixels."""
    return open_page()


@pytest.mark.parametrize("name", PICTURES)
def test_the_pointer_changes_the_picture_and_nothing_else_does(drawing: Drawing, name: str) -> None:
    drawing.start(name)
    before = drawing.picture()
    drawing.settle()
    assert drawing.picture() == before
    drawing.point(0.4, 0.45)
    drawing.settle()
    assert drawing.picture() != before


@pytest.mark.parametrize("name", PICTURES)
def test_a_pointer_that_goes_away_leaves_nothing_behind(drawing: Drawing, name: str) -> None:
    drawing.start(name)
    before = drawing.picture()
    drawing.point(0.6, 0.5)
    drawing.settle()
    drawing.point(0.6, 2.5)
    drawing.settle()
    assert drawing.picture() == before


@pytest.mark.parametrize("name", PICTURES)
def test_time_moves_all_but_the_points(drawing: Drawing, name: str) -> None:
    drawing.start(name)
    before = drawing.picture()
    drawing.set_time(RESTING_MS + 1400)
    assert (drawing.picture() != before) == (name != "points")


@pytest.mark.parametrize("name", PICTURES)
def test_the_seed_fixes_the_picture(drawing: Drawing, name: str) -> None:
    pictures = []
    for seed in (1, 1, 2):
        drawing.start(name, seed=seed)
        pictures.append(drawing.picture())
    assert pictures[0] == pictures[1] != pictures[2]


def test_the_drawings_differ(drawing: Drawing) -> None:
    pictures = set()
    for name in PICTURES:
        drawing.start(name)
        pictures.add(drawing.picture())
    assert len(pictures) == len(PICTURES)


def test_every_letter_and_digit_has_its_own_shape(drawing: Drawing) -> None:
    shapes = {}
    characters = string.ascii_letters + string.digits
    drawing.start("points")
    for character in characters:
        # Between two others, because a letter alone is drawn as large as it can be.
        drawing.page.evaluate("text => running.setText(text)", f"H{character}p")
        shapes[drawing.picture()] = character
    # As in many a sans-serif, l and I are one line.
    assert len(shapes) == len(characters) - 1


@pytest.mark.parametrize("name", PICTURES)
def test_the_word_is_in_the_middle_and_inside(drawing: Drawing, name: str) -> None:
    drawing.start(name, text="HOH", time=0)
    pixels = drawing.pixels()
    # The shadows' floor is everywhere: there the coloured letters are looked for.
    spread = pixels[..., :3].max(axis=2) - pixels[..., :3].min(axis=2)
    ink = drawing.ink() if name != "shadows" else (pixels[..., 2] > 170) & (spread > 60)
    rows, columns = np.nonzero(ink)
    assert np.ptp(columns) > 150 and np.ptp(rows) > 90
    assert abs((columns.min() + columns.max()) / 2 - 320) < 25
    assert abs((rows.min() + rows.max()) / 2 - 128) < 25


def test_points_are_pushed_less_the_further_they_are(drawing: Drawing) -> None:
    drawing.start("points", text="l")
    home = drawing.ink()
    middle, line = 128, np.nonzero(home.any(axis=0))[0].max()
    pushes = []
    for left in (0.02, 0.06, 0.12, 0.45):
        drawing.point(0.5 - left, 0.5)
        drawing.settle()
        pushes.append(
            np.nonzero(drawing.ink()[middle - 8 : middle + 8].any(axis=0))[0].max() - line
        )
    assert pushes[0] > 10
    assert pushes == sorted(pushes, reverse=True) and pushes[1] > pushes[2]
    assert pushes[3] <= 1


def test_points_leave_the_pointer_alone(drawing: Drawing) -> None:
    drawing.start("points", text="H")
    drawing.point(0.5, 0.5)
    assert drawing.ink()[118:138, 310:330].any()
    drawing.settle()
    assert not drawing.ink()[118:138, 310:330].any()


def test_layers_are_turned_by_dragging(drawing: Drawing) -> None:
    drawing.start("layers")

    def width() -> int:
        return int(np.ptp(np.nonzero(drawing.ink().any(axis=0))[0]))

    facing = width()
    drawing.point(0.5, 0.5)
    box = drawing.box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    drawing.page.mouse.down()
    # A quarter of a turn, when 0.008 rad are one pixel: they are seen from the side.
    drawing.page.mouse.move(x + 196, y, steps=8)
    drawing.settle()
    edgewise = width()
    drawing.page.mouse.up()
    assert edgewise < 0.6 * facing
    drawing.settle()
    # They swing back slowly.
    assert drawing.frames_in(500) > 5


def test_the_front_of_the_layers_goes_with_the_hand(drawing: Drawing) -> None:
    drawing.start("layers", text="l")
    drawing.point(0.5, 0.5)
    box = drawing.box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    drawing.page.mouse.down()
    sides = []
    for way in (-1, 1):
        drawing.page.mouse.move(x + way * 90, y, steps=8)
        drawing.settle()
        # Only the front layer is quite opaque.
        sides.append(np.nonzero(drawing.pixels()[..., 3] > 250)[1].mean())
    drawing.page.mouse.up()
    assert sides[1] - sides[0] > 10


def test_the_clock_goes_round_in_twelve_steps(drawing: Drawing) -> None:
    drawing.start("clock", text="l", time=0)
    home = drawing.pixels()
    heights = []
    for step in range(13):
        drawing.set_time(step * 1400 + 1000)
        # The dials are translucent.
        rows = np.nonzero((drawing.pixels()[..., 3] > 240).any(axis=1))[0]
        heights.append(np.ptp(rows))
    assert np.abs(drawing.pixels() - home).max() <= 2
    # Both ends go round on circles of one radius that reach towards the middle.
    radius = (heights[0] - heights[6]) / 4
    assert radius > 5
    angles = 2 * np.pi * np.arange(13) / 12
    assert heights == pytest.approx(heights[0] - 2 * radius * (1 - np.cos(angles)), abs=2)


def test_a_step_of_the_clock_overshoots_and_settles(drawing: Drawing) -> None:
    drawing.start("clock", text="l", time=1000)
    pictures = {}
    for since in (0, 60, 132, 700, 1300):
        drawing.set_time(1400 + since)
        pictures[since] = drawing.pixels()

    def from_the_end(since: int) -> float:
        return float(np.abs(pictures[since] - pictures[1300]).mean())

    assert from_the_end(0) > from_the_end(60) > from_the_end(700) == 0
    # Half a swing of the sine after the step it is beyond.
    assert from_the_end(132) > 0


def test_shadows_are_black_and_away_from_the_lamp(drawing: Drawing) -> None:
    drawing.start("shadows", text="l")
    for lamp, lit, dark in ((0.2, 0.3, 0.8), (0.8, 0.7, 0.2)):
        drawing.point(lamp, 0.5)
        drawing.settle()
        pixels = drawing.pixels()[128]
        assert pixels[round(dark * 640)].tolist() == [0, 0, 0, 255]
        assert pixels[round(lit * 640)][:3].min() > 100


def test_shadows_grow_as_rays_do(drawing: Drawing) -> None:
    drawing.start("shadows", text="l")
    drawing.point(0.25, 0.5)
    drawing.settle()
    black = drawing.pixels()[..., :3].max(axis=2) == 0
    # The lamp is at 160, the line at 320: at 400 its shadow is 240 / 160 times as high as at 320.
    near, far = black[:, 340].sum(), black[:, 400].sum()
    assert far / near == pytest.approx((400 - 160) / (340 - 160), rel=0.05)


@pytest.mark.parametrize("name", PICTURES)
def test_reduced_motion_stills_it(open_page: Callable[..., Drawing], name: str) -> None:
    drawing = open_page(reduced_motion="reduce")
    drawing.start(name, time=0)
    before = drawing.picture()
    assert np.ptp(drawing.pixels()[..., :3]) > 50
    drawing.point(0.4, 0.45)
    drawing.set_time(RESTING_MS)
    assert drawing.picture() == before
    assert drawing.frames_in(300) == 0
    drawing.page.emulate_media(reduced_motion="no-preference")
    drawing.point(0.45, 0.5)
    drawing.settle()
    assert drawing.picture() != before
    drawing.page.emulate_media(reduced_motion="reduce")
    drawing.settle()
    assert drawing.picture() == before
    assert drawing.frames_in(300) == 0


@pytest.mark.parametrize("name", ["layers", "shadows"])
def test_out_of_sight_it_rests(drawing: Drawing, name: str) -> None:
    drawing.start(name)
    above = "height => { document.getElementById('above').style.height = height; }"
    assert drawing.frames_in(500) > 4
    drawing.page.evaluate(above, "2000px")
    drawing.settle()
    assert drawing.frames_in(500) == 0
    drawing.page.evaluate(above, "0")
    drawing.settle()
    assert drawing.frames_in(500) > 4


def test_in_a_hidden_tab_it_rests(drawing: Drawing) -> None:
    hide = """hidden => {
        Object.defineProperty(document, "hidden", { value: hidden, configurable: true });
        document.dispatchEvent(new Event("visibilitychange"));
    }"""
    drawing.start("layers")
    drawing.page.evaluate(hide, True)
    assert drawing.frames_in(500) == 0
    drawing.page.evaluate(hide, False)
    assert drawing.frames_in(500) > 4


def test_where_nothing_moves_nothing_is_drawn(drawing: Drawing) -> None:
    drawing.start("points")
    assert drawing.frames_in(500) == 0
    # A pointer that is far away, or stays where it is, is nothing that moves.
    drawing.point(0.5, 2.5)
    assert drawing.frames_in(500) == 0
    drawing.point(0.5, 0.5)
    drawing.settle()
    assert drawing.frames_in(500) == 0


def test_the_clock_is_drawn_while_it_trembles_alone(drawing: Drawing) -> None:
    drawing.start("clock", time=1400 + 100)
    trembling = drawing.frames_in(600)
    drawing.set_time(1400 + 1000)
    # It looks again when the next step is due, 400 ms on.
    assert drawing.frames_in(600) <= 2 < 5 < trembling


@pytest.mark.parametrize("name", PICTURES)
def test_at_most_thirty_frames_a_second(drawing: Drawing, name: str) -> None:
    drawing.start(name)
    drawing.page.evaluate(
        """() => { setInterval(() => {
            const where = performance.now() / 5 % 300;
            const event = { clientX: where, clientY: 100, pointerType: "mouse", isPrimary: true };
            window.dispatchEvent(new PointerEvent("pointermove", event));
        }, 4); }"""
    )
    assert 20 <= drawing.frames_in(1000) <= 30


def test_it_is_sharp_and_as_wide_as_its_place(open_page: Callable[..., Drawing]) -> None:
    drawing = open_page(device_scale_factor=2)
    drawing.start("points")
    sizes = """() => {
        const { clientWidth, clientHeight, width, height } = document.querySelector("canvas");
        return [clientWidth, clientHeight, width, height];
    }"""
    assert drawing.page.evaluate(sizes) == [640, 256, 1280, 512]
    place = "style => { document.getElementById('place').style = style; }"
    for style in ("width: 300px", "display: flex; width: 300px", "width: 300px; overflow: auto"):
        drawing.page.evaluate(place, style)
        drawing.settle()
        assert drawing.page.evaluate(sizes) == [300, 120, 600, 240]
        assert drawing.ink().any()


@pytest.mark.parametrize("name", PICTURES)
def test_it_follows_the_theme(drawing: Drawing, name: str) -> None:
    def luminance() -> float:
        pixels = drawing.pixels()
        letters = pixels[pixels[..., 3] == 255][:, :3]
        return float(letters.mean())

    drawing.start(name)
    light = luminance()
    drawing.page.evaluate(
        """() => {
            document.body.style.setProperty("--jp-ui-font-color1", "rgba(255, 255, 255, 0.87)");
            document.body.setAttribute("data-jp-theme-light", "false");
        }"""
    )
    drawing.settle()
    dark = luminance()
    # Letters are lighter on a dark page; the floor under the shadows is darker.
    assert dark < light - 10 if name == "shadows" else dark > light + 10


def test_it_takes_the_theme_of_the_page_that_it_is_put_into(drawing: Drawing) -> None:
    """Notebooks render a view before they put it into the page."""
    drawing.page.evaluate("() => { document.body.style.color = 'white'; }")
    drawing.start("points")
    expected = drawing.picture()
    drawing.page.evaluate(
        """() => {
            running.stop();
            const canvas = document.createElement("canvas");
            canvas.className = "stylekit-waiting";
            globalThis.running = waiting.start(canvas, "points", { now: () => T, seed: 7 });
            document.getElementById("place").replaceChildren(canvas);
        }"""
    )
    drawing.settle()
    assert drawing.picture() == expected


def test_the_text_can_be_replaced(drawing: Drawing) -> None:
    drawing.start("points", text="before")
    before = drawing.picture()
    drawing.page.evaluate("() => running.setText('after')")
    assert drawing.picture() != before


@pytest.mark.parametrize("name", PICTURES)
def test_stopped_it_hears_and_draws_nothing(drawing: Drawing, name: str) -> None:
    drawing.start(name)
    drawing.page.evaluate("() => running.stop()")
    before = drawing.picture()
    drawing.point(0.4, 0.5)
    drawing.page.evaluate(
        """() => {
            T += 700;
            document.body.setAttribute("data-jp-theme-light", "false");
            document.body.style.color = "white";
            document.getElementById("place").style.width = "200px";
            window.dispatchEvent(new Event("resize"));
            document.dispatchEvent(new Event("visibilitychange"));
        }"""
    )
    assert drawing.frames_in(500) == 0
    assert drawing.picture() == before


def test_a_view_says_what_it_shows_and_lets_go_of_its_model(drawing: Drawing) -> None:
    said = drawing.page.evaluate(
        """() => {
            const values = { _picture: "shadows", _seed: 3, text: "hello" };
            const heard = [];
            const model = {
                get: (name) => values[name],
                on: (name, listener) => heard.push([name, listener]),
                off: (name, listener) => heard.splice(
                    heard.findIndex((one) => one[0] === name && one[1] === listener), 1),
            };
            const end = view.default.render({ model, el: document.getElementById("place") });
            const canvas = document.querySelector("canvas");
            const labels = [canvas.getAttribute("aria-label")];
            values.text = "goodbye";
            for (const [name, listener] of heard) listener();
            labels.push(canvas.getAttribute("aria-label"));
            end();
            return [canvas.getAttribute("role"), labels, heard.length];
        }"""
    )
    role, (first, second), listeners = said
    assert (role, listeners) == ("img", 0)
    assert "hello" in first and "goodbye" in second and "hello" not in second


@pytest.mark.parametrize("name", PICTURES)
def test_it_never_takes_the_focus(drawing: Drawing, name: str) -> None:
    focused = "() => document.activeElement.tagName"
    drawing.start(name)
    drawing.page.locator("#field").focus()
    drawing.point(0.5, 0.5)
    drawing.page.mouse.down()
    drawing.page.mouse.up()
    assert drawing.page.evaluate(focused) == "INPUT"
    drawing.page.evaluate("() => document.activeElement.blur()")
    for _ in range(3):
        drawing.page.keyboard.press("Tab")
        assert drawing.page.evaluate(focused) != "CANVAS"


def test_in_a_notebook(open_notebook: Callable[..., NotebookPage]) -> None:
    notebook = open_notebook(
        [
            "from stylekit.widgets.studio.waiting import Waiting, WaitingPicture\n"
            "waiting = Waiting(WaitingPicture.POINTS, seed=1)\n"
            "waiting"
        ]
    )
    canvas = notebook.page.locator("canvas.stylekit-waiting")
    canvas.wait_for()
    before = canvas.evaluate("(canvas) => canvas.toDataURL()")
    assert "stylekit" in (canvas.get_attribute("aria-label") or "")
    notebook.python("waiting.text = 'done'")
    notebook.page.locator("canvas[aria-label*='done']").wait_for()
    assert canvas.evaluate("(canvas) => canvas.toDataURL()") != before
    notebook.python("waiting.close()")
    canvas.wait_for(state="detached")
    assert notebook.errors == []
    assert notebook.foreign_requests() == []
