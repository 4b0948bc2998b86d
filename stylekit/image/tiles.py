"""The loss of a large picture and its gradient, computed tile by tile: the same in less memory.

The network is run on overlapping windows of the picture (`stylekit.image.tile_grid`), and each
position of a layer is counted in one window alone. A gradient takes two passes:

1. Forward. Each tile adds Σ F Fᵀ of its own positions to the Gram matrices of the style layers, and
   Σ (F − P)² to the content loss. From the Gram matrices G of the whole picture follows ∂L/∂G.
2. Forward and backward. At the tile's own positions the gradient with respect to the features is
   F (∂L/∂G + ∂L/∂Gᵀ) / M, and 2 (F − P) times the weight of the content loss by N M. It is pulled
   back to the window, the halo included, and added to the gradient of the picture.

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
from ..losses import TERMS, Targets, gram_loss
from ..vgg.features import FeatureExtractor, mirror_margins
from ..vgg.runtime import tf
from .scores import each_stranger_to
from .tile_grid import Grid, Reach, Span, plan_grid, positions
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
                _part(found[layer], tile.place[layer])[:] = own
        return found

    def grams(self, image: Image) -> dict[str, tf.Tensor]:
        """The Gram matrices of the style layers."""
        return self._sums(image, {}, self._style_layers)[0]

    def parts(self, image: Image, targets: Targets) -> tf.Tensor:
        """The loss of each term, and of each style layer in a term that has one for each."""
        grams, content = self._sums(image, targets.content, self._style_layers)
        return tf.concat(self._parts(content, grams, targets, self._image_terms(image, targets)), 0)

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
        grams, content = self._sums(image, targets.content, self._style_layers)
        of_terms = dict(zip(TERMS, self._by_term(factors), strict=True))
        terms, gradient = self._image_gradient(image, targets, of_terms)
        parts = tf.concat(self._parts(content, grams, targets, terms), 0)
        pulls = self._style_pulls(image, grams, targets, of_terms["style"])
        content_pull = float(of_terms["content"][0])
        self._add_gradient(image, targets, pulls, content_pull, gradient)
        value = np.dot(parts.numpy().astype(np.float64), np.asarray(factors, np.float64))
        return float(value), gradient, parts

    def losses_of_nothing(self, content: Image, targets: Targets) -> tuple[float, float]:
        """As `Objective.losses_of_nothing`, with one stranger in memory at a time."""
        strangers = [
            self._sums(stranger, targets.content, ())[1] for stranger in each_stranger_to(content)
        ]
        grams = self.grams(content)
        style = sum(float(gram_loss(grams[layer], A)) for layer, A in targets.grams.items())
        return float(np.mean(strangers)), style

    # --- pass 1 ---

    def _sums(
        self, image: Image, content: Mapping[str, Array], style_layers: tuple[str, ...]
    ) -> tuple[dict[str, tf.Tensor], float]:
        """The Gram matrices of a picture, and its content loss."""
        grid = self._grid(image)
        layers = (*content, *style_layers)
        totals = {layer: np.zeros(()) for layer in style_layers}
        loss = 0.0

        def tile_sums(window: tf.Tensor, cores: dict, targets: dict) -> tuple[dict, dict]:
            own = self._own_features(window, cores)
            flat = {layer: tf.reshape(own[layer], (-1, own[layer].shape[-1])) for layer in own}
            return (
                {
                    layer: tf.matmul(flat[layer], flat[layer], transpose_a=True)
                    for layer in style_layers
                },
                {
                    layer: tf.reduce_sum(tf.square(own[layer] - _part(target, cores[layer])))
                    for layer, target in targets.items()
                },
            )

        for tile in self._tiles(image, grid, layers):
            case = (tuple(content), style_layers)
            wanted = self._windows_of(content, grid, tile)
            products, squares = self._call(tile_sums, grid, case, tile, wanted)
            # In double precision, because there are many tiles.
            for layer, product in products.items():
                totals[layer] = totals[layer] + product.numpy()
            loss += sum(float(square) / content[layer].size for layer, square in squares.items())
        grams = {
            layer: tf.constant(total / math.prod(self._shape(grid, layer)), tf.float32)
            for layer, total in totals.items()
        }
        return grams, loss

    def _parts(
        self,
        content: float,
        grams: Mapping[str, tf.Tensor],
        targets: Targets,
        terms: Mapping[str, tf.Tensor],
    ) -> list[tf.Tensor]:
        known = {
            **terms,
            "content": tf.constant(content, tf.float32),
            "style": tf.stack([gram_loss(grams[layer], A) for layer, A in targets.grams.items()]),
        }
        return [tf.reshape(known[name], [-1]) for name in TERMS]

    # --- pass 2 ---

    def _style_pulls(
        self,
        image: Image,
        grams: Mapping[str, tf.Tensor],
        targets: Targets,
        factors: Sequence[float],
    ) -> dict[str, tf.Tensor]:
        """(∂L/∂G + ∂L/∂Gᵀ) / M by layer, which maps the features to the gradient of their loss."""
        grid = self._grid(image)
        pulls = {}
        for (layer, A), factor in zip(targets.grams.items(), factors, strict=True):
            gram = grams[layer]
            with tf.GradientTape() as tape:
                tape.watch(gram)
                loss = factor * gram_loss(gram, A)
            slope = tape.gradient(loss, gram)
            pulls[layer] = (slope + tf.transpose(slope)) / math.prod(self._shape(grid, layer))
        return pulls

    def _add_gradient(
        self,
        image: Image,
        targets: Targets,
        pulls: Mapping[str, tf.Tensor],
        content_factor: float,
        gradient: Array,
    ) -> None:
        """Add the gradient of the content and style terms to `gradient`."""
        grid = self._grid(image)
        layers = (*targets.content, *pulls)
        scales = {
            layer: tf.constant(2 * content_factor / content.size, tf.float32)
            for layer, content in targets.content.items()
        }

        def tile_gradient(
            window: tf.Tensor, cores: dict, targets: dict, pulls: dict, scales: dict
        ) -> tf.Tensor:
            with tf.GradientTape() as tape:
                tape.watch(window)
                own = self._own_features(window, cores)
            slopes = {}
            for layer, F in own.items():
                slopes[layer] = tf.zeros_like(F)
                if layer in pulls:
                    slopes[layer] += tf.tensordot(F, pulls[layer], 1)
                if layer in targets:
                    slopes[layer] += scales[layer] * (F - _part(targets[layer], cores[layer]))
            return tape.gradient(own, window, output_gradients=slopes)

        for tile in self._tiles(image, grid, layers):
            case = (tuple(targets.content), tuple(pulls))
            wanted = self._windows_of(targets.content, grid, tile)
            found = self._call(tile_gradient, grid, case, tile, wanted, dict(pulls), scales).numpy()
            rows, found = grid.rows.folded(tile.rows, found)
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
        self, content: Mapping[str, Array], grid: Grid, tile: _Tile
    ) -> dict[str, tf.Tensor]:
        """The content's features in the shape of the window's, zero outside the core."""
        windows = {}
        for layer, whole in content.items():
            height, width = (positions(side, self._blocks[layer]) for side in grid.window)
            window = np.zeros((1, height, width, whole.shape[-1]), np.float32)
            _part(window, tile.core[layer])[:] = _part(whole, tile.place[layer])
            windows[layer] = tf.constant(window)
        return windows

    def _own_features(self, window: tf.Tensor, cores: Mapping[str, tf.Tensor]) -> dict[str, Any]:
        """The features at the tile's own positions, by layer."""
        features = self._extractor.without_margin(window)
        return {layer: _part(features[layer], core) for layer, core in cores.items()}

    def _call(self, function: Callable, grid: Grid, case: tuple, tile: _Tile, *more: Any) -> Any:
        cores = {layer: tf.constant(core, tf.int32) for layer, core in tile.core.items()}
        return self._compiler.call(
            function, (grid.window, case), tf.constant(tile.window), cores, *more
        )

    def _by_term(self, factors: Sequence[float]) -> list[list[float]]:
        left = iter(factors)
        counts = [len(self._style_layers) if term.by_layer else 1 for term in TERMS.values()]
        return [[next(left) for _ in range(count)] for count in counts]


def _part(features: Any, place: Any) -> Any:
    """The positions from top to bottom and from left to right of features `(1, h, w, N)`."""
    top, bottom, left, right = (place[index] for index in range(4))
    return features[:, top:bottom, left:right]


def _of_image(targets: Targets) -> Targets:
    return targets._replace(content={}, grams={})


def _image_case(image: Image, targets: Targets) -> tuple:
    return image.shape, len(targets.masks), tuple(TERMS)


def _measure_image(picture: tf.Tensor, targets: Targets) -> dict[str, tf.Tensor]:
    """The terms that look at the picture alone."""
    return {
        name: term.measure(picture, _NoFeatures(), targets)
        for name, term in TERMS.items()
        if name not in ("content", "style")
    }
