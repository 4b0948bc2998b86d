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
    flow/000001.sha256, …                     the hashes of these two flows and their mask
    written.sha256        the results that were made of it, which it may replace
    versions.json         the libraries that painted it

Only one process at a time paints in a folder: it holds a lock, which ends with the process.

inputs.json is only a hint: a run goes on even if those files have moved. Every file except
manifest.jsonl is written under a temporary name and renamed when it is complete. An incomplete
last line of manifest.jsonl is ignored.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import logging
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np
from filelock import FileLock, Timeout

from .. import __version__
from ..arrays import Image, Mask, from_bytes, to_bytes
from ..errors import MediaError, ResumeError
from ..image.guidance import Guidance, Style
from ..media.files import (
    make_folder,
    refusals_explained,
    remove_unfinished,
    sha256_of,
    write_text_atomic,
)
from ..media.images import load_image, save_image
from ..media.written import WrittenFiles
from ..motion.flow import FlowPair, read_flo, write_flo
from ..settings import MediaLimits, VideoSettings
from ..vgg.weights import EMBEDDED_SHA256, load_backbone
from .descriptions import check_same_run
from .inputs import RunInputs

log = logging.getLogger(__name__)

# The most bytes of a frame for each of its pixels: two flows of float32 with a mask, and a picture.
_FLOW_BYTES, _PICTURE_BYTES = 17, 3
_BYTES_A_PIXEL = _FLOW_BYTES + _PICTURE_BYTES
# The most bytes of a frame in the manifest and in the sidecar, and those of the other small files.
_ENTRY_BYTES, _OTHER_BYTES = 4_000, 200_000
# Pictures that the run wrote itself are read without limits.
_ANY_SIZE = MediaLimits(min_side=1, max_aspect=1e6, picture_bytes=10**12)
_INPUTS, _WRITTEN, _VERSIONS = "inputs.json", "written.sha256", "versions.json"
_FOLDERS = ("frames", "flow", "masks")
# How `atomic_path` names a file that is not complete yet; a killed process leaves it behind.
_TEMPORARY = ".stylekit-"
_LOCK = ".stylekit-lock"
# By the names that people know; OpenCV has several packages with the same code.
_LIBRARIES = {
    "TensorFlow": ("tensorflow", "tensorflow-cpu", "tensorflow-macos"),
    "NumPy": ("numpy",),
    "OpenCV": ("opencv-python", "opencv-python-headless", "opencv-contrib-python"),
    "PyAV": ("av",),
}


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
            check_same_run(self.path, self._read_json(file), description)
        elif self.path.is_dir() and any(
            not path.name.startswith(_TEMPORARY) for path in self.path.iterdir()
        ):
            raise ResumeError(self.path, "is not empty and holds no run; give a new folder")
        make_folder(self.path)
        self._sweep()
        each = _BYTES_A_PIXEL + _FLOW_BYTES * older + _PICTURE_BYTES * (passes - 1)
        missing = frame_count - len(self.entries())
        # The finished clip is not larger than its pixels.
        result = frame_count * (pixels * _PICTURE_BYTES + _ENTRY_BYTES) + _OTHER_BYTES
        self._check_space(missing * pixels * each + result if missing else 0)
        if begun:
            self._tell_other_versions()
        else:
            # First of all files: without it the folder of a killed run would look like any other.
            write_text_atomic(file, json.dumps(description, indent=2, sort_keys=True) + "\n")
            text = json.dumps(_versions(), indent=2, sort_keys=True)
            write_text_atomic(self.path / _VERSIONS, text + "\n")
        for name in _FOLDERS:
            make_folder(self.path / name)

    @contextmanager
    def held(self, description: dict[str, Any] | None = None) -> Iterator[None]:
        """Paint in this folder while no other process does.

        This process may hold it more than once: two of its runs write the same files.

        Parameters
        ----------
        description : That of the run, which is compared again: another process may have begun one
            in the same moment.

        Raises
        ------
        ResumeError
            If another process paints in it, or it holds another run.
        """
        # A lock for each folder, of all threads.
        lock = FileLock(self.path.resolve() / _LOCK, is_singleton=True, thread_local=False)
        try:
            lock.acquire(blocking=False)
        except Timeout:
            raise ResumeError(
                self.path,
                "another stylekit paints in this folder; wait for its end, or give another "
                "folder with {run}",
                settings={"run": "out="},
            ) from None
        except (OSError, NotImplementedError):
            # A disk that can only be read, or that knows no locks.
            yield
            return
        try:
            if description is not None:
                check_same_run(self.path, self.description(), description)
            yield
        finally:
            lock.release()

    def description(self) -> dict[str, Any]:
        """The description that the run was begun with.

        Raises ResumeError if the folder holds no run, or if its description is damaged.
        """
        file = self.path / "run.json"
        if not file.is_file():
            raise ResumeError(self.path, "holds no run; give the run folder of stylekit video")
        return self._read_json(file)

    def network(self, choice: str) -> str:
        """The network that paints here, for the `backbone` of the settings.

        A run that `auto` began with the embedded VGG16 goes on with it, also if VGG19 is found now.
        """
        if choice != "auto":
            return choice
        with contextlib.suppress(ResumeError, KeyError, TypeError):
            told = self.description()
            embedded = told["backbone"]["sha256"] == EMBEDDED_SHA256
            if embedded and told["settings"]["image"]["backbone"] == "auto":
                return "vgg16"
        return choice

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
        manifest = self.path / "manifest.jsonl"
        with refusals_explained(manifest), manifest.open("ab") as file:
            # The line feed ends an incomplete line of a killed process; empty lines are ignored.
            file.write(b"\n" + json.dumps(entry).encode())
            file.flush()
            os.fsync(file.fileno())
        return entry

    def read_flow(
        self, frame_index: int, source: int | None = None
    ) -> tuple[FlowPair, Mask] | None:
        """The flow between `source`, else the frame before, and a frame, and its mask.

        None if a file is missing or damaged.
        """
        paths = forward, backward, mask = self._flow_paths(frame_index, source)
        try:
            # A run of an earlier version has no hashes.
            hashes = self._hash_path(forward)
            if hashes.exists() and hashes.read_text(encoding="utf-8") != _hash_lines(paths):
                return None
            flow = FlowPair(read_flo(forward), read_flo(backward))
            return flow, load_image(mask, limits=_ANY_SIZE)[:, :, 0].copy()
        except (MediaError, OSError, ValueError):
            return None

    def write_flow(
        self, frame_index: int, flow: FlowPair, mask: Mask, source: int | None = None
    ) -> tuple[FlowPair, Mask]:
        """Store the flow, then the mask, and return both as they will be read back."""
        paths = forward, backward, mask_path = self._flow_paths(frame_index, source)
        # Without the hashes of other files, whenever the process is killed.
        with refusals_explained(forward):
            self._hash_path(forward).unlink(missing_ok=True)
        write_flo(flow.forward_flow, forward)
        write_flo(flow.backward_flow, backward)
        grey = np.repeat(mask[:, :, np.newaxis], 3, axis=2)
        save_image(grey, mask_path, provenance=None)
        write_text_atomic(self._hash_path(forward), _hash_lines(paths))
        return flow, from_bytes(to_bytes(mask))

    @staticmethod
    def _hash_path(forward: Path) -> Path:
        return forward.with_name(forward.name.replace(".forward.flo", ".sha256"))

    def _flow_paths(self, frame_index: int, source: int | None) -> tuple[Path, Path, Path]:
        stem = f"{frame_index:06d}"
        if source not in (None, frame_index - 1):
            stem += f".from-{source:06d}"
        return (
            self.path / "flow" / f"{stem}.forward.flo",
            self.path / "flow" / f"{stem}.backward.flo",
            self.path / "masks" / f"{stem}.png",
        )

    def _sweep(self) -> None:
        """Remove the incomplete files of killed processes."""
        folders = (self.path, *(self.path / name for name in _FOLDERS))
        for folder in folders:
            remove_unfinished(folder)

    def _tell_other_versions(self) -> None:
        """Warn if other libraries than those that began the run will go on with it."""
        try:
            before = dict(json.loads((self.path / _VERSIONS).read_bytes()))
        except (OSError, ValueError, TypeError):
            return
        differing = [
            f"{name} {before[name]} before, {version} now"
            for name, version in _versions().items()
            if before.get(name, version) != version
        ]
        if differing:
            log.warning(
                "%s: was begun with other versions (%s): new frames may differ in details from "
                "those that are there",
                self.path.name,
                "; ".join(differing),
            )

    def _check_space(self, needed: int) -> None:
        free = shutil.disk_usage(self.path).free
        if free < needed:
            raise MediaError(
                self.path,
                f"needs {needed / 1e6:.1f} MB and the disk has {free / 1e6:.1f} MB left; "
                "free some space or choose another folder",
            )

    def _read_json(self, file: Path) -> dict[str, Any]:
        try:
            return dict(json.loads(file.read_text(encoding="utf-8")))
        except (ValueError, TypeError) as error:
            raise ResumeError(self.path, "its run.json is damaged; give a new folder") from error


def describe_run(
    clip: Sequence[Image],
    style: Style,
    settings: VideoSettings,
    *,
    flows: Sequence[FlowPair] | None = None,
    network: str | None = None,
) -> dict[str, Any]:
    """All that the frames of a run depend on: runs with equal descriptions give equal frames.

    `network` is the one that paints, if it is not what the settings' `backbone` finds now.
    """
    backbone = load_backbone(network or settings.image.backbone)
    height, width = clip[0].shape[:2]
    return {
        "stylekit": __version__,
        "clip": {"sha256": digest_clip(clip), "frames": len(clip), "size": [width, height]},
        **describe_guidance(Guidance.of(style)),
        "backbone": {"label": backbone.label, "sha256": backbone.sha256},
        "settings": settings.to_json(),
        **describe_flows(flows, len(clip)),
    }


def describe_flows(flows: Sequence[FlowPair] | None, frame_count: int) -> dict[str, Any]:
    """Whether the flow of a clip is given, and the SHA-256 of it both ways, one pair by another."""
    if flows is None:
        return {"exact_flow": False}
    pairs = hashlib.sha256()
    for flow in flows[: frame_count - 1]:
        pairs.update(digest(flow.forward_flow).encode() + digest(flow.backward_flow).encode())
    return {"exact_flow": True, "flows": {"sha256": pairs.hexdigest()}}


def describe_guidance(guidance: Guidance) -> dict[str, Any]:
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


def _hash_lines(paths: Sequence[Path]) -> str:
    """The hashes of files, as `sha256sum` prints them. Raises OSError if one is missing."""
    return "".join(f"{sha256_of(path)}  {path.name}\n" for path in paths)


def _versions() -> dict[str, str]:
    """The versions of the libraries on which the last digits of a result may depend."""
    found = {}
    for name, packages in _LIBRARIES.items():
        for package in packages:
            with contextlib.suppress(PackageNotFoundError):
                found[name] = version(package)
                break
    return found
