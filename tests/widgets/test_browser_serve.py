"""The studio's page and JupyterLab as the commands start them, in a real browser.

The page is tried with a notebook of a few widgets; the studio itself has tests of its own.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import nbformat
import pytest
from axe import grave_faults
from browser import NotebookPage, find_chromium, opened
from path_proxy import path_proxy
from served import SERVE_NOTEBOOK, Served, served

from stylekit.app.notebooks import notebooks_folder

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytest_plugins = ["browser_fixtures"]

PROSE = "# A page\n\nwith a formula, $x^2$, and a [link](https://example.org/)."
WIDGETS = """\
import ipywidgets, sys
from stylekit.widgets.weights.panel import WeightPanel
upload, size = ipywidgets.FileUpload(description="choose"), ipywidgets.Label("nothing")
def tell(change):
    size.value = f"{len(change.new[0].content)} bytes came"
upload.observe(tell, "value")
print("not for the page", file=sys.stderr)
ipywidgets.VBox([WeightPanel(), upload, size])"""
SHOWN = "main#rendered_cells"
SecondVisit: TypeAlias = tuple[NotebookPage, Path]
# More than a server takes in one message unless it is told to.
LARGE = 12 * 2**20


@pytest.fixture(scope="module")
def studio_notebook(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A stand-in notebook of a few widgets."""
    path = tmp_path_factory.mktemp("studio") / "page.ipynb"
    notebook = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_markdown_cell(PROSE), nbformat.v4.new_code_cell(WIDGETS)],
        metadata={"kernelspec": {"name": "python3", "display_name": "Python 3"}},
    )
    nbformat.write(notebook, path)
    return path


@pytest.fixture(scope="module")
def studio(studio_notebook: Path) -> Iterator[Served]:
    """The page of the stand-in notebook."""
    pytest.importorskip("voila", reason="voila is not installed")
    find_chromium()
    root = studio_notebook.parent
    with served(["-c", SERVE_NOTEBOOK, str(studio_notebook), "600"], root) as server:
        yield server
    assert server.complaints == ""


@pytest.fixture(scope="module")
def visited(chromium: Browser, studio: Served) -> Iterator[NotebookPage]:
    """The page in a light window, for all who do not wear it out."""
    with visit(chromium, studio) as page:
        yield page


@contextmanager
def visit(
    chromium: Browser, studio: Served, *, query: str = "", scheme: str = "light", width: int = 1280
) -> Iterator[NotebookPage]:
    """The page as a new visitor sees it, once it is all there."""
    with opened(chromium, "about:blank", width=width) as page:
        page.page.emulate_media(color_scheme=scheme)
        page.page.goto(studio.url + query)
        whole(page.page)
        yield page


def whole(page: Page) -> None:
    """Wait until everything is shown."""
    page.wait_for_selector(SHOWN, state="visible")
    page.wait_for_selector(f"{SHOWN} input[type=range]")


def lightness(page: Page, selector: str) -> float:
    """Of an element's background, from 0 to 1."""
    color = page.evaluate(
        "(s) => getComputedStyle(document.querySelector(s)).backgroundColor", selector
    )
    red, green, blue = map(int, re.findall(r"\d+", color)[:3])
    return (red + green + blue) / 765


def test_the_page_asks_nothing_of_other_servers_and_runs_without_errors(visited) -> None:
    visited.page.wait_for_selector("mjx-container, .MathJax")
    visited.page.wait_for_load_state("networkidle")
    assert len(visited.requests) > 10
    assert visited.foreign_requests() == []
    assert visited.errors == []


def test_the_page_says_what_it_is_and_shows_no_asides_of_python(visited) -> None:
    page = visited.page
    assert page.title() == "stylekit studio"
    assert page.locator("html").get_attribute("lang") == "en"
    assert page.get_by_role("main").count() == 1
    assert not page.get_by_text("not for the page").is_visible()
    assert page.locator("#loading").count() == 0
    # It grows with what is on it and scrolls as a page.
    assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
    below = page.get_by_label("Colours").bounding_box()["y"]
    assert below > page.get_by_role("button", name="choose").bounding_box()["y"]


def test_axe_finds_no_grave_fault_and_would_find_one(visited) -> None:
    page = visited.page
    assert grave_faults(page) == []
    page.evaluate("() => document.querySelector('main').append(document.createElement('button'))")
    assert any(fault.startswith("button-name") for fault in grave_faults(page))
    assert grave_faults(page, exceptions=["button-name"]) == []
    page.evaluate("() => document.querySelector('main').lastElementChild.remove()")


def test_a_message_of_twelve_megabytes_arrives(visited) -> None:
    large = {"name": "large.bin", "mimeType": "application/octet-stream", "buffer": bytes(LARGE)}
    with visited.page.expect_file_chooser() as chooser:
        visited.page.get_by_role("button", name="choose").click()
    chooser.value.set_files(large)
    visited.page.get_by_text(f"{LARGE} bytes came").wait_for()


def test_the_colours_are_the_visitors_choice_which_is_remembered(visited) -> None:
    page = visited.page
    assert lightness(page, "body") > 0.8
    page.get_by_label("Colours").select_option("dark")
    assert lightness(page, "body") < 0.2
    page.reload()
    whole(page)
    assert lightness(page, "body") < 0.2
    assert page.get_by_label("Colours").input_value() == "dark"
    page.get_by_label("Colours").select_option("system")
    assert lightness(page, "body") > 0.8


def test_a_picture_from_elsewhere_is_not_asked_for(visited) -> None:
    """The browser itself refuses, whatever a widget or a notebook holds."""
    elsewhere = "https://example.org/a.png"
    refused = visited.page.evaluate(
        """(elsewhere) => new Promise((resolve) => {
            const picture = Object.assign(new Image(), { src: elsewhere });
            const tell = (words) => { picture.remove(); resolve(words); };
            document.addEventListener(
                "securitypolicyviolation", (event) => tell(event.blockedURI), { once: true });
            document.body.append(picture);
            setTimeout(() => tell("not refused"), 5000);
        })""",
        elsewhere,
    )
    # Other tests count only what the page asks for by itself.
    visited.requests[:] = [url for url in visited.requests if url != elsewhere]
    assert refused == elsewhere


def test_colours_follow_the_system_from_the_first_line_on(
    chromium: Browser, studio: Served
) -> None:
    with opened(chromium, "about:blank", width=700) as notebook:
        page = notebook.page
        page.emulate_media(color_scheme="dark")
        page.goto(studio.url, wait_until="commit")
        page.wait_for_selector("#loading")
        assert "being set up" in page.locator("#loading[role=status]").inner_text()
        assert not page.locator(SHOWN).is_visible()
        # Until all is there, no moment is light.
        end = time.monotonic() + 120
        while not page.locator(SHOWN).is_visible() and time.monotonic() < end:
            assert lightness(page, "body") < 0.2
        whole(page)
        assert lightness(page, "body") < 0.2
        assert page.locator("body").get_attribute("data-jp-theme-light") == "false"
        assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
        assert grave_faults(page) == []
        page.emulate_media(color_scheme="light")
        page.wait_for_function("() => document.body.dataset.jpThemeLight === 'true'")
        assert lightness(page, "body") > 0.8


@pytest.fixture(scope="module")
def visit_again(chromium: Browser, studio: Served) -> Iterator[Callable[[], SecondVisit]]:
    """Gives the second visit, which begins anew if its page has been closed."""
    with ExitStack() as stack:
        visits: list[SecondVisit] = []

        def folders() -> set[Path]:
            return set(studio.temporary.glob("stylekit-*/visitor-*"))

        def visit_once() -> SecondVisit:
            if not visits or visits[-1][0].page.is_closed():
                before = folders()
                page = stack.enter_context(
                    visit(chromium, studio, query="&theme=light", scheme="dark")
                )
                (own,) = folders() - before
                visits.append((page, own))
            return visits[-1]

        yield visit_once


@pytest.fixture
def second_visit(visit_again: Callable[[], SecondVisit]) -> SecondVisit:
    """A visitor who asks for light colours on a dark system, and the folder that is theirs."""
    return visit_again()


def test_colours_may_be_given_in_the_address(second_visit) -> None:
    page, _ = second_visit
    assert lightness(page.page, "body") > 0.8
    assert page.page.locator("body").get_attribute("data-jp-theme-light") == "true"


def test_a_reload_and_a_new_tab_show_the_page_as_it_was(second_visit) -> None:
    page, own = second_visit
    with page.page.expect_file_chooser() as chooser:
        page.page.get_by_role("button", name="choose").click()
    small = {"name": "small.bin", "mimeType": "application/octet-stream", "buffer": bytes(17)}
    chooser.value.set_files(small)
    page.page.get_by_text("17 bytes came").wait_for()
    page.page.reload()
    whole(page.page)
    page.page.get_by_text("17 bytes came").wait_for()
    tab = page.page.context.new_page()
    tab.goto(page.page.url)
    whole(tab)
    tab.get_by_text("17 bytes came").wait_for()
    # What one of them changes, the other one shows.
    slider = "input[type=range] >> nth=0"
    tab.locator(slider).focus()
    tab.keyboard.press("ArrowRight")
    moved = tab.locator(slider).input_value()
    page.page.wait_for_function(
        "(value) => document.querySelector('input[type=range]').value === value", arg=moved
    )
    tab.close()
    assert own.exists()


def test_another_visitor_has_another_kernel(
    chromium: Browser, studio: Served, second_visit
) -> None:
    page, _ = second_visit
    with visit(chromium, studio) as other:
        assert not other.page.get_by_text("17 bytes came").is_visible()
        assert kernel_of(other.page) != kernel_of(page.page)


def test_a_page_that_is_left_is_found_again_until_its_kernel_ends(
    chromium: Browser, studio_notebook: Path, tmp_path: Path
) -> None:
    with (
        served(["-c", SERVE_NOTEBOOK, str(studio_notebook), "3"], tmp_path) as server,
        visit(chromium, server) as page,
    ):
        context = page.page.context
        kernel = kernel_of(page.page)
        page.page.close(run_before_unload=True)
        tab = context.new_page()
        tab.goto(server.url)
        whole(tab)
        assert kernel_of(tab) == kernel
        tab.close()
        (own,) = server.temporary.glob("stylekit-*/visitor-*")
        end = time.monotonic() + 60
        while own.exists() and time.monotonic() < end:
            time.sleep(0.1)
        assert not own.exists()
        tab = context.new_page()
        tab.goto(server.url)
        whole(tab)
        assert kernel_of(tab) != kernel


def kernel_of(page: Page) -> str:
    """The kernel of a page of the studio's server."""
    config = page.locator("#jupyter-config-data").text_content()
    return str(json.loads(config or "{}")["kernelId"])


def test_other_pages_ask_nothing_of_other_servers_either(chromium: Browser, studio: Served) -> None:
    for url in (studio.at("/voila/no-such-page"), studio.url.split("?")[0]):
        with opened(chromium, url) as page:
            page.page.wait_for_load_state("networkidle")
            assert page.foreign_requests() == []


def test_the_studio_itself_is_such_a_page(chromium: Browser, tmp_path: Path) -> None:
    if not (notebooks_folder() / "studio.ipynb").exists():
        pytest.skip("there is no studio notebook")
    with served(["-m", "stylekit.app.cli", "studio", "--no-browser"], tmp_path) as server:
        with opened(chromium, server.url) as page:
            page.page.wait_for_selector(SHOWN, state="visible")
            page.page.locator(f"{SHOWN} button:visible").first.wait_for()
            page.page.wait_for_load_state("networkidle")
            assert page.foreign_requests() == []
            assert page.errors == []
            assert grave_faults(page.page) == []
        assert server.end() == 0
    assert server.complaints == ""


def test_the_studio_works_behind_a_proxy_that_hands_on_one_path(
    chromium: Browser, tmp_path: Path
) -> None:
    """With a token that who has set up the proxy has chosen, and which no line of a log has."""
    base, token = "/class/ann@school/studio/", "chosen-by-the-proxy"
    command = ["-m", "stylekit.app.cli", "studio", "--no-browser", "--base-url", base]
    with (
        served(command, tmp_path, {"STYLEKIT_TOKEN": token}) as server,
        path_proxy(int(server.url.split(":")[2].split("/")[0]), base) as port,
    ):
        assert server.url.endswith(base) and not any(token in line for line in server.lines)
        address = f"http://127.0.0.1:{port}{base}"
        with opened(chromium, f"{address}?token={token}") as page:
            page.page.wait_for_selector(SHOWN, state="visible")
            page.page.wait_for_load_state("networkidle")
            # A widget that answers: its messages go through the proxy, too.
            page.page.locator("label", has_text="chelsea").first.click()
            page.page.get_by_text(re.compile(r"chelsea\.\w+: picture")).first.wait_for()
            page.page.wait_for_load_state("networkidle")
            own = (address, address.replace("http:", "ws:"), "data:", "blob:")
            assert [url for url in page.requests if not url.startswith(own)] == []
            assert any(url.startswith("ws:") for url in page.requests)
            assert page.errors == []
            page.page.reload()
            page.page.get_by_text(re.compile(r"chelsea\.\w+: picture")).first.wait_for()
    assert server.complaints == ""


@contextmanager
def opened_lab(chromium: Browser, root: Path) -> Iterator[NotebookPage]:
    with (
        served(["-m", "stylekit.app.cli", "lab", "mine", "--no-browser"], root) as server,
        opened(chromium, server.url) as page,
    ):
        yield page


def test_lab_shows_the_notebooks_and_offers_no_news(chromium: Browser, tmp_path: Path) -> None:
    pytest.importorskip("jupyterlab", reason="jupyterlab is not installed")
    with opened_lab(chromium, tmp_path) as lab:
        lab.page.get_by_role("listitem", name=re.compile("00_first_steps")).wait_for()
        lab.page.wait_for_load_state("networkidle")
        # The offer comes a moment after everything else.
        lab.page.wait_for_timeout(3000)
        assert lab.page.get_by_text("news").count() == 0
        assert lab.foreign_requests() == []
