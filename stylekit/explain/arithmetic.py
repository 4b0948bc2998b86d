"""The arithmetic of a picture's loss: from the sum of its terms down to single products.

    L = Σ_t w_t L_t                                     `LossArithmetic.terms`
    L_style = Σ_l w_l f 1/N² Σ_ij (G_ij − A_ij)²        `style_layers`, `gram`
    G_ij = 1/M Σ_p F_i(p) F_j(p)                        `gram_entry`
    L_content = Σ_l 1/(N M) Σ_kp (F_k(p) − P_k(p))²     `content_layers`, `channel`
    L_temporal = Σ_t 1/D Σ_p c(p) Σ_rgb (u x − u ω)²    `temporal_pixel`

The functions of `stylekit.losses` compute the losses; what is told here adds up to them.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from copy import copy
from functools import cache, cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..arrays import Image, check_image, from_bytes, to_bytes
from ..errors import SettingsError
from ..image.guidance import Guidance
from ..image.objective import Objective
from ..losses import PIXEL_UNIT, TERMS, Losses, Targets, gram_matrix, weight_of
from ..settings import Weights
from .stored_run import check_whole
from .summands import Channel, FilterPair, GramEntry, LayerPart, Map, TemporalPixel, TermPart


class StyleFeatures:
    """The features of styles by layer, computed when they are first asked for.

    Parameters
    ----------
    objective : The network.
    styles : In the size of the comparison, as `Stylization.compared_styles`.
    """

    def __init__(self, objective: Objective, styles: Guidance) -> None:
        self.objective, self.styles = objective, styles

    @cached_property
    def by_style(self) -> tuple[Mapping[str, Any], ...]:
        """For each style its features, `(1, h, w, N)` by layer.

        Raises SettingsError for a style that is computed in tiles.
        """
        return tuple(self.objective.features(style) for style in self.styles.styles)


class LossArithmetic:
    """The numbers of one 8-bit picture's loss. One pass through the network; nothing is compiled.

    Parameters
    ----------
    objective, targets : The losses, and what they compare the picture with.
    image : The picture, an Image in the size of `targets`.
    weights : The weight of each term.
    styles : The features of what `targets` has the statistics of.

    Raises
    ------
    SettingsError
        For a picture that is computed in tiles.
    ValueError
        If `image` is no Image, or not of the size of `targets`.
    """

    def __init__(
        self,
        objective: Objective,
        targets: Targets,
        image: Image,
        weights: Weights,
        styles: StyleFeatures,
    ) -> None:
        check_image(image, "picture", like=targets.edges[0].shares.numpy()[0])
        self.image, self.weights, self.targets = from_bytes(to_bytes(image)), weights, targets
        self._objective, self._styles = objective, styles
        self.features = objective.features(self.image)
        self.losses: Losses = objective.losses_of(self.image, self.features, targets, weights)
        self.gram = cache(self._gram)
        self.channel_losses = cache(self._channel_losses)

    def with_weights(self, weights: Weights) -> LossArithmetic:
        """The same picture under other weights, without another pass through the network."""
        other = copy(self)
        for name in ("content_layers", "style_layers"):
            other.__dict__.pop(name, None)
        other.weights = weights
        if weights.layers != self.weights.layers:
            other.losses = self._objective.losses_of(
                self.image, self.features, self.targets, weights
            )
        return other

    @property
    def total(self) -> float:
        """L, the weighted sum of all terms."""
        return self.losses.total(self.weights)

    @property
    def terms(self) -> tuple[TermPart, ...]:
        """The summands of the loss, in the order of `TERMS`."""
        weighted, total = self.losses.weighted(self.weights), self.total
        return tuple(
            TermPart(
                name=name,
                weight=weight_of(term, self.weights),
                loss=self.losses[name],
                weighted=weighted[name],
                share=_fraction(weighted[name], total),
            )
            for name, term in TERMS.items()
        )

    @property
    def compares_gram(self) -> bool:
        """Whether the style loss compares Gram matrices, and not another statistic."""
        return all(part.statistic is gram_matrix for part in self.targets.style)

    @cached_property
    def content_layers(self) -> tuple[LayerPart, ...]:
        """What each layer adds to the content loss."""
        return tuple(
            self._layer_part("content", layer, 0, float(self.channel_losses(layer).sum()))
            for layer in self.targets.content
        )

    def _channel_losses(self, layer: str) -> NDArray[np.float64]:
        """1/(N M) Σ_p (F_k(p) − P_k(p))² of each filter k of a content layer, `(N,)`."""
        squares = np.square(self._maps(layer) - self._content(layer), dtype=np.float64)
        return np.asarray(squares.mean(axis=(0, 1)) / squares.shape[-1])

    def channel(self, layer: str, index: int) -> Channel:
        """One filter of a content layer.

        Parameters
        ----------
        layer : One of the content layers.
        index : k, from 0 on.

        Raises
        ------
        SettingsError : For a layer or a filter that does not exist.
        """
        part = _named(layer, 0, self.content_layers)
        index = check_whole("filter", index, part.filters)
        picture, content = self._maps(layer)[..., index], self._content(layer)[..., index]
        squares = np.square(picture - content)
        loss = float(squares.mean(dtype=np.float64)) / part.filters
        weighted = self.weights.alpha * loss
        return Channel(
            part=part,
            index=index,
            picture=picture,
            content=content,
            squares=squares,
            loss=loss,
            weighted=weighted,
            share_of_layer=_fraction(loss, part.loss),
            share_of_total=_fraction(weighted, self.total),
        )

    @cached_property
    def style_layers(self) -> tuple[LayerPart, ...]:
        """What each layer adds to the style loss, for each region of the picture."""
        return tuple(
            self._layer_part("style", layer, region, self._gram_square(layer, region))
            for layer in self.targets.style[0].statistics
            for region in range(len(self.targets.style))
        )

    def _gram(self, layer: str, region: int = 0) -> tuple[Map, Map]:
        """G of the picture and A of the style, each `(N, N)`, for a region of the picture."""
        part = self.targets.style[region]
        if not self.compares_gram:
            raise SettingsError(
                "style_loss",
                "this painting compares no Gram matrices, which are what is shown here; "
                "paint it with style_loss=gram",
            )
        features, mask = self.features[layer], part.masks.get(layer)
        found = part.statistic(features, mask, math.prod(features.shape[1:3]))
        return found.numpy(), part.statistics[layer].numpy()

    def gram_entry(self, layer: str, row: int, column: int, *, region: int = 0) -> GramEntry:
        """One entry of a layer's Gram matrices, its maps and what it adds to the loss.

        Parameters
        ----------
        layer : One of the style layers.
        row, column : i and j, from 0 on.
        region : Which part of the picture.

        Raises
        ------
        SettingsError : For what does not exist, and where no Gram matrices are compared.
        """
        part = _named(layer, region, self.style_layers)
        row = check_whole("row", row, part.filters)
        column = check_whole("column", column, part.filters)
        target = self.targets.style[region]
        mask = target.masks[layer].numpy() if target.masks else None
        picture = _pair(self._maps(layer), row, column, mask)
        shares = self.blend(region)
        styles = tuple(
            _pair(self._styles.by_style[index][layer].numpy()[0], row, column, None, share)
            for index, share in shares
        )
        wanted = sum(each.share * each.value for each in styles)
        square = (picture.value - wanted) ** 2
        loss = part.layer_weight * part.factor * part.area * square / part.filters**2
        weighted = self.weights.beta * loss
        return GramEntry(
            part=part,
            row=row,
            column=column,
            picture=picture,
            styles=styles,
            wanted=wanted,
            square=square,
            loss=loss,
            weighted=weighted,
            share_of_layer=_fraction(loss, part.loss),
            share_of_total=_fraction(weighted, self.total),
        )

    def temporal_map(self, target: int = 0) -> Map:
        """What each pixel adds to the temporal loss, `(H, W)`, for one of the earlier frames."""
        warped, trust = self.held(target)
        squares = np.square(PIXEL_UNIT * (self.image - warped)).sum(axis=2)
        return np.asarray(trust * squares / self.image.size, np.float32)

    def temporal_pixel(self, x: int, y: int, *, target: int = 0) -> TemporalPixel:
        """What one pixel adds to the temporal loss.

        Parameters
        ----------
        x, y : Pixels from the left and from the top, from 0 on.
        target : Which of the earlier frames it is held to.

        Raises
        ------
        SettingsError : For a pixel or an earlier frame that does not exist.
        """
        warped, trust = self.held(target)
        height, width = self.image.shape[:2]
        x, y = check_whole("x", x, width), check_whole("y", y, height)
        color, wanted = self.image[y, x].astype(float), warped[y, x].astype(float)
        square = float(np.square(PIXEL_UNIT * (color - wanted)).sum())
        loss = float(trust[y, x]) * square / self.image.size
        weighted = self.weights.gamma * loss
        return TemporalPixel(
            x=x,
            y=y,
            color=tuple(color.tolist()),
            wanted=tuple(wanted.tolist()),
            trust=float(trust[y, x]),
            values=self.image.size,
            loss=loss,
            weighted=weighted,
            share_of_term=_fraction(loss, self.losses["temporal"]),
            share_of_total=_fraction(weighted, self.total),
        )

    def held(self, target: int = 0) -> tuple[Image, Map]:
        """ω, an earlier frame on the grid of this one, and its mask c.

        Raises SettingsError if the picture is held to no such frame.
        """
        count = len(self.targets.masks)
        if not count:
            raise SettingsError("target", "this picture is held to no earlier frame")
        index = check_whole("target", target, count)
        return self.targets.warped[index].numpy(), self.targets.masks[index].numpy()

    def _maps(self, layer: str) -> NDArray[np.float32]:
        """F, `(h, w, N)`."""
        maps: NDArray[np.float32] = self.features[layer].numpy()[0]
        return maps

    def _content(self, layer: str) -> NDArray[np.float32]:
        """P, `(h, w, N)`."""
        maps: NDArray[np.float32] = self.targets.content[layer].numpy()[0]
        return maps

    def _gram_square(self, layer: str, region: int) -> float:
        found, wanted = self.gram(layer, region)
        return float(np.square(found - wanted, dtype=np.float64).mean())

    def _layer_part(self, term: str, layer: str, region: int, mean_square: float) -> LayerPart:
        _, height, width, filters = self.features[layer].shape
        layer_weight = factor = area = 1.0
        weight = weight_of(TERMS[term], self.weights)
        if term == "style":
            target = self.targets.style[region]
            layers = list(target.statistics)
            layer_weight = self._objective.style_shares(self.weights)[layers.index(layer)]
            factor = float(target.weight)
            if target.masks:
                area = float(target.masks[layer].numpy().mean(dtype=np.float64))
        loss = layer_weight * factor * area * mean_square
        return LayerPart(
            layer=layer,
            region=region,
            filters=filters,
            positions=height * width,
            mean_square=mean_square,
            layer_weight=layer_weight,
            factor=factor,
            area=area,
            loss=loss,
            weighted=weight * loss,
            share=_fraction(loss, self.losses[term]),
        )

    def blend(self, region: int) -> Sequence[tuple[int, float]]:
        """The styles of a region, as their places in the guidance, and how much each counts."""
        guidance = self._styles.styles
        if guidance.regions:
            return [(region, 1.0)]
        return [(index, share) for index, share in enumerate(guidance.shares) if share > 0]


def _pair(
    maps: NDArray[np.float32], row: int, column: int, mask: Map | None, share: float = 1.0
) -> FilterPair:
    first, second = maps[..., row], maps[..., column]
    product = first * second if mask is None else mask * first * second
    count = float(first.size if mask is None else mask.sum(dtype=np.float64))
    return FilterPair(
        first=first,
        second=second,
        product=product,
        count=count,
        value=_fraction(float(product.sum(dtype=np.float64)), count),
        share=share,
    )


def _named(layer: str, region: int, parts: Sequence[LayerPart]) -> LayerPart:
    for part in parts:
        if (part.layer, part.region) == (layer, region):
            return part
    names = ", ".join(dict.fromkeys(part.layer for part in parts))
    raise SettingsError("layer", f"there is no {layer} here; there are {names}")


def _fraction(part: float, whole: float) -> float:
    """`part` of `whole`; 0 if there is nothing to be a part of."""
    return part / whole if whole else 0.0
