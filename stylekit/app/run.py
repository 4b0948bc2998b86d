"""`stylekit image` and `stylekit video`: from parsed options to a finished result.

All inputs are checked before TensorFlow is loaded, which takes seconds: a typing error is then
reported at once.
"""

from __future__ import annotations

import argparse
import dataclasses
import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..arrays import Image, Mask
from ..errors import SettingsError
from ..image.colors import luminance
from ..image.guidance import Guidance, check_counts, check_keep, check_region
from ..image.mask_files import load_mask
from ..image.memory import check_memory
from ..image.scales import max_steps, plan_scales
from ..image.stylization import Stylization
from ..losses import TERMS
from ..media.clips import Clip, describe_clip, read_clip
from ..media.files import check_output
from ..media.images import PICTURE_SUFFIXES, load_alpha, load_image
from ..media.provenance import describe_source
from ..media.sequences import existing_files, find_clip
from ..media.timelapse import TIMELAPSE_SUFFIXES, TimeLapse
from ..motion.flow import FlowMethod, FlowPair
from ..motion.flow_files import read_flows
from ..samples import MaterialKind, find_material
from ..scenes import CLIP_SCENES
from ..scenes.scene import scene_of_clip
from ..settings import (
    ImageSettings,
    Init,
    MediaLimits,
    VideoSettings,
    function_of,
    tunables,
)
from ..vgg.statistics import STYLE_LOSSES, check_takes_masks
from ..vgg.weights import load_backbone
from ..video.folder import RunInputs, describe_run
from ..video.frames import FrameResult
from ..video.passes import later_frames
from ..video.results import (
    Result,
    Transparency,
    describe_mask,
    finish_clip,
    finish_image,
    transparency_of,
)
from ..video.run import VideoRun
from .clip_files import check_no_input, check_video_output, default_run, flow_folder, tell_changes
from .options import chosen
from .presets import image_part, video_part
from .progress import Progress

log = logging.getLogger(__name__)

_CONTENTS = (MaterialKind.PHOTOGRAPH, MaterialKind.STYLE)
_STYLES = (MaterialKind.STYLE, MaterialKind.PHOTOGRAPH)

# The standard deviation of luminance below which a style has no texture: half of an 8-bit level.
_TEXTURE = 0.5 / 255

# The smallest size that ImageSettings allows; smaller sources are enlarged to it.
_MIN_SIZE = round(tunables(ImageSettings)["size"].low)


@dataclass(frozen=True, kw_only=True)
class _StyleFiles:
    """The files of the styles and masks, and the weights of the styles."""

    styles: tuple[Path, ...]
    weights: tuple[float, ...]
    regions: tuple[Path, ...]
    keep: Path | None

    @classmethod
    def of(cls, options: argparse.Namespace) -> _StyleFiles:
        """What the command line names. Raises StylekitError for what does not serve."""
        styles = tuple(find_material(name, _STYLES) for name in options.style)
        check_counts(len(styles), options.style_weights, len(options.regions))
        return cls(
            styles=styles,
            weights=tuple(options.style_weights),
            regions=tuple(Path(name) for name in options.regions),
            keep=Path(options.keep) if options.keep else None,
        )

    @property
    def masks(self) -> tuple[Path, ...]:
        """The files of all masks."""
        return (*self.regions, self.keep) if self.keep else self.regions

    def describe(self) -> dict[str, Any]:
        """What the sidecar says of them, by the arguments of `finish_image`."""
        return {
            "style": tuple(describe_source(path) for path in self.styles),
            "regions": tuple(describe_mask(path) for path in self.regions),
            "keep": describe_mask(self.keep) if self.keep else None,
        }

    def load(self, content: Image, settings: ImageSettings, *, later_steps: int = 0) -> Guidance:
        """Read them, and check that they serve for `content` and fit into memory."""
        function_of("style_loss", STYLE_LOSSES, settings.style_loss)
        if self.masks:
            check_takes_masks(settings.style_loss)
        styles = [load_image(path) for path in self.styles]
        for style, path in zip(styles, self.styles, strict=True):
            _warn_of_style(style, path, settings)
        shapes = [style.shape for style in styles]
        check_memory(
            settings, content.shape, *shapes, masks=len(self.masks), later_steps=later_steps
        )
        return Guidance.of(
            styles,
            self.weights,
            [_load_mask(path, content, check_region) for path in self.regions],
            _load_mask(self.keep, content, check_keep) if self.keep else None,
        )


def image_command(options: argparse.Namespace) -> tuple[Result, str]:
    """Paint a picture.

    Parameters
    ----------
    options : the parsed command line

    Returns
    -------
    Result : what was made
    str : how to continue if the command was interrupted, otherwise empty

    Raises
    ------
    StylekitError : if an input, a setting or the output does not serve
    """
    content_path = find_material(options.content, _CONTENTS)
    files = _StyleFiles.of(options)
    inputs = [content_path, *files.styles, *files.masks]
    _check_output(options.output, PICTURE_SUFFIXES, *inputs)
    if options.timelapse:
        start = [Path(options.init)] if Path(options.init).is_file() else []
        _check_output(options.timelapse, TIMELAPSE_SUFFIXES, *inputs, *start)
    content = load_image(content_path)
    defaults = image_part(options.preset or ImageSettings())
    settings, init = _image_settings(options, defaults, content.shape[:2])
    alpha = _content_alpha(content_path, settings.size, options.output)
    guidance = files.load(content, settings)
    # Before painting, after which the files may be gone, and what they say is no longer read.
    source, described = describe_source(content_path), files.describe()
    _check_weight_file(settings.backbone)
    began = time.monotonic()
    stylization = Stylization(content, guidance, settings, init=init)
    output, timelapse, advice = options.output, options.timelapse, ""
    lapse = TimeLapse() if timelapse else None
    try:
        with Progress(stylization.step_limit) as progress:
            for step in stylization.steps():
                if lapse is not None:
                    lapse.add(step)
                progress.step(step)
    except KeyboardInterrupt:
        output = _partial_path(options.output)
        timelapse = _partial_path(timelapse) if timelapse else None
        advice = f"interrupted: {output} is the picture so far; go on with --init {output}"
    report = finish_image(
        stylization,
        output,
        content=source,
        weights=settings.weights,
        seconds=time.monotonic() - began,
        complete=not advice,
        alpha=alpha,
        lapse=lapse,
        timelapse=timelapse,
        **described,
    )
    return report, advice


def video_command(options: argparse.Namespace) -> tuple[Result, str]:
    """Paint a clip; parameters, result and errors are those of `image_command`."""
    clip_path = find_clip(options.clip, [MaterialKind.CLIP])
    files = _StyleFiles.of(options)
    check_video_output(options.output, clip_path, *files.styles, *files.masks)
    own_flow = flow_folder(options.flow)
    reading = {"start": options.start, "fps": options.fps}
    first = read_clip(clip_path, frames=1, fps=options.fps)
    settings = _video_settings(options, first, own_flow)
    # How many frames there are is known only when all are read.
    later = later_frames(settings, options.frames or MediaLimits().clip_frames)
    guidance = files.load(first[0], settings.image, later_steps=later * settings.frame_steps)
    began = time.monotonic()
    clip = read_clip(
        clip_path,
        size=settings.image.size,
        frames=options.frames,
        allow_partial=options.allow_partial,
        **reading,
    )
    tell_changes(clip, options.output)
    source, described = describe_clip(clip_path), files.describe()
    flows = _flows(clip, settings, own_flow)
    _check_weight_file(settings.image.backbone)
    description = describe_run(clip, guidance, settings, flows=flows)
    folder = options.run or default_run(options.output, description)
    run = VideoRun(clip, guidance, folder, settings, flows=flows)
    inputs = RunInputs(
        clip=clip_path,
        style=files.styles[0],
        frames=len(clip),
        size=max(clip.width, clip.height),
        **reading,
        more_styles=files.styles[1:],
        regions=files.regions,
        keep=files.keep,
    )
    run.folder.remember(inputs)
    output, advice = options.output, ""
    try:
        paint(run)
    except KeyboardInterrupt:
        run.reload()
        done = run.finished_entries()
        if not done:
            raise
        output = _partial_path(options.output)
        again = f" in the first of {settings.passes} passes or more" if settings.passes > 1 else ""
        advice = (
            f"interrupted: {output} holds the {len(done)} of {len(clip)} frames that are "
            f"finished{again}; run the same command again to go on from there"
        )
    seconds = time.monotonic() - began
    report = finish_clip(
        run,
        clip,
        output,
        content=source,
        seconds=seconds,
        **described,
    )
    return report, advice


def paint(run: VideoRun) -> None:
    """Paint the frames that a run still lacks, with progress on the console."""
    settings = run.settings
    first = max_steps(plan_scales(settings.image))
    later = first if settings.independent else settings.frame_steps
    count = len(run.clip)
    left = count * settings.passes - 1
    with Progress(first + left * later, frame_count=count, pass_count=settings.passes) as progress:
        for event in run.steps():
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


def _frame_facts(frame: FrameResult) -> str:
    if frame.resumed:
        return "stored before"
    start = "cold start" if frame.cold else "warm start"
    return f"{start}, {frame.steps} steps, loss {frame.losses.total(frame.weights):.3g}"


def _image_settings(
    options: argparse.Namespace, defaults: ImageSettings, sides: tuple[int, ...]
) -> tuple[ImageSettings, Image | None]:
    """The settings, and the picture to start from if one is given.

    `sides` are those of the source, in pixels.
    """
    init = None
    # The command `image` has no options for the weights of terms that need a mask.
    names = [term.weight for term in TERMS.values() if hasattr(options, term.weight)]
    weights = dataclasses.replace(
        defaults.weights, **{name: getattr(options, name) for name in names}
    )
    given: dict[str, Any] = {"weights": weights.at_strength(options.strength)}
    if options.size is None:
        given["size"] = max(_MIN_SIZE, min(defaults.size, max(sides)))
    if options.init not in {member.value for member in Init}:
        if not Path(options.init).is_file():
            raise SettingsError(
                "--init", f"must be content, noise or the path of a picture, is {options.init!r}"
            )
        # An earlier result goes on with its colours, also where it is transparent.
        init, given["init"] = load_image(options.init, ignore_alpha=True), Init.CONTENT
    return chosen(defaults, options, given), init


def _video_settings(
    options: argparse.Namespace, first: Clip, own_flow: Path | None
) -> VideoSettings:
    defaults = video_part(options.preset or VideoSettings())
    image, init = _image_settings(options, defaults.image, (first.width, first.height))
    if init is not None:
        raise SettingsError("--init", "for a clip it must be content or noise")
    flow = {"flow": FlowMethod.FILES.value} if own_flow else {}
    return chosen(defaults, options, {"image": image, **flow})


def _flows(clip: Clip, settings: VideoSettings, own: Path | None) -> Sequence[FlowPair] | None:
    """The flow between the frames if it is known: that of a built-in clip, or the user's own."""
    if own is not None:
        return read_flows(own, len(clip), (clip.width, clip.height))
    if settings.flow != FlowMethod.EXACT:
        return None
    scene = scene_of_clip(clip)
    if scene is None:
        raise SettingsError(
            "flow",
            "the exact flow is known only for the built-in clips "
            f"({', '.join(CLIP_SCENES)}), at a size that is a multiple of 8; use dis",
        )
    return [scene.flow_pair(index) for index in range(len(clip) - 1)]


def _content_alpha(path: Path, size: int, output: Path) -> Mask | None:
    """The alpha of the content in the size of the result; says beforehand if it will be lost."""
    alpha = load_alpha(path, size=size)
    if transparency_of(alpha, output) is Transparency.LAID_ON_WHITE:
        log.info(
            "%s: is laid on white, because %s holds no transparency; "
            "write .png or .webp to keep it",
            path.name,
            output.name,
        )
    return alpha


def _load_mask(path: Path, content: Image, check: Callable[[Mask, Image, Path], None]) -> Mask:
    """Read a mask, and check that it serves for `content`."""
    mask = load_mask(path)
    check(mask, content, path)
    return mask


def _warn_of_style(style: Image, path: Path, settings: ImageSettings) -> None:
    """Say beforehand that a style lies on white, that strokes will be soft, or that none are."""
    if load_alpha(path) is not None:
        log.info("%s: is transparent in parts; a style is laid on white", path.name)
    own, wanted = max(style.shape[:2]), round(settings.size * settings.style_scale)
    if luminance(style).std() < _TEXTURE:
        log.warning(
            "%s: has one colour and no texture, so that nothing but its colour can be painted; "
            "give a style with visible strokes",
            path.name,
        )
    elif own < wanted:
        log.warning(
            "%s: has %d pixels and is enlarged to %d, which makes its strokes soft; "
            "give a larger picture, or --style-scale %.2g",
            path.name,
            own,
            wanted,
            own / settings.size,
        )


def _check_weight_file(choice: str) -> None:
    """Raise WeightsError if a weight file holds no network, before TensorFlow is loaded.

    VGG19's own weights may have to be downloaded, for which TensorFlow is needed.
    """
    if choice not in ("auto", "vgg19"):
        load_backbone(choice)


def _check_output(output: Path, suffixes: tuple[str, ...], *inputs: Path) -> None:
    check_output(output, suffixes)
    check_no_input(output, *inputs)


def _partial_path(output: Path) -> Path:
    """Where an interrupted command writes its result, so that an earlier result is kept."""
    exists = bool(existing_files(output))
    return output.with_name(f"{output.stem}.partial{output.suffix}") if exists else output
