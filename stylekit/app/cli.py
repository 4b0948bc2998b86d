"""The command line: stylekit image, video, demo, lab, studio, doctor."""

from __future__ import annotations

import argparse
import json
import logging
import signal
import sys
from collections.abc import Sequence
from typing import Any

from ..errors import SettingsError, StylekitError
from ..settings import ImageSettings, VideoSettings, Weights, tunables
from .options import make_parser

# Exit codes, after the shell's own habits: 2 for a wrong call, 128 + SIGINT for a Ctrl-C.
BAD_INPUT = 2
INTERRUPTED = 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run `stylekit` with these arguments, or with those of the process; the exit code."""
    logging.basicConfig(level=logging.WARNING, format="%(message)s", stream=sys.stderr)
    logging.getLogger("stylekit").setLevel(logging.INFO)
    try:
        options = make_parser(_COMMANDS).parse_args(arguments)
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


def _image(options: argparse.Namespace) -> int:
    from .run import image_command

    return _finish(*image_command(options), options)


def _video(options: argparse.Namespace) -> int:
    from .run import video_command

    # A polite kill is a Ctrl-C too.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    return _finish(*video_command(options), options)


def _demo(options: argparse.Namespace) -> int:
    from .demo import run_demo

    for line in run_demo(options.output):
        _say(line)
    return 0


def _lab(options: argparse.Namespace) -> int:
    from .serve import lab_command

    lab_command(options.folder, port=options.port, browser=not options.no_browser, say=_say)
    return 0


def _studio(options: argparse.Namespace) -> int:
    from .serve import studio_command

    studio_command(port=options.port, browser=not options.no_browser, say=_say)
    return 0


def _say(line: str) -> None:
    print(line, flush=True)


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
        known = tunables(Weights) | tunables(ImageSettings) | tunables(VideoSettings)
        flag = "--frames" if error.name == "frames" else ""
        if error.name in known:
            flag = known[error.name].flag
        if flag:
            return f"{flag}: {error.message}"
    return str(error)


_COMMANDS = {
    "image": _image,
    "video": _video,
    "demo": _demo,
    "lab": _lab,
    "studio": _studio,
    "doctor": _doctor,
}


if __name__ == "__main__":
    sys.exit(main())
