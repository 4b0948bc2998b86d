"""What a setting is: its range and help, its way to JSON and back, and the check of its value.

A setting that chooses an implementation does so by the name of a row in a table.
"""

from __future__ import annotations

import dataclasses
import math
import sys
import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from itertools import pairwise
from typing import Any, Generic, Self, TypeVar

from ..errors import SettingsError

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


class Settings:
    """To and from JSON, for the frozen dataclasses of settings, and the check of their values."""

    def __post_init__(self) -> None:
        check(self)

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
    if isinstance(value, Settings):
        return value.to_json()
    if isinstance(value, Enum):
        return value.value
    if callable(value):
        return name_of(value)
    return list(value) if isinstance(value, tuple) else value


S = TypeVar("S", bound=Settings)


def documented(kind: type[S]) -> type[S]:
    """Add the section "Parameters" to the docstring of a settings class, from its tunables."""
    lines = ["Parameters", "----------"]
    for name, known in tunables(kind).items():
        span = f" : {known.low:g} to {known.high:g} {known.unit}".rstrip()
        lines.append(name + span if known.high < math.inf else name)
        lines.append(f"    {known.label}: {known.help}" if known.label else f"    {known.help}")
    text, heading, examples = (kind.__doc__ or "").partition("Examples\n")
    kind.__doc__ = text + "\n    ".join([*lines, "", heading]) + examples
    return kind


def check_layer_count(name: str, weights: tuple[float, ...], style_layers: tuple[str, ...]) -> None:
    """Raise SettingsError unless there are no weights, or one for each style layer."""
    if weights and len(weights) != len(style_layers):
        raise SettingsError(
            name, f"give one weight for each of the {len(style_layers)} style layers"
        )


def check_offsets(offsets: tuple[int, ...]) -> None:
    """Raise SettingsError unless the numbers of frames rise from 1, the frame before."""
    if offsets[:1] != (1,) or any(a >= b for a, b in pairwise(offsets)):
        said = ",".join(map(str, offsets)) or "empty"
        raise SettingsError("offsets", f"must rise, each number once, from 1 on, is {said}")


def whole_numbers(text: str) -> tuple[int, ...] | None:
    """The whole numbers that commas separate in a text; None if it is anything else.

    Examples
    --------
    >>> from stylekit.settings import whole_numbers
    >>> whole_numbers("1, 2,4"), whole_numbers("1.5")
    ((1, 2, 4), None)
    """
    words = [word.strip() for word in text.split(",")]
    if not all(word.isascii() and word.isdigit() for word in words):
        return None
    return tuple(int(word) for word in words)


def shot_numbers(shots: str) -> tuple[int, ...] | None:
    """The first frames that the setting `shots` names, with 0; None if they are to be found.

    Raises SettingsError unless it is "auto" or rising whole numbers with commas between them.

    Examples
    --------
    >>> from stylekit.settings import shot_numbers
    >>> shot_numbers("48,97")
    (0, 48, 97)
    """
    if shots == "auto":
        return None
    numbers = whole_numbers(shots)
    if numbers is None:
        raise SettingsError(
            "shots", f"must be auto, or frame numbers with commas between them, is {shots!r}"
        )
    if any(a >= b for a, b in pairwise(numbers)):
        raise SettingsError("shots", f"must rise, each number once, is {shots!r}")
    return tuple(sorted({0, *numbers}))


def check(settings: Settings) -> None:
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
    # A whole number may be longer than any float, and `isfinite` would raise OverflowError.
    finite = right_kind and abs(value) <= sys.float_info.max
    if not finite or not known.low <= value <= known.high:
        kind = "a whole number" if whole else "a number"
        at_least, to = f"of at least {known.low:g}", f"from {known.low:g} to {known.high:g}"
        wanted = at_least if known.high == math.inf else to
        raise SettingsError(name, f"must be {kind} {wanted}, is {value!r}")


def _from_json(name: str, hint: Any, value: Any) -> Any:
    if isinstance(hint, type) and issubclass(hint, Settings):
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
