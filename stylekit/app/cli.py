"""The command line: stylekit image, video, demo, lab, course, gallery, studio, doctor."""

from __future__ import annotations

import argparse
import json
import logging
import signal
import sys
from collections.abc import Sequence
from typing import Any

from .messages import TROUBLE, one_line
from .options import parse_options
from .terminal import print_any_text

# Exit codes as shells use them: 2 for a wrong call, 128 + SIGINT for Ctrl-C.
BAD_INPUT = 2
INTERRUPTED = 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command `stylekit`.

    Parameters
    ----------
    arguments : the words after `stylekit`, those of the process if None

    Returns
    -------
    int : the exit code: 0, 1 if `doctor` finds a problem or one of a folder's files fails, 2 for a
        wrong call, 130 after Ctrl-C
    """
    print_any_text()
    logging.basicConfig(level=logging.WARNING, format="%(message)s", stream=sys.stderr)
    logging.getLogger("stylekit").setLevel(logging.INFO)
    try:
        options = parse_options(_COMMANDS, arguments)
        return options.command(options)
    except TROUBLE as error:
        line = one_line(error)
        if line is None:
            raise
        print(line, file=sys.stderr)
        return BAD_INPUT
    except ImportError as error:
        # The error for OpenCV without its system libraries says in one line what to install.
        if error.name != "cv2":
            raise
        print(error, file=sys.stderr)
        return BAD_INPUT
    except KeyboardInterrupt:
        print("interrupted: not finished; run the same command again", file=sys.stderr)
        return INTERRUPTED


# Each command imports its own module: `--help` then needs no media library, and the doctor works
# where one of them is broken.


def _image(options: argparse.Namespace) -> int:
    from .batch import images_command

    _end_as_by_ctrl_c()
    return _finish(*images_command(options), options)


def _video(options: argparse.Namespace) -> int:
    from .batch import videos_command

    _end_as_by_ctrl_c()
    return _finish(*videos_command(options), options)


def _demo(options: argparse.Namespace) -> int:
    from .demo import run_demo

    _end_as_by_ctrl_c()
    for line in run_demo(options.output, overwrite=options.overwrite):
        _say(line)
    return 0


def _lab(options: argparse.Namespace) -> int:
    from .serve import lab_command

    lab_command(
        options.folder,
        port=options.port,
        base=options.base_url,
        browser=not options.no_browser,
        say=_say,
    )
    return 0


def _course(options: argparse.Namespace) -> int:
    from .course import course_command

    course_command(options.folder, overwrite=options.overwrite, say=_say)
    return 0


def _gallery(options: argparse.Namespace) -> int:
    from .gallery import gallery_command

    gallery_command(
        options.folder,
        options.output,
        names=options.names,
        title=options.title,
        overwrite=options.overwrite,
        say=_say,
    )
    return 0


def _studio(options: argparse.Namespace) -> int:
    from .serve import studio_command

    studio_command(
        options.folder,
        port=options.port,
        base=options.base_url,
        visitors=options.visitors,
        upload_gb=options.upload_gb,
        browser=not options.no_browser,
        say=_say,
    )
    return 0


def _doctor(options: argparse.Namespace) -> int:
    from .doctor import examine

    findings = examine()
    _say(json.dumps(findings.to_json()) if options.json else findings.text())
    return 0 if findings.healthy else 1


_COMMANDS = {
    "image": _image,
    "video": _video,
    "demo": _demo,
    "lab": _lab,
    "course": _course,
    "gallery": _gallery,
    "studio": _studio,
    "doctor": _doctor,
}


def _end_as_by_ctrl_c() -> None:
    """Let a polite kill and the end of the terminal keep what is finished, as Ctrl-C does."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    hangup = getattr(signal, "SIGHUP", None)  # Windows has none
    # `nohup` asks for the end of the terminal to be ignored.
    if hangup is not None and signal.getsignal(hangup) is not signal.SIG_IGN:
        signal.signal(hangup, signal.default_int_handler)


def _say(line: str) -> None:
    print(line, flush=True)


def _finish(result: Any, advice: str, options: argparse.Namespace) -> int:
    """Print the result; `advice` says how to continue if the command was interrupted."""
    _say(json.dumps(result.to_json()) if options.json else result.text())
    if advice:
        print(advice, file=sys.stderr)
        return INTERRUPTED
    return 1 if getattr(result, "failed", ()) else 0


if __name__ == "__main__":
    sys.exit(main())
