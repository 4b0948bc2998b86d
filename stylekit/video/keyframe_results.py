"""The end of a run from keyframes: the clip in a file, its sidecar, and a summary of the result."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import MediaError
from ..image.detail import SharpnessKept, sharpness_kept
from ..media.clips import Clip
from ..media.provenance import KeyframeSource, Provenance, SourceFile
from ..motion.warping import WarpingError
from ..settings import KeyframeSettings, KeyMethod, Weights
from .keyframe_run import KeyframeRun
from .results import errors_to_json, measure_warping, write_result_clip, written_size


@dataclass(frozen=True, kw_only=True)
class KeyframeReport:
    """What `stylekit keyframes` made, for `--json` and the sidecar.

    `size` is the output's (width, height). `keys` are the numbers of the keyframes, and `trained`
    the steps for which the network learned, 0 without one. `sharpness` says how much of the first
    frame's sharpness the later ones keep, beside what the input keeps of its own, see
    `sharpness_kept`.
    """

    output: Path
    sidecar: Path
    seconds: float
    size: tuple[int, int]
    frames: int
    fps: str
    settings: KeyframeSettings
    keys: tuple[int, ...]
    trained: int
    complete: bool
    warping_error: WarpingError
    input_warping_error: WarpingError
    sharpness: SharpnessKept
    run: Path
    shots: list[int]

    def to_json(self) -> dict[str, Any]:
        """A dictionary of JSON's own types."""
        kept = {"whole": self.sharpness.whole, "moving": self.sharpness.moving}
        return {
            "output": str(self.output),
            "sidecar": str(self.sidecar),
            "seconds": round(self.seconds, 3),
            "size": list(self.size),
            "frames": self.frames,
            "fps": self.fps,
            "method": self.settings.method.value,
            "keys": list(self.keys),
            "trained": self.trained,
            "complete": self.complete,
            "warping_error": errors_to_json(self.warping_error),
            "input_warping_error": errors_to_json(self.input_warping_error),
            # JSON has no NaN.
            "sharpness_kept": {name: v if v == v else None for name, v in kept.items()},
            "run": str(self.run),
            "shots": self.shots,
        }

    def text(self) -> str:
        """The result in a few lines of text."""
        keys = ", ".join(map(str, self.keys))
        by = "patches" if self.settings.method is KeyMethod.PATCH else "a network"
        learned = f", which learned for {self.trained} steps" if self.trained else ""
        lines = [
            f"{self.output}: {self.size[0]}×{self.size[1]} pixels, "
            f"{self.frames} frame{'s' * (self.frames != 1)}, {self.seconds:.0f} s",
            f"painted from frame{'s' * (len(self.keys) != 1)} {keys} by {by}{learned}",
        ]
        if self.frames > 1:
            lines.append(
                f"root warping error along its own flow {self.warping_error.rmse:.4f}, "
                f"of the input itself {self.input_warping_error.rmse:.4f}"
            )
        return "\n".join(lines)


def finish_keyframes(
    run: KeyframeRun,
    clip: Clip,
    output: Path,
    *,
    content: SourceFile,
    keyframes: Sequence[KeyframeSource],
    weights: Weights | None,
    backbone: str | None,
    seconds: float,
) -> KeyframeReport:
    """Write the clip of the frames that a run has finished, and its sidecar.

    Parameters
    ----------
    run, clip : The run, and the clip that it paints; sound is taken from the clip.
    output : The file to write.
    content, keyframes : The files of the clip and of the keyframes, for provenance.
    weights, backbone : The weights with which keyframes were painted by optimisation, and the label
        of the network that had a part in the result; None if there were none.
    seconds : The duration of the run.

    Raises
    ------
    MediaError
        If no frame is finished, or a file cannot be written.
    """
    entries = run.finished_entries()
    if not entries:
        raise MediaError(output, "no frame is finished yet; run again")
    count = len(entries)
    provenance = Provenance(
        settings=run.settings.to_json(),
        weights=weights,
        backbone=backbone,
        content=content,
        keyframes=tuple(keyframes),
    )
    motions = [run.motion(index) for index in range(1, count)]
    report = KeyframeReport(
        output=output,
        sidecar=Path(f"{output}.json"),
        seconds=seconds,
        size=written_size(clip, output),
        frames=count,
        fps=f"{clip.fps.numerator}/{clip.fps.denominator}",
        settings=run.settings,
        keys=run.key_frames,
        trained=entries[-1]["trained"],
        complete=run.is_complete,
        warping_error=measure_warping(run, run.stored_frames(), count),
        input_warping_error=measure_warping(run, iter(clip[:count]), count),
        sharpness=sharpness_kept(
            run.stored_frames(), clip[:count], [motion.flow for motion in motions]
        ),
        run=run.folder.path,
        shots=run.shots(count),
    )
    write_result_clip(run, clip, provenance, report.to_json() | {"frame_table": entries})
    return report
