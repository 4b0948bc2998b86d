"""Style on layers that no loss compares."""

from __future__ import annotations

import numpy as np
import pytest
from conftest import VGG_BLOCKS

from stylekit.arrays import Image
from stylekit.errors import SettingsError
from stylekit.image.distance import unused_layers, unused_style_distance
from stylekit.settings import ImageSettings
from stylekit.vgg.weights import Backbone


def test_unused_layers_are_all_that_the_losses_leave(
    vgg16: Backbone, random_vgg19: Backbone
) -> None:
    settings = ImageSettings()
    for backbone in (vgg16, random_vgg19):
        left = unused_layers(backbone, settings)
        used = {*settings.style_layers, *settings.content_layers}
        assert len(left) == sum(VGG_BLOCKS[backbone.name]) - len(used) > 0
        assert not used & set(left)
        assert {"block1_conv2", "block2_conv2", "block3_conv3", "block4_conv3"} <= set(left)


def test_it_is_nothing_for_the_style_and_less_for_a_picture_with_its_texture(
    style: Image, content: Image
) -> None:
    settings = ImageSettings(backbone="vgg16")
    shuffled = np.ascontiguousarray(style[:, ::-1])
    far, near, none = (
        unused_style_distance(picture, style, settings) for picture in (content, shuffled, style)
    )
    assert none == pytest.approx(0, abs=1e-9)
    assert none < near < 0.5 * far


def test_a_network_of_used_layers_alone_is_refused(vgg16: Backbone, style: Image) -> None:
    settings = ImageSettings(backbone="vgg16", style_layers=tuple(vgg16.kernels))
    with pytest.raises(SettingsError, match=r"^style_layers: leave out"):
        unused_style_distance(style, style, settings)
