"""Upload, download, split view and the pair of clips in a real browser.

One notebook in Lab serves all tests but those of Voila, which has its own page.
"""

from __future__ import annotations

import hashlib
import io
import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import PIL.Image
import pytest
from browser import Lab, NotebookPage, opened_in_lab

from stylekit.arrays import Image
from stylekit.media.encode import write_clip

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator, Page

pytest_plugins = ["browser_fixtures"]

BIG_BYTES = 30_000_000
FPS = 25
FRAMES = 75
# A machine whose cores others use too is given more than the 3 s it takes on two idle ones.
UPLOAD_SECONDS = 20.0

SLOT = """
import hashlib, time, ipywidgets
from pathlib import Path
from stylekit.errors import MediaError
from stylekit.widgets.base.download import Download
from stylekit.widgets.base.upload import Upload

def validate(path):
    data = path.read_bytes()
    if data[:1] == b"<":
        raise MediaError(path, "looks like a web page; save the picture itself")
    return f"{len(data)} bytes {hashlib.sha256(data).hexdigest()}"

slot = Upload(label="Style", accept=[".png", ".jpg"], max_bytes=50_000_000, validate=validate)
back = ipywidgets.VBox()
slot.on_accepted(lambda path: setattr(back, "children", [
    Download(path, label="What came", media_type="image/png", name="it's back & 風.png")]))
ipywidgets.VBox([slot, back])
"""
COMPARE = """
import numpy as np
from stylekit.widgets.player.clip_pair import ClipPair
from stylekit.widgets.player.split_view import SplitView

red, blue = (np.zeros((120, 200, 3), np.float32) for _ in range(2))
red[..., 0] = blue[..., 2] = 1
place = ipywidgets.VBox()
place
"""

# How far apart the two players are, in seconds, at each repaint of some seconds.
DRIFT = """async (seconds) => {
    const [leader, follower] = document.querySelectorAll(".stylekit-pair video");
    const drift = [];
    const end = performance.now() + 1000 * seconds;
    while (performance.now() < end) {
        await new Promise(requestAnimationFrame);
        drift.push(follower.currentTime - leader.currentTime);
    }
    return [drift, leader.paused || follower.paused];
}"""
FRAME_TIMES = f"""() => [...document.querySelectorAll(".stylekit-pair video")].map(
    (video) => Math.floor(video.currentTime * {FPS}))"""
DROP = """(slot, [names, text]) => {
    const dataTransfer = new DataTransfer();
    for (const name of names) dataTransfer.items.add(new File([text], name));
    slot.dispatchEvent(new DragEvent("drop", { dataTransfer, bubbles: true, cancelable: true }));
}"""


@pytest.fixture(scope="module")
def big_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("big") / "big & 'wide' 風.png"
    path.write_bytes(os.urandom(BIG_BYTES))
    return path


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A bar that moves through three seconds, and its negative."""
    folder = tmp_path_factory.mktemp("clips")
    paths = folder / "content.mp4", folder / "stylized.mp4"
    for path, negative in zip(paths, (False, True), strict=True):
        write_clip(moving_bar(negative), path, fps=Fraction(FPS))
    return paths


def moving_bar(negative: bool) -> Iterator[Image]:
    for index in range(FRAMES):
        frame = np.full((120, 200, 3), 0.2, np.float32)
        frame[:, 2 * index : 2 * index + 20] = (1.0, 0.9, 0.1)
        yield 1 - frame if negative else frame


@pytest.fixture(scope="module")
def lab_page(lab: Lab, chromium: Browser) -> Iterator[NotebookPage]:
    """One notebook for all tests here."""
    with ExitStack() as stack:
        opened = stack.enter_context(opened_in_lab(chromium, lab, [SLOT, COMPARE]))
        opened.run_all()
        yield opened
        assert opened.errors == []
        assert opened.foreign_requests() == []


@pytest.fixture
def notebook(lab_page: NotebookPage) -> NotebookPage:
    """The notebook with an empty slot, nothing to fetch and nothing to compare."""
    lab_page.python("slot.clear(); back.children = place.children = []")
    lab_page.page.locator(".stylekit-upload[data-state=empty]").wait_for()
    made = lab_page.page.locator(".stylekit-download, .stylekit-split, .stylekit-pair")
    made.first.wait_for(state="detached")
    return lab_page


@pytest.fixture
def page(notebook: NotebookPage) -> Page:
    return notebook.page


@pytest.fixture
def split(notebook: NotebookPage) -> Locator:
    """A new split view: all red before, all blue after."""
    notebook.python(
        "view = SplitView()\n"
        "view.show(red, blue, alt_before='All red', alt_after='All blue', lossless=True)\n"
        "place.children = [view]"
    )
    notebook.page.wait_for_selector(".stylekit-split[data-painted='1']")
    return notebook.page.locator(".stylekit-split")


@pytest.fixture
def pair(notebook: NotebookPage, clips: tuple[Path, Path]) -> Locator:
    """A new pair of clips, on its first frame."""
    before, after = map(str, clips)
    notebook.python(
        "pair = ClipPair()\n"
        f"pair.show({before!r}, {after!r}, fps={FPS}, alt_before='A bar', "
        "alt_after='Its negative')\n"
        "place.children = [pair]"
    )
    notebook.page.wait_for_selector(".stylekit-pair[data-ready='1']")
    return notebook.page.locator(".stylekit-pair")


def choose(page: Page, *paths: Path) -> None:
    page.get_by_label("Choose a file… for Style").set_input_files([str(path) for path in paths])


def reaches(page: Page, state: str) -> str:
    """What the slot says once it is in `state`."""
    slot = page.locator(f".stylekit-upload[data-state={state}]")
    slot.wait_for()
    return slot.get_by_role("status").locator(".words").inner_text()


def is_round_trip(page: Page, path: Path) -> None:
    """Send `path`, and fetch it again."""
    started = time.monotonic()
    choose(page, path)
    page.get_by_role("progressbar", name="Sending the file for Style").wait_for()
    line = reaches(page, "accepted")
    seconds = time.monotonic() - started
    assert line == f"{BIG_BYTES} bytes {hashlib.sha256(path.read_bytes()).hexdigest()}"
    assert seconds < UPLOAD_SECONDS
    button = page.get_by_role("button", name="Download it's back & 風.png (30 MB)")
    with page.expect_download() as download:
        button.click()
    assert Path(download.value.path()).read_bytes() == path.read_bytes()
    assert download.value.suggested_filename == "it's back & 風.png"
    page.get_by_text("all 30 MB are with your browser's downloads").wait_for()


def test_thirty_megabytes_go_there_and_back_byte_for_byte_in_lab(
    page: Page, big_file: Path
) -> None:
    is_round_trip(page, big_file)


def test_thirty_megabytes_go_there_and_back_byte_for_byte_in_voila(
    open_voila: Callable[..., NotebookPage], big_file: Path
) -> None:
    is_round_trip(open_voila([SLOT]).page, big_file)


@pytest.mark.parametrize(
    ("name", "size", "words"),
    [
        ("notes.txt", 5, "notes.txt: only .png, .jpg can be used here"),
        ("huge.png", 50_000_001, "huge.png: is larger than 50 MB; choose a smaller file"),
        ("empty.png", 0, "empty.png: is empty; choose another file"),
    ],
)
def test_a_wrong_file_is_refused_before_it_is_sent(
    notebook: NotebookPage, tmp_path: Path, name: str, size: int, words: str
) -> None:
    with (tmp_path / name).open("wb") as file:
        file.truncate(size)
    notebook.python("begun = []; slot._begin = lambda *a: begun.append(a)")
    try:
        choose(notebook.page, tmp_path / name)
        assert reaches(notebook.page, "refused") == words
        assert notebook.page.locator(".stylekit-upload .mark").inner_text() == "✗"
        notebook.wait_for_python("print(slot.state.name, slot.words)", f"REFUSED {words}\n")
        assert notebook.python("print(begun)") == "[]\n"
    finally:
        notebook.python("del slot._begin")


def test_what_the_kernel_refuses_is_shown(page: Page, tmp_path: Path) -> None:
    (tmp_path / "page.png").write_bytes(b"<html>")
    choose(page, tmp_path / "page.png")
    assert reaches(page, "refused") == "page.png: looks like a web page; save the picture itself"


def test_a_file_can_be_dropped_one_at_a_time(page: Page) -> None:
    slot = page.locator(".stylekit-upload")
    slot.evaluate(DROP, [["a.png", "b.png"], "two"])
    assert reaches(page, "refused") == "2 files were dropped; drop one"
    slot.evaluate(DROP, [["a.png"], "one"])
    assert reaches(page, "accepted").startswith("3 bytes")


def test_cancel_and_a_file_that_takes_the_place_of_another(
    notebook: NotebookPage, big_file: Path, tmp_path: Path
) -> None:
    page = notebook.page
    (tmp_path / "small.png").write_bytes(b"small")
    notebook.python(
        "take = slot._append\ndef slow(*a):\n    time.sleep(0.2); take(*a)\nslot._append = slow"
    )
    try:
        choose(page, big_file)
        assert reaches(page, "sending") == f"Sending {big_file.name}"
        # By keyboard, from the button to what ends it.
        page.get_by_label("Choose a file… for Style").focus()
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        reaches(page, "empty")
        assert page.evaluate("() => document.activeElement.type") == "file"
        choose(page, big_file)
        reaches(page, "sending")
        choose(page, tmp_path / "small.png")
        assert reaches(page, "accepted").startswith("5 bytes")
    finally:
        notebook.python("del slot._append")


def test_leaving_the_page_is_asked_about_only_while_a_file_is_sent(
    notebook: NotebookPage, big_file: Path, tmp_path: Path
) -> None:
    page = notebook.page

    def asks() -> bool:
        return page.evaluate(
            "() => !window.dispatchEvent(new Event('beforeunload', { cancelable: true }))"
        )

    (tmp_path / "small.png").write_bytes(b"small")
    notebook.python(
        "take = slot._append\ndef slow(*a):\n    time.sleep(0.2); take(*a)\nslot._append = slow"
    )
    try:
        assert not asks()
        choose(page, big_file)
        reaches(page, "sending")
        assert asks()
        choose(page, tmp_path / "small.png")
        reaches(page, "accepted")
        assert not asks()
    finally:
        notebook.python("del slot._append")


def test_a_silent_kernel_is_said_in_words_and_the_file_still_arrives(
    notebook: NotebookPage, tmp_path: Path
) -> None:
    kernel = int(notebook.python("import os; print(os.getpid())"))
    (tmp_path / "small.png").write_bytes(b"small")
    os.kill(kernel, signal.SIGSTOP)
    try:
        choose(notebook.page, tmp_path / "small.png")
        notebook.page.get_by_text("The kernel does not answer").wait_for()
    finally:
        os.kill(kernel, signal.SIGCONT)
    assert reaches(notebook.page, "accepted").startswith("5 bytes")


def test_a_file_that_went_away_is_said_in_words(notebook: NotebookPage) -> None:
    notebook.python(
        "back.children = [Download('none.mp4', label='A clip', media_type='video/mp4')]"
    )
    page = notebook.page
    page.get_by_text("none.mp4: it is not there yet, or no longer.").wait_for()
    page.get_by_role("button", name="Download none.mp4").click()
    page.get_by_text("none.mp4: it is no longer there").wait_for()


def test_the_divider_moves_by_keyboard_and_by_dragging(page: Page, split: Locator) -> None:
    stage = split.locator(".stylekit-stage")
    assert split_at(stage) == pytest.approx(0.5, abs=0.02)
    divider = split.get_by_role("slider")
    for _ in range(10):
        divider.press("ArrowLeft")
    assert divider.get_attribute("aria-label") == "Divider between before and after"
    assert divider.get_attribute("aria-valuetext") == "40 per cent before, 60 per cent after"
    assert split_at(stage) == pytest.approx(0.4, abs=0.02)
    box = stage.bounding_box()
    assert box is not None and (box["width"], box["height"]) == (200, 120)
    page.mouse.move(box["x"] + 80, box["y"] + 20)
    page.mouse.down()
    page.mouse.move(box["x"] + 150, box["y"] + 40)
    page.mouse.up()
    page.mouse.move(box["x"] + 10, box["y"] + 40)
    assert divider.input_value() == "75"
    assert split_at(stage) == pytest.approx(0.75, abs=0.02)
    assert page.get_by_alt_text("before: All red").count() == 1
    assert page.get_by_alt_text("after: All blue").count() == 1


def test_new_pictures_replace_both(notebook: NotebookPage, split: Locator) -> None:
    notebook.python("view.show(blue, red, alt_before='Blue now', alt_after='Red now')")
    notebook.page.wait_for_selector(".stylekit-split[data-painted='2']")
    assert split.locator("img").count() == 2
    assert split.get_by_alt_text("before: Blue now").count() == 1


def test_two_clips_stay_within_a_frame_of_each_other(pair: Locator) -> None:
    page = pair.page
    pair.get_by_role("button", name="Play").click()
    # Longer than the clip: it comes past its end and begins anew.
    drift, paused = page.evaluate(DRIFT, 5.0)
    assert not paused
    assert len(drift) > 20
    assert max(map(abs, drift)) < 1 / FPS
    pair.get_by_role("button", name="Pause").click()
    pair.get_by_role("button", name="Play").wait_for()
    assert_same_frame(page)


def test_one_that_falls_behind_is_brought_back(pair: Locator) -> None:
    page = pair.page
    pair.get_by_role("button", name="Play").click()
    page.evaluate("() => { document.querySelectorAll('.stylekit-pair video')[1].currentTime = 0; }")
    page.wait_for_timeout(1500)
    drift, _ = page.evaluate(DRIFT, 1.0)
    assert max(map(abs, drift)) < 1 / FPS
    pair.get_by_role("button", name="Pause").click()
    pair.get_by_role("button", name="Play").wait_for()


def test_clips_are_stepped_and_sought_by_keyboard(pair: Locator) -> None:
    page = pair.page
    seek = pair.get_by_label("Frame", exact=True)
    seek.press("Home")
    at_frame(pair, 1)
    seek.press("ArrowRight")
    at_frame(pair, 2)
    pair.get_by_role("button", name="One frame on").press("Enter")
    at_frame(pair, 3)
    pair.get_by_role("button", name="One frame back").press("Space")
    at_frame(pair, 2)
    assert seek.get_attribute("aria-valuetext") == f"frame 2 of {FRAMES}"
    seek.press("End")
    at_frame(pair, FRAMES)
    assert_same_frame(page)


def test_without_loop_both_rest_on_the_last_frame(pair: Locator) -> None:
    pair.get_by_label("Loop").uncheck()
    pair.get_by_label("Speed").select_option("2×")
    pair.get_by_role("button", name="Play").click()
    pair.get_by_role("button", name="Pause").wait_for()
    pair.get_by_role("button", name="Play").wait_for()
    at_frame(pair, FRAMES)


def test_clips_can_be_laid_over_each_other(pair: Locator) -> None:
    stage = pair.locator(".stylekit-stage")
    beside = stage.bounding_box()
    pair.get_by_label("Split view").check()
    over = stage.bounding_box()
    assert beside is not None and over is not None and over["width"] < beside["width"]
    divider = pair.get_by_label("Divider between before and after")
    divider.press("ArrowRight")
    assert divider.input_value() == "51"
    pair.get_by_label("Split view").uncheck()
    assert not divider.is_visible()


def test_a_clip_that_no_browser_plays_is_said_in_words(
    notebook: NotebookPage, clips: tuple[Path, Path], tmp_path: Path
) -> None:
    (tmp_path / "text.mp4").write_text("no clip")
    notebook.python(
        "other = ClipPair()\n"
        f"other.show({str(clips[0])!r}, {str(tmp_path / 'text.mp4')!r}, fps={FPS}, "
        "alt_before='', alt_after='')\n"
        "place.children = [other]"
    )
    notebook.page.get_by_text("This browser cannot play clips of this kind.").wait_for()


def test_who_asks_for_less_motion_gets_no_endless_clip(
    notebook: NotebookPage, pair: Locator
) -> None:
    page = notebook.page
    page.emulate_media(reduced_motion="reduce")
    try:
        notebook.python("place.children = [pair, pair]")
        second = pair.nth(1)
        second.get_by_role("button", name="Play").wait_for()
        assert not second.get_by_label("Loop").is_checked()
        assert page.evaluate("() => [...document.querySelectorAll('video')].every((v) => v.paused)")
    finally:
        page.emulate_media(reduced_motion="no-preference")


def split_at(stage: Locator) -> float:
    """Which share of the stage is red, as it was painted."""
    with PIL.Image.open(io.BytesIO(stage.screenshot())) as picture:
        row = np.asarray(picture.convert("RGB"), np.float32)[10]
    return float((row[:, 0] > row[:, 2]).mean())


def at_frame(pair: Locator, number: int) -> None:
    pair.get_by_text(f"frame {number} of {FRAMES}", exact=True).wait_for()
    pair.page.wait_for_function(f"() => ({FRAME_TIMES})().every((at) => at === {number - 1})")


def assert_same_frame(page: Page) -> None:
    first, second = page.evaluate(FRAME_TIMES)
    assert first == second
