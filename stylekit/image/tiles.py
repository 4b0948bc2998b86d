"""The loss of a large picture and its gradient, computed tile by tile: the same in less memory.

The network is run on overlapping windows of the picture (`stylekit.image.tile_grid`), and each
position of a layer is counted in one window alone. A gradient takes two passes:

1. Forward. Each tile adds Σ m F Fᵀ and Σ m F of its own positions to the sums of the style layers,
   for each part of the picture with its mask m, and Σ (F − P)² to the content loss. The sums
   divided by Σ m are the means G and μ of the whole picture. From them follow its statistics, ∂L/∂G
   and ∂L/∂μ.
2. Forward and backward. At the tile's own positions the gradient with respect to the features is
   m (F (∂L/∂G + ∂L/∂Gᵀ) + ∂L/∂μ) / Σ m for each part, and 2 (F − P) times the weight of the content
   loss by N M. It is pulled back to the window, the halo included, and added to the gradient of the
   picture.

Terms that look at the picture alone are computed on the whole picture.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray

from ..arrays import Image
from ..errors import SettingsError
from ..losses import TERMS, Targets
from ..vgg.features import FeatureExtractor, mirror_margins
from ..vgg.runtime import tf
from ..vgg.statistics import Statistic, StyleTarget
from .scores import each_stranger_to
from .tile_grid import Grid, Reach, Span, plan_grid, positions
from .tile_style import (
    Masks,
    Means,
    conversion,
    mask_sums,
    masks_by_layer,
    part_of,
    style_losses,
    style_pulls,
    sums_of,
)
from .xla import Compiler

WHOLE_PIXELS = 1_000_000
"""Pictures with more pixels are computed in tiles: whole ones of that size take about 4.5 GB."""

TILE_PIXELS = 400_000
"""The most pixels of a window. With more, less is computed twice, but it takes more memory."""

Array = NDArray[np.float32]

WHOLE_SIZE = 1536
"""In a painting of a larger size, smaller scales too are computed in tiles, if they have more
pixels than a window: TensorFlow would not give back what a whole picture takes."""


def most_whole(size: int) -> int:
    """The most pixels that a picture of a painting of this size may have to be computed whole."""
    return WHOLE_PIXELS if size <= WHOLE_SIZE else min(WHOLE_PIXELS, TILE_PIXELS)


class _NoFeatures(Mapping[str, Any]):
    """In place of the features of a picture for terms that should look at the picture alone."""

    def __getitem__(self, layer: str) -> NoReturn:
        raise SettingsError(
            "size",
            "so large a picture is computed in tiles, where only the terms content and style have "
            f"features of {layer}; choose a smaller size",
        )

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0


@dataclass(frozen=True, slots=True)
class _Tile:
    """A tile: its window of the picture, and from where to where its core reaches by layer.

    `core` counts positions from the window's first on, `place` from the first that counts in the
    whole picture: (top, bottom, left, right).
    """

    rows: Span
    columns: Span
    window: Array
    core: dict[str, tuple[int, ...]]
    place: dict[str, tuple[int, ...]]


class Tiles:
    """The loss of large pictures with the content layers and style layers of an `Objective`.

    Parameters
    ----------
    extractor : The network.
    compiler : Keeps the compiled functions, for all pictures with windows of one shape.
    content_layers, style_layers : What is compared.
    size : The longest side of the painting at its last scale.
    """

    def __init__(
        self,
        extractor: FeatureExtractor,
        compiler: Compiler,
        content_layers: Sequence[str],
        style_layers: Sequence[str],
        *,
        size: int,
    ) -> None:
        self._most_whole = most_whole(size)
        self._extractor = extractor
        self._compiler = compiler
        self._content_layers = tuple(content_layers)
        self._style_layers = tuple(style_layers)
        self._blocks = dict(extractor.computed)

    def needed(self, image: Image) -> bool:
        """Whether a picture is so large that it is computed in tiles."""
        return image.shape[0] * image.shape[1] > self._most_whole

    def content(self, image: Image) -> dict[str, Array]:
        """The features of the content layers, as NumPy arrays `(1, h, w, N)`."""
        grid = self._grid(image)
        found: dict[str, Array] = {}
        for tile in self._tiles(image, grid, self._content_layers):
            features = self._call(self._own_features, grid, self._content_layers, tile)
            for layer, own in features.items():
                if layer not in found:
                    found[layer] = np.empty(
                        (1, *self._shape(grid, layer), own.shape[-1]), np.float32
                    )
                part_of(found[layer], tile.place[layer])[:] = own
        return found

    def style_grids(self, image: Image) -> dict[str, tuple[int, ...]]:
        """The height and width of the features of each style layer."""
        grid = self._grid(image)
        return {layer: self._shape(grid, layer) for layer in self._style_layers}

    def statistics(
        self, image: Image, statistics: tuple[Statistic, Statistic]
    ) -> tuple[dict[str, tf.Tensor], dict[str, tf.Tensor]]:
        """Two statistics of each style layer, of the whole picture."""
        conversions = [conversion(statistic) for statistic in statistics]
        masks: Masks = {layer: [] for layer in self._style_layers}
        means = self._sums(image, {}, masks)[0]
        first, second = (
            {layer: convert(*means[layer][0]) for layer in self._style_layers}
            for convert in conversions
        )
        return first, second

    def style_losses(self, image: Image, style: Sequence[StyleTarget]) -> tf.Tensor:
        """As `stylekit.losses.style_losses`, of a picture."""
        return style_losses(
            self._sums(image, {}, masks_by_layer(style, self._style_layers))[0], style
        )

    def parts(self, image: Image, targets: Targets) -> tf.Tensor:
        """The loss of each term, and of each style layer in a term that has one for each."""
        means, content = self._sums(
            image, targets.content, masks_by_layer(targets.style, self._style_layers)
        )
        style = style_losses(means, targets.style)
        return _joined(content, style, self._image_terms(image, targets))

    def differentiate(
        self, image: Image, targets: Targets, factors: Sequence[float]
    ) -> tuple[float, Array, tf.Tensor]:
        """The weighted loss of a picture, its gradient and the `parts`.

        Parameters
        ----------
        image : `(H, W, 3)` in [0, 1].
        targets : Those of a content of the same size.
        factors : The weight of each part.
        """
        masks = masks_by_layer(targets.style, self._style_layers)
        means, content = self._sums(image, targets.content, masks)
        of_terms = dict(zip(TERMS, self._by_term(factors), strict=True))
        terms, gradient = self._image_gradient(image, targets, of_terms)
        counts = self._counts(self._grid(image), masks)
        style, pulls = style_pulls(means, targets.style, of_terms["style"], counts)
        parts = _joined(content, style, terms)
        content_pull = float(of_terms["content"][0])
        self._add_gradient(image, targets.content, masks, pulls, content_pull, gradient)
        value = np.dot(parts.numpy().astype(np.float64), np.asarray(factors, np.float64))
        return float(value), gradient, parts

    def losses_of_nothing(self, content: Image, targets: Targets) -> tuple[float, float]:
        """As `Objective.losses_of_nothing`, with one stranger in memory at a time."""
        strangers = [
            self._sums(stranger, targets.content, {})[1] for stranger in each_stranger_to(content)
        ]
        style = float(tf.reduce_sum(self.style_losses(content, targets.style)))
        return float(np.mean(strangers)), style

    # --- pass 1 ---

    def _sums(
        self, image: Image, content: Mapping[str, Array], masks: Masks
    ) -> tuple[Means, float]:
        """The means of the layers that `masks` has, and the content loss."""
        grid = self._grid(image)
        layers = (*content, *masks)
        counts = self._counts(grid, masks)
        totals: dict[str, list] = {layer: [(0.0, 0.0) for _ in counts[layer]] for layer in masks}
        loss = 0.0

        def tile_sums(
            window: tf.Tensor, cores: dict, targets: dict, masks: dict
        ) -> tuple[dict, dict]:
            own = self._own_features(window, cores)
            return (
                {layer: sums_of(own[layer], masks[layer], cores[layer]) for layer in masks},
                {
                    layer: tf.reduce_sum(tf.square(own[layer] - part_of(target, cores[layer])))
                    for layer, target in targets.items()
                },
            )

        for tile in self._tiles(image, grid, layers):
            wanted, shown = self._windows_of(content, masks, grid, tile)
            sums, squares = self._call(tile_sums, grid, _case(content, masks), tile, wanted, shown)
            # In double precision, because there are many tiles.
            for layer, of_parts in sums.items():
                totals[layer] = [
                    tuple(
                        total + own.numpy().astype(np.float64)
                        for total, own in zip(*pair, strict=True)
                    )
                    for pair in zip(totals[layer], of_parts, strict=True)
                ]
            loss += sum(float(square) / content[layer].size for layer, square in squares.items())
        means = {
            layer: [
                tuple(tf.constant(total / count, tf.float32) for total in pair)
                for pair, count in zip(totals[layer], counts[layer], strict=True)
            ]
            for layer in masks
        }
        return means, loss

    def _counts(self, grid: Grid, masks: Masks) -> dict[str, list[float]]:
        """The `mask_sums` by layer."""
        return {
            layer: mask_sums(masks[layer], math.prod(self._shape(grid, layer))) for layer in masks
        }

    # --- pass 2 ---

    def _add_gradient(
        self,
        image: Image,
        content: Mapping[str, Array],
        masks: Masks,
        pulls: Means,
        content_factor: float,
        gradient: Array,
    ) -> None:
        """Add the gradient of the content and style terms to `gradient`."""
        grid = self._grid(image)
        layers = (*content, *pulls)
        scales = {
            layer: tf.constant(2 * content_factor / whole.size, tf.float32)
            for layer, whole in content.items()
        }

        def tile_gradient(
            window: tf.Tensor, cores: dict, targets: dict, masks: dict, pulls: dict, scales: dict
        ) -> tf.Tensor:
            with tf.GradientTape() as tape:
                tape.watch(window)
                own = self._own_features(window, cores)
            slopes = {}
            for layer, F in own.items():
                slopes[layer] = tf.zeros_like(F)
                if layer in pulls:
                    shares = [part_of(mask, cores[layer]) for mask in masks[layer]] or [1.0]
                    for share, (matrix, vector) in zip(shares, pulls[layer], strict=True):
                        slopes[layer] += share * (tf.tensordot(F, matrix, 1) + vector)
                if layer in targets:
                    slopes[layer] += scales[layer] * (F - part_of(targets[layer], cores[layer]))
            return tape.gradient(own, window, output_gradients=slopes)

        for tile in self._tiles(image, grid, layers):
            wanted, shown = self._windows_of(content, masks, grid, tile)
            case = _case(content, masks)
            found = self._call(tile_gradient, grid, case, tile, wanted, shown, pulls, scales)
            rows, found = grid.rows.folded(tile.rows, found.numpy())
            columns, found = grid.columns.folded(tile.columns, found.swapaxes(0, 1))
            gradient[rows, columns] += found.swapaxes(0, 1)

    # --- terms of the picture alone ---

    def _image_terms(self, image: Image, targets: Targets) -> dict[str, tf.Tensor]:
        def image_terms(picture: tf.Tensor, targets: Targets) -> dict[str, tf.Tensor]:
            return _measure_image(picture, targets)

        found: dict[str, tf.Tensor] = self._compiler.call(
            image_terms, _image_case(image, targets), tf.constant(image), _of_image(targets)
        )
        return found

    def _image_gradient(
        self, image: Image, targets: Targets, factors: Mapping[str, Sequence[float]]
    ) -> tuple[dict[str, tf.Tensor], Array]:
        def image_gradient(
            picture: tf.Tensor, targets: Targets, factors: dict
        ) -> tuple[dict[str, tf.Tensor], tf.Tensor]:
            with tf.GradientTape() as tape:
                tape.watch(picture)
                terms = _measure_image(picture, targets)
                value = tf.add_n(
                    [
                        tf.tensordot(factors[name], tf.reshape(term, [-1]), 1)
                        for name, term in terms.items()
                    ]
                )
            return terms, tape.gradient(value, picture)

        tensors = {
            name: tf.constant(factors[name], tf.float32)
            for name in TERMS
            if name not in ("content", "style")
        }
        case = _image_case(image, targets)
        terms, gradient = self._compiler.call(
            image_gradient, case, tf.constant(image), _of_image(targets), tensors
        )
        return terms, np.array(gradient)

    # --- tiles ---

    def _grid(self, image: Image) -> Grid:
        computed = self._extractor.computed
        reach = Reach(
            blocks=tuple(block for _, block in computed),
            needed=tuple(layer in self._extractor.scales for layer, _ in computed),
            pool_reach=0 if self._extractor.pools_apart else 1,
        )
        margins = mirror_margins(image.shape, self._extractor.margin)
        return plan_grid(image.shape[:2], tuple(margins), reach, TILE_PIXELS)

    def _tiles(self, image: Image, grid: Grid, layers: Sequence[str]) -> Iterator[_Tile]:
        for rows in grid.rows.spans:
            for columns in grid.columns.spans:
                window = image[np.ix_(grid.rows.sources(rows), grid.columns.sources(columns))]
                core, place = {}, {}
                for layer in layers:
                    block = self._blocks[layer]
                    cores, places = [], []
                    for axis, span in ((grid.rows, rows), (grid.columns, columns)):
                        low, high = axis.core(span, block)
                        first = span.start // 2 ** (block - 1)
                        top = axis.inside(block)[0]
                        cores += [low - first, high - first]
                        places += [low - top, high - top]
                    core[layer], place[layer] = tuple(cores), tuple(places)
                yield _Tile(rows, columns, window, core, place)

    def _shape(self, grid: Grid, layer: str) -> tuple[int, int]:
        """The height and width of a layer's features of the whole picture."""
        (top, bottom), (left, right) = (
            axis.inside(self._blocks[layer]) for axis in (grid.rows, grid.columns)
        )
        return bottom - top, right - left

    def _windows_of(
        self, content: Mapping[str, Array], masks: Masks, grid: Grid, tile: _Tile
    ) -> tuple[dict[str, tf.Tensor], dict[str, list[tf.Tensor]]]:
        """The content's features and the masks in the window's shape, zero outside the core."""

        def window_of(whole: Array, layer: str) -> tf.Tensor:
            height, width = (positions(side, self._blocks[layer]) for side in grid.window)
            window = np.zeros((1, height, width, whole.shape[-1]), np.float32)
            part_of(window, tile.core[layer])[:] = part_of(whole, tile.place[layer])
            return tf.constant(window)

        return (
            {layer: window_of(whole, layer) for layer, whole in content.items()},
            {layer: [window_of(mask, layer) for mask in masks[layer]] for layer in masks},
        )

    def _own_features(self, window: tf.Tensor, cores: Mapping[str, tf.Tensor]) -> dict[str, Any]:
        """The features at the tile's own positions, by layer."""
        features = self._extractor.without_margin(window)
        return {layer: part_of(features[layer], core) for layer, core in cores.items()}

    def _call(self, function: Callable, grid: Grid, case: tuple, tile: _Tile, *more: Any) -> Any:
        cores = {layer: tf.constant(core, tf.int32) for layer, core in tile.core.items()}
        return self._compiler.call(
            function, (grid.window, case), tf.constant(tile.window), cores, *more
        )

    def _by_term(self, factors: Sequence[float]) -> list[list[float]]:
        left = iter(factors)
        counts = [len(self._style_layers) if term.by_layer else 1 for term in TERMS.values()]
        return [[next(left) for _ in range(count)] for count in counts]


def _joined(content: float, style: tf.Tensor, terms: Mapping[str, tf.Tensor]) -> tf.Tensor:
    """The parts of all `TERMS`, in their order."""
    known = {**terms, "content": tf.constant(content, tf.float32), "style": style}
    return tf.concat([tf.reshape(known[name], [-1]) for name in TERMS], 0)


def _case(content: Mapping[str, Array], masks: Masks) -> tuple:
    return tuple(content), tuple((layer, len(masks[layer])) for layer in masks)


def _of_image(targets: Targets) -> Targets:
    return targets._replace(content={}, style=())


def _image_case(image: Image, targets: Targets) -> tuple:
    return image.shape, len(targets.masks), tuple(TERMS)


def _measure_image(picture: tf.Tensor, targets: Targets) -> dict[str, tf.Tensor]:
    """The terms that look at the picture alone."""
    return {
        name: term.measure(picture, _NoFeatures(), targets)
        for name, term in TERMS.items()
        if name not in ("content", "style")
    }
