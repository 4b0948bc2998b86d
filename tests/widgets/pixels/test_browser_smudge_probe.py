"""The smudge probe in a real browser: a click, and the keyboard, make it say why."""

from __future__ import annotations

import json
import os

import numpy as np
import pytest
from browser import opened_in_lab
from short_runs import SETTINGS, built_in_clip, built_in_style, share_objectives

from stylekit.explain.stored_run import open_run
from stylekit.explain.trail import age_map
from stylekit.samples import MaterialKind, find_material
from stylekit.video.folder import RunFolder, RunInputs
from stylekit.video.run import stylize_video

pytest_plugins = ["browser_fixtures"]

PANEL = ".stylekit-smudge-probe"
PICTURE = f"{PANEL} canvas[role='application']"
WORDS = f"{PANEL} .stylekit-probe-words"
NUMBERS = f"{PANEL} .stylekit-probe-numbers"
FRAMES = 3
WIDTH, HEIGHT = 48, 36


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A finished run that knows where its inputs are."""
    path = tmp_path_factory.mktemp("painted") / "run"
    clip, style = built_in_clip("drift", FRAMES), built_in_style()
    with pytest.MonkeyPatch.context() as monkeypatch:
        share_objectives(monkeypatch)
        stylize_video(clip, style, path, SETTINGS)
    files = {
        "clip": find_material("drift", MaterialKind.CLIP),
        "style": find_material("glass", MaterialKind.STYLE),
    }
    RunFolder(path).remember(RunInputs(**files, frames=FRAMES, size=WIDTH))
    return path


@pytest.fixture(scope="module")
def lab_page(lab, chromium, folder):
    """One notebook for all tests: its kernel loads the network once."""
    cell = (
        f"import os; os.environ.update({dict(TF_CPP_MIN_LOG_LEVEL='3', **_offline())!r})\n"
        "from stylekit.widgets.pixels.probe import SmudgeProbe\n"
        f"probe = SmudgeProbe({str(folder)!r})\n"
        "probe"
    )
    with opened_in_lab(chromium, lab, [cell]) as notebook:
        yield notebook
        assert notebook.errors == []
        assert notebook.foreign_requests() == []


@pytest.fixture
def notebook(lab_page):
    """A new probe of that run, its picture painted."""
    lab_page.run_all()
    lab_page.page.locator(f"{PICTURE}[data-painted='1']").wait_for()
    return lab_page


def _offline() -> dict[str, str]:
    """What keeps the kernel from asking the network for weights, as these tests are."""
    names = ("KERAS_HOME", "http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY")
    return {name: os.environ[name] for name in names if name in os.environ}


def click(notebook, x: int, y: int) -> None:
    """The middle of a pixel of the frame."""
    picture = notebook.page.locator(PICTURE)
    box = picture.bounding_box()
    picture.click(
        position={
            "x": (x + 0.5) * box["width"] / WIDTH,
            "y": (y + 0.5) * box["height"] / HEIGHT,
        }
    )


def wait_for_numbers_of(notebook, x: int, y: int) -> None:
    place = f"frame {FRAMES - 1}, x {x}, y {y}"
    notebook.page.locator(NUMBERS).filter(has_text=place).wait_for()


def test_a_click_and_the_keyboard_make_it_speak(notebook, folder):
    page = notebook.page
    ages = age_map(open_run(folder), FRAMES - 1)
    y, x = map(int, np.argwhere(ages == FRAMES - 1)[0])
    assert "Click on a smudge" in page.locator(WORDS).inner_text()
    assert page.locator(NUMBERS).count() == 0

    click(notebook, x, y)
    wait_for_numbers_of(notebook, x, y)
    words = page.locator(WORDS).inner_text()
    assert words.startswith("This pixel has been carried for 2 frames, since the first frame.")
    assert "What pulls at it now: " in words
    told = json.loads(
        notebook.python(
            "import json; from stylekit.explain.words import explain\n"
            "print(json.dumps([explain(probe.report), probe.report.age]))"
        )
    )
    assert told == [words.replace("\N{NO-BREAK SPACE}", " "), 2]
    # The path lies over the frame, and its crops of the earlier frames below.
    assert page.locator(f"{PANEL} svg .dots").first.get_attribute("d").count("M") == 3
    page.locator(f"{PANEL} :text('painted anew')").wait_for()
    page.locator(f"{PANEL} canvas[role='img'][data-painted='1']").wait_for()

    page.locator(PICTURE).focus()
    for key in ("ArrowLeft", "ArrowDown", "ArrowDown", "Enter"):
        page.keyboard.press(key)
    column, row = max(x - 1, 0), min(y + 2, HEIGHT - 1)
    wait_for_numbers_of(notebook, column, row)
    assert notebook.python("print(probe.report.x, probe.report.y)").split() == [
        str(column),
        str(row),
    ]


def test_views_change_the_picture_and_its_key(notebook):
    page = notebook.page
    seen = {page.evaluate(f"document.querySelector({PICTURE!r}).toDataURL()")}
    for serial, (view, key) in enumerate(
        (("mask", "motion boundary"), ("age", "painted anew"), ("who pulls", "style")), start=2
    ):
        page.locator(f"{PANEL} select").select_option(label=view)
        page.locator(f"{PICTURE}[data-painted='{serial}']").wait_for()
        assert key in page.locator(PICTURE).get_attribute("aria-label")
        page.locator(f"{PANEL} :text('{key}')").first.wait_for()
        seen.add(page.evaluate(f"document.querySelector({PICTURE!r}).toDataURL()"))
    assert len(seen) == 4
    assert page.locator(f"{PANEL} [role='alert']").count() == 0


def test_what_goes_wrong_is_told_in_the_panel(notebook, folder):
    path = folder / "flow" / "000002.backward.flo"
    kept = path.read_bytes()
    try:
        path.unlink()
        notebook.python("probe.run._motion.cache_clear()")  # what was read before would do
        click(notebook, 5, 5)
        alert = notebook.page.locator(f"{PANEL} [role='alert']")
        alert.wait_for()
        assert alert.inner_text().startswith("run: the flow of frame 2 is missing or damaged")
    finally:
        path.write_bytes(kept)
