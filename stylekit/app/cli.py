"""The command line: image, video, keyframes, demo, lab, course, gallery, studio, doctor."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

# Nothing else, not of Python's library either: until `main` handles Ctrl-C, it ends the program
# with an error of many lines.
from .interrupts import (
    INTERRUPTED,
    NOT_FINISHED,
    end_process,
    handled,
    load_tensorflow,
    loading,
    was_interrupted,
)

if TYPE_CHECKING:
    import argparse

# The exit code of a wrong call, as shells use it.
BAD_INPUT = 2


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
    with handled():
        try:
            return _run(arguments)
        except KeyboardInterrupt:
            print(NOT_FINISHED, file=sys.stderr)
            return INTERRUPTED
        except Exception:
            if not was_interrupted():
                raise
            print(NOT_FINISHED, file=sys.stderr)
            return INTERRUPTED


def program() -> None:
    """The program `stylekit`: `main` for a process of its own, which ends with it."""
    end_process(main())


def _run(arguments: Sequence[str] | None) -> int:
    """Run a command, and put into a line what a user can mend."""
    with loading():
        import logging

        from .messages import TROUBLE, one_line
        from .options import parse_options
        from .terminal import print_any_text, tell

    print_any_text()
    logging.basicConfig(level=logging.WARNING, format="%(message)s", stream=sys.stderr)
    logging.getLogger("stylekit").setLevel(logging.INFO)
    try:
        options = parse_options(_COMMANDS, arguments)
        code: int = options.command(options)
    except TROUBLE as error:
        line = one_line(error)
        if line is None or was_interrupted():
            raise
        tell(line, sys.stderr)
        return BAD_INPUT
    except ImportError as error:
        # The error for OpenCV without its system libraries says in one line what to install.
        if error.name != "cv2":
            raise
        print(error, file=sys.stderr)
        return BAD_INPUT
    return code


# Each command imports its own module: `--help` then needs no media library, and the doctor works
# where one of them is broken.


def _image(options: argparse.Namespace) -> int:
    with loading():
        from .batch import images_command

    return _finish(*images_command(options), options)


def _video(options: argparse.Namespace) -> int:
    with loading():
        from .batch import videos_command

    return _finish(*videos_command(options), options)


def _keyframes(options: argparse.Namespace) -> int:
    with loading():
        from .keyframes_command import keyframes_command, write_frame

    if options.write_frame:
        _say(f"{write_frame(options)}: paint it, and give it to --key {options.write_frame[0]}=")
        return 0
    return _finish(*keyframes_command(options), options)


def _demo(options: argparse.Namespace) -> int:
    with loading():
        from .demo import run_demo

    load_tensorflow()
    for line in run_demo(options.output, overwrite=options.overwrite):
        _say(line)
    return 0


def _lab(options: argparse.Namespace) -> int:
    with loading():
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
    with loading():
        from .course import course_command

    course_command(options.folder, overwrite=options.overwrite, say=_say)
    return 0


def _gallery(options: argparse.Namespace) -> int:
    with loading():
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
    with loading():
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
    with loading():
        from .doctor import examine

    findings = examine()
    _report(findings, options)
    return 0 if findings.healthy else 1


_COMMANDS = {
    "image": _image,
    "video": _video,
    "keyframes": _keyframes,
    "demo": _demo,
    "lab": _lab,
    "course": _course,
    "gallery": _gallery,
    "studio": _studio,
    "doctor": _doctor,
}


def _say(line: str) -> None:
    from .terminal import tell

    tell(line, sys.stdout)


def _report(told: Any, options: argparse.Namespace) -> None:
    import json

    _say(json.dumps(told.to_json()) if options.json else told.text())


def _finish(result: Any, advice: str, options: argparse.Namespace) -> int:
    """Print the result; `advice` says how to continue if the command was interrupted."""
    from .terminal import tell

    _report(result, options)
    if advice:
        tell(advice, sys.stderr)
        return INTERRUPTED
    return 1 if getattr(result, "failed", ()) else 0


if __name__ == "__main__":
    program()
