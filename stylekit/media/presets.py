"""Presets: the settings of an earlier result, read from its sidecar."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from .. import __version__
from ..errors import MediaError, SettingsError
from ..settings import ImageSettings, VideoSettings, WeightChange, WeightSchedule
from .files import check_input
from .provenance import clean_text, read_record, sidecar_path


def load_preset(path: str | Path) -> ImageSettings | VideoSettings:
    """Read the settings and weights with which a result was painted.

    The picture or clip itself does not hold them: they are in its sidecar, the JSON file beside it.

    Parameters
    ----------
    path
        The sidecar, or the result beside which it is.

    Returns
    -------
    ImageSettings or VideoSettings
        The settings of the picture or clip. Their weights are those of its last step.

    Raises
    ------
    MediaError
        The file is missing or damaged, is no sidecar, or was written by a newer version; the
        message starts with the name of the file.

    Examples
    --------
    ::

        painting = stylize_image(load("me.jpg"), load("swirls"), load_preset("cat.png"))
    """
    path = _sidecar_of(Path(path).expanduser())
    record = _read(path)
    settings, weights = record["settings"], record.get("weights")
    if "keyframes" in record:
        raise MediaError(
            path, "is of a clip that was painted from keyframes, which has no preset; give another"
        )
    with _explained(path):
        if "image" in settings:
            image = _with_weights(settings["image"], weights)
            return VideoSettings.from_json(settings | {"image": image})
        return ImageSettings.from_json(_with_weights(settings, weights))


def load_weight_schedule(path: str | Path) -> WeightSchedule:
    """Read how the weights moved while a result was painted, to repeat it step by step.

    With the same content and styles, and the settings of `load_preset`, on the same machine the
    same picture or clip comes out, byte for byte.

    Parameters
    ----------
    path
        The sidecar, or the result beside which it is.

    Returns
    -------
    WeightSchedule
        The weights of each step. A result of an earlier version has those of its last step alone.

    Raises
    ------
    MediaError
        As `load_preset`.

    Examples
    --------
    ::

        painting = Stylization(load("me.jpg"), load("swirls"), load_preset("cat.png"))
        for step in painting.steps(weights=load_weight_schedule("cat.png")):
            print(step.weighted_loss)
    """
    preset = load_preset(path)
    image = preset.image if isinstance(preset, VideoSettings) else preset
    path = _sidecar_of(Path(path).expanduser())
    record = _read(path)
    if "weight_changes" not in record:
        return WeightSchedule.of([WeightChange(weights=image.weights)])
    with _explained(path):
        schedule = WeightSchedule.from_json(record["weight_changes"])
        for change in schedule.changes:
            dataclasses.replace(image, weights=change.weights)  # checks the number of layers
    return schedule


def _read(path: Path) -> dict[str, Any]:
    """The record of a sidecar, which has settings. Raises MediaError for another file."""
    record = read_record(path)
    settings = record.get("settings")
    if record.get("made_with") != "stylekit" or not isinstance(settings, dict):
        raise MediaError(
            path, "is not a sidecar of stylekit; give a result, or the .json file beside it"
        )
    _check_version(path, record.get("version"))
    return record


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    try:
        yield
    except SettingsError as error:
        raise MediaError(
            path, f"the setting {error.name}: {error.message}; give another preset"
        ) from error


def _sidecar_of(path: Path) -> Path:
    if path.suffix.lower() == ".json":
        return check_input(path)
    if not path.name:
        return check_input(path)  # a folder, which is refused
    try:
        return check_input(sidecar_path(path))
    except MediaError as error:
        check_input(path)
        raise MediaError(
            path, f"needs its sidecar {error.name} beside it: {error.message}"
        ) from error


def _check_version(path: Path, version: Any) -> None:
    """Refuse what a newer version wrote: its settings may mean something else there."""
    numbers = _numbers(version) if isinstance(version, str) else []
    if not numbers:
        raise MediaError(path, "does not say which version wrote it; give another preset")
    if numbers > _numbers(__version__):
        raise MediaError(
            path,
            f"was written by stylekit {clean_text(str(version))}, and this is {__version__}; "
            "update stylekit",
        )


def _numbers(version: str) -> list[int]:
    """`[0, 2, 0]` of "0.2.0" and of "0.2.0rc1"."""
    found = re.match(r"\d{1,6}(\.\d{1,6}){0,2}", version)
    return [int(number) for number in found[0].split(".")] if found else []


def _with_weights(settings: Any, weights: Any) -> Any:
    """Settings as JSON with the weights of the last step, which a panel may have moved.

    They are read together with the settings, which show by what version the file was written.
    """
    return {**settings, "weights": weights} if isinstance(settings, dict) else settings
