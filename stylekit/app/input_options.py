"""The options for what is read: the weights and masks of the styles, and the limits of files."""

from __future__ import annotations

import argparse

from ..settings import MediaLimits, tunables
from .option_types import numbers

PICTURE_LIMITS = ("picture_pixels", "picture_bytes", "min_side", "max_aspect")
"""The limits of pictures, by name."""

CLIP_LIMITS = (*PICTURE_LIMITS, "clip_side", "clip_frames", "clip_bytes")
"""The limits of a clip, and of the pictures that it is painted after."""


def add_guidance(group: argparse._ArgumentGroup, content: str, note: str = "") -> None:
    """Add the options of `Guidance`; `note` is what else is true of masks for this `content`."""
    group.add_argument(
        "--style-weights",
        type=numbers,
        default=[],
        metavar="W,W,…",
        help="how much each STYLE counts, separated by commas (default: all the same)",
    )
    group.add_argument(
        "--regions",
        nargs="+",
        default=[],
        metavar="MASK",
        help=f"a mask for each STYLE, a picture in the proportions of {content}: white where the "
        f"picture has this style{note}; without masks the styles are blended",
    )
    group.add_argument(
        "--keep",
        metavar="MASK",
        help=f"a mask, white where the picture stays exactly as {content} is{note}",
    )


def add_limits(parser: argparse.ArgumentParser, names: tuple[str, ...]) -> None:
    """Add an option for each of these limits."""
    group = parser.add_argument_group(
        "limits", "Files beyond these are refused, because most are damaged or take all the memory."
    )
    known, defaults = tunables(MediaLimits), MediaLimits()
    for name in names:
        value = getattr(defaults, name)
        group.add_argument(
            known[name].flag,
            dest=name,
            type=_amount,
            metavar="N",
            default=value,
            help=f"{known[name].help} (default: {value:g})",
        )


def limits_of(options: argparse.Namespace) -> MediaLimits:
    """The limits that the options of a command give. Raises SettingsError for one out of range."""
    said = {name: getattr(options, name) for name in CLIP_LIMITS if hasattr(options, name)}
    return MediaLimits(**said)


def limit_flags() -> dict[str, str]:
    """The option of each limit, by name."""
    return {name: known.flag for name, known in tunables(MediaLimits).items()}


def _amount(text: str) -> float | int:
    """A number, whole if it can be: 1e9 is one of 1000000000."""
    try:
        number = float(text)
        return int(number) if number.is_integer() else number
    except (ValueError, OverflowError):
        raise argparse.ArgumentTypeError(f"must be a number such as 1e8, is {text!r}") from None
