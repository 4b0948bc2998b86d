"""The preset of a command line: settings of an earlier result in the place of the defaults."""

from __future__ import annotations

import dataclasses
from typing import Any

from ..settings import ImageSettings, VideoSettings, tunables

Preset = ImageSettings | VideoSettings


def read_preset(path: str) -> Preset:
    """The preset at `path`, with all that an option can change in the place that it changes.

    Raises
    ------
    MediaError : if there is none, or it cannot be read
    """
    # Imported here, because neither `--help` nor the doctor should need a media library.
    from ..media.presets import load_preset

    preset = load_preset(path)
    image = image_part(preset)
    if image.weights.layers:
        # A panel moved them. They would hide those of --layer-weights, so they change places.
        image = dataclasses.replace(
            image,
            style_layer_weights=image.weights.layers,
            weights=dataclasses.replace(image.weights, layers=()),
        )
    return dataclasses.replace(preset, image=image) if isinstance(preset, VideoSettings) else image


def image_part(preset: Preset) -> ImageSettings:
    """What the preset of a picture or of a clip says of every picture."""
    return preset.image if isinstance(preset, VideoSettings) else preset


def video_part(preset: Preset) -> VideoSettings:
    """The preset of a clip; from that of a picture, a clip whose frames are painted like it."""
    return preset if isinstance(preset, VideoSettings) else VideoSettings(image=preset)


def values_of(preset: Preset) -> dict[str, Any]:
    """The values of all options that are settings, as JSON's own types, by the settings' names."""
    values: dict[str, Any] = {}
    for settings in (preset, image_part(preset), image_part(preset).weights):
        told = settings.to_json()
        values |= {name: told[name] for name, known in tunables(settings).items() if known.flag}
    return values
