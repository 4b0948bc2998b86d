"""A painting on VGG19's structure: what depends on its layers, by every kind of style loss."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from stylekit.arrays import Image, to_bytes
from stylekit.image.guidance import Guidance
from stylekit.image.objective import Objective
from stylekit.image.scales import sized_guidance
from stylekit.image.stylization import Stylization
from stylekit.settings import ImageSettings
from stylekit.vgg.features import FeatureExtractor
from stylekit.vgg.weights import Backbone

# The last convolution of the third block is one that VGG16 does not have.
LAYERS = ("block1_conv1", "block2_conv1", "block3_conv4")
SHARES = (0.5, 2.0, 1.0)


@pytest.mark.slow
@pytest.mark.parametrize("style_loss", ["moments", "sliced"])
def test_guidance_statistics_and_layer_weights_work_together(
    style_loss: str,
    random_vgg19: Backbone,
    picture: Callable[..., Image],
) -> None:
    settings = ImageSettings(
        size=32,
        steps=2,
        content_layers=("block3_conv1",),
        style_layers=LAYERS,
        style_layer_weights=SHARES,
        style_loss=style_loss,
    )
    content, style = picture("chelsea", size=32), picture("swirls")
    left = np.zeros(content.shape[:2], np.float32)
    left[:, :13] = 1
    masks = {"regions": (left, 1 - left), "keep": left[:, ::-1]} if style_loss == "moments" else {}
    guidance = Guidance.of([style, picture("glass")], (1.0, 3.0), **masks)
    layers = (*settings.content_layers, *LAYERS)
    extractor = FeatureExtractor(
        random_vgg19,
        layers,
        # About what photographs give; how they are measured is tested elsewhere.
        calibration=dict.fromkeys(layers, 50.0),
        pooling=settings.pooling,
        margin=settings.margin,
    )
    objective = Objective(extractor, sized_guidance(guidance, settings), settings)
    painting = Stylization(content, guidance, settings, objective=objective)
    start = painting.losses
    for _ in painting.steps():
        pass
    assert painting.losses.total(settings.weights) < start.total(settings.weights)
    distances = objective.style_distances(painting.image)
    assert list(distances) == list(LAYERS)
    weighted = np.dot(SHARES, list(distances.values()))
    assert painting.losses.style == pytest.approx(weighted, rel=1e-4)
    assert painting.style_distance == pytest.approx(sum(distances.values()), rel=1e-4)
    assert weighted != pytest.approx(sum(distances.values()), rel=1e-2)
    if masks:
        kept = masks["keep"] == 1
        np.testing.assert_array_equal(to_bytes(painting.image)[kept], to_bytes(content)[kept])
