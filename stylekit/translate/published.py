"""The losses of published codes as data: how each term is normalised, and its default weights.

Read from the codes themselves. N_l filters, M_l positions of layer l; F the raw activations of
the published network, G = F Fᵀ its un-normalised Gram matrix.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

from ..arrays import Image
from ..settings import ImageSettings, Weights
from ..vgg.features import Pooling
from .variation import (
    IMAGENET_STD,
    Gradient,
    absolutes,
    half_squares,
    mean_absolutes,
    mean_squares,
    powers,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerShape:
    """A layer as a normalisation sees it: N `filters`, M `positions`, H·W `pixels` of the picture,
    and how many `layers` its term has."""

    filters: int
    positions: int
    pixels: int
    layers: int


LayerFactor = Callable[[LayerShape], float]

# Networks of Caffe take pixels from 0 to 255, those of torchvision in standard deviations.
_CAFFE_WHITE = 255.0
_TORCHVISION_ACTIVATION = 1 / (_CAFFE_WHITE * math.prod(IMAGENET_STD) ** (1 / 3))
_TORCHVISION = (
    "Its network is torchvision's, trained apart on pixels in standard deviations. Its "
    "activations are taken to be smaller than those here as its pixels are, 1/58; nobody "
    "guarantees that, and β depends on the square of it."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedCode:
    """The total loss of a published code.

    α Σ_l k_l Σ (F − P)² + β Σ_l s_l Σ (G − A)² + γ mean c (x − ω)² + tv TV(x), with `weights`
    (α, β, γ, tv) by default.

    `content_factor` is k_l, `style_factor` s_l of a layer; where that is None the style term is
    that of `wasserstein.py` with `style_shares`. `variation` gives ∂TV/∂x of an Image, and
    `squared_variation` says whether TV is a sum of squares, as here. `temporal_white` is what
    white counts as in the temporal term, None where there is none. `pooling` is None where it is
    not stated. The published activations are `activation_unit` times those of the same network
    fed as here; with `calibrated` they have stylekit's own scale, and white has its own too.
    `stretches_style`: the style picture is forced into the content's shape. `quirks` are
    sentences on what else is peculiar.
    """

    name: str
    source: str
    weights: Weights
    content_factor: LayerFactor
    style_factor: LayerFactor | None
    variation: Callable[[Image], Gradient]
    squared_variation: bool = True
    temporal_white: float | None = None
    content_layer: str = "block4_conv2"
    style_layers: tuple[str, ...] = field(default=ImageSettings().style_layers)
    style_shares: tuple[float, ...] = ()
    pooling: str | None = Pooling.MAX
    activation_unit: float = 1.0
    calibrated: bool = False
    stretches_style: bool = False
    quirks: tuple[str, ...] = ()


def _mean(layer: LayerShape) -> float:
    """Σ (F − P)² as a mean."""
    return 1 / (layer.filters * layer.positions)


def _gatys(layer: LayerShape) -> float:
    """Σ (G − A)² / (N² M²)."""
    return 1 / (layer.filters * layer.positions) ** 2


def _gram_mean(layer: LayerShape) -> float:
    """Gram matrices divided by N M, then the mean of their N² squares."""
    return _gatys(layer) / layer.filters**2


REPORT = PublishedCode(
    name="Report (Sequence Stylizers)",
    source="CSCI 1430 final report, Artistic Style Transfer for Videos and Images, eq. 1 to 3",
    weights=Weights(),
    content_factor=_mean,
    style_factor=_gatys,
    variation=mean_squares,
    calibrated=True,
    pooling=None,
    quirks=(
        "The report states no range of pixels and no scale of activations; stylekit's are chosen "
        "so that its weights are balanced, and are its own weights here.",
    ),
)

JOHNSON = PublishedCode(
    name="Johnson, neural-style",
    source="github.com/jcjohnson/neural-style, neural_style.lua",
    weights=Weights(alpha=5.0, beta=100.0, gamma=0.0, tv=1e-3),
    content_factor=_mean,
    style_factor=_gram_mean,
    # Its 256 for white, in place of 255, is left out here: 0.4 %.
    variation=partial(half_squares, white=_CAFFE_WHITE),
)

RUDER = PublishedCode(
    name="Ruder, artistic-videos",
    source="github.com/manuelruder/artistic-videos, artistic_video.lua",
    weights=Weights(alpha=5.0, beta=100.0, gamma=1e3, tv=1e-3),
    content_factor=_mean,
    style_factor=_gram_mean,
    variation=partial(half_squares, white=_CAFFE_WHITE),
    temporal_white=_CAFFE_WHITE,
)

NEURAL_STYLE_TF = PublishedCode(
    name="neural-style-tf",
    source="github.com/cysmith/neural-style-tf, neural_style.py",
    weights=Weights(alpha=5.0, beta=1e4, gamma=200.0, tv=1e-3),
    content_factor=lambda layer: 1 / (2 * math.sqrt(layer.filters * layer.positions)),
    # A share of 1/5 for each layer, and their sum divided by 5 once more.
    style_factor=lambda layer: _gatys(layer) / (4 * layer.layers**2),
    variation=partial(mean_squares, white=_CAFFE_WHITE),
    temporal_white=_CAFFE_WHITE,
    pooling=Pooling.AVERAGE,
    stretches_style=True,
    quirks=(
        "It compares the content before the ReLU, where negative answers count too; here after it.",
        "Its temporal term is a constant for the optimiser, so that its γ does nothing; "
        "here γ does what the equation says that it cites.",
    ),
)

TENSORFLOW = PublishedCode(
    name="TensorFlow tutorial",
    source="tensorflow.org/tutorials/generative/style_transfer",
    weights=Weights(alpha=1e4, beta=1e-2, gamma=0.0, tv=30.0),
    content_factor=lambda layer: _mean(layer) / layer.layers,
    style_factor=lambda layer: _gatys(layer) / layer.layers,
    variation=absolutes,
    squared_variation=False,
    content_layer="block5_conv2",
)

KERAS = PublishedCode(
    name="Keras example",
    source="keras.io/examples/generative/neural_style_transfer",
    weights=Weights(alpha=2.5e-8, beta=1e-6, gamma=0.0, tv=1e-6),
    content_factor=lambda layer: 1.0,
    # Its N is 3 and its M the picture's pixels, in every layer.
    style_factor=lambda layer: 1 / (4 * 3**2 * layer.pixels**2 * layer.layers),
    variation=partial(powers, white=_CAFFE_WHITE, power=1.25),
    squared_variation=False,
    content_layer="block5_conv2",
    stretches_style=True,
)

D2L = PublishedCode(
    name="Dive into Deep Learning",
    source="d2l.ai/chapter_computer-vision/neural-style",
    weights=Weights(alpha=1.0, beta=1e3, gamma=0.0, tv=10.0),
    content_factor=_mean,
    style_factor=lambda layer: 10 * _gram_mean(layer),
    variation=mean_absolutes,
    squared_variation=False,
    content_layer="block4_conv4",
    activation_unit=_TORCHVISION_ACTIVATION,
    stretches_style=True,
    quirks=(
        "It adds the style terms ten times over (a Python list times 10), counted here.",
        "It reads convolutions before the ReLU. In PyTorch the ReLU then works in place, so that "
        "only the last style layer stays as it was; here all are after it.",
        _TORCHVISION,
    ),
)

CROWSON = PublishedCode(
    name="Crowson, style-transfer-pytorch",
    source="github.com/crowsonkb/style-transfer-pytorch, style_transfer/style_transfer.py",
    weights=Weights(alpha=0.015, beta=1.0, gamma=0.0, tv=2.0),
    content_factor=lambda layer: _mean(layer) / layer.layers,
    style_factor=None,
    # Where a picture is smooth its nine-point stencil is the plain mean of squares.
    variation=mean_squares,
    style_shares=(256 / 341, 64 / 341, 16 / 341, 4 / 341, 1 / 341),
    activation_unit=_TORCHVISION_ACTIVATION,
    quirks=(_TORCHVISION,),
)

PUBLISHED_CODES = (
    REPORT,
    JOHNSON,
    RUDER,
    NEURAL_STYLE_TF,
    TENSORFLOW,
    KERAS,
    D2L,
    CROWSON,
)
