"""The gallery's page in a browser: without a network, in light and dark, wide and narrow."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from axe import grave_faults

import stylekit as sk
from stylekit.app.gallery import gallery_command
from stylekit.media.files import write_text_atomic

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytest_plugins = ["browser_fixtures"]
pytestmark = pytest.mark.slow

SETTINGS = '{"made_with": "stylekit", "content": {"name": "%s.jpg"}, "style": {"name": "ink.jpg"}}'


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("class")
    for index, name in enumerate(("a" * 79, "cat", "cup", "", "tower")):
        path = folder / f"{index}.png"
        sk.save(np.full((30 + 9 * index, 60, 3), 0.2 * index, np.float32), path)
        if name:
            write_text_atomic(f"{path}.json", SETTINGS % name)
    page = folder.parent / f"{folder.name}.html"
    gallery_command(folder, page, names=True, overwrite=True, say=lambda _line: None)
    return page.as_uri()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [700, 1280])
def test_the_page_fits_asks_for_nothing_and_keeps_nobody_out(
    chromium: Browser, address: str, width: int, scheme: str
) -> None:
    page = chromium.new_page(
        viewport={"width": width, "height": 800},
        color_scheme=scheme,  # type: ignore[arg-type]
        bypass_csp=True,  # for the script of axe
    )
    try:
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.goto(address)
        images = page.evaluate("[...document.images].map((image) => image.naturalWidth > 0)")
        assert images == [True] * 5
        assert page.evaluate("document.documentElement.scrollWidth") == width
        assert not [url for url in asked if not url.startswith(("file:", "data:"))]
        assert grave_faults(page) == []
    finally:
        page.close()


def test_pictures_are_beside_each_other_where_there_is_room(
    chromium: Browser, address: str
) -> None:
    page = chromium.new_page()
    try:
        rows = {}
        for width in (360, 700, 1280):
            page.set_viewport_size({"width": width, "height": 800})
            page.goto(address)
            tops = "[...document.querySelectorAll('li')].map((e) => e.getBoundingClientRect().top)"
            rows[width] = len(set(page.evaluate(tops)))
        assert rows == {360: 5, 700: 3, 1280: 2}
    finally:
        page.close()


def test_files_of_the_class_stay_as_they_are(tmp_path: Path) -> None:
    picture = tmp_path / "class" / "a.png"
    picture.parent.mkdir()
    sk.save(np.full((30, 40, 3), 0.5, np.float32), picture)
    before = picture.read_bytes()
    page = tmp_path / "page.html"
    gallery_command(picture.parent, page, names=False, say=lambda _line: None)
    assert picture.read_bytes() == before and [*picture.parent.iterdir()] == [picture]
