"""What the text after a flag is read as: the types of the command line's options."""

from __future__ import annotations

import argparse
from fractions import Fraction
from pathlib import Path

from .. import settings


def rate(text: str) -> Fraction:
    """A frame rate: a number or a fraction."""
    try:
        return Fraction(text)
    except (ValueError, ZeroDivisionError):
        raise argparse.ArgumentTypeError(
            f"must be a number such as 25 or 30000/1001, is {text!r}"
        ) from None


def read_output(text: str) -> Path:
    """The path of a clip's output."""
    # Imported here, because neither `--help` nor the doctor should need a media library.
    from ..media.sequences import output_path

    return output_path(text)


def positive(text: str) -> int:
    """A whole number of at least 1."""
    found = settings.whole_numbers(text)
    if found is None or len(found) != 1 or found[0] < 1:
        raise argparse.ArgumentTypeError(f"must be a whole number from 1, is {text!r}")
    return found[0]


def numbers(text: str) -> list[float]:
    """Numbers that are separated by commas."""
    try:
        return [float(part) for part in text.split(",")]
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"must be numbers with commas between them, is {text!r}"
        ) from None


def whole_numbers(text: str) -> list[int]:
    """Whole numbers that are separated by commas."""
    found = settings.whole_numbers(text)
    if found is None:
        raise argparse.ArgumentTypeError(
            f"must be whole numbers with commas between them, is {text!r}"
        )
    return list(found)
