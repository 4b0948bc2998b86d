"""The options of the command line, and how a wrong one is told."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from enum import Enum
from pathlib import Path
from typing import NoReturn

from . import __version__
from .errors import SettingsError
from .settings import (
    FlowMethod,
    ImageSettings,
    MaskMethod,
    OptimizerMethod,
    Pooling,
    VideoSettings,
    Weights,
)

# Takes the options, gives the exit code.
Command = Callable[[argparse.Namespace], int]

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
    number = parser.add_argument_group("weights, the report's unless given")
    number.add_argument(
        "--alpha", type=float, default=_WEIGHTS.alpha, help="content (default: %(default)g)"
    )
    number.add_argument(
        "--beta", type=float, default=_WEIGHTS.beta, help="style (default: %(default)g)"
    )
    number.add_argument(
        "--tv", type=float, default=_WEIGHTS.tv, help="total variation (default: %(default)g)"
    )
    paint = parser.add_argument_group("painting")
    paint.add_argument(
        "--size",
        metavar="N",
        type=int,
        help=f"longest side in pixels (default: {image.size}, or the source's own if smaller)",
    )
    paint.add_argument(
        "--steps",
        metavar="N",
        type=int,
        default=image.steps,
        help="the most optimiser steps, at each scale (default: %(default)s)",
    )
    paint.add_argument(
        "--scales",
        metavar="N",
        type=int,
        default=image.scales,
        help="sizes to paint from coarse to fine: more give larger strokes (default: %(default)s)",
    )
    _add_choice(paint, "--optimizer", OptimizerMethod, image.optimizer, "lbfgs paints better")
    paint.add_argument(
        "--backbone",
        metavar="NET",
        default=image.backbone,
        help="auto, vgg19, vgg16 or the path of a weight file; auto is VGG19 where Keras has its "
        "weights or can download them, else the embedded VGG16 (default: %(default)s)",
    )
    _add_choice(paint, "--pooling", Pooling, image.pooling, "average gives smoother strokes")
    is_image = image is _IMAGE
    paint.add_argument(
        "--init",
        default=image.init.value,
        metavar="content|noise|PATH" if is_image else "content|noise",
        help="where the picture starts; a path goes on from that picture (default: %(default)s)"
        if is_image
        else "where the first frame starts (default: %(default)s)",
    )
    paint.add_argument("--keep-colors", action="store_true", help="keep the colours of the content")
    paint.add_argument(
        "--seed", metavar="N", type=int, default=image.seed, help="of the noise (default: 0)"
    )
    _add_json(parser)


def _add_video(parser: Parser) -> None:
    clip = parser.add_argument_group("clip")
    clip.add_argument(
        "--gamma",
        type=float,
        default=_WEIGHTS.gamma,
        help="weight of the temporal loss (default: %(default)g)",
    )
    clip.add_argument(
        "--start", metavar="S", type=float, default=0.0, help="seconds to skip (default: 0)"
    )
    clip.add_argument("--frames", metavar="N", type=int, help="the most frames (default: all)")
    clip.add_argument(
        "--frame-steps",
        metavar="N",
        type=int,
        default=_VIDEO.frame_steps,
        help="the most steps of a later frame (default: %(default)s)",
    )
    _add_choice(
        clip,
        "--flow",
        FlowMethod,
        _VIDEO.flow,
        "farneback is the report's, exact is known for built-in clips alone",
    )
    _add_choice(clip, "--mask", MaskMethod, _VIDEO.mask, "robust doubts more of the flow")
    clip.add_argument(
        "--run",
        metavar="FOLDER",
        type=Path,
        help="where frames, flow and masks are kept and a run is resumed from "
        "(default: beside OUT, one for each set of inputs and settings)",
    )
    clip.add_argument(
        "--independent",
        action="store_true",
        help="style every frame by itself: flickers, for comparison",
    )
    clip.add_argument(
        "--allow-partial",
        action="store_true",
        help="of a damaged clip, take the frames before the damage",
    )


def _add_choice(
    group: argparse._ArgumentGroup, name: str, kind: type[Enum], default: Enum, text: str
) -> None:
    values = [member.value for member in kind]
    group.add_argument(
        name,
        choices=values,
        default=default.value,
        help=f"{'|'.join(values)}: {text} (default: %(default)s)",
        metavar=name.lstrip("-").upper(),
    )


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
