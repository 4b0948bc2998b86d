"""A network that learns to paint from a few painted frames of a clip, and then paints them all.

Texler et al. 2020, *Interactive Video Stylization Using Few-Shot Patch-Based Training*. Learning is
stepped and may be stopped and continued at any time; every frame can be painted at any time, with
what the network has learned by then.

In the folder is one file, `network.npz`: all numbers of the network, the state of the random
numbers, and what it learns from. It is written anew every ten seconds.
"""

from __future__ import annotations

import json
import time
import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from .. import __version__
from ..arrays import Image, check_image
from ..errors import ResumeError
from ..media.files import atomic_path, make_folder, remove_unfinished
from ..motion.flow import FlowPair
from ..settings import NetworkSettings
from .few_shot_network import STRIDE, PaintingNetwork
from .folder import digest, digest_clip
from .keyframe import Keyframe, check_keyframes
from .network_guides import GuideMaker
from .training_views import PaintedFrame, draw_patches, painted_frame

_FILE = "network.npz"
_SECONDS_BETWEEN_CHECKPOINTS = 10.0
# Flow between neighbours that is asked for again soon: that of the frames around one.
_FLOWS_KEPT = 8
BUDGET = ("seconds", "steps")
"""Settings that may change when learning goes on."""


@dataclass(frozen=True, slots=True)
class TrainingStep:
    """One step of learning.

    `step_index` counts from 0, over all times that learning went on. `losses` are the parts of the
    loss, unweighted: "l1", "vgg" and "adversarial" where they have a weight. `seconds` is how long
    the network has learned in all.
    """

    step_index: int
    losses: dict[str, float]
    seconds: float


class FewShot:
    """A network that learns from keyframes and paints the frames of a clip.

    Parameters
    ----------
    clip : Frames `(H, W, 3)` in [0, 1], of one size.
    keys : One to three keyframes, in the order of their frames.
    flow_between_neighbours
        `flow_between_neighbours(i)`, or item i, is the flow between frames i and i + 1.
    settings : The defaults of `NetworkSettings` unless given.
    folder
        Where the network is kept; it goes on with what is there. None keeps nothing.

    Raises
    ------
    SettingsError
        If the keyframes do not fit the clip.
    ResumeError
        If the folder holds a network that learns from other inputs, or a damaged one.

    References
    ----------
    Texler et al. 2020, *Interactive Video Stylization Using Few-Shot Patch-Based Training*.

    Examples
    --------
    ::

        network = FewShot(clip, keys, flows)
        for step in network.steps():
            print(step.seconds, step.losses["l1"])
        pictures = [network.paint(index) for index in range(len(clip))]
    """

    def __init__(
        self,
        clip: Sequence[Image],
        keys: Sequence[Keyframe],
        flow_between_neighbours: Callable[[int], FlowPair] | Sequence[FlowPair],
        settings: NetworkSettings | None = None,
        *,
        folder: Path | str | None = None,
    ) -> None:
        check_keyframes(keys, clip)
        for key in keys:
            check_image(key.image, f"key of frame {key.frame_index}", like=clip[0])
        self.settings = settings or NetworkSettings()
        self.step_count = 0
        self.seconds = 0.0
        flows = flow_between_neighbours
        flow_between = flows if callable(flows) else flows.__getitem__
        self._guides = GuideMaker(
            clip, keys, lru_cache(maxsize=_FLOWS_KEPT)(flow_between), self.settings
        )
        self._keys = tuple(keys)
        self._painted: list[PaintedFrame] | None = None
        channels = 3 + 3 * self.settings.blobs + 4 * self.settings.carried
        self._network = PaintingNetwork(channels, self.settings)
        self._random = np.random.default_rng(self.settings.seed)
        self._folder = None if folder is None else Path(folder)
        if self._folder is not None:
            self._description = _describe(clip, keys, self.settings)
            self._open(self._folder)

    @property
    def done(self) -> bool:
        """Whether the network has learned for as long, or as many steps, as the settings say."""
        return self.step_count >= self.settings.steps or self.seconds >= self.settings.seconds

    def steps(self) -> Iterator[TrainingStep]:
        """Learn, step by step, up to `settings.seconds` or `settings.steps`, whichever comes first.

        `break` only pauses: the next call goes on. The network is written to the folder every ten
        seconds, and when the loop ends. Before the first step the guides of the keyframes are made.

        Raises MediaError if the folder cannot be written.
        """
        written = time.monotonic()
        try:
            while not self.done:
                began = time.monotonic()
                losses = self._learn()
                self.step_count += 1
                now = time.monotonic()
                self.seconds += now - began
                if now - written > _SECONDS_BETWEEN_CHECKPOINTS:
                    self.save()
                    written = time.monotonic()
                yield TrainingStep(self.step_count - 1, losses, self.seconds)
        finally:
            self.save()

    def paint(self, frame_index: int) -> Image:
        """A frame as the network paints it now, `(H, W, 3)` in [0, 1].

        The first time it also takes the time of the guides of this frame and of all between it and
        the frames that have been painted.

        Raises IndexError if there is no such frame.
        """
        if not 0 <= frame_index < self._guides.frame_count:
            raise IndexError(f"frame_index: there is no frame {frame_index}")
        guides = self._guides.guides(frame_index)
        inputs, base = guides.inputs(self.settings), guides.base(self.settings)
        height, width = base.shape[:2]
        border = ((0, -height % STRIDE), (0, -width % STRIDE), (0, 0))
        painted = self._network.paint(np.pad(inputs, border, "edge"), np.pad(base, border, "edge"))
        return np.clip(painted[:height, :width], 0, 1)

    def save(self) -> None:
        """Write the network to the folder now, completely or not at all; without one do nothing.

        Raises MediaError if it cannot be written.
        """
        if self._folder is None:
            return
        facts = {
            "description": self._description,
            "step_count": self.step_count,
            "seconds": self.seconds,
            "random": self._random.bit_generator.state,
        }
        arrays: dict[str, Any] = {"facts": np.array(json.dumps(facts)), **self._network.state()}
        make_folder(self._folder)
        with atomic_path(self._folder / _FILE) as temporary, temporary.open("wb") as file:
            np.savez(file, **arrays)

    def _learn(self) -> dict[str, float]:
        if self._painted is None:
            self._painted = [self._painted_frame(key) for key in self._keys]
        areas = np.array([float(painted.mask.sum()) for painted in self._painted])
        chosen = self._random.choice(len(areas), p=areas / areas.sum())
        patches = draw_patches(self._painted[chosen], self.settings, self._random)
        return self._network.learn(patches)

    def _painted_frame(self, key: Keyframe) -> PaintedFrame:
        index = key.frame_index
        # Its own random numbers, so that a network that goes on learns from the same holes.
        random = np.random.default_rng([self.settings.seed, index])
        return painted_frame(self._guides.steady(index), self._guides.blobs(index), key, random)

    def _open(self, folder: Path) -> None:
        """Go on with the network in the folder, if there is one."""
        file = folder / _FILE
        if folder.is_dir():
            remove_unfinished(folder)
        if not file.exists():
            return
        try:
            with file.open("rb") as opened, np.load(opened, allow_pickle=False) as stored:
                facts = json.loads(str(stored["facts"]))
                state = {name: stored[name] for name in stored.files if name != "facts"}
            self._compare(facts["description"])
            self._network.restore(state)
            self.step_count, self.seconds = int(facts["step_count"]), float(facts["seconds"])
            self._random.bit_generator.state = facts["random"]
        except (OSError, EOFError, ValueError, KeyError, TypeError, zipfile.BadZipFile) as error:
            raise ResumeError(
                file, "is damaged, or of another version; remove it, or give a new folder"
            ) from error

    def _compare(self, stored: dict[str, Any]) -> None:
        differing = [name for name, value in self._description.items() if stored.get(name) != value]
        if differing:
            raise ResumeError(
                self._folder or "",
                f"holds a network with other inputs or settings ({', '.join(differing)}); use the "
                "same, or a new folder",
            )


def _describe(
    clip: Sequence[Image], keys: Sequence[Keyframe], settings: NetworkSettings
) -> dict[str, Any]:
    """All that a network learns from, but the flow."""
    told = {name: value for name, value in settings.to_json().items() if name not in BUDGET}
    return {
        "stylekit": __version__,
        "clip": digest_clip(clip),
        "keys": [
            [key.frame_index, digest(key.image), key.mask is not None and digest(key.mask)]
            for key in keys
        ],
        **told,
    }
