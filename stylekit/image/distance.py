"""How far a picture is from the manner of a style, without painting it."""

from __future__ import annotations

from ..arrays import Image, check_image
from ..media.images import resize_image
from ..settings import ImageSettings
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
    height, width = check_image(image).shape[:2]
    resized = resize_image(check_image(style, "style"), max(height, width))
    objective = Objective(extractor_of(settings), resized, settings)
    return sum(objective.style_distances(image).values())
