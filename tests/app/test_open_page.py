"""Opening a browser: the address and its token are in no command line, and in no file of others."""

from __future__ import annotations

import os
import stat
import tempfile
import time
import webbrowser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from stylekit.app.open_page import page_opener, write_private

URL = "http://127.0.0.1:8866/a&b/?token=secret"
SHOWN = "http://127.0.0.1:8866/a&amp;b/?token=secret"


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[str]:
    """What browsers were asked to open."""
    urls: list[str] = []
    monkeypatch.setattr(webbrowser, "open", urls.append)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    (tmp_path / "temporary").mkdir()
    return urls


def file_of(asked: list[str]) -> Path:
    end = time.monotonic() + 60
    while not asked and time.monotonic() < end:
        time.sleep(0.01)
    (url,) = asked
    assert url.startswith("file://") and "secret" not in url
    return Path(unquote(urlsplit(url).path))


def test_the_file_leads_to_the_address_and_is_removed_at_the_end(
    asked: list[str], tmp_path: Path
) -> None:
    # Left behind by a server that was killed, and readable for all.
    left = tmp_path / ".stylekit-open-8866.html"
    left.write_text("old")
    with page_opener(tmp_path) as open_page:
        assert open_page(URL)
        file = file_of(asked)
        assert file == left.resolve()
        assert f'content="0;url={SHOWN}"' in file.read_text() and f'href="{SHOWN}"' in (
            file.read_text()
        )
        if os.name == "posix":
            assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert not file.exists()


def test_a_folder_that_cannot_take_it_is_replaced_by_a_temporary_one(
    asked: list[str], tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    with page_opener(tmp_path / "file") as open_page:
        assert open_page(URL)
        file = file_of(asked)
        assert SHOWN in file.read_text() and tmp_path / "temporary" in file.parents
    assert list((tmp_path / "temporary").iterdir()) == []


def test_without_any_such_folder_no_browser_is_opened(asked: list[str], tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "temporary").rmdir()
    with page_opener(tmp_path / "file") as open_page:
        assert not open_page(URL)
    assert asked == []


@pytest.mark.skipif(os.name != "posix", reason="needs links")
def test_a_link_that_others_have_laid_is_not_followed(tmp_path: Path) -> None:
    theirs = tmp_path / "theirs"
    theirs.write_text("x")
    (tmp_path / "page.html").symlink_to(theirs)
    assert write_private(tmp_path / "page.html", "secret").read_text() == "secret"
    assert theirs.read_text() == "x"
