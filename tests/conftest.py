"""What all tests share: the same surroundings on every machine, and small pictures and networks.

Tests see no weights that a developer has cached, and no network: a backbone named "auto" is the
embedded VGG16 unless a test puts another one into place.
"""

from __future__ import annotations

import os
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from functools import lru_cache
from pathlib import Path

# Read by TensorFlow when it is imported, which any test module may do.
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
# As the package sets it; 1 runs the tests with oneDNN's kernels.
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")
# Read by NumPy and SciPy: their idle threads spin, and keep the cores from TensorFlow.
os.environ["OPENBLAS_NUM_THREADS"] = "1"

import numpy as np
import pytest
from shallow import SHALLOW

from stylekit.arrays import Image
from stylekit.image import stylization
from stylekit.media.images import load_image
from stylekit.samples import MaterialKind, materials
from stylekit.settings import ImageSettings
from stylekit.vgg import weights as backbones
from stylekit.vgg.weights import Backbone, Kernels, load_backbone

VGG_BLOCKS = {"vgg16": (2, 2, 3, 3, 3), "vgg19": (2, 2, 4, 4, 4)}
VGG_CHANNELS = (64, 128, 256, 512, 512)

# A test that takes one of these needs a browser, paints, or compiles the whole network.
BROWSER_FIXTURES = {"chromium", "lab"}
PAINTING_FIXTURES = {"called", "glass", "painted", "painting", "whole_settings"}
# About how long a test takes; only the order of the files depends on it.
SECONDS_IN_A_BROWSER, SECONDS_OF_A_CELL, SECONDS_OF_A_SLOW_TEST, SECONDS = 8.0, 3.0, 4.0, 0.1


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--quick`, which `start.py test --quick` passes on."""
    parser.addoption(
        "--quick",
        action="store_true",
        help="leave out what needs a browser or a notebook, what paints, and tests marked as slow",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Before anything is collected: Keras reads KERAS_HOME when it is imported."""
    folder = tempfile.TemporaryDirectory(prefix="stylekit-tests-")
    config.add_cleanup(folder.cleanup)
    os.environ["KERAS_HOME"] = folder.name
    # Where the studio keeps results; the tests of the studio have a folder each.
    os.environ["STYLEKIT_FOLDER"] = f"{folder.name}/stylekit"
    # Programs that tests start cannot be patched: they meet a proxy that refuses at once.
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
        os.environ[name] = "http://127.0.0.1:9"


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out slow tests if only quick ones are asked for, and put the longest files first.

    Two processes share the files between them; a long file that comes last keeps one waiting.
    """
    if config.getoption("quick"):
        slow = [item for item in items if seconds_of(item) > SECONDS]
        config.hook.pytest_deselected(items=slow)
        items[:] = [item for item in items if seconds_of(item) <= SECONDS]
    seconds: Counter[Path] = Counter()
    for item in items:
        seconds[item.path] += seconds_of(item)
    items.sort(key=lambda item: -seconds[item.path])


def seconds_of(item: pytest.Item) -> float:
    """About how long a test takes."""
    if item.path.suffix == ".ipynb":
        return SECONDS_OF_A_CELL
    fixtures = getattr(item, "fixturenames", ())
    if item.path.stem.startswith("test_browser_") or not BROWSER_FIXTURES.isdisjoint(fixtures):
        return SECONDS_IN_A_BROWSER
    if item.get_closest_marker("slow") or not PAINTING_FIXTURES.isdisjoint(fixtures):
        return SECONDS_OF_A_SLOW_TEST
    return SECONDS


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No test asks the network whether weights are there."""
    monkeypatch.setattr(backbones, "_reachable", lambda url: False)
    yield


@pytest.fixture(scope="session", autouse=True)
def kept_networks() -> Iterator[None]:
    """Networks stay once they are calibrated: tests use more of them by turns than people do."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        keep = lru_cache(maxsize=8)
        monkeypatch.setattr(stylization, "_extractor", keep(stylization._extractor.__wrapped__))
        yield


@pytest.fixture(scope="session")
def picture() -> Callable[..., Image]:
    """Reads built-in photographs and styles by name: `picture("chelsea", size=48)`."""

    def read(name: str, *, size: int = 48) -> Image:
        files = materials(MaterialKind.PHOTOGRAPH) | materials(MaterialKind.STYLE)
        return load_image(files[name], size=size)

    return read


@pytest.fixture(scope="session")
def content(picture: Callable[..., Image]) -> Image:
    """A photograph, 48×32."""
    return picture("chelsea")


@pytest.fixture(scope="session")
def style(picture: Callable[..., Image]) -> Image:
    """A painting, 48 pixels long."""
    return picture("swirls")


@pytest.fixture(scope="session")
def photographs(picture: Callable[..., Image]) -> list[Image]:
    """What networks are calibrated on here, smaller than in earnest."""
    return [picture(name, size=48) for name in materials(MaterialKind.PHOTOGRAPH)]


@pytest.fixture(scope="session")
def vgg16() -> Backbone:
    """The embedded network."""
    return load_backbone("vgg16")


@pytest.fixture(scope="session")
def random_vgg19() -> Backbone:
    """VGG19's structure with random weights and biases that keep signals alive (He et al. 2015)."""
    return Backbone("vgg19", "random", "0" * 64, random_kernels("vgg19"))


@pytest.fixture(scope="session")
def settings() -> ImageSettings:
    """Those of a picture of 48 pixels, on the first layers of the embedded network."""
    return ImageSettings(backbone="vgg16", size=48, **SHALLOW)


@pytest.fixture(scope="session")
def whole_settings() -> ImageSettings:
    """The defaults, on the embedded network, for a picture of 48 pixels."""
    return ImageSettings(backbone="vgg16", size=48)


def random_kernels(name: str) -> Kernels:
    """Kernels of the structure of "vgg16" or "vgg19", by Keras's layer names."""
    generator = np.random.default_rng(0)
    kernels, inputs = {}, 3
    for block, (count, outputs) in enumerate(zip(VGG_BLOCKS[name], VGG_CHANNELS, strict=True), 1):
        for convolution in range(1, count + 1):
            kernel = generator.standard_normal((3, 3, inputs, outputs), np.float32)
            kernel *= np.float32((2 / (9 * inputs)) ** 0.5)
            bias = generator.normal(0.0, 0.5, outputs).astype(np.float32)
            kernels[f"block{block}_conv{convolution}"] = (kernel, bias)
            inputs = outputs
    return kernels
