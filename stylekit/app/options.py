"""The options of the command line, and how a wrong one is told."""

from __future__ import annotations

import argparse
import dataclasses
from collections.abc import Callable, Mapping
from enum import Enum
from pathlib import Path
from typing import Any, NoReturn, TypeVar

from .. import __version__
from ..errors import SettingsError
from ..losses import TERMS
from ..motion.flow import FLOWS
from ..motion.masks import MASKS
from ..settings import ImageSettings, Implementation, VideoSettings, Weights, name_of, tunables
from ..vgg.features import POOLINGS

# Takes the options, gives the exit code.
Command = Callable[[argparse.Namespace], int]

_TABLES: dict[str, Mapping[str, Implementation[Any]]] = {
    "flow": FLOWS,
    "mask": MASKS,
    "pooling": POOLINGS,
}
"""The rows of which a setting names one."""

T = TypeVar("T", Weights, ImageSettings, VideoSettings)

_IMAGE = ImageSettings()
_VIDEO = VideoSettings()
_WEIGHTS = Weights()

_EXAMPLES = """examples:
  stylekit image chelsea swirls -o cat.png        built-in picture and style
  stylekit image me.jpg painting.jpg -o me.png --size 512 --beta 3e4
  stylekit video drift glass -o drift.mp4         built-in clip and style
  stylekit video holiday.mp4 painting.jpg -o out.mp4 --start 3 --frames 48
  stylekit demo                                   see what the temporal loss is good for
  stylekit studio                                 tune the weights while it paints
"""


class Parser(argparse.ArgumentParser):
    """Says what is wrong in one line that starts with the option's name."""

    def error(self, message: str) -> NoReturn:
        """Raise SettingsError in place of argparse's two lines and exit."""
        name, _, rest = message.removeprefix("argument ").partition(": ")
        if message.startswith("unrecognized arguments"):
            name = rest.split()[0] if rest.startswith("-") else rest or "''"
            raise SettingsError(name, f"unknown; see {self.prog} --help")
        if message.startswith("the following arguments are required"):
            name, rest = rest.split(", ")[0], f"is missing; see {self.prog} --help"
        raise SettingsError(name.split("/")[-1], rest or message)


def make_parser(commands: Mapping[str, Command]) -> Parser:
    """The parser of `stylekit`; what it gives holds the command to call, taken by its name."""
    parser = Parser(
        prog="stylekit",
        description="Neural style transfer for pictures and videos.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"stylekit {__version__}")
    names = parser.add_subparsers(
        title="commands", metavar="COMMAND", required=True, dest="COMMAND"
    )

    def add(name: str, text: str) -> Parser:
        sub: Parser = names.add_parser(name, help=text, description=text, allow_abbrev=False)
        sub.set_defaults(command=commands[name])
        return sub

    image = add("image", "Paint a picture in the manner of another.")
    image.add_argument(
        "content", metavar="CONTENT", help="a picture, or the name of a built-in one"
    )
    _add_common(image, _IMAGE, "a picture: .png, .jpg, .webp, .avif or .tif")

    video = add("video", "Paint a clip in the manner of a picture, without flicker.")
    video.add_argument("clip", metavar="CLIP", help="a clip, or the name of a built-in one")
    _add_common(video, _VIDEO.image, "a clip: .mp4 or .mov")
    _add_video(video)

    demo = add("demo", "Style a built-in clip with and without the temporal method.")
    demo.add_argument(
        "-o",
        "--output",
        metavar="FOLDER",
        type=Path,
        default=Path("stylekit-demo"),
        help="where the results go (default: %(default)s)",
    )
    lab = add("lab", "Copy the notebooks to a folder and open them in JupyterLab.")
    lab.add_argument(
        "folder",
        metavar="FOLDER",
        nargs="?",
        type=Path,
        default=Path("stylekit-notebooks"),
        help="where the notebooks go; those that you changed stay as they are (default: "
        "%(default)s)",
    )
    _add_serving(lab)
    _add_serving(add("studio", "Open the studio, a page to paint and tune in."))
    doctor = add("doctor", "Say what is installed, what runs, and what is missing.")
    _add_json(doctor)
    return parser


def _add_common(parser: Parser, image: ImageSettings, output: str) -> None:
    parser.add_argument("style", metavar="STYLE", help="a picture, or the name of a built-in style")
    parser.add_argument(
        "-o", "--output", metavar="OUT", type=Path, required=True, help=f"the result, {output}"
    )
    weights = parser.add_argument_group("weights, the report's unless given")
    _add_weights(weights, needs_mask=False)
    changes: dict[str, dict[str, Any]] = {
        "size": {
            "default": None,
            "help": f"longest side in pixels (default: {image.size}, or the source's own if "
            "smaller)",
        }
    }
    if image is _IMAGE:
        changes["init"] = {
            "metavar": "content|noise|PATH",
            "help": "where the picture starts; a path goes on from that picture "
            "(default: %(default)s)",
        }
    _add_settings(parser.add_argument_group("painting"), image, changes)
    _add_json(parser)


def _add_video(parser: Parser) -> None:
    clip = parser.add_argument_group("clip")
    _add_weights(clip, needs_mask=True)
    _add_settings(clip, _VIDEO)
    clip.add_argument(
        "--start", metavar="S", type=float, default=0.0, help="seconds to skip (default: 0)"
    )
    clip.add_argument("--frames", metavar="N", type=int, help="the most frames (default: all)")
    clip.add_argument(
        "--run",
        metavar="FOLDER",
        type=Path,
        help="where frames, flow and masks are kept and a run is resumed from "
        "(default: beside OUT, one for each set of inputs and settings)",
    )
    clip.add_argument(
        "--allow-partial",
        action="store_true",
        help="of a damaged clip, take the frames before the damage",
    )


def _add_weights(group: argparse._ArgumentGroup, *, needs_mask: bool) -> None:
    """An option for the weight of each term of the loss that needs a mask, or needs none."""
    known = tunables(Weights)
    for term in TERMS.values():
        if term.needs_mask is needs_mask:
            group.add_argument(
                known[term.weight].flag,
                type=float,
                default=getattr(_WEIGHTS, term.weight),
                help=f"weight of the {term.label} loss (default: %(default)g)",
            )


def _add_settings(
    group: argparse._ArgumentGroup,
    settings: ImageSettings | VideoSettings,
    changes: Mapping[str, dict[str, Any]] | None = None,
) -> None:
    """An option for each setting that has a flag, with the default that `settings` have.

    `changes` are arguments of `add_argument` by the name of a setting, in place of its own.
    """
    for name, known in tunables(settings).items():
        if not known.flag:
            continue
        value = getattr(settings, name)
        facts: dict[str, Any] = {"help": known.help, "default": value, "metavar": known.metavar}
        if name in _TABLES:
            rows = _TABLES[name]
            # What the rows say of themselves; argparse fills in what a % begins.
            said = ", ".join(f"{key} {row.help}" for key, row in rows.items() if row.help)
            facts |= {"choices": list(rows), "help": said.replace("%", "%%")}
            facts["default"] = name_of(value)
        elif isinstance(value, Enum):
            facts |= {"choices": [member.value for member in type(value)], "default": value.value}
        if isinstance(value, bool):
            facts = {"help": known.help, "default": value, "action": "store_true"}
        elif isinstance(value, int):
            facts["type"] = int
        if "choices" in facts and known.metavar is None:
            facts["metavar"] = name.upper()
            facts["help"] = f"{'|'.join(facts['choices'])}: {facts['help']}"
        elif "choices" in facts:
            del facts["choices"]  # a path may stand in place of a choice
        if not isinstance(value, bool):
            facts["help"] += " (default: %(default)s)"
        group.add_argument(known.flag, **facts | (changes or {}).get(name, {}))


def chosen(settings: T, options: argparse.Namespace, **given: Any) -> T:
    """`settings` with what the options say of those that have a flag, and with `given`.

    Raises SettingsError for values that are out of range or no choice.
    """
    said = {
        name: getattr(options, name)
        for name, known in tunables(settings).items()
        if known.flag and name not in given
    }
    fields = {name: value for name, value in settings.to_json().items() if name not in given}
    read = type(settings).from_json(fields | said)
    return dataclasses.replace(read, **given)


def _add_serving(parser: Parser) -> None:
    parser.add_argument(
        "--port",
        metavar="N",
        type=int,
        help="where it listens, on this machine alone (default: the usual port, or a free one)",
    )
    parser.add_argument(
        "--no-browser", action="store_true", help="print the address, and open no browser"
    )


def _add_json(parser: Parser) -> None:
    parser.add_argument(
        "--json", action="store_true", help="print the result as one line of JSON at the end"
    )
