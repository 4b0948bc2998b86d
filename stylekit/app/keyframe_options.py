"""The options of `stylekit keyframes`."""

from __future__ import annotations

import argparse
from pathlib import Path

from ..settings import KeyframeSettings, NetworkSettings, VideoSettings, tunables
from .input_options import CLIP_LIMITS, add_limits
from .option_types import read_output
from .presets import read_preset
from .setting_options import add_clip_reading, add_settings, add_strength, add_weights, flow_option


def add_keyframes(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command `keyframes`."""
    parser.add_argument(
        "clip",
        metavar="CLIP",
        help="a clip, the name of a built-in one, a folder of pictures, or numbered pictures such "
        "as frames/%%04d.png",
    )
    parser.add_argument(
        "--key",
        dest="keys",
        metavar="N=PAINTING",
        type=_numbered,
        action="append",
        default=[],
        help="frame N, counted from 0, as it is painted: a picture of the frame's proportions; or "
        "the name of a built-in style, or style:PATH, after which the frame is painted first. May "
        "be given several times",
    )
    parser.add_argument(
        "--mask",
        dest="masks",
        metavar="N=MASK",
        type=_numbered,
        action="append",
        default=[],
        help="where the painting of frame N counts, white for yes",
    )
    parser.add_argument(
        *("-o", "--output"),
        metavar="OUT",
        type=read_output,
        help="the result, a clip or animation: .mp4, .mov, .gif or .webp; or a picture for each "
        "frame: FOLDER/, or names such as frames/%%04d.png",
    )
    parser.add_argument(
        "--write-frame",
        metavar="N=FILE",
        type=_numbered,
        help="write frame N as a picture, to be painted over, and do nothing else",
    )
    parser.add_argument(
        "--overwrite", action="store_true", help="replace a result that is there already"
    )
    clip = parser.add_argument_group("clip")
    defaults = KeyframeSettings()
    add_settings(clip, defaults, {"flow": flow_option()})
    add_clip_reading(clip)
    add_settings(parser.add_argument_group("method patch"), defaults.patches, {})
    training = parser.add_argument_group("method network")
    add_settings(training, defaults.network, {})
    steps = tunables(NetworkSettings)["steps"]
    training.add_argument(
        "--train-steps",
        metavar="N",
        type=int,
        default=defaults.network.steps,
        help=f"{steps.help} (default: %(default)s)",
    )
    weights = parser.add_argument_group("painting of a keyframe that is given as a style")
    add_strength(weights)
    add_weights(weights, needs_mask=False)
    image = VideoSettings().image
    size = {
        "default": None,
        "help": f"longest side in pixels, of all frames (default: {image.size}, or the clip's own "
        "if smaller)",
    }
    add_settings(weights, image, {"size": size})
    weights.add_argument(
        "--preset",
        metavar="FILE",
        type=read_preset,
        help="paint it with the settings and weights of an earlier result: its path, or that of "
        "the .json beside it",
    )
    add_limits(parser, CLIP_LIMITS)
    parser.add_argument(
        "--json", action="store_true", help="print the result as one line of JSON at the end"
    )


def _numbered(text: str) -> tuple[int, str]:
    """A frame's number, and what belongs to it."""
    number, sign, rest = text.partition("=")
    number = number.strip()
    if not (sign and rest and number.isascii() and number.isdigit()):
        raise argparse.ArgumentTypeError(
            f"must be the number of a frame, = and a file, such as 0=painted.png, is {text!r}"
        )
    return int(number), rest


def style_of(value: str) -> str | None:
    """The style that the value of `--key` names, a path or built-in name; None for a painting."""
    from ..samples import MaterialKind, materials

    if value.startswith("style:"):
        return value.removeprefix("style:")
    names = {name.lower() for name in materials(MaterialKind.STYLE)}
    return value if value.lower() in names and not Path(value).is_file() else None
