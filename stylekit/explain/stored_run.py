"""Finished run folders, opened for reading: nothing in them is painted or written."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..arrays import BoolMask, Image, Mask
from ..errors import MediaError, ResumeError, SettingsError, WeightsError
from ..image.guidance import Guidance
from ..image.mask_files import load_mask
from ..image.objective import Objective
from ..image.stylization import prepare_objective
from ..losses import Targets, without_masks
from ..media.clips import read_clip
from ..media.images import load_image
from ..media.sequences import find_clip, is_sequence
from ..motion.flow import FlowPair
from ..motion.infill import Motion
from ..motion.masks import (
    MaskMethod,
    consistency_error,
    disocclusion,
    doubtful,
    flow_doubt,
    motion_boundary,
    out_of_frame,
    trust_map,
)
from ..motion.shots import first_picture
from ..motion.truth import Truth
from ..samples import MaterialKind, find_material
from ..scenes.scene import scene_of_clip
from ..settings import MediaLimits, VideoSettings, Weights
from ..vgg.weights import load_backbone
from ..video.earlier import LostDetail, earlier_frames, temporal_targets
from ..video.folder import RunFolder, digest, digest_clip
from ..video.inputs import RunInputs
from ..video.links import reversed_motion
from ..video.passes import StoredPasses, is_forward
from ..video.still_parts import StillParts
from .pulls import PullMaps, pull_maps

_STYLES = (MaterialKind.STYLE, MaterialKind.PHOTOGRAPH)
# The number of frames whose motion and pulls stay in memory: few paths are longer.
_KEPT_FRAMES = 48
# Targets hold feature maps, which are large.
_KEPT_TARGETS = 2


@dataclass(frozen=True, slots=True, eq=False)
class JudgedMotion:
    """The motion from the frame before, and what each test says about it, on the frame's grid.

    - `flow`: both directions
    - `mask`: the reliability c as it was stored
    - `round_trip`: the distance after backward and forward flow in pixels, float32 `(H, W)`, NaN
      where the flow leaves the frame
    - `outside`, `hidden`, `boundary`: bool `(H, W)`, True where this test fired
    - `doubted`: bool `(H, W)`, True where the robust mask rejects what the other tests accept

    `boundary` and `doubted` are False everywhere if the run did not use them.
    """

    flow: FlowPair
    mask: Mask
    round_trip: NDArray[np.float32]
    outside: BoolMask
    hidden: BoolMask
    boundary: BoolMask
    doubted: BoolMask


class StoredRun:
    """A run of `stylekit video` in its folder, made by `open_run`. Any thread may use it.

    `clip`, `guidance` and `settings` are those that it was painted with; `style` is the first
    style. Frames are counted from 0, like the files in the folder; the first `frame_count` of them
    are finished.
    """

    def __init__(
        self,
        folder: RunFolder,
        clip: Sequence[Image],
        guidance: Guidance,
        description: dict[str, Any],
    ) -> None:
        self.folder = folder
        self.clip: Sequence[Image] = clip
        self.guidance = guidance
        self.style = guidance.styles[0]
        height, width = clip[0].shape[:2]
        self._parts = StillParts(guidance, (width, height))
        self.settings = VideoSettings.from_json(description["settings"])
        self._backbone: dict[str, str] = description["backbone"]
        self._entries = folder.entries()
        passes = StoredPasses(folder, self.settings.passes)
        passes.reload()
        self._lost = LostDetail(passes.entries[0], clip, passes.folders[0])
        self.frame_count = next(i for i in itertools.count() if i not in self._entries)
        self._motion = lru_cache(maxsize=_KEPT_FRAMES)(self._read_motion)
        self._pulls = lru_cache(maxsize=_KEPT_FRAMES)(self._measure_pulls)
        self._targets = lru_cache(maxsize=_KEPT_TARGETS)(self._compute_targets)

    def check_frame(self, frame_index: int) -> int:
        """Return `frame_index` if it is a finished frame; raises SettingsError otherwise."""
        return check_whole("frame_index", frame_index, self.frame_count)

    def image(self, frame_index: int) -> Image:
        """A finished frame, as it was stored."""
        return self.folder.read_frame(self.check_frame(frame_index))

    def weights(self, frame_index: int) -> Weights:
        """The weights that a finished frame was painted with."""
        # Version 0.1 had no edge term, and no weight of it.
        return Weights(**{"edges": 0.0} | self._entries[self.check_frame(frame_index)]["weights"])

    def is_cold(self, frame_index: int) -> bool:
        """Whether a frame started anew: the first of a clip or a shot, or all if independent."""
        return bool(self._entries[self.check_frame(frame_index)]["cold"])

    def source(self, frame_index: int) -> int:
        """The frame that a frame continues: the one before, or the one before a flash."""
        source = self._entries[self.check_frame(frame_index)].get("source")
        return frame_index - 1 if source is None else int(source)

    def motion(self, frame_index: int) -> JudgedMotion:
        """The motion from its `source` to a frame that is not cold.

        Raises ResumeError if its files are missing or damaged.
        """
        return self._motion(self.check_frame(frame_index))

    def pulls(self, frame_index: int) -> PullMaps:
        """What pulls at a finished frame, under the weights that painted it.

        The first call for a run loads TensorFlow and compiles. Raises WeightsError as `objective`.
        """
        return self._pulls(self.check_frame(frame_index))

    def held_to(self, frame_index: int) -> list[Motion | None]:
        """The motions from the frames that a frame was held to, one for each offset.

        None where there is no such frame; all are None for a cold frame.
        """
        entry = self._entries[self.check_frame(frame_index)]
        motions: list[Motion | None] = [None] * len(self.settings.offsets)
        beside = entry.get("held_to")
        if beside is not None:
            if is_forward(entry["pass"]):
                motions[0] = self._motion_from(beside, frame_index)
            else:
                motion = self._motion_from(frame_index, beside)
                motions[0] = reversed_motion(self.clip, motion, beside, self.settings)
        elif not self.is_cold(frame_index):
            sources = [self.source(frame_index), *entry.get("older", [])]
            motions[: len(sources)] = [self._motion_from(each, frame_index) for each in sources]
        return motions

    def is_in_first_pass(self, frame_index: int) -> bool:
        """Whether a finished frame is as the first pass left it, held along `motion`."""
        return self._entries[self.check_frame(frame_index)].get("held_to") is None

    def targets(self, frame_index: int) -> Targets:
        """What a finished frame was compared with; a temporal target for each of `held_to`.

        The first use loads TensorFlow. Raises WeightsError as `objective`.
        """
        return self._targets(self.check_frame(frame_index))

    @cached_property
    def truth(self) -> tuple[Truth, ...] | None:
        """The truth about a built-in clip, else None: `truth[i − 1]` is on the grid of frame i."""
        scene = scene_of_clip(self.clip)
        return scene.backward if scene else None

    @cached_property
    def objective(self) -> Objective:
        """The losses that the run was painted with. The first use loads TensorFlow.

        Raises WeightsError if the network that painted it is not available.
        """
        backbone = load_backbone(self.settings.image.backbone)
        if backbone.sha256 != self._backbone["sha256"]:
            raise WeightsError(
                self._backbone["label"],
                f"this network painted the run and is not here, {backbone.label} is; "
                "without it the pulls at a pixel cannot be computed",
            )
        return prepare_objective(
            self.guidance, self.settings.image, content=first_picture(self.clip)
        )

    def _read_motion(self, frame_index: int) -> JudgedMotion:
        flow, mask = self._read_flow(frame_index, self.source(frame_index))
        backward, forward = flow.backward_flow, flow.forward_flow
        outside = out_of_frame(backward)
        round_trip = consistency_error(backward, forward)
        round_trip[outside] = np.nan
        settings = self.settings
        nowhere = np.zeros_like(outside)
        robust = settings.mask == MaskMethod.ROBUST
        return JudgedMotion(
            flow=flow,
            mask=mask,
            round_trip=round_trip,
            outside=outside,
            hidden=disocclusion(backward, forward),
            boundary=motion_boundary(backward) if settings.motion_boundary else nowhere,
            doubted=self._doubted(flow, frame_index) if robust else nowhere,
        )

    def _read_flow(self, frame_index: int, source: int) -> tuple[FlowPair, Mask]:
        stored = self.folder.read_flow(frame_index, source)
        if stored is None:
            raise ResumeError(
                self.folder.path,
                f"the flow of frame {frame_index} is missing or damaged; "
                "run the same stylekit video command again to restore it",
            )
        return stored

    def _doubted(self, flow: FlowPair, frame_index: int) -> BoolMask:
        """Where the robust mask rejects what the other tests accept."""
        both = flow.backward_flow, flow.forward_flow
        trust = trust_map(
            *both, boundary=self.settings.motion_boundary, dilate=self.settings.dilate
        )
        frames = self.clip[frame_index], self.clip[self.source(frame_index)]
        return doubtful(trust, flow_doubt(*both, *frames))

    def _measure_pulls(self, frame_index: int) -> PullMaps:
        weights = self.weights(frame_index)
        if not any(self.held_to(frame_index)):
            # No temporal term. The targets keep their number, so nothing compiles again.
            weights = without_masks(weights)
        return pull_maps(
            self.objective,
            self._targets(frame_index),
            self.image(frame_index),
            weights,
            keep_colors=self.settings.image.keep_colors,
        )

    def _compute_targets(self, frame_index: int) -> Targets:
        objective, content = self.objective, self.clip[frame_index]
        earlier = earlier_frames(
            frame_index,
            self.held_to(frame_index),
            self.image,
            self.clip,
            objective.guidance,
            self.settings,
            self._lost,
        )
        return objective.targets(content, temporal_targets(earlier, self._parts, content))

    def _motion_from(self, source: int, frame_index: int) -> Motion:
        flow, mask = self._read_flow(frame_index, source)
        return Motion(flow, mask, is_cut=False, source=source)


def open_run(
    folder: Path | str,
    *,
    clip: Sequence[Image] | Path | str | None = None,
    style: Image | Path | str | Sequence[Image | Path | str] | None = None,
    regions: Sequence[Mask | Path | str] | None = None,
    keep: Mask | Path | str | None = None,
) -> StoredRun:
    """Open a run folder for reading; nothing is painted or written.

    Parameters
    ----------
    folder : of a run of `stylekit video` or of `VideoRun`.
    clip, style : files, built-in names or arrays; a list of several styles. They are needed only if
        the files have moved, or if the run was painted from Python.
    regions, keep : files or arrays of the masks, if there are any.

    Raises
    ------
    ResumeError : if the folder holds no run, or one of another clip, style or mask.
    MediaError : if a file cannot be read.
    """
    run = RunFolder(Path(folder))
    description = run.description()
    inputs = run.inputs()
    try:
        told = description["clip"]
        clip_sha256, wanted = told["sha256"], _digests(description)
        frames, size = int(told["frames"]), max(map(int, told["size"]))
    except (KeyError, TypeError, ValueError) as error:
        raise ResumeError(run.path, "its run.json is damaged; it cannot be opened") from error
    clip_name: str | Path = "clip"
    if clip is None or isinstance(clip, (str, Path)):
        clip_name = path = _find("clip", clip, inputs.clip if inputs else None, run)
        clip = _read_clip(
            path, inputs or RunInputs(clip=path, style=path, frames=frames, size=size)
        )
    if len(clip) != frames or digest_clip(clip) != clip_sha256:
        raise ResumeError(clip_name, _changed("clip", run))
    given: dict[str, Any] = {"style": style, "regions": regions, "keep": keep}
    arrays = {what: _arrays(what, given[what], inputs, wanted[what], run) for what in wanted}
    guidance = Guidance.of(
        arrays["style"],
        description.get("style_weights", ()),
        arrays["regions"],
        *arrays["keep"],
    )
    return StoredRun(run, clip, guidance, description)


def _digests(description: dict[str, Any]) -> dict[str, list[str]]:
    """The digests of the styles, of their masks and of the mask of what is kept."""
    several = "styles" in description
    return {
        "style": list(description["styles"] if several else [description["style"]["sha256"]]),
        "regions": list(description.get("regions", [])),
        "keep": [description["keep"]["sha256"]] if "keep" in description else [],
    }


def _arrays(
    what: str, given: Any, inputs: RunInputs | None, wanted: list[str], run: RunFolder
) -> list[Any]:
    """The styles or masks of a run, with the digests `wanted`: what is given, or its own files."""
    remembered: Sequence[Path | None] = [None] * len(wanted)
    if inputs is not None:
        files = {"style": inputs.styles, "regions": inputs.regions, "keep": (inputs.keep,)}
        remembered = files[what] if len(files[what]) == len(wanted) else remembered
    sources = given if isinstance(given, list | tuple) else [given]
    if given is None:
        sources = [None] * len(wanted)
    if len(sources) != len(wanted):
        raise ResumeError(
            what, f"the run {run.path.name} was painted with {len(wanted)}, not {len(sources)}"
        )
    limits = inputs.limits if inputs is not None else MediaLimits()
    arrays = []
    for source, path, sha256 in zip(sources, remembered, wanted, strict=True):
        name: str | Path = what
        array = source
        if source is None or isinstance(source, (str, Path)):
            name = found = _find(what, source, path, run)
            is_style = what == "style"
            array = load_image(found, limits=limits) if is_style else load_mask(found, limits)
        if digest(array) != sha256:
            raise ResumeError(name, _changed(what, run))
        arrays.append(array)
    return arrays


def check_whole(name: str, value: int, count: int) -> int:
    """Return `value` if it is a whole number from 0 to `count` − 1, else raise SettingsError."""
    if not (isinstance(value, int | np.integer) and 0 <= value < count):
        wanted = f"a whole number from 0 to {count - 1}" if count else "a finished frame"
        raise SettingsError(name, f"must be {wanted}, is {value!r}")
    return int(value)


def _find(what: str, given: Path | str | None, path: Path | None, run: RunFolder) -> Path:
    """The file that is given, or else the one at the remembered `path`."""
    if given is not None:
        if what not in ("clip", "style"):
            return Path(given)
        return (
            find_clip(given, [MaterialKind.CLIP])
            if what == "clip"
            else find_material(given, _STYLES)
        )
    if path is None:
        raise ResumeError(run.path, f"does not say where its {what} was; give {what}=")
    if not (path.is_file() or (what == "clip" and is_sequence(path))):
        raise MediaError(
            path,
            f"the {what} of the run {run.path.name} is no longer in {path.parent}; give {what}=",
        )
    return path


def _read_clip(path: Path, inputs: RunInputs) -> Sequence[Image]:
    """Exactly the frames that a run was painted from."""
    frames = (inputs.frames - 1) * inputs.stride + 1
    try:
        clip = read_clip(
            path,
            size=inputs.size,
            start=inputs.start,
            frames=frames,
            fps=inputs.fps,
            limits=inputs.limits,
        )
    except MediaError as error:
        raise MediaError(path, f"{error.message}; or give clip=") from error
    return clip[:: inputs.stride]


def _changed(what: str, run: RunFolder) -> str:
    return f"is not the {what} that the run {run.path.name} was painted from; give {what}="
