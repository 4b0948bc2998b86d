"""A clip in parts that may be painted at the same time, by several processes or machines.

Nothing is carried from one shot to the next, so each shot is painted by itself, in a run folder of
its own. Its frames are those that a run of the whole clip would have painted, byte for byte on the
same machine with the same number of threads. The run of the whole clip then takes them over:

    RUN/shots/000048/      the run folder of the shot that begins at frame 48
"""

from __future__ import annotations

import itertools
import shutil
from pathlib import Path

from ..errors import MediaError
from .folder import RunFolder
from .passes import StoredPasses
from .run import VideoRun

_SHOTS = "shots"


def shots_apart(run: VideoRun) -> list[range]:
    """The frames of each shot; a flash belongs to the shot that it interrupts.

    A clip that is to be a loop is one part, because its last shot goes on to its first.
    """
    count = len(run.clip)
    firsts = [0] if run.settings.loop else run.shots(count)
    return list(itertools.starmap(range, itertools.pairwise([*firsts, count])))


def part_folder(run_folder: Path, part: range) -> Path:
    """The run folder of a part of the run in `run_folder`."""
    return run_folder / _SHOTS / f"{part.start:06d}"


def take_over(run: VideoRun) -> None:
    """Copy the frames that were painted in parts, and remove the parts when no frame is missing.

    Frames that the run has already stay as they are.

    Raises
    ------
    MediaError
        If a frame cannot be written.
    """
    folders = sorted((run.folder.path / _SHOTS).glob("*"))
    own = StoredPasses(run.folder, run.settings.passes)
    own.open()
    for folder in folders:
        part = StoredPasses(RunFolder(folder), run.settings.passes)
        part.reload()
        for number, entries in enumerate(part.entries, 1):
            for frame_index, entry in sorted(entries.items()):
                if frame_index in own.entries[number - 1]:
                    continue
                facts = {k: v for k, v in entry.items() if k not in ("frame_index", "sha256")}
                image = part.folders[number - 1].read_frame(frame_index)
                taken = own.finish(number, frame_index, image, facts)
                if taken["sha256"] != entry["sha256"]:
                    raise MediaError(
                        part.folders[number - 1].frame_path(frame_index),
                        "changed while it was copied; run the same command again",
                    )
    run.reload()
    if run.is_complete:
        shutil.rmtree(run.folder.path / _SHOTS, ignore_errors=True)
