"""The preset of a command line: settings of an earlier result in the place of the defaults."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..settings import ImageSettings, VideoSettings, Weights, WeightSchedule, tunables


@dataclass(frozen=True, slots=True)
class Preset:
    """The settings of an earlier result, and its weights if they moved while it was painted."""

    settings: ImageSettings | VideoSettings
    schedule: WeightSchedule | None = None

    @property
    def image(self) -> ImageSettings:
        """What it says of every picture."""
        settings = self.settings
        return settings.image if isinstance(settings, VideoSettings) else settings

    @property
    def video(self) -> VideoSettings:
        """It for a clip; from that of a picture, a clip whose frames are painted like it."""
        settings = self.settings
        return settings if isinstance(settings, VideoSettings) else VideoSettings(image=settings)

    def schedule_with(
        self, settings: ImageSettings | VideoSettings, given: Mapping[str, Any], strength: float
    ) -> WeightSchedule | None:
        """The weights of each step, as far as no option says otherwise; None if they stay.

        Parameters
        ----------
        settings : Those that are painted with. Only the schedule of the same kind, of a picture or
            of a clip, is repeated.
        given : The weights that options name, those of layers too: they hold for all steps.
        strength : Multiplies the weights of all steps, see `Weights.at_strength`.
        """
        if self.schedule is None or type(settings) is not type(self.settings):
            return None

        names = tunables(Weights)
        own = {name: value for name, value in given.items() if name in names}
        if "style_layer_weights" in given:
            own["layers"] = ()  # they would hide those that are given

        def changed(weights: Weights) -> Weights:
            return dataclasses.replace(weights, **own).at_strength(strength)

        return WeightSchedule.of(self.schedule.with_weights(changed).changes)


def read_preset(path: str) -> Preset:
    """The preset at `path`, with all that an option can change in the place that it changes.

    Raises
    ------
    MediaError : if there is none, or it cannot be read
    """
    # Imported here, because neither `--help` nor the doctor should need a media library.
    from ..media.presets import load_preset, load_weight_schedule

    schedule = load_weight_schedule(path)
    preset = Preset(load_preset(path), schedule if schedule.moves else None)
    image = preset.image
    if image.weights.layers and not schedule.moves:
        # A panel moved them. They would hide those of --layer-weights, so they change places.
        image = dataclasses.replace(
            image,
            style_layer_weights=image.weights.layers,
            weights=dataclasses.replace(image.weights, layers=()),
        )
    if isinstance(preset.settings, VideoSettings):
        return dataclasses.replace(
            preset, settings=dataclasses.replace(preset.settings, image=image)
        )
    return dataclasses.replace(preset, settings=image)


def values_of(preset: Preset) -> dict[str, Any]:
    """The values of all options that are settings, as JSON's own types, by the settings' names."""
    values: dict[str, Any] = {}
    for settings in (preset.settings, preset.image, preset.image.weights):
        told = settings.to_json()
        values |= {name: told[name] for name, known in tunables(settings).items() if known.flag}
    return values
