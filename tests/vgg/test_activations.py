"""The stored mean activations of the embedded network are those that are measured anew.

After a change of the network or of the built-in photographs, write them again:

    STYLEKIT_WRITE_GOLDEN=1 python -m pytest tests/vgg/test_activations.py
    git diff stylekit/vgg/activations.json
"""

from __future__ import annotations

import dataclasses
import json
import os
from pathlib import Path

import numpy as np
import pytest

from stylekit.image import stylization
from stylekit.vgg import features
from stylekit.vgg.features import POOLINGS, FeatureExtractor, Pooling, stored_activations
from stylekit.vgg.weights import Backbone

FILE = Path(features.__file__).with_name("activations.json")


def measured(backbone: Backbone, pooling: Pooling) -> dict[str, float]:
    """The mean unscaled activation of each layer over the photographs."""
    unscaled = {name: features.mean_activation(name) for name in backbone.kernels}
    extractor = FeatureExtractor(
        backbone, list(backbone.kernels), calibration=unscaled, pooling=pooling
    )
    return extractor.mean_activations(stylization.calibration_photographs())


@pytest.mark.slow
def test_stored_activations_are_those_that_are_measured(vgg16: Backbone) -> None:
    found = {pooling.value: measured(vgg16, pooling) for pooling in Pooling}
    if os.environ.get("STYLEKIT_WRITE_GOLDEN"):
        rounded = {
            name: {layer: float(f"{mean:.7g}") for layer, mean in means.items()}
            for name, means in found.items()
        }
        text = json.dumps({"sha256": vgg16.sha256, **rounded}, indent=2)
        FILE.write_text(text + "\n", encoding="utf-8")
        pytest.skip(f"{FILE.name} was written")
    for name, means in found.items():
        stored = stored_activations(vgg16, POOLINGS[name].function)
        assert stored is not None and list(stored) == list(means)
        # Sums of float32 differ between processors in their last digits.
        np.testing.assert_allclose(list(stored.values()), list(means.values()), rtol=1e-4)


def test_the_embedded_network_is_not_measured_again(
    vgg16: Backbone, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stylization, "calibration_photographs", lambda: pytest.fail("measured"))
    for pooling in Pooling:
        function = POOLINGS[pooling].function
        extractor = stylization._extractor.__wrapped__("vgg16", ("block2_conv1",), function)
        stored = stored_activations(vgg16, function)
        assert stored is not None
        wanted = features.mean_activation("block2_conv1")
        assert extractor.scales == {"block2_conv1": pytest.approx(wanted / stored["block2_conv1"])}


def test_other_weights_and_a_pooling_of_ones_own_are_measured(
    vgg16: Backbone, monkeypatch: pytest.MonkeyPatch
) -> None:
    average = POOLINGS["average"].function
    assert stored_activations(dataclasses.replace(vgg16, sha256="0" * 64), average) is None

    def own(x):
        return average(x)

    # Under the name of a built-in one too.
    monkeypatch.setitem(POOLINGS, "average", dataclasses.replace(POOLINGS["average"], function=own))
    assert stored_activations(vgg16, POOLINGS["average"].function) is None
    extractor = stylization._extractor.__wrapped__("vgg16", ("block1_conv1",), own)
    means = extractor.mean_activations(stylization.calibration_photographs())
    assert means == {
        "block1_conv1": pytest.approx(features.mean_activation("block1_conv1"), rel=1e-4)
    }
