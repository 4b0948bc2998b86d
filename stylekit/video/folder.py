"""The run folder that a clip is painted in; the process may be killed at any moment.

    run.json              what is painted: inputs, settings, backbone
    inputs.json           the files of clip, styles and masks, to open the run again
    manifest.jsonl        one line for each finished frame, appended after its picture is stored
    frames/000000.png     finished frames, lossless
    flow/000001.forward.flo, flow/000001.backward.flo
    masks/000001.png      reliability of the backward flow, 0 to 255
    flow/000012.from-000010.forward.flo, …    the same between frames 10 and 12: after a flash, to
                                              an older frame, or at the seam of a loop
    pass-1/manifest.jsonl, pass-1/frames/…    the frames of the passes before the last
    written.sha256        the results that were made of it, which it may replace

inputs.json is only a hint: a run goes on even if those files have moved. Every file except
manifest.jsonl is written under a temporary name and renamed when it is complete. An incomplete
last line of manifest.jsonl is ignored.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from .. import __version__
from ..arrays import Image, Mask, from_bytes, to_bytes
from ..errors import MediaError, ResumeError, SettingsError
from ..image.guidance import Guidance, Style
from ..media.files import make_folder, sha256_of, write_text_atomic
from ..media.images import load_image, save_image
from ..media.written import WrittenFiles
from ..motion.flow import FlowPair, read_flo, write_flo
from ..samples import data_folder
from ..settings import MediaLimits, VideoSettings
from ..vgg.weights import load_backbone

# The most bytes of a frame for each of its pixels: two flows of float32 with a mask, and a picture.
_FLOW_BYTES, _PICTURE_BYTES = 17, 3
_BYTES_A_PIXEL = _FLOW_BYTES + _PICTURE_BYTES
# What must stay free on the disk in addition: space for the finished clip, and for others.
_SPARE_BYTES = 100_000_000
# Pictures that the run wrote itself are read without limits.
_ANY_SIZE = MediaLimits(min_side=1, max_aspect=1e6, picture_bytes=10**12)
_INPUTS, _WRITTEN = "inputs.json", "written.sha256"
# How `atomic_path` names a file that is not complete yet; a killed process leaves it behind.
_TEMPORARY = ".stylekit-"


@dataclass(frozen=True, slots=True, kw_only=True)
class RunInputs:
    """The files of clip, styles and masks of a run, and how the clip was read.

    `more_styles` are the styles after the first, `regions` and `keep` the masks. The run has
    `frames` frames whose longest side is `size` pixels: every `stride`-th frame of the clip from
    `start` seconds on, at the frame rate `fps`, None for the clip's own. `limits` are those that
    the files were read with.
    """

    clip: Path
    style: Path
    frames: int
    size: int
    start: float = 0.0
    stride: int = 1
    more_styles: tuple[Path, ...] = ()
    regions: tuple[Path, ...] = ()
    keep: Path | None = None
    fps: Fraction | None = None
    limits: MediaLimits = field(default_factory=MediaLimits)

    @property
    def styles(self) -> tuple[Path, ...]:
        """The files of all styles."""
        return self.style, *self.more_styles

    def to_json(self) -> dict[str, Any]:
        """JSON's own types; the paths of built-in files are relative to the data folder."""
        names = ("clip", "style", "more_styles", "regions", "keep")
        files = {name: _portable(getattr(self, name)) for name in names if getattr(self, name)}
        return {
            **files,
            "frames": self.frames,
            "size": self.size,
            "start": self.start,
            "stride": self.stride,
            **({"fps": str(self.fps)} if self.fps else {}),
            **({"limits": self.limits.to_json()} if self.limits != MediaLimits() else {}),
        }

    @classmethod
    def from_json(cls, data: Any) -> RunInputs:
        """The inputs that `to_json` wrote. Raises ValueError for anything else."""
        try:
            return cls(
                # An absolute path stays as it is.
                clip=data_folder() / data["clip"],
                style=data_folder() / data["style"],
                frames=int(data["frames"]),
                size=int(data["size"]),
                start=float(data["start"]),
                stride=int(data["stride"]),
                more_styles=tuple(data_folder() / name for name in data.get("more_styles", ())),
                regions=tuple(data_folder() / name for name in data.get("regions", ())),
                keep=data_folder() / data["keep"] if "keep" in data else None,
                fps=Fraction(data["fps"]) if "fps" in data else None,
                limits=MediaLimits.from_json(data.get("limits", {})),
            )
        except (TypeError, KeyError, ZeroDivisionError, SettingsError) as error:
            raise ValueError(f"not the inputs of a run: {data!r}") from error


@dataclass(frozen=True, slots=True)
class RunFolder:
    """The files of a run in the folder `path`, and which frames are finished."""

    path: Path

    @property
    def written(self) -> WrittenFiles:
        """The results that were made of this run, which it may replace."""
        return WrittenFiles(self.path / _WRITTEN)

    def open(
        self,
        description: dict[str, Any],
        *,
        frame_count: int,
        pixels: int,
        older: int = 0,
        passes: int = 1,
    ) -> None:
        """Begin a run in this folder, or go on with it.

        Parameters
        ----------
        description : All that the frames depend on, from `describe_run`.
        frame_count, pixels : The number of frames, and the pixels of each.
        older, passes : From how many frames flow leads to each, without the one before it, and how
            often each is painted.

        Raises
        ------
        ResumeError
            If the folder holds another run; the message names what differs.
        MediaError
            If the folder cannot be made, or the disk is too full for the missing frames.
        """
        file = self.path / "run.json"
        begun = file.exists()
        if begun:
            self._compare(self._read_json(file), description)
        elif self.path.is_dir() and any(
            not path.name.startswith(_TEMPORARY) for path in self.path.iterdir()
        ):
            raise ResumeError(self.path, "is not empty and holds no run; give a new folder")
        make_folder(self.path)
        each = _BYTES_A_PIXEL + _FLOW_BYTES * older + _PICTURE_BYTES * (passes - 1)
        self._check_space((frame_count - len(self.entries())) * pixels * each)
        # First of all files: without it the folder of a killed run would look like any other.
        if not begun:
            write_text_atomic(file, json.dumps(description, indent=2, sort_keys=True) + "\n")
        for name in ("frames", "flow", "masks"):
            make_folder(self.path / name)

    def description(self) -> dict[str, Any]:
        """The description that the run was begun with.

        Raises ResumeError if the folder holds no run, or if its description is damaged.
        """
        file = self.path / "run.json"
        if not file.is_file():
            raise ResumeError(self.path, "holds no run; give the run folder of stylekit video")
        return self._read_json(file)

    def remember(self, inputs: RunInputs) -> None:
        """Write which files the inputs are. Raises MediaError if that fails."""
        text = json.dumps(inputs.to_json(), indent=2, sort_keys=True)
        write_text_atomic(self.path / _INPUTS, text + "\n")

    def inputs(self) -> RunInputs | None:
        """The files of the inputs; None if they were never written, or the file is damaged."""
        try:
            return RunInputs.from_json(json.loads((self.path / _INPUTS).read_bytes()))
        except (OSError, ValueError):
            return None

    def entries(self) -> dict[int, dict[str, Any]]:
        """The manifest's entry of each finished frame whose picture is there and undamaged."""
        file = self.path / "manifest.jsonl"
        if not file.exists():
            return {}
        entries = {}
        for line in file.read_bytes().split(b"\n"):
            try:
                entry = json.loads(line)
                picture, sha256 = self.frame_path(entry["frame_index"]), entry["sha256"]
            except (ValueError, TypeError, KeyError):
                continue  # the incomplete line of a killed process
            if picture.is_file() and sha256_of(picture) == sha256:
                entries[entry["frame_index"]] = entry
        return entries

    def frame_path(self, frame_index: int) -> Path:
        """The picture of a frame."""
        return self.path / "frames" / f"{frame_index:06d}.png"

    def read_frame(self, frame_index: int) -> Image:
        """A finished frame, as the 8-bit picture that was written."""
        return load_image(self.frame_path(frame_index), limits=_ANY_SIZE)

    def finish_frame(self, frame_index: int, image: Image, facts: dict[str, Any]) -> dict[str, Any]:
        """Store a frame, then add its entry to the manifest, and return the entry."""
        path = self.frame_path(frame_index)
        save_image(image, path, provenance=None)
        entry = {"frame_index": frame_index, "sha256": sha256_of(path), **facts}
        with (self.path / "manifest.jsonl").open("ab") as file:
            # The line feed ends an incomplete line of a killed process; empty lines are ignored.
            file.write(b"\n" + json.dumps(entry).encode())
            file.flush()
            os.fsync(file.fileno())
        return entry

    def read_flow(
        self, frame_index: int, source: int | None = None
    ) -> tuple[FlowPair, Mask] | None:
        """The flow between `source`, else the frame before, and a frame, and its mask.

        None if a file is missing.
        """
        forward, backward, mask = self._flow_paths(frame_index, source)
        try:
            flow = FlowPair(read_flo(forward), read_flo(backward))
            return flow, load_image(mask, limits=_ANY_SIZE)[:, :, 0].copy()
        except MediaError:
            return None

    def write_flow(
        self, frame_index: int, flow: FlowPair, mask: Mask, source: int | None = None
    ) -> tuple[FlowPair, Mask]:
        """Store the flow, then the mask, and return both as they will be read back."""
        forward, backward, mask_path = self._flow_paths(frame_index, source)
        write_flo(flow.forward_flow, forward)
        write_flo(flow.backward_flow, backward)
        grey = np.repeat(mask[:, :, np.newaxis], 3, axis=2)
        save_image(grey, mask_path, provenance=None)
        return flow, from_bytes(to_bytes(mask))

    def _flow_paths(self, frame_index: int, source: int | None) -> tuple[Path, Path, Path]:
        stem = f"{frame_index:06d}"
        if source not in (None, frame_index - 1):
            stem += f".from-{source:06d}"
        return (
            self.path / "flow" / f"{stem}.forward.flo",
            self.path / "flow" / f"{stem}.backward.flo",
            self.path / "masks" / f"{stem}.png",
        )

    def _check_space(self, needed: int) -> None:
        needed += _SPARE_BYTES if needed > 0 else 0
        free = shutil.disk_usage(self.path).free
        if free < needed:
            raise MediaError(
                self.path,
                f"needs {needed / 1e6:.0f} MB and the disk has {free / 1e6:.0f} MB left; "
                "free some space or choose another folder",
            )

    def _read_json(self, file: Path) -> dict[str, Any]:
        try:
            return dict(json.loads(file.read_text(encoding="utf-8")))
        except (ValueError, TypeError) as error:
            raise ResumeError(self.path, "its run.json is damaged; give a new folder") from error

    def _compare(self, stored: dict[str, Any], wanted: dict[str, Any]) -> None:
        before, now = _flat(stored), _flat(wanted)
        differing = sorted(
            f"{name} ({before.get(name)} before, {now.get(name)} now)"
            for name in before.keys() | now.keys()
            if before.get(name) != now.get(name)
        )
        if differing:
            raise ResumeError(
                self.path,
                f"holds a run with other settings: {'; '.join(differing)}; "
                "use the same settings, or a new folder",
            )


def describe_run(
    clip: Sequence[Image],
    style: Style,
    settings: VideoSettings,
    *,
    flows: Sequence[FlowPair] | None = None,
) -> dict[str, Any]:
    """All that the frames of a run depend on: runs with equal descriptions give equal frames."""
    backbone = load_backbone(settings.image.backbone)
    height, width = clip[0].shape[:2]
    return {
        "stylekit": __version__,
        "clip": {"sha256": digest_clip(clip), "frames": len(clip), "size": [width, height]},
        **_describe_styles(Guidance.of(style)),
        "backbone": {"label": backbone.label, "sha256": backbone.sha256},
        "settings": settings.to_json(),
        "exact_flow": flows is not None,
        **({} if flows is None else {"flows": {"sha256": _digest_flows(flows[: len(clip) - 1])}}),
    }


def _digest_flows(flows: Sequence[FlowPair]) -> str:
    """The SHA-256 of the flows both ways, one pair after the other."""
    pairs = hashlib.sha256()
    for flow in flows:
        pairs.update(digest(flow.forward_flow).encode() + digest(flow.backward_flow).encode())
    return pairs.hexdigest()


def _describe_styles(guidance: Guidance) -> dict[str, Any]:
    """Styles, weights and masks; of one style without masks its digest alone."""
    digests = [digest(style) for style in guidance.styles]
    told: dict[str, Any] = {"style": {"sha256": digests[0]}}
    if len(digests) > 1:
        weights = guidance.weights or (1.0,) * len(digests)
        told = {"styles": digests, "style_weights": [float(weight) for weight in weights]}
    if guidance.regions:
        told["regions"] = [digest(mask) for mask in guidance.regions]
    if guidance.keep is not None:
        told["keep"] = {"sha256": digest(guidance.keep)}
    return told


def digest_clip(clip: Sequence[Image]) -> str:
    """The SHA-256 of all 8-bit frames of a clip, one after the other."""
    frames = hashlib.sha256()
    for image in clip:
        frames.update(digest(to_bytes(image)).encode())
    return frames.hexdigest()


def digest(array: np.ndarray) -> str:
    """The SHA-256 of an array's shape and values."""
    head = f"{array.shape}{array.dtype}".encode()
    return hashlib.sha256(head + np.ascontiguousarray(array).tobytes()).hexdigest()


def _portable(path: Path | tuple[Path, ...]) -> str | list[str]:
    if isinstance(path, tuple):
        return [str(_portable(one)) for one in path]
    path = path.absolute()
    built_in = path.is_relative_to(data_folder())
    return path.relative_to(data_folder()).as_posix() if built_in else str(path)


def _flat(data: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    flat = {}
    for name, value in data.items():
        if isinstance(value, dict):
            flat.update(_flat(value, f"{prefix}{name}."))
        else:
            flat[prefix + name] = value
    return flat
