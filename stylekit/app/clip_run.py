"""`stylekit video`: from parsed options to a finished clip, or to one of its shots."""

from __future__ import annotations

import argparse
import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import SettingsError
from ..image.scales import max_steps, plan_scales
from ..media.clips import Clip, describe_clip, read_clip
from ..media.sequences import find_clip
from ..motion.flow import FlowMethod, FlowPair
from ..motion.flow_files import read_flows
from ..samples import MaterialKind
from ..scenes import CLIP_SCENES
from ..scenes.scene import scene_of_clip
from ..settings import NameOrFunction, VideoSettings, WeightSchedule
from ..video.folder import RunFolder, describe_run
from ..video.frames import FrameResult
from ..video.inputs import RunInputs
from ..video.parts import part_folder, take_over
from ..video.passes import later_frames
from ..video.results import Result, finish_clip
from ..video.run import VideoRun
from .clip_files import (
    check_video_output,
    default_run,
    earlier_runs,
    flow_folder,
    tell_changes,
)
from .interrupts import check, finished_meanwhile, load_tensorflow, painting, writing
from .outputs import (
    check_free,
    check_names,
    claimed,
    finished_path,
    remove_partial_clips,
    unfinished_path,
)
from .presets import Preset
from .progress import Progress
from .run import StyleFiles, check_weight_file, image_settings, schedule
from .setting_options import chosen

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class OpenClip:
    """A clip of the command line whose run is begun: checked, read, and ready to be painted.

    `sources` say of the files what the sidecar says of them, as they were before painting.
    `weights` are those of the steps of an earlier clip if they are repeated, `began` is when the
    clip was read, on the clock of `time.monotonic`.
    """

    run: VideoRun
    clip: Clip
    sources: dict[str, Any]
    weights: WeightSchedule | None
    began: float


def open_clip(options: argparse.Namespace, only: range | None = None) -> OpenClip:
    """Check what the command line names, and begin the run, or go on with it.

    Parameters
    ----------
    options : the parsed command line
    only : the frames of a part, which gets a run folder of its own (see `stylekit.video.parts`)

    Raises
    ------
    StylekitError : if an input, a setting or the output does not serve
    """
    clip_path = find_clip(options.clip, [MaterialKind.CLIP])
    files = StyleFiles.of(options)
    check_video_output(options.output, clip_path, *files.styles, *files.masks)
    own_runs = [options.run] if options.run else earlier_runs(options.output)
    # Again below, where it is known which run it is; this spares reading the clip.
    check_free(
        options.output,
        overwrite=options.overwrite,
        written=tuple(RunFolder(folder).written for folder in own_runs),
    )
    own_flow = flow_folder(options.flow)
    reading = {"start": options.start, "fps": options.fps}
    first = read_clip(clip_path, frames=1, fps=options.fps, limits=files.limits)
    settings = _video_settings(options, first, own_flow)
    weights = schedule(options, settings)
    # How many frames there are is known only when all are read.
    later = later_frames(settings, options.frames or files.limits.clip_frames)
    guidance = files.load(first[0], settings.image, later_steps=later * settings.frame_steps)
    began = time.monotonic()
    clip = read_clip(
        clip_path,
        size=settings.image.size,
        frames=options.frames,
        allow_partial=options.allow_partial,
        limits=files.limits,
        **reading,
    )
    if only is None:
        tell_changes(clip, options.output)
    sources = {"content": describe_clip(clip_path, files.limits), **files.describe()}
    flows = flows_for(clip, settings.flow, own_flow)
    check_weight_file(settings.image.backbone)
    description = describe_run(clip, guidance, settings, flows=flows)
    folder = options.run or default_run(options.output, description, weights)
    check_names(options.output, folder)
    check_free(options.output, overwrite=options.overwrite, written=(RunFolder(folder).written,))
    if only is not None:
        folder = part_folder(folder, only)
    run = VideoRun(clip, guidance, folder, settings, flows=flows, only=only)
    inputs = RunInputs(
        clip=clip_path,
        style=files.styles[0],
        frames=len(clip),
        size=max(clip.width, clip.height),
        **reading,
        more_styles=files.styles[1:],
        regions=files.regions,
        keep=files.keep,
        limits=files.limits,
    )
    run.folder.remember(inputs)
    return OpenClip(run=run, clip=clip, sources=sources, weights=weights, began=began)


def video_command(options: argparse.Namespace) -> tuple[Result, str]:
    """Paint a clip; parameters, result and errors are those of `image_command`."""
    opened = open_clip(options)
    run, clip = opened.run, opened.clip
    load_tensorflow()
    with claimed(options.output), run.folder.held():
        take_over(run)
        return _paint_clip(options, opened, run, clip)


def _paint_clip(
    options: argparse.Namespace, opened: OpenClip, run: VideoRun, clip: Clip
) -> tuple[Result, str]:
    """Paint what a run still lacks, and write the clip, or what there is of it."""
    written, settings, advice = run.folder.written, run.settings, ""
    interrupted = False
    try:
        paint(run, opened.weights)
    except KeyboardInterrupt:
        run.reload()
        done = run.finished_entries()
        if not done:
            raise
        interrupted = True
    if interrupted and not run.is_complete:
        output = unfinished_path(options.output, written)
        again = f" in the first of {settings.passes} passes or more" if settings.passes > 1 else ""
        advice = (
            f"interrupted: {output} holds the {len(done)} of {len(clip)} frames that are "
            f"finished{again}; run the same command again to go on from there"
        )
    else:
        output = finished_path(options.output, overwrite=options.overwrite, written=written)
    with writing(interrupted=interrupted) as state:
        report = finish_clip(
            run,
            clip,
            output,
            seconds=time.monotonic() - opened.began,
            **opened.sources,
        )
        if not advice:
            remove_partial_clips(output, written)
            if state.interrupted:
                advice = finished_meanwhile(output)
    return report, advice


def paint(run: VideoRun, weights: WeightSchedule | None = None) -> None:
    """Paint the frames that a run still lacks, with progress on the console.

    Their weights are those of the settings, or those of the steps of an earlier clip.
    """
    settings = run.settings
    first = max_steps(plan_scales(settings.image))
    later = first if settings.independent else settings.frame_steps
    count = len(run.clip)
    left = count * settings.passes - 1
    shown = Progress(first + left * later, frame_count=count, pass_count=settings.passes)
    with painting(), shown as progress:
        for event in run.steps(weights):
            if isinstance(event, FrameResult):
                progress.frame(
                    event.frame_index,
                    max_steps_left=left * later,
                    facts=_frame_facts(event),
                    pass_number=event.pass_number,
                )
                left -= 1
            else:
                progress.step(
                    event.step, frame_index=event.frame_index, pass_number=event.pass_number
                )
            check()


def _frame_facts(frame: FrameResult) -> str:
    if frame.resumed:
        return "stored before"
    start = "cold start" if frame.cold else "warm start"
    return f"{start}, {frame.steps} steps, loss {frame.losses.total(frame.weights):.3g}"


def _video_settings(
    options: argparse.Namespace, first: Clip, own_flow: Path | None
) -> VideoSettings:
    defaults = (options.preset or Preset(VideoSettings())).video
    image, init = image_settings(options, defaults.image, (first.width, first.height))
    if init is not None:
        raise SettingsError("--init", "for a clip it must be content or noise")
    flow = {"flow": FlowMethod.FILES.value} if own_flow else {}
    return chosen(defaults, options, {"image": image, **flow})


def flows_for(clip: Clip, method: NameOrFunction, own: Path | None) -> Sequence[FlowPair] | None:
    """The flow between the frames if it is known: that of a built-in clip, or the user's own.

    Parameters
    ----------
    clip : the clip
    method : how flow is found
    own : the folder of the user's own flow, if there is one

    Raises
    ------
    StylekitError : if files of the folder are missing, or the exact flow is not known
    """
    if own is not None:
        return read_flows(own, len(clip), (clip.width, clip.height))
    if method != FlowMethod.EXACT:
        return None
    scene = scene_of_clip(clip)
    if scene is None:
        raise SettingsError(
            "flow",
            "the exact flow is known only for the built-in clips "
            f"({', '.join(CLIP_SCENES)}), at a size that is a multiple of 8; use dis",
        )
    return [scene.flow_pair(index) for index in range(len(clip) - 1)]
