"""What a loss is the sum of, as `LossArithmetic` tells it: terms, layers, entries and pixels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Map = NDArray[np.float32]
"""A value for each position of a layer, `(h, w)`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TermPart:
    """A summand of the loss: `weighted` = `weight` · `loss`, the fraction `share` of the sum."""

    name: str
    weight: float
    loss: float
    weighted: float
    share: float


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerPart:
    """What one layer adds to the content or the style loss.

    `loss` = `layer_weight` · `factor` · `area` · `mean_square`; `weighted` is that times α or β.

    - `layer`, `filters`, `positions` : its name, N and M
    - `region` : which part of the picture, 0 for all of it if there are no regions
    - `mean_square` : mean_ij (G_ij − A_ij)² of style, mean_kp (F_k(p) − P_k(p))² of content
    - `layer_weight` : w_l; 1 for content
    - `factor` : the `style_calibration`, times the weight of the region; 1 for content
    - `area` : the mean of the region's mask; 1 without regions
    - `share` : the fraction of the term's loss
    """

    layer: str
    region: int
    filters: int
    positions: int
    mean_square: float
    layer_weight: float
    factor: float
    area: float
    loss: float
    weighted: float
    share: float


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class FilterPair:
    """Two maps of one picture and their product: `value` = Σ_p `product` / `count`.

    `count` is the number of positions, or the sum of the region's mask, which `product` contains.
    `share` is how much this style counts among those that are blended.
    """

    first: Map
    second: Map
    product: Map
    count: float
    value: float
    share: float = 1.0


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class GramEntry:
    """The entry (i, j) of a layer's Gram matrices and what it adds to the loss.

    - `part` : its `LayerPart`
    - `row`, `column` : i and j, counted from 0
    - `picture` : F_i and F_j of the picture, whose product has the mean G_ij
    - `styles` : the same of each style that is blended; the mean A_ij of their values is `wanted`
    - `square` : (G_ij − A_ij)²
    - `loss` : w_l · f · area · `square` / N²; `weighted` is β times that
    - `share_of_layer`, `share_of_total` : fractions of the layer's and of the whole loss
    """

    part: LayerPart
    row: int
    column: int
    picture: FilterPair
    styles: tuple[FilterPair, ...]
    wanted: float
    square: float
    loss: float
    weighted: float
    share_of_layer: float
    share_of_total: float


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Channel:
    """One filter of a content layer: F and P, their squared difference, and what it adds.

    `loss` = Σ_p `squares` / (N M); `weighted` is α times that.
    """

    part: LayerPart
    index: int
    picture: Map
    content: Map
    squares: Map
    loss: float
    weighted: float
    share_of_layer: float
    share_of_total: float


@dataclass(frozen=True, slots=True, kw_only=True)
class TemporalPixel:
    """What one pixel adds to the temporal loss: `loss` = c Σ_rgb (u x − u ω)² / D.

    - `color`, `wanted` : red, green and blue of x and ω, 0 to 1
    - `trust` : c; `values` : D, three for each pixel
    - `weighted` : γ times the loss; `share_of_term`, `share_of_total` : fractions
    """

    x: int
    y: int
    color: tuple[float, float, float]
    wanted: tuple[float, float, float]
    trust: float
    values: int
    loss: float
    weighted: float
    share_of_term: float
    share_of_total: float
