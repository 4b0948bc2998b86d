"""Every tunable, once: its default, its range, and its way to and from JSON.

The command line, the widgets and the library all read their defaults here.
"""

from __future__ import annotations

import dataclasses
import math
import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Generic, Self, TypeVar

from .errors import SettingsError

# Losses are float32: far larger weights would end at infinity.
_MAX_WEIGHT = 1e12


NameOrFunction = str | Callable[..., Any]
"""A choice: the name of a row, or a function of one's own."""

F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True)
class Implementation(Generic[F]):
    """One row of a table of implementations, which a setting chooses by name.

    `label` is its name for people, `help` what the command line says after its name, if anything.
    """

    label: str
    function: F
    help: str = ""


def function_of(name: str, table: Mapping[str, Implementation[F]], choice: str | F) -> F:
    """The function that the setting `name` chooses: that of a row of `table`, or one's own.

    Raises SettingsError that lists the rows if there is none of that name.
    """
    if not isinstance(choice, str):
        return choice
    if choice not in table:
        raise SettingsError(
            name, f"must be one of {', '.join(table)}, or a function, is {str(choice)!r}"
        )
    return table[choice].function


def name_of(choice: NameOrFunction) -> str:
    """The choice as files name it: the row's name, or `module.qualname` of a function."""
    if isinstance(choice, str):
        return str(choice)
    named = choice if hasattr(choice, "__qualname__") else type(choice)
    return f"{named.__module__}.{named.__qualname__}"


def label_of(table: Mapping[str, Implementation[F]], choice: NameOrFunction) -> str:
    """The choice for people: the row's label, else its name."""
    name = name_of(choice)
    return table[name].label if name in table else name


@dataclass(frozen=True, slots=True, kw_only=True)
class Tunable:
    """What command line, sliders and documentation know of a setting beside its default.

    `help` says what it does. A number lies from `low` to `high`, both included. With a `flag` it
    is an option of the command line, whose value is called `metavar` in the help. `label` is the
    name beside a slider. `slider` are the powers of ten that a logarithmic slider spans. `start` is
    the value at which a setting that was off is switched on.
    """

    help: str
    low: float = -math.inf
    high: float = math.inf
    flag: str = ""
    metavar: str | None = None
    label: str = ""
    slider: tuple[float, float] = (-3, 3)
    start: float = 1.0


def tunable(default: Any, help: str, /, **facts: Any) -> Any:
    """A field of a settings class: its default, and the facts of its `Tunable`."""
    return field(default=default, metadata={"tunable": Tunable(help=help, **facts)})


def tunables(settings: Any) -> dict[str, Tunable]:
    """The tunables of a settings class, or of settings, by the name of their field."""
    return {
        f.name: f.metadata["tunable"]
        for f in dataclasses.fields(settings)
        if "tunable" in f.metadata
    }


class OptimizerMethod(Enum):
    """How a picture is painted: bounded L-BFGS (the better picture) or Adam."""

    LBFGS = "lbfgs"
    ADAM = "adam"


class Init(Enum):
    """Where a picture starts: the content in the style's colours, or uniform noise."""

    CONTENT = "content"
    NOISE = "noise"


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
    (see `stylekit.vgg.features.MEAN_ACTIVATION`).

    `layers` are the shares w_l of the style layers in the style loss, in place of those of
    `ImageSettings.style_layer_weights`; any sequence, kept as a tuple, empty for those of the
    settings.
    """

    alpha: float = tunable(
        1.0,
        "keeps what the photograph shows",
        high=_MAX_WEIGHT,
        low=0,
        flag="--alpha",
        slider=(-3, 3),
        start=1.0,
    )
    beta: float = tunable(
        1e4,
        "asks for the painting's strokes and colours",
        low=0,
        high=_MAX_WEIGHT,
        flag="--beta",
        slider=(1, 7),
        start=1e4,
    )
    gamma: float = tunable(
        4e2,
        "holds a clip's frame to the one before; idle on a picture",
        low=0,
        high=_MAX_WEIGHT,
        flag="--gamma",
        slider=(0, 6),
        start=4e2,
    )
    tv: float = tunable(
        0.0,
        "smooths: takes away grain, then detail",
        low=0,
        high=_MAX_WEIGHT,
        flag="--tv",
        slider=(-4, 2),
        start=0.1,
    )
    layers: tuple[float, ...] = tunable(
        (),
        "what each style layer counts in the style loss; empty: as in the settings",
        low=0,
        high=_MAX_WEIGHT,
        slider=(-2, 2),
    )

    def __post_init__(self) -> None:
        if not isinstance(self.layers, (list, tuple)):
            raise SettingsError("layers", f"must be a sequence of numbers, is {self.layers!r}")
        # A list, which is what JSON has, would leave weights without a hash.
        object.__setattr__(self, "layers", tuple(self.layers))
        _check(self)

    def to_json(self) -> dict[str, Any]:
        """JSON's own types. `layers` are left out where they say nothing.

        So files agree with those written by versions that had no layer weights here.
        """
        fields = _Settings.to_json(self)  # super() does not know classes that slots remade
        return fields if self.layers else {k: v for k, v in fields.items() if k != "layers"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageSettings(_Settings):
    """How one picture is painted.

    `size` is the longest side in pixels, `steps` the most optimiser steps on the finest scale. A
    picture is done sooner when its loss falls by less than `tolerance`, relative, over `patience`
    steps. `scales` is the number of sizes painted from coarse to fine, each twice the one before.
    `pooling` is a name in `stylekit.vgg.features.POOLINGS`, or a function that halves maps `(1, h,
    w, channels)`.
    """

    weights: Weights = field(default_factory=lambda: Weights())
    size: int = tunable(
        384, "longest side in pixels", low=32, high=4096, flag="--size", metavar="N"
    )
    steps: int = tunable(
        100,
        "the most optimiser steps, at each scale",
        low=1,
        high=100_000,
        flag="--steps",
        metavar="N",
    )
    scales: int = tunable(
        1,
        "sizes to paint from coarse to fine: more give larger strokes",
        low=1,
        high=6,
        flag="--scales",
        metavar="N",
    )
    optimizer: OptimizerMethod = tunable(
        OptimizerMethod.LBFGS, "lbfgs paints better", flag="--optimizer"
    )
    backbone: str = tunable(
        "auto",
        "auto, vgg19, vgg16 or the path of a weight file; auto is VGG19 where Keras has its "
        "weights or can download them, else the embedded VGG16",
        flag="--backbone",
        metavar="NET",
    )
    pooling: NameOrFunction = tunable(
        "average", "how the network halves its maps", flag="--pooling"
    )
    init: Init = tunable(
        Init.CONTENT,
        "where the first frame starts",
        flag="--init",
        metavar="content|noise",
    )
    keep_colors: bool = tunable(False, "keep the colours of the content", flag="--keep-colors")
    seed: int = tunable(0, "of the noise", low=0, high=2**32 - 1, flag="--seed", metavar="N")
    content_layers: tuple[str, ...] = tunable(
        ("block4_conv2",), "layers whose features the content loss compares"
    )
    style_layers: tuple[str, ...] = tunable(
        ("block1_conv1", "block2_conv1", "block3_conv1", "block4_conv1", "block5_conv1"),
        "layers whose Gram matrices the style loss compares",
    )
    style_layer_weights: tuple[float, ...] = tunable(
        (), "what each style layer counts in the style loss; empty: 1 each", low=0
    )
    tolerance: float = tunable(
        1e-2,
        "a picture is done when its loss falls by less than this share in `patience` steps",
        low=0,
        high=1,
    )
    patience: int = tunable(10, "steps over which `tolerance` is judged", low=1, high=10_000)

    def __post_init__(self) -> None:
        _check(self)
        for name in ("content_layers", "style_layers"):
            layers = getattr(self, name)
            if not layers or len(set(layers)) < len(layers):
                raise SettingsError(name, "name at least one layer, and none twice")
        check_layer_count("style_layer_weights", self.style_layer_weights, self.style_layers)
        check_layer_count("layers", self.weights.layers, self.style_layers)


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoSettings(_Settings):
    """How a clip is painted.

    `image` holds what concerns every frame; its `steps` are those of a first frame. Later
    frames take at most `frame_steps`. A frame starts cold, as the first of a new shot, where
    the reliable share of its flow falls below `cut_share`.

    `flow` is a name in `stylekit.motion.flow.FLOWS` or a function `(source, target) -> flow`,
    `mask` a name in `stylekit.motion.masks.MASKS` or a `MaskFunction`. Names are looked up where
    they are used, so that settings which name somebody else's function can be read.
    """

    image: ImageSettings = field(default_factory=lambda: ImageSettings(size=256))
    frame_steps: int = tunable(
        22,
        "the most steps of a later frame",
        low=1,
        high=100_000,
        flag="--frame-steps",
        metavar="N",
    )
    flow: NameOrFunction = tunable("dis", "where optical flow comes from", flag="--flow")
    mask: NameOrFunction = tunable("paper", "how flow is judged", flag="--mask")
    independent: bool = tunable(
        False,
        "style every frame by itself: flickers, for comparison",
        flag="--independent",
    )
    start: Start = tunable(Start.WARPED, "where a later frame starts")
    cut_share: float = tunable(
        0.25,
        "a frame starts a new shot where less than this share of its flow is reliable",
        low=0,
        high=1,
    )
    motion_boundary: bool = tunable(True, "trust no flow at motion boundaries")
    dilate: int = tunable(0, "how far distrusted areas are grown, in pixels", low=0, high=16)

    def __post_init__(self) -> None:
        _check(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaLimits(_Settings):
    """The largest and smallest pictures and clips that are read, checked before decoding."""

    picture_pixels: int = tunable(50_000_000, "pixels of a picture", low=1)
    picture_bytes: int = tunable(50_000_000, "bytes of a picture's file", low=1)
    min_side: int = tunable(16, "the shortest side in pixels", low=1)
    max_aspect: float = tunable(20.0, "the longer side, divided by the shorter", low=1)
    clip_side: int = tunable(4096, "the longest side of a clip in pixels", low=1)
    clip_frames: int = tunable(3000, "frames of a clip", low=1)
    clip_bytes: int = tunable(500_000_000, "bytes of a clip's file", low=1)

    def __post_init__(self) -> None:
        _check(self)


def check_layer_count(name: str, weights: tuple[float, ...], style_layers: tuple[str, ...]) -> None:
    """Raises SettingsError unless there are no weights, or one for each style layer."""
    if weights and len(weights) != len(style_layers):
        raise SettingsError(
            name, f"give one weight for each of the {len(style_layers)} style layers"
        )


def _check(settings: _Settings) -> None:
    """Refuse values of another type, and numbers out of the range of their `Tunable`.

    Without this "adam" in place of OptimizerMethod.ADAM would pass, and be taken for neither.
    """
    known = tunables(settings)
    for name, hint in typing.get_type_hints(type(settings)).items():
        value = getattr(settings, name)
        low, high = (known[name].low, known[name].high) if name in known else (0.0, 0.0)
        if hint in (int, float):
            check_number(name, value, low=low, high=high, whole=hint is int)
        elif hint == NameOrFunction:
            if not (isinstance(value, str) or callable(value)):
                raise SettingsError(name, f"must be a name or a function, is {value!r}")
        elif typing.get_origin(hint) is tuple:
            items = typing.get_args(hint)[0]
            if not isinstance(value, tuple) or not (
                items is float or all(isinstance(item, items) for item in value)
            ):
                raise SettingsError(name, f"must be a tuple of {items.__name__}, is {value!r}")
            for number in value if items is float else ():
                check_number(name, number, low=low, high=high)
        elif not isinstance(value, hint):
            raise SettingsError(name, f"must be {hint.__name__}, is {value!r}")


def check_number(
    name: str, value: float, *, low: float, high: float = math.inf, whole: bool = False
) -> None:
    """Raises SettingsError unless `value` is a number, or a `whole` one, from `low` to `high`."""
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
    if callable(value):
        return name_of(value)
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
