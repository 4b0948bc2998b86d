"""The command line: stylekit image, video, demo, doctor."""

from __future__ import annotations

import argparse
import json
import logging
import os
import signal
import sys
from collections.abc import Callable, Sequence
from enum import Enum
from pathlib import Path
from typing import Any, NoReturn

from . import __version__
from .errors import SettingsError, StylekitError
from .settings import (
    FlowMethod,
    ImageSettings,
    MaskMethod,
    OptimizerMethod,
    Pooling,
    VideoSettings,
    Weights,
)

# Exit codes, after the shell's own habits: 2 for a wrong call, 128 + SIGINT for a Ctrl-C.
BAD_INPUT = 2
INTERRUPTED = 130

_IMAGE = ImageSettings()
_VIDEO = VideoSettings()
_WEIGHTS = Weights()

_EXAMPLES = """examples:
  stylekit image chelsea swirls -o cat.png        built-in picture and style
  stylekit image me.jpg painting.jpg -o me.png --size 512 --beta 3e4
  stylekit video drift glass -o drift.mp4         built-in clip and style
  stylekit video holiday.mp4 painting.jpg -o out.mp4 --start 3 --frames 48
  stylekit demo                                   see what the temporal loss is good for
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


def main(arguments: Sequence[str] | None = None) -> int:
    """Run `stylekit` with these arguments, or with those of the process; the exit code."""
    # TensorFlow's own log says nothing that a user of stylekit could act on.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    logging.basicConfig(level=logging.WARNING, format="%(message)s", stream=sys.stderr)
    logging.getLogger("stylekit").setLevel(logging.INFO)
    try:
        options = _parser().parse_args(arguments)
        return options.command(options)
    except StylekitError as error:
        # One line, even where a file's name holds a line feed.
        print(" ".join(_with_dashes(error).splitlines()), file=sys.stderr)
        return BAD_INPUT
    except ImportError as error:
        # OpenCV without its system libraries says in one line what to install.
        if error.name != "cv2":
            raise
        print(error, file=sys.stderr)
        return BAD_INPUT
    except KeyboardInterrupt:
        print("interrupted: not finished; run the same command again", file=sys.stderr)
        return INTERRUPTED


def _parser() -> Parser:
    parser = Parser(
        prog="stylekit",
        description="Neural style transfer for pictures and videos.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"stylekit {__version__}")
    commands = parser.add_subparsers(
        title="commands", metavar="COMMAND", required=True, dest="COMMAND"
    )

    def add(name: str, command: Callable[[argparse.Namespace], int], text: str) -> Parser:
        sub: Parser = commands.add_parser(name, help=text, description=text, allow_abbrev=False)
        sub.set_defaults(command=command)
        return sub

    image = add("image", _image, "Paint a picture in the manner of another.")
    image.add_argument(
        "content", metavar="CONTENT", help="a picture, or the name of a built-in one"
    )
    _add_common(image, _IMAGE, "a picture: .png, .jpg, .webp, .avif or .tif")

    video = add("video", _video, "Paint a clip in the manner of a picture, without flicker.")
    video.add_argument("clip", metavar="CLIP", help="a clip, or the name of a built-in one")
    _add_common(video, _VIDEO.image, "a clip: .mp4 or .mov")
    _add_video(video)

    demo = add("demo", _demo, "Style a built-in clip with and without the temporal method.")
    demo.add_argument(
        "-o",
        "--output",
        metavar="FOLDER",
        type=Path,
        default=Path("stylekit-demo"),
        help="where the results go (default: %(default)s)",
    )
    doctor = add("doctor", _doctor, "Say what is installed, what runs, and what is missing.")
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


def _add_json(parser: Parser) -> None:
    parser.add_argument(
        "--json", action="store_true", help="print the result as one line of JSON at the end"
    )


def _image(options: argparse.Namespace) -> int:
    from .commands import image_command

    return _finish(*image_command(options), options)


def _video(options: argparse.Namespace) -> int:
    from .commands import video_command

    # A polite kill is a Ctrl-C too.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    return _finish(*video_command(options), options)


def _demo(options: argparse.Namespace) -> int:
    from .demo import run_demo

    for line in run_demo(options.output):
        print(line, flush=True)
    return 0


def _doctor(options: argparse.Namespace) -> int:
    from .doctor import examine

    findings = examine()
    print(json.dumps(findings.to_json()) if options.json else findings.text())
    return 0 if findings.healthy else 1


def _finish(report: Any, advice: str, options: argparse.Namespace) -> int:
    """Tell what came out; 130 with what to do next if the job was interrupted."""
    if options.json:
        print(json.dumps(report.to_json()), flush=True)
    else:
        print(report.text(), flush=True)
    if advice:
        print(advice, file=sys.stderr)
        return INTERRUPTED
    return 0


def _with_dashes(error: StylekitError) -> str:
    """The message with the option's name as the user typed it, where it is about an option."""
    if isinstance(error, SettingsError) and not error.name.startswith("-"):
        fields = {*ImageSettings().to_json(), *VideoSettings().to_json(), *_WEIGHTS.to_json()}
        if error.name in fields | {"frames"}:
            return f"--{error.name.replace('_', '-')}: {error.message}"
    return str(error)


if __name__ == "__main__":
    sys.exit(main())
