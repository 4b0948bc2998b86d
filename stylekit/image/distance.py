"""How far a picture is from the manner of a style, without painting it."""

from __future__ import annotations

from statistics import fmean

import numpy as np
from numpy.typing import NDArray

from ..arrays import Image, check_image, from_bytes, to_bytes
from ..errors import SettingsError
from ..media.images import resize_image
from ..settings import ImageSettings
from ..vgg.features import FeatureExtractor
from ..vgg.statistics import gram_matrix
from ..vgg.weights import Backbone, load_backbone
from .objective import Objective
from .stylization import extractor_of


def style_distance(image: Image, style: Image, settings: ImageSettings | None = None) -> float:
    """How far the picture `image` is from the manner of `style`, 0 for the style picture itself.

    s Σ_l mean (G_l − A_l)², with G_l and A_l the Gram matrices at style layer l of `image`, as the
    8-bit picture of a file, and of `style`, and with the factor s of the style
    (`stylekit.losses.style_calibration`). Layers count as their calibration makes them
    (`stylekit.vgg.features.mean_activation`), whatever the weights.

    Parameters
    ----------
    image, style
        Images of any size; `style` is brought to the longest side of `image`.
    settings
        The network, its pooling and its style layers; the other settings do not matter.

    Returns
    -------
    float
        Comparable between pictures of one size, measured against one style on one network.

    Raises
    ------
    ValueError
        `image` or `style` is no Image.
    SettingsError, WeightsError
        There is no such layer, pooling or network.
    """
    settings = settings or ImageSettings()
    resized = _as_large(style, image)
    objective = Objective(extractor_of(settings), resized, settings)
    return sum(objective.style_distances(image).values())


def unused_layers(backbone: Backbone, settings: ImageSettings) -> tuple[str, ...]:
    """The layers of a network that neither the style loss nor the content loss compares.

    From the first to the deepest; of VGG16 and the default layers, for example, `block1_conv2`,
    `block2_conv2`, `block3_conv2` and four more.
    """
    used = {*settings.style_layers, *settings.content_layers}
    return tuple(name for name in backbone.kernels if name not in used)


def unused_style_distance(
    image: Image, style: Image, settings: ImageSettings | None = None
) -> float:
    """How far `image` is from `style` on the layers that no loss compares.

    mean_l ‖G_l − A_l‖² / ‖A_l‖² over the `unused_layers` l, with the Gram matrices G_l of `image`,
    as the 8-bit picture of a file, and A_l of `style`.

    `style_distance` is minimised and decides when a frame is finished, so it cannot judge what
    was painted; this is not minimised. Both come from one network, and lower layers depend on
    their neighbours, so it is not independent either: it shows what is fitted to the five layers
    alone.

    Parameters
    ----------
    image, style, settings : As in `style_distance`. The picture is not computed in tiles.

    Returns
    -------
    0 for the style picture itself. Each layer counts the same, whatever its calibration.

    Raises
    ------
    ValueError
        `image` or `style` is no Image.
    SettingsError, WeightsError
        There is no such layer, pooling or network, or its every layer is used.
    """
    settings = settings or ImageSettings()
    resized = _as_large(style, image)
    layers = unused_layers(load_backbone(settings.backbone), settings)
    if not layers:
        raise SettingsError("style_layers", "leave out at least one layer of the network")
    # Without shares of layers, whose number would not fit.
    extractor = extractor_of(
        ImageSettings(
            backbone=settings.backbone,
            pooling=settings.pooling,
            margin=settings.margin,
            content_layers=layers[:1],
            style_layers=layers,
        )
    )
    pairs = zip(*(_grams(extractor, picture) for picture in (image, resized)), strict=True)
    return fmean(float(np.sum((G - A) ** 2) / np.sum(A**2)) for G, A in pairs)


def _as_large(style: Image, image: Image) -> Image:
    """The style with the longest side of the picture."""
    height, width = check_image(image).shape[:2]
    return resize_image(check_image(style, "style"), max(height, width))


def _grams(extractor: FeatureExtractor, image: Image) -> list[NDArray[np.float32]]:
    """The Gram matrices of the 8-bit picture, layer by layer."""
    features = extractor(from_bytes(to_bytes(image)))
    return [gram_matrix(features[name]).numpy() for name in extractor.layers]
