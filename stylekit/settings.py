"""Every tunable, once: its default, its range, and its way to and from JSON.

The command line, the widgets and the library all read their defaults here.
"""

from __future__ import annotations

import dataclasses
import math
import typing
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Self

from .errors import SettingsError

# Losses are float32: far larger weights would end at infinity.
_MOST_WEIGHT = 1e12


class OptimizerMethod(Enum):
    """How a picture is painted: bounded L-BFGS (the better picture) or Adam."""

    LBFGS = "lbfgs"
    ADAM = "adam"


class Pooling(Enum):
    """How the network halves its maps.

    Average pooling is the default: Gatys et al. 2016 (§2) find its pictures slightly more
    appealing, and here it reaches a painted look in fewer steps. Max is VGG's own.
    """

    MAX = "max"
    AVERAGE = "average"


class Init(Enum):
    """Where a picture starts: the content in the style's colours, or uniform noise."""

    CONTENT = "content"
    NOISE = "noise"


class FlowMethod(Enum):
    """Where optical flow comes from: DIS is fine and the default, Farneback the report's.

    Sharp DIS keeps closer to moving edges, for two to three times the time of DIS. The exact
    flow is known for scenes alone (`Scene.flow_pair`); a clip has none.
    """

    DIS = "dis"
    DIS_FAST = "dis-fast"
    DIS_SHARP = "dis-sharp"
    FARNEBACK = "farneback"
    EXACT = "exact"


class MaskMethod(Enum):
    """How flow is judged: by the paper's two tests, or also by whether it explains the frames."""

    PAPER = "paper"
    ROBUST = "robust"


class Start(Enum):
    """Where a later frame of a clip starts, from worst to best in Ruder et al. 2016, Table 1."""

    RANDOM = "random"
    PREVIOUS = "previous"
    WARPED = "warped"


class _Settings:
    """To and from JSON, for the frozen dataclasses below."""

    def to_json(self) -> dict[str, Any]:
        """A dictionary of JSON's own types that `from_json` reads back to an equal object."""
        return {f.name: _to_json(getattr(self, f.name)) for f in dataclasses.fields(self)}  # type: ignore[arg-type]

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Self:
        """The settings that `to_json` wrote. Raises SettingsError on unknown or bad values."""
        hints = typing.get_type_hints(cls)
        if not isinstance(data, dict):
            raise SettingsError(cls.__name__, f"must be a JSON object, is {data!r}")
        for name in data:
            if name not in hints:
                raise SettingsError(name, f"unknown setting; there are {', '.join(hints)}")
        return cls(**{name: _from_json(name, hints[name], value) for name, value in data.items()})


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights(_Settings):
    """The weight of each loss: the report's best values, α = 1, β = 10⁴, γ = 4·10².

    They mean the same on every backbone and picture size, because features are calibrated
    (see `stylekit.features.MEAN_ACTIVATION`).

    `layers` are the shares w_l of the style layers in the style loss, in place of those of
    `ImageSettings.style_layer_weights`; any sequence, kept as a tuple, empty for those of the
    settings.
    """

    alpha: float = 1.0
    beta: float = 1e4
    gamma: float = 4e2
    tv: float = 0.0
    layers: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        for name in ("alpha", "beta", "gamma", "tv"):
            _check_number(name, getattr(self, name), low=0.0, high=_MOST_WEIGHT)
        if not isinstance(self.layers, (list, tuple)):
            raise SettingsError("layers", f"must be a sequence of numbers, is {self.layers!r}")
        for weight in self.layers:
            _check_number("layers", weight, low=0.0, high=_MOST_WEIGHT)
        # A list, which is what JSON has, would leave weights without a hash.
        object.__setattr__(self, "layers", tuple(self.layers))

    def to_json(self) -> dict[str, Any]:
        """JSON's own types. `layers` are left out where they say nothing.

        So files agree with those written by versions that had no layer weights here.
        """
        fields = _Settings.to_json(self)  # super() does not know classes that slots remade
        return fields if self.layers else {k: v for k, v in fields.items() if k != "layers"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageSettings(_Settings):
    """How one picture is painted.

    `size` is the longest side in pixels, `steps` the most optimiser steps on the finest scale.
    A picture is done sooner when its loss falls by less than `tolerance`, relative, over
    `patience` steps. `scales` is the number of sizes painted from coarse to fine, each twice
    the one before.
    """

    weights: Weights = field(default_factory=Weights)
    size: int = 384
    steps: int = 100
    optimizer: OptimizerMethod = OptimizerMethod.LBFGS
    backbone: str = "auto"
    pooling: Pooling = Pooling.AVERAGE
    init: Init = Init.CONTENT
    content_layers: tuple[str, ...] = ("block4_conv2",)
    style_layers: tuple[str, ...] = (
        "block1_conv1",
        "block2_conv1",
        "block3_conv1",
        "block4_conv1",
        "block5_conv1",
    )
    style_layer_weights: tuple[float, ...] = ()
    scales: int = 1
    tolerance: float = 1e-2
    patience: int = 10
    keep_colors: bool = False
    seed: int = 0

    def __post_init__(self) -> None:
        _check_kinds(self)
        _check_number("size", self.size, low=32, high=4096, whole=True)
        _check_number("steps", self.steps, low=1, high=100_000, whole=True)
        _check_number("scales", self.scales, low=1, high=6, whole=True)
        _check_number("tolerance", self.tolerance, low=0.0, high=1.0)
        _check_number("patience", self.patience, low=1, high=10_000, whole=True)
        _check_number("seed", self.seed, low=0, high=2**32 - 1, whole=True)
        for name in ("content_layers", "style_layers"):
            layers = getattr(self, name)
            if not layers or len(set(layers)) < len(layers):
                raise SettingsError(name, "name at least one layer, and none twice")
        for weight in self.style_layer_weights:
            _check_number("style_layer_weights", weight, low=0.0)
        check_layer_count("style_layer_weights", self.style_layer_weights, self.style_layers)
        check_layer_count("layers", self.weights.layers, self.style_layers)


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoSettings(_Settings):
    """How a clip is painted.

    `image` holds what concerns every frame; its `steps` are those of a first frame. Later
    frames take at most `frame_steps`. A frame starts cold, as the first of a new shot, where
    the reliable share of its flow falls below `cut_share`.
    """

    image: ImageSettings = field(default_factory=lambda: ImageSettings(size=256))
    flow: FlowMethod = FlowMethod.DIS
    frame_steps: int = 22
    start: Start = Start.WARPED
    independent: bool = False
    cut_share: float = 0.25
    mask: MaskMethod = MaskMethod.PAPER
    motion_boundary: bool = True
    dilate: int = 0

    def __post_init__(self) -> None:
        _check_kinds(self)
        _check_number("frame_steps", self.frame_steps, low=1, high=100_000, whole=True)
        _check_number("cut_share", self.cut_share, low=0.0, high=1.0)
        _check_number("dilate", self.dilate, low=0, high=16, whole=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaLimits(_Settings):
    """The largest and smallest pictures and clips that are read, checked before decoding."""

    picture_pixels: int = 50_000_000
    picture_bytes: int = 50_000_000
    min_side: int = 16
    max_aspect: float = 20.0
    clip_side: int = 4096
    clip_frames: int = 3000
    clip_bytes: int = 500_000_000

    def __post_init__(self) -> None:
        for limit in dataclasses.fields(self):
            whole = limit.name != "max_aspect"
            _check_number(limit.name, getattr(self, limit.name), low=1, whole=whole)


def check_layer_count(name: str, weights: tuple[float, ...], style_layers: tuple[str, ...]) -> None:
    """Raises SettingsError unless there are no weights, or one for each style layer."""
    if weights and len(weights) != len(style_layers):
        raise SettingsError(
            name, f"give one weight for each of the {len(style_layers)} style layers"
        )


def _check_kinds(settings: _Settings) -> None:
    """Refuse values of another type; numbers are left to `_check_number`.

    Without this "adam" in place of OptimizerMethod.ADAM would pass, and be taken for neither.
    """
    for name, hint in typing.get_type_hints(type(settings)).items():
        value = getattr(settings, name)
        if hint in (int, float):
            continue
        if typing.get_origin(hint) is tuple:
            items = typing.get_args(hint)[0]
            right = isinstance(value, tuple) and (
                items is float or all(isinstance(item, items) for item in value)
            )
            wanted = f"a tuple of {items.__name__}"
        else:
            right, wanted = isinstance(value, hint), hint.__name__
        if not right:
            raise SettingsError(name, f"must be {wanted}, is {value!r}")


def _check_number(
    name: str, value: float, *, low: float, high: float = math.inf, whole: bool = False
) -> None:
    kind = "a whole number" if whole else "a number"
    wanted = (
        f"{kind} of at least {low:g}" if high == math.inf else f"{kind} from {low:g} to {high:g}"
    )
    right_kind = isinstance(value, int if whole else (int, float)) and not isinstance(value, bool)
    if not right_kind or not math.isfinite(value) or not low <= value <= high:
        raise SettingsError(name, f"must be {wanted}, is {value!r}")


def _to_json(value: Any) -> Any:
    if isinstance(value, _Settings):
        return value.to_json()
    if isinstance(value, Enum):
        return value.value
    return list(value) if isinstance(value, tuple) else value


def _from_json(name: str, hint: Any, value: Any) -> Any:
    if isinstance(hint, type) and issubclass(hint, _Settings):
        if not isinstance(value, dict):
            raise SettingsError(name, f"must be a JSON object, is {value!r}")
        return hint.from_json(value)
    if isinstance(hint, type) and issubclass(hint, Enum):
        return parse_choice(name, hint, value)
    if typing.get_origin(hint) is tuple:
        # A string is refused later: as a tuple of its letters it would not be.
        return tuple(value) if isinstance(value, list) else value
    if hint is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    return value


E = typing.TypeVar("E", bound=Enum)


def parse_choice(name: str, kind: type[E], value: str) -> E:
    """The member of `kind` whose value is `value`. Raises SettingsError that lists them all."""
    try:
        return kind(value)
    except ValueError:
        choices = ", ".join(str(member.value) for member in kind)
        raise SettingsError(name, f"must be one of {choices}, is {value!r}") from None
