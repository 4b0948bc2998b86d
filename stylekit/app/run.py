"""`stylekit image`, from parsed options to a finished result; `clip_run` has `stylekit video`.

All inputs are checked before TensorFlow is loaded, which takes seconds: a typing error is then
reported at once.
"""

from __future__ import annotations

import argparse
import dataclasses
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..arrays import Image, Mask
from ..errors import SettingsError
from ..image.colors import luminance
from ..image.guidance import Guidance, check_counts, check_keep, check_region
from ..image.mask_files import load_mask
from ..image.memory import check_memory
from ..image.stylization import Stylization
from ..losses import TERMS
from ..media.files import check_output
from ..media.images import PICTURE_SUFFIXES, load_alpha, load_image
from ..media.provenance import describe_source
from ..media.timelapse import TIMELAPSE_SUFFIXES, TimeLapse
from ..samples import MaterialKind, find_material
from ..settings import (
    ImageSettings,
    Init,
    MediaLimits,
    VideoSettings,
    WeightSchedule,
    function_of,
    tunables,
)
from ..vgg.statistics import STYLE_LOSSES, check_takes_masks
from ..vgg.weights import load_backbone
from ..video.results import (
    Result,
    Transparency,
    describe_mask,
    finish_image,
    transparency_of,
)
from .clip_files import (
    check_no_input,
)
from .input_options import limits_of
from .interrupts import check, finished_meanwhile, load_tensorflow, painting, writing
from .outputs import (
    check_free,
    check_names,
    check_space,
    claimed,
    finished_path,
    remove_partial_pictures,
    unfinished_path,
)
from .presets import Preset
from .progress import Progress
from .setting_options import chosen

log = logging.getLogger(__name__)

_CONTENTS = (MaterialKind.PHOTOGRAPH, MaterialKind.STYLE)
_STYLES = (MaterialKind.STYLE, MaterialKind.PHOTOGRAPH)

# The standard deviation of luminance below which a style has no texture: half of an 8-bit level.
_TEXTURE = 0.5 / 255

# The smallest size that ImageSettings allows; smaller sources are enlarged to it.
_MIN_SIZE = round(tunables(ImageSettings)["size"].low)


@dataclass(frozen=True, kw_only=True)
class StyleFiles:
    """The files of the styles and masks, and the weights of the styles."""

    styles: tuple[Path, ...]
    weights: tuple[float, ...]
    regions: tuple[Path, ...]
    keep: Path | None
    limits: MediaLimits

    @classmethod
    def of(cls, options: argparse.Namespace) -> StyleFiles:
        """What the command line names. Raises StylekitError for what does not serve."""
        styles = tuple(find_material(name, _STYLES) for name in options.style)
        check_counts(len(styles), options.style_weights, len(options.regions))
        return cls(
            styles=styles,
            weights=tuple(options.style_weights),
            regions=tuple(Path(name) for name in options.regions),
            keep=Path(options.keep) if options.keep else None,
            limits=limits_of(options),
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
        _warn_of_no_style(settings)
        styles = self.read_styles()
        for style, path in zip(styles, self.styles, strict=True):
            _warn_of_style(style, path, settings, self.limits)
        shapes = [style.shape for style in styles]
        check_memory(
            settings, content.shape, *shapes, masks=len(self.masks), later_steps=later_steps
        )
        return Guidance.of(
            styles,
            self.weights,
            [self._mask(path, content, check_region) for path in self.regions],
            self._mask(self.keep, content, check_keep) if self.keep else None,
        )

    def read_styles(self) -> list[Image]:
        """The pictures of the styles."""
        return [load_image(path, limits=self.limits) for path in self.styles]

    def _mask(self, path: Path, content: Image, check: Callable[[Mask, Image, Path], None]) -> Mask:
        """Read a mask, and check that it serves for `content`."""
        mask = load_mask(path, self.limits)
        check(mask, content, path)
        return mask


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
    files = StyleFiles.of(options)
    inputs = [content_path, *files.styles, *files.masks]
    _check_output(options.output, PICTURE_SUFFIXES, *inputs)
    outputs = [options.output]
    if options.timelapse:
        start = [Path(options.init)] if Path(options.init).is_file() else []
        _check_output(options.timelapse, TIMELAPSE_SUFFIXES, *inputs, *start)
        outputs.append(options.timelapse)
    check_free(*outputs, overwrite=options.overwrite)
    with claimed(options.output):
        ready = _prepare(options, content_path, files)
    load_tensorflow()
    with claimed(options.output):
        return _paint(options, *ready)


def _prepare(
    options: argparse.Namespace, content_path: Path, files: StyleFiles
) -> tuple[Stylization, WeightSchedule | None, dict[str, Any]]:
    """Read and check all inputs; the last of the three are arguments of `finish_image`."""
    content = load_image(content_path, limits=files.limits)
    preset = options.preset or Preset(ImageSettings())
    settings, init = image_settings(options, preset.image, content.shape[:2])
    weights = schedule(options, settings)
    alpha = _content_alpha(content_path, settings.size, options.output, files.limits)
    guidance = files.load(content, settings)
    check_weight_file(settings.backbone)
    check_space(options.output, settings.size**2)
    # As the files are now: they may change, or be gone, before the picture is finished.
    described = {"content": describe_source(content_path), "alpha": alpha, **files.describe()}
    return Stylization(content, guidance, settings, init=init), weights, described


def _paint(
    options: argparse.Namespace,
    stylization: Stylization,
    weights: WeightSchedule | None,
    described: dict[str, Any],
) -> tuple[Result, str]:
    began = time.monotonic()
    taken, timelapse, advice = 0, options.timelapse, ""
    lapse = TimeLapse() if timelapse else None
    try:
        with painting(), Progress(stylization.step_limit) as progress:
            for step in stylization.steps(weights=weights):
                taken += 1
                if lapse is not None:
                    lapse.add(step)
                progress.step(step)
                check()
    except KeyboardInterrupt:
        if not taken:
            raise
        output = unfinished_path(options.output)
        timelapse = unfinished_path(timelapse) if timelapse else None
        advice = f"interrupted: {output} is the picture so far; go on with --init {output}"
    else:
        output = finished_path(options.output, overwrite=options.overwrite)
        if timelapse:
            timelapse = finished_path(timelapse, overwrite=options.overwrite)
    with writing(interrupted=bool(advice)) as state:
        report = finish_image(
            stylization,
            output,
            weights=stylization.weight_schedule.last,
            seconds=time.monotonic() - began,
            complete=not advice,
            lapse=lapse,
            timelapse=timelapse,
            **described,
        )
        if not advice:
            remove_partial_pictures(output, timelapse, keep=Path(options.init))
            if state.interrupted:
                advice = finished_meanwhile(output)
    return report, advice


def image_settings(
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
        start = load_image(options.init, ignore_alpha=True, limits=limits_of(options))
        init, given["init"] = start, Init.CONTENT
    return chosen(defaults, options, given), init


def schedule(
    options: argparse.Namespace, settings: ImageSettings | VideoSettings
) -> WeightSchedule | None:
    """The weights of each step, if they moved in the painting that the preset is of."""
    if options.preset is None:
        return None
    found: WeightSchedule | None = options.preset.schedule_with(
        settings, options.given, options.strength
    )
    return found


def _content_alpha(path: Path, size: int, output: Path, limits: MediaLimits) -> Mask | None:
    """The alpha of the content in the size of the result; says beforehand if it will be lost."""
    alpha = load_alpha(path, size=size, limits=limits)
    if transparency_of(alpha, output) is Transparency.LAID_ON_WHITE:
        log.info(
            "%s: is laid on white, because %s holds no transparency; "
            "write .png or .webp to keep it",
            path.name,
            output.name,
        )
    return alpha


def _warn_of_no_style(settings: ImageSettings) -> None:
    """Say beforehand that weights of 0 leave nothing of the style."""
    layers = settings.weights.layers or settings.style_layer_weights
    name = "--layer-weights" if layers and not any(layers) else "--beta"
    if name == "--layer-weights" or settings.weights.beta == 0:
        log.warning("%s: is 0, so that nothing of the style is painted; give a larger one", name)


def _warn_of_style(style: Image, path: Path, settings: ImageSettings, limits: MediaLimits) -> None:
    """Say beforehand that a style lies on white, that strokes will be soft, or that none are."""
    if load_alpha(path, limits=limits) is not None:
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


def check_weight_file(choice: str) -> None:
    """Raise WeightsError if a weight file holds no network, before TensorFlow is loaded.

    VGG19's own weights may have to be downloaded, for which TensorFlow is needed.
    """
    if choice not in ("auto", "vgg19"):
        load_backbone(choice)


def _check_output(output: Path, suffixes: tuple[str, ...], *inputs: Path) -> None:
    check_output(output, suffixes)
    check_names(output)
    check_no_input(output, *inputs)
