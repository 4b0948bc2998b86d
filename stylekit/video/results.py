"""The end of a run: the picture or clip in a file, its sidecar, and a summary of the result."""

from __future__ import annotations

import logging
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import partial
from itertools import tee
from pathlib import Path
from typing import Any, Protocol, TypeAlias

import numpy as np

from ..arrays import Image, Mask
from ..errors import MediaError
from ..image.guidance import Guidance
from ..image.scores import Scores
from ..image.stylization import Stylization
from ..losses import TERMS, Losses
from ..media.clips import Clip, describe_clip
from ..media.encode import SoundError, holds_sound, write_clip
from ..media.files import sha256_of
from ..media.images import holds_alpha, save_image
from ..media.provenance import (
    Provenance,
    SourceFile,
    clean_text,
    comment,
    describe_source,
    write_sidecar,
)
from ..media.timelapse import TimeLapse
from ..media.written import complete_result
from ..motion.infill import Motion
from ..motion.warping import WarpingError, warping_error
from ..settings import ImageSettings, Weights
from .folder import RunFolder
from .run import VideoRun

log = logging.getLogger(__name__)

Source: TypeAlias = Path | SourceFile
"""An input: its file, or what was read from it before painting."""


class PaintedFrames(Protocol):
    """A run: its folder, the frames that are finished, and the motion to each."""

    folder: RunFolder

    def stored_frames(self) -> Iterator[Image]:
        """The pictures of the finished frames, up to the first frame that is missing."""
        ...

    def motion(self, frame_index: int) -> Motion:
        """The motion to a frame from the one before."""
        ...


class Transparency(StrEnum):
    """What became of the alpha channel of a picture."""

    KEPT = "kept"
    LAID_ON_WHITE = "laid on white"
    NONE = "none"


@dataclass(frozen=True, kw_only=True)
class Result:
    """What a command made, for `--json` and the sidecar.

    `size` is the output's (width, height), which is even for .mp4 and .mov. Losses, style distance
    and scores belong to the 8-bit result; those of a clip are means over its frames. `complete` is
    False if the command was interrupted. `transparency` and `timelapse` belong to pictures, the
    fields from `warping_error` on to clips. `shots` are the first frames of the shots; a flash is a
    cold frame, but no shot.
    """

    output: Path
    sidecar: Path
    seconds: float
    size: tuple[int, int]
    frames: int
    fps: str | None
    backbone: str
    settings: ImageSettings
    weights: Weights
    losses: Losses
    style_distance: float
    scores: Scores
    complete: bool = True
    transparency: Transparency = Transparency.NONE
    timelapse: Path | None = None
    warping_error: WarpingError | None = None
    input_warping_error: WarpingError | None = None
    run: Path | None = None
    cold_frames: list[int] = field(default_factory=list)
    shots: list[int] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        """A dictionary of JSON's own types."""
        clip = {
            "warping_error": errors_to_json(self.warping_error),
            "input_warping_error": errors_to_json(self.input_warping_error),
            "run": str(self.run),
            "cold_frames": self.cold_frames,
            "shots": self.shots,
        }
        return {
            "output": str(self.output),
            "sidecar": str(self.sidecar),
            "seconds": round(self.seconds, 3),
            "size": list(self.size),
            "frames": self.frames,
            "fps": self.fps,
            "backbone": self.backbone,
            "optimizer": self.settings.optimizer.value,
            "weights": self.weights.to_json(),
            "losses": self.losses.to_json(),
            "style_distance": self.style_distance,
            "content_kept": self.scores.content_kept,
            "style_reached": self.scores.style_reached,
            "complete": self.complete,
            **({"timelapse": str(self.timelapse)} if self.timelapse else {}),
            **(clip if self.run else {"transparency": self.transparency}),
        }

    def text(self) -> str:
        """The result in a few lines of text."""
        lines = [
            f"{self.output}: {self.size[0]}×{self.size[1]} pixels, "
            f"{self.frames} frame{'s' * (self.frames != 1)}, {self.seconds:.0f} s",
            f"backbone {self.backbone}",
            self.scores.text,
        ]
        if self.timelapse:
            lines.append(f"time-lapse {self.timelapse}")
        if self.warping_error and self.input_warping_error and self.frames > 1:
            lines.append(
                f"root warping error along its own flow {self.warping_error.rmse:.4f}, "
                f"of the input itself {self.input_warping_error.rmse:.4f}"
            )
        return "\n".join(lines)


def finish_image(
    stylization: Stylization,
    output: Path,
    *,
    content: Source,
    style: Source | Sequence[Source],
    weights: Weights,
    seconds: float,
    complete: bool = True,
    alpha: Mask | None = None,
    lapse: TimeLapse | None = None,
    timelapse: Path | None = None,
    regions: Sequence[Source] = (),
    keep: Source | None = None,
) -> Result:
    """Write the picture of a stylization, and its sidecar; an unfinished one in full size too.

    Parameters
    ----------
    stylization : The picture; it is enlarged to full size if it was interrupted before.
    output : The file to write.
    content, style, regions, keep
        The files that it was made from, for provenance; one style or several, and masks. What was
        described before painting need not be there any more.
    weights, seconds : The weights of the last step, and the duration of the run.
    complete : False if the run was interrupted.
    alpha : The alpha channel of the content, float32 `(H, W)` in [0, 1] in the size of the result;
        None if it is opaque. It is left out if the format of `output` cannot hold it. Losses and
        scores are those of the opaque picture.
    lapse, timelapse : The pictures of its steps, and the file to write them to; None for none.

    Raises
    ------
    MediaError
        If a file cannot be written.
    """
    stylization.enlarge()
    settings = stylization.settings
    image = stylization.image
    label = stylization.objective.backbone.label
    provenance = Provenance(
        settings=settings.to_json(),
        weights=weights,
        backbone=label,
        content=_described(content),
        **_of_guidance(stylization.guidance, style, regions, keep),
    )
    losses, style_distance = stylization.measure()
    transparency = transparency_of(alpha, output)
    result = Result(
        output=output,
        sidecar=Path(f"{output}.json"),
        seconds=seconds,
        size=(image.shape[1], image.shape[0]),
        frames=1,
        fps=None,
        backbone=label,
        settings=settings,
        weights=weights,
        losses=losses,
        style_distance=style_distance,
        scores=stylization.scores_of(losses, style_distance),
        complete=complete,
        transparency=transparency,
    )
    moves: dict[str, Any] = {"weight_changes": stylization.weight_schedule.to_json()}
    # With these an unfinished result is known again, and not kept beside the finished one.
    with complete_result(output) as hidden:
        kept = alpha if transparency is Transparency.KEPT else None
        save_image(image, hidden, provenance=provenance, alpha=kept)
        if not complete:
            moves["sha256"] = sha256_of(hidden)
        _write_sidecar(hidden, provenance, result.to_json() | moves)
    if lapse is None or timelapse is None:
        return result
    # Last, so that the picture and its sidecar are there whatever happens to the time-lapse.
    if not len(lapse):
        lapse.add(image)
    lapse.save(timelapse, size=stylization.size, comment=comment(provenance))
    result = replace(result, timelapse=timelapse)
    if not complete:
        moves["timelapse_sha256"] = sha256_of(timelapse)
    _write_sidecar(output, provenance, result.to_json() | moves)
    return result


def transparency_of(alpha: Mask | None, output: Path) -> Transparency:
    """What becomes of the alpha channel of a content, None if it is opaque, in this output."""
    if alpha is None:
        return Transparency.NONE
    return Transparency.KEPT if holds_alpha(output) else Transparency.LAID_ON_WHITE


def finish_clip(
    run: VideoRun,
    clip: Clip,
    output: Path,
    *,
    style: Source | Sequence[Source],
    seconds: float,
    content: SourceFile | None = None,
    regions: Sequence[Source] = (),
    keep: Source | None = None,
) -> Result:
    """Write the clip of the frames that a run has finished, and its sidecar.

    Parameters
    ----------
    run, clip : The run, and the clip that it paints; sound is taken from the clip.
    output : The file to write.
    style, regions, keep
        The files of one style or several, and of the masks, for provenance.
    seconds : The duration of the run.
    content : The description of the clip, from before it was painted; None to read its file.

    Raises
    ------
    MediaError
        If no frame is finished, or a file cannot be written.
    """
    entries = run.finished_entries()
    if not entries:
        raise MediaError(output, "no frame is finished yet; run again")
    settings = run.settings
    weights = Weights.from_json(entries[-1]["weights"])
    label = run.backbone.label
    provenance = Provenance(
        settings=settings.to_json(),
        weights=weights,
        backbone=label,
        content=content or describe_clip(clip.path, clip.limits),
        **_of_guidance(run.guidance, style, regions, keep),
    )
    losses = {name: float(np.mean([entry["losses"][name] for entry in entries])) for name in TERMS}
    result = Result(
        output=output,
        sidecar=Path(f"{output}.json"),
        seconds=seconds,
        size=written_size(clip, output),
        frames=len(entries),
        fps=f"{clip.fps.numerator}/{clip.fps.denominator}",
        backbone=label,
        settings=settings.image,
        weights=weights,
        losses=Losses(**losses),
        style_distance=float(np.mean([entry["style_distance"] for entry in entries])),
        scores=Scores(
            content_kept=float(np.mean([entry["content_kept"] for entry in entries])),
            style_reached=float(np.mean([entry["style_reached"] for entry in entries])),
        ),
        complete=run.is_complete,
        warping_error=measure_warping(run, run.stored_frames(), len(entries)),
        input_warping_error=measure_warping(run, iter(clip[: len(entries)]), len(entries)),
        run=run.folder.path,
        cold_frames=[entry["frame_index"] for entry in entries if entry["cold"]],
        shots=run.shots(len(entries)),
    )
    told = {"frame_table": entries, "weight_changes": run.weight_schedule.to_json()}
    write_result_clip(run, clip, provenance, result.to_json() | told)
    return result


def write_result_clip(
    run: PaintedFrames, clip: Clip, provenance: Provenance, told: dict[str, Any]
) -> None:
    """Write the clip of the frames that a run has finished, with the sound of `clip`.

    `told` is what the sidecar says of it, with the path of the clip as `output`. Raises MediaError
    if a file cannot be written.
    """
    output = Path(told["output"])
    with complete_result(output, run.folder.written) as hidden:
        write = partial(write_clip, path=hidden, fps=clip.fps, provenance=provenance)
        audio = clip.path if clip.has_audio and holds_sound(output) else None
        try:
            write(run.stored_frames(), audio_from=audio, audio_start=clip.start)
        except SoundError as error:
            log.warning("%s: its sound is damaged; %s has none", error.name, output.name)
            write(run.stored_frames())
        _write_sidecar(hidden, provenance, told)


def written_size(clip: Clip, output: Path) -> tuple[int, int]:
    """The (width, height) of the file of a clip: `write_clip` pads odd sides in films."""
    odd = 1 if holds_sound(output) else 0
    return clip.width + odd * (clip.width % 2), clip.height + odd * (clip.height % 2)


def _write_sidecar(output: Path, provenance: Provenance, told: dict[str, Any]) -> None:
    """Write the sidecar beside `output`, which may not have its place yet."""
    # What the provenance says already, and what differs from one run to the next.
    left_out = ("seconds", "sidecar", "output", "run", "backbone", "weights")
    facts = {name: value for name, value in told.items() if name not in left_out}
    if "timelapse" in facts:
        facts["timelapse"] = clean_text(Path(facts["timelapse"]).name)
    write_sidecar(output, provenance, facts)


def _of_guidance(
    guidance: Guidance,
    style: Source | Sequence[Source],
    regions: Sequence[Source],
    keep: Source | None,
) -> dict[str, Any]:
    """The fields of a `Provenance` that say which styles and masks there were."""
    first, *others = [style] if isinstance(style, Path | SourceFile) else style
    return {
        "style": _described(first),
        "more_styles": tuple(map(_described, others)),
        "style_weights": guidance.weights,
        "regions": tuple(map(describe_mask, regions)),
        "keep": describe_mask(keep) if keep else None,
    }


def _described(source: Source) -> SourceFile:
    return source if isinstance(source, SourceFile) else describe_source(source)


def describe_mask(source: Source) -> SourceFile:
    """The name and hash of a mask; what its file says of its author is not copied."""
    return source if isinstance(source, SourceFile) else describe_source(source, tags={})


def measure_warping(run: PaintedFrames, frames: Iterator[Image], count: int) -> WarpingError:
    """The warping error of the first frames over the reliable area of the input clip.

    Cuts and flashes do not count.
    """
    motions, again = tee(run.motion(index) for index in range(1, count))
    masks = (
        # Flow that comes from an earlier frame does not lead to the one before.
        np.zeros_like(motion.mask) if motion.is_cut or motion.source < before else motion.mask
        for before, motion in enumerate(again)
    )
    return warping_error(frames, (motion.flow.backward_flow for motion in motions), masks)


def errors_to_json(error: WarpingError | None) -> dict[str, float | None]:
    """The errors for JSON, which has no NaN: null if nothing could be measured."""
    if error is None or math.isnan(error.mse):
        return {"mse": None, "rmse": None}
    return {"mse": error.mse, "rmse": error.rmse}
