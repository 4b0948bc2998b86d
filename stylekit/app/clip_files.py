"""The files of `stylekit video`: where it writes, where its flow comes from, and what to say."""

from __future__ import annotations

import hashlib
import json
import logging
from pathlib import Path
from typing import Any

from ..errors import MediaError, SettingsError
from ..media.animations import check_animation, rounding_note
from ..media.clips import Clip
from ..media.encode import check_clip_output, holds_sound
from ..media.file_kinds import PICTURE_ENDINGS
from ..media.files import left_out
from ..media.images import PICTURE_SUFFIXES
from ..media.sequences import existing_files, is_sequence, sequence_files
from ..motion.flow import FLOWS, FlowMethod
from ..settings import WeightSchedule

log = logging.getLogger(__name__)


def check_video_output(output: Path, clip: Path, *others: Path) -> None:
    """Check where a clip is written; raises MediaError if it cannot be, or is one of the inputs."""
    check_clip_output(output)
    if not is_sequence(clip):
        check_no_input(output, clip, *others)
        return
    # The next run would take the result for pictures of the clip.
    is_picture = output.suffix.lower() in (*PICTURE_SUFFIXES, ".gif")
    if clip.is_dir() and is_picture and output.parent.is_dir() and output.parent.samefile(clip):
        raise MediaError(output, "is in the folder of the clip; give another folder")
    check_no_input(output, *sequence_files(clip), *others)


def check_no_input(output: Path, *inputs: Path) -> None:
    """Raise MediaError if a file that the output would replace is one of the inputs."""
    replaced = {_identity(path) for path in existing_files(output) if path.exists()}
    if any(_identity(path) in replaced for path in inputs if path.exists()):
        raise MediaError(output, "is one of the inputs; give another name for the result")


def _identity(path: Path) -> tuple[int, int]:
    """What two paths of one file have in common."""
    facts = path.stat()
    return facts.st_dev, facts.st_ino


def tell_changes(clip: Clip, output: Path) -> None:
    """Say before painting what the result will lack, and refuse what it cannot hold."""
    check_animation(output, len(clip), clip.width, clip.height)
    name = clip.path.name
    if clip.path.is_dir():
        for path, reason in left_out(clip.path, PICTURE_ENDINGS).items():
            log.warning("%s: %s, and is left out", path.name, reason)
    if clip.has_alpha:
        log.info("%s: is transparent in parts; a clip is laid on white", name)
    if clip.dropped:
        log.info(
            "%s: %d of its pictures are dropped, because they are shown for less time than a frame "
            "at %.4g a second; --fps %d keeps all",
            name,
            clip.dropped,
            float(clip.fps),
            clip.keeping_fps,
        )
    if clip.has_audio and not holds_sound(output):
        log.info("%s: its sound is left out; write .mp4 or .mov to keep it", name)
    if clip.unread_sound:
        log.info(
            "%s: its sound is left out, because it is coded as %s, which is not read; "
            "save it with AAC sound to keep it",
            name,
            clip.unread_sound,
        )
    if note := rounding_note(output, clip.fps):
        log.info("%s: %s", output.name, note)


def flow_folder(choice: Any) -> Path | None:
    """The folder of the user's own flow that `--flow` names; None for a method.

    Raises SettingsError for what is neither.
    """
    if not isinstance(choice, str):
        return None
    if choice in FLOWS and choice != FlowMethod.FILES:
        return None
    if Path(choice).expanduser().is_dir():
        return Path(choice).expanduser()
    methods = ", ".join(name for name in FLOWS if name != FlowMethod.FILES)
    raise SettingsError("flow", f"must be {methods} or a folder of .flo files, is {choice!r}")


def default_run(
    output: Path, description: dict[str, Any], weights: WeightSchedule | None = None
) -> Path:
    """A folder beside the result; its name depends on the inputs and the settings.

    It does not depend on the network that `--backbone auto` finds: the same command goes on with
    its run also where another one has come to this machine since. `weights` are those of the steps
    of an earlier clip, if they are repeated.
    """
    told = {name: value for name, value in description.items() if name != "backbone"}
    if weights is not None:
        told["weight_changes"] = weights.to_json()
    digest = hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()[:8]
    folder, start = _run_names(output)
    return folder / f"{start}{digest}"


def earlier_runs(output: Path) -> list[Path]:
    """The folders of the runs that a result may be of, as `default_run` names them."""
    folder, start = _run_names(output)
    if not folder.is_dir():
        return []
    return [path for path in folder.iterdir() if path.name.startswith(start)]


def _run_names(output: Path) -> tuple[Path, str]:
    """Where the run folders of a result are, and how their names begin."""
    if not is_sequence(output):
        return output.parent, f"{output.stem}.run-"
    # Beside the folder of the pictures, not in it.
    folder = output.parent
    return (folder.parent, f"{folder.name}.run-") if folder.name else (folder, "run-")
