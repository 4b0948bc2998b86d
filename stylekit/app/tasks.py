"""What a process of a cluster is asked for: one picture, or one shot of a clip, into its files.

Each task takes the parsed options of one input and the folder that their paths count from. It
returns an `Outcome`, also for what a user can mend: an error that is raised would be tried again.
TensorFlow is imported within the task, in the process that paints.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..video.results import Result
from .messages import TROUBLE, one_line

Options = argparse.Namespace


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What became of a task: its `value`, or the `error` in one line, and what was said.

    `seconds` is how long the task took.
    """

    value: Any = None
    error: str = ""
    told: tuple[str, ...] = ()
    seconds: float = 0.0


def paint_picture(options: Options, folder: Path) -> Outcome:
    """Paint a picture; the value is its `Result`."""
    from .run import image_command

    return _outcome(folder, lambda: image_command(options)[0])


def find_shots(options: Options, folder: Path) -> Outcome:
    """Begin the run of a clip; the value has the (first, stop) frames of each shot to be painted.

    It is empty if no frame is missing.
    """
    from ..video.parts import shots_apart, take_over
    from .clip_run import open_clip

    def find() -> list[tuple[int, int]]:
        run = open_clip(options).run
        with run.folder.held():
            take_over(run)
            done = {entry["frame_index"] for entry in run.finished_entries()}
            parts = [] if run.is_complete else shots_apart(run)
        many = run.settings.passes > 1
        return [(p.start, p.stop) for p in parts if many or not done.issuperset(p)]

    return _outcome(folder, find)


def paint_shot(options: Options, folder: Path, first: int, stop: int) -> Outcome:
    """Paint the frames of a shot that are missing; the value is the path of its folder."""
    from .clip_run import open_clip

    def paint() -> str:
        opened = open_clip(options, range(first, stop))
        for _ in opened.run.frames(opened.weights):
            pass
        return str(opened.run.folder.path)

    return _outcome(folder, paint)


def finish_clip(options: Options, folder: Path) -> Outcome:
    """Write the clip of the shots that were painted; the value is its `Result`."""
    from .clip_run import video_command

    return _outcome(folder, lambda: video_command(options)[0])


def _outcome(folder: Path, work: Callable[[], Result | list[tuple[int, int]] | str]) -> Outcome:
    said, began = _Said(), time.monotonic()
    log = logging.getLogger("stylekit")
    log.addHandler(said)
    log.setLevel(logging.INFO)
    try:
        # The progress of several processes at once would be a muddle.
        with contextlib.chdir(folder), contextlib.redirect_stderr(io.StringIO()):
            value = work()
        return Outcome(value=value, told=tuple(said.lines), seconds=time.monotonic() - began)
    except TROUBLE as error:
        line = one_line(error)
        if line is None:
            raise
        return Outcome(error=line, told=tuple(said.lines))
    finally:
        log.removeHandler(said)


class _Said(logging.Handler):
    """Keeps the lines of a log."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep the message of a record."""
        self.lines.append(record.getMessage())
