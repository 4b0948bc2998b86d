"""The losses of published codes as data: how each term is normalised, and its default weights.

The numbers are read from the codes themselves. In layer l there are N_l filters and M_l positions;
F are the raw activations of the published network, G = F Fᵀ is its un-normalised Gram matrix.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

import numpy as np
from numpy.typing import NDArray

from ..arrays import Image
from ..losses import DIRECTION_SHARES, STEP_UNIT
from ..settings import ImageSettings, Weights
from ..vgg.features import Pooling

Gradient = NDArray[np.float64]

# Networks of Caffe take pixels from 0 to 255, those of torchvision take standard deviations.
_CAFFE_WHITE = 255.0
# The standard deviations of ImageNet's colours, torchvision's units.
IMAGENET_STD = (0.229, 0.224, 0.225)
_TORCHVISION_ACTIVATION = 1 / (_CAFFE_WHITE * math.prod(IMAGENET_STD) ** (1 / 3))
_TORCHVISION = (
    "Its network is torchvision's, trained separately on pixels in standard deviations. Its "
    "activations are assumed to be smaller than those here by the same factor as its pixels, 1/58. "
    "This is not guaranteed, and β depends on its square."
)
# crowsonkb's code adds this to the variances of its style term.
RIDGE = 1e-4


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerShape:
    """What a normalisation depends on: N `filters` and M `positions` of the layer, H·W `pixels` of
    the picture, and the number of `layers` in its term."""

    filters: int
    positions: int
    pixels: int
    layers: int


LayerFactor = Callable[[LayerShape], float]


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedCode:
    """The total loss of a published code.

    α Σ_l k_l Σ (F − P)² + β Σ_l s_l Σ (G − A)² + γ mean c (x − ω)² + tv TV(x)

    - `weights`: the code's default α, β, γ and tv
    - `content_factor`, `style_factor`: k_l and s_l of a layer. If s_l is None, the style term is
      the Wasserstein distance of `wasserstein_gradient`, weighted by `style_shares`.
    - `variation`: ∂TV/∂x of an Image
    - `temporal_white`: the value of white in the temporal term, None if there is no such term
    - `pooling`: None if it is not stated
    - `activation_unit`: the published activations divided by those of the same network on the
      input that it gets here; with `calibrated`, activations and white have stylekit's own scale
    - `stretches_style`: the style picture is resized to the content's shape
    - `quirks`: sentences about other peculiarities
    """

    name: str
    source: str
    weights: Weights
    content_factor: LayerFactor
    style_factor: LayerFactor | None
    variation: Callable[[Image], Gradient]
    temporal_white: float | None = None
    content_layer: str = "block4_conv2"
    style_layers: tuple[str, ...] = field(default=ImageSettings().style_layers)
    style_shares: tuple[float, ...] = ()
    pooling: str | None = Pooling.MAX
    activation_unit: float = 1.0
    calibrated: bool = False
    stretches_style: bool = False
    quirks: tuple[str, ...] = ()


# The gradients of total variation by its published definitions: each takes an Image `(H, W, 3)` and
# returns ∂TV/∂x, float64 of the same shape.


def mean_lengths(image: Image) -> Gradient:
    """Of stylekit's own, `stylekit.losses.total_variation_loss`."""
    x = image.astype(np.float64)
    gradient = np.zeros_like(x)
    for (rows, columns), share in DIRECTION_SHARES.items():
        # Where a step begins, and where it ends.
        here = (slice(0, len(x) - rows), slice(max(0, -columns), x.shape[1] - max(0, columns)))
        there = (slice(rows, None), slice(max(0, columns), x.shape[1] + min(0, columns)))
        step = x[there] - x[here]
        length = np.sqrt((step**2).sum(-1, keepdims=True) + STEP_UNIT**2)
        pull = share / max(1, math.prod(step.shape[:2])) * step / length
        gradient[there] += pull
        gradient[here] -= pull
    return gradient


def mean_squares(image: Image, *, white: float = 1.0) -> Gradient:
    """Of mean (x_{i+1,j} − x_{i,j})² + mean (x_{i,j+1} − x_{i,j})², where white is `white`."""
    down, across = _slopes(image)
    scale = 2 * white**2
    return _onto_pixels(scale * down / max(1, down.size), scale * across / max(1, across.size))


def half_squares(image: Image, *, white: float) -> Gradient:
    """Of ½ Σ (x_{i+1,j} − x_{i,j})² + (x_{i,j+1} − x_{i,j})², without the last row and column."""
    down, across = (slope * white**2 for slope in _slopes(image))
    down[:, -1:] = 0.0
    across[-1:] = 0.0
    return _onto_pixels(down, across)


def powers(image: Image, *, white: float, power: float) -> Gradient:
    """Of Σ ((x_{i+1,j} − x_{i,j})² + (x_{i,j+1} − x_{i,j})²)^power, without last row and column."""
    down, across = _slopes(image)
    steepness = white**2 * (down[:, :-1] ** 2 + across[:-1] ** 2)
    rate = 2 * power * white**2 * steepness ** (power - 1)
    down[:, :-1] *= rate
    across[:-1] *= rate
    down[:, -1:] = 0.0
    across[-1:] = 0.0
    return _onto_pixels(down, across)


def absolutes(image: Image) -> Gradient:
    """Of Σ |x_{i+1,j} − x_{i,j}| + |x_{i,j+1} − x_{i,j}|."""
    down, across = _slopes(image)
    return _onto_pixels(np.sign(down), np.sign(across))


def mean_absolutes(image: Image) -> Gradient:
    """Of ½ (mean |x_{i+1,j} − x_{i,j}| + mean |x_{i,j+1} − x_{i,j}|), x in `IMAGENET_STD`."""
    down, across = _slopes(image)
    unit = 0.5 / np.array(IMAGENET_STD)
    return _onto_pixels(
        unit * np.sign(down) / max(1, down.size), unit * np.sign(across) / max(1, across.size)
    )


def wasserstein_gradient(
    features: NDArray[np.float64], target: NDArray[np.float64]
) -> NDArray[np.float64]:
    """∂L/∂F of the style term of crowsonkb's style-transfer-pytorch, `(M, N)` like `features`.

    L = 1/N (|μ − ν|² + tr(Σ + S − 2 (S^½ Σ S^½)^½)) is the squared Wasserstein-2 distance of two
    Gaussians over the N filters (Dowson & Landau 1982, eq. 4). μ and Σ are mean and covariance of
    `features` over M positions, ν and S those of `target` `(M', N)`; `RIDGE` is added to both
    covariances. ∂L/∂Σ = 1/N (1 − S^½ (S^½ Σ S^½)^−½ S^½).
    """
    positions, filters = features.shape
    mean, covariance = _moments(features)
    target_mean, target_covariance = _moments(target)
    root = _power(target_covariance, 0.5)
    transport = root @ _power(root @ covariance @ root, -0.5) @ root
    by_mean = 2 * (mean - target_mean)
    by_covariance = 2 * (features - mean) @ (np.eye(filters) - transport)
    return (by_mean + by_covariance) / (positions * filters)


def _moments(features: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    mean = features.mean(axis=0)
    centred = features - mean
    return mean, centred.T @ centred / len(features) + RIDGE * np.eye(features.shape[1])


def _power(matrix: NDArray[np.float64], exponent: float) -> NDArray[np.float64]:
    values, vectors = np.linalg.eigh(matrix)
    # Rounding may make the smallest value a little less than the ridge guarantees.
    return (vectors * np.maximum(values, RIDGE**2) ** exponent) @ vectors.T


def _mean(layer: LayerShape) -> float:
    """Σ (F − P)² as a mean."""
    return 1 / (layer.filters * layer.positions)


def _gatys(layer: LayerShape) -> float:
    """Σ (G − A)² / (N² M²)."""
    return 1 / (layer.filters * layer.positions) ** 2


def _gram_mean(layer: LayerShape) -> float:
    """Gram matrices divided by N M, then the mean of their N² squares."""
    return _gatys(layer) / layer.filters**2


def _slopes(image: Image) -> tuple[Gradient, Gradient]:
    x = image.astype(np.float64)
    return x[1:] - x[:-1], x[:, 1:] - x[:, :-1]


def _onto_pixels(down: Gradient, across: Gradient) -> Gradient:
    """∂/∂x of a function whose derivatives by the slopes of x are `down` and `across`."""
    gradient = np.zeros((across.shape[0], down.shape[1], across.shape[2]))
    gradient[1:] += down
    gradient[:-1] -= down
    gradient[:, 1:] += across
    gradient[:, :-1] -= across
    return gradient


REPORT = PublishedCode(
    name="Report (Sequence Stylizers)",
    source="CSCI 1430 final report, Artistic Style Transfer for Videos and Images, eq. 1 to 3",
    weights=Weights(),
    content_factor=_mean,
    style_factor=_gatys,
    variation=mean_lengths,
    calibrated=True,
    pooling=None,
    quirks=(
        "The report states no range of pixels and no scale of activations. stylekit's are chosen "
        "so that the report's weights are balanced, and its weights are used unchanged. The edge "
        "term and total variation are stylekit's additions.",
    ),
)

JOHNSON = PublishedCode(
    name="Johnson, neural-style",
    source="github.com/jcjohnson/neural-style, neural_style.lua",
    weights=Weights(alpha=5.0, beta=100.0, gamma=0.0, edges=0.0, tv=1e-3),
    content_factor=_mean,
    style_factor=_gram_mean,
    # Its 256 for white instead of 255 is ignored here: 0.4 %.
    variation=partial(half_squares, white=_CAFFE_WHITE),
)

RUDER = PublishedCode(
    name="Ruder, artistic-videos",
    source="github.com/manuelruder/artistic-videos, artistic_video.lua",
    weights=Weights(alpha=5.0, beta=100.0, gamma=1e3, edges=0.0, tv=1e-3),
    content_factor=_mean,
    style_factor=_gram_mean,
    variation=partial(half_squares, white=_CAFFE_WHITE),
    temporal_white=_CAFFE_WHITE,
)

NEURAL_STYLE_TF = PublishedCode(
    name="neural-style-tf",
    source="github.com/cysmith/neural-style-tf, neural_style.py",
    weights=Weights(alpha=5.0, beta=1e4, gamma=200.0, edges=0.0, tv=1e-3),
    content_factor=lambda layer: 1 / (2 * math.sqrt(layer.filters * layer.positions)),
    # Each layer has the share 1/5, and their sum is divided by 5 once more.
    style_factor=lambda layer: _gatys(layer) / (4 * layer.layers**2),
    variation=partial(mean_squares, white=_CAFFE_WHITE),
    temporal_white=_CAFFE_WHITE,
    pooling=Pooling.AVERAGE,
    stretches_style=True,
    quirks=(
        "It compares the content before the ReLU, with negative activations; here after it.",
        "Its temporal term is a constant for the optimiser, so that its γ has no effect; "
        "here γ has the effect of the equation that it cites.",
    ),
)

TENSORFLOW = PublishedCode(
    name="TensorFlow tutorial",
    source="tensorflow.org/tutorials/generative/style_transfer",
    weights=Weights(alpha=1e4, beta=1e-2, gamma=0.0, edges=0.0, tv=30.0),
    content_factor=lambda layer: _mean(layer) / layer.layers,
    style_factor=lambda layer: _gatys(layer) / layer.layers,
    variation=absolutes,
    content_layer="block5_conv2",
)

KERAS = PublishedCode(
    name="Keras example",
    source="keras.io/examples/generative/neural_style_transfer",
    weights=Weights(alpha=2.5e-8, beta=1e-6, gamma=0.0, edges=0.0, tv=1e-6),
    content_factor=lambda layer: 1.0,
    # In every layer its N is 3 and its M the number of pixels.
    style_factor=lambda layer: 1 / (4 * 3**2 * layer.pixels**2 * layer.layers),
    variation=partial(powers, white=_CAFFE_WHITE, power=1.25),
    content_layer="block5_conv2",
    stretches_style=True,
)

D2L = PublishedCode(
    name="Dive into Deep Learning",
    source="d2l.ai/chapter_computer-vision/neural-style",
    weights=Weights(alpha=1.0, beta=1e3, gamma=0.0, edges=0.0, tv=10.0),
    content_factor=_mean,
    style_factor=lambda layer: 10 * _gram_mean(layer),
    variation=mean_absolutes,
    content_layer="block4_conv4",
    activation_unit=_TORCHVISION_ACTIVATION,
    stretches_style=True,
    quirks=(
        "It adds the style terms ten times (a Python list times 10); the factor is included here.",
        "It reads convolutions before the ReLU. In PyTorch the ReLU then works in place, so that "
        "only the last style layer is really before it; here all are after it.",
        _TORCHVISION,
    ),
)

CROWSON = PublishedCode(
    name="Crowson, style-transfer-pytorch",
    source="github.com/crowsonkb/style-transfer-pytorch, style_transfer/style_transfer.py",
    weights=Weights(alpha=0.015, beta=1.0, gamma=0.0, edges=0.0, tv=2.0),
    content_factor=lambda layer: _mean(layer) / layer.layers,
    style_factor=None,
    # On smooth pictures its nine-point stencil equals the mean of squares.
    variation=mean_squares,
    style_shares=(256 / 341, 64 / 341, 16 / 341, 4 / 341, 1 / 341),
    activation_unit=_TORCHVISION_ACTIVATION,
    quirks=(_TORCHVISION,),
)

PUBLISHED_CODES = (REPORT, JOHNSON, RUDER, NEURAL_STYLE_TF, TENSORFLOW, KERAS, D2L, CROWSON)
