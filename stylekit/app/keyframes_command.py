"""`stylekit keyframes`: from painted frames of a clip to the painted clip."""

from __future__ import annotations

import argparse
import logging
import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ..arrays import Image
from ..errors import MediaError, SettingsError
from ..image.guidance import Guidance
from ..image.mask_files import load_mask
from ..image.memory import check_memory
from ..image.scales import max_steps, plan_scales
from ..media.clips import Clip, describe_clip, read_clip
from ..media.files import check_output
from ..media.images import PICTURE_SUFFIXES, load_image, resize_image, resize_mask, save_image
from ..media.provenance import KeyframeSource, SourceFile, describe_source
from ..media.sequences import find_clip
from ..samples import MaterialKind, find_material
from ..settings import ImageSettings, KeyframeSettings, KeyMethod, MediaLimits, VideoSettings
from ..vgg.weights import load_backbone
from ..video.few_shot import TrainingStep
from ..video.few_shot_network import LOSS_BACKBONE
from ..video.folder import RunFolder
from ..video.frames import FrameStep
from ..video.keyframe import Keyframe, StyledFrame
from ..video.keyframe_results import KeyframeReport, finish_keyframes
from ..video.keyframe_run import KeyframeRun, describe_keyframes
from ..video.results import describe_mask
from .clip_files import check_video_output, default_run, earlier_runs, flow_folder, tell_changes
from .clip_run import flows_for
from .input_options import limits_of
from .interrupts import check, finished_meanwhile, load_tensorflow, painting, writing
from .keyframe_options import style_of
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
from .run import check_weight_file, image_settings
from .setting_options import chosen

log = logging.getLogger(__name__)

# A painting may have other proportions than the frame by this much, as after rounding its sides.
_MAX_STRETCH = 0.02
_STYLES = (MaterialKind.STYLE, MaterialKind.PHOTOGRAPH)


@dataclass(frozen=True, kw_only=True)
class _KeyFile:
    """A keyframe of the command line: the file of its painting or of its style, and of its mask."""

    frame_index: int
    file: Path
    is_style: bool
    mask: Path | None

    def describe(self) -> KeyframeSource:
        """What the sidecar says of it."""
        described = describe_source(self.file)
        return KeyframeSource(
            frame_index=self.frame_index,
            painting=None if self.is_style else described,
            style=described if self.is_style else None,
            mask=describe_mask(self.mask) if self.mask else None,
        )


def write_frame(options: argparse.Namespace) -> Path:
    """Write one frame of a clip as a picture, and return its path.

    Raises StylekitError if the clip has no such frame, or the picture cannot be written.
    """
    index, name = options.write_frame
    output, limits = Path(name), limits_of(options)
    check_output(output, PICTURE_SUFFIXES)
    check_free(output, overwrite=options.overwrite)
    clip = _read(options, find_clip(options.clip, [MaterialKind.CLIP]), options.size, limits)
    if index >= len(clip):
        raise _no_frame(index, len(clip), "--write-frame")
    save_image(clip[index], output, provenance=None)
    return output


def keyframes_command(options: argparse.Namespace) -> tuple[KeyframeReport, str]:
    """Paint a clip from keyframes; result and errors are those of `image_command`."""
    if options.output is None:
        raise SettingsError("-o", "is missing; see stylekit keyframes --help")
    clip_path = find_clip(options.clip, [MaterialKind.CLIP])
    keys = _key_files(options)
    masks = [key.mask for key in keys if key.mask]
    check_video_output(options.output, clip_path, *(key.file for key in keys), *masks)
    own_runs = [options.run] if options.run else earlier_runs(options.output)
    # Again below, where it is known which run it is; this spares reading the clip.
    written = tuple(RunFolder(folder).written for folder in own_runs)
    check_free(options.output, overwrite=options.overwrite, written=written)
    limits = limits_of(options)
    first = read_clip(clip_path, frames=1, fps=options.fps, limits=limits)
    image = _image_settings(options, first)
    own_flow = flow_folder(options.flow)
    settings = _settings(options, own_flow)
    began = time.monotonic()
    loaded = [_load(key, first[0], image, limits) for key in keys]
    clip = _read(options, clip_path, image.size, limits)
    for key in keys:
        if key.frame_index >= len(clip):
            raise _no_frame(key.frame_index, len(clip), "--key")
    fitted = [_fit(key, clip) for key in loaded]
    tell_changes(clip, options.output)
    content, sources = describe_clip(clip_path, limits), [key.describe() for key in keys]
    flows = flows_for(clip, settings.flow, own_flow)
    description = describe_keyframes(clip, fitted, settings, flows)
    folder = options.run or default_run(options.output, description)
    check_names(options.output, folder)
    check_free(options.output, overwrite=options.overwrite, written=(RunFolder(folder).written,))
    run = KeyframeRun(clip, fitted, folder, settings, flows=flows)
    if run.settings.method is KeyMethod.NETWORK or any(key.is_style for key in keys):
        load_tensorflow()
    with claimed(options.output), run.folder.held():
        return _paint(options, run, clip, content, sources, began)


def _paint(
    options: argparse.Namespace,
    run: KeyframeRun,
    clip: Clip,
    content: SourceFile,
    sources: Sequence[KeyframeSource],
    began: float,
) -> tuple[KeyframeReport, str]:
    """Paint what a run still lacks, and write the clip, or what there is of it."""
    written, advice = run.folder.written, ""
    interrupted = False
    try:
        _show(run)
    except KeyboardInterrupt:
        interrupted = True
    with writing(interrupted=interrupted) as state:
        if interrupted and run.network is not None:
            # What the network has learned so far paints all frames, in less than a second each.
            for _ in run.frames(train=False):
                pass
        run.reload()
        done = len(run.finished_entries())
        if interrupted and not done:
            raise KeyboardInterrupt
        if interrupted and not run.is_complete:
            output = unfinished_path(options.output, written)
            advice = (
                f"interrupted: {output} holds {done} of {len(clip)} frames{_learned(run)}; "
                "run the same command again to go on from there"
            )
        else:
            output = finished_path(options.output, overwrite=options.overwrite, written=written)
        report = _finish(run, clip, output, content, sources, time.monotonic() - began)
        if not advice:
            remove_partial_clips(output, written)
            if state.interrupted:
                advice = finished_meanwhile(output)
    return report, advice


def _finish(
    run: KeyframeRun,
    clip: Clip,
    output: Path,
    content: SourceFile,
    sources: Sequence[KeyframeSource],
    seconds: float,
) -> KeyframeReport:
    """Write the clip and its sidecar, which say which networks had a part in it."""
    styled = [key.settings for key in run.given if isinstance(key, StyledFrame)]
    networks = [key.backbone for key in styled]
    if run.settings.method is KeyMethod.NETWORK:
        networks.append(LOSS_BACKBONE)
    return finish_keyframes(
        run,
        clip,
        output,
        content=content,
        keyframes=sources,
        weights=styled[0].weights if styled else None,
        backbone=load_backbone(networks[0]).label if networks else None,
        seconds=seconds,
    )


def _learned(run: KeyframeRun) -> str:
    return f", after {run.network.step_count} steps of training" if run.network else ""


def _show(run: KeyframeRun) -> None:
    """Paint, with progress on the console."""
    styled = [key.settings for key in run.given if isinstance(key, StyledFrame)]
    steps = sum(max_steps(plan_scales(settings)) for settings in styled)
    network = run.settings.network
    training = network.steps if run.settings.method is KeyMethod.NETWORK else 0
    shown = Progress(steps + training, frame_count=len(run.clip))
    with painting(), shown as progress:
        for event in run.steps():
            if isinstance(event, FrameStep):
                progress.step(event.step, frame_index=event.frame_index)
            elif isinstance(event, TrainingStep):
                progress.training(
                    event.step_index,
                    sum(event.losses.values()),
                    seconds=event.seconds,
                    limit=network.seconds,
                )
            else:
                facts = "stored before" if event.resumed else f"from frame {_joined(event.keys)}"
                progress.frame(event.frame_index, max_steps_left=0, facts=facts)
            check()


def _joined(keys: Sequence[int]) -> str:
    return " and ".join(map(str, keys))


def _key_files(options: argparse.Namespace) -> list[_KeyFile]:
    """The files of `--key` and `--mask`, in the order of the clip."""
    if not options.keys:
        raise SettingsError("--key", "is missing; give a painted frame, such as --key 0=frame.png")
    masks = _by_frame(options.masks, "--mask")
    found = []
    for index, value in sorted(_by_frame(options.keys, "--key").items()):
        style = style_of(value)
        file = find_material(value) if style is None else find_material(style, _STYLES)
        mask = find_material(masks.pop(index)) if index in masks else None
        found.append(_KeyFile(frame_index=index, file=file, is_style=style is not None, mask=mask))
    for index in masks:
        raise SettingsError("--mask", f"of frame {index} needs --key {index}=… too")
    return found


def _by_frame(given: Sequence[tuple[int, str]], flag: str) -> dict[int, str]:
    numbers = [index for index, _ in given]
    for index in numbers:
        if numbers.count(index) > 1:
            raise SettingsError(flag, f"frame {index} is given twice; give it once")
    return dict(given)


def _load(
    key: _KeyFile, frame: Image, image: ImageSettings, limits: MediaLimits
) -> Keyframe | StyledFrame:
    """Read the files of a keyframe, and check that they serve."""
    picture = load_image(key.file, limits=limits)
    mask = load_mask(key.mask, limits) if key.mask else None
    if key.mask and mask is not None:
        _check_shape(key.mask, mask.shape, frame, "")
        if not mask.any():
            raise MediaError(key.mask, "is black, so that nothing of the painting counts")
    if key.is_style:
        check_memory(image, frame.shape, picture.shape)
        check_weight_file(image.backbone)
        return StyledFrame(
            frame_index=key.frame_index, guidance=Guidance.of(picture), settings=image, mask=mask
        )
    _check_shape(
        key.file,
        picture.shape,
        frame,
        f"; to paint the frame in its manner, write --key {key.frame_index}=style:{key.file}",
    )
    return Keyframe(frame_index=key.frame_index, image=picture, mask=mask)


def _check_shape(path: Path, shape: tuple[int, ...], frame: Image, advice: str) -> None:
    height, width = shape[:2]
    rows, columns = frame.shape[:2]
    if abs(math.log((width * rows) / (height * columns))) > _MAX_STRETCH:
        raise MediaError(
            path,
            f"has {width}×{height} pixels, the frames have {columns}×{rows}; it must show a whole "
            f"frame, in any size{advice}",
        )


def _fit(key: Keyframe | StyledFrame, clip: Clip) -> Keyframe | StyledFrame:
    """A keyframe in the size of the clip."""
    size = clip.width, clip.height
    mask = None if key.mask is None else resize_mask(key.mask, size)
    if isinstance(key, StyledFrame):
        return StyledFrame(
            frame_index=key.frame_index, guidance=key.guidance, settings=key.settings, mask=mask
        )
    return Keyframe(frame_index=key.frame_index, image=resize_image(key.image, size), mask=mask)


def _read(options: argparse.Namespace, path: Path, size: int | None, limits: MediaLimits) -> Clip:
    return read_clip(
        path,
        size=size,
        start=options.start,
        frames=options.frames,
        fps=options.fps,
        allow_partial=options.allow_partial,
        limits=limits,
    )


def _no_frame(index: int, count: int, flag: str) -> SettingsError:
    return SettingsError(flag, f"the clip has frames 0 to {count - 1}, there is no frame {index}")


def _image_settings(options: argparse.Namespace, first: Clip) -> ImageSettings:
    defaults = (options.preset or Preset(VideoSettings())).video
    settings, init = image_settings(options, defaults.image, (first.width, first.height))
    if init is not None:
        raise SettingsError("--init", "must be content or noise here")
    return settings


def _settings(options: argparse.Namespace, own_flow: Path | None) -> KeyframeSettings:
    defaults = KeyframeSettings()
    parts = {
        "patches": chosen(defaults.patches, options, {}),
        "network": chosen(defaults.network, options, {"steps": options.train_steps}),
    }
    flow = {"flow": "files"} if own_flow else {}
    return chosen(defaults, options, {**parts, **flow})
