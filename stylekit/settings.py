"""Every setting, written once: its default, its range, its help, and its form in JSON.

The command line, the widgets, the documentation and the library all read their defaults here.
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

# Losses are float32: far larger weights would overflow to infinity.
_MAX_WEIGHT = 1e12


NameOrFunction = str | Callable[..., Any]
"""A choice: the name of a row in a table, or a function of your own."""

F = TypeVar("F", bound=Callable[..., Any])
E = TypeVar("E", bound=Enum)


@dataclass(frozen=True)
class Implementation(Generic[F]):
    """One row of a table of implementations; a setting chooses a row by its name.

    `label` is the name that people read. `help`, if any, is what the command line says about it.
    """

    label: str
    function: F
    help: str = ""


def function_of(name: str, table: Mapping[str, Implementation[F]], choice: str | F) -> F:
    """The function that the setting `name` chooses: that of a row of `table`, or `choice` itself.

    Raises SettingsError, which lists the rows, if the table has no row of that name.
    """
    if not isinstance(choice, str):
        return choice
    if choice not in table:
        raise SettingsError(
            name, f"must be one of {', '.join(table)}, or a function, is {str(choice)!r}"
        )
    return table[choice].function


def name_of(choice: NameOrFunction) -> str:
    """The choice as files name it: the name of its row, or `module.qualname` of a function."""
    if isinstance(choice, str):
        return str(choice)
    named = choice if hasattr(choice, "__qualname__") else type(choice)
    return f"{named.__module__}.{named.__qualname__}"


def label_of(table: Mapping[str, Implementation[F]], choice: NameOrFunction) -> str:
    """The choice as people read it: the label of its row, else its name."""
    name = name_of(choice)
    return table[name].label if name in table else name


@dataclass(frozen=True, slots=True)
class Tunable:
    """What the command line, sliders and documentation need to know about a setting.

    `help` says what the setting does, `label` what it is called, `unit` what its value counts
    ("px"). A number lies from `low` to `high`, both included. `flag` is its option on the command
    line, "" for none, and `metavar` what the help calls the option's value. `slider` holds the two
    powers of ten between which a logarithmic slider moves; `start` is the value that a setting of
    0 takes when it is switched on.
    """

    help: str
    label: str = ""
    unit: str = ""
    low: float = 0.0
    high: float = math.inf
    flag: str = ""
    metavar: str | None = None
    slider: tuple[float, float] = (-3, 3)
    start: float = 1.0


def tunable(
    default: Any,
    help: str,
    /,
    *,
    label: str = "",
    unit: str = "",
    low: float = 0.0,
    high: float = math.inf,
    flag: str = "",
    metavar: str | None = None,
    slider: tuple[float, float] = (-3, 3),
    start: float = 1.0,
) -> Any:
    """A field of a settings class: its default, and what `Tunable` says of its other facts."""
    known = Tunable(help, label, unit, low, high, flag, metavar, slider, start)
    return field(default=default, metadata={"tunable": known})


def tunables(settings: Any) -> dict[str, Tunable]:
    """The tunables of a settings class, or of an instance of it, by the names of their fields."""
    fields = dataclasses.fields(settings)
    return {f.name: f.metadata["tunable"] for f in fields if "tunable" in f.metadata}


class OptimizerMethod(Enum):
    """The optimiser: bounded L-BFGS, which gives the better picture, or Adam."""

    LBFGS = "lbfgs"
    ADAM = "adam"


class Init(Enum):
    """Where a picture starts: from the content in the style's colours, or from uniform noise."""

    CONTENT = "content"
    NOISE = "noise"


class Start(Enum):
    """Where a later frame of a clip starts, from worst to best in Ruder et al. 2016, Table 1."""

    RANDOM = "random"
    PREVIOUS = "previous"
    WARPED = "warped"


class _Settings:
    """To and from JSON, for the frozen dataclasses below, and the check of their values."""

    def __post_init__(self) -> None:
        _check(self)

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


def _to_json(value: Any) -> Any:
    if isinstance(value, _Settings):
        return value.to_json()
    if isinstance(value, Enum):
        return value.value
    if callable(value):
        return name_of(value)
    return list(value) if isinstance(value, tuple) else value


S = TypeVar("S", bound=_Settings)


def _documented(kind: type[S]) -> type[S]:
    """Add the section "Parameters" to the docstring of a settings class, from its tunables."""
    lines = ["Parameters", "----------"]
    for name, known in tunables(kind).items():
        span = f" : {known.low:g} to {known.high:g} {known.unit}".rstrip()
        lines.append(name + span if known.high < math.inf else name)
        lines.append(f"    {known.label}: {known.help}" if known.label else f"    {known.help}")
    text, heading, examples = (kind.__doc__ or "").partition("Examples\n")
    kind.__doc__ = text + "\n    ".join([*lines, "", heading]) + examples
    return kind


def _weight(
    default: float, help: str, flag: str, slider: tuple[float, float], start: float = 1.0
) -> Any:
    """A field of `Weights`; the label of a weight is that of its row in `losses.TERMS`."""
    return tunable(default, help, high=_MAX_WEIGHT, flag=flag, slider=slider, start=start)


STRENGTH = Tunable(
    "more photograph, below 1, or more painting, above: changes β and edges together",
    "strength",
    low=0.01,
    high=100.0,
    flag="--strength",
    slider=(-1, 1),
)
"""What is known of the one control above the weights, see `Weights.at_strength`."""


@_documented
@dataclass(frozen=True, slots=True, kw_only=True)
class Weights(_Settings):
    """The weight of each term of the loss: the report's best values, α = 1, β = 10⁴, γ = 4·10².

    A weight means the same on every backbone and picture size, because features are calibrated
    (see `stylekit.vgg.features.MEAN_ACTIVATION`). A new term of `stylekit.losses.TERMS` needs a
    field here. Raises SettingsError for values that are negative, too large or no numbers.

    Examples
    --------
    >>> Weights(beta=3e4).to_json()
    {'alpha': 1.0, 'beta': 30000.0, 'gamma': 400.0, 'edges': 1.0, 'tv': 0.0}
    """

    alpha: float = _weight(1.0, "keeps what the photograph shows", "--alpha", (-3, 3))
    beta: float = _weight(1e4, "asks for the painting's strokes and colours", "--beta", (1, 7), 1e4)
    gamma: float = _weight(
        4e2,
        "holds a clip's frame to the one before; no effect on a picture",
        "--gamma",
        (0, 6),
        4e2,
    )
    edges: float = _weight(1.0, "keeps edges: faces, towers, branches", "--edges", (-3, 3))
    tv: float = _weight(0.0, "smooths: takes away grain, then detail", "--tv", (-4, 2), 0.1)
    layers: tuple[float, ...] = tunable(
        (),
        "the share w_l of each style layer in the style loss; empty: the settings' own shares",
        label="style layer weights",
        high=_MAX_WEIGHT,
        slider=(-2, 2),
    )

    def __post_init__(self) -> None:
        if not isinstance(self.layers, (list, tuple)):
            raise SettingsError("layers", f"must be a sequence of numbers, is {self.layers!r}")
        # JSON gives a list, and weights that hold a list could not be hashed.
        object.__setattr__(self, "layers", tuple(self.layers))
        _check(self)

    def at_strength(self, strength: float) -> Weights:
        """More painting, above 1, or more photograph, below 1; 1 changes nothing.

        β grows with the strength, and the weight of edges falls with it.

        Parameters
        ----------
        strength : 0.01 to 100.

        Raises
        ------
        SettingsError
            If the strength, or a weight that follows, is out of range.

        Examples
        --------
        >>> Weights().at_strength(2)
        Weights(alpha=1.0, beta=20000.0, gamma=400.0, edges=0.5, tv=0.0, layers=())
        """
        check_number("strength", strength, STRENGTH)
        return dataclasses.replace(self, beta=self.beta * strength, edges=self.edges / strength)

    def to_json(self) -> dict[str, Any]:
        """JSON's own types, without `layers` if they are empty.

        Files therefore agree with those of versions that had no layer weights.
        """
        fields = _Settings.to_json(self)  # super() fails in classes that `slots=True` has remade
        return fields if self.layers else {k: v for k, v in fields.items() if k != "layers"}


@_documented
@dataclass(frozen=True, slots=True, kw_only=True)
class ImageSettings(_Settings):
    """How one picture is painted, with `weights` unless a step is given others.

    A picture is finished before its last step when its loss has fallen by less than the relative
    `tolerance` over `patience` steps. Each of `scales` is twice as large as the one before.
    `pooling` is a name in `stylekit.vgg.features.POOLINGS`, or a function that halves maps
    `(1, h, w, channels)`. Raises SettingsError for values out of range.

    Examples
    --------
    >>> ImageSettings(size=256, steps=50).weights.beta
    10000.0
    """

    # Looked up when settings are made: a test, or a notebook, may add a weight at run time.
    weights: Weights = field(default_factory=lambda: Weights())
    size: int = tunable(
        384, "longest side in pixels", unit="px", low=32, high=4096, flag="--size", metavar="N"
    )
    steps: int = tunable(
        60,
        "the most optimiser steps, at each scale",
        low=1,
        high=10**5,
        flag="--steps",
        metavar="N",
    )
    scales: int = tunable(
        3,
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
        Init.CONTENT, "where the first frame starts", flag="--init", metavar="content|noise"
    )
    keep_colors: bool = tunable(False, "keep the colours of the content", flag="--keep-colors")
    seed: int = tunable(0, "of the noise", high=2**32 - 1, flag="--seed", metavar="N")
    content_layers: tuple[str, ...] = tunable(
        ("block4_conv2",), "layers whose features the content loss compares"
    )
    style_layers: tuple[str, ...] = tunable(
        ("block1_conv1", "block2_conv1", "block3_conv1", "block4_conv1", "block5_conv1"),
        "layers whose Gram matrices the style loss compares",
    )
    style_layer_weights: tuple[float, ...] = tunable(
        (), "the share of each style layer in the style loss; empty: 1 each"
    )
    tolerance: float = tunable(
        1e-2, "a picture is finished when its loss falls by less than this share", high=1
    )
    patience: int = tunable(10, "over this many steps", unit="steps", low=1, high=10_000)

    def __post_init__(self) -> None:
        _check(self)
        for name in ("content_layers", "style_layers"):
            layers = getattr(self, name)
            if not layers or len(set(layers)) < len(layers):
                raise SettingsError(name, "name at least one layer, and none twice")
        check_layer_count("style_layer_weights", self.style_layer_weights, self.style_layers)
        check_layer_count("layers", self.weights.layers, self.style_layers)


@_documented
@dataclass(frozen=True, slots=True, kw_only=True)
class VideoSettings(_Settings):
    """How a clip is painted; `image` holds what concerns every frame.

    `image.steps` are the steps of a first frame. `flow` is a name in `stylekit.motion.flow.FLOWS`
    or a function `(source, target) -> flow`, `mask` a name in `stylekit.motion.masks.MASKS` or a
    `MaskFunction`. Such names are looked up where they are used, so that settings which name
    another person's function can be read. Raises SettingsError for values out of range.

    Examples
    --------
    >>> VideoSettings(flow="farneback").to_json()["flow"]
    'farneback'
    """

    image: ImageSettings = field(default_factory=lambda: ImageSettings(size=256))
    frame_steps: int = tunable(
        22, "the most steps of a later frame", low=1, high=10**5, flag="--frame-steps", metavar="N"
    )
    flow: NameOrFunction = tunable("dis", "where optical flow comes from", flag="--flow")
    mask: NameOrFunction = tunable("paper", "how flow is judged", flag="--mask")
    independent: bool = tunable(
        False, "style every frame by itself: flickers, for comparison", flag="--independent"
    )
    start: Start = tunable(Start.WARPED, "where a later frame starts")
    cut_share: float = tunable(
        0.25, "a frame starts a new shot where less than this share of its flow is reliable", high=1
    )
    motion_boundary: bool = tunable(True, "trust no flow at motion boundaries")
    dilate: int = tunable(0, "how far areas of unreliable flow are enlarged", unit="px", high=16)


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaLimits(_Settings):
    """The largest and smallest pictures and clips that are read, checked before decoding."""

    picture_pixels: int = tunable(50_000_000, "pixels of a picture", unit="px", low=1)
    picture_bytes: int = tunable(50_000_000, "bytes of a picture's file", unit="bytes", low=1)
    min_side: int = tunable(16, "the shortest side", unit="px", low=1)
    max_aspect: float = tunable(20.0, "the longer side, divided by the shorter", low=1)
    clip_side: int = tunable(4096, "the longest side of a clip", unit="px", low=1)
    clip_frames: int = tunable(3000, "frames of a clip", low=1)
    clip_bytes: int = tunable(500_000_000, "bytes of a clip's file", unit="bytes", low=1)


def check_layer_count(name: str, weights: tuple[float, ...], style_layers: tuple[str, ...]) -> None:
    """Raise SettingsError unless there are no weights, or one for each style layer."""
    if weights and len(weights) != len(style_layers):
        raise SettingsError(
            name, f"give one weight for each of the {len(style_layers)} style layers"
        )


def _check(settings: _Settings) -> None:
    """Refuse values of another type, and numbers outside the range of their `Tunable`."""
    known = tunables(settings)
    for name, hint in typing.get_type_hints(type(settings)).items():
        value = getattr(settings, name)
        if hint in (int, float):
            check_number(name, value, known[name], whole=hint is int)
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
                check_number(name, number, known[name])
        elif not isinstance(value, hint):
            raise SettingsError(name, f"must be {hint.__name__}, is {value!r}")


def check_number(name: str, value: float, known: Tunable, *, whole: bool = False) -> None:
    """Raises SettingsError unless `value` is a number, or whole number, in the range of `known`."""
    right_kind = isinstance(value, int if whole else (int, float)) and not isinstance(value, bool)
    if not right_kind or not math.isfinite(value) or not known.low <= value <= known.high:
        kind = "a whole number" if whole else "a number"
        at_least, to = f"of at least {known.low:g}", f"from {known.low:g} to {known.high:g}"
        wanted = at_least if known.high == math.inf else to
        raise SettingsError(name, f"must be {kind} {wanted}, is {value!r}")


def _from_json(name: str, hint: Any, value: Any) -> Any:
    if isinstance(hint, type) and issubclass(hint, _Settings):
        if not isinstance(value, dict):
            raise SettingsError(name, f"must be a JSON object, is {value!r}")
        return hint.from_json(value)
    if isinstance(hint, type) and issubclass(hint, Enum):
        return parse_choice(name, hint, value)
    if typing.get_origin(hint) is tuple:
        # A string is left as it is and refused later; as a tuple of its letters it would pass.
        return tuple(value) if isinstance(value, list) else value
    if hint is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    return value


def parse_choice(name: str, kind: type[E], value: str) -> E:
    """The member of `kind` with this value. Raises SettingsError, which lists all values."""
    try:
        return kind(value)
    except ValueError:
        choices = ", ".join(str(member.value) for member in kind)
        raise SettingsError(name, f"must be one of {choices}, is {value!r}") from None
