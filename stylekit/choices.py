"""Choices with several implementations, as tables: a row holds a name, a label and a function.

The tables are `stylekit.flow.FLOWS`, `stylekit.occlusion.MASKS` and `stylekit.features.POOLINGS`.
A setting, an argument or an option of the command line names a row; where Python calls, a function
of one's own may stand in place of the name.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from .errors import SettingsError

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
