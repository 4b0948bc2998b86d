"""The download of VGG19's weights, from a server of this machine that is good or bad at it."""

from __future__ import annotations

import hashlib
import logging
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from test_weights import real_reachable, write_legacy

from stylekit.errors import WeightsError
from stylekit.vgg import download as downloading
from stylekit.vgg import weights as backbones
from stylekit.vgg.download import DownloadError, download
from stylekit.vgg.weights import Backbone, load_backbone

ADVICE = r"run it again, or use vgg16, which needs none$"


class Server(ThreadingHTTPServer):
    """Sends `content`, in the `manner` that a test asks for."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.content, self.manner, self.downloads = b"", "well", 0
        self.ended = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/weights.h5"


class Handler(BaseHTTPRequestHandler):
    server: Server

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def do_HEAD(self) -> None:
        self.send_response(200)
        self.end_headers()

    def do_GET(self) -> None:
        server, manner = self.server, self.server.manner
        server.downloads += 1
        content = server.content if manner != "wrong" else b"<html>log in to this network</html>"
        if manner == "missing":
            self.send_error(404)
            return
        if manner == "no HTTP":
            self.wfile.write(b"hello\n")
            return
        self.send_response(200)
        if manner != "endless":
            self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        half = len(content) // 2
        try:
            if manner == "breaks off":
                self.wfile.write(content[:half])
            elif manner == "stalls":
                self.wfile.write(content[:half])
                server.ended.wait(60)
            elif manner == "trickles":
                for byte in content:
                    self.wfile.write(bytes([byte]))
                    if server.ended.wait(0.05):
                        return
            elif manner == "endless":
                while not server.ended.is_set():
                    self.wfile.write(bytes(1 << 16))
            else:
                if manner == "slowly":
                    time.sleep(0.5)
                self.wfile.write(content)
        except OSError:
            pass  # the other side has had enough


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """The server, in place of that of Keras, and with a short patience."""
    with Server() as server:
        monkeypatch.setattr(backbones, "_VGG19_URL", server.url)
        monkeypatch.setattr(backbones, "_reachable", real_reachable)
        monkeypatch.setattr(backbones, "_PROBE_SECONDS", 30.0)
        monkeypatch.setattr(downloading, "STALL_SECONDS", 1.0)
        monkeypatch.setenv("no_proxy", "127.0.0.1")
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield server
        server.ended.set()
        server.shutdown()


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty home of Keras's, and no backbone kept from before."""
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    backbones._load_backbone.cache_clear()
    yield tmp_path / "keras"
    backbones._load_backbone.cache_clear()


@pytest.fixture
def genuine(
    server: Server, tmp_path: Path, random_vgg19: Backbone, monkeypatch: pytest.MonkeyPatch
) -> bytes:
    """A file with VGG19's convolutions, which the server has and whose sum is the expected one."""
    server.content = write_legacy(tmp_path / "genuine.h5", random_vgg19.kernels).read_bytes()
    monkeypatch.setattr(backbones, "_VGG19_MD5", hashlib.md5(server.content).hexdigest())
    return server.content


def cached(home: Path) -> Path:
    return home / "models" / backbones._VGG19_FILE


def left(home: Path) -> list[str]:
    """Names of the files in the cache, without that of the lock."""
    names = {path.name for path in cached(home).parent.iterdir()}
    return sorted(names - {f"{backbones._VGG19_FILE}.lock"})


def test_a_download_fills_the_cache_and_leaves_standard_output_alone(
    home: Path, server: Server, genuine: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    # A part that an earlier process left when it was killed.
    cached(home).parent.mkdir(parents=True)
    cached(home).with_name(f"{backbones._VGG19_FILE}.part").write_bytes(b"half")
    assert load_backbone("auto").label == "vgg19 (ImageNet weights from Keras)"
    assert cached(home).read_bytes() == genuine and left(home) == [backbones._VGG19_FILE]
    # Nor is progress drawn anywhere else, such as in a notebook.
    assert capsys.readouterr() == ("", "")
    backbones._load_backbone.cache_clear()
    assert load_backbone("vgg19").name == "vgg19" and server.downloads == 1


@pytest.mark.parametrize(
    ("manner", "reason"),
    [
        ("stalls", r"nothing came for 1 seconds"),
        ("trickles", r"next to nothing came for 1 seconds"),
        ("breaks off", r"the connection broke off after \d+\.\d of \d+\.\d MB"),
        ("wrong", r"what came is another file, or damaged"),
        ("endless", r"more than 100 MB came, which is another file"),
        ("missing", r"Not Found"),
        ("no HTTP", r"the server does not speak HTTP: BadStatusLine"),
    ],
)
def test_a_bad_download_leaves_nothing_and_auto_goes_on_without_it(
    manner: str,
    reason: str,
    home: Path,
    server: Server,
    genuine: bytes,
    caplog: pytest.LogCaptureFixture,
) -> None:
    server.manner = manner
    begin = time.perf_counter()
    with pytest.raises(
        WeightsError, match=rf"^vgg19: the download of its weights failed \({reason}\); {ADVICE}"
    ):
        load_backbone("vgg19")
    assert time.perf_counter() - begin < 30
    assert left(home) == []
    with caplog.at_level(logging.INFO, logger="stylekit"):
        assert load_backbone("auto").name == "vgg16"
    assert any("running on the embedded VGG16 instead" in line for line in caplog.messages)
    assert left(home) == []
    # And when the network is better, it comes.
    server.manner = "well"
    backbones._load_backbone.cache_clear()
    assert load_backbone("auto").name == "vgg19"


@pytest.mark.parametrize("cut", [0, 1000, 10**6])
def test_half_a_download_of_another_program_is_replaced(
    cut: int, home: Path, server: Server, genuine: bytes
) -> None:
    cached(home).parent.mkdir(parents=True)
    cached(home).write_bytes(genuine[:cut])
    server.manner = "breaks off"
    with pytest.raises(WeightsError) as told:
        load_backbone("vgg19")
    assert str(told.value).startswith(f"{backbones._VGG19_FILE}: not an HDF5 file, or damaged; it ")
    assert "would be downloaded again, but the download of its weights failed" in str(told.value)
    assert cached(home).read_bytes() == genuine[:cut]
    server.manner = "well"
    assert load_backbone("vgg19").label == "vgg19 (ImageNet weights from Keras)"
    assert cached(home).read_bytes() == genuine


def test_many_at_once_download_it_once(tmp_path: Path, server: Server) -> None:
    server.content, server.manner = b"weights" * 1000, "slowly"
    md5 = hashlib.md5(server.content).hexdigest()
    path = tmp_path / "models" / "w.h5"
    threads = [
        threading.Thread(
            target=download, args=(server.url, path), kwargs={"md5": md5, "max_bytes": 10**6}
        )
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert path.read_bytes() == server.content and server.downloads == 1


def test_who_waits_for_another_process_does_not_wait_for_ever(
    tmp_path: Path, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(downloading, "WAIT_SECONDS", 0.2)
    path = tmp_path / "w.h5"
    with (
        downloading.FileLock(tmp_path / "w.h5.lock").acquire(),
        pytest.raises(DownloadError, match="another process has been downloading"),
    ):
        download(server.url, path, md5="0" * 32, max_bytes=10**6)
    assert server.downloads == 0


def test_a_cache_that_cannot_be_written_is_told(
    tmp_path: Path, home: Path, server: Server, genuine: bytes
) -> None:
    home.write_text("a file where a folder should be")
    with pytest.raises(
        WeightsError, match=rf"^vgg19: the download of its weights failed .*{ADVICE}"
    ):
        load_backbone("vgg19")
    assert load_backbone("auto").name == "vgg16"
