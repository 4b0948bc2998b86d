"""`stylekit lab` and `stylekit studio` without a browser: copies, addresses, servers."""

from __future__ import annotations

import html
import importlib.util
import json
import logging
import os
import re
import signal
import socket
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from urllib.parse import unquote, urlsplit

import nbformat
import pytest
from served import SERVE_NOTEBOOK, served
from short_runs import stylekit
from tornado.websocket import WebSocketClosedError

from stylekit.app import notebooks as copying
from stylekit.app.address import HOST, choose_address
from stylekit.app.jupyter_servers import concerns_open_page
from stylekit.app.notebooks import RECORD, copy_notebooks, notebooks_folder, studio_notebook
from stylekit.errors import SettingsError, StylekitError

WHO = """\
import json, os, pathlib, tempfile
pathlib.Path("mine.txt").write_text("secret")
print("WHO", json.dumps([os.getpid(), os.getcwd(), tempfile.gettempdir()]), "END")"""


# --- copies ---------------------------------------------------------------------------------------


@pytest.fixture
def originals(tmp_path, monkeypatch):
    """Two notebooks, a picture that one of them shows, and a hidden file."""
    folder = tmp_path / "originals"
    for name in ("a.ipynb", "b.ipynb", "images/one.png", ".ipynb_checkpoints/a-checkpoint.ipynb"):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"first {name}")
    monkeypatch.setattr(copying, "notebooks_folder", lambda: folder)
    return folder


def test_notebooks_and_what_lies_with_them_are_copied(originals, tmp_path):
    copies = copy_notebooks(tmp_path / "new" / "mine")
    assert copies.new == ["a.ipynb", "b.ipynb", "images/one.png"]
    found = {path.relative_to(copies.folder).as_posix() for path in copies.folder.rglob("*.*")}
    assert found == {*copies.new, RECORD}
    assert (copies.folder / "images/one.png").read_text() == "first images/one.png"


def test_a_second_time_there_is_nothing_to_say(originals, tmp_path):
    copy_notebooks(tmp_path / "mine")
    again = copy_notebooks(tmp_path / "mine")
    assert len(again.same) == 3
    assert list(again.lines()) == []


def test_an_older_copy_is_replaced_and_a_changed_one_is_kept(originals, tmp_path):
    mine = tmp_path / "mine"
    copy_notebooks(mine)
    (mine / "b.ipynb").write_text("my work")
    for name in ("a.ipynb", "b.ipynb"):
        (originals / name).write_text(f"second {name}")
    copies = copy_notebooks(mine)
    assert (copies.updated, copies.kept) == (["a.ipynb"], ["b.ipynb"])
    assert (mine / "a.ipynb").read_text() == "second a.ipynb"
    assert (mine / "b.ipynb").read_text() == "my work"
    assert any("kept" in line and "b.ipynb" in line for line in copies.lines())
    # And it stays theirs, however often.
    assert copy_notebooks(mine).kept == ["b.ipynb"]


def test_new_outputs_alone_make_a_notebook_the_users(originals, tmp_path):
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("1")])
    nbformat.write(notebook, originals / "a.ipynb")
    copy_notebooks(tmp_path / "mine")
    notebook.cells[0].outputs = [nbformat.v4.new_output("stream", text="1")]
    nbformat.write(notebook, tmp_path / "mine" / "a.ipynb")
    assert copy_notebooks(tmp_path / "mine").kept == ["a.ipynb"]


@pytest.mark.parametrize("record", ["", "no JSON", "[1]", None])
def test_without_a_sound_record_nothing_is_written_over(record, originals, tmp_path):
    mine = tmp_path / "mine"
    copy_notebooks(mine)
    if record is None:
        (mine / RECORD).unlink()
    else:
        (mine / RECORD).write_text(record)
    (originals / "a.ipynb").write_text("second")
    copies = copy_notebooks(mine)
    assert (copies.kept, copies.same) == (["a.ipynb"], ["b.ipynb", "images/one.png"])
    assert (mine / "a.ipynb").read_text() == "first a.ipynb"


def test_a_notebook_that_was_deleted_comes_back(originals, tmp_path):
    copy_notebooks(tmp_path / "mine")
    (tmp_path / "mine" / "a.ipynb").unlink()
    assert copy_notebooks(tmp_path / "mine").new == ["a.ipynb"]


def test_the_originals_themselves_are_left_alone(originals):
    before = sorted(originals.rglob("*"))
    assert list(copy_notebooks(originals).lines()) == []
    assert sorted(originals.rglob("*")) == before


def test_a_file_is_no_folder(originals, tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(StylekitError, match=r"file: .* is a file; give a folder"):
        copy_notebooks(tmp_path / "file")


def test_the_notebooks_are_found_and_shipped():
    assert (notebooks_folder() / "00_first_steps.ipynb").is_file()
    text = (Path(__file__).parents[2] / "pyproject.toml").read_text()
    # Where `notebooks_folder` looks first.
    assert '"notebooks" = "stylekit/notebooks"' in text


def test_a_missing_studio_is_told(originals):
    with pytest.raises(StylekitError, match=r"studio\.ipynb: is missing; install stylekit again"):
        studio_notebook()


# --- addresses ------------------------------------------------------------------------------------


@pytest.fixture
def taken():
    """A port at which another program listens."""
    with socket.socket() as other:
        other.bind((HOST, 0))
        other.listen()
        yield other.getsockname()[1]


def test_the_usual_port_gives_way(taken):
    address = choose_address(None, usual=taken)
    assert address.port != taken
    # Which is free, and then the usual one is taken.
    again = choose_address(None, usual=address.port)
    assert again.port == address.port
    # Another program may come first; a port that was asked for is had or refused.
    assert again.retries > 0
    assert choose_address(address.port, usual=taken).retries == 0


def test_each_start_has_a_token_that_cannot_be_guessed():
    tokens = {choose_address(None, usual=8866).token for _ in range(5)}
    assert len(tokens) == 5
    assert min(map(len, tokens)) >= 32
    address = choose_address(None, usual=8866)
    assert address.url("/lab") == f"http://127.0.0.1:{address.port}/lab?token={address.token}"


def test_a_port_that_is_asked_for_is_had_or_refused(taken):
    with pytest.raises(SettingsError, match=f"--port: {taken} is taken"):
        choose_address(taken, usual=8866)
    for wrong in (0, -1, 65536):
        with pytest.raises(SettingsError, match="--port: must be a number from 1 to 65535"):
            choose_address(wrong, usual=8866)


def test_a_path_and_a_token_may_be_given(monkeypatch):
    monkeypatch.setenv("STYLEKIT_TOKEN", "secret-of-16_letters")
    address = choose_address(None, usual=8866, base="/user/ann@school/studio")
    assert address.url() == (
        f"http://127.0.0.1:{address.port}/user/ann@school/studio/?token=secret-of-16_letters"
    )
    # Kernels do not inherit it.
    assert "STYLEKIT_TOKEN" not in os.environ
    monkeypatch.setenv("STYLEKIT_TOKEN", "short")
    with pytest.raises(SettingsError, match="STYLEKIT_TOKEN: must be at least 16 letters"):
        choose_address(None, usual=8866)


@pytest.mark.parametrize("base", ["studio", "//evil.example/", "/a/../b/", "/a b/", "/?x="])
def test_what_is_no_path_is_refused(base):
    with pytest.raises(SettingsError, match="--base-url: must be a path such as /studio/"):
        choose_address(None, usual=8866, base=base)


# --- the command line -----------------------------------------------------------------------------


@pytest.mark.parametrize(("command", "package"), [("lab", "jupyterlab"), ("studio", "voila")])
def test_what_is_not_installed_is_told_in_one_line(command, package, capsys, monkeypatch, tmp_path):
    find = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name: None if name == package else find(name)
    )
    monkeypatch.chdir(tmp_path)
    outcome = stylekit(capsys, command)
    assert outcome.code == 2
    assert (
        outcome.complaint
        == f"{package}: not installed; install it: pip install 'stylekit[notebooks]'"
    )
    assert not list(tmp_path.iterdir())


# --- servers --------------------------------------------------------------------------------------


def get(
    url: str,
    *,
    headers: dict[str, str] | None = None,
    method: str = "GET",
    errors: bool = False,
) -> tuple[int, str]:
    """Status and text at an address, without a proxy and without redirection to a login page.

    The text of an error is left out unless `errors`.
    """

    class Stay(urllib.request.HTTPRedirectHandler):
        def redirect_request(self, *_):
            return None

    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), Stay)
    request = urllib.request.Request(url, headers=headers or {}, method=method)
    try:
        with opener.open(request, timeout=60) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode() if errors else ""


def until(ready, seconds: float = 60.0) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if ready():
            return True
        time.sleep(0.1)
    return False


def token_of(url: str) -> str:
    return url.split("token=")[1]


def listens_elsewhere(port: int) -> bool:
    """Whether another address of this machine than the loopback one answers at a port."""
    try:
        with socket.create_connection((socket.gethostbyname(socket.gethostname()), port), 1):
            return True
    except OSError:
        return False


@pytest.mark.slow
def test_lab_serves_the_copied_notebooks_and_ends_at_ctrl_c(tmp_path):
    pytest.importorskip("jupyterlab", reason="jupyterlab is not installed")
    opened = tmp_path / "opened"
    browser = tmp_path / "browser.py"
    browser.write_text(f"import sys; open({str(opened)!r}, 'w').write(sys.argv[1])")
    environment = {"BROWSER": f"{sys.executable} {browser} %s"}
    with served(["-m", "stylekit.app.cli", "lab", "mine"], tmp_path, environment) as lab:
        assert lab.lines[0].startswith("copied to mine: 00_first_steps.ipynb")
        assert re.fullmatch(
            r"JupyterLab is at http://127\.0\.0\.1:\d+/lab\?token=\w+", lab.lines[1]
        )
        # The address with the token is in a file, because all users can read a command line.
        assert until(lambda: opened.exists() and opened.read_text().startswith("file://"))
        link = Path(unquote(urlsplit(opened.read_text()).path))
        assert link.parent == tmp_path / "mine"
        assert f'href="{lab.url}"' in link.read_text() and token_of(lab.url) not in str(link)
        if sys.platform != "win32":
            assert link.stat().st_mode & 0o777 == 0o600
        assert get(lab.url.split("?")[0])[0] in (302, 403)
        assert get(lab.at("/api/contents"))[0] == 200
        names = [item["name"] for item in json.loads(get(lab.at("/api/contents"))[1])["content"]]
        assert "00_first_steps.ipynb" in names
        port = int(lab.url.split(":")[2].split("/")[0])
        if socket.gethostbyname(socket.gethostname()) != HOST:
            assert not listens_elsewhere(port)
        assert lab.end(signal.SIGINT) == 0
        assert not link.exists()
    assert lab.lines[-1] == "JupyterLab has ended"
    assert lab.complaints == ""


@pytest.fixture
def who_page(tmp_path):
    """A notebook that writes a file and tells who runs it."""
    pytest.importorskip("voila", reason="voila is not installed")
    notebook = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(WHO)],
        metadata={"kernelspec": {"name": "python3", "display_name": "Python 3"}},
    )
    path = tmp_path / "page" / "who.ipynb"
    path.parent.mkdir()
    nbformat.write(notebook, path)
    return path


def visit(studio) -> tuple[str, int, Path]:
    """Load the page as a new visitor: the kernel's name, its process, its folder."""
    status, text = get(studio.url)
    assert status == 200
    kernel = re.search(r'"kernelId": "([\w-]+)"', text)
    told = re.search(r"WHO (.*?) END", text)
    assert kernel and told, text[-2000:]
    process, current, temporary = json.loads(html.unescape(told[1]))
    assert current == temporary
    return kernel[1], process, Path(temporary)


@pytest.mark.slow
def test_each_visitor_has_a_kernel_and_a_folder_that_go_away(who_page, tmp_path):
    with served(["-c", SERVE_NOTEBOOK, str(who_page), "2"], tmp_path) as studio:
        assert get(studio.url.split("?")[0])[0] in (302, 403)
        first, process, mine = visit(studio)
        _, other_process, yours = visit(studio)
        assert process != other_process
        assert mine != yours
        assert (mine / "mine.txt").exists() and (yours / "mine.txt").exists()
        assert mine.parent.parent == studio.temporary
        # Nothing beside the notebook is written, or served.
        assert [path.name for path in who_page.parent.iterdir()] == ["who.ipynb"]
        # What Voila's script says when the page is left, where a proxy adds the token.
        bearer = {"Authorization": f"token {token_of(studio.url)}"}
        bare = studio.url.split("?")[0] + f"voila/api/shutdown/{first}"
        assert get(bare, method="POST", headers=bearer)[0] == 204
        assert (mine / "mine.txt").exists()
        # What somebody says who wants to end it.
        assert get(studio.at(f"/voila/api/shutdown/{first}"), method="POST")[0] == 204
        assert until(lambda: not mine.exists())
        # The other page went away without a word.
        assert until(lambda: not yours.exists())
        _, _, last = visit(studio)
        assert last.exists()
        assert studio.end(signal.SIGTERM) == 0
        assert list(studio.temporary.iterdir()) == []
    assert studio.complaints == ""


@pytest.mark.slow
def test_who_comes_when_all_places_are_taken_is_told_so(who_page, tmp_path):
    with served(["-c", SERVE_NOTEBOOK, str(who_page), "600", "2"], tmp_path) as studio:
        kernels = [visit(studio)[0] for _ in range(2)]
        status, text = get(studio.url, errors=True)
        assert status == 503
        assert "has places for 2 visitors and all are taken: come back when another" in text
        assert len(list(studio.temporary.glob("stylekit-*/visitor-*"))) == 2
        # A place that is left is another's.
        assert get(studio.at(f"/voila/api/shutdown/{kernels[0]}"), method="POST")[0] == 204
        assert until(lambda: get(studio.url)[0] == 200)


@pytest.mark.slow
def test_what_a_killed_server_left_is_removed_by_the_next(who_page, tmp_path):
    command = ["-c", SERVE_NOTEBOOK, str(who_page), "600"]
    with served(command, tmp_path) as killed:
        _, process, mine = visit(killed)
        killed.process.kill()
        killed.code = killed.process.wait(60)
        assert mine.exists()
        assert until(lambda: not alive(process))
    # One that lives keeps what it has, also while others start.
    with served(command, tmp_path) as living:
        assert not mine.parent.exists()
        _, _, yours = visit(living)
        other = tmp_path / "other"
        other.mkdir()
        with served(command, other, {"TMPDIR": str(living.temporary)}):
            assert (yours / "mine.txt").exists()
        assert (yours / "mine.txt").exists()
    assert list(living.temporary.iterdir()) == []


def alive(process: int) -> bool:
    """Whether a process, which is no child of this one, still runs."""
    try:
        os.kill(process, 0)
        state = Path(f"/proc/{process}/stat")
        # A container may have no process that buries orphans.
        return not (state.exists() and ") Z " in state.read_text())
    except OSError:
        return False


@pytest.mark.parametrize(("error", "said"), [(WebSocketClosedError(), False), (OSError(), True)])
def test_a_page_that_closes_while_it_is_written_to_is_no_news(error: Exception, said: bool) -> None:
    # As asyncio tells of a task whose error nobody looked at.
    told = logging.LogRecord("asyncio", logging.ERROR, "", 0, "", (), (type(error), error, None))
    assert concerns_open_page(told) is said
