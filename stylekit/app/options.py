"""The options of the command line, and the message for a wrong one."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn

from .. import __version__
from ..errors import SettingsError
from ..settings import (
    Colors,
    ImageSettings,
    VideoSettings,
    Weights,
    tunables,
)
from .class_options import add_course, add_gallery
from .input_options import CLIP_LIMITS, PICTURE_LIMITS, add_guidance, add_limits
from .keyframe_options import add_keyframes
from .option_types import positive, read_output
from .presets import Preset, read_preset, values_of
from .server_options import add_lab, add_studio
from .setting_options import add_clip_reading, add_settings, add_strength, add_weights, flow_option

# Takes the options and returns the exit code.
Command = Callable[[argparse.Namespace], int]

_EXAMPLES = """examples:
  stylekit image chelsea swirls -o cat.png        built-in picture and style
  stylekit image me.jpg painting.jpg -o me.png --size 512 --beta 3e4
  stylekit image me.jpg one.jpg two.jpg -o me.png --style-weights 2,1
  stylekit video drift glass -o drift.mp4         built-in clip and style
  stylekit video holiday.mp4 painting.jpg -o out.mp4 --start 3 --frames 48
  stylekit keyframes drift --key 0=frame.png -o painted.mp4   from a painted frame
  stylekit demo                                   see what the temporal loss does
  stylekit studio                                 tune the weights while it paints
"""


class Parser(argparse.ArgumentParser):
    """Reports an error in one line that starts with the option's name."""

    def error(self, message: str) -> NoReturn:
        """Raise SettingsError, where argparse would print two lines and exit."""
        name, _, rest = message.removeprefix("argument ").partition(": ")
        if message.startswith("unrecognized arguments"):
            name = rest.split()[0] if rest.startswith("-") else rest or "''"
            raise SettingsError(name, f"unknown; see {self.prog} --help")
        if message.startswith("the following arguments are required"):
            name, rest = rest.split(", ")[0], f"is missing; see {self.prog} --help"
        raise SettingsError(name.split("/")[-1], rest or message)


def parse_options(
    commands: Mapping[str, Command], arguments: Sequence[str] | None = None
) -> argparse.Namespace:
    """Parse the command line; what it gives wins over its preset, and that over the defaults.

    Parameters
    ----------
    commands : the functions to call, by the name of the command
    arguments : the words after `stylekit`, those of the process if None

    Returns
    -------
    argparse.Namespace : the options, with the function of the command as `command`; beside a preset
        also `given`, the weights that are given on the command line

    Raises
    ------
    StylekitError : if an option or the preset does not serve
    """
    options = make_parser(commands).parse_args(arguments)
    preset = getattr(options, "preset", None)
    if preset is None:
        return options
    # Again, with other defaults: an option then wins also if its value is that of the defaults.
    options = make_parser(commands, preset).parse_args(arguments)
    nothing = dict.fromkeys(["style_layer_weights", *tunables(Weights)])
    said = make_parser(commands, values=nothing).parse_args(arguments)
    options.given = {
        name: value for name in nothing if (value := getattr(said, name, None)) is not None
    }
    return options


def make_parser(
    commands: Mapping[str, Command],
    preset: Preset | None = None,
    values: Mapping[str, Any] | None = None,
) -> Parser:
    """The parser of `stylekit`.

    Parameters
    ----------
    commands : the functions to call, by the name of the command
    preset : settings that take the place of the defaults
    values : other values that do, by the names of settings

    Returns
    -------
    Parser : what it parses has the function of its command as `command`
    """
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
    for name, (text, add_options) in _COMMANDS.items():
        command: Parser = names.add_parser(name, help=text, description=text, allow_abbrev=False)
        command.set_defaults(command=commands[name])
        add_options(command)
        if preset is not None:
            command.set_defaults(**values_of(preset))
        command.set_defaults(**(values or {}))
    return parser


def _add_image(parser: Parser) -> None:
    parser.add_argument(
        "content",
        metavar="CONTENT",
        help="a picture, the name of a built-in one, or a folder of pictures",
    )
    init = {
        "metavar": "content|noise|PATH",
        "help": "where the picture starts; a path continues from that picture "
        "(default: %(default)s)",
    }
    output = "a picture: .png, .jpg, .webp, .avif or .tif"
    _add_common(parser, ImageSettings(), output, {"init": init})
    parser.add_argument(
        "--timelapse",
        metavar="OUT",
        type=Path,
        help="also write a time-lapse of the painting, a clip or GIF: .mp4, .mov or .gif",
    )
    add_guidance(parser.add_argument_group("several styles, and parts of the picture"), "CONTENT")
    add_limits(parser, PICTURE_LIMITS)


def _add_common(
    parser: Parser,
    image: ImageSettings,
    output: str,
    changes: Mapping[str, Mapping[str, Any]],
    read_output: Callable[[str], Path] = Path,
) -> None:
    """Add the options of both pictures and clips; `changes` are those of `add_settings`."""
    parser.add_argument(
        "style",
        metavar="STYLE",
        nargs="+",
        help="a picture, or the name of a built-in style; several are blended",
    )
    parser.add_argument(
        *("-o", "--output"),
        metavar="OUT",
        type=read_output,
        required=True,
        help=f"the result, {output}; for a folder of inputs a folder",
    )
    _add_overwrite(parser, "a result that is there already")
    _add_processes(parser)
    parser.add_argument(
        "--preset",
        metavar="FILE",
        type=read_preset,
        help="repeat the settings and weights of an earlier result: its path, or that of the .json "
        "beside it; options that are given too win over it",
    )
    weights = parser.add_argument_group("weights of the losses")
    add_strength(weights)
    add_weights(weights, needs_mask=False)
    size = {
        "default": None,
        "help": f"longest side in pixels (default: {image.size}, or the source's own if smaller)",
    }
    painting = parser.add_argument_group("painting")
    add_settings(painting, image, {"size": size, **changes})
    painting.add_argument(
        "--keep-colors",
        dest="colors",
        action="store_const",
        const=Colors.LUMINANCE.value,
        help="the same as --colors luminance",
    )
    _add_json(parser)


def _add_video(parser: Parser) -> None:
    parser.add_argument(
        "clip",
        metavar="CLIP",
        help="a clip, the name of a built-in one, a folder of pictures, numbered pictures such as "
        "frames/%%04d.png, or a folder of clips",
    )
    output = (
        "a clip or animation: .mp4, .mov, .gif or .webp; or a picture for each frame: FOLDER/, or "
        "names such as frames/%%04d.png"
    )
    _add_common(parser, VideoSettings().image, output, {}, read_output)
    clip = parser.add_argument_group("clip")
    add_weights(clip, needs_mask=True)
    add_settings(clip, VideoSettings(), {"flow": flow_option()})
    add_clip_reading(clip)
    add_guidance(
        parser.add_argument_group("several styles, and parts of the frames"),
        "CLIP",
        ", in all frames",
    )
    add_limits(parser, CLIP_LIMITS)


def _add_processes(parser: Parser) -> None:
    processes = parser.add_mutually_exclusive_group()
    processes.add_argument(
        "--workers",
        metavar="N",
        type=positive,
        help="paint by N processes of this machine: each takes a picture of a folder, or a shot of "
        "a clip; needs Dask",
    )
    processes.add_argument(
        "--scheduler",
        metavar="ADDRESS",
        help="paint by the machines of a Dask scheduler, such as tcp://192.168.1.5:8786, which see "
        "the same files under the same paths",
    )


def _add_overwrite(parser: Parser, what: str) -> None:
    parser.add_argument("--overwrite", action="store_true", help=f"replace {what}")


def _add_demo(parser: Parser) -> None:
    parser.add_argument(
        "-o",
        "--output",
        metavar="FOLDER",
        type=Path,
        default=Path("stylekit-demo"),
        help="folder for the results (default: %(default)s)",
    )
    _add_overwrite(parser, "files of these names that are not those of an earlier demo")


def _add_json(parser: Parser) -> None:
    parser.add_argument(
        "--json", action="store_true", help="print the result as one line of JSON at the end"
    )


_COMMANDS: dict[str, tuple[str, Callable[[Parser], None]]] = {
    "image": ("Paint a picture in the manner of another.", _add_image),
    "video": ("Paint a clip in the manner of a picture, with little flicker.", _add_video),
    "keyframes": ("Paint a clip from some of its frames that are painted.", add_keyframes),
    "demo": ("Style a built-in clip with and without the temporal method.", _add_demo),
    "lab": ("Copy the notebooks to a folder and open them in JupyterLab.", add_lab),
    "course": ("Write the lessons for students, without solutions, and with them.", add_course),
    "gallery": ("Make one page of all results in a folder, for a class.", add_gallery),
    "studio": ("Open the studio, a page to paint and tune in.", add_studio),
    "doctor": ("Report what is installed, what works, and what is missing.", _add_json),
}
