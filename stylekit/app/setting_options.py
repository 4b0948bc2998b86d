"""Options that are made from settings, and what the command line says of their values."""

from __future__ import annotations

import argparse
import dataclasses
from collections.abc import Mapping
from enum import Enum
from pathlib import Path
from typing import Any, TypeVar

from ..losses import TERMS
from ..motion.flow import FLOWS, FlowMethod
from ..motion.masks import MASKS
from ..settings import (
    STRENGTH,
    ImageSettings,
    Implementation,
    KeyframeSettings,
    NetworkSettings,
    PatchSettings,
    Settings,
    Tunable,
    VideoSettings,
    Weights,
    name_of,
    tunables,
)
from ..vgg.features import POOLINGS
from ..vgg.statistics import STYLE_LOSSES
from .option_types import numbers, rate, whole_numbers

_TABLES: dict[str, Mapping[str, Implementation[Any]]] = {
    "flow": FLOWS,
    "mask": MASKS,
    "pooling": POOLINGS,
    "style_loss": STYLE_LOSSES,
}
"""The tables from which a setting chooses a row by name."""

T = TypeVar(
    "T",
    Weights,
    ImageSettings,
    VideoSettings,
    KeyframeSettings,
    PatchSettings,
    NetworkSettings,
)


def add_strength(group: argparse._ArgumentGroup) -> None:
    """Add the option of the one control above the weights."""
    group.add_argument(
        STRENGTH.flag,
        type=float,
        default=1.0,
        metavar="S",
        help=f"{STRENGTH.help} (default: %(default)g)",
    )


def add_weights(group: argparse._ArgumentGroup, *, needs_mask: bool) -> None:
    """Add an option for the weight of each term of the loss that needs a mask, or needs none."""
    known = tunables(Weights)
    for term in TERMS.values():
        if term.needs_mask is needs_mask:
            group.add_argument(
                known[term.weight].flag,
                type=float,
                default=getattr(Weights(), term.weight),
                help=f"weight of the {term.label} loss (default: %(default)g)",
            )


def add_settings(
    group: argparse._ArgumentGroup,
    settings: Settings,
    changes: Mapping[str, Mapping[str, Any]],
) -> None:
    """Add an option for each setting that has a flag; its default is the value in `settings`.

    `changes` replace arguments of `add_argument`, by the name of a setting.
    """
    for name, known in tunables(settings).items():
        if known.flag:
            arguments = _arguments(name, known, getattr(settings, name))
            arguments |= {"dest": name, **changes.get(name, {})}
            group.add_argument(known.flag, **arguments)
            if isinstance(getattr(settings, name), bool):
                group.add_argument(
                    known.flag.replace("--", "--no-"),
                    dest=name,
                    action="store_false",
                    default=getattr(settings, name),
                    help=f"the opposite of {known.flag}, where a preset has it",
                )


def _arguments(name: str, known: Tunable, value: Any) -> dict[str, Any]:
    """The arguments of `add_argument` for a setting whose default is `value`."""
    text = known.help
    if isinstance(value, tuple):
        whole = any(isinstance(item, int) for item in value)
        kind = whole_numbers if whole else numbers
        return {"default": list(value), "type": kind, "metavar": known.metavar, "help": text}
    if isinstance(value, bool):
        return {"action": "store_true", "help": known.help}
    choices: list[str] = []
    if name in _TABLES:
        rows = _TABLES[name]
        value, choices = name_of(value), list(rows)
        text = ", ".join(f"{key} {row.help}" for key, row in rows.items() if row.help)
    elif isinstance(value, Enum):
        value, choices = value.value, [member.value for member in type(value)]
    found: dict[str, Any] = {"default": value, "metavar": known.metavar}
    if isinstance(value, (int, float)):
        found["type"] = type(value)
    # A setting with a metavar of its own may take more than the choices, such as a path.
    if choices and known.metavar is None:
        found |= {"choices": choices, "metavar": name.upper()}
        text = ": ".join(filter(None, ["|".join(choices), text]))
    # argparse fills in what follows a single %.
    return found | {"help": text.replace("%", "%%") + " (default: %(default)s)"}


def flow_option() -> dict[str, Any]:
    """The arguments of `add_argument` for the flow of a clip: a method, or a folder."""
    methods = [name for name in FLOWS if name != FlowMethod.FILES]
    notes = ", ".join(f"{name} {row.help}" for name, row in FLOWS.items() if row.help)
    notes = notes.replace("%", "%%")  # argparse fills in what follows a single %
    return {
        "choices": None,
        "metavar": "FLOW|FOLDER",
        "help": f"{'|'.join(methods)}: {notes}; or a folder of your own flow, with files "
        "forward_0000_0001.flo and backward_0001_0000.flo, … (default: %(default)s)",
    }


def add_clip_reading(group: argparse._ArgumentGroup) -> None:
    """Add the options that say which part of a clip is read, and where its run is kept."""
    group.add_argument(
        "--start", metavar="S", type=float, default=0.0, help="seconds to skip (default: 0)"
    )
    group.add_argument(
        "--frames", metavar="N", type=int, help="the largest number of frames (default: all)"
    )
    group.add_argument(
        "--fps",
        metavar="R",
        type=rate,
        help="frames a second, such as 25, 29.97 or 30000/1001 (default: the clip's own; of "
        "pictures 24)",
    )
    group.add_argument(
        "--run",
        metavar="FOLDER",
        type=Path,
        help="folder that keeps frames, flow and masks, so that a run can be resumed "
        "(default: beside OUT, a folder for each set of inputs and settings)",
    )
    group.add_argument(
        "--allow-partial",
        action="store_true",
        help="if the clip is damaged, use the frames before the damage",
    )


def chosen(settings: T, options: argparse.Namespace, given: Mapping[str, Any]) -> T:
    """Change settings as the command line asks.

    Parameters
    ----------
    settings : the values of everything that has no flag
    options : the parsed command line; each flag replaces the setting of its name
    given : fields to set in any case, by name

    Raises
    ------
    SettingsError : if a value is out of range, or is not one of the choices
    """
    said = {
        name: getattr(options, name)
        for name, known in tunables(settings).items()
        if known.flag and name not in given
    }
    read = type(settings).from_json(settings.to_json() | said)
    return dataclasses.replace(read, **given)
